"""Dense networks: packing, forward, backpropagation."""

import subprocess
import sys
import warnings
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from lecture_code.activations import clipped_relu, linear, leaky, relu, sigmoid, softplus, tanh
from lecture_code.gradient_check import central_difference, complex_step
from lecture_code.initialisation import gaussian_parameters
from lecture_code.losses import absolute, half_squared, binary_cross_entropy, softmax_cross_entropy, squared
from lecture_code.network import (
    Network, backward, cost, cost_and_gradient, forward, input_jacobian, output_jacobian, pack, per_sample_gradients,
    unpack)
from lecture_code.numerics import one_hot

ACTIVATIONS = (sigmoid, tanh, relu, linear, clipped_relu(2), leaky(0.25), softplus)
LOSSES = (half_squared, softmax_cross_entropy, squared, absolute, binary_cross_entropy)
WIDTHS = {1: (3, 4), 2: (3, 7, 4), 3: (3, 6, 5, 4)}
SMALL = Network((2, 2, 3, 2), (sigmoid,) * 3, half_squared)


def network(activation, loss, depth, bias=True):
    """Return a net with K = 4 outputs; below a softmax the last layer is linear."""
    top = linear if loss in (softmax_cross_entropy, binary_cross_entropy) else activation
    return Network(WIDTHS[depth], (activation,) * (depth - 1) + (top,), loss, bias)


def sample(net, M, rng, runs=()):
    """Return theta, x, y: Gaussian parameters and inputs, for which no ReLU layer is all off, and one-hot targets."""
    y = np.eye(net.widths[-1])[:, rng.integers(net.widths[-1], size=M)]
    while True:
        theta, x = rng.standard_normal((*runs, net.size)), rng.standard_normal((net.widths[0], M))
        if all(a.any() for a in forward(net, theta, x).a):
            return theta, x, y


def relative(left, right):
    return np.abs(left - right).max() / np.abs(right).max()


# The flat vector


def test_the_2_2_3_2_network_has_23_parameters():
    # weights 2·2 + 3·2 + 2·3 = 16, biases 2 + 3 + 2 = 7
    assert SMALL.size == 23 and SMALL.depth == 3
    assert Network((2, 2, 3, 2), (sigmoid,) * 3, half_squared, bias=False).size == 16
    assert_array_equal(SMALL.weight_mask, [True] * 16 + [False] * 7)


def test_packing_stacks_columns_weights_first():
    net = Network((2, 3, 1), (tanh, tanh), half_squared)
    theta = np.arange(13.0)
    W, b = unpack(net, theta)
    assert W[0] is None and b[0] is None and len(W) == len(b) == 3
    assert_array_equal(W[1], [[0, 3], [1, 4], [2, 5]])
    assert_array_equal(W[2], [[6, 7, 8]])
    assert_array_equal(b[1], [[9], [10], [11]])
    assert_array_equal(b[2], [[12]])


def test_without_biases_there_are_only_weights():
    net = Network((2, 3, 1), (tanh, tanh), half_squared, bias=False)
    W, b = unpack(net, np.arange(9.0))
    assert_array_equal(W[2], [[6, 7, 8]])
    assert b[0] is None
    assert_array_equal(b[1], np.zeros((3, 1)))  # no part of theta: what is written there is lost
    b[1][...] = 5
    assert_array_equal(unpack(net, np.arange(9.0))[1][1], np.zeros((3, 1)))
    assert_array_equal(pack(net, W), np.arange(9))
    assert net.weight_mask.all() and len(net.weight_mask) == 9


networks = st.builds(
    lambda widths, bias: Network(tuple(widths), (tanh,) * (len(widths) - 1), half_squared, bias),
    st.lists(st.integers(1, 5), min_size=2, max_size=5), st.booleans())


@given(networks, st.sampled_from([(), (1,), (3,), (2, 2)]))
def test_pack_undoes_unpack(net, lead):
    theta = np.random.default_rng(0).standard_normal((*lead, net.size))
    W, b = unpack(net, theta)
    assert [w.shape for w in W[1:]] == [(*lead, m, n) for n, m in zip(net.widths, net.widths[1:])]
    assert_array_equal(pack(net, W, b), theta)
    assert net.size == sum(m * (n + net.bias) for n, m in zip(net.widths, net.widths[1:]))


