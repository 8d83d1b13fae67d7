"""Batch normalisation: the layer, and a network that is made of it."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import linear, relu, sigmoid, softplus, tanh
from lecture_code.batch_norm import (
    BatchNorm, RunningStatistics, batch_norm, batch_norm_backward, batch_norm_cost_and_gradient, batch_norm_inference,
    batch_norm_inference_backward, fresh_statistics)
from lecture_code.gradient_check import central_difference, complex_step
from lecture_code.initialisation import he
from lecture_code.losses import binary_cross_entropy, half_squared, softmax_cross_entropy
from lecture_code.network import Network
from lecture_code.samplers import minibatches
from lecture_code.training import evaluate, fit


def relative(left, right):
    return np.abs(left - right).max() / np.abs(right).max()


def layer(rng, n=3, M=5, lead=()):
    return rng.standard_normal((*lead, n, M)) * 3 + 1, rng.random((n, 1)) + 0.5, rng.standard_normal((n, 1))


def test_batch_norm_by_hand():
    # z = (1, 3): mean 2, variance 1 (unbiased 2); eps = 3: ẑ = ∓1/2; γ = 4, β = 10: 8 and 12
    # running, from (0, 1) with momentum ¼: mean ½, variance ¾ + ¼ · 2 = 5/4, or ¾ + ¼ · 1 = 1 when biased
    z, gamma, beta = np.array([[1.0, 3]]), np.array([[4.0]]), np.array([[10.0]])
    result = batch_norm(z, gamma, beta, fresh_statistics(1), momentum=0.25, eps=3)
    assert_array_equal(result.output, [[8, 12]])
    assert_array_equal(result.z_hat, [[-1 / 2, 1 / 2]])
    assert result.running.mean == 1 / 2 and result.running.variance == 5 / 4
    assert batch_norm(z, gamma, beta, fresh_statistics(1), 0.25, 3, unbiased=False).running.variance == 1
    # inference with mean 1, variance 6: 4 · (z − 1)/3 + 10
    running = RunningStatistics(np.array([[1.0]]), np.array([[6.0]]))
    assert_allclose(batch_norm_inference(z, gamma, beta, running, eps=3), [[10, 10 + 8 / 3]], rtol=1e-15)


@given(st.integers(2, 8), st.integers(1, 4), st.integers(0, 2**32))
def test_normalised_units_have_mean_0_and_variance_1(M, n, seed):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, M)) + 1e-3 * np.arange(M)
    result = batch_norm(z, np.ones((n, 1)), np.zeros((n, 1)), fresh_statistics(n), eps=1e-12)
    assert_allclose(result.output.mean(axis=1), 0, atol=1e-10)
    assert_allclose(result.output.var(axis=1), 1, rtol=1e-4)


def test_shift_and_scale_of_the_input_do_not_matter(rng):
    z, gamma, beta = layer(rng)
    out = lambda z: batch_norm(z, gamma, beta, fresh_statistics(3), eps=1e-14).output
    assert_allclose(out(7 * z - 2), out(z), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("M", [2, 5])
def test_batch_norm_backward_agrees_with_complex_step(M, rng):
    z, gamma, beta = layer(rng, M=M)
    weight, running = rng.standard_normal((3, M)), fresh_statistics(3)
    scalar = lambda z, gamma, beta: (weight * np.sin(batch_norm(z, gamma, beta, running).output)).sum()
    result = batch_norm(z, gamma, beta, running)
    z_bar, gamma_bar, beta_bar = batch_norm_backward(weight * np.cos(result.output), result, gamma)
    scale = np.abs(weight).max()
    assert_allclose(z_bar, complex_step(lambda z: scalar(z, gamma, beta), z), rtol=1e-11, atol=1e-12 * scale)
    assert relative(gamma_bar, complex_step(lambda gamma: scalar(z, gamma, beta), gamma)) <= 1e-12
    assert relative(beta_bar, complex_step(lambda beta: scalar(z, gamma, beta), beta)) <= 1e-12


def test_inference_backward_agrees_with_complex_step(rng):
    z, gamma, beta = layer(rng)
    weight, running = rng.standard_normal((3, 5)), RunningStatistics(rng.random((3, 1)), rng.random((3, 1)))
    scalar = lambda z, gamma, beta: (weight * batch_norm_inference(z, gamma, beta, running)).sum()
    bars = batch_norm_inference_backward(weight, z, gamma, running)
    assert relative(bars.z_bar, complex_step(lambda z: scalar(z, gamma, beta), z)) <= 1e-12
    assert relative(bars.gamma_bar, complex_step(lambda gamma: scalar(z, gamma, beta), gamma)) <= 1e-12
    assert relative(bars.beta_bar, complex_step(lambda beta: scalar(z, gamma, beta), beta)) <= 1e-12


def test_running_statistics_come_to_those_of_the_data(rng):
    running = fresh_statistics(1)
    for _ in range(300):
        z = 2 * rng.standard_normal((1, 50)) + 5
        running = batch_norm(z, np.ones((1, 1)), np.zeros((1, 1)), running, momentum=0.05).running
    assert abs(running.mean - 5) < 0.3 and abs(running.variance - 4) < 0.8


def test_runs_in_front(rng):
    z, gamma, beta = layer(rng, lead=(4,))
    together = batch_norm(z, gamma, beta, fresh_statistics(3))
    bars = batch_norm_backward(z, together, gamma)
    for r in range(4):
        alone = batch_norm(z[r], gamma, beta, fresh_statistics(3))
        assert_array_equal(together.output[r], alone.output)
        for all_runs, one in zip((*bars, *together.running), (*batch_norm_backward(z[r], alone, gamma), *alone.running)):
            assert_array_equal(all_runs[r], one)


def test_float32_stays(rng):
    z, gamma, beta = (array.astype(np.float32) for array in layer(rng))
    result = batch_norm(z, gamma, beta, fresh_statistics(3, np.float32))
    bars = batch_norm_backward(result.output, result, gamma)
    inference = batch_norm_inference(z, gamma, beta, result.running)
    assert {a.dtype for a in (*result[:3], *result.running, *bars, inference)} == {np.dtype(np.float32)}


def test_batch_norm_leaves_its_arguments_alone(rng):
    z, gamma, beta = layer(rng)
    running = fresh_statistics(3)
    for array in (z, gamma, beta, *running):
        array.flags.writeable = False
    batch_norm_backward(z, batch_norm(z, gamma, beta, running), gamma)


@pytest.mark.parametrize("changed, name, expected, got", [
    (dict(z=np.zeros((3, 1))), "z", "at least 2 samples", "1"), (dict(z=np.zeros(3)), "z", r"\(n, M\)", r"\(3,\)"),
    (dict(gamma=np.ones(3)), "gamma", r"\(3, 1\)", r"\(3,\)"), (dict(beta=np.ones((1, 3))), "beta", r"\(3, 1\)", r"\(1, 3\)"),
    (dict(momentum=0), "momentum", r"\(0, 1\]", "0"), (dict(momentum=1.5), "momentum", r"\(0, 1\]", "1.5"), (dict(eps=0), "eps", "> 0", "0")])
def test_batch_norm_checks_its_arguments(changed, name, expected, got, raises):
    arguments = dict(z=np.zeros((3, 4)), gamma=np.ones((3, 1)), beta=np.ones((3, 1)), running=fresh_statistics(3))
    with raises(name, expected, got):
        batch_norm(**(arguments | changed))


def test_the_rest_checks_its_arguments(raises, rng):
    z, gamma, beta = layer(rng)
    running = fresh_statistics(3)
    with raises("output_bar", r"\(3, 5\)", r"\(3, 4\)"):
        batch_norm_backward(z[:, 1:], batch_norm(z, gamma, beta, running), gamma)
    with raises("gamma", r"\(3, 1\)"):
        batch_norm_inference(z, gamma.T, beta, running)
    with raises("eps", "> 0"):
        batch_norm_inference(z, gamma, beta, running, eps=-1)
    with raises("n", ">= 1"):
        fresh_statistics(0)


def test_each_run_may_have_its_own_scale_and_statistics(rng):
    z, gamma, beta = rng.standard_normal((4, 3, 5)), rng.random((4, 3, 1)), rng.standard_normal((4, 3, 1))
    running = RunningStatistics(rng.standard_normal((4, 3, 1)), rng.random((4, 3, 1)))
    together, inference = batch_norm(z, gamma, beta, running), batch_norm_inference(z, gamma, beta, running)
    bars = batch_norm_inference_backward(z, z, gamma, running)
    for r in range(4):
        own = RunningStatistics(running.mean[r], running.variance[r])
        assert_array_equal(together.output[r], batch_norm(z[r], gamma[r], beta[r], own).output)
        assert_array_equal(inference[r], batch_norm_inference(z[r], gamma[r], beta[r], own))
        for all_runs, one in zip(bars, batch_norm_inference_backward(z[r], z[r], gamma[r], own)):
            assert_array_equal(all_runs[r], one)


def test_the_defaults_of_batch_norm_by_hand():
    # z = ∓1: variance 1, unbiased 2; eps = 10⁻⁵, momentum = 1/10: mean 0, variance 0.9 + 0.1 · 2
    result = batch_norm(np.array([[-1.0, 1]]), np.ones((1, 1)), np.zeros((1, 1)), fresh_statistics(1))
    assert_allclose(result.output, [[-1 / np.sqrt(1.00001), 1 / np.sqrt(1.00001)]], rtol=1e-15)
    assert_allclose(result.running.variance, 1.1, rtol=1e-15)
    ones, zeros = np.ones((1, 1)), np.zeros((1, 1))
    assert_allclose(batch_norm_inference(ones, ones, zeros, fresh_statistics(1)), 1 / np.sqrt(1.00001), rtol=1e-15)
    assert_allclose(batch_norm_inference_backward(ones, ones, ones, fresh_statistics(1)).z_bar, 1 / np.sqrt(1.00001), rtol=1e-15)


def test_a_momentum_of_1_forgets_the_past():
    result = batch_norm(np.array([[1.0, 3]]), np.ones((1, 1)), np.zeros((1, 1)), fresh_statistics(1), momentum=1)
    assert_array_equal(np.ravel(result.running), [2, 2])


# A network with it


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    monkeypatch.setenv("LECTURE_CODE_STATIC", "1")


NET = Network((3, 6, 5, 2), (tanh, softplus, linear), half_squared)  # 3·6 + 6·5 + 5·2 weights, 13 biases
REFERENCE = np.random.default_rng(8).standard_normal((40, 3)) @ [[1, 0.5, 0], [0, 2, 1], [0.3, 0, 1]] + [1, -2, 0.5]
MODEL = BatchNorm(NET, REFERENCE)


def problem(rng, N=11):
    return rng.standard_normal(MODEL.size), rng.standard_normal((N, 3)), rng.standard_normal((N, 2))


def test_parameters_lie_behind_those_of_the_network(rng):
    assert MODEL.size == 58 + 13 + 2 * 11 and (MODEL.widths, MODEL.loss) == (NET.widths, NET.loss)
    theta = MODEL.parameters(he(NET, rng))
    assert_array_equal(theta[71:], [1] * 11 + [0] * 11)
    assert_array_equal(MODEL.weight_mask, np.arange(93) < 58)
    theta = rng.standard_normal((2, 93))
    W, b, gamma, beta = MODEL.unpack(theta)
    assert [None if a is None else a.shape for a in gamma] == [None, (2, 6, 1), (2, 5, 1)]
    assert_array_equal(np.concatenate(gamma[1:] + beta[1:], axis=1)[..., 0], theta[:, 71:])
    assert_array_equal(b[3][..., 0], theta[:, 69:71])
    gamma[1][...] = 7
    assert (theta[:, 71:77] == 7).all()  # views
    assert MODEL.parameters(theta[:, :71].astype(np.float32)).dtype == np.float32
    assert_array_equal(MODEL.parameters(theta[:, :71]), np.hstack([theta[:, :71], np.ones((2, 11)), np.zeros((2, 11))]))


def test_a_normalised_network_by_hand():
    # one hidden unit with W = 2, b = 5: z = (2, 6), mean 4, variance 4; with eps = 12 the deviation is 4: ẑ = ∓1/2
    # γ = 2, β = 3: u = (2, 4). Output 10 u + 1 = (21, 41), y = (20, 40): C = ½ (½ + ½) = ½, δ = (1, 1)
    # ∂b² = 1, ∂W² = (2 + 4)/2 = 3; ū = (10, 10): ∂β = 10, ∂γ = 10 · (−½ + ½)/2 = 0, and z̄ = 0: both alike
    net = Network((1, 1, 1), (linear, linear), half_squared)
    model = BatchNorm(net, np.array([[1.0], [3]]), eps=12.0, unbiased=False)
    theta = np.array([2.0, 10, 5, 1, 2, 3])
    C, g = model.cost_and_gradient(theta, np.array([[1.0, 3]]), np.array([[20.0, 40]]))
    assert C == 1 / 2
    assert_array_equal(g, [0, 3, 0, 1, 0, 10])
    # the reference set is this batch, so that x = 5 has z = 10, ẑ = 3/2, u = 6
    assert_array_equal(model.output(theta, np.array([[1.0, 3, 5]])), [[21, 41, 61]])


@pytest.mark.parametrize("activation, loss, depth, bias", list(product(
    (tanh, sigmoid, softplus, relu), (half_squared, softmax_cross_entropy, binary_cross_entropy), (2, 3), (True, False))),
    ids=repr)
def test_the_gradient_agrees_with_complex_step(activation, loss, depth, bias, rng):
    net = Network((3, 6, 5, 2)[:depth] + (2,), (activation,) * (depth - 1) + (linear,), loss, bias)
    model = BatchNorm(net, REFERENCE)
    theta, x, y = rng.standard_normal(model.size), rng.standard_normal((3, 7)), np.eye(2)[:, rng.integers(2, size=7)]
    cost = lambda theta: batch_norm_cost_and_gradient(model, theta, x, y).cost
    C, g = model.cost_and_gradient(theta, x, y)
    assert relative(g, complex_step(cost, theta)) <= 1e-12
    if activation is not relu:
        assert relative(g, central_difference(cost, theta)) <= 1e-6
    assert_allclose(C, loss(independent_output(model, theta, x), y).mean(), rtol=1e-12)


@pytest.mark.parametrize("last", [tanh, softplus, relu], ids=repr)
def test_the_gradient_agrees_where_the_output_has_an_activation(last, rng):
    model = BatchNorm(Network((3, 6, 2), (softplus, last), half_squared), REFERENCE)
    theta, x, y = rng.standard_normal(model.size), rng.standard_normal((3, 7)), rng.standard_normal((2, 7))
    cost = lambda theta: batch_norm_cost_and_gradient(model, theta, x, y).cost
    assert relative(model.cost_and_gradient(theta, x, y).gradient, complex_step(cost, theta)) <= 1e-12


def independent_output(model, theta, x):
    """The output in training mode, written once more, with NumPy's own mean and variance."""
    net, at, a = model.net, 0, x
    weights = []
    for n_in, n in zip(net.widths, net.widths[1:]):
        weights.append(theta[at:at + n_in * n].reshape(n_in, n).T)
        at += n_in * n
    b = theta[at:at + sum(net.widths[1:])][-net.widths[-1]:, None] if net.bias else 0
    vectors = np.split(theta[net.size:], np.cumsum(net.widths[1:-1] * 2)[:-1])
    for l, W in enumerate(weights[:-1]):
        z = W @ a
        z_hat = (z - z.mean(axis=1, keepdims=True)) / np.sqrt(z.var(axis=1, keepdims=True) + model.eps)
        a = net.activations[l](vectors[l][:, None] * z_hat + vectors[net.depth - 1 + l][:, None])
    return net.activations[-1](weights[-1] @ a + b)


