"""Calculus for learning: what the symbols of its formulas stand for. Nothing here repeats a formula."""

import numpy as np
from scipy.optimize import minimize_scalar

from lecture_code.activations import sigmoid
from lecture_code.numerics import logsumexp, softmax
from typeset import Chapter, Given

chapter = Chapter()
rng = np.random.default_rng(2)
r = 1.7


def f(t):
    return np.exp(r * t)


def power(n):
    """tⁿ and its second and third derivative."""
    return {"f": lambda t: t**n, "f''": lambda t: n * (n - 1) * t**(n - 2),
            "f'''": lambda t: n * (n - 1) * (n - 2) * t**(n - 3)}


exponential = {"f": f, "f''": lambda t: r**2 * f(t), "f'''": lambda t: r**3 * f(t), "i": 1j, r"\theta": 0.7}
real_and_imaginary = {r"\operatorname{Im}": np.imag, r"\operatorname{Re}": np.real}

# ---- how this book checks itself ------------------------------------------------------------------------------
chapter.bind("eq-cube-central", {"x": 1.3, r"\Delta": 0.4}, {"x": -0.7, r"\Delta": 1.6})
# Where ξ lies: for t³ a third of a step to the right of θ, for t⁵ at √(θ² + Δ²/10).
chapter.bind("eq-forward-error", {**power(3), r"\theta": 0.7, r"\Delta": 0.6, r"\xi": 0.9})
chapter.bind("eq-complex-taylor", {**exponential, r"\Delta": 0.02}, approx=2e-7, alike="i")
chapter.bind("eq-complex-step", {**exponential, **real_and_imaginary, r"\Delta": 0.02}, approx=1e-6, alike="i")

# ---- rules ----------------------------------------------------------------------------------------------------
two = {"f": np.sin, "g": lambda x: x**2 + 3 * x + 5, "x": 0.6}
chapter.bind("eq-derivative", {**two, r"\Delta": 1e-7}, {**two, r"\Delta": -1e-7}, rtol=1e-6)
chapter.bind("eq-product-rule", two, {**two, "x": -1.3})
chapter.bind("eq-chain-one", two, {**two, "x": -1.3})
chapter.bind("eq-quotient-rule", two, {**two, "x": -1.3})
chapter.bind("eq-exp-log", {"x": 0.6}, {"x": 1.9}, {"x": -0.8})

# ---- the gradient ---------------------------------------------------------------------------------------------
A = rng.standard_normal((3, 3))
column = rng.standard_normal((4, 3, 1))


def cost(theta):
    return (theta.T @ (A + A.T) @ theta).item() + np.sin(theta[0, 0] * theta[2, 0])


unit = {j: np.eye(3)[:, [j]] for j in range(3)}
many = {"f": cost, r"\theta": column[0], "e": unit, "j": range(3), "u": column[1], "t": 0.4, "d": column[2]}
chapter.bind("eq-gradient", {**many, r"\Delta": 1e-7}, rtol=1e-6)
chapter.bind("eq-directional", many)
scores = np.array([[0.3], [1.2], [-0.8]])
three = {"f": lambda x, y, z: logsumexp(np.array([x, y, z])), "x": 0.3, "y": 1.2, "z": -0.8}
chapter.bind("eq-log-sum-exp", three)
chapter.bind("eq-log-sum-exp-partial", {**three, "f": Given(lambda v: logsumexp(np.stack([v["x"], v["y"], v["z"]])))})
chapter.bind("eq-log-sum-exp-hessian", {"f": Given(lambda v: logsumexp(v["z"]).item()), "z": scores, "p": softmax(scores)},
             by="z", rtol=1e-7)

# ---- the Jacobian ---------------------------------------------------------------------------------------------
B, V = rng.standard_normal((4, 3)), rng.standard_normal((2, 4))


def inner(x):
    return np.tanh(B @ x) + (B @ x)**2


def outer(v):
    return np.sin(V @ v) * (V @ v)


def jacobian(h):
    """Columns by central differences, which know no chain rule."""
    def at(x):
        steps = 1e-5 * np.eye(len(x))
        return np.hstack([(h(x + s[:, None]) - h(x - s[:, None])) / 2e-5 for s in steps])
    return at


x = column[3]
chapter.bind("eq-jacobian", {"f": inner, "x": x, "J": jacobian(inner)(x), "k": range(4), "j": range(3)}, rtol=1e-8)
chapter.bind("eq-first-order", {"f": inner, "x": x, "u": 1e-4 * column[1], "J": jacobian(inner)(x)}, approx=1e-6)
chapter.bind("eq-chain-rule", {"x": x, "g": inner, "J_h": jacobian(lambda x: outer(inner(x))), "J_f": jacobian(outer),
                               "J_g": jacobian(inner)}, rtol=1e-7)
chapter.bind("eq-chain-gradient", {"x": x, "g": inner, "c": lambda v: (v.T @ v).item() + np.sin(v[1, 0]), "J_g": jacobian(inner),
                                   "h": lambda x: (inner(x).T @ inner(x)).item() + np.sin(inner(x)[1, 0])}, rtol=1e-7)

# ---- a layer --------------------------------------------------------------------------------------------------
b = rng.standard_normal((4, 1))
layer = {"W": B, "b": b, "x": x, r"\sigma": sigmoid}
chapter.bind("eq-layer-jacobian", {**layer, "z": Given(lambda v: v["W"] @ v["x"] + v["b"]),
                                   "a": Given(lambda v: sigmoid(v["z"])), r"\mathbf 1": np.ones((4, 1))})

# ---- Taylor ---------------------------------------------------------------------------------------------------
chapter.bind("eq-taylor-second", {**many, "t": 0.003}, approx=1e-7)

# ---- how small may Δ be? --------------------------------------------------------------------------------------
chapter.bind("eq-central-truncation", {**power(5), r"\theta": 0.7, r"\Delta": 0.4, r"\xi": np.sqrt(0.7**2 + 0.4**2 / 10)})


def error(delta):
    """Truncation as it is for eʳᵗ up to the third derivative, plus two roundings of the size u f divided by 2Δ."""
    odd = [np.polynomial.polynomial.polyval(sign * delta, [f(0.7), r * f(0.7), r**2 * f(0.7) / 2, r**3 * f(0.7) / 6])
           for sign in (1, -1)]
    return (odd[0] - odd[1]) / (2 * delta) - r * f(0.7) + 2 * u * f(0.7) / (2 * delta)


u = 0.0037
lowest = minimize_scalar(error, bounds=(1e-3, 1), method="bounded", options={"xatol": 1e-12}).x
rounding = {**exponential, "u": u, "E": error, r"\Delta": 0.21, r"\Delta^*": lowest}
chapter.bind("eq-central-total", rounding)
chapter.bind("eq-best-step", rounding, rtol=1e-6)
chapter.bind("eq-complex-second", {**exponential, **real_and_imaginary, r"\Delta": 1e-3}, approx=1e-5, alike="i")

chapter.arithmetic(
    "9.261 = 2.1**3", "6.859 = 1.9**3", "7.94 = 2**3 - 3 * 2 * 0.1**2", "1.199 = 3 * 2**2 * 0.1 - 0.1**3",
    "0.61 = 6 * 0.1 + 0.1**2", "0.01 = 0.1**2", "12.0001 = 12 + 0.01**2", "1.001 = 1 + 1e-3", "0.01766 = 0.98201379 * (1 - 0.98201379)",
    "100 = 10**2", "1.1e-16 = 2**-53", "5.6e-11 = 0.5 * 2**-53 / 1e-6", "670 = 6 * 2**-53 / 1e-6**3")
