"""The plot handed in beside the one a fresh run draws: word and pixels, stale plots, N and M."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from grader.checks import plot
from grader.evidence.drawn import figure_from
from grader.evidence.figures import described
from grader.model import Outcome
from grader.picture.alike import alike
from grader.picture.pixels import decode
from grader.texts import LANGUAGES, catalogue
from tests import renderings
from tests.toys import decay, loaded, material, run, runs
from tests.unit.test_figures import BACKWARDS, plotted, twin

G = renderings.curves()
OTHERS = renderings.curves(seed=3)
RIGHT, THEIRS = renderings.draw(G), renderings.draw(OTHERS)


def given(committed, drawn, figure=None, curves=G):
    """Return the material for a plot handed in and the plot, and figure, of the fresh run."""
    known = material(decay=decay(curves["rnn"], curves["gru"]))
    files = {"decay.png": loaded("decay.png", committed)}
    told = None if figure is None else figure_from([described(figure)])
    again = run(artefacts={"decay.png": drawn} if drawn else {}, figure=told)
    return replace(known, submission=replace(known.submission, files=files), run=runs(again))


def kinds(check, *args, **options):
    return [(f.kind, f.outcome) for f in check(given(*args, **options))]


def shown(figure):
    return renderings.png(figure)


def label(text):
    return lambda figure, axes: axes.set_xlabel(text)


BACK = renderings.draw(G, x=renderings.T[::-1])


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        ("steps back from the loss", []),
        ("time step t", [("reversed_time", Outcome.FAIL)]),
        ("", [("mirrored", Outcome.MANUAL)]),
    ],
)
def test_axis_of_the_recorded_figure_settles_which_way_time_runs(axis, expected):
    figure = plotted(**BACKWARDS, label=axis)
    data = shown(figure)
    assert kinds(plot.curves, data, data, figure) == expected


def test_word_about_another_picture_settles_nothing():
    figure = plotted(**BACKWARDS, label="steps back")
    assert kinds(plot.curves, BACK, RIGHT, figure) == [("mirrored", Outcome.MANUAL)]


def test_separate_axes_are_named_by_the_recorded_figure():
    figure = plotted(twin)
    data = shown(figure)
    assert kinds(plot.curves, data, data, figure) == [("separate_axes", Outcome.FAIL)]


def test_plot_too_full_for_pixels_passes_by_word_and_says_so():
    def crowd(figure, axes):
        places = np.random.default_rng(0).random((2, 3000))
        for half, colour in ((slice(0, 1500), "red"), (slice(1500, None), "blue")):
            axes.scatter(*places[:, half], c=colour, s=30, transform=axes.transAxes)

    figure = plotted(crowd)
    data = shown(figure)
    (finding,) = plot.curves(given(data, data, figure))
    assert (finding.kind, finding.outcome) == ("by_word", Outcome.NOTE)
    assert kinds(plot.curves, data, data) == [("unsure", Outcome.MANUAL)]


def test_labels_are_asked_about_right_pixels_where_somebody_looks_or_the_script_ran():
    lower = {kind: tuple(1e-3 * np.asarray(values)) for kind, values in G.items()}
    data = renderings.draw(G)
    what = given(data, data, curves=lower)
    unrun = replace(what, run=None)
    asked = [("unsure", Outcome.MANUAL)]
    for one, found in (
        (unrun, asked),
        (replace(unrun, manual=False), []),
        (replace(what, manual=False), asked),
    ):
        assert [(f.kind, f.outcome) for f in plot.curves(one)] == found


def test_forged_word_does_not_turn_wrong_pixels_right():
    data = renderings.draw(G, scale="linear")
    (finding,) = plot.curves(given(data, data, plotted()))
    assert (finding.kind, finding.outcome) == ("unsure", Outcome.MANUAL)
    assert finding.data["pictures"] == ["committed", "fresh"]


def test_plot_of_another_student_is_wrong():
    assert kinds(plot.curves, THEIRS, RIGHT, plotted()) == [("other_curves", Outcome.FAIL)]
    assert kinds(plot.curves, RIGHT, RIGHT, plotted()) == []


def test_stale_plot_is_named():
    assert kinds(plot.fresh, THEIRS, RIGHT) == [("stale", Outcome.FAIL)]
    assert kinds(plot.fresh, RIGHT, RIGHT) == []


def test_plot_in_another_style_from_the_same_numbers_is_not_stale():
    restyled = renderings.draw(G, size=(9, 5), dpi=120, style="ggplot", legend="lower right")
    assert kinds(plot.fresh, restyled, RIGHT) == []


def test_plots_that_differ_beyond_telling_are_a_question():
    assert kinds(plot.fresh, RIGHT, THEIRS) == [("differs", Outcome.MANUAL)]


@pytest.mark.parametrize("data", [b"", b"1"])
def test_nothing_is_compared_where_a_picture_is_none(data):
    assert kinds(plot.fresh, RIGHT, data) == kinds(plot.fresh, data, RIGHT) == []


def test_pictures_are_alike_by_their_curves_not_their_bytes():
    one = decode(RIGHT)
    again = decode(renderings.again(RIGHT, lambda image: image.quantize(64)))
    larger = decode(renderings.draw(G, dpi=140))
    assert alike(one, again)
    assert alike(one, larger)
    assert not alike(one, decode(THEIRS))
    assert not alike(one, np.asarray(Image.fromarray(one).resize((640, 300))))
    assert not alike(one, np.full_like(one, 255))


def orders(net):
    return float(np.log10(G[net][-1] / G[net][0]))


N, M = orders("rnn"), orders("gru")


def titled(text):
    return plotted(lambda _, axes: axes.set_title(text))


def noted(text):
    figure = titled(text)
    return [
        f for f in plot.annotation(given(RIGHT, RIGHT, figure)) if f.outcome is not Outcome.NOTE
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"vanilla RNN gradient decays by {N:.1f} orders of magnitude over 50 steps;\n"
        f"GRU decays by {M:.1f}",
        f"RNN: {N:.2f} orders, GRU: {M:.2f} orders",
        f"RNN loses about {N:.0f} orders while the GRU loses {M:.1f} orders",
        f"N = {N:.1f}, M = {M:.1f}",
        f"la RNN simple decae {N:.1f} órdenes de magnitud en 50 pasos; "
        f"la GRU, {M:.1f} órdenes".replace(".", ","),
        f"RNN: -{N:.1f} orders; GRU: -{M:.1f} orders",
        f"RNN decays by {N + 0.09:.2f} orders",
        f"RNN {N / 4.9:.2f} orders per 10 steps",
        "RNN (50 steps)",
        "d = 32, seed 42",
        "",
    ],
)
def test_right_totals_and_other_numbers_are_no_finding(text):
    assert noted(text) == []


@pytest.mark.parametrize(
    ("text", "model"),
    [
        (f"RNN decays by {N + 2.5:.1f} orders of magnitude over 50 steps; GRU by {M:.1f}", "rnn"),
        (f"RNN decays by {N:.1f} orders; GRU decays by {M + 2.5:.1f}", "gru"),
        (f"RNN: {N - 0.4:.2f} orders", "rnn"),
        (f"la RNN decae {N * 2.3:.1f} órdenes".replace(".", ","), "rnn"),
        (f"N = {N:.1f}, M = {M + 3:.1f}", "gru"),
    ],
)
def test_wrong_total_is_named(text, model):
    (finding,) = noted(text)
    assert (finding.kind, finding.model, finding.outcome) == ("wrong_total", model, Outcome.FAIL)
    assert finding.data["text"] == text


def test_placeholder_in_the_plot_is_named():
    (finding,) = noted("vanilla RNN decays by N orders of magnitude over 50 steps")
    assert finding.kind == "placeholder"


def test_numbers_and_labels_that_are_missing_are_notes():
    bare = plotted(lambda _, axes: axes.set(xlabel="", ylabel=""))
    found = kinds(plot.annotation, RIGHT, RIGHT, bare)
    assert found == [("no_number", Outcome.NOTE)] * 2 + [("no_labels", Outcome.NOTE)]


def test_figure_that_was_not_seen_is_for_a_person():
    assert kinds(plot.annotation, RIGHT, RIGHT) == [("not_seen", Outcome.MANUAL)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_words(language):
    texts = catalogue(language).entry("check.plot")
    data = dict.fromkeys(
        ("rnn_first", "rnn_last", "gru_first", "gru_last", "claimed", "measured"), 1e-9
    )
    data |= {"text": "N orders", "axes": ["x"], "pictures": ["committed"]}
    for check in ("curves", "fresh", "annotation"):
        for kind in texts[check]["finding"]:
            finding = plot.Finding(kind, data=data, model="rnn")
            words = catalogue(language).finding(f"plot.{check}", finding)
            assert words.found
            assert "{" not in words.message + words.next_step
