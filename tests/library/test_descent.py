"""Deterministic descent: numbers by hand on quadratics, the same answers as SciPy, one record for all."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize, rosen, rosen_der, rosen_hess

from lecture_code.descent import (
    armijo, barzilai_borwein, bfgs, exact, fixed, gradient_descent, levenberg_marquardt, newton, trust_region)

A = np.diag([1.0, 10.0])  # C = ½ θᵀAθ, curvatures 1 and 10


def bowl(theta):
    return 0.5 * theta @ A @ theta


def bowl_gradient(theta):
    return A @ theta


def bowl_hessian(theta):
    return A


def square(theta):
    return theta @ theta


def square_gradient(theta):
    return 2 * theta


# Gradient descent, and the record that every method keeps


@pytest.mark.parametrize("eta, last", [(0.2, 0.060466), (0.05, 3.486784), (1.1, 61.917364)])
def test_ten_steps_on_the_square(eta, last):
    path = gradient_descent(square, square_gradient, 10.0, eta, steps=10)
    assert round(float(path.theta[-1, 0]), 6) == last
    assert_allclose(path.theta[:, 0], 10 * (1 - 2 * eta) ** np.arange(11), rtol=1e-13)


def test_the_record_by_hand():
    # θ = 2, η = ¼ halves θ: 2, 1, ½; costs 4, 1, ¼; gradients 4, 2, 1, of which the third is for the record
    path = gradient_descent(square, square_gradient, np.array([2.0]), 0.25, steps=2)
    assert_array_equal(path.theta, [[2], [1], [0.5]])
    assert_array_equal(path.cost, [4, 1, 0.25])
    assert_array_equal(path.gradient_norm, [4, 2, 1])
    assert_array_equal(path.evaluations, [1, 2, 3])
    assert path.diverged is False


def test_the_norm_is_euclidean():
    path = gradient_descent(square, square_gradient, np.array([3.0, 4.0]), 0.5, steps=1)
    assert_array_equal(path.gradient_norm, [10, 0])


def test_the_default_is_a_hundred_steps():
    assert len(gradient_descent(square, square_gradient, 1.0, 0.1).theta) == 101


def test_it_stops_at_the_tolerance():
    # gradients 4, 2, 1, …: the one that is as long as the tolerance stops it
    path = gradient_descent(square, square_gradient, 2.0, 0.25, steps=50, tolerance=1.0)
    assert_array_equal(path.gradient_norm, [4, 2, 1])
    assert len(gradient_descent(square, square_gradient, 2.0, 0.5, steps=50).theta) == 2  # the gradient is 0


def test_divergence_is_recorded_not_raised():
    path = gradient_descent(square, square_gradient, 1.0, 1e200, steps=10)
    assert path.diverged is True
    # the square of −2·10²⁰⁰ overflows: the point is finite, its cost is not, and nothing comes after it
    assert path.theta.shape == (2, 1) and path.cost[1] == np.inf and np.isfinite(path.theta).all()


def test_a_point_that_is_not_finite_ends_it_though_the_cost_is():
    path = gradient_descent(lambda theta: 0.0, lambda theta: np.array([1e308]), 0.0, 1e10, steps=5)
    assert path.diverged and len(path.theta) == 2 and path.theta[1] == -np.inf and path.cost[1] == 0


def test_the_start_is_left_alone_and_may_be_integers():
    start = np.array([3, 4])
    path = gradient_descent(square, square_gradient, start, 0.25, steps=1)
    assert_array_equal(path.theta, [[3, 4], [1.5, 2]])
    assert_array_equal(start, [3, 4])
    assert path.theta.dtype == np.float64


def test_a_point_that_is_changed_in_place_afterwards_is_kept():
    seen = []

    def gradient(theta):
        seen.append(theta)
        return 2 * theta

    path = gradient_descent(square, gradient, 2.0, 0.25, steps=1)
    seen[0][...] = 99
    assert_array_equal(path.theta, [[2], [1]])


# Step rules


def test_fixed_is_the_rate():
    assert fixed(0.3)(bowl, np.ones(2), np.ones(2)) == 0.3
    by_rule = gradient_descent(bowl, bowl_gradient, np.ones(2), fixed(0.1), steps=5)
    assert_array_equal(by_rule.theta, gradient_descent(bowl, bowl_gradient, np.ones(2), 0.1, steps=5).theta)


@settings(max_examples=10)
@given(st.floats(0.1, 9), st.floats(-3, 3), st.floats(0.1, 3))
def test_exact_search_finds_the_step_of_a_quadratic(curvature, x, y):
    # along −g the best α is gᵀg / gᵀAg
    A = np.diag([1.0, curvature])
    theta = np.array([x, y])
    g = A @ theta
    alpha = exact()(lambda t: 0.5 * t @ A @ t, theta, g)
    assert_allclose(alpha, g @ g / (g @ A @ g), rtol=1e-5)


def test_exact_search_stays_below_the_largest_step():
    downhill = lambda theta: float(-theta[0])
    for rule, largest in ((exact(3.0), 3), (exact(), 100)):
        assert_allclose(rule(downhill, np.zeros(1), -np.ones(1)), largest, rtol=1e-6)


def test_exact_search_finds_tiny_steps():
    # C = ½ 10⁶ θ²: α = 10⁻⁶; and for ½ 10⁷ θ², α = 10⁻⁷
    for curvature in (1e6, 1e7):
        alpha = exact()(lambda t: 0.5 * curvature * t @ t, np.ones(1), np.full(1, curvature))
        assert_allclose(alpha, 1 / curvature, rtol=1e-3)


def test_exact_steps_zigzag():
    # from (10, 1) on curvatures 1 and 10 every exact step multiplies θ by 9/11, with θ₂ changing its sign
    path = gradient_descent(bowl, bowl_gradient, np.array([10.0, 1.0]), exact(), steps=4)
    k = np.arange(5)
    assert_allclose(path.theta, np.stack([10 * (9 / 11) ** k, (-9 / 11) ** k], axis=1), rtol=1e-6)


def test_armijo_halves_until_the_cost_falls_enough():
    # C = θ², θ = 1, g = 2: α = 1 leads to −1 and the same cost; α = ½ leads to 0
    assert armijo()(square, np.ones(1), np.full(1, 2.0)) == 0.5
    # C = 10 θ², g = 20: α = 1, ½, ¼, ⅛ lead to −19, −9, −4, −1.5 and 1/16 to −0.25
    assert armijo()(lambda t: 10 * t @ t, np.ones(1), np.full(1, 20.0)) == 1 / 16


def test_armijo_has_three_numbers():
    # from α = 0.9 by thirds on θ²: 0.9 leads to −0.8, of cost 0.64 ≤ 1 − 10⁻⁴ · 0.9 · 4
    g = np.full(1, 2.0)
    assert armijo(first=0.9, shrink=1 / 3)(square, np.ones(1), g) == 0.9
    # c = ½ asks for 0.64 ≤ 1 − ½ · 0.9 · 4 < 0: no; 0.3 leads to 0.4: 0.16 ≤ 1 − 0.6 = 0.4
    assert_allclose(armijo(first=0.9, c=0.5, shrink=1 / 3)(square, np.ones(1), g), 0.3, rtol=1e-15)


def test_armijo_takes_the_border():
    # θ², θ = 1, c = ½, α = ½: C = 0 and the bound 1 − ½ · ½ · 4 = 0 are equal
    assert armijo(first=0.5, c=0.5)(square, np.ones(1), np.full(1, 2.0)) == 0.5
    # c = 10⁻⁴ of the promised decrease is asked for: a cost that falls by half of that never falls enough
    slow = lambda theta: 0.5e-4 * float(theta[0])
    assert armijo()(slow, np.zeros(1), np.ones(1)) < 1e-19


def test_armijo_gives_up():
    # uphill whatever the step: 2⁻⁶⁷ is the first power of two below 10⁻²⁰
    uphill = lambda theta: float(np.abs(theta).sum())
    assert armijo()(uphill, np.zeros(1), np.ones(1)) == 2.0**-67
    assert armijo()(lambda theta: np.nan, np.zeros(1), np.ones(1)) == 2.0**-67


def test_armijo_always_descends():
    path = gradient_descent(rosen, rosen_der, np.array([-1.2, 1.0]), armijo(), steps=300)
    assert (np.diff(path.cost) < 0).all() and path.cost[-1] < 1
    assert_array_equal(path.evaluations, np.arange(1, 302))


# Newton


def test_newton_lands_on_the_minimiser_of_a_quadratic():
    path = newton(bowl, bowl_gradient, bowl_hessian, np.array([3.0, -2.0]))
    assert_allclose(path.theta, [[3, -2], [0, 0]], atol=1e-14)
    assert_array_equal(path.evaluations, [1, 3])  # a gradient, a Hessian, a gradient
    assert newton(bowl, bowl_gradient, bowl_hessian, np.ones(2), hessian_evaluations=4).evaluations.tolist() == [1, 6]


def test_newton_agrees_with_the_formula():
    theta = np.array([1.05, 1.1])  # H is positive definite here, and the full step lowers the cost
    path = newton(rosen, rosen_der, rosen_hess, theta, steps=1)
    assert_allclose(path.theta[1], theta - np.linalg.solve(rosen_hess(theta), rosen_der(theta)), rtol=1e-10)
    assert len(path.theta) == 2


def test_newton_converges_quadratically():
    path = newton(rosen, rosen_der, rosen_hess, np.array([-1.2, 1.0]))
    assert_allclose(path.theta[-1], 1, rtol=1e-12)
    assert path.gradient_norm[-1] <= 1e-10 and len(path.theta) < 30


def test_newton_leaves_a_saddle_downhill():
    # C = x² − y² + y⁴/4, at (1, 0.1): H = diag(2, −2 + 3y²) is indefinite; −|H|⁻¹g moves x to 0 and y outwards
    cost = lambda t: t[0] ** 2 - t[1] ** 2 + t[1] ** 4 / 4
    gradient = lambda t: np.array([2 * t[0], -2 * t[1] + t[1] ** 3])
    hessian = lambda t: np.diag([2, -2 + 3 * t[1] ** 2])
    path = newton(cost, gradient, hessian, np.array([1.0, 0.1]))
    y = 0.1 + (0.2 - 0.001) / (2 - 0.03)
    assert_allclose(path.theta[1], [0, y], atol=1e-14)
    assert_allclose(path.theta[-1], [0, np.sqrt(2)], atol=1e-9)
    assert (np.diff(path.cost) <= 0).all()


def test_newton_bounds_what_a_flat_direction_does():
    # eigenvalues 1 and 0, gradient (1, 10⁻⁹): the zero counts as 10⁻⁸, so the second entry moves by 0.1
    gradient = lambda t: np.array([t[0], 1e-9])
    path = newton(lambda t: t[0] ** 2 / 2 + 1e-9 * t[1], gradient, lambda t: np.diag([1.0, 0.0]), np.array([1.0, 0]), steps=1)
    assert_allclose(path.theta[1], [0, -0.1], atol=1e-15)


def test_newton_goes_back_when_the_full_step_is_too_long():
    # C = log(eˣ + e⁻ˣ): from 1.1 the full step −g/H = −tanh x cosh² x overshoots
    cost, gradient = lambda t: float(np.logaddexp(t[0], -t[0])), lambda t: np.tanh(t)
    hessian = lambda t: np.diag(1 / np.cosh(t) ** 2)
    start = 1.5
    full = start - np.tanh(start) * np.cosh(start) ** 2
    assert cost([full]) > cost([start])
    path = newton(cost, gradient, hessian, np.array([start]))
    assert_allclose(path.theta[1, 0], start - (start - full) / 2, rtol=1e-14)
    assert abs(path.theta[-1, 0]) < 1e-9


def test_newton_takes_a_tenth_of_a_thousandth_of_the_promised_decrease():
    # a Hessian of 1 where there is none: C falls by s · 10⁻⁴ · ½ only, which the rule does not accept
    path = newton(lambda t: 0.5e-4 * t[0], lambda t: np.ones(1), lambda t: np.eye(1), np.zeros(1), steps=1)
    assert abs(path.theta[1, 0]) < 1e-11
    path = newton(lambda t: 1e-4 * t[0], lambda t: np.ones(1), lambda t: np.eye(1), np.zeros(1), steps=1)
    assert path.theta[1, 0] == -1


def test_newton_gives_up_at_a_step_of_a_millionth_of_a_millionth():
    path = newton(lambda t: float(abs(t[0])), lambda t: np.ones(1), lambda t: np.eye(1), np.zeros(1), steps=1)
    assert path.theta[1, 0] == -(2.0**-40)  # the first power of two below 10⁻¹²


def test_newton_stops_after_fifty_steps():
    # every step halves the distance to the minimum of x⁴, nearly: 2/3 of it remains
    quartic = lambda t: float(t[0] ** 4), lambda t: 4 * t**3, lambda t: np.diag(12 * t**2)
    path = newton(*quartic, np.array([1.0]), tolerance=0.0)
    assert len(path.theta) == 51
    assert_allclose(path.theta[:, 0], (2 / 3) ** np.arange(51), rtol=1e-10)


# Barzilai–Borwein


def test_barzilai_borwein_measures_the_curvature():
    # C = 5θ²: the first step is 0.1 · 10 θ = θ and lands on 0; with first = 0.05 the second does, since s/y = 1/10
    path = barzilai_borwein(lambda t: 5 * t @ t, lambda t: 10 * t, np.array([2.0]))
    assert_array_equal(path.theta[:, 0], [2, 0])
    path = barzilai_borwein(lambda t: 5 * t @ t, lambda t: 10 * t, np.array([2.0]), first=0.05)
    assert_allclose(path.theta[:, 0], [2, 1, 0], atol=1e-15)
    assert_array_equal(path.evaluations, [1, 2, 3])


def test_barzilai_borwein_by_hand():
    # curvatures 1 and 10 from (1, 1), first η = 0.1: θ₁ = (0.9, 0), s = (−0.1, −1), y = (−0.1, −10),
    # η = (0.01 + 1)/(0.01 + 10) = 1.01/10.01, θ₂ = (0.9 (1 − η), 0)
    path = barzilai_borwein(bowl, bowl_gradient, np.ones(2), steps=2)
    assert_allclose(path.theta, [[1, 1], [0.9, 0], [0.9 * (1 - 1.01 / 10.01), 0]], atol=1e-15)


def test_barzilai_borwein_is_fast_and_not_monotone():
    path = barzilai_borwein(rosen, rosen_der, np.array([-1.2, 1.0]), steps=300, tolerance=1e-8)
    assert path.gradient_norm[-1] <= 1e-8 and (np.diff(path.cost) > 0).any()
    assert len(path.theta) < len(gradient_descent(rosen, rosen_der, np.array([-1.2, 1.0]), armijo(), 300, 1e-8).theta)


def test_memory_of_one_demands_descent():
    path = barzilai_borwein(rosen, rosen_der, np.array([-1.2, 1.0]), steps=200, memory=1)
    assert (np.diff(path.cost) <= 0).all()


def test_memory_bounds_the_cost_by_the_last_few():
    start = np.random.default_rng(1).uniform(-3, 3, 6)
    for memory in (2, 3, 10):
        options = {} if memory == 10 else dict(memory=memory)  # ten is the default
        cost = barzilai_borwein(rosen, rosen_der, start, steps=200, **options).cost
        for k in range(1, len(cost)):
            assert cost[k] <= cost[max(0, k - memory):k].max()
        assert any(cost[k] > cost[max(0, k - memory + 1):k].max() for k in range(memory, len(cost)))  # it uses all of them


def test_a_hill_is_taken_by_the_size_of_its_curvature():
    # C = −5θ² has sᵀy < 0; |sᵀy| gives η = 1/10, and θ doubles
    path = barzilai_borwein(lambda t: -5 * t @ t, lambda t: -10 * t, np.ones(1), steps=3)
    assert_allclose(path.theta[:, 0], [1, 2, 4, 8], rtol=1e-14)


def test_without_curvature_the_rate_is_the_largest():
    flat = lambda t: float(t[0]), lambda t: np.ones(1)
    assert_allclose(barzilai_borwein(*flat, np.zeros(1), steps=2).theta[:, 0], [0, -0.1, -1000.1], rtol=1e-14)
    path = barzilai_borwein(*flat, np.zeros(1), steps=2, largest=3.0)
    assert_allclose(path.theta[:, 0], [0, -0.1, -3.1], rtol=1e-14)
    # 10⁻⁴ θ²/2 would ask for 10⁴
    path = barzilai_borwein(lambda t: 0.5e-4 * t @ t, lambda t: 1e-4 * t, np.ones(1), steps=2)
    assert_allclose(path.theta[2, 0], path.theta[1, 0] * (1 - 1000e-4), rtol=1e-12)


def test_barzilai_borwein_halves_what_would_run_away():
    # C = 5θ², first = 1: −9θ and −4θ cost more, ¼ leads to −1.5θ, still more, ⅛ to −0.25θ
    path = barzilai_borwein(lambda t: 5 * t @ t, lambda t: 10 * t, np.ones(1), first=1.0, steps=1)
    assert_allclose(path.theta[1], [-0.25])
    # no decrease at all: the step ends below 10⁻²⁰
    path = barzilai_borwein(lambda t: float(abs(t[0])), lambda t: np.ones(1), np.zeros(1), first=1.0, steps=1)
    assert path.theta[1, 0] == -(2.0**-67)


def test_barzilai_borwein_wants_a_little_decrease():
    # slope 1 and a cost that falls by half of 10⁻⁴ of what it promises; then by all of it
    path = barzilai_borwein(lambda t: 0.5e-4 * t[0], lambda t: np.ones(1), np.zeros(1), first=1.0, steps=1)
    assert abs(path.theta[1, 0]) < 1e-19
    path = barzilai_borwein(lambda t: 1e-4 * t[0], lambda t: np.ones(1), np.zeros(1), first=1.0, steps=1)
    assert path.theta[1, 0] == -1


def test_barzilai_borwein_stops_as_the_others_do():
    path = barzilai_borwein(lambda t: 5 * t @ t, lambda t: 10 * t, np.array([2.0]), first=0.05, tolerance=10.0)
    assert_allclose(path.gradient_norm, [20, 10])
    assert len(barzilai_borwein(lambda t: float(t[0]), lambda t: np.ones(1), np.zeros(1)).theta) == 101


# Least squares


def line(theta):
    """Residuals of a straight line through three points: a linear problem."""
    return np.array([[1.0, 0], [1, 1], [1, 2]]) @ theta - np.array([1.0, 2, 4])


def line_jacobian(theta):
    return np.array([[1.0, 0], [1, 1], [1, 2]])


def valley(theta):
    """Rosenbrock's function is ½‖r‖² · 2 with these residuals."""
    return np.array([10 * (theta[1] - theta[0] ** 2), 1 - theta[0]])