def test_on_the_reference_set_training_and_inference_agree(rng):
    theta, _, _ = problem(rng)
    expected = independent_output(MODEL, theta, REFERENCE.T)
    assert_allclose(BatchNorm(NET, REFERENCE, unbiased=False).output(theta, REFERENCE.T), expected, rtol=1e-11, atol=1e-12)
    assert np.abs(MODEL.output(theta, REFERENCE.T) - expected).max() > 1e-3  # 1/(N − 1)


def test_statistics_are_those_of_a_pass_with_momentum_1(rng):
    theta, _, _ = problem(rng)
    W, _, gamma, beta = MODEL.unpack(theta)
    none, first, second = MODEL.statistics(theta)
    assert none is None
    z = W[1] @ REFERENCE.T
    assert_allclose(first.mean[:, 0], z.mean(axis=1), rtol=1e-13)
    assert_allclose(first.variance[:, 0], z.var(axis=1, ddof=1), rtol=1e-13)
    layer = batch_norm(z, gamma[1], beta[1], fresh_statistics(6), momentum=1)
    a = tanh(layer.output)
    assert_allclose(second.mean[:, 0], (W[2] @ a).mean(axis=1), rtol=1e-12)
    assert_allclose(second.variance[:, 0], (W[2] @ a).var(axis=1, ddof=1), rtol=1e-12)


