"""Networks with residual connections."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import linear, relu, sigmoid, softplus, tanh
from lecture_code.gradient_check import complex_step
from lecture_code.losses import half_squared, softmax_cross_entropy
from lecture_code.network import Network, pack
from lecture_code.residual import Residual, residual_cost_and_gradient, residual_forward
from lecture_code.training import fit

MIXED = Network((3, 4, 4, 2, 2, 2), (tanh, sigmoid, tanh, softplus, linear), half_squared)


def test_by_hand():
    # z¹ = 2·3 − 1 = 5, relu: a¹ = 3 + 5 = 8; output z² = ½·8 + 1 = 5, without a connection
    # half squared error with y = 2: ā² = δ² = 3; dW² = 3·8, db² = 3; ā¹ = 1.5 = δ¹; dW¹ = 1.5·3, db¹ = 1.5
    net = Network((1, 1, 1), (relu, linear), half_squared)
    theta = pack(net, [None, [[2.0]], [[0.5]]], [None, [[-1.0]], [[1.0]]])
    z, a = residual_forward(Residual(net), theta, np.array([[3.0]]))
    assert (z[1], a[1], a[2]) == (5, 8, 5)
    C, gradient = residual_cost_and_gradient(Residual(net), theta, np.array([[3.0]]), np.array([[2.0]]))
    assert C == 4.5
    assert_array_equal(gradient, [4.5, 24, 1.5, 3])


def test_layers_of_zeros_hand_on_what_they_receive():
    for sigma in (sigmoid, tanh, softplus):
        net = Network((3, 3, 3, 2), (sigma, sigma, linear), half_squared)
        x = np.random.default_rng(0).normal(size=(3, 5))
        _, a = residual_forward(Residual(net), np.zeros(net.size), x)
        assert_array_equal(a[2], x)


def test_only_hidden_layers_of_equal_width_have_a_connection():
    assert [Residual(MIXED).skips(l) for l in range(1, 6)] == [False, True, False, True, False]


@pytest.mark.parametrize("loss", [half_squared, softmax_cross_entropy])
def test_the_gradient_is_that_of_the_cost(loss):
    rng = np.random.default_rng(1)
    model = Residual(Network(MIXED.widths, MIXED.activations, loss))
    theta, x, y = rng.normal(size=model.size), rng.normal(size=(3, 4)), np.eye(2)[:, [0, 1, 1, 0]]
    C, gradient = model.cost_and_gradient(theta, x, y)
    assert_allclose(C, loss(model.output(theta, x), y).mean())
    assert_allclose(gradient, complex_step(lambda t: loss(model.output(t, x), y).mean(), theta), rtol=1e-10)


def test_runs_in_lockstep_are_separate_runs():
    rng = np.random.default_rng(2)
    model, theta = Residual(MIXED), rng.normal(size=(3, MIXED.size))
    x, y = rng.normal(size=(3, 5)), rng.normal(size=(2, 5))
    together = model.cost_and_gradient(theta, x, y)
    for r in range(3):
        alone = model.cost_and_gradient(theta[r], x, y)
        assert_allclose(together.cost[r], alone.cost)
        assert_allclose(together.gradient[r], alone.gradient)


def test_it_keeps_single_precision_and_is_trained_by_fit():
    rng = np.random.default_rng(3)
    model = Residual(MIXED)
    theta = rng.normal(size=model.size).astype(np.float32)
    X, Y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    assert model.cost_and_gradient(theta, X.T.astype(np.float32), Y.T.astype(np.float32)).gradient.dtype == np.float32
    trained, history = fit(model, theta, X, Y, eta=0.02, batch_size=5, epochs=30, rng=rng, score_train=True)
    assert trained.dtype == np.float32 and history.train_cost[-1] < history.train_cost[0]
    assert model.widths == MIXED.widths and model.loss is half_squared
    assert_array_equal(model.weight_mask, MIXED.weight_mask)


def test_each_run_may_have_its_own_data(rng):
    theta, x, y = rng.standard_normal((3, MIXED.size)), rng.standard_normal((3, 3, 5)), rng.standard_normal((3, 2, 5))
    together = residual_cost_and_gradient(Residual(MIXED), theta, x, y)
    for r in range(3):
        alone = residual_cost_and_gradient(Residual(MIXED), theta[r], x[r], y[r])
        assert_allclose(together.cost[r], alone.cost, rtol=1e-14)
        assert_allclose(together.gradient[r], alone.gradient, rtol=1e-12)


def test_what_a_layer_adds_at_zero_keeps_single_precision(rng):
    net = Network((3, 3, 3, 2), (sigmoid, sigmoid, linear), half_squared)
    _, a = residual_forward(Residual(net), rng.standard_normal(net.size).astype(np.float32), np.ones((3, 4), np.float32))
    assert {part.dtype for part in a} == {np.dtype(np.float32)}
