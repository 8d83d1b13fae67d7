"""Trials of a sweep: one training for every point, those of one batch size in lock-step.

Book: ch-mini-batches
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lecture_code.model import Around, Model
from lecture_code.network import Network
from lecture_code.optimizers import sgd
from lecture_code.runs import progress
from lecture_code.samplers import minibatches
from lecture_code.training import Data, _data, _evaluate, _Record, _sgd
from lecture_code.validation import require, require_count, require_positive

TOGETHER = 20_000  # more parameters than this in lock-step gain nothing: the matrix products take the time
OF_FIT = ("batch_size", "epochs", "optimizer", "clip", "patience")  # what a point may say about the training, next to
# eta and seed; all its other parameters describe the model


@dataclass(frozen=True, eq=False)
class TrainingTrial:
    """A training for a point of a sweep, made by `training_trial`: call it with the parameters of one point.

    Attributes
    ----------
    net, initial, X, Y, validation, fixed, lockstep : as `training_trial` was given them
    """

    net: Model | Callable[..., Model]
    initial: Callable[[Model, np.random.Generator], np.ndarray]
    X: np.ndarray
    Y: np.ndarray
    validation: Data | None
    fixed: dict[str, Any] = field(default_factory=dict)
    lockstep: bool = True

    def __call__(self, **point: Any) -> dict[str, Any]:
        """Return cost, accuracy, the step at which the run diverged or −1, and with early stopping the best epoch."""
        return self.run([point])[0]

    def __sizeof__(self) -> int:
        """The data count, so that a cluster is sent them once and not with every task."""
        return sum(array.nbytes for array in (self.X, self.Y, *(self.validation or ())))

    def groups(self, points: list[dict[str, Any]], workers: int) -> list[list[int]]:
        """Return which points to run in lock-step, by number, the slowest first: points that differ in rate and seed.

        Runs of one seed share the batches. Several seeds go together, each with its own batches, where the network is
        dense and so small that Python takes the time.
        """
        alike: list[tuple[dict[str, Any], dict[Any, list[int]]]] = []  # what they share, and the points of each seed
        for i, point in enumerate(points):
            eta, seed, rest = self._split(point)
            found = next((seeds for shared, seeds in alike if shared == rest), None)
            if found is None:
                alike.append((rest, found := {}))
            found.setdefault(seed, []).append(i)
        groups = []
        for rest, seeds in sorted(alike, key=lambda one: one[0]["batch_size"]):
            groups += self._together(rest, list(seeds.values()), points, workers)
        if len(groups) < workers and all(len(seeds) == 1 for _, seeds in alike):  # something for every process
            pieces = -(-workers // len(groups))
            groups = [part.tolist() for group in groups for part in np.array_split(group, pieces) if len(part)]
        return groups

    def _together(
        self, rest: dict[str, Any], of_seeds: list[list[int]], points: list[dict[str, Any]], workers: int
    ) -> list[list[int]]:
        """Cut the points of each seed into groups."""
        if not self.lockstep:
            return [[i] for numbers in of_seeds for i in numbers]
        net = self._model(rest)
        rates = [[self._split(points[i])[0] for i in numbers] for numbers in of_seeds]
        if not _dense(net) or any(of_one != rates[0] for of_one in rates):
            return of_seeds
        most = max(1, min(TOGETHER // (net.size * len(rates[0])), -(-len(of_seeds) // workers)))
        return [sum(of_seeds[s:s + most], []) for s in range(0, len(of_seeds), most)]

    def run(self, points: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Train at points that differ in rate and seed only, S × E runs in lock-step, the seeds in the outer loop."""
        etas, seeds, (rest, *_) = zip(*map(self._split, points))
        rngs = [np.random.default_rng(seed) for seed in dict.fromkeys(seeds)]
        S, E = len(rngs), len(points) // len(rngs)
        require(seeds == tuple(s for s in dict.fromkeys(seeds) for _ in range(E)) and etas == S * etas[:E], "points",
                "the same rates for every seed, the seeds in the outer loop", points)
        net, M, epochs = self._model(rest), rest["batch_size"], rest["epochs"]
        starts = [np.asarray(self.initial(net, rng)) for rng in rngs]
        theta = np.stack([np.stack([start] * E) for start in starts])
        require(theta.shape == (S, E, net.size), "initial", f"a function that returns ({net.size},) parameters",
                starts[0].shape)
        (X, Y), scored = self._checked(net, theta.dtype, rest)
        if S == 1:
            theta = theta[0] if E > 1 else theta[0, 0]

        def batches() -> Iterator[np.ndarray]:
            of_each_seed = [minibatches(len(X), M, rng) for rng in rngs]
            return of_each_seed[0] if S == 1 else (np.stack(batch)[:, None] for batch in zip(*of_each_seed))

        early = rest["patience"] is not None
        record = _Record(net, theta, X, {"validation": scored} if early else {}, rest["patience"])
        with np.errstate(over="ignore", invalid="ignore"):  # divergence is an outcome, not a warning
            theta = _sgd(net, theta, X, Y, batches, _rates(etas[:E], theta), rest["optimizer"] or sgd(),
                         progress(range(epochs), f"batch size {M}"), record, rngs[0] if S == 1 else _EachItsOwn(rngs),
                         rest["clip"])
            theta, history = record.end(theta)
            cost, accuracy = _evaluate(net, theta, *scored)
        results = {"cost": np.where(record.died < 0, cost, np.inf), "accuracy": accuracy, "diverged_at": record.died}
        if early:
            results["best_epoch"] = history.best_epoch
        return [dict(zip(results, values)) for values in zip(*(np.ravel(a).tolist() for a in results.values()))]

    def _checked(self, net: Model, dtype: np.dtype, rest: dict[str, Any]) -> tuple[Data, Data]:
        """Return the data to train with and those that score, after a look at all that `fit` looks at."""
        data = _data(net, (self.X, self.Y), dtype, ("X", "Y"), look=self.validation is None)
        require_count("batch_size", rest["batch_size"], at_most=len(data[0]))
        require_count("epochs", rest["epochs"])
        if rest["patience"] is not None:
            require_count("patience", rest["patience"])
            require(self.validation is not None, "validation", "data to stop early by", "None")
        if self.validation is None:
            return data, data
        return data, _data(net, self.validation, dtype, ("X_validation", "Y_validation"))

    def _split(self, point: dict[str, Any]) -> tuple[Any, int, dict[str, Any]]:
        """Return the rate, the seed, and the rest of a point, completed by what is fixed."""
        whole = self.fixed | point
        for name in ("eta", "batch_size"):
            require(name in whole, "point", f"a value of {name}, in the grid or fixed", f"only {', '.join(whole)}")
        return whole.pop("eta"), whole.pop("seed"), whole

    def _model(self, rest: dict[str, Any]) -> Model:
        described = {name: value for name, value in rest.items() if name not in OF_FIT}
        if not callable(self.net):
            require(not described, "point", "parameters of the training, since the model is given",
                    ", ".join(described))
            return self.net
        return self.net(**described)


