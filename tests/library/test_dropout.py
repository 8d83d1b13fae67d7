"""Dropout."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import linear, relu, sigmoid, softplus, tanh
from lecture_code.dropout import Dropout, dropout_cost_and_gradient, dropout_forward, dropout_masks
from lecture_code.gradient_check import complex_step
from lecture_code.initialisation import gaussian_parameters
from lecture_code.losses import binary_cross_entropy, half_squared, softmax_cross_entropy
from lecture_code.network import Network, cost_and_gradient, forward, pack
from lecture_code.samplers import minibatches
from lecture_code.training import evaluate, fit

NET = Network((3, 6, 5, 2), (tanh, softplus, linear), half_squared)


def relative(left, right):
    return np.abs(left - right).max() / np.abs(right).max()


def test_masks_hold_zeros_and_one_over_the_rest(rng):
    masks = dropout_masks(NET, (0.25, 0.5), 4000, rng)
    assert masks[0] is None and masks[3] is None and len(masks) == 4
    assert masks[1].shape == (6, 4000) and masks[2].shape == (5, 4000)
    for mask, q in ((masks[1], 0.25), (masks[2], 0.5)):
        assert set(np.unique(mask)) == {0, 1 / (1 - q)}
        assert abs((mask == 0).mean() - q) < 5 * np.sqrt(q * (1 - q) / mask.size)
        assert abs(mask.mean() - 1) < 5 * np.sqrt(q / (1 - q) / mask.size)


def test_masks_follow_the_seed_and_the_dtype():
    draw = lambda seed, dtype=np.float64: dropout_masks(NET, 0.5, 9, np.random.default_rng(seed), dtype)[1]
    assert_array_equal(draw(1), draw(1))
    assert (draw(1) != draw(2)).any()
    assert draw(1, np.float32).dtype == np.float32


def test_a_dropped_unit_by_hand():
    # z = (1, 2), mask (0, 2): a = (0, 4); output 3·0 + 5·4 = 20, y = 18: C = ½ · 4 = 2
    # ā¹ = (3, 5) · 2 = (6, 10), δ¹ = (0, 2 · 10); ∂C/∂W² = 2 · (0, 4)
    net = Network((1, 2, 1), (linear, linear), half_squared)
    theta = pack(net, [None, [[1], [2]], [[3, 5]]], [None, [[0], [0]], [[0]]])
    x, y, masks = np.ones((1, 1)), np.full((1, 1), 18.0), [None, np.array([[0.0], [2]]), None]
    cost, gradient = dropout_cost_and_gradient(net, theta, x, y, masks)
    assert cost == 2
    assert_array_equal(gradient, pack(net, [None, [[0], [20]], [[0, 8]]], [None, [[0], [20]], [[2]]]))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("loss", [half_squared, softmax_cross_entropy, binary_cross_entropy])
@pytest.mark.parametrize("activation", [tanh, sigmoid, softplus, relu])
def test_dropout_gradient_agrees_with_complex_step(activation, loss, bias, rng):
    net = Network((3, 6, 5, 2), (activation, activation, linear), loss, bias)
    theta, x, y = rng.standard_normal(net.size), rng.standard_normal((3, 7)), np.eye(2)[:, rng.integers(2, size=7)]
    masks = dropout_masks(net, 0.4, 7, rng)
    masks[0] = (rng.random((3, 7)) > 0.2) / 0.8  # inputs can be dropped, too
    f = lambda theta: loss(dropout_forward(net, theta, x, masks).a[-1], y).mean()
    cost, gradient = dropout_cost_and_gradient(net, theta, x, y, masks)
    assert_allclose(cost, f(theta), rtol=1e-14)
    assert relative(gradient, complex_step(f, theta)) <= 1e-12


@pytest.mark.parametrize("masks", ["none", "rate 0"])
def test_without_dropout_it_is_the_network(masks, rng):
    theta, x, y = rng.standard_normal(NET.size), rng.standard_normal((3, 4)), rng.random((2, 4))
    masks = [None] * 4 if masks == "none" else dropout_masks(NET, 0.0, 4, rng)
    plain, thinned = cost_and_gradient(NET, theta, x, y), dropout_cost_and_gradient(NET, theta, x, y, masks)
    assert_allclose(thinned.cost, plain.cost, rtol=1e-14)
    assert_allclose(thinned.gradient, plain.gradient, rtol=1e-12, atol=1e-16)
    assert_array_equal(dropout_forward(NET, theta, x, masks).a[-1], forward(NET, theta, x).a[-1])


def test_the_mean_over_masks_is_the_network_where_it_is_linear(rng):
    net = Network((2, 400, 1), (linear, linear), half_squared)
    theta = gaussian_parameters(net, rng, scale=0.1)
    x = np.repeat(rng.standard_normal((2, 1)), 3000, axis=1)
    out = dropout_forward(net, theta, x, dropout_masks(net, 0.5, 3000, rng)).a[-1]
    assert abs(out.mean() - forward(net, theta, x).a[-1][0, 0]) < 5 * out.std() / np.sqrt(3000)


def test_dropout_in_lock_step(rng):
    theta, x, y = rng.standard_normal((2, NET.size)), rng.standard_normal((3, 4)), rng.random((2, 4))
    masks = dropout_masks(NET, 0.3, 4, rng)
    together = dropout_cost_and_gradient(NET, theta, x, y, masks)
    for r in range(2):
        alone = dropout_cost_and_gradient(NET, theta[r], x, y, masks)
        assert_array_equal(together.gradient[r], alone.gradient)
        assert together.cost[r] == alone.cost


@pytest.mark.parametrize("rates, M, name, expected, got", [
    (1.0, 5, "rates", r"\[0, 1\)", "1.0"), (-0.1, 5, "rates", r"\[0, 1\)", "-0.1"),
    ((0.5,), 5, "rates", "2, one a hidden layer", "1"), (0.5, 0, "M", ">= 1", "0")])
def test_masks_check_their_arguments(rates, M, name, expected, got, raises, rng):
    with raises(name, expected, got):
        dropout_masks(NET, rates, M, rng)


def test_masks_must_fit(raises, rng):
    theta, x = np.zeros(NET.size), np.zeros((3, 4))
    with raises("masks", "4, one a layer", "2"):
        dropout_forward(NET, theta, x, [None, None])
    with raises("masks", r"shape \(6, 4\)", r"\(6, 1\)"):
        dropout_forward(NET, theta, x, [None, np.ones((6, 1)), None, None])
    with raises("x", r"3 rows", r"\(4, 3\)"):
        dropout_forward(NET, theta, np.zeros((4, 3)), [None] * 4)


def test_inputs_are_dropped_by_the_mask_of_the_input():
    net = Network((2, 1), (linear,), half_squared, bias=False)
    trace = dropout_forward(net, np.array([3.0, 5]), np.array([[1.0], [1]]), [np.array([[0.0], [2]]), None])
    assert_array_equal(trace.a[0], [[0], [2]])
    assert_array_equal(trace.a[1], [[10]])


def test_dropout_with_own_data_and_masks_for_each_run(rng):
    theta, x, y = rng.standard_normal((2, NET.size)), rng.standard_normal((2, 3, 4)), rng.random((2, 2, 4))
    masks = [None, *(rng.random((2, n, 4)) / 0.5 for n in (6, 5)), None]
    together = dropout_cost_and_gradient(NET, theta, x, y, masks)
    for r in range(2):
        alone = dropout_cost_and_gradient(NET, theta[r], x[r], y[r], [None, masks[1][r], masks[2][r], None])
        assert_array_equal(together.gradient[r], alone.gradient)
        assert together.cost[r] == alone.cost
    assert dropout_cost_and_gradient(NET, theta, np.zeros((2, 3, 4)), y, masks).cost.shape == (2,)


def test_a_model_with_own_data_for_each_run_draws_one_mask_a_sample(rng):
    theta, x, y = rng.standard_normal((2, NET.size)), rng.standard_normal((2, 3, 4)), rng.random((2, 2, 4))
    masks = dropout_masks(NET, 0.4, 4, np.random.default_rng(3))
    result = Dropout(NET, 0.4).cost_and_gradient(theta, x, y, rng=np.random.default_rng(3))
    assert_array_equal(result.cost, dropout_cost_and_gradient(NET, theta, x, y, masks).cost)


# A model that is trained with it


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    monkeypatch.setenv("LECTURE_CODE_STATIC", "1")


def problem(rng, N=11):
    return rng.standard_normal(NET.size), rng.standard_normal((N, 3)), rng.standard_normal((N, 2))


@pytest.mark.parametrize("rates", [0.4, (0.2, 0.6)])
def test_a_step_draws_new_masks(rates, rng):
    model, (theta, X, Y), draw = Dropout(NET, rates), problem(rng), np.random.default_rng(3)
    first, second = (model.cost_and_gradient(theta, X.T, Y.T, rng=draw) for _ in range(2))
    draw = np.random.default_rng(3)
    for result in (first, second):
        expected = dropout_cost_and_gradient(NET, theta, X.T, Y.T, dropout_masks(NET, rates, 11, draw))
        assert result.cost == expected.cost
        assert_array_equal(result.gradient, expected.gradient)
    assert first.cost != second.cost


def test_fit_with_dropout_is_the_loop_of_the_book(rng):
    (theta, X, Y), draw = problem(rng), np.random.default_rng(9)
    q, costs = theta, []
    for _ in range(3):
        for batch in minibatches(11, 4, draw):
            masks = dropout_masks(NET, 0.3, len(batch), draw)
            C, g = dropout_cost_and_gradient(NET, q, X[batch].T, Y[batch].T, masks)
            q = q - 0.1 * g
            costs.append(C)
    trained, history = fit(Dropout(NET, 0.3), theta, X, Y, eta=0.1, batch_size=4, epochs=3, rng=np.random.default_rng(9),
                           test=(X, Y))
    assert_array_equal(trained, q)
    assert_array_equal(history.step_cost, costs)
    assert history.test_cost[-1] == evaluate(NET, q, X, Y)[0]  # scored without masks


def test_the_output_is_that_of_the_network(rng):
    model, (theta, X, _) = Dropout(NET, 0.5), problem(rng)
    assert_array_equal(model.output(theta, X.T), NET.output(theta, X.T))
    assert (model.size, model.widths, model.loss) == (NET.size, NET.widths, NET.loss)
    assert_array_equal(model.weight_mask, NET.weight_mask)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_in_lock_step_equals_separate_runs(dtype, rng):
    model, etas = Dropout(NET, (0.2, 0.5)), np.array([0.01, 0.05, 0.1])
    _, X, Y = problem(rng)
    theta = rng.standard_normal((3, NET.size)).astype(dtype)
    train = lambda theta, eta: fit(model, theta, X, Y, eta=eta, batch_size=4, epochs=3, rng=np.random.default_rng(1))
    together, history = train(theta, etas)
    assert together.dtype == dtype and history.step_cost[0].dtype == dtype
    for r in range(3):
        alone, single = train(theta[r], etas[r])
        assert_array_equal(together[r], alone)
        assert_array_equal(np.array(history.step_cost)[:, r], single.step_cost)


def test_the_gradient_is_right_on_average_where_the_output_is_linear(rng):
    # the mean of dropout's cost is that of the network plus a variance: for f = Σ w_j h_j it is ½ q/(1−q) Σ (w_j h_j)²
    net, q = Network((2, 4, 1), (linear, linear), half_squared, bias=False), 0.4
    theta, x, y = rng.standard_normal(net.size), rng.standard_normal((2, 1)), np.zeros((1, 1))
    W = pack_free(net, theta)
    parts = W[1][0] * (W[0] @ x)[:, 0]
    expected = (parts.sum() ** 2 + q / (1 - q) * (parts**2).sum()) / 2
    many = np.repeat(x, 200_000, axis=1)
    C, _ = Dropout(net, q).cost_and_gradient(theta, many, np.zeros((1, 200_000)), rng=rng)
    assert abs(C / expected - 1) < 0.02


def pack_free(net, theta):
    return theta[:8].reshape(2, 4).T, theta[8:].reshape(4, 1).T


def test_dropout_checks_its_arguments(raises, rng):
    with raises("rates", r"\[0, 1\)", "1.0"):
        Dropout(NET, 1.0)
    with raises("rates", "2, one a hidden layer", "3"):
        Dropout(NET, (0.1, 0.1, 0.1))
    with raises("rng", "a generator", "None"):
        Dropout(NET, 0.5).cost_and_gradient(np.zeros(NET.size), np.zeros((3, 4)), np.zeros((2, 4)))
