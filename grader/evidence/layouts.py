"""Entries of opaque parameter arrays, told apart by the values written into them.

Every entry gets a code, a number no other entry has. What a linear response shows is then a code
(or the sum of two), and the code says which entry it came from: no names or shapes are guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from grader.facts import Array

Index: TypeAlias = npt.NDArray[np.intp]

MATCH_TOLERANCE = 1e-7
"""How far a measured code may lie from the true one.

Measured with an error below 4e-8 (see `intervention.EPSILON`); two codes lie at least
0.2 / MOST_ENTRIES = 4e-7 apart.
"""

PAIR_TOLERANCE = 1e-8
"""The same for sums of two codes.

Measured on biases alone, with an error of 1e-9. Among n entries a wrong pair meets two independent
codings by chance with probability n² · (2 · 1e-8)², 4e-10 for n = 1000.
"""

MOST_ARRAYS = 256
MOST_ENTRIES = 500_000
MOST_PAIRS = 2_000_000
"""Bounds on the work, not on what is right: beyond them the layout counts as not recognised."""


class UnrecognisedError(Exception):
    """What was measured is not what a GRU would show."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Names and shapes of the arrays, which make one flat vector in this order."""

    shapes: Mapping[str, tuple[int, ...]]

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Return where each array's entries start and end in the flat vector."""
        ends = [0, *accumulate(int(np.prod(shape)) for shape in self.shapes.values())]
        return {name: (ends[k], ends[k + 1]) for k, name in enumerate(self.shapes)}

    @property
    def size(self) -> int:
        """Return the number of entries."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    def flatten(self, arrays: Mapping[str, Array]) -> Array:
        """Return all entries as one vector, shape (size,), float64.

        Raises
        ------
        ValueError
            For arrays of other names or shapes.
        """
        if {name: np.shape(array) for name, array in arrays.items()} != dict(self.shapes):
            raise ValueError("these arrays are not laid out as those whose roles were found")
        return np.concatenate([np.ravel(arrays[name]) for name in self.shapes])

    def split(self, flat: Array) -> dict[str, Array]:
        """Return the arrays that a vector of shape (size,) stands for, as views."""
        return {
            name: flat[start:end].reshape(self.shapes[name])
            for name, (start, end) in self.spans.items()
        }

    def owners(self, index: Index) -> tuple[str, ...]:
        """Return the names of the arrays that hold any of these entries, in their order."""
        return tuple(
            name
            for name, (start, end) in self.spans.items()
            if bool(np.any((index >= start) & (index < end)))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Numbered vectors among the entries: entry i of vector k stands at base[i] + k · stride[i].

    The columns of a matrix are one, and so is what a layer adds for each token; with strides of 0
    that is a bias. Both arrays have shape (m,).
    """

    base: Index
    stride: Index

    def index(self, numbers: Index) -> Index:
        """Return the positions of the vectors of these numbers, shape (n, m)."""
        return np.asarray(self.base + numbers[:, None] * self.stride, dtype=np.intp)

    def at(self, flat: Array, numbers: Index) -> Array:
        """Return the vectors of these numbers, shape (n, m), from the entries, shape (size,)."""
        return np.asarray(flat[self.index(numbers)])


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Entries whose codes were measured, all times the same signed weight of size 1 or 1/2."""

    index: Index
    weight: float


def draw_code(rng: np.random.Generator, members: npt.NDArray[np.bool_]) -> Array:
    """Draw a code for each member and 0 for the other entries.

    Sizes lie in [0.55, 0.95], so that a code and the half of another can't be confused, one in each
    of n cells and clear of its neighbours; random inside the cell, lest sums of two coincide.

    Parameters
    ----------
    rng : Generator
        Source of the codes.
    members : ndarray of bool, shape (size,)
        Entries to be coded.

    Returns
    -------
    ndarray, shape (size,), float64
        Codes of random sign.
    """
    n = int(np.count_nonzero(members))
    code = np.zeros(len(members))
    sizes = 0.55 + 0.4 * (rng.permutation(n) + 0.5 * rng.random(n)) / max(n, 1)
    code[members] = sizes * rng.choice([-1.0, 1.0], n)
    return code


def match(measured: Array, code: Array) -> Match | None:
    """Find the entries whose codes were measured.

    Parameters
    ----------
    measured : ndarray, shape (d,)
        Codes, all times a common weight 1, −1, 1/2 or −1/2.
    code : ndarray, shape (size,)
        From `draw_code`.

    Returns
    -------
    Match or None
        Index of shape (d,); None where the values are not codes, or not distinct entries.
    """
    sizes = np.abs(measured)
    weights = np.where(sizes > 0.5, 1.0, 0.5)
    index = _nearest(np.abs(code), sizes / weights)
    weights = np.copysign(weights, measured * code[index])
    close = np.abs(measured - weights * code[index]) <= MATCH_TOLERANCE
    if (
        not (close & (code[index] != 0)).all()
        or np.ptp(weights) > 0
        or len(np.unique(index)) < len(index)
    ):
        return None
    return Match(index, float(weights[0]))


def addends(measured: Sequence[Array], codes: Sequence[Array]) -> list[Match]:
    """Find the entries that add up to what was measured: none, one, or, from two codings, two.

    Parameters
    ----------
    measured : sequence of ndarray, shape (d,)
        The same sum under each coding.
    codes : sequence of ndarray, shape (size,)
        One or two independent codings of the same members.

    Returns
    -------
    list of Match
        In ascending order of their first entries where the weights are equal.

    Raises
    ------
    UnrecognisedError
        Where no such entries exist.
    """
    if all(np.all(np.abs(values) <= MATCH_TOLERANCE) for values in measured):
        return []
    single = match(measured[0], codes[0])
    if single is not None:
        return [single]
    if len(codes) == 2:
        for weight in (1.0, 0.5):
            pair = _pair(measured, codes, weight)
            if pair is not None:
                return pair
    raise UnrecognisedError


def interpolate(low: tuple[Index, Index], high: tuple[Index, Index]) -> Vectors:
    """Return the family that has two given members, each as numbers and positions, shape (m,).

    Raises
    ------
    UnrecognisedError
        Where the strides are no integers: no slice, transpose or reshape of an array reads so.
    """
    stride, rest = np.divmod(high[1] - low[1], np.maximum(high[0] - low[0], 1))
    if rest.any():
        raise UnrecognisedError
    return Vectors(low[1] - low[0] * stride, stride)


def _nearest(values: Array, wanted: Array) -> Index:
    """Return for each wanted number the position of the nearest value."""
    order = np.argsort(values)
    ranked = values[order]
    right = np.clip(np.searchsorted(ranked, wanted), 1, len(ranked) - 1)
    left_is_nearer = wanted - ranked[right - 1] < ranked[right] - wanted
    return np.asarray(order[right - left_is_nearer], dtype=np.intp)


def _pair(measured: Sequence[Array], codes: Sequence[Array], weight: float) -> list[Match] | None:
    """Find entries a, b with measured = code[a] + weight · code[b] under both codings."""
    members = np.flatnonzero(codes[0])
    if len(members) * len(measured[0]) > MOST_PAIRS:
        return None
    first, second = (code[members] for code in codes)
    partner = _nearest(weight * first, measured[0][:, None] - first)
    close = [
        np.abs(values[:, None] - code - weight * code[partner]) <= PAIR_TOLERANCE
        for values, code in zip(measured, (first, second), strict=True)
    ]
    fits = close[0] & close[1] & (partner != np.arange(len(members)))
    if not fits.any(axis=1).all():
        return None
    # The first fit is the lower entry of an unordered pair: equal weights keep one order.
    chosen = fits.argmax(axis=1)
    other = partner[np.arange(len(chosen)), chosen]
    return [Match(members[chosen], 1.0), Match(members[other], weight)]
