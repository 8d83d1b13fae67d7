"""The tasks of the chapter on neurons. A matrix has one unit a row; lists of layers begin with None, as W[0]."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lecture_code.activations import sigmoid, tanh
from lecture_code.feedback import task

Vector = np.ndarray
Matrix = np.ndarray
Layers = list[np.ndarray | None]


# ---------------------------------------------------------------- Task 1: softplus

def numbers(rng: np.random.Generator, shape: tuple[int, float]) -> tuple[Vector]:
    """Return pre-activations up to this size, of both signs; all near a negative size, where values are small; for 0,
    integers."""
    n, size = shape
    if size < 0 or n == 1:
        return ((rng.uniform(0.8, 1, n) * size).round(2),)
    if size == 0:
        return (rng.permutation(np.arange(-n, n + 1)),)  # whole numbers, as integers
    return ((rng.uniform(0.1, 1, n) * rng.choice([-1, 1], n) * size).round(2),)


@task("Task 1: softplus", returns="value, slope", points=3, draw=numbers, rtol=1e-11, atol=0.0, shapes=(
    (2, 2), (3, 0.5), (3, 0), (1, -40), (1, -6), (4, 4), (4, 9), (1, 23), (4, 40), (3, 1000)))
def softplus_and_slope(z):
    return np.logaddexp(0, z), sigmoid(z)


softplus_and_slope.mistake("large z overflow in the value",
    "What is `np.exp(1000)`? Take out the larger of the two terms 1 and eᶻ before you take the logarithm.",
    lambda z: (np.log(1 + np.exp(z)), sigmoid(z)))
softplus_and_slope.mistake("large z overflow, although small ones are exact",
    "What is `np.exp(1000)`? Take out the larger of the two terms 1 and eᶻ before you take the logarithm.",
    lambda z: (np.log1p(np.exp(z)), sigmoid(z)))
softplus_and_slope.mistake("small values are rounded to 0",
    "At z = −40 the value is about 4e-18. What is `1 + 4e-18` in the machine, and which function of NumPy avoids "
    "that sum?", lambda z: (np.maximum(z, 0) + np.log(1 + np.exp(-np.abs(z))), sigmoid(z)))
softplus_and_slope.mistake("the absolute value is missing in your exponential",
    "At z = −40 the exponent −z is 40. Which exponent is never positive?",
    lambda z: (np.maximum(z, 0) + np.log1p(np.exp(-z)), sigmoid(z)))
softplus_and_slope.mistake("large z overflow in the slope",
    "Infinity divided by infinity. Which of the two forms of the sigmoid is safe there?",
    lambda z: (np.logaddexp(0, z), np.exp(z) / (1 + np.exp(z))))
softplus_and_slope.mistake("your slope is that of the sigmoid",
    "Differentiate log(1 + eᶻ) once. Is the result a function you know?",
    lambda z: (np.logaddexp(0, z), sigmoid.derivative(z)))
softplus_and_slope.mistake("your slope is tanh", "The slope is positive everywhere. What is it at z = 0?",
    lambda z: (np.logaddexp(0, z), np.tanh(z)))
softplus_and_slope.mistake("your slope jumps from 0 to 1",
    "That is the slope of ReLU. Softplus is a smooth version of it.",
    lambda z: (np.logaddexp(0, z), (z > 0).astype(float)))
softplus_and_slope.mistake("your value is ReLU", "At z = 0 softplus is log 2.",
    lambda z: (np.maximum(z, 0), sigmoid(z)))
softplus_and_slope.mistake("the sign of z is turned round", "Softplus grows with z.",
    lambda z: (np.logaddexp(0, -z), -sigmoid(-z)))
softplus_and_slope.mistake("you return the logarithm of the sigmoid",
    "That is a close relative: log σ(z) = −softplus(−z).", lambda z: (-np.logaddexp(0, -z), sigmoid(-z)))


# ---------------------------------------------------------------- Task 2: counting

def network_widths(rng: np.random.Generator, layers: int, most: int = 12) -> tuple[list[int]]:
    """Return n_0 … n_L, all different and below `most`."""
    return ([int(n) for n in rng.permutation(np.arange(2, most))[:layers + 1]],)


def _count(widths: Sequence[int]) -> int:
    return sum(n * (m + 1) for m, n in zip(widths, widths[1:]))


@task("Task 2: counting parameters", returns="P", points=1, draw=lambda rng, shape: network_widths(rng, *shape),
      shapes=((2,), (1,), (3,), (5,), (3, 800)))
def count_parameters(widths):
    return _count(widths)


count_parameters.mistake("the biases are missing", "Each unit adds a number of its own to its sum.",
    lambda widths: sum(n * m for m, n in zip(widths, widths[1:])))
count_parameters.mistake("you count one bias for each unit that sends, not for each that receives",
    "The bias belongs to the unit whose sum it enters.",
    lambda widths: sum(n * m + m for m, n in zip(widths, widths[1:])))
count_parameters.mistake("you count one bias a layer", "b is a column with an entry for each unit.",
    lambda widths: sum(n * m + 1 for m, n in zip(widths, widths[1:])))
count_parameters.mistake("the inputs are counted as parameters", "Inputs are data.",
    lambda widths: _count(widths) + widths[0])
count_parameters.mistake("the last layer is left out", "Which layer has the matrix that makes the outputs?",
    widths=lambda widths: widths[:-1])
count_parameters.mistake("the biases of the output are missing", "Output units have biases as all others.",
    lambda widths: _count(widths) - widths[-1])
count_parameters.mistake("you count units, not parameters", "How many weights has one unit?", sum)
count_parameters.mistake("your matrices are square", "A matrix has as many columns as numbers enter the layer.",
    lambda widths: sum(n * (n + 1) for n in widths[1:]))


# ---------------------------------------------------------------- Task 3: packing

def layers(rng: np.random.Generator, depth: int) -> tuple[Layers, Layers]:
    """Return W and b of a network whose widths all differ; W[0] and b[0] are None."""
    (widths,) = network_widths(rng, depth)
    pairs = list(zip(widths, widths[1:]))
    return ([None, *(rng.normal(size=(n, m)).round(1) for m, n in pairs)],
            [None, *(rng.normal(size=(n, 1)).round(1) for _, n in pairs)])


def _joined(parts: Sequence[Matrix]) -> Vector:
    """Put the columns of all matrices on top of each other."""
    return np.concatenate([part.T.ravel() for part in parts])


@task("Task 3a: one vector and back", returns="theta", points=2, draw=layers, shapes=(1, 2, 3))
def pack_parameters(W, b):
    return _joined(W[1:] + b[1:])


pack_parameters.mistake("the matrices are read row by row",
    "vec puts columns on top of each other. `ravel` goes through rows.",
    lambda W, b: np.concatenate([part.ravel() for part in W[1:] + b[1:]]))
pack_parameters.mistake("each bias follows its matrix", "First all matrices, then all biases.",
    lambda W, b: _joined([part for layer in zip(W[1:], b[1:]) for part in layer]))
pack_parameters.mistake("each bias follows its matrix, and the matrices are read row by row",
    "First all matrices, then all biases; and vec puts columns on top of each other.",
    lambda W, b: np.concatenate([part.ravel() for layer in zip(W[1:], b[1:]) for part in layer]))
pack_parameters.mistake("the biases stand first", "First all matrices, then all biases.",
    lambda W, b: _joined(b[1:] + W[1:]))
pack_parameters.mistake("the last bias is lost", "How long is your vector, and how long should it be?",
    lambda W, b: _joined(W[1:] + b[1:-1]))
pack_parameters.mistake("the biases are missing", "How long is your vector, and how long should it be?",
    lambda W, b: _joined(W[1:]))
pack_parameters.mistake("the layers come in the wrong order", "Layer 1 first.",
    lambda W, b: _joined(W[:0:-1] + b[:0:-1]))
pack_parameters.mistake("your θ is a matrix with one column", "θ has one axis, (P,).",
    result=lambda theta: theta[:, None])


def _packed(rng: np.random.Generator, depth: int) -> tuple[Vector, list[int]]:
    W, b = layers(rng, depth)
    return _joined(W[1:] + b[1:]), [W[1].shape[1], *(w.shape[0] for w in W[1:])]


def _cut(theta: Vector, widths: Sequence[int], rows: bool = False,
         moved: Callable = lambda place, used: place + used) -> tuple[Layers, Layers]:
    """Cut θ into matrices and biases: are matrices filled by rows, and where is the place after a matrix?"""
    W, b, place = [None], [None], 0
    for m, n in zip(widths, widths[1:]):
        part = theta[place:place + m * n]
        W.append(part.reshape(n, m) if rows else part.reshape(m, n).T)
        place = moved(place, m * n)
    for n in widths[1:]:
        b.append(theta[place:place + n].reshape(n, 1))
        place += n
    return W, b


@task("Task 3b: one vector and back", returns="W, b", points=2, draw=_packed, shapes=(1, 2, 3))
def unpack_parameters(theta, widths):
    return _cut(theta, widths)


unpack_parameters.mistake("the matrices are filled row by row",
    "The first entries of θ are the first column of W. Which shape would have them as its first row?",
    lambda theta, widths: _cut(theta, widths, rows=True))
unpack_parameters.mistake("the matrices are transposed", "W of layer ℓ has one row for each unit of layer ℓ.",
    result=lambda parts: ([None, *(w.T for w in parts[0][1:])], parts[1]))
unpack_parameters.mistake("the biases have one axis",
    "b of shape (n,) would be added to the rows of Wx. It has to be a column, (n, 1).",
    result=lambda parts: (parts[0], [None, *(v.ravel() for v in parts[1][1:])]))


def _cut_by_layers(theta: Vector, widths: Sequence[int], rows: bool = False) -> tuple[Layers, Layers]:
    W, b, place = [None], [None], 0
    for m, n in zip(widths, widths[1:]):
        (_, w), (_, v) = _cut(theta[place:place + m * n + n], [m, n], rows)
        W.append(w)
        b.append(v)
        place += m * n + n
    return W, b


unpack_parameters.mistake("you look for each bias right behind its matrix", "First all matrices, then all biases.",
    _cut_by_layers)
unpack_parameters.mistake("you look for each bias right behind its matrix, and fill the matrices row by row",
    "First all matrices, then all biases; and the first entries of θ are a column.",
    lambda theta, widths: _cut_by_layers(theta, widths, rows=True))
unpack_parameters.mistake("your place in θ does not move on after a matrix",
    "Where does the next piece begin, once m·n entries are used up?",
    lambda theta, widths: _cut(theta, widths, moved=lambda place, used: place))
unpack_parameters.mistake("your place in θ is set anew by each matrix, not moved on", "`=` or `+=`?",
    lambda theta, widths: _cut(theta, widths, moved=lambda place, used: used))
unpack_parameters.mistake("you look for the biases at the beginning", "First all matrices, then all biases.",
    lambda theta, widths: _cut(np.roll(theta, -sum(widths[1:])), widths))
unpack_parameters.mistake("the lists begin with layer 1 at place 0",
    "W[0] and b[0] are None, so that W[1] is layer 1.", result=lambda parts: (parts[0][1:], parts[1][1:]))


# ---------------------------------------------------------------- Task 4: a derivative that works by luck

def layer_and_input(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Matrix, Matrix, bool]:
    """Return W, b, x of one layer, and whether it has tanh or the sigmoid."""
    n, d = shape
    return (rng.normal(size=(n, d)).round(1), rng.normal(size=(n, 1)).round(1), rng.normal(size=(d, 1)).round(1),
            bool(rng.integers(2)))


@task("Task 4: find the bug", returns="J", points=2, draw=layer_and_input, shapes=((2, 3), (3, 2), (4, 5)))
def repaired_jacobian(W, b, x, is_tanh, *, slope=lambda sigma, z: sigma.derivative(z)):
    return slope(tanh if is_tanh else sigmoid, W @ x + b) * W


repaired_jacobian.mistake("this is still what the given function does", "The formula a(1 − a) is right. What is a?",
    slope=lambda sigma, z: 1 - z**2 if sigma is tanh else z * (1 - z))
repaired_jacobian.mistake("tanh is repaired, and the sigmoid still has z(1 − z)", "Which of the two is a in a(1 − a)?",
    slope=lambda sigma, z: tanh.derivative(z) if sigma is tanh else z * (1 - z))
repaired_jacobian.mistake("the sigmoid is repaired, and tanh still has 1 − z²", "Which of the two is a in 1 − a²?",
    slope=lambda sigma, z: 1 - z**2 if sigma is tanh else sigmoid.derivative(z))
repaired_jacobian.mistake("tanh gets the derivative of the sigmoid",
    "a(1 − a) belongs to one of the two functions only.", slope=lambda sigma, z: sigma(z) * (1 - sigma(z)))
repaired_jacobian.mistake("the sigmoid gets the derivative of tanh", "1 − a² belongs to one of the two functions only.",
    slope=lambda sigma, z: 1 - sigma(z) ** 2)
repaired_jacobian.mistake("the two derivatives are exchanged", "Which of the two functions has the slope 1 at z = 0?",
    slope=lambda sigma, z: sigma(z) * (1 - sigma(z)) if sigma is tanh else 1 - sigma(z) ** 2)
repaired_jacobian.mistake("the kind of activation is not used", "Half of the inputs are tanh layers.",
    is_tanh=lambda is_tanh: False)
repaired_jacobian.mistake("every layer gets tanh", "Half of the inputs are sigmoid layers.",
    is_tanh=lambda is_tanh: True)
repaired_jacobian.mistake("the activation is applied twice",
    "`derivative` wants z; you give it a, and it applies σ once more.",
    slope=lambda sigma, z: sigma.derivative(sigma(z)))
repaired_jacobian.mistake("the bias is forgotten", "Where is the slope taken: at Wx, or somewhere else?",
    b=lambda b: 0 * b)
repaired_jacobian.mistake("your matrix is transposed", "Row j is the gradient of output j.", result=np.transpose)
repaired_jacobian.mistake("the weights are missing", "The chain rule has two factors.",
    lambda W, b, x, is_tanh: (tanh if is_tanh else sigmoid).derivative(W @ x + b))
repaired_jacobian.mistake("the slopes are missing", "The chain rule has two factors.",
    lambda W, b, x, is_tanh: W.copy())


# ---------------------------------------------------------------- Task 5: a neuron for one pattern

def pattern(rng: np.random.Generator, d: int) -> tuple[Vector]:
    """Return d bits, mostly of both values."""
    x = rng.integers(2, size=d)
    if d > 3 and rng.random() < 0.3:
        x[:] = x[0]  # all alike
    elif d > 1:
        x[rng.permutation(d)[:2]] = 0, 1
    return (x,)


@task("Task 5a: weights by hand", returns="w, b", points=2, draw=pattern, shapes=(2, 3, 5, 9, 6, 4))
def recogniser(pattern):
    return 2 * pattern - 1, 0.5 - pattern.sum()


recogniser.mistake("a 0 of the pattern has no weight",
    "Your neuron fires for (1, 1) when the pattern is (1, 0). A 1 where a 0 should be has to count against.",
    lambda x: (x.copy(), 0.5 - x.sum()))
recogniser.mistake("the pattern itself lies on the border",
    "z is 0 there, and the step function gives 0. The border belongs halfway to the next best pattern.",
    lambda x: (2 * x - 1, -x.sum()))
recogniser.mistake("one wrong bit is forgiven", "What is z for a pattern that differs in a single place?",
    lambda x: (2 * x - 1, 1.5 - x.sum()))
recogniser.mistake("your neuron fires for everything but the pattern", "Which sign has z at the pattern?",
    result=lambda neuron: (-neuron[0], -neuron[1]))
recogniser.mistake("the bias has the wrong sign", "What is z at the pattern, and what should it be?",
    result=lambda neuron: (neuron[0], -neuron[1]))
recogniser.mistake("the bias counts all places", "What is w·x at the pattern itself? Only its ones add to it.",
    lambda x: (2 * x - 1, 0.5 - len(x)))
recogniser.mistake("the bias adds up the weights", "What is w·x at the pattern itself? The weights −1 meet a 0 there.",
    lambda x: (2 * x - 1, 0.5 - (2 * x - 1).sum()))
recogniser.mistake("the border lies halfway between 0 and the pattern",
    "What is w·x for a pattern that differs in a single place? The border belongs halfway to that.",
    lambda x: (2 * x - 1, -x.sum() / 2))
recogniser.mistake("your neuron never fires", "What is z at the pattern?", lambda x: (2 * x - 1, -0.5 - x.sum()))


# ---------------------------------------------------------------- Task 6: tanh and sigmoid networks

def tanh_network(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Return W, b, V, c of f(x) = V tanh(Wx + b) + c."""
    d, h, K = shape
    return tuple(rng.normal(size=size).round(1) for size in ((h, d), (h, 1), (K, h), (K, 1)))