def valley_jacobian(theta):
    return np.array([[-20 * theta[0], 10.0], [-1.0, 0.0]])


def test_levenberg_marquardt_by_hand():
    # r = θ − 3, J = 1, λ = 1, θ = 1: (1 + 1) s = 2, s = 1; then λ = 1/10: 1.1 s = 1
    path = levenberg_marquardt(lambda t: t - 3, lambda t: np.eye(1), np.ones(1), damping=1.0, steps=2)
    assert_allclose(path.theta[:, 0], [1, 2, 2 + 1 / 1.1], rtol=1e-14)
    assert_allclose(path.cost, [2, 0.5, 0.5 * (1 - 1 / 1.1) ** 2], rtol=1e-12)
    assert_allclose(path.gradient_norm, [2, 1, 1 - 1 / 1.1], rtol=1e-12)
    assert_array_equal(path.evaluations, [1, 2, 3])


def test_levenberg_marquardt_starts_with_a_hundredth():
    path = levenberg_marquardt(lambda t: t - 3, lambda t: np.eye(1), np.ones(1), steps=1)
    assert_allclose(path.theta[1, 0], 1 + 2 / 1.01, rtol=1e-14)


def test_levenberg_marquardt_damps_until_the_cost_falls():
    # r = arctan θ from 3 with J = 1/(1 + θ²): with λ = 10⁻³, and then 10⁻², s is far too long
    residual, jacobian = np.arctan, lambda t: np.diag(1 / (1 + t**2))
    J, r = 0.1, np.arctan(3.0)
    trials = [3 - J * r / (J * J + damping) for damping in (1e-3, 1e-2, 1e-1)]
    falls = [np.arctan(t) ** 2 < r**2 for t in trials]
    assert falls == [False, False, True]
    path = levenberg_marquardt(residual, jacobian, np.array([3.0]), damping=1e-3, steps=3)
    assert_allclose(path.theta[:, 0], [3, trials[2]], rtol=1e-13)
    # λ is then 10⁻², which is too little again, and 10⁻¹; rejected trials count as steps
    path = levenberg_marquardt(residual, jacobian, np.array([3.0]), damping=1e-3, steps=5)
    t = trials[2]
    expected = t - np.arctan(t) / (1 + t**2) / (1 / (1 + t**2) ** 2 + 1e-1)
    assert_allclose(path.theta[-1, 0], expected, rtol=1e-12)
    assert len(path.theta) == 3