@pytest.mark.parametrize("theta", [np.zeros(23), np.zeros((4, 23)), np.zeros((23, 4)).T, np.zeros((4, 46))[:, ::2]])
def test_unpacked_arrays_are_views(theta):
    W, b = unpack(SMALL, theta)
    W[2][..., 2, 1] = 5
    b[3][..., 0, 0] = 7
    # W^[2] (3 × 2) begins at 4; its entry in row 2, column 1 is number 2 + 3·1. b^[3] begins at 16 + 2 + 3
    assert (theta[..., 4 + 5] == 5).all() and (theta[..., 21] == 7).all()
    assert np.count_nonzero(theta) == 2 * theta.size // 23


def test_pack_takes_lists_and_the_wider_dtype():
    net = Network((1, 1), (linear,), half_squared)
    assert_array_equal(pack(net, [None, [[2]]], [None, [[3.5]]]), [2, 3.5])
    assert pack(net, [None, np.float32([[2]])], [None, np.float32([[3]])]).dtype == np.float32


def test_pack_checks_shapes(raises):
    W, b = unpack(SMALL, np.zeros(23))
    with raises("W and b", r"shape \(3, 2\)", r"\(2, 3\)"):
        pack(SMALL, [None, W[1], W[2].T, W[3]], b)
    with raises("W and b", r"shape \(2, 1\)", r"\(1, 2\)"):
        pack(SMALL, W, [None, b[1].T, b[2], b[3]])
    with raises("W and b", "6 arrays", "5"):
        pack(SMALL, W[:-1], b)


def test_pack_misses_the_biases(raises):
    W, _ = unpack(SMALL, np.zeros(23))
    with raises("W and b", "6 arrays", "3"):
        pack(SMALL, W)


@pytest.mark.parametrize("shape", [(22,), (24,), (23, 1), ()])
def test_unpack_counts_parameters(shape, raises):
    with raises("theta", "23 parameters on the last axis", "shape"):
        unpack(SMALL, np.zeros(shape))


@pytest.mark.parametrize("widths, activations, name, expected, got", [
    ((2,), (), "widths", "input and an output", r"\(2,\)"),
    ((2, 0), (tanh,), "widths", ">= 1", "0"),
    ((2, 1.5), (tanh,), "widths", "an integer", "1.5"),
    ((2, 3, 1), (tanh,), "activations", "2, one a layer", "1")])
def test_a_network_checks_its_description(widths, activations, name, expected, got, raises):
    with raises(name, expected, got):
        Network(widths, activations, half_squared)


# Forward


def test_forward_by_hand():
    # z = W x + b = (1·1 − 1·2 + 0.5, 2·1 + 0·2 − 1) = (−0.5, 1); ReLU gives (0, 1); then 3·0 − 4·1 + 1 = −3
    net = Network((2, 2, 1), (relu, linear), half_squared)
    theta = pack(net, [None, [[1, -1], [2, 0]], [[3, -4]]], [None, [[0.5], [-1]], [[1]]])
    x = np.array([[1.0], [2.0]])
    z, a = forward(net, theta, x)
    assert z[0] is None and a[0] is x
    assert_array_equal(z[1], [[-0.5], [1]])
    assert_array_equal(a[1], [[0], [1]])
    assert_array_equal(z[2], [[-3]])
    assert_array_equal(a[2], [[-3]])


def test_samples_do_not_touch_each_other(rng):
    theta, x, _ = sample(SMALL, 6, rng)
    together = forward(SMALL, theta, x).a[-1]
    for i in range(6):
        assert_allclose(forward(SMALL, theta, x[:, [i]]).a[-1], together[:, [i]], rtol=1e-15)


