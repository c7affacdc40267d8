"""What a script says it draws: seen however it is saved, bounded, and judged against decay.json."""

import functools
import io
import json

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from grader.evidence import figures
from grader.evidence.drawn import MOST, figure_from
from grader.evidence.rerun import fresh_runs
from grader.picture.figure import judged
from tests.renderings import curves
from tests.toys import SCRIPT, submit, terms

G = curves()
T = np.arange(50)


def plotted(
    change=None, *, x=T, rnn=None, gru=None, red="red", blue="blue", scale="log", label="t"
):
    """Return a figure with both curves on one pair of axes."""
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot(x, G["rnn"] if rnn is None else rnn, color=red, label="RNN")
    axes.plot(x, G["gru"] if gru is None else gru, color=blue, label="GRU")
    axes.set_yscale(scale)
    axes.set_xlabel(label)
    axes.set_ylabel("g_t")
    if change:
        change(figure, axes)
    return figure


def seen(figure):
    """Return a figure as the parent gets it: over JSON."""
    return figure_from(json.loads(json.dumps([figures.described(figure)])))


def reading(*args, **options):
    return judged(seen(plotted(*args, **options)), G)


def logs(base=10.0):
    return {net: np.log(values) / np.log(base) for net, values in G.items()}


def scattered(figure, axes):
    axes.clear()
    axes.scatter(T, G["rnn"], c="firebrick")
    axes.scatter(T, G["gru"], c="steelblue")
    axes.set_yscale("log")


def twin(figure, axes):
    axes.clear()
    axes.semilogy(T, G["rnn"], "r")
    axes.twinx().semilogy(T, G["gru"], "b")


def panels(figure, axes):
    figure.clear()
    left, right = figure.subplots(1, 2, sharey=True)
    left.semilogy(T, G["rnn"], "r")
    right.semilogy(T, G["gru"], "b")


OTHER = {net: np.asarray(values) ** 1.03 for net, values in G.items()}
HEAD = {net: [*values, 0.9] for net, values in G.items()}
BACKWARDS = {net: values[::-1] for net, values in G.items()}

READINGS = {
    "plain": (reading, {}, "right"),
    "shades": (reading, {"red": "C3", "blue": "C0"}, "right"),
    "pale shades": (reading, {"red": "salmon", "blue": "skyblue"}, "right"),
    "log10": (reading, {"scale": "linear", **logs()}, "right"),
    "natural logarithm": (reading, {"scale": "linear", **logs(np.e)}, "right"),
    "base 2": (reading, {"change": lambda _, axes: axes.set_yscale("log", base=2)}, "right"),
    "symlog above its threshold": (
        reading,
        {"change": lambda _, axes: axes.set_yscale("symlog", linthresh=1e-30)},
        "right",
    ),
    "scatter": (reading, {"change": scattered}, "right"),
    "one-based": (reading, {"x": T + 1}, "right"),
    "with g_50": (reading, {"x": np.arange(51), **HEAD}, "right"),
    "clipped": (reading, {"change": lambda _, axes: axes.set_ylim(1e-6, 2)}, "right"),
    "inverted": (reading, {"change": lambda _, axes: axes.invert_xaxis()}, "right"),
    "steps back": (reading, {"x": 50 - T, "label": "steps back from t = 50"}, "right"),
    "steps back, in Spanish": (reading, {**BACKWARDS, "label": "pasos hacia atrás"}, "right"),
    "steps back, not said": (reading, {**BACKWARDS, "label": "k"}, "mirrored"),
    "reversed": (reading, {**BACKWARDS, "label": "time step t"}, "reversed_time"),
    "linear": (reading, {"scale": "linear"}, "linear_axis"),
    "symlog": (
        reading,
        {"change": lambda _, axes: axes.set_yscale("symlog", linthresh=1e-3)},
        "other_scale",
    ),
    "swapped": (reading, {"red": "tab:blue", "blue": "tab:red"}, "swapped_colours"),
    "green": (reading, {"red": "green"}, "other_colours"),
    "pink": (reading, {"red": "hotpink"}, "unsure"),
    "both red": (reading, {"blue": "crimson"}, "other_colours"),
    "twin axes": (reading, {"change": twin}, "separate_axes"),
    "panels": (reading, {"change": panels}, "unsure"),
    "other numbers": (reading, OTHER, "other_numbers"),
    "other RNN": (reading, {"rnn": OTHER["rnn"]}, "other_numbers"),
    "numbers that look the same": (reading, {"rnn": np.asarray(G["rnn"]) * 1.005}, "right"),
    "one curve": (reading, {"change": lambda _, axes: axes.lines[1].remove()}, "one_missing"),
    "hidden curve": (
        reading,
        {"change": lambda _, axes: axes.lines[1].set_visible(False)},
        "one_missing",
    ),
    "nothing": (reading, {"change": lambda _, axes: axes.clear()}, "unsure"),
}


@pytest.mark.parametrize("name", READINGS)
def test_figure_is_judged_by_what_is_drawn(name):
    judge, options, expected = READINGS[name]
    assert judge(**options) == expected


