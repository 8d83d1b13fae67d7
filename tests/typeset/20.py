"""TensorFlow and Keras: what the symbols of its formulas stand for. Nothing here repeats a formula."""

from itertools import product

import numpy as np

from lecture_code.activations import linear
from lecture_code.initialisation import xavier
from lecture_code.losses import half_squared
from lecture_code.network import Network, forward, pack, unpack
from lecture_code.optimizers import sgd
from typeset import Chapter, case

chapter = Chapter()
rng = np.random.default_rng(20)

# ---- w², by the library's step ----------------------------------------------------------------------------------------
step = sgd()


def moved(w, eta):
    there, _ = step.step(np.array([w]), np.array([w]) + w, step.init(np.array([w])), eta)
    return there.item()


steps = ((3.3, 0.1), (-0.7, 0.37))
chapter.bind("eq-square-step", *({"w": w, r"\eta": eta, "C": np.square} for w, eta in steps))
assert all(np.isclose(moved(w, eta), (1 - 2 * eta) * w) for w, eta in steps)

# ---- the layer with its transposed kernel: what the library's network says, sample by sample -----------------------------
W, b, X = rng.standard_normal((4, 3)), rng.standard_normal((4, 1)), rng.standard_normal((5, 3))
net = Network((3, 4), (linear,), half_squared)
ones = np.ones((5, 1))
other = rng.standard_normal((3, 4))
columns = {j: W[j] for j in range(4)}
said = {"W": W, "b": b, "X": X, r"\mathbf 1": ones, "Z": forward(net, pack(net, [None, W], [None, b]), X.T).a[1]}
chapter.bind("eq-keras-layer", {**said, "K": np.stack([columns[j] for j in range(4)], axis=1)}, {**said, "K": other}, alike=r"\mathbf 1")

# ---- the start: uniform numbers, stretched until they spread as the library's Xavier start does ---------------------------
wide = Network((700, 500, 300), (linear, linear), half_squared)
drawn, _ = unpack(wide, xavier(wide, np.random.default_rng(3)))
even = (np.arange(401) - 200) / 200.5
cases = []
for layer in (1, 2):
    stretched = even * drawn[layer].std() / even.std()
    cases.append(case({"r": stretched.max(), "n": dict(enumerate(wide.widths)), r"\ell": layer},
                      outcomes=[(1 / 401, {"K_{jk}": value}) for value in stretched]))
chapter.bind("eq-glorot-limit", *cases, rtol=0.01, alike=r"\ell")

# ---- scores, divided by their sum ----------------------------------------------------------------------------------------
z = rng.uniform(0.3, 3, 5)
chapter.bind("eq-normalised-scores", *({"z": dict(enumerate(z)), "y": y, "k": range(5), "C_i": -np.log(z * (1 / z.sum()))[y]} for y in (2, 3)))

# ---- a share of n images ----------------------------------------------------------------------------------------------
p, n = 0.83, 4
ways = [(np.prod([p if right else 1 - p for right in each]), {r"\hat p": np.mean(each)}) for each in product((0, 1), repeat=n)]
chapter.bind("eq-accuracy-variance", {"p": p, "n": n}, outcomes=ways)

# ---- numbers of the text that no cell prints ---------------------------------------------------------------------------
w, total, sums = 3.0, 0.0, []
for _ in range(3):                                        # gradients that nobody clears add up
    total += 2 * w
    sums.append(total)
    w -= 0.1 * total
chapter.computed("10.8", sums[1])
chapter.computed("13.44", sums[2])
chapter.computed("0.0357", 784**-0.5)
chapter.computed("0.0010000000475", float(np.float32(0.001)))
chapter.given("the rate of the recorded race, in its options", "0.001")
chapter.given("the training images of the recorded race, counted in its tool", "10 000")
