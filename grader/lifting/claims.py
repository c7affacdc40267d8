"""What a student recorded, traced back: from each number of the list to the vector behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from grader.facts import Array
from grader.lifting.passes import ancestors
from grader.lifting.recording import Ids, Operation
from grader.lifting.replay import Replay

WALKED = frozenset(
    {
        "norm",
        "norm1",
        "norminf",
        "sqrt",
        "sum",
        "mean",
        "max",
        "min",
        "square",
        "absolute",
        "fabs",
        "multiply",
        "power",
        "float_power",
        "matmul",
        "vecdot",
        "einsum",
        "divide",
        "add",
        "round",
        "maximum",
        "log10",
        "log",
        "positive",
        "subtract",
    }
)
"""What may lie between a vector and the number recorded of it."""

ROOTS = frozenset({"norm", "norm1", "norminf", "sqrt", "round"})
DEEPEST = 8
MOST_ROWS = 256
SIGNED = 1e-8
"""Relative deviation within which a recorded vector is the gradient: a search, not a judgement."""


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """The recorded list of one model in the recording.

    Parameters
    ----------
    elements : ndarray of int64, shape (T,)
        The element of each number g_0 … g_{T-1}.
    vectors : tuple of T arrays of ids, or None each
        The vector of the state's size it was taken of.
    """

    elements: Ids
    vectors: tuple[Ids | None, ...]


def find_elements(replay: Replay, numbers: Sequence[float]) -> Ids | None:
    """Return the elements whose values the recorded numbers are; None unless all are there.

    Of equal elements the first norm is taken, else the first that was computed at all: what is
    made of it later is a copy, and a zero may be anything. Numbers that come several times, as a
    floor does, have an element each, in the direction of time that the others have.
    """
    wanted = np.asarray(numbers, dtype=np.float64)
    norms = [operation.name in ROOTS for operation in replay.operations]
    computed = np.flatnonzero(replay.maker >= 0)
    later = ~np.asarray([*norms, False])[replay.maker[computed]]
    values = replay.values[computed]
    order = np.lexsort((computed, later, values))
    at = np.searchsorted(values, wanted, sorter=order)
    if np.any(at >= len(order)) or np.any(values[order[at]] != wanted):
        return None
    return np.asarray(computed[order[_one_each(wanted, at, values[order], computed[order])]])


def _one_each(wanted: Array, at: Ids, values: Array, computed: Ids) -> Ids:
    """Return places in sorted elements, another for each of equal numbers where there are enough.

    Parameters
    ----------
    wanted : ndarray, shape (T,)
        The numbers looked for.
    at : ndarray of int64, shape (T,)
        The first place of each.
    values, computed : ndarray, shape (n,)
        Of the elements in their order, equal ones beside each other.
    """
    places = at.copy()
    _, first, group, count = np.unique(
        wanted, return_index=True, return_inverse=True, return_counts=True
    )
    single = np.sort(first[count == 1])
    forward = np.sign(np.diff(computed[at[single]])).sum() >= 0
    for number in np.flatnonzero(count > 1):
        here = np.flatnonzero(group == number)
        some = np.arange(at[here[0]], min(at[here[0]] + len(here), len(values)))
        if len(some) == len(here) and np.all(values[some] == wanted[here[0]]):
            places[here] = some[np.argsort(computed[some])][:: 1 if forward else -1]
    return places


def trace(replay: Replay, elements: Ids, d: int) -> Claim:
    """Trace every element back to the vector of d elements behind it."""
    return Claim(elements, tuple(_vector(replay, int(element), d) for element in elements))


def _vector(replay: Replay, element: int, d: int) -> Ids | None:
    """Walk from one number back through sums and roots to a vector of d elements."""
    current = np.array([element])
    for _ in range(DEEPEST):
        makers = replay.maker[current]
        if makers.min() < 0 or makers.min() != makers.max():
            return None
        operation = replay.operations[int(makers[0])]
        if operation.name not in WALKED:
            return None
        given = _given(replay, int(makers[0]), current)
        if given is None:
            return None
        if operation.name == "add" and current.size == 1:
            terms = _terms(replay, int(current[0]), d)
            if terms is not None:
                return _deeper(replay, terms)
        if given.size == d and current.size == 1:
            return _deeper(replay, given)
        current = given
    return None


def _terms(replay: Replay, element: int, d: int) -> Ids | None:
    """Return the d terms of a sum written as a chain of additions, in the order of adding."""
    open_: list[int] = [element]
    terms: list[int] = []
    while open_ and len(terms) + len(open_) <= d + 1:  # a sum may begin with 0
        one = open_.pop()
        maker = int(replay.maker[one]) if one >= 0 else -1
        operation = replay.operations[maker] if maker >= 0 else None
        if operation is not None and operation.name == "add" and operation.out.size == 1:
            open_.extend(int(operand.ids.reshape(-1)[0]) for operand in operation.operands)
        elif one >= 0:
            terms.append(one)
    if len(terms) != d or open_:
        return None
    return np.array(terms[::-1], dtype=np.int64)


def _deeper(replay: Replay, ids: Ids) -> Ids:
    """Go on from squares or absolute values to the vector they were taken of."""
    for _ in range(2):
        makers = replay.maker[ids]
        if makers.min() < 0 or not all(_is_square(replay, int(k)) for k in np.unique(makers)):
            return ids
        if makers.min() == makers.max():
            given = _given(replay, int(makers[0]), ids)
        else:
            each = [_given(replay, int(k), ids[i : i + 1]) for i, k in enumerate(makers)]
            given = np.concatenate([one for one in each if one is not None])
        if given is None or given.size != ids.size:
            return ids
        ids = given
    return ids


def _is_square(replay: Replay, number: int) -> bool:
    operation = replay.operations[number]
    if operation.name == "multiply":
        return np.array_equal(operation.operands[0].ids, operation.operands[1].ids)
    return operation.name in ("square", "absolute", "fabs", "power", "float_power")


def _given(replay: Replay, number: int, current: Ids) -> Ids | None:
    """Return the elements of the first traced operand that `current` was made of."""
    operation = replay.operations[number]
    traced = [operand for operand in operation.operands if (operand.ids >= 0).all()]
    if not traced or not traced[0].ids.size:
        return None
    ids, out = traced[0].ids, operation.out
    if ids.shape == out.shape:
        return np.asarray(ids.reshape(-1)[np.searchsorted(out.reshape(-1), current)])
    if out.size == 1 or current.size != 1:
        return ids.reshape(-1)
    return _slice(operation, ids, int(np.flatnonzero(out.reshape(-1) == current[0])[0]))


def _slice(operation: Operation, ids: Ids, position: int) -> Ids | None:
    """Return the elements that the entry number `position` of a reduction was made of."""
    kept = _kept_axes(operation, ids.ndim)
    if kept is None:
        return None
    shape = tuple(ids.shape[axis] for axis in kept)
    if np.prod(shape, dtype=int) != operation.out.size:
        return None
    where = dict(zip(kept, np.unravel_index(position, shape), strict=True))
    return np.asarray(ids[tuple(where.get(axis, slice(None)) for axis in range(ids.ndim))].ravel())


def _kept_axes(operation: Operation, ndim: int) -> list[int] | None:
    """Return the axes of the first operand that a reduction leaves, in the order of its result."""
    if operation.name == "einsum":
        inputs, _, output = str(operation.options.get("subscripts", "")).partition("->")
        term = inputs.split(",")[0]
        return [term.index(letter) for letter in output] if set(output) <= set(term) else None
    axis = operation.options.get("axis")
    gone = [one for one in (axis if isinstance(axis, list) else [axis]) if type(one) is int]
    if not gone:
        return None
    over = {one % ndim for one in gone}
    return [one for one in range(ndim) if one not in over]


class Vectors:
    """All vectors of one size that a recording computed, to be searched by value."""

    def __init__(self, replay: Replay, d: int) -> None:
        flat = [operation.out.reshape(-1) for operation in replay.operations]
        rows = [
            row
            for out in flat
            if out.size % d == 0 and out.size
            for row in (out.reshape(-1, d) if out.size <= MOST_ROWS * d else ())
        ]
        # A part of a longer vector is nobody's result: it shows where it is read.
        known = {row.tobytes() for row in rows}
        for operation in replay.operations:
            for operand in operation.operands:
                ids = operand.ids.reshape(-1)
                if ids.size == d and ids.min() >= 0 and ids.tobytes() not in known:
                    known.add(ids.tobytes())
                    rows.append(ids)
        self.ids: Ids = np.array(rows, dtype=np.int64).reshape(-1, d)
        self.values: Array = replay.values[self.ids]

    def equal(self, vector: Array) -> tuple[Ids, int] | None:
        """Find a vector that equals ±`vector`; return its ids and the sign, + before −."""
        return next(self.all_equal(vector), None)

    def all_equal(self, vector: Array) -> Iterator[tuple[Ids, int]]:
        """Yield all vectors that equal ±`vector` with their signs, + before −."""
        allowed = SIGNED * float(np.linalg.norm(vector))
        for sign in (1, -1):
            far = np.linalg.norm(self.values - sign * vector, axis=1)
            for hit in np.flatnonzero((far <= allowed) & (allowed > 0)):
                yield self.ids[hit], sign


def belongs(replay: Replay, elements: Ids, end: int) -> bool:
    """Say whether recorded numbers come from the softmax that operation `end` made."""
    operations, _ = ancestors(replay, elements)
    return end in operations
