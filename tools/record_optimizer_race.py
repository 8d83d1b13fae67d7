"""Record the race of six optimizers of Keras, for the chapter on Keras: its loops take too long for every build.

``python -m tools.record_optimizer_race`` needs PyTorch and Keras 3 (which runs on PyTorch) and writes
lecture_code/data/optimizer_race.npz. All networks are 784-100-10 with tanh, all rates 0.001, all batches 32 images of
MNIST. The first 10 000 training images train, the last 10 000 validate. What is stored:

- ``validation`` (optimizer, seed, epoch) and ``test`` (optimizer, seed), accuracies of the loop done right: a fresh
  model and a fresh optimizer for each of six methods and three seeds, 30 epochs, the test images at the end. One more
  value of ``validation`` than epochs: the first is that of the untrained network;
- ``reused``, ``reversed`` (optimizer, epoch), validation accuracies of the loop done wrong: one model for all, ten epochs
  each, in the order of the list and in the opposite one, and ``fresh``, the same with a new model each, seed 0;
- ``step_seconds`` (plain or compiled, batch), ``step_batches``, ``first_call_seconds``: processor time of a
  gradient step of this network in PyTorch, with and without `torch.compile` and its usual backend, the best of seven, one
  thread, and of the first compiled step;
- ``names``, ``options`` and the versions.

It takes about a quarter of an hour on one core. ``--only race`` recomputes a part, and keeps the rest of the file.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

os.environ["KERAS_BACKEND"] = "torch"

from lecture_code.datasets import load_mnist  # noqa: E402

TARGET = Path(__file__).resolve().parents[1] / "lecture_code" / "data" / "optimizer_race.npz"
NAMES = ("SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "Nadam")
RATE, BATCH, EPOCHS, SEEDS = 1e-3, 32, 30, (0, 1, 2)
SHORT_EPOCHS = 10  # of the loops done wrong, and of the one beside them
MNIST = load_mnist()
TRAIN = MNIST.X_train[:10_000], MNIST.y_train[:10_000]
VALIDATION = MNIST.X_train[50_000:], MNIST.y_train[50_000:]
TEST = MNIST.X_test, MNIST.y_test


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


def new_model(seed):
    """Return a fresh network: the same start for all optimizers, and the same order of the batches after it."""
    import keras

    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(100, activation="tanh"), keras.layers.Dense(10)])


def compiled(model, name):
    """Return the model, compiled with a new optimizer."""
    import keras

    model.compile(optimizer=getattr(keras.optimizers, name)(RATE), metrics=["accuracy"],
                  loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def accuracy(model, data):
    return model.evaluate(*data, batch_size=5000, verbose=0, return_dict=True)["accuracy"]


def race():
    """The loop done right."""
    validation, test = np.empty((6, 3, EPOCHS + 1)), np.empty((6, 3))
    for i, name in enumerate(NAMES):
        for seed in SEEDS:
            model = compiled(new_model(seed), name)
            history = model.fit(*TRAIN, batch_size=BATCH, epochs=EPOCHS, validation_data=VALIDATION,
                                validation_batch_size=5000, verbose=0).history
            validation[i, seed, 1:] = history["val_accuracy"]
            validation[i, seed, 0] = accuracy(compiled(new_model(seed), name), VALIDATION)
            test[i, seed] = accuracy(model, TEST)
            say(name, seed, validation[i, seed, [0, 1, 2, -1]], test[i, seed])
    return {"validation": validation, "test": test}


def wrong():
    """The loop done wrong, in two orders, and right beside it."""
    found = {}
    for kind, order in (("reused", NAMES), ("reversed", NAMES[::-1]), ("fresh", NAMES)):
        model, curves = new_model(0), {}
        for name in order:
            if kind == "fresh":
                model = new_model(0)
            curves[name] = compiled(model, name).fit(
                *TRAIN, batch_size=BATCH, epochs=SHORT_EPOCHS, validation_data=VALIDATION, validation_batch_size=5000,
                verbose=0).history["val_accuracy"]
        found[kind] = np.array([curves[name] for name in NAMES])
        say(kind, found[kind][:, -1])
    return found


def compiled_steps():
    """Processor time of a gradient step of the same network in PyTorch, as it is and compiled; needs a C++ compiler."""
    import torch

    def seconds(step, x, y, repeats):
        best = np.inf
        for _ in range(7):
            begin = time.process_time()
            for _ in range(repeats):
                step(x, y)
            best = min(best, (time.process_time() - begin) / repeats)
        return best

    batches, found = np.array([32, 256, 2048]), np.empty((2, 3))
    for kind in (0, 1):
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(784, 100), torch.nn.Tanh(), torch.nn.Linear(100, 10))
        forward = torch.compile(net, dynamic=False) if kind else net

        def step(x, y, net=net, forward=forward):
            net.zero_grad()
            torch.nn.functional.cross_entropy(forward(x), y).backward()

        for i, M in enumerate(batches):
            x, y = torch.from_numpy(MNIST.X_train[:M]), torch.from_numpy(MNIST.y_train[:M].astype(np.int64))
            begin = sum(os.times()[:4])  # with that of the compiler, another process
            step(x, y)
            if kind and i == 0:
                first = sum(os.times()[:4]) - begin
            step(x, y)
            found[kind, i] = seconds(step, x, y, max(10, 6000 // int(M)))
    say("first call", first, "seconds; microseconds a step", 1e6 * found)
    return {"step_seconds": found, "step_batches": batches, "first_call_seconds": np.array(first)}


def main() -> None:
    import keras
    import torch

    parts = {"race": race, "wrong": wrong, "compiled": compiled_steps}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=parts, action="append", help="recompute this part alone")
    chosen = parser.parse_args().only or parts
    torch.set_num_threads(1)
    stored = dict(np.load(TARGET)) if TARGET.exists() else {}
    for name in chosen:
        stored |= parts[name]()
    stored |= {"names": np.array(NAMES), "options": np.array([RATE, BATCH, EPOCHS, SHORT_EPOCHS]),
               "torch_version": np.array(torch.__version__.split("+")[0]), "keras_version": np.array(keras.__version__)}
    np.savez_compressed(TARGET, **stored)
    say(TARGET, TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
