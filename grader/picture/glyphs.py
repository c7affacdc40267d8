"""Digits and signs in a picture, told apart by their likeness to templates.

A glyph is what stands between two gaps of a text. It is brought to one grid by its own box,
whatever its size, and compared with the templates of about its size: small letters are fitted to
whole pixels when they are drawn, and look other than large ones shrunk. Templates:
`tests.templates` makes them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from grader.picture.pixels import Floats

GRID = (12, 8)  # rows and columns to which a glyph is brought
PART = 0.35  # of the darkest pixel: from there on a pixel belongs to a glyph, not to a gap
FAINT = 0.12  # of it: from there on an edge's pixel tells how far the edge reaches into it
DIGITS = "0123456789"
SMALL = 14.0  # pixels: of taller digits a gap shows, and the place of their edges matters less
WIDE = 1.0  # times the height: wider than a digit or a minus
LEAST_PARTED = 0.6  # likeness of the parts of what is too wide for one
LIKE_MINUS = 0.85
MINUS_WIDTH = 0.28  # of the height of a digit: a hyphen is a third, a point a sixth
FLAT = 0.42  # of a digit's height: of what is flatter, a minus is wide and a point is not
_OFF = (-0.3, 0.0, 0.3)  # pixels: how badly the edges of a small glyph can be told
Shift: TypeAlias = tuple[float, float]
HERE: tuple[Shift, ...] = ((0.0, 0.0),)
SHIFTED_ROWS: tuple[Shift, ...] = (*HERE, *((a, b) for a in _OFF for b in _OFF if a or b))
SHIFTED_COLUMNS: tuple[Shift, ...] = (
    *HERE,
    (-0.25, 0.25),
    (0.25, -0.25),
    (0.25, 0.25),
    (-0.25, -0.25),
)
SAME_SIZE = 0.16  # by which the log of the height may differ from a template's
ASPECT_COST = 0.5  # for a factor e between the ratios of the sides
TEMPLATES = "digits.npz"

Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Glyph:
    """A piece of text: its box (left, top, right, bottom) in pixels, and what it looks like.

    The box reaches to a fraction of a pixel; each of the `shapes`, (n, cells), has zero mean and
    unit length. The first is that within the box, others are those of boxes a little off.
    """

    box: Box
    shapes: Floats

    @property
    def width(self) -> float:
        """In pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """In pixels."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True, slots=True)
class Templates:
    """Shapes of digits (sizes, 10, cells), heights in pixels (sizes,), and log of width/height."""

    shapes: Floats
    heights: Floats
    aspects: Floats


@functools.cache
def templates() -> Templates:
    """Return the templates that are shipped with the package."""
    with np.load(Path(__file__).with_name(TEMPLATES)) as kept:
        shapes = kept["shapes"].astype(float)
        return Templates(normal(shapes), kept["heights"].astype(float), kept["aspects"])


def normal(shapes: Floats) -> Floats:
    """Return shapes, the last axis their cells, with zero mean and unit length."""
    centred = shapes - shapes.mean(axis=-1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    normed: Floats = centred / np.maximum(length, 1e-9)
    return normed


def glyphs(cover: Floats, *, closely: bool = True) -> list[Glyph]:
    """Return the glyphs of a text from left to right.

    Parameters
    ----------
    cover : ndarray of float, shape (height, width)
        How much of each pixel the text covers, 0 … 1.
    closely : bool
        Whether small ones are parted where no gap shows, and their edges tried where they may be.
    """
    where = cover >= PART * cover.max()
    edges = np.flatnonzero(np.diff(where.any(axis=0), prepend=False, append=False))
    found = []
    for left, right in edges.reshape(-1, 2).tolist():
        rows = np.flatnonzero(where[:, left:right].any(axis=1))
        found.append(_glyph(cover, (left, int(rows[0]), right, int(rows[-1]) + 1), closely=closely))
    tall = max((each.height for each in found), default=0.0)
    if not (closely and 0 < tall <= SMALL):
        return found
    return [part for each in found for part in _parted(cover, each, tall)]


def _parted(cover: Floats, glyph: Glyph, tall: float) -> list[Glyph]:
    """Cut a piece that is too wide for a digit where its parts are most like digits or a minus."""
    if glyph.width <= WIDE * tall * (1.0 if glyph.height > FLAT * tall else 1.3):
        return [glyph]
    left, right = round(glyph.box[0]), round(glyph.box[2])
    best, found = LEAST_PARTED, list[Floats]()
    for cut in range(left + 1, right):
        sides = [cover.copy(), cover.copy()]
        sides[0][:, cut:] = 0.0
        sides[1][:, :cut] = 0.0
        sides[0][:, : max(left - 1, 0)] = 0.0
        sides[1][:, right + 1 :] = 0.0
        halves = [_tight(side, closely=False) for side in sides]
        if any(half is None for half in halves):
            continue
        whole = [half for half in halves if half is not None]
        if max(half.width for half in whole) > WIDE * tall:
            continue
        like = min(_like_any(half, tall) for half in whole)
        if like > best:
            best, found = like, sides
    if not found:
        return [glyph]
    return [part for side in found if (part := _tight(side, closely=True)) is not None]


def _tight(cover: Floats, *, closely: bool) -> Glyph | None:
    """Return all that is covered as one glyph, None of an empty picture."""
    where = cover >= PART * max(float(cover.max()), FAINT)
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    if not len(rows):
        return None
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return _glyph(cover, box, closely=closely)


def _like_any(glyph: Glyph, tall: float) -> float:
    if glyph.height <= FLAT * tall:
        return LIKE_MINUS if glyph.width > MINUS_WIDTH * tall else 0.0
    return float(likeness(glyph).max())


def _glyph(cover: Floats, box: tuple[int, int, int, int], *, closely: bool = True) -> Glyph:
    """Measure the glyph within whole pixels: where its edges lie within theirs, and its shape."""
    left, top, right, bottom = box
    inner = cover[top:bottom, left:right]
    peak = float(inner.max())
    rows, columns = inner.max(axis=1) / peak, inner.max(axis=0) / peak
    above = _beyond(cover[top - 1, left:right], peak) if top else 0.0
    below = _beyond(cover[bottom, left:right], peak) if bottom < len(cover) else 0.0
    before = _beyond(cover[top:bottom, left - 1], peak) if left else 0.0
    after = _beyond(cover[top:bottom, right], peak) if right < cover.shape[1] else 0.0
    exact = (
        left + 1.0 - columns[0] - before,
        top + 1.0 - rows[0] - above,
        right - 1.0 + columns[-1] + after,
        bottom - 1.0 + rows[-1] + below,
    )
    return Glyph(exact, _shapes(cover, exact, closely=closely))


def _beyond(edge: Floats, peak: float) -> float:
    """Return how far a glyph reaches into the pixels beside its box."""
    share = float(edge.max()) / peak
    return share if share >= FAINT else 0.0


def _shapes(cover: Floats, box: Box, *, closely: bool) -> Floats:
    """Average the picture over the cells of grids laid over a box and, if small, ones near it."""
    left, top, right, bottom = box
    whole = bottom - top > SMALL or not closely
    rows, columns = (HERE, HERE) if whole else (SHIFTED_ROWS, SHIFTED_COLUMNS)
    down = _weights(top, bottom, rows, GRID[0], cover.shape[0])
    across = _weights(left, right, columns, GRID[1], cover.shape[1])
    cells = (down @ cover)[:, None] @ across.transpose(0, 2, 1)
    return normal(cells.reshape(len(rows) * len(columns), -1))


def _weights(low: float, high: float, off: Sequence[Shift], cells: int, size: int) -> Floats:
    """Return how much of each pixel lies in each cell, (shifts, cells, size), adding up to 1."""
    ends = np.array(off) + np.array([low, high])
    edges = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * (np.arange(cells + 1) / cells)
    pixel = np.arange(float(size))
    share = np.minimum(edges[:, 1:, None], pixel + 1.0) - np.maximum(edges[:, :-1, None], pixel)
    np.maximum(share, 0.0, out=share)
    weights: Floats = share / np.maximum(share.sum(axis=2, keepdims=True), 1e-9)
    return weights


def likeness(glyph: Glyph) -> Floats:
    """Return how like each of the digits 0 … 9 a glyph is, (10,): 1 if it is the very same."""
    known = templates()
    off = np.abs(np.log(known.heights / max(glyph.height, 0.1)))
    near = off <= max(SAME_SIZE, float(off.min()))
    aspect = np.log(max(glyph.width, 0.1) / max(glyph.height, 0.1))
    shapes = known.shapes[near]
    same = (shapes.reshape(-1, shapes.shape[2]) @ glyph.shapes.T).max(axis=1).reshape(-1, 10)
    same = same - ASPECT_COST * np.abs(known.aspects[near] - aspect)
    best: Floats = same.max(axis=0)
    return best
