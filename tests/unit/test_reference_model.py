"""Cells, sequences, initialisation, loss, decay and ensembles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reference.bptt import backward_rnn, head_gradient
from reference.cells import GRUCell, gru_from_preactivations, rnn_from_preactivation
from reference.comparison import extended
from reference.decay import (
    DEFINITIONS,
    orders_per_ten_steps,
    predicted_gru,
    predicted_rnn,
    spectral_radius,
    total_orders,
)
from reference.ensemble import BLOCK, decay_ensemble, mean_update_gate
from reference.experiment import run_gru, run_rnn
from reference.initialise import Configuration, draw_gru, draw_rnn, draw_sequence
from reference.sequence import AGREEMENT, VOCABULARY, option_a, option_b
from reference.unroll import cross_entropy, unroll_rnn

RNG = np.random.default_rng(11)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("batch", [(), (5,), (4, 5)])
@pytest.mark.parametrize("convention", ["candidate", "previous"])
@pytest.mark.parametrize("reset", ["before", "after"])
def test_gru_from_preactivations_follows_the_equations(batch, convention, reset):
    U, a = RNG.standard_normal((3, 6, 6)), RNG.standard_normal((3, *batch, 6))
    h = RNG.uniform(-1, 1, (*batch, 6))
    bias = RNG.standard_normal(6) if reset == "after" else None
    z, r = sigmoid(h @ U[0].T + a[0]), sigmoid(h @ U[1].T + a[1])
    inner = (r * h) @ U[2].T if bias is None else r * (h @ U[2].T + bias)
    candidate = np.tanh(inner + a[2])
    expected = (
        (1 - z) * h + z * candidate if convention == "candidate" else z * h + (1 - z) * candidate
    )
    found = gru_from_preactivations(
        tuple(U), tuple(a), h, convention=convention, reset=reset, recurrent_bias=bias
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_rnn_from_preactivation_takes_one_matrix_per_state():
    W, a, h = (
        RNG.standard_normal((4, 3, 3)),
        RNG.standard_normal((4, 3)),
        RNG.standard_normal((4, 3)),
    )
    found = rnn_from_preactivation(W, a, h)
    for k in range(4):
        np.testing.assert_allclose(found[k], np.tanh(W[k] @ h[k] + a[k]), rtol=0, atol=1e-15)


def test_a_recurrent_bias_before_the_product_is_refused():
    zeros = np.zeros((3, 2, 2))
    with pytest.raises(ValueError, match="recurrent bias"):
        GRUCell(zeros, zeros, np.zeros((3, 2)), np.zeros(2), reset="before")
    with pytest.raises(ValueError, match="recurrent bias"):
        gru_from_preactivations(zeros, np.zeros((3, 2)), np.zeros(2), recurrent_bias=np.zeros(2))


def test_saturated_gates_do_not_overflow():
    U, h = np.zeros((3, 2, 2)), np.array([0.3, -0.2])
    shut = np.full((3, 2), -1e4)
    np.testing.assert_array_equal(gru_from_preactivations(U, shut, h), h)


def test_extended_precision_is_kept_throughout():
    tokens = draw_sequence(Configuration())
    found = run_gru(extended(draw_gru(Configuration())), tokens)
    assert found.states.dtype == found.gradient.unit.dtype == np.longdouble


def test_float32_gradients_below_its_range_are_still_right():
    configuration = Configuration(scale=0.02)
    model, tokens = draw_rnn(configuration), draw_sequence(configuration)
    names = ("W_xh", "W_hh", "b_h")
    cell = replace(model.cell, **{n: getattr(model.cell, n).astype(np.float32) for n in names})
    states = unroll_rnn(cell, model.embedding[tokens.ids].astype(np.float32))
    head = head_gradient(model.head, states[-1], tokens.target).astype(np.float32)
    found = backward_rnn(cell, states, head)
    assert found.unit.dtype == np.float32
    truth = run_rnn(model, tokens).gradient.log10_norm
    assert truth[0] < -46
    # 50 steps of 32 products in float32, of relative rounding 1.2e-7 each.
    np.testing.assert_allclose(found.log10_norm, truth, rtol=0, atol=50 * 32 * 1.2e-7)


def test_cross_entropy_is_stable_and_analytic():
    assert cross_entropy(np.zeros(64), 5) == pytest.approx(np.log(64), rel=1e-15)
    assert cross_entropy(np.array([1e4, -1e4]), 1) == pytest.approx(2e4, rel=1e-15)
    logits = RNG.standard_normal((3, 7))
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    step = logits.astype(complex)
    step[:, 2] += 1e-20j
    found = cross_entropy(step, np.array([2, 2, 4])).imag / 1e-20
    np.testing.assert_allclose(found, softmax[:, 2] - [1, 1, 0], rtol=0, atol=1e-15)


def test_the_vocabulary_holds_sixty_four_words():
    assert len(set(VOCABULARY)) == len(VOCABULARY) == 64


@pytest.mark.parametrize(("first", "form"), AGREEMENT.items())
def test_the_target_agrees_with_the_first_token(first, form):
    tokens = option_a(50, (first, "she", "you"))
    words = [VOCABULARY[i] for i in tokens.ids]
    assert words[:6] == [first, form, ",", "she", "works", ","]
    assert VOCABULARY[tokens.target] == form
    assert len(words) == 50


def test_random_tokens_repeat_with_their_seed_and_stay_in_the_vocabulary():
    first, again, other = option_b(1, 500, 20), option_b(1, 500, 20), option_b(2, 500, 20)
    np.testing.assert_array_equal(first.ids, again.ids)
    assert (first.ids != other.ids).any()
    assert set(first.ids.tolist()) == set(range(20))


@pytest.mark.parametrize(
    "call",
    [
        lambda: option_a(0),
        lambda: option_a(5, ("cat",)),
        lambda: option_a(5, ()),
        lambda: option_b(0, 0),
        lambda: option_b(0, 5, 10, target=10),
        lambda: Configuration(T=0),
        lambda: Configuration(scale=0.0),
        lambda: Configuration(scale=float("nan")),
        lambda: Configuration(update_gate_bias=float("inf")),
        lambda: Configuration(seed=-1),
        lambda: Configuration(vocabulary=9),
        lambda: decay_ensemble(Configuration(), []),
        lambda: orders_per_ten_steps(np.zeros(11)),
        lambda: mean_update_gate(run_rnn(draw_rnn(Configuration()), option_a())),
    ],
)
def test_what_makes_no_sense_is_refused(call):
    with pytest.raises(ValueError, match=r"."):
        call()


def test_weights_have_the_declared_standard_deviation():
    model = draw_rnn(Configuration(scale=0.1), range(200))
    for weights in (model.cell.W_hh, model.cell.W_xh, model.embedding, model.head.W_ho):
        # Five standard errors of a sample standard deviation.
        assert weights.std() == pytest.approx(0.1, rel=5 / np.sqrt(2 * weights.size))
        assert abs(weights.mean()) < 5 * 0.1 / np.sqrt(weights.size)


def test_orthogonal_recurrent_matrices_are_orthogonal_times_scale():
    U = draw_gru(Configuration(scheme="orthogonal", scale=0.9)).cell.U
    np.testing.assert_allclose(
        U @ np.swapaxes(U, 1, 2), np.tile(0.81 * np.eye(32), (3, 1, 1)), atol=1e-14
    )


def test_both_nets_read_the_same_inputs():
    one = Configuration(seed=7)
    np.testing.assert_array_equal(draw_rnn(one).embedding, draw_gru(one).embedding)


@pytest.mark.parametrize(("convention", "sign"), [("candidate", 1), ("previous", -1)])
def test_a_negative_gate_bias_opens_the_additive_path_in_either_convention(convention, sign):
    configuration = Configuration(update_gate_bias=-2.0, convention=convention)
    model = draw_gru(configuration)
    np.testing.assert_array_equal(model.cell.b[0], -2.0 * sign)
    norms = run_gru(model, draw_sequence(configuration)).gradient.log10_norm
    assert 1.9 < norms[-1] - norms[0] < 3.2


def test_definitions_of_decay_are_those_named():
    norms = np.concatenate((np.cumsum(np.random.default_rng(2).uniform(0, 1, 50)) - 30, [1.5]))
    found = orders_per_ten_steps(norms)
    N = norms[49] - norms[0]
    assert list(found) == list(DEFINITIONS)
    assert found["recorded_steps"] == pytest.approx(10 * N / 49, rel=1e-14)
    assert found["sequence_length"] == pytest.approx(N / 5, rel=1e-14)
    assert found["to_head"] == pytest.approx((norms[50] - norms[0]) / 5, rel=1e-14)
    assert found["least_squares"] == pytest.approx(10 * np.polyfit(np.arange(50), norms[:50], 1)[0])
    steps = [norms[t + 10] - norms[t] for t in (0, 10, 20, 30)]
    assert found["ten_step_differences"] == pytest.approx(np.mean(steps), rel=1e-14)
    assert np.mean([*steps, norms[50] - norms[40]]) == pytest.approx(found["to_head"], rel=1e-14)
    assert total_orders(norms) == pytest.approx(N, rel=1e-15)


def test_the_spectral_radius_is_that_of_a_known_matrix():
    rotation = 0.7 * np.array([[0.0, -1.0], [1.0, 0.0]])
    np.testing.assert_allclose(
        spectral_radius(np.stack((rotation, np.diag([0.1, -0.3])))), [0.7, 0.3]
    )


def test_predictions_follow_measured_decay():
    ensemble = decay_ensemble(Configuration(), range(60))
    measured = orders_per_ten_steps(ensemble.rnn)["recorded_steps"]
    offset = measured - 10 * predicted_rnn(ensemble.rho, 1.0)
    assert np.corrcoef(measured, ensemble.rho)[0, 1] < -0.95
    assert -0.05 < offset.min() <= offset.max() < 0.4
    assert predicted_gru(0.5) == pytest.approx(np.log10(2), rel=1e-15)


def test_an_ensemble_falls_where_two_hundred_seeds_were_measured():
    lost = {}
    for bias in (0.0, -2.0, -4.0):
        found = decay_ensemble(Configuration(update_gate_bias=bias), range(BLOCK + 36))
        lost[bias] = (found.gru[:, -1] - found.gru[:, 0]).mean()
    rnn = (found.rnn[:, -1] - found.rnn[:, 0]).mean()
    # Mean ± five standard errors of both samples, taken at the published standard deviations.
    assert rnn == pytest.approx(11.5, abs=5 * 1.4 * 0.13)
    assert lost[0.0] == pytest.approx(10.1, abs=5 * 0.5 * 0.13)
    assert lost[-2.0] == pytest.approx(2.25, abs=5 * 0.11 * 0.13)
    assert lost[-4.0] == pytest.approx(0.37, abs=5 * 0.02 * 0.13)


@pytest.mark.parametrize("option", ["A", "B"])
def test_an_ensemble_is_its_single_runs_in_order(option):
    configuration = Configuration(option=option, update_gate_bias=-1.0)
    seeds = [*range(BLOCK), 1000]
    found = decay_ensemble(configuration, seeds)
    for k in (0, BLOCK):
        one = replace(configuration, seed=seeds[k])
        tokens, rnn = draw_sequence(one), draw_rnn(one)
        gru = run_gru(draw_gru(one), tokens)
        np.testing.assert_allclose(
            found.rnn[k], run_rnn(rnn, tokens).gradient.log10_norm, atol=1e-12
        )
        np.testing.assert_allclose(found.gru[k], gru.gradient.log10_norm, atol=1e-12)
        assert found.mean_z[k] == pytest.approx(float(mean_update_gate(gru)), rel=1e-12)
        assert found.rho[k] == pytest.approx(float(spectral_radius(rnn.cell.W_hh)), rel=1e-12)
    assert found.seeds == tuple(seeds)
