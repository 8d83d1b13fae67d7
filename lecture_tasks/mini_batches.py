"""The tasks of the chapter on mini-batches.

An epoch is a walk over the pieces of a given order of the samples. The two that are asked for differ in the gradient of
a batch alone, so most mistakes of an epoch are the same slips in both.
"""

from __future__ import annotations

import math
from inspect import unwrap
from typing import Any

import numpy as np

from lecture_code.feedback import Task, task
from lecture_tasks.softmax_regression import error_signal, signal_mistakes

Vector = np.ndarray
Matrix = np.ndarray


def _epoch_mistakes(epoch: Task) -> None:
    """Add what goes wrong in an epoch, whatever the gradient is."""
    one_epoch = unwrap(epoch.reference)
    epoch.mistake("you walk uphill", "Does one step with a tiny rate raise or lower the loss of its batch?",
        slip={"theta - eta": "theta + eta"})
    epoch.mistake("you add the gradients of a batch",
        "Compare M = 1 with M = 2. What stands in front of the sum in the mini-batch gradient?", slip={" / len(B)": ""})
    epoch.mistake("you divide by M in the last batch, too, which may be shorter",
        "With N = 5 and M = 2, how many samples does the third batch have?", slip={"len(B)": "M"})
    epoch.mistake("you divide by the size of the data set", "How many gradients does the sum over one batch have?",
        slip={"len(B)": "len(X)"})
    epoch.mistake("you leave out the last batch where it is shorter",
        "In an epoch every sample is used once. How many steps are that if M does not divide N?",
        slip={"len(order), M": "len(order) - M + 1, M"})
    epoch.mistake("your batches are about equally large, not M each", "N = 10 and M = 4: which batches are there?",
        slip={"range(0, len(order), M)": "np.array_split(order, -(-len(order) // M))", "order[k:k + M]": "k"})
    epoch.mistake("you take the samples as they stand",
        "The shuffled order is an argument. In which order do you read it?", order=np.sort)
    epoch.mistake("every step uses the θ from before the epoch",
        "The second batch should see the θ that the first one has moved.", lambda theta, X, y, eta, M, order:
            theta + sum(one_epoch(theta, X, y, eta, M, order[k:k + M]) - theta for k in range(0, len(order), M)))
    epoch.mistake("you take one step with all samples", "How many steps does an epoch have?",
        slip={"range(0, len(order), M)": "[0]", "order[k:k + M]": "order"})
    epoch.mistake("you stop after the first batch",
        "Is your `return` inside the loop? If not, how long is your second slice?",
        slip={"range(0, len(order), M)": "[0]"})
    epoch.mistake("you leave out the last batch",
        "`range` ends before its end. Which start has the last batch, for N = 6 and M = 3?",
        slip={"len(order), M": "len(order) - M, M"})
    epoch.mistake("your batches overlap, since each starts one sample after the one before",
        "How many steps does an epoch have for N = 6 and M = 3?", slip={"len(order), M": "len(order)"})
    epoch.mistake("your batches have one sample too many", "A slice ends before its end. How long is `order[0:M]`?",
        slip={"k + M]": "k + M + 1]"})
    epoch.mistake("every step takes the first batch", "Which samples does your second step see?",
        slip={"k:k + M": ":M"})
    epoch.mistake("the samples are shuffled and the targets are not",
        "Row i of X and entry i of y belong together. Are both taken at the same places?", slip={"y[B]": "y[k:k + M]"})
    epoch.mistake("your last batch is filled up with the first samples of the order",
        "Each sample is used once in an epoch. How many has the last batch, with N = 5 and M = 2?",
        slip={"order[k:k + M]": "np.take(order, range(k, k + M), mode='wrap')"})
    epoch.mistake("you divide twice by the size of the batch",
        "The mean of the batch is taken once. Is there a `mean` as well?", slip={"/ len(B)": "/ len(B) ** 2"})


# ---------------------------------------------------------------- Task 1: least squares, and the absolute loss

def _regression(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Any, ...]:
    N, d, M = shape
    theta, X, y = (rng.normal(size=size).round(2) for size in (d, (N, d), N))
    return theta, X, y, round(float(rng.uniform(0.05, 0.3)), 2), M, rng.permutation(N)


