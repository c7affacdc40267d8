"""What a declared configuration draws: weights for one seed or for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np

from reference.arrays import Array
from reference.cells import Convention, GRUCell, ResetPlacement, RNNCell
from reference.sequence import CHAIN_WORDS, TokenSequence, option_a, option_b
from reference.unroll import Head

Scheme = Literal["normal", "orthogonal"]
_ORTHOGONAL_INPUT_SCALE = 0.1


@dataclass(frozen=True)
class Configuration:
    """The settings of one experiment; the defaults are the lab's.

    Parameters
    ----------
    T, d_hidden, d_embed, vocabulary : int
        Sequence length and sizes.
    scale : float
        Standard deviation of the weights; for ``scheme="orthogonal"``, what multiplies the
        orthogonal recurrent matrices, and every other weight is N(0, 0.1).
    scheme : {"normal", "orthogonal"}
        How recurrent matrices are drawn.
    update_gate_bias : float
        Below zero the additive path is open, whatever the convention: under
        ``convention="previous"`` the bias used is its negative.
    convention : {"candidate", "previous"}
        What the update gate weighs.
    reset : {"before", "after"}
        Where the reset gate acts.
    option : {"A", "B"}
        The synthetic sequence.
    seed : int
        Seed of the weights, the same for both nets, and of Option B.

    Raises
    ------
    ValueError
        For sizes below 1, a scale that is not a finite positive number, or a vocabulary too small
        for Option A.
    """

    T: int = 50
    d_hidden: int = 32
    d_embed: int = 16
    vocabulary: int = 64
    scale: float = 0.1
    scheme: Scheme = "normal"
    update_gate_bias: float = 0.0
    convention: Convention = "candidate"
    reset: ResetPlacement = "before"
    option: Literal["A", "B"] = "A"
    seed: int = 42

    def __post_init__(self) -> None:
        if min(self.T, self.d_hidden, self.d_embed, self.vocabulary) < 1:
            raise ValueError("sequence length, sizes and vocabulary must be at least 1")
        if not (np.isfinite(self.scale) and self.scale > 0):
            raise ValueError(f"scale must be a finite positive number; got {self.scale}")
        if not np.isfinite(self.update_gate_bias):
            raise ValueError(f"the gate bias must be finite; got {self.update_gate_bias}")
        if self.seed < 0:
            raise ValueError(f"seed must not be negative; got {self.seed}")
        if self.option == "A" and self.vocabulary < CHAIN_WORDS:
            raise ValueError(f"Option A needs a vocabulary of at least {CHAIN_WORDS} words")


@dataclass(frozen=True)
class RNNModel:
    """A vanilla RNN language model: embedding (..., V, e), cell, head."""

    embedding: Array
    cell: RNNCell
    head: Head


@dataclass(frozen=True)
class GRUModel:
    """A GRU language model: embedding (..., V, e), cell, head."""

    embedding: Array
    cell: GRUCell
    head: Head


def draw_sequence(configuration: Configuration, seed: int | None = None) -> TokenSequence:
    """Return the sequence a configuration declares; ``seed`` overrides its own (Option B)."""
    if configuration.option == "A":
        return option_a(configuration.T)
    chosen = configuration.seed if seed is None else seed
    return option_b(chosen, configuration.T, configuration.vocabulary)


def draw_rnn(configuration: Configuration, seeds: Sequence[int] | None = None) -> RNNModel:
    """Draw a vanilla RNN.

    Parameters
    ----------
    configuration : Configuration
        The settings.
    seeds : sequence of int, or None
        One model per seed, batched on a first axis; None for the configuration's own seed and no
        batch axis.

    Returns
    -------
    RNNModel
        float64 parameters, biases zero. Order of the draws: embedding, W_hh, W_xh, W_ho.
    """
    d, e, V = configuration.d_hidden, configuration.d_embed, configuration.vocabulary
    embedding, W_hh, W_xh, W_ho = _draw(configuration, [(V, e), (d, d), (d, e), (V, d)], seeds)
    batch = W_hh.shape[:-2]
    cell = RNNCell(W_xh, W_hh, np.zeros((*batch, d)))
    return RNNModel(embedding, cell, Head(W_ho, np.zeros((*batch, V))))


def draw_gru(configuration: Configuration, seeds: Sequence[int] | None = None) -> GRUModel:
    """Draw a GRU.

    Parameters
    ----------
    configuration : Configuration
        The settings.
    seeds : sequence of int, or None
        One model per seed, batched on a first axis; None for the configuration's own seed and no
        batch axis.

    Returns
    -------
    GRUModel
        float64 parameters, biases zero but the update gate's. The embedding is the one
        `draw_rnn` draws for the same seed. Order of the draws: embedding, U, W, W_ho.
    """
    d, e, V = configuration.d_hidden, configuration.d_embed, configuration.vocabulary
    embedding, U, W, W_ho = _draw(configuration, [(V, e), (3, d, d), (3, d, e), (V, d)], seeds)
    batch = U.shape[:-3]
    b = np.zeros((*batch, 3, d))
    sign = 1 if configuration.convention == "candidate" else -1
    b[..., 0, :] = sign * configuration.update_gate_bias
    recurrent_bias = np.zeros((*batch, d)) if configuration.reset == "after" else None
    cell = GRUCell(W, U, b, recurrent_bias, configuration.convention, configuration.reset)
    return GRUModel(embedding, cell, Head(W_ho, np.zeros((*batch, V))))


def _draw(
    configuration: Configuration,
    shapes: Sequence[tuple[int, ...]],
    seeds: Sequence[int] | None,
) -> list[Array]:
    """Draw weights of the given shapes in order; the second is the recurrent one."""
    sizes = [prod(shape) for shape in shapes]
    chosen = [configuration.seed] if seeds is None else list(seeds)
    numbers = np.empty((len(chosen), sum(sizes)))
    for row, seed in zip(numbers, chosen, strict=True):
        np.random.default_rng(seed).standard_normal(out=row)
    orthogonal = configuration.scheme == "orthogonal"
    numbers *= _ORTHOGONAL_INPUT_SCALE if orthogonal else configuration.scale
    parts = np.split(numbers, np.cumsum(sizes)[:-1], axis=1)
    weights = [part.reshape(len(chosen), *shape) for part, shape in zip(parts, shapes, strict=True)]
    if orthogonal:
        weights[1] = configuration.scale * _orthogonal(weights[1])
    return weights if seeds is not None else [weight[0] for weight in weights]


def _orthogonal(normal: Array) -> Array:
    """Turn normal matrices (..., d, d) into Haar-distributed orthogonal ones (Mezzadri 2007)."""
    Q, R = np.linalg.qr(normal)
    return np.asarray(Q * np.sign(np.diagonal(R, axis1=-2, axis2=-1))[..., None, :])
