"""Errors of a gradient at one place: exact ones vanish, planted ones show at their true size."""

from dataclasses import replace

import numpy as np
import pytest

from grader.evidence.calls import Calls
from grader.evidence.differences import Differentiator
from grader.evidence.points import (
    Place,
    declared_point,
    directional_point,
    eased,
    hot_arrays,
    log10_norms,
)
from tests.toys import Direct, session_of, toy

TOY = toy()
D, T = 8, 50


def setting(kind, scale=1.0, step=None, loss=None):
    """Return (place, differentiator, dh, states) of the toy at seed 42, W_h* scaled."""
    p = TOY["init_params"](kind, 42)
    p = {
        name: w * scale if name.startswith("W_h") and name != "W_ho" else w for name, w in p.items()
    }
    tokens, target = TOY["make_sequence"](42, T)
    states = [np.zeros(D)]
    for token in tokens:
        states.append(TOY["step"](kind, p, token, states[-1]))
    place = Place("declared", "p", 42, tokens, target, np.zeros(D))
    calls = Direct(kind, step or TOY["step"], loss or TOY["loss"], p=p)
    forward = Differentiator(calls, np.random.default_rng(1))
    return place, forward, TOY["bptt"](kind, p, tokens, target), np.array(states)


def full(kind, change=None, **more):
    """Return the facts of full Jacobians where `change` was made to dh."""
    place, forward, dh, states = setting(kind, **more)
    return declared_point(place, forward, change(dh) if change else dh, states)[0]


def directional(kind, change=None, **more):
    place, forward, dh, states = setting(kind, **more)
    given = change(dh) if change else dh
    return directional_point(place, forward, given, states, np.random.default_rng(2))


def wrong_steps(point):
    return np.flatnonzero(~(point.step_error <= point.step_tolerance)).tolist()


def at(t, factor):
    """Return a change of one row of dh."""

    def change(dh):
        dh = dh.copy()
        dh[t] *= factor
        return dh

    return change


each_way = pytest.mark.parametrize("measure", [full, directional])
each_kind = pytest.mark.parametrize("kind", ["rnn", "gru"])


@each_way
@each_kind
@pytest.mark.parametrize("scale", [0.01, 1.0, 3.0])
def test_right_gradient_is_within_every_tolerance(measure, kind, scale):
    point = measure(kind, scale=scale)
    assert wrong_steps(point) == []
    assert point.head_error <= point.head_tolerance
    assert point.head_sign == 1.0


@each_kind
@pytest.mark.parametrize("scale", [0.01, 1.0, 3.0])
def test_chain_of_a_right_gradient_is_within_its_tolerance(kind, scale):
    point = full(kind, scale=scale)
    assert np.all(point.chain_error <= point.chain_tolerance)
    assert np.allclose(point.log10_numeric, point.log10_student, rtol=0, atol=1e-6)


@each_kind
def test_tolerances_are_small_enough_to_mean_something(kind):
    point = full(kind)
    assert point.step_tolerance.max() < 1e-7
    assert point.head_tolerance < 1e-7
    assert point.chain_tolerance.max() < 1e-5


@each_way
@each_kind
def test_planted_error_shows_on_both_sides_at_its_size(measure, kind):
    point = measure(kind, at(20, 1.001))
    assert wrong_steps(point) == [19, 20]
    assert point.step_error[20] == pytest.approx(1e-3, rel=0.9)


@each_kind
def test_full_jacobians_measure_a_planted_error_exactly(kind):
    point = full(kind, at(20, 1.001))
    assert point.step_error[20] == pytest.approx(1e-3 / 1.001, rel=1e-4)
    assert point.chain_error[20] == pytest.approx(1e-3, rel=1e-4)


@each_kind
def test_smallest_known_mistake_is_seen(kind):
    assert wrong_steps(full(kind, at(20, 1.0 + 3.3e-6))) == [19, 20]


@pytest.mark.parametrize(("error", "wrong"), [(1e-9, False), (3.3e-6, True)])
def test_gradient_by_differences_is_held_to_less_than_the_smallest_mistake(error, wrong):
    assert wrong_steps(eased(full("gru", at(20, 1.0 + error)))) == ([19, 20] if wrong else [])


@each_way
@pytest.mark.parametrize("scale", [0.01, 1.0])
def test_gradient_of_zero_is_wrong_at_any_size(measure, scale):
    def truncated(dh):
        return np.where(np.arange(T + 1)[:, None] < 10, 0.0, dh)

    # Below the first zero every step back is of zero to zero, and right in itself.
    assert 9 in wrong_steps(measure("rnn", truncated, scale=scale))
    chain_error = full("rnn", truncated, scale=scale).chain_error
    assert chain_error[:10] == pytest.approx(np.ones(10))


@each_way
def test_turned_sign_shows_in_the_head_alone(measure):
    point = measure("rnn", np.negative)
    assert point.head_error == pytest.approx(2.0)
    assert point.head_sign == -1.0
    assert wrong_steps(point) == []


