"""Gradient descent: what the symbols of its formulas stand for. Nothing here repeats a formula."""

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq

from lecture_code import descent
from lecture_code.activations import sigmoid
from lecture_code.losses import half_squared, squared
from typeset import Chapter, Interval

chapter = Chapter()
rng = np.random.default_rng(4)


def column(*entries):
    return np.array(entries, float).reshape(-1, 1)


def quadratic(H, lowest=0.0):
    """θ ↦ ½ θᵀHθ + lowest, of a column."""
    return lambda theta: (theta.T @ H @ theta)[0, 0] / 2 + lowest


def path(H, theta, step, steps):
    """The library's iterates, as columns: {k: θ_k}."""
    found = descent.gradient_descent(lambda t: t @ H @ t / 2, lambda t: H @ t, theta[:, 0], step, steps)
    return {k: theta.reshape(-1, 1) for k, theta in enumerate(found.theta)}


B = rng.standard_normal((3, 5))
H, theta = B @ B.T, rng.standard_normal((3, 1))
C, g = quadratic(H), H @ theta
curvatures, directions = np.linalg.eigh(H)
steepest = directions[:, -1:] * 0.8
beta = curvatures[-1]

# ---- one step ---------------------------------------------------------------------------------------------------
unit = [u / np.linalg.norm(u) for u in (-g, B[:, :1])]
chapter.bind("eq-steepest", *({"C": C, r"\theta": theta, "u": u} for u in unit))
chapter.bind("eq-gd-step", {"C": C, r"\theta": path(H, theta, 0.1, 3), r"\eta": 0.1, "k": range(3)})


def cosh(theta):
    return np.cosh(theta).sum()


def curvature(s):
    """gᵀ ∇²C g at the share s of the step, for C = Σ cosh."""
    return (np.cosh(theta - s * 0.7 * slope) * slope**2).sum()


slope = np.sinh(theta)
mean = 2 * quad(lambda s: (1 - s) * curvature(s), 0, 1, epsabs=1e-13)[0]  # Taylor's remainder as an integral
between = brentq(lambda s: curvature(s) - mean, 0, 0.6, xtol=1e-14)
chapter.bind("eq-taylor-step", {"C": cosh, r"\theta": theta, "g": slope, r"\eta": 0.7,
                                r"\bar\theta": theta - between * 0.7 * slope}, rtol=1e-8)
# The bound is attained along the direction of the greatest curvature.
chapter.bind("eq-descent-lemma", *({"C": C, r"\theta": start, r"\theta^+": path(H, start, 0.3 / beta, 1)[1],
                                    r"\eta": 0.3 / beta, r"\beta": beta} for start in (steepest, theta)))
x = descent.gradient_descent(lambda t: t @ t, lambda t: t + t, [3.0], 0.4, 5).theta[:, 0]
chapter.bind("eq-parabola-factor", {"x": x, r"\eta": 0.4, "k": range(1, 6)})


def stays(eta):
    """Does gradient descent with this rate stay near, from every direction?"""
    ends = [[*path(H, start[:, None], eta, 60).values()][-1] for start in directions.T]  # it ends early at infinity
    return all(np.linalg.norm(end) < 1 for end in ends)


low, high = 0.1 / beta, 10 / beta
for _ in range(40):
    low, high = ((low + high) / 2, high) if stays((low + high) / 2) else (low, (low + high) / 2)
chapter.bind("eq-stable-rate", {r"\eta": 0.9995 * low, r"\beta": np.linalg.norm(H, 2), "H": H,
                                r"\lambda_\max": lambda H: np.linalg.eigvalsh(H)[-1]})

# ---- one neuron ---------------------------------------------------------------------------------------------------
x = {i: column(1, second) for i, second in enumerate((-2.0, 0.5, 1.0, 2.0), 1)}
X, y = np.hstack([x[i] for i in x]), {1: 0, 2: 1, 3: 0, 4: 1}


def E(targets):
    return lambda w: squared(sigmoid(w.T @ X), np.array([[*targets.values()]])).sum()


