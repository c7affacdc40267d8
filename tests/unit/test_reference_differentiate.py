"""Differentiating opaque steps from points and values."""

from __future__ import annotations

import numpy as np
import pytest

from reference.chaining import amplification, chain, chain_error
from reference.differentiate import (
    LADDER,
    central,
    central_points,
    choose_radius,
    complex_agrees,
    complex_derivative,
    complex_points,
    frobenius,
    ladder_points,
    richardson,
)
from reference.oracles import (
    evaluate,
    full_loss_complex,
    full_loss_sweep,
    head_by_differences,
    one_step_jacobians,
    radius_for,
)

STATES = np.random.default_rng(3).uniform(-0.5, 0.5, (4, 3))
IDENTITY = np.eye(3)
WEIGHTS = np.random.default_rng(4).standard_normal((3, 3))


def tanh_step(t, h):
    return np.tanh(h @ WEIGHTS.T + 0.1 * t)


def tanh_jacobians():
    slope = 1 - np.stack([tanh_step(t, h) for t, h in enumerate(STATES, start=1)]) ** 2
    return slope[:, :, None] * WEIGHTS


def test_central_points_halve_the_radius_around_each_state():
    radius = np.array([0.5, 0.25, 0.125, 0.0625])
    points = central_points(STATES, IDENTITY, radius, levels=2)
    assert points.shape == (4, 2, 2, 3, 3)
    np.testing.assert_array_equal(points[1, 1, 0, 2], STATES[1] + 0.125 * IDENTITY[2])
    np.testing.assert_array_equal(points[3, 0, 1, 0], STATES[3] - 0.0625 * IDENTITY[0])


def test_directions_may_differ_between_states():
    directions = np.random.default_rng(5).standard_normal((4, 2, 3))
    points = central_points(STATES, directions, np.full(4, 0.5), levels=1)
    np.testing.assert_array_equal(points[2, 0, 0, 1], STATES[2] + 0.5 * directions[2, 1])


def test_richardson_is_exact_for_polynomials_its_levels_cancel():
    radius = np.full(4, 0.5)
    values = evaluate(lambda _, h: h**6 - 3 * h**5, central_points(STATES, IDENTITY, radius))
    derivative, error = richardson(values, radius)
    expected = (6 * STATES**5 - 15 * STATES**4)[:, :, None] * IDENTITY
    assert (np.abs(derivative - expected) <= error).all()
    # Three levels cancel r² and r⁴, all the error a sixth-degree polynomial has.
    np.testing.assert_allclose(derivative, expected, rtol=0, atol=1e-14)


def test_richardson_error_covers_what_higher_terms_leave():
    radius = np.full(4, 0.5)
    values = evaluate(lambda _, h: np.sin(3 * h), central_points(STATES, IDENTITY, radius))
    derivative, error = richardson(values, radius)
    actual = np.abs(derivative - (3 * np.cos(3 * STATES))[:, :, None] * IDENTITY)
    assert actual.max() > 1e-5
    assert (actual <= error).all()


def test_richardson_refuses_a_single_radius():
    values = evaluate(tanh_step, central_points(STATES, IDENTITY, np.full(4, 0.1), levels=1))
    with pytest.raises(ValueError, match="two radii"):
        richardson(values, np.full(4, 0.1))


@pytest.mark.parametrize("method", ["richardson", "central", "complex"])
def test_one_step_jacobians_err_within_their_estimate(method):
    found = one_step_jacobians(tanh_step, STATES, method)
    actual = frobenius(found.values - tanh_jacobians())
    assert (actual <= found.error).all()
    assert (found.error <= 1e-7).all()


def test_float32_values_need_their_own_eps():
    def rounded(t, h):
        return tanh_step(t, h).astype(np.float32)

    eps = float(np.finfo(np.float32).eps)
    directions = np.random.default_rng(6).standard_normal((4, 3))
    ladder = evaluate(rounded, ladder_points(STATES, directions))
    radius = choose_radius(ladder, eps=eps)
    derivative, error = richardson(
        evaluate(rounded, central_points(STATES, IDENTITY, radius)), radius, eps
    )
    assert (
        np.abs(np.swapaxes(derivative, 1, 2) - tanh_jacobians()) <= np.swapaxes(error, 1, 2)
    ).all()
    assert (radius > radius_for(tanh_step, STATES)).all()


def test_the_widest_radius_is_chosen_where_the_step_is_nearly_flat():
    np.testing.assert_array_equal(radius_for(lambda _, h: np.tanh(1e-6 * h + 0.05), STATES), 0.5)