def training_trial(
    net: Model | Callable[..., Model],
    initial: Callable[[Model, np.random.Generator], np.ndarray],
    X: np.ndarray,
    Y: np.ndarray,
    *,
    epochs: int,
    validation: Data | None = None,
    lockstep: bool = True,
    **fixed: Any,
) -> TrainingTrial:
    """Return a trial for `sweep`: train a model, and score it at the end.

    The parameters of a point are `eta`, `batch_size` and `seed` (0 if neither in the grid nor fixed), perhaps
    `epochs`, `optimizer`, `clip` and `patience`, as for `fit`. All others are arguments of `net`, a function::

        net = lambda width, lam: Penalised(Network((784, width, 10), (relu, linear), softmax_cross_entropy), lam)
        trial = training_trial(net, lambda net, rng: he(net.net, rng), X, Y, epochs=5, eta=0.1, batch_size=100)
        sweep(trial, {"width": (20, 50, 100), "lam": (0, 1e-4, 1e-3), "seed": range(3)}, jobs=-1)

    Points that differ in rate and seed only go in lock-step. Runs of one seed start from the same parameters and see
    the same batches: a paired comparison. Each run is what `fit` does alone, to the last bit::

        rng = np.random.default_rng(seed)
        fit(net, initial(net, rng), X, Y, eta=eta, batch_size=batch_size, epochs=epochs, rng=rng)

    Parameters
    ----------
    net : any model, or a function that makes one of the other parameters of a point
    initial : (net, rng) ↦ initial parameters (P,), for instance `he`
    X, Y : as for `fit`
    epochs : how many passes over the data
    validation : the data that score each run at the end, and stop it early; X and Y score if None
    lockstep : False for a model that takes only one run at a time
    fixed : parameters that are the same at all points

    Returns
    -------
    TrainingTrial, which returns a dictionary of ``cost`` (+∞ if the run diverged), ``accuracy``, ``diverged_at``
    (−1 if not), and with `patience` ``best_epoch``

    Raises
    ------
    ValueError
        When it is run: as `fit`.
    """
    require_count("epochs", epochs)
    defaults = dict(seed=0, epochs=epochs, optimizer=None, clip=None, patience=None)
    if validation is not None:
        validation = tuple(map(np.asarray, validation))
    return TrainingTrial(net, initial, np.asarray(X), np.asarray(Y), validation, defaults | fixed, lockstep)


def _dense(net: Model) -> bool:
    """Say whether each run in lock-step may have data of its own, as dense networks and what is around them allow."""
    while isinstance(net, Around):
        net = net.net
    return isinstance(net, Network)


def _rates(etas: tuple[Any, ...], theta: np.ndarray) -> Callable[[int], np.ndarray]:
    """Return k ↦ η_k of every run, (E, 1), or a number for a run alone; schedules are asked at every step."""
    def at(k: int) -> np.ndarray:
        rates = [eta(k) if callable(eta) else eta for eta in etas]
        require_positive("eta", rates)
        return np.asarray(rates, theta.dtype)[:, None] if theta.ndim > 1 else theta.dtype.type(rates[0])

    constant = None if any(map(callable, etas)) else at(0)
    return at if constant is None else lambda k: constant


class _EachItsOwn:
    """Draws for S seeds what a generator draws for one, (S, 1, …): a run gets what it would get alone."""

    def __init__(self, rngs: list[np.random.Generator]) -> None:
        self.rngs = rngs

    def random(self, size: tuple[int, ...]) -> np.ndarray:
        return np.stack([rng.random(size) for rng in self.rngs])[:, None]
