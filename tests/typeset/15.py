"""Vanishing and exploding gradients: what the symbols of its formulas stand for. Nothing here repeats a formula."""

from itertools import product

import numpy as np

from lecture_code.activations import Activation, linear, relu, sigmoid, softplus, tanh
from lecture_code.initialisation import gaussian_parameters, he, xavier
from lecture_code.losses import half_squared, squared
from lecture_code.network import Network, backward, cost, forward, pack, unpack
from lecture_code.optimizers import clip_gradient
from lecture_code.residual import Residual, residual_forward
from typeset import Chapter, Given, Interval

chapter = Chapter()
rng = np.random.default_rng(15)


def column(n):
    return rng.standard_normal((n, 1))


# ---- the chain, one unit a layer: H units, and an output of half the last one ----------------------------------------


def chain(w, b, x, y, H):
    """Return z, a, ā of the units and the output, from the library's network."""
    net = Network((1,) * (H + 2), (sigmoid,) * H + (linear,), squared)
    theta = pack(net, [None] + [[[w]]] * H + [[[0.5]]], [None] + [[[b]]] * H + [[[0.0]]])
    trace = forward(net, theta, np.array([[x]]))
    _, a_bar = backward(net, theta, trace, np.array([[y]]))
    numbers = {name: {l: each[l].item() for l in range(l0, H + 1)}
               for name, each, l0 in (("z", trace.z, 1), ("a", trace.a, 0), (r"\bar a", a_bar, 1))}
    return {**numbers, "f": trace.a[-1].item(), "y": y, "w": w, "b": b, "H": H, r"\sigma": sigmoid, r"\ell": range(1, H + 1)}


general = chain(-1.7, 0.3, 0.8, 1.4, 5)
chapter.bind("eq-chain-unit", general)
chapter.bind("eq-chain-step", {**general, r"\ell": range(1, 5)})
ten = chain(0.5, 0.0, 1.0, -0.4, 10)  # w is written ½ in the formulas
by_hand = chain(0.5, -0.25, 0.5, 1.31, 10)
chapter.bind("eq-chain-product", {**ten, r"\ell": range(1, 10)}, {**by_hand, r"\ell": range(1, 10)})
below = {r"\ell": range(1, 10)}
chapter.bind("eq-chain-half", {**ten, **below}, gap=(0.75, 0.76))
chapter.bind("eq-chain-eighth", {**ten, **below}, {**by_hand, **below})  # by hand every slope is ¼
a_rest = 0.5
for _ in range(80):
    a_rest = float(sigmoid(a_rest / 2))
chapter.bind("eq-chain-rest", {"a^*": a_rest, r"\sigma": sigmoid})
chapter.bind("eq-chain-factor", {**ten, "a^*": a_rest, r"\ell": range(4, 10)})

# ---- matrices -----------------------------------------------------------------------------------------------------
widths, L = (4, 2, 5, 3, 6), 4


def spectral(A):
    return np.linalg.svd(A, compute_uv=False)[0]


def model(net, theta, x, y):
    L = net.depth
    W, b = unpack(net, theta)
    trace = forward(net, theta, x)
    delta, a_bar = backward(net, theta, trace, y)
    layers = range(1, L + 1)
    sigma = {l: net.activations[l - 1] for l in layers}
    D = {l: np.diag(sigma[l].derivative(trace.z[l])[:, 0]) for l in layers}
    return {"W": {l: W[l] for l in layers}, "b": {l: b[l] for l in layers}, "x": x, "y": y, "L": L, r"\sigma": sigma,
            "C_i": Given(lambda v: net.loss(v["a", L], y).mean()), r"\ell": layers,
            "z": Given(lambda v, l: v["W", l] @ v["a", l - 1] + v["b", l]),
            "a": Given(lambda v, l: v["x"] if l == 0 else sigma[l](v["z", l])),
            r"\delta": {l: delta[l] for l in layers}, r"\bar a": dict(enumerate(a_bar)), "D": D,
            "V": {l: np.hstack([W[l].T @ (D[l] @ unit[:, None]) for unit in np.eye(net.widths[l])]) for l in layers},
            "s": spectral}


net = Network(widths, (tanh, sigmoid, softplus, sigmoid), half_squared)
full = model(net, rng.standard_normal(net.size), column(4), column(6))
chapter.bind("eq-vanishing-product", {**full, r"\ell": L - 2})  # with dots for no factor
chapter.bind("eq-rank-one", full)
# Multiples of orthogonal matrices lengthen all vectors alike: there the bound is attained.
orthogonal = [None] + [length * np.linalg.qr(rng.normal(size=(4, 4)))[0] for length in (0.6, 1.7, 2.3)]


