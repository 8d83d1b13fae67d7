"""The tasks of the chapter on vanishing and exploding gradients."""

from __future__ import annotations

import numpy as np

from lecture_code.activations import linear, relu, sigmoid, tanh
from lecture_code.feedback import task
from lecture_code.initialisation import gaussian_parameters
from lecture_code.losses import half_squared
from lecture_code.network import Network, backward, cost_and_gradient, forward, unpack

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- Task 1: the factor of a layer

def profile(rng: np.random.Generator, H: int) -> tuple[Vector]:
    """Return sizes of δ in the hidden layers 1 … H: a trend up or down, and some noise."""
    factor = rng.choice([0.12, 0.5, 0.8, 1.3, 2.5]) if H < 30 else 1e-3     # the product of all sizes is 0 then
    trend = factor ** np.arange(H)[::-1].astype(float)
    return (trend * np.exp(0.3 * rng.normal(size=H)) * rng.uniform(0.01, 0.2),)


@task("Task 1a: reading a profile", returns="factor", points=2, draw=profile, shapes=(3, 5, 30))
def layer_factor(sizes):
    return (sizes[0] / sizes[-1]) ** (1 / (len(sizes) - 1))


layer_factor.mistake("your factor is that of the way up",
    "The error signal starts in the last layer. By which factor does it change from a layer to the one below?",
    result=lambda factor: 1 / factor)
layer_factor.mistake("your root has one layer too many", "How many steps lead from the last of H layers to the first?",
    lambda sizes: (sizes[0] / sizes[-1]) ** (1 / len(sizes)))
layer_factor.mistake("you return the change over all layers together", "What is asked for is the factor of one layer.",
    lambda sizes: sizes[0] / sizes[-1])
layer_factor.mistake("you take the arithmetic mean of the factors",
    "Factors are multiplied. Which mean, multiplied with itself, gives their product?",
    lambda sizes: np.mean(sizes[:-1] / sizes[1:]))
layer_factor.mistake("you divide by the number of steps",
    "Signals are multiplied, so the number of steps is an exponent.",
    lambda sizes: sizes[0] / sizes[-1] / (len(sizes) - 1))
layer_factor.mistake("you return the logarithm of the factor", "One step is missing after the logarithms.",
    result=np.log)
layer_factor.mistake("you look at one step only", "All layers lie between the two ends.",
    lambda sizes: sizes[0] / sizes[1])
layer_factor.mistake("you take a difference", "The line is straight on a log axis. What is constant then?",
    lambda sizes: (sizes[0] - sizes[-1]) / (len(sizes) - 1))


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


def _lengths(g: Matrix, axis: int = 1) -> Matrix:
    return np.sqrt((g**2).sum(axis=axis, keepdims=True))


def _shortened(g: Matrix, c: float, length: Matrix) -> Matrix:
    """Multiply by c/length where the length is more than c."""
    return g * c / np.maximum(length, c)


@task("Task 2a: clipping", returns="g", points=2, draw=gradients, shapes=((2, 3), (3, 2), (5, 4)))
def clipped(g, c):
    return _shortened(g, c, _lengths(g))


clipped.mistake("you clip entry by entry", "The direction has to stay. Do your entries keep their ratios?",
    lambda g, c: np.clip(g, -c, c))
clipped.mistake("short gradients are made longer", "What should happen to a gradient whose length is below c?",
    lambda g, c: c * g / np.maximum(_lengths(g), 1e-300))
clipped.mistake("the root is missing in the length", "The length of (3, 4) is 5.",
    lambda g, c: _shortened(g, c, _lengths(g) ** 2))
clipped.mistake("all runs share one length", "Each row is the gradient of a run of its own.",
    lambda g, c: _shortened(g, c, _lengths(g, axis=None)))
clipped.mistake("your lengths are those of columns", "Over which axis does the sum run? A gradient is a row.",
    lambda g, c: _shortened(g, c, _lengths(g, axis=0)))
clipped.mistake("your length is the sum of absolute values", "The length of (3, 4) is 5.",
    lambda g, c: _shortened(g, c, np.abs(g).sum(axis=1, keepdims=True)))
clipped.mistake("your length is the largest entry", "The length of (3, 4) is 5.",
    lambda g, c: _shortened(g, c, np.abs(g).max(axis=1, keepdims=True)))
clipped.mistake("long gradients get length 1", "Which length is the largest that is allowed?",
    lambda g, c: np.where(_lengths(g) > c, g / np.maximum(_lengths(g), c), g))
clipped.mistake("your fraction is upside down", "A row that is twice as long as c is to be multiplied by which number?",
    lambda g, c: g * np.minimum(1, _lengths(g) / c))
clipped.mistake("the larger factor is taken, not the smaller one",
    "Which factor has a row that is shorter than c, and which one that is longer?",
    lambda g, c: g * np.maximum(1, c / np.maximum(_lengths(g), 1e-300)))
clipped.mistake("long gradients are thrown away", "Their direction is still good.",
    lambda g, c: np.where(_lengths(g) > c, 0, g))
clipped.mistake("a gradient of zeros becomes nan", "What is c divided by a length of 0, and how can you avoid it?",
    lambda g, c: np.where(_lengths(g) > 0, _shortened(g, c, _lengths(g)), np.nan))


# ---------------------------------------------------------------- Task 3: the variance for leaky ReLU

def slope_and_widths(rng: np.random.Generator, widest: int) -> tuple[float, int, int]:
    """Return the slope α of leaky ReLU on the left, and two different widths of neighbouring layers."""
    n_in, n_out = rng.choice(np.arange(2, widest), 2, replace=False)
    alpha = round(float(rng.uniform(0.1, 0.8)), 2)
    return float(rng.integers(2)) if widest == 60 else alpha, int(n_in), int(n_out)     # 0 is ReLU, 1 a linear layer


