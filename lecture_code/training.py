"""Training loops: epochs of mini-batches with a history, and many independent runs in lock-step."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lecture_code.network import Network, cost_and_gradient, forward
from lecture_code.numerics import one_hot
from lecture_code.optimizers import Optimizer, sgd
from lecture_code.samplers import epoch
from lecture_code.schedules import Schedule
from lecture_code.validation import require, require_count, require_finite, require_positive


def run_length(full: Any, short: Any) -> Any:
    """Return `full`, or `short` where the environment says LECTURE_CODE_RUN=short.

    This is the one switch for every run of the book that takes longer than a few seconds.
    """
    mode = os.environ.get("LECTURE_CODE_RUN", "full")
    require(mode in ("full", "short"), "LECTURE_CODE_RUN", "'full' or 'short'", repr(mode))
    return full if mode == "full" else short


def progress(steps: Any, label: str, total: int | None = None) -> Any:
    """Wrap an iterable in a tqdm bar; silent while the book stores its outputs."""
    if os.environ.get("LECTURE_CODE_STATIC"):
        return steps
    from tqdm.auto import tqdm

    return tqdm(steps, desc=label, total=total, leave=False)


@dataclass
class History:
    """What happened during `fit`.

    Attributes
    ----------
    step_cost : list of the mini-batch cost before each step: a number, or (R,) in lock-step
    train_cost, test_cost : cost on the training and the held-out data after each epoch
    train_accuracy, test_accuracy : the share of right answers after each epoch
    diverged_at : the step at which the cost or the parameters stopped being finite; None, or (R,) with −1
    """

    step_cost: list = field(default_factory=list)
    train_cost: list = field(default_factory=list)
    test_cost: list = field(default_factory=list)
    train_accuracy: list = field(default_factory=list)
    test_accuracy: list = field(default_factory=list)
    diverged_at: Any = None


def evaluate(net: Network, p: np.ndarray, X: np.ndarray, Y: np.ndarray, block: int = 5000) -> tuple[Any, Any]:
    """Return (mean cost, accuracy) on a data set, in blocks that bound the memory.

    A sample counts as right when the largest output is at the largest target; with a single output
    that is always so, and the accuracy says nothing.

    Parameters
    ----------
    net, p : the network and its parameters, (P,) or (R, P)
    X : (N, d)
    Y : (N, K)
    block : samples at a time
    """
    total, right = 0.0, 0
    for start in range(0, len(X), block):
        x, y = X[start:start + block].mT, Y[start:start + block].mT
        output = forward(net, p, x).a[-1]
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


def _data(net: Network, data: tuple[np.ndarray, np.ndarray], dtype: np.dtype, names: tuple[str, str]):
    X, Y = np.asarray(data[0]), data[1]
    require(X.ndim == 2 and X.shape[1] == net.widths[0] and len(X) > 0, names[0],
            f"one sample a row, (N, {net.widths[0]})", f"shape {X.shape}")
    require_finite(names[0], X)
    return X.astype(dtype, copy=False), _targets(net, Y, len(X), dtype, names[1])


def fit(
    net: Network,
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
) -> tuple[np.ndarray, History]:
    """Train on mini-batches from a fresh permutation in every epoch.

    Book: eq-sgd-step, eq-minibatch-gradient

    Parameters
    ----------
    net : the network
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
    X, Y = _data(net, (X, Y), p.dtype, ("X", "Y"))
    held_out = None if test is None else _data(net, test, p.dtype, ("X_test", "Y_test"))
    require_count("batch_size", batch_size, at_most=len(X))
    require_count("epochs", epochs)
    rates = _rates(eta, p)
    optimizer = optimizer or sgd()

    history, state, k = History(), optimizer.init(p), 0
    alive = np.ones(p.shape[:-1], bool)
    died = np.full(p.shape[:-1], -1)
    for e in progress(range(epochs), label):
        for batch in epoch(len(X), batch_size, rng):
            with np.errstate(over="ignore", invalid="ignore"):  # divergence is an outcome, not a warning
                cost, gradient = cost_and_gradient(net, p, X[batch].mT, Y[batch].mT)
                stepped, state = optimizer.step(p, gradient, state, rates(k))
                finite = np.isfinite(cost) & np.isfinite(stepped.sum(axis=-1))
            history.step_cost.append(cost)
            if not finite.all():
                died = np.where(alive & ~finite, k, died)
                alive &= finite
                if not alive.any():
                    break
            p = stepped if alive.all() else np.where(alive[..., None], stepped, p)
            k += 1
        with np.errstate(over="ignore", invalid="ignore"):
            if score_train:
                _append(evaluate(net, p, X, Y), history.train_cost, history.train_accuracy)
            if held_out is not None:
                _append(evaluate(net, p, *held_out), history.test_cost, history.test_accuracy)
        if on_epoch is not None:
            on_epoch(e, p)
        if not alive.any():
            break
    if p.ndim == 2:
        history.diverged_at = died
    elif died >= 0:
        history.diverged_at = int(died)
    return p, history


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


def lockstep_sgd(
    net: Network,
    p: np.ndarray,
    X: np.ndarray,
    Y: np.ndarray,
    *,
    eta: float | np.ndarray,
    indices: np.ndarray,
    every: int = 100,
    label: str = "steps",
) -> np.ndarray:
    """Run R independent single-sample SGD runs side by side and return their parameters along the way.

    Each run has its own parameters and sees its own samples, so the result equals R separate runs; they
    share only the Python overhead of a step. Compute costs afterwards, from the stored parameters.

    Book: eq-sgd-step

    Parameters
    ----------
    net : the network
    p : (R, P) initial parameters, left as they are
    X, Y : (N, d) and (N, K), one sample a row
    eta : one learning rate, or one for each run (R,)
    indices : integer array (steps, R): which sample run r sees at step k
    every : store the parameters before step 0, `every`, 2·`every`, … and after the last step

    Returns
    -------
    array (stored, R, P); a run that diverges stays at its last stored finite parameters
    """
    p, indices = np.asarray(p), np.asarray(indices)
    X, Y = _data(net, (X, Y), p.dtype, ("X", "Y"))
    require(p.ndim == 2, "p", f"(R, {net.size})", f"shape {p.shape}")
    require(indices.ndim == 2 and indices.shape[1] == len(p), "indices", f"(steps, {len(p)})", f"shape {indices.shape}")
    require(indices.dtype.kind in "iu" and bool(np.all((indices >= 0) & (indices < len(X)))), "indices",
            f"integers 0 … {len(X) - 1}", "others")
    require_count("every", every)
    require(not callable(eta), "eta", "one number, or one for each of R runs", "a function")
    rate = _rates(eta, p)(0)
    x, y = X[:, :, None], Y[:, :, None]  # a sample is a column
    path, rate = [p], np.broadcast_to(rate, (len(p), 1))
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is an outcome, not a warning
        for k in progress(range(len(indices)), label):
            batch = indices[k]
            p = p - rate * cost_and_gradient(net, p, x[batch], y[batch]).gradient
            if (k + 1) % every == 0 or k + 1 == len(indices):
                alive = np.isfinite(p).all(axis=-1, keepdims=True)
                p, rate = np.where(alive, p, path[-1]), np.where(alive, rate, 0)
                path.append(p)
    return np.stack(path)
