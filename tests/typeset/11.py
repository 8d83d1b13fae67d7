"""One hidden layer: what the symbols of its formulas stand for. Nothing here repeats a formula, except that the forward
pass is written down once, in `model`, so that everything may be derived by everything."""

import numpy as np

from lecture_code.activations import linear, relu, sigmoid, tanh
from lecture_code.losses import absolute, half_squared, softmax_cross_entropy
from lecture_code.network import Network, forward, pack
from lecture_code.numerics import one_hot, softmax
from typeset import Chapter, Given, Interval

chapter = Chapter()
rng = np.random.default_rng(111)
d, n, K, M = 3, 5, 4, 6


def normal(*size):
    return rng.standard_normal(size)


W, b_1, V, b_2, x = normal(n, d), normal(n, 1), normal(K, n), normal(K, 1), normal(d, 1)
net = Network((d, n, K), (tanh, linear), half_squared)
trace = forward(net, pack(net, [None, W, V], [None, b_1, b_2]), x)
chapter.bind("eq-one-hidden-layer", {"W": W, "V": V, "b_1": b_1, "b_2": b_2, "x": x, r"\sigma": tanh, "z": trace.z[1],
                                     "h": trace.a[1], "f": trace.a[2]})

# ---- scalar indices ----------------------------------------------------------------------------------------------
old = Network((d, n, K), (sigmoid, sigmoid), half_squared, bias=False)
y = normal(K, 1)
seen = forward(old, pack(old, [None, W, V]), x)


def cost_of(W, V, x, y):
    return half_squared(sigmoid(V @ sigmoid(W @ x)), y).item()


def signal(f, z):
    """Return the derivatives of a cost by each entry of a sum, by complex steps."""
    steps = 1e-30j * np.eye(len(z))[:, :, None]
    return np.array([[np.imag(f(z + step).item()) / 1e-30] for step in steps])


delta = {2: signal(lambda z: half_squared(sigmoid(z), y), seen.z[2]),
         1: signal(lambda z: half_squared(sigmoid(V @ sigmoid(z)), y), seen.z[1])}
indices = {r"\sigma": sigmoid, "W": W, "V": V, "x": x, "h": seen.a[1], r"\hat y": seen.a[2], "y": y,
           "d": d, "n": n, "K": K, "m": range(1, n + 1), "k": range(1, K + 1), "j": range(1, d + 1), r"\delta": delta,
           "C": Given(lambda v: half_squared(sigmoid(v["V"] @ sigmoid(v["W"] @ v["x"])), v["y"]).item())}
chapter.bind("eq-scalar-hidden", indices, first=1)
chapter.bind("eq-scalar-output", indices, first=1)
chapter.bind("eq-scalar-delta-output", indices, first=1)
chapter.bind("eq-scalar-output-weight", indices, first=1)
chapter.bind("eq-scalar-delta-hidden", indices, first=1)
chapter.bind("eq-scalar-hidden-weight", indices, first=1)
chapter.bind("eq-scalar-cost", {**indices, "C": cost_of(W, V, x, y)}, first=1)

# ---- matrices ----------------------------------------------------------------------------------------------------
def e(y):
    return one_hot(np.reshape(y, 1), K).reshape(K, 1)


deep = {"W": W, "V": V, "b_1": b_1, "b_2": b_2, "x": x, r"\sigma": tanh, "y": 2, "e": e,
        "z": Given(lambda v: v["W"] @ v["x"] + v["b_1"]), "h": Given(lambda v: tanh(v["z"])),
        "f": Given(lambda v: v["V"] @ v["h"] + v["b_2"]),
        "C": Given(lambda v: softmax_cross_entropy(v["f"], e(2)).item())}
bar = signal(lambda h: softmax_cross_entropy(V @ h + b_2, e(2)), trace.a[1])
chapter.bind("eq-hidden-softmax-head", {**deep, "p": softmax(trace.a[2])})
chapter.bind("eq-hidden-output-gradient", deep)
chapter.bind("eq-hidden-bar", {**deep, r"\bar h": bar})
chapter.bind("eq-hidden-input-gradient", {**deep, r"\bar h": bar})

# ---- losses, batches, the order of updates -----------------------------------------------------------------------
f = normal(K, 1)
chapter.bind("eq-hidden-absolute", {"f": f, "y": y, "C": Given(lambda v: absolute(v["f"], v["y"]).item()),
                                    "k": range(1, K + 1), r"\operatorname{sign}": np.sign}, first=1)
