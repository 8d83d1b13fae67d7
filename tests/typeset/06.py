"""Stochastic gradient descent: what the symbols of its formulas stand for. Nothing here repeats a formula."""

from itertools import product

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.stats import binom

from lecture_code import optimizers, schedules
from lecture_code.activations import sigmoid
from lecture_code.losses import binary_cross_entropy, half_squared
from typeset import Chapter, case

chapter = Chapter()
rng = np.random.default_rng(6)
N, d = 5, 3


def column(*entries):
    return np.array(entries, float).reshape(-1, 1)


def gradient(f, theta, h=1e-5):
    """Central differences, as a column."""
    return column(*((f(theta + h * unit[:, None]) - f(theta - h * unit[:, None])) / (2 * h) for unit in np.eye(len(theta))))


# ---- one sample at a time: least squares on five samples ---------------------------------------------------------
y = rng.standard_normal(9)
chapter.bind("eq-running-mean", {r"\theta": {0: 0.4, **{k + 1: y[:k + 1].mean() for k in range(9)}}, "y": y, "k": range(2, 8)})
x, t = {i: rng.standard_normal((d, 1)) for i in range(1, N + 1)}, {i: rng.standard_normal() for i in range(1, N + 1)}
theta = rng.standard_normal((d, 1))


def sample_cost(i):
    return lambda theta: half_squared(theta.T @ x[i], np.array([[t[i]]])).item()


C = {"": lambda theta: np.mean([sample_cost(i)(theta) for i in x]), **{i: sample_cost(i) for i in x}}
walk, single, rates, drawn = {0: column(0.4, -1.1, 0.7)}, {}, {}, {0: 4, 1: 2, 2: 5}
for step, index in drawn.items():
    single[step], rates[step] = gradient(sample_cost(index), walk[step]), 0.1 * (step + 2)
    walk[step + 1], _ = optimizers.sgd().step(walk[step], single[step], None, rates[step])
chapter.bind("eq-sgd-step", {"C": C, r"\theta": walk, "g": single, "I": drawn, r"\eta": rates, "k": range(3)}, rtol=1e-8)
draw = [(1 / N, {"I": {7: i}}) for i in x]
chapter.bind("eq-sg-unbiased", {"C": C, r"\theta": {7: theta}, "k": 7, "N": N}, outcomes=draw)


def missing(sample, among, drawn):
    return len(drawn) == among and sample not in drawn


words = "sample _ is not among _ draws"
never = [(1 / 4**4, {words: lambda i, n, drawn=drawn: missing(i, n, drawn)}) for drawn in product((1, 2, 3, 4), repeat=4)]
chance = binom.pmf(0, 4000, 1 / 4000)
many = [(chance, {words: lambda i, n: n == 4000}), (1 - chance, {words: lambda i, n: False})]
chapter.bind("eq-never-drawn", case({"i": 3, "N": 4, words: missing}, outcomes=never, approx=0.15),
             case({"i": 3, "N": 4000, words: missing}, outcomes=many, approx=1e-3))
chapter.bind("eq-epoch-sum", *({"C": C, r"\theta": theta, "N": N, r"\pi": lambda k, order=order: order[int(k) - 1],
                                "permutation _": lambda pi: {pi(k) for k in x} == {*x}} for order in ([3, 1, 5, 2, 4], [2, 3, 4, 5, 1])))
chapter.bind("eq-sample-line-search", {"C": C, r"\theta": theta, "x": x, "t": t, "i": range(1, N + 1)})

# ---- schedules -----------------------------------------------------------------------------------------------------
chapter.bind("eq-inverse-rate", {r"\eta": {k: schedules.inverse(3, 7)(k) for k in range(20)}, "c_0": 3, "c_1": 7, "k": range(20)})


@chapter.second_check("eq-robbins-monro", reason="no number of terms decides whether an infinite sum is finite")
def robbins_monro():
    # By the integral test Σ 1/(k+1)^a is finite exactly for a > 1; the library says so for each exponent.
    for a in (0.3, 0.5, 0.51, 0.9, 1.0, 1.01, 2.0):
        found = schedules.robbins_monro(schedules.power(1.0, 1.0, a))
        assert (found.sum_diverges, found.squares_converge) == (not a > 1, 2 * a > 1)
    k = np.arange(1.0, 10**6)
    assert (1 / k).sum() > 14 and (1 / k**2).sum() < np.pi**2 / 6  # the sums for 1/(k+1): ∞ and π²/6


