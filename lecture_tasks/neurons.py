"""The tasks of the chapter on neurons. A layer's matrix has one unit a row; lists of layers begin with None, as W[0]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lecture_code.activations import sigmoid, tanh
from lecture_code.feedback import Mistake, Task

Vector = np.ndarray
Matrix = np.ndarray
Layers = list[np.ndarray | None]


# ---------------------------------------------------------------- Task 1: softplus

def numbers(rng: np.random.Generator, shape: tuple[int, float]) -> tuple[Vector]:
    """Return pre-activations up to this size, of both signs; all near a negative size, so that small values count; for 0, integers."""
    n, size = shape
    if size < 0:
        return ((rng.uniform(0.8, 1, n) * size).round(2),)
    if size == 0:
        return (rng.permutation(np.arange(-n, n + 1)),)  # whole numbers, as integers
    return ((rng.uniform(0.1, 1, n) * rng.choice([-1, 1], n) * size).round(2),)


def _softplus(z: Vector) -> tuple[Vector, Vector]:
    return np.logaddexp(0, z), sigmoid(z)


@np.errstate(over="ignore")
def _softplus_as_printed(z: Vector) -> tuple[Vector, Vector]:
    return np.log(1 + np.exp(z)), sigmoid(z)


def _softplus_without_log1p(z: Vector) -> tuple[Vector, Vector]:
    return np.maximum(z, 0) + np.log(1 + np.exp(-np.abs(z))), sigmoid(z)


@np.errstate(over="ignore")
def _log1p_of_exp(z: Vector) -> tuple[Vector, Vector]:
    return np.log1p(np.exp(z)), sigmoid(z)


@np.errstate(over="ignore", invalid="ignore")
def _quotient_overflows(z: Vector) -> tuple[Vector, Vector]:
    return np.logaddexp(0, z), np.exp(z) / (1 + np.exp(z))


def _slope_of_sigmoid(z: Vector) -> tuple[Vector, Vector]:
    return np.logaddexp(0, z), sigmoid.derivative(z)


def _slope_tanh(z: Vector) -> tuple[Vector, Vector]:
    return np.logaddexp(0, z), np.tanh(z)


def _slope_heaviside(z: Vector) -> tuple[Vector, Vector]:
    return np.logaddexp(0, z), (z > 0).astype(float)


def _softplus_relu(z: Vector) -> tuple[Vector, Vector]:
    return np.maximum(z, 0), sigmoid(z)


def _softplus_negated(z: Vector) -> tuple[Vector, Vector]:
    return np.logaddexp(0, -z), -sigmoid(-z)


def _log_sigmoid(z: Vector) -> tuple[Vector, Vector]:
    return -np.logaddexp(0, -z), sigmoid(-z)


softplus_and_slope = Task(
    name="softplus_and_slope", title="Task 1, softplus",
    takes="z", returns="value, slope",
    reference=_softplus, draw=numbers, shapes=((2, 2), (3, 0.5), (3, 0), (1, -40), (1, -6), (4, 4), (4, 9), (4, 20), (4, 40), (3, 1000)), rtol=1e-9, atol=0.0,
    mistakes=(
        Mistake("large z overflow in the value",
                "What is `np.exp(1000)`? Take out the larger of the two terms 1 and eᶻ before you take the logarithm.",
                _softplus_as_printed),
        Mistake("large z overflow, although small ones are exact",
                "What is `np.exp(1000)`? Take out the larger of the two terms 1 and eᶻ before you take the logarithm.",
                _log1p_of_exp),
        Mistake("small values are rounded to 0",
                "At z = −40 the value is about 4e-18. What is `1 + 4e-18` in the machine, and which function of NumPy "
                "avoids that sum?", _softplus_without_log1p),
        Mistake("large z overflow in the slope",
                "Infinity divided by infinity. Which of the two forms of the sigmoid is safe there?",
                _quotient_overflows),
        Mistake("your slope is that of the sigmoid",
                "Differentiate log(1 + eᶻ) once. Is the result a function you know?", _slope_of_sigmoid),
        Mistake("your slope is tanh", "The slope is positive everywhere. What is it at z = 0?", _slope_tanh),
        Mistake("your slope jumps from 0 to 1",
                "That is the slope of ReLU. Softplus is a smooth version of it.", _slope_heaviside),
        Mistake("your value is ReLU", "At z = 0 softplus is log 2.", _softplus_relu),
        Mistake("the sign of z is turned round", "Softplus grows with z.", _softplus_negated),
        Mistake("you return the logarithm of the sigmoid",
                "That is a close relative: log σ(z) = −softplus(−z).", _log_sigmoid),
    ),
)


# ---------------------------------------------------------------- Task 2: counting

def network_widths(rng: np.random.Generator, layers: int) -> tuple[list[int]]:
    """Return n_0 … n_L, all different."""
    return ([int(n) for n in rng.permutation(np.arange(2, 12))[:layers + 1]],)


def _count(widths: Sequence[int]) -> int:
    return sum(n * (m + 1) for m, n in zip(widths, widths[1:]))


def _without_biases(widths: Sequence[int]) -> int:
    return sum(n * m for m, n in zip(widths, widths[1:]))


def _biases_of_inputs(widths: Sequence[int]) -> int:
    return sum(n * m + m for m, n in zip(widths, widths[1:]))


def _one_bias_a_layer(widths: Sequence[int]) -> int:
    return sum(n * m + 1 for m, n in zip(widths, widths[1:]))


def _with_inputs(widths: Sequence[int]) -> int:
    return _count(widths) + widths[0]


def _without_output(widths: Sequence[int]) -> int:
    return _count(widths[:-1])


def _without_output_bias(widths: Sequence[int]) -> int:
    return _count(widths) - widths[-1]


def _units(widths: Sequence[int]) -> int:
    return sum(widths)


def _squares(widths: Sequence[int]) -> int:
    return sum(n * (n + 1) for n in widths[1:])


count_parameters = Task(
    name="count_parameters", title="Task 2, counting parameters",
    takes="widths", returns="P",
    reference=_count, draw=network_widths, shapes=(2, 1, 3, 5),
    mistakes=(
        Mistake("the biases are missing", "Each unit adds a number of its own to its sum.", _without_biases),
        Mistake("you count one bias for each unit that sends, not for each that receives",
                "The bias belongs to the unit whose sum it enters.", _biases_of_inputs),
        Mistake("you count one bias a layer", "b is a column with an entry for each unit.", _one_bias_a_layer),
        Mistake("the inputs are counted as parameters", "Inputs are data.", _with_inputs),
        Mistake("the last layer is left out", "Which layer has the matrix that makes the outputs?", _without_output),
        Mistake("the biases of the output are missing", "Output units have biases as all others.",
                _without_output_bias),
        Mistake("you count units, not parameters", "How many weights has one unit?", _units),
        Mistake("your matrices are square", "A matrix has as many columns as numbers enter the layer.", _squares),
    ),
)


# ---------------------------------------------------------------- Task 3: packing

def layers(rng: np.random.Generator, depth: int) -> tuple[Layers, Layers]:
    """Return W and b of a network whose widths all differ; W[0] and b[0] are None."""
    (widths,) = network_widths(rng, depth)
    pairs = list(zip(widths, widths[1:]))
    return ([None, *(rng.normal(size=(n, m)).round(1) for m, n in pairs)],
            [None, *(rng.normal(size=(n, 1)).round(1) for _, n in pairs)])


def _vec(W: Matrix) -> Vector:
    return W.T.ravel()


def _pack(W: Layers, b: Layers) -> Vector:
    return np.concatenate([_vec(w) for w in W[1:]] + [v.ravel() for v in b[1:]])


def _by_rows(W: Layers, b: Layers) -> Vector:
    return np.concatenate([w.ravel() for w in W[1:]] + [v.ravel() for v in b[1:]])


def _layer_by_layer(W: Layers, b: Layers) -> Vector:
    return np.concatenate([part for w, v in zip(W[1:], b[1:]) for part in (_vec(w), v.ravel())])


def _biases_first(W: Layers, b: Layers) -> Vector:
    return np.concatenate([v.ravel() for v in b[1:]] + [_vec(w) for w in W[1:]])


def _last_bias_lost(W: Layers, b: Layers) -> Vector:
    return _pack(W, b[:-1])


def _weights_alone(W: Layers, b: Layers) -> Vector:
    return _pack(W, b[:1])


def _output_first(W: Layers, b: Layers) -> Vector:
    return _pack([None, *W[:0:-1]], [None, *b[:0:-1]])


def _column_vector(W: Layers, b: Layers) -> Matrix:
    return _pack(W, b)[:, None]


pack_parameters = Task(
    name="pack_parameters", title="Task 3a, packing",
    takes="W, b", returns="theta",
    reference=_pack, draw=layers, shapes=(1, 2, 3),
    mistakes=(
        Mistake("the matrices are read row by row",
                "vec puts *columns* on top of each other. `ravel` goes through rows.", _by_rows),
        Mistake("each bias follows its matrix", "First all matrices, then all biases.", _layer_by_layer),
        Mistake("the biases stand first", "First all matrices, then all biases.", _biases_first),
        Mistake("the last bias is lost", "How long is your vector, and how long should it be?", _last_bias_lost),
        Mistake("the biases are missing", "How long is your vector, and how long should it be?", _weights_alone),
        Mistake("the layers come in the wrong order", "Layer 1 first.", _output_first),
        Mistake("your θ is a matrix with one column", "θ has one axis, (P,).", _column_vector),
    ),
)


def _packed(rng: np.random.Generator, depth: int) -> tuple[Vector, list[int]]:
    W, b = layers(rng, depth)
    return _pack(W, b), [W[1].shape[1], *(w.shape[0] for w in W[1:])]


def _cut(theta: Vector, widths: Sequence[int], rows: bool = False) -> tuple[Layers, Layers]:
    W, b, place = [None], [None], 0
    for m, n in zip(widths, widths[1:]):
        part = theta[place:place + m * n]
        W.append(part.reshape(n, m) if rows else part.reshape(m, n).T)
        place += m * n
    for n in widths[1:]:
        b.append(theta[place:place + n].reshape(n, 1))
        place += n
    return W, b


def _unpack(theta: Vector, widths: Sequence[int]) -> tuple[Layers, Layers]:
    return _cut(theta, widths)


def _unpack_by_rows(theta: Vector, widths: Sequence[int]) -> tuple[Layers, Layers]:
    return _cut(theta, widths, rows=True)


def _unpack_transposed(theta: Vector, widths: Sequence[int]) -> tuple[Layers, Layers]:
    W, b = _cut(theta, widths)
    return [None, *(w.T for w in W[1:])], b


def _unpack_flat_biases(theta: Vector, widths: Sequence[int]) -> tuple[Layers, Layers]:
    W, b = _cut(theta, widths)
    return W, [None, *(v.ravel() for v in b[1:])]


def _unpack_interleaved(theta: Vector, widths: Sequence[int]) -> tuple[Layers, Layers]:
    W, b, place = [None], [None], 0
    for m, n in zip(widths, widths[1:]):
        W.append(theta[place:place + m * n].reshape(m, n).T)
        b.append(theta[place + m * n:place + m * n + n].reshape(n, 1))
        place += m * n + n
    return W, b


def _unpack_biases_first(theta: Vector, widths: Sequence[int]) -> tuple[Layers, Layers]:
    count = sum(widths[1:])
    return _cut(np.concatenate([theta[count:], theta[:count]]), widths)


def _unpack_without_none(theta: Vector, widths: Sequence[int]) -> tuple[Layers, Layers]:
    W, b = _cut(theta, widths)
    return W[1:], b[1:]


unpack_parameters = Task(
    name="unpack_parameters", title="Task 3b, unpacking",
    takes="theta, widths", returns="W, b",
    reference=_unpack, draw=_packed, shapes=(1, 2, 3),
    mistakes=(
        Mistake("the matrices are filled row by row",
                "The first entries of θ are the first *column* of W. Which shape would have them as its first row?",
                _unpack_by_rows),
        Mistake("the matrices are transposed",
                "W of layer ℓ has one row for each unit of layer ℓ.", _unpack_transposed),
        Mistake("the biases have one axis",
                "b of shape (n,) would be added to the rows of Wx. It has to be a column, (n, 1).",
                _unpack_flat_biases),
        Mistake("you look for each bias right behind its matrix", "First all matrices, then all biases.",
                _unpack_interleaved),
        Mistake("you look for the biases at the beginning", "First all matrices, then all biases.",
                _unpack_biases_first),
        Mistake("the lists begin with layer 1 at place 0", "W[0] and b[0] are None, so that W[1] is layer 1.",
                _unpack_without_none),
    ),
)


# ---------------------------------------------------------------- Task 4: a derivative that works by luck

def layer_and_input(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Matrix, Matrix, Matrix, bool]:
    """Return W, b, x of one layer, and whether it has tanh or the sigmoid."""
    n, d = shape
    return (rng.normal(size=(n, d)).round(1), rng.normal(size=(n, 1)).round(1), rng.normal(size=(d, 1)).round(1),
            bool(rng.integers(2)))


def _jacobian(W: Matrix, b: Matrix, x: Matrix, is_tanh: bool) -> Matrix:
    return (tanh if is_tanh else sigmoid).derivative(W @ x + b) * W


def broken_jacobian(W: Matrix, b: Matrix, x: Matrix, is_tanh: bool) -> Matrix:
    """Do what the function in the notebook does."""
    z = W @ x + b
    return (1 - z**2 if is_tanh else z * (1 - z)) * W


def _always_sigmoid(W: Matrix, b: Matrix, x: Matrix, is_tanh: bool) -> Matrix:
    a = (tanh if is_tanh else sigmoid)(W @ x + b)
    return a * (1 - a) * W


def _always_sigmoid_of_z(W: Matrix, b: Matrix, x: Matrix, is_tanh: bool) -> Matrix:
    return sigmoid.derivative(W @ x + b) * W


def _twice(W: Matrix, b: Matrix, x: Matrix, is_tanh: bool) -> Matrix:
    sigma = (tanh if is_tanh else sigmoid)
    return sigma.derivative(sigma(W @ x + b)) * W


def _bias_forgotten(W: Matrix, b: Matrix, x: Matrix, is_tanh: bool) -> Matrix:
    return (tanh if is_tanh else sigmoid).derivative(W @ x) * W


def _jacobian_transposed(W: Matrix, b: Matrix, x: Matrix, is_tanh: bool) -> Matrix:
    return _jacobian(W, b, x, is_tanh).T


def _slopes_alone(W: Matrix, b: Matrix, x: Matrix, is_tanh: bool) -> Matrix:
    return (tanh if is_tanh else sigmoid).derivative(W @ x + b)


def _always_tanh(W: Matrix, b: Matrix, x: Matrix, is_tanh: bool) -> Matrix:
    return tanh.derivative(W @ x + b) * W


def _no_slopes(W: Matrix, b: Matrix, x: Matrix, is_tanh: bool) -> Matrix:
    return W.copy()


repaired_jacobian = Task(
    name="repaired_jacobian", title="Task 4, the broken derivative",
    takes="W, b, x, is_tanh", returns="J",
    reference=_jacobian, draw=layer_and_input, shapes=((2, 3), (3, 2), (4, 5)),
    mistakes=(
        Mistake("this is still what the given function does",
                "The formula a(1 − a) is right. What is a?", broken_jacobian),
        Mistake("tanh gets the derivative of the sigmoid",
                "a(1 − a) belongs to one of the two functions only.", _always_sigmoid),
        Mistake("the kind of activation is not used", "Half of the inputs are tanh layers.", _always_sigmoid_of_z),
        Mistake("every layer gets tanh", "Half of the inputs are sigmoid layers.", _always_tanh),
        Mistake("the activation is applied twice",
                "`derivative` wants z; you give it a, and it applies σ once more.", _twice),
        Mistake("the bias is forgotten", "Where is the slope taken: at Wx, or somewhere else?", _bias_forgotten),
        Mistake("your matrix is transposed", "Row j is the gradient of output j.", _jacobian_transposed),
        Mistake("the weights are missing", "The chain rule has two factors.", _slopes_alone),
        Mistake("the slopes are missing", "The chain rule has two factors.", _no_slopes),
    ),
)


# ---------------------------------------------------------------- Task 5: a neuron for one pattern

def pattern(rng: np.random.Generator, d: int) -> tuple[Vector]:
    """Return d bits, mostly of both values."""
    x = rng.integers(2, size=d)
    if d > 3 and rng.random() < 0.3:
        x[:] = x[0]  # all alike
    elif d > 1:
        x[rng.permutation(d)[:2]] = 0, 1
    return (x,)


def _recogniser(x: Vector) -> tuple[Vector, float]:
    return 2 * x - 1, 0.5 - x.sum()


def _ones_only(x: Vector) -> tuple[Vector, float]:
    return x.copy(), 0.5 - x.sum()


def _on_the_border(x: Vector) -> tuple[Vector, float]:
    return 2 * x - 1, -float(x.sum())


def _one_miss_allowed(x: Vector) -> tuple[Vector, float]:
    return 2 * x - 1, 1.5 - x.sum()


def _opposite(x: Vector) -> tuple[Vector, float]:
    return 1 - 2 * x, x.sum() - 0.5


def _opposite_bias(x: Vector) -> tuple[Vector, float]:
    return 2 * x - 1, x.sum() - 0.5


def _by_length(x: Vector) -> tuple[Vector, float]:
    return 2 * x - 1, 0.5 - len(x)


def _too_strict(x: Vector) -> tuple[Vector, float]:
    return 2 * x - 1, -0.5 - x.sum()


recogniser = Task(
    name="recogniser", title="Task 5a, a neuron for one pattern",
    takes="pattern", returns="w, b",
    reference=_recogniser, draw=pattern, shapes=(2, 3, 5, 9, 6, 4),
    mistakes=(
        Mistake("a 0 of the pattern has no weight",
                "Your neuron fires for (1, 1) when the pattern is (1, 0). A 1 where a 0 should be has to count "
                "against.", _ones_only),
        Mistake("the pattern itself lies on the border",
                "z is 0 there, and the step function gives 0. The border belongs halfway to the next best pattern.",
                _on_the_border),
        Mistake("one wrong bit is forgiven", "What is z for a pattern that differs in a single place?",
                _one_miss_allowed),
        Mistake("your neuron fires for everything but the pattern", "Which sign has z at the pattern?", _opposite),
        Mistake("the bias has the wrong sign", "What is z at the pattern, and what should it be?", _opposite_bias),
        Mistake("the bias counts all places", "What is w·x at the pattern itself? Only its ones add to it.",
                _by_length),
        Mistake("your neuron never fires", "What is z at the pattern?", _too_strict),
    ),
)


# ---------------------------------------------------------------- Task 6: tanh and sigmoid networks

def tanh_network(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Return W, b, V, c of f(x) = V tanh(Wx + b) + c."""
    d, h, K = shape
    return tuple(rng.normal(size=size).round(1) for size in ((h, d), (h, 1), (K, h), (K, 1)))