@task("Task 1a: two losses for a number", returns="theta", points=3,
      draw=_regression, shapes=((2, 1, 1), (3, 1, 2), (5, 2, 2), (6, 3, 3), (10, 2, 4)))
def least_squares_epoch(theta, X, y, eta, M, order):
    for k in range(0, len(order), M):
        B = order[k:k + M]
        theta = theta - eta * (X[B] @ theta - y[B]) @ X[B] / len(B)
    return theta


least_squares_epoch.mistake("your gradient is twice as large as it should be",
    "Which factor stands in front of the square in this loss?", slip={"theta - eta": "theta - 2 * eta"})
least_squares_epoch.mistake("the inner derivative is missing",
    "The residual depends on θ through θᵀx. What is the gradient of θᵀx?",
    slip={"(X[B] @ theta - y[B]) @ X[B]": "(X[B] @ theta - y[B]).sum()"})
least_squares_epoch.mistake("you multiply the mean residual by the mean sample",
    "Is the mean of the products the product of the means?",
    slip={"@ X[B] / len(B)": "@ np.full_like(X[B], X[B].mean(axis=0)) / len(B)"})
least_squares_epoch.mistake("your mean runs over the features, too", "Which shape has the gradient? See `axis`.",
    slip={"(X[B] @ theta - y[B]) @ X[B] / len(B)": "((X[B] @ theta - y[B])[:, None] * X[B]).mean()"})
least_squares_epoch.mistake("the targets have no part in your gradient",
    "Put in targets that θ fits exactly. Does your step rest?", slip={" - y[B]": ""})
least_squares_epoch.mistake("you take the size of the residual, without its sign",
    "On which side of the target is the prediction?", slip={"(X[B] @ theta - y[B])": "np.abs(X[B] @ theta - y[B])"})
least_squares_epoch.mistake("you take the sign of the residual, not the residual",
    "That belongs to the absolute loss. What is the derivative of ½r²?",
    slip={"(X[B] @ theta - y[B])": "np.sign(X[B] @ theta - y[B])"})
_epoch_mistakes(least_squares_epoch)


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


@task("Task 1b: two losses for a number", returns="theta", points=2,
      draw=_link_and_slope, shapes=((1, 1, False), (2, 1, False), (3, 2, True), (4, 3, False)))
def absolute_step(theta, X, y, eta, g, slope):
    u = X @ theta
    return theta + eta * (np.sign(y - g(u)) * slope(u)) @ X / len(y)


absolute_step.mistake("you walk uphill", "The residual y − g(u) falls where g(u) rises. Count the minus signs.",
    slip={"theta + eta": "theta - eta"})
absolute_step.mistake("g was not differentiated",
    "θ enters through u, u through g, and g(u) through the absolute value: how many derivatives is that?",
    slip={" * slope(u)": ""})
absolute_step.mistake("the derivative of g was taken at the wrong place",
    "`slope(…)` is g' at its argument. What is the argument of g?", slip={"slope(u)": "slope(g(u))"})
absolute_step.mistake("you take the slope of g without its sign", "One of the functions that are tried falls.",
    slip={"slope(u)": "np.abs(slope(u))"})
absolute_step.mistake("a sample that is nearly fitted counts as fitted", "Its residual is not exactly 0.",
    slip={"np.sign(y - g(u))": "np.where(np.isclose(y, g(u)), 0, np.sign(y - g(u)))"})
absolute_step.mistake("you differentiate the square",
    "Does |r| grow faster where r is large? What is its slope at r = 3, and what at r = 0.3?", slip={"np.sign": ""})
absolute_step.mistake("you compare y with θᵀx", "What is the prediction of this model?", slip={"y - g(u)": "y - u"})
absolute_step.mistake("you add the gradients of the batch",
    "What stands in front of the sum in the mini-batch gradient?", slip={" / len(y)": ""})
absolute_step.mistake("a sample that is fitted exactly pulls upwards", "Which slope is agreed on at the kink?",
    slip={"np.sign(y - g(u))": "np.where(y - g(u) >= 0, 1.0, -1.0)"})
