"""The Kullback–Leibler divergence: what the symbols of its formulas stand for. Nothing here repeats a formula."""

import numpy as np
from scipy.integrate import quad

from lecture_code.activations import linear, sigmoid
from lecture_code.distributions import cross_entropy, entropy, kl_divergence, negative_entropy
from lecture_code.losses import softmax_cross_entropy
from lecture_code.network import Network, forward, pack
from lecture_code.numerics import logsumexp, one_hot, softmax
from typeset import Chapter, Given, Interval

chapter = Chapter()
rng = np.random.default_rng(10)
K = 4


def column(*entries):
    return np.array(entries, float).reshape(-1, 1)


def distribution():
    return rng.dirichlet(np.ones(K)).reshape(-1, 1)


def e(y):
    return one_hot(np.reshape(y, 1), K).reshape(K, 1)


base = {r"\operatorname{KL}": kl_divergence, r"\operatorname{CE}": cross_entropy, "H": entropy,
        r"\operatorname{NE}": negative_entropy, r"\operatorname{softmax}": softmax,
        r"\operatorname{LSE}": lambda z: logsumexp(z, axis=0).item(), "e": e, r"\mathbf 1": np.ones((K, 1)),
        "K": K, "j": range(K)}
p, q, z = distribution(), distribution(), rng.standard_normal((K, 1))
two = [{**base, "p": p, "q": q}, {**base, "p": q, "q": distribution()}]
equal = {**base, "p": p, "q": p.copy()}

# ---- one output, or K ------------------------------------------------------------------------------------------
chapter.bind("eq-one-output-mean", {**base, "p": p, "t": column(0.3, -1.1, 2.2, 0.9), "s": Interval(-3, 4)})
W, b, a = rng.standard_normal((K, 3)), rng.standard_normal((K, 1)), rng.standard_normal((3, 1))
head = Network((3, K), (linear,), softmax_cross_entropy)
chapter.bind("eq-softmax-head", {**base, "W": W, "a": a, "b": b, "n": 3, "q": softmax_cross_entropy.prediction(
    forward(head, pack(head, [None, W], [None, b]), a).a[1])})

# ---- the divergence ------------------------------------------------------------------------------------------------
chapter.bind("eq-kl", *two)


@chapter.second_check("eq-kl-conventions", reason="0·log(0/q) and p·log(p/0) are conventions: they have no value by themselves")
def conventions():
    zero, half, sure = column(0, 1), column(.5, .5), column(1, 0)
    assert kl_divergence(zero, half).item() == np.log(2) and kl_divergence(half, zero).item() == np.inf
    assert kl_divergence(zero, zero).item() == 0 and kl_divergence(sure, zero).item() == np.inf
    t = 1e-12  # the limits of t·log(t/q) and p·log(p/t)
    assert abs(t * np.log(t / 0.3)) < 1e-10 < 10 < 0.4 * np.log(0.4 / t)


chapter.bind("eq-gibbs", *two, equal, {**base, "p": p, "q": softmax(np.log(p) + 0.01 * z)}, alike="q")
chapter.bind("eq-log-tangent", *({"x": x} for x in (0.3, 0.99, 1.0, 1.7)), alike="x")
chapter.bind("eq-gibbs-gaps", *({**each, "g": column(*(
    quad(lambda t: np.log(t / q), q, p, epsabs=1e-14)[0] for p, q in zip(each["p"].flat, each["q"].flat)))}
    for each in [*two, equal]), alike=("q", "g"))
chapter.bind("eq-jensen", *({**base, "p": p, "x": x, r"\varphi": np.exp} for x in (z, 0.7 + 0.01 * z, 0.7 + 0 * z)))
chapter.bind("eq-gibbs-jensen", *({**base, "p": p, "q": q} for p, q in (
    (column(.3, .7, 0, 0), column(.15, .35, .2, .3)), (column(.3, .5, 0, .2), column(.2, .5, 0, .3)), (p, q))))
chapter.bind("eq-triangle", *({"p": p, "q": p + s * (r - p) + t, "r": r, "d": lambda a, b: np.linalg.norm(a - b)}
                              for p, r in [(p, q), (q, p)] for s, t in ((0.4, 0), (0.7, 0.1 * z))))
