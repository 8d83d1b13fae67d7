"""The tasks of the chapter on KL divergence and cross-entropy.

Distributions are columns: one class a row, one pair of distributions (or one sample) a column. The wrong answers
exchange one thing each: the order of the arguments, what is done with zeros, the axis, a sign.
"""

from __future__ import annotations

import numpy as np

from lecture_code.activations import sigmoid
from lecture_code.distributions import cross_entropy
from lecture_code.distributions import kl_divergence as kl
from lecture_code.feedback import Task, task
from lecture_code.numerics import log_softmax, softmax

Vector = np.ndarray
Matrix = np.ndarray


def distributions(rng: np.random.Generator, K: int, M: int, zeros: bool = False) -> Matrix:
    """Return M random distributions on K classes, one a column, in multiples of 1/(5K)."""
    least = 0 if zeros else 1
    counts = least + rng.multinomial((5 - least) * K, np.full(K, 1 / K), size=M).T
    if zeros:   # the mass of one class goes to the next one
        emptied, column = rng.integers(K, size=M), np.arange(M)
        counts[(emptied + 1) % K, column] += counts[emptied, column]
        counts[emptied, column] = 0
    return counts / (5 * K)


# ---------------------------------------------------------------- Task 1: the divergence, and its zeros

def _terms(p: Matrix, q: Matrix) -> Matrix:
    """Return p log(p/q) as it is written, so that 0·log 0 is not a number."""
    return p * np.log(p / q)


def _right_terms(p: Matrix, q: Matrix) -> Matrix:
    return p * np.log(np.divide(p, q, out=np.ones_like(p), where=p > 0))


def _divergence_mistakes(divergence: Task) -> None:
    """Add what goes wrong with and without zeros."""
    divergence.mistake("the two arguments have changed places",
        "The truth p stands in front of the logarithm, and above the bar. Which of your arrays stands there?",
        lambda p, q: kl(q, p))
    divergence.mistake("the sign is turned round",
        "Can a wrong belief save surprise? Look at which of p and q is divided by which.", result=np.negative)
    divergence.mistake("your logarithm has the base 2",
        "That gives bits. The chapter counts in nats unless it says otherwise.", lambda p, q: kl(p, q, base=2))
    divergence.mistake("you return the cross-entropy",
        "What is your answer for q = p? The divergence of a distribution from itself is 0.", cross_entropy)
    divergence.mistake("you sum over the pairs", "Each column has its own divergence. Which axis counts classes?",
        lambda p, q: _right_terms(p, q).sum(axis=1))
    divergence.mistake("you sum over everything", "One number a column: the shape is (M,).",
        lambda p, q: _right_terms(p, q).sum())
    divergence.mistake("you take the mean over the classes",
        "The average is taken already, with the weights p. What does a second one do?",
        lambda p, q: _right_terms(p, q).mean(axis=0))
    divergence.mistake("the sum is missing", "You return the terms. One number a column is asked for.", _right_terms)
    divergence.mistake("you add the sizes of the terms",
        "Terms may be negative, and should be. It is their sum that never is.",
        lambda p, q: np.abs(_right_terms(p, q)).sum(axis=0))
    divergence.mistake("the logarithms are not weighted",
        "How often does each outcome happen? The average is over the truth.", lambda p, q: np.log(p / q).sum(axis=0))
    divergence.mistake("the wrong distribution does the averaging",
        "The ratio is right. Who decides how often an outcome happens, the truth or the forecast?",
        lambda p, q: (q * np.log(p / q)).sum(axis=0))


def _positive_pair(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Matrix]:
    """Return two distributions a column; where there are many, an outcome of each is nearly impossible for q."""
    p, q = distributions(rng, *shape), distributions(rng, *shape)
    if shape[1] > 2:
        q[0], q[1] = 1e-9, q[1] + q[0]
    return p, q


@task("Task 1a, the divergence", returns="kl", points=2,
      draw=_positive_pair, shapes=((2, 1), (3, 2), (5, 6)), rtol=1e-5)
