"""Loss landscapes: what the symbols of its formulas stand for. Nothing here repeats a formula."""

from functools import partial
from math import factorial

import numpy as np

from lecture_code.activations import linear, relu, sigmoid, tanh
from lecture_code.curvature import filter_normalised
from lecture_code.initialisation import he
from lecture_code.losses import half_squared, squared
from lecture_code.network import Network, cost, cost_and_gradient, forward, pack, unpack
from typeset import Chapter

chapter = Chapter()
rng = np.random.default_rng(55)


def column(n):
    return rng.standard_normal((n, 1))


# ---- two factors, and convexity ---------------------------------------------------------------------------------
two = Network((1, 1, 1), (linear, linear), squared, bias=False)


one = np.ones((1, 1))
chapter.bind("eq-two-factors", {"C": lambda u, w: cost(two, np.array([w, u]), one, one), "u": 1.7, "w": -0.6})
chapter.bind("eq-two-factors-hessian", {"C": lambda theta: (theta[0] * theta[1] - 1).item() ** 2, "u": 1.7, "w": -0.6,
                                         r"\theta": np.array([[1.7], [-0.6]])})
chapter.bind("eq-convex", *({"f": np.cosh, "x": -1.3, "y": 2.1, r"\alpha": alpha} for alpha in (0.3, 1.6)), gap=(0.525, 0.535))



def slope(f, at, h=1e-3):
    return (8 * (f(at + h) - f(at - h)) - f(at + 2 * h) + f(at - 2 * h)) / (12 * h)


def half_way(w):
    return (1 - sigmoid(w)) ** 2


chapter.bind("eq-sigmoid-bend", *({r"\sigma": sigmoid, "g''": lambda w: slope(lambda v: slope(half_way, v), w), "w": w}
                                  for w in (0.7, -1.9)), real=True, rtol=1e-6)

# ---- minima that are not the best -------------------------------------------------------------------------------
unit = Network((1, 1, 1), (relu, linear), squared)


def parameters(W, b1, c, b2):
    return pack(unit, [None, [[W]], [[c]]], [None, [[b1]], [[b2]]])


chapter.bind("eq-one-relu", *({r"\max": max, "W": 1.5, "b_1": b, "c": 2.2, "b_2": 0.3, "x": 0.8,
                               "f": lambda x, b=b: forward(unit, parameters(1.5, b, 2.2, 0.3), np.array([[x]])).a[2].item()}
                              for b in (-0.4, -1.7)))
x, y = np.array([[0.4, 2.0]]), {0: 1.2, 1: 4.4}
chapter.bind("eq-dead-unit", *({"y": y, "b_2": b, "C": 2 * cost(unit, parameters(1.5, -4.0, 2.0, b), x, np.array([[1.2, 4.4]]))}
                               for b in (2.8, 2.3)))

# ---- twins ------------------------------------------------------------------------------------------------------
P = np.eye(4)[[2, 0, 3, 1]]
chapter.bind("eq-permutation", {"W_1": rng.standard_normal((4, 3)), "W_2": rng.standard_normal((2, 4)), "b_1": column(4),
                                "x": column(3), "P": P, r"\sigma": tanh}, alike="P")
w, x3 = column(3), column(3)
x3 *= np.sign(w.T @ x3)
chapter.bind("eq-scaling", {"w": w, "x": x3, "c": 1.7, "s": 2.6, r"\operatorname{relu}": relu},
             {"w": w, "x": -x3, "c": 1.7, "s": 2.6, r"\operatorname{relu}": relu})
chapter.bind("eq-sign-flip", {"w": w, "x": x3, "c": 1.7})
chapter.bind("eq-twins", {"n": {1: 5, 2: 3}, "L": 3, "T": 2**8 * factorial(5) * factorial(3)})

# ---- kinds of flat points ---------------------------------------------------------------------------------------
S = rng.standard_normal((4, 4))
S = S + S.T
eigenvalues, Q = np.linalg.eigh(S)
chapter.bind("eq-eigen-form", {"H": S, "h": column(4), "P": 4, r"\lambda": {i + 1: value for i, value in enumerate(eigenvalues)},
                               "q": {i + 1: Q[:, [i]] for i in range(4)}})


@chapter.second_check("eq-coin-flips", reason="a probability with words; a simulation instead")
def coin_flips():
    for P in (3, 5):
        share = (rng.random((400_000, P)) < 0.5).all(axis=1).mean()
        assert abs(share * 2**P - 1) < 0.03


A = rng.standard_normal((500_000, 2, 2))
low = np.linalg.eigvalsh((A + A.mT) / 2)[:, 0]


@chapter.second_check("eq-gaussian-two", reason="a probability over random matrices; a simulation instead")
def gaussian_two():
    assert abs((low > 0).mean() - (2 - np.sqrt(2)) / 4) < 0.002


# ---- leaving a saddle, slices -----------------------------------------------------------------------------------
def walked(start, eta, steps):
    for _ in range(steps):
        start = start - eta * (-2 * start)
    return start


chapter.bind("eq-saddle-escape", {r"\eta": 0.15, "k": 7, "x_2": {0: 0.003, 7: walked(0.003, 0.15, 7)}})
net = Network((3, 4, 2), (relu, linear), half_squared)
theta = he(net, np.random.default_rng(3))
direction = filter_normalised(theta, partial(unpack, net), np.random.default_rng(4))
start = np.random.default_rng(4).standard_normal(theta.shape)
(W, _), (D, _), (raw, _) = unpack(net, theta), unpack(net, direction), unpack(net, start)
chapter.bind("eq-filter-normalisation", *({"d_j": raw[1][[j]].T, "w_j": W[1][[j]].T, r"d_j \leftarrow": D[1][[j]].T}
                                          for j in (0, 2)))

# ---- no curvature bound -----------------------------------------------------------------------------------------


def one_unit(W):
    return (2.9 * np.tanh(W * 1.3) - 0.4) ** 2 / 2


chapter.bind("eq-network-not-lipschitz", {"W": 0.7, "x": 1.3, "c": 2.9, r"\sigma": np.tanh, "r": 2.9 * np.tanh(0.7 * 1.3) - 0.4,
                                  "q": lambda W: slope(one_unit, W), r"\sigma''": lambda z: slope(lambda v: slope(np.tanh, v), z)}, real=True, rtol=1e-6)
deep = Network((2, 6, 6, 3), (relu, relu, linear), half_squared, bias=False)
weights, X, Y = he(deep, np.random.default_rng(1)), rng.standard_normal((2, 7)), rng.standard_normal((3, 7))


def deep_cost(theta):
    return cost(deep, theta[:, 0], X, Y)


def length(factor):
    return float(np.linalg.norm(cost_and_gradient(deep, factor * weights, X, Y).gradient))


chapter.bind("eq-deep-growth", {"t": 30.0, r"\theta": weights[:, None], "L": 3, "G": length(3000.0) / 3000.0**5,
                                "C": deep_cost}, approx=1e-2, real=True)
chapter.bind("eq-edge-of-stability", {r"\lambda_{\max}": 5.1, r"\eta": 0.4}, approx=0.05)

# ---- numbers of the text ----------------------------------------------------------------------------------------
chapter.arithmetic("384 = 2 ** 5 * 2 * 6", "0.8 = 1 - 2 * 0.1", "625 = 10000 / 2 ** 4")
