"""Backpropagation through time, by hand: dL/dh_t for the vanilla RNN and the GRU.

A norm of 1e-300, or far below, is a value like any other: where a gradient strays from the middle
of the number range, it is rescaled by a power of two at every step and the exponents are kept
apart. Rescaling rounds nothing, so both ways agree to the last bit; the plain one is faster.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from reference.arrays import Array, Chain, matvec, normalise, rescale, transpose
from reference.cells import Gates, GRUCell, RNNCell, recurrent_matrices
from reference.unroll import Head


def head_gradient(head: Head, h_T: Array, target: Array | int) -> Array:
    """Compute dL/dh_T = W_ho^T (softmax - onehot).

    Parameters
    ----------
    head : Head
        Output layer.
    h_T : ndarray, shape (..., d)
        Last state.
    target : int, or ndarray of int broadcastable to shape (...)
        Target index.

    Returns
    -------
    ndarray, shape (..., d)
        The gradient of the cross-entropy.
    """
    logits = matvec(head.W_ho, h_T) + head.b_o
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    index = np.broadcast_to(np.asarray(target), p.shape[:-1])[..., None]
    np.put_along_axis(p, index, np.take_along_axis(p, index, axis=-1) - 1, axis=-1)
    return matvec(transpose(head.W_ho), p)


def backward_rnn(cell: RNNCell, states: Array, head: Array) -> Chain:
    """Backpropagate through a vanilla RNN: dL/dh_{t-1} = W_hh^T ((1 - h_t²) ∘ dL/dh_t).

    Parameters
    ----------
    cell : RNNCell
        Parameters, one model or many.
    states : ndarray, shape (T+1, ..., d)
        h_0 … h_T.
    head : ndarray, shape (..., d)
        dL/dh_T.

    Returns
    -------
    Chain
        dL/dh_t for t = 0 … T.

    Source
    ------
    Pascanu, Mikolov, Bengio 2013 (arXiv:1211.5063), eqs. 3-5.
    """
    slope = 1 - states[1:] ** 2
    W_T = transpose(cell.W_hh)
    return _backward(lambda t, v: matvec(W_T, slope[t] * v), states, head)


def backward_gru(cell: GRUCell, states: Array, gates: Gates, head: Array) -> Chain:
    """Backpropagate through a GRU: the additive path, both gates and the candidate.

    Parameters
    ----------
    cell : GRUCell
        Parameters, one model or many.
    states : ndarray, shape (T+1, ..., d)
        h_0 … h_T.
    gates : Gates
        Each field of shape (T, ..., d).
    head : ndarray, shape (..., d)
        dL/dh_T.

    Returns
    -------
    Chain
        dL/dh_t for t = 0 … T.
    """
    U_z, U_r, U_h = (transpose(U) for U in recurrent_matrices(cell))
    z, r, candidate = gates.z, gates.r, gates.candidate
    new = z if cell.convention == "candidate" else 1 - z
    sign = 1 if cell.convention == "candidate" else -1
    keep = 1 - new
    through_z = sign * (candidate - states[:-1]) * z * (1 - z)
    through_candidate = new * (1 - candidate**2)
    through_r = gates.reset_input * r * (1 - r)

    def reset_before(t: int, v: Array) -> Array:
        inner = matvec(U_h, through_candidate[t] * v)
        gate_paths = matvec(U_z, through_z[t] * v) + matvec(U_r, through_r[t] * inner)
        return np.asarray(keep[t] * v + r[t] * inner + gate_paths)

    def reset_after(t: int, v: Array) -> Array:
        outer = through_candidate[t] * v
        gate_paths = matvec(U_z, through_z[t] * v) + matvec(U_r, through_r[t] * outer)
        return np.asarray(keep[t] * v + matvec(U_h, r[t] * outer) + gate_paths)

    return _backward(reset_before if cell.reset == "before" else reset_after, states, head)


def _backward(pull: Callable[[int, Array], Array], states: Array, head: Array) -> Chain:
    """Carry the head gradient back; ``pull(t, v)`` is the transposed Jacobian of step t+1."""
    T = len(states) - 1
    vectors = np.empty(states.shape, np.result_type(states, head))
    vectors[T], top = rescale(head)
    with np.errstate(over="ignore", invalid="ignore"):  # such a run is discarded below
        for t in range(T - 1, -1, -1):
            vectors[t] = pull(t, vectors[t + 1])
    size = np.abs(vectors).max(axis=-1)
    low = _low(vectors.dtype)
    if size.min() > low and size.max() < 1 / low:
        scaled, exponents = rescale(vectors)
        return normalise(scaled, exponents + top)
    return _backward_rescaled(pull, vectors, top)


def _low(dtype: npt.DTypeLike) -> Array:
    """Return the largest entry below which to rescale: half the exponent range is still below."""
    return np.asarray(np.sqrt(np.finfo(dtype).tiny))


def _backward_rescaled(pull: Callable[[int, Array], Array], vectors: Array, top: Array) -> Chain:
    """Do the same from the last row on, with each step's power of two taken out and kept apart."""
    exponents = np.empty(vectors.shape[:-1], dtype=np.int64)
    exponents[-1] = top
    for t in range(len(vectors) - 2, -1, -1):
        vectors[t], change = rescale(pull(t, vectors[t + 1]))
        exponents[t] = exponents[t + 1] + change
    return normalise(vectors, exponents)