def kl_columns(p, q):
    return kl(p, q)


_divergence_mistakes(kl_columns)


def _pair(rng: np.random.Generator, shape: tuple[int, int, bool, bool]) -> tuple[Matrix, Matrix]:
    """Return p and q for (K, M, has p zeros?, has q zeros?)."""
    K, M, p_zeros, q_zeros = shape
    return distributions(rng, K, M, p_zeros), distributions(rng, K, M, q_zeros)


@task("Task 1b, zeros", returns="kl", points=2, draw=_pair, rtol=1e-5, shapes=(
    (2, 1, False, False), (2, 1, True, False), (2, 1, False, True), (3, 4, True, True), (5, 6, True, True)))
def kl_with_zeros(p, q):
    return kl(p, q)


kl_with_zeros.mistake("your code makes nan of 0·log 0",
    "NumPy computes log 0 = −∞ first, and 0 times that is nan. What should an outcome count that never happens? Keep "
    "it out of the logarithm.", lambda p, q: _terms(p, q).sum(axis=0))
kl_with_zeros.mistake("an outcome that was declared impossible costs nothing",
    "You leave out every class with a zero. The two kinds of zeros are treated differently: which one is forgiven?",
    lambda p, q: np.where((p > 0) & (q > 0), _terms(p, q), 0).sum(axis=0))
kl_with_zeros.mistake("every zero of q makes your answer infinite",
    "A zero of q is unforgivable only if the outcome happens. What if p is 0 there too?",
    lambda p, q: np.where((q == 0).any(axis=0), np.inf, kl(p, q)))
kl_with_zeros.mistake("you replace zeros by a tiny number",
    "Then the answer for an impossible outcome depends on the number that you chose. What does the convention say?",
    lambda p, q: _terms(np.maximum(p, 1e-12), np.maximum(q, 1e-12)).sum(axis=0))
kl_with_zeros.mistake("you replace infinity by a huge number",
    "`nan_to_num` does more than its name says: it removes infinities too. Which of them are right?",
    lambda p, q: np.nan_to_num(_terms(p, q)).sum(axis=0))
_divergence_mistakes(kl_with_zeros)


# ---------------------------------------------------------------- Task 3: what a detour saves

@task("Task 3a, the detour", returns="saved", points=2,
      draw=lambda rng, shape: tuple(distributions(rng, *shape) for _ in range(3)), shapes=((2, 1), (3, 2), (4, 6)))
def saving(p, q, r):
    return kl(p, r) - kl(p, q) - kl(q, r)


saving.mistake("the sign is turned round",
    "A detour that is shorter than the direct way saves something: is your answer positive then?", result=np.negative)
saving.mistake("you walk from r to p", "Every divergence of yours goes the other way. Where does the walk start?",
    lambda p, q, r: kl(r, p) - kl(r, q) - kl(q, p))
saving.mistake("the direct way is walked backwards",
    "KL is not symmetric. In which order do p and r stand in the direct way?",
    lambda p, q, r: kl(r, p) - kl(p, q) - kl(q, r))
saving.mistake("both legs are walked backwards",
    "From p to q, then from q to r: which distribution stands first in each leg?",
    lambda p, q, r: kl(p, r) - kl(q, p) - kl(r, q))
saving.mistake("the first leg is walked backwards", "It leads from p to q. Which of them stands first?",
    lambda p, q, r: kl(p, r) - kl(q, p) - kl(q, r))
saving.mistake("the second leg is walked backwards", "It leads from q to r. Which of them stands first?",
    lambda p, q, r: kl(p, r) - kl(p, q) - kl(r, q))
saving.mistake("the second leg is missing", "At q you are not yet at r.", lambda p, q, r: kl(p, r) - kl(p, q))
saving.mistake("the first leg is missing", "You do not start at q.", lambda p, q, r: kl(p, r) - kl(q, r))
saving.mistake("the second leg has the wrong sign", "Is there a bracket missing around the length of the detour?",
    lambda p, q, r: kl(p, r) - kl(p, q) + kl(q, r))
