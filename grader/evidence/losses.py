"""The loss: a cross-entropy of logits affine in h_T, at every point it is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.evidence.calls import Calls, MisbehaviourError
from grader.evidence.differences import Asked, Differentiator, together
from grader.facts import Array, LossFacts
from grader.tolerances import AFFINE_RELATIVE, roundoff_of

MAX_CLASSES = 4096
MAX_LOSSES = 150_000
"""Losses asked for in one request: 38 MB of states of the lab's size, some seconds of work."""

STATES_OF_LOSS = 3
SUM_TOLERANCE = 1e-6
"""Deviation of the summed probabilities from 1: log(p + ε) adds |V| ε, float32 1e-7 √|V|."""


def examine_loss(
    calls: Calls, handle: str, sizes: Sequence[int], target: int, d: int, rng: np.random.Generator
) -> LossFacts:
    """Decide whether exp(−loss) sums to one over the targets; see `confirm_loss` for the rest.

    Parameters
    ----------
    sizes : sequence of int
        Sizes of axes of the parameters: one of them is the number of classes.
    """
    state = rng.uniform(-0.5, 0.5, d)
    sums: dict[int, float] = {}
    for classes in sorted({size for size in sizes if target < size <= MAX_CLASSES}):
        rows = np.repeat(state[None], classes, axis=0)
        try:
            values = calls.losses(handle, rows, list(range(classes)))
        except MisbehaviourError:
            continue
        with np.errstate(over="ignore"):
            sums[classes] = float(np.exp(-values).sum())
        if abs(sums[classes] - 1.0) <= SUM_TOLERANCE:
            return LossFacts(recognised=True, total_probability=sums[classes], classes=classes)
    if not sums:
        return LossFacts(reason="no_classes")
    closest = min(sums, key=lambda size: abs(sums[size] - 1.0))
    return LossFacts(
        reason="not_a_distribution",
        total_probability=sums[closest],
        tolerance=SUM_TOLERANCE,
        classes=closest,
    )


@dataclass(frozen=True, slots=True)
class LossModel:
    """The cross-entropy of softmax(W h + b), W (V, d) relative to class 0, as read off `loss`."""

    W: Array
    b: Array

    def predict(self, states: Array, targets: Array) -> Array:
        """Return the loss of each state, (n, d), against each target, (n,)."""
        logits = states @ self.W.T + self.b
        top = logits.max(axis=1)
        spread = np.log(np.exp(logits - top[:, None]).sum(axis=1))
        return np.asarray(top + spread - logits[np.arange(len(targets)), targets])


def rebuilt(calls: Calls, handle: str, classes: int, d: int, rng: np.random.Generator) -> LossModel:
    """Read W_ho and b_o off the losses of every class, at zero and along a random basis."""
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    points = np.concatenate((np.zeros((1, d)), 0.5 * Q))
    rows = np.repeat(points, classes, axis=0)
    losses = calls.losses(handle, rows, [*range(classes)] * len(points)).reshape(-1, classes)
    odds = losses[:, :1] - losses
    return LossModel((Q.T @ (odds[1:] - odds[0]) / 0.5).T, odds[0])


def confirm_loss(
    forward: Differentiator,
    handle: str,
    found: LossFacts,
    target: int,
    d: int,
    rng: np.random.Generator,
) -> LossFacts:
    """Hold every answer of `loss` to the cross-entropy of logits affine in h.

    `found` is what `examine_loss` recognised; states between 0 and 1 and everything asked before at
    these parameters are compared.
    """
    if not found.recognised:
        return found
    if found.classes * (d + 1) > MAX_LOSSES:
        # Not held to anything, its derivative could be anything beside the points it is asked at.
        return replace(found, recognised=False, reason="too_many_classes")
    model = rebuilt(forward.calls, handle, found.classes, d, rng)
    states = rng.uniform(-1.0, 1.0, (2 * STATES_OF_LOSS, d))
    targets = rng.integers(found.classes, size=len(states))
    targets[::2] = target
    values = forward.calls.losses(handle, states, targets.tolist())
    seen = [Asked(targets, states, values), *forward.asked_losses[handle]]
    tokens, points, losses = together(seen)
    residual = float(np.max(np.abs(losses - model.predict(points, np.array(tokens)))))
    eps = roundoff_of(losses)
    size = max(1.0, float(np.abs(losses).max()), float(np.abs(model.b).max()))
    # Each entry of W errs by 4 eps · size, a logit by d of them; ε in the logarithm by ε / p.
    floor = max(0.0, found.total_probability - 1.0) / found.classes
    tolerance = 16.0 * eps * size * d + 4.0 * floor * float(np.exp(losses.max()))
    if residual <= max(tolerance, AFFINE_RELATIVE * size):
        return replace(found, affine_residual=residual, tolerance=tolerance)
    return replace(
        found, recognised=False, reason="not_affine", affine_residual=residual, tolerance=tolerance
    )
