"""The one door to the reference: what the grader uses of the instructor's numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from reference.arrays import Chain
from reference.cells import rnn_from_preactivation
from reference.chaining import amplification, chain, chain_error
from reference.decay import least_squares_slope, predicted_gru
from reference.differentiate import (
    central_points,
    choose_radius,
    complex_agrees,
    complex_derivative,
    complex_points,
    ladder_points,
    richardson,
)

if TYPE_CHECKING:
    from grader.facts import Array
    from grader.setting import Setting
    from reference.initialise import Configuration, GRUModel, RNNModel
    from reference.sequence import TokenSequence

BLOCK = 64
"""Models drawn at a time: their recurrent matrices stay in the processor's cache."""

ORTHOGONAL_INPUTS = 0.1
"""Deviation of all weights of the reference but the recurrent ones, where those are orthogonal."""

M = TypeVar("M", "RNNModel", "GRUModel")

__all__ = [
    "Chain",
    "amplification",
    "central_points",
    "chain",
    "chain_error",
    "choose_radius",
    "complex_agrees",
    "complex_derivative",
    "complex_points",
    "draw_gru_decay",
    "draw_rnn_decay",
    "ladder_points",
    "least_squares_slope",
    "predicted_gru",
    "richardson",
    "rnn_from_preactivation",
]


def draw_rnn_decay(setting: Setting, seeds: int) -> tuple[Array, Array]:
    """Draw vanilla RNNs and backpropagate through each.

    Returns
    -------
    tuple of ndarray
        log10 of g_0 … g_50, shape (seeds, 51), and ρ(W_hh), shape (seeds,).
    """
    from reference.decay import spectral_radius
    from reference.experiment import run_rnn
    from reference.initialise import draw_rnn

    logs, radii = [], []
    for configuration, block, tokens in _blocks(setting, seeds):
        model = _with_inputs(draw_rnn(configuration, block), setting)
        logs.append(run_rnn(model, tokens).gradient.log10_norm.T)
        radii.append(spectral_radius(model.cell.W_hh))
    return np.concatenate(logs), np.concatenate(radii)


def draw_gru_decay(setting: Setting, seeds: int) -> tuple[Array, Array]:
    """Draw GRUs and backpropagate through each.

    Returns
    -------
    tuple of ndarray
        log10 of g_0 … g_50, shape (seeds, 51), and the mean of the update gate, shape (seeds,).
    """
    from reference.ensemble import mean_update_gate
    from reference.experiment import run_gru
    from reference.initialise import draw_gru

    logs, means = [], []
    for configuration, block, tokens in _blocks(setting, seeds):
        run = run_gru(_with_inputs(draw_gru(configuration, block), setting), tokens)
        logs.append(run.gradient.log10_norm.T)
        means.append(mean_update_gate(run))
    return np.concatenate(logs), np.concatenate(means)


def _blocks(
    setting: Setting, seeds: int
) -> Iterator[tuple[Configuration, list[int], TokenSequence]]:
    """Yield configuration, seeds and tokens of one block of models after the other."""
    from reference.initialise import Configuration, draw_sequence
    from reference.sequence import TokenSequence

    configuration = Configuration(
        d_hidden=setting.width,
        scale=setting.scale,
        scheme=setting.scheme,
        update_gate_bias=setting.bias,
        option=setting.option,
    )
    for first in range(0, seeds, BLOCK):
        block = list(range(first, min(first + BLOCK, seeds)))
        each = [draw_sequence(configuration, seed) for seed in block]
        ids = np.stack([one.ids for one in each], axis=1)
        yield configuration, block, TokenSequence(ids, each[0].target)


def _with_inputs(model: M, setting: Setting) -> M:
    """Scale the embedding so that the inputs move the pre-activations as much as asked."""
    # The reference draws embedding and input matrix with one deviation σ: W x has σ²·√e.
    sigma = setting.scale if setting.scheme == "normal" else ORTHOGONAL_INPUTS
    natural = sigma**2 * math.sqrt(model.embedding.shape[-1])
    return replace(model, embedding=model.embedding * (setting.inputs / natural))
