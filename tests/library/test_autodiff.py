"""Reverse mode: values, adjoints, broadcasting, diamonds, deep graphs, the drawing."""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code import activations
from lecture_code.autodiff import (
    Node, adjoints, draw_graph, exp, gradients, log, relu, tanh, topological, variable)
from lecture_code.gradient_check import central_difference, complex_step
from lecture_code.losses import softmax_cross_entropy
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
    f = u * exp(u) + u
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
    lambda x, y: x**3 * y**-2 + x**0.5, lambda x, y: exp(x) * log(y), lambda x, y: tanh(x - y) * tanh(x),
    lambda x, y: relu(x - y) * y, lambda x, y: (x * y)[1], lambda x, y: x[:, [0, 2, 2]] * y[:, ::-1],
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
    assert_array_equal(exp(np.zeros(2)).value, [1, 1])
    assert not relu([1.0]).varies and not tanh(c).varies and not log(1.0).varies


def test_relu_has_slope_zero_at_zero():
    x = variable([-1.0, 0.0, 2.0])
    assert_array_equal(gradients(relu(x).sum(), [x])[0], [0, 0, 1])


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
    f = (relu(tanh(exp(x @ c + 1) / 2 - c) * 0.5) ** 2).sum() / 3
    assert f.value.dtype == gradients(f, [x])[0].dtype == np.float32
    assert variable([1, 2]).value.dtype == np.float64
    assert (variable(1.0) + np.array(1)).value.dtype == np.float64


def test_bytes_do_not_wrap_around():
    x = variable(1.0) * np.array([200], np.uint8) * np.array([200], np.uint8)
    assert x.value == 40000


# Networks


def test_it_reproduces_backpropagation(rng):
    net = Network((4, 6, 5, 3), (activations.tanh, activations.relu, activations.linear), softmax_cross_entropy)
    p, x = rng.standard_normal(net.size), rng.standard_normal((4, 7))
    y = np.eye(3)[:, rng.integers(3, size=7)]
    W, b = unpack(net, p)
    leaves = [variable(array) for array in (*W[1:], *b[1:])]
    W1, W2, W3, b1, b2, b3 = leaves
    z = W3 @ relu(W2 @ tanh(W1 @ x + b1) + b2) + b3
    C = (log(exp(z).sum(axis=0)) - (y * z).sum(axis=0)).sum() / 7
    cost, gradient = cost_and_gradient(net, p, x, y)
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
        C = ((V @ tanh(W @ X + b) + c - y) ** 2).sum() / 40
        costs.append(float(C.value))
        theta = [t - 0.1 * g for t, g in zip(theta, gradients(C, leaves))]
    assert costs[-1] < costs[0] / 5


def test_it_agrees_with_pytorch(rng):
    torch = pytest.importorskip("torch")
    x, y = rng.uniform(0.5, 2, (3, 4)), rng.uniform(0.5, 2, (4, 1))

    def f(x, y, exp, log, tanh):
        z = tanh(x @ y) * exp(-x)[:, [1, 1]] / (x.sum(axis=0) + 1)[2] - log(y).reshape(2, 2)[1] ** 3
        return (z * z).sum()

    leaves = variable(x), variable(y)
    peers = [torch.tensor(array, requires_grad=True) for array in (x, y)]
    peer = f(*peers, torch.exp, torch.log, torch.tanh)
    peer.backward()
    assert_allclose(f(*leaves, exp, log, tanh).value, peer.item(), rtol=1e-13)
    for found, expected in zip(gradients(f(*leaves, exp, log, tanh), leaves), peers):
        assert_allclose(found, expected.grad.numpy(), rtol=1e-12, atol=1e-14)


# The drawing


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_the_graph_is_drawn_with_values_and_adjoints():
    x, y, z = variable(2, "x"), variable(3, "y"), variable(-2, "z")
    ax = draw_graph((x + y) * z)
    shown = texts(ax)
    assert sorted(shown) == sorted(["x", "y", "z", "+", "×", "2", "3", "-2", "5", "-10", "-2", "-2", "-2", "5", "1"])
    assert len([text for text in ax.texts if not text.get_text()]) == 4  # one arrow for each operand
    ax.figure.canvas.draw()
    plt.close(ax.figure)


def test_the_drawing_can_stop_on_the_way():
    x, y, z = variable(2, "x"), variable(3, "y"), variable(-2, "z")
    figure, axes = plt.subplots(1, 2)
    assert draw_graph((x + y) * z, axes[0], values=2, known=0) is axes[0]
    assert sorted(texts(axes[0])) == sorted(["x", "y", "z", "+", "×", "2", "3"])
    draw_graph((x + y) * z, axes[1], known=2)
    # the walk completes f and then u or z
    assert len(texts(axes[1])) == 5 + 5 + 2 and "1" in texts(axes[1])
    plt.close(figure)


def test_operands_stand_left_of_their_results():
    x = variable(np.ones((2, 3)), "x")
    late = variable(1.0)
    f = (tanh(x * 2) * x).sum() * late
    ax = draw_graph(f)
    where = {text.get_text(): text.get_position()[0] for text in ax.texts if text.get_bbox_patch()}
    assert where["x"] < where["tanh"] < where["sum"]
    assert where["sum"] == max(v for k, v in where.items() if k in ("sum", "tanh", "c"))
    assert "2×3" in texts(ax) and "c" in where
    boxes = [text for text in ax.texts if text.get_bbox_patch()]
    assert len({text.get_position() for text in boxes}) == len(boxes) == 8
    plt.close(ax.figure)


