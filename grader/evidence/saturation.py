"""How far gates and states are from where gradients pass: shares over steps and units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grader.facts import Array, ForwardFacts

OPEN, SHUT = 0.9, 0.1
"""Shares of the candidate beyond which the lab calls a gate saturated."""

BINS = 20
"""Classes that a picture shows the gate's values in."""

FLAT = 0.99
"""States beyond which 1 - h² < 0.02: the step passes less than a fiftieth."""


def with_gate(facts: ForwardFacts, share: Array) -> ForwardFacts:
    """Add mean, deviation, tails and classes of what weighs the candidate, shape (T, d)."""
    # Shares read off Jacobians leave [0, 1] by what their differences err.
    counts, _ = np.histogram(np.clip(share, 0.0, 1.0), bins=BINS, range=(0.0, 1.0))
    return replace(
        facts,
        gate_mean=float(share.mean()),
        gate_std=float(share.std()),
        gate_high=float(np.mean(share > OPEN)),
        gate_low=float(np.mean(share < SHUT)),
        gate_shares=tuple((counts / share.size).tolist()),
    )


def with_states(facts: ForwardFacts, states: Array, W: Array | None = None) -> ForwardFacts:
    """Add what the states say.

    Parameters
    ----------
    states : ndarray, shape (T+1, d)
        h_0 … h_T.
    W : ndarray, shape (d, d), optional
        W_hh of an RNN: what is left of arctanh(h_t) - W_hh h_{t-1} came with the input.
    """
    h = states[1:]
    facts = replace(
        facts,
        saturated=float(np.mean(np.abs(h) > FLAT)),
        dead=float(np.mean(h == 0.0)),
        tanh_slope=float(np.mean(1.0 - h**2)),
    )
    told = np.abs(h) <= FLAT  # beyond it, arctanh shows little but rounding
    if W is None or not told.any() or not np.isfinite(W).all():
        return facts
    added = np.arctanh(np.where(told, h, 0.0)) - states[:-1] @ W.T
    return replace(facts, input_std=float(np.sqrt(np.mean(added[told] ** 2))))
