"""The settings at which the oracles are held against ball arithmetic, and how each is measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reference.chaining import chain, chain_error
from reference.comparison import run, step_of
from reference.initialise import Configuration, GRUModel, draw_gru, draw_rnn, draw_sequence
from reference.oracles import head_by_differences, one_step_jacobians
from reference.unroll import loss
from tests.golden import ball


@dataclass(frozen=True)
class Case:
    name: str
    model: object
    tokens: object


def _rnn(name, **settings):
    configuration = Configuration(**settings)
    return Case(f"RNN, {name}", draw_rnn(configuration), draw_sequence(configuration))


def _gru(name, **settings):
    configuration = Configuration(**settings)
    return Case(f"GRU, {name}", draw_gru(configuration), draw_sequence(configuration))


def _nearly_zero():
    """An RNN whose recurrent matrix is a millionth of the identity: g_0 is near 1e-300."""
    case = _rnn("W_hh = 1e-6 I")
    cell = replace(case.model.cell, W_hh=1e-6 * np.eye(32))
    return replace(case, model=replace(case.model, cell=cell))


NEARLY_ZERO = _nearly_zero()
CASES = (
    _rnn("scale 0.02", scale=0.02),
    _rnn("scale 0.1"),
    _rnn("scale 0.2", scale=0.2),
    _rnn("orthogonal 0.9", scale=0.9, scheme="orthogonal"),
    _gru("scale 0.02", scale=0.02),
    _gru("scale 0.1, b_z = 0"),
    _gru("scale 0.1, b_z = -2", update_gate_bias=-2.0, option="B"),
    _gru("scale 0.1, b_z = -2, z h'", update_gate_bias=-2.0, convention="previous"),
    _gru("scale 0.1, b_z = -4, U h'", update_gate_bias=-4.0, reset="after"),
    _gru("scale 0.2", scale=0.2, convention="previous", reset="after"),
    _gru("orthogonal 0.9", scale=0.9, scheme="orthogonal"),
    NEARLY_ZERO,
)


@dataclass(frozen=True)
class Accuracy:
    """Relative errors over t, and the tolerances derived without knowing the truth."""

    differences: np.ndarray
    differences_tolerance: np.ndarray
    complex_step: np.ndarray
    complex_tolerance: np.ndarray
    by_hand: np.ndarray
    log10_g_0: float


def measure(case) -> Accuracy:
    model, tokens = case.model, case.tokens
    truth = ball.gradients(model, tokens)
    found = run(model, tokens)
    step = step_of(model, tokens)
    head, head_error = head_by_differences(
        lambda h: loss(model.head, h, tokens.target), found.states[-1]
    )
    cancelling = 1.0 if isinstance(model, GRUModel) else 0.0
    pairs = []
    for method, start, start_error in (
        ("richardson", head, head_error),
        ("complex", found.gradient.vectors()[-1], 0.0),
    ):
        jacobians = one_step_jacobians(step, found.states[:-1], method, cancelling)
        gradient = chain(jacobians.values, start)
        tolerance = chain_error(jacobians.values, jacobians.error, gradient, start_error)
        pairs += [np.array(ball.relative_errors(gradient, truth)), tolerance]
    by_hand = np.array(ball.relative_errors(found.gradient, truth))
    return Accuracy(*pairs, by_hand, ball.log10_norms(truth)[0])
