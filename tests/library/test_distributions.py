"""Entropy, cross-entropy and the Kullback–Leibler divergence."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.distributions import _gaps, cross_entropy, entropy, kl_divergence, negative_entropy
from lecture_code.losses import softmax_cross_entropy
from lecture_code.numerics import softmax

P, Q = [1 / 4, 3 / 4], [1 / 2, 1 / 2]
distributions = arrays(np.float64, (4, 3), elements=st.floats(-30, 30)).map(softmax)


def test_by_hand():
    # KL(p‖q) = ¼ log ½ + ¾ log 3/2 and KL(q‖p) = ½ log 2 + ½ log 2/3
    assert_allclose(kl_divergence(P, Q), np.log(1 / 2) / 4 + 3 * np.log(3 / 2) / 4, rtol=1e-14)
    assert_allclose([kl_divergence(P, Q), kl_divergence(Q, P)], [0.130812, 0.143841], atol=5e-7)
    # ½ · 2 bits + ¼ · 2 · 2 bits … of (1/2, 1/4, 1/4): ½ · 1 + ¼ · 2 + ¼ · 2 = 3/2 bits
    assert entropy([1 / 2, 1 / 4, 1 / 4], base=2) == 3 / 2
    assert negative_entropy([1 / 2, 1 / 4, 1 / 4], base=2) == -3 / 2
    assert_allclose(entropy(Q), np.log(2), rtol=1e-15)
    # −¼ log ½ − ¾ log ½ = log 2
    assert_allclose(cross_entropy(P, Q), np.log(2), rtol=1e-15)
    assert cross_entropy(P, Q, base=2) == 1


def test_no_triangle_inequality():
    a, b, c = [0.5, 0.5], [0.25, 0.75], [0.1, 0.9]
    assert_allclose(kl_divergence(a, c), 0.511, atol=5e-4)
    assert_allclose(kl_divergence(a, b) + kl_divergence(b, c), 0.236, atol=5e-4)


def test_zeros():
    sure, fair, other = [1.0, 0.0], [0.5, 0.5], [0.0, 1.0]
    assert entropy(sure) == 0 and not np.signbit(entropy(sure))
    assert_allclose(kl_divergence(sure, fair), np.log(2), rtol=1e-15)
    assert kl_divergence(fair, sure) == kl_divergence(sure, other) == cross_entropy(fair, sure) == np.inf
    assert kl_divergence(sure, sure) == cross_entropy(sure, sure) == 0
    assert kl_divergence([1.0], [1.0]) == entropy([1]) == 0  # one class
    # the first outcome, of 1 − 1e-300 against 1 − 5e-324, takes 1e-300 off again
    assert_allclose(kl_divergence([1 - 1e-300, 1e-300], [1.0, 5e-324]), 1e-300 * (np.log(1e-300) - np.log(5e-324) - 1))


@given(distributions, distributions)
def test_agrees_with_scipy(p, q):
    assert_allclose(entropy(p), scipy.stats.entropy(p, axis=0), rtol=1e-12, atol=1e-15)
    assert_allclose(kl_divergence(p, q), scipy.stats.entropy(p, q, axis=0), rtol=1e-9, atol=1e-13)
    assert_allclose(kl_divergence(p, q, base=2), kl_divergence(p, q) / np.log(2), rtol=1e-14, atol=1e-15)


@given(distributions, distributions)
def test_gibbs_and_the_sum(p, q):
    assert (kl_divergence(p, q) >= 0).all()
    assert_array_equal(kl_divergence(p, p), 0)
    assert_allclose(kl_divergence(p, q), negative_entropy(p) + cross_entropy(p, q), rtol=1e-12, atol=1e-13)
    assert (entropy(p) <= np.log(4) + 1e-14).all() and (entropy(p) >= 0).all()


def test_cross_entropy_of_a_softmax_is_the_loss(rng):
    z, p = rng.standard_normal((4, 5)), softmax(rng.standard_normal((4, 5)))
    assert_allclose(cross_entropy(p, softmax(z)), softmax_cross_entropy(z, p), rtol=1e-12)


def test_columns_are_distributions():
    p = np.array([[1, 1 / 2], [0, 1 / 2]])
    assert_allclose(entropy(p, base=2), [0, 1])
    assert entropy(np.stack([p, p, p])).shape == (3, 2)
    assert_allclose(kl_divergence(p[:, [1]], p), [np.inf, 0])  # one p for every q


def test_float32_stays():
    p = np.array([0.25, 0.75], np.float32)
    assert entropy(p).dtype == np.float32
    assert_allclose(kl_divergence(p, p[::-1].copy()), np.log(3) / 2, rtol=1e-6)


@pytest.mark.parametrize("function", [entropy, negative_entropy])
@pytest.mark.parametrize("p, expected, got", [
    ([-0.5, 1.5], "probabilities >= 0", "-0.5"), ([0.5, 0.4], "sum to 1", "0.9"), ([[0.5, 0.5]], "sum to 1", "0.5"),
    ([1, 1], "sum to 1", "2"), ([np.nan, 1], ">= 0", "nan"), ("ab", "an array of probabilities", "0-D"), (1.0, "an array", "0-D"), ([], "sum to 1", "0")])
def test_only_distributions_have_an_entropy(function, p, expected, got, raises):
    with raises("p", expected, got):
        function(p)


@pytest.mark.parametrize("function", [cross_entropy, kl_divergence])
def test_two_distributions_must_fit(function, raises):
    with raises("p", "sum to 1", "1.1"):
        function([0.5, 0.6], [0.5, 0.5])
    with raises("q", "sum to 1", "1.1"):
        function([0.5, 0.5], [0.5, 0.6])
    with raises("q", "as many classes", r"\(3,\)"):
        function([0.5, 0.5], [0.5, 0.25, 0.25])
    with raises("q", "as many classes", r"\(2, 1\)"):
        function([0.5, 0.5], [[0.5], [0.5]])
    with raises("q", "as many columns as p", r"\(3, 4\)"):
        function(np.full((3, 2), 1 / 3), np.full((3, 4), 1 / 3))
    with raises("q", "as many columns as p", r"\(2, 3, 4\)"):
        function(np.full((5, 3, 4), 1 / 3), np.full((2, 3, 4), 1 / 3))
    for one, other in ((2, 3), (3, 2)):                         # as many runs as classes, or not
        with raises("q", "as many columns as p", rf"\({other}, 3, 4\)"):
            function(np.full((one, 3, 4), 1 / 3), np.full((other, 3, 4), 1 / 3))
    with raises("base", "> 1", "1"):
        function([0.5, 0.5], [0.5, 0.5], base=1)


def test_a_rounded_sum_is_accepted():
    assert np.isfinite(entropy([0.3333333, 0.3333333, 0.3333333]))


def test_long_columns_of_float32_sum_to_1():
    # added up one by one in float32, 30000 times 1/30000 is off by more than 1e-6
    p = np.full((30000, 2), 1 / 30000, np.float32)
    assert abs(p.cumsum(axis=0)[-1, 0] - 1) > 1e-6
    assert_allclose(entropy(p), np.log(30000), rtol=1e-4)


def test_the_column_that_is_farthest_from_1_is_named(raises):
    for sums, worst in (((0.9, 1.3, 1), "1.3"), ((1, 0.5, 1.3), "0.5")):
        with raises("p", "sum to 1", f"the sum {worst}"):
            entropy(np.outer([0.25, 0.75], sums))


def test_the_finer_type_decides():
    half, quarter = np.float32([0.5, 0.5]), np.array([0.2, 0.8])
    exact = -(np.log(0.2) + np.log(0.8)) / 2
    assert_allclose(cross_entropy(half, quarter), exact, rtol=1e-15)
    assert_allclose(cross_entropy(np.array([1, 0]), quarter), -np.log(0.2), rtol=1e-15)


def test_the_type_of_a_divergence():
    half, single, double = np.float16([0.25, 0.75]), np.float32([0.5, 0.5]), np.array([0.5, 0.5])
    assert kl_divergence(single, double).dtype == kl_divergence(double, single).dtype == np.float64
    assert kl_divergence(half, half).dtype == kl_divergence(half, single).dtype == np.float32
    assert entropy(half).dtype == np.float32
    assert_allclose(entropy(half), -(0.25 * np.log(0.25) + 0.75 * np.log(0.75)), rtol=1e-6)


def test_no_distribution_has_no_entropy():
    nothing = np.zeros((3, 0))
    for result in (entropy(nothing), cross_entropy(nothing, nothing), kl_divergence(nothing, nothing)):
        assert result.shape == (0,)


# Digits of the divergence


def test_neighbours_keep_their_digits():
    # ½ Σ (p − q)²/p to first order: 10⁻¹⁸ (1/0.3 + 1/0.7)/2, for p − q as the floats have it
    p, q = np.array([0.3, 0.7]), np.array([0.3 + 1e-9, 0.7 - 1e-9])
    assert_allclose(kl_divergence(p, q), ((p - q) ** 2 / p).sum() / 2, rtol=1e-8)
    p, q = np.float32([0.1, 0.2, 0.3, 0.4]), np.float32([0.1001, 0.1999, 0.3, 0.4])
    assert_allclose(kl_divergence(p, q), 7.4977564e-8, rtol=1e-6)
    assert kl_divergence(p, q).dtype == np.float32


@pytest.mark.parametrize("u", [9.99e-4, -9.99e-4, 5e-4, -3e-4])
def test_the_series_of_a_gap_is_right_to_the_last_digits(u):
    p = np.array([0.75])
    (gap,) = _gaps(p, p * (1 + u))
    with localcontext() as context:
        context.prec, P, Q = 60, Decimal(0.75), Decimal(float(0.75 * (1 + u)))
        exact = float(P * (P / Q).ln() - P + Q)
    lag = abs(float(0.75 * (1 + u)) - 0.75)
    assert abs(gap / exact - 1) < 4e-15 + 4 * np.spacing(0.75) / lag * 0.01


@given(st.floats(-300, 0), st.floats(-16, 1), st.sampled_from([-1, 1]))
def test_each_gap_is_right_to_twelve_digits(exponent, lag, sign):
    p = 10**exponent
    q = min(p * (1 + sign * 10**lag), 1.0) if sign > 0 or lag < 0 else 0.0
    (gap,) = _gaps(np.array([p]), np.array([q]))
    with localcontext() as context:
        context.prec, P, Q = 60, Decimal(p), Decimal(q)
        exact = float(P * (P / Q).ln() - P + Q) if q else np.inf
    assert gap >= 0
    assert_allclose(gap, exact, rtol=2e-12, atol=1e-290)


@given(st.integers(2, 40), st.floats(-12, -1), st.integers(0, 99), st.sampled_from([np.float32, np.float64]))
def test_it_is_never_negative_and_zero_only_for_equals(K, exponent, seed, dtype):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(K).astype(dtype)
    p, q = softmax(z), softmax(z + dtype(10**exponent) * rng.standard_normal(K).astype(dtype))
    assert kl_divergence(p, q) >= 0 and (kl_divergence(p, q) > 0) == (p != q).any()


@pytest.mark.parametrize("function", [cross_entropy, kl_divergence])
def test_it_takes_the_softmax_of_ten_thousand_classes_in_float32(function):
    rng = np.random.default_rng(0)
    p, q = softmax(5 * rng.standard_normal((2, 10_000, 3)).astype(np.float32))
    assert np.abs(p.sum(axis=0, dtype=float) - 1).max() > 2e-6
    exact = function(*(d / d.sum(axis=0) for d in (p.astype(float), q.astype(float))))
    assert_allclose(function(p, q), exact, rtol=1e-4)


def test_how_far_a_sum_may_be_off(raises):
    # by 10⁻⁶, or by K times half the precision of the type: 10⁴ · 6·10⁻⁸ in float32
    for dtype, K, most in ((np.float32, 10_000, 5.9e-4), (np.float64, 10_000, 9e-7), (np.float32, 3, 8e-7)):
        entropy(np.full(K, (1 + 0.9 * most) / K, dtype))
        with raises("p", "sum to 1"):
            entropy(np.full(K, (1 + 1.3 * most) / K, dtype))
