"""The corners: logits of ±10⁴ in float32, batches of one and of none, one class, batches that do not divide N."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import clipped_relu, linear, leaky_relu, relu, sigmoid, sign, softplus, heaviside, tanh
from lecture_code import convolution, fast_convolution
from lecture_code.convnet import Block, ConvNet
from lecture_code.distributions import cross_entropy, entropy, kl_divergence
from lecture_code.losses import (
    absolute, half_squared, binary_cross_entropy, softmax_cross_entropy, squared)
from lecture_code.network import Network, cost_and_gradient, forward, per_sample_gradients
from lecture_code.numerics import log_softmax, logsumexp, one_hot, softmax
from lecture_code.pooling import average_pool, average_pool_gradient, max_pool, max_pool_gradient
from lecture_code.samplers import minibatches
from lecture_code.training import evaluate, fit

FLOATS = [np.float32, np.float64]
LOSSES = (half_squared, squared, absolute, binary_cross_entropy, softmax_cross_entropy)
FAR = [-1e30, -1e4, -89, 0, 89, 1e4, 1e30]  # no warning on the way: in these tests one is an error


@pytest.mark.parametrize("dtype", FLOATS)
def test_exponentials_far_out(dtype):
    z = np.array([[1e4, -1e4, 0], [-1e4, -1e4, 1e4], [0, -1e4, 1e4]], dtype)
    third, half = dtype(1 / 3), dtype(0.5)
    assert_array_equal(softmax(z), np.array([[1, third, 0], [0, third, half], [0, third, half]], dtype))
    assert_allclose(logsumexp(z), np.array([1e4, -1e4 + np.log(3), 1e4 + np.log(2)]), rtol=1e-6)
    assert_allclose(log_softmax(z), [
        [0, -np.log(3), -1e4 - np.log(2)], [-2e4, -np.log(3), -np.log(2)], [-1e4, -np.log(3), -np.log(2)]], rtol=1e-6)
    assert {f(z).dtype for f in (softmax, logsumexp, log_softmax)} == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("activation, values, slopes", [
    (sigmoid, [0, 0, None, 0.5, 1, 1, 1], [0, 0, None, 0.25, 0, 0, 0]),
    (tanh, [-1, -1, -1, 0, 1, 1, 1], [0, 0, 0, 1, 0, 0, 0]),
    (softplus, [0, 0, None, np.log(2), 89, 1e4, 1e30], [0, 0, None, 0.5, 1, 1, 1]),
    (relu, [0, 0, 0, 0, 89, 1e4, 1e30], [0, 0, 0, 0, 1, 1, 1]),
    (clipped_relu(2), [0, 0, 0, 0, 2, 2, 2], [0] * 7),
    (leaky_relu, [-1e28, -100, -0.89, 0, 89, 1e4, 1e30], [0.01] * 4 + [1] * 3),
    (linear, FAR, [1] * 7),
    (heaviside, [0, 0, 0, 0, 1, 1, 1], [0] * 7),
    (sign, [-1, -1, -1, 0, 1, 1, 1], [0] * 7)], ids=repr)
def test_activations_far_out(activation, values, slopes, dtype):
    z = np.array(FAR, dtype)
    for got, expected in ((activation(z), values), (activation.derivative(z), slopes)):
        assert got.dtype == dtype
        for g, e in zip(got, expected):
            assert_allclose(g, np.exp(-89) if e is None else e, rtol=1e-5, atol=1e-38)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("scale", [1e4, 1e15])
@pytest.mark.parametrize("loss", [softmax_cross_entropy, binary_cross_entropy])
def test_a_network_with_huge_logits(loss, scale, dtype):
    # outputs ±scale: where the target is the loser, the loss is the difference of the logits (or the logit)
    net = Network((1, 2), (linear,), loss, bias=False)
    theta, x = np.array([scale, -scale], dtype), np.array([[1, -1]], dtype)
    right, wrong = np.eye(2, dtype=dtype), np.eye(2, dtype=dtype)[::-1]
    assert cost_and_gradient(net, theta, x, right).cost == 0
    C, gradient = cost_and_gradient(net, theta, x, wrong)
    assert_allclose(C, 2 * scale, rtol=1e-6)
    # every sample says: lower the first, raise the second, and the other way round for x = −1
    assert_array_equal(gradient, np.array([1, -1], dtype))
    assert C.dtype == gradient.dtype == dtype
    assert_allclose(loss.prediction(forward(net, theta, x).a[-1]), right, atol=1e-37)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_one_sample_is_a_batch(loss, rng):
    net = Network((3, 4, 2), (tanh, linear), loss)
    theta, x, y = rng.standard_normal(net.size), rng.standard_normal((3, 1)), np.array([[1.0], [0]])
    C, gradient = cost_and_gradient(net, theta, x, y)
    assert_allclose(C, loss(forward(net, theta, x).a[-1], y)[0], rtol=1e-15)
    twice = cost_and_gradient(net, theta, np.repeat(x, 2, axis=1), np.repeat(y, 2, axis=1))
    assert_allclose(gradient, twice.gradient, rtol=1e-13)
    assert_array_equal(per_sample_gradients(net, theta, x, y)[0], gradient)


def test_a_batch_of_none():
    """Functions of single samples have nothing to do; a mean over no sample is an error, in test_bad_input."""
    net = Network((3, 4, 2), (tanh, linear), half_squared)
    theta, x, z = np.zeros(net.size), np.zeros((3, 0)), np.zeros((2, 0))
    assert forward(net, theta, x).a[-1].shape == (2, 0)
    assert softmax(z).shape == log_softmax(z).shape == (2, 0)
    assert logsumexp(z).shape == half_squared(z, z).shape == softmax_cross_entropy(z, z).shape == (0,)
    assert one_hot(np.zeros(0, int), 3).shape == (0, 3)
    X, F = np.zeros((0, 2, 5, 4)), np.ones((3, 2, 2, 2))
    for convolve in (convolution.conv2d_loops, convolution.conv2d_windows):
        assert convolve(X, F).shape == (0, 3, 4, 3)
    for module in (convolution, fast_convolution):
        assert module.conv2d(X, F).shape == (0, 3, 4, 3)
        dF, db = module.filter_gradient(X, np.zeros((0, 3, 4, 3)), 2)
        assert_array_equal(dF, np.zeros((3, 2, 2, 2)))
        assert_array_equal(db, np.zeros(3))
        assert module.input_gradient(np.zeros((0, 3, 4, 3)), F, (5, 4)).shape == X.shape
    for pool, back in ((max_pool, max_pool_gradient), (average_pool, average_pool_gradient)):
        assert pool(X).shape == (0, 2, 2, 2)
        assert back(X, np.zeros((0, 2, 2, 2))).shape == X.shape


def test_one_class():
    ones = np.ones((1, 3))
    z = np.array([[1e4, 0, -1e4]])
    assert_array_equal(softmax(z), ones)
    assert_array_equal(log_softmax(z), 0 * ones)
    assert_array_equal(softmax_cross_entropy(z, ones), [0, 0, 0])
    assert_array_equal(softmax_cross_entropy.gradient(z, ones), 0 * ones)
    assert_array_equal(one_hot([0, 0, 0], 1), ones.T)
    for divergence in (entropy(ones), cross_entropy(ones, ones), kl_divergence(ones, ones)):
        assert_array_equal(divergence, [0, 0, 0])


@pytest.mark.parametrize("N, M", [(7, 3), (5, 5), (5, 4), (1, 1), (6, 1)])
def test_batches_that_do_not_divide_the_data(N, M, rng):
    X, Y = rng.standard_normal((N, 2)), rng.standard_normal((N, 1))
    net = Network((2, 1), (linear,), half_squared)
    start = rng.standard_normal(3)
    theta, history = fit(net, start, X, Y, eta=0.1, batch_size=M, epochs=2, rng=np.random.default_rng(3), score_train=True)
    assert len(history.step_cost) == 2 * -(-N // M)
    expected, again = start, np.random.default_rng(3)
    for _ in range(2):
        for batch in minibatches(N, M, again):
            residual = X[batch] @ expected[:2] + expected[2] - Y[batch, 0]
            step = np.append(X[batch].T @ residual, residual.sum()) / len(batch)  # the last batch has its own size
            expected = expected - 0.1 * step
    assert_allclose(theta, expected, rtol=1e-12)
    residual = X @ theta[:2] + theta[2] - Y[:, 0]
    assert_allclose(history.train_cost[-1], (residual**2).mean() / 2, rtol=1e-12)
    for block in (1, 2, N, 100):
        assert_allclose(evaluate(net, theta, X, Y, block)[0], history.train_cost[-1], rtol=1e-12)


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_small_convolution_network_with_one_image_and_huge_weights(dtype):
    net = ConvNet((1, 4, 4), (Block(2, 3, activation=relu, pool=2),), 2)
    theta, x = np.full(net.size, 1e3, dtype), np.ones((16, 1), dtype)
    C, gradient = net.cost_and_gradient(theta, x, np.array([[1], [0]], dtype))
    assert_allclose(C, np.log(2), rtol=1e-6)  # both outputs are the same huge number
    assert np.isfinite(gradient).all() and gradient.dtype == dtype
