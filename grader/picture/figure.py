"""A figure as the script's process told it, against decay.json: exact, and only its own word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from grader.facts import Array, DrawnAxes, DrawnCurve, DrawnFigure
from grader.model import KINDS, Kind
from grader.picture.curves import Reading
from grader.picture.pixels import Shade, shade

SAME_ORDERS = 0.01
"""Distance, in orders, at which two numbers are one in a plot: thirteen orders over 400 pixels
leave 0.03 to a pixel."""
STRAIGHT = 0.005  # of the span: a row this far off its line shows by a pixel or two
LN10 = float(np.log(10.0))
WANTED: Mapping[Kind, str] = {"rnn": "red", "gru": "blue"}

BACK = re.compile(
    r"back|lag\b|distance|away|from (?:the )?(?:end|loss|last|t ?= ?50)|before|until|remaining"
    r"|\b(?:t|50)\s*[-−]\s*[tk]\b|revers|atr[aá]s|distancia|antes"
    r"|desde (?:el|la) (?:final|p[eé]rdida)|retroce|invers|hacia|restan|faltan",
    re.IGNORECASE,
)
TIME = re.compile(r"^\W*(?:(?:time|timestep|step|token|position|paso|tiempo|instante)\b|t\b)", re.I)


@dataclass(frozen=True, slots=True)
class _Match:
    """One curve that holds one net's numbers: t of each of its points, and log10 of its values."""

    curve: DrawnCurve
    axes: DrawnAxes
    t: Array
    logs: Array


def judged(figure: DrawnFigure, curves: Mapping[Kind, tuple[float, ...]]) -> Reading:
    """Compare what was drawn with g_0 … g_49.

    Parameters
    ----------
    figure : DrawnFigure
    curves : mapping of "rnn" and "gru" to tuple of float, positive, 50 each

    Returns
    -------
    Reading
        "unsure" where the data were drawn in a way that this does not know.
    """
    logs = {kind: np.log10(np.asarray(curves[kind], dtype=float)) for kind in KINDS}
    matches = {kind: list(_matches(figure, logs[kind])) for kind in KINDS}
    absent = [kind for kind in KINDS if not matches[kind]]
    if absent:
        others = list(_unmatched(figure, matches))
        if len(absent) == len(KINDS):
            return "other_numbers" if len(others) >= 2 else "unsure"
        return "other_numbers" if others else "one_missing"
    colours = {kind: {_shade(match.curve) for match in matches[kind]} for kind in KINDS}
    wrong = _colours(colours)
    if wrong:
        return wrong
    chosen = [
        next((m for m in matches[kind] if _shade(m.curve) == WANTED[kind]), matches[kind][0])
        for kind in KINDS
    ]
    return _scales(chosen) or _time(chosen, figure)


def _shade(curve: DrawnCurve) -> Shade:
    found = re.fullmatch(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", curve.colour)
    return shade(*(int(part, 16) for part in found.groups())) if found else "other"


def _colours(colours: Mapping[Kind, set[Shade]]) -> Reading | None:
    """Return what is wrong with the colours, None where the RNN is red and the GRU blue."""
    if all(WANTED[kind] in colours[kind] for kind in KINDS):
        return None
    if "blue" in colours["rnn"] and "red" in colours["gru"]:
        return "swapped_colours"
    near = all(colours[kind] & {WANTED[kind], f"near_{WANTED[kind]}"} for kind in KINDS)
    return "unsure" if near else "other_colours"


def _matches(figure: DrawnFigure, logs: Array) -> Iterator[_Match]:
    """Yield the curves that hold 10 ** `logs`, or these logarithms, in either order."""
    for axes in figure.axes:
        for curve in axes.curves:
            t = _times(curve, logs)
            if t is not None:
                yield _Match(curve, axes, t, logs)


def _times(curve: DrawnCurve, logs: Array) -> Array | None:
    """Return t of each point of a curve, 50 where g_50 is among them; None for other numbers."""
    n = len(logs)
    if curve.y.size not in (n, n + 1):
        return None
    with np.errstate(all="ignore"):
        forms = (np.log10(curve.y), curve.y, curve.y / LN10)
    for form in forms:
        for order in (1, -1):
            ordered = form[::order]
            if np.all(np.abs(ordered[:n] - logs) <= SAME_ORDERS):
                return np.arange(float(curve.y.size))[::order]
    return None


def _unmatched(figure: DrawnFigure, matches: Mapping[Kind, list[_Match]]) -> Iterator[DrawnCurve]:
    """Yield the red and blue curves as long as a list of norms that hold neither net's."""
    known = {id(match.curve) for found in matches.values() for match in found}
    for axes in figure.axes:
        for curve in axes.curves:
            long = 45 <= curve.y.size <= 55
            if long and id(curve) not in known and _shade(curve) in WANTED.values():
                yield curve


def _straight(value: Array, place: Array) -> tuple[float, float]:
    """Return slope and largest residual, in shares of the span, of a line through the points."""
    seen = np.isfinite(value) & np.isfinite(place)
    if seen.sum() < 3 or np.ptp(value[seen]) == 0:
        return 0.0, np.inf
    slope, offset = np.polyfit(value[seen], place[seen], 1)
    span = max(float(np.ptp(place[seen])), 1e-9)
    return float(slope), float(np.abs(place - slope * value - offset)[seen].max()) / span


def _scales(chosen: list[_Match]) -> Reading | None:
    """Return what is wrong with the vertical axis, None where one log axis serves both."""
    parts = []
    for match in chosen:
        recorded = match.t < len(match.logs)  # g_50 may be drawn beside them
        parts.append((match.logs[match.t[recorded].astype(int)], match.curve.row[recorded]))
    slope, off = _straight(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    if off <= STRAIGHT:
        return None if slope > 0 else "unsure"
    if all(_straight(*part)[1] <= STRAIGHT for part in parts):
        return "separate_axes"
    linear = all(match.axes.yscale == "linear" for match in chosen)
    return "linear_axis" if linear else "other_scale"


def _time(chosen: list[_Match], figure: DrawnFigure) -> Reading:
    """Say whether time runs as the axis says, and both curves share it."""
    t = np.concatenate([match.t for match in chosen])
    column = np.concatenate([match.curve.column for match in chosen])
    if _straight(t, column)[1] > STRAIGHT:
        return "unsure"  # panels side by side, or an order of its own
    slopes = [_straight(match.t, match.curve.x)[0] for match in chosen]
    if all(slope > 0 for slope in slopes):
        return "right"
    label = chosen[0].axes.xlabel
    words = " ".join((label, *figure.texts, *chosen[0].axes.texts))
    if BACK.search(words):
        return "right"
    return "reversed_time" if TIME.search(label) else "mirrored"
