"""Generalisation: what the symbols of its formulas stand for. Nothing here repeats a formula."""

from itertools import product
from math import comb

import numpy as np
from scipy.optimize import minimize_scalar

from lecture_code import optimizers
from lecture_code.activations import linear, sigmoid, tanh
from lecture_code.batch_norm import batch_norm, batch_norm_backward, fresh_statistics
from lecture_code.dropout import dropout_forward, dropout_masks
from lecture_code.gradient_check import complex_step
from lecture_code.losses import half_squared
from lecture_code.network import Network, cost, unpack
from lecture_code.penalties import Penalised, l2_penalty
from typeset import Chapter, Given

chapter = Chapter()
rng = np.random.default_rng(16)

# ---- one weight, one point ---------------------------------------------------------------------------------------------
x, y, lam, eta = 1.7, -2.3, 0.43, 0.06
ridge = minimize_scalar(lambda w: (w * x - y) ** 2 + lam * w**2, bracket=(-3, 3), tol=1e-14).x
chapter.bind("eq-one-weight-penalty", {r"w_\lambda": ridge, "x": x, "y": y, r"\lambda": lam}, rtol=1e-6)
walk = {0: 0.0}
for k in range(6):
    walk[k + 1] = walk[k] - eta * complex_step(lambda w: (w * x - y) ** 2, np.array(walk[k])).item()
chapter.bind("eq-one-weight-descent", {"w": walk, "x": x, "y": y, r"\eta": eta, "k": range(3, 6)})

# ---- penalty and decay -------------------------------------------------------------------------------------------------
net = Network((4, 3, 2), (tanh, linear), half_squared)
theta = rng.normal(size=net.size)
inputs, targets = rng.normal(size=(4, 5)), rng.normal(size=(2, 5))
W, b = unpack(net, theta)


def joined(v, b=b):
    """θ of weights and the biases above."""
    return np.concatenate([*(np.ravel(v["W", l].T) for l in (1, 2)), *(np.ravel(b[l]) for l in (1, 2))])


penalised = Penalised(net, lam)
chapter.bind("eq-l2-cost", {"J": lambda t: penalised.cost_and_gradient(t[:, 0], inputs, targets).cost,
                            "C": lambda t: cost(net, t[:, 0], inputs, targets), r"\theta": theta[:, None],
                            r"\lambda": lam, "W": {1: W[1], 2: W[2]}, "L": 2}, alike="L")
chapter.bind("eq-l2-gradient", {
    "J": Given(lambda v: cost(net, joined(v), inputs, targets) + l2_penalty(joined(v), penalised.lam, net.weight_mask).cost),
    "C": Given(lambda v: cost(net, joined(v), inputs, targets)), r"\lambda": lam, "W": {1: W[1], 2: W[2]}, r"\ell": range(1, 3)})


def decay_like(mu, lam, eta=0.01, steps=4000):
    """The decay that shrinks a weight as fast as momentum does with the penalty, measured."""
    method, w = optimizers.momentum(mu), np.ones(1)
    state = method.init(w)
    for _ in range(steps):
        w, state = method.step(w, l2_penalty(w, lam).gradient, state, eta)
    return -np.log(w.item()) / (eta * steps)


chapter.bind("eq-momentum-decay", *({r"\kappa": decay_like(mu, lam), r"\lambda": lam, r"\mu": mu}
                                    for mu, lam in ((0.9, 0.003), (0.8, 0.02), (0.6, 0.07))), approx=0.02)

# ---- dropout and noise -------------------------------------------------------------------------------------------------
q = 0.3
kept = np.unique(dropout_masks(Network((2, 50, 2), (tanh, linear), half_squared), q, 50, rng)[1])[1]
chapter.bind("eq-dropout-mask", {"q": q}, outcomes=[(q, {"m": 0.0}), (1 - q, {"m": kept})], alike="m")
deep = Network((3, 5, 4, 2), (tanh, sigmoid, linear), half_squared)
theta, x0, y0 = rng.normal(size=deep.size), rng.normal(size=(3, 1)), rng.normal(size=(2, 1))
masks = dropout_masks(deep, [0.3, 0.6], 1, np.random.default_rng(2))
assert all(len(np.unique(mask)) == 2 for mask in masks[1:3])
(W, b), (z, a) = unpack(deep, theta), dropout_forward(deep, theta, x0, masks)
hidden = {r"m": {1: masks[1], 2: masks[2]}, r"\sigma": {1: tanh, 2: sigmoid}, "z": {1: z[1], 2: z[2]}, r"\ell": range(1, 3)}
chapter.bind("eq-dropout-forward", {**hidden, "a": {1: a[1], 2: a[2]}}, alike="m")


def from_z(l):
    """The loss as a function of z of layer ℓ."""
    def rest(v):
        for j in (1, 2):
            if j > l:
                v = W[j] @ v + b[j]
            if j >= l:
                v = masks[j] * (tanh, sigmoid)[j - 1](v)
        return half_squared(W[3] @ v + b[3], y0).item()
    return rest


def from_a(l):
    """The loss as a function of the masked activations of layer ℓ."""
    def rest(v):
        if l == 1:
            v = masks[2] * sigmoid(W[2] @ v + b[2])
        return half_squared(W[3] @ v + b[3], y0).item()
    return rest


chapter.bind("eq-dropout-backward", {**hidden, r"\delta": {l: complex_step(from_z(l), z[l]) for l in (1, 2)},
                                     r"\bar a": {l: complex_step(from_a(l), a[l]) for l in (1, 2)}}, alike="m")
d = 4
w, xs = rng.normal(size=d), rng.normal(size=d)


