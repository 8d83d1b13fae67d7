"""The tasks of the chapter on backpropagation.

All networks here have the sigmoid in every layer and the loss ½‖y − a^[L]‖², the chapter's choice. What is right is
what the library says. A wrong backpropagation is the right one with one part exchanged: `_backprop` takes the error
signal of the output, the step from layer to layer, and what is made of the errors at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from lecture_code.activations import sigmoid
from lecture_code.feedback import Answer, Task, task
from lecture_code.gradient_check import central_difference
from lecture_code.losses import half_squared
from lecture_code.network import Network, backward, cost_and_gradient, forward, input_jacobian, pack, unpack

Layers = list[Any]
Shape = tuple[tuple[int, ...], int]     # widths n_0 … n_L, and the number of samples M


# ---------------------------------------------------------------- inputs

def network(rng: np.random.Generator, shape: Shape) -> tuple[Layers, Layers, np.ndarray, np.ndarray]:
    """Return random W, b, x, y with two decimals, for (widths, M)."""
    widths, M = shape
    W = [None] + [rng.normal(size=(n_out, n_in)).round(2) for n_in, n_out in zip(widths, widths[1:])]
    b = [None] + [rng.normal(size=(n, 1)).round(2) for n in widths[1:]]
    return W, b, rng.normal(size=(widths[0], M)).round(2), rng.uniform(size=(widths[-1], M)).round(2)


#: From a network that can be worked by hand to one whose layers all differ.
SHAPES: tuple[Shape, ...] = (
    ((1, 1, 1), 1), ((2, 2, 2, 2), 1), ((2, 2, 3, 2), 1), ((3, 3, 3, 3), 4), ((2, 4, 3, 3, 2), 5))


# ---------------------------------------------------------------- right, and wrong in one place

def _library(W: Layers, b: Layers) -> tuple[Network, np.ndarray]:
    """Return the network and the vector of its parameters."""
    net = Network((W[1].shape[1], *map(len, W[1:])), (sigmoid,) * (len(W) - 1), half_squared)
    return net, pack(net, W, b)


def _forward(W: Layers, b: Layers, x: np.ndarray) -> tuple[Layers, Layers]:
    return forward(*_library(W, b), x)


def _library_gradients(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray) -> tuple[Layers, Layers]:
    net, theta = _library(W, b)
    return unpack(net, cost_and_gradient(net, theta, x, y).gradient)


def _output(z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return sigmoid.derivative(z) * (a - y)


def _output_negated(z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return sigmoid.derivative(z) * (y - a)


def _hidden(l: int, W: Layers, z: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return sigmoid.derivative(z[l]) * (W[l + 1].T @ delta[l + 1])


def _hidden_without_slope(l: int, W: Layers, z: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return W[l + 1].T @ delta[l + 1]


def _hidden_mean_again(l: int, W: Layers, z: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return sigmoid.derivative(z[l]) * (W[l + 1].T @ delta[l + 1]) / z[l].shape[1]


def _backprop(finish: Callable[..., Any], output: Answer = _output, hidden: Answer = _hidden) -> Answer:
    """Return the function (W, b, x, y, *more) ↦ finish(W, b, a, delta, *more)."""

    def answer(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray, *more: Any) -> Any:
        z, a = _forward(W, b, x)
        L = len(W) - 1
        delta = [None] * L + [output(z[L], a[L], y)]
        for l in range(L - 1, 0, -1):
            delta[l] = hidden(l, W, z, a, delta)
        return finish(W, b, a, delta, *more)

    return answer


def _recursion_mistakes(task: Task, finish: Callable[..., Any], *, omit: Answer | None = None) -> None:
    """Add what goes wrong on the way to the δ^[ℓ], whatever is made of them; `omit` is left out."""
    outputs: tuple[tuple[str, str, Answer], ...] = (
        ("a sign is lost at the output",
         "Does the gradient point to where the cost grows? Take one number for a and one for y with a > y, and ask "
         "whether the loss grows with a.", _output_negated),
        ("the activation of the last layer was not differentiated",
         "The loss sees a, and your δ belongs to z. What lies between z and a in layer L?", lambda z, a, y: a - y),
        ("σ' of the last layer was taken at the wrong place",
         "`sigmoid.derivative(…)` differentiates σ at its argument. What is the argument of σ in layer L?",
         lambda z, a, y: _output(a, a, y)),
        ("the output error is twice too large", "Which factor stands in front of the squared norm in this loss?",
         lambda z, a, y: 2 * _output(z, a, y)))
    steps: tuple[tuple[str, str, Answer], ...] = (
        ("the activations of the hidden layers were not differentiated",
         "The last layer is right. One step down you have the gradient with respect to a; your δ belongs to z.",
         _hidden_without_slope),
        ("σ' of the hidden layers was taken at the wrong place",
         "`sigmoid.derivative(…)` differentiates σ at its argument. What is the argument of σ in layer ℓ?",
         lambda l, W, z, a, delta: sigmoid.derivative(a[l]) * (W[l + 1].T @ delta[l + 1])),
        ("σ' was taken in another layer than δ",
         "Which layer does the new δ belong to, and which layer does your σ' belong to? Widths that all differ would "
         "not let the two be multiplied.",
         lambda l, W, z, a, delta: sigmoid.derivative(z[l + 1]) * (W[l + 1].T @ delta[l + 1])),
        ("the error travels down through a matrix that maps upwards",
         "Write the shapes of δ of both layers and of the matrix between them, for widths that all differ.",
         lambda l, W, z, a, delta: sigmoid.derivative(z[l]) * (W[l + 1] @ delta[l + 1])),
        ("the error passes through the matrix of another layer",
         "Draw layers ℓ and ℓ+1 and the arrows between them. Which W sits on these arrows?",
         lambda l, W, z, a, delta: sigmoid.derivative(z[l]) * (W[l].T @ delta[l + 1])),
        ("the error is divided by M again in each layer",
         "Compare the layers for M = 1 and M = 5: δ belongs to one sample. Where does the mean over the samples "
         "enter, and how often?", _hidden_mean_again))
    task.mistake("σ' was taken at the wrong place, in every layer",
        "`sigmoid.derivative(…)` differentiates σ at its argument. Is that z or a?",
        _backprop(finish, outputs[2][2], steps[1][2]))
    for name, look, output in outputs:
        if output is not omit:
            task.mistake(name, look, _backprop(finish, output=output))
    for name, look, hidden in steps:
        if hidden is not omit:
            task.mistake(name, look, _backprop(finish, hidden=hidden))


def _biases(W: Layers, b: Layers, a: Layers, delta: Layers) -> Layers:
    return [None] + [d.mean(axis=1, keepdims=True) for d in delta[1:]]


def _gradients(W: Layers, b: Layers, a: Layers, delta: Layers) -> tuple[Layers, Layers]:
    dW = [None] + [delta[l] @ a[l - 1].T / a[0].shape[1] for l in range(1, len(W))]
    return dW, _biases(W, b, a, delta)


def _times(factor: float, gradients: Layers) -> Layers:
    return [None] + [factor * g for g in gradients[1:]]


# ---------------------------------------------------------------- Task 1: bias gradients

@task("Task 1, bias gradients", returns="db", points=3, draw=network, shapes=SHAPES)
def bias_gradients(W, b, x, y):
    return _library_gradients(W, b, x, y)[1]


bias_gradients.mistake("you return the sum over the samples",
    "One sample is right, several are not. What stands in front of the sum in the definition of the cost?",
    _backprop(lambda W, b, a, delta: _times(a[0].shape[1], _biases(W, b, a, delta))))
bias_gradients.mistake("you return one column a sample",
    "A gradient has the shape of what it differentiates by. All samples share one bias: what happens to their "
    "columns?", _backprop(lambda W, b, a, delta: delta))
bias_gradients.mistake("you average over the units of a layer",
    "Which axis counts units, and which counts samples? Which of the two has to disappear?",
    _backprop(lambda W, b, a, delta: [None] + [d.mean(axis=0, keepdims=True) for d in delta[1:]]))
bias_gradients.mistake("your gradients have lost an axis",
    "A gradient has the shape of what it differentiates by. Compare `db[1].shape` with `b[1].shape`.",
    result=lambda db: [None] + [d.ravel() for d in db[1:]])
bias_gradients.mistake("you return the gradients of the weights",
    "In z = W a + b, by what is a multiplied, and by what is b multiplied?",
    _backprop(lambda W, b, a, delta: _gradients(W, b, a, delta)[0]))
bias_gradients.mistake("you multiply by the bias itself", "What is the derivative of z = W a + b with respect to b?",
    _backprop(lambda W, b, a, delta: [None] + [(d * c).mean(axis=1, keepdims=True) for d, c in zip(delta[1:], b[1:])]))
bias_gradients.mistake("you add up the rows of the gradient of W",
    "A bias is the weight of an input 1. By what is δ multiplied in the gradient of W, and by what in that of b?",
    _backprop(lambda W, b, a, delta: [None] + [
        (d @ c.T / d.shape[1]).sum(axis=1, keepdims=True) for d, c in zip(delta[1:], a)]))
bias_gradients.mistake("all biases of a layer get the same number",
    "Each unit has a bias of its own. Over which axis do you sum?", _backprop(lambda W, b, a, delta: [None] + [
        np.full((len(d), 1), d.sum() / d.shape[1]) for d in delta[1:]]))
bias_gradients.mistake("you divide by M and do not add up", "Which shape has b, and how many columns have you?",
    _backprop(lambda W, b, a, delta: [None] + [d / d.shape[1] for d in delta[1:]]))
bias_gradients.mistake("your list begins with layer 1",
    "Its numbers should be those of the layers. What stands in `b[0]`?", result=lambda db: db[1:])
_recursion_mistakes(bias_gradients, _biases)


# ---------------------------------------------------------------- Task 2: the gradient of the input

def _input(W: Layers, b: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return W[1].T @ delta[1]


@task("Task 2a, the gradient of the input", returns="dx", points=2, draw=network, shapes=SHAPES)
def input_gradient(W, b, x, y):
    net, theta = _library(W, b)
    return backward(net, theta, forward(net, theta, x), y)[1][0]


input_gradient.mistake("you stop one step early",
    "δ of the first layer has one entry a unit; the answer has one entry a coordinate of x. What lies between x and "
    "z of the first layer?", _backprop(lambda W, b, a, delta: delta[1]))
input_gradient.mistake("you treat the input like a layer with an activation",
    "a of layer 0 is x itself. Which function was applied to it?",
    _backprop(lambda W, b, a, delta: sigmoid.derivative(a[0]) * (W[1].T @ delta[1])))
input_gradient.mistake("you divide by the number of samples",
    "Each column of x belongs to one sample and enters one loss only. Is there a mean in the question?",
    result=lambda dx: dx / dx.shape[1])
input_gradient.mistake("you average over the samples", "The answer has the shape of x: each sample has its own input.",
    result=lambda dx: dx.mean(axis=1, keepdims=True))
input_gradient.mistake("the last step goes through a matrix that maps upwards",
    "Write the shapes of δ of the first layer, of W of the first layer, and of x, for widths that all differ.",
    _backprop(lambda W, b, a, delta: W[1] @ delta[1]))
input_gradient.mistake("you return rows where the book has columns",
    "Some lecture notes write gradients as rows. Here the answer has the shape of x.", result=np.transpose)
_recursion_mistakes(input_gradient, _input)


def _sensitivity(W: Layers, b: Layers, x: np.ndarray, k: int) -> np.ndarray:
    """Return ∂a_k^[L]/∂x, one sample a column."""
    return input_jacobian(*_library(W, b), x)[k]


@task("Task 2b, the strongest coordinate", returns="strongest", points=2, seeds=4,
      draw=lambda rng, shape: (*network(rng, shape)[:3], int(rng.integers(shape[0][-1]))),
      shapes=(((3, 2, 2), 1), ((6, 4, 3), 1), ((6, 4, 4, 3), 5), ((9, 5, 2), 7)))
def strongest_coordinate(W, b, x, k):
    return np.abs(_sensitivity(W, b, x, k)).argmax(axis=0)


strongest_coordinate.mistake("you look for the coordinate that raises the output most",
    "A coordinate that lowers the output moves it too.", lambda W, b, x, k: _sensitivity(W, b, x, k).argmax(axis=0))
strongest_coordinate.mistake("you look for the smallest derivative", "Which is asked for, the most or the least?",
    lambda W, b, x, k: np.abs(_sensitivity(W, b, x, k)).argmin(axis=0))
strongest_coordinate.mistake("you search along the wrong axis",
    "The answer has one number a sample. Which axis of the gradient counts coordinates?",
    lambda W, b, x, k: np.abs(_sensitivity(W, b, x, k)).argmax(axis=1))
strongest_coordinate.mistake("you search the whole matrix at once",
    "The answer has one number a sample, not one for all of them.",
    lambda W, b, x, k: np.abs(_sensitivity(W, b, x, k)).argmax())
strongest_coordinate.mistake("you differentiate the sum of all outputs",
    "Only output k is asked for. What is its gradient with respect to a of the last layer?",
    lambda W, b, x, k: np.abs(input_jacobian(*_library(W, b), x).sum(axis=0)).argmax(axis=0))


@strongest_coordinate.mistake("the activations of the hidden layers were not differentiated",
    "The way down is the same as in Task 2a. What multiplies the error in each hidden layer?")
def _(W, b, x, k):
    of_unit = np.eye(len(W[-1]))[:, [k]]
    way_down = _backprop(_input, lambda z, a, y: sigmoid.derivative(z) * of_unit, _hidden_without_slope)
    return np.abs(way_down(W, b, x, None)).argmax(axis=0)


strongest_coordinate.mistake("you look at the input, not at its derivative",
    "A large coordinate may have a weight near zero. What says how much the output moves?",
    lambda W, b, x, k: np.abs(x).argmax(axis=0))
strongest_coordinate.mistake("you multiply the derivative by the input",
    "That says how much of the output x accounts for. Here each coordinate is moved by the same amount.",
    lambda W, b, x, k: np.abs(x * _sensitivity(W, b, x, k)).argmax(axis=0))


def trained_network() -> tuple[Layers, Layers, np.ndarray]:
    """Return W, b of a trained 25–6–1 network, and 300 pictures of 5×5 pixels, one a column.

    It was trained to say whether at least one of two certain pixels is bright.
    """
    rng = np.random.default_rng(12)
    x = rng.uniform(-1, 1, size=(25, 300))
    y = (x[[7, 16]].max(axis=0, keepdims=True) > 0.4).astype(float)
    W, b, _, _ = network(rng, ((25, 6, 1), 1))
    W[1] *= 0.1
    for _ in range(1500):
        W, b = repaired_b.reference(W, b, x, y, 5.0)
    return W, b, x


# ---------------------------------------------------------------- Task 3: three broken backpropagations

def _mean_mistakes(task: Task) -> None:
    """Add what goes wrong when the samples are averaged."""

    task.mistake("the mean over the samples has got lost",
        "The cost is a mean over M samples. How often is each of your gradients divided by M?",
        lambda W, b, x, y: tuple(_times(x.shape[1], part) for part in _library_gradients(W, b, x, y)))

    @task.mistake("the biases get the sum over the samples and the weights the mean",
        "Run the gradient table for M = 1, too, and read the lines of db.")
    def _(W, b, x, y):
        dW, db = _library_gradients(W, b, x, y)
        return dW, _times(x.shape[1], db)


#: The three functions as they stand in the notebook.
broken_a = _backprop(_gradients, hidden=_hidden_without_slope)
broken_c = _backprop(_gradients, hidden=_hidden_mean_again)


@task("Task 3a, the first broken function", returns="dW, db", points=2, draw=network, shapes=SHAPES)
def repaired_a(W, b, x, y):
    return _library_gradients(W, b, x, y)


repaired_a.mistake("this is still what the broken function does",
    "Run its gradient table. Which is the last layer that is right, and which step comes next?", broken_a)
_mean_mistakes(repaired_a)
_recursion_mistakes(repaired_a, _gradients, omit=_hidden_without_slope)


@task("Task 3c, the third broken function", returns="dW, db", points=2, draw=network, shapes=SHAPES)
def repaired_c(W, b, x, y):
    return _library_gradients(W, b, x, y)


repaired_c.mistake("this is still what the broken function does",
    "Run its gradient table for M = 1, 2 and 4. Which power of M does each layer miss?", broken_c)
_mean_mistakes(repaired_c)
_recursion_mistakes(repaired_c, _gradients, omit=_hidden_mean_again)


def _moved(parameters: Layers, gradients: Layers, eta: float) -> Layers:
    return [None] + [old - eta * g for old, g in zip(parameters[1:], gradients[1:])]


def _step(W: Layers, b: Layers, a: Layers, delta: Layers, eta: float) -> tuple[Layers, Layers]:
    dW, db = _gradients(W, b, a, delta)
    return _moved(W, dW, eta), _moved(b, db, eta)


def broken_b(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray, eta: float) -> tuple[Layers, Layers]:
    """Take a step in which the error passes through weights that have already moved."""
    z, a = _forward(W, b, x)
    W, b, L, M = list(W), list(b), len(W) - 1, x.shape[1]
    delta = _output(z[L], a[L], y)
    for l in range(L, 0, -1):
        W[l] = W[l] - eta * delta @ a[l - 1].T / M
        b[l] = b[l] - eta * delta.mean(axis=1, keepdims=True)
        if l > 1:
            delta = sigmoid.derivative(z[l - 1]) * (W[l].T @ delta)
    return W, b


@task("Task 3b, the second broken function", returns="W, b", points=2,
      draw=lambda rng, shape: (*network(rng, shape), round(float(rng.uniform(0.5, 2)), 2)), shapes=SHAPES)
def repaired_b(W, b, x, y, eta):
    dW, db = _library_gradients(W, b, x, y)
    return _moved(W, dW, eta), _moved(b, db, eta)


repaired_b.mistake("this is still what the broken function does",
    "Run its gradient table for a large and a tiny η. Which quantity in the loop depends on η although the gradient "
    "does not?", broken_b)


@repaired_b.mistake("each layer sees the new parameters of the layers above it",
    "All gradients of one step belong to one point θ. Where is the network evaluated, and when does θ move?")
def _(W, b, x, y, eta):
    W, b = list(W), list(b)
    for l in range(len(W) - 1, 0, -1):
        dW, db = _library_gradients(W, b, x, y)
        W[l], b[l] = W[l] - eta * dW[l], b[l] - eta * db[l]
    return W, b


repaired_b.mistake("the step goes uphill", "Which sign does a descent step have?",
    lambda W, b, x, y, eta: _backprop(_step)(W, b, x, y, -eta))
repaired_b.mistake("the learning rate has got lost", "Does your result change with η?",
    lambda W, b, x, y, eta: _backprop(_step)(W, b, x, y, 1.0))
repaired_b.mistake("the mean over the samples has got lost",
    "The cost is a mean over M samples. How often is each of your gradients divided by M?",
    lambda W, b, x, y, eta: _backprop(_step)(W, b, x, y, eta * x.shape[1]))
repaired_b.mistake("only the weights move", "The network has two kinds of parameters.",
    lambda W, b, x, y, eta: (_moved(W, _library_gradients(W, b, x, y)[0], eta), b))


@repaired_b.mistake("the biases move by the error of another layer",
    "When b of layer ℓ is updated, which layer does `delta` belong to at that moment?")
def _(W, b, x, y, eta):
    dW, db = _library_gradients(W, b, x, y)
    return _moved(W, dW, eta), _moved(b, [None, db[1], *db[1:-1]], eta)


repaired_b.mistake("you return the gradients", "The broken function returned the parameters after the step.",
    lambda W, b, x, y, eta: _library_gradients(W, b, x, y))
_recursion_mistakes(repaired_b, _step, omit=_output_negated)     # the same as uphill


def gradient_table(function: Answer, M: int = 4, eta: float | None = None, seed: int = 1) -> None:
    """Print how the gradients of a function compare with central differences, layer by layer.

    Parameters
    ----------
    function : (W, b, x, y) ↦ (dW, db); or, if `eta` is given, (W, b, x, y, eta) ↦ (W, b) after one step
    M : how many samples the mini-batch has
    eta : learning rate; the step is divided by it
    seed : of the random 2–3–3–3–2 network and its data
    """
    W, b, x, y = network(np.random.default_rng(seed), ((2, 3, 3, 3, 2), M))
    found = dict(zip("Wb", function(W, b, x, y) if eta is None else function(W, b, x, y, eta)))
    print("          largest entry   relative error   ratio to the differences")
    for l in range(1, len(W)):
        for name, parameters in (("W", W), ("b", b)):
            numerical = central_difference(partial(_cost_with, W, b, x, y, name, l), parameters[l])
            yours = found[name][l] if eta is None else (parameters[l] - found[name][l]) / eta
            scale = np.abs(numerical).max()
            error = np.abs(yours - numerical).max() / scale
            ratio = yours / numerical
            constant = np.ptp(ratio) < 1e-4 * np.abs(ratio).max()
            quotient = "1" if error < 1e-6 else f"{ratio.flat[0]:.4g} in all entries" if constant else "varies"
            print(f"d{name}[{l}]     {scale:13.5f}   {f'{error:.1e}' if error >= 1e-6 else '< 1e-6':>14}   {quotient}")


def _cost_with(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray, name: str, l: int, value: np.ndarray) -> float:
    """Return the cost of the network with W[l] or b[l] replaced."""
    W, b = list(W), list(b)
    (W if name == "W" else b)[l] = value
    return float(((_forward(W, b, x)[1][-1] - y) ** 2).sum() / (2 * x.shape[1]))


# ---------------------------------------------------------------- Task 4: the lemma by differences

def _half_squared(a: np.ndarray, y: np.ndarray) -> float:
    return float(((a - y) ** 2).sum() / 2)


def _poisson(a: np.ndarray, y: np.ndarray) -> float:
    return float((np.exp(a) - y * a).sum())


def _wavy(a: np.ndarray, y: np.ndarray) -> float:
    return float(np.sin(1e4 * (a - y)).sum())       # here a difference on one side is plainly off


def _layer_and_loss(rng: np.random.Generator, shape: Shape) -> tuple[Any, ...]:
    W, b, _, y = network(rng, shape)
    l = int(rng.integers(1, len(W)))
    loss = _wavy if len(W) == 4 else (_half_squared, _poisson)[int(rng.integers(2))]
    return W, b, rng.normal(size=b[l].shape).round(2), l, partial(loss, y=y)


def _run_on(W: Layers, b: Layers, a: np.ndarray, l: int) -> np.ndarray:
    """Return a^[L], starting from a^[ℓ]."""
    for k in range(l + 1, len(W)):
        a = sigmoid(W[k] @ a + b[k])
    return a


def _one_sided(f: Callable[[np.ndarray], float], z: np.ndarray) -> np.ndarray:
    moves = np.eye(z.size).reshape(-1, *z.shape) * 1e-6
    return np.array([(f(z + move) - f(z)) / 1e-6 for move in moves]).reshape(z.shape)


@task("Task 4, δ by differences", returns="delta", points=2, rtol=1e-4, draw=_layer_and_loss,
      shapes=(((1, 1, 1), 1), ((2, 2, 2), 1), ((2, 3, 3, 2), 1), ((2, 4, 3, 3, 2), 1)))
def delta_by_differences(W, b, z, l, C):
    return central_difference(lambda moved: C(_run_on(W, b, sigmoid(moved), l)), z, 1e-6)


delta_by_differences.mistake("you differentiate with respect to a",
    "z is what you move, and it is the argument of σ in layer ℓ. Does your forward run apply that σ?",
    lambda W, b, z, l, C: central_difference(lambda moved: C(_run_on(W, b, moved, l)), z))


@delta_by_differences.mistake("the last layer has lost its activation",
    "C expects a of the last layer. What did you hand to it?")
def _(W, b, z, l, C):
    def output(z):
        return z if l == len(W) - 1 else W[-1] @ _run_on(W[:-1], b, sigmoid(z), l) + b[-1]

    return central_difference(lambda moved: C(output(moved)), z)


delta_by_differences.mistake("the biases are missing on the way up", "Write z of layer ℓ+1 in terms of a of layer ℓ.",
    b=lambda b: [0] * len(b))
delta_by_differences.mistake("your quotients are twice too large",
    "How far apart are the two points between which you take the difference?", result=lambda delta: 2 * delta)
delta_by_differences.mistake("your quotients are half as large as they should be",
    "How far apart are the two points between which you take the difference?", result=lambda delta: delta / 2)
delta_by_differences.mistake("your quotients are one-sided", "How large is the error of a one-sided quotient?",
    lambda W, b, z, l, C: _one_sided(lambda moved: C(_run_on(W, b, sigmoid(moved), l)), z))
delta_by_differences.mistake("the two values are subtracted in the wrong order",
    "A loss that grows with z has a positive derivative. Which value comes first?", result=np.negative)
delta_by_differences.mistake("all entries of z move at once",
    "A partial derivative moves one entry and leaves the others where they are.",
    result=lambda delta: np.full_like(delta, delta.sum()))
delta_by_differences.mistake("the answer has lost an axis", "δ has the shape of z: a column.", result=np.ravel)

#: In the order of the notebook.
ALL = (bias_gradients, input_gradient, strongest_coordinate, repaired_a, repaired_b, repaired_c, delta_by_differences)
#: What a person marks, with its points.
WRITTEN = {
    "Task 3a, the first bug in a sentence": 1, "Task 3b, the second bug in a sentence": 1,
    "Task 3c, the third bug in a sentence": 1, "Task 4b, the proof of the lemma": 4}