absolute_step.mistake("a sample that is fitted exactly pulls downwards", "Which slope is agreed on at the kink?",
    slip={"np.sign(y - g(u))": "np.where(y - g(u) > 0, 1.0, -1.0)"})
absolute_step.mistake("you take one sign for the whole batch",
    "Each sample has its own loss and its own sign. When is the mean taken?",
    slip={"np.sign(y - g(u))": "np.sign((y - g(u)).mean())"})
absolute_step.mistake("you divide by the number of samples with a residual",
    "A sample that is fitted exactly has the gradient 0. Does it count in the mean?",
    slip={"len(y)": "max(1, np.count_nonzero(y - g(u)))"})
absolute_step.mistake("the loss stands where its slope should",
    "What is the slope of |r| at r = 3, and what at r = 0.3?", slip={"np.sign": "np.abs"})
absolute_step.mistake("g itself stands where its slope should", "Which of the two functions is the derivative?",
    slip={"slope(u)": "g(u)"})
absolute_step.mistake("the inner derivative is missing", "u depends on θ, too. What is the gradient of θᵀx?",
    slip={" @ X": ".sum()"})
absolute_step.mistake("there is a factor ½ too many",
    "It belongs to the square, whose 2 it cancels. What has this loss?", slip={"eta *": "eta / 2 *"})


# ---------------------------------------------------------------- Task 2: the mean of means

@task("Task 2: the report", returns="cost", points=1,
      draw=lambda rng, shape: (rng.exponential(size=math.ceil(shape[0] / shape[1])).round(2), *shape),
      shapes=((3, 2), (10, 4), (12, 4), (23, 5)))
def reported_cost(costs, N, M):
    last = N - (len(costs) - 1) * M
    return (costs[:-1].sum() * M + costs[-1] * last) / N


reported_cost.mistake("you take the mean of the means",
    "How much does one sample of a short batch weigh in it, and how much one of a full batch?",
    lambda costs, N, M: costs.mean())
reported_cost.mistake("your last batch is empty where M divides N",
    "What is 12 % 4 in Python, and how many samples has the last of three batches of 4?",
    slip={"N - (len(costs) - 1) * M": "N % M"})
reported_cost.mistake("you add the error, which has to be subtracted",
    "The formula gives the report minus the true mean. Which of them do you have?", lambda costs, N, M: costs.mean()
        + (1 / len(costs) - (N - (len(costs) - 1) * M) / N) * (costs[-1] - costs[:-1].mean()))
reported_cost.mistake("the mean of all batches stands where that of the full ones should",
    "Which batches does C_full in the formula of the error mean?", lambda costs, N, M: costs.mean()
        - (1 / len(costs) - (N - (len(costs) - 1) * M) / N) * (costs[-1] - costs.mean()))
reported_cost.mistake("you give the last batch as many samples as the others", "Do your weights sum to 1?",
    slip={"N - (len(costs) - 1) * M": "M"})
reported_cost.mistake("you divide by the number of places, not of samples",
    "Do your weights sum to 1? The last batch has empty places.", slip={"/ N": "/ (len(costs) * M)"})
reported_cost.mistake("the division by the number of samples is missing",
    "Put in costs that are all 1. Which mean cost do you expect?", slip={" / N": ""})
reported_cost.mistake("the last batch is all that is left of the sum", "Is there an `=` where a `+=` should be?",
    lambda costs, N, M: costs[-1] / len(costs))
reported_cost.mistake("the last batch is missing", "Its samples belong to the test set, too.",
    lambda costs, N, M: costs[:-1].mean())
reported_cost.mistake("your short batch is the first one",
    "The order is cut from its beginning. Which piece is what is left over?", costs=lambda costs: costs[::-1])
reported_cost.mistake("you add the means and divide by the number of samples",
    "Each cost is a mean already. Of how many samples?", lambda costs, N, M: costs.sum() / N)
reported_cost.mistake("the last batch is missing, and you divide by all samples", "Do your weights sum to 1?",
    slip={" + costs[-1] * last": ""})
reported_cost.mistake("the last batch counts for M samples too many",
    "How many full batches are there for N = 10 and M = 4, and is the last one among them?", slip={"len(costs) - 1": "len(costs) - 2"})
