"""The parameters of a lifted pass: what its steps read that does not come from h_0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from grader.facts import Array
from grader.lifting.recording import Ids
from grader.lifting.replay import Replay

FIXED_ORIGINS = frozenset((
    "zeros", "zeros_like", "ones", "ones_like", "full", "full_like", "empty", "empty_like", "eye",
    "identity", "arange", "linspace", "array", "asarray", "asanyarray", "ascontiguousarray",
    "fromiter", "tri"
))  # fmt: skip
"""Constructors of constants: the ones of 1 − z are no parameter."""

COMBINED = frozenset({"matmul", "einsum", "vecdot", "add", "subtract", "multiply"})
"""Operations whose vectors are made of parameters and are none themselves."""


def drawn(replay: Replay) -> npt.NDArray[np.bool_]:
    """Say of every element whether it comes from something drawn, and is no written constant."""
    found = np.zeros(len(replay.values) + 2, dtype=bool)
    for leaf in replay.recording.leaves:
        if leaf.origin not in FIXED_ORIGINS:
            found[leaf.ids] = True
    for number, operation in enumerate(replay.operations):
        if replay.reads.any(found, number):
            found[operation.out] = True
    found[-2:] = False
    return found[:-2]


def read_between(replay: Replay, sources: Ids, wanted: Ids) -> list[Ids]:
    """Return the tables of ids that lead from `sources` to `wanted` without depending on them.

    A vector that is itself a sum or a product, W_xh x_t or that plus a bias, is no parameter: what
    it was made of is. A backward pass that computes it once more then stays of one piece with it.
    """
    depends = np.append(replay.dependents(sources), [False, False])
    taken = np.zeros(len(replay.values) + 2, dtype=bool)
    taken[-2:] = True
    tables: list[Ids] = []
    for number in replay.needed(wanted.reshape(-1), sources.reshape(-1)):
        for operand in replay.operations[number].operands:
            free = (operand.ids >= 0) & ~depends[operand.ids]
            open_ = [operand.ids if free.all() else operand.ids[free]]
            while open_:
                table = open_.pop()
                parts = _made_of(replay, table)
                if parts:
                    open_.extend(parts)
                    continue
                fresh = ~taken[table]
                if fresh.any():
                    tables.append(table if fresh.all() else table[fresh])
                    taken[table] = True
    return tables


def _made_of(replay: Replay, table: Ids) -> list[Ids]:
    """Return the tables that a vector was summed or multiplied of; none for what is no such."""
    if table.size == 0 or table.size > max(table.shape) or table.min() < 0:
        return []
    makers = replay.maker[table]
    if makers.min() < 0 or makers.min() != makers.max():
        return []
    operation = replay.operations[int(makers.flat[0])]
    if operation.name not in COMBINED:
        return []
    return [operand.ids for operand in operation.operands if (operand.ids >= 0).all()]


class Parameters:
    """Named tables of drawn elements, read and replaced together."""

    def __init__(self, replay: Replay, tables: Sequence[Ids]) -> None:
        is_drawn = drawn(replay)
        kept = [table for table in tables if table.size > 1 and is_drawn[table].all()]
        self.tables: dict[str, Ids] = {f"p{n}": table for n, table in enumerate(kept)}

    @property
    def ids(self) -> Ids:
        """All elements, one table after another."""
        if not self.tables:
            return np.empty(0, dtype=np.int64)
        return np.concatenate([table.reshape(-1) for table in self.tables.values()])

    def of(self, values: Array) -> dict[str, Array]:
        """Return the parameters, by name, out of the values of all elements."""
        return {name: values[table] for name, table in self.tables.items()}

    def flat(self, arrays: Mapping[str, Array]) -> Array:
        """Return parameters by name as one row, in the order of `ids`."""
        return np.concatenate([np.asarray(arrays[name]).reshape(-1) for name in self.tables])
