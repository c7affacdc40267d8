"""A recording run again: at other values, over many points at once, or backwards."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from grader.facts import Array
from grader.lifting.graph import Graph
from grader.lifting.operations import PULLS, SUMS, Batch, Values, forward
from grader.lifting.recording import CONSTANT, Ids, Operand, Operation, Recording

ROUNDING = 16.0
"""Units of roundoff one operation may differ by between two libraries: 4 ulp, with room."""


UNKNOWN = frozenset({"external", "decided"})
"""Records that hold no arithmetic: what nobody knows, and what a script went by."""


class NoWayError(Exception):
    """A path leads through an operation without a derivative, or through elements gone astray."""

    def __init__(self, what: str, file: str, line: int) -> None:
        super().__init__(f"{what} at {file}:{line}")
        self.what, self.file, self.line = what, file, line


@dataclass(frozen=True, slots=True, eq=False)
class Adjoint:
    """dL/de for every element e; where `known` is False, part of it came from nowhere."""

    values: Array
    reached: npt.NDArray[np.bool_]
    known: npt.NDArray[np.bool_]


class _Rows:
    """Reads one operand at n points: columns of the buffer, and recorded values elsewhere."""

    def __init__(self, operand: Operand, columns: Ids) -> None:
        flat = columns.reshape(-1)
        given = flat >= 0
        self._shape = operand.values.shape
        self._fixed = operand.values
        self._columns = flat[given]
        self._whole = len(self._columns) == len(flat)
        self._given = None if self._whole or not len(self._columns) else given
        self.batched = len(self._columns) > 0

    def __call__(self, buffer: Values) -> Values:
        """Return an array of shape (n, *shape)."""
        rows = buffer[self._columns].T
        if not self._whole:
            found = rows
            rows = np.empty((buffer.shape[1], self._fixed.size), dtype=buffer.dtype)
            rows[:] = self._fixed.reshape(-1)
            if self._given is not None:
                rows[:, self._given] = found
        return np.asarray(rows.reshape(buffer.shape[1], *self._shape))

    def batch(self, buffer: Values) -> Batch:
        """Return the operand as an operation takes it: what moves with the points, or not."""
        if self.batched:
            return Batch(self(buffer), batched=True)
        return Batch(self._fixed, batched=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """One operation of a program: where its operands and its output lie in the buffer."""

    operation: Operation
    operands: tuple[_Rows, ...]
    out: slice


class Program:
    """Evaluates some elements from others; everything else keeps its recorded value."""

    def __init__(self, steps: Sequence[_Step], sources: int, width: int, wanted: Operand) -> None:
        self._steps = steps
        self._sources = sources
        self._width = width
        self._wanted = _Rows(wanted, wanted.ids)

    def __call__(self, given: Values) -> Values:
        """Evaluate at n points.

        Parameters
        ----------
        given : ndarray, shape (n, number of source elements), real or complex

        Returns
        -------
        ndarray, shape (n, number of wanted elements)
        """
        n = len(given)
        buffer = np.empty((self._width, n), dtype=np.result_type(given.dtype, np.float64))
        buffer[: self._sources] = given.T
        with np.errstate(all="ignore"):
            for step in self._steps:
                operands = [operand.batch(buffer) for operand in step.operands]
                result = forward(step.operation.name, operands, step.operation.options)
                buffer[step.out] = result.reshape(n, -1).T
        return np.ascontiguousarray(self._wanted(buffer))


class Replay:
    """Answers questions about one recording."""

    def __init__(self, recording: Recording, graph: Graph | None = None) -> None:
        self.recording = recording
        self.operations = recording.operations
        self.values = recording.values
        self._graph = graph or Graph(recording.operations, len(recording.values))
        self.maker = self._graph.maker
        """Which operation made an element; −1 for a leaf."""
        self.reads = self._graph.reads
        self.diverged = False
        """Whether the script would have decided something otherwise at these values."""

    def limit(self, seconds: float) -> None:
        """Let every later search end with TooSlowError after so many seconds of computing.

        The processor's time, not the wall's: a verdict must not depend on who else computes.
        """
        self._graph.deadline = time.thread_time() + seconds

    def check_time(self) -> None:
        """Raise TooSlowError if the limit has passed."""
        self._graph.check_time()

    def dependents(self, sources: Ids, upto: int | None = None) -> npt.NDArray[np.bool_]:
        """Say of every element whether it depends on `sources`, up to operation `upto`."""
        return self._graph.dependents(sources, upto)

    def needed(self, wanted: Ids, sources: Ids) -> list[int]:
        """Return the operations, in order, through which `wanted` depends on `sources`."""
        return self._graph.needed(wanted, sources)

    def between(self, sources: Sequence[Ids], wanted: Ids) -> Program:
        """Return the program that computes `wanted` from `sources`.

        Raises
        ------
        NoWayError
            If the way leads through an unknown operation or elements that lost their ids.
        """
        given = np.concatenate([ids.reshape(-1) for ids in sources])
        column = np.full(len(self.values) + 2, -1, dtype=np.int64)
        column[given] = np.arange(given.size)
        width, steps = given.size, []
        for k in self.needed(wanted.reshape(-1), given):
            operation = self.operations[k]
            self._demand_known(operation)
            operands = tuple(_Rows(one, column[one.ids]) for one in operation.operands)
            out = slice(width, width + operation.out.size)
            fresh = operation.out.reshape(-1)
            column[fresh] = np.arange(width, width + fresh.size)
            column[given] = np.arange(given.size)
            width += fresh.size
            steps.append(_Step(operation, operands, out))
        flat = wanted.reshape(-1)
        return Program(steps, given.size, width, Operand(column[flat], self.values[flat]))

    @staticmethod
    def _demand_known(operation: Operation) -> None:
        if operation.name not in PULLS:
            raise NoWayError(operation.name, operation.file, operation.line)
        if any((operand.ids < CONSTANT).any() for operand in operation.operands):
            raise NoWayError("lost", operation.file, operation.line)

    def at(self, sources: Ids, given: Array) -> Replay:
        """Return the recording as it would be had `sources` had the values `given`.

        What an unknown operation makes of them is NaN there.
        """
        values = self.values.copy()
        values[sources] = given
        fixed = np.zeros(len(values), dtype=bool)
        fixed[sources] = True
        touched = np.append(fixed, [False, False])
        operations = []
        with np.errstate(all="ignore"):
            for number, operation in enumerate(self.operations):
                if not self.reads.any(touched, number):
                    operations.append(operation)
                    continue
                moved = _with_values(operation, values)
                operations.append(moved)
                self._evaluate(moved, values, fixed)
                touched[operation.out] = True
        again = replace(self.recording, operations=tuple(operations), values=values)
        replay = Replay(again, self._graph)
        replay.diverged = self.diverged or any(
            not np.array_equal(values[operand.ids], self.values[operand.ids])
            for operation in self.operations
            if operation.name == "decided"
            for operand in operation.operands
        )
        return replay

    @staticmethod
    def _evaluate(operation: Operation, values: Array, fixed: npt.NDArray[np.bool_]) -> None:
        """Compute one operation anew; what cannot be computed becomes NaN, which shows."""
        out = operation.out
        result: Values = np.full(out.shape, np.nan)
        if operation.name in PULLS or operation.name == "round":
            operands = [Batch(operand.values, batched=False) for operand in operation.operands]
            result = forward(operation.name, operands, operation.options)
        free = ~fixed[out]
        values[out[free]] = result.reshape(out.shape)[free]

    def adjoint(self, ids: Ids, seed: Array, upto: int) -> Adjoint:
        """Pull `seed` at `ids` back through the operations before number `upto`."""
        count = len(self.values)
        values = np.zeros(count + 2)
        reached, astray = np.zeros(count + 2, dtype=bool), np.zeros(count + 2, dtype=bool)
        np.add.at(values, ids.reshape(-1), seed.reshape(-1))
        reached[ids.reshape(-1)] = True
        with np.errstate(all="ignore"):
            for operation in reversed(self.operations[:upto]):
                out = operation.out
                if reached[out].any():
                    _pull(operation, self.values[out], values, reached, astray)
        return Adjoint(values[:-2], reached[:-2], ~astray[:-2])

    def check(self) -> Operation | None:
        """Return the first operation whose result does not follow from its operands, or None."""
        with np.errstate(all="ignore"):
            for operation in self.operations:
                if operation.name not in UNKNOWN and not self._follows(operation):
                    return operation
        return None

    def _follows(self, operation: Operation) -> bool:
        given = [Batch(operand.values, batched=False) for operand in operation.operands]
        recorded = self.values[operation.out]
        try:
            found = forward(operation.name, given, operation.options)
        except (KeyError, ValueError, TypeError, IndexError):
            return False
        if found.shape != recorded.shape:
            return False
        size, terms = np.abs(found), 1.0
        if operation.name in SUMS:
            sizes = [Batch(np.abs(operand.values), batched=False) for operand in operation.operands]
            size = forward(operation.name, sizes, operation.options)
            terms = max(operand.values.size for operand in operation.operands)
        allowed = ROUNDING * np.sqrt(terms) * np.finfo(np.float64).eps * size + 1e-320
        same = (found == recorded) | (np.isnan(found) & np.isnan(recorded))
        return bool(np.all(same | (np.abs(found - recorded) <= allowed)))


def _with_values(operation: Operation, values: Array) -> Operation:
    """Return an operation that reads its operands' elements from `values`."""
    operands = tuple(
        Operand(operand.ids, np.where(operand.ids >= 0, values[operand.ids], operand.values))
        for operand in operation.operands
    )
    return replace(operation, operands=operands)


