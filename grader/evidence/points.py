"""The gradient at one place: the student's dh against differences of step and loss.

Every error is relative, per t, and never escapes through an absolute term, so a gradient of zero
is wrong at 1e-46 as it is at 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from grader import oracle
from grader.evidence.differences import DIRECTIONS, Derivatives, Differentiator, Head
from grader.facts import Array, PointFacts
from grader.tolerances import RECORDED_RELATIVE, roundoff_of, step_rounding

SMALLEST = float(np.finfo(np.float64).smallest_subnormal)
LOWEST = float(np.log10(np.finfo(np.float64).tiny))
"""log10 of the smallest normal float64: below it digits are lost, and zero may be right."""

HOT_RECURRENT = 0.35
HOT_OTHER = 0.8
HOT_BIAS = 1.0
"""Standard deviations of enlarged parameters: every known mistake then errs by 12 % or more."""

MOST_BIASES = 8
"""A vector longer than this many times d holds weights and not biases."""

WIDTH = 32
"""Hidden size for which the enlarged spread is meant; others are scaled by √(32/d)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Parameters (by their handle in both children) and a sequence to differentiate at."""

    label: Literal["declared", "hidden", "hot"]
    handle: str
    seed: int
    tokens: Sequence[int]
    target: int
    start: Array
    scale: float = 1.0
    loss_floor: float = 0.0


def log10_norms(vectors: Array) -> Array:
    """Return log10 ‖v‖₂ along the last axis, −inf for zero; squares are kept from underflowing."""
    largest = np.max(np.abs(vectors), axis=-1, keepdims=True)
    safe = np.where(largest > 0, largest, 1.0)
    with np.errstate(divide="ignore"):
        scaled = np.log10(np.linalg.norm(vectors / safe, axis=-1))
        return np.asarray(scaled + np.log10(safe[..., 0]))


def hot_arrays(
    arrays: Mapping[str, Array], d: int, shrink: float, rng: np.random.Generator
) -> dict[str, Array]:
    """Enlarge opaque parameters: matrices by common factors, noise on vectors.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        The floating arrays of `init_params`, any names, any layout.
    d : int
        Hidden size: an array whose last two sizes are both multiples of d counts as recurrent.
    shrink : float
        Common factor on all enlarged sizes; below 1 where full size overflows.
    """
    recurrent = min(HOT_RECURRENT * float(np.sqrt(WIDTH / d)), HOT_OTHER) * shrink
    hot: dict[str, Array] = {}
    for name, value in arrays.items():
        spread = float(value.std()) if value.size else 0.0
        if value.size > MOST_BIASES * d or (value.ndim >= 2 and spread > 0):
            square = value.ndim >= 2 and all(size % d == 0 for size in value.shape[-2:])
            wanted = recurrent if square else HOT_OTHER * shrink
            hot[name] = value * (wanted / spread) if spread > 0 else np.array(value)
        elif value.size > 1:
            # Drawn anew: noise on a bias of −8 would leave its gate shut and hide what is behind.
            hot[name] = rng.normal(0.0, HOT_BIAS * shrink, value.shape)
        else:
            hot[name] = np.array(value)
    return hot


def evenly_enlarged(arrays: Mapping[str, Array], factor: float) -> dict[str, Array]:
    """Enlarge every matrix by one factor: copies of a weight in two arrays stay equal."""
    return {
        name: value * factor if value.ndim >= 2 else np.array(value)
        for name, value in arrays.items()
    }


def _relative(difference: Array, reference: Array) -> Array:
    """Return ‖difference‖ / ‖reference‖ row by row; 0 / 0 is 0, anything else over 0 is inf."""
    top, bottom = log10_norms(difference), log10_norms(reference)
    with np.errstate(invalid="ignore", over="ignore"):
        ratio = 10.0 ** (top - bottom)
    return np.where(np.isneginf(top), 0.0, ratio)


def declared_point(
    place: Place, forward: Differentiator, dh: Array, states: Array
) -> tuple[PointFacts, Derivatives]:
    """Compare dh with full Jacobians and the chained gradient at the declared parameters.

    Parameters
    ----------
    dh : ndarray, shape (T+1, d)
        What `bptt` returned for these parameters.
    states : ndarray, shape (T+1, d)
        h_0 … h_T by `step`.

    Returns
    -------
    facts : PointFacts
    derivatives : Derivatives
        `value[t-1, j, i]` = ∂h_t[i]/∂h_{t-1}[j], for whoever wants to look at the matrices.
    """
    d = states.shape[1]
    eps = max(roundoff_of(dh), roundoff_of(states))
    head = forward.head(place.handle, states[-1], place.target)
    parts = forward.jacobians(place.handle, place.tokens, states[:-1])
    J = np.swapaxes(parts.value, 1, 2)
    J_norm = np.linalg.norm(J, axis=(1, 2))
    J_error = np.linalg.norm(parts.error, axis=(1, 2)) + step_rounding(d, eps) * J_norm
    truth = _likely_head(head, place.loss_floor, dh[-1])
    head_tolerance = _head_tolerance(head, eps)
    chain = oracle.chain(J, truth)
    residual, ratio = _step_residuals(dh, J)
    head_error = head_tolerance * float(np.linalg.norm(head.value))
    bound = oracle.chain_error(J, J_error, chain, head_error)
    error = _chain_errors(dh, chain)
    facts = PointFacts(
        label=place.label,
        seed=place.seed,
        length=len(place.tokens),
        scale=place.scale,
        head_error=float(_relative(dh[-1:] - truth, truth[None])[0]),
        head_tolerance=head_tolerance,
        head_sign=float(np.sign(dh[-1] @ truth)),
        step_error=residual,
        step_tolerance=_with_floor(J_error * ratio, dh, chain.log10_norm[:-1]),
        log10_student=log10_norms(dh),
        chain_error=error,
        chain_tolerance=np.where(chain.log10_norm < LOWEST, np.inf, bound),
        log10_numeric=chain.log10_norm,
        amplification=float(np.max(oracle.amplification(J, chain))),
        method=parts.method,
    )
    return facts, parts


def _head_tolerance(head: Head, eps: float) -> float:
    """Return the relative error dh[T] may have: that of the differences, and roundoff."""
    norm = float(np.linalg.norm(head.value))
    if norm == 0:
        return 0.0
    return float(np.linalg.norm(head.error)) / norm + step_rounding(head.value.size, eps)


def _likely_head(head: Head, floor: float, given: Array) -> Array:
    """Return the head gradient that dh[T] is to be held to, shape (d,).

    With log(p + ε) in the loss its gradient is p / (p + ε) times that of log p; code that derives
    softmax − onehot by hand has the latter. Either is right, nothing between them is.
    """
    plain = head.value * (1.0 + floor / max(head.probability, SMALLEST))
    nearer = np.linalg.norm(given - plain) < np.linalg.norm(given - head.value)
    return plain if nearer else head.value


def _ratio(dh: Array) -> Array:
    """Return ‖dh[t]‖ / ‖dh[t-1]‖ for t = 1 … T; 0 beside a zero, which no tolerance excuses."""
    norms = log10_norms(dh)
    nothing = np.isneginf(norms[1:]) | np.isneginf(norms[:-1])
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(nothing, 0.0, 10.0 ** (norms[1:] - norms[:-1]))


def _step_residuals(dh: Array, J: Array) -> tuple[Array, Array]:
    """Return ‖J_tᵀ dh[t] − dh[t-1]‖ / ‖dh[t-1]‖ for t = 1 … T, and ‖dh[t]‖ / ‖dh[t-1]‖.

    dh[t] is scaled to size 1 first, so that neither underflows in the product.
    """
    size = np.max(np.abs(dh[1:]), axis=1, keepdims=True)
    safe = np.where(size > 0, size, 1.0)
    back = np.einsum("tij,ti->tj", J, dh[1:] / safe)
    with np.errstate(over="ignore"):
        given = dh[:-1] / safe
    return _relative(back - given, given), _ratio(dh)


def _with_floor(tolerance: Array, dh: Array, expected: Array) -> Array:
    """Add what numbers near the smallest of float64 lose: half a subnormal unit per component.

    `expected` is log10 of the norm that dh[t-1] should have; a zero is right where that is below
    the normal range, and nowhere else.
    """
    norms = log10_norms(dh[:-1])
    with np.errstate(over="ignore", divide="ignore"):
        lost = np.where(norms < LOWEST + 2, SMALLEST * dh.shape[1] / 10.0**norms, 0.0)
    underflowed = np.isneginf(norms) & (expected < LOWEST)
    zero_lost = np.where(np.isneginf(norms), 0.0, np.nan_to_num(lost, posinf=0.0))
    return np.asarray(np.where(underflowed, np.inf, tolerance + zero_lost))


def _chain_errors(dh: Array, chain: oracle.Chain) -> Array:
    """Return ‖dh[t] − λ_t‖ / ‖λ_t‖ for t = 0 … T, at any magnitude."""
    norms = log10_norms(dh)
    size = np.max(np.abs(dh), axis=1, keepdims=True)
    safe = np.where(size > 0, size, 1.0)
    shift = np.log10(safe[:, 0]) - chain.log10_norm
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (dh / safe) * (10.0**shift)[:, None]
    scaled = np.where(np.isneginf(norms)[:, None], 0.0, scaled)
    return np.asarray(np.linalg.norm(scaled - chain.unit, axis=1))


def directional_point(
    place: Place, forward: Differentiator, dh: Array, states: Array, rng: np.random.Generator
) -> PointFacts:
    """Compare dh with directional derivatives: dh[t-1]·v = dh[t]·(∂step·v) for random v.

    Errors are those of ‖J_tᵀ dh[t] − dh[t-1]‖ / ‖dh[t-1]‖ as estimated from `DIRECTIONS`
    directions.
    """
    d, T = states.shape[1], len(place.tokens)
    eps = max(roundoff_of(dh), roundoff_of(states))
    head = forward.head(place.handle, states[-1], place.target)
    truth = _likely_head(head, place.loss_floor, dh[-1])
    v = rng.standard_normal((T, DIRECTIONS, d))
    parts = forward.along(place.handle, place.tokens, states[:-1], v)
    size = np.max(np.abs(dh[1:]), axis=1, keepdims=True)
    unit = dh[1:] / np.where(size > 0, size, 1.0)
    with np.errstate(over="ignore"):
        given = dh[:-1] / np.where(size > 0, size, 1.0)
    found = np.einsum("td,tmd->tm", given, v)
    wanted = np.einsum("td,tmd->tm", unit, parts.value)
    unit_norm = np.linalg.norm(unit, axis=1)[:, None]
    slack = np.einsum("td,tmd->tm", np.abs(unit), parts.error)
    slack += step_rounding(d, eps) * (
        unit_norm * np.linalg.norm(parts.value, axis=2)
        + np.linalg.norm(given, axis=1)[:, None] * np.linalg.norm(v, axis=2)
    )
    scale = np.linalg.norm(given, axis=1)
    expected = log10_norms(wanted[:, None, :])[:, 0] + log10_norms(dh[1:])
    # For v of standard normals, E (δ·v)² = ‖δ‖²: the root mean square over v estimates ‖δ‖.
    error = np.sqrt(np.mean((found - wanted) ** 2, axis=1))
    tolerance = np.sqrt(np.mean(slack**2, axis=1))
    return PointFacts(
        label=place.label,
        seed=place.seed,
        length=T,
        scale=place.scale,
        head_error=float(_relative(dh[-1:] - truth, truth[None])[0]),
        head_tolerance=_head_tolerance(head, eps),
        head_sign=float(np.sign(dh[-1] @ truth)),
        step_error=_over(error, scale),
        step_tolerance=_with_floor(np.where(scale > 0, _over(tolerance, scale), 0.0), dh, expected),
        log10_student=log10_norms(dh),
        method=parts.method,
    )


def _over(top: Array, bottom: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(top == 0, 0.0, top / bottom)


def wrong_labels(points: Iterable[PointFacts]) -> set[str]:
    """Return the labels of the points at which the gradient is wrong."""
    return {
        point.label
        for point in points
        if not np.all(point.step_error <= point.step_tolerance)
        or point.head_error > point.head_tolerance
    }


def eased(point: PointFacts) -> PointFacts:
    """Return a point judged by what differences of the student's own may err by.

    A gradient from differences is off by a truncation and a roundoff nobody can tell from outside;
    it is held to what is held of recorded numbers, which is below every mistake known.
    """
    chain = point.chain_tolerance
    if chain is not None:
        chain = np.maximum(chain, RECORDED_RELATIVE * max(point.amplification, 1.0))
    return replace(
        point,
        head_tolerance=max(point.head_tolerance, RECORDED_RELATIVE),
        step_tolerance=np.maximum(point.step_tolerance, RECORDED_RELATIVE),
        chain_tolerance=chain,
    )