saving.mistake("you return the length of the detour", "Asked is the difference between the direct way and the detour.",
    lambda p, q, r: kl(p, q) + kl(q, r))
saving.mistake("you divide by the direct way", "The saving in nats is asked for, not the share.",
    lambda p, q, r: (kl(p, r) - kl(p, q) - kl(q, r)) / np.where(kl(p, r) > 0, kl(p, r), 1))
saving.mistake("your answer is in bits", "Which base has the logarithm of Task 1?",
    result=lambda saved: saved / np.log(2))
saving.mistake("you say whether, and not how much", "A number for each column, positive or negative.",
    result=lambda saved: saved > 0)


# ---------------------------------------------------------------- Task 4: label smoothing

def _labels(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Vector, int, float]:
    K, M = shape
    return rng.integers(K, size=M), K, round(float(rng.uniform(0.05, 0.45)), 2)


def _one_hot(y: Vector, K: int) -> Matrix:
    return np.eye(K)[:, y]


@task("Task 4, label smoothing", returns="p", points=2, draw=_labels, shapes=((2, 1), (4, 3), (3, 5)))
def smooth_labels(y, K, epsilon):
    return (1 - epsilon) * _one_hot(y, K) + epsilon / K


smooth_labels.mistake("ε is shared among the other classes only",
    "That is another way of smoothing. Here the uniform distribution is mixed in, and it has some mass on the right "
    "class too.", lambda y, K, epsilon: (1 - epsilon) * _one_hot(y, K) + epsilon / (K - 1) * (1 - _one_hot(y, K)))
smooth_labels.mistake("the right class gets no share of ε",
    "Do your columns sum to 1? On which classes has the uniform distribution mass?",
    lambda y, K, epsilon: (1 - epsilon) * _one_hot(y, K) + epsilon / K * (1 - _one_hot(y, K)))
smooth_labels.mistake("you divide by K − 1",
    "Every class gets a share, the right one too. How many shares are there, and what do your columns sum to?",
    lambda y, K, epsilon: (1 - epsilon) * _one_hot(y, K) + epsilon / (K - 1))
smooth_labels.mistake("you add without taking away",
    "Your columns sum to 1 + ε. What has to become less, if something is mixed in?",
    lambda y, K, epsilon: _one_hot(y, K) + epsilon / K)
smooth_labels.mistake("every class gets the whole of ε",
    "What do your columns sum to? ε is the mass of all classes together.",
    lambda y, K, epsilon: (1 - epsilon) * _one_hot(y, K) + epsilon)
smooth_labels.mistake("ε and 1 − ε have changed places",
    "For ε = 0 nothing should be smoothed. What does your function return then?",
    lambda y, K, epsilon: epsilon * _one_hot(y, K) + (1 - epsilon) / K)
smooth_labels.mistake("you divide by the number of samples", "Among how many is ε shared, samples or classes?",
    lambda y, K, epsilon: (1 - epsilon) * _one_hot(y, K) + epsilon / len(y))
smooth_labels.mistake("you raise whole rows",
    "`p[y]` are all columns of the rows y. In each column one entry belongs to the right class: which pair of indices "
    "has it?", lambda y, K, epsilon: (1 - epsilon) * np.isin(np.arange(K), y)[:, None] * np.ones(len(y)) + epsilon / K)
smooth_labels.mistake("your targets are rows", "One class a row, one sample a column: the shape is (K, M).",
    result=np.transpose)
smooth_labels.mistake("your labels count from 1",
    "The labels are 0 … K − 1, and NumPy takes the index −1 without complaint.", y=lambda y: y - 1)
smooth_labels.mistake("nothing is smoothed", "You return one-hot vectors. Is ε used?",
    lambda y, K, epsilon: _one_hot(y, K))
