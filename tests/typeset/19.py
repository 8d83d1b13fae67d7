"""PyTorch: what the symbols of its formulas stand for. Nothing here repeats a formula, and nothing needs PyTorch."""

import numpy as np

from lecture_code.activations import linear
from lecture_code.losses import softmax_cross_entropy
from lecture_code.network import Network, forward, pack
from lecture_code.numerics import one_hot, softmax
from typeset import Chapter, Given

chapter = Chapter()
rng = np.random.default_rng(19)

# ---- a layer on rows: what the library computes from columns -------------------------------------------------------
W, b, X = rng.standard_normal((3, 4)), rng.standard_normal((3, 1)), rng.standard_normal((5, 4))
layer = Network((4, 3), (linear,), softmax_cross_entropy)
Z = forward(layer, pack(layer, [None, W], [None, b]), X.T).z[1].T
chapter.bind("eq-linear-rows", {"Z": Z, "X": X, "W": W, "b": b, r"\mathbf 1": np.ones((5, 1))}, alike=r"\mathbf 1")

# ---- the forgetful loop, as a machine would do it: an attribute that is added to ------------------------------------
beta, eta = 1.7, 0.6
theta, grad, path, slopes = 1.3, 0.0, {}, {}
for k in range(12):
    path[k], slopes[k] = theta, beta * theta
    grad += slopes[k]
    theta -= eta * grad
form = np.array([[2, eta * beta - 2], [eta * beta - 2, 2]]) / 2
energy = {k: float(np.array([path[k + 1], path[k]]) @ form @ np.array([path[k + 1], path[k]])) for k in range(11)}
loop = {r"\theta": path, "g": slopes, r"\eta": eta, r"\beta": beta, "E": energy, "k": range(1, 9),
        "s": 1 - eta * beta / 2}
chapter.bind("eq-forgetful-step", {**loop, "k": range(0, 9)})
chapter.bind("eq-forgetful-difference", loop)
chapter.bind("eq-forgetful-recursion", loop)
chapter.bind("eq-forgetful-energy", loop)
chapter.bind("eq-forgetful-conserved", loop)

# ---- softmax twice -------------------------------------------------------------------------------------------------
z = rng.standard_normal((5, 1))
certain = np.array([[0.3], [1.1], [19.0], [-0.7], [0.2]])  # class 2, and almost no doubt
base = {r"\operatorname{softmax}": softmax, r"\operatorname{Diag}": lambda v: np.diag(v[:, 0]), "K": 5}
chapter.bind("eq-log-softmax-twice", {**base, "p": softmax(z)})
chapter.bind("eq-double-softmax-floor", {**base, "q": softmax(softmax(z)), "y": 3}, {**base, "q": softmax(softmax(certain)), "y": 2})
chapter.bind("eq-double-softmax-gradient", {
    **base, "z": z, "y": 3, "e": lambda y: one_hot(np.array([y]), 5).T, "p": Given(lambda v: softmax(v["z"])),
    "q": Given(lambda v: softmax(v["p"])), "C_i": Given(lambda v: softmax_cross_entropy(softmax(v["z"]), one_hot(np.array([3]), 5).T).sum())})

# ---- a layer that changes little -----------------------------------------------------------------------------------
chapter.bind("eq-tanh-cubed", {"a": -0.04}, {"a": 0.03}, {"a": 2.7})

# ---- numbers of the text -------------------------------------------------------------------------------------------
chapter.arithmetic("79510 = 785 * 100 + 101 * 10")
chapter.arithmetic("1.5 = 1 + 0.5")
chapter.arithmetic("50000 = 60000 - 10000")
chapter.arithmetic("2500 = 50 * 50")
chapter.computed("1.461", np.log(1 + 9 / np.e))
chapter.given("the recipe of the lecture notes", "0.1")
chapter.given("a logit at which float32 underflows: e⁻¹¹⁰ is below 10⁻⁴⁵", "110")
chapter.computed("0.76", np.tanh(1))
chapter.arithmetic("100 = 2 * 50")
chapter.computed("0.3", 93.6 - 93.3)
chapter.given("the name of an instruction set", "512")