def test_levenberg_marquardt_does_not_move_for_an_equal_cost():
    # r = θ² − 1 with the Jacobian of another problem: s leads from 1.5 to −1.5, where the cost is the same
    residual, jacobian = lambda t: t**2 - 1, lambda t: np.full((1, 1), 1.25 / 3.0)
    s = -(1.25 / 3 * 1.25) / ((1.25 / 3) ** 2 + 1e-12)
    assert_allclose(1.5 + s, -1.5, rtol=1e-9)
    path = levenberg_marquardt(lambda t: np.round(residual(t), 6), jacobian, np.array([1.5]), damping=1e-12, steps=1)
    assert len(path.theta) == 1


def test_levenberg_marquardt_counts_jacobians_and_stops():
    path = levenberg_marquardt(valley, valley_jacobian, np.array([-1.2, 1.0]), jacobian_evaluations=2)
    assert_allclose(path.theta[-1], 1, rtol=1e-10)
    assert path.gradient_norm[-1] <= 1e-10 < path.gradient_norm[-2]
    assert_array_equal(path.evaluations, 2 * np.arange(1, len(path.theta) + 1))
    stopped = levenberg_marquardt(lambda t: t - 3, lambda t: np.eye(1), np.ones(1), damping=1.0, tolerance=1.0)
    assert_allclose(stopped.gradient_norm, [2, 1])  # as long as the tolerance: enough


