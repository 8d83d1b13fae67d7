"""The tasks of the chapter on softmax regression.

Scores have one class a row and one sample a column. A wrong gradient is the right one with another error signal
in place of softmax(z) − e(y); a wrong walk of SGD has such a gradient, or goes through the samples differently.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code.activations import sigmoid
from lecture_code.feedback import Answer, Mistake, Task
from lecture_code.numerics import logsumexp, softmax

Vector = np.ndarray
Matrix = np.ndarray
Signal = Callable[[Matrix, Vector], Matrix]     # (scores, labels) ↦ the error signal, one sample a column


# ---------------------------------------------------------------- inputs

def scores(rng: np.random.Generator, shape: tuple[int, int, float]) -> tuple[Matrix]:
    """Return random scores (K, M) with one decimal, each column moved up or down by `offset`."""
    K, M, offset = shape
    return ((rng.normal(scale=2, size=(K, M)) + offset * rng.choice([-1, 1], size=M)).round(1),)


def _batch(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Matrix, Matrix, Vector]:
    K, d, M = shape
    return rng.normal(size=(K, d)).round(2), rng.normal(size=(d, M)).round(2), rng.integers(K, size=M)


def _walk(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Any, ...]:
    theta, x, y = _batch(rng, shape)
    return theta, x.T.copy(), y, round(float(rng.uniform(0.1, 1)), 2), rng.permutation(len(y))


# ---------------------------------------------------------------- Task 1: softmax

def _softmax(z: Matrix) -> Matrix:
    return softmax(z)


@np.errstate(over="ignore", invalid="ignore")
def _softmax_not_shifted(z: Matrix) -> Matrix:
    return np.exp(z) / np.exp(z).sum(axis=0)


@np.errstate(invalid="ignore")
def _softmax_shifted_alike(z: Matrix) -> Matrix:
    return np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=0)


def _softmax_of_rows(z: Matrix) -> Matrix:
    return softmax(z, axis=1)


def _softmax_of_all(z: Matrix) -> Matrix:
    return softmax(z.ravel()).reshape(z.shape)


def _not_normalised(z: Matrix) -> Matrix:
    return np.exp(z - z.max(axis=0))


def _sigmoids(z: Matrix) -> Matrix:
    return sigmoid(z)


def _softmax_base_two(z: Matrix) -> Matrix:
    return softmax(z * np.log(2))


def _softmax_negated(z: Matrix) -> Matrix:
    return softmax(-z)


def _softmax_clipped(z: Matrix) -> Matrix:
    return softmax(np.clip(z, -500, 500))


def _log_probabilities(z: Matrix) -> Matrix:
    return z - logsumexp(z)


def _hard_maximum(z: Matrix) -> Matrix:
    return (z == z.max(axis=0)).astype(float)


softmax_columns = Task(
    name="softmax_columns", title="Task 1a, softmax",
    takes="z", returns="p",
    reference=_softmax, draw=scores, shapes=((2, 1, 0), (3, 2, 0), (3, 2, 1000), (4, 5, 2000)),
    mistakes=(
        Mistake("large scores overflow",
                "What is `np.exp(1000)`, and what is one such number divided by another? Which change of the scores "
                "leaves softmax exactly as it is?", _softmax_not_shifted),
        Mistake("you subtract the same number from all columns",
                "Beside a column around 1000, one around −1000 is left with exponentials that are all 0. Whose maximum "
                "should be subtracted?", _softmax_shifted_alike),
        Mistake("your softmax runs over the samples",
                "Each column is to be a distribution. Along which axis do your entries sum to 1?", _softmax_of_rows),
        Mistake("all entries of your matrix together sum to 1",
                "Each column is a sample with a distribution of its own.", _softmax_of_all),
        Mistake("the division is missing", "Do the entries of a column sum to 1?", _not_normalised),
        Mistake("you squeeze each score by itself",
                "A sigmoid gives numbers between 0 and 1. Do those of one column sum to 1?", _sigmoids),
        Mistake("your powers have the base 2", "Which number is raised to the power z?", _softmax_base_two),
        Mistake("the sign of the scores is turned round",
                "Should a high score mean a high or a low probability?", _softmax_negated),
        Mistake("you cut off large scores",
                "Clipping avoids the overflow and makes 1000 and 1002 equal. Which change of the scores leaves softmax "
                "exactly as it is?", _softmax_clipped),
        Mistake("you return logarithms of probabilities", "Probabilities are positive.", _log_probabilities),
        Mistake("you return 1 for the largest score and 0 for the others",
                "That is the limit of low temperature.", _hard_maximum),
    ),
)


# ---------------------------------------------------------------- Task 2: log-sum-exp

def _log_sum_exp(z: Matrix) -> Vector:
    return logsumexp(z)


@np.errstate(over="ignore", divide="ignore")
def _log_sum_exp_not_shifted(z: Matrix) -> Vector:
    return np.log(np.exp(z).sum(axis=0))


@np.errstate(divide="ignore")
def _log_sum_exp_shifted_alike(z: Matrix) -> Vector:
    return z.max() + np.log(np.exp(z - z.max()).sum(axis=0))


def _log_sum_exp_of_rows(z: Matrix) -> Vector:
    return logsumexp(z, axis=1)


def _maximum_not_restored(z: Matrix) -> Vector:
    return logsumexp(z) - z.max(axis=0)


def _maximum_subtracted_twice(z: Matrix) -> Vector:
    return logsumexp(z) - 2 * z.max(axis=0)


def _log_mean_exp(z: Matrix) -> Vector:
    return logsumexp(z) - np.log(len(z))


def _maximum_alone(z: Matrix) -> Vector:
    return z.max(axis=0)


def _largest_term_twice(z: Matrix) -> Vector:
    m = z.max(axis=0)
    return m + np.log1p(np.exp(z - m).sum(axis=0))


def _log_sum_exp_clipped(z: Matrix) -> Vector:
    return logsumexp(np.clip(z, -500, 500))


def _log_sum_exp_with_base_two(z: Matrix) -> Vector:
    m = z.max(axis=0)
    return m + np.log2(np.exp(z - m).sum(axis=0))


def _log_sum_exp_kept(z: Matrix) -> Matrix:
    return logsumexp(z, keepdims=True)


log_sum_exp = Task(
    name="log_sum_exp", title="Task 2, log-sum-exp",
    takes="z", returns="s",
    reference=_log_sum_exp, draw=scores, shapes=((2, 1, 0), (3, 2, 0), (3, 2, 1000), (4, 5, 2000)), rtol=1e-9,
    mistakes=(
        Mistake("large scores overflow",
                "What is `np.exp(1000)`? And what is the logarithm of `np.exp(-1000)`? Take something out of the sum "
                "first.", _log_sum_exp_not_shifted),
        Mistake("you take the same number out of all columns",
                "Beside a column around 1000, one around −1000 is left with a sum that is 0. Whose maximum should be "
                "taken out?", _log_sum_exp_shifted_alike),
        Mistake("you sum over the samples",
                "Each column has its own sum. Which axis counts classes?", _log_sum_exp_of_rows),
        Mistake("what you took out is not put back",
                "The largest score m was subtracted inside the exponentials. What does that do to the logarithm of "
                "their sum?", _maximum_not_restored),
        Mistake("m has the wrong sign outside the logarithm",
                "A factor in front of a sum becomes a summand of its logarithm. Which factor did you take out?",
                _maximum_subtracted_twice),
        Mistake("you take the mean of the exponentials",
                "For K equal scores 7, the answer is 7 + log K.", _log_mean_exp),
        Mistake("you return the largest score",
                "The soft maximum lies above the hard one. By how much, if all scores are equal?", _maximum_alone),
        Mistake("the largest term is counted twice",
                "`log1p` adds a 1. Is e⁰ in your sum already?", _largest_term_twice),
        Mistake("you cut off large scores",
                "Clipping avoids the overflow and changes the answer. What can be taken out of the sum without "
                "changing it?", _log_sum_exp_clipped),
        Mistake("your logarithm has the base 2", "Which function undoes e to the power z?",
                _log_sum_exp_with_base_two),
        Mistake("your answer has an axis too many",
                "One number a column: the shape is (M,).", _log_sum_exp_kept),
    ),
)


# ---------------------------------------------------------------- error signals

def _signal(z: Matrix, y: Vector) -> Matrix:
    return softmax(z) - _one_hot(z, y)


def _one_hot(z: Matrix, y: Vector) -> Matrix:
    return np.eye(len(z))[:, y]


def _signal_over_samples(z: Matrix, y: Vector) -> Matrix:
    return softmax(z, axis=1) - _one_hot(z, y)


def _signal_of_scores(z: Matrix, y: Vector) -> Matrix:
    return z - _one_hot(z, y)


def _signal_of_label(z: Matrix, y: Vector) -> Matrix:
    return softmax(z) - y


def _signal_of_whole_rows(z: Matrix, y: Vector) -> Matrix:
    e = np.zeros_like(z)
    e[y] = 1
    return softmax(z) - e


def _signal_without_label(z: Matrix, y: Vector) -> Matrix:
    return softmax(z)


def _signal_of_right_class(z: Matrix, y: Vector) -> Matrix:
    return _one_hot(z, y) * _signal(z, y)


def _signal_with_slope(z: Matrix, y: Vector) -> Matrix:
    p = softmax(z)
    return p * (1 - p) * _signal(z, y)


def _signal_of_sigmoids(z: Matrix, y: Vector) -> Matrix:
    return sigmoid(z) - _one_hot(z, y)


def _signal_mistakes(finish: Callable[[Signal], Answer]) -> tuple[Mistake, ...]:
    """Return what goes wrong between the scores and the error signal, whatever is made of it."""
    return (
        Mistake("the scores were not turned into probabilities",
                "What was observed is compared with what was expected. Which function makes expectations of scores?",
                finish(_signal_of_scores)),
        Mistake("you squeeze each score by itself",
                "A sigmoid for each class is another model. Do the entries of the push of one sample sum to 0?",
                finish(_signal_of_sigmoids)),
        Mistake("you subtract the number of the class",
                "A label is a name, not a quantity. What is e(y)?", finish(_signal_of_label)),
        Mistake("the label has no part in your gradient",
                "What was observed has to be compared with what was expected. Which of the two is missing?",
                finish(_signal_without_label)),
        Mistake("only the row of the right class gets a gradient",
                "What happens to the scores of the other classes, whose probabilities are too large?",
                finish(_signal_of_right_class)),
        Mistake("there is a factor p(1 − p) too many",
                "That belongs to the squared error with a sigmoid. In this loss the logarithm has cancelled it.",
                finish(_signal_with_slope)),
    )


# ---------------------------------------------------------------- Task 3: the gradient of a batch

def _gradient(signal: Signal) -> Answer:
    def answer(theta: Matrix, x: Matrix, y: Vector) -> Matrix:
        return signal(theta @ x, y) @ x.T / len(y)

    return answer


def _gradient_of_likelihood(theta: Matrix, x: Matrix, y: Vector) -> Matrix:
    return -_gradient(_signal)(theta, x, y)


def _gradient_of_sum(theta: Matrix, x: Matrix, y: Vector) -> Matrix:
    return _gradient(_signal)(theta, x, y) * len(y)


def _gradient_over_classes(theta: Matrix, x: Matrix, y: Vector) -> Matrix:
    return _gradient_of_sum(theta, x, y) / len(theta)


def _gradient_transposed(theta: Matrix, x: Matrix, y: Vector) -> Matrix:
    return _gradient(_signal)(theta, x, y).T


def _gradient_of_means(theta: Matrix, x: Matrix, y: Vector) -> Matrix:
    return np.outer(_signal(theta @ x, y).mean(axis=1), x.mean(axis=1))


def _signal_alone(theta: Matrix, x: Matrix, y: Vector) -> Matrix:
    return _signal(theta @ x, y)


cross_entropy_gradient = Task(
    name="cross_entropy_gradient", title="Task 3, the gradient",
    takes="theta, x, y", returns="gradient",
    reference=_gradient(_signal), draw=_batch,
    shapes=((2, 1, 1), (2, 2, 1), (3, 2, 2), (3, 4, 3), (4, 3, 6)),
    mistakes=(
        Mistake("this is the gradient of the log-likelihood",
                "The cost is what gets smaller when the model gets better. Which sign has it?",
                _gradient_of_likelihood),
        Mistake("you add the gradients of the batch",
                "Compare M = 1 with M = 3. What stands in front of the sum in the cost?", _gradient_of_sum),
        Mistake("you divide by the number of classes",
                "Over what is the mean taken?", _gradient_over_classes),
        Mistake("your gradient is transposed",
                "A gradient has the shape of what it differentiates by. Which shape has θ?", _gradient_transposed),
        Mistake("your softmax runs over the samples",
                "Each sample has a distribution over the classes. Along which axis do your probabilities sum to 1?",
                _gradient(_signal_over_samples)),
        Mistake("you subtract 1 from whole rows",
                "`D[y]` are all columns of the rows y. In each column one entry belongs to the right class: which pair "
                "of indices has it?", _gradient(_signal_of_whole_rows)),
        Mistake("you multiply the means",
                "The mean of the products is asked for. Does the product of the means equal it?", _gradient_of_means),
        Mistake("you stop at the scores",
                "That is the derivative with respect to z. How does z depend on θ?", _signal_alone),
        *_signal_mistakes(_gradient),
    ),
)


# ---------------------------------------------------------------- Task 4: SGD

def _sgd(signal: Signal, sign: float = -1.0) -> Answer:
    def answer(theta: Matrix, X: Matrix, y: Vector, eta: float, order: Vector) -> Matrix:
        for i in order:
            theta = theta + sign * eta * _gradient(signal)(theta, X[[i]].T, y[[i]])
        return theta

    return answer


def _uphill(theta: Matrix, X: Matrix, y: Vector, eta: float, order: Vector) -> Matrix:
    return _sgd(_signal, sign=1.0)(theta, X, y, eta, order)


def _unshuffled(theta: Matrix, X: Matrix, y: Vector, eta: float, order: Vector) -> Matrix:
    return _sgd(_signal)(theta, X, y, eta, np.arange(len(y)))


def _from_start(theta: Matrix, X: Matrix, y: Vector, eta: float, order: Vector) -> Matrix:
    return theta - eta * len(y) * _gradient(_signal)(theta, X.T, y)


def _one_mean_step(theta: Matrix, X: Matrix, y: Vector, eta: float, order: Vector) -> Matrix:
    return theta - eta * _gradient(_signal)(theta, X.T, y)


def _first_sample_alone(theta: Matrix, X: Matrix, y: Vector, eta: float, order: Vector) -> Matrix:
    return _sgd(_signal)(theta, X, y, eta, order[:1])


def _divided(theta: Matrix, X: Matrix, y: Vector, eta: float, order: Vector) -> Matrix:
    return _sgd(_signal)(theta, X, y, eta / len(y), order)


def _row_by_row(theta: Matrix, X: Matrix, y: Vector, eta: float, order: Vector) -> Matrix:
    """Compute the probabilities anew after the step of each row."""
    theta = theta.copy()
    for i in order:
        for k in range(len(theta)):
            theta[k] -= eta * _signal(theta @ X[[i]].T, y[[i]])[k] * X[i]
    return theta


sgd_walk = Task(
    name="sgd_walk", title="Task 4a, SGD",
    takes="theta, X, y, eta, order", returns="theta",
    reference=_sgd(_signal), draw=_walk, shapes=((2, 1, 1), (2, 1, 2), (3, 2, 2), (3, 4, 5)),
    mistakes=(
        Mistake("you walk uphill",
                "Does the probability of the right class grow in one step with a tiny rate? Two minus signs should "
                "have cancelled.", _uphill),
        Mistake("you take the samples as they stand", "The shuffled order is an argument. Is it used?", _unshuffled),
        Mistake("every step uses the θ from before the walk",
                "The second sample should see the θ that the first one has moved.", _from_start),
        Mistake("you take one step with the mean of all gradients",
                "How many steps does a walk through N samples have?", _one_mean_step),
        Mistake("you stop after the first sample", "Is your `return` inside the loop?", _first_sample_alone),
        Mistake("you divide by the number of samples",
                "The loss of one sample has no mean in it.", _divided),
        Mistake("some rows of θ have moved before the probabilities of the step are computed",
                "All rows of one gradient belong to one θ. How often is softmax called for one sample?", _row_by_row),
        *_signal_mistakes(_sgd),
    ),
)

# ---------------------------------------------------------------- Task 5: a training loop with two bugs

def _epochs(rng: np.random.Generator, shape: tuple[int, int, int, int, int]) -> tuple[Any, ...]:
    """Return the arguments of a training loop for (K, d, N, M, number of epochs)."""
    K, d, N, M, epochs = shape
    theta, x, y = _batch(rng, (K, d, N))
    return theta, x.T.copy(), y, round(float(rng.uniform(0.5, 2)), 2), M, rng.permuted([np.arange(N)] * epochs, axis=1)


def _training(
    samples: str = "order", labels: str = "order", share: str = "batch", whole: bool = False, stale: bool = False,
    epochs: int | None = None,
) -> Answer:
    """Return a loop: which samples make a batch, what the sum of their gradients is divided by, which θ they see."""

    def answer(theta: Matrix, X: Matrix, y: Vector, eta: float, M: int, orders: Matrix) -> Matrix:
        N, together = len(y), np.arange(len(y))
        for order in orders[:epochs]:
            together = together[order]      # all shuffles so far, one on top of the other
            places = {"order": order, "none": np.arange(N), "together": together}
            seen = theta
            for k in range(0, N // M * M if whole else N, M):
                x, y_batch = X[places[samples][k:k + M]].T, y[places[labels][k:k + M]]
                step = _signal((seen if stale else theta) @ x, y_batch) @ x.T
                theta = theta - eta * step / {"batch": len(y_batch), "M": M, "none": 1}[share]
        return theta

    return answer


repaired_training = Task(
    name="repaired_training", title="Task 5, the training loop",
    takes="theta, X, y, eta, M, orders", returns="theta",
    reference=_training(), draw=_epochs,
    shapes=((2, 1, 3, 2, 1), (3, 2, 5, 2, 2), (3, 4, 7, 3, 3), (4, 3, 11, 4, 2)),
    mistakes=(
        Mistake("this is still what the broken loop does",
                "Give it two samples in the order (1, 0), and follow each sample and its label by hand.",
                _training(labels="none", share="M")),
        Mistake("the labels are right and the last batch still takes a step that is too short",
                "Of how many samples is it made when M does not divide N? Of how many is its mean?",
                _training(share="M")),
        Mistake("the last batch is right and the labels still stay behind",
                "The samples are shuffled. Which label does the first one of a batch meet?", _training(labels="none")),
        Mistake("no order is used any more",
                "Now samples and labels fit together, but every epoch goes through the samples as they lie there. What "
                "is `orders` for?", _training(samples="none", labels="none")),
        Mistake("each epoch shuffles what the epoch before has shuffled",
                "A row of `orders` numbers the samples of the X that was given. Is X still that X in the second epoch?",
                _training(samples="together", labels="together")),
        Mistake("each epoch shuffles what the epoch before has shuffled, and the last batch takes too short a step",
                "A row of `orders` numbers the samples of the X that was given. And of how many samples is the last "
                "mean?", _training(samples="together", labels="together", share="M")),
        Mistake("the labels are shuffled again from epoch to epoch, and the samples are not",
                "In the second epoch, is your y still the y that was given? Give the shuffled labels another name.",
                _training(labels="together")),
        Mistake("the labels are shuffled again from epoch to epoch, and the last batch takes a step that is too short",
                "In the second epoch, is your y still the y that was given? And of how many samples is the last mean?",
                _training(labels="together", share="M")),
        Mistake("the last samples of an epoch are left out",
                "If M does not divide N, what is left is a batch, too, a smaller one.", _training(whole=True)),
        Mistake("you add the gradients of a batch", "The cost of a batch is a mean.", _training(share="none")),
        Mistake("all batches of an epoch see the θ from before the epoch",
                "After each step there is a new θ. Which one has the next batch to use?", _training(stale=True)),
        Mistake("you stop after the first epoch", "Is your `return` inside the loop?", _training(epochs=1)),
    ),
)

#: In the order of the notebook.
ALL = (softmax_columns, log_sum_exp, cross_entropy_gradient, sgd_walk, repaired_training)
