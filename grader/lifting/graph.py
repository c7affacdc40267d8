"""Which operations lead from some elements to others: the same whatever the values are."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from grader.lifting.recording import Ids, Operation

MOST_JOINED = 4_000_000
"""Ids put into rows of their own, 32 MB: scripts of the lab have a tenth of them."""


class TooSlowError(Exception):
    """The search in a recording has taken as long as it may."""


class Reads:
    """The ids that each operation reads, as few rows as memory allows: a matrix is read often."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._rows: list[tuple[Ids, ...]] = []
        left = MOST_JOINED
        for operation in operations:
            rows = tuple(operand.ids.reshape(-1) for operand in operation.operands)
            size = sum(map(len, rows))
            if len(rows) > 1 and size <= left:
                left -= size
                rows = (np.concatenate(rows),)
            self._rows.append(rows)

    def of(self, number: int) -> tuple[Ids, ...]:
        """Return the rows of one operation."""
        return self._rows[number]

    def any(self, marks: npt.NDArray[np.bool_], number: int) -> bool:
        """Say whether an operation reads a marked element; the last two marks are of no element."""
        return any(bool(marks[row].any()) for row in self._rows[number])

    def mark(self, marks: npt.NDArray[np.bool_], number: int) -> None:
        """Mark all that an operation reads."""
        for row in self._rows[number]:
            marks[row] = True


class Graph:
    """The operations of one recording, and what each was made of."""

    def __init__(self, operations: Sequence[Operation], elements: int) -> None:
        self._operations = operations
        self.maker = np.full(elements, -1, dtype=np.int64)
        """Which operation made an element; −1 for a leaf."""
        for k, operation in enumerate(operations):
            self.maker[operation.out.reshape(-1)] = k
        self.deadline = math.inf
        self.reads = Reads(operations)
        self._producers: dict[int, list[int]] = {}
        self._needed: dict[tuple[bytes, bytes], list[int]] = {}

    def check_time(self) -> None:
        """Raise TooSlowError after the deadline, in seconds of time.thread_time."""
        if time.thread_time() > self.deadline:
            raise TooSlowError

    def dependents(self, sources: Ids, upto: int | None = None) -> npt.NDArray[np.bool_]:
        """Say of every element whether it depends on `sources`, up to operation `upto`."""
        first = max(0, int(self.maker[sources.reshape(-1)].min()))
        last = len(self._operations) if upto is None else upto
        return self._touched(sources, range(first, last))[:-2]

    def _touched(self, sources: Ids, numbers: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Say of every element, and of two for what has no id, whether it depends on `sources`."""
        touched = np.zeros(len(self.maker) + 2, dtype=bool)
        touched[sources.reshape(-1)] = True
        for k in numbers:
            if self.reads.any(touched, k):
                touched[self._operations[k].out] = True
        return touched

    def needed(self, wanted: Ids, sources: Ids) -> list[int]:
        """Return the operations, in order, through which `wanted` depends on `sources`."""
        self.check_time()
        key = wanted.tobytes(), sources.tobytes()
        if key not in self._needed:
            self._needed[key] = self._between(wanted.reshape(-1), sources.reshape(-1))
        return self._needed[key]

    def _between(self, wanted: Ids, sources: Ids) -> list[int]:
        around = self._around(wanted, int(self.maker[sources].min()))
        depends = self._touched(sources, around)
        depends[-2:] = False
        open_ = np.zeros(len(depends), dtype=bool)
        open_[wanted] = True
        open_[sources] = False
        chosen = []
        for k in reversed(around):
            out = self._operations[k].out
            if (open_[out] & depends[out]).any():
                chosen.append(k)
                self.reads.mark(open_, k)
                open_[sources] = False
        return chosen[::-1]

    def _around(self, wanted: Ids, first: int) -> list[int]:
        """Return the operations that `wanted` comes from, in order, none before number `first`."""
        open_ = set(self.maker[wanted[wanted >= 0]].tolist()) - {-1}
        found = set(open_)
        while open_:
            made_of = self._made_of(open_.pop())
            fresh = {k for k in made_of if k >= first and k not in found}
            found |= fresh
            open_ |= fresh
        return sorted(found)

    def _made_of(self, number: int) -> list[int]:
        """Return the operations that made the operands of one."""
        if number not in self._producers:
            ids = np.concatenate([*self.reads.of(number), np.empty(0, np.int64)])
            makers = self.maker[ids[ids >= 0]]
            self._producers[number] = np.unique(makers[makers >= 0]).tolist()
        return self._producers[number]
