"""Derivatives of one opaque step, from points to evaluate and the values found there.

Every oracle comes as a pair, ``…_points`` and a function of the values, so that the step itself may
run elsewhere. Directions are rows: with ``np.eye(d)`` the derivative's axes are (input, output),
and the Jacobian dh_t/dh_{t-1} is its transpose.

Error model. A central difference of radius r errs by a series in r². Each further level halves r
and cancels one more term; the error left is smaller than the difference between the last two
extrapolants. Roundoff adds, for each value v, eps·(|v| + |J|): the rounding of the value and, the
states being of order one, that of the point it was taken at, weighted by the extrapolation's
coefficients over the radius. A gated cell multiplies the state by 1 - z, and near z = 1 rounds by
eps times a state of order one, however small v and J are: ``cancelling=1`` allows for that.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from reference.arrays import Array

DOUBLE_EPS = float(np.finfo(np.float64).eps)
LADDER: Array = 2.0 ** -np.arange(1, 17)
"""Radii 0.5, 0.25, … 1.5e-5: powers of two, which divide out without rounding."""


def central_points(states: Array, directions: Array, radius: Array, levels: int = 3) -> Array:
    """List the points that central differences need.

    Parameters
    ----------
    states : ndarray, shape (T, d)
        Where to differentiate.
    directions : ndarray, shape (m, d) or (T, m, d)
        Directions v_j, the same for every state or its own.
    radius : ndarray, shape (T,)
        The largest radius for each state.
    levels : int
        How many radii, each half the one before.

    Returns
    -------
    ndarray, shape (T, levels, 2, m, d)
        states ± radius / 2**k · v_j, plus first.
    """
    return _two_sided(states, directions, np.asarray(radius)[:, None] * _halvings(levels))


def ladder_points(states: Array, directions: Array, ladder: Array = LADDER) -> Array:
    """List the points from which `choose_radius` judges.

    Parameters
    ----------
    states : ndarray, shape (T, d)
        Where a radius is to be chosen.
    directions : ndarray, shape (m, d) or (T, m, d)
        A few directions, best random ones of norm one.
    ladder : ndarray, shape (R,)
        Radii, each half the one before.

    Returns
    -------
    ndarray, shape (T, R, 2, m, d)
        states ± ladder_k · v_j, plus first.
    """
    return _two_sided(states, directions, np.broadcast_to(ladder, (len(states), len(ladder))))


def central(
    values: Array, radius: Array, eps: float = DOUBLE_EPS, cancelling: float = 0.0
) -> tuple[Array, Array]:
    """Differentiate by the plain central difference of the smallest radius.

    Parameters
    ----------
    values : ndarray, shape (T, levels, 2, m, d_out)
        The step at `central_points`, two levels or more.
    radius : ndarray, shape (T,)
        The largest radius for each state.
    eps : float
        Relative rounding of the values.
    cancelling : float
        Size of what may cancel inside the step: 1 for a GRU, 0 for a vanilla RNN.

    Returns
    -------
    derivative, error : ndarray, shape (T, m, d_out)
        Directional derivatives; |D_h - D_2h| / 3 plus the roundoff floor.
    """
    slopes = _slopes(values, radius)
    last = slopes[:, -1]
    smallest = np.asarray(radius) / 2 ** (values.shape[1] - 1)
    floor = eps * _gain(values[:, -1:], smallest, last, cancelling)
    return last, np.abs(last - slopes[:, -2]) / 3 + floor


def richardson(
    values: Array, radius: Array, eps: float = DOUBLE_EPS, cancelling: float = 0.0
) -> tuple[Array, Array]:
    """Differentiate by Richardson extrapolation of central differences.

    Parameters
    ----------
    values : ndarray, shape (T, levels, 2, m, d_out)
        The step at `central_points`, two levels or more; d_out may be 1 for a loss.
    radius : ndarray, shape (T,)
        The largest radius for each state.
    eps : float
        Relative rounding of the values: 2.2e-16, or 1.2e-7 where the step computes in float32.
    cancelling : float
        Size of what may cancel inside the step: 1 for a GRU, 0 for a vanilla RNN.

    Returns
    -------
    derivative, error : ndarray, shape (T, m, d_out)
        Directional derivatives; the difference of the last two extrapolants plus the roundoff
        floor.

    Raises
    ------
    ValueError
        For fewer than two levels, which leave nothing to compare.

    Source
    ------
    Richardson 1911; Stoer and Bulirsch, Introduction to Numerical Analysis, section 3.4.
    """
    levels = values.shape[1]
    if levels < 2:
        raise ValueError("Richardson extrapolation needs two radii or more")
    slopes = _slopes(values, radius)
    derivative = np.tensordot(slopes, _weights(levels), (1, 0))
    previous = np.tensordot(slopes[:, 1:], _weights(levels - 1), (1, 0))
    floor = eps * _gain(values, radius, derivative, cancelling)
    return derivative, np.abs(derivative - previous) + floor


def choose_radius(
    values: Array,
    ladder: Array = LADDER,
    levels: int = 3,
    eps: float = DOUBLE_EPS,
    cancelling: float = 0.0,
) -> Array:
    """Choose for each state the radius whose estimated truncation plus roundoff is least.

    Parameters
    ----------
    values : ndarray, shape (T, R, 2, m, d_out)
        The step at `ladder_points`.
    ladder : ndarray, shape (R,)
        The radii, each half the one before.
    levels : int
        How many radii the extrapolation will use; consecutive rungs stand for them.
    eps : float
        Relative rounding of the values.
    cancelling : float
        Size of what may cancel inside the step: 1 for a GRU, 0 for a vanilla RNN.

    Returns
    -------
    ndarray, shape (T,)
        The largest radius of the best run of ``levels`` rungs. Values that are not finite rule
        their rungs out.
    """
    costs = []
    for first in range(len(ladder) - levels + 1):
        radius = np.full(len(values), ladder[first])
        with np.errstate(invalid="ignore"):  # inf - inf at a rung that is ruled out below
            _, error = richardson(values[:, first : first + levels], radius, eps, cancelling)
        costs.append(np.sqrt(np.mean(error**2, axis=(1, 2))))
    ranked = np.where(np.isfinite(costs), costs, np.inf)
    return np.asarray(ladder[np.argmin(ranked, axis=0)])


def complex_points(states: Array, directions: Array, h: float = 1e-20) -> Array:
    """List the points of a complex step.

    Parameters
    ----------
    states : ndarray, shape (T, d)
        Where to differentiate.
    directions : ndarray, shape (m, d) or (T, m, d)
        Directions v_j.
    h : float
        Length of the imaginary step; h·J must not underflow.

    Returns
    -------
    ndarray of complex, shape (T, m, d)
        states + i h v_j.
    """
    return np.asarray(states[:, None, :] + 1j * h * directions)


def complex_derivative(values: Array, h: float = 1e-20) -> Array:
    """Differentiate by the complex step: no subtraction, so no cancellation.

    Parameters
    ----------
    values : ndarray of complex, shape (T, m, d_out)
        The step at `complex_points`.
    h : float
        Length of the imaginary step.

    Returns
    -------
    ndarray, shape (T, m, d_out)
        Directional derivatives. Wrong without warning where the step casts, takes real parts or
        absolute values: believe them only where `complex_agrees`.

    Source
    ------
    Squire and Trapp 1998, SIAM Review 40(1), eq. 6.
    """
    return np.asarray(values.imag / h)


def complex_agrees(exact: Array, derivative: Array, error: Array) -> Array:
    """Tell at which states a complex step agrees with finite differences.

    Parameters
    ----------
    exact : ndarray, shape (T, m, d_out)
        From `complex_derivative`.
    derivative, error : ndarray, shape (T, m, d_out)
        From `richardson` or `central` for the same states and directions.

    Returns
    -------
    ndarray of bool, shape (T,)
        True where they differ in Frobenius norm by no more than the estimated error: the estimate
        bounds every entry, and so the norm. A derivative below that error agrees with zero, and
        finite differences can't tell more.
    """
    return np.asarray(frobenius(exact - derivative) <= frobenius(error))


def frobenius(matrices: Array) -> Array:
    """Return the Frobenius norms, shape (T,), of matrices (T, m, n), safe from underflow."""
    largest = np.abs(matrices).max(axis=(1, 2))
    divisor = np.where(largest > 0, largest, 1)
    return np.asarray(
        divisor * np.sqrt(np.sum((matrices / divisor[:, None, None]) ** 2, axis=(1, 2)))
    )


def _two_sided(states: Array, directions: Array, radii: Array) -> Array:
    offsets = radii[:, :, None, None] * (
        directions[:, None] if directions.ndim == 3 else directions
    )
    centre = states[:, None, None, :]
    return np.stack((centre + offsets, centre - offsets), axis=2)


def _halvings(levels: int) -> Array:
    return np.asarray(0.5 ** np.arange(levels))


def _slopes(values: Array, radius: Array) -> Array:
    """Return central differences, shape (T, levels, m, d_out), in double or better."""
    levels = values.shape[1]
    width = 2 * np.asarray(radius)[:, None] * _halvings(levels)
    rise = np.subtract(values[:, :, 0], values[:, :, 1], dtype=np.result_type(values, float))
    return np.asarray(rise / width[..., None, None])


@lru_cache(maxsize=32)
def _weights(levels: int) -> Array:
    """Return the weights that extrapolate differences at radii r / 2**k to radius zero."""
    x = 0.25 ** np.arange(levels)
    found = [np.prod(np.delete(x, k) / (np.delete(x, k) - x[k])) for k in range(levels)]
    weights = np.array(found)
    weights.flags.writeable = False  # every caller gets the same array
    return weights


def _gain(values: Array, radius: Array, derivative: Array, cancelling: float) -> Array:
    """Bound what a relative rounding of values and points does to the derivative, per eps."""
    levels = values.shape[1]
    gain = float(np.sum(np.abs(_weights(levels)) * 2.0 ** np.arange(levels)))
    # The largest output speaks for all: an output near zero may come from terms that are not.
    size = np.abs(values).max(axis=(1, 2, 4))[..., None] + np.abs(derivative) + cancelling
    return np.asarray(gain * size / np.asarray(radius)[:, None, None])