X, Y = normal(d, M), normal(K, M)
many = forward(net, pack(net, [None, W, V], [None, b_1, b_2]), X)
columns = {i + 1: V.T @ (many.a[2] - Y)[:, [i]] for i in range(M)}
chapter.bind("eq-hidden-batch", {
    "W": W, "M": M, "X": X, "x": {i + 1: X[:, [i]] for i in range(M)},
    "z": {i + 1: many.z[1][:, [i]] for i in range(M)},
    r"\bar h": columns, r"\sigma": tanh,
    r"\Delta": np.hstack([signal(lambda z, i=i: half_squared(V @ tanh(z) + b_2, Y[:, [i]]), many.z[1][:, [i]])
                          for i in range(M)]),
    "C": Given(lambda v: half_squared(V @ tanh(v["W"] @ X + b_1) + b_2, Y).sum() / M)})
chapter.bind("eq-hidden-v-first", {"V": V, r"\eta": 0.3, r"\delta": normal(K, 1), "h": normal(n, 1)})

# ---- hinges ------------------------------------------------------------------------------------------------------
t = np.array([-0.7, -0.2, 0.4, 1.5, 1.9])


def wave(x):
    return np.sin(3 * x) + 0.4 * x


slopes = {m: np.polyfit(t[m:m + 2], wave(t[m:m + 2]), 1)[0] for m in range(4)}  # lines through two points
changes = np.linalg.solve(np.maximum(t[1:, None] - t[:4], 0), wave(t[1:]) - wave(t[0]))       # from the values alone
knots = dict(enumerate(t))
chapter.bind("eq-hinge-slope", {"g": wave, "t": knots, "s": slopes, "m": range(4)})
chapter.bind("eq-hinge-weight", {"V": dict(enumerate(changes)), "s": slopes, "n": 4, "m": range(1, 4)})
chapter.bind("eq-hinge-sum", *({"f": lambda x: np.interp(x, t, wave(t)), "g": wave, "a": t[0],
                                "V": dict(enumerate(changes)), "t": knots, "n": 4, "x": x,
                                r"\operatorname{relu}": relu} for x in (-0.5, 0.9, 1.8)))


def jump(at):
    return lambda x: np.tanh(400 * (x - at)) + 0.3 * x + 3.2


def cubic(x):
    return (x + 2) * (x - 0.4) * (x - 1.5) + 2.6  # the same at the knots 2 and 3: the bound is attained


places = [(jump(0.41), 0.42), (jump(0.41), 0.9), (jump(1.48), 1.47), (cubic, 0.9)]
chapter.bind("eq-hinge-error", *({"f": lambda x, g=g: np.interp(x, t, g(t)), "g": g, "u": t[2], "v": t[3], "x": x,
                                  "r": lambda s, g=g, x=x: abs(g(s) - g(x)), r"\max": max} for g, x in places))
grid = np.linspace(-0.5, 2.5, 6)
smooth = [(lambda x: 1.7 * x**2, lambda x: 3.4 + 0 * x), (lambda x: np.exp(0.7 * x), lambda x: 0.49 * np.exp(0.7 * x))]
chapter.bind("eq-hinge-smooth", *({"f": lambda x, g=g: np.interp(x, grid, g(grid)), "g": g, "g''": bend,
                                   "w": 3 / 5, "x": Interval(-0.5, 2.5)}
                                  for g, bend in smooth), real=True)

# ---- noise -------------------------------------------------------------------------------------------------------
pairs = [(0.2, 0.3, 1.3), (0.3, 0.3, -0.5), (0.1, 0.9, 2.2), (0.4, 0.9, 0.6)]                # chance, X, Y
means = {x: sum(p * y for p, at, y in pairs if at == x) / sum(p for p, at, _ in pairs if at == x) for x in (0.3, 0.9)}
errors = {name: sum(p * (y - f(x)) ** 2 for p, x, y in pairs)
          for name, f in (("R_f", lambda x: 0.7 * x + 0.4), ("R_g", means.get))}
chapter.bind("eq-hidden-noise-floor", {"f": lambda x: 0.7 * x + 0.4, "g": lambda x: means[float(x)], **errors},
             outcomes=[(p, {"X": x, "Y": y}) for p, x, y in pairs])

# ---- numbers of the text -----------------------------------------------------------------------------------------
chapter.arithmetic("0.25 = 0.5 * 0.5", "0.5 = 1.5 - 1", "0.0039 = sqrt(1 / 4096) / 4",
                   "62 500 = (1 / (4 * 0.001)) ** 2",
                   "0.0015 = sqrt(0.978 * (1 - 0.978) / 10000)", "10 000 = 60000 - 50000")
chapter.given("a question", "0.001", "4096")
chapter.given("where the kinks of the third picture lie", "0.18")
chapter.given("the share of the stored run, 97.8 %", "0.978")
