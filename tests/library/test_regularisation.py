"""L2 penalty, dropout, batch normalisation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import linear, relu, sigmoid, softplus, tanh
from lecture_code.gradient_check import complex_step
from lecture_code.losses import half_squared, binary_cross_entropy, softmax_cross_entropy
from lecture_code.network import Network, cost_and_gradient, forward, gaussian_parameters, pack
from lecture_code.regularisation import (
    RunningStatistics, batch_norm, batch_norm_backward, batch_norm_inference, batch_norm_inference_backward,
    dropout_cost_and_gradient, dropout_forward, dropout_masks, fresh_statistics, l2_penalty)

NET = Network((3, 6, 5, 2), (tanh, softplus, linear), half_squared)


def relative(left, right):
    return np.abs(left - right).max() / np.abs(right).max()


# L2


def test_l2_by_hand():
    # λ = ½ on (1, 2, 3): ½ (1 + 4 + 9) = 7, gradient (1, 2, 3); without the last: 5/2, (1, 2, 0)
    p = np.array([1.0, 2, 3])
    value, gradient = l2_penalty(p, 0.5)
    assert value == 7
    assert_array_equal(gradient, p)
    value, gradient = l2_penalty(p, 0.5, np.array([True, True, False]))
    assert value == 5 / 2
    assert_array_equal(gradient, [1, 2, 0])
    assert_array_equal(l2_penalty(np.stack([p, 2 * p]), 0.5).cost, [7, 28])


def test_l2_gradient_agrees_with_complex_step(rng):
    p = rng.standard_normal(NET.size)
    f = lambda p: l2_penalty(p, 0.3, NET.weight_mask).cost
    assert relative(l2_penalty(p, 0.3, NET.weight_mask).gradient, complex_step(f, p)) <= 1e-14


@pytest.mark.parametrize("lam, mask, name, expected, got", [
    (-1, None, "lam", ">= 0", "-1"), (np.inf, None, "lam", "finite", "inf"),
    (1, np.ones(3), "mask", r"booleans of shape \(3,\)", "float64"),
    (1, np.ones(2, bool), "mask", r"\(3,\)", r"\(2,\)")])
def test_l2_checks_its_arguments(lam, mask, name, expected, got, raises):
    with raises(name, expected, got):
        l2_penalty(np.zeros(3), lam, mask)


# Dropout


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
    p = pack(net, [None, [[1], [2]], [[3, 5]]], [None, [[0], [0]], [[0]]])
    x, y, masks = np.ones((1, 1)), np.full((1, 1), 18.0), [None, np.array([[0.0], [2]]), None]
    cost, gradient = dropout_cost_and_gradient(net, p, x, y, masks)
    assert cost == 2
    assert_array_equal(gradient, pack(net, [None, [[0], [20]], [[0, 8]]], [None, [[0], [20]], [[2]]]))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("loss", [half_squared, softmax_cross_entropy, binary_cross_entropy])
@pytest.mark.parametrize("activation", [tanh, sigmoid, softplus, relu])
def test_dropout_gradient_agrees_with_complex_step(activation, loss, bias, rng):
    net = Network((3, 6, 5, 2), (activation, activation, linear), loss, bias)
    p, x, y = rng.standard_normal(net.size), rng.standard_normal((3, 7)), np.eye(2)[:, rng.integers(2, size=7)]
    masks = dropout_masks(net, 0.4, 7, rng)
    masks[0] = (rng.random((3, 7)) > 0.2) / 0.8  # inputs can be dropped, too
    f = lambda p: loss(dropout_forward(net, p, x, masks).a[-1], y).mean()
    cost, gradient = dropout_cost_and_gradient(net, p, x, y, masks)
    assert_allclose(cost, f(p), rtol=1e-14)
    assert relative(gradient, complex_step(f, p)) <= 1e-12


@pytest.mark.parametrize("masks", ["none", "rate 0"])
def test_without_dropout_it_is_the_network(masks, rng):
    p, x, y = rng.standard_normal(NET.size), rng.standard_normal((3, 4)), rng.random((2, 4))
    masks = [None] * 4 if masks == "none" else dropout_masks(NET, 0.0, 4, rng)
    plain, thinned = cost_and_gradient(NET, p, x, y), dropout_cost_and_gradient(NET, p, x, y, masks)
    assert_allclose(thinned.cost, plain.cost, rtol=1e-14)
    assert_allclose(thinned.gradient, plain.gradient, rtol=1e-12, atol=1e-16)
    assert_array_equal(dropout_forward(NET, p, x, masks).a[-1], forward(NET, p, x).a[-1])


def test_the_mean_over_masks_is_the_network_where_it_is_linear(rng):
    net = Network((2, 400, 1), (linear, linear), half_squared)
    p = gaussian_parameters(net, rng, scale=0.1)
    x = np.repeat(rng.standard_normal((2, 1)), 3000, axis=1)
    out = dropout_forward(net, p, x, dropout_masks(net, 0.5, 3000, rng)).a[-1]
    assert abs(out.mean() - forward(net, p, x).a[-1][0, 0]) < 5 * out.std() / np.sqrt(3000)


def test_dropout_in_lock_step(rng):
    p, x, y = rng.standard_normal((2, NET.size)), rng.standard_normal((3, 4)), rng.random((2, 4))
    masks = dropout_masks(NET, 0.3, 4, rng)
    together = dropout_cost_and_gradient(NET, p, x, y, masks)
    for r in range(2):
        alone = dropout_cost_and_gradient(NET, p[r], x, y, masks)
        assert_array_equal(together.gradient[r], alone.gradient)
        assert together.cost[r] == alone.cost


@pytest.mark.parametrize("rates, M, name, expected, got", [
    (1.0, 5, "rates", r"\[0, 1\)", "1.0"), (-0.1, 5, "rates", r"\[0, 1\)", "-0.1"),
    ((0.5,), 5, "rates", "2, one a hidden layer", "1"), (0.5, 0, "M", ">= 1", "0")])
def test_masks_check_their_arguments(rates, M, name, expected, got, raises, rng):
    with raises(name, expected, got):
        dropout_masks(NET, rates, M, rng)


def test_masks_must_fit(raises, rng):
    p, x = np.zeros(NET.size), np.zeros((3, 4))
    with raises("masks", "4, one a layer", "2"):
        dropout_forward(NET, p, x, [None, None])
    with raises("masks", r"shape \(6, 4\)", r"\(6, 1\)"):
        dropout_forward(NET, p, x, [None, np.ones((6, 1)), None, None])
    with raises("x", r"3 rows", r"\(4, 3\)"):
        dropout_forward(NET, p, np.zeros((4, 3)), [None] * 4)


# Batch normalisation


def layer(rng, n=3, M=5, lead=()):
    return rng.standard_normal((*lead, n, M)) * 3 + 1, rng.random((n, 1)) + 0.5, rng.standard_normal((n, 1))


def test_batch_norm_by_hand():
    # z = (1, 3): mean 2, variance 1 (unbiased 2); eps = 3: ẑ = ∓1/2; γ = 4, β = 10: 8 and 12
    # running, from (0, 1) with share ¼: mean ½, variance ¾ + ¼ · 2 = 5/4, or ¾ + ¼ · 1 = 1 when biased
    z, gamma, beta = np.array([[1.0, 3]]), np.array([[4.0]]), np.array([[10.0]])
    result = batch_norm(z, gamma, beta, fresh_statistics(1), share=0.25, eps=3)
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
        running = batch_norm(z, np.ones((1, 1)), np.zeros((1, 1)), running, share=0.05).running
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
    (dict(share=0), "share", r"\(0, 1\]", "0"), (dict(share=1.5), "share", r"\(0, 1\]", "1.5"), (dict(eps=0), "eps", "> 0", "0")])
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
    # z = ∓1: variance 1, unbiased 2; eps = 10⁻⁵, share = 1/10: mean 0, variance 0.9 + 0.1 · 2
    result = batch_norm(np.array([[-1.0, 1]]), np.ones((1, 1)), np.zeros((1, 1)), fresh_statistics(1))
    assert_allclose(result.output, [[-1 / np.sqrt(1.00001), 1 / np.sqrt(1.00001)]], rtol=1e-15)
    assert_allclose(result.running.variance, 1.1, rtol=1e-15)
    ones, zeros = np.ones((1, 1)), np.zeros((1, 1))
    assert_allclose(batch_norm_inference(ones, ones, zeros, fresh_statistics(1)), 1 / np.sqrt(1.00001), rtol=1e-15)
    assert_allclose(batch_norm_inference_backward(ones, ones, ones, fresh_statistics(1)).z_bar, 1 / np.sqrt(1.00001), rtol=1e-15)


def test_a_share_of_1_forgets_the_past():
    result = batch_norm(np.array([[1.0, 3]]), np.ones((1, 1)), np.zeros((1, 1)), fresh_statistics(1), share=1)
    assert_array_equal(np.ravel(result.running), [2, 2])


def test_inputs_are_dropped_by_the_mask_of_the_input():
    net = Network((2, 1), (linear,), half_squared, bias=False)
    trace = dropout_forward(net, np.array([3.0, 5]), np.array([[1.0], [1]]), [np.array([[0.0], [2]]), None])
    assert_array_equal(trace.a[0], [[0], [2]])
    assert_array_equal(trace.a[1], [[10]])


def test_dropout_with_own_data_and_masks_for_each_run(rng):
    p, x, y = rng.standard_normal((2, NET.size)), rng.standard_normal((2, 3, 4)), rng.random((2, 2, 4))
    masks = [None, *(rng.random((2, n, 4)) / 0.5 for n in (6, 5)), None]
    together = dropout_cost_and_gradient(NET, p, x, y, masks)
    for r in range(2):
        alone = dropout_cost_and_gradient(NET, p[r], x[r], y[r], [None, masks[1][r], masks[2][r], None])
        assert_array_equal(together.gradient[r], alone.gradient)
        assert together.cost[r] == alone.cost


def test_no_penalty_is_allowed():
    value, gradient = l2_penalty(np.ones(2), 0)
    assert value == 0 and not gradient.any()
