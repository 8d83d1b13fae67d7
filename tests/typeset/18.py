"""Convolution networks: what the symbols of its formulas stand for. SciPy is the referee for ∗ and ⊛."""

import numpy as np
from scipy.signal import convolve2d

from lecture_code.activations import tanh
from lecture_code.complexity import convolution_operations, convolution_parameter_count
from lecture_code.convnet import Block, ConvNet, forward
from lecture_code.convolution import conv2d, output_size
from lecture_code.numerics import log_softmax
from lecture_code.pooling import average_pool, max_pool
from typeset import Chapter, Given

chapter = Chapter()
rng = np.random.default_rng(18)


def star(X, F):
    return convolve2d(X, F[::-1, ::-1], "valid")


# ---- many filters: K classes, Q maps ------------------------------------------------------------------------------
K, Q, ky, kx, dy, dx, y = 6, 7, 2, 3, 5, 8, 4
hy, hx = dy - ky + 1, dx - kx + 1
image, filters = rng.standard_normal((dy, dx)), rng.standard_normal((ky, kx, Q))
W, biases = rng.standard_normal((K, hy, hx, Q)), rng.standard_normal((K, 1))
maps = {p: star(image, filters[:, :, p]) for p in range(Q)}
sizes = {"k_y": ky, "k_x": kx, "K": K, "i": range(hy), "j": range(hx), "p": range(Q), "m": range(ky), "n": range(kx), "k": range(K)}
by_library = conv2d(image[None, None], filters.transpose(2, 0, 1)[:, None])[0]
chapter.bind("eq-maps", {**sizes, "X": image, "F": filters, "Z": by_library.transpose(1, 2, 0)})


def scores(A):
    return np.einsum("kijp,ijp->k", W, A)[:, None] + biases


def loss_of_filter(p):
    """Return ρ as a function of one filter, the others as they are."""
    def rho(v):
        return -log_softmax(scores(np.stack([np.tanh(star(image, v["F_p"]) if q == p else maps[q]) for q in range(Q)], axis=2)))[y, 0]
    return Given(rho)


U = scores(np.tanh(np.stack([maps[p] for p in range(Q)], axis=2)))
g = np.exp(U - np.log(np.exp(U).sum())) - np.eye(K)[:, [y]]
A_bar = np.einsum("k,kijp->ijp", g[:, 0], W)
chapter.bind("eq-maps-abar", {**sizes, "U": U, r"\rho": Given(lambda v: -log_softmax(v["U"])[y, 0]), "W": W, r"\bar A": A_bar})
chapter.bind("eq-maps-grad-f", *({"X": image, "F_p": filters[:, :, p], "*": star, r"\sigma": tanh, "Z_p": maps[p],
                                  r"\bar A_p": A_bar[:, :, p], r"\rho": loss_of_filter(p)} for p in (0, 3)))

# ---- many channels: Q maps over C channels --------------------------------------------------------------------------
C, Q2 = 3, 5
channels, slices, bias = rng.standard_normal((C, 6, 9)), rng.standard_normal((Q2, C, 2, 4)), rng.standard_normal((Q2, 1))
Z2 = conv2d(channels[None], slices, bias[:, 0])[0]
weights = rng.standard_normal(Z2.shape)
delta2 = weights * np.cos(Z2)
table = {"C": C, "Q": Q2, "X": channels, "F": slices, "*": star, r"\circledast": convolve2d, "c": range(C), "p": range(Q2)}
chapter.bind("eq-channels", {**table, "b": bias, "Z": Z2, r"\mathbf 1": np.ones(Z2.shape[1:])})


def loss(X, F, b):
    return sum((weights[p] * np.sin(sum(star(X[c], F[p][c]) for c in range(C)) + b[p])).sum() for p in range(Q2))


def of_slice(p, c):
    return Given(lambda v: loss(channels, [[v["F_{pc}"] if (q, d) == (p, c) else slices[q, d] for d in range(C)] for q in range(Q2)],
                                bias[:, 0]))


def of_bias(p):
    return Given(lambda v: loss(channels, slices, [v["b_p"] if q == p else bias[q, 0] for q in range(Q2)]))


def of_channel(c):
    return Given(lambda v: loss([v["X_c"] if d == c else channels[d] for d in range(C)], slices, bias[:, 0]))


chapter.bind("eq-channels-grad-f", *({"X_c": channels[c], "F_{pc}": slices[p, c], r"\delta_p": delta2[p], "*": star,
                                      r"\rho": of_slice(p, c)} for p, c in ((1, 2), (4, 0))))
chapter.bind("eq-channels-grad-b", *({"b_p": bias[p, 0], "p": p, r"\delta": delta2, "i": range(Z2.shape[1]), "j": range(Z2.shape[2]),
                                      r"\rho": of_bias(p)} for p in (2, 3)), alike=("p",))
chapter.bind("eq-channels-grad-x", *({"Q": Q2, "F": slices, r"\circledast": convolve2d, "p": range(Q2), "X_c": channels[c], "c": c,
                                      r"\delta": delta2, r"\rho": of_channel(c)} for c in (2, 0)), alike=("c",))

