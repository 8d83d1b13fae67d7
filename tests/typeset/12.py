"""Backpropagation: what the symbols of its formulas stand for. Nothing here repeats a formula, except that the
forward pass is written down once, in `model`, so that everything may be derived by everything."""

import numpy as np

from lecture_code.activations import linear, sigmoid, softplus, tanh
from lecture_code.losses import half_squared, softmax_cross_entropy
from lecture_code.network import Network, backward, cost, forward, output_jacobian, pack, unpack
from lecture_code.numerics import one_hot, softmax
from typeset import Chapter, Given, Interval

chapter = Chapter()
rng = np.random.default_rng(12)
L, widths = 6, (4, 2, 5, 3, 9, 8, 7)


def model(loss, last, M=1):
    """Six layers of different widths and activations on M samples: the symbols, and the library's error signals."""
    net = Network(widths, (tanh, sigmoid, softplus, sigmoid, tanh, last), loss)
    theta, x = rng.standard_normal(net.size), rng.standard_normal((4, M))
    y = softmax(rng.standard_normal((7, M))) if loss is half_squared else np.eye(7)[:, [2] * M]
    W, b = unpack(net, theta)
    trace = forward(net, theta, x)
    delta, a_bar = backward(net, theta, trace, y)
    sigma = {l: net.activations[l - 1] for l in range(1, L + 1)}
    C = Given(lambda v: loss(v["a", L], y).mean())
    layers = range(1, L + 1)
    return {"W": {l: W[l] for l in layers}, "w": "W", "b": {l: b[l] for l in layers}, "x": x, "y": y, "L": L, "M": M,
            "n": dict(enumerate(widths)), r"\sigma": sigma, r"\ell": layers, "k": layers, "C_i": C,
            "z": Given(lambda v, l: v["W", l] @ v["a", l - 1] + v["b", l]),
            "a": Given(lambda v, l: v["x"] if l == 0 else sigma[l](v["z", l])),
            r"\delta": {l: delta[l] for l in layers}, r"\bar a": dict(enumerate(a_bar)),
            "D": {l: np.diag(sigma[l].derivative(trace.z[l])[:, 0]) for l in layers},
            r"\bar g": {l: delta[l].T for l in layers}, "g": {l: a_bar[l].T for l in range(L + 1)},
            "traced z": {l: trace.z[l] for l in layers}, "traced a": dict(enumerate(trace.a))}


full = model(half_squared, sigmoid)
hidden = {**full, r"\ell": range(1, L)}

# ---- the network ---------------------------------------------------------------------------------------------
chapter.bind("eq-layer-z", {**full, "z": full["traced z"], "a": full["traced a"]})
chapter.bind("eq-layer-a", {**full, "z": full["traced z"], "a": full["traced a"]})
small = Network((4, 2, 7), (tanh, sigmoid), half_squared)
theta = rng.standard_normal(small.size)
X, Y = rng.standard_normal((4, 3)), rng.standard_normal((7, 3))
losses = {i: half_squared(forward(small, theta, X[:, [i - 1]]).a[-1], Y[:, [i - 1]]).item() for i in (1, 2, 3)}
chapter.bind("eq-cost", {"C": {"": cost(small, theta, X, Y).item(), **losses}, "N": 3})
chapter.bind("eq-backprop-loss", {**full, "C_i": half_squared(full["traced a"][L], full["y"]).item()})

# ---- the four equations ------------------------------------------------------------------------------------------
chapter.bind("eq-error-signals", full)
chapter.bind("eq-delta-abar", full)
chapter.bind("eq-delta-output", full)
chapter.bind("eq-delta-hidden", hidden)
chapter.bind("eq-grad-bias", full)
chapter.bind("eq-grad-weight", full)

# ---- their proofs, entry by entry: entries count from 1 --------------------------------------------------------------
single = [{**full, r"\ell": l, **{index: range(1, widths[l] + 1) for index in "jk"}, "m": range(1, widths[l - 1] + 1)}
          for l in (2, 3)]
above = [{**each, "k": range(1, widths[each[r"\ell"] + 1] + 1)} for each in single]
chapter.bind("eq-chain-output", {**full, "j": range(1, 8), "k": range(1, 8)}, first=1)
chapter.bind("eq-activation-jacobian", *single, first=1)
chapter.bind("eq-chain-hidden", *above, first=1)
chapter.bind("eq-next-preactivation", *above, first=1)
chapter.bind("eq-bias-jacobian", *single, first=1)
chapter.bind("eq-weight-jacobian", *single, first=1)

