"""Random parameters to start from: each scheme is a size for the weights of a layer.

Zero weights would keep the units of a layer alike for ever; weights that are too large or too small make signals
grow or die from layer to layer. The schemes choose the standard deviation of a weight by the numbers n_{ℓ−1} that
enter its layer and n_ℓ that leave it.

Book: ch-vanishing-gradients
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lecture_code.network import Network, unpack
from lecture_code.validation import require


def gaussian_parameters(
    net: Network, rng: np.random.Generator, scale: float | Sequence[float] = 1.0, bias_scale: float = 0.0,
    dtype: type = np.float64,
) -> np.ndarray:
    """Draw theta: weights of layer ℓ from scale_ℓ · N(0, 1), biases from bias_scale · N(0, 1).

    Parameters
    ----------
    net : the network
    rng : the source of randomness
    scale : one number for all layers, or one a layer
    bias_scale : 0 gives zero biases
    dtype : of the parameters; float32 halves the time of large networks
    """
    require(np.ndim(scale) == 0 or np.shape(scale) == (net.depth,), "scale",
            f"one number, or {net.depth}, one a layer", f"shape {np.shape(scale)}")
    scales = np.broadcast_to(np.asarray(scale, np.float64), (net.depth,))
    theta = rng.standard_normal(net.size)
    W, b = unpack(net, theta)
    for l in range(1, net.depth + 1):
        W[l][...] *= scales[l - 1]
        b[l][...] *= bias_scale
    return theta.astype(dtype)


def xavier(net: Network, rng: np.random.Generator, dtype: type = np.float64) -> np.ndarray:
    """Draw theta: weights of layer ℓ from N(0, 2/(n_{ℓ−1} + n_ℓ)), biases 0.

    The variance is a compromise: 1/n_{ℓ−1} keeps the size of the signals on the way forward, 1/n_ℓ that
    of the errors on the way back, both for tanh near 0.

    Book: eq-xavier
    """
    return gaussian_parameters(net, rng, [(2 / (n_in + n_out)) ** 0.5 for n_in, n_out in net.fans], dtype=dtype)


def he(net: Network, rng: np.random.Generator, dtype: type = np.float64) -> np.ndarray:
    """Draw theta: weights of layer ℓ from N(0, 2/n_{ℓ−1}), biases 0. The 2 makes up for the half that ReLU cuts off.

    Book: eq-he
    """
    return gaussian_parameters(net, rng, [(2 / n_in) ** 0.5 for n_in, _ in net.fans], dtype=dtype)


def lecun(net: Network, rng: np.random.Generator, dtype: type = np.float64) -> np.ndarray:
    """Draw theta: weights of layer ℓ from N(0, 1/n_{ℓ−1}), biases 0."""
    return gaussian_parameters(net, rng, [(1 / n_in) ** 0.5 for n_in, _ in net.fans], dtype=dtype)
