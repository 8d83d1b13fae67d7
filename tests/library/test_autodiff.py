"""Reverse mode: values, adjoints, broadcasting, diamonds, deep graphs."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code import activations
from lecture_code.autodiff import (
    GraphSize, Node, adjoints, gradients, graph_size, topological, variable)
from lecture_code.gradient_check import central_difference, complex_step
from lecture_code.losses import half_squared, softmax_cross_entropy
from lecture_code.network import Network, cost_and_gradient, unpack


def check(f, *arrays, method=complex_step, digits=1e-12):
    """Compare the gradients of sum(w · f) with differences of the same expression on plain arrays in leaves."""
    leaves = [variable(array) for array in arrays]
    output = f(*leaves)
    weight = np.random.default_rng(5).standard_normal(output.shape)
    found = gradients((weight * output).sum(), leaves)
    for i, array in enumerate(arrays):
        def cost(x):
            return (weight * f(*leaves[:i], variable(x), *leaves[i + 1:]).value).sum()

        expected = method(cost, array)
        assert found[i].shape == expected.shape
        assert np.abs(found[i] - expected).max(initial=0) <= digits * max(1, np.abs(expected).max(initial=0))


# Numbers by hand


def test_the_example_of_the_chapter():
    # f = (x + y) z at (2, 3, −2): u = 5, f = −10; ∂f/∂u = z = −2, ∂f/∂x = ∂f/∂y = −2, ∂f/∂z = u = 5
    x, y, z = variable(2, "x"), variable(3, "y"), variable(-2, "z")
    u = x + y
    f = u * z
    assert (u.value, f.value) == (5, -10)
    assert gradients(f, [u, x, y, z, f]) == [-2, -2, -2, 5, 1]
    assert {node.name or node.op: float(a) for node, a in adjoints(f).items()} == {
        "×": 1, "+": -2, "x": -2, "y": -2, "z": 5}


def test_a_diamond():
    # u = x², f = u · exp(u) + u at x = 2 goes three ways through u: f' = (exp u · (1 + u) + 1) · 2x
    x = variable(2.0)
    u = x * x
    f = u * u.exp() + u
    assert_allclose(gradients(f, [u, x]), [5 * np.exp(4) + 1, (5 * np.exp(4) + 1) * 4], rtol=1e-15)


def test_a_tower_of_diamonds_is_walked_once():
    # x → x + x, sixty times: 2⁶⁰ paths, 61 nodes
    x = f = variable(1.0)
    for _ in range(60):
        f = f + f
    assert len(topological(f)) == 61
    assert gradients(f, [x]) == [2.0**60]


def test_a_long_way_round_and_a_short_one():
    # the short way must wait for the long one: f = x · (−(−(−x))), f' = −2x
    x = variable(3.0)
    assert gradients(x * -(-(-x)), [x]) == [-6]
    assert gradients(-(-(-x)) * x, [x]) == [-6]


def test_deep_graphs_need_no_recursion():
    x = f = variable(1.0)
    depth = 20 * sys.getrecursionlimit()
    for _ in range(depth):
        f = f + 1.0
    assert f.value == depth + 1
    assert gradients(f, [x]) == [1]


def test_what_does_not_matter_has_gradient_zero():
    x, y = variable([1.0, 2.0]), variable([[3.0]])
    assert_array_equal(gradients((x * 2).sum(), [y])[0], [[0]])


def test_constants_have_no_adjoint():
    x = variable(2.0)
    f = x * 3 + np.array(4.0)
    assert set(adjoints(f)) == {node for node in topological(f) if node.varies}
    assert [node.value for node in topological(f, constants=False)] == [2, 6, 10]
    assert len(topological(f)) == 5


# Every operation


@pytest.mark.parametrize("f", [
    lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y, lambda x, y: -x * y,
    lambda x, y: x**3 * y**-2 + x**0.5, lambda x, y: x.exp() * y.log(), lambda x, y: (x - y).tanh() * x.tanh(),
    lambda x, y: (x - y).relu() * y, lambda x, y: (x * y)[1], lambda x, y: x[:, [0, 2, 2]] * y[:, ::-1],
    lambda x, y: x[np.array([1, 1, 0])] * 2.0, lambda x, y: (x * y).reshape(3, 2) + (x + y).reshape((3, 2)),
    lambda x, y: x.sum() * y, lambda x, y: x.sum(axis=0) * y, lambda x, y: x.sum(axis=1, keepdims=True) / y,
    lambda x, y: (x * y).sum(axis=(0, 1)), lambda x, y: (x / y).sum(axis=-1), lambda x, y: x.reshape(3, 2) @ y,
    lambda x, y: x[0, 1] * y[..., None], lambda x, y: 1 / x + 2 - y, lambda x, y: 3 * (1 - x) / y])
def test_gradients_against_differences(f, rng):
    x, y = rng.uniform(0.5, 2, (2, 3)), rng.uniform(0.5, 2, (2, 3))
    check(f, x, y)
    check(f, x, y, method=central_difference, digits=1e-8)


@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), st.sampled_from("+-*/"))
def test_broadcasting(shapes, op):
    rng = np.random.default_rng(1)
    x, y = (rng.uniform(0.5, 2, shape) for shape in shapes.input_shapes)
    operate = {"+": Node.__add__, "-": Node.__sub__, "*": Node.__mul__, "/": Node.__truediv__}[op]
    check(operate, x, y)


@pytest.mark.parametrize("left, right", [((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 1))])
def test_matrix_products_broadcast_over_leading_axes(left, right, rng):
    check(Node.__matmul__, rng.standard_normal(left), rng.standard_normal(right))


def test_plain_arrays_on_either_side():
    x, c = variable(np.array([[1.0, 2], [3, 4]])), np.array([[2.0, 0], [1, 1]])
    for node, value in ((c + x, c + x.value), (x + c, c + x.value), (c - x, c - x.value), (x - c, x.value - c),
                        (c * x, c * x.value), (c / x, c / x.value), (c @ x, c @ x.value), (x @ c, x.value @ c),
                        (2 - x, 2 - x.value), (1 / x, 1 / x.value)):
        assert isinstance(node, Node)
        assert_array_equal(node.value, value)
        assert len(node.operands) == 2
    assert_array_equal(gradients((c @ x).sum(), [x])[0], [[3, 3], [1, 1]])


def test_relu_has_slope_zero_at_zero():
    x = variable([-1.0, 0.0, 2.0])
    assert_array_equal(gradients(x.relu().sum(), [x])[0], [0, 0, 1])


def test_a_seed_is_the_adjoint_of_the_output():
    x = variable([1.0, 2.0])
    assert_array_equal(gradients(x * x, [x], seed=[1.0, 10.0])[0], [2, 40])
    assert_array_equal(adjoints(x * x, seed=np.ones(2))[x], [2, 4])


def test_gradients_are_read_only_and_the_graph_is_left_alone():
    x, y = variable([1.0]), variable([2.0])
    f = (x + y).sum()
    seed = np.array(1.0)
    dx, dy = gradients(f, [x, y], seed)
    assert seed.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        dx += 1
    assert dy == gradients(f, [y])[0] == 1
    with pytest.raises(AttributeError):
        x.value = 3


def test_types_stay():
    x = variable(np.ones((2, 2), np.float32))
    c = np.ones((2, 2), np.float32)
    f = ((((x @ c + 1).exp() / 2 - c).tanh() * 0.5).relu() ** 2).sum() / 3
    assert f.value.dtype == gradients(f, [x])[0].dtype == np.float32
    assert variable([1, 2]).value.dtype == np.float64
    assert (variable(1.0) + np.array(1)).value.dtype == np.float64


def test_bytes_do_not_wrap_around():
    x = variable(1.0) * np.array([200], np.uint8) * np.array([200], np.uint8)
    assert x.value == 40000


# Networks


def test_it_reproduces_backpropagation(rng):
    net = Network((4, 6, 5, 3), (activations.tanh, activations.relu, activations.linear), softmax_cross_entropy)
    theta, x = rng.standard_normal(net.size), rng.standard_normal((4, 7))
    y = np.eye(3)[:, rng.integers(3, size=7)]
    W, b = unpack(net, theta)
    leaves = [variable(array) for array in (*W[1:], *b[1:])]
    W1, W2, W3, b1, b2, b3 = leaves
    z = W3 @ (W2 @ (W1 @ x + b1).tanh() + b2).relu() + b3
    C = (z.exp().sum(axis=0).log() - (y * z).sum(axis=0)).sum() / 7
    cost, gradient = cost_and_gradient(net, theta, x, y)
    dW, db = unpack(net, gradient)
    assert_allclose(C.value, cost, rtol=1e-14)
    for found, expected in zip(gradients(C, leaves), (*dW[1:], *db[1:])):
        assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_it_trains_a_small_net(rng):
    X = rng.standard_normal((2, 40))
    y = np.where(X[0] * X[1] > 0, 1.0, -1.0)[None]
    theta = [rng.standard_normal(shape) for shape in ((8, 2), (8, 1), (1, 8), (1, 1))]
    costs = []
    for _ in range(400):
        leaves = W, b, V, c = [variable(t) for t in theta]
        C = ((V @ (W @ X + b).tanh() + c - y) ** 2).sum() / 40
        costs.append(float(C.value))
        theta = [t - 0.1 * g for t, g in zip(theta, gradients(C, leaves))]
    assert costs[-1] < costs[0] / 5


def test_it_agrees_with_pytorch(rng):
    torch = pytest.importorskip("torch")
    x, y = rng.uniform(0.5, 2, (3, 4)), rng.uniform(0.5, 2, (4, 1))

    def f(x, y):  # tensors have the same methods
        z = (x @ y).tanh() * (-x).exp()[:, [1, 1]] / (x.sum(axis=0) + 1)[2] - y.log().reshape(2, 2)[1] ** 3
        return (z * z).sum()

    leaves = variable(x), variable(y)
    peers = [torch.tensor(array, requires_grad=True) for array in (x, y)]
    peer = f(*peers)
    peer.backward()
    assert_allclose(f(*leaves).value, peer.item(), rtol=1e-13)
    for found, expected in zip(gradients(f(*leaves), leaves), peers):
        assert_allclose(found, expected.grad.numpy(), rtol=1e-12, atol=1e-14)


# Details


def test_what_a_leaf_is():
    x = variable(2)
    assert (x.op, x.name, x.varies, x.operands) == ("variable", "", True, ())
    assert (x + 1).name == "" and repr(x) == "Node(variable, shape ())"
    (_, c) = (x + 1).operands
    assert (c.op, c.varies) == ("constant", False)


def test_constants_may_be_lists_and_bytes():
    W = variable(np.array([[1.0, 2], [3, 4]]))
    assert_array_equal(gradients((W @ [[1, 2], [3, 4]]).sum(), [W])[0], [[3, 7], [3, 7]])
    constant = (W + np.uint8([5])).operands[1]
    assert constant.exp().value.dtype == np.float64  # NumPy's own of bytes would be a float16
    assert not constant.exp().varies


def test_an_index_keeps_float32():
    x = variable(np.ones(3, np.float32))
    assert gradients(x[1:].sum(), [x])[0].dtype == np.float32


def test_a_sum_takes_out_its_axis_and_no_other():
    x = variable(np.ones((1, 3)))
    assert x.sum(axis=1).shape == (1,) and x.sum().shape == ()
    assert gradients(x.sum(axis=1), [x], seed=np.array([2.0]))[0].tolist() == [[2, 2, 2]]


# What is recorded stays as it was


def test_arrays_that_change_afterwards_do_not_reach_the_graph():
    # Σ x² at (1, 2): ∇ = (2, 4), whatever becomes of the array
    array = np.array([1.0, 2.0])
    x = variable(array)
    f = (x * x).sum()
    array[0] = 100
    assert f.value == 5
    assert_array_equal(gradients(f, [x])[0], [2, 4])


def test_the_arrays_of_the_caller_stay_writeable():
    x, c, seed = variable(np.ones(2)), np.ones(2), np.ones(2)
    gradients(x * c, [x], seed)
    gradients(x + c, [x], seed)
    assert c.flags.writeable and seed.flags.writeable


def test_values_are_read_only():
    x = variable(np.ones((2, 2)))
    for node in (x, x + np.ones(2), x.exp(), x[0], x.sum(), x @ np.ones((2, 1)), (x * np.ones(2)).operands[1]):
        with pytest.raises(ValueError, match="read-only"):
            node.value[...] = 5


def test_the_size_of_a_graph():
    # (x + y) x with x a row of three float64: x, y, their sum, the product; x is reached on two routes
    x, y = variable(np.ones(3)), variable(np.ones(3))
    assert graph_size((x + y) * x) == GraphSize(nodes=4, varying=4, edges=4, bytes=4 * 24, visits=5)
    f = variable(1.0) * np.ones(2)
    assert graph_size(f) == GraphSize(nodes=3, varying=2, edges=2, bytes=8 + 16 + 16, visits=3)
    assert graph_size(variable(1.0))[0::4] == (1, 1)


@pytest.mark.parametrize("k, visits", [(2, 7), (10, 2047), (15, 65_535), (20, 2_097_151), (100, 2**101 - 1)])
def test_routes_of_repeated_doubling(k, visits):
    f = variable(1.0)
    for _ in range(k):
        f = f + f
    assert graph_size(f) == GraphSize(k + 1, k + 1, 2 * k, 8 * (k + 1), visits)


def test_the_network_of_the_chapter_on_backpropagation():
    """2–2–3–2 with sigmoids, and 784–100–10 with tanh and a softmax: gradients to rounding, one walk each."""
    rng = np.random.default_rng(0)
    small = Network((2, 2, 3, 2), (activations.sigmoid,) * 3, half_squared)
    mnist = Network((784, 100, 10), (activations.tanh, activations.linear), softmax_cross_entropy)
    for net, M in ((small, 10), (mnist, 100)):
        theta, x = rng.standard_normal(net.size) / 10, rng.standard_normal((net.widths[0], M))
        y = np.eye(net.widths[-1])[:, rng.integers(net.widths[-1], size=M)]
        W, b = unpack(net, theta)
        leaves, a = [], x
        for l in range(1, net.depth + 1):
            leaves += [variable(W[l]), variable(b[l])]
            z = leaves[-2] @ a + leaves[-1]
            a = 1 / (1 + (-z).exp()) if net is small else z.tanh() if l == 1 else z
        C = ((a - y) ** 2).sum() / 2 / M if net is small else (a.exp().sum(axis=0).log() - (y * a).sum(axis=0)).sum() / M
        cost, gradient = cost_and_gradient(net, theta, x, y)
        dW, db = unpack(net, gradient)
        assert_allclose(C.value, cost, rtol=1e-14)
        expected = [g for l in range(1, net.depth + 1) for g in (dW[l], db[l])]
        for found, g in zip(gradients(C, leaves), expected):
            assert np.abs(found - g).max() <= 4e-16 * max(1, 10 * np.abs(gradient).max())


# Bad input


def test_bad_input_is_named(raises):
    x = variable([1.0, 2.0])
    with raises("output", "single number, or a seed", r"\(2,\)"):
        gradients(x * 2, [x])
    with raises("seed", r"\(2,\)", r"\(3,\)"):
        gradients(x * 2, [x], seed=np.ones(3))
    with raises("output", "a node", "float"):
        gradients(1.0, [x])
    with raises("@", "two matrices", r"\(2,\) and \(2, 2\)"):
        x @ np.eye(2)
    with raises("@", "two matrices"):
        variable(np.eye(2)) @ 2.0
    with raises("exponent", "a plain number"):
        x**x


def test_a_node_shows_its_name():
    x = variable(np.ones((2, 2)))
    nodes = (x + x, x - x, x * x, x / x, x @ x, x**2, x[0], x.sum(), x.reshape(4), x.exp(), x.log(), x.tanh(), x.relu())
    assert [node.op for node in nodes] == ["+", "−", "×", "/", "@", "^2", "[ ]", "sum", "reshape", "exp", "log", "tanh", "relu"]
    assert repr(variable(np.ones(2), "W")) == "Node(W, shape (2,))"
    assert repr(variable(1.0) + 1) == "Node(+, shape ())"
