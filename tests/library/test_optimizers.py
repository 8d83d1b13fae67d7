"""Update rules as pairs of functions."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.optimizers import sgd


def run(optimizer, theta, gradient, eta, steps):
    state = optimizer.init(theta)
    for _ in range(steps):
        theta, state = optimizer.step(theta, gradient(theta), state, eta)
    return theta


def test_sgd_step_by_hand():
    # (1, 2) − 0.5 · (4, −2) = (−1, 3)
    theta, _ = sgd().step(np.array([1.0, 2.0]), np.array([4.0, -2.0]), sgd().init(np.zeros(2)), 0.5)
    assert_array_equal(theta, [-1, 3])


def test_sgd_on_x_squared_shrinks_by_one_minus_two_eta():
    # ten steps from 10: 10 · 0.6¹⁰ = 0.0604661760, 10 · 0.9¹⁰ = 3.4867844010, 10 · (−1.2)¹⁰ = 61.9173642240
    for eta, end in ((0.2, 0.0604661760), (0.05, 3.4867844010), (1.1, 61.9173642240)):
        assert_allclose(run(sgd(), np.array([10.0]), lambda x: 2 * x, eta, 10), end, rtol=1e-12)


def test_sgd_in_lock_step_has_one_rate_a_run():
    theta, _ = sgd().step(np.ones((2, 3)), np.ones((2, 3)), None, np.array([[0.5], [2.0]]))
    assert_array_equal(theta, [[0.5] * 3, [-1] * 3])


def test_sgd_changes_nothing_in_place():
    theta, g = np.array([1.0]), np.array([2.0])
    new, _ = sgd().step(theta, g, None, 0.1)
    assert theta == 1 and g == 2 and not np.shares_memory(new, theta)


def test_sgd_keeps_float32():
    ones = np.ones(2, np.float32)
    assert sgd().step(ones, ones, None, np.float32(0.1))[0].dtype == np.float32


def test_an_optimizer_shows_its_name():
    assert repr(sgd()) == "sgd"
