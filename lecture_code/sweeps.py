"""Sweeps: something is tried at many points, those of a grid or points drawn at random, over processes or a cluster.

Book: ch-mini-batches
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import isnan
from typing import Any

import numpy as np

from lecture_code.runs import progress
from lecture_code.validation import require, require_count

Point = dict[str, Any]  # the parameters of one trial, by name


@dataclass(frozen=True)
class Sweep:
    """What `sweep` found out: a tidy table.

    Attributes
    ----------
    rows : one dictionary a trial: its parameters, then its results
    axes : the values of each parameter in a grid search, in the order of the grid; None after a random search
    names : the names of the results
    """

    rows: list[dict[str, Any]]
    axes: dict[str, tuple] | None
    names: tuple[str, ...]

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a result or a parameter of all trials: an array with an axis for each parameter of the grid, or (n,).

        Example: after ``sweep(trial, {"eta": etas, "seed": range(5)})``, ``["cost"].mean(axis=1)`` belongs to ``etas``.
        """
        require(name in self.rows[0], "name", " or ".join(map(repr, self.rows[0])), repr(name))
        values = np.array([row[name] for row in self.rows])
        shape = [len(self.rows)] if self.axes is None else [len(values) for values in self.axes.values()]
        return values.reshape(*shape, *values.shape[1:])

    def best(self, name: str | None = None, largest: bool = False) -> dict[str, Any]:
        """Return the row with the least value of a result, the first one if there are several; NaN is never best.

        Parameters
        ----------
        name : of the result; the first result if None
        largest : look for the largest value instead
        """
        name = self.names[0] if name is None else name
        require(name in self.rows[0], "name", " or ".join(map(repr, self.rows[0])), repr(name))
        numbers = [row for row in self.rows if not isnan(row[name])]
        require(len(numbers) > 0, name, "a number in some trial", "NaN in all")
        return (max if largest else min)(numbers, key=lambda row: row[name])


def sweep(
    trial: Callable[..., Any],
    grid: Mapping[str, Any],
    *,
    samples: int | None = None,
    rng: np.random.Generator | None = None,
    jobs: int | None = 1,
) -> Sweep:
    """Try every point of a grid, or `samples` points drawn at random.

    Anything can be swept: learning rates, batch sizes, widths, penalties, optimizers, seeds::

        sweep(lambda a, b: (a - 3) ** 2 + b, {"a": range(5), "b": (0, 1)}).best()
        sweep(training_trial(net, he, X, Y, epochs=5), {"eta": (0.1, 1), "batch_size": (10, 100), "seed": range(3)})
        sweep(trial, {"eta": lambda rng: 10 ** rng.uniform(-3, 0), "width": (20, 50)}, samples=60, rng=rng)

    Parameters
    ----------
    trial : called with the parameters of a point by name, it returns a number, or a dictionary of results. If it can
        run several points at once, as a `TrainingTrial`, it is asked to
    grid : the values of each parameter. In a random search a parameter may also have a function that draws a value
        from rng, or a distribution of scipy.stats; from a sequence, each value is equally likely
    samples : how many points to draw; None for a grid search
    rng : draws the points of a random search
    jobs : how many processes; −1 for one a core; None for what ``joblib.parallel_config`` says. On a Dask cluster:
        ``with joblib.parallel_config(backend="dask"): sweep(…, jobs=-1)`` after ``Client(…)``

    Raises
    ------
    ValueError
        If the grid is empty, or a result has the name of a parameter; and what the trial raises.
    """
    require(callable(trial), "trial", "a function", repr(trial))
    require(isinstance(grid, Mapping) and len(grid) > 0, "grid", "a dictionary with at least one parameter", repr(grid))
    if samples is None:
        points, axes = _grid_points(grid)
    else:
        points, axes = _random_points(grid, samples, rng), None
    call, workers = _parallel(jobs)
    groups = trial.groups(points, workers) if hasattr(trial, "groups") else [[i] for i in range(len(points))]
    answers = call(_try, [(trial, [points[i] for i in group]) for group in groups])
    results = dict(zip((i for group in groups for i in group), (answer for some in answers for answer in some)))
    names = tuple(results[0])
    for name in names:
        require(name not in grid, "trial", "results with names of their own", f"{name!r}, the name of a parameter")
    return Sweep([points[i] | results[i] for i in range(len(points))], axes, names)


def _grid_points(grid: Mapping[str, Any]) -> tuple[list[Point], dict[str, tuple]]:
    """Return every combination, the last parameter fastest."""
    for name, values in grid.items():
        _require_values(name, values)
    axes = {name: tuple(values) for name, values in grid.items()}
    return [dict(zip(axes, values)) for values in product(*axes.values())], axes


def _random_points(grid: Mapping[str, Any], samples: int, rng: np.random.Generator | None) -> list[Point]:
    require_count("samples", samples)
    require(rng is not None, "rng", "a generator that draws the points", "None")
    return [{name: _draw(name, values, rng) for name, values in grid.items()} for _ in range(samples)]


def _draw(name: str, values: Any, rng: np.random.Generator) -> Any:
    if hasattr(values, "rvs"):
        return values.rvs(random_state=rng)
    if callable(values):
        return values(rng)
    _require_values(name, values)
    return values[rng.integers(len(values))]


def _require_values(name: str, values: Any) -> None:
    fits = isinstance(values, (Sequence, np.ndarray)) and not isinstance(values, str) and len(values) > 0
    require(fits, name, "a sequence of at least one value", repr(values))


def _try(trial: Callable[..., Any], points: list[Point]) -> list[dict[str, Any]]:
    """Return the results at some points."""
    answers = trial.run(points) if hasattr(trial, "run") else [trial(**point) for point in points]
    return [answer if isinstance(answer, dict) else {"value": answer} for answer in answers]


def _parallel(jobs: int | None) -> tuple[Callable[[Callable, list[tuple]], list], int]:
    """Return (a function that calls f on every tuple of arguments, how many processes it uses)."""
    if jobs == 1:
        return (lambda f, arguments: [f(*a) for a in progress(arguments, "sweep")]), 1
    try:
        from joblib import Parallel, delayed, effective_n_jobs
    except ImportError as missing:
        raise ImportError("several processes need joblib, which is not installed; jobs=1 needs nothing") from missing

    return (lambda f, arguments: Parallel(n_jobs=jobs)(delayed(f)(*a) for a in arguments)), effective_n_jobs(jobs)
