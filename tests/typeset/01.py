"""Supervised learning: what the symbols of its formulas stand for. Nothing here repeats a formula."""

import numpy as np
from scipy.integrate import quad

from typeset import Chapter, Interval, case

chapter = Chapter()
rng = np.random.default_rng(11)

# ---- data and what is minimised ---------------------------------------------------------------------------------
answers = {1: 2.5, 2: -1.5, 3: 7.3, 4: 4.6}
inputs = {1: 0.4, 2: -0.7, 3: 1.3, 4: 0.9}


@chapter.second_check("eq-data-model", reason="X and Y are random: it says what is assumed, and has nothing to compute")
def data_model():
    noise = rng.standard_normal(200_000)
    for x in (-0.7, 0.4):
        assert abs(np.mean(np.sin(4 * x) + 0.3 * noise) - np.sin(4 * x)) < 0.005


def squared(z, y):
    return (z - y) ** 2


line = {"x": inputs, "y": answers, "f": lambda x, theta: theta * x, r"\rho": squared, "N": 4, "i": range(1, 5)}
best = sum(inputs[i] * answers[i] for i in inputs) / sum(inputs[i] ** 2 for i in inputs)
chapter.bind("eq-estimator", {**line, r"\hat \theta": best, r"\theta": Interval(-9.0, 9.0)})
chapter.bind("eq-squares-around-mean", {"y": answers, r"\bar y": np.mean(list(answers.values())), r"\theta": 3.3, "N": 4,
                                        "i": range(1, 5)})
chapter.bind("eq-absolute-argmin", *({r"\theta": theta} for theta in (1.4, 2.2, 3.7, -0.6, 0.5, 1.0, 3.0)), alike=r"\theta")

# ---- too small and too large ------------------------------------------------------------------------------------
d = 3
Theta, x = rng.standard_normal((d, d)), rng.standard_normal((d, 1))
chapter.bind("eq-quadratic-model", {r"\Theta": Theta, "x": x, "d": d}, first=1, alike=r"\Theta")
chapter.bind("eq-identifiable", {"d": 7}, {"d": 10})
chapter.bind("eq-parabolas-through-point", {"x": {1: 0.6}, "y": {1: 1.7}, "a": -2.3, "b": 0.9, "c": 1.7 - np.polyval([-2.3, 0.9, 0.0], 0.6)})

# ---- classes, likelihood ----------------------------------------------------------------------------------------
K, N = 3, 5
P = rng.dirichlet(np.ones(K), N)                     # one sample a row
on_edge = np.array([[0.62], [0.38], [0.0]])
chapter.bind("eq-simplex", {"p": on_edge, "K": K, "k": range(K)}, {"p": P[2][:, None], "K": K, "k": range(K)}, alike="p")


def classes(x, theta):
    return np.exp(theta * x) / np.exp(theta * x).sum()


scores = np.array([[0.4], [-1.3], [0.9]])
chapter.bind("eq-class-prediction", {r"\hat y": 2, "f": classes, "x": scores, r"\theta": 0.7, "k": range(K)})
places, labels = {i: rng.standard_normal((K, 1)) for i in range(1, N + 1)}, {1: 2, 2: 0, 3: 1, 4: 1, 5: 2}


def likelihood(theta):
    return np.prod([classes(places[i], theta)[labels[i], 0] for i in places])


observed = {"f": classes, "x": places, "y": labels, r"\theta": 0.7, "N": N, "i": range(1, N + 1)}
chapter.bind("eq-likelihood", {**observed, "L": likelihood}, alike="y")
chapter.bind("eq-nll", {**observed, "L": likelihood}, alike="y")

# ---- the sample and the population ------------------------------------------------------------------------------
cases = [(0.2, 0.4, 1.7), (0.5, -0.6, 0.3), (0.3, 1.4, 2.2)]          # chance, x, y
outcomes = [(chance, {"X": x, "Y": y}) for chance, x, y in cases]


def mean_loss(theta):
    return sum(chance * squared(theta * x, y) for chance, x, y in cases)


population = {"f": lambda x, theta: theta * x, r"\rho": squared, r"\theta": 0.7, "C": mean_loss}
chapter.bind("eq-population", population, outcomes=outcomes)
chapter.bind("eq-empirical", {**line, r"\theta": 0.7, r"\hat C": lambda theta: np.mean(
    [squared(theta * inputs[i], answers[i]) for i in inputs])})
# Two samples, drawn independently: every pair of cases, with the product of their chances.
pairs = [(p * q, {r"\hat C": lambda theta, m=np.mean([squared(0.7 * x, y), squared(0.7 * u, v)]): m,
                  r"\rho": squared(0.7 * x, y)}) for p, x, y in cases for q, u, v in cases]
chapter.bind("eq-gap-variance", {"C": mean_loss, r"\hat C": mean_loss, r"\theta": 0.7, "N": 2}, outcomes=pairs, alike="N")


def least_squares(N, P, s, repeats):
    """Yield the outcomes of as many fits to answers that are noise: then the truth is 0."""
    for _ in range(repeats):
        X, noise = rng.standard_normal((N, P)), s * rng.standard_normal((N, 1))
        theta = np.linalg.lstsq(X, noise, rcond=None)[0]
        yield 1 / repeats, {r"\hat \theta": theta, r"\hat C": lambda t, X=X, y=noise: np.mean((X @ t - y) ** 2)}


chapter.bind("eq-fitted-gap", {"P": 6, "s": 1.7, "N": 400, r"\hat C": abs, "C": lambda theta: 1.7**2 + np.sum(theta**2)},
             outcomes=list(least_squares(400, 6, 1.7, 2000)), approx=0.04)
chapter.bind("eq-best-error", {"R^*": quad(lambda x: 1 / (1 + np.exp(3 * x)), 0, 1)[0]})


def reports(*rows):
    return [(chance, {"A": {1: first, 2: second}}) for chance, first, second in rows]


unequal = reports((0.5, 0.83, 0.61), (0.3, 0.42, 0.77), (0.2, 0.9, 0.36))
one_always_best = reports((0.4, 0.83, 0.61), (0.6, 0.72, 0.27))
chapter.bind("eq-best-of-many", case({"j": range(1, 3)}, outcomes=unequal), case({"j": range(1, 3)}, outcomes=one_always_best))

# ---- numbers of the text ----------------------------------------------------------------------------------------
chapter.arithmetic("1.5 = (1 + 2) / 2", "30.25 = (3.5 + 2) ** 2", "5.5 = 3.5 + 2", "23.52 = 0.98 * 24", "60 000 = 50000 + 10000", "784 = 28 * 28", "793 = 784 + 9", "0.09 = 0.3 ** 2")
chapter.computed("526", -60_000 * np.log10(0.98))
chapter.given("million photographs, and the error of the next best entry: krizhevsky2012", "1.2", "16.4 %", "26.2 %")
