"""The tasks of the chapter on KL divergence and cross-entropy.

Distributions are columns: one class a row, one pair of distributions (or one sample) a column. The wrong answers
exchange one thing each: the order of the arguments, what is done with zeros, the axis, a sign.
"""

from __future__ import annotations

import numpy as np

from lecture_code.activations import sigmoid
from lecture_code.distributions import cross_entropy
from lecture_code.distributions import kl_divergence as kl
from lecture_code.feedback import task
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

def _positive_pair(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Matrix]:
    """Return two distributions a column; where there are many, an outcome of each is nearly impossible for q."""
    p, q = distributions(rng, *shape), distributions(rng, *shape)
    if shape[1] > 2:
        q[0], q[1] = 1e-9, q[1] + q[0]
    return p, q


@task("Task 1a: the divergence", returns="kl", points=2,
      draw=_positive_pair, shapes=((2, 1), (3, 2), (5, 6)), rtol=1e-5)
def kl_columns(p, q):
    ratio = p / q
    return (p * np.log(ratio)).sum(axis=0)


def _pair(rng: np.random.Generator, shape: tuple[int, int, bool, bool]) -> tuple[Matrix, Matrix]:
    """Return p and q for (K, M, has p zeros?, has q zeros?); of many columns of q the last has none."""
    K, M, p_zeros, q_zeros = shape
    p, q = distributions(rng, K, M, p_zeros), distributions(rng, K, M, q_zeros)
    if M > 1:
        q[:, -1:] = distributions(rng, K, 1)
        least = q[:, 0].argmin()
        p[least - 1, 0] += p[least, 0]
        p[least, 0] = 1e-20         # nearly impossible, and forecast as impossible: that is infinitely wrong
    return p, q


@task("Task 1b: the divergence", returns="kl", points=2, draw=_pair, rtol=1e-5, shapes=(
    (2, 1, False, False), (2, 1, True, False), (2, 1, False, True), (3, 4, True, True), (5, 6, True, True)))
def kl_with_zeros(p, q):
    with np.errstate(divide="ignore"):
        ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    return (p * np.log(ratio)).sum(axis=0)


kl_with_zeros.mistake("your code makes nan of 0·log 0",
    "NumPy computes log 0 = −∞ first, and 0 times that is nan. What should an outcome count that never happens? Keep "
    "it out of the logarithm.", slip={"np.log(ratio)": "np.log(p / q)"})
kl_with_zeros.mistake("an outcome that was declared impossible costs nothing",
    "You leave out every class with a zero. The two kinds of zeros are treated differently: which one is forgiven?",
    slip={"where=p > 0": "where=(p > 0) & (q > 0)"})
kl_with_zeros.mistake("every zero of q makes your answer infinite",
    "A zero of q is unforgivable only if the outcome happens. What if p is 0 there too?",
    lambda p, q: np.where((q == 0).any(axis=0), np.inf, kl(p, q)))
kl_with_zeros.mistake("one infinite column makes all of yours infinite",
    "Each column has its own divergence. Which of them has the impossible outcome that happens?",
    result=lambda columns: np.full_like(columns, np.inf) if np.isinf(columns).any() else columns)
kl_with_zeros.mistake("your code makes nan where both are 0",
    "By the convention such an outcome counts 0. Which product of yours is 0·∞ there, or which fraction 0/0?",
    slip={"p * np.log(ratio)": "np.where(p > 0, p * np.log(p), 0) - p * np.log(q)"})
kl_with_zeros.mistake("you replace zeros by a tiny number",
    "Then the answer for an impossible outcome depends on the number that you chose. What does the convention say?",
    lambda p, q: kl(np.maximum(p, 1e-12), np.maximum(q, 1e-12)))
kl_with_zeros.mistake("you replace infinity by a huge number",
    "`nan_to_num` does more than its name says: it removes infinities too. Which of them are right?",
    slip={"p * np.log(ratio)": "np.nan_to_num(p * np.log(ratio))"})
kl_with_zeros.mistake("you guard against the zeros of q, and not against those of p",
    "Which of the two kinds of zeros is forgiven, and which costs an infinite amount?",
    slip={"where=p > 0": "where=q > 0"})