# ---- input, other losses, products of matrices ---------------------------------------------------------------------
chapter.bind("eq-abar-hidden", full)
chapter.bind("eq-input-gradient", full)
chapter.bind("eq-delta-any-loss", full)
top = model(softmax_cross_entropy, linear)
top.update({"y": 2, "e": lambda y: one_hot(np.reshape(y, 1), 7).T,
            "p": softmax_cross_entropy.prediction(top["traced a"][L])})
chapter.bind("eq-delta-softmax", top)
chain = {**full, r"\ell": L - 3}  # with dots for no factor
# V as the Jacobian of one step back, column by column
V = {l: np.hstack([full["W"][l].T @ (full["D"][l] @ unit[:, None]) for unit in np.eye(widths[l])]) for l in range(2, L + 1)}
chapter.bind("eq-delta-diagonal", chain)
chapter.bind("eq-v-matrix", {**hidden, "V": V})
chapter.bind("eq-abar-product", {**hidden, "V": V})
chapter.bind("eq-gradient-product", {**chain, "V": V})

# ---- rows -------------------------------------------------------------------------------------------------------------
rows = {**full, "b": {l: b.T for l, b in full["b"].items()}, "x": full["x"].T,  # derivatives by rows are rows
        "z": Given(lambda v, l: v["W", l] @ v["a", l - 1] + v["b", l].T),
        "a": Given(lambda v, l: v["x"].T if l == 0 else full[r"\sigma"][l](v["z", l]))}
chapter.bind("eq-row-start", top)
chapter.bind("eq-row-activation", full)
chapter.bind("eq-row-layer", full)
chapter.bind("eq-row-weight", full)
chapter.bind("eq-row-bias", rows)

# ---- batches, and numerical derivatives ------------------------------------------------------------------------------
batch = model(half_squared, sigmoid, M=10)
chapter.bind("eq-batch-gradient", {**batch, "C": batch["C_i"], r"\Delta": batch[r"\delta"], "A": batch["traced a"], r"\mathbf 1": np.ones((10, 1))})
point = rng.standard_normal((4, 1))
chapter.bind("eq-central-difference", {
    "C": lambda t: (np.sin(t) * t.T[0, ::-1, None]).sum(), r"\theta": point, "h": 1e-5, "j": range(1, 5),
    "e": {j: np.eye(4)[:, [j - 1]] for j in range(1, 5)}}, first=1, approx=1e-8)
chapter.bind("eq-merged-cost", {"N_A": 3, "N_B": 5, "t": Interval(-2, 3)})

# ---- least squares, and the number of operations -----------------------------------------------------------------------
jacobian = output_jacobian(small, theta, X) / np.sqrt(3)  # (7, 3, P)


@chapter.second_check("eq-residual-jacobian", reason="a row of a matrix is told in words")
def residual_jacobian():
    h = 1e-6
    for p in (0, 7, small.size - 1):
        unit = np.eye(small.size)[p]
        slope = (forward(small, theta + h * unit, X).a[-1] - forward(small, theta - h * unit, X).a[-1]) / (2 * h)
        np.testing.assert_allclose(jacobian[:, :, p], slope / np.sqrt(3), atol=1e-8)


# Products and additions of W a + b; then those of Wᵀδ, of σ′ ⊙, and of δ aᵀ summed over M samples.
chapter.bind("eq-operations-forward", {"forward": 7 * (7 + 6) + 7, "n": 7})
chapter.bind("eq-operations-backward", {"backward": (7 * 5 * (7 + 6) + 7 * 5 + 7 * 7 * (5 + 4)) / 5, "n": 7, "M": 5})


# ---- numbers of the text ------------------------------------------------------------------------------------------
chapter.arithmetic("784 = 28 * 28", "79 510 = 784 * 100 + 100 + 100 * 10 + 10", "79 511 = 79510 + 1",
                   "1.5 = (4 - 1 / 1) / 2", "0.06 = -0.2 * (2 * 0.1 - 0.3 - 0.2)")
chapter.given("an example", "0.001", "0.1", "0.2")
chapter.given("points of the data", "0.7", "0.6", "0.9")
chapter.given("the least rate of a slider", "0.005")

hand = Network((2, 2, 3, 2), (sigmoid,) * 3, half_squared)      # the network of the widget, with its round weights
weights = pack(hand, [None, np.array([[1.0, -2], [3, 1]]), np.array([[2.0, -1], [-1, 2], [1, 1]]),
                      np.array([[1.0, -2, 1], [-1, 1, 2]])],
               [None, np.array([[0.5], [-1]]), np.array([[0], [-0.5], [-1]]), np.array([[0.5], [-1]])])
point = np.array([[0.3], [0.4]])
errors, _ = backward(hand, weights, forward(hand, weights, point), np.array([[1.0], [0.0]]))
for layer, shown in ((3, "0.123"), (2, "0.073"), (1, "0.058")):
    chapter.computed(shown, np.abs(errors[layer]).max())
