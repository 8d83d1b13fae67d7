"""Activation functions and their derivatives."""

import dataclasses

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import (
    clipped_relu, linear, leaky, leaky_relu, relu, sigmoid, sign, softplus, heaviside, tanh)
from lecture_code.gradient_check import central_difference, complex_step

ALL = (sigmoid, tanh, relu, linear, clipped_relu(2), leaky_relu, leaky(0.25), softplus, heaviside, sign)
LOG3 = np.log(3)
numbers = st.floats(-700, 700)


@pytest.mark.parametrize("activation, z, value, slope", [
    (sigmoid, 0, 1 / 2, 1 / 4),
    (sigmoid, LOG3, 3 / 4, 3 / 16),        # 1 / (1 + 1/3), and 3/4 · 1/4
    (sigmoid, -LOG3, 1 / 4, 3 / 16),
    (tanh, 0, 0, 1),
    (tanh, LOG3, 4 / 5, 9 / 25),           # (3 − 1/3) / (3 + 1/3), and 1 − 16/25
    (tanh, -LOG3, -4 / 5, 9 / 25),
    (relu, 2, 2, 1),
    (relu, -2, 0, 0),
    (relu, 0, 0, 0),                       # at the kink: the slope from the left
    (linear, -2, -2, 1),
    (clipped_relu(2), 1, 1, 1),
    (clipped_relu(2), 3, 2, 0),
    (clipped_relu(2), -1, 0, 0),
    (clipped_relu(2), 0, 0, 0),            # at both kinks: the smaller slope
    (clipped_relu(2), 2, 2, 0),
    (clipped_relu(), 1.5, 1, 0),
    (leaky_relu, 2, 2, 1),
    (leaky_relu, -2, -0.02, 0.01),
    (leaky(0.25), -2, -0.5, 0.25),
    (leaky(0.25), 0, 0, 0.25),
    (softplus, 0, np.log(2), 1 / 2),
    (softplus, LOG3, np.log(4), 3 / 4),    # log(1 + 3), and the sigmoid
    (softplus, -LOG3, np.log(4 / 3), 1 / 4),
    (heaviside, 0.5, 1, 0), (heaviside, 0, 0, 0), (heaviside, -0.5, 0, 0),
    (sign, 0.5, 1, 0), (sign, 0, 0, 0), (sign, -0.5, -1, 0),
])
def test_by_hand(activation, z, value, slope):
    z = np.array([[float(z)]])
    assert_allclose(activation(z), [[value]], rtol=1e-15)
    assert_allclose(activation.derivative(z), [[slope]], rtol=1e-14)


@pytest.mark.parametrize("activation", ALL)
def test_derivative_agrees_with_complex_step_and_differences(activation, rng):
    z = 3 * rng.standard_normal(50)
    total = lambda z: activation(z).sum()
    exact = activation.derivative(z)
    assert_allclose(exact, complex_step(total, z), rtol=1e-12, atol=1e-14)
    assert_allclose(exact, central_difference(total, z), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("activation", ALL)
def test_derivative_is_the_same_when_a_is_given(activation, rng):
    z = rng.standard_normal((3, 4))
    assert_array_equal(activation.derivative(z, activation(z)), activation.derivative(z))
    assert activation.derivative(z).shape == z.shape


@pytest.mark.parametrize("activation, slope", [(sigmoid, 0.3 * 0.7), (tanh, 1 - 0.3**2)])
def test_a_given_a_is_used(activation, slope):
    assert_allclose(activation.derivative(np.array([99.0]), np.array([0.3])), slope, rtol=1e-15)


@given(numbers)
def test_sigmoid_agrees_with_scipy(z):
    assert_allclose(sigmoid(z), scipy.special.expit(z), rtol=1e-14)


@given(numbers)
def test_sigmoid_is_symmetric_about_one_half(z):
    assert_allclose(sigmoid(-z), 1 - sigmoid(z), rtol=1e-14, atol=2e-16)


@given(numbers)
def test_tanh_is_a_stretched_sigmoid(z):
    assert_allclose(tanh(z), 2 * sigmoid(2 * z) - 1, rtol=1e-12, atol=4e-16)


@given(numbers)
def test_slopes_are_bounded(z):
    assert 0 <= sigmoid.derivative(z) <= 1 / 4
    assert 0 <= tanh.derivative(z) <= 1
    assert relu.derivative(z) in (0, 1)


@given(numbers, st.floats(0, 100))
def test_none_of_them_ever_falls(z, step):
    for activation in ALL:
        assert activation(z + step) >= activation(z)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation, low, high", [
    (sigmoid, 0, 1), (tanh, -1, 1), (relu, 0, 1e4), (linear, -1e4, 1e4), (clipped_relu(2), 0, 2),
    (leaky(0.25), -2500, 1e4), (softplus, 0, 1e4), (heaviside, 0, 1), (sign, -1, 1)])
def test_far_out(activation, low, high, dtype):
    z = np.array([-1e4, 1e4], dtype)
    assert_allclose(activation(z), [low, high], atol=1e-37)
    slope = activation.derivative(z)
    flat = {"relu": [0, 1], "linear": [1, 1], "leaky_relu(0.25)": [0.25, 1], "softplus": [0, 1]}.get(activation.name, [0, 0])
    assert_allclose(slope, flat, atol=1e-37)


