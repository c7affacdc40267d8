"""Median and distinct values of short lists of numbers, from one sort.

NumPy's own `median` and `unique` are made for arrays of any shape, masked ones among them, whose
module they import: for a few hundred pixels that takes longer than all the sorting of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Groups:
    """The `m` distinct values, ascending, of `n` values.

    Parameters
    ----------
    values, first, count : ndarray, shape (m,)
        The values, the index at which each stands first, and how often it stands there.
    rank : ndarray, shape (n,)
        Of each of the `n` values, the index among the distinct ones.
    """

    values: Values
    first: Indices
    count: Indices
    rank: Indices


def groups(values: Values) -> Groups:
    """Group equal values, shape (n,), none of them NaN."""
    order = np.argsort(values, kind="stable")
    ascending = values[order]
    begins = _begins(ascending)
    start = np.flatnonzero(begins)
    rank = np.empty(len(values), dtype=np.intp)
    rank[order] = np.cumsum(begins) - 1
    count = np.diff(np.append(start, len(values)))
    return Groups(ascending[start], order[start], count, rank)


def distinct(values: Values) -> Values:
    """Return the distinct values of an array of shape (n,), ascending."""
    ascending = np.sort(values)
    return np.asarray(ascending[_begins(ascending)])


def median(values: Values) -> float:
    """Return the median of an array of shape (n,); NaN of an empty one."""
    if not len(values):
        return float("nan")
    ascending = np.sort(values)
    last = len(values) - 1
    return (float(ascending[last // 2]) + float(ascending[len(values) // 2])) / 2.0


def _begins(ascending: Values) -> npt.NDArray[np.bool_]:
    """Say of each entry whether it is another than the one before."""
    begins = np.ones(len(ascending), dtype=bool)
    begins[1:] = ascending[1:] != ascending[:-1]
    return begins