def test_levenberg_marquardt_takes_a_hundred_steps():
    # r = θ² creeps: every step halves θ at best, and the gradient θ · 2θ² … never comes to 0
    path = levenberg_marquardt(lambda t: t**2, lambda t: np.diag(2 * t), np.ones(1), damping=1e-12, tolerance=0.0)
    assert len(path.theta) == 101


def test_least_squares_methods_agree_on_a_line():
    best = np.linalg.lstsq(line_jacobian(0), np.array([1.0, 2, 4]), rcond=None)[0]
    for method in (levenberg_marquardt, trust_region):
        path = method(line, line_jacobian, np.zeros(2))
        assert_allclose(path.theta[-1], best, rtol=1e-8)
        assert_allclose(path.cost[-1], 0.5 * line(best) @ line(best), rtol=1e-12)
        assert_allclose(path.cost[0], 0.5 * 21)
        assert_allclose(path.gradient_norm[0], np.linalg.norm([7, 10]))
        assert_array_equal(path.theta[0], [0, 0])


def test_trust_region_counts_and_converges():
    path = trust_region(valley, valley_jacobian, np.array([-1.2, 1.0]), jacobian_evaluations=2)
    assert_allclose(path.theta[-1], 1, rtol=1e-10)
    assert_array_equal(path.evaluations, 2 * np.arange(1, len(path.theta) + 1))
    assert_array_equal(trust_region(line, line_jacobian, np.zeros(2)).evaluations[:2], [1, 2])
    assert len(trust_region(valley, valley_jacobian, np.array([-1.2, 1.0]), steps=3).theta) <= 3


