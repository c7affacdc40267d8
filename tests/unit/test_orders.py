"""Orders of decay without NumPy: the reference's own numbers, to the last digits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.orders import orders_of_decay
from reference.decay import orders_per_ten_steps

logs = st.lists(st.floats(-300, 300), min_size=51, max_size=51)


@given(logs)
def test_orders_are_those_of_the_reference(values):
    expected = [float(one) for one in orders_per_ten_steps(np.array(values)).values()]
    found = orders_of_decay(values[:50], values[50])
    assert list(found) == list("abcde")
    assert list(found.values()) == pytest.approx(expected, rel=1e-12, abs=1e-12 * 300)


@given(logs)
def test_without_a_head_gradient_nothing_is_said_of_it(values):
    found = orders_of_decay(values[:50])
    assert list(found) == list("abde")
    assert found.items() <= orders_of_decay(values[:50], values[50]).items()
