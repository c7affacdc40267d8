"""Which seed a submission is probed at, and which one its recorded list came from."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.evidence.calls import Calls, MisbehaviourError
from grader.evidence.points import log10_norms
from grader.facts import Array
from grader.model import STEPS, Kind
from grader.tolerances import recorded

OTHER_SEEDS = (0, 1, 2, 3, 5, 7, 10, 13, 14, 21, 41, 43, 99, 100, 123, 1234, 1337, 2024, 2025, 2026)
"""Seeds people use: where the recorded list is not the declared seed's, it may be one of these."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of every model: the declared seed, the recorded curves, the secret."""

    seed: int
    seed_source: str
    curves: Mapping[Kind, Sequence[float]]
    half_unit: Mapping[Kind, Sequence[float]]
    secret: bytes
    timeout_s: float


def recorded_seed(gradient: Calls, plan: Plan, dh: Array, dtype: str) -> int | None:
    """Return the seed at which this code gives the recorded list, the declared one first.

    Parameters
    ----------
    gradient : Calls
        The functions of the model in question.
    dh : ndarray, shape (T+1, d)
        What `bptt` gives at the declared seed, in its own dtype.
    dtype : str
        "<f4" or "<f8", as the values show it.

    Returns
    -------
    int or None
        None where no list of fifty was recorded, or no seed people use gives it.
    """
    given = np.asarray(plan.curves.get(gradient.kind, ()))
    if given.size != STEPS:
        return None
    rounding = np.asarray(plan.half_unit[gradient.kind])
    relative = recorded(dtype, dh.shape[1], STEPS)

    def gives(candidate: Array) -> bool:
        norms = 10.0 ** log10_norms(candidate[:STEPS])
        return bool(np.all(np.abs(given - norms) <= rounding + relative * norms))

    if gives(dh):
        return plan.seed
    with contextlib.suppress(MisbehaviourError):
        for seed in dict.fromkeys((plan.seed - 1, plan.seed + 1, *OTHER_SEEDS)):
            if 0 <= seed != plan.seed and gives(_at_seed(gradient, seed)):
                return seed
    return None


def _at_seed(gradient: Calls, seed: int) -> Array:
    tokens, target = gradient.sequence(seed, STEPS)
    gradient.params("other", seed)
    return gradient.bptt("other", tokens, target)
