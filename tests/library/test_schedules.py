"""Learning rates as functions of the step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lecture_code.schedules import constant, cosine, exponential, inverse, piecewise, power, robbins_monro, warm_up


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


def test_power_by_hand():
    assert [power(6, 4, 0.5)(k) for k in (0, 5)] == [3, 2]          # 6/√4, 6/√9
    assert [power(1, 1, 2)(k) for k in (0, 1, 2)] == [1, 1 / 4, 1 / 9]


@given(st.floats(0.01, 10), st.floats(0.01, 10), st.integers(0, 10**6))
def test_power_one_is_inverse(c0, c1, k):
    assert power(c0, c1, 1)(k) == inverse(c0, c1)(k)


def test_exponential_by_hand():
    assert [exponential(8, 0.5)(k) for k in (0, 1, 3)] == [8, 4, 1]
    assert sum(exponential(8, 0.5)(k) for k in range(60)) == 16    # 8 / (1 − ½)


def test_cosine_by_hand():
    # from 3 to 1 in 6 steps: cos 0 = 1, cos π/3 = ½, cos π/2 = 0, cos π = −1
    rate = cosine(3, 6, lowest=1)
    np.testing.assert_allclose([rate(k) for k in (0, 2, 3, 6, 7, 100)], [3, 2.5, 2, 1, 1, 1], rtol=1e-15)
    assert cosine(1, 4)(4) == 0


def test_warm_up_by_hand():
    rate = warm_up(4, inverse(8, 1))
    assert [rate(k) for k in (0, 1, 3, 7)] == [2, 2, 2, 1]  # 8 · ¼, 4 · ½, 2 · 1, 8/8


@pytest.mark.parametrize("make, diverges, converge", [
    (lambda: constant(0.1), True, False), (lambda: inverse(1), True, True), (lambda: piecewise([3], [1, 0.1]), True, False),
    (lambda: power(1, 1, 0.3), True, False), (lambda: power(1, 1, 0.5), True, False), (lambda: power(1, 1, 0.51), True, True),
    (lambda: power(1, 1, 1), True, True), (lambda: power(1, 1, 1.01), False, True), (lambda: power(0.5, 1, 2), False, True),
    (lambda: exponential(1, 0.9), False, True), (lambda: warm_up(5, exponential(1, 0.9)), False, True),
    (lambda: cosine(1, 10), False, True), (lambda: cosine(1, 10, lowest=0.1), True, False),
    (lambda: cosine(2, 10, lowest=1), True, False), (lambda: cosine(1, 10, lowest=1), True, False),
    (lambda: warm_up(5, inverse(1)), True, True), (lambda: warm_up(5, power(1, 1, 2)), False, True),
    (lambda: lambda k: 1 / (k + 1), None, None), (lambda: warm_up(5, lambda k: 1.0), None, None)])
def test_robbins_monro(make, diverges, converge):
    answer = robbins_monro(make())
    assert answer.sum_diverges is diverges and answer.squares_converge is converge
    assert answer == (diverges, converge)


@pytest.mark.parametrize("q", [0.3, 0.9, 1.5])
def test_robbins_monro_agrees_with_partial_sums(q):
    # from K to 2K terms Σ k^−q grows by the factor 2^(1−q) if q < 1, and by next to nothing if q > 1
    rate = power(1, 1, q)
    eta = np.array([rate(k) for k in range(200_000)])
    grows = lambda terms: terms.sum() / terms[:100_000].sum() > 1.01
    assert robbins_monro(rate) == (grows(eta), not grows(eta**2))


@pytest.mark.parametrize("make, name, expected, got", [
    (lambda: power(0, 1, 1), "c0", "> 0", "0"), (lambda: power(1, 0, 1), "c1", "> 0", "0"),
    (lambda: power(1, 1, 0), "exponent", "> 0", "0"), (lambda: cosine(0, 5), "eta", "> 0", "0"),
    (lambda: exponential(0, 0.5), "eta", "> 0", "0"), (lambda: exponential(1, 0), "factor", "between 0 and 1", "0"),
    (lambda: exponential(1, 1), "factor", "between 0 and 1", "1"),
    (lambda: cosine(1, 0), "steps", ">= 1", "0"), (lambda: cosine(1, 5, 2), "lowest", "from 0 to 1", "2"),
    (lambda: cosine(1, 5, -0.1), "lowest", "from 0 to 1", "-0.1"), (lambda: warm_up(0, constant(1)), "steps", ">= 1", "0"),
    (lambda: warm_up(3, 0.1), "schedule", "a function of the step number", "0.1"),
    (lambda: robbins_monro(0.1), "schedule", "a function of the step number", "0.1")])
def test_schedules_check_their_arguments(make, name, expected, got, raises):
    with raises(name, expected, got):
        make()
