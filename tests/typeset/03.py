"""Neurons, activations, layers: what the symbols of its formulas stand for. Nothing here repeats a formula."""

import numpy as np

from lecture_code.activations import clipped_relu, heaviside, linear, relu, sigmoid
from lecture_code.losses import half_squared
from lecture_code.network import Network, forward, pack
from typeset import Chapter

chapter = Chapter()
rng = np.random.default_rng(33)
base = {r"\sigma": sigmoid}

# ---- one neuron -------------------------------------------------------------------------------------------------
both = [{**base, "z": z} for z in (0.7, -2.3)]
chapter.bind("eq-sigmoid", *both)
chapter.bind("eq-sigmoid-symmetry", *both)
chapter.bind("eq-sigmoid-derivative", *both)
one = {**base, "w": rng.standard_normal((3, 1)), "x": rng.standard_normal((3, 1)), "b": 0.6}
net = Network((3, 1), (sigmoid,), half_squared)
theta = pack(net, [None, one["w"].T], [None, np.array([[0.6]])])
chapter.bind("eq-neuron", {**one, "a": forward(net, theta, one["x"]).a[1].item()})
chapter.bind("eq-neuron-centre", *({**base, "w": w, "b": b, "x": x}
                                   for w, b, x in ((2.5, -4.0, 1.6), (-1.5, 0.6, 0.4), (2.5, -4.0, 1.7))))
chapter.bind("eq-step-limit", *({**base, "w": 400.0, "x": x} for x in (0.3, -0.2)), approx=1e-6)
chapter.bind("eq-sigmoid-slope", *({**base, "z": z} for z in (0.0, 0.4, -1.7)), alike="z")

# ---- other bends ------------------------------------------------------------------------------------------------
chapter.bind("eq-tanh", *({**base, "z": z} for z in (0.7, -1.3)))
chapter.bind("eq-relu", *({r"\max": max, r"\operatorname{relu}": relu, r"\operatorname{relu}'": relu.derivative, "z": z}
                          for z in (0.7, -1.3)))
r = clipped_relu(1.9)
chapter.bind("eq-clipped-relu", *({r"\max": max, r"\min": min, "r_t": r, "r_t'": r.derivative, "z": z, "t": 1.9} for z in (0.7, -1.3, 2.4, 0.0, 1.9)), alike="z")

# ---- layers -----------------------------------------------------------------------------------------------------
W, b, x = rng.standard_normal((4, 3)), rng.standard_normal((4, 1)), rng.standard_normal((3, 1))
wide = Network((3, 4), (sigmoid,), half_squared)
trace = forward(wide, pack(wide, [None, W], [None, b]), x)
chapter.bind("eq-layer", {**base, "W": W, "b": b, "x": x, "z": trace.z[1], "a": trace.a[1]})
chapter.bind("eq-collapse", {"W_1": W, "b_1": b, "W_2": rng.standard_normal((2, 4)), "b_2": rng.standard_normal((2, 1)), "x": x})
widths = {0: 4, 1: 7, 2: 3, 3: 5}
chapter.bind("eq-parameter-count", {"n": widths, "L": 3, "P": Network(tuple(widths.values()), (linear,) * 3, half_squared).size})
deep = Network((3, 4, 2), (sigmoid, linear), half_squared)
weights = [None, rng.standard_normal((4, 3)), rng.standard_normal((2, 4))]
biases = [None, rng.standard_normal((4, 1)), rng.standard_normal((2, 1))]


@chapter.second_check("eq-parameter-vector", reason="a list of any length, with dots in it")
def parameter_vector():
    columns = [W[:, [m]] for W in weights[1:] for m in range(W.shape[1])]
    expected = np.concatenate([*columns, *biases[1:]])[:, 0]
    assert np.array_equal(pack(deep, weights, biases), expected) and len(expected) == deep.size


# ---- outputs ----------------------------------------------------------------------------------------------------
chapter.bind("eq-threshold", *({**base, "z": z, r"\tau": tau}
                               for z, tau in ((0.7, 0.3), (-2.4, 0.3), (2.5, 0.9), (2.0, 0.9), (np.log(7 / 3), 0.7))))
chapter.bind("eq-xor", *({r"\operatorname{relu}": relu, "s": s} for s in (0.0, 1.0, 2.0)), alike="s")
