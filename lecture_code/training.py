"""Training: epochs of mini-batches with a history, one run or many in lock-step.

Book: ch-mini-batches
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lecture_code.network import Network
from lecture_code.numerics import one_hot
from lecture_code.optimizers import Optimizer, clip_gradient, sgd
from lecture_code.runs import progress
from lecture_code.samplers import minibatches
from lecture_code.schedules import Schedule
from lecture_code.validation import require, require_count, require_finite, require_positive

if TYPE_CHECKING:
    from lecture_code.convnet import ConvNet


@dataclass
class History:
    """What happened during `fit`.

    Attributes
    ----------
    step_cost : list of the mini-batch cost before each step: a number, or (R,) in lock-step
    train_cost, test_cost : cost on the training and the held-out data after each epoch
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


def evaluate(net: Network | ConvNet, p: np.ndarray, X: np.ndarray, Y: np.ndarray, block: int = 5000) -> tuple[Any, Any]:
    """Return (mean cost, accuracy) on a data set, in blocks that bound the memory.

    A sample counts as right when the largest output is at the largest target; with a single output
    that is always so, and the accuracy says nothing.

    Parameters
    ----------
    net, p : the network and its parameters, (P,) or (R, P)
    X : (N, d)
    Y : (N,) integer labels or (N, K) targets
    block : samples at a time

    Raises
    ------
    ValueError
        If shapes do not fit, a label is out of range, or data are not finite.
    """
    require_count("block", block)
    return _evaluate(net, p, *_data(net, (X, Y), p.dtype, ("X", "Y")), block)


def _evaluate(net: Network | ConvNet, p: np.ndarray, X: np.ndarray, Y: np.ndarray, block: int = 5000) -> tuple[Any, Any]:
    total, right = 0.0, 0
    for start in range(0, len(X), block):
        x, y = X[start:start + block].mT, Y[start:start + block].mT
        output = net.output(p, x)
        total = total + net.loss(output, y).sum(axis=-1, dtype=np.float64)
        right = right + (output.argmax(axis=-2) == y.argmax(axis=-2)).sum(axis=-1)
    return total / len(X), right / len(X)


def _targets(net: Network, Y: np.ndarray, N: int, dtype: np.dtype, name: str) -> np.ndarray:
    """Return targets (N, K): labels become one-hot rows."""
    Y = np.asarray(Y)
    if Y.ndim == 1 and Y.dtype.kind in "iu":
        outside = (Y < 0) | (Y >= net.widths[-1])
        if outside.any():
            i = int(np.argmax(outside))
            require(False, name, f"labels 0 … {net.widths[-1] - 1}", f"{Y[i]} at index {i}")
        Y = one_hot(Y, net.widths[-1], dtype)
    require(Y.shape == (N, net.widths[-1]), name,
            f"labels ({N},) or targets ({N}, {net.widths[-1]})", f"shape {Y.shape}")
    require_finite(name, Y)
    return Y.astype(dtype, copy=False)


def _data(net: Network, data: tuple[np.ndarray, np.ndarray], dtype: np.dtype, names: tuple[str, str], look: bool = True):
    """Return (X, Y) in the dtype of the parameters, with `look` after looking at every entry of X."""
    X, Y = np.asarray(data[0]), data[1]
    require(X.ndim == 2 and X.shape[1] == net.widths[0] and len(X) > 0, names[0],
            f"one sample a row, (N, {net.widths[0]})", f"shape {X.shape}")
    if look:
        require_finite(names[0], X)
    return X.astype(dtype, copy=False), _targets(net, Y, len(X), dtype, names[1])


