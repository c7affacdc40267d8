"""One row for each column: the course of a curve, with what else has its colour left out.

A curve of gradients is smooth over the width of a picture, a legend or a text is not on it: a
smooth curve, fitted robustly, tells one from the other. Where several runs of one column remain, or
few columns have any, the trace is not clean, and nothing is called wrong on its word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.picture.pixels import Floats, Points

KNOTS = 24  # of the smooth curve, a broken line
STIFFNESS = (100.0, 0.3)  # of two passes: first the general course, then its bends
BANDS = (0.20, 0.05)  # of the height around it, in which pixels are kept
ROUNDS = 12
LEAST_COLUMNS = 20
ALONE = 0.85  # of the columns with one run only: the others may be a legend's that touches
COVERED = 0.90  # of the fiftieths of its own width in which a curve is seen
LONGEST_GAP = 0.045  # of its width: beyond a longer one, dashes may be those of a legend
LEVEL = 0.45  # of the columns between its ends: a row with as many is a threshold's, or …
ACROSS = 0.60  # … of that width: what is left of a curve without it spans as much
EXPLAINED = 0.80  # of all runs of the colour are the trace's: the rest is legend or text


@dataclass(frozen=True, slots=True)
class Trace:
    """Columns, ascending, and the row of the curve in each, both `(n,)`; whether it is clean."""

    x: Floats
    y: Floats
    clean: bool

    @property
    def points(self) -> Points:
        """The trace as points."""
        return Points(self.x, self.y)


def traced(points: Points, height: int) -> Trace:
    """Return the course of the curve among the points of its colour.

    Parameters
    ----------
    points : Points
        From `pixels.points`.
    height : int
        Of the picture, in pixels.
    """
    x, y = points.x, points.y
    if len(np.unique(x)) < LEAST_COLUMNS:
        return Trace(x, y, clean=False)
    for stiffness, band in zip(STIFFNESS, BANDS, strict=True):
        off = _off_smooth(x, y, stiffness)
        near = off <= max(band * height, 6.0)
        x, y = x[near], y[near]
        if len(np.unique(x)) < LEAST_COLUMNS:
            return Trace(x, y, clean=False)
    off = _off_smooth(x, y, STIFFNESS[-1])
    order = np.lexsort((off, x))
    columns, first, count = np.unique(x[order], return_index=True, return_counts=True)
    alone = float((count == 1).mean())
    place = (columns - columns[0]) / max(columns[-1] - columns[0], 1.0)
    covered = len(np.unique(np.floor(place * 49.999))) / 50.0
    explained = len(columns) / max(len(np.unique(points.x)), 1)
    whole = covered >= COVERED and float(np.diff(place).max()) <= LONGEST_GAP
    clean = whole and alone >= ALONE and explained >= EXPLAINED
    return Trace(columns, y[order][first], clean=clean)


def without_level(points: Points) -> Points:
    """Leave out a horizontal line, if a curve is left: a threshold fills columns, markers do not.

    What is nearly all at one level is a curve on a linear axis, and stays.
    """
    if len(points.x) < LEAST_COLUMNS:
        return points
    rows = np.round(2.0 * points.y) / 2.0
    extent = float(np.ptp(points.x)) + 1.0
    known, count = np.unique(rows, return_counts=True)
    levels = known[count >= LEVEL * extent]
    kept = ~np.isclose(rows[:, None], levels, atol=0.6).any(axis=1)
    if kept.all() or kept.sum() < LEAST_COLUMNS or np.ptp(points.x[kept]) < ACROSS * extent:
        return points
    return Points(points.x[kept], points.y[kept])


def _off_smooth(x: Floats, y: Floats, stiffness: float) -> Floats:
    """Return how far each point lies off the smooth curve that most columns follow."""
    place = (x - x.min()) / max(float(np.ptp(x)), 1.0) * (KNOTS - 1)
    left = np.minimum(place.astype(int), KNOTS - 2)
    right = place - left
    bends = np.diff(np.eye(KNOTS), n=2, axis=0)
    # Each column counts once, however much else of the colour stands in it.
    _, rank, crowd = np.unique(x, return_inverse=True, return_counts=True)
    once = 1.0 / crowd[rank.reshape(-1)]
    spring = stiffness * once.sum() / KNOTS * bends.T @ bends
    weight, off = once, np.zeros(len(x))
    for _ in range(ROUNDS):
        matrix = spring + 1e-9 * np.eye(KNOTS)
        target = np.zeros(KNOTS)
        for at, share in ((left, 1.0 - right), (left + 1, right)):
            np.add.at(target, at, weight * share * y)
            for other, part in ((left, 1.0 - right), (left + 1, right)):
                np.add.at(matrix, (at, other), weight * share * part)
        knots = np.linalg.solve(matrix, target)
        off = np.abs(y - (1.0 - right) * knots[left] - right * knots[left + 1])
        scale = max(2.0 * 1.4826 * float(np.median(off)), 1.5)
        weight = once / (1.0 + (off / scale) ** 2)
    return off
