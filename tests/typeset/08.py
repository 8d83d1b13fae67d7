"""Optimizers: what the symbols of their formulas stand for. Nothing here repeats a formula: steps are the library's.
Arrays of one axis are entrywise, as the chapter has them."""

from itertools import product

import numpy as np
from scipy.integrate import quad
from scipy.optimize import minimize

from lecture_code import optimizers
from lecture_code.penalties import l2_penalty
from typeset import Chapter

chapter = Chapter()
rng = np.random.default_rng(8)
theta, g, v = rng.standard_normal((3, 4))
eta = 0.1


def run(optimizer, gradients, start, eta=eta):
    """The iterates under these gradients, {k: θ_k}, and the states."""
    path, states = {0: start}, [optimizer.init(start)]
    for k, g in enumerate(gradients):
        path[k + 1], state = optimizer.step(path[k], g, states[-1], eta)
        states.append(state)
    return path, states


def column(v):
    return np.reshape(v, (-1, 1))


# ---- the objective: penalty and total are the integrals of the gradients that the library steps along -------------------
A, b = rng.standard_normal((5, 4)), rng.standard_normal(5)
C = {i: (lambda theta, i=i: (A[i - 1] @ theta[:, 0] - b[i - 1])**2) for i in range(1, 6)}


def integrated(gradient):
    """θ ↦ the integral of a gradient from 0 to θ."""
    def value(theta):
        def slope(s):
            point = s * theta[:, 0]
            penalised = gradient(point) + l2_penalty(point, 0.3).gradient
            return (point - optimizers.sgd().step(point, penalised, None, 1.0)[0]) @ theta[:, 0]
        return quad(slope, 0, 1, epsabs=1e-13)[0]
    return value


cost = integrated(lambda theta: 2 * A.T @ (A @ theta - b) / 5)
chapter.bind("eq-regularised-objective", {
    "J": lambda theta: cost(theta) + (b @ b) / 5, r"\Omega": integrated(np.zeros_like), "C": C, r"\theta": column(theta),
    "N": 5, "w": 0.6})

# ---- momentum ------------------------------------------------------------------------------------------------------
mu = 0.8
moved, velocity = optimizers.momentum(mu).step(theta, g, v, eta)
chapter.bind("eq-momentum", {r"\theta": theta, "g": g, "v": v, r"\mu": mu, r"\eta": eta, r"\theta \leftarrow": moved,
                             r"v \leftarrow": velocity})
G = rng.standard_normal((6, 4))
_, velocities = run(optimizers.momentum(mu), G, theta)
chapter.bind("eq-velocity-sum", {"v": {6: velocities[6]}, r"\eta": eta, r"\mu": mu, "k": 6, "g": dict(enumerate(G, 1))})
_, velocities = run(optimizers.momentum(mu), [g] * 200, theta)
chapter.bind("eq-terminal-velocity", {r"v_\infty": velocities[-1], r"\eta": eta, r"\mu": mu, "g": g})


def direction(noise, mu):
    """The mean that momentum follows: its velocity, as a share of the terminal one under a constant gradient."""
    _, velocities = run(optimizers.momentum(mu), noise, 0.0)
    _, terminal = run(optimizers.momentum(mu), [1.0] * 100, 0.0)
    return velocities[-1] / terminal[-1]


chapter.bind("eq-average-variance", {r"\mu": 0.4, r"\tau": 1.3, r"\infty": 40}, rtol=1e-6,
             outcomes=[(1 / 1024, {r"\bar g": direction(1.3 * np.array(signs), 0.4)}) for signs in product([-1.0, 1.0], repeat=10)])
lam = 0.7
path = {0: 1.3}
speed = optimizers.momentum(mu).init(1.3)
for k in range(8):
    path[k + 1], speed = optimizers.momentum(mu).step(path[k], lam * path[k], speed, eta)
