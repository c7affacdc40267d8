"""Which h_t a recorded vector belongs to: told from the arithmetic, not from its place."""

from __future__ import annotations

from collections.abc import Sequence

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
    replay: Replay, forward: ForwardPass, last: Ids, right: Sequence[Ids], computed: Vectors
) -> Ids | None:
    """Return the vector that the last vector of the list was made of: the script's dL/dh_T.

    Parameters
    ----------
    last : ndarray of ids, shape (d,)
        The last vector in time that was recorded.
    right : sequence of arrays of ids, shape (d,)
        Vectors that equal dL/dh_T, or its negative.
    computed : Vectors
    """
    for ids in right:
        if np.array_equal(ids, last):
            return ids
    given = replay.values[last]
    pulled = computed.values @ jacobian(replay, forward, forward.length)
    far = np.linalg.norm(pulled - given, axis=1)
    fitting = np.flatnonzero(far <= FOLLOWS * np.linalg.norm(given))
    if fitting.size:
        return np.asarray(computed.ids[fitting[0]])
    # The step back is wrong: of the right heads, the one that this vector came from.
    operations, _ = ancestors(replay, last)
    used = set(operations)
    behind = [ids for ids in right if int(replay.maker[ids].max()) in used]
    return max(behind or right, key=lambda ids: int(replay.maker[ids].max()), default=None)


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
    here, after = replay.values[rows[middle - 1]], replay.values[rows[middle]]

    def fits(t: int) -> bool:
        pulled = jacobian(replay, forward, t).T @ after
        return bool(np.linalg.norm(pulled - here) <= FOLLOWS * np.linalg.norm(here))

    return not fits(middle) and fits(middle + 1)
