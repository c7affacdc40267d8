"""Where texts stand beside the curves: words, and rows and columns of them as ticks have.

The labels of a vertical axis share their right edges (at a right axis their left ones), those of
a horizontal one share a line. Whether they are numbers is for `labels` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from grader.picture.pixels import Mask, Picture, components, runs

Cover: TypeAlias = npt.NDArray[np.uint8]
Area: TypeAlias = tuple[int, int, int, int]

CONTRAST = 52  # of 255: above the noise of a JPEG, below a thin grey stroke
MOST_RUNS = 40_000  # vertical stretches of text: a page of it has fewer
MOST_PIECES = 1_600  # neighbours are sought among all pairs
MOST_WORDS = 600
LEAST_HEIGHT = 5  # pixels: of smaller digits nothing can be told
TALL = 0.09  # of the height: no digit is taller, axes, ticks and legends' frames are
BROAD = 0.15  # of the width
GAP = 0.36  # of the height of a digit: more than between two of one number …
LEAST_GAP_PX = 2.0
APART = 1.3  # of the height of a label: what follows closer is a part of it
ALIGNED = 0.1  # of the height of a digit: what the edges of digits of one column differ by …
LEAST_ALIGNED_PX = 1.0
LEAST_LABELS = 2  # a 0 and one power, where an axis is linear up to a threshold
MOST_LABELS = 40  # of one axis


@dataclass(frozen=True, slots=True)
class Word:
    """Pieces of text close together: the pixels they reach over, the ends not included."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Column."""
        return (self.left + self.right) / 2.0


def contrast(picture: Picture) -> Cover:
    """Return how much each pixel differs from the ground of the whole picture.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    ndarray of uint8, shape (height, width)
        The largest difference of a channel from the median along the rim.
    """
    rim = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    ground = np.median(rim, axis=0).astype(np.uint8)
    most: Cover = np.zeros(picture.shape[:2], dtype=np.uint8)
    for channel, level in zip(np.moveaxis(picture, 2, 0), ground, strict=True):
        np.maximum(most, np.maximum(channel, level) - np.minimum(channel, level), out=most)
    return most


def words(against: Cover, inside: Iterable[Area]) -> list[Word]:
    """Return the words of a picture, none where there is too much of them.

    Parameters
    ----------
    against : ndarray of uint8, shape (height, width)
        From `contrast`.
    inside : iterable of (left, top, right, bottom)
        Where curves run and no label is.
    """
    where = against >= CONTRAST
    for left, top, right, bottom in inside:
        where[top:bottom, left:right] = False
    pieces = _pieces(where)
    if not 0 < len(pieces) <= MOST_PIECES:
        return []
    groups = _close(pieces)
    found = []
    for group in range(groups.max() + 1):
        own = pieces[groups == group]
        low, high = own[:, :2].min(axis=0), own[:, 2:].max(axis=0)
        if high[1] - low[1] >= LEAST_HEIGHT:
            found.append(Word(int(low[0]), int(low[1]), int(high[0]), int(high[1])))
    return _last(found) if len(found) <= MOST_WORDS else []


def _last(found: Sequence[Word]) -> list[Word]:
    """Leave out words that others follow on their line: a label is all of a number."""
    if not found:
        return []
    left, top, right, bottom = np.array([(w.left, w.top, w.right, w.bottom) for w in found]).T
    height = bottom - top
    gap = left - right[:, None]
    over = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    follows = (gap >= 0) & (gap <= APART * height[:, None]) & (over >= 0.5 * height[:, None])
    return [word for word, any_ in zip(found, follows.any(axis=1), strict=True) if not any_]


def _pieces(where: Mask) -> npt.NDArray[np.intp]:
    """Return the boxes (left, top, right, bottom), (n, 4), of pieces no larger than digits."""
    height, width = where.shape
    columns, starts, ends = runs(where)
    if not 0 < len(columns) <= MOST_RUNS:
        return np.empty((0, 4), dtype=np.intp)
    labels = components(columns, starts, ends)
    count = labels.max() + 1
    low = np.full((count, 2), max(where.shape), dtype=np.intp)
    high = np.zeros((count, 2), dtype=np.intp)
    np.minimum.at(low, labels, np.column_stack([columns, starts]))
    np.maximum.at(high, labels, np.column_stack([columns + 1, ends]))
    size = high - low
    kept = (size[:, 0] <= BROAD * width) & (size[:, 1] <= TALL * height)
    boxes: npt.NDArray[np.intp] = np.concatenate([low, high], axis=1)[kept]
    return boxes


def _close(pieces: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return the number of the word to which each piece belongs, (n,)."""
    left, top, right, bottom = (pieces[:, k] for k in range(4))
    tall = np.maximum(bottom - top, 1)
    gap = np.maximum(left[:, None], left) - np.minimum(right[:, None], right)
    over = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    near = gap <= np.maximum(GAP * np.maximum(tall[:, None], tall), LEAST_GAP_PX)
    near &= over >= 0
    one, other = np.nonzero(near)
    group = np.arange(len(pieces))
    while True:  # the least number spreads through each word
        least = group.copy()
        np.minimum.at(least, one, group[other])
        if np.array_equal(least, group):
            return np.unique(group, return_inverse=True)[1].reshape(-1)
        group = least


def lines(found: Sequence[Word], inside: Sequence[Area]) -> list[list[Word]]:
    """Return the rows of words on one line below the curves, each from left to right."""
    lowest = max((area[3] for area in inside), default=0)
    below = [word for word in found if word.bottom > lowest]
    rows = _aligned(below, [word.bottom for word in below])
    return [sorted(row, key=lambda word: word.left) for row in rows]


def columns(found: Sequence[Word], inside: Sequence[Area]) -> list[list[Word]]:
    """Return the columns of words beside the curves, each from top to bottom.

    Those to the left of a curve end one above another, those to the right of all begin so.
    """
    first = max((area[0] for area in inside), default=0)
    last = max((area[2] for area in inside), default=0)
    left = [word for word in found if word.right <= first]
    right = [word for word in found if word.left >= last]
    each = _aligned(left, [word.right for word in left])
    each += _aligned(right, [word.left for word in right])
    return [sorted(column, key=lambda word: word.top) for column in each]


def _aligned(found: Sequence[Word], edges: Sequence[int]) -> list[list[Word]]:
    """Return the groups of words with nearly the same edge."""
    groups: list[list[Word]] = []
    last = -np.inf
    for edge, word in sorted(zip(edges, found, strict=True), key=lambda each: each[0]):
        if edge - last > max(ALIGNED * word.height, LEAST_ALIGNED_PX):
            groups.append([])
        groups[-1].append(word)
        last = edge
    return [group for group in groups if LEAST_LABELS <= len(group) <= MOST_LABELS]