chapter.bind("eq-momentum-recursion", {r"\theta": path, r"\mu": mu, r"\eta": eta, r"\lambda": lam, "k": range(2, 8)})


def iteration(eta, mu, lam):
    """The matrix of one step on λθ²/2, acting on (θ, v)."""
    return np.transpose([optimizers.momentum(mu).step(t, lam * t, v, eta) for t, v in ((1.0, 0.0), (0.0, 1.0))])


def factor(eta, mu, *lams):
    return max(np.abs(np.linalg.eigvals(iteration(eta, mu, lam))).max() for lam in lams)


def border(inside, low, high):
    """Where a condition on η that holds at `low` ceases to hold."""
    for _ in range(60):
        low, high = ((low + high) / 2, high) if inside((low + high) / 2) else (low, (low + high) / 2)
    return low


base = {r"\mu": mu, r"\lambda": lam}
chapter.bind("eq-momentum-roots", *({**base, r"\eta": rate, "z": z} for rate in (1e-3, 0.6)
                                    for z in np.linalg.eigvals(iteration(rate, mu, lam))))


def best_factor(eta):
    return factor(eta, mu, lam) < np.sqrt(mu) + 1e-7


ends = [border(best_factor, 1.0, far) for far in (1e-6, 9.0)]
chapter.bind("eq-momentum-window", *({**base, r"\eta": rate} for rate in (ends[0] * 1.00001, 1.1, ends[1] * 0.99999)))
chapter.bind("eq-momentum-stable", {**base, r"\eta": 0.9995 * border(lambda rate: factor(rate, mu, lam) < 1, 1.0, 9.0)})
m, beta = 0.6, 5.3
found = minimize(lambda at: factor(at[0], at[1], m, beta), [0.3, 0.2], method="Nelder-Mead",
                 options={"xatol": 1e-12, "fatol": 1e-12, "maxiter": 4000})
chapter.bind("eq-momentum-best", {r"\mu^*": found.x[1], r"\eta^*": found.x[0], r"\kappa": beta / m, r"\beta": beta}, rtol=1e-4)


def settled(eta, mu, lam, s):
    """The variance of θ under noise of size s, from the covariance of (θ, v) after many steps."""
    step, covariance = iteration(eta, mu, lam), np.zeros((2, 2))
    kick = np.reshape(optimizers.momentum(mu).step(0.0, s, 0.0, eta), (2, 1))
    for _ in range(6000):
        covariance = step @ covariance @ step.T + kick @ kick.T
    return covariance[0, 0]


floor = {**base, r"\eta": 0.01, r"\tau": 1.3}
chapter.bind("eq-momentum-floor", floor, approx=3e-3,
             outcomes=[(0.5, {r"\theta": sign * np.sqrt(settled(0.01, mu, lam, 1.3))}) for sign in (1, -1)])

# ---- Nesterov's ------------------------------------------------------------------------------------------------------
B = rng.standard_normal((4, 6))
H = B @ B.T


def quadratic(theta):
    return (theta.T @ H @ theta)[0, 0] / 2


ahead = optimizers.nesterov(mu, iterate="theta")
moved, velocity = ahead.step(theta, H @ ahead.point(theta, v), v, eta)
chapter.bind("eq-nesterov", {"C": quadratic, r"\theta": column(theta), "v": column(v), r"\mu": mu, r"\eta": eta,
                             r"\theta \leftarrow": column(moved), r"v \leftarrow": column(velocity)})
moved, velocity = optimizers.nesterov(mu).step(theta, g, v, eta)
chapter.bind("eq-nesterov-ahead", {r"\varphi": theta, "g": g, "v": v, r"\mu": mu, r"\eta": eta, r"\varphi \leftarrow": moved,
                                   r"v \leftarrow": velocity})
