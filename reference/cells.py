"""The vanilla RNN and the GRU: parameters and one step, over any leading batch axes.

Every step is analytic in the state: no absolute value, conjugate or cast, so that a complex state
gives a complex step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reference.arrays import Array, matvec

Convention = Literal["candidate", "previous"]
"""What the update gate z weighs: h = (1-z)·h' + z·h̃ ("candidate") or z·h' + (1-z)·h̃."""

ResetPlacement = Literal["before", "after"]
"""Reset gate before the recurrent product, U(r∘h'), or after it, r∘(U h' + b)."""


@dataclass(frozen=True)
class RNNCell:
    """Parameters of h = tanh(W_hh h' + W_xh x + b_h).

    Parameters
    ----------
    W_xh : ndarray, shape (..., d, e)
    W_hh : ndarray, shape (..., d, d)
    b_h : ndarray, shape (..., d)
    """

    W_xh: Array
    W_hh: Array
    b_h: Array


@dataclass(frozen=True)
class GRUCell:
    """Parameters of a GRU; the axis of length 3 runs over update gate, reset gate, candidate.

    Parameters
    ----------
    W : ndarray, shape (..., 3, d, e)
        Input matrices.
    U : ndarray, shape (..., 3, d, d)
        Recurrent matrices.
    b : ndarray, shape (..., 3, d)
        Biases beside the input products.
    recurrent_bias : ndarray, shape (..., d), or None
        Bias inside the product the reset gate multiplies; only with ``reset="after"``.
    convention : {"candidate", "previous"}
        What the update gate weighs.
    reset : {"before", "after"}
        Where the reset gate acts.

    Raises
    ------
    ValueError
        For a recurrent bias with the reset gate before the product, where it has no place.

    Source
    ------
    Cho et al. 2014 (arXiv:1406.1078), eqs. 5-8: z weighs the previous state, reset before.
    Chung et al. 2014 (arXiv:1412.3555), eqs. 3-6: z weighs the candidate.
    """

    W: Array
    U: Array
    b: Array
    recurrent_bias: Array | None = None
    convention: Convention = "candidate"
    reset: ResetPlacement = "before"

    def __post_init__(self) -> None:
        _check_recurrent_bias(self.reset, self.recurrent_bias)


@dataclass(frozen=True)
class Gates:
    """What a GRU step computes on the way; every array has the state's shape (..., d).

    ``reset_input`` is what the reset gate multiplies: h' before the recurrent product, U_h h' + b
    after it.
    """

    z: Array
    r: Array
    candidate: Array
    reset_input: Array


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)); as a tanh it overflows for no finite x, real or complex."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def rnn_from_preactivation(W_hh: Array, a: Array, h: Array) -> Array:
    """Step a vanilla RNN whose input contribution is given.

    Parameters
    ----------
    W_hh : ndarray, shape (d, d) or (..., d, d)
        Recurrent matrix.
    a : ndarray, shape (..., d)
        W_xh x + b_h.
    h : ndarray, shape (..., d)
        Previous state.

    Returns
    -------
    ndarray, shape (..., d)
        tanh(W_hh h + a).
    """
    return np.asarray(np.tanh(matvec(W_hh, h) + a))


def rnn_step(cell: RNNCell, x: Array, h: Array) -> Array:
    """Return the next state, shape (..., d), from an input (..., e) and a state (..., d)."""
    return rnn_from_preactivation(cell.W_hh, matvec(cell.W_xh, x) + cell.b_h, h)


def gru_gates(
    U: Sequence[Array] | Array,
    a: Sequence[Array] | Array,
    h: Array,
    *,
    reset: ResetPlacement = "before",
    recurrent_bias: Array | None = None,
) -> Gates:
    """Compute the gates and the candidate of a GRU step whose input contributions are given.

    Parameters
    ----------
    U : three ndarrays, each (d, d) or (..., d, d)
        Recurrent matrices U_z, U_r, U_h.
    a : three ndarrays, each (..., d)
        Input contributions a_z, a_r, a_h, biases included.
    h : ndarray, shape (..., d)
        Previous state.
    reset : {"before", "after"}
        Where the reset gate acts.
    recurrent_bias : ndarray, shape (..., d), or None
        Bias inside the product the reset gate multiplies.

    Returns
    -------
    Gates
        z, r, candidate and what r multiplied.

    Raises
    ------
    ValueError
        For a recurrent bias with ``reset="before"``.
    """
    _check_recurrent_bias(reset, recurrent_bias)
    z = sigmoid(matvec(U[0], h) + a[0])
    r = sigmoid(matvec(U[1], h) + a[1])
    if reset == "before":
        return Gates(z, r, np.tanh(matvec(U[2], r * h) + a[2]), h)
    product = matvec(U[2], h)
    if recurrent_bias is not None:
        product = product + recurrent_bias
    return Gates(z, r, np.tanh(r * product + a[2]), product)


def blend(gates: Gates, h: Array, convention: Convention) -> Array:
    """Return the next state, shape (..., d), from the gates and the previous state."""
    if convention == "candidate":
        return np.asarray(h + gates.z * (gates.candidate - h))
    return np.asarray(gates.candidate + gates.z * (h - gates.candidate))


def gru_from_preactivations(
    U: Sequence[Array] | Array,
    a: Sequence[Array] | Array,
    h: Array,
    *,
    convention: Convention = "candidate",
    reset: ResetPlacement = "before",
    recurrent_bias: Array | None = None,
) -> Array:
    """Step a GRU whose input contributions are given.

    Parameters
    ----------
    U, a, h, reset, recurrent_bias
        As for `gru_gates`.
    convention : {"candidate", "previous"}
        What the update gate weighs.

    Returns
    -------
    ndarray, shape (..., d)
        The next state.

    Raises
    ------
    ValueError
        For a recurrent bias with ``reset="before"``.
    """
    return blend(gru_gates(U, a, h, reset=reset, recurrent_bias=recurrent_bias), h, convention)


def gru_step(cell: GRUCell, x: Array, h: Array) -> Array:
    """Return the next state, shape (..., d), from an input (..., e) and a state (..., d)."""
    a = [matvec(cell.W[..., k, :, :], x) + cell.b[..., k, :] for k in range(3)]
    return gru_from_preactivations(
        recurrent_matrices(cell),
        a,
        h,
        convention=cell.convention,
        reset=cell.reset,
        recurrent_bias=cell.recurrent_bias,
    )


def recurrent_matrices(cell: GRUCell) -> tuple[Array, Array, Array]:
    """Return U_z, U_r, U_h, each of shape (..., d, d), as views."""
    return cell.U[..., 0, :, :], cell.U[..., 1, :, :], cell.U[..., 2, :, :]


def _check_recurrent_bias(reset: ResetPlacement, recurrent_bias: Array | None) -> None:
    if reset == "before" and recurrent_bias is not None:
        raise ValueError("a recurrent bias needs reset='after': U(r∘h') has no place for it")