def test_trust_region_stops_at_the_tolerance():
    loose, tight = (trust_region(valley, valley_jacobian, np.array([-1.2, 1.0]), tolerance=t) for t in (1e-1, 1e-12))
    assert len(loose.theta) < len(tight.theta)


# BFGS


def test_bfgs_is_scipys():
    start = np.array([-1.2, 1.0])
    path, peer = bfgs(rosen, rosen_der, start), minimize(
        rosen, start, jac=rosen_der, method="BFGS", options={"gtol": 1e-10})
    assert_array_equal(path.theta[-1], peer.x)
    assert_array_equal(path.theta[0], start)
    assert path.cost[-1] == peer.fun and len(path.theta) == peer.nit + 1
    assert_allclose(path.gradient_norm[-1], np.linalg.norm(peer.jac), rtol=1e-12)
    assert path.evaluations[0] == 1 and path.evaluations[-1] == peer.njev + 1  # ours at the start, then its own
    assert (np.diff(path.evaluations) >= 1).all()


def test_bfgs_stops():
    start = np.array([-1.2, 1.0])
    assert len(bfgs(rosen, rosen_der, start, steps=4).theta) == 5
    assert len(bfgs(rosen, rosen_der, start, tolerance=1.0).theta) < len(bfgs(rosen, rosen_der, start).theta)


