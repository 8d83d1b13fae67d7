"""The numbers that the statements of the exercises give by hand are what the references return."""

import numpy as np
import pytest

from lecture_code.feedback import verdict
from lecture_code.gradient_check import central_difference, complex_step
from lecture_tasks import (
    backpropagation, calculus, generalisation, gradient_descent, kl_divergence, mini_batches, pytorch, scale,
    softmax_regression, stochastic_gradient_descent)


def test_gradient_descent():
    H = np.array([[2.0, 1.0], [1.0, 2.0]])
    assert gradient_descent.largest_rate.reference(H) == pytest.approx(2 / 3)
    one = gradient_descent.exact_rate.reference(np.array([[4.0]]), np.array([2.0]), np.array([3.0]))
    assert one == pytest.approx(1 / 4)
    lands = 3 - 0.1 * (2 * 3 + 4 * 3**3)
    assert lands == pytest.approx(-8.4) and round(lands**2 + lands**4) == 5049
    assert gradient_descent.hard_bowl.reference(0.1, 3) == (12, 1)
    walk = (1 - 0.1 * np.array([12, 1])) ** np.arange(1, 4)[:, None]
    assert walk.ravel() == pytest.approx([-0.2, 0.9, 0.04, 0.81, -0.008, 0.729])


@pytest.mark.parametrize("answer", [
    lambda eta, n: (int(1.05 / eta) + 1, 1), lambda eta, n: [round(1.2 / eta), round(0.5 / (n * eta))],
    lambda eta, n: np.array([np.rint(1.3 / eta), 1.0])])
def test_every_bowl_that_meets_the_demands_is_accepted(answer):
    assert verdict(gradient_descent.hard_bowl, answer).kind == "right"


def test_a_bowl_has_two_whole_curvatures():
    for answer, message in ((lambda eta, n: (1.25 / eta, 1), "should be whole numbers"),
                            (lambda eta, n: int(1.25 / eta), "should return two numbers")):
        assert message in verdict(gradient_descent.hard_bowl, answer).message


@pytest.mark.parametrize("eta", [0.1, 0.4, 0.9, 1.3])
def test_a_step_rises_beyond_the_border_and_not_before(eta):
    def rise(x):
        new = x - eta * (2 * x + 4 * x**3)
        return new**2 + new**4 - x**2 - x**4

    r = gradient_descent.border.reference(eta)
    assert rise(1.001 * r + 0.001) > 0
    assert r == 0 or rise(0.999 * r) < 0


def test_the_promised_rate_is_below_the_exact_one():
    for x in (0.1, 1.0, 7.0):
        promised = gradient_descent.promised_rate.reference(x)
        assert gradient_descent.border.reference(promised) > x


def test_mini_batches():
    X, y, order = np.array([[1.0], [2.0]]), np.array([2.0, 1.0]), np.arange(2)
    theta = mini_batches.least_squares_epoch.reference(np.zeros(1), X, y, 0.1, 1, order)
    assert theta == pytest.approx([0.32])
    theta = mini_batches.absolute_step.reference(
        np.zeros(1), np.array([[2.0]]), np.array([3.0]), 0.1, np.tanh, mini_batches.tanh_slope)
    assert theta == pytest.approx([0.2])
    G, label = np.array([[0.0], [2], [10], [14]]), np.array([0, 0, 1, 1])
    assert mini_batches.stratified_error.reference(G, label, 2) == pytest.approx(1.25)
    worst = np.zeros(40)
    worst[-1] = 5
    assert worst.mean() - mini_batches.reported_cost.reference(worst, 10_000, 256) == pytest.approx(0.117)


def test_softmax_regression():
    z = np.array([[0.0, 1000], [np.log(3), 1000 + np.log(3)]])
    assert softmax_regression.softmax_columns.reference(z) == pytest.approx(np.array([[0.25, 0.25], [0.75, 0.75]]))
    assert softmax_regression.log_sum_exp.reference(z) == pytest.approx([np.log(4), 1000 + np.log(4)])
    gradient = softmax_regression.cross_entropy_gradient.reference(np.zeros((2, 1)), np.array([[4.0]]), np.array([1]))
    assert gradient.tolist() == [[2.0], [-2.0]]