for divergence in (kl_columns, kl_with_zeros):      # what goes wrong with and without zeros
    divergence.mistake("the two arguments have changed places",
        "The truth p stands in front of the logarithm, and above the bar. Which of your arrays stands there?",
        slip={"(p, q):": "(q, p):"})
    divergence.mistake("the sign is turned round",
        "Can a wrong belief save surprise? Look at which of p and q is divided by which.", result=np.negative)
    divergence.mistake("your logarithm has the base 2",
        "That gives bits. The chapter counts in nats unless it says otherwise.", slip={"np.log(": "np.log2("})
    divergence.mistake("you return the cross-entropy",
        "What is your answer for q = p? The divergence of a distribution from itself is 0.", cross_entropy)
    divergence.mistake("you sum over the pairs", "Each column has its own divergence. Which axis counts classes?",
        slip={"axis=0": "axis=1"})
    divergence.mistake("you sum over everything", "One number a column: the shape is (M,).", slip={"axis=0": ""})
    divergence.mistake("you take the mean over the classes",
        "The average is taken already, with the weights p. What does a second one do?", slip={".sum": ".mean"})
    divergence.mistake("the sum is missing", "You return the terms. One number a column is asked for.",
        slip={".sum(axis=0)": ""})
    divergence.mistake("you add the sizes of the terms",
        "Terms may be negative, and should be. It is their sum that never is.",
        slip={"(p * np.log(ratio))": "abs(p * np.log(ratio))"})
    divergence.mistake("you return the negative entropy of p",
        "What does your answer do when q moves away from p? It cannot see that.", slip={"np.log(ratio)": "np.log(p)"})
    divergence.mistake("you add both directions", "KL(p‖q) and KL(q‖p) are two numbers. Which one is asked for?",
        slip={"p * np.log(ratio)": "(p - q) * np.log(p / q)"})
    divergence.mistake("you divide the logarithm by q",
        "`np.log(p) / q` and `np.log(p / q)` are two numbers. What does the logarithm belong to?",
        slip={"np.log(ratio)": "np.log(p) / q"})
    divergence.mistake("the logarithms are not weighted",
        "How often does each outcome happen? The average is over the truth.",
        slip={"p * np.log(ratio)": "np.log(p / q)"})
    divergence.mistake("the wrong distribution does the averaging",
        "The ratio is right. Who decides how often an outcome happens, the truth or the forecast?",
        slip={"p * np.log(ratio)": "q * np.log(p / q)"})


# ---------------------------------------------------------------- Task 3: what a detour saves

@task("Task 3a: the detour", returns="saved", points=2,
      draw=lambda rng, shape: tuple(distributions(rng, *shape) for _ in range(3)), shapes=((2, 1), (3, 2), (4, 6)))
def saving(p, q, r):
    return kl(p, r) - kl(p, q) - kl(q, r)


saving.mistake("the sign is turned round",
    "A detour that is shorter than the direct way saves something: is your answer positive then?", result=np.negative)
saving.mistake("you walk from r to p", "Every divergence of yours goes the other way. Where does the walk start?",
    slip={"(p, q, r):": "(r, q, p):"})
saving.mistake("the direct way is walked backwards",
    "KL is not symmetric. In which order do p and r stand in the direct way?", slip={"kl(p, r)": "kl(r, p)"})
saving.mistake("both legs are walked backwards",
    "From p to q, then from q to r: which distribution stands first in each leg?",
    slip={"kl(p, q)": "kl(q, p)", "kl(q, r)": "kl(r, q)"})
saving.mistake("the first leg is walked backwards", "It leads from p to q. Which of them stands first?",
    slip={"kl(p, q)": "kl(q, p)"})
saving.mistake("the second leg is walked backwards", "It leads from q to r. Which of them stands first?",
    slip={"kl(q, r)": "kl(r, q)"})
saving.mistake("the second leg is missing", "At q you are not yet at r.", slip={" - kl(q, r)": ""})
saving.mistake("the first leg is missing", "You do not start at q.", slip={" - kl(p, q)": ""})
saving.mistake("the second leg has the wrong sign", "Is there a bracket missing around the length of the detour?",
    slip={"- kl(q, r)": "+ kl(q, r)"})
saving.mistake("you return the length of the detour", "Asked is the difference between the direct way and the detour.",
    slip={"kl(p, r) - kl(p, q) - kl(q, r)": "kl(p, q) + kl(q, r)"})
saving.mistake("you divide by the direct way", "The saving in nats is asked for, not the share.",
    slip={"kl(p, r) - kl(p, q) - kl(q, r)": "(kl(p, r) - kl(p, q) - kl(q, r)) / kl(p, r)"})
