"""Batched products, and vectors kept as a direction and a logarithm so that nothing underflows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""An array of any floating or complex dtype: the dtype of the inputs is the dtype of the result."""


@dataclass(frozen=True)
class Chain:
    """Gradients dL/dh_t for t = 0 … T, each as a unit vector and the logarithm of its norm.

    Parameters
    ----------
    unit : ndarray, shape (T+1, ..., d)
        Direction, Euclidean norm 1; zeros where the gradient is exactly zero.
    log10_norm : ndarray, shape (T+1, ...)
        log10 of the Euclidean norm; ``-inf`` where the gradient is exactly zero.
    """

    unit: Array
    log10_norm: Array

    def vectors(self) -> Array:
        """Return dL/dh_t itself, shape (T+1, ..., d); norms below 1e-308 underflow here."""
        return np.asarray(self.unit * 10.0 ** self.log10_norm[..., None])


def as_chain(vectors: Array) -> Chain:
    """Split vectors, shape (T+1, ..., d), into directions and log10 norms."""
    return normalise(*rescale(vectors))


def relative_error(found: Chain, true: Chain) -> Array:
    """Compare gradients as vectors, at any size.

    Parameters
    ----------
    found, true : Chain
        Gradients of the same shape.

    Returns
    -------
    ndarray, shape (T+1, ...)
        ‖found - true‖ / ‖true‖; where the true gradient is zero, 0 if the other is too, else
        ``inf``.
    """
    zero = np.isneginf(true.log10_norm)
    own = np.where(zero, 0, true.log10_norm)
    with np.errstate(over="ignore"):
        ratio = np.where(zero, np.inf, 10.0 ** (found.log10_norm - own))
    ratio = np.where(np.isneginf(found.log10_norm), 0, ratio)
    with np.errstate(invalid="ignore"):  # inf times a zero entry: judged by its other entries
        difference = np.nan_to_num(ratio[..., None] * found.unit - true.unit, nan=0, posinf=np.inf)
    return np.asarray(np.sqrt(np.sum(difference**2, axis=-1)))


def matvec(W: Array, h: Array) -> Array:
    """Multiply vectors by one matrix, or each by its own.

    Parameters
    ----------
    W : ndarray, shape (d_out, d_in) or (..., d_out, d_in)
        One matrix for all vectors, or one per vector.
    h : ndarray, shape (..., d_in)
        The vectors.

    Returns
    -------
    ndarray, shape (..., d_out)
        The products W h.
    """
    if W.ndim == 2:
        return np.asarray(h @ W.T)
    return np.asarray((W @ h[..., None])[..., 0])


def transpose(W: Array) -> Array:
    """Return the transposed matrices, shape (..., d_in, d_out), without copying."""
    return np.swapaxes(W, -1, -2)


def rescale(v: Array) -> tuple[Array, Array]:
    """Bring each vector's largest entry into [0.5, 1) by a power of two, which rounds nothing.

    Parameters
    ----------
    v : ndarray, shape (..., d)
        Real vectors.

    Returns
    -------
    scaled : ndarray, shape (..., d)
        ``v / 2**exponent``; zero vectors stay as they are.
    exponent : ndarray of int, shape (...)
        The power of two taken out; 0 for zero vectors.
    """
    _, exponent = np.frexp(np.abs(v).max(axis=-1))
    return np.ldexp(v, -exponent[..., None]), exponent


def normalise(scaled: Array, exponents: Array) -> Chain:
    """Turn vectors with separate powers of two into directions and log10 norms.

    Parameters
    ----------
    scaled : ndarray, shape (T+1, ..., d)
        Vectors whose largest entry is near 1, or zero.
    exponents : ndarray of int, shape (T+1, ...)
        The power of two each was divided by.

    Returns
    -------
    Chain
        The same vectors.
    """
    norm = np.sqrt(np.sum(scaled * scaled, axis=-1))
    zero = norm == 0
    divisor = np.where(zero, 1, norm)
    log10_norm = np.where(
        zero, -np.inf, np.log10(divisor) + exponents * np.log10(norm.dtype.type(2))
    )
    return Chain(scaled / divisor[..., None], log10_norm)
