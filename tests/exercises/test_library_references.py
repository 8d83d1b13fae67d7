"""References that are written out, so that a mistake can be a slip in their text, are what the library does."""

import dataclasses
import importlib

import numpy as np
import pytest

from lecture_code import convolution, distributions, numerics, optimizers
from lecture_code.activations import sigmoid
from lecture_code.feedback import verdict
from lecture_code.losses import half_squared
from lecture_code.network import Network, backward, cost_and_gradient, forward, input_jacobian, pack, unpack
from lecture_tasks import kl_divergence, softmax_regression


def network(W, b):
    net = Network((W[1].shape[1], *map(len, W[1:])), (sigmoid,) * (len(W) - 1), half_squared)
    return net, pack(net, W, b)


def gradients(W, b, x, y):
    net, theta = network(W, b)
    return unpack(net, cost_and_gradient(net, theta, x, y).gradient)


def input_gradient(W, b, x, y):
    net, theta = network(W, b)
    return backward(net, theta, forward(net, theta, x), y)[1][0]


def moved(W, b, x, y, eta):
    net, theta = network(W, b)
    return unpack(net, theta - eta * cost_and_gradient(net, theta, x, y).gradient)


def nesterov(theta, gradient, v, eta, mu):
    method = optimizers.nesterov(mu, iterate="theta")
    return method.step(theta, gradient(method.point(theta, v)), v, eta)


def adam(theta, g, state, eta, beta1, beta2, eps):
    return optimizers.adam(beta1, beta2, eps).step(theta, g, optimizers.AdamState(*state), eta)


def full(D, F):
    return convolution.full_convolution(D[None, None], F[None, None])[0, 0]


def both_gradients(X, F, delta, s):
    dF, _ = convolution.filter_gradient(X[None], delta[None, None], F.shape[1:], s)
    return dF[0], convolution.input_gradient(delta[None, None], F[None], X.shape[1:], s)[0]


LIBRARY = {
    "backpropagation.bias_gradients": lambda W, b, x, y: gradients(W, b, x, y)[1],
    "backpropagation.input_gradient": input_gradient,
    "backpropagation.strongest_coordinate":
        lambda W, b, x, k: np.abs(input_jacobian(*network(W, b), x)[k]).argmax(axis=0),
    "backpropagation.repaired_a": gradients,
    "backpropagation.repaired_b": moved,
    "backpropagation.repaired_c": gradients,
    "optimizers.nesterov_step": nesterov,
    "optimizers.adagrad_step": lambda theta, g, r, eta, eps: optimizers.adagrad(eps).step(theta, g, r, eta),
    "optimizers.rmsprop_step": lambda theta, g, r, eta, rho, eps: optimizers.rmsprop(rho, eps).step(theta, g, r, eta),
    "optimizers.adam_step": adam,
    "convolution.gradient_by_filter": lambda X, delta: convolution.filter_gradient(
        X[:, None], delta[:, None], tuple(np.add(X.shape[1:], 1) - delta.shape[1:]))[0][0, 0] / len(X),
    "convolution.gradient_by_image": lambda F, delta: full(delta, F),
    "convolution.count_places": convolution.output_size,
    "convolution.strided_convolution": lambda X, F, s, p: convolution.conv2d_windows(
        X[None, None], F[None, None], stride=s, padding=p)[0, 0],
    "convolution.merged_filter": full,
    "convolution.repaired_layer": both_gradients,
}


@pytest.mark.parametrize("name", LIBRARY)
def test_a_reference_is_what_the_library_does(name):
    module, task = name.split(".")
    task = getattr(importlib.import_module(f"lecture_tasks.{module}"), task)
    assert verdict(dataclasses.replace(task, rtol=1e-13), LIBRARY[name]).kind == "right"


@pytest.mark.parametrize("task, of_library", [
    (kl_divergence.kl_columns, distributions.kl_divergence),
    (kl_divergence.kl_with_zeros, distributions.kl_divergence),
    (softmax_regression.softmax_columns, numerics.softmax),
    (softmax_regression.log_sum_exp, numerics.logsumexp),
], ids=lambda value: getattr(value, "name", ""))
def test_a_formula_that_is_written_out_is_that_of_the_library(task, of_library):
    for case in range(task.cases):
        written, right = task.reference(*task.example(case)), of_library(*task.example(case))
        np.testing.assert_allclose(written, right, rtol=1e-8, atol=1e-14)    # some columns of q sum to 1 + 1e-9
