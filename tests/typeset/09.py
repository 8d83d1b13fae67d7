"""Softmax regression: what the symbols of its formulas stand for. Nothing here repeats a formula."""

import numpy as np

from lecture_code.losses import softmax_cross_entropy
from lecture_code.numerics import log_softmax, logsumexp, one_hot, softmax
from typeset import Chapter

chapter = Chapter()
rng = np.random.default_rng(9)
K, d, N = 4, 3, 5


def column(n):
    return rng.standard_normal((n, 1))


def e(y):
    return one_hot(np.reshape(y, 1), K).reshape(K, 1)


def lse(z):
    return logsumexp(z, axis=0).item()


def loss(theta, x, y):
    return softmax_cross_entropy(theta @ x, e(y)).item()


theta = rng.standard_normal((K, d))
x = {i: column(d) for i in range(1, N + 1)}
y = {1: 2, 2: 0, 3: 3, 4: 1, 5: 2}
base = {r"\operatorname{softmax}": softmax, r"\operatorname{LSE}": lse, "e": e, r"\mathbf 1": np.ones((K, 1)),
        "K": K, "N": N, "d": d, "c": 0.7, "T": 1.7, r"\eta": 0.3, "k": range(K), "j": range(K)}

# ---- scores, and one sample -----------------------------------------------------------------------------------
spread = [{**base, "z": z} for z in (column(K), 1e-3 * column(K), np.array([[-15.0], [60], [2], [21]]))]
scores = [{**each, "m": each["z"].max().item()} for each in spread]
level = {**base, "z": np.full((K, 1), 0.8)}
one = [{**base, r"\theta": theta, "x": x[3], "y": label, "z": theta @ x[3], "f": lambda x, theta: softmax(theta @ x)}
       for label in (2, 3)]

chapter.bind("eq-softmax", *scores)
chapter.bind("eq-softmax-regression", *one)
chapter.bind("eq-softmax-distribution", *scores[:2])
chapter.bind("eq-log-odds", *scores[:2])
chapter.bind("eq-softmax-sigmoid", {**base, "z": column(2)})
chapter.bind("eq-shift-invariance", *scores)
chapter.bind("eq-temperature-cold", {**base, "z": np.array([[0.3], [1.2], [1.2], [-2.0]]), "T": 1e-3, "A": {1, 2}})
chapter.bind("eq-temperature-hot", {**scores[0], "T": 1e5}, approx=1e-3)
# The bound is attained as T falls to 0, when all scores but the greatest are equal.
chapter.bind("eq-temperature-gap", *({**base, "z": np.array([[2.3], [1.6], [1.6], [1.6]]), "g": 0.7, "T": T}
                                     for T in (0.06, 0.5)), rtol=1e-6)
chapter.bind("eq-lse", *scores)
chapter.bind("eq-lse-gradient", {**base, "z": scores[0]["z"]}, real=True)
chapter.bind("eq-lse-bounds", *scores, level)
chapter.bind("eq-smooth-max", *scores, level)
chapter.bind("eq-lse-stable", *scores)
chapter.bind("eq-log-softmax", *scores[:2])

# ---- the cost ---------------------------------------------------------------------------------------------------
data = {**base, r"\theta": theta, "x": x, "y": y, "i": range(1, N + 1), "f": lambda x, theta: softmax(theta @ x),
        "C": {"": lambda theta: np.mean([loss(theta, x[i], y[i]) for i in x]),
              **{i: (lambda theta, i=i: loss(theta, x[i], y[i])) for i in x}}}
chapter.bind("eq-softmax-cost", data)
chapter.bind("eq-softmax-loss", data, alike="y")
chapter.bind("eq-one-hot", *({**base, "y": label} for label in (2, 3)))
chapter.bind("eq-cross-entropy-lse", *({**each, "C_i": loss(theta, x[3], each["y"])} for each in one))
chapter.bind("eq-cross-entropy-range", *({**each, "y": label, "C_i": -log_softmax(each["z"]).item(label)}
                                         for each in [*scores, level] for label in (2, 3)))

# ---- its gradient -----------------------------------------------------------------------------------------------
right = [{**each, "y": 2} for each in spread[:2]]
chapter.bind("eq-gradient-right-class", *right)
chapter.bind("eq-gradient-wrong-class", *({**each, "y": 3, "k": range(3)} for each in spread[:2]))
chapter.bind("eq-gradient-scores", *right)
chapter.bind("eq-softmax-gradient", *one)
chapter.bind("eq-gradient-column-sum", *one)
h = 1e-5
slope = np.array([[(loss(theta + h * unit, x[3], 2) - loss(theta - h * unit, x[3], 2)) / (2 * h)
                   for unit in (np.outer(row, entry) for entry in np.eye(d))] for row in np.eye(K)])
