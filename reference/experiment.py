"""One run of the experiment: forward through the sequence, backward to its start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reference.arrays import Array, Chain
from reference.bptt import backward_gru, backward_rnn, head_gradient
from reference.cells import Gates
from reference.initialise import GRUModel, RNNModel
from reference.sequence import TokenSequence
from reference.unroll import unroll_gru, unroll_rnn


@dataclass(frozen=True)
class Run:
    """What one run of a net shows.

    Parameters
    ----------
    states : ndarray, shape (T+1, ..., d)
        h_0 … h_T.
    gradient : Chain
        dL/dh_t for t = 0 … T.
    gates : Gates or None
        Each field of shape (T, ..., d); None for a vanilla RNN.
    """

    states: Array
    gradient: Chain
    gates: Gates | None = None


def run_rnn(model: RNNModel, tokens: TokenSequence) -> Run:
    """Run a vanilla RNN, or a batch of them, forward and backward.

    Parameters
    ----------
    model : RNNModel
        One model, or many on one leading axis of length n.
    tokens : TokenSequence
        Identifiers of shape (T,), or (T, n) where each model reads its own.

    Returns
    -------
    Run
        States and gradient.
    """
    states = unroll_rnn(model.cell, embed(model.embedding, tokens.ids))
    head = head_gradient(model.head, states[-1], tokens.target)
    return Run(states, backward_rnn(model.cell, states, head))


def run_gru(model: GRUModel, tokens: TokenSequence) -> Run:
    """Run a GRU, or a batch of them, forward and backward; arguments as for `run_rnn`."""
    states, gates = unroll_gru(model.cell, embed(model.embedding, tokens.ids))
    head = head_gradient(model.head, states[-1], tokens.target)
    return Run(states, backward_gru(model.cell, states, gates, head), gates)


def embed(embedding: Array, ids: Array) -> Array:
    """Look tokens up: inputs x_1 … x_T, shape (T, e), or (T, n, e) for a batch of n models."""
    if embedding.ndim == 2:
        return np.asarray(embedding[ids])
    per_model = ids if ids.ndim == 2 else ids[:, None]
    return np.asarray(embedding[np.arange(len(embedding)), per_model])
