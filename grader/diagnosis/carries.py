"""What is done to the gradient at the end of each step: cut, clipped, normalised or scaled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from grader.diagnosis.backward import Choices, back
from grader.diagnosis.records import norms
from grader.diagnosis.rows import SMALL, Rows
from grader.facts import Array

PARAMETER = 1e-6
"""How far a factor or bound may differ between scenes; roundoff moves it by 1e-9 at most."""

Made = tuple[list[Array], float | None]
Rule = Callable[[Sequence[Rows], list[Array], Choices], Made | None]


def _truncated(rows: Sequence[Rows], predicted: list[Array], least: int, most: int) -> Made | None:
    """Cut the gradient k steps back, k read off the rows that are zero to the beginning."""
    lengths = {_reach(part) for part in rows if _reach(part) < len(part.out)}
    if len(lengths) != 1:
        return None
    k = lengths.pop()
    if not least <= k <= most or any(_reach(part) > k for part in rows):
        return None
    made = [
        np.where((part.steps.t > len(part.out) - k)[:, None], step, 0.0)
        for part, step in zip(rows, predicted, strict=True)
    ]
    return made, float(k)


def _reach(part: Rows) -> int:
    """Return how many steps back the gradient is not zero."""
    zero = np.asarray(np.all(part.out == 0, axis=1))
    return len(zero) - int(np.argmin(zero)) if not zero.all() else 0


def _clipped_norm(rows: Sequence[Rows], predicted: list[Array], _: Choices) -> Made | None:
    bounds = [
        norms(part.out * part.unit)[cut]
        for part, step in zip(rows, predicted, strict=True)
        if (cut := norms(part.out) < norms(step) * (1.0 - PARAMETER)).any()
    ]
    bound = _common(bounds)
    if not bound:
        return None
    made = [
        step * np.minimum(1.0, bound / np.maximum(norms(step * part.unit), SMALL))[:, None]
        for part, step in zip(rows, predicted, strict=True)
    ]
    return made, bound


def _clipped_value(rows: Sequence[Rows], predicted: list[Array], _: Choices) -> Made | None:
    bounds = [
        np.abs(part.out * part.unit)[cut]
        for part, step in zip(rows, predicted, strict=True)
        if (cut := np.abs(part.out) < np.abs(step) * (1.0 - PARAMETER)).any()
    ]
    bound = _common(bounds)
    if not bound:
        return None
    made = [
        np.clip(step, -bound / part.unit, bound / part.unit)
        for part, step in zip(rows, predicted, strict=True)
    ]
    return made, bound


def _normalised(rows: Sequence[Rows], predicted: list[Array], _: Choices) -> Made | None:
    made = []
    for part, step in zip(rows, predicted, strict=True):
        size = norms(step)[:, None]
        made.append(step / np.where(size > 0, size, 1.0) / part.unit)
    return made, None


def _scaled(rows: Sequence[Rows], predicted: list[Array], _: Choices) -> Made | None:
    factors = []
    for part, step in zip(rows, predicted, strict=True):
        size = np.einsum("td,td->t", step, step)
        some = size > 0
        factors.append(np.einsum("td,td->t", part.out, step)[some] / size[some])
    factor = _common(factors)
    if factor is None or abs(factor - 1.0) <= PARAMETER or factor == 0:
        return None
    return [factor * step for step in predicted], factor


def _from_head(rows: Sequence[Rows], _: list[Array], choices: Choices) -> Made | None:
    """Take every step from dL/dh_T, as if dh never took the new value."""
    made = [
        back(part.steps, np.broadcast_to(part.last, part.dh.shape), choices) / part.unit
        for part in rows
    ]
    return made, None


def _common(values: Sequence[Array]) -> float | None:
    """Return the one number that all values are, or None where there is none."""
    together = np.concatenate([np.ravel(part) for part in values]) if values else np.zeros(0)
    if not together.size or not np.isfinite(together).all():
        return None
    middle = float(np.median(together))
    close = np.abs(together - middle) <= PARAMETER * abs(middle)
    return middle if bool(close.all()) else None


CARRIED: Mapping[str, Rule] = {
    "bptt-not-carried": lambda rows, step, _: _truncated(rows, step, 0, 1),
    "bptt-truncated": lambda rows, step, _: _truncated(rows, step, 2, 1_000_000),
    "bptt-from-head": _from_head,
    "bptt-clipped-norm": _clipped_norm,
    "bptt-clipped-value": _clipped_value,
    "bptt-normalised": _normalised,
    "bptt-scaled": _scaled,
}
