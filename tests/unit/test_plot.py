"""decay.png: what is no picture is named, right plots are never called wrong, mistakes are."""

import json
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

from grader.checks import plot
from grader.model import Decay, LoadedFile, Material, Outcome, Submission
from grader.picture import pixels
from grader.texts import LANGUAGES, catalogue
from tests import renderings
from tests.renderings import png_of as png

G = renderings.curves()
SUBSET = (
    "default", "markers", "markers under a blue line", "dashed", "dark", "transparent",
    "legend above",
)  # fmt: skip
MIRRORED = {"steps back"}  # whether the axis says so is in its name, which pixels do not give


def material(data, curves=G):
    files = {} if data is None else {"decay.png": LoadedFile("decay.png", data, "")}
    submission = Submission(Path(), Path(), files, {}, ())
    decay = None if curves is None else Decay({}, curves, {}, {}, {}, {})
    return Material(submission, (), decay, None, None, {})


def kinds(check, data, curves=G):
    return [finding.kind for finding in check(material(data, curves))]


def chunk(name, content):
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def header(width, height):
    return pixels.SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


GOOD = renderings.draw(G)
NOISE = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"GIF89a" + bytes(60), "not_png"),
        (b"", "not_png"),
        (b"<svg/>" * 20, "not_png"),
        (pixels.SIGNATURE[:5], "truncated"),
        (GOOD[:20], "truncated"),
        (GOOD[: len(GOOD) // 2], "truncated"),
        (header(400, 300) + chunk(b"IDAT", b"no zlib") + chunk(b"IEND", b""), "undecodable"),
        (header(50_000, 50_000) + chunk(b"IEND", b""), "too_large"),
        (png(NOISE[:100, :150]), "too_small"),
        (png(np.full((300, 400, 3), 255, np.uint8)), "blank"),
        (png(np.full((300, 400), 7, np.uint8)), "blank"),
        (png(np.zeros((300, 400, 4), np.uint8)), "blank"),
    ],
)
def test_image_that_shows_nothing_is_named(data, kind):
    assert kinds(plot.image, data) == [kind]


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        GOOD + b"trailing bytes",
        png(NOISE),
        png(NOISE[:150, :200]),
        png(NOISE[..., 0].astype(np.uint16) * 257),
        png(NOISE[..., 0]),
    ],
)
def test_image_that_shows_something_passes(data):
    assert kinds(plot.image, data) == []


def test_image_absent_is_skipped():
    assert kinds(plot.image, None) == ["not_read"]
    assert kinds(plot.curves, None) == []


def test_image_with_a_text_bomb_is_a_finding_at_most():
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(90_000_000), 9))
    data = GOOD[:33] + bomb + GOOD[33:]
    assert kinds(plot.image, data) in ([], ["undecodable"])


@pytest.mark.parametrize("position", range(33, 1200, 41))
def test_image_with_a_flipped_byte_never_raises(position):
    broken = bytearray(GOOD)
    broken[position] ^= 0xFF
    list(plot.image(material(bytes(broken))))
    list(plot.curves(material(bytes(broken))))


def rendered(group, names=None):
    return [
        pytest.param(draw, id=name) for name, draw in group.items() if not names or name in names
    ]


@pytest.mark.parametrize("draw", rendered(renderings.RIGHT, SUBSET))
def test_right_plot_passes(draw):
    assert kinds(plot.curves, draw(G)) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("draw", rendered(renderings.RIGHT))
def test_right_plot_is_never_called_wrong(draw, seed):
    g = renderings.curves(seed, 0.2, 0.12, 0.05) if seed == 3 else renderings.curves(seed)
    found = list(plot.curves(material(draw(g), g)))
    assert all(finding.outcome is Outcome.MANUAL for finding in found), found


@pytest.mark.slow
@pytest.mark.parametrize("name", renderings.RIGHT)
def test_right_plot_is_accepted(name):
    g = renderings.curves(4)
    expected = ["mirrored"] if name in MIRRORED else []
    assert kinds(plot.curves, renderings.RIGHT[name](g), g) == expected


@pytest.mark.parametrize("name", sorted(MIRRORED))
def test_time_that_runs_to_the_left_is_a_question_of_the_axis(name):
    (finding,) = plot.curves(material(renderings.RIGHT[name](G)))
    assert (finding.kind, finding.outcome) == ("mirrored", Outcome.MANUAL)


@pytest.mark.parametrize("draw", rendered(renderings.LINEAR))
def test_linear_axis_is_named(draw):
    (finding,) = plot.curves(material(draw(G)))
    assert (finding.kind, finding.outcome) == ("linear_axis", Outcome.FAIL)


