"""The tasks of the chapter on vanishing and exploding gradients."""

from __future__ import annotations

import numpy as np

from lecture_code.activations import linear, relu, sigmoid, tanh
from lecture_code.feedback import Mistake, Task
from lecture_code.initialisation import gaussian_parameters
from lecture_code.losses import half_squared
from lecture_code.network import Network, backward, cost_and_gradient, forward, unpack

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- Task 1: the factor of a layer

def profile(rng: np.random.Generator, H: int) -> tuple[Vector]:
    """Return sizes of δ in the hidden layers 1 … H: a trend up or down, and some noise."""
    factor = rng.choice([0.12, 0.5, 0.8, 1.3, 2.5])
    trend = factor ** np.arange(H)[::-1].astype(float)
    return (trend * np.exp(0.3 * rng.normal(size=H)) * rng.uniform(0.01, 0.2),)


def _factor(sizes: Vector) -> float:
    return (sizes[0] / sizes[-1]) ** (1 / (len(sizes) - 1))


def _upwards(sizes: Vector) -> float:
    return (sizes[-1] / sizes[0]) ** (1 / (len(sizes) - 1))


def _one_root_too_many(sizes: Vector) -> float:
    return (sizes[0] / sizes[-1]) ** (1 / len(sizes))


def _no_root(sizes: Vector) -> float:
    return sizes[0] / sizes[-1]


def _arithmetic_mean(sizes: Vector) -> float:
    return np.mean(sizes[:-1] / sizes[1:])


def _divided(sizes: Vector) -> float:
    return sizes[0] / sizes[-1] / (len(sizes) - 1)


def _logarithm(sizes: Vector) -> float:
    return (np.log(sizes[0]) - np.log(sizes[-1])) / (len(sizes) - 1)


def _last_step(sizes: Vector) -> float:
    return sizes[0] / sizes[1]


def _difference(sizes: Vector) -> float:
    return (sizes[0] - sizes[-1]) / (len(sizes) - 1)


layer_factor = Task(
    name="layer_factor", title="Task 1a, the factor of a layer",
    takes="sizes", returns="factor",
    reference=_factor, draw=profile, shapes=(3, 5, 20),
    mistakes=(
        Mistake("your factor is that of the way up",
                "The error signal starts in the last layer. By which factor does it change from a layer to the one "
                "below?", _upwards),
        Mistake("your root has one layer too many", "How many steps lead from the last of H layers to the first?",
                _one_root_too_many),
        Mistake("you return the change over all layers together", "What is asked for is the factor of one layer.",
                _no_root),
        Mistake("you take the arithmetic mean of the factors",
                "Factors are multiplied. Which mean, multiplied with itself, gives their product?", _arithmetic_mean),
        Mistake("you divide by the number of steps", "Signals are multiplied, so the number of steps is an exponent.",
                _divided),
        Mistake("you return the logarithm of the factor", "One step is missing after the logarithms.", _logarithm),
        Mistake("you look at one step only", "All layers lie between the two ends.", _last_step),
        Mistake("you take a difference", "The line is straight on a log axis. What is constant then?", _difference),
    ),
)


def mystery_profiles(H: int = 12, n: int = 40) -> dict[str, tuple[Vector, Vector]]:
    """Return, for four networks A … D, the size of δ and the norm of ∂C/∂W in the hidden layers 1 … H."""
    rng, found = np.random.default_rng(16), {}
    x, y = rng.normal(size=(n, 100)), rng.normal(size=(3, 100))
    for letter, sigma, gain in zip("ABCD", (relu, tanh, sigmoid, tanh), (1, 1, 1, n**0.5)):
        net = Network((n,) * (H + 1) + (3,), (sigma,) * H + (linear,), half_squared)
        theta = gaussian_parameters(net, rng, [gain / n**0.5] * H + [n**-0.5])
        delta, _ = backward(net, theta, forward(net, theta, x), y)
        dW, _ = unpack(net, cost_and_gradient(net, theta, x, y).gradient)
        found[letter] = (np.array([np.sqrt(np.mean(d**2)) for d in delta[1:-1]]),
                         np.array([np.linalg.norm(d) for d in dW[1:-1]]))
    return found


# ---------------------------------------------------------------- Task 2: clipping, one run or many

def gradients(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Matrix, float]:
    """Return gradients, one a row, shorter and longer than c, a row of zeros among them where there are many."""
    g = rng.normal(size=shape)
    lengths = rng.permutation(np.geomspace(0.2, 30, shape[0]))
    g *= (lengths / np.linalg.norm(g, axis=1))[:, None]
    if shape[0] > 2:
        g[rng.integers(shape[0])] = 0
    return g, round(float(rng.uniform(0.6, 3)), 2)


def _lengths(g: Matrix) -> Matrix:
    return np.sqrt((g**2).sum(axis=1, keepdims=True))


def _clipped(g: Matrix, c: float) -> Matrix:
    return g * np.minimum(1, c / np.maximum(_lengths(g), c))


