"""Sweeps: one training for every point of a grid, in lock-step and over processes.

Book: ch-mini-batches
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lecture_code.network import Network
from lecture_code.optimizers import Optimizer, sgd
from lecture_code.samplers import minibatches
from lecture_code.training import _data, _evaluate, _train
from lecture_code.validation import require, require_count, require_positive


@dataclass(frozen=True)
class Sweep:
    """What `sweep` found out.

    Attributes
    ----------
    etas, batch_sizes, seeds : the grid, E × B × S runs
    cost, accuracy : (E, B, S), of the trained parameters; a run that diverged has cost +∞
    diverged_at : (E, B, S), the step at which the run diverged, or −1
    """

    etas: tuple[float, ...]
    batch_sizes: tuple[int, ...]
    seeds: tuple[int, ...]
    cost: np.ndarray
    accuracy: np.ndarray
    diverged_at: np.ndarray

    def rows(self) -> list[dict[str, Any]]:
        """Return one dictionary a run: a tidy table."""
        return [
            dict(eta=eta, batch_size=M, seed=seed, cost=float(self.cost[i, j, s]),
                 accuracy=float(self.accuracy[i, j, s]), diverged_at=int(self.diverged_at[i, j, s]))
            for i, eta in enumerate(self.etas) for j, M in enumerate(self.batch_sizes)
            for s, seed in enumerate(self.seeds)
        ]


TOGETHER = 20_000  # more parameters than this in lock-step gain nothing: the matrix products take the time


def sweep(
    net: Network,
    initial: Callable[[np.random.Generator], np.ndarray],
    X: np.ndarray,
    Y: np.ndarray,
    *,
    etas: Sequence[float],
    batch_sizes: Sequence[int],
    seeds: Sequence[int],
    epochs: int,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    optimizer: Optimizer | None = None,
    clip: float | None = None,
    jobs: int | None = 1,
) -> Sweep:
    """Train once for every learning rate × batch size × seed.

    Runs of one batch size and one seed start from the same parameters and see the same batches: a paired
    comparison of the learning rates. They go in lock-step, together with other seeds where the network is
    small, and such groups are spread over processes. Each run is what `fit` does alone, to the last bit::

        rng = np.random.default_rng(seed)
        fit(net, initial(rng), X, Y, eta=eta, batch_size=M, epochs=epochs, rng=rng)

    Parameters
    ----------
    net : the network
    initial : rng ↦ initial parameters (P,), for instance ``partial(he, net)``
    X, Y : as for `fit`
    etas : E learning rates
    batch_sizes : B batch sizes
    seeds : S seeds ≥ 0
    epochs : how many passes over the data
    validation : the data that score each run at the end; X and Y if None
    optimizer, clip : as for `fit`
    jobs : how many processes; −1 for one a core; None for what ``joblib.parallel_config`` says. On a Dask cluster:
        ``with joblib.parallel_config(backend="dask"): sweep(…, jobs=-1)`` after ``Client(…)``

    Raises
    ------
    ValueError
        As `fit`; also if the grid is empty.
    """
    for name, values in (("etas", etas), ("batch_sizes", batch_sizes), ("seeds", seeds)):
        require(np.ndim(values) == 1 and len(values) > 0, name, "a sequence of at least one number", values)
    require_positive("etas", etas)
    require_count("epochs", epochs)
    start = np.asarray(initial(np.random.default_rng(seeds[0])))
    require(start.shape == (net.size,), "initial", f"a function that returns ({net.size},) parameters", start.shape)
    X, Y = _data(net, (X, Y), start.dtype, ("X", "Y"), look=validation is None)
    scored = (X, Y) if validation is None else _data(net, validation, start.dtype, ("X_validation", "Y_validation"))
    for M in batch_sizes:
        require_count("batch_sizes", M, at_most=len(X))

    call, workers = _parallel(jobs)
    most = max(1, min(TOGETHER // (net.size * len(etas)), -(-len(seeds) // workers)))
    groups = [
        (j, slice(s, s + most)) for j in np.argsort(batch_sizes, kind="stable")  # the slowest first
        for s in range(0, len(seeds), most)
    ]
    answers = call(_sweep_group, [
        (net, initial, X, Y, scored, tuple(etas), batch_sizes[j], tuple(seeds[s]), epochs, optimizer or sgd(), clip)
        for j, s in groups
    ])
    results = np.empty((3, len(etas), len(batch_sizes), len(seeds)))
    for (j, s), answer in zip(groups, answers):
        results[:, :, j, s] = answer
    cost, accuracy, died = results
    return Sweep(tuple(etas), tuple(batch_sizes), tuple(seeds), cost, accuracy, died.astype(int))


def _parallel(jobs: int | None) -> tuple[Callable[[Callable, list[tuple]], list], int]:
    """Return (a function that calls f on every tuple of arguments, how many processes it uses)."""
    if jobs == 1:
        return (lambda f, arguments: [f(*a) for a in arguments]), 1
    try:
        from joblib import Parallel, delayed, effective_n_jobs
    except ImportError as missing:
        raise ImportError("several processes need joblib, which is not installed; jobs=1 needs nothing") from missing

    return (lambda f, arguments: Parallel(n_jobs=jobs)(delayed(f)(*a) for a in arguments)), effective_n_jobs(jobs)


def _sweep_group(
    net: Network, initial: Callable, X: np.ndarray, Y: np.ndarray, scored: tuple[np.ndarray, np.ndarray],
    etas: tuple[float, ...], batch_size: int, seeds: tuple[int, ...], epochs: int, optimizer: Optimizer,
    clip: float | None,
) -> np.ndarray:
    """Train S seeds × E rates in lock-step, p of shape (S, E, P); return cost, accuracy, diverged_at as (3, E, S)."""
    rngs = [np.random.default_rng(seed) for seed in seeds]
    p = np.stack([np.stack([initial(rng)] * len(etas)) for rng in rngs])
    rate = np.asarray(etas, p.dtype)[:, None]

    def batches() -> Iterator[np.ndarray]:
        for of_each_seed in zip(*(minibatches(len(X), batch_size, rng) for rng in rngs)):
            yield np.stack(of_each_seed)

    p, history = _train(net, p, X, Y, batches, rates=lambda k: rate, epochs=epochs, optimizer=optimizer, clip=clip,
                        label=f"batch size {batch_size}")
    with np.errstate(over="ignore", invalid="ignore"):
        cost, accuracy = _evaluate(net, p, *scored)
    died = history.diverged_at
    return np.stack([np.where(died < 0, cost, np.inf), accuracy, died]).transpose(0, 2, 1)
