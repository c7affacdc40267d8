"""The forward pass through time, and the loss at its end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.arrays import Array, matvec, transpose
from reference.cells import (
    Gates,
    GRUCell,
    RNNCell,
    blend,
    gru_gates,
    recurrent_matrices,
    rnn_from_preactivation,
)


@dataclass(frozen=True)
class Head:
    """The output layer: logits = W_ho h + b_o.

    Parameters
    ----------
    W_ho : ndarray, shape (..., V, d)
    b_o : ndarray, shape (..., V)
    """

    W_ho: Array
    b_o: Array


def input_contributions(W: Array, b: Array, inputs: Array) -> Array:
    """Compute W x_t + b for every step in one product per model.

    Parameters
    ----------
    W : ndarray, shape (..., d, e)
    b : ndarray, shape (..., d)
    inputs : ndarray, shape (T, ..., e)
        x_1 … x_T, time first.

    Returns
    -------
    ndarray, shape (T, ..., d)
        The contributions, contiguous in each step.
    """
    by_model = np.moveaxis(inputs, 0, -2) @ transpose(W)
    return np.ascontiguousarray(np.moveaxis(by_model, -2, 0)) + b


def unroll_rnn(cell: RNNCell, inputs: Array, h_0: Array | None = None) -> Array:
    """Run a vanilla RNN.

    Parameters
    ----------
    cell : RNNCell
        Parameters, one model or many.
    inputs : ndarray, shape (T, ..., e)
        x_1 … x_T.
    h_0 : ndarray, shape (..., d), or None
        Initial state; zeros if None.

    Returns
    -------
    ndarray, shape (T+1, ..., d)
        h_0 … h_T.
    """
    a = input_contributions(cell.W_xh, cell.b_h, inputs)
    states = _allocate(a, cell.W_hh, h_0)
    for t, a_t in enumerate(a, start=1):
        states[t] = rnn_from_preactivation(cell.W_hh, a_t, states[t - 1])
    return states


def unroll_gru(cell: GRUCell, inputs: Array, h_0: Array | None = None) -> tuple[Array, Gates]:
    """Run a GRU.

    Parameters
    ----------
    cell : GRUCell
        Parameters, one model or many.
    inputs : ndarray, shape (T, ..., e)
        x_1 … x_T.
    h_0 : ndarray, shape (..., d), or None
        Initial state; zeros if None.

    Returns
    -------
    states : ndarray, shape (T+1, ..., d)
        h_0 … h_T.
    gates : Gates
        Each field of shape (T, ..., d); index 0 belongs to step 1.
    """
    U = recurrent_matrices(cell)
    a = [input_contributions(cell.W[..., k, :, :], cell.b[..., k, :], inputs) for k in range(3)]
    states = _allocate(a[0], cell.U, h_0)
    z, r, candidate, reset_input = (np.empty_like(states[1:]) for _ in range(4))
    for t, a_t in enumerate(zip(*a, strict=True)):
        step = gru_gates(U, a_t, states[t], reset=cell.reset, recurrent_bias=cell.recurrent_bias)
        z[t], r[t] = step.z, step.r
        candidate[t], reset_input[t] = step.candidate, step.reset_input
        states[t + 1] = blend(step, states[t], cell.convention)
    return states, Gates(z, r, candidate, reset_input)


def cross_entropy(logits: Array, target: Array | int) -> Array:
    """Compute -log softmax(logits)[target] without overflow.

    Parameters
    ----------
    logits : ndarray, shape (..., V)
        Real or complex.
    target : int, or ndarray of int broadcastable to shape (...)
        Target index.

    Returns
    -------
    ndarray, shape (...)
        The loss, in nats.
    """
    # Any constant shift leaves the loss and its derivative alone, so a real one stays analytic.
    shifted = logits - logits.real.max(axis=-1, keepdims=True)
    index = np.broadcast_to(np.asarray(target), logits.shape[:-1])[..., None]
    chosen = np.take_along_axis(shifted, index, axis=-1)[..., 0]
    return np.asarray(np.log(np.exp(shifted).sum(axis=-1)) - chosen)


def loss(head: Head, h_T: Array, target: Array | int) -> Array:
    """Return the cross-entropy, shape (...), of the last state, shape (..., d), in nats."""
    return cross_entropy(matvec(head.W_ho, h_T) + head.b_o, target)


def _allocate(a: Array, weights: Array, h_0: Array | None) -> Array:
    """Reserve h_0 … h_T in the dtype the inputs call for, complex included."""
    start = np.zeros(a.shape[1:], a.dtype) if h_0 is None else np.asarray(h_0)
    dtype = np.result_type(a, weights, start)
    states = np.empty((len(a) + 1, *np.broadcast_shapes(a.shape[1:], start.shape)), dtype)
    states[0] = start
    return states
