"""Every gradient of the network, over the whole grid: activation × loss × depth × bias × mode.

One complex step for each parameter, all of them side by side as runs in lock-step, gives the derivative of
every sample's loss and of every output at once. Each mode is compared with it to 1e-12 of the largest
entry, and central differences of the same functions stand by.
"""

from itertools import product

import numpy as np
import pytest

from lecture_code.activations import (
    clipped_relu, linear, leaky_relu, relu, sigmoid, sign, softplus, heaviside, tanh)
from lecture_code.losses import absolute, half_squared, binary_cross_entropy, softmax_cross_entropy, squared
from lecture_code.network import (
    Network, backward, cost_and_gradient, forward, input_jacobian, output_jacobian, per_sample_gradients)
from lecture_code.batch_norm import (
    RunningStatistics, batch_norm, batch_norm_backward, batch_norm_inference, batch_norm_inference_backward)
from lecture_code.dropout import dropout_cost_and_gradient, dropout_forward, dropout_masks

ACTIVATIONS = (sigmoid, tanh, relu, clipped_relu(2.0), leaky_relu, softplus, linear, heaviside, sign)
LOSSES = (half_squared, squared, absolute, binary_cross_entropy, softmax_cross_entropy)
DEPTHS = (1, 2, 3, 4)
GRID = list(product(ACTIVATIONS, LOSSES, DEPTHS, (True, False)))
WIDTHS = (3, 5, 4, 6, 2)  # inputs, hidden layers; 3 outputs on top
M, SMALL, DELTA = 4, 1e-30, 1e-6


def network(activation, loss, depth, bias):
    """Return a net whose layers all have the activation; below a softmax or a sigmoid the last one is linear."""
    top = linear if loss in (softmax_cross_entropy, binary_cross_entropy) else activation
    return Network((*WIDTHS[:depth], 3), (activation,) * (depth - 1) + (top,), loss, bias)


def sample(net, rng):
    """Return theta, x and targets far from every kink: no z within 1e-3 of 0 or 2, no output as near to its target."""
    while True:
        theta, x = rng.standard_normal(net.size), rng.standard_normal((net.widths[0], M))
        y = np.eye(3)[:, rng.integers(3, size=M)] if net.loss in (softmax_cross_entropy, binary_cross_entropy) else (
            rng.standard_normal((3, M)))
        z, a = forward(net, theta, x)
        z = np.concatenate([layer.ravel() for layer in z[1:]])
        if min(np.abs(z).min(), np.abs(z - 2).min(), np.abs(a[-1] - y).min()) > 1e-3:
            return theta, x, y


def by_complex_step(function, at):
    """Return the derivative of an array-valued function by every entry of `at`, on a new first axis, in one call."""
    return function(at + 1j * SMALL * np.eye(at.size).reshape(at.size, *at.shape)).imag / SMALL


def by_differences(function, at):
    steps = DELTA * np.eye(at.size).reshape(at.size, *at.shape)
    return (function(at + steps) - function(at - steps)) / (2 * DELTA)


def agree(left, right, tolerance=1e-12):
    assert left.shape == right.shape
    assert np.abs(left - right).max() <= tolerance * np.abs(right).max()  # both sides 0: 0 <= 0


@pytest.mark.parametrize("activation, loss, depth, bias", GRID, ids=repr)
def test_plain(activation, loss, depth, bias, rng):
    net = network(activation, loss, depth, bias)
    theta, x, y = sample(net, rng)
    output = lambda theta, x: forward(net, theta, x).a[-1]
    losses = lambda theta: loss(output(theta, x), y)
    exact, near = by_complex_step(losses, theta), by_differences(losses, theta)  # (P, M)

    singles, together = per_sample_gradients(net, theta, x, y), cost_and_gradient(net, theta, x, y)
    agree(singles, exact.T)
    agree(together.gradient, exact.mean(axis=1))
    agree(together.cost, losses(theta).mean(), 1e-14)
    agree(together.gradient, near.mean(axis=1), 1e-7)
    agree(singles, near.T, 1e-7)
    batches_of_one = [cost_and_gradient(net, theta, x[:, [i]], y[:, [i]]).gradient for i in range(M)]
    agree(np.array(batches_of_one), exact.T)  # a single sample goes another way

    outputs = by_complex_step(lambda theta: output(theta, x), theta)  # (P, K, M)
    agree(output_jacobian(net, theta, x), outputs.transpose(1, 2, 0))
    agree(output_jacobian(net, theta, x), by_differences(lambda theta: output(theta, x), theta).transpose(1, 2, 0), 1e-7)


@pytest.mark.parametrize("activation, loss, depth, bias", GRID, ids=repr)
def test_by_the_input(activation, loss, depth, bias, rng):
    net = network(activation, loss, depth, bias)
    theta, x, y = sample(net, rng)
    _, a_bar = backward(net, theta, forward(net, theta, x), y)
    jacobian = input_jacobian(net, theta, x)
    values = lambda x: loss(forward(net, theta, x).a[-1], y)
    outputs = lambda x: forward(net, theta, x).a[-1]
    for derivative, tolerance in ((by_complex_step, 1e-12), (by_differences, 1e-7)):
        # entry x_ji moves sample i alone: of the derivatives (d M, …, M) those of sample i by x_ji remain
        by_x = derivative(values, x).reshape(net.widths[0], M, M)
        agree(a_bar[0], np.einsum("jii->ji", by_x), tolerance)
        by_x = derivative(outputs, x).reshape(net.widths[0], M, 3, M)
        agree(jacobian, np.einsum("jiki->kji", by_x), tolerance)


