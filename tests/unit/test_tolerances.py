"""Tolerances against the roundoff they are meant to allow, and the mistakes they must not."""

import numpy as np
import pytest

from grader import tolerances
from tests.toys import toy

EPS = {"<f4": 2.0**-23, "<f8": 2.0**-52}
D, T = 8, 50


@pytest.mark.parametrize("dtype", EPS)
def test_unit_roundoff_is_that_of_the_dtype(dtype):
    assert tolerances.unit_roundoff(dtype) == EPS[dtype]


@pytest.mark.parametrize("dtype", ["<i8", "|O", "nonsense", ""])
def test_dtype_without_a_roundoff_counts_as_float64(dtype):
    assert tolerances.unit_roundoff(dtype) == EPS["<f8"]


@pytest.mark.parametrize("dtype", EPS)
def test_precision_is_read_off_the_numbers_themselves(dtype):
    values = np.random.default_rng(0).normal(size=50).astype(dtype).astype("<f8")
    assert tolerances.roundoff_of(values) == EPS[dtype]


def test_one_full_number_among_short_ones_shows_float64():
    assert tolerances.roundoff_of(np.array([0.5, 0.25, 0.1])) == EPS["<f8"]


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [np.nan, np.inf]])
def test_numbers_that_show_nothing_count_as_float64(values):
    assert tolerances.roundoff_of(np.array(values, dtype="<f8")) == EPS["<f8"]


@pytest.mark.parametrize("value", [1e300, 1e-300])
def test_number_beyond_float32_came_from_float64(value):
    assert tolerances.roundoff_of(np.array([value])) == EPS["<f8"]


def steps_back(kind, dtype, seed):
    """Yield (dh[t-1], dh[t], J_t by complex steps in float64) along the toy's own sequence."""
    own = toy()
    p = {n: w.astype(dtype) for n, w in own["init_params"](kind, seed).items()}
    tokens, target = own["make_sequence"](seed, T)
    exact = {name: w.astype("<f8") for name, w in p.items()}
    dh = own["bptt"](kind, p, tokens, target)
    h = np.zeros(D, dtype)
    for t, token in enumerate(tokens):
        points = h.astype("<f8") + 1e-20j * np.eye(D)
        J = np.array([own["step"](kind, exact, token, point).imag / 1e-20 for point in points]).T
        yield dh[t].astype("<f8"), dh[t + 1].astype("<f8"), J
        h = own["step"](kind, p, token, h)


@pytest.mark.parametrize("dtype", EPS)
@pytest.mark.parametrize("kind", ["rnn", "gru"])
def test_roundoff_of_an_honest_step_back_is_allowed(kind, dtype):
    unit = tolerances.step_rounding(D, EPS[dtype])
    for before, after, J in steps_back(kind, dtype, 3):
        error = np.linalg.norm(before - J.T @ after)
        assert error <= unit * np.linalg.norm(J) * np.linalg.norm(after)


def test_smallest_known_mistake_is_not_allowed_in_float64():
    assert tolerances.recorded("<f8", 512, 50) < 3.3e-6
    assert tolerances.step_rounding(512, EPS["<f8"]) < 3.3e-6


def test_recorded_tolerance_of_float32_is_that_of_its_own_roundoff():
    assert tolerances.recorded("<f4", 32, 50) == pytest.approx(16 * 2.0**-23 * 40.0)


@pytest.mark.parametrize("kind", ["rnn", "gru"])
def test_honest_float32_norms_are_within_the_recorded_tolerance(kind):
    own = toy()
    allowed = tolerances.recorded("<f4", D, T)
    for seed in range(5):
        p = {n: w.astype("<f4") for n, w in own["init_params"](kind, seed).items()}
        exact = {n: w.astype("<f8") for n, w in p.items()}
        sequence = own["make_sequence"](seed, T)
        short, full = (
            np.linalg.norm(own["bptt"](kind, weights, *sequence).astype("<f8"), axis=1)
            for weights in (p, exact)
        )
        assert np.all(np.abs(short - full) <= allowed * full)


def test_step_rounding_grows_with_the_size_and_the_precision():
    small, large = tolerances.step_rounding(8, 1e-16), tolerances.step_rounding(64, 1e-16)
    assert small < large < 64 * small
    assert tolerances.step_rounding(8, 2e-16) == pytest.approx(2 * small)
