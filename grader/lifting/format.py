"""From what a child wrote down to a `Recording`: every number of it is checked, none is believed.

The child sends a header (`schemas/recording.schema.json`) and seven arrays. `tables` lists, for
each table of ids, its shape (by number) and how many of its entries have no id; `ids` holds all
tables one after another, `constants` the values of the entries without ids. A row of `operations`
is (name, options, file, line, table of outputs, first operand, number of operands), one of `leaves`
is (table, origin, file, line); names, options and files are numbers of `words`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grader.facts import Array
from grader.lifting.recording import CONSTANT, Ids, Leaf, Lost, Operand, Operation, Recording
from grader.lifting.shapes import MOST_WORK, work_of

LOST_ID = -2
"""The id of an element that had one until something unheard changed it."""

MAX_DIMENSIONS = 8
MAX_WORDS, MAX_WORD = 1_000, 1_000
MAX_ELEMENTS = 2_000_000
MAX_HELD = 2 * MAX_ELEMENTS
MAX_ROWS = 200_000
"""The recorder in the child stops at its own bounds (`ledger.py`), which none of these undercuts; a
child may have another recorder."""

ARRAYS = ("values", "tables", "ids", "constants", "operations", "operands", "leaves")


class GarbledError(Exception):
    """What came from the child is no recording."""


class TooLargeError(Exception):
    """The recording is in order, and too long to be replayed."""


def unpack(
    header: Mapping[str, Any], arrays: Mapping[str, Array], folder: Path, files: Mapping[str, bytes]
) -> Recording:
    """Read one recording.

    Parameters
    ----------
    header, arrays : mappings
        As `frames.read` gave them.
    folder : Path
        Where the scripts lay; file names are given relative to it.
    files : mapping of bytes
        What the recorded run wrote.

    Raises
    ------
    GarbledError
        If anything is missing, out of range, defined twice, or of a shape it cannot have.
    TooLargeError
        If replaying it would take too long.
    """
    try:
        reader = _Reader(header, arrays, folder)
        operations, leaves, lost = reader.operations(), reader.leaves(), reader.lost()
        _demand_little_work(operations)
        _demand_order(operations, leaves, len(reader.values))
    except (
        KeyError, IndexError, ValueError, TypeError, OverflowError, RecursionError
    ) as error:  # fmt: skip
        raise GarbledError(f"{type(error).__name__}: {error}") from error
    return Recording(
        operations=operations,
        leaves=leaves,
        values=reader.values,
        lost=lost,
        exact=header.get("exact") is True,
        artefacts=files,
        stopped=str(header.get("stopped", ""))[:40],
    )


class _Reader:
    """Reads words, tables and rows."""

    def __init__(
        self, header: Mapping[str, Any], arrays: Mapping[str, Array], folder: Path
    ) -> None:
        self.folder = folder
        _demand_form(arrays)
        self.values = np.asarray(arrays["values"], dtype=np.float64)
        self._arrays = arrays
        words = header["words"][:MAX_WORDS]
        self._words = [word[:MAX_WORD] for word in words if isinstance(word, str)]
        self._files: dict[int, str] = {}
        self._header = header
        self._tables = self._read_tables()
        self._options: dict[int, Mapping[str, object]] = {}

    def _read_tables(self) -> list[Operand]:
        shapes = [_shape(shape) for shape in self._header["shapes"]]
        ids, constants = self._arrays["ids"].astype(np.int64), self._arrays["constants"]
        if ids.ndim != 1 or constants.ndim != 1:
            raise ValueError("tables are no rows")
        if ids.size and (ids.min() < LOST_ID or ids.max() >= len(self.values)):
            raise ValueError("an id is out of range")
        tables, start, fixed = [], 0, 0
        for number, without in self._arrays["tables"].tolist():
            shape = shapes[_index(number, len(shapes))]
            size = math.prod(shape)
            part = ids[start : start + size]
            given = constants[fixed : fixed + without]
            bare = part < 0
            if len(part) != size or len(given) != without or int(bare.sum()) != without:
                raise ValueError("a table is cut short")
            values = np.empty(size)
            values[~bare] = self.values[part[~bare]]
            values[bare] = given
            tables.append(Operand(part.reshape(shape), values.reshape(shape)))
            start, fixed = start + size, fixed + without
        return tables

    def _word(self, number: int) -> str:
        return self._words[_index(number, len(self._words))]

    def _table(self, number: int) -> Operand:
        return self._tables[_index(number, len(self._tables))]

    def _file(self, number: int) -> str:
        if number not in self._files:
            self._files[number] = _inside(self._word(number), self.folder)
        return self._files[number]

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations in the order of time."""
        operands = self._arrays["operands"].tolist()
        made, read = [], 0
        for name, options, file, line, out, first, count in self._arrays["operations"].tolist():
            read += count
            if not 0 <= first <= first + count <= len(operands) or read > len(operands):
                raise ValueError("an operand is out of range")
            made.append(
                Operation(
                    name=self._word(name),
                    operands=tuple(self._table(n) for n in operands[first : first + count]),
                    out=self._table(out).ids,
                    options=self._read_options(options),
                    file=self._file(file),
                    line=line,
                )
            )
        return tuple(made)

    def _read_options(self, number: int) -> Mapping[str, object]:
        if number not in self._options:
            read = json.loads(self._word(number))
            if not isinstance(read, dict):
                raise ValueError("options are no object")
            self._options[number] = read
        return self._options[number]

    def leaves(self) -> tuple[Leaf, ...]:
        """Return the arrays that came from outside."""
        return tuple(
            Leaf(self._table(table).ids, self._word(origin), self._file(file), line)
            for table, origin, file, line in self._arrays["leaves"].tolist()
        )

    def lost(self) -> tuple[Lost, ...]:
        """Return the places where the thread was lost."""
        found = []
        for what, file, line in self._header["lost"][:50]:
            found.append(Lost(str(what)[:80], _inside(str(file), self.folder), int(line)))
        return tuple(found)


