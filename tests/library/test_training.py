"""Training loops: what a step does, what the history keeps, and what happens when a run diverges."""

from itertools import product

import numpy as np
import pytest
import tqdm.auto
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score, log_loss
from sklearn.neural_network import MLPClassifier

from lecture_code.activations import linear, relu, sigmoid, tanh
from lecture_code import convnet
from lecture_code.convnet import Block, ConvNet
from lecture_code.losses import half_squared, softmax_cross_entropy
from lecture_code.initialisation import gaussian_parameters
from lecture_code.network import Network, cost, cost_and_gradient, forward, pack
from lecture_code.numerics import one_hot
from lecture_code.optimizers import Optimizer, adam, momentum, nesterov, sgd
from lecture_code.samplers import minibatches
from lecture_code.schedules import constant, inverse
from lecture_code.lockstep import lockstep_sgd
from lecture_code.runs import progress, recorded, run_length
from lecture_code.training import evaluate, fit

LINE = Network((1, 1), (linear,), half_squared, bias=False)  # f(x) = w x
NET = Network((4, 6, 3), (tanh, linear), softmax_cross_entropy)
HUGE = 1e200  # a learning rate after which w² overflows


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    monkeypatch.setenv("LECTURE_CODE_STATIC", "1")


def seeded(seed=0):
    return np.random.default_rng(seed)


def problem(N=22, dtype=np.float64):
    """Return initial parameters, X (N, 4) and integer labels (N,) of three classes."""
    rng = seeded(5)
    theta = gaussian_parameters(NET, rng, scale=0.7, bias_scale=0.3, dtype=dtype)
    return theta, rng.standard_normal((N, 4)).astype(dtype), rng.integers(3, size=N)


def diverging(eta, w=1.0, epochs=3, **options):
    """Train f(x) = w x on four samples x = 1, y = 0: each step is w ← (1 − η) w."""
    return fit(LINE, np.asarray(w), np.ones((4, 1)), np.zeros((4, 1)), eta=eta, batch_size=2, epochs=epochs,
               rng=seeded(), **options)


# One run


def test_two_steps_by_hand():
    # X = (1, 2), Y = (3, 2), w = 1: residuals −2, 0; C = (4/2 + 0)/2 = 1; g = (−2·1 + 0·2)/2 = −1; w = 1.1
    # then residuals −1.9, 0.2; C = (3.61/2 + 0.04/2)/2 = 0.9125; g = (−1.9 + 0.4)/2 = −0.75; w = 1.175
    X, Y = np.array([[1.0], [2]]), np.array([[3.0], [2]])
    theta, history = fit(LINE, np.ones(1), X, Y, eta=0.1, batch_size=2, epochs=2, rng=seeded())
    assert_allclose(theta, [1.175], rtol=1e-14)
    assert_allclose(history.step_cost, [1, 0.9125], rtol=1e-14)
    assert history.diverged_at is None


