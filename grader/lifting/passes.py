"""Forward passes in a recording: h_0 … h_T by where they are multiplied, p by what it is.

Nothing of the student's gradient is looked at here, so that a wrong one's forward pass is found as
well as a right one's.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from grader.lifting.recording import Ids, Operation
from grader.lifting.replay import Replay

Mask = npt.NDArray[np.bool_]

PRODUCTS = frozenset({"matmul", "einsum", "multiply"})
"""Operations in which a matrix may meet a vector."""

SUMS_TO_ONE = 1e-9
"""Deviation of a softmax's sum from 1: V roundings, and far below any other sum of interest."""

MOST_PASSES = 60


@dataclass(frozen=True, slots=True, eq=False)
class ForwardPass:
    """One sequence: ids of h_0 … h_T, each (d,), and of p, (V,).

    `end` is the operation that made p; `matrices` counts the recurrent matrices.
    """

    states: tuple[Ids, ...]
    probabilities: Ids
    end: int
    matrices: int

    @property
    def length(self) -> int:
        """T."""
        return len(self.states) - 1


@dataclass(frozen=True, slots=True, eq=False)
class _Use:
    """A product of a matrix, known by its ids, with the elements of a vector."""

    number: int
    vector: Ids


def softmaxes(replay: Replay) -> Iterator[int]:
    """Yield the operations that made a vector of positive numbers that sum to 1."""
    for k, operation in enumerate(replay.operations):
        out = operation.out
        if out.size < 2 or out.size != max(out.shape) or operation.name == "external":
            continue
        values = replay.values[out.reshape(-1)]
        if values.min() > 0 and abs(values.sum() - 1.0) <= SUMS_TO_ONE:
            yield k


def ancestors(replay: Replay, ids: Ids) -> tuple[list[int], Mask]:
    """Return the operations that `ids` come from, in order, and which elements these read."""
    open_ = np.zeros(len(replay.values) + 2, dtype=bool)
    open_[ids.reshape(-1)] = True
    open_[-2:] = False
    chosen = []
    for k in range(int(replay.maker[ids.reshape(-1)].max(initial=-1)), -1, -1):
        if open_[replay.operations[k].out].any():
            chosen.append(k)
            replay.reads.mark(open_, k)
    return chosen[::-1], open_[:-2]


def find_passes(replay: Replay, wanted_length: int) -> list[ForwardPass]:
    """Return the passes over `wanted_length` steps, in the order of time."""
    found: list[ForwardPass] = []
    seen: set[bytes] = set()
    for end in softmaxes(replay):
        replay.check_time()
        ids = replay.operations[end].out.reshape(-1)
        chain = _chain(replay, end, wanted_length)
        if chain is None:
            continue
        key = chain[0][-1].tobytes()
        if key in seen:
            continue  # a softmax made again of the same state
        seen.add(key)
        found.append(ForwardPass(chain[0], ids, end, chain[1]))
        if len(found) >= MOST_PASSES:
            break
    return found


def _chain(replay: Replay, end: int, length: int) -> tuple[tuple[Ids, ...], int] | None:
    """Follow p back to its states: the vectors that one matrix meets step after step."""
    operations, _ = ancestors(replay, replay.operations[end].out)
    uses: dict[bytes, list[_Use]] = defaultdict(list)
    order: list[_Use] = []
    for k in operations:
        for matrix, vector in _products(replay.operations[k]):
            use = _Use(k, vector)
            uses[matrix].append(use)
            order.append(use)
    groups = [group for group in uses.values() if len(group) == length]
    recurrent = [g for g in (_recurrent(replay, group) for group in groups) if g is not None]
    if not recurrent:
        return None
    # What the state has passed through on its way, such as r∘h, is made after it.
    states = min(recurrent, key=lambda g: sum(_made(replay, ids) for ids in g))
    last = _after(replay, states[-1], order, max(g[-1].number for g in groups if g))
    if last is None:
        return None
    return (*states, last), len(recurrent)


def _products(operation: Operation) -> Iterator[tuple[bytes, Ids]]:
    """Yield (the matrix's ids, the vector's ids) of a product of the two."""
    if operation.name not in PRODUCTS or len(operation.operands) != 2:
        return
    first, second = operation.operands
    for matrix, vector in ((first, second), (second, first)):
        flat = vector.ids.reshape(-1)
        if matrix.ids.ndim < 2 or min(matrix.ids.shape[-2:]) < 2 or flat.size < 2:
            continue
        if flat.size == max(vector.ids.shape) and flat.size in matrix.ids.shape:
            # A matrix and its transpose are one: the same elements, in whatever order.
            yield np.sort(matrix.ids.reshape(-1)).tobytes(), flat


def _recurrent(replay: Replay, group: Sequence[_Use]) -> tuple[Ids, ...] | None:
    """Return the parts of a group's vectors that each come from the one before; None if none do."""
    parts: Mask | None = None
    middle = group[len(group) // 2 - 1].vector
    after = group[len(group) // 2]
    if (middle < 0).all():
        return None
    touched = np.append(replay.dependents(middle[middle >= 0], after.number), [False, False])
    # A token twice in a row is the same input again, and comes from nothing.
    parts = touched[after.vector] & ~np.isin(after.vector, middle)
    if parts.sum() < 2:
        return None
    states = tuple(use.vector[parts] for use in group)
    return states if all((ids >= 0).all() for ids in states) else None


def _made(replay: Replay, ids: Ids) -> int:
    return int(replay.maker[ids].max())


def _after(replay: Replay, state: Ids, order: Sequence[_Use], last: int) -> Ids | None:
    """Return h_T: the first vector after the last step that a matrix meets, of the state's size."""
    for use in order:
        if use.number > last and use.vector.size >= state.size:
            touched = np.append(replay.dependents(state, use.number), [False, False])
            part = use.vector[touched[use.vector]]
            if part.size == state.size:
                return np.asarray(part)
    return None


def is_cut(replay: Replay, states: Sequence[Ids], rng: np.random.Generator) -> bool:
    """Say whether h_t is all that h_{t+1} sees of the past, by moving h_0 both ways.

    Once through the whole pass at a stroke, once step by step through the states given.
    """
    start = replay.values[states[0]][None] + 0.1 * rng.standard_normal((1, states[0].size))
    whole = replay.between([states[0]], states[-1])(start)
    state = start
    for before, after in itertools.pairwise(states):
        state = replay.between([before], after)(state)
    return bool(np.allclose(state, whole, rtol=1e-9, atol=1e-300))
