"""Whether functions keep to their arguments: the same ones, the same answer, and all matter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.evidence.calls import Calls, MisbehaviourError
from grader.evidence.points import log10_norms
from grader.facts import Array, Misbehaviour
from grader.tolerances import copied, roundoff_of, unit_roundoff

REPEATED = 4096.0
"""Roundoffs by which two answers to one question may differ: sums depend on where arrays lie."""


def same(one: Array, other: Array) -> bool:
    """Say whether two answers, (…, d), are one but for the order in which sums were taken."""
    size = np.maximum(np.abs(one).max(axis=-1), np.abs(other).max(axis=-1))
    allowed = REPEATED * roundoff_of(one) * size
    return bool(np.all(np.abs(one - other).max(axis=-1) <= allowed))


def demand_same_copy(own: Array, copy: Array, dtype: str, amplification: float) -> None:
    """Demand the same gradient, (T+1, d), for a float64 copy of the same parameters.

    `own`, computed in `dtype`, loses what that cannot hold: half a subnormal unit a component and
    step, enlarged by the chain's condition.

    Raises
    ------
    MisbehaviourError
        Of kind "changes_with_copy".
    """
    d = own.shape[1]
    unit = float(np.finfo(np.dtype(dtype).type).smallest_subnormal)
    size = log10_norms(copy)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        lost = np.sqrt(d) * unit * amplification / 10.0**size
        allowed = copied(unit_roundoff(dtype), d, amplification) + lost
        far = 10.0 ** (log10_norms(own - copy) - size) > allowed
    if far.any():
        t = int(np.flatnonzero(far)[-1])
        raise MisbehaviourError(Misbehaviour("changes_with_copy", "bptt", {"t": t}))


def unmoved(
    calls: Calls, handles: tuple[str, str], tokens: Sequence[int], target: int, states: Array
) -> list[str]:
    """Return which of `step` and `loss` answer alike under two sets of parameters.

    Parameters
    ----------
    handles : tuple of str
        The two sets.
    states : ndarray, shape (2, d)
        Two states, one for each of the two `tokens`.
    """
    one, other = handles
    steps = [calls.steps(handle, tokens, states) for handle in (one, other)]
    losses = [calls.losses(handle, states, [target] * 2) for handle in (one, other)]
    answers = {"step": steps, "loss": losses}
    return [name for name, (a, b) in answers.items() if np.array_equal(a, b)]
