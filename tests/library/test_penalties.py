"""The L2 penalty, and models that pay it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code.activations import linear, softplus, tanh
from lecture_code.batch_norm import BatchNorm
from lecture_code.dropout import Dropout
from lecture_code.gradient_check import complex_step
from lecture_code.losses import half_squared
from lecture_code.network import Network
from lecture_code.optimizers import adam, sgd, weight_decay
from lecture_code.penalties import Penalised, l2_penalty
from lecture_code.training import evaluate, fit

NET = Network((3, 6, 5, 2), (tanh, softplus, linear), half_squared)


def relative(left, right):
    return np.abs(left - right).max() / np.abs(right).max()


def test_l2_by_hand():
    # λ = ½ on (1, 2, 3): ½ (1 + 4 + 9) = 7, gradient (1, 2, 3); without the last: 5/2, (1, 2, 0)
    theta = np.array([1.0, 2, 3])
    value, gradient = l2_penalty(theta, 0.5)
    assert value == 7
    assert_array_equal(gradient, theta)
    value, gradient = l2_penalty(theta, 0.5, np.array([True, True, False]))
    assert value == 5 / 2
    assert_array_equal(gradient, [1, 2, 0])
    assert_array_equal(l2_penalty(np.stack([theta, 2 * theta]), 0.5).cost, [7, 28])


def test_l2_gradient_agrees_with_complex_step(rng):
    theta = rng.standard_normal(NET.size)
    f = lambda theta: l2_penalty(theta, 0.3, NET.weight_mask).cost
    assert relative(l2_penalty(theta, 0.3, NET.weight_mask).gradient, complex_step(f, theta)) <= 1e-14


@pytest.mark.parametrize("lam, mask, name, expected, got", [
    (-1, None, "lam", ">= 0", "-1"), (np.inf, None, "lam", "finite", "inf"),
    (1, np.ones(3), "mask", r"booleans of shape \(3,\)", "float64"),
    (1, np.ones(2, bool), "mask", r"\(3,\)", r"\(2,\)")])
def test_l2_checks_its_arguments(lam, mask, name, expected, got, raises):
    with raises(name, expected, got):
        l2_penalty(np.zeros(3), lam, mask)


def test_no_penalty_is_allowed():
    value, gradient = l2_penalty(np.ones(2), 0)
    assert value == 0 and not gradient.any()


# A model that pays


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    monkeypatch.setenv("LECTURE_CODE_STATIC", "1")


LINE = Network((1, 1), (linear,), half_squared)  # f(x) = w x + b


def test_a_penalised_step_by_hand():
    # w = 2, b = 1, x = 1, y = 0: f = 3, C = 9/2, gradients 3 and 3. λ = 1/4: the cost is 9/2 + 1, the gradient of w 3 + 1
    model, theta, x, y = Penalised(LINE, 0.25), np.array([2.0, 1]), np.ones((1, 1)), np.zeros((1, 1))
    C, g = model.cost_and_gradient(theta, x, y)
    assert C == 11 / 2
    assert_array_equal(g, [4, 3])
    trained, history = fit(model, theta, x, y, eta=0.5, batch_size=1, epochs=1, rng=np.random.default_rng(), test=(x, y))
    assert_array_equal(trained, [0, -1 / 2])
    assert history.step_cost == [11 / 2] and history.test_cost == [1 / 8]  # the score is without the penalty


MODELS = [NET, Dropout(NET, 0.4), BatchNorm(NET, np.random.default_rng(7).standard_normal((9, 3)))]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_any_model_can_be_penalised(model, rng):
    penalised, theta = Penalised(model, 0.03), rng.standard_normal(model.size)
    x, y = rng.standard_normal((3, 7)), rng.standard_normal((2, 7))
    run = lambda model, theta: model.cost_and_gradient(theta, x, y, rng=np.random.default_rng(3))
    C, g = run(penalised, theta)
    weights = theta[model.weight_mask]
    assert_allclose(C, run(model, theta).cost + 0.03 * (weights**2).sum(), rtol=1e-14)
    assert relative(g, complex_step(lambda theta: run(penalised, theta).cost, theta)) <= 1e-12
    assert_array_equal(penalised.output(theta, x), model.output(theta, x))
    assert (penalised.size, penalised.widths, penalised.loss) == (model.size, model.widths, model.loss)
    assert_array_equal(penalised.weight_mask, model.weight_mask)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_penalised_runs_in_lock_step_equal_separate_runs(dtype, rng):
    model, theta = Penalised(NET, np.float64(0.02)), rng.standard_normal((3, NET.size)).astype(dtype)
    X, Y = rng.standard_normal((11, 3)), rng.standard_normal((11, 2))
    train = lambda theta, eta: fit(model, theta, X, Y, eta=eta, batch_size=4, epochs=3, rng=np.random.default_rng(1))
    etas = np.array([0.01, 0.02, 0.05])
    together, history = train(theta, etas)
    assert together.dtype == dtype
    for r in range(3):
        alone, single = train(theta[r], etas[r])
        assert_array_equal(together[r], alone)
        assert_array_equal(np.array(history.step_cost)[:, r], single.step_cost)


def test_a_penalty_is_weight_decay_for_plain_sgd_only(rng):
    X, Y, theta = rng.standard_normal((11, 3)), rng.standard_normal((11, 2)), rng.standard_normal(NET.size)
    options = dict(eta=0.05, batch_size=4, epochs=5)
    train = lambda model, **more: fit(model, theta, X, Y, **options, **more, rng=np.random.default_rng(1))[0]
    decayed = train(NET, optimizer=weight_decay(sgd(), 0.2, NET.weight_mask))
    assert_allclose(train(Penalised(NET, 0.1)), decayed, rtol=1e-12)
    by_adam = train(NET, optimizer=weight_decay(adam(), 0.2, NET.weight_mask))
    assert np.abs(train(Penalised(NET, 0.1), optimizer=adam()) - by_adam).max() > 0.01


def test_a_larger_penalty_leaves_smaller_weights(rng):
    X, Y, theta = rng.standard_normal((30, 3)), rng.standard_normal((30, 2)), rng.standard_normal(NET.size)
    norms, costs = [], []
    for lam in (0, 0.01, 0.1):
        trained, _ = fit(Penalised(NET, lam), theta, X, Y, eta=0.1, batch_size=10, epochs=200, rng=np.random.default_rng(1))
        norms.append(np.linalg.norm(trained[NET.weight_mask]))
        costs.append(evaluate(NET, trained, X, Y)[0])
    assert norms[0] > 1.1 * norms[1] > 1.2 * norms[2]
    assert costs[0] < costs[1] < costs[2]


@pytest.mark.parametrize("lam", [-0.1, np.inf, np.nan])
def test_penalised_checks_its_arguments(lam, raises):
    with raises("lam", "a finite number >= 0", str(lam)):
        Penalised(NET, lam)
