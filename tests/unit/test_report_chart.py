"""The chart of a terminal: both curves, where there is room and something to see."""

import io
import re

import pytest

from grader.report.chart import GUTTER, NARROWEST, ROWS, WIDEST, chart
from grader.report.text import render, show
from tests.pages import BOTH, right, series
from tests.toys import report

DRAWN = report(series=BOTH)


def body(rows):
    """Return what stands right of the axis in the rows of the curves."""
    return [row.text[GUTTER:].ljust(WIDEST) for row in rows[:ROWS]]


def column(rows, x, signs):
    """Return the rows in which one of the signs stands in column x."""
    return [y for y, text in enumerate(body(rows)) if text[x] in signs]


def test_lower_curve_is_drawn_below():
    rows = chart(DRAWN, 80, ascii_only=True)
    assert column(rows, 0, "g")[0] < column(rows, 0, "r")[0]
    assert column(rows, 80 - GUTTER - 1, "x") == [0]


@pytest.mark.parametrize("width", [50, 61, 80, 200])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_chart_keeps_to_the_width(width, ascii_only):
    rows = chart(DRAWN, width, ascii_only=ascii_only)
    assert max(len(row.text) for row in rows) <= min(width, WIDEST)
    assert all(row.text.isascii() for row in rows) is ascii_only


def test_every_column_shows_both_curves():
    rows = chart(DRAWN, 80, ascii_only=True)
    assert all(column(rows, x, "rx") and column(rows, x, "gx") for x in range(80 - GUTTER))


def test_axis_holds_exact_powers_of_ten():
    curves = (series(slope=-0.14), series("gru", -0.01))  # g_0 = 1e-7
    names = [row.text[:GUTTER].split()[0] for row in chart(report(series=curves), 80)[:ROWS:3]]
    assert names == ["1e+0", "1e-3", "1e-6", "1e-9"]


def test_names_stand_by_their_curves():
    text = "\n".join(body(chart(DRAWN, 80)))
    assert text.count("RNN") == text.count("GRU") == 1
    lines = text.splitlines()
    rows = {name: next(y for y, t in enumerate(lines) if name in t) for name in ("RNN", "GRU")}
    assert rows["GRU"] < rows["RNN"]


def test_curve_that_leaves_no_room_for_its_name_is_drawn_in_letters():
    low = series(recorded=(*[-6.0] * 49, 0.0))  # along the lowest row: nothing is below it
    lines = body(chart(report(series=(low, BOTH[1])), 80))
    assert "RNN" not in "".join(lines)
    assert re.search("r{20}", lines[-1])


@pytest.mark.parametrize(
    "made",
    [
        report(),
        report(series=(BOTH[0],)),
        report(series=(BOTH[0], series("gru", recorded=(None, *BOTH[1].recorded[1:])))),
        report(series=(BOTH[0], series("gru", recorded=()))),
    ],
)
def test_nothing_is_drawn_where_a_curve_is_missing(made):
    assert chart(made, 80) == []


def test_nothing_is_drawn_where_there_is_no_room():
    assert chart(DRAWN, NARROWEST - 1) == []
    assert "⣀" not in render(DRAWN, "en", 40)


def test_report_that_is_written_shows_what_its_encoding_can():
    for encoding, dots in (("utf-8", True), ("cp1252", False), ("ascii", False)):
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, encoding=encoding)
        show(right(), "es", stream, colour=False)
        stream.flush()
        shown = raw.getvalue().decode(encoding)
        assert bool(re.search("[\u2801-\u28ff]", shown)) is dots
        assert ("r: RNN, g: GRU" in shown) is not dots


def test_colours_tell_the_curves_apart(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    stream = io.StringIO()
    show(right(), "en", stream, colour=True)
    drawn = [line for line in stream.getvalue().splitlines() if "│" in line]
    assert any("\x1b[91m" in line for line in drawn)
    assert any("\x1b[94m" in line for line in drawn)
