"""Against overfitting: L2 penalty, dropout, and batch normalisation.

Nothing is hidden: dropout masks and running statistics are arguments and results. Layers are arrays
(..., n, M), one sample a column, as everywhere in the network code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from lecture_code.activations import Activation
from lecture_code.network import CostAndGradient, Layers, Network, Trace, cost_and_gradient, forward
from lecture_code.validation import require, require_count, require_fraction, require_positive


def l2_penalty(p: np.ndarray, lam: float, mask: np.ndarray | None = None) -> CostAndGradient:
    """Return λ Σ w² and its gradient 2λw, 0 for what the mask leaves out.

    Book: ch-optimizers

    Parameters
    ----------
    p : (P,), or (R, P)
    lam : λ ≥ 0
    mask : boolean (P,), True where p counts; ``net.weight_mask`` spares the biases; all if None
    """
    require(0 <= lam < np.inf, "lam", "a finite number >= 0", lam)
    w = p if mask is None else p * _booleans(mask, p)
    return CostAndGradient(lam * (w * w).sum(axis=-1), 2 * lam * w)


def _booleans(mask: np.ndarray, p: np.ndarray) -> np.ndarray:
    mask = np.asarray(mask)
    require(mask.dtype == bool and mask.shape == p.shape[-1:], "mask", f"booleans of shape {p.shape[-1:]}",
            f"{mask.dtype} of shape {mask.shape}")
    return mask


# Dropout


def dropout_masks(
    net: Network, rates: float | Sequence[float], M: int, rng: np.random.Generator, dtype: type = np.float64
) -> Layers:
    """Draw the masks of one step: each hidden unit of each sample is dropped with probability q, independently.

    A unit that stays is multiplied by 1/(1 − q), so that the mean of every mask is 1 and nothing changes
    when the masks are left out for inference.

    Parameters
    ----------
    net : the network
    rates : q, 0 ≤ q < 1: one number for all hidden layers, or one each
    M : how many samples
    rng : the source of randomness
    dtype : of the masks

    Returns
    -------
    list with masks[l] of shape (n_l, M) for l = 1 … L − 1; None at the input and at the output
    """
    require_count("M", M)
    hidden = net.widths[1:-1]
    rates = [rates] * len(hidden) if np.ndim(rates) == 0 else list(rates)
    require(len(rates) == len(hidden), "rates", f"{len(hidden)}, one a hidden layer", len(rates))
    for q in rates:
        require_fraction("rates", q)
    return [None, *((rng.random((n, M)) >= q).astype(dtype) / dtype(1 - q) for n, q in zip(hidden, rates)), None]


def dropout_forward(net: Network, p: np.ndarray, x: np.ndarray, masks: Layers) -> Trace:
    """Run the network with a^[ℓ] = m^[ℓ] ⊙ σ(z^[ℓ]) in the layers that have a mask.

    Parameters
    ----------
    net, p, x : as for `forward`
    masks : list with masks[l] of shape (n_l, M) or None, l = 0 … L, as `dropout_masks` draws it

    Returns
    -------
    Trace; its a[l] are masked
    """
    return forward(_thinned(net, masks), p, _masked(x, masks[0]))


def _thinned(net: Network, masks: Layers) -> Network:
    """Return the network whose activations are z ↦ m^[ℓ] ⊙ σ(z), with the slopes m^[ℓ] ⊙ σ'(z)."""
    require(len(masks) == net.depth + 1, "masks", f"{net.depth + 1}, one a layer from the input on", len(masks))
    return replace(net, activations=tuple(
        activation if mask is None else
        Activation(activation.name, partial(_masked_value, activation, mask), partial(_masked_slope, activation, mask))
        for activation, mask in zip(net.activations, masks[1:])))


def _masked_value(activation: Activation, mask: np.ndarray, z: np.ndarray) -> np.ndarray:
    return _masked(activation(z), mask)


def _masked_slope(activation: Activation, mask: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    return mask * activation.derivative(z)  # not from a, which is masked


def _masked(a: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    if mask is None:
        return a
    require(mask.shape[-2:] == a.shape[-2:], "masks", f"shape {a.shape[-2:]}", mask.shape)
    return mask * a


def dropout_cost_and_gradient(net: Network, p: np.ndarray, x: np.ndarray, y: np.ndarray, masks: Layers) -> CostAndGradient:
    """Return C and ∂C/∂p of the thinned network: what was masked going forward is masked going back.

    δ^[ℓ] = σ'(z^[ℓ]) ⊙ m^[ℓ] ⊙ ā^[ℓ].

    Parameters
    ----------
    net, p, x, y : as for `cost_and_gradient`
    masks : as for `dropout_forward`
    """
    return cost_and_gradient(_thinned(net, masks), p, _masked(x, masks[0]), y)


# Batch normalisation


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
    share: float = 0.1, eps: float = 1e-5, unbiased: bool = True,
) -> Normalised:
    """Normalise each unit over the batch (training): ẑ = (z − m) / √(v + eps), output = γ ẑ + β.

    m and v are the mean and the variance (with 1/M) of the M samples. The running statistics move towards
    them: mean ← (1 − share) mean + share · m. PyTorch: the defaults. Keras: ``share=0.01, eps=1e-3,
    unbiased=False``.

    Parameters
    ----------
    z : (..., n, M), M ≥ 2
    gamma, beta : (..., n, 1)
    running : the statistics so far
    share : of the new batch in the running statistics, 0 < share ≤ 1
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
    require(0 < share <= 1, "share", "a number in (0, 1]", share)
    require_positive("eps", eps)
    mean = z.mean(axis=-1, keepdims=True)
    variance = ((z - mean) ** 2).mean(axis=-1, keepdims=True)
    inverse_deviation = 1 / np.sqrt(variance + eps)
    z_hat = (z - mean) * inverse_deviation
    seen = variance * (M / (M - 1)) if unbiased else variance
    moved = RunningStatistics((1 - share) * running.mean + share * mean, (1 - share) * running.variance + share * seen)
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
    mean, slope = g.mean(axis=-1, keepdims=True), (g * z_hat).mean(axis=-1, keepdims=True)
    return BatchNormGradient(
        z_bar=(g - mean - z_hat * slope) * inverse_deviation,
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
