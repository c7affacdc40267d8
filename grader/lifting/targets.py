"""Which class a script's loss is about, and dL/dh_T for any class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.facts import Array
from grader.lifting.claims import Vectors
from grader.lifting.passes import ForwardPass
from grader.lifting.replay import Replay

STEP = 1e-30
"""A complex step: far below roundoff, and nothing is subtracted."""


def head_gradients(replay: Replay, found: ForwardPass) -> Array:
    """Return d(−log p_y)/dh_T for every class y, shape (V, d), by complex steps.

    Raises
    ------
    NoWayError
        If p does not come from h_T by known operations alone.
    """
    last = found.states[-1]
    points = replay.values[last] + 1j * STEP * np.eye(last.size)
    p = replay.between([last], found.probabilities)(points)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(-(p.imag / STEP / p.real).T)


def told_targets(replay: Replay, found: ForwardPass) -> Iterator[int]:
    """Yield the classes that the script itself singles out: in log p_y, or p − onehot."""
    where = {int(element): y for y, element in enumerate(found.probabilities)}
    p = set(where)
    for operation in replay.operations[found.end + 1 :]:
        for position, operand in enumerate(operation.operands):
            flat = operand.ids.reshape(-1)
            if flat.size == 1 and int(flat[0]) in p and operation.name in ("log", "subtract"):
                yield where[int(flat[0])]
            elif operation.name == "subtract" and position == 0 and set(flat.tolist()) == p:
                other = operation.operands[1].values.reshape(-1)
                if other.size == flat.size and np.count_nonzero(other) == 1:
                    yield where[int(flat[int(np.argmax(np.abs(other)))])]


def find_target(replay: Replay, found: ForwardPass, heads: Array, computed: Vectors) -> int | None:
    """Return y: the class whose gradient was computed, else the one that the script singles out."""
    told = list(dict.fromkeys(told_targets(replay, found)))
    negative: int | None = None
    for y in [*told, *(y for y in range(len(heads)) if y not in told)]:
        hit = computed.equal(heads[y])
        if hit is not None and hit[1] > 0:
            return y
        if hit is not None and negative is None and (y in told or not told):
            negative = y
    if negative is not None:
        return negative
    return told[0] if told else None
