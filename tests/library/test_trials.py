"""Trainings as trials of a sweep: every run is what `fit` does alone, however many go together."""

from functools import partial

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lecture_code import trials
from lecture_code.activations import linear, relu, tanh
from lecture_code.batch_norm import BatchNorm
from lecture_code.convnet import Block, ConvNet, he as convolution_start
from lecture_code.dropout import Dropout
from lecture_code.initialisation import gaussian_parameters, he
from lecture_code.losses import half_squared, softmax_cross_entropy
from lecture_code.network import Network
from lecture_code.optimizers import adam, nesterov, sgd
from lecture_code.penalties import Penalised
from lecture_code.residual import Residual
from lecture_code.schedules import inverse
from lecture_code.sweeps import sweep
from lecture_code.training import evaluate, fit
from lecture_code.trials import training_trial

LINE = Network((1, 1), (linear,), half_squared, bias=False)  # f(x) = w x
NET = Network((4, 6, 3), (tanh, linear), softmax_cross_entropy)
SQUARE = Network((4, 5, 5, 3), (tanh, tanh, linear), softmax_cross_entropy)
NORMALISED = BatchNorm(NET, np.random.default_rng(1).standard_normal((9, 4)))
INITIAL = partial(gaussian_parameters, scale=0.7)
GRID = {"eta": (0.01, 0.1, 0.5), "batch_size": (5, 22, 1), "seed": (3, 0)}


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    monkeypatch.setenv("LECTURE_CODE_STATIC", "1")


def problem(N=22, dtype=np.float64):
    rng = np.random.default_rng(5)
    return rng.standard_normal((N, 4)).astype(dtype), rng.integers(3, size=N)


def start(model, rng, dtype=np.float64):
    """Initial parameters of a network, or of what is around it."""
    if isinstance(model, Penalised):
        return start(model.net, rng, dtype)
    theta = INITIAL(getattr(model, "net", model), rng, dtype=dtype)
    return model.parameters(theta) if isinstance(model, BatchNorm) else theta


def alone(model, initial, eta, batch_size, seed, epochs=2, **options):
    rng = np.random.default_rng(seed)
    return fit(model, initial(model, rng), *problem(), eta=eta, batch_size=batch_size, epochs=epochs, rng=rng, **options)


@pytest.mark.parametrize("model", [
    NET, Dropout(NET, 0.3), Residual(SQUARE), Penalised(NET, 0.02), Penalised(Dropout(NET, 0.4), 0.1)], ids=repr)
@pytest.mark.parametrize("dtype, optimizer, together", [
    (np.float64, None, 20_000), (np.float32, sgd(), 20_000), (np.float64, adam(), 20_000), (np.float64, sgd(), 1),
    (np.float64, nesterov(iterate="theta"), 20_000)])
def test_every_run_is_what_fit_does_alone(model, dtype, optimizer, together, monkeypatch):
    monkeypatch.setattr(trials, "TOGETHER", together)
    initial, validation = partial(start, dtype=dtype), problem(9, dtype)
    trial = training_trial(model, initial, *problem(), epochs=2, validation=validation, optimizer=optimizer)
    result = sweep(trial, GRID)
    assert result["cost"].shape == (3, 3, 2) and len(set(result["cost"].ravel())) == 18
    assert (result["diverged_at"] == -1).all()
    for row in result.rows:
        theta, _ = alone(model, initial, row["eta"], row["batch_size"], row["seed"], optimizer=optimizer)
        assert (row["cost"], row["accuracy"]) == evaluate(model, theta, *validation)


def test_batch_normalisation_is_swept_alike():
    trial = training_trial(NORMALISED, start, *problem(), epochs=2)
    for row in sweep(trial, {"eta": (0.1, 0.5), "batch_size": (11, 22), "seed": (1, 2)}).rows:
        theta, _ = alone(NORMALISED, start, row["eta"], row["batch_size"], row["seed"])
        assert (row["cost"], row["accuracy"]) == evaluate(NORMALISED, theta, *problem())


def test_a_point_alone_is_the_same():
    trial = training_trial(NET, INITIAL, *problem(), epochs=2)
    for row in sweep(trial, GRID).rows:
        point = {name: row.pop(name) for name in GRID}
        assert trial(**point) == row


def test_runs_of_one_batch_size_go_together():
    trial = training_trial(NET, INITIAL, *problem(), epochs=2)
    points = [dict(eta=eta, batch_size=M, seed=seed) for seed in (3, 0) for M in (5, 1) for eta in (0.1, 0.5)]
    # numbers: seed 3 has 0, 1 (M = 5) and 2, 3 (M = 1), seed 0 has 4, 5 and 6, 7; M = 1 is slower
    assert trial.groups(points, 1) == [[2, 3, 6, 7], [0, 1, 4, 5]]
    assert trial.groups(points, 2) == [[2, 3], [6, 7], [0, 1], [4, 5]]  # something for the other process
    assert trial.groups(points[:3], 1) == [[2], [0, 1]]
    assert trial.groups(points[:2], 2) == [[0], [1]]
    assert trial.groups(points[:4], 3) == [[2], [3], [0], [1]]
    assert trial.groups([points[0], points[5]], 1) == [[0], [1]]  # other rates for the other seed: not in step
    alone = training_trial(NET, INITIAL, *problem(), epochs=2, lockstep=False)
    assert sorted(alone.groups(points, 1)) == [[i] for i in range(8)]