def _entry_by_entry(g: Matrix, c: float) -> Matrix:
    return np.clip(g, -c, c)


def _always_c(g: Matrix, c: float) -> Matrix:
    return c * g / np.maximum(_lengths(g), 1e-300)


def _without_root(g: Matrix, c: float) -> Matrix:
    return g * np.minimum(1, c / np.maximum(_lengths(g) ** 2, 1e-300))


def _one_norm_for_all(g: Matrix, c: float) -> Matrix:
    return g * min(1, c / np.sqrt((g**2).sum()))


def _columns(g: Matrix, c: float) -> Matrix:
    return g * np.minimum(1, c / np.maximum(np.sqrt((g**2).sum(axis=0, keepdims=True)), 1e-300))


def _sum_of_sizes(g: Matrix, c: float) -> Matrix:
    return g * np.minimum(1, c / np.maximum(np.abs(g).sum(axis=1, keepdims=True), 1e-300))


def _largest_entry(g: Matrix, c: float) -> Matrix:
    return g * np.minimum(1, c / np.maximum(np.abs(g).max(axis=1, keepdims=True), 1e-300))


def _length_one(g: Matrix, c: float) -> Matrix:
    return np.where(_lengths(g) > c, g / np.maximum(_lengths(g), 1e-300), g)


def _dropped(g: Matrix, c: float) -> Matrix:
    return np.where(_lengths(g) > c, 0, g)


def _zero_by_zero(g: Matrix, c: float) -> Matrix:
    with np.errstate(all="ignore"):
        return np.where(_lengths(g) > 0, _clipped(g, c), np.nan)


clipped = Task(
    name="clipped", title="Task 2a, clipped gradients",
    takes="g, c", returns="g",
    reference=_clipped, draw=gradients, shapes=((2, 3), (3, 2), (5, 4)),
    mistakes=(
        Mistake("you clip entry by entry", "The direction has to stay. Do your entries keep their ratios?",
                _entry_by_entry),
        Mistake("short gradients are made longer", "What should happen to a gradient whose length is below c?",
                _always_c),
        Mistake("the root is missing in the length", "The length of (3, 4) is 5.", _without_root),
        Mistake("all runs share one length", "Each row is the gradient of a run of its own.", _one_norm_for_all),
        Mistake("your lengths are those of columns", "Over which axis does the sum run? A gradient is a row.",
                _columns),
        Mistake("your length is the sum of absolute values", "The length of (3, 4) is 5.", _sum_of_sizes),
        Mistake("your length is the largest entry", "The length of (3, 4) is 5.", _largest_entry),
        Mistake("long gradients get length 1", "Which length is the largest that is allowed?", _length_one),
        Mistake("long gradients are thrown away", "Their direction is still good.", _dropped),
        Mistake("a gradient of zeros becomes nan", "What is c divided by a length of 0, and how can you avoid it?",
                _zero_by_zero),
    ),
)


# ---------------------------------------------------------------- Task 3: the variance for leaky ReLU

def slope_and_widths(rng: np.random.Generator, widest: int) -> tuple[float, int, int]:
    """Return the slope α of leaky ReLU on the left, and two different widths of neighbouring layers."""
    n_in, n_out = rng.choice(np.arange(2, widest), 2, replace=False)
    return round(float(rng.uniform(0.1, 0.8)), 2), int(n_in), int(n_out)


def _leaky(alpha: float, n_in: int, n_out: int) -> float:
    return 2 / ((1 + alpha**2) * n_in)


def _as_relu(alpha: float, n_in: int, n_out: int) -> float:
    return 2 / n_in


def _as_linear(alpha: float, n_in: int, n_out: int) -> float:
    return 1 / n_in


def _alpha_not_squared(alpha: float, n_in: int, n_out: int) -> float:
    return 2 / ((1 + alpha) * n_in)


def _squared_sum(alpha: float, n_in: int, n_out: int) -> float:
    return 2 / ((1 + alpha) ** 2 * n_in)


def _fan_out(alpha: float, n_in: int, n_out: int) -> float:
    return 2 / ((1 + alpha**2) * n_out)


def _compromise(alpha: float, n_in: int, n_out: int) -> float:
    return 4 / ((1 + alpha**2) * (n_in + n_out))


def _deviation(alpha: float, n_in: int, n_out: int) -> float:
    return _leaky(alpha, n_in, n_out) ** 0.5


def _half_forgotten(alpha: float, n_in: int, n_out: int) -> float:
    return 1 / ((1 + alpha**2) * n_in)


def _upside_down(alpha: float, n_in: int, n_out: int) -> float:
    return (1 + alpha**2) / (2 * n_in)


def _difference_of_squares(alpha: float, n_in: int, n_out: int) -> float:
    return 2 / ((1 - alpha**2) * n_in)