smooth_labels.mistake("what is taken from the right class goes nowhere",
    "Your columns sum to 1 − ε. Who gets the rest?", lambda y, K, epsilon: (1 - epsilon) * _one_hot(y, K))


# ---------------------------------------------------------------- Task 5: the gradient in the scores

def _scores_and_target(rng: np.random.Generator, shape: tuple[int, int, float]) -> tuple[Matrix, Matrix]:
    """Return scores, each column moved up or down by `offset`, and a target for each column."""
    K, M, offset = shape
    z = rng.normal(scale=2, size=(K, M)) + offset * rng.choice([-1, 1], size=M)
    z[0] += offset * rng.choice([-1, 1], size=M)
    return z.round(1), distributions(rng, K, M, zeros=M > 1)


@task("Task 5, the gradient", returns="gradient", points=2,
      draw=_scores_and_target, shapes=((2, 1, 0), (3, 2, 0), (3, 2, 1000), (4, 5, 2000)))
def score_gradient(z, p):
    return softmax(z) - p


score_gradient.mistake("the sign is turned round",
    "Where the prediction is too high, the loss grows with the score. Which sign has your entry there?",
    result=np.negative)
score_gradient.mistake("large scores overflow",
    "What is `np.exp(1000)`, and what is one such number divided by another? Which change of the scores leaves "
    "softmax exactly as it is?", lambda z, p: np.exp(z) / np.exp(z).sum(axis=0) - p)
score_gradient.mistake("you subtract the same number from all columns",
    "Beside a column around 1000, one around −1000 is left with exponentials that are all 0. Whose maximum should be "
    "subtracted?", lambda z, p: np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=0) - p)
score_gradient.mistake("your softmax runs over the samples",
    "Each column is a distribution. Along which axis do your probabilities sum to 1?",
    lambda z, p: softmax(z, axis=1) - p)
score_gradient.mistake("the probabilities of all samples together sum to 1",
    "Each column is a distribution of its own. Along which axis does the sum of the denominator run?",
    lambda z, p: softmax(z.ravel()).reshape(z.shape) - p)
score_gradient.mistake("the probabilities of all samples together sum to 1, and large scores overflow",
    "Each column is a distribution of its own. And what is `np.exp(1000)`?",
    np.errstate(over="ignore", invalid="ignore")(lambda z, p: np.exp(z) / np.exp(z).sum() - p))
score_gradient.mistake("the scores were not turned into probabilities", "Two distributions are compared. Is z one?",
    lambda z, p: z - p)
score_gradient.mistake("you squeeze each score by itself",
    "A sigmoid for each class is another model. Do the entries of a column of the gradient sum to 0?",
    lambda z, p: sigmoid(z) - p)
score_gradient.mistake("you divide by the number of samples",
    "Each column is the gradient of its own loss. Nothing is averaged here.",
    result=lambda gradient: gradient / gradient.shape[1])
score_gradient.mistake("you turn the target into a single label",
    "A target of (0.6, 0.4) says more than its largest entry. The formula needs all of p.",
    p=lambda p: _one_hot(p.argmax(axis=0), len(p)))
score_gradient.mistake("you multiply by the target",
    "Then a class with the target 0 feels nothing, however high its score is. Where has the weight p gone when the "
    "sum was taken?", lambda z, p: p * (softmax(z) - p))
score_gradient.mistake("each class pushes its own score only",
    "Every score stands in the denominator of every probability. What does the term of class j give for another "
    "score?", lambda z, p: p * (softmax(z) - 1))
score_gradient.mistake("you stop at the probabilities", "That is the derivative by q. How does q depend on z?",
    lambda z, p: -p / softmax(z))
score_gradient.mistake("there is a factor q(1 − q) too many",
    "That is the slope of a sigmoid with the squared error. In this loss the logarithm has cancelled it.",
    lambda z, p: softmax(z) * (1 - softmax(z)) * (softmax(z) - p))


@score_gradient.mistake("this is the gradient of the squared error",
    "The Jacobian of softmax is still there. What does the logarithm do to it?")