# Corners


def test_everything_is_computed_in_float64():
    # 1 − 0.1 · 2, where float32 would have 0.79999995; and the cost of 0.1 as a float32, squared in float64
    path = gradient_descent(square, lambda theta: np.float32(2 * theta), 1.0, 0.1, steps=1)
    assert path.theta[1, 0] == 0.8
    start = np.float32([0.1])
    assert gradient_descent(square, square_gradient, start, 0.1, steps=1).cost[0] == float(start[0]) ** 2


def test_infinity_minus_infinity_on_the_way_is_no_warning():
    path = gradient_descent(lambda t: t[0] ** 2 - t[0] ** 4, square_gradient, 1.0, 1e200, steps=5)
    assert path.diverged and np.isnan(path.cost[1])


def test_armijo_begins_with_one():
    assert armijo()(lambda theta: float(theta[0]), np.zeros(1), np.ones(1)) == 1


def test_the_smallest_steps_are_tried_no_shorter():
    uphill = lambda theta: float(np.abs(theta).sum())
    assert armijo(first=1e-20)(uphill, np.zeros(1), np.ones(1)) == 1e-20
    path = barzilai_borwein(uphill, lambda t: np.ones(1), np.zeros(1), first=1e-20, steps=1)
    assert path.theta[1, 0] == -1e-20