def test_a_small_radius_is_chosen_where_the_step_bends_sharply():
    radius = radius_for(lambda _, h: np.tanh(30 * h), 0.1 * STATES)
    assert (radius < 0.02).all()
    assert (radius >= 1e-5).all()


def test_radii_whose_values_are_not_finite_are_ruled_out():
    def bounded_domain(_, h):
        return np.where(np.abs(h).max(axis=-1, keepdims=True) > 0.6, np.nan, np.tanh(1e-6 * h))

    radius = radius_for(bounded_domain, STATES)
    assert np.isfinite(radius).all()
    directions = np.random.default_rng(0).standard_normal((4, 3))
    values = evaluate(bounded_domain, ladder_points(STATES, directions))
    chosen = choose_radius(values)
    rungs = np.searchsorted(-LADDER, -chosen)
    assert np.isfinite([values[t, rung] for t, rung in enumerate(rungs)]).all()


def test_complex_step_is_believed_where_differences_agree():
    radius = radius_for(tanh_step, STATES)
    derivative, error = richardson(
        evaluate(tanh_step, central_points(STATES, IDENTITY, radius)), radius
    )
    exact = complex_derivative(evaluate(tanh_step, complex_points(STATES, IDENTITY)))
    assert complex_agrees(exact, derivative, error).all()


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda t, h: tanh_step(t, h.real) + 0j,
        lambda t, h: tanh_step(t, np.conj(h)),
        lambda t, h: tanh_step(t, h) * (1 + 1e-6j * 1e-20),
    ],
    ids=["real part", "conjugate", "a little off"],
)
def test_complex_step_of_a_step_that_is_not_analytic_is_not_believed(spoiled):
    radius = radius_for(tanh_step, STATES)
    derivative, error = richardson(
        evaluate(tanh_step, central_points(STATES, IDENTITY, radius)), radius
    )
    found = complex_derivative(evaluate(spoiled, complex_points(STATES, IDENTITY)))
    assert not complex_agrees(found, derivative, error).any()


def test_central_reports_the_smallest_radius():
    radius = np.full(4, 0.2)
    values = evaluate(tanh_step, central_points(STATES, IDENTITY, radius, levels=2))
    found, error = central(values, radius)
    np.testing.assert_allclose(found, (values[:, 1, 0] - values[:, 1, 1]) / 0.2, rtol=1e-15)
    actual = np.abs(np.swapaxes(found, 1, 2) - tanh_jacobians())
    assert (actual <= 1.5 * np.swapaxes(error, 1, 2)).mean() > 0.9


def test_frobenius_survives_underflow_and_zero():
    np.testing.assert_allclose(frobenius(np.full((1, 2, 2), 3e-200)), 6e-200, rtol=1e-15)
    assert frobenius(np.zeros((1, 2, 2))) == 0


def test_whole_loss_methods_agree_while_the_gradient_is_large():
    def loss_from(t, h):
        for later in range(t + 1, 5):
            h = tanh_step(later, h)
        return (h**2).sum(axis=-1)

    states = np.concatenate((STATES, STATES[:1]))
    exact = full_loss_complex(loss_from, states)
    np.testing.assert_allclose(exact[-1], 2 * states[-1], rtol=1e-15)
    fine, coarse = (full_loss_sweep(loss_from, states, h) for h in (1e-5, 2e-5))
    # Truncation grows fourfold with h, so the difference is three times the finer one's error.
    np.testing.assert_allclose(fine, exact, rtol=0, atol=np.abs(fine - coarse).max())
    assert np.abs(fine - exact).max() < 1e-7


def test_head_by_differences_errs_within_its_estimate():
    gradient, error = head_by_differences(lambda h: np.cos(h).sum(axis=-1), STATES[0])
    actual = np.linalg.norm(gradient + np.sin(STATES[0]))
    assert actual <= error < 1e-10


def test_chain_of_zero_jacobians_is_zero_with_an_unbounded_relative_error():
    jacobians = np.stack((IDENTITY, np.zeros((3, 3)), IDENTITY))
    found = chain(jacobians, np.ones(3))
    np.testing.assert_array_equal(np.isneginf(found.log10_norm), [True, True, False, False])
    assert not found.vectors()[:2].any()
    bound = chain_error(jacobians, np.zeros(3), found, 0.0)
    np.testing.assert_array_equal(np.isinf(bound), [True, True, False, False])


def test_amplification_of_the_identity_counts_steps():
    jacobians = np.tile(1e-9 * IDENTITY, (50, 1, 1))
    found = amplification(jacobians, chain(jacobians, np.ones(3)))
    np.testing.assert_allclose(found, np.arange(51, 0, -1), rtol=1e-12)
