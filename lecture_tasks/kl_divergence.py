"""The tasks of the chapter on KL divergence and cross-entropy.

Distributions are columns: one class a row, one pair of distributions (or one sample) a column. The wrong answers
exchange one thing each: the order of the arguments, what is done with zeros, the axis, a sign.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lecture_code.activations import sigmoid
from lecture_code.distributions import cross_entropy, kl_divergence
from lecture_code.feedback import Mistake, Task
from lecture_code.numerics import softmax

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- inputs

def distributions(rng: np.random.Generator, K: int, M: int, zeros: bool = False) -> Matrix:
    """Return M random distributions on K classes, one a column, in multiples of 1/(5K)."""
    least = 0 if zeros else 1
    counts = least + rng.multinomial((5 - least) * K, np.full(K, 1 / K), size=M).T
    if zeros:   # the mass of one class goes to the next one
        emptied, column = rng.integers(K, size=M), np.arange(M)
        counts[(emptied + 1) % K, column] += counts[emptied, column]
        counts[emptied, column] = 0
    return counts / (5 * K)


def _positive_pair(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Matrix]:
    return distributions(rng, *shape), distributions(rng, *shape)


def _pair(rng: np.random.Generator, shape: tuple[int, int, bool, bool]) -> tuple[Matrix, Matrix]:
    """Return p and q for (K, M, has p zeros?, has q zeros?)."""
    K, M, p_zeros, q_zeros = shape
    return distributions(rng, K, M, p_zeros), distributions(rng, K, M, q_zeros)


def _triple(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Matrix, Matrix]:
    return distributions(rng, *shape), distributions(rng, *shape), distributions(rng, *shape)


def _labels(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Vector, int, float]:
    K, M = shape
    return rng.integers(K, size=M), K, round(float(rng.uniform(0.05, 0.45)), 2)


def _scores_and_target(rng: np.random.Generator, shape: tuple[int, int, float]) -> tuple[Matrix, Matrix]:
    """Return scores, each column moved up or down by `offset`, and a target for each column."""
    K, M, offset = shape
    z = (rng.normal(scale=2, size=(K, M)) + offset * rng.choice([-1, 1], size=M)).round(1)
    return z, distributions(rng, K, M, zeros=M > 1)


# ---------------------------------------------------------------- Task 1: the divergence, and its zeros

def _kl(p: Matrix, q: Matrix) -> Vector:
    return kl_divergence(p, q)


def _kl_reversed(p: Matrix, q: Matrix) -> Vector:
    return kl_divergence(q, p)


def _kl_negated(p: Matrix, q: Matrix) -> Vector:
    return -kl_divergence(p, q)


def _kl_in_bits(p: Matrix, q: Matrix) -> Vector:
    return kl_divergence(p, q, base=2)


def _kl_as_cross_entropy(p: Matrix, q: Matrix) -> Vector:
    return cross_entropy(p, q)


@np.errstate(divide="ignore", invalid="ignore")
def _terms(p: Matrix, q: Matrix) -> Matrix:
    """Return p log(p/q) as it is written, so that 0·log 0 is not a number."""
    return p * np.log(p / q)


@np.errstate(divide="ignore")
def _right_terms(p: Matrix, q: Matrix) -> Matrix:
    return p * np.log(np.divide(p, q, out=np.ones_like(p), where=p > 0))


def _kl_with_nan(p: Matrix, q: Matrix) -> Vector:
    return _terms(p, q).sum(axis=0)


def _kl_with_huge_number(p: Matrix, q: Matrix) -> Vector:
    return np.nan_to_num(_terms(p, q)).sum(axis=0)


def _kl_without_infinity(p: Matrix, q: Matrix) -> Vector:
    return np.where((p > 0) & (q > 0), _terms(p, q), 0).sum(axis=0)


def _kl_infinite_for_any_zero(p: Matrix, q: Matrix) -> Vector:
    return np.where((q == 0).any(axis=0), np.inf, kl_divergence(p, q))


def _kl_with_tiny_numbers(p: Matrix, q: Matrix) -> Vector:
    return _terms(np.maximum(p, 1e-12), np.maximum(q, 1e-12)).sum(axis=0)


def _kl_over_samples(p: Matrix, q: Matrix) -> Vector:
    return _right_terms(p, q).sum(axis=1)


def _kl_of_all(p: Matrix, q: Matrix) -> float:
    return _right_terms(p, q).sum()


def _kl_mean(p: Matrix, q: Matrix) -> Vector:
    return _right_terms(p, q).mean(axis=0)


def _kl_not_summed(p: Matrix, q: Matrix) -> Matrix:
    return _right_terms(p, q)


def _kl_of_sizes(p: Matrix, q: Matrix) -> Vector:
    return np.abs(_right_terms(p, q)).sum(axis=0)


@np.errstate(divide="ignore", invalid="ignore")
def _kl_not_weighted(p: Matrix, q: Matrix) -> Vector:
    return np.log(p / q).sum(axis=0)


@np.errstate(divide="ignore", invalid="ignore")
def _kl_weighted_by_q(p: Matrix, q: Matrix) -> Vector:
    return (q * np.log(p / q)).sum(axis=0)


_ANYWHERE = (   # with and without zeros
    Mistake("the two arguments have changed places",
            "The truth p stands in front of the logarithm, and above the bar. Which of your arrays stands there?",
            _kl_reversed),
    Mistake("the sign is turned round",
            "Can a wrong belief save surprise? Look at which of p and q is divided by which.", _kl_negated),
    Mistake("your logarithm has the base 2",
            "That gives bits. The chapter counts in nats unless it says otherwise.", _kl_in_bits),
    Mistake("you return the cross-entropy",
            "What is your answer for q = p? The divergence of a distribution from itself is 0.",
            _kl_as_cross_entropy),
    Mistake("you sum over the pairs",
            "Each column has its own divergence. Which axis counts classes?", _kl_over_samples),
    Mistake("you sum over everything", "One number a column: the shape is (M,).", _kl_of_all),
    Mistake("you take the mean over the classes",
            "The average is taken already, with the weights p. What does a second one do?", _kl_mean),
    Mistake("the sum is missing", "You return the terms. One number a column is asked for.", _kl_not_summed),
    Mistake("you add the sizes of the terms",
            "Terms may be negative, and should be. It is their sum that never is.", _kl_of_sizes),
    Mistake("the logarithms are not weighted",
            "How often does each outcome happen? The average is over the truth.", _kl_not_weighted),
    Mistake("the wrong distribution does the averaging",
            "The ratio is right. Who decides how often an outcome happens, the truth or the forecast?",
            _kl_weighted_by_q),
)

kl_columns = Task(
    name="kl_columns", title="Task 1a, the divergence",
    takes="p, q", returns="kl",
    reference=_kl, draw=_positive_pair, shapes=((2, 1), (3, 2), (5, 6)), rtol=1e-5,
    mistakes=_ANYWHERE,
)

kl_with_zeros = Task(
    name="kl_with_zeros", title="Task 1b, zeros",
    takes="p, q", returns="kl",
    reference=_kl, draw=_pair, rtol=1e-5,
    shapes=((2, 1, False, False), (2, 1, True, False), (2, 1, False, True), (3, 4, True, True), (5, 6, True, True)),
    mistakes=(
        Mistake("your code makes nan of 0·log 0",
                "NumPy computes log 0 = −∞ first, and 0 times that is nan. What should an outcome count that never "
                "happens? Keep it out of the logarithm.", _kl_with_nan),
        Mistake("an outcome that was declared impossible costs nothing",
                "You leave out every class with a zero. The two kinds of zeros are treated differently: which one is "
                "forgiven?", _kl_without_infinity),
        Mistake("every zero of q makes your answer infinite",
                "A zero of q is unforgivable only if the outcome happens. What if p is 0 there too?",
                _kl_infinite_for_any_zero),
        Mistake("you replace zeros by a tiny number",
                "Then the answer for an impossible outcome depends on the number that you chose. What does the "
                "convention say?", _kl_with_tiny_numbers),
        Mistake("you replace infinity by a huge number",
                "`nan_to_num` does more than its name says: it removes infinities too. Which of them are right?",
                _kl_with_huge_number),
        *_ANYWHERE,
    ),
)


# ---------------------------------------------------------------- Task 3: what a detour saves

def _saving(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _kl(p, r) - _kl(p, q) - _kl(q, r)


def _saving_negated(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return -_saving(p, q, r)


def _saving_backwards(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _saving(r, q, p)


def _direct_way_backwards(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _kl(r, p) - _kl(p, q) - _kl(q, r)


def _both_legs_backwards(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _kl(p, r) - _kl(q, p) - _kl(r, q)


def _first_leg_backwards(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _kl(p, r) - _kl(q, p) - _kl(q, r)


def _second_leg_backwards(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _kl(p, r) - _kl(p, q) - _kl(r, q)


def _first_leg_alone(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _kl(p, r) - _kl(p, q)


def _second_leg_alone(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _kl(p, r) - _kl(q, r)


def _second_leg_added(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _kl(p, r) - _kl(p, q) + _kl(q, r)


def _detour_alone(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _kl(p, q) + _kl(q, r)


def _saving_relative(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    direct = _kl(p, r)
    return _saving(p, q, r) / np.where(direct > 0, direct, 1)


def _saving_in_bits(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _saving(p, q, r) / np.log(2)


def _is_shorter(p: Matrix, q: Matrix, r: Matrix) -> Vector:
    return _saving(p, q, r) > 0


saving = Task(
    name="saving", title="Task 3a, the detour",
    takes="p, q, r", returns="saved",
    reference=_saving, draw=_triple, shapes=((2, 1), (3, 2), (4, 6)),
    mistakes=(
        Mistake("the sign is turned round",
                "A detour that is shorter than the direct way saves something: is your answer positive then?",
                _saving_negated),
        Mistake("you walk from r to p",
                "Every divergence of yours goes the other way. Where does the walk start?", _saving_backwards),
        Mistake("the direct way is walked backwards",
                "KL is not symmetric. In which order do p and r stand in the direct way?", _direct_way_backwards),
        Mistake("both legs are walked backwards",
                "From p to q, then from q to r: which distribution stands first in each leg?", _both_legs_backwards),
        Mistake("the first leg is walked backwards",
                "It leads from p to q. Which of them stands first?", _first_leg_backwards),
        Mistake("the second leg is walked backwards",
                "It leads from q to r. Which of them stands first?", _second_leg_backwards),
        Mistake("the second leg is missing", "At q you are not yet at r.", _first_leg_alone),
        Mistake("the first leg is missing", "You do not start at q.", _second_leg_alone),
        Mistake("the second leg has the wrong sign",
                "Is there a bracket missing around the length of the detour?", _second_leg_added),
        Mistake("you return the length of the detour",
                "Asked is the difference between the direct way and the detour.", _detour_alone),
        Mistake("you divide by the direct way", "The saving in nats is asked for, not the share.", _saving_relative),
        Mistake("your answer is in bits", "Which base has the logarithm of Task 1?", _saving_in_bits),
        Mistake("you say whether, and not how much", "A number for each column, positive or negative.", _is_shorter),
    ),
)


# ---------------------------------------------------------------- Task 4: label smoothing

def _one_hot(y: Vector, K: int) -> Matrix:
    return np.eye(K)[:, y]


def _smooth(y: Vector, K: int, epsilon: float) -> Matrix:
    return (1 - epsilon) * _one_hot(y, K) + epsilon / K


def _smooth_among_the_others(y: Vector, K: int, epsilon: float) -> Matrix:
    e = _one_hot(y, K)
    return (1 - epsilon) * e + epsilon / (K - 1) * (1 - e)


def _smooth_by_fewer(y: Vector, K: int, epsilon: float) -> Matrix:
    return (1 - epsilon) * _one_hot(y, K) + epsilon / (K - 1)


def _smooth_without_own_share(y: Vector, K: int, epsilon: float) -> Matrix:
    e = _one_hot(y, K)
    return (1 - epsilon) * e + epsilon / K * (1 - e)


def _smooth_added(y: Vector, K: int, epsilon: float) -> Matrix:
    return _one_hot(y, K) + epsilon / K


def _smooth_not_divided(y: Vector, K: int, epsilon: float) -> Matrix:
    return (1 - epsilon) * _one_hot(y, K) + epsilon


def _smooth_swapped(y: Vector, K: int, epsilon: float) -> Matrix:
    return epsilon * _one_hot(y, K) + (1 - epsilon) / K


def _smooth_divided_by_samples(y: Vector, K: int, epsilon: float) -> Matrix:
    return (1 - epsilon) * _one_hot(y, K) + epsilon / len(y)


def _smooth_rows(y: Vector, K: int, epsilon: float) -> Matrix:
    return _smooth(y, K, epsilon).T


def _smooth_from_one(y: Vector, K: int, epsilon: float) -> Matrix:
    return _smooth(y - 1, K, epsilon)


def _not_smoothed(y: Vector, K: int, epsilon: float) -> Matrix:
    return _one_hot(y, K)


def _smooth_shrunk(y: Vector, K: int, epsilon: float) -> Matrix:
    return (1 - epsilon) * _one_hot(y, K)


smooth_labels = Task(
    name="smooth_labels", title="Task 4, label smoothing",
    takes="y, K, epsilon", returns="p",
    reference=_smooth, draw=_labels, shapes=((2, 1), (4, 3), (3, 5)),
    mistakes=(
        Mistake("ε is shared among the other classes only",
                "That is another way of smoothing. Here the uniform distribution is mixed in, and it has some mass on "
                "the right class too.", _smooth_among_the_others),
        Mistake("the right class gets no share of ε",
                "Do your columns sum to 1? On which classes has the uniform distribution mass?",
                _smooth_without_own_share),
        Mistake("you divide by K − 1",
                "Every class gets a share, the right one too. How many shares are there, and what do your columns sum "
                "to?", _smooth_by_fewer),
        Mistake("you add without taking away",
                "Your columns sum to 1 + ε. What has to become less, if something is mixed in?", _smooth_added),
        Mistake("every class gets the whole of ε",
                "What do your columns sum to? ε is the mass of all classes together.", _smooth_not_divided),
        Mistake("ε and 1 − ε have changed places",
                "For ε = 0 nothing should be smoothed. What does your function return then?", _smooth_swapped),
        Mistake("you divide by the number of samples",
                "Among how many is ε shared, samples or classes?", _smooth_divided_by_samples),
        Mistake("your targets are rows", "One class a row, one sample a column: the shape is (K, M).", _smooth_rows),
        Mistake("your labels count from 1",
                "The labels are 0 … K − 1, and NumPy takes the index −1 without complaint.", _smooth_from_one),
        Mistake("nothing is smoothed", "You return one-hot vectors. Is ε used?", _not_smoothed),
        Mistake("what is taken from the right class goes nowhere",
                "Your columns sum to 1 − ε. Who gets the rest?", _smooth_shrunk),
    ),
)


# ---------------------------------------------------------------- Task 5: the gradient in the scores

def _gradient(z: Matrix, p: Matrix) -> Matrix:
    return softmax(z) - p


def _gradient_negated(z: Matrix, p: Matrix) -> Matrix:
    return p - softmax(z)


@np.errstate(over="ignore", invalid="ignore")
def _gradient_not_shifted(z: Matrix, p: Matrix) -> Matrix:
    return np.exp(z) / np.exp(z).sum(axis=0) - p


@np.errstate(invalid="ignore")
def _gradient_shifted_alike(z: Matrix, p: Matrix) -> Matrix:
    e = np.exp(z - z.max())
    return e / e.sum(axis=0) - p


@np.errstate(over="ignore", invalid="ignore")
def _gradient_of_all(z: Matrix, p: Matrix) -> Matrix:
    return np.exp(z) / np.exp(z).sum() - p


def _gradient_over_samples(z: Matrix, p: Matrix) -> Matrix:
    return softmax(z, axis=1) - p


def _gradient_of_scores(z: Matrix, p: Matrix) -> Matrix:
    return z - p


def _gradient_of_sigmoids(z: Matrix, p: Matrix) -> Matrix:
    return sigmoid(z) - p


def _gradient_of_mean(z: Matrix, p: Matrix) -> Matrix:
    return _gradient(z, p) / z.shape[1]


def _gradient_for_likeliest(z: Matrix, p: Matrix) -> Matrix:
    return softmax(z) - _one_hot(p.argmax(axis=0), len(p))


def _gradient_weighted(z: Matrix, p: Matrix) -> Matrix:
    return p * _gradient(z, p)


def _gradient_without_other_classes(z: Matrix, p: Matrix) -> Matrix:
    return p * (softmax(z) - 1)


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def _gradient_in_probabilities(z: Matrix, p: Matrix) -> Matrix:
    return -p / softmax(z)


def _gradient_with_slope(z: Matrix, p: Matrix) -> Matrix:
    q = softmax(z)
    return q * (1 - q) * (q - p)


def _gradient_of_squares(z: Matrix, p: Matrix) -> Matrix:
    q = softmax(z)
    return q * (q - p) - q * (q * (q - p)).sum(axis=0)


def _gradient_without_target(z: Matrix, p: Matrix) -> Matrix:
    return softmax(z)


def _value_of_loss(z: Matrix, p: Matrix) -> Any:
    return np.log(np.exp(z - z.max(axis=0)).sum(axis=0)) + z.max(axis=0) - (p * z).sum(axis=0)


score_gradient = Task(
    name="score_gradient", title="Task 5, the gradient",
    takes="z, p", returns="gradient",
    reference=_gradient, draw=_scores_and_target, shapes=((2, 1, 0), (3, 2, 0), (3, 2, 1000), (4, 5, 2000)),
    mistakes=(
        Mistake("the sign is turned round",
                "Where the prediction is too high, the loss grows with the score. Which sign has your entry there?",
                _gradient_negated),
        Mistake("large scores overflow",
                "What is `np.exp(1000)`, and what is one such number divided by another? Which change of the scores "
                "leaves softmax exactly as it is?", _gradient_not_shifted),
        Mistake("you subtract the same number from all columns",
                "Beside a column around 1000, one around −1000 is left with exponentials that are all 0. Whose maximum "
                "should be subtracted?", _gradient_shifted_alike),
        Mistake("your softmax runs over the samples",
                "Each column is a distribution. Along which axis do your probabilities sum to 1?",
                _gradient_over_samples),
        Mistake("the probabilities of all samples together sum to 1",
                "Each column is a distribution of its own. Along which axis does the sum of the denominator run?",
                _gradient_of_all),
        Mistake("the scores were not turned into probabilities",
                "Two distributions are compared. Is z one?", _gradient_of_scores),
        Mistake("you squeeze each score by itself",
                "A sigmoid for each class is another model. Do the entries of a column of the gradient sum to 0?",
                _gradient_of_sigmoids),
        Mistake("you divide by the number of samples",
                "Each column is the gradient of its own loss. Nothing is averaged here.", _gradient_of_mean),
        Mistake("you turn the target into a single label",
                "A target of (0.6, 0.4) says more than its largest entry. The formula needs all of p.",
                _gradient_for_likeliest),
        Mistake("you multiply by the target",
                "Then a class with the target 0 feels nothing, however high its score is. Where has the weight p gone "
                "when the sum was taken?", _gradient_weighted),
        Mistake("each class pushes its own score only",
                "Every score stands in the denominator of every probability. What does the term of class j give for "
                "another score?", _gradient_without_other_classes),
        Mistake("you stop at the probabilities",
                "That is the derivative by q. How does q depend on z?", _gradient_in_probabilities),
        Mistake("there is a factor q(1 − q) too many",
                "That is the slope of a sigmoid with the squared error. In this loss the logarithm has cancelled it.",
                _gradient_with_slope),
        Mistake("this is the gradient of the squared error",
                "The Jacobian of softmax is still there. What does the logarithm do to it?", _gradient_of_squares),
        Mistake("the target has no part in your gradient",
                "What is predicted has to be compared with what is true. Which of the two is missing?",
                _gradient_without_target),
        Mistake("you return the loss", "Its gradient has one entry for each score, in the shape of z.",
                _value_of_loss),
    ),
)

# ---------------------------------------------------------------- Task 6: a picture of both directions

Picture = tuple[Vector, Vector, Vector, float]


def _coin(rng: np.random.Generator, n: int) -> tuple[float, int]:
    """Return a probability that is not ½, with two decimals, and n."""
    return float(rng.choice([-1, 1]) * rng.integers(5, 45) + 50) / 100, n


def _curves(p: float, q: Vector) -> tuple[Vector, Vector]:
    forecasts, coins = np.stack([q, 1 - q]), np.repeat([[p], [1 - p]], len(q), axis=1)
    return kl_divergence(coins, forecasts), kl_divergence(forecasts, coins)


def _picture(p: float, n: int) -> Picture:
    q = np.linspace(0, 1, n + 1)
    there, back = _curves(p, q)
    return q, there, back, float(back.max())


def _picture_swapped(p: float, n: int) -> Picture:
    q, there, back, top = _picture(p, n)
    return q, back, there, top


def _picture_with_n_points(p: float, n: int) -> Picture:
    return _picture(p, n - 1)


def _picture_without_ends(p: float, n: int) -> Picture:
    q = np.linspace(0, 1, n + 1)
    there, back = _curves(p, np.clip(q, 1e-9, 1 - 1e-9))
    return q, there, back, float(back.max())


def _picture_with_nan(p: float, n: int) -> Picture:
    q, there, back, _ = _picture(p, n)
    back[[0, -1]] = np.nan
    return q, there, back, float("nan")


@np.errstate(divide="ignore")
def _picture_of_heads(p: float, n: int) -> Picture:
    q = np.linspace(0, 1, n + 1)
    back = q * np.log(np.where(q > 0, q, 1) / p)
    return q, p * np.log(p / q), back, float(back.max())


def _picture_in_bits(p: float, n: int) -> Picture:
    q, *heights = _picture(p, n)
    return q, *(height / np.log(2) for height in heights)


def _picture_up_to_infinity(p: float, n: int) -> Picture:
    return *_picture(p, n)[:3], np.inf


def _picture_up_to_the_other_curve(p: float, n: int) -> Picture:
    q, there, back, _ = _picture(p, n)
    return q, there, back, float(there[1:-1].max())


def _picture_up_to_the_left_end(p: float, n: int) -> Picture:
    return *_picture(p, n)[:3], -np.log(1 - p)


def _picture_up_to_the_right_end(p: float, n: int) -> Picture:
    return *_picture(p, n)[:3], -np.log(p)


picture = Task(
    name="picture", title="Task 6, the picture",
    takes="p, n", returns="q, there, back, top",
    reference=_picture, draw=_coin, shapes=(2, 4, 5, 20), seeds=4, rtol=1e-6,
    mistakes=(
        Mistake("the two curves have changed places",
                "Which of the two is infinite at the ends? Ask whether an outcome that is declared impossible happens.",
                _picture_swapped),
        Mistake("you have n places", "From 0 to 1 there are n steps. How many ends of steps are there?",
                _picture_with_n_points),
        Mistake("you keep away from the ends",
                "At q = 0 and q = 1 the values are asked for as well, by the conventions for zeros.",
                _picture_without_ends),
        Mistake("your lower curve is nan at its ends",
                "What should 0·log 0 count? Which of your earlier functions knows?", _picture_with_nan),
        Mistake("you count the heads and forget the tails",
                "A coin has two outcomes, and both have a term in the sum.", _picture_of_heads),
        Mistake("your heights are in bits", "Which base has the logarithm of Task 1?", _picture_in_bits),
        Mistake("your axis ends at infinity", "Which of the two curves is to be seen as a whole?",
                _picture_up_to_infinity),
        Mistake("your axis ends with the other curve", "Which of the two curves is to be seen as a whole?",
                _picture_up_to_the_other_curve),
        Mistake("your axis ends where the lower curve begins at the left",
                "For p < ½ this curve ends higher at the right.", _picture_up_to_the_left_end),
        Mistake("your axis ends where the lower curve ends at the right",
                "For p > ½ this curve begins higher at the left.", _picture_up_to_the_right_end),
    ),
)

#: In the order of the notebook.
ALL = (kl_columns, kl_with_zeros, saving, smooth_labels, score_gradient, picture)