Parameters = tuple[Matrix, Matrix, Matrix, Matrix]


def _as_sigmoid(W: Matrix, b: Matrix, V: Matrix, c: Matrix) -> Parameters:
    return 2 * W, 2 * b, 2 * V, c - V.sum(axis=1, keepdims=True)


def _bias_not_doubled(W: Matrix, b: Matrix, V: Matrix, c: Matrix) -> Parameters:
    return 2 * W, b, 2 * V, c - V.sum(axis=1, keepdims=True)


def _shift_forgotten(W: Matrix, b: Matrix, V: Matrix, c: Matrix) -> Parameters:
    return 2 * W, 2 * b, 2 * V, c.copy()


def _shift_added(W: Matrix, b: Matrix, V: Matrix, c: Matrix) -> Parameters:
    return 2 * W, 2 * b, 2 * V, c + V.sum(axis=1, keepdims=True)


def _shift_of_new(W: Matrix, b: Matrix, V: Matrix, c: Matrix) -> Parameters:
    return 2 * W, 2 * b, 2 * V, c - 2 * V.sum(axis=1, keepdims=True)


def _halves(W: Matrix, b: Matrix, V: Matrix, c: Matrix) -> Parameters:
    return W / 2, b / 2, V / 2, c + V.sum(axis=1, keepdims=True) / 2