n, k, lowest = 60, 20, 0.6  # the chain: a quadratic that resists every method for n steps
chain = 0.7 * (2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1))
begin = rng.standard_normal(n)
minimiser = begin + np.linalg.solve(chain, np.eye(n)[0])
bend = np.linalg.eigvalsh(chain)[-1]
point, state = begin, np.zeros(n)
for j in range(1, k + 1):
    step = optimizers.nesterov((j - 1) / (j + 2), iterate="theta")
    point, state = step.step(point, chain @ (step.point(point, state) - minimiser), state, 1 / bend)
chapter.bind("eq-nesterov-rate", {
    "C": lambda theta: (theta[:, 0] - minimiser) @ chain @ (theta[:, 0] - minimiser) / 2 + lowest, r"C^*": lowest, r"\beta": bend,
    r"\theta": {0: column(begin), k: column(point)}, r"\theta^*": column(minimiser), "k": k}, gap=(0.893, 0.895))

# ---- a rate for each parameter --------------------------------------------------------------------------------------
r, s, eps, rho = rng.uniform(0.5, 2, 4), rng.uniform(0.5, 2, 4), 0.03, 0.9
entrywise = {r"\theta": theta, "g": g, "r": r, r"\eta": eta, "eps": eps, r"\rho": rho}
moved, state = optimizers.adagrad(eps).step(theta, g, r, eta)
chapter.bind("eq-adagrad", {**entrywise, r"r \leftarrow": state, r"\theta \leftarrow": moved})


def last_step(optimizer):
    def step(*gradients):
        path, _ = run(optimizer, [g[:, 0] for g in gradients], np.zeros(4))
        return column(path[len(gradients)] - path[len(gradients) - 1])
    return step


scaled = {"D": np.diag([1e-3, 0.1, 10, 1e3]), "g": {1: column(g), 2: column(v)}, "k": 2}
chapter.bind("eq-scale-free", *({**scaled, r"\operatorname{step}": last_step(optimizer)} for optimizer in (
    optimizers.adagrad(1e-12), optimizers.rmsprop(eps=1e-12), optimizers.adam(eps=1e-12))), rtol=1e-6)


def constant_slope(optimizer):
    return {r"\theta": run(optimizer, [2.3] * 9, 0.4)[0], r"\eta": eta, r"\rho": rho, "k": range(2, 9)}


chapter.bind("eq-adagrad-decay", constant_slope(optimizers.adagrad(1e-15)))
moved, state = optimizers.rmsprop(rho, eps).step(theta, g, r, eta)
chapter.bind("eq-rmsprop", {**entrywise, r"r \leftarrow": state, r"\theta \leftarrow": moved})
chapter.bind("eq-rmsprop-start", constant_slope(optimizers.rmsprop(rho, 1e-15)))
moved, state = optimizers.adadelta(rho, eps).step(theta, g, optimizers.AdadeltaState(r, s), eta)
chapter.bind("eq-adadelta", {**entrywise, "s": s, "r": state.r, "u": (theta - moved) / eta, r"s \leftarrow": state.s,
                             r"\theta \leftarrow": moved})

# ---- Adam and its relatives ------------------------------------------------------------------------------------------
beta1, beta2, k = 0.85, 0.95, 6
adam = optimizers.adam(beta1, beta2, eps)
path, states = run(adam, G, theta)


def average(values, beta):
    """The weighted mean in which a value seen i steps ago counts β^i."""
    return np.average(values, axis=0, weights=beta ** np.arange(len(values))[::-1])


before, after = states[k - 1], states[k]
corrected = {r"\hat m": average(G, beta1), r"\hat v": average(G**2, beta2), r"\beta_1": beta1, r"\beta_2": beta2, "k": k,
             r"\eta": eta, "eps": eps}
chapter.bind("eq-adam-averages", {**corrected, "g": G[k - 1], "m": before.m, "v": before.v, r"m \leftarrow": after.m,
                                  r"v \leftarrow": after.v})
gradients = [(chances, values) for chances, values in
             zip(product([0.3, 0.7], repeat=5), product([-1.6, 0.9], repeat=5))]
