"""The labels of axes: digits are told apart, scales are sure or none, and then they decide."""

import time

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from grader.picture import glyphs, labels, ticks
from grader.picture.axes import axes
from grader.picture.curves import look
from grader.picture.pixels import decode, mask, points
from grader.picture.placed import Drawn, verdict
from grader.picture.traces import traced
from tests import renderings
from tests.templates import placed

G = renderings.curves()
OTHERS = renderings.curves(seed=3)


def times(factor):
    return {net: tuple(factor * np.asarray(values)) for net, values in G.items()}


def reading(data, g=G):
    return look(decode(data), g).reading


# Digits


@pytest.mark.parametrize("size", [6.0, 8.3, 9.7, 13.9, 25.0])
def test_digits_are_most_like_themselves(size):
    for digit in glyphs.DIGITS:
        (found,) = glyphs.glyphs(placed(digit, size, 2))
        assert int(np.argmax(glyphs.likeness(found))) == int(digit)


def test_letters_are_like_no_digit():
    for letter in "amwxyPQ":
        found = glyphs.glyphs(placed(letter, 20.0, 2))
        assert max(float(glyphs.likeness(each).max()) for each in found) < 0.8


def test_digits_that_touch_are_parted():
    cover = placed("47", 9.7, 2)
    apart = glyphs.glyphs(cover)
    cover[round(apart[1].box[1]), int(np.ceil(apart[0].box[2]))] = 0.4  # in the gap
    blurred = glyphs.glyphs(cover, closely=False)
    assert (len(apart), len(blurred), len(glyphs.glyphs(cover))) == (2, 1, 2)


def test_templates_are_small_and_of_all_digits():
    known = glyphs.templates()
    assert known.shapes.shape[1:] == (10, glyphs.GRID[0] * glyphs.GRID[1])
    assert len(known.heights) == len(known.aspects) == len(known.shapes)


# Labels


def text(content, size=12, style="default", back="white", front="black"):
    """Return the label that a text alone in a picture is read as."""
    with matplotlib.style.context(style):
        figure = Figure(figsize=(5, 3), dpi=100, facecolor=back)
        figure.text(0.2, 0.4, content, fontsize=size, color=front)
        picture = decode(renderings.png(figure))
    against = ticks.contrast(picture)
    (word,) = ticks.words(against, [])
    return labels.label(against, word)


@pytest.mark.parametrize(
    ("content", "form", "value"),
    [
        ("0", "plain", 0.0),
        ("50", "plain", 50.0),
        ("0.25", "plain", 0.25),
        ("−15", "plain", -15.0),
        ("-15", "plain", -15.0),
        (r"$\mathdefault{10^{-7}}$", "power of 10", -7.0),
        (r"$\mathdefault{10^{-12}}$", "power of 10", -12.0),
        (r"$\mathdefault{10^{0}}$", "power of 10", 0.0),
        (r"$\mathdefault{2^{-19}}$", "power of 2", -19.0),
    ],
)
@pytest.mark.parametrize("style", ["default", "classic"])
def test_label_is_read(content, form, value, style):
    found = text(content, style=style)
    assert (found.form, found.values[0]) == (form, pytest.approx(value))
    assert found.like > labels.LEAST_MEAN


@pytest.mark.parametrize("colours", [("black", "white"), ("#fdf6e3", "#657b83"), ("white", "red")])
def test_label_is_read_in_any_colour(colours):
    assert text("$10^{-7}$", back=colours[0], front=colours[1]).values[0] == -7.0


@pytest.mark.parametrize("content", ["RNN", "gradient", "1e−05", "$3^{-7}$", "1.2.3", "5−2"])
def test_word_that_is_no_number_is_none_or_unlike(content):
    found = text(content)
    assert found is None or found.like < labels.LEAST_MEAN


def test_factor_before_a_power_is_no_label():
    """Of 2·10⁻¹, 3·10⁻¹, 4·10⁻¹, the 2, 3 and 4 alone would make a scale."""
    figure = Figure(figsize=(3, 3), dpi=100)
    for row, factor in zip((0.2, 0.5, 0.8), "234", strict=True):
        figure.text(0.2, row, rf"${factor}\times10^{{-1}}$")
    picture = decode(renderings.png(figure))
    found = ticks.words(ticks.contrast(picture), [])
    assert found
    read = labels.read(ticks.contrast(picture), ticks.columns(found, [(200, 0, 299, 299)]))
    assert not any(one.certain for each in read for _, one in labels.scales(each, vertical=True))


# Scales


