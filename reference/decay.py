"""How fast a gradient decays: every honest definition, working from log10 norms."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from reference.arrays import Array

DEFINITIONS: Mapping[str, str] = MappingProxyType(
    {
        "recorded_steps": "10·N/(T-1), N = log10(g_{T-1}/g_0): between first and last record",
        "sequence_length": "10·N/T: the same N spread over the sequence length",
        "to_head": "10·log10(g_T/g_0)/T: from the head gradient; also the mean of all tenth steps",
        "least_squares": "10 times the least-squares slope of log10 g_t over t = 0 … T-1",
        "ten_step_differences": "mean of log10 g_{t+10} - log10 g_t, t = 0, 10, … within T-1",
    }
)
"""Names of the definitions, in the order (a) to (e) of the submission contract."""


def orders_per_ten_steps(log10_norms: Array) -> dict[str, Array]:
    """Compute orders of magnitude of decay per ten steps by every definition.

    Parameters
    ----------
    log10_norms : ndarray, shape (..., T+1)
        log10 of g_0 … g_T, the head gradient last; T at least 11 (two recorded tenth steps).

    Returns
    -------
    dict of str to ndarray, shape (...)
        One entry per key of `DEFINITIONS`, in that order; positive where the gradient vanishes.

    Raises
    ------
    ValueError
        For fewer than twelve norms.
    """
    T = log10_norms.shape[-1] - 1
    if T < 11:
        raise ValueError(f"decay per ten steps needs g_0 … g_11 or more; got {T + 1} norms")
    recorded = log10_norms[..., :-1]
    total = recorded[..., -1] - recorded[..., 0]
    tenth = recorded[..., ::10]
    orders = (
        10 * total / (T - 1),
        10 * total / T,
        10 * (log10_norms[..., -1] - log10_norms[..., 0]) / T,
        10 * least_squares_slope(recorded),
        (tenth[..., -1] - tenth[..., 0]) / (tenth.shape[-1] - 1),
    )
    return dict(zip(DEFINITIONS, orders, strict=True))


def total_orders(log10_norms: Array) -> Array:
    """Return log10(g_{T-1}/g_0), shape (...), from log10 norms g_0 … g_T, shape (..., T+1)."""
    return np.asarray(log10_norms[..., -2] - log10_norms[..., 0])


def least_squares_slope(log10_norms: Array) -> Array:
    """Fit a line to log10 g_t over t.

    Parameters
    ----------
    log10_norms : ndarray, shape (..., n)
        log10 norms at consecutive steps, n at least 2.

    Returns
    -------
    ndarray, shape (...)
        Slope in orders of magnitude per step.
    """
    n = log10_norms.shape[-1]
    t = np.arange(n) - (n - 1) / 2
    return np.asarray(log10_norms @ t / (t @ t))


def spectral_radius(W: Array) -> Array:
    """Return the largest modulus of an eigenvalue, shape (...), of matrices (..., d, d)."""
    return np.asarray(np.abs(np.linalg.eigvals(W)).max(axis=-1))


def predicted_rnn(rho: Array | float, mean_slope: Array | float) -> Array:
    """Predict the decay of a vanilla RNN in orders of magnitude per step.

    Parameters
    ----------
    rho : ndarray or float
        Spectral radius of W_hh.
    mean_slope : ndarray or float
        Mean of tanh' = 1 - h_t² over steps and units.

    Returns
    -------
    ndarray
        -log10(rho · mean_slope): the rate of a long product of Jacobians diag(1 - h²) W_hh.

    Source
    ------
    Pascanu, Mikolov, Bengio 2013 (arXiv:1211.5063), section 2.1.
    """
    return np.asarray(-np.log10(np.multiply(rho, mean_slope)))


def predicted_gru(mean_new: Array | float) -> Array:
    """Predict the decay of a GRU in orders of magnitude per step.

    Parameters
    ----------
    mean_new : ndarray or float
        Mean over steps and units of what weighs the candidate: z in h = (1-z)·h' + z·h̃, and
        1 - z in the other convention.

    Returns
    -------
    ndarray
        -log10(1 - mean_new): the additive path alone.
    """
    return np.asarray(-np.log10(np.subtract(1.0, mean_new)))
