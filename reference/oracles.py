"""Oracles for a step or loss that can be called here and now; naive whole-loss methods too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reference.arrays import Array
from reference.differentiate import (
    DOUBLE_EPS,
    central,
    central_points,
    choose_radius,
    complex_derivative,
    complex_points,
    frobenius,
    ladder_points,
    richardson,
)

Method = Literal["richardson", "central", "complex"]
Step = Callable[[int, Array], Array]
"""``step(t, h)``: rows h_{t-1}, shape (m, d), to rows h_t, shape (m, d_out), for t = 1 … T."""

LossFrom = Callable[[int, Array], Array]
"""``loss_from(t, h)``: rows h_t, shape (m, d), to the losses, shape (m,), for t = 0 … T."""

CENTRAL_RADIUS = 6e-6
"""eps**(1/3): where truncation and roundoff of a plain central difference meet."""

PROBES = 4
"""Random directions per state from which a radius is chosen."""


@dataclass(frozen=True)
class Jacobians:
    """One-step Jacobians and bounds on their errors.

    Parameters
    ----------
    values : ndarray, shape (T, d_out, d)
        J_t = dh_t/dh_{t-1} at index t-1.
    error : ndarray, shape (T,)
        Estimated bounds on the Frobenius norms of their errors.
    """

    values: Array
    error: Array


def evaluate(function: Step, points: Array, first: int = 1) -> Array:
    """Call a function of (t, rows) on points (T, ..., d), t counting from ``first``.

    Returns
    -------
    ndarray, shape (T, ..., d_out)
        The values; d_out is 1 where the function returns one number per row.
    """
    T, *middle, d = points.shape
    rows = points.reshape(T, -1, d)
    values = np.stack([function(t, row) for t, row in enumerate(rows, start=first)])
    return np.asarray(values.reshape(T, *middle, -1))


def one_step_jacobians(
    step: Step, states: Array, method: Method = "richardson", cancelling: float = 0.0
) -> Jacobians:
    """Differentiate each step at the state it started from.

    Parameters
    ----------
    step : callable
        See `Step`.
    states : ndarray, shape (T, d)
        h_0 … h_{T-1}.
    method : {"richardson", "central", "complex"}
        Extrapolated differences with a radius chosen per step, plain central differences at
        `CENTRAL_RADIUS`, or the complex step.
    cancelling : float
        Size of what may cancel inside the step: 1 for a GRU, 0 for a vanilla RNN.

    Returns
    -------
    Jacobians
        With the method's own error estimate. That of the complex step covers the rounding of an
        accurate derivative; it says nothing of a step that is not analytic.
    """
    identity = np.eye(states.shape[1])
    if method == "complex":
        exact = complex_derivative(evaluate(step, complex_points(states, identity)))
        # No truncation at h = 1e-20: only the rounding of the analytic step itself is left.
        own = states.shape[1] * DOUBLE_EPS * (frobenius(exact) + cancelling)
        return Jacobians(np.swapaxes(exact, 1, 2), own)
    if method == "central":
        radius = np.full(len(states), 2 * CENTRAL_RADIUS)
        values = evaluate(step, central_points(states, identity, radius, levels=2))
        derivative, error = central(values, radius, cancelling=cancelling)
    else:
        radius = radius_for(step, states, cancelling)
        values = evaluate(step, central_points(states, identity, radius))
        derivative, error = richardson(values, radius, cancelling=cancelling)
    return Jacobians(np.swapaxes(derivative, 1, 2), frobenius(error))


def radius_for(step: Step, states: Array, cancelling: float = 0.0) -> Array:
    """Choose a radius for each step, shape (T,), from four random directions of norm one."""
    directions = np.random.default_rng(0).standard_normal((PROBES, states.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    values = evaluate(step, ladder_points(states, directions))
    return choose_radius(values, cancelling=cancelling)


def head_by_differences(loss: Callable[[Array], Array], h_T: Array) -> tuple[Array, float]:
    """Differentiate the loss with respect to the last state, by differences alone.

    Parameters
    ----------
    loss : callable
        Rows h_T, shape (m, d), to losses, shape (m,).
    h_T : ndarray, shape (d,)
        The last state.

    Returns
    -------
    gradient : ndarray, shape (d,)
        dL/dh_T by Richardson extrapolation.
    error : float
        Estimated bound on the Euclidean norm of its error.
    """
    found = one_step_jacobians(lambda _, h: loss(h), h_T[None])
    return found.values[0, 0], float(found.error[0])


def full_loss_sweep(loss_from: LossFrom, states: Array, h: float = 1e-5) -> Array:
    """Differentiate the whole loss by central differences: the naive method, for comparison.

    Parameters
    ----------
    loss_from : callable
        See `LossFrom`.
    states : ndarray, shape (T+1, d)
        h_0 … h_T.
    h : float
        Radius.

    Returns
    -------
    ndarray, shape (T+1, d)
        dL/dh_t, with an absolute error near eps·L/h whatever the gradient: where it has vanished
        below that, nothing of it is left.
    """
    offsets = h * np.eye(states.shape[1])
    points = states[:, None, None, :] + np.stack((offsets, -offsets))
    values = evaluate(loss_from, points, first=0)[..., 0]
    return np.asarray((values[:, 0] - values[:, 1]) / (2 * h))


def full_loss_complex(loss_from: LossFrom, states: Array, h: float = 1e-20) -> Array:
    """Differentiate the whole loss by complex steps.

    Parameters
    ----------
    loss_from : callable
        See `LossFrom`; analytic.
    states : ndarray, shape (T+1, d)
        h_0 … h_T.
    h : float
        Length of the imaginary step; h·dL/dh_t must not underflow.

    Returns
    -------
    ndarray, shape (T+1, d)
        dL/dh_t.
    """
    points = complex_points(states, np.eye(states.shape[1]), h)
    return complex_derivative(evaluate(loss_from, points, first=0), h)[..., 0]