saving.mistake("you divide the direct way by the detour",
    "A number of nats is asked for: what is saved, and not a ratio.",
    slip={"kl(p, r) - kl(p, q) - kl(q, r)": "kl(p, r) / (kl(p, q) + kl(q, r))"})
saving.mistake("you replace negative savings by 0",
    "A detour may be longer than the direct way. Which sign has the saving then?",
    result=lambda saved: np.maximum(saved, 0))
saving.mistake("your answer is in bits", "Which base has the logarithm of Task 1?",
    result=lambda saved: saved / np.log(2))
saving.mistake("you say whether, and not how much", "A number for each column, positive or negative.",
    result=lambda saved: saved > 0)


# ---------------------------------------------------------------- Task 4: label smoothing

def _labels(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Vector, int, float]:
    K, M = shape
    return rng.integers(K, size=M), K, round(float(rng.uniform(0.05, 0.45)), 2)


@task("Task 4: label smoothing", returns="p", points=2, draw=_labels, shapes=((2, 1), (4, 3), (3, 5)))
def smooth_labels(y, K, epsilon):
    one_hot = np.eye(K)[:, y]
    return (1 - epsilon) * one_hot + epsilon / K


smooth_labels.mistake("ε is shared among the other classes only",
    "That is another way of smoothing. Here the uniform distribution is mixed in, and it has some mass on the right "
    "class too.", slip={"epsilon / K": "epsilon / (K - 1) * (1 - one_hot)"})
smooth_labels.mistake("the right class gets no share of ε",
    "Do your columns sum to 1? On which classes has the uniform distribution mass?",
    slip={"epsilon / K": "epsilon / K * (1 - one_hot)"})
smooth_labels.mistake("you divide by K − 1",
    "Every class gets a share, the right one too. How many shares are there, and what do your columns sum to?",
    slip={"/ K": "/ (K - 1)"})
smooth_labels.mistake("you add without taking away",
    "Your columns sum to 1 + ε. What has to become less, if something is mixed in?", slip={"(1 - epsilon) * ": ""})
smooth_labels.mistake("every class gets the whole of ε",
    "What do your columns sum to? ε is the mass of all classes together.", slip={" / K": ""})
smooth_labels.mistake("ε and 1 − ε have changed places",
    "For ε = 0 nothing should be smoothed. What does your function return then?", epsilon=lambda epsilon: 1 - epsilon)
smooth_labels.mistake("you divide by the number of samples", "Among how many is ε shared, samples or classes?",
    slip={"/ K": "/ len(y)"})
smooth_labels.mistake("you raise whole rows",
    "`p[y]` are all columns of the rows y. In each column one entry belongs to the right class: which pair of indices "
    "has it?", slip={"np.eye(K)[:, y]": "np.isin(np.arange(K), y)[:, None] * np.ones(len(y))"})
smooth_labels.mistake("your targets are rows", "One class a row, one sample a column: the shape is (K, M).",
    result=np.transpose)
smooth_labels.mistake("your labels count from 1",
    "The labels are 0 … K − 1, and NumPy takes the index −1 without complaint.", y=lambda y: y - 1)
smooth_labels.mistake("nothing is smoothed", "You return one-hot vectors. Is ε used?",
    slip={"(1 - epsilon) * one_hot + epsilon / K": "one_hot"})
smooth_labels.mistake("what is taken from the right class goes nowhere",
    "Your columns sum to 1 − ε. Who gets the rest?", slip={" + epsilon / K": ""})
smooth_labels.mistake("only the right class gets a share",
    "Do your columns sum to 1? The uniform distribution has mass on all classes.",
    slip={"epsilon / K": "epsilon / K * one_hot"})
smooth_labels.mistake("you reshape where a transpose is needed",
    "`reshape` reads row by row. Does each of your columns still sum to 1?", slip={"[:, y]": "[y].reshape(K, -1)"})


# ---------------------------------------------------------------- Task 5: the gradient in the scores

def _scores_and_target(rng: np.random.Generator, shape: tuple[int, int, float]) -> tuple[Matrix, Matrix]:
    """Return scores, each column moved up or down by `offset`, and a target for each column."""
    K, M, offset = shape
    z = rng.normal(scale=2, size=(K, M)) + offset * rng.choice([-1, 1], size=M)
    z[0] += offset * rng.choice([-1, 1], size=M)
    return z.round(1), distributions(rng, K, M, zeros=M > 1)