def test_the_table_names_the_results():
    row = sweep(training_trial(NET, INITIAL, *problem(), epochs=1), {"eta": (0.1,), "batch_size": (5,)}).rows[0]
    assert list(row) == ["eta", "batch_size", "cost", "accuracy", "diverged_at"]
    assert type(row["cost"]) is float and type(row["accuracy"]) is float and type(row["diverged_at"]) is int


def test_without_validation_data_the_training_data_score():
    scores = [sweep(training_trial(NET, INITIAL, *problem(), epochs=2, validation=data), GRID)["cost"]
              for data in (None, problem())]
    assert_array_equal(*scores)


# What else can be swept


def test_a_width_and_a_penalty():
    def model(width, lam):
        return Penalised(Network((4, width, 3), (relu, linear), softmax_cross_entropy), lam)

    initial = lambda model, rng: he(model.net, rng)
    trial = training_trial(model, initial, *problem(), epochs=3, eta=0.1, batch_size=5)
    result = sweep(trial, {"width": (2, 7), "lam": (0.0, 0.1), "seed": (1, 2)})
    for row in result.rows:
        net = model(row["width"], row["lam"])
        theta, _ = alone(net, initial, 0.1, 5, row["seed"], epochs=3)
        assert row["cost"] == evaluate(net, theta, *problem())[0]
    assert len(set(result["cost"].ravel())) == 8


def test_optimizers_schedules_epochs_and_clipping():
    grid = {"optimizer": (sgd(), adam()), "eta": (0.05, inverse(1.0, 10.0)), "epochs": (1, 3), "clip": (None, 0.1)}
    result = sweep(training_trial(NET, INITIAL, *problem(), epochs=9, batch_size=5, seed=4), grid)
    for row in result.rows:
        options = {name: row[name] for name in ("optimizer", "epochs", "clip")}
        theta, _ = alone(NET, INITIAL, row["eta"], 5, 4, **options)
        assert row["cost"] == evaluate(NET, theta, *problem())[0]
    assert len(set(result["cost"].ravel())) == 16


def test_early_stopping():
    validation = problem(9)
    trial = training_trial(NET, INITIAL, *problem(), epochs=60, batch_size=5, validation=validation, patience=2)
    result = sweep(trial, {"eta": (0.1, 1.0, 3.0), "seed": (1, 2, 3)})
    for row in result.rows:
        theta, history = alone(NET, INITIAL, row["eta"], 5, row["seed"], epochs=60, validation=validation, patience=2)
        assert row["best_epoch"] == history.best_epoch < 57
        assert (row["cost"], row["accuracy"]) == evaluate(NET, theta, *validation)


def test_a_random_search():
    trial = training_trial(NET, INITIAL, *problem(), epochs=2)
    grid = {"eta": lambda rng: 10 ** rng.uniform(-2, 0), "batch_size": (5, 11), "seed": (1, 2)}
    result = sweep(trial, grid, samples=12, rng=np.random.default_rng(0))
    assert len(set(result["eta"])) == 12
    for row in result.rows:
        theta, _ = alone(NET, INITIAL, row["eta"], row["batch_size"], row["seed"])
        assert row["cost"] == evaluate(NET, theta, *problem())[0]
    assert result.best()["cost"] == result["cost"].min()


def test_a_model_without_lock_step():
    net, rng = ConvNet((1, 5, 5), (Block(2, 3, activation=tanh),), 3), np.random.default_rng(2)
    X, labels = rng.standard_normal((8, 25)), rng.integers(3, size=8)
    trial = training_trial(net, convolution_start, X, labels, epochs=2, batch_size=3, lockstep=False)
    for row in sweep(trial, {"eta": (0.1, 0.5), "seed": (1, 2)}).rows:
        rng = np.random.default_rng(row["seed"])
        theta, _ = fit(net, convolution_start(net, rng), X, labels, eta=row["eta"], batch_size=3, epochs=2, rng=rng)
        assert row["cost"] == evaluate(net, theta, X, labels)[0]


class Noisy:
    """A model of one's own: the network with noise on its inputs."""

    def __init__(self, net, size):
        self.net, self.noise = net, size
        self.size, self.widths, self.loss, self.weight_mask = net.size, net.widths, net.loss, net.weight_mask

    def output(self, theta, x):
        return self.net.output(theta, x)

    def cost_and_gradient(self, theta, x, y, rng=None):
        return self.net.cost_and_gradient(theta, x + self.noise * rng.standard_normal(x.shape[-2:]), y)


