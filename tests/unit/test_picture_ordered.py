"""Median and distinct values, beside NumPy's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.picture.ordered import distinct, groups, median

VALUES = hnp.arrays(
    st.sampled_from([np.float64, np.intp]),
    st.integers(1, 60),
    elements=st.integers(-8, 8),
)


@given(VALUES)
def test_groups_are_those_of_numpy(values):
    found = groups(values)
    known, first, rank, count = np.unique(
        values, return_index=True, return_inverse=True, return_counts=True
    )
    assert np.array_equal(found.values, known)
    assert np.array_equal(found.first, first)
    assert np.array_equal(found.rank, rank.reshape(-1))
    assert np.array_equal(found.count, count)
    assert np.array_equal(distinct(values), known)


@given(hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e300, 1e300, width=64)))
def test_median_is_that_of_numpy(values):
    assert median(values) == np.median(values)


def test_of_nothing_there_is_no_median_and_no_group():
    assert np.isnan(median(np.zeros(0)))
    assert len(groups(np.zeros(0)).values) == len(distinct(np.zeros(0))) == 0


def test_values_in_other_order_are_the_same_groups():
    one, other = groups(np.array([3.0, 1.0, 3.0])), groups(np.array([3.0, 3.0, 1.0]))
    assert one.values == pytest.approx(other.values)
    assert (one.count.tolist(), other.rank.tolist()) == ([1, 2], [1, 1, 0])
