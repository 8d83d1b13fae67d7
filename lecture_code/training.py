"""Training: epochs of mini-batches with a history, one run or many in lock-step.

Book: ch-mini-batches
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lecture_code.model import Model
from lecture_code.numerics import one_hot
from lecture_code.optimizers import Optimizer, clip_gradient, sgd
from lecture_code.runs import progress
from lecture_code.samplers import minibatches
from lecture_code.schedules import Schedule
from lecture_code.validation import require, require_count, require_finite, require_positive

Data = tuple[np.ndarray, np.ndarray]  # X (N, d) and Y (N, K), one sample a row


@dataclass
class History:
    """What happened during `fit`.

    Attributes
    ----------
    step_cost : list of what was lowered, before each step: the mini-batch cost, with its penalty if the model has one;
        a number, or (R,) in lock-step
    train_cost, test_cost : cost on the training and the held-out data after each epoch, without any penalty
    train_accuracy, test_accuracy : the share of right answers after each epoch
    diverged_at : the step at which the cost or the parameters stopped being finite; None, or (R,) with −1
    validation_cost, validation_accuracy : cost and share of right answers on the validation data after each epoch
    best_epoch : the epoch with the least validation cost, whose parameters are returned; None without early
        stopping; (R,) in lock-step
    """

    step_cost: list = field(default_factory=list)
    train_cost: list = field(default_factory=list)
    test_cost: list = field(default_factory=list)
    train_accuracy: list = field(default_factory=list)
    test_accuracy: list = field(default_factory=list)
    diverged_at: Any = None
    validation_cost: list = field(default_factory=list)
    validation_accuracy: list = field(default_factory=list)
    best_epoch: Any = None


def evaluate(net: Model, theta: np.ndarray, X: np.ndarray, Y: np.ndarray, block: int = 5000) -> tuple[Any, Any]:
    """Return (mean cost, accuracy) of a model's output on a data set, in blocks that bound the memory.

    A sample counts as right when the largest output is at the largest target; with a single output
    that is always so, and the accuracy says nothing.

    Parameters
    ----------
    net, theta : the model and its parameters, (P,) or (R, P)
    X : (N, d)
    Y : (N,) integer labels or (N, K) targets
    block : samples at a time

    Raises
    ------
    ValueError
        If shapes do not fit, a label is out of range, or data are not finite.
    """
    require_count("block", block)
    return _evaluate(net, theta, *_data(net, (X, Y), theta.dtype, ("X", "Y")), block)


def _evaluate(net: Model, theta: np.ndarray, X: np.ndarray, Y: np.ndarray, block: int = 5000) -> tuple[Any, Any]:
    total, right = 0.0, 0
    for start in range(0, len(X), block):
        x, y = X[start:start + block].mT, Y[start:start + block].mT
        output = net.output(theta, x)
        total = total + net.loss(output, y).sum(axis=-1, dtype=np.float64)
        right = right + (output.argmax(axis=-2) == y.argmax(axis=-2)).sum(axis=-1)
    return total / len(X), right / len(X)


def fit(
    net: Model,
    theta: np.ndarray,
    X: np.ndarray,
    Y: np.ndarray,
    *,
    eta: float | np.ndarray | Schedule,
    batch_size: int,
    epochs: int,
    rng: np.random.Generator,
    optimizer: Optimizer | None = None,
    test: Data | None = None,
    score_train: bool = False,
    on_epoch: Callable[[int, np.ndarray], None] | None = None,
    label: str = "epochs",
    validation: Data | None = None,
    patience: int | None = None,
    clip: float | None = None,
) -> tuple[np.ndarray, History]:
    """Train on mini-batches from a fresh permutation in every epoch.

    Book: eq-sgd-step, eq-minibatch-gradient

    Parameters
    ----------
    net : any `Model`: a network, or one with dropout, batch normalisation, a penalty
    theta : (P,) initial parameters, left as they are; (R, P) trains R runs in lock-step on the same batches
    X : (N, d), one sample a row
    Y : (N,) integer labels or (N, K) targets
    eta : learning rate: a number, a schedule k ↦ η_k, or with R runs an array (R,)
    batch_size : M; the last batch of an epoch is shorter when M does not divide N
    epochs : how many passes over the data
    rng : shuffles the data, and draws what the model draws
    optimizer : the update rule; plain SGD if None
    test : (X_test, Y_test), scored after each epoch
    score_train : also score the whole training set after each epoch
    on_epoch : called with (epoch number, parameters) after each epoch
    label : the name on the progress bar
    validation : (X_validation, Y_validation), scored after each epoch
    patience : early stopping: a run stops when its validation cost has not fallen below its least for so many
        epochs, and the parameters of its best epoch are returned; None trains to the end
    clip : the largest norm of a gradient, as for `clip_gradient`; None clips nothing

    Returns
    -------
    (trained parameters, History). A run whose cost or parameters stop being finite is stopped: it keeps
    its last finite parameters, and `History.diverged_at` says at which step.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is out of range, η ≤ 0, the batch size exceeds N, or data are not finite.
    """
    theta = np.asarray(theta)
    require(theta.ndim in (1, 2) and theta.shape[-1] == net.size, "theta", f"({net.size},) or (R, {net.size})",
            f"shape {theta.shape}")
    require(theta.dtype.kind == "f", "theta", "floating-point numbers", theta.dtype)
    require_finite("theta", theta)
    X, Y = _data(net, (X, Y), theta.dtype, ("X", "Y"), look=False)
    scored = {"train": (X, Y)} if score_train else {}
    for name, data in (("test", test), ("validation", validation)):
        if data is not None:
            scored[name] = _data(net, data, theta.dtype, (f"X_{name}", f"Y_{name}"))
    require_count("batch_size", batch_size, at_most=len(X))
    require_count("epochs", epochs)
    if patience is not None:
        require_count("patience", patience)
        require(validation is not None, "validation", "data to stop early by", "None")
    record = _Record(net, theta, X, scored, patience, on_epoch)
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is an outcome, not a warning
        theta = _sgd(net, theta, X, Y, lambda: minibatches(len(X), batch_size, rng), _rates(eta, theta),
                     optimizer or sgd(), progress(range(epochs), label), record, rng, clip)
    return record.end(theta)


def _sgd(
    net: Model, theta: np.ndarray, X: np.ndarray, Y: np.ndarray, batches: Callable[[], Iterator[np.ndarray]],
    eta: Schedule, optimizer: Optimizer, epochs: Sequence[int], record: _Record, rng: Any, clip: float | None,
) -> np.ndarray:
    """Train on data that are checked: one run (P,), R runs (R, P), or (S, R, P) with batches (S, 1, M)."""
    state = optimizer.init(theta)
    for e in epochs:
        for batch in batches():
            x, y = X.take(batch, axis=0).mT, Y.take(batch, axis=0).mT  # X[batch].mT
            point = optimizer.point(theta, state)
            C, g = net.cost_and_gradient(point, x, y, rng=rng)
            if clip is not None:
                g = clip_gradient(g, clip)
            stepped, state = optimizer.step(theta, g, state, eta(record.k))
            theta = record.step(theta, stepped, C)
            if record.over:
                break
        record.epoch(e, theta)
        if record.over:
            break
    return theta


class _Record:
    """What `fit` keeps of steps and epochs: the history, which runs still go on, and the best parameters of each."""

    def __init__(
        self, net: Model, theta: np.ndarray, X: np.ndarray, scored: dict[str, Data] | None = None,
        patience: int | None = None, on_epoch: Callable[[int, np.ndarray], None] | None = None,
    ) -> None:
        self.net, self.X, self.scored, self.patience, self.on_epoch = net, X, scored or {}, patience, on_epoch
        runs = theta.shape[:-1]
        self.history, self.k, self.over, self.everyone = History(), 0, False, True
        self.running, self.died = np.ones(runs, bool), np.full(runs, -1)
        self.best_theta, self.best_cost, self.best_epoch = theta, np.full(runs, np.inf), np.full(runs, -1)
        self.outside = np.geterr()

    def step(self, theta: np.ndarray, stepped: np.ndarray, cost: np.ndarray) -> np.ndarray:
        """Return where the step leads: a run whose cost or parameters are not finite stays where it was, for good."""
        self.history.step_cost.append(cost)
        finite = np.isfinite(cost) & _all_finite(stepped)
        if not finite.all() and (stopping := self.running & ~finite).any():
            require_finite("X", self.X)  # only now: looking beforehand takes a tenth of an epoch
            self.died = np.where(stopping, self.k, self.died)
            self._go_on(self.running & finite)
        self.k += 1
        return stepped if self.everyone else np.where(self.running[..., None], stepped, theta)

    def epoch(self, e: int, theta: np.ndarray) -> None:
        """Score the parameters after an epoch, and stop the runs that are past their best."""
        for name, data in self.scored.items():
            cost, accuracy = _evaluate(self.net, theta, *data)
            getattr(self.history, f"{name}_cost").append(cost)
            getattr(self.history, f"{name}_accuracy").append(accuracy)
        if self.patience is not None:
            cost = self.history.validation_cost[-1]
            better = self.running & (cost < self.best_cost)
            self.best_cost = np.where(better, cost, self.best_cost)
            self.best_theta = np.where(better[..., None], theta, self.best_theta)
            self.best_epoch = np.where(better, e, self.best_epoch)
            self._go_on(self.running & (e - self.best_epoch < self.patience))
        if self.on_epoch is not None:
            with np.errstate(**self.outside):
                self.on_epoch(e, theta)

    def _go_on(self, running: np.ndarray) -> None:
        self.running, self.everyone, self.over = running, running.all(), not running.any()

    def end(self, theta: np.ndarray) -> tuple[np.ndarray, History]:
        """Return the parameters of the best epoch, if there is to be one, and the history."""
        if self.patience is not None:
            theta = np.where((self.best_epoch >= 0)[..., None], self.best_theta, theta)
            self.history.best_epoch = self.best_epoch if theta.ndim > 1 else int(self.best_epoch)
        if theta.ndim > 1:
            self.history.diverged_at = self.died
        elif self.died >= 0:
            self.history.diverged_at = int(self.died)
        return theta, self.history


def _all_finite(theta: np.ndarray) -> np.ndarray:
    """Say of each run whether all its parameters are finite: sure if their squares have a finite sum, else look."""
    finite = np.isfinite(np.vecdot(theta, theta))
    return finite if finite.all() else np.isfinite(theta).all(axis=-1)


def _rates(eta: Any, theta: np.ndarray) -> Schedule:
    """Return k ↦ η_k in the dtype of theta (float64 would promote float32 parameters), (R, 1) for R rates."""
    if callable(eta):
        def rate_at(k: int) -> Any:
            rate = eta(k)
            require_positive("eta", rate)
            return theta.dtype.type(rate)

        return rate_at
    require_positive("eta", eta)
    if np.ndim(eta) == 0:
        rate = theta.dtype.type(eta)
    else:
        require(theta.ndim == 2 and np.shape(eta) == theta.shape[:1], "eta", "one number, or one for each of R runs",
                f"shape {np.shape(eta)} for theta of shape {theta.shape}")
        rate = np.asarray(eta, theta.dtype)[:, None]
    return lambda k: rate


def _targets(net: Model, Y: np.ndarray, N: int, dtype: np.dtype, name: str) -> np.ndarray:
    """Return targets (N, K): labels become one-hot rows."""
    Y, K = np.asarray(Y), net.widths[-1]
    if Y.ndim == 1 and Y.dtype.kind in "iu":
        outside = (Y < 0) | (Y >= K)
        if outside.any():
            i = int(np.argmax(outside))
            require(False, name, f"labels 0 … {K - 1}", f"{Y[i]} at index {i}")
        Y = one_hot(Y, K, dtype)
    require(Y.shape == (N, K), name, f"labels ({N},) or targets ({N}, {K})", f"shape {Y.shape}")
    require_finite(name, Y)
    return Y.astype(dtype, copy=False)


def _data(net: Model, data: Data, dtype: np.dtype, names: tuple[str, str], look: bool = True) -> Data:
    """Return (X, Y) in the dtype of the parameters, with `look` after looking at every entry of X."""
    X, Y = np.asarray(data[0]), data[1]
    require(X.ndim == 2 and X.shape[1] == net.widths[0] and len(X) > 0, names[0],
            f"one sample a row, (N, {net.widths[0]})", f"shape {X.shape}")
    if look:
        require_finite(names[0], X)
    return X.astype(dtype, copy=False), _targets(net, Y, len(X), dtype, names[1])