def test_kl_divergence():
    p, q = np.array([[1 / 4, 1, 1 / 2], [3 / 4, 0, 1 / 2]]), np.array([[1 / 2, 1 / 2, 1], [1 / 2, 1 / 2, 0]])
    assert kl_divergence.kl_with_zeros.reference(p, q) == pytest.approx([0.130812, np.log(2), np.inf], abs=1e-6)
    way = (np.array([[a], [1 - a]]) for a in (0.5, 0.25, 0.1))
    assert kl_divergence.saving.reference(*way) == pytest.approx([np.log(3) / 4])
    smoothed = kl_divergence.smooth_labels.reference(np.array([2]), 4, 0.2)
    assert smoothed.ravel() == pytest.approx([0.05, 0.05, 0.85, 0.05])
    gradient = kl_divergence.score_gradient.reference(np.array([[0.0], [np.log(3)]]), np.full((2, 1), 0.5))
    assert gradient.ravel() == pytest.approx([-0.25, 0.25])
    q, there, back, top = kl_divergence.picture.reference(1 / 4, 2)
    assert q.tolist() == [0, 0.5, 1] and top == pytest.approx(np.log(4))
    assert there == pytest.approx([np.inf, 0.1308, np.inf], abs=5e-5)
    assert back == pytest.approx([0.2877, 0.1438, 1.3863], abs=5e-5)


def test_calculus():
    gradient = calculus.lse_gradient.reference(np.zeros((2, 1)), np.array([1.0, 3.0]))
    assert gradient.ravel() == pytest.approx([0.25, 0.75])
    assert calculus.layer_jacobian.reference(np.array([[2.0]]), np.zeros(1), np.zeros(1)).item() == 2
    slopes = calculus.numerical_gradient.reference(lambda t: t[0]**3 + t[1], np.array([2, 5]), 0.1)
    assert slopes == pytest.approx([12.01, 1])
    for case in range(calculus.repaired_slopes.cases):
        w, X, y, lam = calculus.repaired_slopes.example(case)
        C = lambda w: np.mean((X @ w - y)**2) + lam * np.linalg.norm(w)**2
        assert calculus.broken_slopes(w, X, y, lam) == pytest.approx(complex_step(C, w))
        assert calculus.repaired_slopes.reference(w, X, y, lam) == pytest.approx(central_difference(C, w), rel=1e-6)


def test_pytorch():
    """These three need no PyTorch."""
    assert pytorch.forgetful_path.reference(1, 1, 0.5, 4) == [1, 0.5, -0.25, -0.875, -1.0625]
    assert pytorch.floor.reference(2) == pytest.approx(0.3133, abs=5e-5)
    assert pytorch.period.reference(1, 2) == pytest.approx(4) and pytorch.period.reference(2, 2) == np.inf


def test_stochastic_gradient_descent():
    assert stochastic_gradient_descent.conditions.reference(0.0) == (True, False)
    path = stochastic_gradient_descent.streaming_path.reference(4.0, np.array([1.0, 5.0]), 1, 1)
    assert path == pytest.approx([4, 1, 3])
    X, y = np.array([[1.0], [2.0]]), np.array([2.0, 1.0])
    walk = stochastic_gradient_descent.least_squares_walk.reference
    assert walk(np.zeros(1), X, y, np.array([1]), 0.2, 2) == pytest.approx([0.2])
    assert walk(np.zeros(1), X, y, np.array([1, 0]), 0.2, 2) == pytest.approx([0.32])
    assert stochastic_gradient_descent.best_rates.reference(1.0, 2) == pytest.approx([1 / 2, 1 / 3])
    for theta, K in ((1.0, 2), (2.0, 5)):
        rates, v = stochastic_gradient_descent.best_rates.reference(theta, K), stochastic_gradient_descent.mean_squares
        least = v.reference(theta, rates)[-1]
        assert least == pytest.approx(1 / (1 / theta**2 + K))
        for k in range(K):
            for other in (0.98, 1.02):
                assert v.reference(theta, np.where(np.arange(K) == k, other, 1) * rates)[-1] > least
    v = stochastic_gradient_descent.mean_squares.reference(2.0, np.array([0.5, 0.5]))
    assert v == pytest.approx([4, 1.25, 0.5625])