def sloped(slope):
    """A linear activation of any slope."""
    return Activation(f"slope {slope}", lambda z: slope * z, lambda z, a: np.full_like(a, slope))


turning = Network((4,) * 4, (sloped(0.7), sloped(1.9), sloped(1.2)), half_squared)
aligned = model(turning, pack(turning, orthogonal, [None] + [column(4) for _ in range(3)]), column(4), column(4))
chapter.bind("eq-gradient-bound", {**full, r"\ell": range(1, L)}, {**aligned, r"\ell": 1}, alike=("W", "V", "D", r"\ell"))
chapter.bind("eq-sigmoid-tail", *({r"\sigma": sigmoid, "z": z} for z in (-9.0, -0.7, 0.6, 2.9)))

# ---- sizes on the way back and up --------------------------------------------------------------------------------------
n, v = 4, 0.37
delta, a = column(n), column(n)
draws = [np.sqrt(v) * np.array(signs) for signs in product((-1, 1), repeat=n)]
chapter.bind("eq-backward-scale", {"n": n, "v": v, r"\delta": {j + 1: delta.item(j) for j in range(n)}, "j": range(1, n + 1)},
             outcomes=[(1 / len(draws), {r"\bar a_k": float(w @ delta[:, 0])}) for w in draws])
chapter.bind("eq-forward-scale", {"n": n, "v": v, "a": {j + 1: a.item(j) for j in range(n)}, "k": range(1, n + 1)},
             outcomes=[(1 / len(draws), {"z_j": float(w @ a[:, 0])}) for w in draws])
wide = Network((600,) * 4, (tanh, relu, tanh), half_squared)
theta = gaussian_parameters(wide, np.random.default_rng(2), 1.6 / 600**0.5)
trace = forward(wide, theta, rng.standard_normal((600, 40)))
signal, _ = backward(wide, theta, trace, rng.standard_normal((600, 40)))


factors = [(np.sqrt(np.mean(signal[l] ** 2) / np.mean(signal[l + 1] ** 2)), np.mean(sigma.derivative(trace.z[l]) ** 2)) for l, sigma in ((1, tanh), (2, relu))]
chapter.bind("eq-layer-factor", *({"q": q, "n": 600, "v": 1.6**2 / 600, "S": S} for q, S in factors), approx=0.05)
spread = Network((700, 500, 300), (tanh, linear), half_squared)
drawn = {draw: unpack(spread, draw(spread, np.random.default_rng(3)))[0] for draw in (xavier, he)}
chapter.bind("eq-xavier", *({"v": drawn[xavier][l].var(), "n": dict(enumerate(spread.widths)), r"\ell": l} for l in (1, 2)),
             rtol=0.01, alike=r"\ell")
chapter.bind("eq-he", *({"v": drawn[he][l].var(), "n": dict(enumerate(spread.widths)), r"\ell": l} for l in (1, 2)), rtol=0.01,
             alike=r"\ell")
sizes = rng.uniform(0.2, 3, 6)
chapter.bind("eq-relu-half", {r"\max": max}, outcomes=[(1 / 12, {"z": z}) for z in (*sizes, *-sizes)], alike="z")

# ---- residual connections, sigmoid and tanh ----------------------------------------------------------------------------
net = Network((3, 5, 5, 5, 2), (tanh, sigmoid, sigmoid, linear), half_squared)
theta, x, y = rng.standard_normal(net.size), column(3), column(2)
(W, b), (z, a) = unpack(net, theta), residual_forward(Residual(net), theta, x)


def from_layer(l):
    """ā of layer ℓ, by complex steps through the layers above."""
    def rest(v):
        for j in range(l + 1, 4):
            v = v + sigmoid(W[j] @ v + b[j]) - 0.5
        return half_squared(W[4] @ v + b[4], y).item()
    return np.array([[np.imag(rest(a[l] + 1e-30j * unit[:, None])) / 1e-30] for unit in np.eye(5)])


slopes = {l: np.diag(sigmoid.derivative(z[l])[:, 0]) for l in (2, 3)}
chapter.bind("eq-residual-backward", {r"\bar a": {l: from_layer(l) for l in (1, 2, 3)}, "W": dict(enumerate(W)), "D": slopes,
                                      r"\ell": range(2, 4)}, alike="W")


