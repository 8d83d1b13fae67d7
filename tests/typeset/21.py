"""Accelerators and scale: what the symbols of its formulas stand for. Nothing here repeats a formula."""

import numpy as np
from scipy.optimize import minimize_scalar

from lecture_code.activations import linear, tanh
from lecture_code.complexity import parameter_count, training_memory
from lecture_code.losses import half_squared
from lecture_code.network import Network, cost_and_gradient
from lecture_code.parallel import ring_all_reduce
from lecture_code.records import record, rows
from typeset import Chapter, case

chapter = Chapter()
rng = np.random.default_rng(21)

# ---- shards: a network's gradients, of the batch and of each shard ----------------------------------------------------
net = Network((3, 5, 2), (tanh, linear), half_squared)
theta = rng.standard_normal(net.size)
X, Y = rng.standard_normal((3, 11)), rng.standard_normal((2, 11))
ends, sizes = (2, 6, 11), (2, 4, 5)
shard = {r: cost_and_gradient(net, theta, X[:, e - s:e], Y[:, e - s:e]).gradient[:, None]
         for r, (s, e) in enumerate(zip(sizes, ends), start=1)}
chapter.bind("eq-shard-mean", {"g": {"": cost_and_gradient(net, theta, X, Y).gradient[:, None], **shard},
                               "M": {"": 11, **dict(enumerate(sizes, start=1))}, "R": 3})

# ---- the intensity of a product: count operations and entries ----------------------------------------------------------


def counted(n_out, n_in, M):
    """Operations of a product, one by one, for each entry of its three matrices."""
    operations = sum(2 for _ in range(n_out) for _ in range(n_in) for _ in range(M))
    return operations / sum(np.empty(shape).size for shape in ((n_out, n_in), (n_in, M), (n_out, M)))


def layer(n_out, n_in, M):
    return {"n": {3: n_in, 4: n_out}, r"\ell": range(4, 5), "M": M, "I": counted(n_out, n_in, M), r"\min": min}


chapter.bind("eq-intensity", layer(5, 3, 8), layer(6, 9, 7))
# each of the three sizes is the smallest once, and the bound is nearly attained each time
chapter.bind("eq-intensity-bound", *(case(layer(*sizes), gap=0.02) for sizes in ((700, 600, 3), (5, 500, 700), (600, 4, 900))),
             gap=0.02)

# ---- what is kept: the bytes of arrays ---------------------------------------------------------------------------------
widths, M = (7, 5, 9, 6), 11
chapter.bind("eq-kept", {"A": sum(np.empty((n, M), np.float32).nbytes for n in widths), "M": M, "n": dict(enumerate(widths)), "L": 3})

# ---- the ring: bytes counted in a simulation, seconds added up round by round -------------------------------------------


def ring(R, n):
    _, sent = ring_all_reduce([rng.standard_normal(n) for _ in range(R)])
    return {"V": int(sent[1]), "R": R, "S": 8 * n}


chapter.bind("eq-ring-bytes", ring(3, 21), ring(5, 20))


def rounds(R, S, alpha, B):
    """Seconds: in each round a message of S/R bytes, first added, then passed on, until all have all."""
    seconds = 0.0
    for phase in ("add", "pass on"):
        for _ in range(R - 1):
            seconds += alpha + (S / R) / B
    return seconds


def link(R, S, alpha, B):
    return {"R": R, "S": S, r"\alpha": alpha, "B": B}


chapter.bind("eq-ring-seconds", *({**link(*each), r"\tau": rounds(*each)} for each in ((3, 7e3, 0.013, 5e4), (6, 9e3, 0.4, 3e4))))


def epoch(N, M, t0, t1, S, alpha, B):
    """T as a function: add up the steps of an epoch."""
    def T(R):
        R = int(R.item() if isinstance(R, np.ndarray) else R)
        return sum(t0 + t1 * (M / R) + (rounds(R, S, alpha, B) if R > 1 else 0.0) for _ in range(N // M))
    return T


def training(R, N, M, t0, t1, S, alpha, B):
    return {**link(R, S, alpha, B), r"\tau": rounds(R, S, alpha, B), "N": N, "M": M, "t": {0: t0, 1: t1},
            "T": epoch(N, M, t0, t1, S, alpha, B)}


chapter.bind("eq-epoch-seconds", training(4, 600, 50, 0.3, 0.07, 8e3, 0.02, 6e4), training(3, 700, 35, 0.6, 0.02, 9e3, 0.05, 4e4))
# twice 8e3 / 6e4 and twice 0.02 · R: 0.267 + 0.04 R against 0.07 · 50 = 3.5, so up to R = 80
chapter.bind("eq-worth-it", *(training(R, 600, 50, 0.3, t1, S, alpha, 6e4) for R, t1, S, alpha in (
    (4, 0.07, 8e3, 0.02), (80, 0.06935, 8e3, 0.02), (80, 0.0693, 8e3, 0.02), (79, 0.07, 8e3, 0.02), (82, 0.07, 8e3, 0.02), (3, 0.0071, 8e3, 0.016), (3, 0.0074, 8e3, 0.016),
    (7, 0.0101, 9e3, 0.015), (7, 0.0103, 9e3, 0.015), (5, 0.07, 1.08e5, 0.002), (5, 0.07, 1.02e5, 0.002))))


def least(M, t1, S, alpha, B):
    """The real number of workers with the shortest step, found by a search."""
    found = minimize_scalar(lambda R: t1 * M / R + 2 * (R - 1) * (alpha + S / (R * B)), bounds=(1.5, 400), method="bounded",
                            options={"xatol": 1e-9})
    return {"R^*": found.x, "M": M, "t": {1: t1}, "S": S, r"\alpha": alpha, "B": B}


chapter.bind("eq-best-workers", least(50, 0.07, 8e3, 0.02, 6e4), least(70, 0.03, 9e3, 0.003, 5e4), rtol=1e-5)

# ---- numbers of the text ---------------------------------------------------------------------------------------------------
chapter.arithmetic("1.5 = (1 + 2) / 2", "3.5 = (3 + 4) / 2", "128 = 2**7", "314 = 313.6", "636 080 = 8 * 79510", "8192 = 2**13")
chapter.computed("392", rows(record("scale")["busy"], threads=2)[0]["ms"])
chapter.computed("30.2", training_memory([1000] + [500] * 5 + [100], 1000) / 1e6)
chapter.computed("6.2", 4 * parameter_count([1000] + [500] * 5 + [100]) / 1e6)
chapter.given("assumed latencies, in ms", "0.1", "0.05", "0.02")
chapter.given("an earlier run", "0.76", "0.3")
chapter.arithmetic("12.6 = 3 * 4 * 1024**2 / 1e6")
