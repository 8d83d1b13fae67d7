"""Networks of PyTorch that grow while they train: define-by-run, where the graph is made anew at every step.

A model is a chain of layers, the last of which is the head; between two forward passes it may become another chain.

Book: ch-pytorch
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lecture_code.lazy import lazy
from lecture_code.samplers import minibatches
from lecture_code.validation import require, require_count, require_positive

torch = lazy("torch")
nn = lazy("torch.nn")
F = lazy("torch.nn.functional")

#: (n_out, n_in) ↦ the weights of a new layer
Start = Callable[[tuple[int, int]], Any]


@dataclass
class GrowthHistory:
    """What a run of `train_growing` went through; epochs count from 1, accuracies are shares.

    Attributes
    ----------
    running : share of right answers during each epoch, on the batches as they came
    validation : share of right answers on the validation set after each epoch, before a layer goes in
    grown_after : the epochs after which a layer went in
    validation_grown : share on the validation set right after each insertion
    """

    running: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    grown_after: list[int] = field(default_factory=list)
    validation_grown: list[float] = field(default_factory=list)


def bare_linear(weights: Any) -> Any:
    """Return a linear layer of PyTorch without biases that has these weights (n_out, n_in)."""
    weights = torch.as_tensor(weights)
    require(weights.ndim == 2, "weights", "an array (n_out, n_in)", f"shape {tuple(weights.shape)}")
    layer = nn.Linear(weights.shape[1], weights.shape[0], bias=False, dtype=weights.dtype)
    with torch.no_grad():
        layer.weight.copy_(weights)
    return layer


def grown(model: Any, weights: Any) -> Any:
    """Return the chain with one more tanh layer of these weights before its head; all other layers stay the same objects."""
    return nn.Sequential(*model[:-1], bare_linear(weights), nn.Tanh(), model[-1])


def share_right(model: Any, X: Any, y: Any) -> float:
    """Return the share of samples to which the model gives their label."""
    with torch.no_grad():
        return (model(X).argmax(dim=1) == y).double().mean().item()


def train_growing(
    model: Any, start: Start, X: Any, y: Any, validation: tuple[Any, Any], *, epochs: int, rng: np.random.Generator,
    eta: float = 0.1, batch_size: int = 100, most: int = 3, settled: int = 20, least: float = 0.001, between: int = 1,
    report: Callable[[int, GrowthHistory], None] | None = None,
) -> tuple[Any, GrowthHistory]:
    """Train a chain by SGD at the rate eta divided by its hidden layers, and let it grow when it stands still.

    After an epoch beyond `settled` whose running accuracy is less than `least` above that of the epoch before, a tanh
    layer with the weights ``start(shape)`` goes in before the head, as long as there are fewer than `most` hidden
    layers and the last one went in at least `between` epochs ago.

    Parameters
    ----------
    model : a chain ``nn.Sequential(…, head)`` of linear layers and tanh
    start : (n_out, n_in) ↦ weights
    X, y : tensors, samples a row, labels
    validation : (X, y), looked at and not learned from
    epochs : how many
    rng : shuffles the samples
    report : called with the epoch and the history so far

    Returns
    -------
    The model as it is at the end, and its history.
    """
    for name, count in (("epochs", epochs), ("batch_size", batch_size), ("most", most), ("settled", settled), ("between", between)):
        require_count(name, count)
    require_positive("eta", eta)
    history = GrowthHistory()

    def optimizer_for(model: Any) -> Any:
        hidden = (len(model) - 1) // 2
        return torch.optim.SGD(model.parameters(), lr=eta / hidden)

    optimizer = optimizer_for(model)
    for epoch in range(1, epochs + 1):
        right = 0
        for B in minibatches(len(X), batch_size, rng):
            B = torch.from_numpy(B)
            z = model(X[B])
            loss = F.cross_entropy(z, y[B])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            right += (z.argmax(dim=1) == y[B]).sum().item()
        history.running.append(right / len(X))
        history.validation.append(share_right(model, *validation))
        last = history.grown_after[-1] if history.grown_after else -between
        stands = epoch > settled and history.running[-1] - history.running[-2] < least
        if stands and (len(model) - 1) // 2 < most and epoch - last >= between:
            n = model[-1].in_features
            model = grown(model, start((n, n)))
            optimizer = optimizer_for(model)              # or the new layer would never move
            history.grown_after.append(epoch)
            history.validation_grown.append(share_right(model, *validation))
        if report is not None:
            report(epoch, history)
    return model, history