def _pull(
    operation: Operation,
    result: Array,
    values: Array,
    reached: npt.NDArray[np.bool_],
    astray: npt.NDArray[np.bool_],
) -> None:
    """Add what one operation hands back to the adjoints of its operands."""
    out = operation.out
    lost = bool(astray[out].any()) or operation.name not in PULLS
    for operand in operation.operands:
        reached[operand.ids] = True
        lost = lost or bool((operand.ids < CONSTANT).any())
    if lost:
        for operand in operation.operands:
            astray[operand.ids] = True
    if operation.name not in PULLS:
        return
    given = [operand.values for operand in operation.operands]
    parts = PULLS[operation.name](values[out], given, result, operation.options)
    for operand, part in zip(operation.operands, parts, strict=True):
        folded = _folded(np.asarray(part), operand.values.shape)
        np.add.at(values, operand.ids.reshape(-1), folded.reshape(-1))


def _folded(part: Values, shape: tuple[int, ...]) -> Values:
    """Sum over the axes that broadcasting added."""
    while part.ndim > len(shape):
        part = part.sum(axis=0)
    for axis, (have, want) in enumerate(zip(part.shape, shape, strict=True)):
        if want == 1 and have != 1:
            part = part.sum(axis=axis, keepdims=True)
    return np.broadcast_to(part, shape)
