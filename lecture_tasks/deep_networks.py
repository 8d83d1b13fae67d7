"""The tasks of the chapter on deep networks. Lists of layers begin with None, as W[0]; samples are columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from lecture_code import complexity
from lecture_code.activations import linear, relu
from lecture_code.feedback import Mistake, Task
from lecture_code.losses import softmax_cross_entropy
from lecture_code.network import Network, cost_and_gradient, forward, pack, unpack
from lecture_code.numerics import one_hot, softmax

Layers = list[Any]
Counts = tuple[int, int, int]


# ---------------------------------------------------------------- Task 1: counts

def sizes(rng: np.random.Generator, high: int) -> tuple[int, int, int, int, int]:
    """Return H, n, d, K, M up to about `high`, all different, H ≥ 2 and the others ≥ 3."""
    n, d, K, M = (int(v) for v in rng.permutation(np.arange(6, max(high, 12)))[:4])
    return int(rng.integers(2, 6)), n, d, K, M


def _widths(H: int, n: int, d: int, K: int) -> list[int]:
    return [d] + [n] * H + [K]


def _counts(H: int, n: int, d: int, K: int, M: int) -> Counts:
    widths = _widths(H, n, d, K)
    return (complexity.parameter_count(widths), complexity.forward_operations(widths, M),
            complexity.backward_operations(widths, M))


def _first_bias_missing(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, M)
    return P - n, F, B


def _output_bias_missing(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, M)
    return P - K, F, B


def _layers_for_hidden(H: int, n: int, d: int, K: int, M: int) -> Counts:
    return _counts(H + 1, n, d, K, M)


def _one_hidden_too_few(H: int, n: int, d: int, K: int, M: int) -> Counts:
    return _counts(H - 1, n, d, K, M)


def _square_for_first(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, M)
    return P, F, B + 2 * n * n * M


def _error_of_input(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, M)
    return P, F, B + 2 * n * d * M


def _without_activations(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, M)
    return P, F - M * (H * n + K), B


def _honest_sums(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, M)
    return P, F - M * (H * n + K), B - M * H * n


def _products_alone(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, M)
    return P, M * sum(a * b + 2 * b for a, b in zip(_widths(H, n, d, K), _widths(H, n, d, K)[1:])), B


def _one_sample(H: int, n: int, d: int, K: int, M: int) -> Counts:
    return _counts(H, n, d, K, 1)


def _sums_missing(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, 1)
    return P, M * F, M * B


def _sums_of_all(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, M)
    return P, F, B + P


def _outer_doubled(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, M)
    return P, F, B + M * (P - H * n - K)


def _output_pays_once(H: int, n: int, d: int, K: int, M: int) -> Counts:
    P, F, B = _counts(H, n, d, K, M)
    return P, F, B - M * K


count_step = Task(
    name="count_step", title="Task 1, counting",
    takes="H, n, d, K, M", returns="P, forward, backward",
    reference=_counts, draw=sizes, shapes=(12, 40, 300), rtol=1e-12,
    mistakes=(
        Mistake("the biases of the first layer are missing", "Its n units have a bias each.", _first_bias_missing),
        Mistake("the biases of the output are missing", "How many entries has b of the last layer?",
                _output_bias_missing),
        Mistake("the network has one square matrix too many",
                "Draw two hidden layers. How many n × n matrices do you see between them?", _layers_for_hidden),
        Mistake("one hidden layer is left out", "With H hidden layers there are H + 1 matrices. Which do you count?",
                _one_hidden_too_few),
        Mistake("the first layer pays for a square matrix on the way back",
                "What is sent from layer 1 to the input, and who needs it?", _square_for_first),
        Mistake("the error of the input is counted", "Nobody asks for the derivative with respect to x.",
                _error_of_input),
        Mistake("activations are not counted forward", "σ is one operation for each unit.", _without_activations),
        Mistake("every sum is counted with one addition less, and σ′ is free",
                "In the convention of the chapter a matrix with m rows and k columns costs 2mk, and σ′ one for each "
                "hidden unit.", _honest_sums),
        Mistake("forward has the multiplications without the additions",
                "Each weight multiplies, and then its product is added.", _products_alone),
        Mistake("the counts are those of one sample", "A batch has M columns.", _one_sample),
        Mistake("the gradients of the samples are not added up",
                "M gradients of P numbers become one. How many additions is that?", _sums_missing),
        Mistake("the sum of M gradients has M additions for each parameter",
                "To add up three numbers, how many plus signs do you write?", _sums_of_all),
        Mistake("an outer product is counted with an addition for each weight",
                "One column times one row: is anything added up?", _outer_doubled),
        Mistake("the output pays K on the way back, not 2K",
                "The task keeps the general output: a subtraction and a product for each of its units.",
                _output_pays_once),
    ),
)


# ---------------------------------------------------------------- Task 2: the backward pass

def network(rng: np.random.Generator, shape: tuple[tuple[int, ...], int]) -> tuple[Any, ...]:
    """Return W, b, x and labels y of a ReLU network of any depth with softmax head, for (widths, M)."""
    widths, M = shape
    W = [None] + [rng.normal(size=(n_out, n_in)).round(2) for n_in, n_out in zip(widths, widths[1:])]
    b = [None] + [rng.normal(size=(n, 1)).round(2) for n in widths[1:]]
    return W, b, rng.normal(size=(widths[0], M)).round(2), rng.permutation(np.arange(M) % widths[-1])


def _network(W: Layers, b: Layers) -> tuple[Network, np.ndarray]:
    net = Network((W[1].shape[1], *map(len, W[1:])), (relu,) * (len(W) - 2) + (linear,), softmax_cross_entropy)
    return net, pack(net, W, b)


def _gradients(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray) -> tuple[Layers, Layers]:
    net, theta = _network(W, b)
    return unpack(net, cost_and_gradient(net, theta, x, one_hot(y, len(W[-1])).T).gradient)


def _softmax_over_samples(z: np.ndarray, e: np.ndarray) -> np.ndarray:
    return softmax(z, axis=1) - e


def _softmax(z: np.ndarray, e: np.ndarray) -> np.ndarray:
    return softmax(z) - e


def _softmax_twice(z: np.ndarray, e: np.ndarray) -> np.ndarray:
    return softmax(softmax(z)) - e


def _linear_output(z: np.ndarray, e: np.ndarray) -> np.ndarray:
    return z - e


def _turned_round(z: np.ndarray, e: np.ndarray) -> np.ndarray:
    return e - softmax(z)


def _relu_at_output(z: np.ndarray, e: np.ndarray) -> np.ndarray:
    return (z > 0) * (softmax(z) - e)


def _backward(
    W: Layers, b: Layers, x: np.ndarray, y: np.ndarray, *,
    start: Callable[..., np.ndarray] = _softmax, slope: bool = True, share: str = "mean",
    again: bool = False, eta: float = 0.0,
) -> tuple[Layers, Layers]:
    """Backpropagate with one part wrong: how the output starts, whether σ′ is there, what is averaged, which W sends."""
    net, theta = _network(W, b)
    z, a = forward(net, theta, x)
    L, M = len(W) - 1, x.shape[1]
    delta = start(z[L], one_hot(y, len(W[L])).T)
    dW, db = [None] * (L + 1), [None] * (L + 1)
    for l in range(L, 0, -1):
        dW[l] = delta @ a[l - 1].T / (1 if share == "sum" else M)
        divisor = {"sum": 1, "biases summed": 1, "biases averaged twice": M**2}.get(share, M)
        db[l] = delta.sum(axis=1, keepdims=True) / divisor
        if l > 1:
            stepped = W[l] - eta * dW[l]
            delta = stepped.T @ delta / (M if again else 1)
            if slope:
                delta = (z[l - 1] > 0) * delta
    return dW, db


def _transposed(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray) -> tuple[Layers, Layers]:
    dW, db = _gradients(W, b, x, y)
    return [None, *(g.T for g in dW[1:])], db


def _z_for_a(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray) -> tuple[Layers, Layers]:
    """The outer products with z of the layer below."""
    dW, db = _gradients(W, b, x, y)
    net, theta = _network(W, b)
    z, a = forward(net, theta, x)
    delta = [None] * len(W)
    delta[-1] = softmax(z[-1]) - one_hot(y, len(W[-1])).T
    for l in range(len(W) - 2, 0, -1):
        delta[l] = (z[l] > 0) * (W[l + 1].T @ delta[l + 1])
    below = [x, *z[1:]]
    return [None, *(delta[l] @ below[l - 1].T / x.shape[1] for l in range(1, len(W)))], db


deep_gradients = Task(
    name="deep_gradients", title="Task 2, the backward pass",
    takes="W, b, x, y", returns="dW, db",
    reference=_gradients, draw=network, shapes=(((2, 3, 3, 2), 4), ((3, 5, 4, 3), 5), ((4, 6, 3, 5, 4), 7)),
    mistakes=(
        Mistake("δ at the output has the wrong sign", "Predicted minus true: the gradient points uphill.",
                partial(_backward, start=_turned_round)),
        Mistake("the softmax runs over the samples", "Each column has to sum to 1.",
                partial(_backward, start=_softmax_over_samples)),
        Mistake("the softmax is applied twice", "The scores enter it once.", partial(_backward, start=_softmax_twice)),
        Mistake("the softmax is missing", "What are the probabilities, and what are only scores?",
                partial(_backward, start=_linear_output)),
        Mistake("the output has a ReLU as well", "The last layer is linear under the softmax.",
                partial(_backward, start=_relu_at_output)),
        Mistake("σ′ is missing in the hidden layers", "What does a unit that is off send back?",
                partial(_backward, slope=False)),
        Mistake("the 1/M is missing", "The cost is the mean over the batch.", partial(_backward, share="sum")),
        Mistake("the bias gradients are summed and not averaged", "The 1/M belongs to both kinds of gradients.",
                partial(_backward, share="biases summed")),
        Mistake("the bias gradients have the factor 1/M twice",
                "If δ has its 1/M already, a `mean` over the batch divides once more.",
                partial(_backward, share="biases averaged twice")),
        Mistake("the factor 1/M enters anew in every layer", "It is one factor of the cost, and enters once.",
                partial(_backward, again=True)),
        Mistake("δ is sent through weights that have been updated already",
                "All gradients belong to the same, old parameters.", partial(_backward, eta=1.0)),
        Mistake("the outer products use z of the layer below, not a",
                "What does a weight multiply on the way forward?", _z_for_a),
        Mistake("the weight gradients are transposed", "A gradient has the shape of the parameter it belongs to.",
                _transposed),
    ),
)


# ---------------------------------------------------------------- Task 3: memory

def memory_sizes(rng: np.random.Generator, high: int) -> tuple[list[int], int]:
    """Return widths, all different, with the widest neighbours somewhere inside, and M."""
    widths = [int(v) for v in rng.permutation(np.arange(5, max(high, 12)))[:5]]
    return widths, int(rng.integers(30, 200))


def _memory(widths: list[int], M: int) -> int:
    return complexity.training_memory(widths, M)


def _memory_of(widths: list[int], M: int, *, signals: str = "pair", stored: int = 2, last: bool = False, bits: int = 1,
               itemsize: int = 4, batch: bool = True, bias: bool = True, first: bool = False) -> int:
    outputs, m = widths[1:], M if batch else 1
    pairs = [p + q for p, q in zip(outputs, outputs[1:])]
    two = {"pair": max(pairs), "all": sum(outputs), "one": max(outputs), "last": pairs[-1], "first": pairs[0],
           "twice": 2 * max(outputs), "widest": sum(sorted(outputs)[-2:]), "none": 0}[signals]
    kept = stored * (sum(outputs if last else outputs[:-1]) + (widths[0] if first else 0))
    return bits * itemsize * (complexity.parameter_count(widths, bias) + m * (two + kept))


training_bytes = Task(
    name="training_bytes", title="Task 3, memory",
    takes="widths, M", returns="bytes",
    reference=_memory, draw=memory_sizes, shapes=(12, 40, 300), rtol=1e-12,
    mistakes=(
        Mistake("all δ are kept", "Which δ does the recursion still need, once it has the next one?",
                partial(_memory_of, signals="all")),
        Mistake("only one δ is counted", "While one is made, the other is read.", partial(_memory_of, signals="one")),
        Mistake("δ is not counted at all", "Two of them are alive at any time.", partial(_memory_of, signals="none")),
        Mistake("you take the two δ at the output", "Memory has to suffice at the worst moment.",
                partial(_memory_of, signals="last")),
        Mistake("you take the two δ at the input", "Memory has to suffice at the worst moment.",
                partial(_memory_of, signals="first")),
        Mistake("you double the widest layer", "The two δ belong to neighbours, of different widths.",
                partial(_memory_of, signals="twice")),
        Mistake("you take the two widest layers, neighbours or not", "Which two δ are alive at the same time?",
                partial(_memory_of, signals="widest")),
        Mistake("only a is kept, or only z", "The task keeps both.", partial(_memory_of, stored=1)),
        Mistake("the output is counted among the stored layers", "The loss uses the output up.",
                partial(_memory_of, last=True)),
        Mistake("the input is counted among the stored layers", "It belongs to the data.",
                partial(_memory_of, first=True)),
        Mistake("you count bits", "A byte has eight of them.", partial(_memory_of, bits=8)),
        Mistake("a number takes eight bytes", "The task asks for float32.", partial(_memory_of, itemsize=8)),
        Mistake("the batch has one sample", "δ, z and a have M columns.", partial(_memory_of, batch=False)),
        Mistake("the biases are missing among the parameters", "Each unit has one.",
                partial(_memory_of, bias=False)),
    ),
)


# ---------------------------------------------------------------- Task 5: a difference and its error

def paired_scores(rng: np.random.Generator, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of two networks, seed by seed: luck that both share, and a little of their own."""
    shared = rng.normal(97, 0.5, seeds)
    return (shared + rng.normal(0, 0.1, seeds)).round(2), (shared + rng.normal(0.15, 0.1, seeds)).round(2)