def loss_of(inputs):
    return 2 * half_squared(np.array([[w @ inputs]]), np.array([[0.7]])).item()


line = {"w": dict(enumerate(w, 1)), "x": dict(enumerate(xs, 1)), "d": d, "C_0": loss_of(xs)}
chapter.bind("eq-dropout-penalty", {**line, "q": q}, outcomes=[
    (np.prod(np.where(bits, 1 - q, q)), {"C": loss_of(np.array(bits) / (1 - q) * xs)}) for bits in product((0, 1), repeat=d)])
s = 0.6
chapter.bind("eq-noise-penalty", {**line, "s": s}, outcomes=[
    (2.0**-d, {"C": loss_of(xs + s * np.array(signs))}) for signs in product((-1, 1), repeat=d)])

# ---- batch normalisation -----------------------------------------------------------------------------------------------
M, eps, gamma, beta = 6, 0.3, 1.7, -0.4
batch, above = rng.normal(size=(1, M)) * 2 + 3, rng.normal(size=(1, M))
layer = batch_norm(batch, np.array([[gamma]]), np.array([[beta]]), fresh_statistics(1), momentum=1, eps=eps, unbiased=False)
back = batch_norm_backward(above, layer, np.array([[gamma]]))


def numbered(row):
    return dict(enumerate(row[0].tolist(), 1))


c, v = layer.running.mean.item(), layer.running.variance.item()
s = 1 / layer.inverse_deviation.item()
unit = {"M": M, "z": numbered(batch), "c": c, "v": v, "s": s, r"\text{eps}": eps, r"\gamma": gamma, r"\beta": beta,
        r"\hat z": numbered(layer.z_hat), "u": numbered(layer.output), r"\bar u": numbered(above), "i": range(1, M + 1)}
chapter.bind("eq-batch-statistics", unit)
chapter.bind("eq-batch-hat", unit)
chapter.bind("eq-batch-output", unit)
chapter.bind("eq-batch-parameters", {**unit, r"\bar\gamma": back.gamma_bar.item(), r"\bar\beta": back.beta_bar.item()})


def deviation(v):
    z = np.array([v["z", i] for i in range(1, M + 1)])
    return np.sqrt(np.mean((z - z.mean()) ** 2) + eps)


chapter.bind("eq-batch-deviation", {**unit, "s": Given(deviation)})
chapter.bind("eq-batch-backward", {**unit, r"\bar z": numbered(back.z_bar), "g": numbered(gamma * above),
                                   "p": np.mean(gamma * above), "r": np.vdot(gamma * above, layer.z_hat) / M})

# ---- search ------------------------------------------------------------------------------------------------------------
chapter.bind("eq-random-hit", {"p": 0.13, "n": 7}, outcomes=[
    (comb(7, g) * 0.13**g * 0.87 ** (7 - g), {"G": g}) for g in range(8)], alike="G")

# ---- optional sections -------------------------------------------------------------------------------------------------
A, Y, lam, eta, k = rng.normal(size=(8, 3)), rng.normal(size=8), 0.9, 0.013, 7
U, singular, Vt = np.linalg.svd(A, full_matrices=False)
fit = Vt @ np.linalg.lstsq(A, Y, rcond=None)[0]
shrunk = Vt @ np.linalg.solve(A.T @ A + lam * np.eye(3), A.T @ Y) / fit
w = np.zeros(3)
for _ in range(k):
    w = w - eta * 2 * A.T @ (A @ w - Y)
stopped = Vt @ w / fit
chapter.bind("eq-filter-penalty", *({r"\phi_\lambda": dict(zip(singular, shrunk)).__getitem__, "s": s, r"\lambda": lam} for s in singular))
chapter.bind("eq-filter-descent", *({r"\phi_k": dict(zip(singular, stopped)).__getitem__, "s": s, r"\eta": eta, "k": k} for s in singular))
tiny = 1e-4
until = sum((1 - 2 * eta * tiny**2) ** j for j in range(k)) * 2 * eta  # the filter of k steps, over s²
chapter.bind("eq-filter-match", {r"\lambda": 1 / until, r"\eta": eta, "k": k}, rtol=1e-6)

weights, columns, wanted = rng.normal(size=(3, 4)), rng.normal(size=(4, 9)), rng.normal(size=(3, 9))


def behind_the_layer(W):
    z = W @ columns
    centred = z - z.mean(axis=1, keepdims=True)
    return np.sum((np.tanh(1.3 * centred / np.sqrt((centred * centred).mean(axis=1, keepdims=True)) + 0.2) - wanted) ** 2)


chapter.bind("eq-norm-scale-free", {"C": behind_the_layer, "t": 2.6, "W": weights})
chapter.bind("eq-norm-scale-gradient", {"C": behind_the_layer, "t": 2.6, "W": weights}, by="W")
A, Y = rng.normal(size=(4, 7)), rng.normal(size=(4, 2))
chapter.bind("eq-shortest-fit", {"w": np.linalg.lstsq(A, Y, rcond=None)[0], "A": A, "Y": Y})

# ---- numbers of the text -----------------------------------------------------------------------------------------------
chapter.arithmetic("79 510 = 785 * 100 + 101 * 10", "10 000 = 60000 - 50000", "8000 = 10000 - 2000", "0.06 = 2 * 0.003 / (1 - 0.9)",
                   "0.2 = 89.5 - 89.3", "102 = 5 * 20 + 2", "502 = 5 * 100 + 2", "0.35 = 1.4 / 4", "0.25 = 1 / 4")
chapter.given("the share of training images that the network of the chapter on deep networks gets right", "99.97 %")
chapter.given("the share of test images that this network gets right", "98.2 %")
chapter.given("a choice of this run", "1000")
chapter.given("an example", "300")