def test_scale():
    assert scale.batch_gradient.reference(np.array([[2.0], [4.0]]), np.array([3, 1])) == pytest.approx([2.5])
    assert scale.loss_factors.reference(np.array([3, 1])) == pytest.approx([1.5, 0.5])
    assert scale.server_workers.reference(100, 1e-3, 1e6, 1e-3, 1e9) == 7
    assert scale.completed.reference([np.array([1, 1, 2]), np.array([1, 2, 1, 2])]) == 1
    for case in range(scale.server_workers.cases):
        M, t1, S, alpha, B = scale.server_workers.example(case)
        seconds = [t1 * M] + [t1 * M / R + 2 * alpha + 2 * R * S / B for R in range(2, M + 1)]
        assert scale.server_workers.reference(M, t1, S, alpha, B) == 1 + int(np.argmin(seconds))
    for case in range(scale.accumulated.cases):
        gradient, theta, x, y, size = scale.accumulated.example(case)
        assert scale.accumulated.reference(gradient, theta, x, y, size) == pytest.approx(x @ (theta @ x - y) / len(y))


def test_the_table_finds_no_fault_in_the_references(capsys):
    backpropagation.gradient_table(backpropagation.repaired_a.reference)
    backpropagation.gradient_table(backpropagation.repaired_b.reference, eta=1.0)
    for table in capsys.readouterr().out.split("          largest")[1:]:
        assert [row.split()[-3:] for row in table.splitlines()[1:]] == [["<", "1e-6", "1"]] * 8


def test_the_table_shows_where_the_fault_is_and_its_factor(capsys):
    def doubled_below(W, b, x, y):
        dW, db = backpropagation.repaired_a.reference(W, b, x, y)
        return [None, 2 * dW[1], dW[2] + 1, *dW[3:]], db

    backpropagation.gradient_table(doubled_below)
    rows = {row.split()[0]: row.split()[2:] for row in capsys.readouterr().out.splitlines()[1:]}
    assert rows["dW[1]"] == ["1.0e+00", "2", "in", "all", "entries"] and rows["dW[2]"][-1] == "varies"
    assert all(rows[name] == ["<", "1e-6", "1"] for name in ("db[1]", "db[2]", "dW[3]", "db[4]"))


def test_the_trained_network_answers_the_question_about_the_two_pixels():
    W, b, x = backpropagation.trained_network()
    a = x
    for l in (1, 2):
        a = 1 / (1 + np.exp(-(W[l] @ a + b[l])))
    asked = x[[7, 16]].max(axis=0, keepdims=True) > 0.4
    assert x.shape == (25, 300) and ((a > 0.5) == asked).mean() > 0.95


def test_generalisation():
    z, u_bar = np.array([[1.0, 7, 9, 15]]), np.array([[1.0, 0, 0, 0]])
    z_bar, _, _ = generalisation.norm_backward.reference(u_bar, z, np.ones((1, 1)), 1e-12)
    assert z_bar[0] == pytest.approx([0.052, -0.064, -0.036, 0.048])
    one = np.ones((1, 1))
    a, delta = generalisation.dropout_step.reference(0 * one, 3 * one, 0.8 * one, 0.5)
    assert (a.item(), delta.item()) == (0, 6)
    assert generalisation.stop_early.reference([5, 3, 4, 3, 2], 2) == (2, 4)
    assert generalisation.stop_early.reference([5, 3, 4, 3, 2], 3) == (5, 5)
    assert generalisation.paired.reference(np.array([91, 93, 95]), np.array([90, 92, 91])) == pytest.approx((2, 1))