def _output_not_doubled(W: Matrix, b: Matrix, V: Matrix, c: Matrix) -> Parameters:
    return 2 * W, 2 * b, V.copy(), c - V.sum(axis=1, keepdims=True)


def _one_shift_for_all(W: Matrix, b: Matrix, V: Matrix, c: Matrix) -> Parameters:
    return 2 * W, 2 * b, 2 * V, c - V.sum()


def _shift_by_one(W: Matrix, b: Matrix, V: Matrix, c: Matrix) -> Parameters:
    return 2 * W, 2 * b, 2 * V, c - 1


as_sigmoid = Task(
    name="as_sigmoid", title="Task 6a, from tanh to sigmoid",
    takes="W, b, V, c", returns="W2, b2, V2, c2",
    reference=_as_sigmoid, draw=tanh_network, shapes=((2, 3, 2), (3, 2, 4), (4, 5, 3)),
    mistakes=(
        Mistake("the bias of the hidden layer is left as it is",
                "tanh z = 2σ(2z) − 1 with z = Wx + b: what is 2z?", _bias_not_doubled),
        Mistake("the −1 is forgotten", "Each hidden unit is smaller by 1 after the exchange. Who makes up for it?",
                _shift_forgotten),
        Mistake("the −1 enters with the wrong sign", "Put tanh = 2σ − 1 into V tanh(…) + c and multiply out.",
                _shift_added),
        Mistake("the shift is taken from the doubled weights",
                "V(2σ − 1) = 2Vσ − V·1. Which V stands at the 1?", _shift_of_new),
        Mistake("you go from sigmoid to tanh", "You have solved the equation for the other function.", _halves),
        Mistake("the output weights are left as they are", "What becomes of the factor 2 in front of σ?",
                _output_not_doubled),
        Mistake("all outputs are shifted by the same number", "Each output adds up its own row of V.",
                _one_shift_for_all),
        Mistake("you subtract 1 from the outputs", "The −1 is in the hidden units, behind the weights V.",
                _shift_by_one),
    ),
)

#: In the order of the notebook.
ALL = (softplus_and_slope, count_parameters, pack_parameters, unpack_parameters, repaired_jacobian, recogniser,
       as_sigmoid)