def test_at_inference_no_sample_depends_on_another(rng):
    theta, X, _ = problem(rng)
    together = MODEL.output(theta, X.T)
    for i in range(len(X)):
        assert_allclose(MODEL.output(theta, X[[i]].T)[:, 0], together[:, i], rtol=1e-12)


def test_hidden_biases_play_no_part(rng):
    theta, X, Y = problem(rng)
    moved = theta.copy()
    moved[58:69] += 5  # b of both hidden layers
    assert_array_equal(MODEL.output(moved, X.T), MODEL.output(theta, X.T))
    assert not MODEL.cost_and_gradient(theta, X.T, Y.T).gradient[58:69].any()


def test_the_scale_of_hidden_weights_plays_no_part(rng):
    model = BatchNorm(NET, REFERENCE, eps=1e-12)
    theta, X, Y = problem(rng)
    scaled = theta.copy()
    scaled[:18] *= 30
    assert_allclose(model.output(scaled, X.T), model.output(theta, X.T), rtol=1e-8)
    plain, other = (model.cost_and_gradient(theta, X.T, Y.T) for theta in (theta, scaled))
    assert_allclose(other.cost, plain.cost, rtol=1e-8)
    assert_allclose(30 * other.gradient[:18], plain.gradient[:18], rtol=1e-7)
    assert abs(plain.gradient[:18] @ theta[:18]) < 1e-7 * np.linalg.norm(plain.gradient[:18])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lock_step_equals_separate_runs(dtype, rng):
    etas = np.array([0.01, 0.05, 0.1])
    _, X, Y = problem(rng, 12)
    theta = rng.standard_normal((3, MODEL.size)).astype(dtype)
    train = lambda theta, eta: fit(MODEL, theta, X, Y, eta=eta, batch_size=4, epochs=3, rng=np.random.default_rng(1),
                                   test=(X, Y))
    together, history = train(theta, etas)
    assert together.dtype == history.step_cost[0].dtype == MODEL.output(theta, X.T.astype(dtype)).dtype == dtype
    for r in range(3):
        alone, single = train(theta[r], etas[r])
        assert_array_equal(together[r], alone)
        assert_array_equal(np.array(history.step_cost)[:, r], single.step_cost)
        assert_array_equal(np.array(history.test_cost)[:, r], single.test_cost)


