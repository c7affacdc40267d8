"""Both curves drawn in characters: dots of braille where they can be shown, letters otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.model import KINDS, STEPS, Kind, Report

ROWS = 10
"""Three thirds and the line they begin from."""

NARROWEST, WIDEST = 50, 84
"""Columns of a report below which a chart shows nothing, and of a chart above which it tires."""

GUTTER = 9
"""Columns before the curves: a power of ten and the axis."""

BRAILLE = 0x2800
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille sign's dots, by column and row (Unicode, block Braille Patterns)."""

STYLES: Mapping[Kind, str] = {"rnn": "bright_red", "gru": "bright_blue"}
LETTERS: Mapping[Kind, str] = {"rnn": "r", "gru": "g"}
LABELS: Mapping[Kind, tuple[int, ...]] = {"rnn": (8, 14, 4, 20), "gru": (18, 8, 28, 4)}
"""Steps at which a curve's name may stand below it."""

Curves = Mapping[Kind, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a chart, and which columns belong to which curve's style."""

    text: str
    spans: tuple[tuple[int, int, str], ...] = ()


@dataclass(slots=True)
class _Canvas:
    """Signs of a chart, row by row, each with the models it belongs to."""

    columns: int
    lettered: bool = False
    signs: list[list[str]] = field(default_factory=list)
    owners: list[list[set[Kind]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signs = [[" "] * self.columns for _ in range(ROWS)]
        self.owners = [[set() for _ in range(self.columns)] for _ in range(ROWS)]

    def write(self, row: int, column: int, text: str, kind: Kind) -> bool:
        """Write a name where nothing stands, with a blank on both sides; say whether it fitted."""
        beside = range(column - 1, column + len(text) + 1)
        if not 0 <= row < ROWS or beside[0] < 0 or beside[-1] >= self.columns:
            return False
        if any(self.signs[row][place] != " " for place in beside):
            return False
        for place, sign in enumerate(text, column):
            self.signs[row][place] = sign
            self.owners[row][place] = {kind}
        return True

    def spans(self, row: int) -> Iterator[tuple[int, int, str]]:
        for column, kinds in enumerate(self.owners[row]):
            if len(kinds) == 1:
                place = GUTTER + column
                yield place, place + 1, STYLES[next(iter(kinds))]


def chart(report: Report, width: int, *, ascii_only: bool = False) -> list[Row]:
    """Return the lines of a chart of both recorded curves; none where it would show nothing.

    Parameters
    ----------
    width : int
        Columns there are.
    ascii_only : bool
        Draw with letters, for outputs that cannot show braille.
    """
    curves = _curves(report)
    if len(curves) < 2 or width < NARROWEST:
        return []
    columns = min(width, WIDEST) - GUTTER
    low, high = _limits(curves)
    canvas = None if ascii_only else _braille(curves, columns, (low, high))
    if canvas is None:
        canvas = _letters(curves, columns, (low, high))
    return list(_framed(canvas, low, high, ascii_only=ascii_only))


def _curves(report: Report) -> dict[Kind, Sequence[float]]:
    """Return log10 of g_0 … g_49 of the models whose curve has no gap."""
    found: dict[Kind, Sequence[float]] = {}
    for one in report.series:
        known = [value for value in one.recorded[:STEPS] if value is not None]
        if len(known) == STEPS:
            found[one.model] = known
    return found


def _limits(curves: Curves) -> tuple[int, int]:
    """Return powers of ten around the curves, a multiple of three apart: one at every third row."""
    values = [value for curve in curves.values() for value in curve]
    low, high = math.floor(min(values)), math.ceil(max(values))
    high = max(high, low + 1)  # a flat curve at a power of ten
    return low - (low - high) % 3, high


def _at(curve: Sequence[float], place: float) -> float:
    """Return the curve between two steps; `place` runs from 0 to 1."""
    t = place * (len(curve) - 1)
    before = min(int(t), len(curve) - 2)
    return curve[before] + (t - before) * (curve[before + 1] - curve[before])


def _heights(
    curve: Sequence[float], points: int, levels: int, bounds: tuple[float, float]
) -> list[int]:
    """Return for each point across the level from the top, 0 … levels - 1."""
    low, high = bounds
    values = [_at(curve, k / (points - 1)) for k in range(points)]
    return [round((high - value) / (high - low) * (levels - 1)) for value in values]


def _braille(curves: Curves, columns: int, bounds: tuple[float, float]) -> _Canvas | None:
    """Draw with dots; None where the curves leave no room to name them."""
    canvas = _Canvas(columns)
    bits = [[0] * columns for _ in range(ROWS)]
    for kind, curve in curves.items():
        heights = _heights(curve, 2 * columns, 4 * ROWS, bounds)
        for x, height in enumerate(heights):
            # A steep curve is closed up to the point before it.
            before = heights[x - 1] if x else height
            span = range(min(before, height) + (before < height), max(before, height) + 1)
            for level in span if before != height else (height,):
                bits[level // 4][x // 2] |= DOTS[x % 2][level % 4]
                canvas.owners[level // 4][x // 2].add(kind)
    for row, marks in enumerate(bits):
        canvas.signs[row] = [chr(BRAILLE + mark) if mark else " " for mark in marks]
    for kind, curve in curves.items():
        places = ((step, _heights(curve, columns, ROWS, bounds)) for step in LABELS[kind])
        if not any(
            canvas.write(max(heights[x : x + 5]) + 1, x + 1, kind.upper(), kind)
            for step, heights in places
            for x in (step * columns // STEPS,)
        ):
            return None
    return canvas


def _letters(curves: Curves, columns: int, bounds: tuple[float, float]) -> _Canvas:
    """Draw with a letter of each model's, an x where both are."""
    canvas = _Canvas(columns, lettered=True)
    for kind, curve in curves.items():
        for x, row in enumerate(_heights(curve, columns, ROWS, bounds)):
            taken = canvas.signs[row][x] != " "
            canvas.signs[row][x] = "x" if taken else LETTERS[kind]
            canvas.owners[row][x].add(kind)
    return canvas


def _framed(canvas: _Canvas, low: int, high: int, *, ascii_only: bool) -> Iterator[Row]:
    """Yield the rows with a power of ten at every third, and the steps below."""
    upright, corner, along, tick = "|+-+" if ascii_only else "│└─┴"
    for row in range(ROWS):
        level = high - row * (high - low) // (ROWS - 1)
        name = "" if row % 3 else f"1e{level:+d}"
        text = f"{name:>{GUTTER - 2}} {upright}" + "".join(canvas.signs[row])
        yield Row(text.rstrip(), tuple(canvas.spans(row)))
    places = {t * (canvas.columns - 1) // (STEPS - 1): str(t) for t in range(0, STEPS, 10)}
    rule = "".join(tick if x in places and x else along for x in range(canvas.columns))
    yield Row(" " * (GUTTER - 1) + corner + rule)
    below = [" "] * (canvas.columns + 2)
    for x, name in places.items():
        below[x : x + len(name)] = name
    below[canvas.columns - 1] = "t"
    yield Row(" " * GUTTER + "".join(below).rstrip())
    if canvas.lettered:
        legend = ", ".join(f"{LETTERS[kind]}: {kind.upper()}" for kind in KINDS)
        yield Row(" " * GUTTER + f"{legend}, x: {' + '.join(kind.upper() for kind in KINDS)}")