@pytest.mark.parametrize("activation, loss, depth, bias", GRID, ids=repr)
def test_with_dropout(activation, loss, depth, bias, rng):
    net = network(activation, loss, depth, bias)
    while True:  # masks that leave something of each layer, and kinks that the thinned network avoids, too
        theta, x, y = sample(net, rng)
        masks = dropout_masks(net, 0.4, M, rng)
        masks[0] = (rng.random(x.shape) >= 0.2) / 0.8
        z, a = dropout_forward(net, theta, x, masks)
        far = np.concatenate([layer.ravel() for layer in (*z[1:], a[-1] - y)])
        kinks = min(np.abs(far).min(), np.abs(np.concatenate([layer.ravel() for layer in z[1:]]) - 2).min())
        if kinks > 1e-3 and all(mask is None or mask.any(axis=0).all() for mask in masks):
            break
    value = lambda theta: loss(dropout_forward(net, theta, x, masks).a[-1], y).mean(axis=-1)
    result = dropout_cost_and_gradient(net, theta, x, y, masks)
    agree(result.cost, value(theta), 1e-14)
    agree(result.gradient, by_complex_step(value, theta))
    agree(result.gradient, by_differences(value, theta), 1e-7)


def normalised_network(activation, loss, depth, bias, training, theta, x, y, running, gradient):
    """A network with batch normalisation before every activation, made of the library's layers.

    theta holds W (in rows), then b if there is one, γ and β of each layer. Returns the cost, and with
    `gradient` also its derivative by theta.
    """
    top = linear if loss in (softmax_cross_entropy, binary_cross_entropy) else activation
    widths, at, lead, a, layers = (*WIDTHS[:depth], 3), 0, theta.shape[:-1], x, []
    for l in range(1, depth + 1):
        n_in, n = widths[l - 1:l + 1]
        W = theta[..., at:at + n * n_in].reshape(*lead, n, n_in)
        at += n * n_in
        vectors = [theta[..., at + j * n:at + (j + 1) * n, None] for j in range(2 + bias)]
        at += (2 + bias) * n
        (gamma, beta), z = vectors[-2:], W @ a + (vectors[0] if bias else 0)
        if training:
            memory = batch_norm(z, gamma, beta, running[l - 1])
            s = memory.output
        else:
            memory, s = z, batch_norm_inference(z, gamma, beta, running[l - 1])
        sigma = top if l == depth else activation
        layers.append((W, a, memory, gamma, s, sigma))
        a = sigma(s)
    value = loss(a, y).mean(axis=-1)
    if not gradient:
        return value
    parts, a_bar = [], loss.gradient(a, y) / x.shape[-1]
    for (W, a, memory, gamma, s, sigma), statistics in zip(reversed(layers), reversed(running)):
        s_bar = sigma.derivative(s) * a_bar
        bars = batch_norm_backward(s_bar, memory, gamma) if training else (
            batch_norm_inference_backward(s_bar, memory, gamma, statistics))
        dW, db = bars.z_bar @ a.mT, bars.z_bar.sum(axis=-1)
        parts = [dW.ravel(), *([db] if bias else []), bars.gamma_bar.ravel(), bars.beta_bar.ravel(), *parts]
        a_bar = W.mT @ bars.z_bar
    return value, np.concatenate(parts)


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("activation, loss, depth, bias", GRID, ids=repr)
def test_with_batch_normalisation(activation, loss, depth, bias, training, rng):
    widths = (*WIDTHS[:depth], 3)
    size = sum(n * (n_in + 2 + bias) for n_in, n in zip(widths, widths[1:]))
    running = [RunningStatistics(rng.standard_normal((n, 1)), rng.random((n, 1)) + 0.5) for n in widths[1:]]
    # γ and β at random, too. Outputs of a step within 1e-6 of a kink would spoil the differences only: none is.
    theta, x = rng.standard_normal(size), rng.standard_normal((3, 6))
    y = np.eye(3)[:, rng.integers(3, size=6)] if loss in (softmax_cross_entropy, binary_cross_entropy) else (
        rng.standard_normal((3, 6)))
    value = lambda theta: normalised_network(
        activation, loss, depth, bias, training, theta, x, y, running, gradient=False)
    cost, gradient = normalised_network(activation, loss, depth, bias, training, theta, x, y, running, gradient=True)
    exact = by_complex_step(value, theta)
    agree(cost, value(theta), 1e-14)
    agree(gradient, exact)
    agree(gradient, by_differences(value, theta), 1e-6)
    if training and bias:  # the mean takes every bias out again
        at = 0
        for n_in, n in zip(widths, widths[1:]):
            at += n * n_in
            assert np.abs(gradient[at:at + n]).max() <= 1e-12 * max(np.abs(gradient).max(), 1e-300)
            at += 3 * n
