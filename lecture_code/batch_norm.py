"""Batch normalisation: each unit gets mean 0 and variance 1 over the batch, and then a scale and a shift of its own.

Nothing is hidden: running statistics are an argument and a result. Layers are arrays (..., n, M), one sample a column.
`batch_norm` and `batch_norm_backward` are the layer. `BatchNorm` is a network that is made of them; its statistics for
inference are those of a reference set, a function of the parameters, so that it has no state either.

Book: ch-generalisation
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lecture_code.model import Around
from lecture_code.network import CostAndGradient, Layers, Network, unpack
from lecture_code.validation import require, require_count, require_finite, require_positive


class RunningStatistics(NamedTuple):
    """Moving averages over the batches of training, for use at inference: mean and variance, (n, 1) each."""

    mean: np.ndarray
    variance: np.ndarray


class Normalised(NamedTuple):
    """What `batch_norm` returns: the output, ẑ and 1/√(variance + eps) for the way back, the new statistics."""

    output: np.ndarray
    z_hat: np.ndarray
    inverse_deviation: np.ndarray
    running: RunningStatistics


class BatchNormGradient(NamedTuple):
    """The gradients with respect to the input, to γ and to β, each shaped like its argument."""

    z_bar: np.ndarray
    gamma_bar: np.ndarray
    beta_bar: np.ndarray


def fresh_statistics(n: int, dtype: type = np.float64) -> RunningStatistics:
    """Return the statistics before the first batch: mean 0, variance 1, for n units."""
    require_count("n", n)
    return RunningStatistics(np.zeros((n, 1), dtype), np.ones((n, 1), dtype))


def batch_norm(
    z: np.ndarray, gamma: np.ndarray, beta: np.ndarray, running: RunningStatistics,
    momentum: float = 0.1, eps: float = 1e-5, unbiased: bool = True,
) -> Normalised:
    """Normalise each unit over the batch (training): ẑ = (z − m) / √(v + eps), output = γ ẑ + β.

    m and v are the mean and the variance (with 1/M) of the M samples. The running statistics move towards
    them: mean ← (1 − momentum) · mean + momentum · m. PyTorch: the defaults. Keras, whose momentum is one minus
    this one: ``momentum=0.01, eps=1e-3, unbiased=False``.

    Parameters
    ----------
    z : (..., n, M), M ≥ 2
    gamma, beta : (..., n, 1)
    running : the statistics so far
    momentum : the share of the new batch in the running statistics, 0 < momentum ≤ 1
    eps : > 0
    unbiased : whether the running variance takes the batch's variance with 1/(M − 1)

    Raises
    ------
    ValueError
        If there is a single sample, whose variance is 0, or the shapes do not fit.
    """
    _require_layer(z, gamma, beta, running)
    M = z.shape[-1]
    require(M >= 2, "z", "a batch of at least 2 samples", f"{M}")
    require(0 < momentum <= 1, "momentum", "a number in (0, 1]", momentum)
    require_positive("eps", eps)
    mean = z.mean(axis=-1, keepdims=True)
    variance = ((z - mean) ** 2).mean(axis=-1, keepdims=True)
    inverse_deviation = 1 / np.sqrt(variance + eps)
    z_hat = (z - mean) * inverse_deviation
    seen = variance * (M / (M - 1)) if unbiased else variance
    moved = RunningStatistics(
        (1 - momentum) * running.mean + momentum * mean, (1 - momentum) * running.variance + momentum * seen)
    return Normalised(gamma * z_hat + beta, z_hat, inverse_deviation, moved)


def batch_norm_inference(
    z: np.ndarray, gamma: np.ndarray, beta: np.ndarray, running: RunningStatistics, eps: float = 1e-5
) -> np.ndarray:
    """Return γ (z − mean) / √(variance + eps) + β with the running statistics: no sample depends on another."""
    _require_layer(z, gamma, beta, running)
    require_positive("eps", eps)
    return gamma * (z - running.mean) / np.sqrt(running.variance + eps) + beta


def batch_norm_backward(output_bar: np.ndarray, normalised: Normalised, gamma: np.ndarray) -> BatchNormGradient:
    """Send a gradient back through `batch_norm`.

    With g = γ ⊙ output_bar and means over the batch: z_bar = (g − mean(g) − ẑ mean(g ẑ)) / √(v + eps). A
    sample moves the mean and the variance of all, so its gradient depends on all.

    Parameters
    ----------
    output_bar : (..., n, M), the derivative of any scalar by the output
    normalised : what `batch_norm` returned
    gamma : (..., n, 1)
    """
    _, z_hat, inverse_deviation, _ = normalised
    _require_layer(z_hat, gamma)
    require(output_bar.shape == z_hat.shape, "output_bar", f"shape {z_hat.shape}", f"shape {output_bar.shape}")
    g = gamma * output_bar
    by_mean, by_variance = g.mean(axis=-1, keepdims=True), (g * z_hat).mean(axis=-1, keepdims=True)
    return BatchNormGradient(
        z_bar=(g - by_mean - z_hat * by_variance) * inverse_deviation,
        gamma_bar=(output_bar * z_hat).sum(axis=-1, keepdims=True),
        beta_bar=output_bar.sum(axis=-1, keepdims=True),
    )


def batch_norm_inference_backward(
    output_bar: np.ndarray, z: np.ndarray, gamma: np.ndarray, running: RunningStatistics, eps: float = 1e-5
) -> BatchNormGradient:
    """Send a gradient back through `batch_norm_inference`, where the statistics are constants."""
    _require_layer(z, gamma, running=running)
    require(output_bar.shape == z.shape, "output_bar", f"shape {z.shape}", f"shape {output_bar.shape}")
    require_positive("eps", eps)
    inverse_deviation = 1 / np.sqrt(running.variance + eps)
    z_hat = (z - running.mean) * inverse_deviation
    return BatchNormGradient(
        z_bar=gamma * output_bar * inverse_deviation,
        gamma_bar=(output_bar * z_hat).sum(axis=-1, keepdims=True),
        beta_bar=output_bar.sum(axis=-1, keepdims=True),
    )


def _require_layer(
    z: np.ndarray, gamma: np.ndarray, beta: np.ndarray | None = None, running: RunningStatistics | None = None
) -> None:
    require(z.ndim >= 2, "z", "one sample a column, (n, M)", f"shape {z.shape}")
    mean, variance = (None, None) if running is None else running
    for name, array in (("gamma", gamma), ("beta", beta), ("running", mean), ("running", variance)):
        require(array is None or np.shape(array)[-2:] == (z.shape[-2], 1), name, f"shape ({z.shape[-2]}, 1)",
                f"shape {np.shape(array)}")


# A network with it


@dataclass(frozen=True, eq=False)
class BatchNorm(Around):
    """A dense network with batch normalisation before the activation of every hidden layer.

    In layer ℓ, z = W a is normalised over the batch, u = γ ẑ + β, and a = σ(u); the output layer is as it was.
    θ holds the parameters of the network, then γ of every hidden layer, then β. The b of a hidden layer play no part,
    since the mean would take them out again: β is in their place, and their gradient is 0.

    While it is trained, a batch is normalised by itself. The output normalises by the statistics of a reference set,
    as Ioffe and Szegedy have it: the set goes through the network as one batch, and each layer takes its mean and
    variance. PyTorch takes moving averages over the batches of training instead; they agree with these if its
    momentum is 1 and its last batch is the reference set.

    Attributes
    ----------
    net : the network, with at least one hidden layer
    reference : (N, d), one sample a row, N ≥ 2: training data, as many as give good statistics; some hundreds do
    eps : > 0, added to the variance
    unbiased : whether the output takes the variance of the reference set with 1/(N − 1), as PyTorch does
    """

    net: Network
    reference: np.ndarray
    eps: float = 1e-5
    unbiased: bool = True

    def __post_init__(self) -> None:
        require(self.net.depth > 1, "net", "at least one hidden layer", f"widths {self.net.widths}")
        d = self.net.widths[0]
        require(np.ndim(self.reference) == 2 and len(self.reference) > 1 and self.reference.shape[1] == d, "reference",
                f"at least 2 samples, one a row, (N, {d})", f"shape {np.shape(self.reference)}")
        require_finite("reference", self.reference)
        require_positive("eps", self.eps)

    @property
    def size(self) -> int:
        """P: the parameters of the network, and γ and β of every hidden unit."""
        return self.net.size + 2 * sum(self.net.widths[1:-1])

    @property
    def weight_mask(self) -> np.ndarray:
        """Boolean (P,): the weights of the network; neither γ nor β."""
        return np.concatenate([self.net.weight_mask, np.zeros(self.size - self.net.size, bool)])

    def parameters(self, theta: np.ndarray) -> np.ndarray:
        """Return the parameters to start from: those of the network, as ``he(net, rng)``, with γ = 1 and β = 0."""
        hidden = sum(self.net.widths[1:-1])
        ones = np.ones((*theta.shape[:-1], hidden), theta.dtype)
        return np.concatenate([theta, ones, 0 * ones], axis=-1)

    def unpack(self, theta: np.ndarray) -> tuple[Layers, Layers, Layers, Layers]:
        """Return (W, b, gamma, beta) as views into theta, indexed by the layer; gamma[l], beta[l] are (..., n_l, 1)."""
        require(theta.shape[-1:] == (self.size,), "theta", f"{self.size} parameters on the last axis",
                f"shape {theta.shape}")
        W, b = unpack(self.net, theta[..., :self.net.size])
        ends = self.net.size + np.cumsum([0, *self.net.widths[1:-1], *self.net.widths[1:-1]])
        columns = [theta[..., start:end, None] for start, end in zip(ends, ends[1:])]
        hidden = self.net.depth - 1
        return W, b, [None, *columns[:hidden]], [None, *columns[hidden:]]

    def statistics(self, theta: np.ndarray) -> list[RunningStatistics | None]:
        """Return the mean and the variance of each hidden layer's z on the reference set, indexed by the layer."""
        x = self.reference.astype(theta.dtype, copy=False).mT
        _, layers = _batch_norm_forward(self, theta, x)
        return [layer and layer.running for layer in layers]

    def output(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the output with the statistics of the reference set: no sample depends on another."""
        W, b, gamma, beta = self.unpack(theta)
        a, seen = x, self.statistics(theta)
        for l in range(1, self.net.depth):
            u = batch_norm_inference(W[l] @ a, gamma[l], beta[l], seen[l], self.eps)
            a = self.net.activations[l - 1](u)
        return self.net.activations[-1](W[-1] @ a + b[-1])

    def cost_and_gradient(
        self, theta: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator | None = None
    ) -> CostAndGradient:
        """Return what `batch_norm_cost_and_gradient` does; rng is for models that draw, and has no effect here."""
        return batch_norm_cost_and_gradient(self, theta, x, y)


def _batch_norm_forward(model: BatchNorm, theta: np.ndarray, x: np.ndarray) -> tuple[Layers, list[Normalised | None]]:
    """Return a[l] of each layer but the last, and what `batch_norm` returned, with the statistics of this batch."""
    W, _, gamma, beta = model.unpack(theta)
    a, layers = [x], [None]
    for l in range(1, model.net.depth):
        none_yet = fresh_statistics(model.widths[l], theta.dtype)
        layers.append(batch_norm(W[l] @ a[l - 1], gamma[l], beta[l], none_yet, 1, model.eps, model.unbiased))
        a.append(model.net.activations[l - 1](layers[l].output))
    return a, layers


def batch_norm_cost_and_gradient(model: BatchNorm, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> CostAndGradient:
    """Return C and ∂C/∂θ of a network whose hidden layers are normalised over the batch.

    A hidden layer sends its error signal through the activation, then through the normalisation.

    Parameters
    ----------
    model : the network
    theta : (P,), or (R, P)
    x, y : (d, M) and (K, M), M ≥ 2; with R runs also (R, d, M) and (R, K, M)

    Raises
    ------
    ValueError
        If there is a single sample, whose variance is 0, or the shapes do not fit.
    """
    net, sigma, L = model.net, (None, *model.net.activations), model.net.depth
    (W, b, gamma, _), M = model.unpack(theta), x.shape[-1]
    a, layers = _batch_norm_forward(model, theta, x)
    z = W[L] @ a[L - 1] + b[L]
    a.append(sigma[L](z))
    C, a_bar = net.loss.value_and_gradient(a[L], y)
    gradient = np.zeros(theta.shape, theta.dtype)
    dW, db, dgamma, dbeta = model.unpack(gradient)
    delta = sigma[L].derivative(z, a[L]) * a_bar / M  # C is the mean of the losses
    dW[L][...] = delta @ a[L - 1].mT
    db[L][...] = delta.sum(axis=-1, keepdims=True)
    for l in range(L - 1, 0, -1):
        u_bar = sigma[l].derivative(layers[l].output, a[l]) * (W[l + 1].mT @ delta)
        delta, dgamma[l][...], dbeta[l][...] = batch_norm_backward(u_bar, layers[l], gamma[l])
        dW[l][...] = delta @ a[l - 1].mT
    return CostAndGradient(C.sum(axis=-1) / M, gradient)