def scale(values, places, **options):
    made = [
        labels.Label("plain", np.array([value]), np.zeros(1), 0.95, 2, place, place, 10.0)
        for value, place in zip(values, places, strict=True)
    ]
    return labels.scale(made, places, **options)


def test_three_labels_make_a_scale_and_two_none():
    found = scale([0, 10, 20], [100, 150, 200])
    assert found.certain
    assert (found.offset, found.slope) == (pytest.approx(100), pytest.approx(5))
    assert scale([0, 10], [100, 150]) is None


def test_label_out_of_line_leaves_no_scale():
    assert scale([0, 10, 20], [100, 153, 200]) is None
    assert not scale([0, 10, 20, 70, 90], [100, 150, 200, 250, 300]).certain


def test_doubtful_digit_is_settled_by_its_neighbours():
    def digit(values, place):
        losses = 0.1 * np.arange(len(values))
        return labels.Label("power of 10", np.array(values), losses, 0.9, 1, place, place, 10.0)

    made = [digit([-5.0, -6.0], 100.0), digit([-8.0, -6.0], 150.0), digit([-7.0, -1.0], 200.0)]
    found = labels.scale(made, [100.0, 150.0, 200.0])
    assert (found.first, found.last, found.count) == (-7.0, -5.0, 3)


@pytest.mark.parametrize(
    ("function", "values"),
    [("log", [0.001, 0.01, 0.1]), ("root", [0, 1, 4]), ("cube root", [0, 1, 8])],
)
def test_scale_of_a_function(function, values):
    assert scale(values, [300, 200, 100], function=function).certain
    assert scale(values, [300, 200, 100]) is None


def seen(data):
    """Return the axes of a picture whose curves lie in its middle."""
    picture = decode(data)
    height, width = picture.shape[:2]
    inside = [(width // 4, height // 4, 3 * width // 4, 3 * height // 4)]
    against = ticks.contrast(picture)
    found = ticks.words(against, inside)
    return axes(against, ticks.lines(found, inside), ticks.columns(found, inside))


@pytest.mark.parametrize("style", ["default", "classic", "ggplot", "dark_background", "bmh"])
@pytest.mark.parametrize("change", [None, renderings.jpeg])
def test_both_scales_are_read(style, change):
    data = renderings.draw(G, style=style)
    found = seen(renderings.again(data, change) if change else data)
    (across,), (upright,) = found.across, found.upright
    assert (across.first, across.last) == (0.0, pytest.approx(45.0, abs=5.0))
    assert upright.scale.form == "power of 10"


def test_labels_that_are_gone_or_too_small_give_no_scale():
    picture = decode(renderings.draw(G)).copy()
    picture[:, :75] = 255
    assert not seen(renderings.png_of(picture)).upright
    small = renderings.again(renderings.draw(G, dpi=60), lambda image: image.resize((200, 150)))
    assert not seen(small).upright


# What they decide


def inverted(axes_):
    axes_.invert_xaxis()


def blank(data, left):
    """Wipe out the labels across, and those beside the axis."""
    picture = decode(data).copy()
    picture[435:460] = 255
    picture[:, :left] = 255
    return renderings.png_of(picture)


def test_axis_that_runs_backwards_is_right_where_its_labels_do():
    data = renderings.draw(G, change=inverted)
    assert reading(data) == "right"
    assert reading(renderings.draw(G, x=renderings.T[::-1])) == "mirrored"
    assert reading(blank(data, 0)) == "mirrored"


def test_same_curves_at_another_height_are_a_question():
    data = renderings.draw(G)
    assert reading(data) == "right"
    assert reading(data, times(1e-3)) == "unsure"
    assert look(decode(data), times(1e-3), doubt=False).reading == "right"
    assert reading(blank(data, 75), times(1e-3)) == "right"
    squares = {net: tuple(np.asarray(values) ** 2) for net, values in G.items()}
    assert reading(data, squares) == "unsure"
    assert reading(blank(data, 75), squares) == "right"


def by_labels(data, g=G):
    """Return what the labels alone say."""
    picture = decode(data)
    drawn = []
    for colour in ("red", "blue"):
        where = mask(picture, colour, "faint")
        found = points(where)
        drawn.append(Drawn(where, found, traced(found, picture.shape[0])))
    return verdict(picture, [drawn], (np.asarray(g["rnn"]), np.asarray(g["gru"])))


def twin(*limits):
    """Return a change that gives each curve a vertical axis of its own."""

    def change(axes_):
        _, blue = axes_.get_lines()
        other = axes_.twinx()
        other.semilogy(blue.get_xdata(), blue.get_ydata(), "b")
        blue.remove()
        for each, ends in zip((axes_, other), limits, strict=True):
            each.set_ylim(*ends)

    return change


def symlog(threshold):
    return lambda axes_: axes_.set_yscale("symlog", linthresh=threshold)


def root(axes_):
    axes_.set_yscale("function", functions=(np.sqrt, np.square))


WIDE, NARROW = (1e-14, 1e1), (1e-4, 1e1)
SLOW = renderings.curves(rnn_rate=0.08, gru_rate=0.04)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "right"),
        ({"change": inverted}, "right"),
        ({"x": renderings.T[::-1]}, None),
        ({"x": renderings.T + 1}, "right"),
        ({"x": renderings.T + 3}, None),
        ({"change": twin(WIDE, WIDE)}, "right"),
        ({"change": twin(WIDE, NARROW)}, "separate_axes"),
        ({"red": "blue", "blue": "red"}, "swapped_colours"),
        ({"scale": "linear"}, "linear_axis"),
        ({"change": root}, "other_scale"),
        ({"change": symlog(1e-3)}, "other_scale"),
        ({"change": lambda axes_: axes_.set_yscale("log", base=2)}, "right"),
    ],
)
def test_labels_decide_on_the_axes_of_the_same_numbers(options, said):
    assert by_labels(renderings.draw(SLOW, legend="", note=False, **options), SLOW) == said


