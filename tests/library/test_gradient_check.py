"""Differences of a function, and the comparison of a gradient with them."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import sigmoid
from lecture_code.gradient_check import central_difference, check_gradient, complex_step
from lecture_code.losses import half_squared
from lecture_code.network import Network, cost, cost_and_gradient

BOTH = (central_difference, complex_step)
vectors = arrays(np.float64, 4, elements=st.floats(-3, 3))


def cubic(theta):
    return (theta**3).sum()


def test_central_difference_by_hand():
    # f(θ) = θ³ at 2 with Δ = 1: (27 − 1) / 2 = 13, which is 3·2² + Δ²
    assert_array_equal(central_difference(cubic, np.array([2.0]), delta=1.0), [13])
    assert_array_equal(central_difference(lambda t: t[0] * t[1], np.array([3.0, 5.0]), delta=1.0), [5, 3])


def test_complex_step_by_hand():
    # Im (2 + i)³ = Im (2 + 11i) = 11, which is 3·2² − Δ²
    assert_array_equal(complex_step(cubic, np.array([2.0]), delta=1.0), [11])


@given(vectors)
def test_both_find_the_gradient_of_a_cubic(theta):
    assert_allclose(complex_step(cubic, theta), 3 * theta**2, rtol=1e-15, atol=1e-29)
    assert_allclose(central_difference(cubic, theta), 3 * theta**2, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 2)])
def test_shape_is_that_of_theta(method, shape, rng):
    theta = rng.standard_normal(shape)
    gradient = method(cubic, theta)
    assert gradient.shape == shape
    assert gradient.dtype == np.float64
    assert_allclose(gradient, 3 * theta**2, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("method", BOTH)
def test_theta_is_left_alone(method):
    theta = np.array([1.0, 2.0])
    theta.flags.writeable = False
    method(cubic, theta)
    assert_array_equal(theta, [1, 2])


@pytest.mark.parametrize("method", BOTH)
def test_integers_become_floats(method):
    assert_allclose(method(cubic, np.array([1, 2])), [3, 12], rtol=1e-6)


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize("delta", [0, -1e-6, np.nan])
def test_delta_must_be_positive(method, delta, raises):
    with raises("delta", "a finite number > 0"):
        method(cubic, np.ones(2), delta)


@given(arrays(np.float64, 4, elements=st.floats(0.5, 3)))
def test_a_right_gradient_passes(theta):
    assert check_gradient(cubic, 3 * theta**2, theta) <= 1e-6


def test_the_error_is_relative_to_the_largest_entry():
    # differences are exact here: errors (0, 0.5) over the largest entry 4
    error = check_gradient(lambda t: 4 * t[0] + t[1], np.array([4, 1.5]), np.zeros(2), delta=1.0, tolerance=0.2)
    assert error == 0.5 / 4


def test_a_wrong_gradient_is_named_entry_and_values_and_step():
    with pytest.raises(AssertionError, match=r"entry \(1,\).* says 1\.5, .*delta = 1 say 1 \(relative error 1\.2e-01; they resolve 4e-15\)"):
        check_gradient(lambda t: 4 * t[0] + t[1], np.array([4, 1.5]), np.zeros(2), delta=1.0)


@pytest.mark.parametrize("spoil", [lambda g: -g, lambda g: 0 * g, lambda g: 1.001 * g, lambda g: g[::-1], lambda g: g * np.nan])
def test_spoiled_gradients_fail(spoil):
    theta = np.array([1.0, 2.0, 3.0])
    with pytest.raises(AssertionError, match="entry"):
        check_gradient(cubic, spoil(3 * theta**2), theta)


def test_an_infinite_gradient_fails():
    with pytest.raises(AssertionError, match=r"entry \(0,\).* says inf"):
        check_gradient(cubic, np.array([np.inf]), np.array([1.0]))


def test_a_zero_gradient_is_right_for_a_constant():
    assert check_gradient(lambda theta: 1.0, np.zeros(3), np.ones(3)) == 0


def test_the_measure_of_a_tiny_function_is_its_own_size():
    theta = np.array([0.5, 2.0])
    cost = lambda theta: 1e-12 * (theta**2).sum()
    check_gradient(cost, 2e-12 * theta, theta)
    with pytest.raises(AssertionError, match="entry"):
        check_gradient(cost, 2.2e-12 * theta, theta)


def test_an_error_just_above_the_tolerance_is_refused():
    # the differences of 4 t are 4 without rounding, and the gradient says 4 (1 + 1.5 · 0.01)
    with pytest.raises(AssertionError, match="entry"):
        check_gradient(lambda t: 4 * t[0], [4.06], [0.0], delta=1.0, tolerance=0.01)


@pytest.mark.parametrize("delta", [0, -1e-6])
def test_the_step_of_a_check_must_be_positive(delta, raises):
    with raises("delta", "a finite number > 0"):
        check_gradient(cubic, 3 * np.ones(2), np.ones(2), delta)


def test_shapes_must_agree(raises):
    with raises("gradient", r"shape \(2,\)", r"\(2, 1\)"):
        check_gradient(cubic, np.ones((2, 1)), np.ones(2))


def test_the_step_is_passed_on():
    # (1³ − (−1)³) / 2 = 1 at 0, where the derivative of t³ is 0
    assert check_gradient(lambda t: t[0] ** 3, [1.0], [0.0], delta=1) == 0


def test_the_tolerance_itself_is_allowed():
    # the gradient says 1, the differences 0: the error is 1, measured by the larger of the two
    assert check_gradient(lambda t: 0.0, [1.0], [0.0], tolerance=1.0) == 1


# The step, and what differences resolve


def test_the_step_grows_with_theta():
    # by default Δ = ε^⅓ max(1, |θ|); of t³ the difference quotient is 3t² + Δ²
    seen = []
    central_difference(lambda t: seen.append(float(t[0])) or 0.0, [0.5])
    central_difference(lambda t: seen.append(float(t[0])) or 0.0, [-1e6])
    third = np.finfo(float).eps ** (1 / 3)
    assert_allclose(seen, [0.5 + third, 0.5 - third, -1e6 * (1 - third), -1e6 * (1 + third)], rtol=1e-14)
    assert_allclose(central_difference(cubic, [1e6]), 3e12, rtol=1e-9)  # with Δ = 1e-6: 2e-5


@pytest.mark.parametrize("seed", range(5))
def test_the_default_is_better_than_a_millionth_on_a_small_network(seed):
    net, theta, f, exact = network(seed, 1.0)
    error = lambda delta: np.abs(central_difference(f, theta, delta) - exact).max() / np.abs(exact).max()
    assert error(None) < error(1e-6) / 2 and error(None) < 2e-9


def network(seed, scale):
    rng = np.random.default_rng(seed)
    net = Network((2, 2, 3, 2), (sigmoid,) * 3, half_squared)
    theta, x, y = scale * rng.standard_normal(net.size), rng.standard_normal((2, 10)), rng.random((2, 10))
    return net, theta, lambda t: cost(net, t, x, y), cost_and_gradient(net, theta, x, y).gradient


@pytest.mark.parametrize("scale", [10, 20, 30])
def test_a_right_gradient_of_a_saturated_network_passes(scale):
    for seed in range(10):
        _, theta, f, exact = network(seed, scale)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_gradient(f, exact, theta)


def test_a_wrong_one_fails_as_long_as_it_can_be_resolved():
    f = lambda t: 1 + 1e-8 * float(t[0])  # r = 4ε/Δ = 1.5e-10
    for wrong in (-1e-8, 0, 1.1e-8):
        with pytest.raises(AssertionError, match="they resolve 1e-10"):
            check_gradient(f, [wrong], [0.0])
    check_gradient(f, [1e-8], [0.0])


def test_what_cannot_be_resolved_is_said():
    f = lambda t: 1 + 1e-12 * float(t[0])
    for gradient in (1e-12, -1e-12):
        with pytest.warns(UserWarning, match="nothing was checked: no entry is larger than .*, and differences resolve 1e-10"):
            check_gradient(f, [gradient], [0.0])
    with pytest.raises(AssertionError):
        check_gradient(f, [1e-9], [0.0])
    check_gradient(lambda t: 5.0, [0.0], [0.0])  # of a constant zero is right: no warning


def test_without_an_entry_there_is_nothing_to_check(raises):
    with raises("theta", "at least one entry", r"shape \(0,\)"):
        check_gradient(cubic, [], [])
