"""The tasks of the chapter on supervised learning.

Probabilities have one class a row and one sample a column, as everywhere; features one sample a row.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from lecture_code.feedback import Mistake, Task

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- Task 1: parabolas through two points

def two_points(rng: np.random.Generator, spread: float) -> tuple[Vector, Vector, float]:
    """Return two different places, two heights, and a curvature a."""
    x = rng.choice(np.arange(-30, 31), size=2, replace=False) / 10 * spread
    return x, rng.normal(scale=2, size=2).round(1), round(float(rng.choice([-1, 1]) * rng.uniform(0.3, 3)), 1)


def _parabola(x: Vector, y: Vector, a: float) -> tuple[float, float]:
    b = (y[1] - y[0]) / (x[1] - x[0]) - a * (x[0] + x[1])
    return b, y[0] - a * x[0] ** 2 - b * x[0]


def _line(x: Vector, y: Vector, a: float) -> tuple[float, float]:
    b = (y[1] - y[0]) / (x[1] - x[0])
    return b, y[0] - a * x[0] ** 2 - b * x[0]


def _line_and_its_height(x: Vector, y: Vector, a: float) -> tuple[float, float]:
    b = (y[1] - y[0]) / (x[1] - x[0])
    return b, y[0] - b * x[0]


def _curvature_added(x: Vector, y: Vector, a: float) -> tuple[float, float]:
    b = (y[1] - y[0]) / (x[1] - x[0]) + a * (x[0] + x[1])
    return b, y[0] - a * x[0] ** 2 - b * x[0]


def _difference_of_places(x: Vector, y: Vector, a: float) -> tuple[float, float]:
    b = (y[1] - y[0]) / (x[1] - x[0]) - a * (x[1] - x[0])
    return b, y[0] - a * x[0] ** 2 - b * x[0]


def _height_without_square(x: Vector, y: Vector, a: float) -> tuple[float, float]:
    b, _ = _parabola(x, y, a)
    return b, y[0] - b * x[0]


def _other_height(x: Vector, y: Vector, a: float) -> tuple[float, float]:
    b, _ = _parabola(x, y, a)
    return b, y[1] - a * x[0] ** 2 - b * x[0]


def _swapped(x: Vector, y: Vector, a: float) -> tuple[float, float]:
    return _parabola(x, y, a)[::-1]


def _upside_down(x: Vector, y: Vector, a: float) -> tuple[float, float]:
    return _parabola(x, y, -a)


through_two_points = Task(
    name="through_two_points", title="Task 1, parabolas through two points",
    takes="x, y, a", returns="b, c",
    reference=_parabola, draw=two_points, shapes=(1.0, 2.0, 0.5),
    mistakes=(
        Mistake("your b is the slope of the line through the two points",
                "Put your b and c into the parabola at the second point. Which term is left over?", _line),
        Mistake("the term ax² is forgotten altogether",
                "You have the line through the points. With a·x² on top of it, does it still meet them?",
                _line_and_its_height),
        Mistake("the curvature enters b with the wrong sign",
                "Subtract the two equations from each other and solve for b once more.", _curvature_added),
        Mistake("b has the difference of the two places where it should have another combination",
                "What is (x₁² − x₀²)/(x₁ − x₀)?", _difference_of_places),
        Mistake("c leaves the square out", "The parabola has to meet the first point. What is left for c there?",
                _height_without_square),
        Mistake("c mixes the two points", "Which height belongs to which place?", _other_height),
        Mistake("b and c are returned in the wrong order", "First b, then c.", _swapped),
        Mistake("a has the wrong sign", "Your parabola opens downward where it should open upward.", _upside_down),
    ),
)


# ---------------------------------------------------------------- Task 2: the negative log-likelihood

def probabilities(rng: np.random.Generator, shape: tuple[int, int, float]) -> tuple[Matrix, Vector]:
    """Return probabilities (K, N), some of them tiny, and labels."""
    K, N, spread = shape
    scores = rng.normal(scale=spread, size=(K, N))
    P = np.exp(scores - scores.max(axis=0))
    P /= P.sum(axis=0)
    return P, rng.integers(K, size=N)


def _nll(P: Matrix, y: Vector) -> float:
    return float(-np.log(P[y, np.arange(len(y))]).sum())


@np.errstate(divide="ignore")
def _log_of_product(P: Matrix, y: Vector) -> float:
    return float(-np.log(np.prod(P[y, np.arange(len(y))])))


def _mean(P: Matrix, y: Vector) -> float:
    return _nll(P, y) / len(y)


def _log_likelihood(P: Matrix, y: Vector) -> float:
    return -_nll(P, y)


def _bits(P: Matrix, y: Vector) -> float:
    return _nll(P, y) / float(np.log(2))


def _decimal(P: Matrix, y: Vector) -> float:
    return _nll(P, y) / float(np.log(10))


def _whole_rows(P: Matrix, y: Vector) -> float:
    return float(-np.log(P[y]).sum())


def _most_probable(P: Matrix, y: Vector) -> float:
    return _nll(P, P.argmax(axis=0))


def _all_classes(P: Matrix, y: Vector) -> float:
    return float(-np.log(P).sum())


@np.errstate(divide="ignore", invalid="ignore")
def _others_too(P: Matrix, y: Vector) -> float:
    others = np.delete(P.T.ravel(), np.arange(len(y)) * len(P) + y)
    return float(-np.log(P[y, np.arange(len(y))]).sum() - np.log1p(-others).sum())


def _cut_off(P: Matrix, y: Vector) -> float:
    return _nll(np.clip(P, 1e-7, None), y)


def _lifted(P: Matrix, y: Vector) -> float:
    return _nll(P + 1e-8, y)


def _without_logarithm(P: Matrix, y: Vector) -> float:
    return float(-P[y, np.arange(len(y))].sum())


nll = Task(
    name="nll", title="Task 2, the negative log-likelihood",
    takes="P, y", returns="nll",
    reference=_nll, draw=probabilities, shapes=((2, 3, 1), (3, 5, 2), (4, 7, 9), (3, 3000, 2)), rtol=1e-9,
    mistakes=(
        Mistake("the product is formed first, and is lost when there are many samples",
                "What is `np.prod` of 3000 numbers between 0 and 1? Which rule of the logarithm avoids the product?",
                _log_of_product),
        Mistake("you return the mean", "The likelihood of all samples is asked for. Does its logarithm have a 1/N?",
                _mean),
        Mistake("the sign is missing", "Can a probability have a positive logarithm? Which sign has a loss?",
                _log_likelihood),
        Mistake("your logarithm has the base 2", "Use the natural logarithm.", _bits),
        Mistake("your logarithm has the base 10", "Use the natural logarithm.", _decimal),
        Mistake("you take whole rows of P",
                "`P[y]` has N rows of N numbers. Each sample should contribute one: which entry of its column?",
                _whole_rows),
        Mistake("you take the most probable class in place of the label",
                "The model is asked what it gave to the class that occurred.", _most_probable),
        Mistake("all classes contribute", "Only one class of each sample did occur.", _all_classes),
        Mistake("the classes that did not occur contribute, too",
                "You have added the logarithms of 1 − p. Do they stand in the likelihood?", _others_too),
        Mistake("you add a small number to the probabilities",
                "Against log 0? No probability is 0 here, and those near 1e-9 are changed by it.", _lifted),
        Mistake("you cut small probabilities off",
                "A probability of 1e-9 is allowed, and its logarithm is finite. Only 0 would be trouble.", _cut_off),
        Mistake("the logarithm is missing", "Which function turns a product into a sum?", _without_logarithm),
    ),
)


# ---------------------------------------------------------------- Task 3: choosing a degree

def two_sets(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Vector, Vector, Vector, Vector, tuple[int, ...]]:
    """Return noisy values of a cubic at N places, and at others for validation; degrees in no order, some left out."""
    N, held_out = shape
    x, new = rng.uniform(-1, 1, N).round(2), rng.uniform(-1, 1, held_out).round(2)
    truth = rng.normal(scale=2, size=4)
    noisy = lambda u: (np.polyval(truth, u) + 0.4 * rng.standard_normal(len(u))).round(2)
    return x, noisy(x), new, noisy(new), tuple(
        int(m) for m in rng.choice(min(8, N - 1), min(5, N - 3), replace=False))


def _errors(x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...], fewer: int = 0) -> Vector:
    fits = [np.linalg.lstsq(np.vander(x, max(m + 1 - fewer, 1)), y, rcond=None)[0] for m in degrees]
    return np.array([np.mean((np.polyval(theta, x_val) - y_val) ** 2) for theta in fits])


def _chosen(degrees: tuple[int, ...], errors: Vector, best: int | None = None) -> tuple[int, float]:
    best = int(np.argmin(errors)) if best is None else best
    return degrees[best], float(errors[best])


def _by_validation(x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]) -> tuple[int, float]:
    return _chosen(degrees, _errors(x, y, x_val, y_val, degrees))


def _by_training(x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]) -> tuple[int, float]:
    best = int(np.argmin(_errors(x, y, x, y, degrees)))
    return _chosen(degrees, _errors(x, y, x_val, y_val, degrees), best)


def _training_throughout(
    x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]
) -> tuple[int, float]:
    return _chosen(degrees, _errors(x, y, x, y, degrees))


def _training_error_returned(
    x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]
) -> tuple[int, float]:
    degree, _ = _by_validation(x, y, x_val, y_val, degrees)
    return degree, float(_errors(x, y, x, y, degrees)[degrees.index(degree)])


def _index(x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]) -> tuple[int, float]:
    errors = _errors(x, y, x_val, y_val, degrees)
    return int(np.argmin(errors)), float(errors.min())


def _largest_error(x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]) -> tuple[int, float]:
    errors = _errors(x, y, x_val, y_val, degrees)
    return _chosen(degrees, errors, int(np.argmax(errors)))


def _root(x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]) -> tuple[int, float]:
    degree, error = _by_validation(x, y, x_val, y_val, degrees)
    return degree, error**0.5


def _sum(x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]) -> tuple[int, float]:
    degree, error = _by_validation(x, y, x_val, y_val, degrees)
    return degree, error * len(y_val)


def _column_missing(x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]) -> tuple[int, float]:
    return _chosen(degrees, _errors(x, y, x_val, y_val, degrees, fewer=1))


def _fitted_to_validation(
    x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]
) -> tuple[int, float]:
    return _chosen(degrees, _errors(x_val, y_val, x_val, y_val, degrees))


def _fitted_to_all(x: Vector, y: Vector, x_val: Vector, y_val: Vector, degrees: tuple[int, ...]) -> tuple[int, float]:
    return _chosen(degrees, _errors(np.append(x, x_val), np.append(y, y_val), x_val, y_val, degrees))


choose_degree = Task(
    name="choose_degree", title="Task 3, choosing a degree",
    takes="x, y, x_val, y_val, degrees", returns="degree, error",
    reference=_by_validation, draw=two_sets, shapes=((6, 5), (9, 8), (12, 7), (20, 11)), rtol=1e-6,
    mistakes=(
        Mistake("the training data choose the degree",
                "Which error falls with every degree, useful or not?", _by_training),
        Mistake("the validation data are not used at all",
                "Both the choice and the reported error should come from data that the fit has not seen.",
                _training_throughout),
        Mistake("the error you return is that of the training data",
                "The choice is right. Which data say how good it is?", _training_error_returned),
        Mistake("you return the position in the list in place of the degree",
                "`degrees` is in no order. What does `np.argmin` return?", _index),
        Mistake("you choose the largest error", "Smaller is better.", _largest_error),
        Mistake("you return the root of the error", "The mean of the squares is asked for.", _root),
        Mistake("you return the sum of the squares", "The mean of the squares is asked for.", _sum),
        Mistake("your polynomials have one coefficient too few",
                "How many coefficients has a parabola?", _column_missing),
        Mistake("the polynomials are fitted to the validation data",
                "Which of the two sets may the fit see?", _fitted_to_validation),
        Mistake("the polynomials are fitted to all data together",
                "A set that the fit has seen cannot tell how it does on data that it has not seen.", _fitted_to_all),
    ),
)


# ---------------------------------------------------------------- Task 4: a leak

def noise_features(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Matrix, Vector, np.ndarray, int]:
    """Return features of pure noise (N, d), answers ±1 that have nothing to do with them, a mask, and a count."""
    N, d, count = shape
    train = rng.permutation(N) < 2 * N // 3
    return rng.normal(size=(N, d)), rng.choice([-1, 1], size=N), train, count


def _selection(X: Matrix, y: Vector, seen: np.ndarray, count: int, signed: bool = False, least: bool = False) -> Vector:
    products = y[seen] @ X[seen]
    strength = products if signed else np.abs(products)
    return np.sort(np.argsort(strength if least else -strength)[:count])


def _accuracy(X: Matrix, y: Vector, fit: np.ndarray, score: np.ndarray, chosen: Vector) -> float:
    w = np.linalg.lstsq(X[fit][:, chosen], y[fit], rcond=None)[0]
    return float(np.mean(np.sign(X[score][:, chosen] @ w) == y[score]))


def _honest(X: Matrix, y: Vector, train: np.ndarray, count: int) -> tuple[Vector, float]:
    chosen = _selection(X, y, train, count)
    return chosen, _accuracy(X, y, train, ~train, chosen)


def leaky_experiment(X: Matrix, y: Vector, train: np.ndarray, count: int) -> tuple[Vector, float]:
    """Do what the function in the notebook does: it has one fault."""
    chosen = _selection(X, y, np.ones(len(y), bool), count)
    return chosen, _accuracy(X, y, train, ~train, chosen)


def _selected_by_test(X: Matrix, y: Vector, train: np.ndarray, count: int) -> tuple[Vector, float]:
    chosen = _selection(X, y, ~train, count)
    return chosen, _accuracy(X, y, train, ~train, chosen)


def _fitted_by_all(X: Matrix, y: Vector, train: np.ndarray, count: int) -> tuple[Vector, float]:
    chosen = _selection(X, y, train, count)
    return chosen, _accuracy(X, y, np.ones(len(y), bool), ~train, chosen)


def _scored_on_training(X: Matrix, y: Vector, train: np.ndarray, count: int) -> tuple[Vector, float]:
    chosen = _selection(X, y, train, count)
    return chosen, _accuracy(X, y, train, train, chosen)


def _scored_on_all(X: Matrix, y: Vector, train: np.ndarray, count: int) -> tuple[Vector, float]:
    chosen = _selection(X, y, train, count)
    return chosen, _accuracy(X, y, train, np.ones(len(y), bool), chosen)


def _signed(X: Matrix, y: Vector, train: np.ndarray, count: int) -> tuple[Vector, float]:
    chosen = _selection(X, y, train, count, signed=True)
    return chosen, _accuracy(X, y, train, ~train, chosen)


def _first_features(X: Matrix, y: Vector, train: np.ndarray, count: int) -> tuple[Vector, float]:
    chosen = np.arange(count)
    return chosen, _accuracy(X, y, train, ~train, chosen)


def _weakest(X: Matrix, y: Vector, train: np.ndarray, count: int) -> tuple[Vector, float]:
    chosen = _selection(X, y, train, count, least=True)
    return chosen, _accuracy(X, y, train, ~train, chosen)


repaired_experiment = Task(
    name="repaired_experiment", title="Task 4, the leak",
    takes="X, y, train, count", returns="chosen, accuracy",
    reference=_honest, draw=noise_features, shapes=((12, 6, 2), (30, 40, 3), (60, 100, 4), (60, 300, 5)),
    mistakes=(
        Mistake("this is still what the given function does",
                "Go through it line by line and ask of each: which samples does it look at?", leaky_experiment),
        Mistake("the test samples choose the features", "You have turned the mask round.", _selected_by_test),
        Mistake("the weights are fitted to all samples",
                "You have moved the leak: the selection is honest now, and the fit is not.", _fitted_by_all),
        Mistake("you score on the training samples", "Which samples has the fit not seen?", _scored_on_training),
        Mistake("you score on all samples", "Which samples has the fit not seen?", _scored_on_all),
        Mistake("the sign of the correlation decides",
                "A feature that always has the opposite sign of the answer is as useful as one that agrees with it.",
                _signed),
        Mistake("you take the first features without a choice",
                "The experiment may choose its features; it may not choose them by the test samples.",
                _first_features),
        Mistake("you choose the features that say least", "In which direction does `argsort` order?", _weakest),
    ),
)


# ---------------------------------------------------------------- Task 5: how many samples

def pilot(rng: np.random.Generator, n: int) -> tuple[Vector, float]:
    """Return the losses of a pilot study, and how precisely their mean is to be known."""
    if n == 3:  # the answer is a whole number already
        unit, parts = 2.0 ** rng.integers(-1, 3), int(rng.integers(2, 6))
        return unit * rng.permutation([1.0, 2, 3]), unit / parts
    if n == 4:  # the tolerance is large
        return rng.exponential(size=n).round(3), round(float(rng.uniform(1, 3)), 3)
    return rng.exponential(scale=rng.uniform(0.5, 3), size=n).round(3), round(float(rng.uniform(0.01, 0.09)), 3)


def _needed(losses: Vector, tolerance: float) -> int:
    return ceil(float(np.var(losses, ddof=1)) / tolerance**2)


def _tolerance_not_squared(losses: Vector, tolerance: float) -> int:
    return ceil(float(np.var(losses, ddof=1)) / tolerance)


def _deviation(losses: Vector, tolerance: float) -> int:
    return ceil(float(np.std(losses, ddof=1)) / tolerance)


def _deviation_over_square(losses: Vector, tolerance: float) -> int:
    return ceil(float(np.std(losses, ddof=1)) / tolerance**2)


def _population_variance(losses: Vector, tolerance: float) -> int:
    return ceil(float(np.var(losses)) / tolerance**2)


def _rounded_down(losses: Vector, tolerance: float) -> int:
    return int(float(np.var(losses, ddof=1)) / tolerance**2)


def _one_more(losses: Vector, tolerance: float) -> int:
    return int(float(np.var(losses, ddof=1)) / tolerance**2) + 1


def _not_rounded(losses: Vector, tolerance: float) -> float:
    return float(np.var(losses, ddof=1)) / tolerance**2


def _times_pilot(losses: Vector, tolerance: float) -> int:
    return ceil(float(np.var(losses, ddof=1)) / len(losses) / tolerance**2)


def _on_top(losses: Vector, tolerance: float) -> int:
    return _needed(losses, tolerance) - len(losses)


samples_needed = Task(
    name="samples_needed", title="Task 5a, how many samples a report needs",
    takes="losses, tolerance", returns="N",
    reference=_needed, draw=pilot, shapes=(3, 4, 5, 12, 40),
    mistakes=(
        Mistake("the tolerance is not squared",
                "Half the tolerance needs four times the samples. What does your formula say?", _tolerance_not_squared),
        Mistake("you divide the standard deviation by the tolerance",
                "That is the root of the number you want.", _deviation),
        Mistake("the standard deviation stands in place of the variance",
                "Measure the losses in another unit, ten times as large: should N change?", _deviation_over_square),
        Mistake("your variance divides by n, and is too small for a small pilot study",
                "The variance of a population is estimated from a sample here. By how much less than n does one "
                "divide?", _population_variance),
        Mistake("you round down", "With that many samples, is the tolerance kept?", _rounded_down),
        Mistake("you round an exact quotient up, too",
                "A variance of 1 and a tolerance of ½ need exactly 4 samples.", _one_more),
        Mistake("you do not round", "Half a sample cannot be drawn.", _not_rounded),
        Mistake("you divide by the size of the pilot study, too",
                "The pilot study tells how much *one* loss varies. Its size plays no other part.", _times_pilot),
        Mistake("you subtract the samples of the pilot study",
                "The number of all samples is asked for.", _on_top),
    ),
)

#: In the order of the notebook.
ALL = (through_two_points, nll, choose_degree, repaired_experiment, samples_needed)