@pytest.mark.parametrize("batch_size", [1, 5, 8, 22])  # 22 is no multiple of 5 or 8
def test_fit_is_the_loop_of_the_book(batch_size):
    theta, X, labels = problem()
    q, costs, rng = theta, [], seeded(9)
    Y = np.eye(3)[labels]
    for _ in range(3):
        for batch in minibatches(22, batch_size, rng):
            C, g = cost_and_gradient(NET, q, X[batch].T, Y[batch].T)
            q = q - 0.1 * g
            costs.append(C)
    trained, history = fit(NET, theta, X, labels, eta=0.1, batch_size=batch_size, epochs=3, rng=seeded(9))
    assert_array_equal(trained, q)
    assert_array_equal(history.step_cost, costs)
    assert len(costs) == 3 * -(-22 // batch_size)


def test_training_lowers_the_cost():
    theta, X, labels = problem()
    _, history = fit(NET, theta, X, labels, eta=0.5, batch_size=4, epochs=60, rng=seeded(), score_train=True)
    assert history.train_cost[-1] < 0.5 * history.train_cost[0]
    assert history.train_accuracy[-1] > 0.8


def test_labels_and_one_hot_targets_are_the_same():
    theta, X, labels = problem()
    train = lambda Y: fit(NET, theta, X, Y, eta=0.1, batch_size=5, epochs=2, rng=seeded())[0]
    assert_array_equal(train(labels), train(np.eye(3)[labels]))
    assert_array_equal(train(labels.astype(np.uint8)), train(labels))


def test_the_seed_decides():
    theta, X, labels = problem()
    train = lambda seed: fit(NET, theta, X, labels, eta=0.1, batch_size=5, epochs=2, rng=seeded(seed))[0]
    assert_array_equal(train(1), train(1))
    assert (train(1) != train(2)).any()


def test_a_schedule_is_asked_at_every_step():
    asked = []

    def rate(k):
        asked.append(k)
        return [0.5, 0.25][k]

    # w ← (1 − η_k) w from 1: 1/2, then 3/8
    theta, _ = diverging(rate, [1.0], epochs=1)
    assert asked == [0, 1] and theta == [3 / 8]
    diverging(lambda k: asked.append(k) or 0.1, [1.0], epochs=2)
    assert asked[2:] == [0, 1, 2, 3]


def test_a_constant_schedule_is_a_number():
    theta, X, labels = problem()
    train = lambda eta: fit(NET, theta, X, labels, eta=eta, batch_size=5, epochs=2, rng=seeded())[0]
    assert_array_equal(train(constant(0.1)), train(0.1))
    assert (train(inverse(0.1)) != train(0.1)).any()


def test_scores_after_each_epoch():
    theta, X, labels = problem(30)
    seen = []
    _, history = fit(NET, theta, X[:20], labels[:20], eta=0.3, batch_size=6, epochs=3, rng=seeded(), score_train=True,
                     test=(X[20:], labels[20:]), on_epoch=lambda e, q: seen.append((e, q)))
    Y = one_hot(labels, 3)
    assert [e for e, _ in seen] == [0, 1, 2]
    train, test = ([evaluate(NET, q, X[part], Y[part]) for _, q in seen] for part in (slice(20), slice(20, None)))
    assert_array_equal(np.transpose(train), [history.train_cost, history.train_accuracy])
    assert_array_equal(np.transpose(test), [history.test_cost, history.test_accuracy])


def test_scores_are_kept_only_when_asked_for():
    theta, X, labels = problem()
    _, history = fit(NET, theta, X, labels, eta=0.1, batch_size=5, epochs=2, rng=seeded())
    assert history.train_cost == history.train_accuracy == history.test_cost == history.test_accuracy == []


def test_the_update_rule_can_be_chosen():
    # momentum ½ with the velocity as state, η = ¼ on w ← w + v, v ← v/2 − g/4, g = w:
    # v = −1/4, w = 3/4; v = −1/8 − 3/16 = −5/16, w = 7/16
    def step(theta, g, v, eta):
        v = v / 2 - eta * g
        return theta + v, v

    theta, _ = diverging(0.25, [1.0], epochs=1, optimizer=Optimizer("momentum", np.zeros_like, step))
    assert theta == [7 / 16]


@pytest.mark.parametrize("eta", [0.1, np.float64(0.1), np.array(0.1), lambda k: np.float64(0.1), constant(0.1)])
def test_float32_stays_float32(eta):
    theta, X, labels = problem(dtype=np.float32)
    dtypes = set()

    def step(theta, g, state, eta):
        dtypes.update((theta.dtype, g.dtype, np.asarray(eta).dtype))
        return theta - eta * g, None

    for data in (X, X.astype(np.float64)):
        trained, history = fit(NET, theta, data, labels, eta=eta, batch_size=5, epochs=2, rng=seeded(),
                               optimizer=Optimizer("spy", lambda theta: None, step))
        assert trained.dtype == history.step_cost[0].dtype == np.float32
    assert dtypes == {np.dtype(np.float32)}


def test_float32_stays_float32_in_lock_step():
    theta, X, labels = problem(dtype=np.float32)
    trained, _ = fit(NET, np.stack([theta, theta]), X, labels, eta=np.array([0.1, 0.2]), batch_size=5, epochs=2,
                     rng=seeded())
    assert trained.dtype == np.float32


def test_arguments_are_left_alone():
    theta, X, labels = problem()
    for array in (theta, X, labels):
        array.flags.writeable = False
    fit(NET, theta, X, labels, eta=0.1, batch_size=5, epochs=1, rng=seeded(), score_train=True)


def test_one_sample_and_one_class():
    theta, X, labels = problem()
    trained, history = fit(NET, theta, X[:1], labels[:1], eta=0.1, batch_size=1, epochs=4, rng=seeded())
    assert len(history.step_cost) == 4 and history.step_cost[-1] < history.step_cost[0]
    net = Network((4, 1), (linear,), softmax_cross_entropy)
    trained, history = fit(net, np.ones(5), X, np.zeros(22, int), eta=0.1, batch_size=5, epochs=1, rng=seeded())
    assert_array_equal(trained, 1)
    assert_array_equal(history.step_cost, 0)


# Lock-step


@pytest.mark.parametrize("batch_size, dtype, widths, loss", list(product(
    (1, 5, 22), (np.float32, np.float64), ((4, 3), (4, 6, 3), (4, 9, 12, 3)), (half_squared, softmax_cross_entropy))))
def test_lock_step_is_bit_equal_to_separate_runs(batch_size, dtype, widths, loss):
    net = Network(widths, (sigmoid,) * (len(widths) - 2) + (linear,), loss)
    _, X, labels = problem(dtype=dtype)
    theta = seeded(3).standard_normal((3, net.size)).astype(dtype)
    etas = [0.01, 0.1, 0.3]
    options = dict(batch_size=batch_size, epochs=2, score_train=True, test=(X[:7], labels[:7]))
    together, history = fit(net, theta, X, labels, eta=np.array(etas), rng=seeded(8), **options)
    assert_array_equal(history.diverged_at, [-1] * 3)
    for r, eta in enumerate(etas):
        alone, single = fit(net, theta[r], X, labels, eta=eta, rng=seeded(8), **options)
        assert_array_equal(together[r], alone)
        for record in ("step_cost", "train_cost", "train_accuracy", "test_cost", "test_accuracy"):
            assert_array_equal(np.array(getattr(history, record))[:, r], getattr(single, record))


def test_one_rate_for_all_runs():
    theta, X, labels = problem()
    runs = np.stack([theta, 2 * theta])
    train = lambda eta: fit(NET, runs, X, labels, eta=eta, batch_size=5, epochs=1, rng=seeded())[0]
    assert_array_equal(train(0.1), train([0.1, 0.1]))
    assert_array_equal(train(0.1), train(lambda k: 0.1))


# Divergence: w ← (1 − η) w


def test_divergence_stops_and_keeps_the_history():
    # k = 0: w = 1, C = 1/2, w becomes 1 − 1e200 = −1e200. k = 1: C = ½ · 1e400 = inf: stop there, keep −1e200
    epochs = []
    theta, history = diverging(HUGE, [1.0], score_train=True, test=(np.ones((1, 1)), np.zeros((1, 1))),
                           on_epoch=lambda e, q: epochs.append(e))
    assert theta == [-HUGE]
    assert history.diverged_at == 1 and type(history.diverged_at) is int
    assert history.step_cost == [1 / 2, np.inf]
    assert epochs == [0] and history.train_cost == history.test_cost == [np.inf]
    assert history.train_accuracy == [1]


def test_divergence_counts_steps_across_epochs():
    # |w| after k steps of η = 1e30 + 1 is 1e30ᵏ; C overflows when ½ 1e60ᵏ > 1.8e308: k = 6. Two steps an epoch
    theta, history = diverging(1e30, [1.0], epochs=9)
    assert history.diverged_at == 6
    assert len(history.step_cost) == 7
    assert_allclose(theta, 1e180)


def test_infinite_parameters_are_not_kept():
    # C = ½ is finite, but the step to 1 − 1e308 · 1 · 10 is not
    theta, history = fit(LINE, np.ones(1), np.full((1, 1), 1e2), np.zeros((1, 1)), eta=1e308, batch_size=1, epochs=2,
                         rng=seeded())
    assert theta == [1] and history.diverged_at == 0 and history.step_cost == [5000]


def test_only_the_run_that_diverges_is_frozen():
    w = np.array([[1.0], [1.0], [1.0]])
    together, history = diverging(np.array([0.1, HUGE, 1e100]), w)
    # η = 1e100: |w| = 1, 1e100, 1e200, and C overflows at k = 2
    assert_array_equal(history.diverged_at, [-1, 1, 2])
    alone, single = diverging(0.1, w[0])
    assert_array_equal(together[0], alone)
    assert_array_equal(np.array(history.step_cost)[:, 0], single.step_cost)
    assert len(history.step_cost) == 6
    assert together[1] == -HUGE and together[2] == 1e200


def test_a_frozen_run_does_not_come_back():
    # Run 1 breaks on the first sample, x = 1. On the second its cost is finite (½ 1e306), and a step would lead
    # from 1e180 to 1e180 − 1e54 · 1e180 · 1e-54, about 0. There run 2 breaks: its step is 1e308 · 1e60 · 1e-27
    X, Y = np.array([[1.0], [1e-27]]), np.array([[0.0], [1e60]])
    seed = next(seed for seed in range(9) if seeded(seed).permutation(2)[0] == 0)  # x = 1 comes first
    theta, history = fit(LINE, np.array([[1.0], [1e180], [0.0]]), X, Y, eta=np.array([0.1, 1e54, 1e308]), batch_size=1,
                     epochs=1, rng=seeded(seed))
    assert np.isfinite(np.array(history.step_cost)[1, 1])
    assert theta[1] == 1e180 and theta[2] == 0
    assert_array_equal(history.diverged_at, [-1, 0, 1])


def test_training_ends_when_every_run_has_diverged():
    _, history = diverging(np.array([HUGE, HUGE]), [[1.0], [1.0]], epochs=50)
    assert_array_equal(history.diverged_at, [1, 1])
    assert len(history.step_cost) == 2


@pytest.mark.parametrize("activation, loss", list(product((relu, linear, tanh), (half_squared, softmax_cross_entropy))))
@pytest.mark.parametrize("dtype, eta", [(np.float32, 1e30), (np.float64, 1e200)])
def test_networks_diverge_without_a_warning(activation, loss, dtype, eta):
    net = Network((4, 6, 3), (activation, linear), loss)
    _, X, labels = problem(dtype=dtype)
    start = seeded(1).standard_normal((2, net.size)).astype(dtype)
    theta, history = fit(net, start, X, labels, eta=np.array([eta, 1e-3]), batch_size=4, epochs=4, rng=seeded(), score_train=True)
    assert np.isfinite(theta).all()
    assert history.diverged_at[1] == -1


# Arguments of fit


@pytest.mark.parametrize("changed, name, expected, got", [
    (dict(theta=np.zeros(5)), "theta", r"\(51,\)", r"\(5,\)"),
    (dict(theta=np.full(51, np.nan)), "theta", "finite", r"nan at index \(0,\)"),
    (dict(theta=np.zeros((1, 1, 51))), "theta", r"\(R, 51\)", r"\(1, 1, 51\)"),
    (dict(X=np.zeros((22, 3))), "X", r"one sample a row, \(N, 4\)", r"\(22, 3\)"),
    (dict(X=np.zeros(22)), "X", "one sample a row", r"\(22,\)"),
    (dict(X=np.full((22, 4), np.inf)), "X", "finite", r"inf at index \(0, 0\)"),
    (dict(Y=np.zeros(21, int)), "Y", r"labels \(22,\) or targets \(22, 3\)", r"\(21, 3\)"),
    (dict(Y=np.zeros(22)), "Y", r"targets \(22, 3\)", r"\(22,\)"),
    (dict(Y=np.zeros((3, 22))), "Y", r"targets \(22, 3\)", r"\(3, 22\)"),
    (dict(Y=np.full((22, 3), np.nan)), "Y", "finite", "nan"),
    (dict(Y=np.full(22, 3)), "Y", "0 … 2", "3 at index 0"),
    (dict(test=(np.zeros((5, 3)), np.zeros(5, int))), "X_test", r"\(N, 4\)", r"\(5, 3\)"),
    (dict(test=(np.zeros((5, 4)), np.zeros(4, int))), "Y_test", r"labels \(5,\)", r"\(4, 3\)"),
    (dict(test=(np.full((5, 4), np.nan), np.zeros(5, int))), "X_test", "finite", "nan"),
    (dict(eta=0), "eta", "> 0", "0"),
    (dict(eta=-0.1), "eta", "> 0", "-0.1"),
    (dict(eta=np.nan), "eta", "> 0", "nan"),
    (dict(eta=np.array([0.1, 0.2])), "eta", "one for each of R runs", r"\(2,\)"),
    (dict(eta=lambda k: -0.1), "eta", "> 0", "-0.1"),
    (dict(batch_size=0), "batch_size", ">= 1 and <= 22", "0"),
    (dict(batch_size=23), "batch_size", "<= 22", "23"),
    (dict(batch_size=2.0), "batch_size", "an integer", "2.0"),
    (dict(epochs=0), "epochs", ">= 1", "0"),
])
def test_fit_checks_its_arguments(changed, name, expected, got, raises):
    theta, X, labels = problem()
    arguments = dict(net=NET, theta=theta, X=X, Y=labels, eta=0.1, batch_size=5, epochs=1, rng=seeded()) | changed
    with raises(name, expected, got):
        fit(**arguments)


def test_one_rate_for_each_run(raises):
    theta, X, labels = problem()
    with raises("eta", "one for each of R runs", r"\(3,\) for theta of shape \(2, 51\)"):
        fit(NET, np.stack([theta, theta]), X, labels, eta=[0.1] * 3, batch_size=5, epochs=1, rng=seeded())


def test_an_empty_test_set(raises):
    theta, X, labels = problem()
    with raises("X_test"):
        fit(NET, theta, X, labels, eta=0.1, batch_size=5, epochs=1, rng=seeded(), test=(X[:0], labels[:0]))


def test_parameters_are_floats(raises):
    _, X, labels = problem()
    with raises("theta", "float"):
        fit(NET, np.zeros(51, int), X, labels, eta=0.1, batch_size=5, epochs=1, rng=seeded())


# evaluate


def test_evaluate_by_hand():
    # f(x) = w x with w = 2 on x = 1, 2, 3 and y = 2, 2, 2: residuals 0, 2, 4, so C = (0 + 2 + 8)/3
    X, Y = np.array([[1.0], [2], [3]]), np.full((3, 1), 2.0)
    C, _ = evaluate(LINE, np.array([2.0]), X, Y)
    assert_allclose(C, 10 / 3, rtol=1e-15)
    # two outputs (x, −x): the larger is the first for x > 0
    net = Network((1, 2), (linear,), half_squared, bias=False)
    _, accuracy = evaluate(net, np.array([1.0, -1.0]), np.array([[1.0], [2], [-1], [3]]), np.eye(2)[[0, 1, 1, 0]])
    assert accuracy == 3 / 4


@pytest.mark.parametrize("block", [1, 4, 22, 5000])
def test_blocks_do_not_matter(block):
    theta, X, labels = problem()
    Y = np.eye(3)[labels]
    C, accuracy = evaluate(NET, theta, X, Y, block)
    assert_allclose(C, cost(NET, theta, X.T, Y.T), rtol=1e-13)
    assert accuracy == evaluate(NET, theta, X, Y)[1]


class InOrder:
    """A generator that does not shuffle."""

    permutation = staticmethod(np.arange)


@pytest.mark.parametrize("optimizer, options", [
    (sgd(), dict(solver="sgd", momentum=0)),
    (momentum(0.8), dict(solver="sgd", momentum=0.8, nesterovs_momentum=False)),
    (nesterov(0.8), dict(solver="sgd", momentum=0.8)),
    (adam(0.8, 0.99, 1e-6, stabiliser="unscaled"), dict(solver="adam", beta_1=0.8, beta_2=0.99, epsilon=1e-6))], ids=repr)
@pytest.mark.parametrize("activation, name", [(tanh, "tanh"), (relu, "relu"), (sigmoid, "logistic")], ids=repr)
def test_fit_agrees_with_scikit_learn(activation, name, optimizer, options, rng):
    # three classes, 23 samples in batches of 5: the last batch has three
    X, labels = rng.standard_normal((23, 4)), rng.integers(3, size=23)
    peer = MLPClassifier((6, 5), activation=name, alpha=0, batch_size=5, learning_rate_init=0.05, shuffle=False, **options)
    peer.partial_fit(X, labels, classes=np.arange(3))  # draws its parameters, and makes one epoch
    del peer._optimizer  # whose state is forgotten here
    net = Network((4, 6, 5, 3), (activation, activation, linear), softmax_cross_entropy)
    packed = lambda: pack(net, [None, *(W.T for W in peer.coefs_)], [None, *(b[:, None] for b in peer.intercepts_)])
    theta, _ = fit(net, packed(), X, labels, eta=0.05, batch_size=5, epochs=4, rng=InOrder(), optimizer=optimizer)
    for _ in range(4):
        peer.partial_fit(X, labels)
    assert_allclose(theta, packed(), rtol=1e-9, atol=1e-12)


def test_evaluate_agrees_with_scikit_learn():
    theta, X, labels = problem(200)
    probabilities = softmax_cross_entropy.prediction(forward(NET, theta, X.T).a[-1]).T
    C, accuracy = evaluate(NET, theta, X, np.eye(3)[labels])
    assert_allclose(C, log_loss(labels, probabilities), rtol=1e-12)
    assert accuracy == accuracy_score(labels, probabilities.argmax(axis=1))
    assert 0 < accuracy < 1


def test_evaluate_many_runs():
    theta, X, labels = problem()
    Y, runs = np.eye(3)[labels], np.stack([theta, -theta, 2 * theta])
    C, accuracy = evaluate(NET, runs, X, Y, block=5)
    assert C.shape == accuracy.shape == (3,)
    for r in range(3):
        assert_array_equal((C[r], accuracy[r]), evaluate(NET, runs[r], X, Y, block=5))


def test_evaluate_sums_float32_costs_in_float64():
    # 1 + 2000 costs of 5e-8: added one by one in float32 they would leave 1
    Y = np.full((2001, 1), 1 - np.sqrt(1e-7))
    Y[0] = 1 - np.sqrt(2)
    C, _ = evaluate(LINE, np.ones(1, np.float32), np.ones((2001, 1), np.float32), Y.astype(np.float32), block=1)
    assert_allclose(C * 2001, 1.0001, rtol=1e-6)


# lockstep_sgd


def paths(steps=23, dtype=np.float64, R=3):
    _, X, labels = problem()
    theta = seeded(4).standard_normal((R, NET.size)).astype(dtype)
    return theta, X.astype(dtype), np.eye(3, dtype=dtype)[labels], seeded(6).integers(22, size=(steps, R))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lockstep_sgd_is_bit_equal_to_separate_runs(dtype):
    theta, X, Y, indices = paths(dtype=dtype)
    etas = np.array([0.01, 0.1, 0.5])
    stored = lockstep_sgd(NET, theta, X, Y, eta=etas, indices=indices, every=1)
    assert stored.shape == (24, 3, NET.size) and stored.dtype == dtype
    for r in range(3):
        q = theta[r]
        for k, i in enumerate(indices[:, r]):
            assert_array_equal(stored[k, r], q)
            q = q - dtype(etas[r]) * cost_and_gradient(NET, q, X[[i]].T, Y[[i]].T).gradient
        assert_array_equal(stored[-1, r], q)


@pytest.mark.parametrize("every, steps", [(1, range(24)), (5, [0, 5, 10, 15, 20, 23]), (23, [0, 23]), (100, [0, 23])])
def test_lockstep_sgd_stores_the_start_every_so_many_steps_and_the_end(every, steps):
    theta, X, Y, indices = paths()
    full = lockstep_sgd(NET, theta, X, Y, eta=0.1, indices=indices, every=1)
    assert_array_equal(lockstep_sgd(NET, theta, X, Y, eta=0.1, indices=indices, every=every), full[list(steps)])


def test_lockstep_sgd_without_steps_is_its_start():
    theta, X, Y, indices = paths()
    assert_array_equal(lockstep_sgd(NET, theta, X, Y, eta=0.1, indices=indices[:0]), theta[None])


def test_lockstep_sgd_leaves_its_arguments_alone():
    arrays = paths()
    for array in arrays:
        array.flags.writeable = False
    theta, X, Y, indices = arrays
    lockstep_sgd(NET, theta, X, Y, eta=0.1, indices=indices)


@pytest.mark.parametrize("changed, name, expected, got", [
    (dict(theta=np.zeros(51)), "theta", r"\(R, 51\)", r"\(51,\)"),
    (dict(indices=np.zeros((5, 2), int)), "indices", r"\(steps, 3\)", r"\(5, 2\)"),
    (dict(indices=np.zeros(5, int)), "indices", r"\(steps, 3\)", r"\(5,\)"),
    (dict(eta=0), "eta", "> 0", "0"),
    (dict(eta=[0.1, 0.2]), "eta", "one for each of R runs", r"\(2,\)"),
    (dict(every=0), "every", ">= 1", "0"),
])
def test_lockstep_sgd_checks_its_arguments(changed, name, expected, got, raises):
    theta, X, Y, indices = paths()
    with raises(name, expected, got):
        lockstep_sgd(NET, **(dict(theta=theta, X=X, Y=Y, eta=0.1, indices=indices) | changed))


@pytest.mark.parametrize("changed, name", [
    (lambda theta, X, Y, i: dict(X=X[:, :3]), "X"), (lambda theta, X, Y, i: dict(X=X * np.nan), "X"),
    (lambda theta, X, Y, i: dict(Y=Y[:, :1]), "Y"), (lambda theta, X, Y, i: dict(Y=Y[:-1]), "Y"),
    (lambda theta, X, Y, i: dict(indices=i - 22), "indices"), (lambda theta, X, Y, i: dict(indices=i + 22), "indices"),
    (lambda theta, X, Y, i: dict(indices=i * 1.0), "indices"), (lambda theta, X, Y, i: dict(eta=constant(0.1)), "eta")])
def test_lockstep_sgd_checks_its_data(changed, name, raises):
    theta, X, Y, indices = paths()
    arguments = dict(theta=theta, X=X, Y=Y, eta=0.1, indices=indices) | changed(theta, X, Y, indices)
    with raises(name):
        lockstep_sgd(NET, **arguments)


def test_lockstep_sgd_freezes_only_the_run_that_diverges():
    stored = lockstep_sgd(LINE, np.ones((2, 1)), np.ones((1, 1)), np.zeros((1, 1)), eta=np.array([0.5, HUGE]),
                          indices=np.zeros((4, 2), int), every=1)[:, :, 0]
    assert_array_equal(stored[:, 0], [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16])
    assert np.isfinite(stored[:, 1]).all()


# The switches


@pytest.mark.parametrize("mode, answer", [(None, "all"), ("full", "all"), ("short", "some")])
def test_run_length_follows_the_environment(mode, answer, monkeypatch):
    monkeypatch.delenv("LECTURE_CODE_RUN", raising=False)
    if mode:
        monkeypatch.setenv("LECTURE_CODE_RUN", mode)
    assert run_length("all", "some") == answer


@pytest.mark.parametrize("mode", ["", "Short", "quick"])
def test_run_length_knows_two_modes(mode, monkeypatch, raises):
    monkeypatch.setenv("LECTURE_CODE_RUN", mode)
    with raises("LECTURE_CODE_RUN", "'full' or 'short'", repr(mode)):
        run_length(1, 2)


def test_progress_is_silent_while_outputs_are_stored(capsys):
    steps = range(3)
    assert progress(steps, "epochs") is steps
    assert capsys.readouterr() == ("", "")


def test_progress_shows_a_labelled_bar(monkeypatch, capsys):
    monkeypatch.delenv("LECTURE_CODE_STATIC")
    bar = progress(iter(range(3)), "epochs of mine", total=3)
    assert isinstance(bar, tqdm.auto.tqdm) and bar.total == 3
    assert list(bar) == [0, 1, 2]
    assert "epochs of mine" in capsys.readouterr().err


def test_recorded_shows_the_record_only_while_outputs_are_stored(monkeypatch):
    monkeypatch.setenv("LECTURE_CODE_STATIC", "1")
    assert recorded(1.5, 2.5) == 2.5
    monkeypatch.delenv("LECTURE_CODE_STATIC")
    assert recorded(1.5, 2.5) == 1.5


def test_a_convolution_network_is_trained_alike(rng):
    net = ConvNet((1, 5, 5), (Block(2, 3, activation=tanh),), 3)
    theta, X, y = convnet.he(net, rng), rng.standard_normal((8, 25)), rng.integers(3, size=8)
    steps = [theta]
    for batch in minibatches(8, 3, np.random.default_rng(1)):
        gradient = net.cost_and_gradient(steps[-1], X[batch].T, one_hot(y[batch], 3).T).gradient
        steps.append(steps[-1] - 0.5 * gradient)
    trained, history = fit(
        net, theta, X, y, eta=0.5, batch_size=3, epochs=1, rng=np.random.default_rng(1), test=(X, y))
    assert_array_equal(trained, steps[-1])
    scores = net.output(trained, X.T)
    assert history.test_accuracy == [(scores.argmax(axis=0) == y).mean()]
    assert_allclose(history.test_cost, softmax_cross_entropy(scores, one_hot(y, 3).T).mean(), rtol=1e-14)


def test_parameters_too_large_to_be_squared_are_finite_still():
    net = Network((1, 1), (linear,), half_squared, bias=False)
    theta, x = np.array([1e20], np.float32), np.array([[1e-20]], np.float32)
    trained, history = fit(net, theta, x, np.zeros((1, 1)), eta=0.1, batch_size=1, epochs=1, rng=np.random.default_rng(0))
    assert history.diverged_at is None and trained == theta