half = {**base, "p": column(.25, .75), "q": column(.5, .5), "r": column(.1, .9)}
chapter.bind("eq-kl-triangle", {**half, "p": column(.5, .5), "q": column(.25, .75)}, gap=(0.5, 0.55))

# ---- entropy and cross-entropy ---------------------------------------------------------------------------------------
chapter.bind("eq-negative-entropy", *two)
chapter.bind("eq-cross-entropy", *two)
chapter.bind("eq-kl-split", *two)
chapter.bind("eq-entropy-max", *({**base, "p": p} for p in (p, column(1, 0, 0, 0), np.full((K, 1), 1 / K))))
chapter.bind("eq-bits", {r"\operatorname{KL}_bits": kl_divergence(p, q, base=2).item(),
                         r"\operatorname{KL}_nats": kl_divergence(p, q).item()})
chapter.bind("eq-kl-one-hot", {**base, "q": q, "y": 2})
labels = {1: 2, 2: 1, 3: 3, 4: 2, 5: 1}
chapter.bind("eq-three-problems", {**base, "N": 5, "y": labels, "q": {i: distribution() for i in labels}}, alike="y")
chapter.bind("eq-soft-labels", {**base, "n": 5, "y": labels, "q": q, r"\hat p": column(0, .4, .4, .2)}, alike="y")

# ---- gradients ---------------------------------------------------------------------------------------------------------
smooth = {**base, "p": p, "z": z, "q": softmax(z)}
chapter.bind("eq-ce-lse", smooth)
chapter.bind("eq-ce-gradient", smooth, real=True)
smoothed = column(.05, .05, .85, .05)  # ε = 0.2: three quarters of it leave the true class
chapter.bind("eq-label-smoothing", {**base, "y": 2, r"\varepsilon": 0.2, "p": smoothed})
chapter.bind("eq-smoothing-gap", {**base, "y": 2, "k": 3, r"\varepsilon": 0.2, "z": 0.3 + np.log(smoothed)})
chapter.bind("eq-sigmoid-floor", *({**base, "y": 2, "a": a} for a in (column(1e-4, 2e-4, 1 - 1e-4, 1e-4), column(.3, .9, .4, .2))))
neuron = {"z": 0.8, "y": 0.3, "a": Given(lambda v: sigmoid(v["z"]))}
chapter.bind("eq-squared-sigmoid", neuron)
chapter.bind("eq-logistic-sigmoid", neuron)
chapter.bind("eq-saturation", *({"z": z, "a": sigmoid(z)} for z in (-23.0, -1.3, 0.0, 4.0)), alike="z")


def escape(slope, zeta, eta):
    """The steps that a weight at −ζ needs to come to 0."""
    z, k = -zeta, 0
    while z < 0:
        z, k = z - eta * slope(1 / (1 + np.exp(-z))), k + 1
    return k


chapter.bind("eq-escape-entropy", *({"k_cross-entropy": escape(lambda a: a - 1, zeta, 1e-4), r"\zeta": zeta, r"\eta": 1e-4}
                                    for zeta in (0.7, 3.0)), approx=1e-3)
chapter.bind("eq-escape-squared", *({"k_squared": escape(lambda a: (a - 1) * a * (1 - a), zeta, eta), r"\zeta": zeta, r"\eta": eta}
                                    for zeta, eta in ((4.0, 5e-4), (6.0, 2e-3))), approx=1e-2)
chapter.bind("eq-squared-softmax", smooth)


# ---- numbers of the text ------------------------------------------------------------------------------------------
chapter.arithmetic("1.461 = log(1 + 9 / e)", "0.693 = log(2)", "0.405 = log(3 / 2)", "1.4·10⁻⁴⁵ = 2.0 ** -149", "4.9·10⁻³²⁴ = 2.0 ** -1074",
                   "2.303 = log(10)",
                   "1.443 = 1 / log(2)", "3.32 = log(10) / log(2)", "0.000045 = e ** -10 / (1 + e ** -10) ** 2",
                   "0.173 = log(2) / 4", "0.304 = 3 / 4 * log(3 / 2)", "0.077 = 1 / 4 - log(2) / 4", "0.054 = 3 / 4 * log(3 / 2) - 1 / 4",
                   "0.232 = e / (e + 9)", "23.2 % = e / (e + 9)")
chapter.given("an example", "1000")
chapter.given("a question", "0.01")