# ---- a parabola that shakes ----------------------------------------------------------------------------------------
lam = 0.7


def shaken(rate, lam, start, noise):
    """The path of θ ← θ − η (λθ + ξ) for one course of the noise: {k: θ_k}."""
    path = [start]
    for k, xi in enumerate(noise):
        path.append(path[-1] - rate(k) * (lam * path[-1] + xi))
    return {r"\theta": dict(enumerate(path))}


def mean_squares(rate, lam, start, steps):
    """E θ_k² for k = 0 … steps: mean squared, and variance, each by its own recursion."""
    mean, variance, found = start, 0.0, [start**2]
    for k in range(steps):
        mean, variance = mean - rate(k) * lam * mean, (1 - rate(k) * lam)**2 * variance + rate(k)**2
        found.append(mean**2 + variance)
    return found


rates = schedules.inverse(1, 2)
chapter.bind("eq-second-moment", {r"\eta": {k: rates(k) for k in range(5)}, r"\lambda": lam, "k": 3},
             outcomes=[(1 / 16, shaken(rates, lam, 1.3, noise)) for noise in product([-1, 1], repeat=4)])
chapter.bind("eq-constant-rate-variance", {r"\eta": 0.8, r"\lambda": lam, "k": 10}, approx=1e-5,
             outcomes=[(1 / 1024, shaken(lambda k: 0.8, lam, 1.3, noise)) for noise in product([-1, 1], repeat=10)])
noise = rng.choice([-1, 1], 4000)
chapter.bind("eq-stall", {"k": 4000, r"\infty": 4000, r"\theta": {0: 1.3}}, approx=1e-3, rtol=1e-3,
             outcomes=[(0.5, shaken(schedules.power(0.5, 1, 2), 1.0, 1.3, sign * noise)) for sign in (1, -1)])


def two_values(c0, lam, k=10**5):
    """Two outcomes that have the mean square of the chain after k steps."""
    root = np.sqrt(mean_squares(schedules.inverse(c0), lam, 1.3, k)[-1])
    return [(0.5, {r"\theta": {k: sign * root}}) for sign in (1, -1)]


chapter.bind("eq-inverse-speed", *(case({"c_0": c0, r"\lambda": 0.75, "k": 10**5}, outcomes=two_values(c0, 0.75))
                                   for c0 in (1.1, 0.6)), approx=5e-3)

# ---- the proof -----------------------------------------------------------------------------------------------------
B = rng.standard_normal((3, 5))
H = B @ B.T
start, sampled, eta = rng.standard_normal((3, 1)), rng.standard_normal((3, 1)), 0.3
after, _ = optimizers.sgd().step(start, sampled, None, eta)
without_noise, _ = optimizers.sgd().step(start, H @ start, None, eta)
curvatures, directions = np.linalg.eigh(H)
beta, G, m, k = curvatures[-1], 1.7, 3, 7


def quadratic(theta):
    return (theta.T @ H @ theta)[0, 0] / 2


chapter.bind("eq-noise-term", {"C": quadratic, r"\theta": {2: start, 3: after}, "g": {2: sampled}, r"\omega": {2: after - without_noise},
                               r"\eta": {2: eta}, "k": 2})


def telescoped(direction):
    """A course whose gradients all have the length G and one direction, with Taylor's remainders added up to R."""
    course, etas, noises, R = {m: 0.4 * directions[:, -1:] + 0.2 * directions[:, :1]}, {}, {}, 0.0
    for j in range(m, k):
        g, etas[j] = (-1)**j * G * direction, 0.1 * (j + 1)
        course[j + 1] = course[j] - etas[j] * g
        noises[j] = etas[j] * (H @ course[j] - g)
        R += quadratic(course[j + 1]) - quadratic(course[j]) - (H @ course[j]).T @ (course[j + 1] - course[j])
    return {"C": quadratic, r"\theta": course, r"\eta": etas, r"\omega": noises, "R": R.item(), r"\beta": beta, "G": G, "m": m, "k": k}


