"""How fast is the library, side by side with its peers?

    python benchmarks/run.py                    all, as a Markdown page on the screen
    python benchmarks/run.py convolution sweep  only these
    python benchmarks/run.py --write book/benchmarks.md

The peers run in turn in one process, on one BLAS thread, and a ratio is the median over the rounds of
(library / peer) within a round: so a busy machine slows both sides alike. Times are processor seconds;
only the sweep that uses two processes is taken by the clock on the wall, and needs two idle cores. PyTorch
and scikit-learn take part when they are installed.
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
from lecture_code.activations import linear, relu, sigmoid, tanh
from lecture_code.complexity import backward_operations, forward_operations
from lecture_code.datasets import higham, load_mnist
from lecture_code.fast_convolution import fast_layout, input_gradient, prepare
from lecture_code.losses import half_squared, softmax_cross_entropy
from lecture_code.initialisation import gaussian_parameters
from lecture_code.network import Network, cost_and_gradient, unpack
from lecture_code.lockstep import lockstep_sgd
from lecture_code.sweeps import sweep
from lecture_code.training import evaluate, fit
from lecture_code.trials import training_trial

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

# When an array of up to 32 MB has been freed once, the allocator of Linux keeps the memory of smaller ones from then on.
# Without this line luck decides which peer has to wait for fresh memory in every pass.
np.empty(31 * 2**20, np.uint8)

Run = Callable[[], object]
MNIST_NET = Network((784, 100, 10), (tanh, linear), softmax_cross_entropy)


class Row(NamedTuple):
    """One line of the table: what ran, against whom, and the number."""

    what: str
    peer: str
    result: str


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


def ratios(what: str, runs: dict[str, Run], rounds: int) -> list[Row]:
    """Compare "library" with every other run."""
    seconds = interleaved(runs, rounds)
    return [Row(what, peer, f"{np.median(seconds['library'] / values):.2f}")
            for peer, values in seconds.items() if peer != "library"]


def torch_epoch(net: Network, X: np.ndarray, labels: np.ndarray, eta: float, batch_size: int) -> Run:
    """Return a run of the same epoch in PyTorch."""
    tX, t_labels = torch.tensor(X), torch.tensor(labels)
    sigma = torch.nn.Tanh if net.activations[0] is tanh else torch.nn.ReLU

    def eager() -> None:
        layers = [layer for fans in zip(net.widths, net.widths[1:]) for layer in (torch.nn.Linear(*fans), sigma())]
        model = torch.nn.Sequential(*layers[:-1])
        optimizer = torch.optim.SGD(model.parameters(), lr=eta)
        for batch in torch.randperm(len(tX)).split(batch_size):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(tX[batch]), t_labels[batch]).backward()
            optimizer.step()

    return eager


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
        runs["PyTorch, eager"] = torch_epoch(MNIST_NET, X, labels, 0.1, 100)
    if MLPClassifier:
        def classifier() -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # one epoch does not converge
                MLPClassifier((100,), activation="tanh", solver="sgd", alpha=0, batch_size=100, momentum=0,
                              learning_rate_init=0.1, max_iter=1, random_state=0).fit(X, labels)

        runs["scikit-learn"] = classifier
    return ratios("MNIST epoch, 784-100-10 tanh, batch 100", runs, rounds)


# Matrix products


def deep_network(rounds: int) -> list[Row]:
    net = Network((784, 500, 500, 500, 500, 10), (relu,) * 4 + (linear,), softmax_cross_entropy)
    rng = np.random.default_rng(0)
    start = gaussian_parameters(net, rng, 0.05, dtype=np.float32)
    X = rng.standard_normal((10_000, 784), dtype=np.float32)
    labels = rng.integers(10, size=len(X))
    Y = np.eye(10, dtype=np.float32)[labels]
    A, B, C = (rng.standard_normal((2000, 2000), dtype=np.float32) for _ in range(3))
    (_, *weights), _ = unpack(net, start)
    a, delta = ([rng.standard_normal((n, 1000), dtype=np.float32) for n in net.widths] for _ in range(2))

    def products() -> None:
        for _ in range(len(X) // 1000):
            for l, W in enumerate(weights):
                W @ a[l]
                delta[l + 1] @ a[l].T
                if l > 0:
                    W.T @ delta[l + 1]

    runs = {"`fit`": lambda: fit(net, start, X, Y, eta=0.01, batch_size=1000, epochs=1, rng=np.random.default_rng(1)),
            "nothing but its matrix products": products}
    if torch:
        runs["PyTorch, eager"] = torch_epoch(net, X, labels, 0.01, 1000)
    seconds = interleaved({**runs, "large": lambda: np.matmul(A, B, out=C)}, rounds)
    sizes = [m * n for m, n in zip(net.widths, net.widths[1:])]
    work = 2 * len(X) * (3 * sum(sizes) - sizes[0])  # W a, δ aᵀ, and Wᵀδ but for the input
    speed = {name: work / seconds[name] / (2 * 2000**3 / seconds["large"]) for name in runs}
    return [Row(f"784-500×4-10, batch 1000; {name}", "speed of a 2000 × 2000 sgemm", f"{np.median(speed[name]):.2f}")
            for name in runs]


# Convolution


def aligned(shape: tuple[int, int]) -> np.ndarray:
    """Return random float32 in an array that begins at a multiple of 64 bytes, as those of the library do."""
    memory = np.random.default_rng(0).standard_normal(shape[0] * shape[1] + 16, dtype=np.float32)
    start = -memory.ctypes.data % 64 // 4
    return memory[start:start + shape[0] * shape[1]].reshape(shape)


def convolution(rounds: int) -> list[Row]:
    rows: list[Row] = []
    if not torch:
        return rows
    cases = {"28×28, 1→8, 5×5, batch 100": (28, 1, 8, 5, False),
             "14×14, 16→32, 3×3, batch 100, with input gradient": (14, 16, 32, 3, True)}
    for what, (d, C, Q, k, with_input) in cases.items():
        rng, out = np.random.default_rng(0), d - k + 1
        X, F, b, dZ = (rng.standard_normal(shape, dtype=np.float32)
                       for shape in ((100, C, d, d), (Q, C, k, k), (Q,), (100, Q, out, out)))
        tX, tF, tb = torch.tensor(X, requires_grad=with_input), *(torch.tensor(a, requires_grad=True) for a in (F, b))
        t_dZ = torch.tensor(dZ)

        def step(X: np.ndarray, dZ: np.ndarray, finish: Callable) -> None:
            seen = prepare(X, k)
            finish(seen.conv2d(F, b))
            if with_input:
                dZ = fast_layout(dZ)
            seen.filter_gradient(dZ)
            if with_input:
                finish(input_gradient(dZ, F, (d, d)))

        def peer() -> None:
            tX.grad = tF.grad = tb.grad = None
            torch.nn.functional.conv2d(tX, tF, tb).backward(t_dZ)

        under, Z = aligned((k * (k * C + 1), 100 * out)), aligned((Q, 100 * out))
        weights, deltas = rng.standard_normal((Q, k * k * C), dtype=np.float32), aligned((k * Q, 100 * out))

        def products() -> None:
            for _ in range(out):  # as the library has them: one of each kind for an output row
                np.matmul(weights, under[:k * k * C], out=Z)
                under @ Z.T
                if with_input:
                    weights.reshape(k * C, k * Q) @ deltas

        for layout, run in (("contiguous arrays in and out", partial(step, X, dZ, np.ascontiguousarray)),
                            ("own layout", partial(step, fast_layout(X), fast_layout(dZ), np.asarray)),
                            ("nothing but the matrix products", products)):
            runs = {"library": run, "PyTorch conv2d": peer}
            rows += ratios(f"Convolution, {what}; {layout}", runs, 20 * rounds)
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
    return [Row("2–2–3–2, one sample a step", "", f"{each[0]:.1f} µs a step"),
            Row("2–2–3–2, 64 runs in lock-step", "", f"{each[1]:.2f} µs a run-step")]


def reverse_mode(rounds: int) -> list[Row]:
    rng = np.random.default_rng(0)
    p = gaussian_parameters(MNIST_NET, rng, 0.05, dtype=np.float32)
    x = rng.standard_normal((100, 784), dtype=np.float32).T
    y = np.eye(10, dtype=np.float32)[:, rng.integers(10, size=100)]
    W, b = unpack(MNIST_NET, p)

    def graph() -> None:
        leaves = W1, b1, W2, b2 = [autodiff.variable(a) for a in (W[1], b[1], W[2], b[2])]
        z = W2 @ (W1 @ x + b1).tanh() + b2
        z = z - z.value.max(axis=0)
        C = (z.exp().sum(axis=0).log() - (y * z).sum(axis=0)).sum() / 100
        autodiff.gradients(C, leaves)

    runs = {"library": graph, "backpropagation by hand": lambda: cost_and_gradient(MNIST_NET, p, x, y)}
    return ratios("Automatic differentiation, 784-100-10, batch 100", runs, 30 * rounds)


# Sweeps


def sweeps(rounds: int) -> list[Row]:
    *mnist, X_test, y_test = load_mnist()
    small, points = Network((2, 2, 3, 2), (sigmoid,) * 3, half_squared), higham()
    cases = (
        ("5 rates × 5 batch sizes on MNIST", MNIST_NET, mnist, (X_test, y_test), (20, 50, 100, 200, 500), 1, 1, 2),
        ("5 rates × 5 batch sizes × 16 seeds on 2–2–3–2", small, points, points, (1, 2, 3, 5, 10), 16, 50, 1),
        ("5 rates × 5 batch sizes × 1 seed on 2–2–3–2", small, points, points, (1, 2, 3, 5, 10), 1, 50, 1))
    rows = []
    for what, net, (X, Y), scored, sizes, runs, epochs, jobs in cases:
        seeds, dtype = range(runs), X.dtype
        etas = (0.01, 0.02, 0.05, 0.1, 0.2)
        initial = partial(gaussian_parameters, net, scale=0.1, dtype=dtype)

        def one_by_one() -> None:
            for eta in etas:
                for M in sizes:
                    for seed in seeds:
                        rng = np.random.default_rng(seed)
                        p, _ = fit(net, initial(rng), X, Y, eta=eta, batch_size=M, epochs=epochs, rng=rng)
                        evaluate(net, p, *scored)

        def at_once() -> None:
            trial = training_trial(net, lambda net, rng: initial(rng), X, Y, epochs=epochs, validation=scored)
            sweep(trial, {"eta": etas, "batch_size": sizes, "seed": seeds}, jobs=jobs)

        seconds = interleaved({"each": one_by_one, "sweep": at_once}, max(1, rounds // 3),
                              time.process_time if jobs == 1 else time.perf_counter)
        faster = np.median(seconds["each"] / seconds["sweep"])
        rows.append(Row(f"`sweep`, {what}, processes: {jobs}", "`fit` and `evaluate`, one run after the other",
                        f"{faster:.1f}× faster"))
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
        "from lecture_code.activations import linear, tanh\n"
        "from lecture_code.datasets import load_mnist\n"
        "from lecture_code.losses import softmax_cross_entropy\n"
        "from lecture_code.initialisation import gaussian_parameters\n"
        "from lecture_code.network import Network\n"
        "from lecture_code.training import fit\n"
        "net, rng, data = Network((784, 100, 10), (tanh, linear), softmax_cross_entropy), np.random.default_rng(0), load_mnist()\n"
        "fit(net, gaussian_parameters(net, rng, 0.05, dtype=np.float32), data.X_train, data.y_train, eta=0.1,"
        " batch_size=100, epochs=1, rng=rng, test=(data.X_test, data.y_test))\n"
        "from pathlib import Path\n"
        "peak = [line.split()[1] for line in Path('/proc/self/status').read_text().splitlines() if 'VmHWM' in line]\n"
        "print(*peak)")[1] if Path("/proc/self/status").exists() else None
    rows = [Row("`import lecture_code.training`", "`import numpy`", f"{np.median([a / b for a, b in pairs]):.2f}")]
    if memory:  # the largest since the program began, in kB; only Linux says it of one program
        rows.append(Row("MNIST loaded and an epoch trained, resident memory", "", f"{int(memory) / 1e3:.0f} MB"))
    return rows


# Time against work


class Curve(NamedTuple):
    """Seconds of a run and its operations, against one size."""

    name: str
    sizes: np.ndarray
    seconds: np.ndarray
    operations: np.ndarray

    def slope(self, values: np.ndarray) -> float:
        """Return the exponent of the power of the size that fits the values best."""
        return np.polyfit(np.log(self.sizes), np.log(values), 1)[0]


def curves(rounds: int) -> list[Curve]:
    """Time a step against width, depth and batch size, and an epoch against the number of samples."""
    rng = np.random.default_rng(0)

    def step(width: int = 400, depth: int = 4, batch: int = 500) -> tuple[Run, int]:
        net = Network((400, *[width] * depth, 10), (relu,) * depth + (linear,), softmax_cross_entropy)
        p = gaussian_parameters(net, rng, 0.05, dtype=np.float32)
        x = rng.standard_normal((400, batch), dtype=np.float32)
        y = np.eye(10, dtype=np.float32)[:, rng.integers(10, size=batch)]
        work = forward_operations(net.widths, batch) + backward_operations(net.widths, batch)
        return lambda: cost_and_gradient(net, p, x, y), work

    X, Y = rng.standard_normal((40_000, 784), dtype=np.float32), rng.integers(10, size=40_000)
    p = gaussian_parameters(MNIST_NET, rng, 0.05, dtype=np.float32)

    def an_epoch(N: int) -> tuple[Run, int]:
        work = forward_operations(MNIST_NET.widths, N) + backward_operations(MNIST_NET.widths, N)
        return lambda: fit(MNIST_NET, p, X[:N], Y[:N], eta=0.1, batch_size=100, epochs=1, rng=np.random.default_rng(1)), work

    found = []
    for name, sizes, prepared in (
            ("width", (600, 1200, 2400, 4800), lambda n: step(width=n)), ("depth", (4, 8, 16, 32), lambda n: step(depth=n)),
            ("batch size", (500, 1000, 2000, 4000), lambda n: step(batch=n)), ("samples", (5000, 10_000, 20_000, 40_000), an_epoch)):
        runs, work = zip(*map(prepared, sizes))
        seconds = interleaved({str(n): run for n, run in zip(sizes, runs)}, rounds)
        found.append(Curve(name, np.array(sizes), np.array([np.median(v) for v in seconds.values()]), np.array(work, float)))
    return found


def growth(rounds: int, picture: Path | None = None) -> list[Row]:
    """Does the time grow as the operations do? Their slopes on doubly logarithmic paper, and the paper if asked for."""
    found = curves(rounds)
    if picture:
        draw(found, picture)
    return [Row(f"Slope of time against {curve.name}, {curve.sizes[0]}–{curve.sizes[-1]}", "slope of the operations",
                f"{curve.slope(curve.seconds):.2f} : {curve.slope(curve.operations):.2f}") for curve in found]


def draw(found: list[Curve], picture: Path) -> None:
    """Draw the times as dots, and the operations as lines that meet the last dot."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(6, 5), layout="constrained")  # readable on a telephone, too
    for ax, curve in zip(axes.flat, found):
        milliseconds = 1e3 * curve.seconds
        ax.loglog(curve.sizes, milliseconds[-1] * curve.operations / curve.operations[-1], color="0.6", label="operations")
        ax.loglog(curve.sizes, milliseconds, "o", color="#0072B2", label="time")
        ax.set_xticks(curve.sizes, [str(n) for n in curve.sizes])
        ax.set_yticks([n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if milliseconds.min() / 1.5 < n < milliseconds.max()])
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
        ax.set(xlabel=curve.name, title=f"{'epoch' if curve.name == 'samples' else 'step'} against {curve.name}")
        ax.title.set_fontsize("medium")
    for ax in axes[:, 0]:
        ax.set_ylabel("milliseconds")
    axes[0, 0].legend(frameon=False)
    figure.savefig(picture, dpi=110, metadata={"Software": None})
    plt.close(figure)


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


