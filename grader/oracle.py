"""The one door to the reference: what the grader uses of the instructor's numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reference.arrays import Chain
from reference.cells import rnn_from_preactivation
from reference.chaining import amplification, chain, chain_error
from reference.decay import least_squares_slope, orders_per_ten_steps, predicted_gru
from reference.differentiate import (
    central_points,
    choose_radius,
    complex_agrees,
    complex_derivative,
    complex_points,
    ladder_points,
    richardson,
)

SEEDS = 200
"""Seeds behind a share quoted to a student: its standard error is at most 3.5 in 100."""

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
    "failing_share",
    "ladder_points",
    "least_squares_slope",
    "orders_of_decay",
    "predicted_gru",
    "richardson",
    "rnn_from_preactivation",
]


def failing_share(*, scale: float, width: int, bias: float, apart: float) -> float:
    """Return the share of 200 seeds whose curves miss the lab's first stop condition.

    Parameters
    ----------
    scale : float
        Standard deviation of all weights.
    width : int
        Hidden size d.
    bias : float
        Update-gate bias in h = (1-z)·h' + z·h̃.
    apart : float
        Least distance of the normalised curves at t = 0, in orders of magnitude.
    """
    from reference.ensemble import decay_ensemble
    from reference.initialise import Configuration

    configuration = Configuration(scale=scale, d_hidden=width, update_gate_bias=bias)
    many = decay_ensemble(configuration, range(SEEDS))
    rnn, gru = many.rnn[:, :-1], many.gru[:, :-1]
    steeper = least_squares_slope(rnn) > least_squares_slope(gru)
    distance = (rnn[:, -1] - rnn[:, 0]) - (gru[:, -1] - gru[:, 0])
    return float(np.mean(~(steeper & (distance >= apart))))


def orders_of_decay(
    log10_norms: Sequence[float], log10_last: float | None = None
) -> dict[str, float]:
    """Return the orders of magnitude lost per ten steps, by every honest definition.

    Parameters
    ----------
    log10_norms : sequence of float, length T
        log10 of g_0 … g_{T-1}.
    log10_last : float, optional
        log10 of the head gradient g_T; without it definition "c" is left out.

    Returns
    -------
    dict of str to float
        "a" 10·N/(T-1), "b" 10·N/T, "c" to the head gradient, "d" least squares, "e" the mean of
        the ten-step differences (with g_T at the end it is "c"); N = log10(g_{T-1}/g_0).
    """
    last = math.nan if log10_last is None else log10_last
    orders = orders_per_ten_steps(np.array([*log10_norms, last]))
    named = {letter: float(value) for letter, value in zip("abcde", orders.values(), strict=True)}
    return {letter: value for letter, value in named.items() if not math.isnan(value)}
