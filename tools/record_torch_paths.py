"""Record sixty steps of every optimizer of PyTorch and of Keras, for readers who have neither installed.

``python -m tools.record_torch_paths`` needs PyTorch and Keras 3 (which runs on PyTorch) and writes
lecture_code/data/torch_optimizer_paths.npz: one array (61, 3) for each optimizer, ``torch_adam``,
``keras_adam`` and so on, and the two versions. The chapter on optimizers repeats the paths with
lecture_code.optimizers; where PyTorch is installed it also recomputes PyTorch's.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

os.environ["KERAS_BACKEND"] = "torch"

START, STEPS = np.array([1.0, 2.0, 0.5]), 60
CURVATURES = np.array([1.0, 1e-3, 1e-6])  # the last one is so small that the stabiliser shows


def gradient(theta: np.ndarray) -> np.ndarray:
    """Return the gradient of Σ h_j (1 − cos θ_j)."""
    return CURVATURES * np.sin(theta)


def torch_paths() -> dict[str, np.ndarray]:
    """Return the iterates of PyTorch's optimizers."""
    import torch

    optim = torch.optim
    makers = {
        "sgd": lambda p: optim.SGD(p, lr=0.1),
        "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        "nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        "adagrad": lambda p: optim.Adagrad(p, lr=0.1),
        "rmsprop": lambda p: optim.RMSprop(p, lr=0.01),
        "adadelta": lambda p: optim.Adadelta(p, lr=1.0),
        "adam": lambda p: optim.Adam(p, lr=0.05),
        "nadam": lambda p: optim.NAdam(p, lr=0.05),
        "adamw": lambda p: optim.AdamW(p, lr=0.05),
    }
    paths = {"torch_version": np.array(torch.__version__.split("+")[0])}
    for name, make in makers.items():
        theta = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        optimizer, path = make([theta]), [START]
        for _ in range(STEPS):
            theta.grad = torch.from_numpy(gradient(theta.detach().numpy()))
            optimizer.step()
            path.append(theta.detach().numpy().copy())
        paths[f"torch_{name}"] = np.array(path)
    return paths


def keras_paths() -> dict[str, np.ndarray]:
    """Return the iterates of Keras's optimizers, in float64."""
    import keras

    keras.config.set_floatx("float64")
    optim = keras.optimizers
    makers = {
        "sgd": optim.SGD(0.1),
        "momentum": optim.SGD(0.1, momentum=0.9),
        "nesterov": optim.SGD(0.1, momentum=0.9, nesterov=True),
        "adagrad": optim.Adagrad(0.1),
        "rmsprop": optim.RMSprop(0.01),
        "adadelta": optim.Adadelta(1.0),
        "adam": optim.Adam(0.05),
        "nadam": optim.Nadam(0.05),
        "adamw": optim.AdamW(0.05),
    }
    paths = {"keras_version": np.array(keras.__version__)}
    for name, optimizer in makers.items():
        theta, path = keras.Variable(START, dtype="float64"), [START]
        optimizer.build([theta])
        for _ in range(STEPS):
            g = keras.ops.convert_to_tensor(gradient(keras.ops.convert_to_numpy(theta)), dtype="float64")
            optimizer.apply([g], [theta])
            path.append(keras.ops.convert_to_numpy(theta).copy())
        paths[f"keras_{name}"] = np.array(path)
    return paths


if __name__ == "__main__":
    target = Path(__file__).resolve().parents[1] / "lecture_code" / "data" / "torch_optimizer_paths.npz"
    np.savez_compressed(target, **torch_paths(), **keras_paths())
    print(target, target.stat().st_size, "bytes")