leaky_variance = Task(
    name="leaky_variance", title="Task 3a, the scale for leaky ReLU",
    takes="alpha, n_in, n_out", returns="variance",
    reference=_leaky, draw=slope_and_widths, shapes=(9, 60, 900),
    mistakes=(
        Mistake("the left half counts as 0", "A leaky unit passes on α z for negative z.", _as_relu),
        Mistake("your variance ignores α", "α = 1 is a linear layer. Does a smaller α pass on as much?", _as_linear),
        Mistake("α is not squared", "It is the mean of a *square* that has to stay.", _alpha_not_squared),
        Mistake("you square a sum", "Positive and negative z are different units. Square first, then take the mean.",
                _squared_sum),
        Mistake("you count the units above", "On the way up, over how many units does the sum of a unit run?",
                _fan_out),
        Mistake("you take Xavier's compromise", "The way up alone is asked for.", _compromise),
        Mistake("you return the standard deviation", "What is asked for is the variance.", _deviation),
        Mistake("the half is missing", "α = 0 is ReLU. Do you get He's variance?", _half_forgotten),
        Mistake("your fraction is upside down", "If a layer passes on less, the weights have to be larger.",
                _upside_down),
        Mistake("the two halves are subtracted", "Squares are never negative, also those of negative z.",
                _difference_of_squares),
    ),
)


# ---------------------------------------------------------------- Task 4: rescue

def normal_matrix(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix]:
    """Return standard normal numbers (n_out, n_in)."""
    return (rng.normal(size=shape),)


def _start(G: Matrix) -> tuple[Matrix, Matrix]:
    W = 4 * G / np.sqrt(G.shape[1])
    return W, -W.sum(axis=1, keepdims=True) / 2


def _gain_one(G: Matrix) -> tuple[Matrix, Matrix]:
    W = G / np.sqrt(G.shape[1])
    return W, -W.sum(axis=1, keepdims=True) / 2


def _no_bias(G: Matrix) -> tuple[Matrix, Matrix]:
    W, b = _start(G)
    return W, 0 * b


def _bias_sign(G: Matrix) -> tuple[Matrix, Matrix]:
    W, b = _start(G)
    return W, -b


def _column_sums(G: Matrix) -> tuple[Matrix, Matrix]:
    W, _ = _start(G)
    return W, -W.sum(axis=0)[:, None] / 2


def _units_above(G: Matrix) -> tuple[Matrix, Matrix]:
    W = 4 * G / np.sqrt(G.shape[0])
    return W, -W.sum(axis=1, keepdims=True) / 2


def _variance_as_scale(G: Matrix) -> tuple[Matrix, Matrix]:
    W = 4 * G / G.shape[1]
    return W, -W.sum(axis=1, keepdims=True) / 2


def _whole_sum(G: Matrix) -> tuple[Matrix, Matrix]:
    W, b = _start(G)
    return W, 2 * b


def _bias_of_raw(G: Matrix) -> tuple[Matrix, Matrix]:
    W, _ = _start(G)
    return W, -G.sum(axis=1, keepdims=True) / 2


def _gain_two(G: Matrix) -> tuple[Matrix, Matrix]:
    W = 2 * G / np.sqrt(G.shape[1])
    return W, -W.sum(axis=1, keepdims=True) / 2


def _gain_sixteen(G: Matrix) -> tuple[Matrix, Matrix]:
    W = 16 * G / np.sqrt(G.shape[1])
    return W, -W.sum(axis=1, keepdims=True) / 2


def _mean_for_sum(G: Matrix) -> tuple[Matrix, Matrix]:
    W, _ = _start(G)
    return W, -W.mean(axis=1, keepdims=True) / 2


sigmoid_start = Task(
    name="sigmoid_start", title="Task 4a, a start for sigmoids",
    takes="G", returns="W, b",
    reference=_start, draw=normal_matrix, shapes=((2, 3), (5, 3), (4, 7)),
    mistakes=(
        Mistake("your weights have gain 1", "That is tanh's gain. A sigmoid unit is a tanh unit in other units.",
                _gain_one),
        Mistake("the biases are 0", "Sigmoid activations are all positive. Where do the z lie without a bias?",
                _no_bias),
        Mistake("the sign of the biases is wrong", "For activations of ½ everywhere, z is to be 0.", _bias_sign),
        Mistake("you add up columns", "The weights of unit j are row j.", _column_sums),
        Mistake("you scale by the units above", "Over how many terms does z sum?", _units_above),
        Mistake("the root is missing in the scale", "A variance of 16/n is which standard deviation?",
                _variance_as_scale),
        Mistake("the biases are twice too large", "The mean activation of a sigmoid at z = 0 is not 1.", _whole_sum),
        Mistake("your biases belong to other weights", "Use the scaled weights in the bias.", _bias_of_raw),
        Mistake("your gain is 2", "Two factors ½ stand in the identity: one inside the tanh and one before it.",
                _gain_two),
        Mistake("your gain is 16", "Scale the standard deviation, not twice.", _gain_sixteen),
        Mistake("your biases use a mean of the weights", "z is a sum over the inputs.", _mean_for_sum),
    ),
)

#: In the order of the notebook.
ALL = (layer_factor, clipped, leaky_variance, sigmoid_start)