chapter.bind("eq-softmax-sgd", {**one[0], r"\theta \leftarrow": theta - 0.3 * slope}, rtol=1e-8)
chapter.bind("eq-lse-hessian", {**base, "z": spread[0]["z"], "p": softmax(spread[0]["z"])}, real=True, rtol=1e-8)
p, v = softmax(column(K)), column(K)
chapter.bind("eq-lse-variance", {**base, "p": p, "v": v, r"\bar v": np.average(v, weights=p)})


def curvature(theta, V, x, label):
    return {**base, r"\theta": theta, "V": V, "t": 0.0, "x_i": x, "C_i": lambda theta: loss(theta, x, label)}


# The bound is attained where two classes have probability ½ each and V moves their scores apart along x_i.
apart, twins = np.zeros((K, d)), 1e-4 * theta
apart[0], apart[1] = 0.7 * x[2][:, 0], -0.7 * x[2][:, 0]
twins[2:] -= 30 * x[2].T
chapter.bind("eq-softmax-curvature", curvature(twins, apart, x[2], 2), curvature(theta, np.ones((K, 1)) * x[1].T, x[2], 2),
             alike="t", real=True, rtol=1e-6)
chapter.bind("eq-piecewise-rate", {r"\eta": np.repeat([0.5, 0.2, 0.07], [3, 4, 2]), "c": np.array([0.5, 0.2, 0.07]),
                                   "K": {0: 0, 1: 3, 2: 7, 3: 9}, "k": range(9), "j": range(3)}, alike="K", gap=1)
chapter.bind("eq-softmax-batch", {**data, "M": N, "X_B": np.hstack([x[i] for i in x]),
                                  "E_B": np.hstack([e(y[i]) for i in x])}, alike="y")

# ---- least squares, and the absolute value ------------------------------------------------------------------------
unit, off = x[1] / np.linalg.norm(x[1]), column(d)
off -= (unit.T @ off) * unit
regression = [{r"\theta": score * unit + 0.4 * off, "x": unit, "y": target, r"\eta": 0.3, "g": np.tanh}
              for score, target in ((1.6, 1.3), (1.6, 0.25), (-0.8, 0.25))]  # θᵀx = score: residuals of both signs


def stepped(cost):
    """The cases, with θ − η times the numerical gradient of the cost as its new value."""
    for each in regression:
        at = each[r"\theta"]
        slope = [(cost(at + h * unit[:, None], each) - cost(at - h * unit[:, None], each)) / (2 * h) for unit in np.eye(d)]
        yield {**each, r"\theta \leftarrow": at - 0.3 * np.reshape(slope, (-1, 1))}


chapter.bind("eq-least-squares-gradient", *regression)
chapter.bind("eq-least-squares-step", *stepped(lambda t, s: ((s["y"] - t.T @ s["x"])**2).item()), rtol=1e-8)
chapter.bind("eq-subgradient", *({"r": r, "s": s, "t": t} for r, s in ((0.7, 1), (-0.4, -1)) for t in (0.71, -0.41, 2.3, -1.9)),
             alike="s")
chapter.bind("eq-absolute-gradient", *regression)
chapter.bind("eq-absolute-step", *stepped(lambda t, s: abs(s["y"] - np.tanh(t.T @ s["x"])).item()), rtol=1e-8)


# ---- numbers of the text ------------------------------------------------------------------------------------------
chapter.arithmetic("784 = 28 * 28", "1.6 = log(5)", "0.0625 = 0.5 * 0.125", "0.375 = 0.5 * 0.75", "0.3125 = 0.5 * 0.625",
                   "0.6875 = 0.375 + 0.3125", "7840 = 10 * 784", "5000 = 10 * 50000 / 100",
                   "0.45 = 0.15 * 3", "1.386 = log(4)", "4.54·10⁻⁵ = log(1 + e ** -10)", "4.5·10⁻⁵ = log(1 + e ** -10)")
chapter.given("the size of MNIST", "60 000", "10 000")
chapter.given("the output of an experiment", "0.047")
chapter.given("an example", "0.003")
chapter.given("an exercise", "500")
