"""Learning rates as functions of the step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lecture_code.schedules import constant, inverse, piecewise


def test_constant_never_changes():
    rate = constant(0.3)
    assert [rate(k) for k in (0, 1, 10**9)] == [0.3] * 3


def test_inverse_by_hand():
    assert [inverse(6, 2)(k) for k in (0, 1, 4)] == [3, 2, 1]      # 6/2, 6/3, 6/6
    assert [inverse(1)(k) for k in (0, 1, 3)] == [1, 1 / 2, 1 / 4]  # 1/(k+1)


@given(st.floats(0.01, 10), st.floats(0.01, 10), st.integers(0, 10**6))
def test_inverse_falls_and_stays_positive(c0, c1, k):
    rate = inverse(c0, c1)
    assert rate(k) > rate(k + 1) > 0


def test_piecewise_changes_at_its_boundaries():
    rate = piecewise([2, 5], [1.0, 0.1, 0.01])
    assert [rate(k) for k in range(7)] == [1, 1, 0.1, 0.1, 0.1, 0.01, 0.01]


def test_piecewise_without_boundaries_is_constant():
    assert piecewise([], [0.5])(7) == 0.5


@pytest.mark.parametrize("make, name", [
    (lambda bad: constant(bad), "eta"), (lambda bad: inverse(bad), "c0"), (lambda bad: inverse(1, bad), "c1"),
    (lambda bad: piecewise([3], [1, bad]), "values")])
@pytest.mark.parametrize("bad", [0, -0.1, np.nan, np.inf])
def test_rates_must_be_positive(make, name, bad, raises):
    with raises(name, "a finite number > 0", str(bad)):
        make(bad)


def test_piecewise_counts_its_values(raises):
    with raises("values", "3 numbers", "2"):
        piecewise([1, 2], [1, 0.1])


@pytest.mark.parametrize("boundaries", [[5, 2], [3, 3]])
def test_piecewise_wants_increasing_boundaries(boundaries, raises):
    with raises("boundaries", "increasing"):
        piecewise(boundaries, [1, 0.1, 0.01])
