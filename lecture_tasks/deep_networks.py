"""The tasks of the chapter on deep networks. Lists of layers begin with None, as W[0]; samples are columns."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lecture_code import complexity
from lecture_code.activations import linear, relu
from lecture_code.feedback import Answer, Task, task
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


def _counts(H: int, n: int, d: int, K: int, M: int) -> Counts:
    widths = [d] + [n] * H + [K]
    return (complexity.parameter_count(widths), complexity.forward_operations(widths, M),
            complexity.backward_operations(widths, M))


def _recounted(change: Answer) -> Answer:
    """Return the function (H, n, d, K, M) ↦ change(P, F, B, H, n, d, K, M), from the right counts."""
    return lambda *sizes: change(*_counts(*sizes), *sizes)


@task("Task 1: counting", returns="P, forward, backward", points=3, draw=sizes, shapes=(12, 40, 300), rtol=1e-12)
def count_step(H, n, d, K, M):
    return _counts(H, n, d, K, M)


count_step.mistake("the biases of the first layer are missing", "Its n units have a bias each.",
    _recounted(lambda P, F, B, H, n, d, K, M: (P - n, F, B)))
count_step.mistake("the biases of the output are missing", "How many entries has b of the last layer?",
    _recounted(lambda P, F, B, H, n, d, K, M: (P - K, F, B)))
count_step.mistake("the network has one square matrix too many",
    "Draw two hidden layers. How many n × n matrices do you see between them?", H=lambda H: H + 1)
count_step.mistake("one hidden layer is left out", "With H hidden layers there are H + 1 matrices. Which do you count?",
    H=lambda H: H - 1)
count_step.mistake("the first layer pays for a square matrix on the way back",
    "What is sent from layer 1 to the input, and who needs it?",
    _recounted(lambda P, F, B, H, n, d, K, M: (P, F, B + 2 * n * n * M)))
count_step.mistake("the error of the input is counted", "Nobody asks for the derivative with respect to x.",
    _recounted(lambda P, F, B, H, n, d, K, M: (P, F, B + 2 * n * d * M)))
count_step.mistake("activations are not counted forward", "σ is one operation for each unit.",
    _recounted(lambda P, F, B, H, n, d, K, M: (P, F - M * (H * n + K), B)))
count_step.mistake("every sum is counted with one addition less, and σ′ is free",
    "In the convention of the chapter a matrix with m rows and k columns costs 2mk, and σ′ one for each hidden unit.",
    _recounted(lambda P, F, B, H, n, d, K, M: (P, F - M * (H * n + K), B - M * H * n)))


@count_step.mistake("forward has the multiplications without the additions",
    "Each weight multiplies, and then its product is added.")
def _(H, n, d, K, M):
    (P, F, B), widths = _counts(H, n, d, K, M), [d] + [n] * H + [K]
    return P, M * sum(a * b + 2 * b for a, b in zip(widths, widths[1:])), B


count_step.mistake("the counts are those of one sample", "A batch has M columns.", M=lambda M: 1)


@count_step.mistake("the gradients of the samples are not added up",
    "M gradients of P numbers become one. How many additions is that?")
def _(H, n, d, K, M):
    P, F, B = _counts(H, n, d, K, 1)
    return P, M * F, M * B


count_step.mistake("the forward pass is counted in the backward one, too",
    "Three numbers are asked for. Which of them has the way there?",
    _recounted(lambda P, F, B, H, n, d, K, M: (P, F, F + B)))
count_step.mistake("the sum of M gradients has M additions for each parameter",
    "To add up three numbers, how many plus signs do you write?",
    _recounted(lambda P, F, B, H, n, d, K, M: (P, F, B + P)))
count_step.mistake("an outer product is counted with an addition for each weight",
    "One column times one row: is anything added up?",
    _recounted(lambda P, F, B, H, n, d, K, M: (P, F, B + M * (P - H * n - K))))
count_step.mistake("the output pays K on the way back, not 2K",
    "The task keeps the general output: a subtraction and a product for each of its units.",
    _recounted(lambda P, F, B, H, n, d, K, M: (P, F, B - M * K)))


# ---------------------------------------------------------------- Task 2: the backward pass

def network(rng: np.random.Generator, shape: tuple[tuple[int, ...], int]) -> tuple[Any, ...]:
    """Return W, b, x and labels y of a ReLU network of any depth with softmax head, for (widths, M).

    With fewer samples than classes, the last class has none.
    """
    widths, M = shape
    W = [None] + [rng.normal(size=(n_out, n_in)).round(2) for n_in, n_out in zip(widths, widths[1:])]
    b = [None] + [rng.normal(size=(n, 1)).round(2) for n in widths[1:]]
    return W, b, rng.normal(size=(widths[0], M)).round(2), rng.permutation(np.arange(M) % widths[-1])


def _network(W: Layers, b: Layers) -> tuple[Network, np.ndarray]:
    net = Network((W[1].shape[1], *map(len, W[1:])), (relu,) * (len(W) - 2) + (linear,), softmax_cross_entropy)
    return net, pack(net, W, b)


def _backward(
    W: Layers, b: Layers, x: np.ndarray, y: np.ndarray, *, start: Answer = lambda z, e: softmax(z) - e,
    slope: bool = True, share: str = "mean", again: bool = False, eta: float = 0.0, of_z: bool = False,
) -> tuple[Layers, Layers]:
    """Backpropagate with one part wrong: how the output starts, whether σ′ is there, what is averaged, which W sends,
    whether a weight multiplies z."""
    net, theta = _network(W, b)
    z, a = forward(net, theta, x)
    L, M = len(W) - 1, x.shape[1]
    below = [x, *z[1:]] if of_z else a
    delta = start(z[L], one_hot(y, len(W[L])).T)
    dW, db = [None] * (L + 1), [None] * (L + 1)
    for l in range(L, 0, -1):
        dW[l] = delta @ below[l - 1].T / (1 if share == "sum" else M)
        divisor = {"sum": 1, "biases summed": 1, "biases averaged twice": M**2}.get(share, M)
        db[l] = delta.sum(axis=1, keepdims=True) / divisor
        if l > 1:
            delta = (W[l] - eta * dW[l]).T @ delta / (M if again else 1)
            delta = (z[l - 1] > 0) * delta if slope else delta
    return dW, db


@task("Task 2: the backward pass, for any depth", returns="dW, db", points=4, draw=network,
      shapes=(((2, 3, 3, 5), 4), ((3, 5, 4, 2), 6), ((4, 6, 3, 5, 2), 7)))
def deep_gradients(W, b, x, y):
    net, theta = _network(W, b)
    return unpack(net, cost_and_gradient(net, theta, x, one_hot(y, len(W[-1])).T).gradient)


deep_gradients.mistake("δ at the output has the wrong sign", "Predicted minus true: the gradient points uphill.",
    partial(_backward, start=lambda z, e: e - softmax(z)))
deep_gradients.mistake("the softmax runs over the samples", "Each column has to sum to 1.",
    partial(_backward, start=lambda z, e: softmax(z, axis=1) - e))
deep_gradients.mistake("the softmax is applied twice", "The scores enter it once.",
    partial(_backward, start=lambda z, e: softmax(softmax(z)) - e))
deep_gradients.mistake("the softmax is missing", "What are the probabilities, and what are only scores?",
    partial(_backward, start=lambda z, e: z - e))
deep_gradients.mistake("the output has a ReLU as well", "The last layer is linear under the softmax.",
    partial(_backward, start=lambda z, e: (z > 0) * (softmax(z) - e)))
deep_gradients.mistake("the scores go through a ReLU before the softmax", "The last layer is linear under the softmax.",
    partial(_backward, start=lambda z, e: softmax(np.maximum(z, 0)) - e))
deep_gradients.mistake("δ at the output has a derivative p(1 − p) too many",
    "p − e(y) is the derivative of the loss by z already.",
    partial(_backward, start=lambda z, e: softmax(z) * (1 - softmax(z)) * (softmax(z) - e)))
deep_gradients.mistake("the biases are missing on the way forward", "What is z, besides Wa?",
    b=lambda b: [None, *(0 * v for v in b[1:])])
deep_gradients.mistake("σ′ is missing in the hidden layers, or is 1 for every unit",
    "What does a unit that is off send back?", partial(_backward, slope=False))
deep_gradients.mistake("the 1/M is missing", "The cost is the mean over the batch.", partial(_backward, share="sum"))
deep_gradients.mistake("the bias gradients are summed and not averaged", "The 1/M belongs to both kinds of gradients.",
    partial(_backward, share="biases summed"))
deep_gradients.mistake("the bias gradients have the factor 1/M twice",
    "If δ has its 1/M already, a `mean` over the batch divides once more.",
    partial(_backward, share="biases averaged twice"))
deep_gradients.mistake("the factor 1/M enters anew in every layer", "It is one factor of the cost, and enters once.",
    partial(_backward, again=True))
deep_gradients.mistake("δ is sent through weights that have been updated already",
    "All gradients belong to the same, old parameters.", partial(_backward, eta=1.0))
deep_gradients.mistake("the outer products use z of the layer below, not a",
    "What does a weight multiply on the way forward?", partial(_backward, of_z=True))
deep_gradients.mistake("the weight gradients are transposed",
    "A gradient has the shape of the parameter it belongs to.",
    result=lambda both: ([None, *(g.T for g in both[0][1:])], both[1]))


# ---------------------------------------------------------------- Task 3: memory

def memory_sizes(rng: np.random.Generator, high: int) -> tuple[list[int], int]:
    """Return widths, all different, with the widest neighbours somewhere inside, and M."""
    widths = [int(v) for v in rng.permutation(np.arange(5, max(high, 12)))[:5]]
    return widths, int(rng.integers(30, 200))


def _memory_of(widths: list[int], M: int, *, signals: str = "pair", stored: int = 2, last: bool = False, bits: int = 1,
               itemsize: int = 4, batch: bool = True, bias: bool = True, first: bool = False) -> int:
    outputs, m = widths[1:], M if batch else 1
    pairs = [p + q for p, q in zip(outputs, outputs[1:])]
    two = {"pair": max(pairs), "all": sum(outputs), "one": max(outputs), "last": pairs[-1], "first": pairs[0],
           "twice": 2 * max(outputs), "input": max(*pairs, widths[0] + outputs[0]), "widest": sum(sorted(outputs)[-2:]),
           "none": 0}[signals]
    kept = stored * (sum(outputs if last else outputs[:-1]) + (widths[0] if first else 0))
    return bits * itemsize * (complexity.parameter_count(widths, bias) + m * (two + kept))


@task("Task 3a: memory", returns="bytes", points=2, draw=memory_sizes, shapes=(12, 40, 300), rtol=1e-12)
def training_bytes(widths, M):
    return complexity.training_memory(widths, M)


training_bytes.mistake("all δ are kept", "Which δ does the recursion still need, once it has the next one?",
    partial(_memory_of, signals="all"))
training_bytes.mistake("only one δ is counted", "While one is made, the other is read.",
    partial(_memory_of, signals="one"))
training_bytes.mistake("δ is not counted at all", "Two of them are alive at any time.",
    partial(_memory_of, signals="none"))
training_bytes.mistake("you take the two δ at the output", "Memory has to suffice at the worst moment.",
    partial(_memory_of, signals="last"))
training_bytes.mistake("you take the two δ at the input", "Memory has to suffice at the worst moment.",
    partial(_memory_of, signals="first"))
training_bytes.mistake("you double the widest layer", "The two δ belong to neighbours, of different widths.",
    partial(_memory_of, signals="twice"))
training_bytes.mistake("you take the two widest layers, neighbours or not", "Which two δ are alive at the same time?",
    partial(_memory_of, signals="widest"))
training_bytes.mistake("a δ of the input is among your pairs", "Nobody asks for the derivative with respect to x.",
    partial(_memory_of, signals="input"))
training_bytes.mistake("the gradients of the parameters are counted", "The task counts the parameters once.",
    lambda widths, M: complexity.training_memory(widths, M) + 4 * complexity.parameter_count(widths))
training_bytes.mistake("only a is kept, or only z", "The task keeps both.", partial(_memory_of, stored=1))
training_bytes.mistake("the output is counted among the stored layers", "The loss uses the output up.",
    partial(_memory_of, last=True))
training_bytes.mistake("the input is counted among the stored layers", "It belongs to the data.",
    partial(_memory_of, first=True))
training_bytes.mistake("you count bits", "A byte has eight of them.", partial(_memory_of, bits=8))
training_bytes.mistake("a number takes eight bytes", "The task asks for float32.", partial(_memory_of, itemsize=8))
training_bytes.mistake("the batch has one sample", "δ, z and a have M columns.", partial(_memory_of, batch=False))
training_bytes.mistake("the biases are missing among the parameters", "Each unit has one.",
    partial(_memory_of, bias=False))


# ---------------------------------------------------------------- Task 5: a difference and its error

def paired_scores(rng: np.random.Generator, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of two networks, seed by seed: luck that both share, and a little of their own."""
    shared, gain = rng.normal(97, 0.5, seeds), rng.choice([-0.15, 0.15])
    return (shared + rng.normal(0, 0.1, seeds)).round(2), (shared + rng.normal(gain, 0.1, seeds)).round(2)


