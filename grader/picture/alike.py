"""Are two pictures the same plot? By where red and blue run, never by bytes.

Another version of the library writes other bytes and moves a letter; a curve that was drawn from
other numbers lies elsewhere.
"""

from __future__ import annotations

import numpy as np

from grader.picture.curves import COLOURS, DEPTHS, LEAST_POINTS
from grader.picture.pixels import Colour, Depth, Floats, Picture, Points, mask, points

SAME_SHAPE = 0.02  # by which the sides' ratio may differ
NEAR = 1.5  # rows, of the middle column …
FAR = 4.0  # … and of nearly all
NEARLY_ALL = 0.95
SAME_COLOUR = 24.0  # of 255
SAME_AREA = 0.35  # a steeper curve, a longer number in the legend


def alike(one: Picture, other: Picture) -> bool:
    """Say whether the red and the blue of two pictures run the same way.

    Parameters
    ----------
    one, other : ndarray of uint8, shape (height, width, 3)
        Of any sizes; the second is scaled to the first.
    """
    if one.shape == other.shape and np.array_equal(one, other):
        return True
    ratios = [picture.shape[1] / picture.shape[0] for picture in (one, other)]
    if abs(ratios[0] / ratios[1] - 1.0) > SAME_SHAPE:
        return False
    scale = one.shape[1] / other.shape[1]
    seen = False
    for colour in COLOURS:
        ours, theirs = points(mask(one, colour)), points(mask(other, colour))
        theirs = Points(np.rint(theirs.x * scale), theirs.y * scale)
        few = [len(each.x) < LEAST_POINTS for each in (ours, theirs)]
        if any(few):
            if not all(few):
                return False
            continue
        seen = True
        if not (_follows(ours, theirs, one.shape[0]) and _follows(theirs, ours, one.shape[0])):
            return False
    return seen


def same_manner(one: Picture, other: Picture) -> bool:
    """Say whether two pictures are drawn in one manner: size, background, colours, line widths.

    Parameters
    ----------
    one, other : ndarray of uint8, shape (height, width, 3)
    """
    sides = zip(one.shape[:2], other.shape[:2], strict=True)
    if any(abs(a / b - 1.0) > SAME_SHAPE for a, b in sides) or _ground(one) != _ground(other):
        return False
    return any(all(_same_line(one, other, colour, depth) for colour in COLOURS) for depth in DEPTHS)


def _same_line(one: Picture, other: Picture, colour: Colour, depth: Depth) -> bool:
    ours, theirs = (_manner(picture, colour, depth) for picture in (one, other))
    if ours is None or theirs is None or np.abs(ours[0] - theirs[0]).max() > SAME_COLOUR:
        return False
    return abs(ours[1] / theirs[1] - 1.0) <= SAME_AREA


def _ground(picture: Picture) -> tuple[int, ...]:
    """Return the colour that most pixels of a picture have, in steps too coarse for noise."""
    coarse = (picture[::4, ::4] // 32).reshape(-1, 3)
    known, count = np.unique(coarse, axis=0, return_counts=True)
    return tuple(map(int, known[np.argmax(count)]))


def _manner(picture: Picture, colour: Colour, depth: Depth) -> tuple[Floats, int] | None:
    """Return the usual shade of a colour and how many pixels have it; None where there are few."""
    where = mask(picture, colour, depth)
    count = int(where.sum())
    if count < LEAST_POINTS:
        return None
    return np.median(picture[where], axis=0).astype(float), count


def _follows(one: Points, other: Points, height: int) -> bool:
    """Say whether the columns of `one` have points of `other` near theirs."""
    stride = 4.0 * height
    keys = np.sort(other.x * stride + other.y)
    wanted = one.x * stride + one.y
    at = np.clip(np.searchsorted(keys, wanted), 1, len(keys) - 1)
    off = np.minimum(np.abs(wanted - keys[at - 1]), np.abs(wanted - keys[at]))
    off = np.minimum(off, FAR + 1.0)  # the next column's is no neighbour
    return bool(np.median(off) <= NEAR and (off <= FAR).mean() >= NEARLY_ALL)