@pytest.mark.parametrize(
    ("g", "said"),
    [
        (G, "right"),
        (OTHERS, None),  # two pixels off: pixels alone say it better
        (times(1.05), "right"),  # a fiftieth of an order is a pixel
        (times(3.0), None),  # the same decay
        ({**G, "rnn": tuple(np.asarray(G["rnn"]) ** 0.8)}, "other_curves"),
    ],
)
def test_labels_decide_on_other_numbers(g, said):
    assert by_labels(renderings.draw(G), g) == said


def test_logarithms_are_right_of_any_base():
    for logarithm in (np.log10, np.log):
        logs = {net: logarithm(values) for net, values in G.items()}
        assert by_labels(renderings.draw(logs, scale="linear")) == "right"
        assert by_labels(renderings.draw(logs, scale="linear"), OTHERS) is None


def test_panels_are_wrong_where_their_scales_differ():
    assert by_labels(renderings.subplots(G)) == "separate_axes"
    figure = Figure(figsize=(10, 4))
    for on, (net, colour) in zip(
        figure.subplots(1, 2, sharey=True), (("rnn", "r"), ("gru", "b")), strict=True
    ):
        on.semilogy(G[net], colour)
    assert by_labels(renderings.png(figure)) is None


@pytest.mark.parametrize(
    "g",
    [
        {net: values[:5] for net, values in G.items()},
        {**G, "rnn": G["rnn"][:49]},
        {net: values * 20 for net, values in G.items()},
        times(1e200),
    ],
)
def test_numbers_that_are_no_curve_of_the_lab_decide_nothing(g):
    assert by_labels(renderings.draw(G), g) is None


def test_labels_that_are_gone_decide_nothing():
    assert by_labels(blank(renderings.draw(G), 75)) is None


# Pictures that are none


def page(width, height, size):
    """Return a page of digits."""
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    line = "0123456789 " * (width // size // 7)
    rows = max(int(height / (1.8 * size)), 1)
    for row in range(rows):
        figure.text(0.01, (row + 0.3) / rows, line, fontsize=size)
    return decode(renderings.png(figure))


NOISE = np.random.default_rng(0).integers(0, 255, (900, 1200, 3), dtype=np.uint8)
HOSTILE = {
    "noise": lambda: NOISE,
    "checks": lambda: np.asarray(Image.fromarray(NOISE[:90, :120]).resize((1200, 900), 0)),
    "page": lambda: page(1200, 900, 8),
    "huge": lambda: page(1200, 900, 300),
    "stripes": lambda: np.where(np.arange(1200)[None, :, None] % 4 < 2, 0, NOISE * 0 + 255),
    "dots": lambda: np.where(
        (np.indices((900, 1200)).sum(0) % 6 == 0)[..., None], 0, NOISE * 0 + 9
    ),
    "blank": lambda: np.zeros_like(NOISE),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_picture_takes_bounded_time_and_says_nothing(name):
    picture = np.ascontiguousarray(HOSTILE[name](), dtype=np.uint8)
    inside = [(400, 300, 800, 500)]
    start = time.process_time()
    against = ticks.contrast(picture)
    found = ticks.words(against, inside)
    axes(against, ticks.lines(found, inside), ticks.columns(found, inside))
    assert time.process_time() - start < 3.0