def _difference(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    d = b - a
    return float(d.mean()), float(d.std(ddof=1) / len(d) ** 0.5)


def _turned(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    mean, error = _difference(a, b)
    return -mean, error


def _spread(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    return float((b - a).mean()), float((b - a).std(ddof=1))


def _biased_spread(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    return float((b - a).mean()), float((b - a).std() / len(a) ** 0.5)


def _by_count(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    return float((b - a).mean()), float((b - a).std(ddof=1) / len(a))


def _unpaired(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    return float((b - a).mean()), float(((a.var(ddof=1) + b.var(ddof=1)) / len(a)) ** 0.5)


def _variance(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    return float((b - a).mean()), float((b - a).var(ddof=1) / len(a))


def _of_the_best(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    return float(b.max() - a.max()), _difference(a, b)[1]


paired_difference = Task(
    name="paired_difference", title="Task 5, a difference and its error",
    takes="a, b", returns="mean, error",
    reference=_difference, draw=paired_scores, shapes=(3, 5, 12),
    mistakes=(
        Mistake("the difference is turned round", "Positive means that the second network is better.", _turned),
        Mistake("you return the spread of one difference", "A mean over more seeds is more certain. By which factor?",
                _spread),
        Mistake("the spread is divided by N, not by N − 1",
                "The mean is estimated from the same few numbers: `ddof=1`.", _biased_spread),
        Mistake("you divide by the number of seeds, not by its square root",
                "Variances add up; what does that mean for the spread of a mean?", _by_count),
        Mistake("the pairs are torn apart",
                "Both networks share their seed's luck. Take the differences first.", _unpaired),
        Mistake("the error is a variance", "It should be in per cent, as the scores are.", _variance),
        Mistake("you compare the best seeds", "The best of several tries is luck, twice.", _of_the_best),
    ),
)


ALL = (count_step, deep_gradients, training_bytes, paired_difference)