@pytest.fixture
def watched():
    """Return an album, and a canvas of its own whose methods it has wrapped."""

    class Canvas(FigureCanvasAgg):
        def print_figure(self, *args, **kwargs):
            """Print."""
            return super().print_figure(*args, **kwargs)

        @functools.wraps(FigureCanvasAgg.print_png)  # matplotlib reads its signature
        def print_png(self, *args, **kwargs):
            return super().print_png(*args, **kwargs)

    album = figures.Album()
    album.wrap(Canvas, "print_figure")
    album.wrap(Canvas, "print_png")
    return album, Canvas


SAVED = {
    "path": lambda canvas, path: canvas.figure.savefig(path),
    "string": lambda canvas, path: canvas.figure.savefig(str(path), dpi=40),
    "bytes": lambda canvas, path: canvas.figure.savefig(io.BytesIO(), format="png"),
    "canvas": lambda canvas, path: canvas.print_figure(path),
    "png": lambda canvas, path: canvas.print_png(path),
}


@pytest.mark.parametrize("name", SAVED)
def test_figure_is_seen_once_however_it_is_saved(watched, tmp_path, name):
    album, canvas = watched
    SAVED[name](canvas(plotted()), tmp_path / "decay.png")
    (told,) = album.told()
    assert told["file"] == ("" if name == "bytes" else "decay.png")
    assert judged(figure_from([told]), G) == "right"


def test_wrapped_method_keeps_its_name_result_and_exceptions(watched, tmp_path):
    _, canvas = watched
    assert (canvas.print_figure.__name__, canvas.print_figure.__doc__) == ("print_figure", "Print.")
    with pytest.raises(FileNotFoundError):
        canvas(plotted()).print_figure(tmp_path / "nowhere" / "decay.png")
    canvas(plotted()).print_figure(tmp_path / "decay.png")
    assert (tmp_path / "decay.png").stat().st_size > 1000


def test_artist_that_raises_is_no_fault_of_the_script(watched, tmp_path):
    album, canvas = watched
    figure = plotted()
    figure.axes[0].get_title = functools.partial(int, "no number")
    canvas(figure).print_figure(tmp_path / "decay.png")
    assert album.told() == []


def test_latest_figures_are_kept_within_bounds(watched, tmp_path):
    album, canvas = watched
    for name in "abcd":
        canvas(plotted()).print_figure(tmp_path / f"{name}.png")
    assert [told["file"] for told in album.told()] == ["b.png", "c.png", "d.png"]
    big = plotted(lambda _, axes: [axes.plot(np.arange(600)) for _ in range(60)])
    big.suptitle("x" * 10_000)
    assert len(figures.described(big)["texts"][0]) == figures.LONGEST_TEXT
    canvas(big).print_figure(tmp_path / "big.png")
    assert len(json.dumps(album.told())) < figures.MOST_FIGURES * figures.MOST_BYTES


@pytest.mark.parametrize(
    "said",
    [
        None,
        1,
        "x",
        [1],
        [{"axes": 5}],
        [{"axes": [7, {"curves": [{"x": "y"}, 3]}]}],
        [{}],
        {"a": 1},
    ],
)
def test_answer_of_another_form_is_dropped_or_empty(said):
    figure = figure_from(said)
    assert figure is None or all(not axes.curves for axes in figure.axes)


def test_numbers_of_a_stranger_are_bounded():
    curve = {key: [1, 10**400, "x", None, True, float("nan")] * 500 for key in ("x", "y")}
    curve |= {"column": [0.0] * 3000, "row": [0.0] * 3000, "label": "x" * 9999, "colour": 3}
    figure = figure_from([{"axes": [{"curves": [curve] * 99}] * 99, "texts": ["t"] * 999}])
    (first, *rest) = figure.axes[0].curves
    assert len(figure.axes) <= MOST["axes"]
    assert len(rest) < MOST["curves"]
    assert first.y.size == MOST["points"]
    assert np.isfinite(first.y).sum() == np.sum(first.y == 1.0) > 0
    assert judged(figure, G) == "unsure"


def test_figure_named_decay_goes_before_the_latest():
    told = [{"file": name} for name in ("decay.png", "other.png")]
    assert figure_from(told).file == "decay.png"
    assert figure_from(told[1:]).file == "other.png"


PLOTS = f"""\
import numpy as np
rnn, gru = np.array({list(G["rnn"])}), np.array({list(G["gru"])})
import matplotlib.pyplot as plt
plt.semilogy(rnn, "r", label="RNN")
plt.semilogy(gru, "b")
plt.title("RNN loses 11.8 orders")
plt.savefig("decay.png")
open("decay.json", "w").write("{{}}")
"""


def test_fresh_run_tells_the_figure_and_leaves_no_name_of_ours(tmp_path):
    source = PLOTS + "import sys\nassert 'figures' not in sys.modules\n"
    with fresh_runs(submit(tmp_path, source), (SCRIPT,), terms(30.0)) as session:
        first = session.facts.first
    assert first.death == ""
    assert judged(first.figure, G) == "right"
    assert first.figure.axes[0].texts == ("RNN loses 11.8 orders",)


def test_fresh_run_without_a_plot_tells_none(tmp_path):
    with fresh_runs(submit(tmp_path, "x = 1\n"), (SCRIPT,), terms(30.0)) as session:
        assert session.facts.first.figure is None
