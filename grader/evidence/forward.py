"""The forward pass: a tanh RNN or a GRU, everywhere.

A gradient can only be right for the forward pass it belongs to, and a `step` may be exact on its
own trajectory and have another Jacobian beside it. So the forward pass is rebuilt from what was
measured, and must equal `step` at states near and far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from grader.evidence.calls import MisbehaviourError
from grader.evidence.differences import Differentiator, together
from grader.evidence.points import Place
from grader.evidence.roles import GruRoles, find_gru
from grader.evidence.surroundings import PER_RADIUS, RADII, ask_around, distance
from grader.evidence.tanh_rnn import LEAST_SLOPE
from grader.facts import Array, ForwardFacts
from grader.tolerances import roundoff_of

TOKENS = 6
FAR = 1e4
"""Size of a far state: there the candidate, below 1, no longer hides the old state's share."""

VARIES = 10.0 / FAR
"""Least spread of the old state's share that shows a gate, ten times what candidates can feign."""

SAMPLES = 6
UNITS = 8


def recurrent_matrix(parts_value: Array, states: Array) -> Array:
    """Return W_hh, (d, d), from the Jacobians of a tanh RNN; rows of NaN where saturation hides it.

    Parameters
    ----------
    parts_value : ndarray, shape (T, d, d)
        `value[t-1, j, i]` = ∂h_t[i]/∂h_{t-1}[j] = (1 − h_t[i]²) W[i, j].
    states : ndarray, shape (T+1, d)
    """
    slope = 1.0 - states[1:] ** 2
    best = np.argmax(slope, axis=0)
    unit = np.arange(states.shape[1])
    passed = slope[best, unit]
    told = np.where(passed > LEAST_SLOPE, passed, np.nan)
    return np.asarray(parts_value[best, :, unit] / told[:, None])


def candidate_share(J: Array, z: Array | None, *, exact: bool) -> Array:
    """Return what weighs the candidate at each step, shape (T, d), as well as it can be told.

    Parameters
    ----------
    J : ndarray, shape (T, d, d)
        One-step Jacobians: 1 − ∂h_t[i]/∂h_{t-1}[i] is the share but for small terms.
    z : ndarray, shape (T, d), or None
        The share itself where `exact`, else a gate in the student's own convention: the Jacobians
        tell whether it weighs the candidate or the old state.
    """
    measured = 1.0 - np.einsum("tii->ti", J)
    if z is None:
        return np.asarray(measured)
    middle = measured.mean()
    mirrored = not exact and abs(1.0 - z.mean() - middle) < abs(z.mean() - middle)
    return 1.0 - z if mirrored else z


def with_sizes(facts: ForwardFacts, W: Array) -> ForwardFacts:
    """Add the sizes of W_hh a write-up may quote: spectral radius, 2-norm, Frobenius norm, std."""
    if not np.isfinite(W).all():
        return facts
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
    ask_around(forward, place.handle, list(dict.fromkeys(place.tokens)), states, rng)
    tokens, points, seen = together(forward.asked[place.handle])
    deviation = np.abs(seen - roles.predict(arrays, tokens, points))
    worst = int(np.argmax(deviation.max(axis=1)))
    tolerance = 64.0 * roundoff_of(seen) * states.shape[1]
    return ForwardFacts(
        recognised=bool(deviation.max() <= tolerance) and roles.reset != "none",
        model="gru" if roles.reset != "none" else "gru without reset gate",
        residual=float(deviation.max()),
        tolerance=tolerance,
        roles_found=True,
        worst_radius=distance(points[worst], states),
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
    d, n = states.shape[1], SAMPLES * len(known)
    between, spread = True, 0.0
    for unit in rng.choice(d, size=min(d, UNITS), replace=False):
        asked = [known[i % len(known)] for i in range(n)]
        points = rng.uniform(-0.5, 0.5, (n, d))
        points[:, unit] = FAR * np.where(np.arange(n) % 2, 1.0, -1.0)
        out = forward.steps(handle, asked, points)
        slack = 1e-9 * np.maximum(1.0, np.abs(points))
        lowest, highest = np.minimum(points, -1.0) - slack, np.maximum(points, 1.0) + slack
        between &= bool(np.all((out >= lowest) & (out <= highest)))
        # Within one unit: a rate of its own that nothing moves is a leak and no gate.
        spread = max(spread, float(np.std(out[:, unit] / points[:, unit])))
    mixed = spread > VARIES
    asked = [known[i % len(known)] for i in range(PER_RADIUS)]
    agree, worst = _radii_agree(forward, handle, asked, states, rng)
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
            # The smaller radius, a tenth, leaves the larger roundoff.
            roundoff = 16.0 * roundoff_of(plus) * np.sqrt(d) / (0.1 * radius)
            allowed = 8.0**3 * radius**2 / 6.0 + roundoff
            if np.max(np.linalg.norm(slope - previous, axis=1)) > allowed:
                return False, radius
        previous = slope
    return True, 0.0
