"""Many seeds at once: what a declared configuration should look like.

The loop over time runs once for a block of models. A block's matrices stay in the processor's
cache from step to step, where a thousand models at once would read them from memory every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reference.arrays import Array
from reference.decay import spectral_radius
from reference.experiment import Run, run_gru, run_rnn
from reference.initialise import Configuration, draw_gru, draw_rnn, draw_sequence
from reference.sequence import TokenSequence

BLOCK = 64
"""Models per block: 64 GRUs of 32 units hold 1.5 MB of recurrent weights."""


@dataclass(frozen=True)
class Ensemble:
    """Gradient norms of both nets over many seeds.

    Parameters
    ----------
    seeds : tuple of int, length n
        One model of each net per seed.
    rnn, gru : ndarray, shape (n, T+1)
        log10 of g_0 … g_T, the head gradient last.
    rho : ndarray, shape (n,)
        Spectral radius of the vanilla RNN's W_hh.
    mean_z : ndarray, shape (n,)
        Mean of the GRU's update gate over steps and units, in the declared convention.
    """

    seeds: tuple[int, ...]
    rnn: Array
    gru: Array
    rho: Array
    mean_z: Array


def decay_ensemble(configuration: Configuration, seeds: Sequence[int]) -> Ensemble:
    """Measure the gradient decay of both nets for many seeds.

    Parameters
    ----------
    configuration : Configuration
        The settings; its own seed is not used.
    seeds : sequence of int
        At least one.

    Returns
    -------
    Ensemble
        In the order of the seeds.

    Raises
    ------
    ValueError
        For no seeds.
    """
    if not seeds:
        raise ValueError("an ensemble needs at least one seed")
    blocks = [
        _measure(configuration, seeds[first : first + BLOCK])
        for first in range(0, len(seeds), BLOCK)
    ]
    rnn, gru, rho, mean_z = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return Ensemble(tuple(seeds), rnn, gru, rho, mean_z)


def _measure(configuration: Configuration, seeds: Sequence[int]) -> tuple[Array, ...]:
    tokens = _sequences(configuration, seeds)
    model = draw_rnn(configuration, seeds)
    rnn = run_rnn(model, tokens)
    gru = run_gru(draw_gru(configuration, seeds), tokens)
    rho = spectral_radius(model.cell.W_hh)
    return rnn.gradient.log10_norm.T, gru.gradient.log10_norm.T, rho, mean_update_gate(gru)


def mean_update_gate(run: Run) -> Array:
    """Return the mean of z over steps and units, shape (...), of a GRU's run.

    Raises
    ------
    ValueError
        For the run of a net without gates.
    """
    if run.gates is None:
        raise ValueError("a vanilla RNN has no update gate")
    return np.asarray(run.gates.z.mean(axis=(0, -1)))


def _sequences(configuration: Configuration, seeds: Sequence[int]) -> TokenSequence:
    """Return one sequence for all (Option A), or ids (T, n), one column per seed (Option B)."""
    if configuration.option == "A":
        return draw_sequence(configuration)
    each = [draw_sequence(configuration, seed) for seed in seeds]
    return TokenSequence(np.stack([one.ids for one in each], axis=1), each[0].target)
