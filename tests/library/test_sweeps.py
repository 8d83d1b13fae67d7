"""Sweeps of anything: grids, random points, processes, and the table that comes back."""

import os
import sys

import joblib
import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_array_equal

from lecture_code.sweeps import sweep


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    monkeypatch.setenv("LECTURE_CODE_STATIC", "1")


def bowl(a, b):
    return (a - 3) ** 2 + 10 * b


def two_results(a, b):
    return {"sum": a + b, "product": a * b}


# A grid


def test_every_point_of_a_grid_is_tried_once():
    tried = []
    result = sweep(lambda a, b: tried.append((a, b)) or a, {"a": (5, 6, 7), "b": ("x", "y")})
    assert tried == [(5, "x"), (5, "y"), (6, "x"), (6, "y"), (7, "x"), (7, "y")]
    assert result.axes == {"a": (5, 6, 7), "b": ("x", "y")} and result.names == ("value",)


def test_rows_are_tidy():
    assert sweep(two_results, {"a": (2, 3), "b": (5,)}).rows == [
        {"a": 2, "b": 5, "sum": 7, "product": 10}, {"a": 3, "b": 5, "sum": 8, "product": 15}]


def test_arrays_have_an_axis_for_each_parameter():
    result = sweep(two_results, {"a": range(3), "b": np.array([10, 20])})
    assert_array_equal(result["sum"], [[10, 20], [11, 21], [12, 22]])
    assert_array_equal(result["product"], [[0, 0], [10, 20], [20, 40]])
    assert_array_equal(result["b"], [[10, 20]] * 3)
    assert sweep(lambda a: np.array([a, -a]), {"a": (1, 2)})["value"].shape == (2, 2)  # results may be arrays


def test_the_best_point():
    result = sweep(bowl, {"a": range(6), "b": (1, 0)})
    assert result.best() == {"a": 3, "b": 0, "value": 0}
    assert result.best(largest=True) == {"a": 0, "b": 1, "value": 19}
    several = sweep(two_results, {"a": (2, 1), "b": (4, 5)})
    assert several.best()["sum"] == 5 and several.best("product", largest=True)["product"] == 10
    assert several.best("a")["b"] == 4  # the first of two


def test_what_is_no_number_is_never_best(raises):
    result = sweep(lambda a: a if a % 2 else np.nan, {"a": (0, 1, 2, 3)})
    assert result.best()["a"] == 1 and result.best(largest=True)["a"] == 3
    assert sweep(lambda a: a if a == 2 else np.nan, {"a": (0, 1, 2)}).best()["a"] == 2
    with raises("value", "a number in some trial", "NaN in all"):
        sweep(lambda a: np.nan, {"a": (0,)}).best()


def test_unknown_names(raises):
    result = sweep(two_results, {"a": (2,), "b": (5,)})
    with raises("name", "'a' or 'b' or 'sum' or 'product'", "'cost'"):
        result["cost"]
    with raises("name", "'sum'", "'value'"):
        result.best("value")


# Random search


def test_points_are_drawn_from_sequences_functions_and_distributions():
    grid = {"a": (2, 4), "b": lambda rng: 10 ** rng.uniform(-3, 0), "c": scipy.stats.loguniform(1, 100), "d": ["one"]}
    draw = lambda seed: sweep(lambda **point: 0, grid, samples=300, rng=np.random.default_rng(seed))
    result = draw(0)
    assert result.axes is None and result["a"].shape == (300,)
    assert 100 < (result["a"] == 2).sum() < 200
    assert ((result["b"] >= 1e-3) & (result["b"] <= 1)).all() and 100 < (result["b"] < 10**-1.5).sum() < 200
    assert ((result["c"] >= 1) & (result["c"] <= 100)).all() and 100 < (result["c"] < 10).sum() < 200
    assert (result["d"] == "one").all()
    assert draw(0).rows == result.rows and draw(1).rows != result.rows


def test_random_points_are_drawn_independently():
    result = sweep(bowl, {"a": range(3), "b": range(3)}, samples=400, rng=np.random.default_rng(0))
    counts = np.zeros((3, 3), int)
    np.add.at(counts, (result["a"], result["b"]), 1)
    assert counts.min() > 20 and counts.max() < 70
    assert result.best()["a"] == 2 and result.best()["b"] == 0


# Processes


def pid(a):
    return {"square": a * a, "process": os.getpid()}


def test_processes_change_nothing():
    grid = {"a": range(7), "b": (1, 2)}
    alone = sweep(bowl, grid)
    with joblib.parallel_config(backend="threading"):
        assert sweep(bowl, grid, jobs=2).rows == alone.rows
    assert sweep(bowl, grid, jobs=2).rows == alone.rows
    assert os.getpid() not in sweep(pid, {"a": range(4)}, jobs=2)["process"]


def test_without_joblib_the_error_says_what_still_works(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    assert sweep(bowl, {"a": (1,), "b": (2,)}, jobs=1).rows
    with pytest.raises(ImportError, match="jobs=1 needs nothing"):
        sweep(bowl, {"a": (1,), "b": (2,)}, jobs=2)


# A trial that runs several points at once


class Together:
    """Runs points with the same b together, and says with how many others each was run."""

    def __call__(self, a, b):
        return self.run([{"a": a, "b": b}])[0]

    def groups(self, points, workers):
        self.workers = workers
        values = sorted({point["b"] for point in points}, reverse=True)
        return [[i for i, point in enumerate(points) if point["b"] == b] for b in values]

    def run(self, points):
        return [{"sum": point["a"] + point["b"], "others": len(points) - 1} for point in points]


def test_a_trial_may_run_points_together():
    trial = Together()
    result = sweep(trial, {"a": (1, 2, 3), "b": (10, 20)})
    assert_array_equal(result["sum"], [[11, 21], [12, 22], [13, 23]])  # in the order of the grid
    assert (result["others"] == 2).all() and trial.workers == 1


# Arguments


@pytest.mark.parametrize("arguments, name, expected, got", [
    ((3, {"a": (1,)}), "trial", "a function", "3"), ((bowl, {}), "grid", "at least one parameter", "{}"),
    ((bowl, [1, 2]), "grid", "a dictionary", r"\[1, 2\]"), ((bowl, {"a": (), "b": (1,)}), "a", "at least one value", r"\(\)"),
    ((bowl, {"a": 3, "b": (1,)}), "a", "a sequence", "3"), ((bowl, {"a": "abc", "b": (1,)}), "a", "a sequence", "'abc'"),
    ((bowl, {"a": lambda rng: 1, "b": (1,)}), "a", "a sequence", "function"),
    ((lambda a: {"a": 1}, {"a": (1,)}), "trial", "results with names of their own", "'a'")])
def test_sweep_checks_its_arguments(arguments, name, expected, got, raises):
    with raises(name, expected, got):
        sweep(*arguments)


@pytest.mark.parametrize("options, name, expected, got", [
    (dict(samples=0, rng=np.random.default_rng()), "samples", ">= 1", "0"),
    (dict(samples=5), "rng", "a generator", "None")])
def test_a_random_search_checks_its_arguments(options, name, expected, got, raises):
    with raises(name, expected, got):
        sweep(bowl, {"a": (1,), "b": (2,)}, **options)
    with raises("b", "at least one value", r"\[\]"):
        sweep(bowl, {"a": (1,), "b": []}, samples=2, rng=np.random.default_rng())


def test_what_the_trial_raises_comes_through():
    def trial(a):
        raise KeyError("lost")

    for jobs in (1, 2):
        with pytest.raises(KeyError, match="lost"):
            sweep(trial, {"a": (1, 2)}, jobs=jobs)
