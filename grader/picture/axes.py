"""The axes around curves, as far as their labels can be read beyond doubt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from grader.picture.labels import Label, Scale, pair, read, scales
from grader.picture.pixels import Floats
from grader.picture.ticks import Cover, Word

APART = 0.012  # of the height: two axes that differ by less serve as one
APART_PX = 5.0
LEVEL_PX = 2.0  # rows, by which the labels may be off at most …
LEVEL = 0.1  # … and of the height of their digits
SURE = 0.8  # likeness of the few labels of an axis with a threshold
THRESHOLDS = np.arange(-12.0, 0.301, 0.025)  # their logarithms


@dataclass(frozen=True, slots=True)
class Upright:
    """A vertical axis: its scale, the function of its labels' numbers, and the rows it spans."""

    function: str
    scale: Scale

    @property
    def logarithmic(self) -> bool:
        """Whether equal factors are equal distances."""
        return self.scale.form != "plain" or self.function == "log"

    def rows(self, values: Floats) -> Floats:
        """Return the rows at which positive numbers stand on this axis."""
        return self.scale.place(self.of(values))

    def of(self, values: Floats) -> Floats:
        """Return what the scale is a line of."""
        if self.logarithmic:
            logs: Floats = np.log10(values)
            return logs / np.log10(2.0) if self.scale.form == "power of 2" else logs
        if self.function:
            rooted: Floats = values ** (0.5 if self.function == "root" else 1 / 3)
            return rooted
        return values


@dataclass(frozen=True, slots=True)
class Threshold:
    """A vertical axis that is linear up to a threshold and logarithmic above it.

    `zero` is the row of 0; `exponents` and `rows`, (n,), are those of the powers of ten beside it.
    """

    zero: float
    exponents: Floats
    rows: Floats
    height: float

    def fits(self) -> Iterator[tuple[float, float]]:
        """Yield thresholds, and rows to a decade, that bring the powers to their rows."""
        for threshold in 10.0**THRESHOLDS:
            unit = symmetric(10.0**self.exponents, threshold)
            decade = float(unit @ (self.rows - self.zero) / (unit @ unit))
            off = np.abs(self.zero + decade * unit - self.rows).max()
            if decade < 0 and off <= max(LEVEL_PX, 2.0 * LEVEL * self.height):
                yield threshold, decade


def symmetric(values: Floats, threshold: float) -> Floats:
    """Return where values stand above 0, in decades, as matplotlib's symlog scale has it.

    Source
    ------
    matplotlib.scale.SymmetricalLogTransform, base 10, linscale 1.
    """
    linear = values / threshold / 0.9
    above = 1.0 / 0.9 + np.log10(np.maximum(values / threshold, 1.0))
    placed: Floats = np.where(values <= threshold, linear, above)
    return placed


@dataclass(frozen=True, slots=True)
class Axes:
    """What labels say: the scales across, the vertical ones, those with a threshold.

    `pairs` are vertical ones of two labels only, which a curve must second.
    """

    across: tuple[Scale, ...]
    upright: tuple[Upright, ...]
    pairs: tuple[Upright, ...]
    thresholds: tuple[Threshold, ...]

    @property
    def known(self) -> bool:
        """Whether there is one scale across, and one upright or more."""
        return len(self.across) == 1 and bool(self.upright or self.thresholds)


def axes(against: Cover, rows: Sequence[Sequence[Word]], sides: Sequence[Sequence[Word]]) -> Axes:
    """Read the labels beside the curves.

    Parameters
    ----------
    against : ndarray of uint8, shape (height, width)
        From `ticks.contrast`.
    rows, sides : sequence of sequence of Word
        From `ticks.lines` and `ticks.columns`.

    Returns
    -------
    Axes
        Only scales of which no other reading comes near, each once.
    """
    near = apart_px(against.shape[0])
    across: list[Scale] = []
    for labels in read(against, rows):
        for _, scale in scales(labels, vertical=False):
            if scale.certain and not any(_same(scale, other, near) for other in across):
                across.append(scale)
    if not across:
        return Axes((), (), (), ())
    return Axes(tuple(across), *uprights(against, sides))


def uprights(
    against: Cover, sides: Sequence[Sequence[Word]]
) -> tuple[tuple[Upright, ...], tuple[Upright, ...], tuple[Threshold, ...]]:
    """Read the vertical axes alone: those of three labels and more, of two, with a threshold."""
    near = apart_px(against.shape[0])
    upright: list[Upright] = []
    pairs: list[Upright] = []
    thresholds: list[Threshold] = []
    for labels in read(against, sides):
        for function, scale in scales(labels, vertical=True):
            one = Upright(function, scale)
            if scale.certain and not any(_alike(one, other, near) for other in upright):
                upright.append(one)
        pairs += [Upright("", scale) for scale in [pair(labels)] if scale is not None]
        thresholds += filter(None, [_threshold(labels)])
    further = [one for one in pairs if not any(_alike(one, other, near) for other in upright)]
    return tuple(upright), tuple(further), tuple(thresholds)


def _threshold(labels: Sequence[Label]) -> Threshold | None:
    """Return the axis that has a 0 below powers of ten: no axis of logarithms has one."""
    sure = [each for each in labels if each.like >= SURE]
    zeros = [each for each in sure if each.form == "plain" and not each.values[0]]
    powers = [each for each in sure if each.form == "power of 10" and each.values[0] <= 1]
    if len(zeros) != 1 or not powers or any(each.y >= zeros[0].y for each in powers):
        return None
    exponents = np.array([each.values[0] for each in powers])
    rows = np.array([each.y for each in powers])
    return Threshold(zeros[0].y, exponents, rows, zeros[0].height)


def _alike(one: Upright, other: Upright, near: float) -> bool:
    same = one.function == other.function and one.scale.form == other.scale.form
    return same and _same(one.scale, other.scale, near)


def _same(one: Scale, other: Scale, near: float) -> bool:
    """Say whether two scales put the labels of the first at the same places."""
    ends = np.array([one.first, one.last])
    return bool(np.abs(one.place(ends) - other.place(ends)).max() <= near)


def apart_px(height: int) -> float:
    """Return by how many rows two axes differ at least, of a picture of this height."""
    return max(APART_PX, APART * height)