def test_newton_stops_at_the_tolerance_itself():
    assert len(newton(bowl, bowl_gradient, bowl_hessian, np.array([1.0, 0]), tolerance=1.0).theta) == 1


def test_a_shorter_newton_step_has_promised_less():
    # slope 1: the full step costs more, half of it gains 10⁻⁴, which is more than 10⁻⁴ · ½
    cost = lambda t: {0.0: 0.0, -1.0: 1.0, -0.5: -1e-4}[float(t[0])]
    assert newton(cost, lambda t: np.ones(1), lambda t: np.eye(1), np.zeros(1), steps=1).theta[1, 0] == -0.5


def test_bfgs_makes_at_most_two_hundred_steps():
    assert len(bfgs(rosen, rosen_der, np.full(60, -1.0)).theta) == 201


def test_trust_region_stops_by_the_gradient_and_by_the_cost():
    # r = θ² halves θ: 2θ³ is at most 1/10 at θ = ¼, while cost and θ still change by large factors
    path = trust_region(lambda t: t**2, lambda t: np.diag(2 * t), np.ones(1), tolerance=0.1)
    assert_allclose(path.theta[:, 0], [1, 0.5, 0.25], rtol=1e-6)
    # r = 100 (θ², 1): from ½ to ¼ the cost changes by less than a tenth, while the gradient is 313
    path = trust_region(lambda t: 100 * np.array([t[0] ** 2, 1]), lambda t: 100 * np.array([[2 * t[0]], [0]]),
                        np.ones(1), tolerance=0.1)
    assert_allclose(path.theta[:, 0], [1, 0.5, 0.25], rtol=1e-6)


def test_a_jacobian_is_measured_at_every_point():
    jacobian = lambda t: np.eye(1) if t[0] == 1 else np.ones((2, 1))
    with pytest.raises(ValueError) as error:
        levenberg_marquardt(lambda t: t - 3, jacobian, np.ones(1))
    assert str(error.value) == "jacobian: expected a function that returns shape (1, 1), got shape (2, 1)"


# Bad input


CALLS = {
    "gradient_descent": lambda **o: gradient_descent(**dict(
        dict(cost=bowl, gradient=bowl_gradient, theta=np.ones(2), step=0.1), **o)),
    "newton": lambda **o: newton(**dict(
        dict(cost=bowl, gradient=bowl_gradient, hessian=bowl_hessian, theta=np.ones(2)), **o)),
    "barzilai_borwein": lambda **o: barzilai_borwein(**dict(
        dict(cost=bowl, gradient=bowl_gradient, theta=np.ones(2)), **o)),
    "levenberg_marquardt": lambda **o: levenberg_marquardt(**dict(
        dict(residual=line, jacobian=line_jacobian, theta=np.ones(2)), **o)),
    "bfgs": lambda **o: bfgs(**dict(dict(cost=bowl, gradient=bowl_gradient, theta=np.ones(2)), **o)),
    "trust_region": lambda **o: trust_region(**dict(
        dict(residual=line, jacobian=line_jacobian, theta=np.ones(2)), **o)),
}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("changed, message", [
    (dict(theta=np.ones((2, 1))), "theta: expected a vector (P,), got shape (2, 1)"),
    (dict(theta=np.ones(0)), "theta: expected a vector (P,), got shape (0,)"),
    (dict(theta=np.array([1, np.nan])), "theta: expected finite numbers, got nan at index (1,)"),
    (dict(steps=0), "steps: expected an integer >= 1, got 0"),
    (dict(tolerance=-1e-3), "tolerance: expected a finite number >= 0, got -0.001"),
    (dict(tolerance=np.inf), "tolerance: expected a finite number >= 0, got inf"),
])
def test_every_method_checks_its_arguments(method, changed, message):
    with pytest.raises(ValueError) as error:
        CALLS[method](**changed)
    assert str(error.value) == message