def test_scaled_gradient_shows_in_head_and_chain():
    point = full("gru", lambda dh: 2.0 * dh)
    assert point.head_error == pytest.approx(1.0)
    assert point.chain_error == pytest.approx(np.ones(T + 1), rel=1e-3)
    assert wrong_steps(point) == []


def test_what_underflows_may_be_zero_and_nothing_else():
    point = full("rnn", scale=1e-290)
    assert wrong_steps(point) == []
    assert np.isneginf(point.log10_student[:48]).all()
    assert np.isinf(point.chain_tolerance[:48]).all()
    assert np.isfinite(point.chain_tolerance[-1])


def test_complex_steps_are_used_where_they_pass():
    assert full("rnn").method == "complex_step"


def real_only(kind, p, token, h):
    return TOY["step"](kind, p, token, h.real)


def test_complex_steps_that_lose_the_imaginary_part_are_not_believed():
    point = full("rnn", step=real_only)
    assert point.method == "richardson"
    assert wrong_steps(point) == []


def rounded(kind, p, token, h):
    return TOY["step"](kind, p, token, np.real(h)).astype(np.float32).astype(float)


def test_step_in_float32_widens_the_tolerance_to_its_roundoff():
    place, forward, dh, states = setting("rnn", step=rounded)
    point, _ = declared_point(place, forward, dh.astype("<f4").astype(float), states)
    assert wrong_steps(point) == []
    assert point.step_tolerance.min() > 1e-6


def test_log_with_an_epsilon_is_allowed_for_in_the_head():
    place, forward, dh, states = setting(
        "rnn", loss=lambda *a: -np.log(np.exp(-TOY["loss"](*a)) + 1e-7)
    )
    strict, _ = declared_point(place, forward, dh, states)
    lenient, _ = declared_point(replace(place, loss_floor=1e-7), forward, dh, states)
    assert strict.head_error > strict.head_tolerance
    assert lenient.head_error <= lenient.head_tolerance


def test_jacobians_are_laid_out_as_they_say():
    place, forward, dh, states = setting("rnn")
    _, parts = declared_point(place, forward, dh, states)
    p = forward.calls.handles["p"]
    J = (1 - states[1] ** 2)[:, None] * p["W_hh"]
    assert np.allclose(parts.value[0].T, J, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("vectors", "expected"),
    [
        ([[3.0, 4.0]], np.log10(5.0)),
        ([[3e-200, 4e-200]], np.log10(5.0) - 200),
        ([[3e200, 4e200]], np.log10(5.0) + 200),
        ([[5e-324]], np.log10(5e-324)),
        ([[0.0, 0.0]], -np.inf),
    ],
)
def test_norm_is_right_at_any_size(vectors, expected):
    assert log10_norms(np.array(vectors))[0] == pytest.approx(expected)


def test_enlarged_parameters_have_the_spreads_that_show_mistakes():
    hot = hot_arrays(TOY["init_params"]("gru", 42), D, 1.0, np.random.default_rng(3))
    for name in ("W_hh", "W_hz", "W_xh"):
        assert hot[name].std() == pytest.approx(0.35 * 2.0)  # √(32/8) = 2
    assert hot["b_h"].std() > 0.3


def test_enlarging_scales_matrices_and_moves_vectors():
    arrays = TOY["init_params"]("rnn", 42) | {"gain": np.array(2.0)}
    hot = hot_arrays(arrays, D, 1.0, np.random.default_rng(3))
    ratio = hot["W_hh"] / arrays["W_hh"]
    assert np.ptp(ratio) < 1e-12
    assert not np.array_equal(hot["b_h"], arrays["b_h"])
    assert hot["gain"] == 2.0


def test_enlarging_leaves_the_parameters_it_was_given():
    arrays = TOY["init_params"]("rnn", 42)
    before = {name: w.copy() for name, w in arrays.items()}
    hot_arrays(arrays, D, 1.0, np.random.default_rng(3))
    assert all(np.array_equal(arrays[name], before[name]) for name in arrays)


def test_constant_matrix_is_moved_not_divided_by_zero():
    hot = hot_arrays({"W": np.zeros((D, D))}, D, 1.0, np.random.default_rng(3))
    assert hot["W"].std() > 0.3


def test_points_are_asked_about_in_random_order_and_put_back():
    asked = []

    def step(_kind, _p, _token, h):
        asked.append(float(h[0]))
        return h

    forward = Differentiator(Direct("rnn", step, p={}), np.random.default_rng(1))
    states = np.arange(20.0)[:, None]
    assert np.array_equal(forward.steps("p", [0] * 20, states), states)
    assert asked != sorted(asked)


def test_real_child_gives_what_direct_calls_give(tmp_path):
    place, direct, dh, states = setting("gru")
    with session_of(tmp_path) as session:
        calls = Calls(session.children[1], "gru", 10.0)
        calls.params("p", 42)
        forward = Differentiator(calls, np.random.default_rng(1))
        point, _ = declared_point(place, forward, dh, states)
    expected, _ = declared_point(place, direct, dh, states)
    assert point.method == expected.method
    assert np.array_equal(point.step_error, expected.step_error)