def test_sigmoid_is_accurate_until_the_exponential_overflows():
    assert_allclose(sigmoid(np.array([-700.0])), np.exp(-700.0), rtol=1e-14)
    assert_allclose(sigmoid(np.array([-87], np.float32)), np.exp(-87.0), rtol=1e-5)
    assert_allclose(sigmoid(np.array([-np.inf, np.inf])), [0, 1], atol=1e-300)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ALL)
def test_dtype_is_kept(activation, dtype):
    z = np.linspace(-2, 2, 5, dtype=dtype)
    assert activation(z).dtype == dtype
    assert activation.derivative(z).dtype == dtype


@pytest.mark.parametrize("activation", ALL)
def test_nan_stays_nan(activation):
    assert np.isnan(activation(np.array([np.nan]))).all()


@pytest.mark.parametrize("activation", ALL)
def test_the_argument_is_left_alone(activation, rng):
    z = rng.standard_normal((3, 2))
    kept = z.copy()
    activation(z), activation.derivative(z)
    assert_array_equal(z, kept)


@pytest.mark.parametrize("activation, name", list(zip(ALL, (
    "sigmoid", "tanh", "relu", "linear", "clipped_relu(2)", "leaky_relu(0.01)", "leaky_relu(0.25)", "softplus",
    "heaviside", "sign"))))
def test_an_activation_is_named_and_frozen(activation, name):
    assert repr(activation) == activation.name == name
    with pytest.raises(dataclasses.FrozenInstanceError):
        activation.name = "other"


@given(st.floats(-1e4, 1e4))
def test_softplus_agrees_with_numpy(z):
    assert_allclose(softplus(z), np.logaddexp(0, z), rtol=1e-14)
    assert_allclose(softplus(z) - softplus(-z), z, rtol=1e-12, atol=1e-12)


@given(numbers)
def test_the_slope_of_relu_is_the_heaviside_step(z):
    assert relu.derivative(z) == heaviside(z)
    assert sign(z) == heaviside(z) - heaviside(-z)
    assert_allclose(clipped_relu(3)(z), relu(z) - relu(z - 3), atol=1e-13)
    assert leaky(0)(z) == relu(z)


@pytest.mark.parametrize("t", [0, -1, np.nan, np.inf])
def test_clipped_relu_needs_a_height(t, raises):
    with raises("t", "a finite number > 0"):
        clipped_relu(t)


@pytest.mark.parametrize("alpha", [-0.1, 1, np.nan])
def test_leaky_relu_needs_a_smaller_slope(alpha, raises):
    with raises("alpha", r"\[0, 1\)"):
        leaky(alpha)


def test_clipped_and_leaky_are_what_their_numbers_say():
    z = np.array([-4.0, 0, 1, 2, 3])
    clip, leak = clipped_relu(2), leaky(0.25)
    assert repr(clip) == "clipped_relu(2)" and repr(leak) == "leaky_relu(0.25)"
    assert_array_equal(clip(z), [0, 0, 1, 2, 2])
    assert_array_equal(clip.derivative(z), [0, 0, 1, 0, 0])
    assert_array_equal(leak(z), [-1, 0, 1, 2, 3])
    assert_array_equal(leak.derivative(z), [0.25, 0.25, 1, 1, 1])
    assert_array_equal(clipped_relu()(z), [0, 0, 1, 1, 1])


@pytest.mark.parametrize("activation", ALL)
def test_the_complex_step_knows_the_derivative_at_kinks(activation):
    z = np.array([-2.0, -1, -0.0, 0, 1, 2, 3])  # kinks at 0, and at 2 for the clipped one
    exact = complex_step(lambda z: activation(z).sum(), z)
    assert_allclose(activation.derivative(z), exact, rtol=1e-12)
    for kind in (np.complex64, np.complex128):
        assert_allclose(activation(z.astype(kind)).real, activation(z), rtol=1e-6)


def test_complex_nan_stays_nan():
    for activation in (relu, clipped_relu(2), leaky_relu, linear):  # NumPy warns of a complex exp of NaN
        assert np.isnan(activation(np.array([np.nan + 1e-30j])).real).all()


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, bool])
@pytest.mark.parametrize("activation", ALL)
def test_integers_become_float64(activation, kind):
    z = np.array([0, 1, 3, 100]).astype(kind)
    for got, expected in ((activation(z), activation(z.astype(float))),
                          (activation.derivative(z), activation.derivative(z.astype(float)))):
        assert got.dtype == np.float64
        assert_array_equal(got, expected)
    assert_array_equal(activation.derivative(z, activation(z)), activation.derivative(z))
    assert_array_equal(activation([0, 3]), activation(np.array([0.0, 3])))


def test_softplus_of_bytes():
    # in eight bits −3 is 253, and e²⁵³ overflows
    assert_allclose(softplus(np.array([3], np.uint8)), [np.log1p(np.exp(3))], rtol=1e-15)