chapter.bind("eq-adam-bias", {r"\beta_1": beta1, "k": 5}, outcomes=[
    (np.prod(chances), {"g": values[0], "m": {5: run(adam, values, 0.0)[1][5].m}}) for chances, values in gradients])
chapter.bind("eq-adam-correction", {**corrected, "m": after.m, "v": after.v})
chapter.bind("eq-adam", {**corrected, r"\theta": path[k - 1], r"\theta \leftarrow": path[k]})


def first_step(place, slope=-0.3):
    return abs(run(optimizers.adam(beta1, beta2, eps, place), [slope], 0.0)[0][1])


tiny = {r"\eta": eta, "g": -0.3, "eps": eps, r"\beta_2": beta2}
chapter.bind("eq-stabiliser-outside", {**tiny, r"\Delta_{\text{outside}}": first_step("outside")})
chapter.bind("eq-stabiliser-inside", {**tiny, r"\Delta_{\text{inside}}": first_step("inside")})
chapter.bind("eq-stabiliser-unscaled", {**tiny, r"\Delta_{\text{unscaled}}": first_step("unscaled")})
psi = 0.3
path, states = run(optimizers.nadam(beta1, beta2, eps, psi=psi), np.vstack([G, G]), theta)
shares = {j: states[j].product / states[j - 1].product for j in range(1, 9)}
chapter.bind("eq-nadam-schedule", {r"\mu": shares, r"\beta_1": beta1, r"\psi": psi, "k": range(2, 9)})
root = eps + np.sqrt(average(G**2, beta2))
chapter.bind("eq-nadam", {**corrected, r"\mu": shares, "m": states[k].m, "g": G[k - 1], r"\hat m": (path[k - 1] - path[k]) * root / eta,
                          r"\theta": path[k - 1], r"\theta \leftarrow": path[k]})
chapter.bind("eq-l2-is-decay", {r"\theta": theta, "g": g, r"\eta": eta, "w": 0.4})


decayed = run(optimizers.adamw(0.4, beta1, beta2, eps), G, theta)[0]
chapter.bind("eq-adamw", {**corrected, "w": 0.4, r"\theta": decayed[k - 1], r"\theta \leftarrow": decayed[k]})

# ---- numbers of the text ------------------------------------------------------------------------------------------
chapter.arithmetic("0.99 = 1 - 1 / 100", "100 = 1 / (1 - 0.99)", "0.995 = sqrt(0.99)", "3.16 = 1 / sqrt(1 - 0.9)",
                   "1.1\\cdot10^{-6} = 1e-6 + 1e-7")


def keras_step(place):
    """The first step of Adam with gradients of 1e-6 and eps = 1e-7."""
    return abs(run(optimizers.adam(eps=1e-7, stabiliser=place), [1e-6], 0.0, 1e-3)[0][1])


chapter.computed("290", keras_step("outside") / keras_step("inside"))
chapter.given("Adam's usual value", "0.999")
chapter.arithmetic("145 = 175 - 30", "7.3 = (0.1 / (1 - 0.9 / 1.11)) / sqrt(0.001 / (1 - 0.999 / 1.11**2))")
chapter.arithmetic("14.2 = 1.5 ** 2 + 2.25 ** 2 + 2.625 ** 2", "0.7225 = 1 - 0.01 * 27.75", "0.77 = (1 - sqrt(0.015)) ** 2",
                   "0.71 = 1 / sqrt(2)", "3.2 = 0.1 / sqrt(0.001)", "1.56 = 1 + 10 ** -0.25", "0.37 = exp(-0.1 * 0.005 * 2000)",
                   "25 450 = 784 * 32 + 32 + 32 * 10 + 10", "10 000 = 60000 - 50000", "0.1 = 1 - 0.9")
chapter.arithmetic("0.18 = 0.9 * 0.1 + 0.1 * 0.9", "0.729 = 0.9 ** 3")
chapter.given("a rate in the code that draws", "0.015")
