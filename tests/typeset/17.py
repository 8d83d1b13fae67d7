"""Convolution: what the symbols of its formulas stand for. Nothing here repeats a formula, except that the network
is written down once, so that ρ may be derived by everything. SciPy is the referee for ∗ and ⊛."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import convolve2d

from lecture_code.activations import tanh
from lecture_code.convolution import conv2d, full_convolution
from lecture_code.numerics import log_softmax, one_hot, softmax
from typeset import Chapter, Given

chapter = Chapter()
rng = np.random.default_rng(17)
K, ky, kx, dy, dx = 6, 2, 3, 5, 7
hy, hx = dy - ky + 1, dx - kx + 1


def star(X, F):
    return convolve2d(X, F[::-1, ::-1], "valid")


def library_star(X, F):
    return conv2d(X[None, None], F[None, None])[0, 0]


def library_full(X, F):
    return full_convolution(X[None, None], F[None, None])[0, 0]


def col(X):
    return sliding_window_view(X, (ky, kx)).transpose(2, 3, 0, 1).reshape(ky * kx, -1)


X, F, D = rng.standard_normal((dy, dx)), rng.standard_normal((ky, kx)), rng.standard_normal((hy, hx))
base = {"X": X, "F": F, "*": star, r"\circledast": convolve2d, "k_y": ky, "k_x": kx, "d_y": dy, "d_x": dx, "K": K,
        r"\tilde F": F[::-1, ::-1], r"\operatorname{vec}": lambda X: X.reshape(-1, 1),  # row by row
        r"\operatorname{softmax}": softmax, r"\operatorname{Col}": col,
        "i": range(hy), "j": range(hx), "m": range(ky), "n": range(kx), "k": range(K)}

# ---- two products ----------------------------------------------------------------------------------------------
dense = rng.standard_normal((dy, dx, dy, dx))
chapter.bind("eq-dense-image", {**base, "W": dense, "Z": np.tensordot(dense, X, 2), "i": range(dy), "j": range(dx)})
shared = np.zeros((dy, dx, dy, dx))
for (i, j), _ in np.ndenumerate(X):
    shared[i, j, i:i + ky, j:j + kx] = F[:dy - i, :dx - j]
chapter.bind("eq-shared-weights", {**base, "W": shared, "i": range(dy), "j": range(dx), "r": range(dy), "t": range(dx)},
             zero_outside="F")
chapter.bind("eq-convolution", {**base, "*": library_star})
chapter.bind("eq-valid-size", {**base, "*": library_star, "X": rng.standard_normal((9, 9)), "d": 9}, alike="X")
chapter.bind("eq-shift-equivariance", *({**base, "X'": X[s:, t:], "s": s, "t": t, "i": range(hy - s), "j": range(hx - t)}
                                        for s, t in ((1, 4), (2, 1))), alike=("s", "t"))
chapter.bind("eq-true-convolution", {**base, r"\circledast": library_full, "i": range(dy + ky - 1), "j": range(dx + kx - 1)},
             zero_outside="X")
chapter.bind("eq-flip-relation", base)
chapter.bind("eq-commutes", {**base, r"\circledast": library_full})
chapter.bind("eq-constant-image", {**base, "X": np.full((dy, dx), 0.7), "c": 0.7}, {**base, "c": 0.7}, alike="X")

# ---- the network ---------------------------------------------------------------------------------------------------
y = 2
weights, b = rng.standard_normal((K, hy, hx)), rng.standard_normal((K, 1))


def scores(W, A, b):
    return np.einsum("kij,ij->k", W, A)[:, None] + b


net = {**base, "W": weights, "b": b, "y": y, r"\sigma": tanh, "e": lambda y: one_hot(np.reshape(y, 1), K).T,
       "Z": Given(lambda v: star(v["X"], v["F"])), "A": Given(lambda v: np.tanh(v["Z"])),
       "U": Given(lambda v: scores(v["W"], v["A"], v["b"])), r"\rho": Given(lambda v: -log_softmax(v["U"])[y, 0])}
Z = star(X, F)
U = scores(weights, np.tanh(Z), b)
numbers = {**net, "Z": Z, "A": np.tanh(Z), "U": U, r"\rho": -log_softmax(U)[y, 0]}
chapter.bind("eq-conv-layer", {**base, "*": library_star, "Z": Z})
chapter.bind("eq-conv-activation", numbers)
chapter.bind("eq-conv-scores", numbers)
chapter.bind("eq-conv-loss", numbers)

# ---- its gradients -------------------------------------------------------------------------------------------------
g = softmax(U) - np.eye(K)[:, [y]]
abar = np.tensordot(g[:, 0], weights, 1)
delta = tanh.derivative(Z) * abar
signals = {**net, "g": g, r"\bar A": abar, r"\delta": delta, r"\delta^\circ": np.pad(delta, ((ky - 1,) * 2, (kx - 1,) * 2))}
pixels = {**signals, "r": range(dy), "t": range(dx), "U": Given(lambda v: scores(v["W"], v["A"], b))}
T_F = np.stack([star(unit, F).ravel() for unit in np.eye(X.size).reshape(-1, dy, dx)], axis=1)
chapter.bind("eq-conv-delta-u", signals)
chapter.bind("eq-conv-grad-w", net)
chapter.bind("eq-conv-grad-b", net)
chapter.bind("eq-conv-abar", signals)
chapter.bind("eq-conv-delta", signals)
chapter.bind("eq-conv-chain-f", net)
chapter.bind("eq-conv-dz-df", net)
chapter.bind("eq-conv-grad-f", signals)
chapter.bind("eq-conv-dz-dx", pixels)
chapter.bind("eq-conv-grad-x", pixels, zero_outside="F")
chapter.bind("eq-conv-grad-x-flip", signals)
chapter.bind("eq-conv-matrix", {**pixels, "T_F": T_F})
chapter.bind("eq-conv-adjoint", {**base, "D": D})

# ---- batches, and one product of matrices -------------------------------------------------------------------------
images = {i: rng.standard_normal((dy, dx)) for i in (1, 2, 3, 4)}
chapter.bind("eq-conv-batch", {"X": images, "F": F, "*": star, "M": 4,
                               "C": Given(lambda v: np.mean([(np.sin(star(images[i], v["F"])) * D).sum() for i in images])),
                               r"\delta": {i: np.cos(star(images[i], F)) * D for i in images}})
chapter.bind("eq-im2col", base)
chapter.bind("eq-im2col-product", {**base, "*": library_star})
chapter.bind("eq-im2col-gradient", signals)
chapter.bind("eq-linear-collapse", {**net, "U": Given(lambda v: scores(v["W"], v["Z"], v["b"]))})


# ---- numbers of the text ------------------------------------------------------------------------------------------
chapter.arithmetic("1500 = 3 * 2000 / 4", "614 656 = 28 ** 4", "3025 = (2 * 28 - 1) ** 2", "268 435 456 = 128 ** 4", "65 025 = (2 * 128 - 1) ** 2", "11.5 = 100 * 8 * 24 * 24 * 5 * 5 / 1e6", "5770 = 24 * 24 * 10 + 10",
                   "200 = 8 * 5 * 5", "46 090 = 8 * 24 * 24 * 10 + 10", "576 = 24 * 24", "340 = 6.8e-2 / 2.0e-4", "225 = 15 * 15", "7.5 = 15 * 15 / (15 + 15)")
chapter.given("a question", "1000")
chapter.given("the size of the photograph", "128")
chapter.given("a quotient of the recorded times, 17 895 rounded", "18 000")
chapter.given("the name of an instruction set", "512")
