"""From one-step Jacobians to dL/dh_t, and how far errors in the Jacobians can carry.

All sizes are kept as logarithms: at 1e-290 the products of norms underflow long before the
quotients that matter.
"""

from __future__ import annotations

import numpy as np

from reference.arrays import Array, Chain, normalise, rescale
from reference.differentiate import DOUBLE_EPS, frobenius


def chain(jacobians: Array, head: Array) -> Chain:
    """Carry the head gradient back: lambda_{t-1} = J_t^T lambda_t, rescaled at every step.

    Parameters
    ----------
    jacobians : ndarray, shape (T, d, d)
        J_t = dh_t/dh_{t-1} at index t-1; rows are outputs.
    head : ndarray, shape (d,)
        dL/dh_T.

    Returns
    -------
    Chain
        dL/dh_t for t = 0 … T.
    """
    T = len(jacobians)
    scaled = np.empty((T + 1, *head.shape), np.result_type(jacobians, head))
    exponents = np.zeros(T + 1, dtype=np.int64)
    scaled[T], exponents[T] = rescale(head)
    for t in range(T - 1, -1, -1):
        scaled[t], change = rescale(scaled[t + 1] @ jacobians[t])
        exponents[t] = exponents[t + 1] + change
    return normalise(scaled, exponents)


def chain_error(
    jacobians: Array, jacobian_error: Array, gradient: Chain, head_error: float
) -> Array:
    """Bound the relative error of each lambda_t of a chain, to first order in the errors.

    Parameters
    ----------
    jacobians : ndarray, shape (T, d, d)
        The Jacobians of the chain.
    jacobian_error : ndarray, shape (T,)
        Bounds on the Frobenius norms of their errors.
    gradient : Chain
        What `chain` made of them.
    head_error : float
        Bound on the Euclidean norm of the head gradient's error.

    Returns
    -------
    ndarray, shape (T+1,)
        Bounds on ‖error of lambda_t‖ / ‖lambda_t‖; ``inf`` where lambda_t is zero. An error in
        J_s reaches lambda_t through the steps between them, so that the bound is
        ( sum over s > t of ‖J_{s-1} … J_{t+1}‖ ‖dJ_s‖ ‖lambda_s‖
        + ‖J_T … J_{t+1}‖ ‖dlambda_T‖ ) / ‖lambda_t‖,
        with ‖dJ_s‖ enlarged by the rounding of the chain's own products, d·eps·‖J_s‖, and the whole
        by that of the logarithm the norm is kept as, eps·ln(10)·|log10 ‖lambda_t‖|.

    Source
    ------
    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.7.
    """
    products = log10_products(jacobians)
    d = jacobians.shape[-1]
    own = jacobian_error + d * DOUBLE_EPS * frobenius(jacobians)
    head = head_error + d * DOUBLE_EPS * 10.0 ** gradient.log10_norm[-1]
    with np.errstate(divide="ignore"):
        step = np.append(np.log10(own), np.log10(head))
    size = np.append(gradient.log10_norm[1:], 0.0)
    kept = np.where(np.isneginf(gradient.log10_norm), 0.0, np.abs(gradient.log10_norm))
    rounding = DOUBLE_EPS * (4 + np.log(10) * kept)
    return np.asarray(_sum_of_powers(products + (step + size), gradient) + rounding)


def amplification(jacobians: Array, gradient: Chain) -> Array:
    """Compute the condition number of each lambda_t with respect to relative errors.

    Parameters
    ----------
    jacobians : ndarray, shape (T, d, d)
        The Jacobians of the chain.
    gradient : Chain
        What `chain` made of them.

    Returns
    -------
    ndarray, shape (T+1,)
        A_t = sum over s = t … T of ‖J_s … J_{t+1}‖ ‖lambda_s‖ / ‖lambda_t‖; 1 at t = T, and
        T - t + 1 at the least.
    """
    return _sum_of_powers(log10_products(jacobians) + gradient.log10_norm, gradient)


def log10_products(jacobians: Array) -> Array:
    """Bound the norms of all products of consecutive Jacobians.

    Parameters
    ----------
    jacobians : ndarray, shape (T, d, d)
        J_t at index t-1.

    Returns
    -------
    ndarray, shape (T+1, T+1)
        Entry (t, s): log10 of a bound on ‖J_s … J_{t+1}‖₂; 0 on the diagonal, ``-inf`` below it
        and where the product is zero. The bound is sqrt(‖·‖₁ ‖·‖_inf): exact for a multiple of the
        identity, where the Frobenius norm is sqrt(d) too large, and cheaper than singular values.
    """
    T = len(jacobians)
    table = np.full((T + 1, T + 1), -np.inf)
    np.fill_diagonal(table, 0.0)
    product, log10_scale = jacobians, np.zeros(T)
    for length in range(1, T + 1):
        if length > 1:
            product = jacobians[length - 1 :] @ product[:-1]
            log10_scale = log10_scale[:-1]
        size = np.abs(product)
        bound = np.sqrt(size.sum(axis=1).max(axis=1)) * np.sqrt(size.sum(axis=2).max(axis=1))
        divisor = np.where(bound > 0, bound, 1)
        product = product / divisor[:, None, None]
        log10_scale = log10_scale + np.log10(divisor)
        starts = np.arange(T + 1 - length)
        table[starts, starts + length] = np.where(bound > 0, log10_scale, -np.inf)
    return table


def _sum_of_powers(exponents: Array, gradient: Chain) -> Array:
    """Sum 10**(exponents - log10_norm_t) over each row; ``inf`` where the gradient is zero."""
    zero = np.isneginf(gradient.log10_norm)
    own = np.where(zero, 0.0, gradient.log10_norm)
    with np.errstate(over="ignore"):
        total = np.sum(10.0 ** (exponents - own[:, None]), axis=1)
    return np.where(zero, np.inf, total)
