"""Deep networks: what the symbols of its formulas stand for. Nothing here repeats a formula."""

import numpy as np

from lecture_code.activations import linear, relu, tanh
from lecture_code.complexity import backward_operations, forward_operations, parameter_count, training_memory
from lecture_code.gradient_check import complex_step
from lecture_code.initialisation import he
from lecture_code.losses import softmax_cross_entropy
from lecture_code.network import Network, backward, cost, forward, unpack
from lecture_code.numerics import one_hot, softmax
from typeset import Chapter, Given

chapter = Chapter()
rng = np.random.default_rng(141)

# ---- the network, one sample --------------------------------------------------------------------------------------
net = Network((4, 6, 5, 7, 3), (tanh, tanh, tanh, linear), softmax_cross_entropy)
theta, x, label, L = rng.standard_normal(net.size), rng.standard_normal((4, 1)), 2, 4
W, b = unpack(net, theta)
trace = forward(net, theta, x)


def e(y):
    return one_hot(np.reshape(y, 1), 3).reshape(3, 1)


def named(entries):
    return {l: entry for l, entry in enumerate(entries) if entry is not None}


def rest_of_the_way(l):
    """The loss of the sample as a function of z of layer l."""
    def loss(z):
        for m in range(l + 1, L + 1):
            z = W[m] @ np.tanh(z) + b[m]
        return np.log(np.exp(z).sum()) - z[label, 0]

    return loss


delta = {l: complex_step(rest_of_the_way(l), trace.z[l]) for l in range(1, L + 1)}
p = softmax(trace.a[L])
one = {"W": named(W), "b": named(b), "a": named(trace.a), "z": named(trace.z), "x": x, "y": label, "L": L, "p": p, "e": e,
       r"\operatorname{softmax}": softmax, r"\sigma": tanh, r"\delta": delta, r"\ell": range(1, L)}
chapter.bind("eq-deep-layer", one)
chapter.bind("eq-deep-output", one)
chapter.bind("eq-deep-loss", {**one, "C_i": cost(net, theta, x, e(label)).item()})
chapter.bind("eq-deep-delta-output", one)
chapter.bind("eq-deep-delta", one)

# ---- a batch --------------------------------------------------------------------------------------------------------
M = 8
X, Y = rng.standard_normal((4, M)), one_hot(rng.permutation(M) % 3, 3).T
batch = forward(net, theta, X)
Delta, _ = backward(net, theta, batch, Y)


def scores(W, x):
    """The scores of columns x for any matrices W(l)."""
    z = W(1) @ x + b[1]
    for l in range(2, L + 1):
        z = W(l) @ np.tanh(z) + b[l]
    return z


def mean_loss(v):
    Z = scores(lambda l: v["W", l], X)
    return (np.log(np.exp(Z).sum(axis=0)) - (Y * Z).sum(axis=0)).mean()


columns = {"W": named(W), "b": named(b), "Z": named(batch.z), "A": named(batch.a), r"\Delta": named(Delta), "M": M,
           r"\mathbf 1": np.ones((M, 1))}
chapter.bind("eq-deep-batch", {**columns, r"\ell": range(1, L + 1)})
chapter.bind("eq-deep-batch-gradient", {**columns, r"\ell": range(1, L + 1), "C": Given(mean_loss)})

# ---- two hidden layers, the chain ---------------------------------------------------------------------------------
two = Network((4, 6, 5, 8), (tanh, tanh, linear), softmax_cross_entropy)
W2, b2 = unpack(two, rng.standard_normal(two.size))


def loss_of_two(v):
    z = v["W", 3] @ np.tanh(v["W", 2] @ np.tanh(v["W", 1] @ x + b2[1]) + b2[2]) + b2[3]
    return np.log(np.exp(z).sum()) - z[6, 0]


z1 = W2[1] @ x + b2[1]
z2 = W2[2] @ np.tanh(z1) + b2[2]
chapter.bind("eq-two-hidden-chain", {
    "W": named(W2), "x": x, "y": 6, "e": lambda y: one_hot(np.reshape(y, 1), 8).T, "p": softmax(W2[3] @ np.tanh(z2) + b2[3]), "C_i": Given(loss_of_two),
    "D": {l: np.diag(tanh.derivative(z)[:, 0]) for l, z in ((1, z1), (2, z2))}})

# ---- counts ---------------------------------------------------------------------------------------------------------


def sizes(H, n, d, K, M=1):
    w = [d] + [n] * H + [K]
    return {"H": H, "n": n, "d": d, "K": K, "M": M, "P": parameter_count(w), "F": forward_operations(w),
            "B": backward_operations(w)}


several = [sizes(6, 7, 11, 5), sizes(4, 19, 8, 13)]
chapter.bind("eq-deep-parameters", *several)
chapter.bind("eq-deep-forward-count", *several)
chapter.bind("eq-deep-backward-count", *several)
chapter.bind("eq-backward-bound", sizes(6, 7, 11, 5, M=17), sizes(30, 40, 11, 5, M=3), sizes(3000, 4000, 11, 5, M=9000))
chapter.bind("eq-deep-memory", *({**each, "M": M, "S": training_memory([each["d"]] + [each["n"]] * each["H"] + [each["K"]], M)}
                                 for each, M in ((sizes(6, 7, 11, 5), 23), (sizes(5, 19, 9, 13), 31))))

# ---- the scale of the weights, and the tent ---------------------------------------------------------------------------
plain = Network((5, 7, 6, 4, 3), (relu,) * 3 + (linear,), softmax_cross_entropy)
column = rng.standard_normal((5, 1))
chapter.bind("eq-homogeneous", *({"f": lambda t: plain.output(t[:, 0], column), r"\theta": he(plain, rng)[:, None], "c": c, "L": 4}
                                 for c in (0.3, 2.7)))
chapter.bind("eq-tent", *({"t": lambda u: np.interp(u, [0, 0.5, 1], [0, 1, 0]), r"\operatorname{relu}": relu, "x": u}
                          for u in (0.21, 0.83)))


# ---- numbers of the text ------------------------------------------------------------------------------------------
chapter.given("the paper of 2010", "12.1", "0.35")
chapter.given("an example", "1000")
chapter.given("the settings of the experiments", "10 000", "50 000")
chapter.arithmetic("0.4 = 4 * 100 * 1000 / 1e6", "6.2 = 4 * 1552600 / 1e6", "246.2 = (4 * 1552600 + 48 * 500 * 10000) / 1e6")