def paired_mistakes(task: Task, sign: int) -> None:
    """Add what goes wrong with the mean of sign (a − b) and its error."""
    torn = "Both share a seed's luck. Take the differences first."
    more_certain = "A mean over more seeds is more certain."
    separate = lambda a, b, ddof: ((a.var(ddof=ddof) + b.var(ddof=ddof)) / len(a)) ** 0.5
    for name, look, error in (
            ("the pairs are torn apart", torn, lambda a, b: separate(a, b, 1)),
            ("the pairs are torn apart, and the variance is divided by N", torn, lambda a, b: separate(a, b, 0)),
            ("you return the spread of one difference", f"{more_certain} By which factor?",
             lambda a, b: (a - b).std(ddof=1)),
            ("you return the spread of one difference, divided by N, not by N − 1", f"{more_certain} By which factor?",
             lambda a, b: (a - b).std()),
            ("the spread is divided by N, not by N − 1", "The mean is estimated from the same few numbers: `ddof=1`.",
             lambda a, b: (a - b).std() / len(a) ** 0.5),
            ("you divide by the number of seeds, not by its square root",
             "Variances add up; what does that mean for the spread of a mean?",
             lambda a, b: (a - b).std(ddof=1) / len(a)),
            ("the N − 1 enters twice, in the spread and in the root",
             "One is for the estimated mean. How many differences does the mean run over?",
             lambda a, b: (a - b).std(ddof=1) / (len(a) - 1) ** 0.5),
            ("the root of the variance is missing", "It should have the unit of the scores.",
             lambda a, b: (a - b).var(ddof=1) / len(a) ** 0.5),
            ("the error is a variance", "It should have the unit of the scores.",
             lambda a, b: (a - b).var(ddof=1) / len(a))):
        task.mistake(name, look, lambda a, b, error=error: (sign * (a - b).mean(), error(a, b)))
    for name, look, mean in (
            ("your difference has lost its sign", "Who is better should be visible.", lambda a, b: abs((a - b).mean())),
            ("the difference is turned round", "Which of the two is subtracted?", lambda a, b: -sign * (a - b).mean()),
            ("signs are dropped before the mean", "If one wins as often as it loses, the mean should be near 0.",
             lambda a, b: np.abs(a - b).mean()),
            ("you compare the best seeds", "The best of several tries is luck. Which summary uses all?",
             lambda a, b: sign * (a.max() - b.max())),
            ("you take a median", "The mean of the differences is asked for.", lambda a, b: sign * np.median(a - b))):
        task.mistake(name, look, lambda a, b, mean=mean: (mean(a, b), (a - b).std(ddof=1) / len(a) ** 0.5))


@task("Task 5a: is it better?", returns="mean, error", points=2, draw=paired_scores, shapes=(3, 5, 12))
def paired_difference(a, b):
    return (b - a).mean(), (b - a).std(ddof=1) / len(a) ** 0.5


paired_mistakes(paired_difference, sign=-1)

#: In the order of the notebook.
ALL = (count_step, deep_gradients, training_bytes, paired_difference)
#: What a person marks, with its points.
WRITTEN = {
    "Task 1: counting": 1, "Task 3b: memory": 1, "Task 4: read three curves": 3, "Task 5b: is it better?": 3,
    "Task 6: never more than two forwards": 4}
