"""What a network costs: parameters, operations, memory.

The convention: an addition or a multiplication is one operation, a product of an m × n matrix with a
vector has 2mn of them (every sum starts from 0), a bias and a value of σ are one for each entry, and σ'
is at hand when the backward pass needs it. Counts are exact integers.

Book: ch-backpropagation
"""

from __future__ import annotations

from collections.abc import Sequence

from lecture_code.validation import require, require_count


def _layers(widths: Sequence[int]) -> list[tuple[int, int]]:
    """Return (n_in, n_out) of each layer, or raise unless there are at least two widths."""
    require(len(widths) >= 2, "widths", "at least an input and an output width", widths)
    for width in widths:
        require_count("widths", width)
    return list(zip(widths[:-1], widths[1:]))


def parameter_count(widths: Sequence[int], bias: bool = True) -> int:
    """Return P = Σ_ℓ n_ℓ (n_{ℓ−1} + 1).

    Parameters
    ----------
    widths : n_0, n_1, …, n_L, as of a `Network`
    bias : False for n_ℓ n_{ℓ−1}

    Raises
    ------
    ValueError
        If there are fewer than two widths, or one is not an integer ≥ 1.
    """
    return sum(n_out * (n_in + bool(bias)) for n_in, n_out in _layers(widths))


def forward_operations(widths: Sequence[int], batch: int = 1, bias: bool = True) -> int:
    """Return M Σ_ℓ (2 n_ℓ n_{ℓ−1} + 2 n_ℓ): in each layer the product, the bias, σ.

    With n units in each of H hidden layers, d inputs and K outputs, one sample costs
    2(H − 1)(n² + n) + 2n(1 + d + K) + 2K.

    Parameters
    ----------
    widths, bias : as for `parameter_count`
    batch : M
    """
    require_count("batch", batch)
    return batch * sum(2 * n_out * n_in + (1 + bool(bias)) * n_out for n_in, n_out in _layers(widths))


def backward_operations(widths: Sequence[int], batch: int = 1, bias: bool = True) -> int:
    """Return M (2n_L + Σ_{ℓ<L} (2 n_{ℓ+1} n_ℓ + n_ℓ) + Σ_ℓ n_ℓ n_{ℓ−1}) + (M − 1) P.

    For each sample: δ^[L] = σ' ⊙ (a − y), then δ^[ℓ] = σ' ⊙ Wᵀδ^[ℓ+1], and the products δ aᵀ; the bias
    gradient is δ itself. For a batch the M gradients are added up. One sample of a network with n units in
    each of H hidden layers costs (H − 1)(3n² + n) + n(d + 3K + 1) + 2K, a large batch about 4n² for each
    sample and hidden layer.

    Parameters
    ----------
    widths, bias : as for `parameter_count`
    batch : M
    """
    require_count("batch", batch)
    layers = _layers(widths)
    errors = 2 * widths[-1] + sum(2 * n_out * n_in + n_in for n_in, n_out in layers[1:])
    products = sum(n_out * n_in for n_in, n_out in layers)
    return batch * (errors + products) + (batch - 1) * parameter_count(widths, bias)


def training_memory(
    widths: Sequence[int], batch: int, itemsize: int = 4, stored: bool = True, bias: bool = True
) -> int:
    """Return the bytes of the parameters, of two consecutive δ, and of z and a of the hidden layers if `stored`.

    The input belongs to the data, and the output is used up by the loss; neither is counted. Five hidden
    layers of 500 with d = 1000, K = 100, batch 1000 in float32 take 10.2 MB, and 30.2 MB with z and a.

    Parameters
    ----------
    widths, bias : as for `parameter_count`
    batch : M
    itemsize : bytes of a number: 4 for float32, 8 for float64
    stored : whether z and a are kept for the backward pass, as `forward` does
    """
    require_count("batch", batch)
    require_count("itemsize", itemsize)
    parameters, outputs = parameter_count(widths, bias), list(widths[1:])
    two_errors = max((left + right for left, right in zip(outputs, outputs[1:])), default=outputs[0])
    activations = 2 * sum(outputs[:-1]) if stored else 0
    return itemsize * (parameters + batch * (two_errors + activations))


def convolution_parameter_count(channels: int, filters: int, size: tuple[int, int], bias: bool = True) -> int:
    """Return Q (C k_y k_x + 1): it does not depend on the size of the image.

    Book: eq-conv-parameters

    Parameters
    ----------
    channels, filters : C and Q
    size : (k_y, k_x)
    """
    for name, value in (("channels", channels), ("filters", filters), ("size", size[0]), ("size", size[1])):
        require_count(name, value)
    return filters * (channels * size[0] * size[1] + bool(bias))


def convolution_operations(
    channels: int, filters: int, size: tuple[int, int], output: tuple[int, int], bias: bool = True
) -> tuple[int, int, int]:
    """Return the operations of one image: forward 2 Q C k_y k_x h w + Q h w, then dF with db, then dX.

    Book: eq-conv-multiplications

    Each gradient takes the 2 Q C k_y k_x h w operations of the forward pass once more, and db the Q h w of
    the bias: so backward costs twice forward, or once where no input gradient is needed.

    Parameters
    ----------
    channels, filters, size : as for `convolution_parameter_count`
    output : (h, w) of the feature maps
    """
    products = 2 * convolution_parameter_count(channels, filters, size, bias=False)
    for value in output:
        require_count("output", value)
    places = output[0] * output[1]
    return (products + bool(bias) * filters) * places, (products + bool(bias) * filters) * places, products * places
