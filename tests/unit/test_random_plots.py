"""Plots drawn at random: right ones are never called wrong, wrong ones never right."""

import pytest

from tests.benchmarks.looking import HOW, answer
from tests.random_renderings import rendering

SAMPLE = (6, 44)
TUNED_ON = 150  # seeds below: constants of the check were chosen on a part of them


@pytest.mark.parametrize("seed", SAMPLE)
@pytest.mark.parametrize("how", HOW)
def test_right_plot_is_not_called_wrong(seed, how):
    assert answer(rendering(seed, right=True), how)[0] != "wrong"


@pytest.mark.parametrize("seed", SAMPLE)
@pytest.mark.parametrize("how", HOW[:2])
def test_wrong_plot_is_not_called_right(seed, how):
    assert answer(rendering(seed, right=False), how)[0] != "right"


def test_another_students_plot_in_the_same_manner_is_told_by_ones_own():
    """Its pixels alone leave it to a person; how well one's own are read decides."""
    one = rendering(402, right=False)
    assert one.what.startswith("another")
    assert [answer(one, how)[0] for how in HOW[:2]] == ["unsure", "wrong"]


@pytest.mark.parametrize("seed", [499, 503])
def test_lines_that_hide_each_other_are_no_evidence(seed):
    assert answer(rendering(seed, right=True), HOW[0])[0] == "unsure"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(TUNED_ON))
def test_neither_is_called_the_other(seed):
    for how in HOW:
        assert answer(rendering(seed, right=True), how)[0] != "wrong"
    for how in HOW[:2]:
        assert answer(rendering(seed, right=False), how)[0] != "right"


def test_rendering_is_its_seed():
    assert rendering(6, right=True).data == rendering(6, right=True).data