reported_cost.mistake("you count one full batch too many before the last one",
    "How many full batches are there for N = 10 and M = 4?", slip={"len(costs) - 1": "len(costs)"})
reported_cost.mistake("you divide by the number of batches", "What have your weights to sum to?",
    slip={"/ N": "/ len(costs)"})


# ---------------------------------------------------------------- Task 3: softmax regression, and a study

def _labelled(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> tuple[Any, ...]:
    N, d, K, M = shape
    theta, X = rng.normal(size=(K, d)).round(2), rng.normal(size=(N, d)).round(2)
    return theta, X, rng.integers(K, size=N), round(float(rng.uniform(0.1, 1)), 2), M, rng.permutation(N)


@task("Task 3a: digits", returns="theta", points=4,
      draw=_labelled, shapes=((2, 1, 2, 1), (3, 2, 2, 2), (5, 2, 3, 2), (6, 3, 3, 3), (10, 4, 3, 4)))
def softmax_epoch(theta, X, y, eta, M, order, *, signal=error_signal):
    for k in range(0, len(order), M):
        B = order[k:k + M]
        theta = theta - eta * signal(theta @ X[B].T, y[B]) @ X[B] / len(B)
    return theta


signal_mistakes(softmax_epoch)
_epoch_mistakes(softmax_epoch)


def _accuracies(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Any, ...]:
    validation, test = rng.permutation(1000)[: 2 * shape[0] * shape[1]].reshape(2, *shape) / 1000
    rates = np.sort(rng.permutation(100)[: shape[0]] + 1) / 100
    sizes = np.sort(rng.permutation(100)[: shape[1]] + 1)
    return validation, test, rates, sizes


@task("Task 3b: digits", returns="eta, M, accuracy", points=2,
      draw=_accuracies, shapes=((2, 2), (3, 2), (3, 4), (6, 5)))
def choose(validation, test, rates, sizes):
    i, j = np.unravel_index(validation.argmax(), validation.shape)
    return rates[i], sizes[j], test[i, j]


choose.mistake("you choose on the test set",
    "Which accuracies may influence the choice, and which ones are to judge it?",
    slip={"validation.argmax": "test.argmax"})
choose.mistake("validation and test have changed places", "Which of the two sets is looked at once, at the end?",
    slip={"validation.argmax": "test.argmax", "test[i, j]": "validation[i, j]"})
choose.mistake("row and column are exchanged", "What does `validation[i, j]` say about i?", slip={"i, j = np": "j, i = np"})
choose.mistake("you choose on both sets together", "A set that has a say in the choice cannot judge it any more.",
    slip={"validation.argmax": "(validation + test).argmax"})
choose.mistake("you report the accuracy by which you chose",
    "The largest of many noisy numbers is too large on average. Which number has not taken part in the choice?",
    slip={"test[i, j]": "validation[i, j]"})
choose.mistake("you report the best test accuracy of the grid", "It belongs to another pair than the one you return.",
    slip={"test[i, j]": "test.max()"})
choose.mistake("you choose the worst pair", "Are these errors or accuracies?", slip={"argmax": "argmin"})
choose.mistake("you choose the rate and the batch size separately",
    "The best rate depends on the batch size. Which single entry of the table is the largest?",
    slip={"np.unravel_index(validation.argmax(), validation.shape)":
          "validation.mean(axis=1).argmax(), validation.mean(axis=0).argmax()"})
choose.mistake("you return the places in the table, not what stands there",
    "Which rate belongs to row 2, and which size to column 1?", slip={"rates[i], sizes[j]": "i, j"})
choose.mistake("you choose the rate for the first batch size, and then the size for this rate",
    "Which pairs have you never looked at?",
    slip={"i, j = np.unravel_index(validation.argmax(), validation.shape)":
          "i = validation[:, 0].argmax(); j = validation[i].argmax()"})
choose.mistake("you report the mean of the two accuracies",
    "One of them took part in the choice. May it judge it as well?",
    slip={"test[i, j]": "(validation[i, j] + test[i, j]) / 2"})
choose.mistake("you report the mean accuracy of the grid",
    "The paper is about the pair that you chose. Which entry is its?", slip={"test[i, j]": "test.mean()"})


# ---------------------------------------------------------------- Task 4: stratified batches

def two_strata(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Matrix, Vector, int]:
    """Return gradients G (N, P), one a row, labels 0 and 1 for half of them each, and an even M."""
    N, P, M = shape
    label = rng.permutation(N) % 2
    return (rng.normal(size=(N, P)) + 2 * label[:, None]).round(1), label, M


@task("Task 4a: a better way to draw", returns="error", points=3,
      draw=two_strata, shapes=((4, 1, 2), (6, 2, 4), (8, 3, 2), (10, 2, 4)))
def stratified_error(G, label, M):
    classes = [G[label == 0], G[label == 1]]
    V = [((g - g.mean(axis=0)) ** 2).sum(axis=1).mean() for g in classes]
    return (V[0] + V[1]) / 2 / M


stratified_error.mistake("your spread is measured about the mean of all gradients",
    "That gives V/M. About which mean do the draws of one class scatter?",
    slip={"[G[label == 0], G[label == 1]]": "[G, G]"})
stratified_error.mistake("your error is twice as large as it should be",
    "Write g as half the sum of two means. What does the ½ become in a squared length?", slip={" / 2": ""})
stratified_error.mistake("your error is half as large as it should be",
    "Over how many samples does each of the two means run?", slip={"/ 2": "/ 4"})
stratified_error.mistake("you divide by one less than the number of samples in a class",
    "That estimates the variance of a population from a sample. Here all N gradients are known; V has 1/N.",
    slip={"sum(axis=1).mean()": "sum() / (len(g) - 1)"})
stratified_error.mistake("you draw without replacement", "Here a sample may come twice.",
    slip={"/ M": "/ M * (len(G) - M) / (len(G) - 2)"})
stratified_error.mistake("you average over the components of the gradient",
    "A squared length is a sum over the components.", slip={"sum(axis=1).mean()": "mean()"})
stratified_error.mistake("you measure how far the two classes are apart",
    "A stratified batch always has both classes in equal parts. Which spread is left?",
    lambda G, label, M: ((G[label == 0].mean(axis=0) - G[label == 1].mean(axis=0)) ** 2).sum() / 4 / M)
stratified_error.mistake("you take a root at the end",
    "The error that is asked for is a mean of squared distances, and so is V.", result=np.sqrt)
stratified_error.mistake("you measure from 0, not from the mean of the class",
    "If all gradients of a class are equal, which error does its half of the batch make?",
    slip={" - g.mean(axis=0)": ""})
stratified_error.mistake("your variance is that of all numbers in a class",
    "V adds up the variances of the components. See `axis`.",
    slip={"((g - g.mean(axis=0)) ** 2).sum(axis=1).mean()": "g.var()"})
stratified_error.mistake("one mean serves for all components of the gradient", "Along which axis do you take the mean?",
    slip={"g.mean(axis=0)": "g.mean()"})
stratified_error.mistake("your mean runs over the components of each gradient",
    "Along which axis do you take the mean?", slip={"g.mean(axis=0)": "g.mean(axis=1, keepdims=True)"})
stratified_error.mistake("you use the first class alone", "Which part of the batch comes from the other class?",
    slip={"(V[0] + V[1]) / 2": "V[0]"})
stratified_error.mistake("the second class is missing in your sum", "Do both classes come before your `return`?",
    slip={"V[0] + V[1]": "V[0]"})
stratified_error.mistake("your spread is a mean distance, not a mean squared distance",
    "V squares each distance before the mean is taken.",
    slip={"((g - g.mean(axis=0)) ** 2).sum(axis=1)": "np.linalg.norm(g - g.mean(axis=0), axis=1)"})
stratified_error.mistake("you add up over the samples of a class", "V is a mean. How does your number grow with N?",
    slip={".sum(axis=1).mean()": ".sum()"})

#: In the order of the notebook.
ALL = (least_squares_epoch, absolute_step, reported_cost, softmax_epoch, choose, stratified_error)
#: What a person marks, with its points.
WRITTEN = {"Task 1b: two losses for a number": 2, "Task 3b: digits": 2, "Task 4b: a better way to draw": 5}
