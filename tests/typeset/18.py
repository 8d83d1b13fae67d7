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
X, F = rng.standard_normal((dy, dx)), rng.standard_normal((ky, kx, Q))
W, b = rng.standard_normal((K, hy, hx, Q)), rng.standard_normal((K, 1))
by_library = conv2d(X[None, None], F.transpose(2, 0, 1)[:, None])[0]
Z = {p: star(X, F[:, :, p]) for p in range(Q)}
sizes = {"k_y": ky, "k_x": kx, "K": K, "i": range(hy), "j": range(hx), "p": range(Q), "m": range(ky), "n": range(kx), "k": range(K)}
chapter.bind("eq-maps", {**sizes, "X": X, "F": F, "Z": by_library.transpose(1, 2, 0)})


def scores(A):
    return np.einsum("kijp,ijp->k", W, A)[:, None] + b


A = np.tanh(np.stack([Z[p] for p in range(Q)], axis=2))
rho_of_scores = {"U": scores(A), r"\rho": Given(lambda v: -log_softmax(v["U"])[y, 0])}
g = np.exp(scores(A) - np.log(np.exp(scores(A)).sum())) - np.eye(K)[:, [y]]
A_bar = np.einsum("k,kijp->ijp", g[:, 0], W)
chapter.bind("eq-maps-abar", {**sizes, **rho_of_scores, "W": W, r"\bar A": A_bar})
filters = {p: F[:, :, p] for p in range(Q)}
chapter.bind("eq-maps-grad-f", *(
    {"X": X, "F_p": filters[p], "*": star, r"\sigma": tanh, "Z_p": Z[p], r"\bar A_p": A_bar[:, :, p],
     r"\rho": Given(lambda v, p=p: -log_softmax(scores(np.stack(
         [np.tanh(star(X, v["F_p"] if q == p else filters[q])) for q in range(Q)], axis=2)))[y, 0])} for p in (0, 3)))

# ---- many channels: Q maps over C channels --------------------------------------------------------------------------
C, Q = 3, 5
X, F, b = rng.standard_normal((C, 6, 9)), rng.standard_normal((Q, C, 2, 4)), rng.standard_normal((Q, 1))
Z = conv2d(X[None], F, b[:, 0])[0]
D = rng.standard_normal(Z.shape)
delta = D * np.cos(Z)
table = {"C": C, "Q": Q, "X": X, "F": F, "*": star, r"\circledast": convolve2d, "c": range(C), "p": range(Q)}
chapter.bind("eq-channels", {**table, "b": b, "Z": Z, r"\mathbf 1": np.ones(Z.shape[1:])})


def loss(X, F, b):
    return sum((D[p] * np.sin(sum(star(X[c], F[p][c]) for c in range(C)) + b[p])).sum() for p in range(Q))


def replaced(each, name, key):
    """Return ρ as a function of one part of the network, the others as they are."""
    def rho(v):
        parts = {"X": list(X), "F": [list(row) for row in F], "b": list(b[:, 0])}
        parts["X" if name == "X_c" else name[0]] = each(parts, v[name], key)
        return loss(parts["X"], parts["F"], parts["b"])
    return Given(rho)


def with_slice(parts, value, key):
    parts["F"][key[0]][key[1]] = value
    return parts["F"]


def with_bias(parts, value, key):
    parts["b"][key] = value
    return parts["b"]


def with_channel(parts, value, key):
    parts["X"][key] = value
    return parts["X"]


chapter.bind("eq-channels-grad-f", *({"X_c": X[c], "F_{pc}": F[p, c], r"\delta_p": delta[p], "*": star,
                                      r"\rho": replaced(with_slice, "F_{pc}", (p, c))} for p, c in ((1, 2), (4, 0))))
chapter.bind("eq-channels-grad-b", *({"b_p": b[p, 0], "p": p, r"\delta": delta, "i": range(Z.shape[1]), "j": range(Z.shape[2]),
                                      r"\rho": replaced(with_bias, "b_p", p)} for p in (2, 3)))
chapter.bind("eq-channels-grad-x", *({**table, "X_c": X[c], "c": c, r"\delta": delta, r"\rho": replaced(with_channel, "X_c", c)}
                                     for c in (2,)))

