"""The tasks of the chapter on mini-batches.

An epoch is a walk over the pieces of a given order of the samples. A wrong epoch is the right one with one
part exchanged: the gradient of a batch, how the order is cut, or where the gradient is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code.feedback import Answer, Mistake, Task
from lecture_code.numerics import softmax

Vector = np.ndarray
Matrix = np.ndarray
Slope = Callable[[Matrix, Matrix, Vector], Matrix]  # (θ, X, y) ↦ the gradient of a batch


# ---------------------------------------------------------------- inputs

def _regression(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Any, ...]:
    N, d, M = shape
    theta, X, y = (rng.normal(size=size).round(2) for size in (d, (N, d), N))
    return theta, X, y, round(float(rng.uniform(0.05, 0.3)), 2), M, rng.permutation(N)


def _link_and_slope(rng: np.random.Generator, shape: tuple[int, int, bool]) -> tuple[Any, ...]:
    """Return a mini-batch; if it is at rest, θ = 0 and some samples are fitted exactly."""
    M, d, at_rest = shape
    theta, X, y = (rng.normal(size=size).round(2) for size in (d, (M, d), M))
    if at_rest:
        theta, y = np.zeros(d), np.where(np.arange(M) % 2 == 0, 0.0, y)
    g, slope = ((np.tanh, tanh_slope), (np.arctan, arctan_slope))[int(rng.integers(2))]
    return theta, X, y, round(float(rng.uniform(0.1, 1)), 2), g, slope


def tanh_slope(u: Vector) -> Vector:
    """Return the derivative of tanh."""
    return 1 - np.tanh(u) ** 2


def arctan_slope(u: Vector) -> Vector:
    """Return the derivative of arctan."""
    return 1 / (1 + u**2)


def _batch_costs(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Vector, int, int]:
    N, M = shape
    return rng.exponential(size=-(-N // M)).round(2), N, M


def _labelled(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> tuple[Any, ...]:
    N, d, K, M = shape
    theta, X = rng.normal(size=(K, d)).round(2), rng.normal(size=(N, d)).round(2)
    return theta, X, rng.integers(K, size=N), round(float(rng.uniform(0.1, 1)), 2), M, rng.permutation(N)


def _accuracies(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Any, ...]:
    validation, test = rng.permutation(1000)[: 2 * shape[0] * shape[1]].reshape(2, *shape) / 1000
    rates = np.sort(rng.permutation(100)[: shape[0]] + 1) / 100
    sizes = np.sort(rng.permutation(100)[: shape[1]] + 1)
    return validation, test, rates, sizes


def two_strata(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Matrix, Vector, int]:
    """Return gradients G (N, P), one a row, labels 0 and 1 for half of them each, and an even M."""
    N, P, M = shape
    label = rng.permutation(N) % 2
    return (rng.normal(size=(N, P)) + 2 * label[:, None]).round(1), label, M


# ---------------------------------------------------------------- right, and wrong in one place

def _pieces(order: Vector, M: int) -> list[Vector]:
    return [order[start : start + M] for start in range(0, len(order), M)]


def _full_pieces(order: Vector, M: int) -> list[Vector]:
    return _pieces(order[: len(order) // M * M], M)


def _unshuffled_pieces(order: Vector, M: int) -> list[Vector]:
    return _pieces(np.arange(len(order)), M)


def _epoch(slope: Slope, sign: float = -1.0, cut: Answer = _pieces, factor: Answer | None = None) -> Answer:
    """Return the function (theta, X, y, eta, M, order) ↦ θ after one epoch.

    `factor` takes the size of the batch, M and N, and multiplies the gradient.
    """

    def answer(theta: Matrix, X: Matrix, y: Vector, eta: float, M: int, order: Vector) -> Matrix:
        for B in cut(order, M):
            scale = factor(len(B), M, len(X)) if factor else 1.0
            theta = theta + sign * eta * scale * slope(theta, X[B], y[B])
        return theta

    return answer


def _epoch_from_start(slope: Slope) -> Answer:
    """Take all gradients at the θ from before the epoch."""

    def answer(theta: Matrix, X: Matrix, y: Vector, eta: float, M: int, order: Vector) -> Matrix:
        return theta - eta * sum(slope(theta, X[B], y[B]) for B in _pieces(order, M))

    return answer


def _one_full_step(slope: Slope) -> Answer:
    def answer(theta: Matrix, X: Matrix, y: Vector, eta: float, M: int, order: Vector) -> Matrix:
        return theta - eta * slope(theta, X, y)

    return answer


def _first_step(slope: Slope) -> Answer:
    def answer(theta: Matrix, X: Matrix, y: Vector, eta: float, M: int, order: Vector) -> Matrix:
        return theta - eta * slope(theta, X[order[:M]], y[order[:M]])

    return answer


def _sum(size: int, M: int, N: int) -> float:
    return float(size)


def _mean_as_if_full(size: int, M: int, N: int) -> float:
    return size / M


def _mean_over_data(size: int, M: int, N: int) -> float:
    return size / N


def _epoch_mistakes(slope: Slope) -> tuple[Mistake, ...]:
    """Return what goes wrong in an epoch, whatever the gradient is."""
    return (
        Mistake("you walk uphill",
                "Does one step with a tiny rate raise or lower the loss of its batch?", _epoch(slope, sign=1.0)),
        Mistake("you add the gradients of a batch",
                "Compare M = 1 with M = 2. What stands in front of the sum in the mini-batch gradient?",
                _epoch(slope, factor=_sum)),
        Mistake("you divide by M in the last batch, too, which may be shorter",
                "With N = 5 and M = 2, how many samples does the third batch have?",
                _epoch(slope, factor=_mean_as_if_full)),
        Mistake("you divide by the size of the data set",
                "How many gradients does the sum over one batch have?", _epoch(slope, factor=_mean_over_data)),
        Mistake("you leave out the last batch where it is shorter",
                "In an epoch every sample is used once. How many steps are that if M does not divide N?",
                _epoch(slope, cut=_full_pieces)),
        Mistake("you take the samples as they stand",
                "The shuffled order is an argument. Is it used?", _epoch(slope, cut=_unshuffled_pieces)),
        Mistake("every step uses the θ from before the epoch",
                "The second batch should see the θ that the first one has moved.", _epoch_from_start(slope)),
        Mistake("you take one step with all samples",
                "How many steps does an epoch have?", _one_full_step(slope)),
        Mistake("you stop after the first batch",
                "Is your `return` inside the loop?", _first_step(slope)),
    )


# ---------------------------------------------------------------- Task 1: least squares, and the absolute loss

def _squared(theta: Vector, X: Matrix, y: Vector) -> Vector:
    return (X @ theta - y) @ X / len(y)


def _squared_doubled(theta: Vector, X: Matrix, y: Vector) -> Vector:
    return 2 * _squared(theta, X, y)


def _residual_alone(theta: Vector, X: Matrix, y: Vector) -> Vector:
    return np.full_like(theta, (X @ theta - y).mean())


least_squares_epoch = Task(
    name="least_squares_epoch", title="Task 1a, least squares",
    takes="theta, X, y, eta, M, order", returns="theta",
    reference=_epoch(_squared), draw=_regression,
    shapes=((2, 1, 1), (3, 1, 2), (5, 2, 2), (6, 3, 3), (7, 2, 4)),
    mistakes=(
        Mistake("your gradient is twice too large",
                "Which factor stands in front of the square in this loss?", _epoch(_squared_doubled)),
        Mistake("the inner derivative is missing",
                "The residual depends on θ through θᵀx. What is the gradient of θᵀx?", _epoch(_residual_alone)),
        *_epoch_mistakes(_squared),
    ),
)


def _absolute(theta: Vector, X: Matrix, y: Vector, g: Answer, slope: Answer) -> Vector:
    u = X @ theta
    return -(np.sign(y - g(u)) * slope(u)) @ X / len(y)


def _absolute_without_slope(theta: Vector, X: Matrix, y: Vector, g: Answer, slope: Answer) -> Vector:
    return -np.sign(y - g(X @ theta)) @ X / len(y)


def _absolute_slope_at_g(theta: Vector, X: Matrix, y: Vector, g: Answer, slope: Answer) -> Vector:
    u = X @ theta
    return -(np.sign(y - g(u)) * slope(g(u))) @ X / len(y)


def _absolute_with_residual(theta: Vector, X: Matrix, y: Vector, g: Answer, slope: Answer) -> Vector:
    u = X @ theta
    return -((y - g(u)) * slope(u)) @ X / len(y)


def _absolute_without_g(theta: Vector, X: Matrix, y: Vector, g: Answer, slope: Answer) -> Vector:
    u = X @ theta
    return -(np.sign(y - u) * slope(u)) @ X / len(y)


def _absolute_summed(theta: Vector, X: Matrix, y: Vector, g: Answer, slope: Answer) -> Vector:
    return len(y) * _absolute(theta, X, y, g, slope)


def _absolute_never_at_rest(theta: Vector, X: Matrix, y: Vector, g: Answer, slope: Answer) -> Vector:
    u = X @ theta
    return -(np.where(y - g(u) >= 0, 1.0, -1.0) * slope(u)) @ X / len(y)


def _absolute_never_at_rest_downwards(theta: Vector, X: Matrix, y: Vector, g: Answer, slope: Answer) -> Vector:
    u = X @ theta
    return -(np.where(y - g(u) > 0, 1.0, -1.0) * slope(u)) @ X / len(y)


def _absolute_of_mean(theta: Vector, X: Matrix, y: Vector, g: Answer, slope: Answer) -> Vector:
    u = X @ theta
    return -np.sign((y - g(u)).mean()) * slope(u) @ X / len(y)


def _step_along(gradient: Answer, sign: float = -1.0) -> Answer:
    def answer(theta: Vector, X: Matrix, y: Vector, eta: float, g: Answer, slope: Answer) -> Vector:
        return theta + sign * eta * gradient(theta, X, y, g, slope)

    return answer


absolute_step = Task(
    name="absolute_step", title="Task 1b, the absolute loss",
    takes="theta, X, y, eta, g, slope", returns="theta",
    reference=_step_along(_absolute), draw=_link_and_slope,
    shapes=((1, 1, False), (2, 1, False), (3, 2, True), (4, 3, False)),
    mistakes=(
        Mistake("you walk uphill",
                "The residual y − g(u) falls where g(u) rises. Count the minus signs.",
                _step_along(_absolute, sign=1.0)),
        Mistake("g was not differentiated",
                "θ enters through u, u through g, and g(u) through the absolute value: how many derivatives is that?",
                _step_along(_absolute_without_slope)),
        Mistake("the derivative of g was taken at the wrong place",
                "`slope(…)` is g' at its argument. What is the argument of g?", _step_along(_absolute_slope_at_g)),
        Mistake("you differentiate the square",
                "Does |r| grow faster where r is large? What is its slope at r = 3, and what at r = 0.3?",
                _step_along(_absolute_with_residual)),
        Mistake("you compare y with θᵀx",
                "What is the prediction of this model?", _step_along(_absolute_without_g)),
        Mistake("you add the gradients of the batch",
                "What stands in front of the sum in the mini-batch gradient?", _step_along(_absolute_summed)),
        Mistake("a sample that is fitted exactly pulls upwards",
                "Which slope is agreed on at the kink?", _step_along(_absolute_never_at_rest)),
        Mistake("a sample that is fitted exactly pulls downwards",
                "Which slope is agreed on at the kink?", _step_along(_absolute_never_at_rest_downwards)),
        Mistake("you take one sign for the whole batch",
                "Each sample has its own loss and its own sign. When is the mean taken?",
                _step_along(_absolute_of_mean)),
    ),
)


# ---------------------------------------------------------------- Task 2: the mean of means

def _weighted(costs: Vector, N: int, M: int) -> float:
    sizes = np.full(len(costs), M)
    sizes[-1] = N - (len(costs) - 1) * M
    return float(costs @ sizes / N)


def _mean_of_means(costs: Vector, N: int, M: int) -> float:
    return float(costs.mean())


def _last_by_remainder(costs: Vector, N: int, M: int) -> float:
    sizes = np.full(len(costs), M)
    sizes[-1] = N % M
    return float(costs @ sizes / N)


def _last_as_if_full(costs: Vector, N: int, M: int) -> float:
    return float(costs.sum() * M / N)


def _weighted_by_places(costs: Vector, N: int, M: int) -> float:
    return _weighted(costs, N, M) * N / (len(costs) * M)


def _weighted_sum(costs: Vector, N: int, M: int) -> float:
    return _weighted(costs, N, M) * N


def _without_last(costs: Vector, N: int, M: int) -> float:
    return float(costs[:-1].mean())


def _first_is_short(costs: Vector, N: int, M: int) -> float:
    return _weighted(costs[::-1], N, M)


reported_cost = Task(
    name="reported_cost", title="Task 2, the reported cost",
    takes="costs, N, M", returns="cost",
    reference=_weighted, draw=_batch_costs, shapes=((3, 2), (10, 4), (12, 4), (23, 5)),
    mistakes=(
        Mistake("you take the mean of the means",
                "How much does one sample of a short batch weigh in it, and how much one of a full batch?",
                _mean_of_means),
        Mistake("your last batch is empty where M divides N",
                "What is 12 % 4 in Python, and how many samples has the last of three batches of 4?",
                _last_by_remainder),
        Mistake("you give the last batch as many samples as the others",
                "Do your weights sum to 1?", _last_as_if_full),
        Mistake("you divide by the number of places, not of samples",
                "Do your weights sum to 1? The last batch has empty places.", _weighted_by_places),
        Mistake("the division by the number of samples is missing",
                "Put in costs that are all 1. Which mean cost do you expect?", _weighted_sum),
        Mistake("the last batch is missing", "Its samples belong to the test set, too.", _without_last),
        Mistake("your short batch is the first one",
                "The order is cut from its beginning. Which piece is what is left over?", _first_is_short),
    ),
)


# ---------------------------------------------------------------- Task 3: softmax regression, and a study

def _one_hot(y: Vector, K: int) -> Matrix:
    return np.eye(K)[:, y]


def _cross_entropy(theta: Matrix, X: Matrix, y: Vector) -> Matrix:
    return (softmax(theta @ X.T) - _one_hot(y, len(theta))) @ X / len(y)


def _softmax_over_samples(theta: Matrix, X: Matrix, y: Vector) -> Matrix:
    return (softmax(theta @ X.T, axis=1) - _one_hot(y, len(theta))) @ X / len(y)


def _without_softmax(theta: Matrix, X: Matrix, y: Vector) -> Matrix:
    return (theta @ X.T - _one_hot(y, len(theta))) @ X / len(y)


def _without_one_hot(theta: Matrix, X: Matrix, y: Vector) -> Matrix:
    return (softmax(theta @ X.T) - y) @ X / len(y)


def _one_hot_of_whole_rows(theta: Matrix, X: Matrix, y: Vector) -> Matrix:
    D = softmax(theta @ X.T)
    D[y] -= 1
    return D @ X / len(y)


def _right_class_alone(theta: Matrix, X: Matrix, y: Vector) -> Matrix:
    e = _one_hot(y, len(theta))
    return e * (softmax(theta @ X.T) - e) @ X / len(y)


def _with_softmax_slope(theta: Matrix, X: Matrix, y: Vector) -> Matrix:
    p = softmax(theta @ X.T)
    return p * (1 - p) * (p - _one_hot(y, len(theta))) @ X / len(y)


softmax_epoch = Task(
    name="softmax_epoch", title="Task 3a, mini-batch softmax regression",
    takes="theta, X, y, eta, M, order", returns="theta",
    reference=_epoch(_cross_entropy), draw=_labelled,
    shapes=((2, 1, 2, 1), (3, 2, 2, 2), (5, 2, 3, 2), (6, 3, 3, 3), (7, 4, 3, 4)),
    mistakes=(
        Mistake("your softmax runs over the samples",
                "Each sample has a distribution over the classes. Along which axis do your probabilities sum to 1?",
                _epoch(_softmax_over_samples)),
        Mistake("the scores were not turned into probabilities",
                "Which function stands between θx and the probabilities?", _epoch(_without_softmax)),
        Mistake("you subtract the number of the class",
                "A label is a name, not a quantity. What is e(y)?", _epoch(_without_one_hot)),
        Mistake("you subtract 1 from whole rows",
                "`D[y]` are all columns of the rows y. In each column one entry belongs to the right class: which pair "
                "of indices has it?", _epoch(_one_hot_of_whole_rows)),
        Mistake("only the row of the right class moves",
                "What happens to the scores of the other classes, whose probabilities are too large?",
                _epoch(_right_class_alone)),
        Mistake("there is a factor p(1 − p) too many",
                "That is σ' of the squared error with a sigmoid. In this loss the logarithm has cancelled it.",
                _epoch(_with_softmax_slope)),
        *_epoch_mistakes(_cross_entropy),
    ),
)


def _choice(validation: Matrix, test: Matrix, rates: Vector, sizes: Vector) -> tuple[float, int, float]:
    i, j = np.unravel_index(validation.argmax(), validation.shape)
    return rates[i], sizes[j], test[i, j]


def _choice_on_test(validation: Matrix, test: Matrix, rates: Vector, sizes: Vector) -> tuple[float, int, float]:
    return _choice(test, test, rates, sizes)


def _validation_reported(validation: Matrix, test: Matrix, rates: Vector, sizes: Vector) -> tuple[float, int, float]:
    return _choice(validation, validation, rates, sizes)


def _best_test_reported(validation: Matrix, test: Matrix, rates: Vector, sizes: Vector) -> tuple[float, int, float]:
    eta, M, _ = _choice(validation, test, rates, sizes)
    return eta, M, test.max()


def _worst_choice(validation: Matrix, test: Matrix, rates: Vector, sizes: Vector) -> tuple[float, int, float]:
    return _choice(-validation, test, rates, sizes)


def _choice_by_margins(validation: Matrix, test: Matrix, rates: Vector, sizes: Vector) -> tuple[float, int, float]:
    i, j = validation.mean(axis=1).argmax(), validation.mean(axis=0).argmax()
    return rates[i], sizes[j], test[i, j]


def _choice_on_both(validation: Matrix, test: Matrix, rates: Vector, sizes: Vector) -> tuple[float, int, float]:
    i, j = np.unravel_index((validation + test).argmax(), test.shape)
    return rates[i], sizes[j], test[i, j]


choose = Task(
    name="choose", title="Task 3b, the choice",
    takes="validation, test, rates, sizes", returns="eta, M, accuracy",
    reference=_choice, draw=_accuracies, shapes=((2, 2), (3, 2), (3, 4), (6, 5)),
    mistakes=(
        Mistake("you choose on the test set",
                "Which accuracies may influence the choice, and which ones are to judge it?", _choice_on_test),
        Mistake("you choose on both sets together",
                "A set that has a say in the choice cannot judge it any more.", _choice_on_both),
        Mistake("you report the accuracy by which you chose",
                "The largest of many noisy numbers is too large on average. Which number has not taken part in the "
                "choice?", _validation_reported),
        Mistake("you report the best test accuracy of the grid",
                "It belongs to another pair than the one you return.", _best_test_reported),
        Mistake("you choose the worst pair", "Are these errors or accuracies?", _worst_choice),
        Mistake("you choose the rate and the batch size separately",
                "The best rate depends on the batch size. Which single entry of the table is the largest?",
                _choice_by_margins),
    ),
)


# ---------------------------------------------------------------- Task 4: stratified batches

def _spread(G: Matrix) -> float:
    """Return V of the rows of G."""
    return float(((G - G.mean(axis=0)) ** 2).sum(axis=1).mean())


def _stratified(G: Matrix, label: Vector, M: int) -> float:
    return (_spread(G[label == 0]) + _spread(G[label == 1])) / (2 * M)


def _stratified_root(G: Matrix, label: Vector, M: int) -> float:
    return float(np.sqrt(_stratified(G, label, M)))


def _unstratified(G: Matrix, label: Vector, M: int) -> float:
    return _spread(G) / M


def _stratified_doubled(G: Matrix, label: Vector, M: int) -> float:
    return 2 * _stratified(G, label, M)


def _stratified_halved(G: Matrix, label: Vector, M: int) -> float:
    return _stratified(G, label, M) / 2


def _stratified_as_estimate(G: Matrix, label: Vector, M: int) -> float:
    n = len(G) // 2
    return _stratified(G, label, M) * n / (n - 1)


def _stratified_without_replacement(G: Matrix, label: Vector, M: int) -> float:
    n = len(G) // 2
    return _stratified(G, label, M) * (n - M // 2) / (n - 1)


def _stratified_per_component(G: Matrix, label: Vector, M: int) -> float:
    return _stratified(G, label, M) / G.shape[1]


def _between_strata(G: Matrix, label: Vector, M: int) -> float:
    return _unstratified(G, label, M) - _stratified(G, label, M)


stratified_error = Task(
    name="stratified_error", title="Task 4a, the error of a stratified batch",
    takes="G, label, M", returns="error",
    reference=_stratified, draw=two_strata, shapes=((4, 1, 2), (6, 2, 4), (8, 3, 2), (10, 2, 4)),
    mistakes=(
        Mistake("you treat the batch as one drawn from all samples",
                "That is V/M. A stratified batch never has too many samples of one class: which errors can it not "
                "make?", _unstratified),
        Mistake("your error is twice too large",
                "Write g as half the sum of two means. What does the ½ become in a squared length?",
                _stratified_doubled),
        Mistake("your error is half as large as it should be",
                "Over how many samples does each of the two means run?", _stratified_halved),
        Mistake("you divide by one less than the number of samples in a class",
                "That estimates the variance of a population from a sample. Here all N gradients are known; V has "
                "1/N.", _stratified_as_estimate),
        Mistake("you draw without replacement",
                "Here a sample may come twice.", _stratified_without_replacement),
        Mistake("you average over the components of the gradient",
                "A squared length is a sum over the components.", _stratified_per_component),
        Mistake("you measure how far the two classes are apart",
                "A stratified batch always has both classes in equal parts. Which spread is left?", _between_strata),
        Mistake("you take a root at the end",
                "The error that is asked for is a mean of squared distances, and so is V.",
                _stratified_root),
    ),
)

#: In the order of the notebook.
ALL = (least_squares_epoch, absolute_step, reported_cost, softmax_epoch, choose, stratified_error)