def _demand_form(arrays: Mapping[str, Array]) -> None:
    """Demand the seven arrays, of the right kind of numbers and of no more than can be read."""
    for name in ARRAYS:
        block = arrays[name]
        longest = MAX_ELEMENTS if name == "values" else MAX_HELD
        rows = name in ("tables", "operations", "operands", "leaves")
        if block.dtype.kind != ("f" if name in ("values", "constants") else "i"):
            raise ValueError(f"{name} are of another kind")
        if block.ndim != (2 if name in ("tables", "operations", "leaves") else 1):
            raise ValueError(f"{name} are of another shape")
        if len(block) > (MAX_ROWS * 4 if rows else longest):
            raise TooLargeError


def _demand_little_work(operations: tuple[Operation, ...]) -> None:
    work = 0
    for operation in operations:
        work += work_of(operation)
        if work > MOST_WORK:
            raise TooLargeError


def _inside(name: str, folder: Path) -> str:
    """Return a file's name as seen from the submission's folder."""
    return os.path.relpath(name, folder).replace(os.sep, "/") if name else ""


def _index(number: int, count: int) -> int:
    if not 0 <= number < count:
        raise IndexError(number)
    return number


def _shape(sizes: object) -> tuple[int, ...]:
    match sizes:
        case [*found] if len(found) <= MAX_DIMENSIONS:
            shape = tuple(size for size in found if type(size) is int and size >= 0)
            if len(shape) == len(found):
                return shape
    raise ValueError("a shape is none")


def _demand_order(operations: tuple[Operation, ...], leaves: tuple[Leaf, ...], count: int) -> None:
    """Demand that every id is made exactly once, and before it is read."""
    made_at = np.full(count, np.iinfo(np.int64).max)
    times = np.zeros(count, dtype=np.int64)
    outs: list[tuple[int, Ids]] = [(-1, leaf.ids) for leaf in leaves]
    outs += [(k, operation.out) for k, operation in enumerate(operations)]
    for k, ids in outs:
        flat = ids.reshape(-1)
        if flat.size and flat.min() < 0:
            raise GarbledError("an output has no id")
        made_at[flat] = k
        np.add.at(times, flat, 1)
    if np.any(times > 1):
        raise GarbledError("an element is made twice")
    for k, operation in enumerate(operations):
        for operand in operation.operands:
            flat = operand.ids[operand.ids > CONSTANT]
            if flat.size and np.any(made_at[flat] >= k):
                raise GarbledError("an element is read before it is made")
