"""Which h_t a recorded vector belongs to: told from the arithmetic, not from its place."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from grader.facts import Array
from grader.lifting.claims import Vectors
from grader.lifting.passes import ForwardPass, ancestors
from grader.lifting.recording import Ids
from grader.lifting.replay import Replay

STEP = 1e-30
"""A complex step: far below roundoff, and nothing is subtracted."""

FOLLOWS = 1e-8
"""Relative deviation within which a vector is the step back of another: a search, no judgement."""


def jacobian(replay: Replay, forward: ForwardPass, t: int) -> Array:
    """Return J_t = ∂h_t/∂h_{t-1}, shape (d, d), by complex steps.

    Raises
    ------
    NoWayError
        If h_t does not come from h_{t-1} by known operations alone.
    """
    before, after = forward.states[t - 1], forward.states[t]
    points = replay.values[before] + 1j * STEP * np.eye(before.size)
    return np.asarray(replay.between([before], after)(points).imag.T / STEP)


def runs_forward(replay: Replay, rows: Sequence[Ids]) -> bool:
    """Say whether later rows were computed from earlier ones: the list runs from h_T to h_0."""
    first, last = (int(replay.maker[row].max()) for row in (rows[0], rows[-1]))
    if not 0 <= first < last:
        return False
    operations, _ = ancestors(replay, rows[-1])
    return first in operations


def head_of(
    replay: Replay,
    forward: ForwardPass,
    rows: Sequence[Ids],
    right: Sequence[Ids],
    computed: Vectors,
) -> Ids | None:
    """Return the vector that the last vector of the list was made of: the script's dL/dh_T.

    Parameters
    ----------
    rows : sequence of arrays of ids, shape (d,)
        The vectors that were recorded, in the order of time.
    right : sequence of arrays of ids, shape (d,)
        Vectors that equal dL/dh_T, or its negative.
    computed : Vectors
    """
    last = rows[-1]
    for ids in right:
        if np.array_equal(ids, last):
            return ids
    if not _steps_back(replay, forward, forward.length - 1, rows[-2], last):
        # A wrong step is wrong here too: what the right one fits is an intermediate result.
        placed = _by_place(replay, forward, rows)
        if placed is not None:
            return placed
    given = replay.values[last]
    pulled = computed.values @ jacobian(replay, forward, forward.length)
    far = np.linalg.norm(pulled - given, axis=1)
    fitting = np.flatnonzero(far <= FOLLOWS * np.linalg.norm(given))
    if fitting.size:
        return np.asarray(computed.ids[fitting[0]])
    # Of the right heads, the one that this vector came from.
    operations, _ = ancestors(replay, last)
    used = set(operations)
    behind = [ids for ids in right if int(replay.maker[ids].max()) in used]
    return max(behind or right, key=lambda ids: int(replay.maker[ids].max()), default=None)


def _by_place(replay: Replay, forward: ForwardPass, rows: Sequence[Ids]) -> Ids | None:
    """Return what was read, one turn of the loop earlier, where it then read the last vector.

    Whatever the step does, right or wrong, each turn reads the vector of the turn before at the
    same place.
    """
    behind = set(ancestors(replay, rows[-1])[0])
    readers = [_readers(replay, row) for row in rows[:-4:-1]]
    for place in readers[0]:
        site = _site(replay, place)
        at = [[site.index(k) for k in found.get(place, ())] for found in readers]
        for first, second, third in itertools.product(*at):
            period = second - first
            if period <= 0 or third - second != period or first < period:
                continue
            number = site[first - period]
            if number <= forward.end or number not in behind:
                continue
            head = replay.operations[number].operands[place[-1]].ids.reshape(-1)
            # A sum that begins with zeros reads them there, and the head beside them.
            if head.size == rows[-1].size and head.min() >= 0 and replay.values[head].any():
                return np.asarray(head)
    return None


_Place: TypeAlias = tuple[str, str, int, int]
"""Name, file and line of an operation, and the number of an operand."""


def _readers(replay: Replay, row: Ids) -> dict[_Place, list[int]]:
    """Return the operations that read a vector as a whole, by place, in order."""
    found: dict[_Place, list[int]] = {}
    for k, operation in enumerate(replay.operations):
        for position, operand in enumerate(operation.operands):
            if operand.ids.size == row.size and np.array_equal(operand.ids.reshape(-1), row):
                place = operation.name, operation.file, operation.line, position
                found.setdefault(place, []).append(k)
    return found


def _site(replay: Replay, place: _Place) -> list[int]:
    """Return all operations of one name and line with as many operands as the place asks for."""
    name, file, line, position = place
    return [
        k
        for k, operation in enumerate(replay.operations)
        if (operation.name, operation.file, operation.line) == (name, file, line)
        and len(operation.operands) > position
    ]


def aligned(
    replay: Replay, forward: ForwardPass, rows: Sequence[Ids], head: Ids | None
) -> list[Ids | None]:
    """Return the rows of dL/dh_0 … dL/dh_T in a list of T rows; None for the one it lacks.

    Parameters
    ----------
    rows : sequence of T arrays of ids, shape (d,)
        In the order of time.
    head : ndarray of ids, shape (d,), or None
        dL/dh_T where it was found by its value.
    """
    last = replay.values[rows[-1]]
    if head is not None:
        is_last = np.array_equal(replay.values[head], last)
        return [None, *rows] if is_last else [*rows, head]
    return [None, *rows] if _late(replay, forward, rows) else [*rows, None]


def _late(replay: Replay, forward: ForwardPass, rows: Sequence[Ids]) -> bool:
    """Say whether row t belongs to h_{t+1}, by where the steps back fit."""
    middle = forward.length // 2
    here, after = rows[middle - 1], rows[middle]
    return not _steps_back(replay, forward, middle, here, after) and _steps_back(
        replay, forward, middle + 1, here, after
    )


def _steps_back(replay: Replay, forward: ForwardPass, t: int, here: Ids, after: Ids) -> bool:
    """Say whether `here` is J_tᵀ `after`."""
    values = replay.values[here]
    pulled = jacobian(replay, forward, t).T @ replay.values[after]
    return bool(np.linalg.norm(pulled - values) <= FOLLOWS * np.linalg.norm(values))