w = column(0.6, -1.3)
neuron = {"E": E(y), "w": w, "x": x, "y": y}
chapter.bind("eq-neuron-cost", {**neuron, r"\sigma": sigmoid}, alike="y")
chapter.bind("eq-neuron-gradient", {**neuron, r"\sigma": {i: sigmoid(w.T @ x[i]).item() for i in x}}, alike="y")


def separates(w, targets):
    return all((w.T @ x[i] > 0) == (targets[i] == 1) for i in x)


last_two = {1: 0, 2: 0, 3: 1, 4: 1}
chapter.bind("eq-separable", *({"E": E(targets), "w": w, "t": 60.0, "_ separates the two targets": lambda w, targets=targets:
                                separates(w, targets)}
                               for w, targets in ((column(-0.7, 1), last_two), (column(0.7, 1), last_two), (column(-0.7, 1), y))),
             approx=1e-4)

# ---- line searches ------------------------------------------------------------------------------------------------
flat = quadratic(H)
searched = descent.exact()(lambda t: t @ H @ t / 2, theta[:, 0], g[:, 0])
chapter.bind("eq-exact-search", {"C": C, r"\theta": {5: theta}, "k": 5, r"\alpha": Interval(0.0, 3.0), r"\alpha_k": searched},
             rtol=1e-6)
a2, a1, _ = np.polyfit([0, 0.5, 1], [C(theta - a * g) for a in (0, 0.5, 1)], 2)
chapter.bind("eq-exact-quadratic", {"g": g, "H": H, r"\alpha": -a1 / 2 / a2})


def accepted(alpha, c=0.3):
    return descent.armijo(first=alpha, c=c)(lambda t: t @ H @ t / 2, theta[:, 0], g[:, 0]) == alpha


low, high = 1e-3, 3.0  # the greatest step that the library accepts
for _ in range(50):
    low, high = ((low + high) / 2, high) if accepted((low + high) / 2) else (low, (low + high) / 2)
chapter.bind("eq-armijo", {"C": C, r"\theta": theta, "g": g, "c": 0.3, r"\alpha": 0.99995 * low}, gap=[1e-3, (0.69, 0.71)])

# ---- rates ----------------------------------------------------------------------------------------------------------
centre, far, bend, k = column(0.5, -0.8), column(1.2, 0.9), 2.5, 6
width = np.linalg.norm(far) / (2 * k + 1)


def bowl(theta):
    """A parabola of curvature `bend` that goes on straight outside of `width`: the worst case of {1/k}."""
    r = np.linalg.norm(np.real(theta).reshape(-1) - centre[:, 0])
    return 0.6 + (bend * r**2 / 2 if r <= width else bend * width * (r - width / 2))


def down(theta):
    r = np.linalg.norm(theta - centre[:, 0])
    return bend * (theta - centre[:, 0]) * min(1, width / r)


worst = descent.gradient_descent(bowl, down, (centre + far)[:, 0], 1 / bend, k).theta
# k/(2k+1) of the bound is reached, for k = 6 about 0.46 of it.
chapter.bind("eq-rate-convex", {"C": bowl, "C^*": 0.6, r"\theta": {n: t[:, None] for n, t in enumerate(worst)},
                                r"\theta^*": centre, r"\eta": 1 / bend, "k": k}, gap=(0.53, 0.545))
long = np.diag([0.4, 3.0])
# In the flattest direction the cost falls by (1 − ηm)² a step: the bound is lost by (1 − ηm)^k.
chapter.bind("eq-rate-strong", {"C": quadratic(long, 0.6), "C^*": 0.6, r"\theta": path(long, column(1.7, 0), 0.2, 3),
                                r"\eta": 0.2, "m": 0.4, "k": 3}, gap=(0.21, 0.23))

# On a parabola each step loses all that the lemma allows, and what is still above the minimum is 0.7^6 of the start.
chapter.bind("eq-rate-nonconvex", {"C": quadratic(H, 0.6), "C^*": 0.6, r"\theta": path(H, steepest, 0.3 / beta, 4),
                                   r"\eta": 0.3 / beta, r"\beta": beta, "k": 3}, gap=(0.117, 0.118))

# ---- better directions -----------------------------------------------------------------------------------------------
A, b = rng.standard_normal((4, 3)), rng.standard_normal((4, 1))