@pytest.mark.parametrize("method, changed, message", [
    ("gradient_descent", dict(step=0), "eta: expected a finite number > 0, got 0"),
    ("gradient_descent", dict(gradient=lambda t: np.ones(3)),
     "gradient: expected a function that returns shape (2,), got shape (3,)"),
    ("gradient_descent", dict(gradient=lambda t: 1.0), "gradient: expected a function that returns shape (2,), got shape ()"),
    ("bfgs", dict(gradient=lambda t: 1.0), "gradient: expected a function that returns shape (2,), got shape ()"),
    ("newton", dict(hessian=lambda t: np.ones(2)), "hessian: expected a function that returns shape (2, 2), got shape (2,)"),
    ("barzilai_borwein", dict(first=0), "first: expected a finite number > 0, got 0"),
    ("barzilai_borwein", dict(largest=-1), "largest: expected a finite number > 0, got -1"),
    ("barzilai_borwein", dict(memory=0), "memory: expected an integer >= 1, got 0"),
    ("levenberg_marquardt", dict(damping=0), "damping: expected a finite number > 0, got 0"),
    ("levenberg_marquardt", dict(jacobian=lambda t: np.ones((2, 3))),
     "jacobian: expected a function that returns shape (3, 2), got shape (2, 3)"),
    ("trust_region", dict(jacobian=lambda t: np.ones((2, 3))),
     "jacobian: expected a function that returns shape (3, 2), got shape (2, 3)"),
])
def test_a_method_checks_its_own_arguments(method, changed, message):
    with pytest.raises(ValueError) as error:
        CALLS[method](**changed)
    assert str(error.value) == message


@pytest.mark.parametrize("make, message", [
    (lambda: fixed(-1), "eta: expected a finite number > 0, got -1"),
    (lambda: exact(0), "largest: expected a finite number > 0, got 0"),
    (lambda: armijo(first=0), "first: expected a finite number > 0, got 0"),
    (lambda: armijo(c=0), "c: expected a number in (0, 1), got 0"),
    (lambda: armijo(c=1), "c: expected a number in (0, 1), got 1"),
    (lambda: armijo(shrink=0), "shrink: expected a number in (0, 1), got 0"),
    (lambda: armijo(shrink=1), "shrink: expected a number in (0, 1), got 1"),
])
def test_rules_check_their_arguments(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message


def test_a_linear_cost_ends_where_it_began():
    # nothing to find in the null function: every method stops at once
    null = dict(cost=lambda t: 0.0, gradient=lambda t: np.zeros(2))
    for method in ("gradient_descent", "newton", "barzilai_borwein"):
        assert len(CALLS[method](**null).theta) == 1


def test_a_recorded_method_is_a_function_that_returns_a_path():
    for method in (gradient_descent, newton, barzilai_borwein, levenberg_marquardt):
        assert not inspect.isgeneratorfunction(method)
        assert method.__doc__ and method.__module__ == "lecture_code.descent"
        assert inspect.signature(method).return_annotation == "Path"
        with pytest.raises(TypeError, match="missing a required argument: 'theta'"):
            method(lambda t: 0.0, lambda t: t, *([bowl_hessian] if method is newton else []))


def test_levenberg_marquardt_looks_at_each_point_once():
    seen = []
    residual = lambda t: seen.append(float(t[0])) or t - 3
    path = levenberg_marquardt(residual, lambda t: np.eye(1), np.ones(1), damping=1.0, steps=2)
    # the walk asks for r(1) and for two trials; the shape, and the cost of three points for the record, are the rest
    assert len(seen) == 3 + 1 + 3 and set(seen) == set(path.theta[:, 0])