def _row_sums(V: Matrix) -> Matrix:
    return V.sum(axis=1, keepdims=True)


@task("Task 6a: two kinds of networks are one", returns="W2, b2, V2, c2", points=2,
      draw=tanh_network, shapes=((2, 3, 2), (3, 2, 4), (4, 5, 3)))
def as_sigmoid(W, b, V, c):
    return 2 * W, 2 * b, 2 * V, c - _row_sums(V)


as_sigmoid.mistake("the bias of the hidden layer is left as it is", "tanh z = 2σ(2z) − 1 with z = Wx + b: what is 2z?",
    lambda W, b, V, c: (2 * W, b, 2 * V, c - _row_sums(V)))
as_sigmoid.mistake("the −1 is forgotten", "Each hidden unit is smaller by 1 after the exchange. Who makes up for it?",
    lambda W, b, V, c: (2 * W, 2 * b, 2 * V, c.copy()))
as_sigmoid.mistake("the −1 enters with the wrong sign", "Put tanh = 2σ − 1 into V tanh(…) + c and multiply out.",
    lambda W, b, V, c: (2 * W, 2 * b, 2 * V, c + _row_sums(V)))
as_sigmoid.mistake("the shift is taken from the doubled weights", "V(2σ − 1) = 2Vσ − V·1. Which V stands at the 1?",
    lambda W, b, V, c: (2 * W, 2 * b, 2 * V, c - 2 * _row_sums(V)))
as_sigmoid.mistake("you go from sigmoid to tanh", "You have solved the equation for the other function.",
    lambda W, b, V, c: (W / 2, b / 2, V / 2, c + _row_sums(V) / 2))
as_sigmoid.mistake("the output weights are left as they are", "What becomes of the factor 2 in front of σ?",
    lambda W, b, V, c: (2 * W, 2 * b, V.copy(), c - _row_sums(V)))
as_sigmoid.mistake("all outputs are shifted by the same number", "Each output adds up its own row of V.",
    lambda W, b, V, c: (2 * W, 2 * b, 2 * V, c - V.sum()))
as_sigmoid.mistake("you subtract 1 from the outputs", "The −1 is in the hidden units, behind the weights V.",
    lambda W, b, V, c: (2 * W, 2 * b, 2 * V, c - 1))

#: In the order of the notebook.
ALL = (softplus_and_slope, count_parameters, pack_parameters, unpack_parameters, repaired_jacobian, recogniser,
       as_sigmoid)
#: What a person marks, with its points.
WRITTEN = {
    "Task 2: counting parameters": 1, "Task 4: find the bug": 2, "Task 5b: weights by hand": 4,
    "Task 6b: two kinds of networks are one": 4}
