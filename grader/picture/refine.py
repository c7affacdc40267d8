"""From a map that is nearly right to the closest one, and how far each g_t then lies off its pixel.

A picture of 400 rows shows thirteen orders of magnitude to a hundredth of an order, once each step
is averaged over its columns: enough to tell one student's numbers from another's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.picture.fitting import Pair
from grader.picture.pixels import Floats, Points

ROUNDS = 6
LONGEST_STEP = 2.0  # of the ends, in steps of t, in one round
TRUSTED = 0.8  # of the steps, the closest: of the others a part may be hidden behind something
CLOSE_PX = 0.275  # root mean square over the steps of a curve: rows are read to a fraction of one …
SCATTERED = 0.23  # … and of the scatter within a step (markers, thick lines) this much stays
MOST_CLOSE_PX = 1.0
LEAST_STEPS = 12  # of t with pixels, of each curve


@dataclass(frozen=True, slots=True)
class Refined:
    """What is left after the closest map.

    `off` holds for each curve the root mean square, in rows, of how far its `TRUSTED` steps lie
    off; `seen` the shares of its steps that have pixels, `near` the shares of all columns of its
    colour with a pixel between the ends and within the window; `scatter` how far, in rows, the
    pixels of one step lie apart (markers, thick lines); `slope` is in rows per unit, `offset` the
    row of 0 of the first curve.
    """

    off: tuple[float, ...]
    seen: tuple[float, ...]
    near: tuple[float, ...]
    scatter: float
    slope: float
    offset: float
    ends: tuple[float, float]

    @property
    def worst(self) -> float:
        """Of the curve that lies further off."""
        return max(self.off)

    @property
    def allowed(self) -> float:
        """How far off steps may lie, in rows, where a curve is the right one."""
        return min(CLOSE_PX + SCATTERED * self.scatter, MOST_CLOSE_PX)


def refined(
    pairs: Sequence[Pair],
    ends: tuple[float, float],
    line: tuple[float, float] | None,
    window: float,
    *,
    shared: bool = True,
) -> Refined | None:
    """Move the map until the steps of both curves lie as close as they can.

    Parameters
    ----------
    pairs : sequence of (Points, ndarray)
        The pixels of each curve, and its values at t = 0, 1, …
    ends : tuple of float
        Columns of t = 0 and of the last t.
    line : tuple of float or None
        Offset and slope of rows over values; None to begin with the least-squares line.
    window : float
        Rows around the line within which pixels are taken for the curve's.
    shared : bool
        Whether both curves share one offset.

    Returns
    -------
    Refined or None
        None where too little of a curve lies within the window.
    """
    first, last = ends
    lines = [line] * len(pairs)
    for _ in range(ROUNDS):
        steps = [
            stepped(points, values, (first, last), line, window)
            for (points, values), line in zip(pairs, lines, strict=True)
        ]
        if any(len(t) < LEAST_STEPS for t, _ in steps):
            return None
        if lines[0] is None:
            lines = _first_lines(pairs, steps, shared=shared)
            continue
        change, moved = _change(pairs, steps, lines, shared=shared)
        lines = [(a + da, b + db) for (a, b), (da, db) in zip(lines, change, strict=True)]  # type: ignore[misc]
        width = last - first
        first, last = first - moved[0] * width, last - moved[1] * width
    offset, slope = lines[0] if lines[0] is not None else (0.0, 0.0)
    fits = [
        fitted(pair, (first, last), line, window) for pair, line in zip(pairs, lines, strict=True)
    ]
    if any(fit is None for fit in fits):
        return None
    off, seen, near, scatter = zip(*(fit for fit in fits if fit is not None), strict=True)
    return Refined(off, seen, near, max(scatter), slope, offset, (first, last))


def fitted(
    pair: Pair, ends: tuple[float, float], line: tuple[float, float] | None, window: float
) -> tuple[float, float, float, float] | None:
    """Return how far off the steps lie, the shares seen and near, and the scatter within steps.

    As in `Refined`, of one curve on a map that stays as it is; None where too little is near.
    """
    points, values = pair
    t, row = stepped(points, values, ends, line, window)
    if len(t) < LEAST_STEPS or line is None:
        return None
    squares = np.sort((row - line[0] - line[1] * values[t]) ** 2)
    off = float(np.sqrt(np.mean(squares[: math.ceil(TRUSTED * len(t))])))
    last = len(values) - 1
    place = (points.x - ends[0]) / (ends[1] - ends[0]) * last
    inside = (place > -0.5) & (place < last + 0.5)
    place = place[inside]
    away = points.y[inside] - line[0] - line[1] * np.interp(place, np.arange(last + 1), values)
    close = np.abs(away) <= window
    columns, hits = np.unique(points.x), np.unique(points.x[inside][close])
    own = np.interp(np.rint(place), t, row - line[0] - line[1] * values[t])
    scatter = float(np.median(np.abs(away - own)[close]))
    return off, len(t) / len(values), len(hits) / max(len(columns), 1), scatter


def stepped(
    points: Points,
    values: Floats,
    ends: tuple[float, float],
    line: tuple[float, float] | None,
    window: float,
) -> tuple[np.ndarray, Floats]:
    """Return the t that have pixels within the window, and the row of the curve at each.

    The row is the line's plus the median of what its columns lie off: markers and steep pieces
    lie off to both sides.
    """
    last = len(values) - 1
    t = (points.x - ends[0]) / (ends[1] - ends[0]) * last
    inside = (t > -0.5) & (t < last + 0.5)
    t, y = t[inside], points.y[inside]
    if line is None:
        predicted = np.zeros(len(t))
        near = np.ones(len(t), dtype=bool)
    else:
        predicted = line[0] + line[1] * np.interp(t, np.arange(last + 1), values)
        near = np.abs(y - predicted) <= window
    step = np.rint(t[near]).astype(int)
    off = (y - predicted)[near]
    order = np.lexsort((off, step))
    known, start, count = np.unique(step[order], return_index=True, return_counts=True)
    middle = (off[order][start + (count - 1) // 2] + off[order][start + count // 2]) / 2.0
    rows = middle if line is None else middle + line[0] + line[1] * values[known]
    return known, rows


def held(
    pairs: Sequence[Pair],
    ends: tuple[float, float],
    line: tuple[float, float],
    window: float,
    slack: tuple[float, float],
) -> Refined | None:
    """Move a known map by no more than what it leaves open, and return what is left.

    Parameters
    ----------
    pairs, ends, line, window
        As for `refined`, of the map that is known.
    slack : tuple of float
        How far the map may be off: in rows at both ends of its values, and in steps of t at both
        of its ends. These are standard deviations: what lies further off is pulled by less.

    Returns
    -------
    Refined or None
        None where too little of a curve lies within the window.
    """
    steps = [stepped(points, values, ends, line, window) for points, values in pairs]
    if any(len(t) < LEAST_STEPS for t, _ in steps):
        return None
    low = min(float(values.min()) for _, values in pairs)
    span = max(float(values.max()) for _, values in pairs) - low
    rows, off = [], []
    for (_, values), (t, row) in zip(pairs, steps, strict=True):
        place, height = t / (len(values) - 1), (values[t] - low) / max(span, 1e-300)
        gradient = line[1] * np.gradient(values)[t]
        rows.append(np.column_stack([1 - height, height, gradient * (1 - place), gradient * place]))
        off.append(row - line[0] - line[1] * values[t])
    basis, rest = np.concatenate(rows), np.concatenate(off)
    springs = np.diag(CLOSE_PX / np.repeat(slack, 2))
    found = np.zeros(4)
    for _ in range(ROUNDS):
        left = rest - basis @ found
        scale = max(2.0 * 1.4826 * float(np.median(np.abs(left))), 0.5)
        root = 1.0 / np.sqrt(1.0 + (left / scale) ** 2)
        matrix = np.concatenate([basis * root[:, None], springs])
        found = np.linalg.lstsq(matrix, np.concatenate([rest * root, np.zeros(4)]), rcond=None)[0]
    slope = line[1] + (found[1] - found[0]) / max(span, 1e-300)
    offset = line[0] + found[0] - (slope - line[1]) * low
    step = (ends[1] - ends[0]) / (len(pairs[0][1]) - 1)
    moved = (ends[0] - found[2] * step, ends[1] - found[3] * step)
    fits = [fitted(pair, moved, (offset, slope), window) for pair in pairs]
    known = [fit for fit in fits if fit is not None]
    if len(known) < len(fits):
        return None
    each, seen, near, scatter = zip(*known, strict=True)
    return Refined(each, seen, near, max(scatter), slope, offset, moved)


def _first_lines(
    pairs: Sequence[Pair], steps: Sequence[tuple[np.ndarray, Floats]], *, shared: bool
) -> list[tuple[float, float] | None]:
    groups = [0 if shared else index for index in range(len(pairs))]
    value = np.concatenate([values[t] for (_, values), (t, _) in zip(pairs, steps, strict=True)])
    group = np.concatenate([np.full(len(t), g) for g, (t, _) in zip(groups, steps, strict=True)])
    row = np.concatenate([rows for _, rows in steps])
    basis = np.column_stack([value, *(group == g for g in range(max(groups) + 1))]).astype(float)
    found = np.linalg.lstsq(basis, row, rcond=None)[0]
    return [(float(found[1 + g]), float(found[0])) for g in groups]


def _change(
    pairs: Sequence[Pair],
    steps: Sequence[tuple[np.ndarray, Floats]],
    lines: Sequence[tuple[float, float] | None],
    *,
    shared: bool,
) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Return the changes of offset and slope, and of both ends in shares of the width.

    row(t + e) ≈ a + b v(t) + b v'(t) e, with e linear in t: least squares in a, b and the two ends.
    """
    rows, off, weight = [], [], []
    for index, ((_, values), (t, row), line) in enumerate(zip(pairs, steps, lines, strict=True)):
        a, b = line if line is not None else (0.0, 0.0)
        place = t / (len(values) - 1)
        gradient = b * np.gradient(values)[t]
        offsets = np.zeros((len(t), 1 if shared else len(pairs)))
        offsets[:, 0 if shared else index] = 1.0
        rows.append(np.column_stack([offsets, values[t], gradient * (1 - place), gradient * place]))
        off.append(row - a - b * values[t])
        weight.append(np.ones(len(t)))
    basis, rest = np.concatenate(rows), np.concatenate(off)
    scale = max(2.0 * 1.4826 * float(np.median(np.abs(rest))), 0.5)
    root = 1.0 / np.sqrt(1.0 + (rest / scale) ** 2)
    # A weak spring holds the ends where curves are straight and any shift will do.
    spring = np.zeros((2, basis.shape[1]))
    spring[:, -2:] = np.eye(2) * 0.3
    matrix = np.concatenate([basis * root[:, None], spring])
    found = np.linalg.lstsq(matrix, np.concatenate([rest * root, [0.0, 0.0]]), rcond=None)[0]
    moved = np.clip(found[-2:], -LONGEST_STEP, LONGEST_STEP) / (len(pairs[0][1]) - 1)
    count = 1 if shared else len(pairs)
    changes = [
        (float(found[0 if shared else index]), float(found[count])) for index in range(len(pairs))
    ]
    return changes, (float(moved[0]), float(moved[1]))