def fit(
    net: Network | ConvNet,
    p: np.ndarray,
    X: np.ndarray,
    Y: np.ndarray,
    *,
    eta: float | np.ndarray | Schedule,
    batch_size: int,
    epochs: int,
    rng: np.random.Generator,
    optimizer: Optimizer | None = None,
    test: tuple[np.ndarray, np.ndarray] | None = None,
    score_train: bool = False,
    on_epoch: Callable[[int, np.ndarray], None] | None = None,
    label: str = "epochs",
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    patience: int | None = None,
    clip: float | None = None,
) -> tuple[np.ndarray, History]:
    """Train on mini-batches from a fresh permutation in every epoch.

    Book: eq-sgd-step, eq-minibatch-gradient

    Parameters
    ----------
    net : the network; a `ConvNet` trains one run at a time
    p : (P,) initial parameters, left as they are; (R, P) trains R runs in lock-step on the same batches
    X : (N, d), one sample a row
    Y : (N,) integer labels or (N, K) targets
    eta : learning rate: a number, a schedule k ↦ η_k, or with R runs an array (R,)
    batch_size : M; the last batch of an epoch is shorter when M does not divide N
    epochs : how many passes over the data
    rng : shuffles the data
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
    p = np.asarray(p)
    require(p.ndim in (1, 2) and p.shape[-1] == net.size, "p", f"({net.size},) or (R, {net.size})", f"shape {p.shape}")
    require(p.dtype.kind == "f", "p", "floating-point numbers", p.dtype)
    require_finite("p", p)
    X, Y = _data(net, (X, Y), p.dtype, ("X", "Y"), look=False)
    held_out = None if test is None else _data(net, test, p.dtype, ("X_test", "Y_test"))
    checked = None if validation is None else _data(net, validation, p.dtype, ("X_validation", "Y_validation"))
    require_count("batch_size", batch_size, at_most=len(X))
    require_count("epochs", epochs)
    if patience is not None:
        require_count("patience", patience)
        require(validation is not None, "validation", "data to stop early by", "None")
    return _train(
        net, p, X, Y, lambda: minibatches(len(X), batch_size, rng), rates=_rates(eta, p), epochs=epochs,
        optimizer=optimizer or sgd(), test=held_out, score_train=score_train, on_epoch=on_epoch, label=label,
        validation=checked, patience=patience, clip=clip)


def _train(
    net: Network | ConvNet, p: np.ndarray, X: np.ndarray, Y: np.ndarray, batches: Callable[[], Iterator[np.ndarray]], *,
    rates: Callable[[int], Any], epochs: int, optimizer: Optimizer, test: Any = None, score_train: bool = False,
    on_epoch: Callable[[int, np.ndarray], None] | None = None, label: str = "epochs", validation: Any = None,
    patience: int | None = None, clip: float | None = None,
) -> tuple[np.ndarray, History]:
    """Train on data that are checked: one run (P,), R runs (R, P), or (S, R, P) with batches (S, M)."""
    history, state, k = History(), optimizer.init(p), 0
    running = np.ones(p.shape[:-1], bool)
    died, best_epoch = np.full(p.shape[:-1], -1), np.full(p.shape[:-1], -1)
    best_p, best_cost = p, np.full(p.shape[:-1], np.inf)
    for e in progress(range(epochs), label):
        everyone = running.all()
        with np.errstate(over="ignore", invalid="ignore"):  # divergence is an outcome, not a warning
            for batch in batches():
                cost, gradient = net.cost_and_gradient(
                    optimizer.point(p, state), _columns(X, batch), _columns(Y, batch))
                if clip is not None:
                    gradient = clip_gradient(gradient, clip)
                stepped, state = optimizer.step(p, gradient, state, rates(k))
                del gradient  # its memory, still near, takes the next one
                history.step_cost.append(cost)
                finite = np.isfinite(cost) & _all_finite(stepped)
                if not finite.all() and (stopping := running & ~finite).any():
                    require_finite("X", X)  # only now: looking beforehand takes a tenth of an epoch
                    died, running, everyone = np.where(stopping, k, died), running & finite, False
                    if not running.any():
                        break
                p = stepped if everyone else np.where(running[..., None], stepped, p)
                k += 1
        with np.errstate(over="ignore", invalid="ignore"):
            if score_train:
                _append(_evaluate(net, p, X, Y), history.train_cost, history.train_accuracy)
            if test is not None:
                _append(_evaluate(net, p, *test), history.test_cost, history.test_accuracy)
            if validation is not None:
                _append(_evaluate(net, p, *validation), history.validation_cost, history.validation_accuracy)
        if patience is not None:
            better = running & (history.validation_cost[-1] < best_cost)
            best_cost = np.where(better, history.validation_cost[-1], best_cost)
            best_p, best_epoch = np.where(better[..., None], p, best_p), np.where(better, e, best_epoch)
            running &= e - best_epoch < patience
        if on_epoch is not None:
            on_epoch(e, p)
        if not running.any():
            break
    if patience is not None:
        p = np.where((best_epoch >= 0)[..., None], best_p, p)
        history.best_epoch = best_epoch if p.ndim > 1 else int(best_epoch)
    if p.ndim > 1:
        history.diverged_at = died
    elif died >= 0:
        history.diverged_at = int(died)
    return p, history


def _all_finite(p: np.ndarray) -> np.ndarray:
    """Say of each run whether all its parameters are finite: sure if their squares have a finite sum, else look."""
    finite = np.isfinite(np.vecdot(p, p))
    return finite if finite.all() else np.isfinite(p).all(axis=-1)


def _columns(X: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Return the samples of a batch (M,) as columns (d, M), or of batches (S, M), each for R runs, as (S, 1, d, M)."""
    columns = X.take(batch, axis=0).mT  # as X[batch].mT, and a little faster
    return columns if batch.ndim == 1 else columns[:, None]


def _append(scores: tuple[Any, Any], costs: list, accuracies: list) -> None:
    costs.append(scores[0])
    accuracies.append(scores[1])


def _rates(eta: Any, p: np.ndarray) -> Callable[[int], Any]:
    """Return k ↦ η_k in the dtype of p (float64 would promote float32 parameters), (R, 1) for R rates."""
    if callable(eta):
        def rate_at(k: int) -> Any:
            rate = eta(k)
            require_positive("eta", rate)
            return p.dtype.type(rate)

        return rate_at
    require_positive("eta", eta)
    if np.ndim(eta) == 0:
        rate = p.dtype.type(eta)
    else:
        require(p.ndim == 2 and np.shape(eta) == p.shape[:1], "eta", "one number, or one for each of R runs",
                f"shape {np.shape(eta)} for p of shape {p.shape}")
        rate = np.asarray(eta, p.dtype)[:, None]
    return lambda k: rate
