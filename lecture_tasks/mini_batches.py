"""The tasks of the chapter on mini-batches.

An epoch is a walk over the pieces of a given order of the samples. A wrong epoch is the right one with one
part exchanged: the gradient of a batch, how the order is cut, or where the gradient is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code.feedback import Answer, Task, task
from lecture_tasks.softmax_regression import error_signal, signal_mistakes

Vector = np.ndarray
Matrix = np.ndarray
Slope = Callable[[Matrix, Matrix, Vector], Matrix]  # (θ, X, y) ↦ the gradient of a batch


def _pieces(order: Vector, M: int) -> list[Vector]:
    return [order[start : start + M] for start in range(0, len(order), M)]


def _in_pieces(theta: Matrix, X: Matrix, y: Vector, eta: float, pieces: list[Vector], slope: Slope) -> Matrix:
    for B in pieces:
        theta = theta - eta * slope(theta, X[B], y[B])
    return theta


def _epoch(theta: Matrix, X: Matrix, y: Vector, eta: float, M: int, order: Vector, slope: Slope) -> Matrix:
    """Return θ after one epoch."""
    return _in_pieces(theta, X, y, eta, _pieces(order, M), slope)


def _epoch_mistakes(epoch: Task, slope: Slope) -> None:
    """Add what goes wrong in an epoch, whatever the gradient is."""
    def added(*given: Any) -> Matrix:
        return _epoch(*given, lambda theta, X, y: len(y) * slope(theta, X, y))

    epoch.mistake("you walk uphill", "Does one step with a tiny rate raise or lower the loss of its batch?",
        eta=np.negative)
    epoch.mistake("you add the gradients of a batch",
        "Compare M = 1 with M = 2. What stands in front of the sum in the mini-batch gradient?", added)
    epoch.mistake("you divide by M in the last batch, too, which may be shorter",
        "With N = 5 and M = 2, how many samples does the third batch have?",
        lambda theta, X, y, eta, M, order: added(theta, X, y, eta / M, M, order))
    epoch.mistake("you divide by the size of the data set", "How many gradients does the sum over one batch have?",
        lambda theta, X, y, eta, M, order: added(theta, X, y, eta / len(X), M, order))
    epoch.mistake("you leave out the last batch where it is shorter",
        "In an epoch every sample is used once. How many steps are that if M does not divide N?",
        lambda theta, X, y, eta, M, order: _epoch(theta, X, y, eta, M, order[: len(order) // M * M], slope))
    epoch.mistake("your batches are about equally large, not M each", "N = 10 and M = 4: which batches are there?",
        lambda theta, X, y, eta, M, order:
            _in_pieces(theta, X, y, eta, np.array_split(order, math.ceil(len(order) / M)), slope))
    epoch.mistake("you take the samples as they stand", "The shuffled order is an argument. Is it used?", order=np.sort)
    epoch.mistake("every step uses the θ from before the epoch",
        "The second batch should see the θ that the first one has moved.", lambda theta, X, y, eta, M, order:
            theta - eta * sum(slope(theta, X[B], y[B]) for B in _pieces(order, M)))
    epoch.mistake("you take one step with all samples", "How many steps does an epoch have?",
        lambda theta, X, y, eta, M, order: theta - eta * slope(theta, X, y))
    epoch.mistake("you stop after the first batch", "Is your `return` inside the loop?",
        lambda theta, X, y, eta, M, order: _epoch(theta, X, y, eta, M, order[:M], slope))


# ---------------------------------------------------------------- Task 1: least squares, and the absolute loss

def _regression(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Any, ...]:
    N, d, M = shape
    theta, X, y = (rng.normal(size=size).round(2) for size in (d, (N, d), N))
    return theta, X, y, round(float(rng.uniform(0.05, 0.3)), 2), M, rng.permutation(N)


def _squared(theta: Vector, X: Matrix, y: Vector) -> Vector:
    return (X @ theta - y) @ X / len(y)


@task("Task 1a, least squares", returns="theta", points=3,
      draw=_regression, shapes=((2, 1, 1), (3, 1, 2), (5, 2, 2), (6, 3, 3), (10, 2, 4)))
def least_squares_epoch(theta, X, y, eta, M, order, *, slope=_squared):
    return _epoch(theta, X, y, eta, M, order, slope)


least_squares_epoch.mistake("your gradient is twice too large",
    "Which factor stands in front of the square in this loss?", slope=lambda theta, X, y: 2 * _squared(theta, X, y))
least_squares_epoch.mistake("the inner derivative is missing",
    "The residual depends on θ through θᵀx. What is the gradient of θᵀx?",
    slope=lambda theta, X, y: np.full_like(theta, (X @ theta - y).mean()))
_epoch_mistakes(least_squares_epoch, _squared)


def tanh_slope(u: Vector) -> Vector:
    """Return the derivative of tanh."""
    return 1 - np.tanh(u) ** 2


def falling(u: Vector) -> Vector:
    return -np.arctan(u)


def falling_slope(u: Vector) -> Vector:
    return -1 / (1 + u**2)


def _link_and_slope(rng: np.random.Generator, shape: tuple[int, int, bool]) -> tuple[Any, ...]:
    """Return a mini-batch; if it is at rest, θ = 0 and all samples are fitted, every other one exactly."""
    M, d, at_rest = shape
    theta, X, y = (rng.normal(size=size).round(2) for size in (d, (M, d), M))
    if at_rest:
        theta, y = np.zeros(d), np.where(np.arange(M) % 2 == 0, 0.0, 1e-12 * y)
    g, slope = ((np.tanh, tanh_slope), (falling, falling_slope))[int(rng.integers(2))]
    return theta, X, y, round(float(rng.uniform(0.1, 1)), 2), g, slope


def _step(pull: Callable[[Vector, Vector, Answer, Answer], Vector]) -> Answer:
    """Return the step in which `pull` says how strongly each sample pulls θ along its x, given (u, y, g, slope)."""

    def answer(theta: Vector, X: Matrix, y: Vector, eta: float, g: Answer, slope: Answer) -> Vector:
        return theta + eta * pull(X @ theta, y, g, slope) @ X / len(y)

    return answer


@task("Task 1b, the absolute loss", returns="theta", points=2,
      draw=_link_and_slope, shapes=((1, 1, False), (2, 1, False), (3, 2, True), (4, 3, False)))
def absolute_step(theta, X, y, eta, g, slope):
    u = X @ theta
    return theta + eta * (np.sign(y - g(u)) * slope(u)) @ X / len(y)


absolute_step.mistake("you walk uphill", "The residual y − g(u) falls where g(u) rises. Count the minus signs.",
    _step(lambda u, y, g, slope: -np.sign(y - g(u)) * slope(u)))
absolute_step.mistake("g was not differentiated",
    "θ enters through u, u through g, and g(u) through the absolute value: how many derivatives is that?",
    _step(lambda u, y, g, slope: np.sign(y - g(u))))
absolute_step.mistake("the derivative of g was taken at the wrong place",
    "`slope(…)` is g' at its argument. What is the argument of g?",
    _step(lambda u, y, g, slope: np.sign(y - g(u)) * slope(g(u))))
absolute_step.mistake("you take the slope of g without its sign", "One of the functions that are tried falls.",
    _step(lambda u, y, g, slope: np.sign(y - g(u)) * np.abs(slope(u))))
absolute_step.mistake("a sample that is nearly fitted counts as fitted", "Its residual is not exactly 0.",
    _step(lambda u, y, g, slope: np.where(np.isclose(y, g(u)), 0, np.sign(y - g(u))) * slope(u)))
absolute_step.mistake("you differentiate the square",
    "Does |r| grow faster where r is large? What is its slope at r = 3, and what at r = 0.3?",
    _step(lambda u, y, g, slope: (y - g(u)) * slope(u)))
absolute_step.mistake("you compare y with θᵀx", "What is the prediction of this model?",
    _step(lambda u, y, g, slope: np.sign(y - u) * slope(u)))
absolute_step.mistake("you add the gradients of the batch",
    "What stands in front of the sum in the mini-batch gradient?",
    _step(lambda u, y, g, slope: len(y) * np.sign(y - g(u)) * slope(u)))
absolute_step.mistake("a sample that is fitted exactly pulls upwards", "Which slope is agreed on at the kink?",
    _step(lambda u, y, g, slope: np.where(y - g(u) >= 0, 1.0, -1.0) * slope(u)))
absolute_step.mistake("a sample that is fitted exactly pulls downwards", "Which slope is agreed on at the kink?",
    _step(lambda u, y, g, slope: np.where(y - g(u) > 0, 1.0, -1.0) * slope(u)))
absolute_step.mistake("you take one sign for the whole batch",
    "Each sample has its own loss and its own sign. When is the mean taken?",
    _step(lambda u, y, g, slope: np.sign((y - g(u)).mean()) * slope(u)))


# ---------------------------------------------------------------- Task 2: the mean of means

def _sum_of_losses(costs: Vector, N: int, M: int) -> float:
    return costs[:-1].sum() * M + costs[-1] * (N - (len(costs) - 1) * M)


@task("Task 2, the reported cost", returns="cost", points=1,
      draw=lambda rng, shape: (rng.exponential(size=math.ceil(shape[0] / shape[1])).round(2), *shape),
      shapes=((3, 2), (10, 4), (12, 4), (23, 5)))
def reported_cost(costs, N, M):
    return _sum_of_losses(costs, N, M) / N


reported_cost.mistake("you take the mean of the means",
    "How much does one sample of a short batch weigh in it, and how much one of a full batch?",
    lambda costs, N, M: costs.mean())
reported_cost.mistake("your last batch is empty where M divides N",
    "What is 12 % 4 in Python, and how many samples has the last of three batches of 4?",
    lambda costs, N, M: (costs[:-1].sum() * M + costs[-1] * (N % M)) / N)
reported_cost.mistake("you give the last batch as many samples as the others", "Do your weights sum to 1?",
    lambda costs, N, M: costs.sum() * M / N)
reported_cost.mistake("you divide by the number of places, not of samples",
    "Do your weights sum to 1? The last batch has empty places.",
    lambda costs, N, M: _sum_of_losses(costs, N, M) / (len(costs) * M))
reported_cost.mistake("the division by the number of samples is missing",
    "Put in costs that are all 1. Which mean cost do you expect?", _sum_of_losses)
reported_cost.mistake("the last batch is all that is left of the sum", "Is there an `=` where a `+=` should be?",
    lambda costs, N, M: costs[-1] / len(costs))
reported_cost.mistake("the last batch is missing", "Its samples belong to the test set, too.",
    lambda costs, N, M: costs[:-1].mean())
reported_cost.mistake("your short batch is the first one",
    "The order is cut from its beginning. Which piece is what is left over?", costs=lambda costs: costs[::-1])


# ---------------------------------------------------------------- Task 3: softmax regression, and a study

def _labelled(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> tuple[Any, ...]:
    N, d, K, M = shape
    theta, X = rng.normal(size=(K, d)).round(2), rng.normal(size=(N, d)).round(2)
    return theta, X, rng.integers(K, size=N), round(float(rng.uniform(0.1, 1)), 2), M, rng.permutation(N)


def _of_scores(signal: Callable[[Matrix, Vector], Matrix]) -> Slope:
    """Return the gradient of a batch from its error signal, one sample a column."""
    return lambda theta, X, y: signal(theta @ X.T, y) @ X / len(y)


@task("Task 3a, mini-batch softmax regression", returns="theta", points=4,
      draw=_labelled, shapes=((2, 1, 2, 1), (3, 2, 2, 2), (5, 2, 3, 2), (6, 3, 3, 3), (10, 4, 3, 4)))
def softmax_epoch(theta, X, y, eta, M, order, *, signal=error_signal):
    return _epoch(theta, X, y, eta, M, order, _of_scores(signal))


signal_mistakes(softmax_epoch)
_epoch_mistakes(softmax_epoch, _of_scores(error_signal))


def _accuracies(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Any, ...]:
    validation, test = rng.permutation(1000)[: 2 * shape[0] * shape[1]].reshape(2, *shape) / 1000
    rates = np.sort(rng.permutation(100)[: shape[0]] + 1) / 100
    sizes = np.sort(rng.permutation(100)[: shape[1]] + 1)
    return validation, test, rates, sizes


def _choice(table: Matrix, reported: Matrix, rates: Vector, sizes: Vector) -> tuple[float, int, float]:
    """Choose by the first table and report from the second."""
    i, j = np.unravel_index(table.argmax(), table.shape)
    return rates[i], sizes[j], reported[i, j]


@task("Task 3b, the choice", returns="eta, M, accuracy", points=2,
      draw=_accuracies, shapes=((2, 2), (3, 2), (3, 4), (6, 5)))
def choose(validation, test, rates, sizes):
    return _choice(validation, test, rates, sizes)


choose.mistake("you choose on the test set",
    "Which accuracies may influence the choice, and which ones are to judge it?",
    lambda validation, test, rates, sizes: _choice(test, test, rates, sizes))
choose.mistake("you choose on both sets together", "A set that has a say in the choice cannot judge it any more.",
    lambda validation, test, rates, sizes: _choice(validation + test, test, rates, sizes))
choose.mistake("you report the accuracy by which you chose",
    "The largest of many noisy numbers is too large on average. Which number has not taken part in the choice?",
    lambda validation, test, rates, sizes: _choice(validation, validation, rates, sizes))
choose.mistake("you report the best test accuracy of the grid", "It belongs to another pair than the one you return.",
    lambda validation, test, rates, sizes: (*_choice(validation, test, rates, sizes)[:2], test.max()))
choose.mistake("you choose the worst pair", "Are these errors or accuracies?", validation=np.negative)


@choose.mistake("you choose the rate and the batch size separately",
    "The best rate depends on the batch size. Which single entry of the table is the largest?")
def _(validation, test, rates, sizes):
    i, j = validation.mean(axis=1).argmax(), validation.mean(axis=0).argmax()
    return rates[i], sizes[j], test[i, j]


# ---------------------------------------------------------------- Task 4: stratified batches

def two_strata(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Matrix, Vector, int]:
    """Return gradients G (N, P), one a row, labels 0 and 1 for half of them each, and an even M."""
    N, P, M = shape
    label = rng.permutation(N) % 2
    return (rng.normal(size=(N, P)) + 2 * label[:, None]).round(1), label, M


def _spread(G: Matrix) -> float:
    """Return V of the rows of G."""
    return ((G - G.mean(axis=0)) ** 2).sum(axis=1).mean()


def _within(G: Matrix, label: Vector) -> float:
    """Return the mean of V over the two classes."""
    return (_spread(G[label == 0]) + _spread(G[label == 1])) / 2


@task("Task 4a, the error of a stratified batch", returns="error", points=3,
      draw=two_strata, shapes=((4, 1, 2), (6, 2, 4), (8, 3, 2), (10, 2, 4)))
def stratified_error(G, label, M):
    return _within(G, label) / M


stratified_error.mistake("you treat the batch as one drawn from all samples",
    "That is V/M. A stratified batch never has too many samples of one class: which errors can it not make?",
    lambda G, label, M: _spread(G) / M)
stratified_error.mistake("your error is twice too large",
    "Write g as half the sum of two means. What does the ½ become in a squared length?", result=lambda error: 2 * error)
stratified_error.mistake("your error is half as large as it should be",
    "Over how many samples does each of the two means run?", result=lambda error: error / 2)
stratified_error.mistake("you divide by one less than the number of samples in a class",
    "That estimates the variance of a population from a sample. Here all N gradients are known; V has 1/N.",
    lambda G, label, M: _within(G, label) / M * len(G) / (len(G) - 2))
stratified_error.mistake("you draw without replacement", "Here a sample may come twice.",
    lambda G, label, M: _within(G, label) / M * (len(G) - M) / (len(G) - 2))
stratified_error.mistake("you average over the components of the gradient",
    "A squared length is a sum over the components.", lambda G, label, M: _within(G, label) / M / G.shape[1])
stratified_error.mistake("you measure how far the two classes are apart",
    "A stratified batch always has both classes in equal parts. Which spread is left?",
    lambda G, label, M: (_spread(G) - _within(G, label)) / M)
stratified_error.mistake("you take a root at the end",
    "The error that is asked for is a mean of squared distances, and so is V.", result=np.sqrt)

#: In the order of the notebook.
ALL = (least_squares_epoch, absolute_step, reported_cost, softmax_epoch, choose, stratified_error)
#: What a person marks, with its points.
WRITTEN = {"Task 1b, the kink": 2, "Task 3b, the study": 2, "Task 4b, the error is never larger": 5}