def page(rows: list[Row], picture: Path | None = None) -> str:
    lines = ["| What | Compared with | Result |", "|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    plot = f"""
```{{figure}} images/{picture.name}
:name: fig-growth
:alt: Four plots on doubly logarithmic axes: the time of a step against width, depth and batch size, and of an epoch against the number of samples. The measured dots lie close to the line of the operation counts in each.

Time (dots) grows as the number of operations (lines, through the last dot). The line of the width bends: the
first and the last layer grow with n, those between with n².
```
""" if picture else ""
    return f"""# Benchmarks

How fast the library is, side by side with its peers: {versions()}.

The peers take turns in one process and share one BLAS thread, and a number is the median over the rounds of
library / peer within a round, where 0.5 means twice as fast. Times differ from one processor to another, and
ratios do too, less. `make bench` measures them anew.

""" + "\n".join(lines) + "\n" + plot + LIMITS


LIMITS = """
**What limits the deep network.** Its matrix products alone run at the speed in the row below it, since none of
them is as large as 2000 × 2000. Inside a step they are another two per cent slower, since all that is done between
them drives the matrices out of the near cache. The rest is bias, activation, slope, product with the slope and the
sum for the bias, which walk through 2 MB a layer each, and the update, which walks three times through 4.6 MB of
parameters. Blocks of samples that stay in the cache were tried; they make the products slower by more than they
save.

**What limits the convolutions.** The library computes a convolution as one matrix product for each output row,
on k_x shifted copies of the input, which `prepare` makes once for both passes. "Own layout" has images in the
memory order height, channels, width, samples, which `fast_layout` makes and which results keep. The rows "nothing
but the matrix products" repeat one product on the same numbers, which then lie in the nearest cache, and show what
would be left if all else took no time.

In the first convolution the products are small: for 1.8 MB of output they read 7 MB of matrices, which overlap in
1.6 MB of memory. With contiguous arrays, output and δ have to change places besides. Where the rows of the images
are long they are moved whole, and that takes little more than copying; but copying as much in both directions takes
0.28 ms, and everything in the own layout 0.65. NumPy would have to read the images
as they are, and BLAS wants each row of a matrix to begin behind the end of the last. Ways that copy less were tried
one by one: the windows of a few samples as columns, two output rows at a time, blocks of samples that stay in the
cache, four neighbouring numbers moved as one. The best of them brought a ratio of 0.77 down to 0.63, and would need
a second version of every function.

The memory counts, too. The allocator of Linux gives freed memory back to the system, and fresh memory costs a
microsecond for each 4 kB, until the program has freed one large array: without that, PyTorch's passes took 1.5 ms
in some runs of this program and 4.0 in others. So it frees one at its beginning.

In the second convolution the products take more than three quarters of the time. They alone are nearly as slow as all
that PyTorch does, so little can be won by saving copies or by fusing forward and backward pass. Fewer multiplications
could do more.
Winograd's algorithm for 3 × 3 filters saves 56 % of them, and its products indeed take 0.4 ms where the library's
forward pass takes 1.4. But written in NumPy, in blocks of 20 samples that stay in the cache, the sums before the
products take 0.9 ms and those behind them 1.2: together 1.8 times as long as the forward pass. A compiled kernel
keeps a tile in registers from the first sum to the last; NumPy sends every sum through memory.

**What limits the sweeps.** Runs of one batch size go in lock-step: they share the gathering of the batch and the
Python of a step. For 784-100-10 that is a tenth of the time, and two processes give at most a factor of 2 on top
of it. For 2–2–3–2 it is nearly everything, but the number of runs that share it has to be large: 80 here, 5 rates of
16 seeds. With a single seed, 5 runs share it, and the sweep is 4 times as fast.
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
    picture = options.write and options.write.parent / "images" / "growth.png"
    for name in options.names or ALL:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += growth(options.rounds, picture) if name == "growth" else ALL[name](options.rounds)
    text = page(rows, picture if not options.names or "growth" in options.names else None)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