@pytest.mark.parametrize("model, loss", [(MLPClassifier, softmax_cross_entropy), (MLPRegressor, half_squared)])
def test_forward_agrees_with_scikit_learn(model, loss, rng):
    X, labels = rng.standard_normal((30, 4)), np.arange(30) % 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        peer = model(hidden_layer_sizes=(6, 5), activation="tanh", max_iter=3, random_state=0)
        peer.fit(X, labels if model is MLPClassifier else np.eye(3)[labels])
    net = Network((4, 6, 5, 3), (tanh, tanh, linear), loss)
    theta = pack(net, [None] + [w.T for w in peer.coefs_], [None] + [v[:, None] for v in peer.intercepts_])
    predict = peer.predict_proba if model is MLPClassifier else peer.predict
    assert_allclose(loss.prediction(forward(net, theta, X.T).a[-1]), predict(X).T, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("x", [np.zeros(2), np.zeros((3, 1)), np.zeros((1, 2)), np.zeros((4, 3, 2))])
def test_x_has_one_sample_a_column(x, raises):
    y = np.zeros((2, 1))
    for run in (lambda: forward(SMALL, np.zeros(23), x), lambda: cost(SMALL, np.zeros(23), x, y),
                lambda: cost_and_gradient(SMALL, np.zeros(23), x, y)):
        with raises("x", r"2 rows, one sample a column \(d, M\)", "shape"):
            run()


@pytest.mark.parametrize("shape", [(4,), (4, 1), (1, 4), (2, 3)])
@pytest.mark.parametrize("function", [cost, cost_and_gradient])
def test_y_has_the_shape_of_the_output(function, shape, raises):
    with raises("y", r"\(2, 4\)", "shape"):
        function(SMALL, np.zeros(23), np.zeros((2, 4)), np.zeros(shape))


def test_x_is_measured_by_the_input_width(raises):
    with raises("x", "3 rows", r"\(4, 2\)"):
        forward(network(tanh, half_squared, 1), np.zeros(16), np.zeros((4, 2)))


# Backpropagation


def test_backpropagation_by_hand():
    # 1–1–1 sigmoid net, W¹ = 1, b¹ = −3, W² = 2, b² = −1, x = 3, y = 1:
    # z¹ = 0, a¹ = 1/2, z² = 0, a² = 1/2, C = ½ (1/2)² = 1/8
    # ā² = a² − y = −1/2, δ² = ¼ · −1/2 = −1/8, ā¹ = W² δ² = −1/4, δ¹ = ¼ · −1/4 = −1/16, ā⁰ = W¹ δ¹ = −1/16
    net = Network((1, 1, 1), (sigmoid, sigmoid), half_squared)
    theta, x, y = np.array([1.0, 2, -3, -1]), np.array([[3.0]]), np.array([[1.0]])
    delta, a_bar = backward(net, theta, forward(net, theta, x), y)
    assert delta[0] is None
    assert [d.item() for d in delta[1:]] == [-1 / 16, -1 / 8]
    assert [a.item() for a in a_bar] == [-1 / 16, -1 / 4, -1 / 2]
    # ∂C/∂W¹ = δ¹ x = −3/16, ∂C/∂W² = δ² a¹ = −1/16, ∂C/∂b = δ
    C, gradient = cost_and_gradient(net, theta, x, y)
    assert C == cost(net, theta, x, y) == 1 / 8
    assert_array_equal(gradient, [-3 / 16, -1 / 16, -1 / 16, -1 / 8])


def test_the_mean_over_a_batch_by_hand():
    # f = w x with w = 1: residuals 1 − 3 and 2 − 2; C = (4/2 + 0)/2 = 1; ∂C/∂w = (−2·1 + 0·2)/2 = −1
    net = Network((1, 1), (linear,), half_squared, bias=False)
    C, gradient = cost_and_gradient(net, np.ones(1), np.array([[1.0, 2]]), np.array([[3.0, 2]]))
    assert C == 1 and gradient == [-1]


@pytest.mark.parametrize(
    "activation, loss, depth, bias, M", list(product(ACTIVATIONS, LOSSES, WIDTHS, (True, False), (1, 5))), ids=repr)
def test_gradient_agrees_with_complex_step_and_differences(activation, loss, depth, bias, M, rng):
    net = network(activation, loss, depth, bias)
    theta, x, y = sample(net, M, rng)
    f = lambda theta: cost(net, theta, x, y)
    C, gradient = cost_and_gradient(net, theta, x, y)
    assert_allclose(C, f(theta), rtol=1e-14)
    assert relative(gradient, complex_step(f, theta)) <= 1e-12
    assert relative(gradient, central_difference(f, theta)) <= 1e-7


@pytest.mark.parametrize("activation, loss, depth", list(product(ACTIVATIONS, LOSSES, WIDTHS)), ids=repr)
def test_error_signals_agree_with_complex_step(activation, loss, depth, rng):
    """a_bar[l] and delta[l] are derivatives of ΣC_i of the layers above, by its inputs and through them."""
    net = network(activation, loss, depth)
    theta, x, y = sample(net, 3, rng)
    W, b = unpack(net, theta)
    trace = forward(net, theta, x)
    delta, a_bar = backward(net, theta, trace, y)
    for l in range(net.depth):
        above = Network(net.widths[l:], net.activations[l:], loss)
        q = pack(above, [None, *W[l + 1:]], [None, *b[l + 1:]])
        total = lambda a: loss(forward(above, q, a).a[-1], y).sum()
        assert relative(a_bar[l], complex_step(total, trace.a[l])) <= 1e-12
        if l > 0:
            through = lambda z: total(net.activations[l - 1](z))
            assert relative(delta[l], complex_step(through, trace.z[l])) <= 1e-12
    assert_array_equal(a_bar[-1], loss.gradient(trace.a[-1], y))


def test_gradients_are_made_of_the_error_signals(rng):
    theta, x, y = sample(SMALL, 4, rng)
    trace = forward(SMALL, theta, x)
    delta, _ = backward(SMALL, theta, trace, y)
    dW, db = unpack(SMALL, cost_and_gradient(SMALL, theta, x, y).gradient)
    for l in (1, 2, 3):
        assert_allclose(dW[l], sum(np.outer(delta[l][:, i], trace.a[l - 1][:, i]) for i in range(4)) / 4, rtol=1e-13)
        assert_allclose(db[l][:, 0], delta[l].mean(axis=1), rtol=1e-13)


def test_a_batch_gradient_is_the_mean_of_single_gradients(rng):
    net = network(tanh, softmax_cross_entropy, 3)
    theta, x, y = sample(net, 6, rng)
    singles = [cost_and_gradient(net, theta, x[:, [i]], y[:, [i]]) for i in range(6)]
    C, gradient = cost_and_gradient(net, theta, x, y)
    assert_allclose(C, np.mean([s.cost for s in singles]), rtol=1e-14)
    assert_allclose(gradient, np.mean([s.gradient for s in singles], axis=0), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bias, M, own_x", list(product((True, False), (1, 7), (True, False))))
@pytest.mark.parametrize("loss", LOSSES)
def test_lock_step_is_bit_equal_to_separate_runs(loss, bias, M, own_x, dtype, rng):
    net = Network((9, 12, 10), (sigmoid, linear), loss, bias)
    theta, x, y = (array.astype(dtype) for array in sample(net, M, rng, runs=(4,)))
    if own_x:
        x, y = rng.standard_normal((4, 9, M)).astype(dtype), np.stack([np.roll(y, r, axis=0) for r in range(4)])
    C, gradient = cost_and_gradient(net, theta, x, y)
    delta, a_bar = backward(net, theta, forward(net, theta, x), y)
    assert C.shape == (4,) and gradient.shape == theta.shape
    for r in range(4):
        xr, yr = (x[r], y[r]) if own_x else (x, y)
        single = cost_and_gradient(net, theta[r], xr, yr)
        assert_array_equal(C[r], single.cost)
        assert_array_equal(gradient[r], single.gradient)
        assert_array_equal(cost(net, theta, x, y)[r], cost(net, theta[r], xr, yr))
        one_delta, one_bar = backward(net, theta[r], forward(net, theta[r], xr), yr)
        assert_array_equal(delta[1][r], one_delta[1])
        assert_array_equal(a_bar[0][r], one_bar[0])


@pytest.mark.parametrize("x_dtype", [np.float32, np.float64])
def test_the_gradient_has_the_dtype_of_p(x_dtype, rng):
    theta, x, y = sample(SMALL, 3, rng)
    theta = theta.astype(np.float32)
    C, gradient = cost_and_gradient(SMALL, theta, x.astype(x_dtype), y.astype(x_dtype))
    assert gradient.dtype == np.float32 and C.dtype == x_dtype


def test_float32_agrees_with_float64(rng):
    net = network(relu, softmax_cross_entropy, 3)
    theta, x, y = sample(net, 5, rng)
    low = cost_and_gradient(net, *(array.astype(np.float32) for array in (theta, x, y)))
    assert relative(low.gradient, cost_and_gradient(net, theta, x, y).gradient) < 1e-5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_stay_finite(dtype):
    net = Network((1, 2), (linear,), softmax_cross_entropy)
    theta = np.array([1e4, -1e4, 0, 0], dtype)
    C, gradient = cost_and_gradient(net, theta, np.ones((1, 1), dtype), np.array([[0], [1]], dtype))
    assert C == 2e4
    assert_array_equal(gradient, [1, -1, 1, -1])


def test_one_class_has_nothing_to_learn(rng):
    net = Network((3, 1), (linear,), softmax_cross_entropy)
    C, gradient = cost_and_gradient(net, rng.standard_normal(4), rng.standard_normal((3, 5)), np.ones((1, 5)))
    assert C == 0
    assert_array_equal(gradient, 0)


def test_arguments_are_left_alone(rng):
    arrays = sample(SMALL, 3, rng)
    for array in arrays:
        array.flags.writeable = False
    theta, x, y = arrays
    cost_and_gradient(SMALL, theta, x, y)
    backward(SMALL, theta, forward(SMALL, theta, x), y)


# Single samples and Jacobians


def test_per_sample_gradients_by_hand():
    # f = w x with w = 1: residuals 1 − 3 and 2 − 2, so −2·1 and 0·2
    net = Network((1, 1), (linear,), half_squared)
    G = per_sample_gradients(net, np.array([1.0, 0]), np.array([[1.0, 2]]), np.array([[3.0, 2]]))
    assert_array_equal(G, [[-2, -2], [0, 0]])


@pytest.mark.parametrize("bias, runs", list(product((True, False), ((), (3,)))))
def test_per_sample_gradients_are_those_of_single_samples(bias, runs, rng):
    net = network(tanh, softmax_cross_entropy, 3, bias)
    theta, x, y = sample(net, 5, rng, runs)
    G = per_sample_gradients(net, theta, x, y)
    assert G.shape == (*runs, 5, net.size)
    for i in range(5):
        single = cost_and_gradient(net, theta, x[:, [i]], y[:, [i]]).gradient
        assert_allclose(G[..., i, :], single, rtol=1e-12, atol=1e-15)
    assert_allclose(G.mean(axis=-2), cost_and_gradient(net, theta, x, y).gradient, rtol=1e-12, atol=1e-15)


def test_per_sample_gradients_check_their_targets(raises):
    with raises("y", r"\(2, 4\)", "shape"):
        per_sample_gradients(SMALL, np.zeros(23), np.zeros((2, 4)), np.zeros((2, 3)))


def test_jacobians_by_hand():
    # f = 3x + 5y and −x + 2y: ∂f/∂x is W; ∂f_k/∂θ has x, y at the weights of row k, and 1 at its bias
    net = Network((2, 2), (linear,), half_squared)
    theta = pack(net, [None, [[3.0, 5], [-1, 2]]], [None, [[0], [0]]])
    x = np.array([[7.0], [8.0]])
    assert_array_equal(input_jacobian(net, theta, x)[:, :, 0], [[3, 5], [-1, 2]])
    assert_array_equal(output_jacobian(net, theta, x)[:, 0], [[7, 0, 8, 0, 1, 0], [0, 7, 0, 8, 0, 1]])


@pytest.mark.parametrize("activation, bias", list(product((sigmoid, softplus, leaky(0.25)), (True, False))))
def test_jacobians_agree_with_complex_step(activation, bias, rng):
    net = network(activation, half_squared, 3, bias)
    theta, x, _ = sample(net, 3, rng)
    by_p, by_x = output_jacobian(net, theta, x), input_jacobian(net, theta, x)
    assert by_p.shape == (4, 3, net.size) and by_x.shape == (4, 3, 3)
    for k, i in product(range(4), range(3)):
        f = lambda theta, x: forward(net, theta, x).a[-1][k, i]
        assert_allclose(by_p[k, i], complex_step(lambda theta: f(theta, x), theta), rtol=1e-12, atol=1e-14)
        assert_allclose(by_x[k, :, i], complex_step(lambda x: f(theta, x), x)[:, i], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("own_x", [True, False])
def test_jacobians_in_lock_step(own_x, rng):
    theta, x = rng.standard_normal((3, 23)), rng.standard_normal((3, 2, 4) if own_x else (2, 4))
    by_p, by_x = output_jacobian(SMALL, theta, x), input_jacobian(SMALL, theta, x)
    assert by_p.shape == (3, 2, 4, 23) and by_x.shape == (3, 2, 2, 4)
    for r in range(3):
        assert_array_equal(by_p[r], output_jacobian(SMALL, theta[r], x[r] if own_x else x))
        assert_array_equal(by_x[r], input_jacobian(SMALL, theta[r], x[r] if own_x else x))


def test_the_jacobian_and_the_residual_make_the_gradient(rng):
    # half squared error: ∂C/∂θ = mean over samples of Σ_k r_k ∂a_k/∂θ
    theta, x, y = sample(SMALL, 5, rng)
    residual = forward(SMALL, theta, x).a[-1] - y
    gradient = np.einsum("ki,kip->p", residual, output_jacobian(SMALL, theta, x)) / 5
    assert_allclose(gradient, cost_and_gradient(SMALL, theta, x, y).gradient, rtol=1e-12)


def test_a_zero_is_no_trouble_in_a_single_sample():
    # a ReLU that is off gives zero gradients, and the same for one sample and for its copy twice
    net = Network((1, 1), (relu,), half_squared)
    theta, x, y = np.array([1.0, -2]), np.ones((1, 1)), np.ones((1, 1))
    twice = cost_and_gradient(net, theta, np.ones((1, 2)), np.ones((1, 2))).gradient
    assert_array_equal(cost_and_gradient(net, theta, x, y).gradient, twice)
    assert_array_equal(twice, [0, 0])


def test_single_sample_gradients_and_jacobians_keep_float32(rng):
    theta, x, y = (array.astype(np.float32) for array in sample(SMALL, 3, rng))
    for array in (per_sample_gradients(SMALL, theta, x, y), output_jacobian(SMALL, theta, x), input_jacobian(SMALL, theta, x)):
        assert array.dtype == np.float32


def test_integers_are_packed_as_floats():
    net = Network((1, 1), (linear,), half_squared)
    theta = pack(net, [None, [[2]]], [None, [[1]]])
    assert theta.dtype == np.float64
    cost, gradient = cost_and_gradient(net, theta, np.ones((1, 1)), np.ones((1, 1)))
    assert (cost, *gradient) == (2, 2, 2)
    with pytest.raises(ValueError, match="theta: expected floating-point numbers, got int64"):
        cost_and_gradient(net, np.array([2, 1]), np.ones((1, 1)), np.ones((1, 1)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("M", [1, 2, 7])
def test_it_does_not_matter_how_the_samples_lie_in_memory(M, dtype, rng):
    net = Network((6, 5, 3), (tanh, linear), softmax_cross_entropy)
    theta = gaussian_parameters(net, rng, dtype=dtype)
    rows, y = rng.standard_normal((M, 6)).astype(dtype), one_hot(rng.integers(3, size=M), 3, dtype).T
    by_rows, by_columns = (cost_and_gradient(net, theta, x, y) for x in (rows.T, np.ascontiguousarray(rows.T)))
    assert type(by_rows.cost) is type(by_columns.cost) is dtype
    for got, expected in zip(by_rows, by_columns):
        assert_allclose(got, expected, rtol=1e-5 if dtype is np.float32 else 1e-13)
    assert_array_equal(net.output(theta, rows.T), forward(net, theta, rows.T).a[-1])


def test_the_output_is_the_end_of_the_forward_pass(rng):
    theta, x, y = sample(SMALL, 3, rng)
    assert_array_equal(SMALL.output(theta, x), forward(SMALL, theta, x).a[-1])
    for own, function in zip(SMALL.cost_and_gradient(theta, x, y), cost_and_gradient(SMALL, theta, x, y)):
        assert_array_equal(own, function)


def test_packed_integers_become_floating_point_numbers():
    net = Network((1, 1), (linear,), half_squared)
    assert pack(net, [None, np.array([[2]])], [None, np.array([[3]])]).dtype == np.float64


PAGES = """
import resource
import numpy as np
import lecture_code.network
np.ones(1_000_000, np.uint8)  # and dropped
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(1_000_000, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux")
def test_dropped_arrays_stay_with_the_process():
    # 1 MB has 244 pages: without the large block that the module drops, they would all be fetched again
    pages = int(subprocess.run([sys.executable, "-c", PAGES], capture_output=True, text=True, check=True).stdout)
    assert pages < 24
