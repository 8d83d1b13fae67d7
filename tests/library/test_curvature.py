"""Hessians, kinds of critical points, slices of loss surfaces."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import linear, relu, tanh
from lecture_code import convnet
from lecture_code.convnet import Block, ConvNet
from lecture_code.curvature import (
    classify, critical_point, filter_normalised, hessian, hessian_vector, loss_slice)
from lecture_code.losses import half_squared
from lecture_code.network import Network, cost, cost_and_gradient, unpack

NET = Network((2, 5, 3), (relu, linear), half_squared)


def rosenbrock_gradient(x):
    return np.array([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)])


def symmetric(P, seed):
    A = np.random.default_rng([P, seed]).standard_normal((P, P))
    return A + A.T


def test_a_hessian_by_hand():
    # f = x³y: ∇f = (3x²y, x³), H = [[6xy, 3x²], [3x², 0]]; at (1, 2): [[12, 3], [3, 0]].
    # With Δ = ½ the differences of 3x²y and of xy-terms are exact, those of x³ are 3x² + Δ² = 3.25, averaged with 3
    def gradient(x):
        return np.array([3 * x[0] ** 2 * x[1], x[0] ** 3])

    assert_allclose(hessian(gradient, [1, 2]), [[12, 3], [3, 0]], atol=1e-9)
    assert_array_equal(hessian(gradient, [1, 2], delta=0.5), [[12, 3.125], [3.125, 0]])


def test_rosenbrock():
    # H(1, 1) = [[802, −400], [−400, 200]]
    H = hessian(rosenbrock_gradient, np.ones(2))
    assert_allclose(H, [[802, -400], [-400, 200]], rtol=1e-8)
    assert critical_point(rosenbrock_gradient, np.ones(2)).kind == "minimum"


@given(st.integers(1, 6), st.integers(0, 99))
def test_quadratics_are_exact_to_rounding(P, seed):
    A = symmetric(P, seed)
    theta, v = np.random.default_rng(seed).standard_normal((2, P))
    H = hessian(lambda x: A @ x, theta)
    assert_array_equal(H, H.T)
    assert_allclose(H, A, atol=1e-9)
    assert_allclose(hessian_vector(lambda x: A @ x, theta, v), A @ v, atol=1e-9)


def test_the_hessian_of_a_network(rng):
    net = Network((2, 3, 2), (tanh, linear), half_squared)
    theta, x, y = rng.standard_normal(net.size), rng.standard_normal((2, 6)), rng.standard_normal((2, 6))

    def gradient(theta):
        return cost_and_gradient(net, theta, x, y).gradient

    step = 1e-30  # by complex step through the gradient, column by column
    exact = [gradient(theta + 1j * step * e).imag / step for e in np.eye(net.size)]
    H = hessian(gradient, theta)
    assert_allclose(H, exact, atol=1e-8)
    assert_allclose(hessian_vector(gradient, theta, theta), H @ theta, atol=1e-8)


@pytest.mark.parametrize("diagonal, kind", [
    ((2, 1), "minimum"), ((-2, -1), "maximum"), ((2, -2), "saddle"), ((1, 0), "degenerate"), ((-1, 0), "degenerate"),
    ((0, 0), "degenerate"), ((1, 0, -1), "saddle"), ((1, 1e-9), "degenerate"), ((1, -1e-9), "degenerate"),
    ((1, 1e-3), "minimum"), ((3,), "minimum"), ((1e-30, 2e-30), "minimum"), ((1, -1e-3), "saddle")])
def test_kinds(diagonal, kind):
    found = classify(np.diag(np.array(diagonal, float)))
    assert found.kind == kind
    assert_array_equal(found.eigenvalues, np.sort(diagonal))


def test_the_tolerance_is_relative_to_the_largest():
    assert classify(np.diag([1.0, 0.1]), tolerance=0.09).kind == "minimum"
    assert classify(np.diag([1.0, 0.1]), tolerance=0.11).kind == "degenerate"
    assert classify(np.diag([-100.0, -9]), tolerance=0.1).kind == "degenerate"


def test_eigenvalues_within_the_error_of_the_hessian_do_not_decide():
    assert classify(np.diag([1.0, 0.1]), error=0.09).kind == "minimum"
    assert classify(np.diag([1.0, 0.1]), error=0.11).kind == "degenerate"
    assert classify(np.diag([-1.0, 0.1]), error=0.11).kind == "degenerate"
    assert classify(np.diag([-1.0, 0.1]), error=2).kind == "degenerate"


@given(st.integers(1, 5), st.integers(0, 50))
def test_kinds_follow_the_signs_in_any_basis(P, seed):
    rng = np.random.default_rng([P, seed])
    signs = rng.choice([-1, 1], size=P)
    Q, _ = np.linalg.qr(rng.standard_normal((P, P)))
    H = (Q * (signs * rng.uniform(0.5, 2, P))) @ Q.T
    expected = "minimum" if (signs > 0).all() else "maximum" if (signs < 0).all() else "saddle"
    assert classify((H + H.T) / 2).kind == expected
    assert classify(-(H + H.T) / 2).kind == {"minimum": "maximum", "maximum": "minimum"}.get(expected, "saddle")


def test_critical_points_of_functions():
    assert critical_point(lambda x: np.array([2 * x[0], -2 * x[1]]), np.zeros(2)).kind == "saddle"
    assert critical_point(lambda x: 4 * x**3, np.zeros(1)).kind == "degenerate"  # x⁴ has a minimum there
    assert critical_point(lambda x: 3 * x**2, np.zeros(1)).kind == "degenerate"  # x³ has none
    assert_allclose(critical_point(lambda x: np.array([2 * x[0], -2 * x[1]]), np.zeros(2)).eigenvalues, [-2, 2])


def test_steps_and_tolerances_are_handed_on():
    def gradient(x):  # of ½x₀² + ½·10⁻³x₁² + x₁⁴: the differences see 10⁻³ + 4Δ²
        return np.array([x[0], 1e-3 * x[1] + 4 * x[1] ** 3])

    assert critical_point(gradient, np.zeros(2)).kind == "minimum"
    assert critical_point(gradient, np.zeros(2), tolerance=0.01).kind == "degenerate"
    assert critical_point(gradient, np.zeros(2), delta=0.5).kind == "degenerate"
    assert_allclose(critical_point(gradient, np.zeros(2), delta=0.5).eigenvalues, [1, 1.001], rtol=1e-12)
    assert critical_point(lambda x: x, np.array([3e-7, 4e-7]), flat=5e-7).kind == "minimum"


def test_lists_are_accepted():
    assert classify([[2, 0], [0, 1]]).kind == "minimum"
    assert_array_equal(hessian_vector(lambda x: 2 * x, [1, 2], [1, 0]), hessian_vector(lambda x: 2 * x, [1.0, 2.0], [1, 0]))
    assert_array_equal(loss_slice(np.sum, [1, 2], [1, 0], [0, 1]), [3, 4])


def test_a_slope_is_no_critical_point(raises):
    with raises("theta", "at most 1e-06 long", "length 2"):
        critical_point(lambda x: 2 * x, np.ones(1))
    assert critical_point(lambda x: 2 * x, np.full(1, 0.01), flat=0.1).kind == "minimum"


def test_filter_normalised_directions(rng):
    theta = rng.standard_normal(NET.size)
    d = filter_normalised(theta, partial(unpack, NET), rng)
    (W, _), (D, b) = unpack(NET, theta), unpack(NET, d)
    for l in (1, 2):
        assert_allclose(np.linalg.norm(D[l], axis=1), np.linalg.norm(W[l], axis=1), rtol=1e-14)
        assert not b[l].any()
    assert abs(d @ theta) < 0.95 * (theta @ theta)


def test_filter_normalisation_turns_nothing():
    # each filter of the direction is the drawn one, made longer or shorter
    theta, other = np.random.default_rng(2).standard_normal(NET.size), np.random.default_rng(3).standard_normal(NET.size)
    (drawn, _), (D, _) = unpack(NET, other), unpack(NET, filter_normalised(theta, partial(unpack, NET), np.random.default_rng(3)))
    for l in (1, 2):
        ratio = D[l] / drawn[l]
        assert (ratio > 0).all()
        assert_allclose(ratio, ratio[:, :1] * np.ones(ratio.shape[1]), rtol=1e-13)


def rescaled(theta, factors):
    """Return the same function: unit j of the hidden layer times factors[j] on the way in, divided on the way out."""
    theta = theta.copy()
    W, b = unpack(NET, theta)
    for change, scale in ((W[1], factors[:, None]), (b[1], factors[:, None]), (W[2], 1 / factors)):
        change *= scale
    return theta


def slice_through(theta, x, y):
    d = filter_normalised(theta, partial(unpack, NET), np.random.default_rng(1))
    return loss_slice(lambda t: cost(NET, t, x, y), theta, d, np.linspace(-1, 1, 5))


def test_the_scale_of_a_layer_does_not_matter_to_the_picture_but_that_of_a_unit_does(rng):
    theta, x, y = rng.standard_normal(NET.size), rng.standard_normal((2, 9)), rng.standard_normal((3, 9))
    alike, unlike = (rescaled(theta, factors) for factors in (np.full(5, 8.0), np.array([8.0, 1, 1, 1, 1])))
    for same in (alike, unlike):
        assert_allclose(cost(NET, same, x, y), cost(NET, theta, x, y), rtol=1e-12)
    assert_allclose(slice_through(alike, x, y), slice_through(theta, x, y), rtol=1e-10)
    assert np.abs(slice_through(unlike, x, y) / slice_through(theta, x, y) - 1).max() > 0.05


def test_directions_without_biases_and_for_convolutions(rng):
    net = Network((2, 3), (linear,), half_squared, bias=False)
    assert filter_normalised(np.zeros(6), partial(unpack, net), rng).tolist() == [0] * 6
    cnn = ConvNet((1, 6, 6), (Block(2, 3),), 3)
    theta = convnet.he(cnn, rng)
    d = filter_normalised(theta, partial(convnet.unpack, cnn), rng)
    (_, F, W), (_, b, c) = convnet.unpack(cnn, d)
    (_, F0, W0), _ = convnet.unpack(cnn, theta)
    assert_allclose((F**2).sum(axis=(1, 2, 3)), (F0**2).sum(axis=(1, 2, 3)), rtol=1e-13)
    assert_allclose((W**2).sum(axis=1), (W0**2).sum(axis=1), rtol=1e-13)
    assert not b.any() and not c.any()


def test_slices_by_hand():
    def f(x):
        return x[0] + 10 * x[1]

    theta = np.array([1.0, 2.0])
    assert_array_equal(loss_slice(f, theta, [1.0, 0], [-1.0, 0, 2]), [20, 21, 23])
    plane = loss_slice(f, theta, [1.0, 0], [0.0, 1, 2], [0, 1.0], [0.0, 5])
    assert_array_equal(plane, [[21, 22, 23], [71, 72, 73]])


def test_a_slice_of_a_network_passes_through_its_cost(rng):
    theta, x, y = rng.standard_normal(NET.size), rng.standard_normal((2, 4)), rng.standard_normal((3, 4))
    u, v = (filter_normalised(theta, partial(unpack, NET), rng) for _ in range(2))
    C = loss_slice(lambda theta: cost(NET, theta, x, y), theta, u, np.linspace(-1, 1, 3), v, np.linspace(-1, 1, 5))
    assert C.shape == (5, 3)
    assert_allclose(C[2, 1], cost(NET, theta, x, y))
    assert_allclose(C[4, 0], cost(NET, theta - u + v, x, y))


def test_bad_input_is_named(raises):
    square = np.square
    with raises("theta", r"a vector \(P,\)", r"\(2, 1\)"):
        hessian(square, np.ones((2, 1)))
    with raises("theta", "a vector"):
        hessian(square, [])
    with raises("theta", "finite", "nan at index"):
        hessian(square, [1, np.nan])
    with raises("delta", "> 0", "0"):
        hessian(square, [1.0], delta=0)
    matrix = np.ones((1, 1))
    for name, call in (
        ("theta", lambda: hessian_vector(square, matrix, [1.0])), ("v", lambda: hessian_vector(square, [1.0], matrix)),
        ("theta", lambda: critical_point(square, matrix)), ("theta", lambda: filter_normalised(matrix, None, None)),
        ("theta", lambda: loss_slice(np.sum, matrix, [1.0], [1.0])), ("u", lambda: loss_slice(np.sum, [1.0], matrix, [1.0])),
        ("s", lambda: loss_slice(np.sum, [1.0], [1.0], matrix)),
        ("v", lambda: loss_slice(np.sum, [1.0], [1.0], [1.0], matrix, [1.0])),
        ("s", lambda: loss_slice(np.sum, [1.0], [1.0], matrix, [1.0], [1.0])),
        ("t", lambda: loss_slice(np.sum, [1.0], [1.0], [1.0], [1.0], matrix)),
    ):
        with raises(name, r"a vector \(P,\)", r"shape \(1, 1\)"):
            call()
    with raises("gradient", r"returns shape \(2,\)", r"\(\)"):
        hessian(np.sum, [1.0, 2])
    with raises("v", r"\(2,\)", r"\(3,\)"):
        hessian_vector(square, [1.0, 2], np.ones(3))
    with raises("H", "square", r"\(2, 3\)"):
        classify(np.ones((2, 3)))
    with raises("H", "square", r"\(0, 0\)"):
        classify(np.ones((0, 0)))
    with raises("H", "symmetric", "differ by 2"):
        classify(np.array([[1.0, 3], [1, 1]]))
    with raises("H", "finite"):
        classify(np.array([[np.inf]]))
    with raises("tolerance", "> 0"):
        classify(np.eye(2), 0)
    for error in (-1, np.inf, np.nan):
        with raises("error", "a finite number >= 0", str(error)):
            classify(np.eye(2), error=error)
    with raises("u", r"\(2,\)", r"\(3,\)"):
        loss_slice(np.sum, np.ones(2), np.ones(3), [1.0])
    with raises("v", r"\(2,\)", r"\(3,\)"):
        loss_slice(np.sum, np.ones(2), np.ones(2), [1.0], np.ones(3), [1.0])
    with raises("v and t", "both or neither", "one"):
        loss_slice(np.sum, np.ones(2), np.ones(2), [1.0], t=[1.0])


def test_float32_becomes_float64():
    point = critical_point(lambda t: np.array([2 * t[0], -4 * t[1]]), np.zeros(2, np.float32))
    assert_allclose(point.eigenvalues, [-4, 2], rtol=1e-9)
    assert_allclose(hessian(np.sin, np.float32([1, 2])), np.diag(np.cos([1, 2])),
                    atol=1e-9)
    assert_allclose(hessian_vector(np.sin, np.float32([1]), np.float32([1])), np.cos([1]), atol=1e-9)
    assert classify(np.eye(2, dtype=np.float32)).eigenvalues.dtype == np.float64


def test_the_error_of_a_hessian_is_measured_with_twice_the_step():
    seen = []

    def gradient(t):
        seen.append(float(t[0]))
        return t

    critical_point(gradient, [0.0], delta=1e-3)
    assert seen == [0, 1e-3, -1e-3, 2e-3, -2e-3]


# Kinks


def test_a_kink_within_the_step_is_said():
    # of ½ max(x, 0)² + max(x − d, 0): the slope jumps by 1 at d
    for d in (0.0, 2e-6, -2e-6, 8e-6):
        with pytest.warns(UserWarning, match=r"Δ = 1e-05 and its half give Hessians that differ by .*a kink"):
            hessian(lambda x: np.maximum(x, 0) + (x > d), [0.0])
    hessian(lambda x: np.maximum(x, 0) + (x > 1.1e-5), [0.5])
    hessian(lambda x: x + (x > 1.1e-5), [0.0])  # beyond the step: no warning, and no error


def test_a_relu_network_at_a_kink(rng):
    # the largest curvature is found as soon as the step is shorter than the way to the nearest kink
    theta, x, y = rng.standard_normal(NET.size), rng.standard_normal((2, 9)), rng.standard_normal((3, 9))
    W, b = unpack(NET, theta)
    b[1][2] = -W[1][2] @ x[:, 0] + 3e-6  # z of unit 2 at sample 0
    gradient = lambda t: cost_and_gradient(NET, t, x, y).gradient
    largest = lambda H: np.linalg.eigvalsh(H)[-1]
    with pytest.warns(UserWarning, match="a kink"):
        wrong = largest(hessian(gradient, theta))
    right = largest(hessian(gradient, theta, delta=1e-7))
    assert wrong > 10 * right and right < 100


@pytest.mark.parametrize("factor", [1e-8, 1.0, 1e8])
def test_smooth_costs_bring_no_warning(factor, rng):  # here a warning is an error
    net = Network((2, 3, 2), (tanh, linear), half_squared)
    theta, x, y = rng.standard_normal(net.size), rng.standard_normal((2, 6)), rng.standard_normal((2, 6))
    hessian(lambda t: factor * cost_and_gradient(net, t, x, y).gradient, theta)
    hessian(lambda t: np.full(2, factor), np.ones(2))  # a linear cost, whose Hessian is 0
    hessian(lambda t: factor * 3 * t**2, [0.0])  # x³ at 0


def test_rounding_alone_brings_no_warning():
    # 1000 x/x is 1000 up to 10⁻¹³, and divided by 2Δ that is up to 10⁻⁸, where the curvature is 0
    H = hessian(lambda x: 1000 * x / x, np.linspace(0.3, 0.7, 9))
    assert 0 < np.abs(H).max() < 1e-7
