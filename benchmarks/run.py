"""How fast is the library, side by side with its peers?

    python benchmarks/run.py                    all, as a Markdown page on the screen
    python benchmarks/run.py convolution sweep  only these
    python benchmarks/run.py --write book/benchmarks.md

The peers run in turn in one process, on one BLAS thread, and a ratio is the median over the rounds of
(library / peer) within a round: so a busy machine slows both sides alike. Times are processor seconds;
only sweeps, which use several processes, are taken by the clock on the wall. PyTorch and scikit-learn
take part when they are installed.
"""

from __future__ import annotations

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.setdefault("LECTURE_CODE_STATIC", "1")  # no progress bars

import argparse
import platform
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lecture_code import autodiff
from lecture_code.activations import identity, relu, sigmoid, tanh
from lecture_code.convolution import conv2d, fast_layout, filter_gradient, input_gradient
from lecture_code.costs import backward_operations, forward_operations
from lecture_code.datasets import higham, load_mnist
from lecture_code.losses import half_squared, softmax_cross_entropy
from lecture_code.network import Network, cost_and_gradient, gaussian_parameters, unpack
from lecture_code.training import fit, lockstep_sgd, sweep

try:
    import torch
except ImportError:
    torch = None
else:
    torch.set_num_threads(1)
try:
    from sklearn.neural_network import MLPClassifier
except ImportError:
    MLPClassifier = None

Run = Callable[[], object]
MNIST_NET = Network((784, 100, 10), (tanh, identity), softmax_cross_entropy)


class Row(NamedTuple):
    """One line of the table: what ran, against whom, the number, and the goal."""

    what: str
    peer: str
    result: str
    goal: str


def interleaved(runs: dict[str, Run], rounds: int, clock: Callable[[], float] = time.process_time) -> dict[str, np.ndarray]:
    """Return the seconds (rounds,) of each run; every round calls all of them, after one call to warm up."""
    seconds = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(rounds):
        for name, run in runs.items():
            start = clock()
            run()
            seconds[name].append(clock() - start)
    return {name: np.array(values) for name, values in seconds.items()}


def ratios(what: str, runs: dict[str, Run], goals: dict[str, str], rounds: int) -> list[Row]:
    """Compare "library" with every other run."""
    seconds = interleaved(runs, rounds)
    return [Row(what, peer, f"{np.median(seconds['library'] / values):.2f}", goals.get(peer, ""))
            for peer, values in seconds.items() if peer != "library"]


# An epoch of MNIST


