"""Train the networks that grow, of the chapter on PyTorch, and store what happened.

``python -m tools.record_growth`` needs PyTorch and twenty minutes of a quiet machine, and writes lecture_code/data/growing_networks.npz,
which that chapter shows: training them all would take longer than the rest of the chapter. It goes on where an
earlier run of it has stopped; delete the file to begin anew. For each recipe and seed there are 100 epochs of the
running training accuracy, of the validation accuracy, the epochs after which a layer went in, the validation accuracy
right after that, and the test accuracy at the end.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lecture_code.datasets import load_mnist
from lecture_code.growing import Start, bare_linear, share_right, train_growing

TARGET = Path(__file__).resolve().parents[1] / "lecture_code" / "data" / "growing_networks.npz"
EPOCHS, UNITS = 100, 50


def normal(rng: np.random.Generator) -> Start:
    """Weights from N(0, 1)."""
    return lambda shape: rng.standard_normal(shape).astype(np.float32)


def scaled(rng: np.random.Generator) -> Start:
    """Weights from N(0, 1/n_in)."""
    return lambda shape: (rng.standard_normal(shape) / shape[1] ** 0.5).astype(np.float32)


def identity(rng: np.random.Generator) -> Start:
    return lambda shape: np.eye(*shape, dtype=np.float32)


#: name ↦ (how the first layers start, how a new layer starts, hidden layers at first, at most, epochs in between)
RECIPES: dict[str, tuple[Callable, Callable, int, int, int]] = {
    "as_written": (normal, normal, 1, 3, 1),
    "waiting": (normal, normal, 1, 3, 5),
    "identity": (normal, identity, 1, 3, 5),
    "scaled": (scaled, scaled, 1, 3, 5),
    "never": (normal, normal, 1, 1, 5),
    "three_at_once": (normal, normal, 3, 3, 5),
    "scaled_never": (scaled, scaled, 1, 1, 5),
}
SEVERAL = ("as_written", "identity", "never")             # these with three seeds, the others with one


def run(name: str, seed: int, epochs: int, data: dict) -> dict[str, np.ndarray]:
    import torch

    first, new, hidden, most, between = RECIPES[name]
    rng = np.random.default_rng(seed)
    widths = [784, *[UNITS] * hidden]
    draw = first(rng)
    layers = [part for n_in, n_out in zip(widths, widths[1:]) for part in (bare_linear(draw((n_out, n_in))), torch.nn.Tanh())]
    model = torch.nn.Sequential(*layers, bare_linear(draw((10, UNITS))))
    model, history = train_growing(model, new(rng), *data["train"], data["validation"], epochs=epochs, most=most,
                                   between=between, rng=np.random.default_rng([seed, 1]))
    return {"running": np.array(history.running), "validation": np.array(history.validation),
            "grown_after": np.array(history.grown_after, int), "validation_grown": np.array(history.validation_grown),
            "test": np.array(share_right(model, *data["test"]))}


def main() -> None:
    import torch

    torch.set_num_threads(1)
    mnist = load_mnist()
    tensors = lambda X, y: (torch.from_numpy(X.astype(np.float32)), torch.from_numpy(y.astype(np.int64)))
    data = {"train": tensors(mnist.X_train[:50_000], mnist.y_train[:50_000]),
            "validation": tensors(mnist.X_train[50_000:], mnist.y_train[50_000:]),
            "test": tensors(mnist.X_test, mnist.y_test)}
    found: dict[str, np.ndarray] = {}
    if TARGET.exists():
        with np.load(TARGET) as file:
            found = dict(file)
    found |= {"torch_version": np.array(torch.__version__.split("+")[0]), "numpy_version": np.array(np.__version__),
              "processor": np.array(platform.machine()), "command": np.array("python -m tools.record_growth")}
    for seed in (0, 1, 2):
        for name in RECIPES:
            if f"{name}/{seed}/test" in found or seed and name not in SEVERAL:
                continue
            begin = time.perf_counter()
            found |= {f"{name}/{seed}/{what}": value for what, value in run(name, seed, EPOCHS, data).items()}
            at = found[f"{name}/{seed}/grown_after"]
            print(f"{name} {seed}: validation {found[f'{name}/{seed}/validation'][-1]:.4f}, test {found[f'{name}/{seed}/test']:.4f}, "
                  f"grown after {at}, {time.perf_counter() - begin:.0f} s", flush=True)
            np.savez_compressed(TARGET, **found)


if __name__ == "__main__":
    main()