def test_each_run_may_have_its_own_data(rng):
    theta, x, y = rng.standard_normal((2, MODEL.size)), rng.standard_normal((2, 3, 5)), rng.standard_normal((2, 2, 5))
    together = MODEL.cost_and_gradient(theta, x, y)
    for r in range(2):
        alone = MODEL.cost_and_gradient(theta[r], x[r], y[r])
        assert_array_equal(together.gradient[r], alone.gradient)
        assert together.cost[r] == alone.cost


def test_fit_with_batch_normalisation_is_the_loop_of_the_book(rng):
    (theta, X, Y), draw = problem(rng, 12), np.random.default_rng(9)
    q = theta
    for _ in range(3):
        for batch in minibatches(12, 4, draw):
            q = q - 0.1 * batch_norm_cost_and_gradient(MODEL, q, X[batch].T, Y[batch].T).gradient
    trained, history = fit(MODEL, theta, X, Y, eta=0.1, batch_size=4, epochs=3, rng=np.random.default_rng(9), test=(X, Y))
    assert_array_equal(trained, q)
    assert history.test_cost[-1] == evaluate(MODEL, q, X, Y)[0]


def test_it_trains_where_the_plain_network_cannot(rng):
    # six sigmoid layers of inputs far from 0: the plain network says the same of every sample
    X = rng.standard_normal((200, 2)) + 6
    labels = (X.sum(axis=1) > 12).astype(int)
    net = Network((2, *(8,) * 6, 2), (sigmoid,) * 6 + (linear,), softmax_cross_entropy)
    model, options = BatchNorm(net, X), dict(eta=0.3, batch_size=20, epochs=20)
    plain = fit(net, he(net, rng), X, labels, **options, rng=np.random.default_rng(1))[0]
    normalised = fit(model, model.parameters(he(net, rng)), X, labels, **options, rng=np.random.default_rng(1))[0]
    assert evaluate(net, plain, X, labels)[1] < 0.7
    assert evaluate(model, normalised, X, labels)[1] > 0.9


@pytest.mark.parametrize("changed, name, expected, got", [
    (dict(net=Network((3, 2), (linear,), half_squared)), "net", "at least one hidden layer", r"widths \(3, 2\)"),
    (dict(reference=REFERENCE[:1]), "reference", r"at least 2 samples, one a row, \(N, 3\)", r"\(1, 3\)"),
    (dict(reference=REFERENCE.T), "reference", r"\(N, 3\)", r"\(3, 40\)"),
    (dict(reference=REFERENCE * np.nan), "reference", "finite", "nan"), (dict(eps=0), "eps", "> 0", "0")])
def test_a_normalised_network_checks_its_arguments(changed, name, expected, got, raises):
    with raises(name, expected, got):
        BatchNorm(**(dict(net=NET, reference=REFERENCE) | changed))


def test_batches_and_parameters_must_fit(raises, rng):
    theta, X, Y = problem(rng)
    with raises("z", "at least 2 samples", "1"):
        MODEL.cost_and_gradient(theta, X[:1].T, Y[:1].T)
    with raises("theta", "93 parameters on the last axis", r"\(71,\)"):
        MODEL.output(theta[:71], X.T)