@pytest.mark.parametrize("draw", rendered(renderings.SWAPPED))
def test_swapped_colours_are_named(draw):
    (finding,) = plot.curves(material(draw(G)))
    assert (finding.kind, finding.outcome) == ("swapped_colours", Outcome.FAIL)


@pytest.mark.parametrize("draw", rendered(renderings.OTHER))
def test_plot_that_fits_nothing_never_passes(draw):
    (finding,) = plot.curves(material(draw(G)))
    assert (finding.kind, finding.outcome) in (
        ("unsure", Outcome.MANUAL),
        ("other_curves", Outcome.FAIL),
    )


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        ({"red": "green", "blue": "blue"}, ["no_red"]),
        ({"red": "red", "blue": "orange"}, ["no_blue"]),
        ({"red": "black", "blue": "grey"}, ["no_red", "no_blue"]),
    ],
)
def test_other_colours_keep_half(colours, expected):
    found = list(plot.curves(material(renderings.draw(G, **colours))))
    assert [finding.kind for finding in found] == expected
    assert {(f.outcome, f.keeps) for f in found} == {(Outcome.PARTIAL, 0.5)}


@pytest.mark.parametrize("curve", [(), (0.0,) * 50, (float("nan"),) * 50])
def test_numbers_that_are_none_are_not_compared(curve):
    assert kinds(plot.curves, GOOD, {**G, "rnn": curve}) == []
    assert kinds(plot.curves, GOOD, None) == []


def test_model_submission_passes():
    folder = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"
    recorded = json.loads((folder / "decay.json").read_text())
    g = {net: tuple(recorded[net]) for net in ("rnn", "gru")}
    data = (folder / "decay.png").read_bytes()
    assert kinds(plot.image, data, g) == kinds(plot.curves, data, g) == []


@pytest.mark.slow
def test_reading_a_plot_is_quick():
    data = renderings.draw(G, size=(10, 6.67), dpi=150)
    given = material(data)
    taken = []
    for _ in range(7):
        start = time.process_time()
        list(plot.curves(given))
        taken.append(time.process_time() - start)
    # 150 ms is what one submission's pictures may cost; the median here is a third of it.
    assert sorted(taken)[3] < 0.15


def test_components_are_those_that_touch():
    where = np.zeros((5, 40), dtype=bool)
    where[2, :30] = True  # a long one
    where[1, 30:34] = True  # touches it at a corner
    where[4, 36:39] = True  # a short one apart
    found = pixels.points(where)
    assert set(found.x) == set(range(34))
    assert set(found.y[found.x >= 30]) == {1.0}


def test_every_finding_has_words():
    broken = (b"", GOOD[:20], GOOD[:99], header(9999, 9999), png(NOISE[:9, :9] * 0))
    draws = [*renderings.LINEAR.values(), *renderings.SWAPPED.values(), renderings.subplots]
    pictures = (*(draw(G) for draw in draws), png(NOISE * 0))
    found = [("plot.image", one) for data in broken for one in plot.image(material(data))]
    found += [("plot.curves", one) for data in pictures for one in plot.curves(material(data))]
    assert len(found) >= len(broken) + len(pictures) - 1
    for language in LANGUAGES:
        assert all(catalogue(language).finding(*one).message for one in found)


def test_second_header_is_not_believed():
    first, second = header(300, 300), header(60_000, 60_000)
    end = chunk(b"IDAT", zlib.compress(bytes(300 * 901))) + chunk(b"IEND", b"")
    assert kinds(plot.image, first + second[8:] + end) == ["undecodable"]
    assert kinds(plot.image, first + first[8:] + end) == ["blank"]


def test_picture_of_noise_is_a_question_and_no_accusation():
    rng = np.random.default_rng(0)
    noise = np.where(rng.random((600, 600, 1)) < 0.4, [[[255, 0, 0]]], [[[255, 255, 255]]])
    noise[::3] = np.where(rng.random((200, 600, 1)) < 0.4, [[[0, 0, 255]]], noise[::3])
    assert kinds(plot.curves, png(noise.astype(np.uint8))) == ["unsure"]


@pytest.mark.parametrize("shape", [(1400, 1900, 4), (1501, 1203, 3), (20_000, 130, 3)])
def test_picture_laid_on_white_in_strips_is_the_same_as_at_once(monkeypatch, shape):
    data = png(np.random.default_rng(1).integers(256, size=shape, dtype=np.uint8))
    pixels.decode.cache_clear()
    strips = pixels.decode(data)
    pixels.decode.cache_clear()
    monkeypatch.setattr(pixels, "STRIP", 10**9)
    assert np.array_equal(strips, pixels.decode(data))