# The remainder is as large as it can be along the greatest curvature.
chapter.bind("eq-sgd-telescoped", telescoped(directions[:, -1:]), telescoped(directions[:, :1]))


def least_squares(indices, m=3):
    """A course of SGD on the five samples from step m on, and what follows from it."""
    path, noise, S = {m: theta}, {}, 0.0
    for j, i in enumerate(indices, m):
        full, g = gradient(C[""], path[j]), gradient(C[i], path[j])
        noise[j] = 0.1 * (j + 1) * (full - g)
        path[j + 1] = path[j] - 0.1 * (j + 1) * g
        S += (full.T @ noise[j]).item()
    return {r"\theta": path, r"\omega": noise, "S": S}


chapter.bind("eq-martingale-variance", {"C": C, "m": 3, "k": 5}, rtol=1e-6,
             outcomes=[(1 / 25, least_squares(pair)) for pair in product(x, repeat=2)])
# Slope ¾G everywhere; g is 0 or G, the latter three times out of four: 27/256 of the bound, and no example has more.
tilt = {j: 0.2 * (j + 1) for j in (3, 4, 5)}
courses = [(np.prod([0.75 if g else 0.25 for g in gs]), {"S": sum(0.75 * G * tilt[j] * (0.75 - g) * G for j, g in zip(tilt, gs))})
           for gs in product((0, 1), repeat=3)]
bounded = {"G": G, r"\eta": tilt, "m": 3, "k": 6}
chapter.bind("eq-martingale-bound", bounded, outcomes=courses, gap=(0.894, 0.895))
Z = np.array([0.5, 0.0, 3.0, 3.0])
chapter.bind("eq-markov", *(case({r"\varepsilon": 3.0, "Z": 0.5}, outcomes=[(p, {"Z": z}) for p, z in zip((0.4, 0.2, 0.3, 0.1), values)])
                            for values in (np.array([0, 0, 3.0, 3.0]), Z)))
# Markov's inequality for S² loses as much again: the probability is at best a twelfth of the bound.
tails = {level: sum(chance for chance, each in courses if abs(each["S"]) >= level) * level**2
         for level in {0.9999 * abs(each["S"]) for _, each in courses}}
chapter.bind("eq-noise-tail", *({**bounded, r"\varepsilon": level} for level in sorted(tails, key=tails.get)[-2:]), outcomes=courses,
             gap=(0.940, 0.941))


def flat_and_round(theta):
    """Slope 0.8 in the first direction, a small curvature β in the second; of columns."""
    return 0.8 * theta[0, 0] + 0.0023 * theta[1, 0]**2 / 2


def falls(pushes, m=3):
    """A course with large noise in the second direction; that in the first one adds up to ε."""
    path, rates, S, G2 = {m: column(0.2, 0.0)}, {}, 0.0, 0.0
    for j, push in enumerate(pushes, m):
        g, rates[j] = column(0.8 - push, 53 * (-1)**j), 0.05 * (j + 1)
        path[j + 1] = path[j] - rates[j] * g
        S += (gradient(flat_and_round, path[j]).T @ (rates[j] * (gradient(flat_and_round, path[j]) - g))).item()
        G2 = max(G2, (g.T @ g).item())
    return {"C": flat_and_round, r"\theta": path, r"\eta": rates, "c": 0.8**2, r"\varepsilon": S, r"\beta": 0.0023, "G": np.sqrt(G2),
            "m": m, "k": m + len(pushes)}


chapter.bind("eq-cost-falls", falls([0.5, 0.3, 0.2]), rtol=1e-6, gap=4e-3)
# Noise of size s around a minimum, for long: nearly all that the rates allow is used.
K, rate, s, bend, lowest = 800, 0.02, 1.3, 1.1, 0.6
spread = [s * np.sqrt(value) for value in mean_squares(lambda k: rate, bend, 0.096, K)]  # E θ² of noise s, from that of noise 1
second = [(0.5, {r"\theta": {j: sign * spread[j] for j in range(K)}}) for sign in (1, -1)]
chapter.bind("eq-weighted-gradients", {
    "C": lambda theta: bend * theta**2 / 2 + lowest, r"C^*": lowest, r"\theta": {0: spread[0]}, r"\eta": np.full(K, rate),
    r"\beta": bend, "G": np.hypot(s, bend * max(spread)), "k": K}, outcomes=second, gap=(0.027, 0.028))


