"""The ledger of a recorded run: values by id, id tables kept once each, operations in order."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tracing  # type: ignore[import-not-found]  # its RECORDER is this file's to set
from tracing import (  # type: ignore[import-not-found]  # loaded beside this file, in the child
    LOST,
    Ids,
    Traced,
    ids_of,
    plain,
    traced,
    values_of,
)

# Two nets of the lab's size make 150,000 elements, 190,000 entries of tables and 4,000 operations.
# The bounds are ten times that and more, and together stay below the 64 MB of one answer.
MAX_ELEMENTS = 2_000_000
MAX_HELD = 2_500_000
MAX_OPERATIONS = 100_000
MAX_WORDS, MAX_WORD = 800, 1_000
MAX_LOST = 50


class Recorder:
    """All that was heard: values by id, id tables kept once each, operations in order."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.count = 0
        self.held = 0
        self.values = np.empty(1 << 16)
        self.tables: list[tuple[tuple[int, ...], bytes, bytes]] = []
        self.operations: list[tuple[int, ...]] = []
        self.operands: list[int] = []
        self.leaves: list[tuple[int, ...]] = []
        self.lost: list[tuple[str, str, int]] = []
        self.exact = True
        self.stopped = ""
        self.words: dict[str, int] = {}
        self._known: dict[tuple[tuple[int, ...], bytes, bytes], int] = {}

    def word(self, text: str) -> int:
        """Return the number of a word: operation names, files and options are sent once each."""
        if len(self.words) >= MAX_WORDS and text not in self.words:
            self.stopped = self.stopped or "words"
            return 0
        return self.words.setdefault(text[:MAX_WORD], len(self.words))

    def where(self) -> tuple[str, int]:
        """Return file and line of the student's code that is running."""
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename.startswith(self.folder):
                return frame.f_code.co_filename, frame.f_lineno
            frame = frame.f_back  # type: ignore[assignment]
        return "", 0

    def fresh(self, value: np.ndarray) -> Ids:
        """Give every element of `value` a new id, in its own memory layout."""
        size = value.size
        if self.count + size > MAX_ELEMENTS:
            self.stopped = self.stopped or "elements"
            return np.full(value.shape, LOST)
        while self.count + size > len(self.values):
            self.values = np.concatenate((self.values, np.empty_like(self.values)))
        ids = np.empty_like(value, dtype=np.int64, subok=False)
        ids[...] = np.arange(self.count, self.count + size).reshape(value.shape)
        self.values[self.count : self.count + size] = value.reshape(-1)
        self.count += size
        return ids

    def leaf(self, value: np.ndarray, origin: str) -> Traced:
        """Take in an array that came from outside."""
        if value.dtype != np.float64:
            self.exact = False
        kept = np.array(value, dtype=np.float64, order="K", subok=False)
        ids = self.fresh(kept)
        file, line = self.where()
        if not self.stopped:
            row = (self.table(ids, kept), self.word(origin[:80]), self.word(file), line)
            self.leaves.append(row)
        return traced(kept, ids)

    def table(self, ids: Ids, values: np.ndarray) -> int:
        """Return the number of a table of ids; ids whose values were changed unheard are lost."""
        flat, given = ids.reshape(-1), np.asarray(values, dtype=np.float64).reshape(-1)
        known = flat >= 0
        stored = self.values[np.where(known, flat, 0)]
        stale = known & (stored != given) & ~(np.isnan(stored) & np.isnan(given))
        if stale.any():
            flat = np.where(stale, LOST, flat)
            self.lose("changed through its memory")
        key = (ids.shape, flat.astype("<i8").tobytes(), given[flat < 0].astype("<f8").tobytes())
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.tables)
            self.tables.append(key)
            self.held += ids.size
            if self.held > MAX_HELD:
                self.stopped = self.stopped or "tables"
        return number

    def lose(self, what: str) -> None:
        """Note a place where the thread was lost."""
        if len(self.lost) < MAX_LOST:
            entry = (what[:80], *self.where())
            if entry not in self.lost:
                self.lost.append(entry)

    def operation(
        self,
        name: str,
        inputs: Sequence[Any],
        result: Any,  # noqa: ANN401 - an array or a scalar
        options: Mapping[str, object] | None = None,
    ) -> Any:  # noqa: ANN401 - the same with ids
        """Record that `name` made `result` of `inputs`, and return it with ids."""
        value = np.array(result, dtype=np.float64, order="K", subok=False)
        if self.stopped or len(self.operations) >= MAX_OPERATIONS:
            self.stopped = self.stopped or "operations"
            return plain(result)
        ids = self.fresh(value)
        numbers = [self.table(ids_of(x), values_of(x)) for x in inputs]
        if self.stopped:
            return plain(result)
        if name == "external":
            self.lose(str((options or {}).get("call", "")))
        file, line = self.where()
        row = (
            self.word(name),
            self.word(json.dumps(dict(options or {}))),
            self.word(file),
            line,
            self.table(ids, value),
            len(self.operands),
            len(numbers),
        )
        self.operations.append(row)
        self.operands.extend(numbers)
        return traced(value, ids)


def begin(folder: str) -> Recorder:
    """Start listening to code under `folder`."""
    tracing.RECORDER = Recorder(folder)
    return tracing.RECORDER