def test_a_model_of_ones_own():
    noisy = Noisy(NET, 0.5)
    result = sweep(training_trial(noisy, start, *problem(), epochs=2, batch_size=5), {"eta": (0.1, 0.5), "seed": (1, 2)})
    for row in result.rows:
        theta, _ = alone(noisy, start, row["eta"], 5, row["seed"])
        assert row["cost"] == evaluate(NET, theta, *problem())[0]
        assert row["cost"] != training_trial(NET, start, *problem(), epochs=2)(eta=row["eta"], batch_size=5, seed=row["seed"])["cost"]


def test_a_run_that_diverges_is_marked():
    # w ← (1 − η) w: η = 1e200 overflows the cost at step 1, η = ½ does not
    trial = training_trial(LINE, lambda net, rng: np.ones(1), np.ones((4, 1)), np.zeros((4, 1)), epochs=3, batch_size=2)
    for seeds in ((0,), (0, 1)):
        result = sweep(trial, {"eta": (0.5, 1e200), "seed": seeds})
        assert_array_equal(result["diverged_at"][:, 0], [-1, 1])
        # six halvings: w = 1/64, C = ½ w²
        assert_allclose(result["cost"][:, 0], [1 / 2 / 64**2, np.inf])
    assert trial(eta=1e200)["cost"] == np.inf and trial(eta=1e200)["diverged_at"] == 1


def test_processes_change_nothing():
    trial = training_trial(Dropout(NET, 0.2), start, *problem(), epochs=2)
    rows = sweep(trial, GRID).rows
    with joblib.parallel_config(backend="threading"):
        assert sweep(trial, GRID, jobs=2).rows == rows
    assert sweep(trial, GRID, jobs=2).rows == rows


@pytest.mark.filterwarnings("ignore")  # the cluster's own
def test_the_same_call_on_a_dask_cluster():
    distributed = pytest.importorskip("distributed")
    trial = training_trial(NET, INITIAL, *problem(), epochs=2)
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=None):  # two processes
        with joblib.parallel_config(backend="dask"):
            result = sweep(trial, GRID, jobs=-1)
            of_a_function = sweep(lambda a, b: a * b, {"a": range(7), "b": (1, 2)}, jobs=-1)
    assert result.rows == sweep(trial, GRID).rows
    assert_array_equal(of_a_function["value"], np.outer(range(7), (1, 2)))


def test_a_cluster_is_told_how_large_the_data_are():
    trial = training_trial(NET, INITIAL, np.zeros((100, 4)), np.zeros((100, 3)), epochs=2, validation=problem(9))
    assert trial.__sizeof__() == 3200 + 2400 + 9 * 5 * 8


# Arguments


@pytest.mark.parametrize("changed, grid, name, expected, got", [
    ({}, dict(eta=(0.1, 0)), "eta", "> 0", "0"), ({}, dict(batch_size=(5, 23)), "batch_size", "<= 22", "23"),
    ({}, dict(epochs=(0,)), "epochs", ">= 1", "0"), (dict(epochs=0), {}, "epochs", ">= 1", "0"),
    (dict(initial=lambda net, rng: np.zeros(5)), {}, "initial", r"\(51,\)", r"\(5,\)"),
    (dict(X=np.zeros((22, 3))), {}, "X", r"\(N, 4\)", r"\(22, 3\)"),
    (dict(X=np.full((22, 4), np.nan)), {}, "X", "finite", r"nan at index \(0, 0\)"),
    (dict(X=np.full((22, 4), np.nan), validation=problem()), {}, "X", "finite", r"nan at index \(0, 0\)"),
    (dict(validation=(np.zeros((2, 3)), np.zeros(2, int))), {}, "X_validation", r"\(N, 4\)", r"\(2, 3\)"),
    (dict(patience=2), {}, "validation", "data to stop early by", "None"),
    (dict(patience=0, validation=problem(5)), {}, "patience", ">= 1", "0"),
    ({}, dict(width=(3,)), "point", "parameters of the training, since the model is given", "width")])
def test_a_trial_checks_its_arguments(changed, grid, name, expected, got, raises):
    X, labels = problem()
    arguments = dict(net=NET, initial=INITIAL, X=X, Y=labels, epochs=1) | changed
    with raises(name, expected, got):
        sweep(training_trial(**arguments), dict(eta=(0.1,), batch_size=(5,)) | grid)


def test_a_point_has_a_rate_and_a_batch_size(raises):
    trial = training_trial(NET, INITIAL, *problem(), epochs=1)
    with raises("point", "a value of eta", "seed, epochs"):
        sweep(trial, {"batch_size": (5,)})
    with raises("point", "a value of batch_size", "eta"):
        trial(eta=0.1)


def test_points_in_lock_step_are_in_order(raises):
    trial = training_trial(NET, INITIAL, *problem(), epochs=1, batch_size=5)
    points = [dict(eta=eta, seed=seed) for eta in (0.1, 0.2) for seed in (1, 2)]
    with raises("points", "the seeds in the outer loop"):
        trial.run(points)
    with raises("points", "the same rates for every seed"):
        trial.run([dict(eta=0.1, seed=1), dict(eta=0.2, seed=2)])