# ---- stride and padding -------------------------------------------------------------------------------------------------
strided = []
for s, pad, (dy, dx), (ky, kx) in ((2, 3, (8, 5), (4, 6)), (3, 2, (7, 10), (6, 4))):
    X, F = rng.standard_normal((dy, dx)), rng.standard_normal((ky, kx))
    Z = conv2d(X[None, None], F[None, None], stride=s, padding=pad)[0, 0]
    D = rng.standard_normal(Z.shape)

    def rho(v, D=D, s=s):
        return (D * np.sin(star(v[r"\tilde X"], v["F"])[::s, ::s])).sum()
    strided.append({r"\tilde X": np.pad(X, pad), "F": F, "Z": Z, "s": s, "k_y": ky, "k_x": kx, "i": range(Z.shape[0]), "j": range(Z.shape[1]),
                    "m": range(ky), "n": range(kx), "r": range(dy + 2 * pad), "t": range(dx + 2 * pad), r"\delta": D * np.cos(Z), r"\rho": Given(rho)})
chapter.bind("eq-strided", *strided)
chapter.bind("eq-strided-grad-f", *strided)
chapter.bind("eq-strided-grad-x", *strided, zero_outside="F")
chapter.bind("eq-strided-size", *({"h": output_size(d, k, s, pad), "d": d, "k": k, "s": s, "pad": pad}
                                  for d, k, s, pad in ((20, 5, 3, 4), (29, 6, 4, 3), (31, 7, 5, 6))))

# ---- pooling -----------------------------------------------------------------------------------------------------------
H2, signal = rng.standard_normal((6, 10)), rng.standard_normal((3, 5))
H3 = rng.standard_normal((6, 12))


def first_winners(H, s):
    w = np.zeros(H.shape)
    for i in range(0, H.shape[0], s):
        for j in range(0, H.shape[1], s):
            u, v = np.unravel_index(H[i:i + s, j:j + s].argmax(), (s, s))
            w[i + u, j + v] = 1
    return w


def gradient(pool, H, A_bar, s):
    """By differences: pooling is linear between two ties."""
    result = np.zeros(H.shape)
    for place in np.ndindex(H.shape):
        e = np.zeros(H.shape)
        e[place] = 1e-4
        result[place] = (A_bar * (pool((H + e)[None, None], s) - pool((H - e)[None, None], s))[0, 0]).sum() / 2e-4
    return result


chapter.bind("eq-max-pool", *({"A": max_pool(H[None, None], s)[0, 0], "H": H, "s": s, "i": range(H.shape[0] // s),
                               "j": range(H.shape[1] // s), "u": range(s), "v": range(s)} for s, H in ((2, H2), (3, H3))), alike=("s",))


def going_back(pool):
    return [{r"\bar H": gradient(pool, H, A_bar, s), r"\bar A": A_bar, "w": first_winners(H, s), "s": s,
             "r": range(H.shape[0]), "t": range(H.shape[1])} for s, H, A_bar in ((2, H2, signal), (3, H3, signal[:2, :4]))]


chapter.bind("eq-max-pool-grad", *going_back(max_pool), rtol=1e-7, alike=("w", "s"))
chapter.bind("eq-average-pool-grad", *going_back(average_pool), rtol=1e-7, alike=("s",))

t, wide = 2, rng.standard_normal((6, 21))[None, None]                     # windows of 3 × 3
chapter.bind("eq-pool-shift", {"A'": max_pool(wide[..., 3 * t:], 3)[0, 0], "A": max_pool(wide, 3)[0, 0], "t": t,
                               "i": range(2), "j": range(5)})

# ---- counting ------------------------------------------------------------------------------------------------------------
count = {"Q": 4, "C": 3, "k_y": 2, "k_x": 5, "h": 7, "w": 6}
chapter.bind("eq-conv-parameters", {**count, "P": convolution_parameter_count(3, 4, (2, 5))})
chapter.bind("eq-conv-multiplications", {**count, "T": convolution_operations(3, 4, (2, 5), (7, 6), bias=False)[0] // 2})
d = 75                                                                     # images of a single row
stack = ConvNet((1, 1, d), (Block(2, (1, 7), stride=(1, 2)), Block(2, (1, 8), stride=(1, 3)), Block(2, (1, 4), stride=(1, 5))), 2)
with np.errstate(invalid="ignore"):
    spread = forward(stack, np.ones(stack.size), np.where(np.eye(d, dtype=bool), np.nan, 1.0)).a[1:-1]
side, step = {}, {}
for layer, poisoned in enumerate(spread, 1):
    first, second = (np.flatnonzero(np.isnan(poisoned[:, 0, 0, unit])) for unit in (0, 1))
    side[layer], step[layer] = int(np.ptp(first) + 1), int(second[0] - first[0])
chapter.bind("eq-receptive-field", {"r": side, "S": step, "k": {2: 8, 3: 4}, "s": {2: 3, 3: 5}, r"\ell": range(2, 4)})

# ---- numbers of the text -----------------------------------------------------------------------------------------------------
chapter.arithmetic("3216 = 16 * (8 * 5 * 5 + 1)", "79 400 = 784 * 100 + 100 * 10", "256 = 16 * 4 * 4", "4608 = 8 * 24 * 24")
chapter.computed("3.6", 784 * 4608 / 1e6)
chapter.computed("120", 100 * (3 * 100 - 98.69 - 98.88 - 98.82) / 3)
chapter.given("a round number", "6000")