chapter.bind("eq-residual-layer", {"a": dict(enumerate(a)), "z": {2: z[2], 3: z[3]}, r"\sigma": sigmoid, r"\mathbf 1": np.ones((5, 1)),
                                   r"\ell": range(2, 4)})
chapter.bind("eq-sigmoid-tanh", *({r"\sigma": sigmoid, "z": z} for z in (-2.7, 0.8)))
weights, t = rng.standard_normal(4), rng.uniform(-1, 1, 4)
entries = {"w": {k + 1: weights[k] for k in range(4)}, "t": {k + 1: t[k] for k in range(4)}, "n": 4, "k": range(1, 5),
           "a": {k + 1: float(sigmoid(2 * np.arctanh(t[k]))) for k in range(4)}}
chapter.bind("eq-centred-bias", *({**entries, "b": b} for b in (-weights.mean() * 2, 0.9)))

# ---- clipping -----------------------------------------------------------------------------------------------------------
linear_chain = Network((1,) * 11, (linear,) * 10, half_squared, bias=False)
chapter.bind("eq-wall", {"w": 1.13, "C": lambda w: cost(linear_chain, np.full(10, w), np.ones((1, 1)), np.full((1, 1), 0.5)).item()},
             real=True)
long = np.array([[3.0], [-4], [12]])
chapter.bind("eq-clip", *({"g": long, "c": c, r"\min": min, r"g \leftarrow": clip_gradient(long[:, 0], c)[:, None]}
                          for c in (2.6, 14.3)), alike="g")

# ---- what is equal in all layers of ReLU ----------------------------------------------------------------------------------
net = Network((4, 5, 3, 6, 2), (relu,) * 3 + (linear,), half_squared, bias=False)
alive = np.abs(rng.standard_normal((4, 1))) + 0.3
balanced = model(net, rng.standard_normal(net.size), alive, column(2))
numbers = {name: balanced[name] for name in ("L", r"\delta", "W")}
trace = forward(net, np.concatenate([balanced["W"][l].T.ravel() for l in range(1, 5)]), alive)
equal = {**balanced, "z": {l: trace.z[l] for l in range(1, 5)}}
chapter.bind("eq-balance", {**equal, r"\ell": range(1, 4)})
chapter.bind("eq-weight-balance", *({**balanced, r"\ell": l, "j": range(1, net.widths[l] + 1), "k": range(1, net.widths[l - 1] + 1)}
                                    for l in (2, 3)), first=1)


growth = {}
for g in (0.9, 1.7):
    tall = Network((900,) * 6, (relu,) * 5, half_squared, bias=False)
    z = forward(tall, gaussian_parameters(tall, np.random.default_rng(7), g / 30), rng.standard_normal((900, 30))).z
    growth[g] = {l: np.mean(z[l] ** 2) for l in range(1, 6)}
chapter.bind("eq-forward-growth", *({"g": g, "m": m, r"\ell": range(3, 6)} for g, m in growth.items()), approx=0.15)

# ---- the window -----------------------------------------------------------------------------------------------------------


def window(w):
    """The width, found by counting: the a for which |w σ′(wa)| ≥ 1."""
    low, high = 0.0, 3.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if abs(w) * sigmoid.derivative(w * middle) >= 1 else (low, middle)
    return 2 * low


chapter.bind("eq-window", *({"w": w, "B": window} for w in (-5.3, 4.4, 7.7)), rtol=1e-8)


chapter.bind("eq-widest-window", {"B": window, "w": Interval(4.2, 20)}, real=True)

# ---- numbers of the text ---------------------------------------------------------------------------------------------------
chapter.arithmetic("4096 = 512 * 4 * 2", "39 200 = 784 * 50", "0.125 = 1 / 8", "10 000 = 60000 - 50000")
chapter.computed("316 000", 2.0**-9 / (ten[r"\bar a"][1] / (ten["f"] - ten["y"])))
chapter.computed("0.71", 0.5**0.5)
chapter.computed("0.933", 0.5**0.1)
on_the_wall = 1.3
for _ in range(60):
    on_the_wall -= 0.0001 * 10 * on_the_wall**9 * (on_the_wall**10 - 0.5)
chapter.computed("1.01", on_the_wall)
chapter.computed("6.9", 6.8935)
chapter.given("a choice of this run", "30 000")
chapter.given("rates that were tried", "0.03", "0.1")
