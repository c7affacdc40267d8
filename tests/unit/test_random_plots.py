"""Plots drawn at random: right ones are never called wrong, wrong ones never right."""

import pytest

from tests.benchmarks.looking import answer
from tests.random_renderings import rendering

SAMPLE = (6, 14, 31, 44)
TUNED_ON = 150  # seeds below: constants of the check were chosen on a part of them


@pytest.mark.parametrize("seed", SAMPLE)
@pytest.mark.parametrize("told", [False, True])
def test_right_plot_is_not_called_wrong(seed, told):
    assert answer(rendering(seed, right=True), told=told)[0] != "wrong"


@pytest.mark.parametrize("seed", SAMPLE)
@pytest.mark.parametrize("told", [False, True])
def test_wrong_plot_is_not_called_right(seed, told):
    assert answer(rendering(seed, right=False), told=told)[0] != "right"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(TUNED_ON))
def test_neither_is_called_the_other(seed):
    for told in (False, True):
        assert answer(rendering(seed, right=True), told=told)[0] != "wrong"
        assert answer(rendering(seed, right=False), told=told)[0] != "right"


def test_rendering_is_its_seed():
    assert rendering(6, right=True).data == rendering(6, right=True).data
