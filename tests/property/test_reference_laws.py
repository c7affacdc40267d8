"""Laws of recurrent nets and of their gradients."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reference import bptt
from reference.arrays import as_chain, relative_error
from reference.bptt import backward_rnn, head_gradient
from reference.cells import GRUCell, RNNCell
from reference.chaining import amplification, chain, chain_error
from reference.comparison import run, step_of
from reference.decay import orders_per_ten_steps
from reference.differentiate import frobenius
from reference.experiment import run_gru, run_rnn
from reference.initialise import GRUModel, draw_gru, draw_rnn, draw_sequence
from reference.oracles import one_step_jacobians
from reference.unroll import unroll_gru, unroll_rnn
from tests.property.strategies import configurations, jacobian_chains, seeds

EPS = np.finfo(float).eps


def both(configuration):
    return draw_rnn(configuration), draw_gru(configuration)


def rounding(jacobians, gradient, model):
    """Bound what rounding may do: a few dozen operations per entry, carried along the chain.

    It is relative to the terms of an entry, not to their sum: in a GRU the additive path is one of
    them, of order one, and the others may cancel it.
    """
    terms = frobenius(jacobians) + (1.0 if isinstance(model, GRUModel) else 0.0)
    return chain_error(jacobians, 64 * EPS * terms, gradient, 1e-13)


@given(configurations())
def test_complex_step_equals_bptt(configuration):
    tokens = draw_sequence(configuration)
    for model in both(configuration):
        found = run(model, tokens)
        jacobians = one_step_jacobians(step_of(model, tokens), found.states[:-1], "complex").values
        head = head_gradient(model.head, found.states[-1], tokens.target)
        chained = chain(jacobians, head)
        allowed = rounding(jacobians, chained, model)
        assert (relative_error(found.gradient, chained) <= allowed).all()


@given(configurations())
def test_finite_differences_equal_bptt_within_their_own_estimate(configuration):
    tokens = draw_sequence(configuration)
    for model, cancelling in zip(both(configuration), (0.0, 1.0), strict=True):
        found = run(model, tokens)
        step = step_of(model, tokens)
        jacobians = one_step_jacobians(step, found.states[:-1], cancelling=cancelling)
        head = head_gradient(model.head, found.states[-1], tokens.target)
        chained = chain(jacobians.values, head)
        allowed = chain_error(jacobians.values, jacobians.error, chained, 0.0)
        assert (relative_error(found.gradient, chained) <= allowed).all()


@given(configurations(), seeds)
def test_permuting_hidden_units_permutes_the_gradient(configuration, seed):
    tokens = draw_sequence(configuration)
    order = np.random.default_rng(seed).permutation(configuration.d_hidden)
    rnn, gru = both(configuration)
    cell = rnn.cell
    permuted_rnn = RNNCell(cell.W_xh[order], cell.W_hh[np.ix_(order, order)], cell.b_h[order])
    cell = gru.cell
    permuted_gru = replace(
        cell,
        W=cell.W[:, order],
        U=cell.U[:, order][:, :, order],
        b=cell.b[:, order],
        recurrent_bias=None if cell.recurrent_bias is None else cell.recurrent_bias[order],
    )
    for model, permuted in ((rnn, permuted_rnn), (gru, permuted_gru)):
        head = replace(model.head, W_ho=model.head.W_ho[:, order])
        after = run(replace(model, cell=permuted, head=head), tokens)
        before = run(model, tokens)
        jacobians = one_step_jacobians(step_of(model, tokens), before.states[:-1], "complex").values
        expected = replace(before.gradient, unit=before.gradient.unit[:, order])
        allowed = rounding(jacobians, before.gradient, model)
        assert (relative_error(after.gradient, expected) <= allowed).all()


@given(configurations(scheme="orthogonal", scale=1.0))
def test_small_signals_through_an_orthogonal_rnn_keep_their_norm(configuration):
    model = draw_rnn(configuration)
    # States of size 1e-9 bend tanh' by 1e-18, below rounding: the net is linear.
    cell = replace(model.cell, W_xh=1e-10 * model.cell.W_xh)
    norms = run_rnn(replace(model, cell=cell), draw_sequence(configuration)).gradient.log10_norm
    allowed = 8 * configuration.T * configuration.d_hidden * EPS
    np.testing.assert_allclose(norms, norms[-1], rtol=0, atol=allowed)


@given(configurations())
def test_gru_with_its_update_gate_shut_keeps_norms_exactly(configuration):
    shut = replace(configuration, update_gate_bias=-1000.0)
    norms = run_gru(draw_gru(shut), draw_sequence(shut)).gradient.log10_norm
    np.testing.assert_array_equal(norms, norms[-1])


@given(configurations(update_gate_bias=1000.0))
def test_gru_with_both_gates_open_is_the_rnn(configuration):
    tokens = draw_sequence(configuration)
    model = draw_gru(configuration)
    b = model.cell.b.copy()
    b[1] = 1000.0
    gru = run_gru(replace(model, cell=replace(model.cell, b=b)), tokens)
    rnn = run_rnn(
        replace(
            draw_rnn(configuration),
            cell=RNNCell(model.cell.W[2], model.cell.U[2], b[2]),
            head=model.head,
        ),
        tokens,
    )
    np.testing.assert_allclose(gru.states, rnn.states, rtol=0, atol=64 * EPS)
    jacobians = (1 - rnn.states[1:, :, None] ** 2) * model.cell.U[2]
    allowed = rounding(jacobians, rnn.gradient, model)
    assert (relative_error(gru.gradient, rnn.gradient) <= allowed).all()


@given(configurations(convention="candidate"))
def test_negating_the_gate_turns_one_convention_into_the_other(configuration):
    tokens = draw_sequence(configuration)
    model = draw_gru(configuration)
    cell = model.cell
    sign = np.array([-1.0, 1.0, 1.0])
    mirrored = replace(
        cell,
        W=cell.W * sign[:, None, None],
        U=cell.U * sign[:, None, None],
        b=cell.b * sign[:, None],
        convention="previous",
    )
    one, other = run_gru(model, tokens), run_gru(replace(model, cell=mirrored), tokens)
    jacobians = one_step_jacobians(step_of(model, tokens), one.states[:-1], "complex").values
    assert (
        relative_error(other.gradient, one.gradient) <= rounding(jacobians, one.gradient, model)
    ).all()


@given(configurations(reset="before"))
def test_an_open_reset_gate_makes_its_placement_irrelevant(configuration):
    cell = draw_gru(configuration).cell
    b = cell.b.copy()
    b[1] = 1000.0
    inputs = np.random.default_rng(0).standard_normal((configuration.T, configuration.d_embed))
    before, _ = unroll_gru(replace(cell, b=b), inputs)
    after, _ = unroll_gru(GRUCell(cell.W, cell.U, b, None, cell.convention, "after"), inputs)
    np.testing.assert_array_equal(before, after)


@given(configurations(), st.integers(-900, 900))
def test_scaling_the_loss_scales_every_norm_and_turns_none(configuration, power):
    model, tokens = draw_rnn(configuration), draw_sequence(configuration)
    found = run_rnn(model, tokens)
    head = head_gradient(model.head, found.states[-1], tokens.target)
    scaled = backward_rnn(model.cell, found.states, np.ldexp(head, power))
    np.testing.assert_array_equal(scaled.unit, found.gradient.unit)
    shift = power * np.log10(2.0)
    allowed = 4 * EPS * (1 + abs(shift) + np.abs(found.gradient.log10_norm).max())
    np.testing.assert_allclose(
        scaled.log10_norm - found.gradient.log10_norm, shift, rtol=0, atol=allowed
    )


@given(configurations())
def test_rescaling_at_every_step_changes_no_bit(configuration):
    tokens = draw_sequence(configuration)
    for model in both(configuration):
        plain = run(model, tokens).gradient
        with mock.patch.object(bptt, "_low", return_value=np.inf):
            rescaled = run(model, tokens).gradient
        np.testing.assert_array_equal(plain.unit, rescaled.unit)
        np.testing.assert_array_equal(plain.log10_norm, rescaled.log10_norm)


@given(configurations(), st.lists(seeds, min_size=1, max_size=4))
def test_a_batch_is_its_members(configuration, chosen):
    tokens = draw_sequence(configuration)
    batches = draw_rnn(configuration, chosen), draw_gru(configuration, chosen)
    for k, seed in enumerate(chosen):
        for batch, model in zip(batches, both(replace(configuration, seed=seed)), strict=True):
            one, many = run(model, tokens), run(batch, tokens)
            np.testing.assert_allclose(many.states[:, k], one.states, rtol=0, atol=64 * EPS)
            np.testing.assert_allclose(
                many.gradient.log10_norm[:, k], one.gradient.log10_norm, rtol=0, atol=1e-9
            )


@given(configurations())
def test_unrolling_in_two_halves_is_unrolling_once(configuration):
    cell = draw_rnn(configuration).cell
    inputs = np.random.default_rng(1).standard_normal((configuration.T + 1, configuration.d_embed))
    whole = unroll_rnn(cell, inputs)
    rest = unroll_rnn(cell, inputs[1:], whole[1])
    np.testing.assert_allclose(rest, whole[1:], rtol=0, atol=64 * EPS * configuration.T)


@given(jacobian_chains(), seeds, st.floats(-12, -5))
def test_chain_error_covers_any_perturbation_of_its_size(case, seed, exponent):
    jacobians, head = case
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(jacobians.shape)
    size = 10.0**exponent * frobenius(jacobians)
    noise *= (size / frobenius(noise))[:, None, None]
    head_noise = 10.0**exponent * rng.standard_normal(head.shape)
    true = chain(jacobians, head)
    found = chain(jacobians + noise, head + head_noise)
    bound = chain_error(jacobians, size, true, float(np.linalg.norm(head_noise)))
    # The bound is of first order; what it leaves out is of the order of its square.
    assert (relative_error(found, true) <= bound * np.exp(bound)).all()


@given(jacobian_chains())
def test_amplification_is_at_least_the_number_of_steps(case):
    jacobians, head = case
    found = amplification(jacobians, chain(jacobians, head))
    steps = np.arange(len(jacobians), -1, -1) + 1
    assert (found >= steps * (1 - 1e-12)).all()


@given(jacobian_chains())
def test_chain_is_the_plain_product_where_nothing_underflows(case):
    jacobians, head = case
    jacobians = jacobians / np.abs(jacobians).max()
    vectors = [head]
    for J in jacobians[::-1]:
        vectors.append(J.T @ vectors[-1])
    found = chain(jacobians, head)
    expected = as_chain(np.array(vectors[::-1]))
    allowed = chain_error(jacobians, np.zeros(len(jacobians)), found, 0.0)
    assert (relative_error(found, expected) <= allowed + 8 * EPS).all()


@given(st.floats(-3, 3), st.floats(-300, 5), st.integers(11, 80))
def test_every_definition_agrees_on_an_exact_exponential(slope, start, T):
    norms = start + slope * np.arange(T + 1)
    orders = orders_per_ten_steps(norms)
    spread = (T - 1) / T  # the one definition that divides T - 1 steps by T
    orders["sequence_length"] = orders["sequence_length"] / spread
    for found in orders.values():
        np.testing.assert_allclose(
            found, 10 * slope, rtol=0, atol=64 * EPS * np.abs(norms).max() + 1e-300
        )
