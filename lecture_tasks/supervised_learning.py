"""The tasks of the chapter on supervised learning.

Probabilities have one class a row and one sample a column, as everywhere; features one sample a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np

from lecture_code.feedback import task

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- Task 1: parabolas through two points

def two_points(rng: np.random.Generator, spread: float) -> tuple[Vector, Vector, float]:
    """Return two different places, two heights, and a curvature a."""
    x = rng.choice(np.arange(-30, 31), size=2, replace=False) / 10 * spread
    return x, rng.normal(scale=2, size=2).round(1), round(float(rng.choice([-1, 1]) * rng.uniform(0.3, 3)), 1)


def _slope(x: Vector, y: Vector) -> float:
    return (y[1] - y[0]) / (x[1] - x[0])


@task("Task 1: parabolas through two points", returns="b, c", points=2, draw=two_points, shapes=(1.0, 2.0, 0.5))
def through_two_points(x, y, a, *, b_of=lambda x, y, a: _slope(x, y) - a * (x[0] + x[1]),
        c_of=lambda x, y, a, b: y[0] - a * x[0] ** 2 - b * x[0]):
    b = b_of(x, y, a)
    return b, c_of(x, y, a, b)


through_two_points.mistake("your b is the slope of the line through the two points",
    "Put your b and c into the parabola at the second point. Which term is left over?",
    b_of=lambda x, y, a: _slope(x, y))
through_two_points.mistake("the term ax² is forgotten altogether",
    "You have the line through the points. With a·x² on top of it, does it still meet them?",
    b_of=lambda x, y, a: _slope(x, y), c_of=lambda x, y, a, b: y[0] - b * x[0])
through_two_points.mistake("the curvature enters b with the wrong sign",
    "Subtract the two equations from each other and solve for b once more.",
    b_of=lambda x, y, a: _slope(x, y) + a * (x[0] + x[1]))
through_two_points.mistake("b has the difference of the two places where it should have another combination",
    "What is (x₁² − x₀²)/(x₁ − x₀)?", b_of=lambda x, y, a: _slope(x, y) - a * (x[1] - x[0]))
through_two_points.mistake("c leaves the square out",
    "The parabola has to meet the first point. What is left for c there?", c_of=lambda x, y, a, b: y[0] - b * x[0])
through_two_points.mistake("c mixes the two points", "Which height belongs to which place?",
    c_of=lambda x, y, a, b: y[1] - a * x[0] ** 2 - b * x[0])
through_two_points.mistake("b and c are returned in the wrong order", "First b, then c.",
    result=lambda right: right[::-1])
through_two_points.mistake("a has the wrong sign", "Your parabola opens downward where it should open upward.",
    a=np.negative)


# ---------------------------------------------------------------- Task 2: the negative log-likelihood

def probabilities(rng: np.random.Generator, shape: tuple[int, int, float]) -> tuple[Matrix, Vector]:
    """Return probabilities (K, N), some of them tiny, and labels."""
    K, N, spread = shape
    scores = rng.normal(scale=spread, size=(K, N))
    P = np.exp(scores - scores.max(axis=0))
    P /= P.sum(axis=0)
    return P, rng.integers(K, size=N)


_silently = np.errstate(divide="ignore", invalid="ignore")


def _of_labels(P: Matrix, y: Vector) -> Vector:
    return P[y, np.arange(len(y))]


def _of_others(P: Matrix, y: Vector) -> Vector:
    return P[np.arange(len(P))[:, np.newaxis] != y]


@task("Task 2: a likelihood that survives", returns="nll", points=2,
      draw=probabilities, shapes=((2, 3, 1), (3, 5, 2), (4, 7, 30), (3, 3000, 8)), rtol=1e-9)
def nll(P, y):
    return -np.log(_of_labels(P, y)).sum()


nll.mistake("the product is formed first, and is lost when there are many samples",
    "What is `np.prod` of 3000 numbers between 0 and 1? Which rule of the logarithm avoids the product?",
    _silently(lambda P, y: -np.log(np.prod(_of_labels(P, y)))))
nll.mistake("you return the mean", "The likelihood of all samples is asked for. Does its logarithm have a 1/N?",
    lambda P, y: -np.log(_of_labels(P, y)).mean())
nll.mistake("the sign is missing", "Can a probability have a positive logarithm? Which sign has a loss?",
    result=np.negative)
nll.mistake("your logarithm has the base 2", "Use the natural logarithm.",
    lambda P, y: -np.log2(_of_labels(P, y)).sum())
nll.mistake("your logarithm has the base 10", "Use the natural logarithm.",
    lambda P, y: -np.log10(_of_labels(P, y)).sum())
nll.mistake("you take whole rows of P",
    "`P[y]` has N rows of N numbers. Each sample should contribute one: which entry of its column?",
    lambda P, y: -np.log(P[y]).sum())
nll.mistake("you take the most probable class in place of the label",
    "The model is asked what it gave to the class that occurred.", lambda P, y: -np.log(P.max(axis=0)).sum())
nll.mistake("all classes contribute", "Only one class of each sample did occur.", lambda P, y: -np.log(P).sum())
nll.mistake("the classes that did not occur contribute, too",
    "You have added the logarithms of 1 − p. Do they stand in the likelihood?",
    _silently(lambda P, y: -np.log(_of_labels(P, y)).sum() - np.log1p(-_of_others(P, y)).sum()))
for tiny in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15):
    nll.mistake(f"you add {tiny:g} to the probabilities",
        "Against log 0? No probability is 0 here, and the small ones are changed by it.",
        lambda P, y, tiny=tiny: -np.log(_of_labels(P, y) + tiny).sum())
    nll.mistake(f"you cut off probabilities below {tiny:g}",
        "A probability of 1e-20 is allowed, and its logarithm is finite. Only 0 would be trouble.",
        lambda P, y, tiny=tiny: -np.log(np.maximum(_of_labels(P, y), tiny)).sum())
nll.mistake("the logarithm is missing", "Which function turns a product into a sum?",
    lambda P, y: -_of_labels(P, y).sum())


# ---------------------------------------------------------------- Task 3: choosing a degree

def two_sets(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Any, ...]:
    """Return noisy values of a cubic at N places, and at others for validation; degrees in no order, some left out."""
    N, held_out = shape
    x, new = rng.uniform(-1, 1, N).round(2), rng.uniform(-1, 1, held_out).round(2)
    truth = rng.normal(scale=2, size=4)
    noisy = lambda u: (np.polyval(truth, u) + 0.4 * rng.standard_normal(len(u))).round(2)
    return x, noisy(x), new, noisy(new), tuple(
        int(m) for m in rng.choice(min(8, N - 1), min(5, N - 3), replace=False))


def _errors(x: Vector, y: Vector, new: Vector, y_new: Vector, degrees: Sequence[int], fewer: int = 0) -> Vector:
    """Return the mean squared errors at new places of polynomials that are fitted to x and y."""
    fits = [np.linalg.lstsq(np.vander(x, max(m + 1 - fewer, 1)), y, rcond=None)[0] for m in degrees]
    return np.array([np.mean((np.polyval(theta, new) - y_new) ** 2) for theta in fits])


def _lowest(errors: Vector, degrees: Sequence[int], reported: Vector | None = None) -> tuple[int, float]:
    best = np.argmin(errors)
    return degrees[best], (errors if reported is None else reported)[best]


@task("Task 3: choosing a degree", returns="degree, error", points=3,
      draw=two_sets, shapes=((6, 5), (9, 8), (12, 7), (20, 11)), rtol=1e-6)
def choose_degree(x, y, x_val, y_val, degrees):
    return _lowest(_errors(x, y, x_val, y_val, degrees), degrees)


choose_degree.mistake("the training data choose the degree",
    "Which error falls with every degree, useful or not?",
    lambda x, y, x_val, y_val, degrees:
        _lowest(_errors(x, y, x, y, degrees), degrees, reported=_errors(x, y, x_val, y_val, degrees)))
choose_degree.mistake("the validation data are not used at all",
    "Both the choice and the reported error should come from data that the fit has not seen.",
    lambda x, y, x_val, y_val, degrees: _lowest(_errors(x, y, x, y, degrees), degrees))
choose_degree.mistake("the error you return is that of the training data",
    "The choice is right. Which data say how good it is?",
    lambda x, y, x_val, y_val, degrees:
        _lowest(_errors(x, y, x_val, y_val, degrees), degrees, reported=_errors(x, y, x, y, degrees)))
choose_degree.mistake("you return the position in the list in place of the degree",
    "`degrees` is in no order. What does `np.argmin` return?",
    lambda x, y, x_val, y_val, degrees: _lowest(_errors(x, y, x_val, y_val, degrees), range(len(degrees))))
choose_degree.mistake("you choose the largest error", "Smaller is better.",
    lambda x, y, x_val, y_val, degrees:
        _lowest(-_errors(x, y, x_val, y_val, degrees), degrees, reported=_errors(x, y, x_val, y_val, degrees)))
choose_degree.mistake("you return the root of the error", "The mean of the squares is asked for.",
    result=lambda right: (right[0], np.sqrt(right[1])))
choose_degree.mistake("you return the sum of the squares", "The mean of the squares is asked for.",
    lambda x, y, x_val, y_val, degrees: _lowest(len(y_val) * _errors(x, y, x_val, y_val, degrees), degrees))
choose_degree.mistake("your polynomials have one coefficient too few", "How many coefficients has a parabola?",
    lambda x, y, x_val, y_val, degrees: _lowest(_errors(x, y, x_val, y_val, degrees, fewer=1), degrees))
choose_degree.mistake("the polynomials are fitted to the validation data", "Which of the two sets may the fit see?",
    lambda x, y, x_val, y_val, degrees: _lowest(_errors(x_val, y_val, x_val, y_val, degrees), degrees))
choose_degree.mistake("the polynomials are fitted to all data together",
    "A set that the fit has seen cannot tell how it does on data that it has not seen.",
    lambda x, y, x_val, y_val, degrees:
        _lowest(_errors(np.append(x, x_val), np.append(y, y_val), x_val, y_val, degrees), degrees))


# ---------------------------------------------------------------- Task 4: a leak

def noise_features(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Matrix, Vector, np.ndarray, int]:
    """Return features of pure noise (N, d), answers ±1 that have nothing to do with them, a mask, and a count."""
    N, d, count = shape
    train = rng.permutation(N) < 2 * N // 3
    return rng.normal(size=(N, d)), rng.choice([-1, 1], size=N), train, count


@task("Task 4: find the leak", returns="chosen, accuracy", points=3,
      draw=noise_features, shapes=((12, 6, 2), (30, 40, 3), (60, 100, 4), (60, 300, 5)))
def repaired_experiment(X, y, train, count, *, choose="train", fit="train", score="test", strength=np.abs):
    """The keywords say which samples choose the features, which of them are fitted, and which are scored."""
    samples = {"train": train, "test": ~train, "all": np.ones(len(y), bool)}
    chooses, fits, scores = samples[choose], samples[fit], samples[score]
    chosen = np.sort(np.argsort(-strength(y[chooses] @ X[chooses]))[:count])
    w = np.linalg.lstsq(X[fits][:, chosen], y[fits], rcond=None)[0]
    return chosen, np.mean(np.sign(X[scores][:, chosen] @ w) == y[scores])


repaired_experiment.mistake("this is still what the given function does",
    "Go through it line by line and ask of each: which samples does it look at?", choose="all")
repaired_experiment.mistake("the test samples choose the features", "You have turned the mask round.", choose="test")
repaired_experiment.mistake("the weights are fitted to all samples",
    "You have moved the leak: the selection is honest now, and the fit is not.", fit="all")
repaired_experiment.mistake("you score on the training samples", "Which samples has the fit not seen?", score="train")
repaired_experiment.mistake("you score on all samples", "Which samples has the fit not seen?", score="all")
repaired_experiment.mistake("the sign of the correlation decides",
    "A feature that always has the opposite sign of the answer is as useful as one that agrees with it.",
    strength=np.positive)
repaired_experiment.mistake("you take the first features without a choice",
    "The experiment may choose its features; it may not choose them by the test samples.",
    strength=lambda products: -np.arange(len(products)))
repaired_experiment.mistake("you choose the features that say least", "In which direction does `argsort` order?",
    strength=lambda products: -np.abs(products))


# ---------------------------------------------------------------- Task 5: how many samples

def pilot(rng: np.random.Generator, n: int) -> tuple[Vector, float]:
    """Return the losses of a pilot study, and how precisely their mean is to be known."""
    if n == 3:  # the answer is a whole number already
        unit, parts = 2.0 ** rng.integers(-1, 3), int(rng.integers(2, 6))
        return unit * rng.permutation([1.0, 2, 3]), unit / parts
    if n == 4:  # the tolerance is large
        return rng.exponential(size=n).round(3), round(float(rng.uniform(1, 3)), 3)
    return rng.exponential(scale=rng.uniform(0.5, 3), size=n).round(3), round(float(rng.uniform(0.01, 0.09)), 3)


@task("Task 5a: how many samples does a report need?", returns="N", points=2, draw=pilot, shapes=(3, 4, 5, 12, 40))
def samples_needed(losses, tolerance):
    return ceil(np.var(losses, ddof=1) / tolerance**2)


samples_needed.mistake("the tolerance is not squared",
    "Half the tolerance needs four times the samples. What does your formula say?",
    lambda losses, tolerance: ceil(np.var(losses, ddof=1) / tolerance))
samples_needed.mistake("you divide the standard deviation by the tolerance",
    "That is the root of the number you want.", lambda losses, tolerance: ceil(np.std(losses, ddof=1) / tolerance))
samples_needed.mistake("the standard deviation stands in place of the variance",
    "Measure the losses in another unit, ten times as large: should N change?",
    lambda losses, tolerance: ceil(np.std(losses, ddof=1) / tolerance**2))
samples_needed.mistake("your variance divides by n, and is too small for a small pilot study",
    "The variance of a population is estimated from a sample here. By how much less than n does one divide?",
    lambda losses, tolerance: ceil(np.var(losses) / tolerance**2))
samples_needed.mistake("you round down", "With that many samples, is the tolerance kept?",
    lambda losses, tolerance: int(np.var(losses, ddof=1) / tolerance**2))
samples_needed.mistake("you round an exact quotient up, too",
    "A variance of 1 and a tolerance of ½ need exactly 4 samples.",
    lambda losses, tolerance: int(np.var(losses, ddof=1) / tolerance**2) + 1)
samples_needed.mistake("you do not round", "Half a sample cannot be drawn.",
    lambda losses, tolerance: np.var(losses, ddof=1) / tolerance**2)
samples_needed.mistake("you divide by the size of the pilot study, too",
    "The pilot study tells how much a single loss varies. Its size plays no other part.",
    lambda losses, tolerance: ceil(np.var(losses, ddof=1) / len(losses) / tolerance**2))
samples_needed.mistake("you subtract the samples of the pilot study", "The number of all samples is asked for.",
    lambda losses, tolerance: ceil(np.var(losses, ddof=1) / tolerance**2) - len(losses))

#: In the order of the notebook.
ALL = (through_two_points, nll, choose_degree, repaired_experiment, samples_needed)
#: What a person marks, with its points.
WRITTEN = {
    "Task 1: parabolas through two points": 2, "Task 3: choosing a degree": 2,
    "Task 5a: how many samples does a report need?": 1, "Task 5b: how many samples does a report need?": 4}
