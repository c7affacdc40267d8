"""The search for the map that brings numbers onto pixels: robust, over all maps at once.

One map from values to rows, shared by both curves, and one map from t to columns. The fit is
iteratively reweighted (Cauchy weights), and what counts is the share of columns with a pixel on the
line, not R²: what else has the curve's colour (a text, an arrow, a threshold) lies far off, and
hides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from grader.picture.pixels import Floats, Mask, Points

NEAR = 0.012  # of the height: half a thick line plus its fringe
LEAST_NEAR_PX = 2.5
MOST_COLUMNS = 450  # of each curve: more add time, not certainty
ROUNDS = 8  # of reweighting
LEAST_R2 = 0.99
LEAST_SPREAD = 0.15  # of the height: flatter curves fit anything
# Where t = 0 and t = 49 may stand, in shares of the extent of the pixels, inwards: markers reach
# out beyond the ends, and so does a text; a legend may hide one of them.
VISIBLE = np.linspace(-0.02, 0.06, 5)
HIDDEN = np.linspace(-0.24, 0.06, 9)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one hypothesis explains the pixels, and the map that does it.

    `share` is that of the worse curve, `r2` that of the points on the line, `slope` rows per unit
    (negative: up is more), `spread` the share of the height they span; `offset` is the row of 0,
    `ends` are the columns of t = 0 and of the last t.
    """

    share: float
    r2: float
    slope: float
    spread: float
    offset: float = 0.0
    ends: tuple[float, float] = (0.0, 0.0)

    def good(self, share: float) -> bool:
        """Say whether `share` of each curve lies on a line that means something."""
        steep = self.slope < 0 and self.spread > LEAST_SPREAD
        return self.share >= share and self.r2 > LEAST_R2 and steep


Pair: TypeAlias = tuple[Points, Floats]


def thinned(points: Points) -> Points:
    """Keep every n-th column; a picture full of colour gives fewer columns, not more points."""
    columns, rank = np.unique(points.x, return_inverse=True)
    every = max(1, len(columns) // MOST_COLUMNS, len(points.x) // (4 * MOST_COLUMNS))
    kept = rank.reshape(-1) % every == 0
    return Points(points.x[kept], points.y[kept])


def best(pairs: tuple[Pair, Pair], height: int, margin: Floats) -> Fit:
    """Search the map from t to columns: a grid over its ends in both directions, then refined."""
    low = min(points.x.min() for points, _ in pairs)
    extent = max(points.x.max() for points, _ in pairs) - low
    if extent < 2:
        return Fit(0.0, 0.0, 0.0, 0.0)
    ends = np.array([(a, 1.0 - b) for a in margin for b in margin])
    ends = np.concatenate([ends, ends[:, ::-1]])
    step = 0.012
    best_score, best_ends, best_fit = -1.0, ends[0], Fit(0.0, 0.0, 0.0, 0.0)
    for _ in range(6):
        shares, fits = _fits(pairs, low + ends * extent, height)
        top = int(np.argmax(shares))
        if shares[top] > best_score:
            best_score, best_ends, best_fit = float(shares[top]), ends[top], fits[top]
        nudges = np.array([(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)])
        ends = best_ends + step * nudges
        step /= 2
    return best_fit


def _fits(
    pairs: tuple[Pair, Pair],
    ends: Floats,
    height: int,
) -> tuple[Floats, list[Fit]]:
    """Fit rows = a + b·value for every map at once; `ends` holds the columns of t = 0 and t = 49.

    Returns scores that order the fits (share on the line, then closeness) and the fits.
    """
    values, rows, inside = [], [], []
    for points, curve in pairs:
        last = len(curve) - 1
        t = (points.x - ends[:, :1]) / (ends[:, 1:] - ends[:, :1]) * last
        inside.append((t > -0.02 * last) & (t < 1.02 * last))
        values.append(np.interp(t, np.arange(last + 1), curve))
        rows.append(np.broadcast_to(points.y, t.shape))
    count = values[0].shape[1]
    value, row = np.concatenate(values, axis=1), np.concatenate(rows, axis=1)
    used = np.concatenate(inside, axis=1)
    slope, offset, residual = _line(value, row, used)
    on = used & (residual < max(NEAR * height, LEAST_NEAR_PX))
    share = np.minimum(
        _share(pairs[0][0], on[:, :count], used[:, :count]),
        _share(pairs[1][0], on[:, count:], used[:, count:]),
    )
    error = _mean(residual**2, on)
    middle = _mean(row, on)
    variance = _mean((row - middle[:, None]) ** 2, on)
    r2 = 1.0 - error / np.maximum(variance, 1e-9)
    top = np.where(on, row, -np.inf).max(axis=1)
    bottom = np.where(on, row, np.inf).min(axis=1)
    spread = np.where(on.any(axis=1), top - bottom, 0.0) / height
    fits = [
        Fit(
            share=float(share[i]),
            r2=float(r2[i]),
            slope=float(slope[i]),
            spread=float(spread[i]),
            offset=float(offset[i]),
            ends=(float(ends[i, 0]), float(ends[i, 1])),
        )
        for i in range(len(ends))
    ]
    return share - 1e-3 * np.sqrt(error) / height, fits


def _share(points: Points, on: Mask, used: Mask) -> Floats:
    """Return the share of columns with a point on the line, 0 where too few lie within 0 … 49."""
    starts = np.flatnonzero(np.diff(points.x, prepend=-1.0))
    hit = np.logical_or.reduceat(on, starts, axis=1).sum(axis=1)
    seen = np.logical_or.reduceat(used, starts, axis=1).sum(axis=1)
    return np.where(2 * seen >= len(starts), hit / np.maximum(seen, 1), 0.0)


def _mean(values: Floats, where: Mask) -> Floats:
    total = (values * where).sum(axis=1)
    mean: Floats = total / np.maximum(where.sum(axis=1), 1)
    return mean


def _line(value: Floats, row: Floats, used: Mask) -> tuple[Floats, Floats, Floats]:
    """Fit a line in each row of the arrays by reweighting: slopes, offsets, absolute residuals."""
    weight = used.astype(float)
    for _ in range(ROUNDS):
        total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        mean = (weight * value).sum(axis=1, keepdims=True) / total
        level = (weight * row).sum(axis=1, keepdims=True) / total
        v, r = value - mean, row - level
        squares = (weight * v * v).sum(axis=1, keepdims=True)
        slope = (weight * v * r).sum(axis=1, keepdims=True) / np.maximum(squares, 1e-300)
        residual = np.abs(r - slope * v)
        # 1.4826 times the median absolute residual estimates a Gaussian's standard deviation.
        half = residual.shape[1] // 2
        middle = np.partition(np.where(used, residual, np.inf), half, axis=1)[:, half, None]
        scale = np.maximum(1.4826 * middle, 0.7)
        weight = used / (1.0 + (residual / (2.0 * scale)) ** 2)
    return slope[:, 0], (level - slope * mean)[:, 0], residual
