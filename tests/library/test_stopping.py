"""Early stopping, clipping, and where `fit` takes the gradient; the scales of initial parameters."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import linear, sigmoid, tanh
from lecture_code.initialisation import gaussian_parameters, he, lecun, xavier
from lecture_code.losses import half_squared, softmax_cross_entropy
from lecture_code.network import Network
from lecture_code.optimizers import nesterov
from lecture_code.training import fit

LINE = Network((1, 1), (linear,), half_squared, bias=False)  # f(x) = w x
NET = Network((4, 6, 3), (tanh, linear), softmax_cross_entropy)
INITIAL = partial(gaussian_parameters, NET, scale=0.7)


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    monkeypatch.setenv("LECTURE_CODE_STATIC", "1")


def problem(N=22):
    rng = np.random.default_rng(5)
    return rng.standard_normal((N, 4)), rng.integers(3, size=N)


# Early stopping


def stopping(validation_y, patience, epochs=9, w=(1.0,), **options):
    """Train w → (1 − ½) w an epoch, against validation targets that w passes on its way to 0."""
    X, Y = np.ones((2, 1)), np.zeros((2, 1))
    return fit(LINE, np.asarray(w), X, Y, eta=0.5, batch_size=2, epochs=epochs, rng=np.random.default_rng(),
               validation=(np.ones((1, 1)), np.full((1, 1), validation_y)), patience=patience, **options)


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_early_stopping_returns_the_best(patience):
    # w = ½, ¼, ⅛, … against 0.2: distances 0.3, 0.05, 0.075, …: the best epoch is number 1
    theta, history = stopping(0.2, patience)
    assert theta == [1 / 4] and history.best_epoch == 1
    assert len(history.validation_cost) == len(history.step_cost) == 2 + patience
    assert_allclose(history.validation_cost[:2], [0.3**2 / 2, 0.05**2 / 2])


def test_patience_outlasts_training():
    theta, history = stopping(0.0, 2)
    assert theta == [2.0**-9] and history.best_epoch == 8 and len(history.validation_cost) == 9


def test_an_equal_cost_is_no_progress():
    # the validation input is 0: its cost never changes, so the first epoch stays the best
    theta, history = fit(LINE, np.ones(1), np.ones((2, 1)), np.zeros((2, 1)), eta=0.5, batch_size=2, epochs=9,
                     rng=np.random.default_rng(), validation=(np.zeros((1, 1)), np.ones((1, 1))), patience=2)
    assert history.best_epoch == 0 and theta == [1 / 2] and len(history.validation_cost) == 3


def test_validation_without_patience_only_watches():
    theta, history = stopping(0.2, None)
    assert theta == [2.0**-9] and history.best_epoch is None and len(history.validation_cost) == 9
    assert history.validation_accuracy == [1] * 9


def test_runs_in_lock_step_stop_one_by_one():
    # w₀ = 1: best at epoch 1 as above. w₀ = 16: 8, 4, 2, 1, ½, ¼, ⅛: best at epoch 5. w₀ = 1e-3 is best at once
    theta, history = stopping(0.2, 2, w=[[1.0], [16.0], [1e-3]])
    assert_array_equal(theta, [[1 / 4], [1 / 4], [5e-4]])
    assert_array_equal(history.best_epoch, [1, 5, 0])
    assert_array_equal(history.diverged_at, [-1] * 3)
    assert len(history.validation_cost) == 8
    assert_array_equal(np.array(history.validation_cost)[3:, 0], history.validation_cost[3][0])  # frozen


def test_early_stopping_in_lock_step_equals_separate_runs():
    X, labels = problem()
    theta = np.stack([INITIAL(np.random.default_rng(seed)) for seed in range(3)])
    options = dict(batch_size=5, epochs=30, validation=problem(9), patience=2)
    together, history = fit(NET, theta, X, labels, eta=np.array([0.1, 1.0, 3.0]), rng=np.random.default_rng(1), **options)
    for r, eta in enumerate((0.1, 1.0, 3.0)):
        alone, single = fit(NET, theta[r], X, labels, eta=eta, rng=np.random.default_rng(1), **options)
        assert_array_equal(together[r], alone)
        assert history.best_epoch[r] == single.best_epoch


def test_a_run_that_diverges_keeps_its_best():
    X, Y = np.ones((2, 1)), np.zeros((2, 1))
    theta, history = fit(LINE, np.array([[1.0], [1.0]]), X, Y, eta=np.array([1e200, 0.5]), batch_size=1, epochs=4,
                     rng=np.random.default_rng(), validation=(X, Y), patience=3)
    assert_array_equal(history.diverged_at, [1, -1])
    assert_array_equal(history.best_epoch, [-1, 3])
    assert_array_equal(theta, [[-1e200], [2.0**-8]])  # the first never had a best epoch


@pytest.mark.parametrize("changed, name, expected", [
    (dict(patience=0), "patience", ">= 1"), (dict(patience=2, validation=None), "validation", "data to stop early by"),
    (dict(validation=(np.zeros((2, 3)), np.zeros(2, int))), "X_validation", r"\(N, 4\)"),
    (dict(clip=0), "largest", "> 0")])
def test_fit_checks_the_new_arguments(changed, name, expected, raises):
    X, labels = problem()
    arguments = dict(eta=0.1, batch_size=5, epochs=1, rng=np.random.default_rng(), validation=problem(5)) | changed
    with raises(name, expected):
        fit(NET, INITIAL(np.random.default_rng()), X, labels, **arguments)


# Clipping


def test_fit_clips():
    # w = 8, clipped to norm 1: four steps of ½ down to 6
    theta, _ = fit(LINE, np.full(1, 8.0), np.ones((4, 1)), np.zeros((4, 1)), eta=0.5, batch_size=1, epochs=1,
               rng=np.random.default_rng(), clip=1)
    assert theta == [6]


def test_a_gradient_that_is_not_finite_still_ends_the_run():
    theta, history = fit(LINE, np.full(1, 1e10), np.full((1, 1), 1e300), np.zeros((1, 1)), eta=0.5, batch_size=1, epochs=2,
                     rng=np.random.default_rng(), clip=1)
    assert history.diverged_at == 0 and theta == [1e10]


# fit and the point of the gradient


def test_fit_takes_the_gradient_where_the_optimizer_wants_it():
    # as in the tests of nesterov: C = θ²/2, μ = ½, η = ½ from 4: θ = 2, then ½
    X, Y = np.ones((1, 1)), np.zeros((1, 1))
    train = lambda optimizer: fit(LINE, np.full(1, 4.0), X, Y, eta=0.5, batch_size=1, epochs=2,
                                  rng=np.random.default_rng(), optimizer=optimizer)[0]
    assert train(nesterov(0.5, iterate="theta")) == [1 / 2]
    assert train(nesterov(0.5)) == [-1 / 4]


# Initial parameters


@pytest.mark.parametrize("scheme, deviation", [
    # 300 inputs, 100 outputs: 2/400, 2/300, 1/300
    (xavier, np.sqrt(1 / 200)), (he, np.sqrt(1 / 150)), (lecun, np.sqrt(1 / 300))])
def test_schemes_scale_their_weights(scheme, deviation):
    net = Network((300, 100), (sigmoid,), half_squared)
    theta = scheme(net, np.random.default_rng(0))
    weights = theta[net.weight_mask]
    assert not theta[~net.weight_mask].any()
    assert abs(weights.std() / deviation - 1) < 5 / np.sqrt(2 * 30_000)
    assert abs(weights.mean()) < 5 * deviation / np.sqrt(30_000)
    assert scheme(net, np.random.default_rng(0), np.float32).dtype == np.float32
    assert_array_equal(scheme(net, np.random.default_rng(0)), theta)


def test_schemes_look_at_every_layer():
    net = Network((900, 50, 900), (tanh, tanh), half_squared)
    for scheme, ratio in ((he, 900 / 50), (lecun, 900 / 50), (xavier, 1)):
        theta = scheme(net, np.random.default_rng(0))
        first, second = theta[:45_000], theta[45_000:90_000]
        assert abs(second.var() / first.var() / ratio - 1) < 0.05
