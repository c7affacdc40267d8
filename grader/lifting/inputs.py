"""Which token each step of a pass read: a row of a table, or a one-hot vector."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.lifting.passes import ForwardPass, ancestors
from grader.lifting.recording import Ids, Operation
from grader.lifting.replay import Replay


def token_ids(replay: Replay, forward: ForwardPass) -> tuple[int, ...]:
    """Return x_1 … x_T as token ids, or nothing where one step does not tell its own.

    A vector counts where it lies within one row, or one column, of a table with as many of them
    as there are classes, or where it is a one-hot vector over the classes.
    """
    classes = forward.probabilities.size
    rows = _rows(replay, classes)
    found: list[int] = []
    earlier: set[int] = set()
    for states in forward.states[1:]:
        operations, _ = ancestors(replay, states)
        own = [replay.operations[k] for k in operations if k not in earlier]
        earlier.update(operations)
        told = {token for operation in own for token in _tokens(operation, rows, classes)}
        if len(told) != 1:
            return ()
        found.extend(told)
    return tuple(found)


def _rows(replay: Replay, classes: int) -> Ids:
    """Return the row of an embedding that each element lies in, −1 for none."""
    row = np.full(len(replay.values) + 2, -1, dtype=np.int64)
    for leaf in replay.recording.leaves:
        ids = leaf.ids
        if ids.ndim != 2 or classes not in ids.shape:
            continue
        along = np.arange(classes)
        row[ids] = along[:, None] if ids.shape[0] == classes else along[None, :]
    return row


def _tokens(operation: Operation, rows: Ids, classes: int) -> Iterator[int]:
    """Yield the tokens that the operands of one operation stand for."""
    for operand in operation.operands:
        flat = operand.ids.reshape(-1)
        if flat.size != max(operand.ids.shape, default=0) or flat.size < 2:
            continue  # a matrix
        held = rows[flat]
        if held[0] >= 0 and np.all(held == held[0]):
            yield int(held[0])
        values = operand.values.reshape(-1)
        if flat.size == classes and np.count_nonzero(values) == 1 and values.max() == 1.0:
            yield int(np.argmax(values))