# ---- stride and padding -------------------------------------------------------------------------------------------------
strided = []
for s, pad, (dy, dx), (ky, kx) in ((2, 3, (8, 5), (4, 6)), (3, 2, (7, 10), (6, 4))):
    X, F = rng.standard_normal((dy, dx)), rng.standard_normal((ky, kx))
    Z = conv2d(X[None, None], F[None, None], stride=s, padding=pad)[0, 0]
    D = rng.standard_normal(Z.shape)

    def rho(v, D=D, s=s, pad=pad):
        framed = np.pad(v["X"], pad)
        return (D * np.sin(star(framed, v["F"])[::s, ::s])).sum()
    strided.append({"X": X, "F": F, "Z": Z, "s": s, "pad": pad, "k_y": ky, "k_x": kx, "i": range(Z.shape[0]), "j": range(Z.shape[1]),
                    "m": range(ky), "n": range(kx), "a": range(dy), "b": range(dx), r"\delta": D * np.cos(Z), r"\rho": Given(rho)})
chapter.bind("eq-strided", *strided, zero_outside="X")
chapter.bind("eq-strided-grad-f", *strided, zero_outside="X")
chapter.bind("eq-strided-grad-x", *strided, zero_outside="F")
chapter.bind("eq-strided-size", *({"h": output_size(d, k, s, pad), "d": d, "k": k, "s": s, "pad": pad}
                                  for d, k, s, pad in ((20, 5, 3, 4), (29, 6, 4, 3), (31, 7, 5, 6))))

# ---- pooling -----------------------------------------------------------------------------------------------------------
s, H, A_bar = 2, rng.standard_normal((6, 10)), rng.standard_normal((3, 5))
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
                               "j": range(H.shape[1] // s), "u": range(s), "v": range(s)} for s, H in ((2, H), (3, H3))), alike=("s",))
for label, pool in (("eq-max-pool-grad", max_pool), ("eq-average-pool-grad", average_pool)):
    pooled = [{r"\bar H": gradient(pool, H, A_bar, s), r"\bar A": A_bar, "w": first_winners(H, s), "s": s,
               "a": range(H.shape[0]), "b": range(H.shape[1])} for s, H, A_bar in ((2, H, A_bar), (3, H3, A_bar[:2, :4]))]
    chapter.bind(label, *pooled, rtol=1e-7, alike=("w", "s"))

t, s, H = 2, 3, rng.standard_normal((6, 21))
chapter.bind("eq-pool-shift", {"A'": max_pool(H[None, None, :, s * t:], s)[0, 0], "A": max_pool(H[None, None], s)[0, 0], "t": t,
                               "i": range(2), "j": range(5)})

# ---- counting ------------------------------------------------------------------------------------------------------------
count = {"Q": 4, "C": 3, "k_y": 2, "k_x": 5, "h": 7, "w": 6}
chapter.bind("eq-conv-parameters", {**count, "P": convolution_parameter_count(3, 4, (2, 5))})
chapter.bind("eq-conv-multiplications", {**count, "T": convolution_operations(3, 4, (2, 5), (7, 6), bias=False)[0] // 2})
stack = ConvNet((1, 60, 60), (Block(2, 4, stride=2), Block(2, 3, stride=3), Block(2, 5, stride=2), Block(2, 2)), 2)
with np.errstate(invalid="ignore"):
    spread = [np.isnan(maps[:, 0].reshape(3600, -1)) for maps in forward(
        stack, np.ones(stack.size), np.where(np.eye(3600, dtype=bool), np.nan, 1.0)).a[1:-1]]
side, step = {0: 1}, {0: 1}
for layer, seen in enumerate(spread, 1):
    first, second = (np.flatnonzero(seen[:, unit].reshape(60, 60).any(axis=0)) for unit in (0, 1))
    side[layer], step[layer] = int(np.ptp(first) + 1), int(second[0] - first[0])
chapter.bind("eq-receptive-field", {"r": side, "S": step, "k": {1: 4, 2: 3, 3: 5, 4: 2}, "s": {1: 2, 2: 3, 3: 2, 4: 1}, r"\ell": range(2, 4)})

# ---- numbers of the text -----------------------------------------------------------------------------------------------------
chapter.arithmetic("3216 = 16 * (8 * 5 * 5 + 1)", "79 400 = 784 * 100 + 100 * 10", "256 = 16 * 4 * 4")
chapter.given("a round number", "6000")
