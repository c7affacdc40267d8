"""The forward pass: a tanh RNN or a GRU, everywhere, and a cross-entropy.

A gradient can only be right for the forward pass it belongs to, and a `step` may be exact on its
own trajectory and have another Jacobian beside it. So the forward pass is rebuilt from what was
measured, and must equal `step` at states near and far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from grader import oracle
from grader.evidence.calls import Calls, MisbehaviourError
from grader.evidence.differences import Differentiator
from grader.evidence.points import Place
from grader.evidence.roles import GruRoles, find_gru
from grader.facts import Array, ForwardFacts, LossFacts
from grader.tolerances import AFFINE_RELATIVE, roundoff_of

RADII = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Distances from the trajectory and from zero at which `step` meets its rebuilt form."""

PER_RADIUS = 4
TOKENS = 6
FAR = 1e4
"""Size of a far state: there the candidate, below 1, no longer hides the old state's share."""

VARIES = 10.0 / FAR
"""Least spread of the old state's share that shows a gate, ten times what candidates can feign."""

MAX_CLASSES = 4096
STATES_OF_LOSS = 3
SUM_TOLERANCE = 1e-6
"""Deviation of the summed probabilities from 1: log(p + ε) adds |V| ε, float32 1e-7 √|V|."""


def _cloud(states: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return states (n, d) at every radius around the trajectory and zero, and the radii."""
    points, radii = [], []
    for radius in RADII:
        for _ in range(PER_RADIUS):
            centre = states[rng.integers(len(states))] if rng.random() < 0.5 else 0.0
            points.append(centre + radius * rng.uniform(-1.0, 1.0, states.shape[1]))
            radii.append(radius)
    return np.array(points), np.array(radii)


def examine_rnn(
    forward: Differentiator, place: Place, states: Array, rng: np.random.Generator
) -> ForwardFacts:
    """Rebuild tanh(W h + a(token)) from Jacobians at h = 0 and compare it with `step` anywhere.

    Parameters
    ----------
    place : Place
        Parameters and the tokens the submission itself produced.
    states : ndarray, shape (T+1, d)
        A trajectory there.
    """
    d = states.shape[1]
    known = list(dict.fromkeys(place.tokens))[:TOKENS]
    zeros = np.zeros((len(known), d))
    base = forward.steps(place.handle, known, zeros)
    outside = np.abs(base) >= 1.0
    if outside.any():
        reached = float(np.abs(base).max())
        return ForwardFacts(
            recognised=False, model="", residual=reached, tolerance=1.0, roles_found=False
        )
    a = np.arctanh(base)
    slope = 1.0 - base**2
    parts = forward.along(place.handle, known, zeros, np.eye(d))
    best = np.argmax(slope, axis=0)
    unit = np.arange(d)
    W = parts.value[best, :, unit] / slope[best, unit][:, None]
    W_error = parts.error[best, :, unit] / slope[best, unit][:, None]
    points, radii = _cloud(states, rng)
    which = rng.integers(len(known), size=len(points))
    seen = forward.steps(place.handle, [known[i] for i in which], points)
    rebuilt = oracle.rnn_from_preactivation(W, a[which], points)
    eps = roundoff_of(seen)
    slack = (
        np.abs(points) @ W_error.T + 8.0 * eps * (np.abs(points) @ np.abs(W).T + 1.0) / slope[which]
    )
    return ForwardFacts(
        recognised=bool(np.all(np.abs(seen - rebuilt) <= slack)),
        model="tanh(W h + a)",
        residual=float(np.max(np.abs(seen - rebuilt))),
        tolerance=float(np.max(slack)),
        roles_found=True,
        worst_radius=float(radii[np.argmax(np.max(np.abs(seen - rebuilt) / slack, axis=1))]),
        token_used=len(known) < 2 or bool(np.ptp(base, axis=0).max() > 0),
    )


def recurrent_matrix(parts_value: Array, states: Array) -> Array:
    """Return W_hh, shape (d, d), from the one-step Jacobians of a tanh RNN, whatever its layout.

    Parameters
    ----------
    parts_value : ndarray, shape (T, d, d)
        `value[t-1, j, i]` = ∂h_t[i]/∂h_{t-1}[j] = (1 − h_t[i]²) W[i, j].
    states : ndarray, shape (T+1, d)
    """
    slope = 1.0 - states[1:] ** 2
    best = np.argmax(slope, axis=0)
    unit = np.arange(states.shape[1])
    return np.asarray(parts_value[best, :, unit] / slope[best, unit][:, None])


def with_sizes(facts: ForwardFacts, W: Array) -> ForwardFacts:
    """Add the sizes of W_hh a write-up may quote: spectral radius, 2-norm, Frobenius norm, std."""
    return replace(
        facts,
        spectral_radius=float(np.max(np.abs(np.linalg.eigvals(W)))),
        spectral_norm=float(np.linalg.norm(W, 2)),
        frobenius_norm=float(np.linalg.norm(W)),
        weight_std=float(W.std()),
    )


def roles_of(
    forward: Differentiator,
    handle: str,
    arrays: Mapping[str, Array],
    d: int,
    tokens: Sequence[int],
    rng: np.random.Generator,
) -> GruRoles | None:
    """Find which of the arrays is which part of the GRU; None where that cannot be told.

    Parameters
    ----------
    handle : str
        Enlarged parameters, so that every part of the cell matters.
    arrays : mapping of str to ndarray
        The same parameters.
    """

    def observe(changed: Mapping[str, Array], asked: list[int], at: Array) -> Array:
        forward.calls.put("trial", handle, changed)
        return forward.steps("trial", asked, at)

    known = list(dict.fromkeys(tokens))[:TOKENS]
    try:
        return find_gru(arrays, d, known, observe, rng)
    except MisbehaviourError:
        return None


def examine_gru(
    forward: Differentiator,
    place: Place,
    arrays: Mapping[str, Array],
    roles: GruRoles | None,
    states: Array,
    rng: np.random.Generator,
) -> ForwardFacts:
    """Compare `step` with the rebuilt GRU, or hold it to a gate's form where the roles are unknown.

    Parameters
    ----------
    place : Place
        Parameters and the tokens the submission itself produced.
    arrays : mapping of str to ndarray
        The parameters at `place`.
    states : ndarray, shape (T+1, d)
        A trajectory there.
    """
    known = list(dict.fromkeys(place.tokens))[:TOKENS]
    if roles is None:
        return _opaque_gru(forward, place.handle, known, states, rng)
    points, radii = _cloud(states, rng)
    asked = [known[i] for i in rng.integers(len(known), size=len(points))]
    seen = forward.steps(place.handle, asked, points)
    deviation = np.abs(seen - roles.predict(arrays, asked, points))
    tolerance = 64.0 * roundoff_of(seen) * states.shape[1]
    return ForwardFacts(
        recognised=bool(deviation.max() <= tolerance) and roles.reset != "none",
        model="gru" if roles.reset != "none" else "gru without reset gate",
        residual=float(deviation.max()),
        tolerance=tolerance,
        roles_found=True,
        worst_radius=float(radii[np.argmax(deviation.max(axis=1))]),
        gate_form=roles.convention,
    )


def _opaque_gru(
    forward: Differentiator,
    handle: str,
    known: Sequence[int],
    states: Array,
    rng: np.random.Generator,
) -> ForwardFacts:
    """Recognise a gate by its form: each new state lies between the old one and (−1, 1).

    Far states make the share of the old state visible; it must depend on the input, and the
    Jacobian must be the same across radii.
    """
    d = states.shape[1]
    n = 4 * len(known)
    asked = [known[i % len(known)] for i in range(n)]
    points = rng.uniform(-0.5, 0.5, (n, d))
    unit = rng.integers(d, size=n)
    sign = rng.choice([-1.0, 1.0], n)
    points[np.arange(n), unit] = FAR * sign
    out = forward.steps(handle, asked, points)
    slack = 1e-9 * np.maximum(1.0, np.abs(points))
    lowest, highest = np.minimum(points, -1.0) - slack, np.maximum(points, 1.0) + slack
    between = bool(np.all((out >= lowest) & (out <= highest)))
    mixed = bool(np.std(out[np.arange(n), unit] * sign / FAR) > VARIES)
    agree, worst = _radii_agree(forward, handle, asked[:PER_RADIUS], states, rng)
    return ForwardFacts(
        recognised=between and mixed and agree,
        model="gate" if between and mixed else "",
        residual=0.0,
        tolerance=0.0,
        roles_found=False,
        radii_agree=agree,
        worst_radius=worst,
    )


def _radii_agree(
    forward: Differentiator,
    handle: str,
    asked: Sequence[int],
    states: Array,
    rng: np.random.Generator,
) -> tuple[bool, float]:
    """Compare central differences across radii: a smooth step changes them by O(radius²).

    A third derivative of ‖U‖³ and below, with ‖U‖ ≤ 8 at enlarged parameters, bounds the change
    between radius r and r / 10 along a unit direction by 8³ r² / 6; a Jacobian switched at some
    distance jumps by far more.
    """
    d = states.shape[1]
    centre = states[rng.integers(1, len(states), size=len(asked))]
    v = rng.standard_normal((len(asked), d))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    previous: Array | None = None
    for radius in RADII:
        plus = forward.steps(handle, asked, centre + radius * v)
        minus = forward.steps(handle, asked, centre - radius * v)
        slope = (plus - minus) / (2.0 * radius)
        if previous is not None:
            allowed = 8.0**3 * radius**2 / 6.0 + 1e-9 / radius * 1e-5
            if np.max(np.linalg.norm(slope - previous, axis=1)) > allowed:
                return False, radius
        previous = slope
    return True, 0.0


def examine_loss(
    calls: Calls, handle: str, sizes: Sequence[int], target: int, d: int, rng: np.random.Generator
) -> LossFacts:
    """Decide whether exp(−loss) sums to one over the targets and log-odds are affine in h.

    Parameters
    ----------
    sizes : sequence of int
        Sizes of axes of the parameters: one of them is the number of classes.
    """
    states = rng.uniform(-0.5, 0.5, (STATES_OF_LOSS, d))
    sums: dict[int, float] = {}
    for classes in sorted({size for size in sizes if target < size <= MAX_CLASSES}):
        rows = np.repeat(states[:1], classes, axis=0)
        try:
            values = calls.losses(handle, rows, list(range(classes)))
        except MisbehaviourError:
            continue
        with np.errstate(over="ignore"):
            sums[classes] = float(np.exp(-values).sum())
        if abs(sums[classes] - 1.0) <= SUM_TOLERANCE:
            return _affine(calls, handle, states, classes, sums[classes])
    if not sums:
        return LossFacts(reason="no_classes")
    closest = min(sums, key=lambda size: abs(sums[size] - 1.0))
    return LossFacts(
        reason="not_a_distribution",
        total_probability=sums[closest],
        tolerance=SUM_TOLERANCE,
        classes=closest,
    )


def _affine(calls: Calls, handle: str, states: Array, classes: int, total: float) -> LossFacts:
    """Check that log p_y − log p_0 is affine in h, by h₁, h₂, their sum and zero."""
    corners = np.array([states[1], states[2], states[1] + states[2], np.zeros(states.shape[1])])
    asked = sorted({0, 1, classes // 2, classes - 1})
    rows = np.repeat(corners, len(asked), axis=0)
    values = calls.losses(handle, rows, asked * len(corners)).reshape(len(corners), len(asked))
    odds = values[:, :1] - values
    residual = float(np.max(np.abs(odds[0] + odds[1] - odds[2] - odds[3])))
    smallest = float(np.exp(-values.max()))
    floor = abs(total - 1.0) / classes / smallest
    tolerance = (AFFINE_RELATIVE + 4.0 * floor) * max(1.0, float(np.abs(odds).max()))
    reason = "" if residual <= tolerance else "not_affine"
    return LossFacts(
        recognised=residual <= tolerance,
        reason=reason,
        total_probability=total,
        affine_residual=residual,
        tolerance=tolerance,
        classes=classes,
    )