@task("Task 5: the gradient for any target", returns="gradient", points=2,
      draw=_scores_and_target, shapes=((2, 1, 0), (3, 2, 0), (3, 2, 1000), (4, 5, 2000)))
def score_gradient(z, p):
    q = softmax(z)
    return q - p


score_gradient.mistake("the sign is turned round",
    "Where the prediction is too high, the loss grows with the score. Which sign has your entry there?",
    result=np.negative)
score_gradient.mistake("large scores overflow",
    "What is `np.exp(1000)`, and what is one such number divided by another? Which change of the scores leaves "
    "softmax exactly as it is?", slip={"softmax(z)": "np.exp(z) / np.exp(z).sum(axis=0)"})
score_gradient.mistake("you subtract the same number from all columns",
    "Beside a column around 1000, one around −1000 is left with exponentials that are all 0. Whose maximum should be "
    "subtracted?", slip={"softmax(z)": "np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=0)"})
score_gradient.mistake("you subtract the mean of the scores",
    "A score can lie a thousand above the mean of its column. After which shift is no exponent positive?",
    slip={"softmax(z)": "np.exp(z - z.mean(axis=0)) / np.exp(z - z.mean(axis=0)).sum(axis=0)"})
score_gradient.mistake("your softmax runs over the samples",
    "Each column is a distribution. Along which axis do your probabilities sum to 1?",
    slip={"softmax(z)": "softmax(z, axis=1)"})
score_gradient.mistake("the probabilities of all samples together sum to 1",
    "Each column is a distribution of its own. Along which axis does the sum of the denominator run?",
    slip={"softmax(z)": "softmax(z.ravel()).reshape(z.shape)"})
score_gradient.mistake("the probabilities of all samples together sum to 1, and large scores overflow",
    "Each column is a distribution of its own. And what is `np.exp(1000)`?",
    slip={"softmax(z)": "np.exp(z) / np.exp(z).sum()"})
score_gradient.mistake("the scores were not turned into probabilities", "Two distributions are compared. Is z one?",
    slip={"softmax(z)": "z"})
score_gradient.mistake("softmax is applied twice", "The function of the library takes scores. What do you give it?",
    slip={"softmax(z)": "softmax(softmax(z))"})
score_gradient.mistake("you squeeze each score by itself",
    "A sigmoid for each class is another model. Do the entries of a column of the gradient sum to 0?",
    slip={"softmax(z)": "sigmoid(z)"})
score_gradient.mistake("you compare logarithms of probabilities with probabilities",
    "Two distributions are compared. Are all your numbers positive before you subtract?",
    slip={"softmax(z)": "log_softmax(z)"})
score_gradient.mistake("you apply softmax to the target as well",
    "The target is a distribution already. Which of z and p is not?", p=softmax)
score_gradient.mistake("you divide by the number of samples",
    "Each column is the gradient of its own loss. Nothing is averaged here.", slip={"q - p": "(q - p) / z.shape[1]"})
score_gradient.mistake("you divide by the number of classes",
    "The loss is a sum over the classes, weighted by the target. Is there a mean in it?",
    slip={"q - p": "(q - p) / len(z)"})
score_gradient.mistake("you turn the target into a single label",
    "A target of (0.6, 0.4) says more than its largest entry. The formula needs all of p.",
    p=lambda p: np.eye(len(p))[:, p.argmax(axis=0)])
score_gradient.mistake("you multiply by the target",
    "Then a class with the target 0 feels nothing, however high its score is. Where has the weight p gone when the "
    "sum was taken?", slip={"q - p": "p * (q - p)"})
score_gradient.mistake("each class pushes its own score only",
    "Every score stands in the denominator of every probability. What does the term of class j give for another "
    "score?", slip={"q - p": "p * (q - 1)"})
score_gradient.mistake("you stop at the probabilities", "That is the derivative by q. How does q depend on z?",
    slip={"q - p": "-p / q"})
score_gradient.mistake("there is a factor q(1 − q) too many",
    "That is the slope of a sigmoid with the squared error. In this loss the logarithm has cancelled it.",
    slip={"q - p": "q * (1 - q) * (q - p)"})
