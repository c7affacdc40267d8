"""Which token each step of a pass read: a row of a table, or a one-hot vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from grader.lifting.passes import ForwardPass, ancestors
from grader.lifting.recording import Ids, Operation
from grader.lifting.replay import Replay

SCALING = frozenset({"multiply", "divide", "add", "subtract"})
"""What is done to weights after they were drawn."""


def token_ids(replay: Replay, forward: ForwardPass) -> tuple[int, ...]:
    """Return x_1 … x_T as token ids, or nothing where one step does not tell its own.

    A vector counts where it lies within one row, or one column, of a table with as many of them
    as there are classes, or where it is a one-hot vector over the classes.
    """
    classes = forward.probabilities.size
    rows = _rows(replay, by_class(replay, forward))
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


def by_class(replay: Replay, forward: ForwardPass) -> list[Ids]:
    """Return the matrices with a row for each class, as they were drawn or scaled afterwards."""
    classes = forward.probabilities.size
    first = int(replay.maker[forward.states[1]].min())
    scaled = (op.out for op in replay.operations[: max(first, 0)] if op.name in SCALING)
    matrices = [leaf.ids for leaf in replay.recording.leaves] + list(scaled)
    turned = [ids for one in matrices if one.ndim == 2 for ids in (one, one.T)]
    return [ids for ids in turned if len(ids) == classes]


def _rows(replay: Replay, matrices: Sequence[Ids]) -> Ids:
    """Return the row of an embedding that each element lies in, −1 for none."""
    row = np.full(len(replay.values) + 2, -1, dtype=np.int64)
    for ids in matrices:
        row[ids] = np.arange(len(ids))[:, None]
    return row


def _tokens(operation: Operation, rows: Ids, classes: int) -> Iterator[int]:
    """Yield the tokens that the operands of one operation stand for."""
    for operand in operation.operands:
        flat = operand.ids.reshape(-1)
        if flat.size != max(operand.ids.shape, default=0) or flat.size < 2:
            continue  # a matrix
        held = rows[flat]
        held = held[held >= 0]  # the rest of [h, x] is no input
        if held.size > 1 and np.all(held == held[0]):
            yield int(held[0])
        values = operand.values.reshape(-1)
        if flat.size == classes and np.count_nonzero(values) == 1 and values.max() == 1.0:
            yield int(np.argmax(values))