@task("Task 3a: a scale for leaky ReLU", returns="variance", points=2, draw=slope_and_widths, shapes=(9, 60, 900))
def leaky_variance(alpha, n_in, n_out):
    return 2 / ((1 + alpha**2) * n_in)


leaky_variance.mistake("the left half counts as 0", "A leaky unit passes on α z for negative z.",
    lambda alpha, n_in, n_out: 2 / n_in)
leaky_variance.mistake("your variance ignores α", "α = 1 is a linear layer. Does a smaller α pass on as much?",
    lambda alpha, n_in, n_out: 1 / n_in)
leaky_variance.mistake("α is not squared", "It is the mean of a square that has to stay.",
    lambda alpha, n_in, n_out: 2 / ((1 + alpha) * n_in))
leaky_variance.mistake("you square a sum",
    "Positive and negative z are different units. Square first, then take the mean.",
    lambda alpha, n_in, n_out: 2 / ((1 + alpha) ** 2 * n_in))
leaky_variance.mistake("you count the units above", "On the way up, over how many units does the sum of a unit run?",
    lambda alpha, n_in, n_out: 2 / ((1 + alpha**2) * n_out))
leaky_variance.mistake("you take Xavier's compromise", "The way up alone is asked for.",
    lambda alpha, n_in, n_out: 4 / ((1 + alpha**2) * (n_in + n_out)))
leaky_variance.mistake("you return the standard deviation", "What is asked for is the variance.", result=np.sqrt)
leaky_variance.mistake("the half is missing", "α = 0 is ReLU. Do you get He's variance?",
    result=lambda variance: variance / 2)
leaky_variance.mistake("your fraction is upside down", "If a layer passes on less, the weights have to be larger.",
    lambda alpha, n_in, n_out: (1 + alpha**2) / (2 * n_in))
leaky_variance.mistake("the factor 1 + α² stands above the fraction line",
    "If a layer passes on less, the weights have to be larger. Is a bracket missing?",
    lambda alpha, n_in, n_out: 2 / n_in * (1 + alpha**2))
leaky_variance.mistake("the two halves are subtracted", "Squares are never negative, also those of negative z.",
    lambda alpha, n_in, n_out: 2 / ((1 - alpha**2) * n_in))


# ---------------------------------------------------------------- Task 4: rescue

def normal_matrix(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix]:
    """Return standard normal numbers (n_out, n_in)."""
    return (rng.normal(size=shape),)


def _centred(W: Matrix) -> tuple[Matrix, Matrix]:
    """Return W and the biases for which z is 0 if all activations are ½."""
    return W, -W.sum(axis=1, keepdims=True) / 2


@task("Task 4a: the rescue", returns="W, b", points=3, draw=normal_matrix, shapes=((2, 3), (5, 3), (4, 7)))
def sigmoid_start(G):
    return _centred(4 * G / np.sqrt(G.shape[1]))


sigmoid_start.mistake("your weights have gain 1", "That is tanh's gain. A sigmoid unit is a tanh unit in other units.",
    lambda G: _centred(G / np.sqrt(G.shape[1])))
sigmoid_start.mistake("the biases are 0", "Sigmoid activations are all positive. Where do the z lie without a bias?",
    result=lambda parts: (parts[0], 0 * parts[1]))
sigmoid_start.mistake("the sign of the biases is wrong", "For activations of ½ everywhere, z is to be 0.",
    result=lambda parts: (parts[0], -parts[1]))
sigmoid_start.mistake("you add up columns", "The weights of unit j are row j.",
    result=lambda parts: (parts[0], -parts[0].sum(axis=0)[:, None] / 2))
sigmoid_start.mistake("you scale by the units above", "Over how many terms does z sum?",
    lambda G: _centred(4 * G / np.sqrt(G.shape[0])))
sigmoid_start.mistake("the root is missing in the scale", "A variance of 16/n is which standard deviation?",
    lambda G: _centred(4 * G / G.shape[1]))
sigmoid_start.mistake("your weights are not scaled by the number of units", "A sum of n independent terms grows with n.",
    lambda G: _centred(4 * G))
sigmoid_start.mistake("the biases are twice as large as they should be",
    "The mean activation of a sigmoid at z = 0 is not 1.", result=lambda parts: (parts[0], 2 * parts[1]))
sigmoid_start.mistake("your biases belong to other weights", "Use the scaled weights in the bias.",
    lambda G: (4 * G / np.sqrt(G.shape[1]), -G.sum(axis=1, keepdims=True) / 2))
sigmoid_start.mistake("your gain is 2", "Two factors ½ stand in the identity: one inside the tanh and one before it.",
    lambda G: _centred(2 * G / np.sqrt(G.shape[1])))
sigmoid_start.mistake("your gain is 16", "Scale the standard deviation, not twice.",
    lambda G: _centred(16 * G / np.sqrt(G.shape[1])))
sigmoid_start.mistake("your biases use a mean of the weights", "z is a sum over the inputs.",
    result=lambda parts: (parts[0], -parts[0].mean(axis=1, keepdims=True) / 2))

#: In the order of the notebook.
ALL = (layer_factor, clipped, leaky_variance, sigmoid_start)
#: What a person marks, with its points.
WRITTEN = {
    "Task 1b: reading a profile": 3, "Task 2b: clipping": 3, "Task 4b: the rescue": 3,
    "Task 5a: what gradient descent conserves": 2, "Task 5b: what gradient descent conserves": 2,
    "Task 5c: what gradient descent conserves": 1}