def _(z, p):
    q = softmax(z)
    return q * (q - p) - q * (q * (q - p)).sum(axis=0)


score_gradient.mistake("the target has no part in your gradient",
    "What is predicted has to be compared with what is true. Which of the two is missing?", lambda z, p: softmax(z))
score_gradient.mistake("you return the loss", "Its gradient has one entry for each score, in the shape of z.",
    lambda z, p: -(p * log_softmax(z)).sum(axis=0))


# ---------------------------------------------------------------- Task 6: a picture of both directions

def _coin(rng: np.random.Generator, n: int) -> tuple[float, int]:
    """Return a probability that is not ½, with two decimals, and n."""
    return float(rng.choice([-1, 1]) * rng.integers(5, 45) + 50) / 100, n


def _picture(p: float, q: Vector) -> tuple[Vector, Vector, Vector, float]:
    """Return the places q, the two curves over them, and where the axis ends."""
    forecasts, coins = np.stack([q, 1 - q]), np.repeat([[p], [1 - p]], len(q), axis=1)
    there, back = kl(coins, forecasts), kl(forecasts, coins)
    return q, there, back, back.max()


@task("Task 6, the picture", returns="q, there, back, top", points=3,
      draw=_coin, shapes=(2, 4, 5, 20), seeds=4, rtol=1e-6)
def picture(p, n):
    return _picture(p, np.linspace(0, 1, n + 1))


picture.mistake("the two curves have changed places",
    "Which of the two is infinite at the ends? Ask whether an outcome that is declared impossible happens.",
    result=lambda parts: (parts[0], parts[2], parts[1], parts[3]))
picture.mistake("you have n places", "From 0 to 1 there are n steps. How many ends of steps are there?",
    lambda p, n: _picture(p, np.linspace(0, 1, n)))


@picture.mistake("you keep away from the ends",
    "At q = 0 and q = 1 the values are asked for as well, by the conventions for zeros.")
def _(p, n):
    q = np.linspace(0, 1, n + 1)
    return q, *_picture(p, np.clip(q, 1e-9, 1 - 1e-9))[1:]


picture.mistake("your finite curve is nan at its ends",
    "What should 0·log 0 count? Which of your earlier functions knows?",
    result={"back": lambda back: np.r_[np.nan, back[1:-1], np.nan], "top": lambda top: np.nan})


@picture.mistake("you count the heads and forget the tails",
    "A coin has two outcomes, and both have a term in the sum.")
def _(p, n):
    q = np.linspace(0, 1, n + 1)
    back = q * np.log(np.where(q > 0, q, 1) / p)
    return q, p * np.log(p / q), back, back.max()


picture.mistake("your heights are in bits", "Which base has the logarithm of Task 1?",
    result=lambda parts: (parts[0], *(height / np.log(2) for height in parts[1:])))
picture.mistake("your axis ends at infinity", "Which of the two curves is to be seen as a whole?",
    result=lambda parts: (*parts[:3], np.inf))
picture.mistake("your axis ends with the other curve", "Which of the two curves is to be seen as a whole?",
    result=lambda parts: (*parts[:3], parts[1][1:-1].max()))
picture.mistake("your axis ends where the finite curve begins at the left",
    "For p < ½ this curve ends higher at the right.",
    lambda p, n: (*_picture(p, np.linspace(0, 1, n + 1))[:3], -np.log(1 - p)))
picture.mistake("your axis ends where the finite curve ends at the right",
    "For p > ½ this curve begins higher at the left.",
    lambda p, n: (*_picture(p, np.linspace(0, 1, n + 1))[:3], -np.log(p)))

#: In the order of the notebook.
ALL = (kl_columns, kl_with_zeros, saving, smooth_labels, score_gradient, picture)
#: What a person marks, with its points.
WRITTEN = {"Task 2, a third proof of Gibbs' inequality": 5, "Task 3b, when a detour saves": 4}