def test_the_drawing_of_one_sum_in_detail():
    x, f = variable(2, "x"), variable(2, "x") + 3
    x, c = f.operands
    ax = draw_graph(f)
    arrows = [text for text in ax.texts if not text.get_text()]
    boxes = {text.get_text(): text for text in ax.texts if text.get_bbox_patch()}
    # leaves in column 0, one above the other; the sum in column 1, a little higher, so that long arrows miss boxes
    place = {"x": (0, 0.5), "c": (0, -0.5), "+": (1, 0.15)}
    assert {label: text.get_position() for label, text in boxes.items()} == place
    assert [(arrow.xy, arrow.get_position()) for arrow in arrows] == [(place["+"], place["x"]), (place["+"], place["c"])]
    for arrow in arrows:
        assert arrow.get_zorder() == 1  # behind the boxes
        assert arrow.arrow_patch.shrinkA == arrow.arrow_patch.shrinkB == 14
        assert arrow.arrow_patch.get_arrowstyle().__class__.__name__ == "CurveB"
        assert arrow.arrow_patch.get_edgecolor()[:3] == (0.6, 0.6, 0.6)
    for label, text in boxes.items():
        assert (text.get_ha(), text.get_va(), text.get_zorder()) == ("center", "center", 3)
        box = text.get_bbox_patch()
        assert box.get_facecolor() == (1, 1, 1, 1)
        # a constant, which has no adjoint, has a paler frame
        assert box.get_edgecolor()[0] == (0.75 if label == "c" else 0.3)
    numbers = {(text.get_text(), text.get_color()): text for text in ax.texts if text not in (*arrows, *boxes.values())}
    assert len(numbers) == 4
    blue, red = "#0072B2", "#D55E00"
    for key, node, offset in ((("2", blue), "x", 14), (("3", blue), "c", 14), (("5", blue), "+", 14)):
        text = numbers[key]
        assert (text.xy, text.get_position(), text.get_ha()) == (place[node], (0, offset), "center")
        assert text.anncoords == "offset points"
    below = [text for text in ax.texts if text.get_color() == red]
    assert [(text.xy, text.get_text(), text.get_position()) for text in below] == [
        (place["x"], "1", (0, -22)), (place["+"], "1", (0, -22))]
    assert {(text.get_ha(), text.anncoords) for text in below} == {("center", "offset points")}
    assert (ax.margins(), ax.axison) == ((0.12, 0.25), False)
    (points,) = ax.lines
    assert points.get_linestyle() == "None"
    assert sorted(zip(*points.get_data())) == sorted(place.values())
    plt.close(ax.figure)


def test_leaves_stand_near_where_they_are_used():
    # f = tanh(x y) + late: three columns of operations, and the leaf `late` beside the last but one
    x, y, late = variable(1.0, "x"), variable(1.0), variable(1.0, "late")
    ax = draw_graph(tanh(x * y) + late)
    where = {text.get_text(): text.get_position() for text in ax.texts if text.get_bbox_patch()}
    assert {label: position[0] for label, position in where.items()} == {
        "x": 0, "v": 0, "×": 1, "tanh": 2, "late": 2, "+": 3}
    assert where["×"][1] == where["+"][1] == 0.15 and where["tanh"][1] - where["late"][1] == 1
    plt.close(ax.figure)


def test_what_a_leaf_is():
    x = variable(2)
    assert (x.op, x.name, x.varies, x.operands) == ("variable", "", True, ())
    assert (x + 1).name == "" and repr(x) == "Node(variable, shape ())"
    (_, c) = (x + 1).operands
    assert (c.op, c.varies) == ("constant", False)


def test_constants_may_be_lists_and_bytes():
    W = variable(np.array([[1.0, 2], [3, 4]]))
    assert_array_equal(gradients((W @ [[1, 2], [3, 4]]).sum(), [W])[0], [[3, 7], [3, 7]])
    assert exp(np.uint8([5])).value.dtype == np.float64  # NumPy's own would be a float16


def test_an_index_keeps_float32():
    x = variable(np.ones(3, np.float32))
    assert gradients(x[1:].sum(), [x])[0].dtype == np.float32


def test_a_sum_takes_out_its_axis_and_no_other():
    x = variable(np.ones((1, 3)))
    assert x.sum(axis=1).shape == (1,) and x.sum().shape == ()
    assert gradients(x.sum(axis=1), [x], seed=np.array([2.0]))[0].tolist() == [[2, 2, 2]]


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
    nodes = (x + x, x - x, x * x, x / x, x @ x, x**2, x[0], x.sum(), x.reshape(4), exp(x), log(x), tanh(x), relu(x))
    assert [node.op for node in nodes] == ["+", "−", "×", "/", "@", "^2", "[ ]", "sum", "reshape", "exp", "log", "tanh", "relu"]
    assert repr(variable(np.ones(2), "W")) == "Node(W, shape (2,))"
    assert repr(variable(1.0) + 1) == "Node(+, shape ())"
