"""The tasks of the chapter on softmax regression.

Scores have one class a row and one sample a column. A wrong gradient is the right one with another error signal
in place of softmax(z) − e(y); a wrong walk of SGD has such a gradient, or goes through the samples differently.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from lecture_code.activations import sigmoid
from lecture_code.feedback import Task, task
from lecture_code.numerics import logsumexp, softmax

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- Task 1: softmax

_SCORES = ((2, 1, 0), (3, 2, 0), (3, 2, 1000), (4, 5, 2000), (4, 3, 1))


def scores(rng: np.random.Generator, shape: tuple[int, int, float]) -> tuple[Matrix]:
    """Return random scores (K, M) with one decimal, each column moved up or down by `offset`, its first by as much.

    With the offset 1 they are whole numbers, in an array of integers.
    """
    K, M, offset = shape
    z = rng.normal(scale=2, size=(K, M)) + offset * rng.choice([-1, 1], size=M)
    z[0] += offset * rng.choice([-1, 1], size=M)
    return (z.round().astype(int) if offset == 1 else z.round(1),)


@task("Task 1a: softmax is a distribution", returns="p", points=2, draw=scores, shapes=_SCORES, rtol=1e-10)
def softmax_columns(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


softmax_columns.mistake("large scores overflow",
    "What is `np.exp(1000)`, and what is one such number divided by another? Which change of the scores leaves "
    "softmax exactly as it is?", slip={" - z.max(axis=0)": ""})
softmax_columns.mistake("you subtract the same number from all columns",
    "Beside a column around 1000, one around −1000 is left with exponentials that are all 0. Whose maximum should be "
    "subtracted?", slip={"z.max(axis=0)": "z.max()"})
softmax_columns.mistake("you subtract the mean of the scores",
    "A score can lie a thousand above the mean of its column. After which shift is no exponent positive?",
    slip={".max": ".mean"})
softmax_columns.mistake("you subtract the smallest score",
    "Then all exponents are positive. How large may they be, and how large should they be?", slip={".max": ".min"})
softmax_columns.mistake("you subtract the scores of the first class",
    "Another score of a column can lie a thousand above it. After which shift is no exponent positive?",
    slip={"z.max(axis=0)": "z[0]"})
softmax_columns.mistake("your softmax runs over the samples",
    "Each column is to be a distribution. Along which axis do your entries sum to 1?", lambda z: softmax(z, axis=1))
softmax_columns.mistake("all entries of your matrix together sum to 1",
    "Each column is a sample with a distribution of its own.",
    slip={"z.max(axis=0)": "z.max()", "e.sum(axis=0)": "e.sum()"})
softmax_columns.mistake("all entries of your matrix together sum to 1, and large scores overflow",
    "Each column is a sample with a distribution of its own. And what is `np.exp(1000)`?",
    slip={" - z.max(axis=0)": "", "e.sum(axis=0)": "e.sum()"})
softmax_columns.mistake("each column has its own maximum, and all have one denominator",
    "Along which axis does the second of your two reductions run?", slip={"e.sum(axis=0)": "e.sum()"})
softmax_columns.mistake("your division is missing, or is not by the sum", "Do the entries of a column sum to 1?",
    slip={" / e.sum(axis=0)": ""})
softmax_columns.mistake("you divide by the length of the column",
    "Of a distribution the entries sum to 1. Which of yours do?", slip={"e.sum(axis=0)": "np.linalg.norm(e, axis=0)"})
softmax_columns.mistake("the exponential is missing",
    "Scores may be negative, and their sum may be 0. What makes positive numbers of them?",
    slip={"np.exp(z - z.max(axis=0))": "z"})
softmax_columns.mistake("softmax is applied twice", "What comes out of the first one is a distribution already.",
    result=softmax)
softmax_columns.mistake("you squeeze each score by itself",
    "A sigmoid gives numbers between 0 and 1. Do those of one column sum to 1?", sigmoid)
softmax_columns.mistake("your powers have the base 2", "Which number is raised to the power z?",
    slip={"np.exp": "np.exp2"})
softmax_columns.mistake("the sign of the scores is turned round",
    "Should a high score mean a high or a low probability?", z=np.negative)
softmax_columns.mistake("you cut off large scores",
    "Clipping avoids the overflow and makes 1000 and 1002 equal. Which change of the scores leaves softmax exactly as "
    "it is?", z=lambda z: np.clip(z, -500, 500))
softmax_columns.mistake("you return logarithms of probabilities", "Probabilities are positive.",
    lambda z: z - logsumexp(z))
softmax_columns.mistake("you return 1 for the largest score and 0 for the others",
    "That is the limit of low temperature.", slip={"e / e.sum(axis=0)": "(e == e.max(axis=0)).astype(float)"})


# ---------------------------------------------------------------- Task 2: log-sum-exp

@task("Task 2: log-sum-exp", returns="s", points=2, draw=scores, shapes=_SCORES, rtol=1e-9)
def log_sum_exp(z):
    m = z.max(axis=0)
    return m + np.log(np.exp(z - m).sum(axis=0))


log_sum_exp.mistake("large scores overflow",
    "What is `np.exp(1000)`? And what is the logarithm of `np.exp(-1000)`? Take something out of the sum first.",
    slip={"z.max(axis=0)": "0"})
log_sum_exp.mistake("you take the same number out of all columns",
    "Beside a column around 1000, one around −1000 is left with a sum that is 0. Whose maximum should be taken out?",
    slip={"z.max(axis=0)": "z.max()"})
log_sum_exp.mistake("you take the mean of the scores out",
    "A score can lie a thousand above the mean of its column. After which shift is no exponent positive?",
    slip={".max": ".mean"})
log_sum_exp.mistake("you take the smallest score out",
    "Then all exponents are positive. How large may they be, and how large should they be?", slip={".max": ".min"})
log_sum_exp.mistake("you take the scores of the first class out",
    "Another score of a column can lie a thousand above it. After which shift is no exponent positive?",
    slip={"z.max(axis=0)": "z[0]"})
log_sum_exp.mistake("you sum over the samples", "Each column has its own sum. Which axis counts classes?",
    lambda z: logsumexp(z, axis=1))
log_sum_exp.mistake("each column has its own maximum, and all have one sum",
    "Along which axis does the second of your two reductions run?", slip={".sum(axis=0)": ".sum()"})
log_sum_exp.mistake("what you took out is not put back",
    "The largest score m was subtracted inside the exponentials. What does that do to the logarithm of their sum?",
    slip={"m + ": ""})
log_sum_exp.mistake("m has the wrong sign outside the logarithm",
    "A factor in front of a sum becomes a summand of its logarithm. Which factor did you take out?",
    slip={"m + ": "-m + "})
log_sum_exp.mistake("m is put back inside the logarithm",
    "It has left the sum as the factor e to the power m. What becomes of a factor in a logarithm?",
    slip={"m + np.log(": "np.log(m + "})
log_sum_exp.mistake("the logarithm stands inside the sum", "Is the logarithm of a sum the sum of the logarithms?",
    slip={"np.log(np.exp(z - m).sum(axis=0))": "np.log(np.exp(z - m)).sum(axis=0)"})
log_sum_exp.mistake("the logarithm is missing", "For K equal scores 7, the answer is 7 + log K.", slip={"np.log": ""})
log_sum_exp.mistake("you take the mean of the exponentials", "For K equal scores 7, the answer is 7 + log K.",
    slip={".sum": ".mean"})
log_sum_exp.mistake("you return the largest score",
    "The soft maximum lies above the hard one. By how much, if all scores are equal?",
    slip={" + np.log(np.exp(z - m).sum(axis=0))": ""})
log_sum_exp.mistake("the largest term is counted twice", "`log1p` adds a 1. Is e⁰ in your sum already?",
    slip={"np.log": "np.log1p"})
log_sum_exp.mistake("you cut off large scores",
    "Clipping avoids the overflow and changes the answer. What can be taken out of the sum without changing it?",
    z=lambda z: np.clip(z, -500, 500))
log_sum_exp.mistake("your logarithm has the base 2", "Which function undoes e to the power z?",
    slip={"np.log": "np.log2"})
log_sum_exp.mistake("your answer has an axis too many", "One number a column: the shape is (M,).",
    result=lambda s: s[np.newaxis])


# ---------------------------------------------------------------- error signals

def _batch(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Matrix, Matrix, Vector]:
    K, d, M = shape
    return rng.normal(size=(K, d)).round(2), rng.normal(size=(d, M)).round(2), rng.integers(K, size=M)


def _scaled_batch(rng: np.random.Generator, shape: tuple[int, int, int, float]) -> tuple[Matrix, Matrix, Vector]:
    """Return θ, x and y as `_batch` does, for θ of a size that makes large scores."""
    theta, x, y = _batch(rng, shape[:3])
    return theta * shape[3], x, y


def _one_hot(z: Matrix, y: Vector) -> Matrix:
    return np.eye(len(z))[:, y]


def error_signal(z: Matrix, y: Vector) -> Matrix:
    """Return the error signal of scores and labels, one sample a column."""
    return softmax(z) - _one_hot(z, y)


def signal_mistakes(task: Task, batch: bool = True) -> None:
    """Add what goes wrong between the scores and the error signal, whatever is made of it, of one sample or a batch."""
    task.mistake("the scores were not turned into probabilities",
        "What was observed is compared with what was expected. Which function makes expectations of scores?",
        signal=lambda z, y: z - _one_hot(z, y))
    task.mistake("you squeeze each score by itself",
        "A sigmoid for each class is another model. Do its numbers for one sample sum to 1?",
        signal=lambda z, y: sigmoid(z) - _one_hot(z, y))
    task.mistake("the label is added to the probabilities",
        "Where what was expected is what was observed, the error should be 0. Is it in yours?",
        signal=lambda z, y: softmax(z) + _one_hot(z, y))
    task.mistake("you subtract the number of the class", "A label is a name, not a quantity. What is e(y)?",
        signal=lambda z, y: softmax(z) - y)
    task.mistake("the label has no part in your gradient",
        "What was observed has to be compared with what was expected. Which of the two is missing?",
        signal=lambda z, y: softmax(z))
    task.mistake("only the row of the right class gets a gradient",
        "What happens to the scores of the other classes, whose probabilities are too large?",
        signal=lambda z, y: _one_hot(z, y) * error_signal(z, y))
    task.mistake("there is a factor p(1 − p) too many",
        "That belongs to the squared error with a sigmoid. In this loss the logarithm has cancelled it.",
        signal=lambda z, y: softmax(z) * (1 - softmax(z)) * error_signal(z, y))
    task.mistake("this is the gradient of the squared error",
        "The Jacobian of softmax is still there. What does the logarithm do to it?",
        signal=lambda z, y: softmax(z) * (error_signal(z, y) - (softmax(z) * error_signal(z, y)).sum(axis=0)))
    task.mistake("you stop at the probabilities", "The derivative of −log p is −1/p. How does p depend on the scores?",
        signal=lambda z, y: -_one_hot(z, y) / softmax(z))
    task.mistake("softmax is applied twice",
        "Somewhere a distribution is taken for scores. Which of your functions has called softmax already?",
        signal=lambda z, y: error_signal(softmax(z), y))
    task.mistake("you compare logarithms of probabilities with the label",
        "Are the numbers from which you subtract positive?", signal=lambda z, y: z - logsumexp(z) - _one_hot(z, y))
    task.mistake("you compare the guess with the label",
        "A perceptron learns like that, and only when its guess is wrong. Where has the probability gone?",
        signal=lambda z, y: (z == z.max(axis=0)) - _one_hot(z, y))
    task.mistake("your labels count from 1",
        "The labels are 0 … K − 1, and NumPy takes the index −1 without complaint.",
        signal=lambda z, y: error_signal(z, y - 1))
    if batch:
        task.mistake("your softmax runs over the samples",
            "Each sample has a distribution over the classes. Along which axis do your probabilities sum to 1?",
            signal=lambda z, y: softmax(z, axis=1) - _one_hot(z, y))
        task.mistake("you subtract 1 from whole rows",
            "`D[y]` are all columns of the rows y. In each column one entry belongs to the right class: which pair of "
            "indices has it?", signal=lambda z, y: softmax(z) - np.isin(np.arange(len(z)), y)[:, np.newaxis])


# ---------------------------------------------------------------- Task 3: the gradient of a batch

@task("Task 3: the gradient", returns="gradient", points=3,
      draw=_scaled_batch, shapes=((2, 1, 1, 1), (2, 2, 1, 1), (3, 2, 2, 1), (3, 4, 3, 6), (4, 3, 6, 400)), rtol=1e-9)
def cross_entropy_gradient(theta, x, y, *, signal=error_signal):
    return signal(theta @ x, y) @ x.T / len(y)


cross_entropy_gradient.mistake("large scores overflow", "Your function of Task 1 knows what to do with them.",
    signal=lambda z, y: np.exp(z) / np.exp(z).sum(axis=0) - _one_hot(z, y))
cross_entropy_gradient.mistake("this is the gradient of the log-likelihood",
    "The cost is what gets smaller when the model gets better. Which sign has it?", result=np.negative)
cross_entropy_gradient.mistake("you add the gradients of the batch",
    "Compare M = 1 with M = 3. What stands in front of the sum in the cost?", slip={" / len(y)": ""})
cross_entropy_gradient.mistake("you divide by the number of classes", "Over what is the mean taken?",
    slip={"len(y)": "len(theta)"})
cross_entropy_gradient.mistake("you divide by the number of entries of the scores", "Over what is the mean taken?",
    slip={"len(y)": "(theta @ x).size"})
cross_entropy_gradient.mistake("your gradient is transposed",
    "A gradient has the shape of what it differentiates by. Which shape has θ?", result=np.transpose)
cross_entropy_gradient.mistake("you multiply the means",
    "The mean of the products is asked for. Does the product of the means equal it?",
    lambda theta, x, y: np.outer(error_signal(theta @ x, y).mean(axis=1), x.mean(axis=1)))
cross_entropy_gradient.mistake("you stop at the scores",
    "That is the derivative with respect to z. How does z depend on θ?", slip={" @ x.T / len(y)": ""})
cross_entropy_gradient.mistake("you stop at the scores, and take the mean",
    "That is the derivative with respect to z. How does z depend on θ?", slip={" @ x.T": ""})
signal_mistakes(cross_entropy_gradient)


# ---------------------------------------------------------------- Task 4: SGD

def _walk(rng: np.random.Generator, shape: tuple[int, int, int, float]) -> tuple[Any, ...]:
    theta, x, y = _scaled_batch(rng, shape)
    N = len(y)                                      # with more steps than samples, some samples come more than once
    order = rng.integers(N, size=N + 2) if N == 5 else rng.permutation(N)
    return theta, x.T.copy(), y, round(float(rng.uniform(0.1, 1)), 2), order


@task("Task 4a: the walk", returns="theta", points=3, draw=_walk,
      shapes=((2, 1, 1, 1), (2, 1, 2, 1), (3, 2, 2, 1), (3, 4, 5, 1), (3, 2, 4, 700)))
def sgd_walk(theta, X, y, eta, order, *, signal=error_signal):
    for i in order:
        theta = theta - eta * signal(theta @ X[[i]].T, y[[i]]) @ X[[i]]
    return theta


sgd_walk.mistake("large scores overflow", "Your function of Task 1 knows what to do with them.",
    signal=lambda z, y: np.exp(z) / np.exp(z).sum(axis=0) - _one_hot(z, y))
sgd_walk.mistake("you walk uphill",
    "Does the probability of the right class grow in one step with a tiny rate? Two minus signs should have "
    "cancelled.", slip={"- eta": "+ eta"})
sgd_walk.mistake("each sample is used once",
    "An index may stand in `order` more than once. How many steps are asked for?",
    order=lambda order: np.array(list(dict.fromkeys(order.tolist()))))
sgd_walk.mistake("you make a set of the order",
    "What does a set forget of a list, besides the numbers that come twice?", order=np.unique)
sgd_walk.mistake("you take the samples as they stand", "The shuffled order is an argument. Is it used?",
    slip={"in order": "in range(len(y))"})
sgd_walk.mistake("you go through the order backwards", "Which sample comes first?", order=np.flip)
sgd_walk.mistake("the label belongs to another sample than the input",
    "Both are taken at the index that stands in `order`. Is the label taken at its place there?",
    slip={"i in order": "k, i in enumerate(order)", "y[[i]]": "y[[k]]"})
sgd_walk.mistake("every step uses the θ from before the walk",
    "The second sample should see the θ that the first one has moved.",
    lambda theta, X, y, eta, order: theta - eta * error_signal(theta @ X.T, y) @ X)
sgd_walk.mistake("all gradients of the order are taken at the θ from before the walk",
    "The second sample should see the θ that the first one has moved.",
    lambda theta, X, y, eta, order: theta - eta * error_signal(theta @ X[order].T, y[order]) @ X[order])
sgd_walk.mistake("you take one step with the mean of all gradients",
    "How many steps does a walk through N samples have?",
    lambda theta, X, y, eta, order: theta - eta * error_signal(theta @ X.T, y) @ X / len(y))
sgd_walk.mistake("you stop after the first sample", "Is your `return` inside the loop?", order=lambda order: order[:1])
sgd_walk.mistake("only the last step is kept",
    "Each step goes on from the θ of the one before. What does yours go on from?", order=lambda order: order[-1:])
sgd_walk.mistake("you divide by the number of samples", "The loss of one sample has no mean in it.",
    slip={"- eta": "- eta / len(y)"})


@sgd_walk.mistake("some rows of θ have moved before the probabilities of the step are computed",
    "All rows of one gradient belong to one θ. How often is softmax called for one sample?")
def _(theta, X, y, eta, order):
    theta = theta.copy()
    for i in order:
        for k in range(len(theta)):
            theta[k] -= eta * error_signal(theta @ X[[i]].T, y[[i]])[k] * X[i]
    return theta


signal_mistakes(sgd_walk, batch=False)


# ---------------------------------------------------------------- Task 5: a training loop with two bugs

def _epochs(rng: np.random.Generator, shape: tuple[int, int, int, int, int, float]) -> tuple[Any, ...]:
    """Return the arguments of a training loop for (K, d, N, M, number of epochs, size of the scores)."""
    K, d, N, M, epochs, scale = shape
    theta, x, y = _scaled_batch(rng, (K, d, N, scale))
    return theta, x.T.copy(), y, round(float(rng.uniform(0.5, 2)), 2), M, rng.permuted([np.arange(N)] * epochs, axis=1)


@task("Task 5: find the bugs", returns="theta", points=3,
      draw=_epochs,
      shapes=((2, 1, 3, 2, 1, 1), (3, 2, 5, 2, 2, 1), (3, 4, 7, 3, 3, 1), (4, 3, 11, 4, 2, 1), (3, 2, 5, 2, 1, 700)))
def repaired_training(theta, X, y, eta, M, orders):
    for order in orders:
        for k in range(0, len(y), M):
            batch = order[k:k + M]
            step = error_signal(theta @ X[batch].T, y[batch]) @ X[batch]
            theta = theta - eta * step / len(batch)
    return theta


def _on_top(orders: Matrix) -> list[Vector]:
    """Return the orders of somebody who shuffles in each epoch what the epoch before has shuffled."""
    return list(accumulate(orders, lambda before, order: before[order]))


repaired_training.mistake("this is still what the broken loop does",
    "Give it two samples in the order (1, 0), and follow each sample and its label by hand.",
    slip={"y[batch]": "y[k:k + M]", "len(batch)": "M"})
repaired_training.mistake("the labels are right, and one of the two bugs is left",
    "Of how many samples is the last batch made when M does not divide N? Of how many is its mean?",
    slip={"len(batch)": "M"})
repaired_training.mistake("the last batch is right, and one of the two bugs is left",
    "The samples are shuffled. Which label does the first one of a batch meet?", slip={"y[batch]": "y[k:k + M]"})
repaired_training.mistake("every epoch takes the samples as they stand",
    "Now samples and labels fit together. Which sample should come first in an epoch?", orders=np.sort)
repaired_training.mistake("each epoch shuffles what the epoch before has shuffled",
    "A row of `orders` numbers the samples of the X that was given. Is X still that X in the second epoch?",
    orders=_on_top)
repaired_training.mistake(
    "each epoch shuffles what the epoch before has shuffled, and the last batch takes too short a step",
    "A row of `orders` numbers the samples of the X that was given. And of how many samples is the last mean?",
    slip={"in orders": "in _on_top(orders)", "len(batch)": "M"})
repaired_training.mistake("the labels are shuffled again from epoch to epoch, and the samples are not",
    "In the second epoch, is your y still the y that was given? Give the shuffled labels another name.",
    slip={"order in orders": "order, labels in zip(orders, _on_top(orders))", "y[batch]": "y[labels[k:k + M]]"})
repaired_training.mistake(
    "the labels are shuffled again from epoch to epoch, and the last batch takes a step that is too short",
    "In the second epoch, is your y still the y that was given? And of how many samples is the last mean?",
    slip={"order in orders": "order, labels in zip(orders, _on_top(orders))", "y[batch]": "y[labels[k:k + M]]",
          "len(batch)": "M"})
repaired_training.mistake("the last samples of an epoch are left out",
    "If M does not divide N, what is left is a batch, too, a smaller one.", slip={"len(y), M": "len(y) - M + 1, M"})
repaired_training.mistake("you share the samples out evenly",
    "`np.array_split` makes batches of nearly the same size. Which sizes does the task ask for?",
    slip={"range(0, len(y), M)": "np.array_split(order, -(-len(y) // M))", "order[k:k + M]": "k"})
repaired_training.mistake("every batch but the first is empty",
    "A slice goes from its first number to its second. What are these two for the second batch?",
    slip={"k:k + M": "k:M"})
repaired_training.mistake("your batches overlap", "By how much does k grow from one batch to the next?",
    slip={"0, len(y), M": "len(y)"})
repaired_training.mistake("you add the gradients of a batch", "The cost of a batch is a mean.",
    slip={" / len(batch)": ""})
repaired_training.mistake("you divide by the number of all samples",
    "The cost of a batch is a mean over which samples?", slip={"len(batch)": "len(y)"})
repaired_training.mistake("you walk uphill", "Which sign does a step of descent have?", slip={"- eta": "+ eta"})
repaired_training.mistake("all batches of an epoch see the θ from before the epoch",
    "After each step there is a new θ. Which one has the next batch to use?",
    slip={"for k in": "start = theta\n        for k in", "theta @": "start @"})
repaired_training.mistake("all epochs have the order of the first",
    "`orders` has one row for each epoch. Which ones does your loop read?",
    orders=lambda orders: orders[:1].repeat(len(orders), axis=0))
repaired_training.mistake("you stop after the first epoch", "Is your `return` inside the loop?",
    orders=lambda orders: orders[:1])
repaired_training.mistake("large scores overflow", "Your function of Task 1 knows what to do with them.",
    slip={"error_signal(theta @ X[batch].T, y[batch])":
          "(np.exp(z := theta @ X[batch].T) / np.exp(z).sum(axis=0) - _one_hot(z, y[batch]))"})

#: In the order of the notebook.
ALL = (softmax_columns, log_sum_exp, cross_entropy_gradient, sgd_walk, repaired_training)
#: What a person marks, with its points.
WRITTEN = {"Task 1b: softmax is a distribution": 5, "Task 4c: the walk": 4}