def noise_ratio(theta):
    """V / (1 + ‖∇C‖²)."""
    theta = np.reshape(theta, (-1, 1))
    each = np.hstack([(x[i].T @ theta - t[i]) * x[i] for i in x])
    mean = each.mean(axis=1, keepdims=True)
    return ((each - mean)**2).sum(axis=0).mean() / (1 + (mean**2).sum())


worst = max((minimize(lambda v: -noise_ratio(v), rng.standard_normal(d) * 3, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10})
             for _ in range(3)), key=lambda found: -found.fun)
chapter.bind("eq-noise-growth", *(case(
    {"C": C, r"\theta": {7: at}, "k": 7, "A": -worst.fun * (1 + 1e-6)},
    outcomes=[(1 / N, {"g": {7: gradient(C[i], at)}}) for i in x]) for at in (worst.x[:, None], theta)))

# ---- the theorem, and beyond it -------------------------------------------------------------------------------------
walker = column(2.0, -1.5)
bowl = np.diag([0.5, 1.5])
for step in range(20_000):
    walker = walker - schedules.inverse(20, 100)(step) * (bowl @ walker + 0.3 * rng.standard_normal((2, 1)))
chapter.bind("eq-sgd-convergence", {"C": lambda theta: (theta.T @ bowl @ theta)[0, 0] / 2, r"\theta": {20_000: walker}, "k": 20_000},
             approx=0.2)
chapter.bind("eq-not-lipschitz", {"C": lambda v: (v[0, 0] * v[1, 0] - 1)**2 / 2, "w": 1.7,
                                  r"\lambda_\max": lambda H: np.linalg.eigvalsh(H)[-1]}, rtol=1e-8)
# |ξ| > x has the chance x^−α: sixteen equally likely values, for rates at which this is exact.
alpha, shares = 1.5, np.array([16, 11, 9, 6, 5, 3, 2, 1]) / 16
heavy = [(1 / 16, {r"\xi": {k: (((u + 5 * k) % 16 + 0.5) / 16)**(-1 / alpha) * (-1)**u for k in range(8)}}) for u in range(16)]
chapter.bind("eq-kick-count", {r"\eta": dict(enumerate(shares**(1 / alpha))), r"\alpha": alpha, "K": 6, "k": range(8)}, outcomes=heavy)


def online(loss, target, point, feature, rate):
    """One step of SGD on a sample, by the numerical gradient of its loss."""
    return point - rate * gradient(lambda theta: loss(theta.T @ feature, np.array([[target]])).item(), point)


point, feature = rng.standard_normal((2, d, 1))
for_all = {r"\theta": point, "x": feature, r"\eta_k": 0.1}
chapter.bind("eq-online-least-squares", {**for_all, "t": 0.4, r"\theta \leftarrow": online(half_squared, 0.4, point, feature, 0.1)}, rtol=1e-8)
chapter.bind("eq-online-logistic", *({**for_all, r"\sigma": sigmoid, "y": label, r"\theta \leftarrow": online(
    binary_cross_entropy, label, point, feature, 0.1)} for label in (0, 1)), alike="y", rtol=1e-8)


# ---- numbers of the text ------------------------------------------------------------------------------------------
chapter.arithmetic("729 = 3 ** 6", "0.9 = 0.6 * 1.5", "785 = 28 * 28 + 1", "11 791 = 5842 + 5949",
                   "107 = 5.9e-3 / 5.5e-5")  # MNIST's fours and nines
chapter.computed("0.18", mean_squares(schedules.inverse(1), 0.1, 1.0, 10**6)[-1])


def ripple_slope(theta):
    """The slope of 0.05 θ² + 1 − cos θ."""
    return 0.1 * theta + np.sin(theta)


valley, ridge = brentq(ripple_slope, 5, 6), brentq(ripple_slope, 3.2, 4)
chapter.computed("5.68", valley)
chapter.computed("1.79", 0.05 * valley**2 + 1 - np.cos(valley))
chapter.computed("3.50", ridge)
chapter.given("a question", "0.01")
chapter.given("an exercise", "0.3", "0.75", "1.2")