def r(theta):
    return np.sin(A @ theta) - b


def J(theta):
    return np.hstack([np.imag(r(theta + 1e-30j * unit[:, None])) / 1e-30 for unit in np.eye(3)])


chapter.bind("eq-least-squares", {"C": lambda t: half_squared(r(t), np.zeros((4, 1))).sum(), "r": r, "J": J, r"\theta": theta})
newton = descent.newton(lambda t: cosh(t), np.sinh, lambda t: np.diag(np.cosh(t)), 0.4 * theta[:, 0], 1).theta
chapter.bind("eq-newton-direction", {"C": cosh, r"\theta": 0.4 * theta, "s": (newton[1] - newton[0])[:, None]}, rtol=1e-8)
steps = descent.barzilai_borwein(lambda t: t @ H @ t / 2, lambda t: H @ t, theta[:, 0], 0.01, 2).theta
move, change = (steps[1] - steps[0])[:, None], H @ (steps[1] - steps[0])[:, None]
measured = np.linalg.norm(steps[2] - steps[1]) / np.linalg.norm(H @ steps[1])
chapter.bind("eq-barzilai-borwein", {r"\eta_{k+1}": measured, "s": move, "y": change})
damped = descent.levenberg_marquardt(lambda t: r(t[:, None])[:, 0], lambda t: J(t[:, None]), theta[:, 0], 0.2, 1).theta
chapter.bind("eq-levenberg-marquardt", {"J": J(theta), "r": r(theta), r"\lambda": 0.2, "I": np.eye(3),
                                        "s": (damped[1] - damped[0])[:, None]})


# ---- numbers of the text ------------------------------------------------------------------------------------------
chapter.arithmetic("2.4 = 0.2 * 12", "3.6 = 6 - 0.2 * 12", "0.6 = 1 - 2 * 0.2", "0.9 = 1 - 2 * 0.05", "1.2 = 2 * 1.1 - 1",
                   "1.25 = 10 / (10 - 2)", "0.4 = 0.1 * 4", "4.5 = (1 + 0.8) / 0.4")


INPUTS, TARGETS = np.array([[1.0, 1, 1, 1], [-2, 0, 1, 2]]), np.array([0.0, 1, 0, 1])     # of the chapter's neuron


def neuron_cost(w):
    return ((TARGETS - sigmoid(w @ INPUTS))**2).sum()


def neuron_slope(w):
    a = sigmoid(w @ INPUTS)
    return -2 * ((TARGETS - a) * a * (1 - a) * INPUTS).sum(axis=1)


def sharpest_curvature():
    """The largest curvature at the neuron's minimum."""
    at = descent.gradient_descent(neuron_cost, neuron_slope, [0.0, 0.0], 1.0, 2000).theta[-1]
    return np.linalg.eigvalsh(np.stack([(neuron_slope(at + h) - neuron_slope(at - h)) / 2e-5 for h in 1e-5 * np.eye(2)]))[-1]


chapter.computed("0.84", sharpest_curvature())
chapter.given("a question", "300")
chapter.arithmetic("500 = 1000 / 2", "250 = 1000 / 4")  # the cost falls by (1 − m/β)², and by (1 − 2m/β)² at the best rate


def exactly_flat():
    """The first step at which the neuron's gradient is exactly 0, from the origin."""
    path = descent.gradient_descent(lambda w: 0.0, neuron_slope, [0, 0], 0.5, 1000)
    return np.flatnonzero(path.gradient_norm == 0)[0]


chapter.computed("194", exactly_flat())


def on_the_plateau():
    """The neuron's cost where the walk from the plateau stops, at a gradient no longer than 0.01."""
    path = descent.gradient_descent(neuron_cost, neuron_slope, [3, 2], 1.0, 1000, tolerance=1e-2)
    assert len(path.cost) == 20  # 19 steps
    return path.cost[-1]


chapter.computed("0.998", on_the_plateau())
chapter.arithmetic("200 = 10 * 10 + 10 * 10", "1100 = 10 * 10 + 10 * 10 * 10", "0.8 = 1 - 0.2")  # gᵀg, gᵀHg; factors ±0.6
