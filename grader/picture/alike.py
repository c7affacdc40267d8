"""Are two pictures the same plot? By where red and blue run, never by bytes.

Another version of the library writes other bytes and moves a letter; a curve that was drawn from
other numbers lies elsewhere.
"""

from __future__ import annotations

import numpy as np

from grader.picture.curves import COLOURS, LEAST_POINTS
from grader.picture.pixels import Picture, Points, mask, points

SAME_SHAPE = 0.02  # by which the sides' ratio may differ
NEAR = 1.5  # rows, of the middle column …
FAR = 4.0  # … and of nearly all
NEARLY_ALL = 0.95


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


def _follows(one: Points, other: Points, height: int) -> bool:
    """Say whether the columns of `one` have points of `other` near theirs."""
    stride = 4.0 * height
    keys = np.sort(other.x * stride + other.y)
    wanted = one.x * stride + one.y
    at = np.clip(np.searchsorted(keys, wanted), 1, len(keys) - 1)
    off = np.minimum(np.abs(wanted - keys[at - 1]), np.abs(wanted - keys[at]))
    off = np.minimum(off, FAR + 1.0)  # the next column's is no neighbour
    return bool(np.median(off) <= NEAR and (off <= FAR).mean() >= NEARLY_ALL)