score_gradient.mistake("this is the gradient of the squared error",
    "The Jacobian of softmax is still there. What does the logarithm do to it?",
    slip={"q - p": "q * (q - p) - q * (q * (q - p)).sum(axis=0)"})
score_gradient.mistake("the target has no part in your gradient",
    "What is predicted has to be compared with what is true. Which of the two is missing?", slip={"q - p": "q"})
score_gradient.mistake("you return the loss", "Its gradient has one entry for each score, in the shape of z.",
    slip={"q - p": "-(p * log_softmax(z)).sum(axis=0)"})


# ---------------------------------------------------------------- Task 6: a picture of both directions

def _coin(rng: np.random.Generator, n: int) -> tuple[float, int]:
    """Return a probability that is not ½, with two decimals, and n."""
    return float(rng.choice([-1, 1]) * rng.integers(5, 45) + 50) / 100, n


@task("Task 6: a picture of both directions", returns="q, there, back, top", points=3,
      draw=_coin, shapes=(2, 4, 5, 20), seeds=4, rtol=1e-6)
def picture(p, n):
    q = np.linspace(0, 1, n + 1)
    forecasts, coins = np.stack([q, 1 - q]), np.repeat([[p], [1 - p]], len(q), axis=1)
    there, back = kl(coins, forecasts), kl(forecasts, coins)
    return q, there, back, back.max()


picture.mistake("the two curves have changed places",
    "Which of the two is infinite at the ends? Ask whether an outcome that is declared impossible happens.",
    slip={"q, there, back,": "q, back, there,"})
picture.mistake("you have n places", "From 0 to 1 there are n steps. How many ends of steps are there?",
    slip={"n + 1": "n"})
picture.mistake("you leave out the end",
    "From 0 to 1 there are n steps. Is the end of the last one among your places?",
    slip={"(0, 1, n + 1)": "(0, 1, n, endpoint=False)"})
picture.mistake("you keep away from the ends",
    "At q = 0 and q = 1 the values are asked for as well, by the conventions for zeros.",
    slip={"q, 1 - q": "q.clip(1e-9, 1 - 1e-9), 1 - q.clip(1e-9, 1 - 1e-9)"})
picture.mistake("your finite curve is nan at its ends",
    "What should 0·log 0 count? Which of your earlier functions knows?",
    result={"back": lambda back: np.r_[np.nan, back[1:-1], np.nan], "top": lambda top: np.nan})
picture.mistake("you count the heads and forget the tails",
    "A coin has two outcomes, and both have a term in the sum.",
    slip={"kl(coins, forecasts), kl(forecasts, coins)": "p * np.log(p / q), q * np.log(np.where(q > 0, q, 1) / p)"})
picture.mistake("your heights are in bits", "Which base has the logarithm of Task 1?",
    slip={"(coins, forecasts)": "(coins, forecasts, base=2)", "(forecasts, coins)": "(forecasts, coins, base=2)"})
picture.mistake("your axis ends at infinity", "Which of the two curves is to be seen as a whole?",
    slip={"back.max()": "there.max()"})
picture.mistake("your axis ends with the other curve", "Which of the two curves is to be seen as a whole?",
    slip={"back.max()": "there[1:-1].max()"})
picture.mistake("your axis ends where the finite curve begins at the left",
    "For p < ½ this curve ends higher at the right.", slip={"back.max()": "back[0]"})
picture.mistake("your axis ends where the finite curve ends at the right",
    "For p > ½ this curve begins higher at the left.", slip={"back.max()": "back[-1]"})
picture.mistake("your axis ends at the lowest point of the finite curve", "All of the curve is to be seen.",
    slip={"back.max()": "back.min()"})
picture.mistake("you return the place of the highest value for the height",
    "`argmax` counts entries. Which height has that one?", slip={"back.max()": "back.argmax()"})
picture.mistake("your curves are cross-entropies", "At q = p both curves are 0. What do yours have there?",
    slip={"= kl(": "= cross_entropy(", ", kl(": ", cross_entropy("})
picture.mistake("p and q do not stand for the same side of the coin",
    "Which side has the probability p in your code, and which one q in the forecast?",
    slip={"[p], [1 - p]": "[1 - p], [p]"})

#: In the order of the notebook.
ALL = (kl_columns, kl_with_zeros, saving, smooth_labels, score_gradient, picture)
#: What a person marks, with its points.
WRITTEN = {"Task 2: a third proof of Gibbs' inequality": 5, "Task 3b: the detour": 4}