def bare_step(p: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Return the gradients of 784-100-10, samples in columns: nothing but the products."""
    W1, b1, W2, b2 = p
    h = np.tanh(W1 @ x + b1)
    z = W2 @ h + b2
    e = np.exp(z - z.max(axis=0))
    delta = (e / e.sum(axis=0) - y) / np.float32(x.shape[1])
    hidden = (1 - h * h) * (W2.T @ delta)
    return [hidden @ x.T, hidden.sum(axis=1, keepdims=True), delta @ h.T, delta.sum(axis=1, keepdims=True)]


def mnist_epoch(rounds: int) -> list[Row]:
    X, labels = load_mnist()[:2]
    Y = np.eye(10, dtype=np.float32)[labels]
    start = gaussian_parameters(MNIST_NET, np.random.default_rng(0), 0.05, dtype=np.float32)
    W, b = unpack(MNIST_NET, start)

    def library() -> None:
        fit(MNIST_NET, start, X, Y, eta=0.1, batch_size=100, epochs=1, rng=np.random.default_rng(1))

    def bare() -> None:
        p, order = [a.copy() for a in (W[1], b[1], W[2], b[2])], np.random.default_rng(1).permutation(len(X))
        for first in range(0, len(X), 100):
            batch = order[first:first + 100]
            p = [a - np.float32(0.1) * g for a, g in zip(p, bare_step(p, X[batch].T, Y[batch].T))]

    runs: dict[str, Run] = {"library": library, "barest NumPy loop": bare}
    if torch:
        tX, t_labels = torch.tensor(X), torch.tensor(labels)

        def eager() -> None:
            model = torch.nn.Sequential(torch.nn.Linear(784, 100), torch.nn.Tanh(), torch.nn.Linear(100, 10))
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for batch in torch.randperm(len(tX)).split(100):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(tX[batch]), t_labels[batch]).backward()
                optimizer.step()

        runs["PyTorch, eager"] = eager
    if MLPClassifier:
        def classifier() -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # one epoch does not converge
                MLPClassifier((100,), activation="tanh", solver="sgd", alpha=0, batch_size=100, momentum=0,
                              learning_rate_init=0.1, max_iter=1, random_state=0).fit(X, labels)

        runs["scikit-learn"] = classifier
    goals = {"barest NumPy loop": "≤ 1.15", "PyTorch, eager": "≤ 0.65", "scikit-learn": "≤ 0.8"}
    return ratios("MNIST epoch, 784-100-10 tanh, batch 100", runs, goals, rounds)


# Matrix products


def deep_network(rounds: int) -> list[Row]:
    net = Network((784, 500, 500, 500, 500, 10), (relu,) * 4 + (identity,), softmax_cross_entropy)
    rng = np.random.default_rng(0)
    start = gaussian_parameters(net, rng, 0.05, dtype=np.float32)
    X = rng.standard_normal((10_000, 784), dtype=np.float32)
    Y = np.eye(10, dtype=np.float32)[rng.integers(10, size=len(X))]
    A, B, C = (rng.standard_normal((2000, 2000), dtype=np.float32) for _ in range(3))
    seconds = interleaved({
        "library": lambda: fit(net, start, X, Y, eta=0.01, batch_size=1000, epochs=1, rng=np.random.default_rng(1)),
        "product": lambda: np.matmul(A, B, out=C)}, rounds)
    products = [m * n for m, n in zip(net.widths, net.widths[1:])]
    work = 2 * len(X) * (3 * sum(products) - products[0])  # W a, δ aᵀ, and Wᵀδ but for the input
    share = np.median((work / seconds["library"]) / (2 * 2000**3 / seconds["product"]))
    return [Row("784-500×4-10, batch 1000: share of the speed of a large product", "2000 × 2000 sgemm", f"{share:.2f}",
                "≥ 0.85")]


# Convolution


def convolution(rounds: int) -> list[Row]:
    rows: list[Row] = []
    if not torch:
        return rows
    cases = {"28×28, 1→8, 5×5, batch 100": (28, 1, 8, 5, False, "≤ 0.6", "≤ 0.45"),
             "14×14, 16→32, 3×3, batch 100, with input gradient": (14, 16, 32, 3, True, "≤ 1.8", "≤ 1.35")}
    for what, (d, C, Q, k, with_input, contiguous_goal, own_goal) in cases.items():
        rng, out = np.random.default_rng(0), d - k + 1
        X, F, b, dZ = (rng.standard_normal(shape, dtype=np.float32)
                       for shape in ((100, C, d, d), (Q, C, k, k), (Q,), (100, Q, out, out)))
        tX, tF, tb = torch.tensor(X, requires_grad=with_input), *(torch.tensor(a, requires_grad=True) for a in (F, b))
        t_dZ = torch.tensor(dZ)

        def step(X: np.ndarray, dZ: np.ndarray, finish: Callable) -> None:
            X = fast_layout(X)
            finish(conv2d(X, F, b))
            dZ = fast_layout(dZ)
            filter_gradient(X, dZ, k)
            if with_input:
                finish(input_gradient(dZ, F, (d, d)))

        def peer() -> None:
            tX.grad = tF.grad = tb.grad = None
            torch.nn.functional.conv2d(tX, tF, tb).backward(t_dZ)

        for layout, run, goal in (("contiguous arrays in and out", partial(step, X, dZ, np.ascontiguousarray), contiguous_goal),
                                  ("own layout", partial(step, fast_layout(X), fast_layout(dZ), np.asarray), own_goal)):
            runs = {"library": run, "PyTorch conv2d": peer}
            rows += ratios(f"Convolution, {what}; {layout}", runs, {"PyTorch conv2d": goal}, 20 * rounds)
    return rows


# Small steps


def small_steps(rounds: int) -> list[Row]:
    net = Network((2, 2, 3, 2), (sigmoid,) * 3, half_squared)
    X, Y = higham()
    rng, steps = np.random.default_rng(0), 2000
    p = gaussian_parameters(net, rng, 0.5)
    x, y = X[:, :, None], Y[:, :, None]
    chosen, together = rng.integers(10, size=steps), rng.integers(10, size=(steps, 64))
    many = np.stack([gaussian_parameters(net, rng, 0.5) for _ in range(64)])

    def single() -> None:
        theta = p
        for i in chosen:
            theta = theta - 0.05 * cost_and_gradient(net, theta, x[i], y[i]).gradient

    seconds = interleaved({
        "single": single,
        "together": lambda: lockstep_sgd(net, many, X, Y, eta=0.05, indices=together, every=steps)}, rounds)
    each = [1e6 * np.median(seconds[name]) / count for name, count in (("single", steps), ("together", 64 * steps))]
    return [Row("2–2–3–2, one sample a step", "", f"{each[0]:.1f} µs a step", "≤ 35 µs"),
            Row("2–2–3–2, 64 runs in lock-step", "", f"{each[1]:.2f} µs a run-step", "≤ 1.2 µs")]


def reverse_mode(rounds: int) -> list[Row]:
    rng = np.random.default_rng(0)
    p = gaussian_parameters(MNIST_NET, rng, 0.05, dtype=np.float32)
    x = rng.standard_normal((100, 784), dtype=np.float32).T
    y = np.eye(10, dtype=np.float32)[:, rng.integers(10, size=100)]
    W, b = unpack(MNIST_NET, p)

    def graph() -> None:
        leaves = W1, b1, W2, b2 = [autodiff.variable(a) for a in (W[1], b[1], W[2], b[2])]
        z = W2 @ autodiff.tanh(W1 @ x + b1) + b2
        z = z - z.value.max(axis=0)
        C = (autodiff.log(autodiff.exp(z).sum(axis=0)) - (y * z).sum(axis=0)).sum() / 100
        autodiff.gradients(C, leaves)

    runs = {"library": graph, "backpropagation by hand": lambda: cost_and_gradient(MNIST_NET, p, x, y)}
    goal = {"backpropagation by hand": "≤ 1.3"}
    return ratios("Automatic differentiation, 784-100-10, batch 100", runs, goal, 30 * rounds)


# Sweeps


def sweeps(rounds: int) -> list[Row]:
    X, labels = load_mnist()[:2]
    small = Network((2, 2, 3, 2), (sigmoid,) * 3, half_squared)
    cases = (
        ("5 × 5 sweep on MNIST, two processes", MNIST_NET, X, labels, (20, 50, 100, 200, 500), (0,), 1, np.float32, 2, "≥ 2"),
        ("5 × 5 sweep of 2–2–3–2, 16 seeds, two processes", small, *higham(), (1, 2, 3, 5, 10), tuple(range(16)), 20,
         np.float64, 2, "≥ 20"))
    rows = []
    for what, net, X, Y, sizes, seeds, epochs, dtype, jobs, goal in cases:
        etas = (0.01, 0.02, 0.05, 0.1, 0.2)
        initial = partial(gaussian_parameters, net, scale=0.1, dtype=dtype)

        def one_by_one() -> None:
            for eta in etas:
                for M in sizes:
                    for seed in seeds:
                        rng = np.random.default_rng(seed)
                        fit(net, initial(rng), X, Y, eta=eta, batch_size=M, epochs=epochs, rng=rng)

        def at_once() -> None:
            sweep(net, initial, X, Y, etas=etas, batch_sizes=sizes, seeds=seeds, epochs=epochs, jobs=jobs)

        seconds = interleaved({"each": one_by_one, "sweep": at_once}, max(1, rounds // 3), time.perf_counter)
        faster = np.median(seconds["each"] / seconds["sweep"])
        rows.append(Row(what, "`fit`, one run after the other", f"{faster:.1f}× faster", goal))
    return rows


# Loading


def child(code: str) -> tuple[float, str]:
    """Return the processor seconds of a fresh Python that runs the code, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, printed


def loading(rounds: int) -> list[Row]:
    pairs = [(child("import lecture_code.training")[0], child("import numpy")[0]) for _ in range(3 * rounds)]
    memory = child(
        "import numpy as np\n"
        "from lecture_code.activations import identity, tanh\n"
        "from lecture_code.datasets import load_mnist\n"
        "from lecture_code.losses import softmax_cross_entropy\n"
        "from lecture_code.network import Network, gaussian_parameters\n"
        "from lecture_code.training import fit\n"
        "net, rng, data = Network((784, 100, 10), (tanh, identity), softmax_cross_entropy), np.random.default_rng(0), load_mnist()\n"
        "fit(net, gaussian_parameters(net, rng, 0.05, dtype=np.float32), data.X_train, data.y_train, eta=0.1,"
        " batch_size=100, epochs=1, rng=rng, test=(data.X_test, data.y_test))\n"
        "from pathlib import Path\n"
        "peak = [line.split()[1] for line in Path('/proc/self/status').read_text().splitlines() if 'VmHWM' in line]\n"
        "print(*peak)")[1] if Path("/proc/self/status").exists() else None
    rows = [Row("`import lecture_code.training`", "`import numpy`", f"{np.median([a / b for a, b in pairs]):.2f}", "≤ 1.3")]
    if memory:  # the largest since the program began, in kB; only Linux says it of one program
        rows.append(Row("MNIST loaded and an epoch trained, resident memory", "", f"{int(memory) / 1e3:.0f} MB", "< 500 MB"))
    return rows


# Time against work


def growth(rounds: int) -> list[Row]:
    """How much longer does a step take when one size is doubled, and how many more operations are that?"""
    base = {"width": 400, "depth": 4, "batch": 500}
    rng = np.random.default_rng(0)

    def prepared(width: int, depth: int, batch: int) -> tuple[Run, int]:
        net = Network((400, *[width] * depth, 10), (relu,) * depth + (identity,), softmax_cross_entropy)
        p = gaussian_parameters(net, rng, 0.05, dtype=np.float32)
        x = rng.standard_normal((400, batch), dtype=np.float32)
        y = np.eye(10, dtype=np.float32)[:, rng.integers(10, size=batch)]
        work = forward_operations(net.widths, batch) + backward_operations(net.widths, batch)
        return lambda: cost_and_gradient(net, p, x, y), work

    once, work = prepared(**base)
    rows = []
    for name, size in base.items():
        twice, more = prepared(**{**base, name: 2 * size})
        seconds = interleaved({"once": once, "twice": twice}, 2 * rounds)
        measured = np.median(seconds["twice"] / seconds["once"])
        rows.append(Row(f"Twice the {name}: time of a step", "", f"{measured:.2f} times", f"operations: {more / work:.2f} times"))
    X, Y = rng.standard_normal((20_000, 784), dtype=np.float32), rng.integers(10, size=20_000)
    p = gaussian_parameters(MNIST_NET, rng, 0.05, dtype=np.float32)

    def trained(N: int) -> None:
        fit(MNIST_NET, p, X[:N], Y[:N], eta=0.1, batch_size=100, epochs=1, rng=np.random.default_rng(1))

    seconds = interleaved({"once": lambda: trained(10_000), "twice": lambda: trained(20_000)}, 2 * rounds)
    measured = np.median(seconds["twice"] / seconds["once"])
    return [*rows, Row("Twice the samples: time of an epoch", "", f"{measured:.2f} times", "operations: 2.00 times")]


ALL = {"mnist": mnist_epoch, "deep": deep_network, "convolution": convolution, "small": small_steps,
       "autodiff": reverse_mode, "sweep": sweeps, "loading": loading, "growth": growth}


def versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for package in ("numpy", "torch", "scikit-learn"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"without {package}")
    return ", ".join(found)


def page(rows: list[Row]) -> str:
    lines = ["| What | Compared with | Result | Goal |", "|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return f"""# Benchmarks

How fast the library is, side by side with its peers: {versions()}.

The peers take turns in one process and share one BLAS thread, and a number is the median over the rounds of
library / peer within a round, where 0.5 means twice as fast. Times differ from one processor to another, and
ratios do too, less. `make bench` measures them anew.

""" + "\n".join(lines) + """

**What limits the convolutions.** The library computes a convolution as one matrix product for each output row,
on k_x shifted copies of the input. "Own layout" has images in the memory order height, channels, width, samples,
which `fast_layout` makes and which all results have; turning contiguous arrays into it and back costs about as
much as the first convolution itself. That one moves more memory than it computes, so its ratio also depends on
whether the allocator hands out fresh pages or used ones. In the second one the products take about three
quarters of the time, and PyTorch needs no longer for everything than the products alone. Winograd's algorithm for 3 × 3 filters
saves more than half of the multiplications, but written in NumPy its forward pass took 2.9 times as long as this
one (16 → 32 channels): the transforms before and after the products cost more than the products saved.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(ALL)}; all if none is named")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is run (7)")
    parser.add_argument("--write", type=Path, help="write the page to this file, too")
    options = parser.parse_args()
    unknown = set(options.names) - set(ALL)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
    rows = []
    for name in options.names or ALL:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += ALL[name](options.rounds)
    text = page(rows)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
