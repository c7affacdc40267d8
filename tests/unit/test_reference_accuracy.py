"""The oracles against ball arithmetic: the truth, known to thirty digits, at every t."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reference.arrays import relative_error
from reference.chaining import chain, chain_error
from reference.comparison import run, step_of
from reference.oracles import one_step_jacobians
from tests.golden.cases import CASES, NEARLY_ZERO, measure

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "gradient_norms.json").read_text())


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def case_and_accuracy(request):
    return request.param, measure(request.param)


def test_finite_differences_alone_reach_their_accuracy(case_and_accuracy):
    case, found = case_and_accuracy
    # At 1e-6 I one step moves a state by a millionth: ten digits are all float64 has left.
    assert found.differences.max() <= (1e-7 if case is NEARLY_ZERO else 1e-9)


def test_complex_step_and_bptt_reach_rounding(case_and_accuracy):
    _, found = case_and_accuracy
    # Fifty steps of 32 products; a norm of 1e-300, kept as a logarithm, is itself known to 1e-13.
    assert found.complex_step.max() <= 1e-12
    assert found.by_hand.max() <= 1e-12


def test_derived_tolerance_covers_the_error_and_stays_below_a_millionth(case_and_accuracy):
    _, found = case_and_accuracy
    assert (found.differences <= found.differences_tolerance).all()
    assert (found.complex_step <= found.complex_tolerance).all()
    assert found.differences_tolerance.max() < 1e-6
    assert found.complex_tolerance.max() < 1e-6


@pytest.mark.parametrize(("name", "index"), [("rnn", 1), ("gru", 7)])
def test_golden_norms_are_reproduced(name, index):
    norms = run(CASES[index].model, CASES[index].tokens).gradient.log10_norm
    # eps·|log10 g| for the logarithm, 1e-14 relative for the gradient.
    np.testing.assert_allclose(norms, GOLDEN[name], rtol=4.4e-16, atol=1e-14)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_gradient_of_zero_is_never_accepted(case):
    found = run(case.model, case.tokens)
    nothing = replace(found.gradient, log10_norm=np.full_like(found.gradient.log10_norm, -np.inf))
    assert (relative_error(nothing, found.gradient) > 0.999).all()


@pytest.mark.parametrize("wrong", ["transpose", "no_derivative", "previous_derivative"])
def test_a_planted_mistake_exceeds_the_tolerance_by_far(wrong):
    case = CASES[1]
    found = run(case.model, case.tokens)
    W, states = case.model.cell.W_hh, found.states
    slope = (1 - states**2)[..., None]
    planted = {
        "transpose": slope[1:] * W.T,
        "no_derivative": np.broadcast_to(W, (50, 32, 32)),
        "previous_derivative": slope[:-1] * W,
    }[wrong]
    head = found.gradient.vectors()[-1]
    jacobians = one_step_jacobians(step_of(case.model, case.tokens), states[:-1])
    gradient = chain(jacobians.values, head)
    tolerance = chain_error(jacobians.values, jacobians.error, gradient, 0.0)
    error = relative_error(chain(planted, head), gradient)
    assert error[0] > 1000 * tolerance[0]
