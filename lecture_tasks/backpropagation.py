"""The tasks of the chapter on backpropagation.

All networks here have the sigmoid in every layer and the loss ½‖y − a^[L]‖², the chapter's choice. Most tasks ask for
what is made of the error signals, and share the way down to them, `_errors`, with the slips that are made on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import unwrap
from typing import Any

import numpy as np

from lecture_code.activations import sigmoid
from lecture_code.feedback import Task, task
from lecture_code.gradient_check import central_difference

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


# ---------------------------------------------------------------- the way down

def _forward(W: Layers, b: Layers, x: np.ndarray) -> tuple[Layers, Layers]:
    z, a = [None], [x]
    for l in range(1, len(W)):
        z.append(W[l] @ a[l - 1] + b[l])
        a.append(sigmoid(z[l]))
    return z, a


def _errors(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray) -> tuple[Layers, Layers]:
    """Return a and δ of all layers."""
    (z, a), L = _forward(W, b, x), len(W) - 1
    delta = [None] * L + [sigmoid.derivative(z[L]) * (a[L] - y)]
    for l in range(L - 1, 0, -1):
        delta[l] = sigmoid.derivative(z[l]) * (W[l + 1].T @ delta[l + 1])
    return a, delta


_WITHOUT_SLOPE = {"sigmoid.derivative(z[l]) * ": ""}
_MEAN_AGAIN = {"delta[l + 1])": "delta[l + 1]) / x.shape[1]"}
_NEGATED = {"a[L] - y": "y - a[L]"}
#: What goes wrong in `_errors`: the name, where to look, and the slip.
_ON_THE_WAY_DOWN: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("σ' was taken at the wrong place, in every layer",
     "`sigmoid.derivative(…)` differentiates σ at its argument. Is that z or a?",
     {"(z[L])": "(a[L])", "(z[l])": "(a[l])"}),
    ("a sign is lost at the output",
     "Does the gradient point to where the cost grows? Take one number for a and one for y with a > y, and ask "
     "whether the loss grows with a.", _NEGATED),
    ("the activation of the last layer was not differentiated",
     "The loss sees a, and your δ belongs to z. What lies between z and a in layer L?",
     {"sigmoid.derivative(z[L]) * ": ""}),
    ("σ' of the last layer was taken at the wrong place",
     "`sigmoid.derivative(…)` differentiates σ at its argument. What is the argument of σ in layer L?",
     {"(z[L])": "(a[L])"}),
    ("the output error is twice as large as it should be",
     "Which factor stands in front of the squared norm in this loss?", {"(a[L] - y)": "2 * (a[L] - y)"}),
    ("the target has no part in your error",
     "Put in a target that the network hits exactly. What should every δ be?", {"(a[L] - y)": "a[L]"}),
    ("the error at the output is the loss itself",
     "δ is a derivative. How fast does ½(a − y)² grow with a?", {"(a[L] - y)": "(a[L] - y) ** 2 / 2"}),
    ("σ itself stands at the output where its derivative should",
     "What is the slope of σ at 0, and what its value?", {"sigmoid.derivative(z[L])": "sigmoid(z[L])"}),
    ("the activations of the hidden layers were not differentiated",
     "The last layer is right. One step down you have the gradient with respect to a; your δ belongs to z.",
     _WITHOUT_SLOPE),
    ("σ' of the hidden layers was taken at the wrong place",
     "`sigmoid.derivative(…)` differentiates σ at its argument. What is the argument of σ in layer ℓ?",
     {"(z[l])": "(a[l])"}),
    ("σ' was taken in another layer than δ",
     "Which layer does the new δ belong to, and which layer does your σ' belong to? Widths that all differ would "
     "not let the two be multiplied.", {"(z[l])": "(z[l + 1])"}),
    ("the error travels down through a matrix that maps upwards",
     "Write the shapes of δ of both layers and of the matrix between them, for widths that all differ.",
     {".T @": " @"}),
    ("the error passes through the matrix of another layer",
     "Draw layers ℓ and ℓ+1 and the arrows between them. Which W sits on these arrows?", {"W[l + 1]": "W[l]"}),
    ("the error is divided by M again in each layer",
     "Compare the layers for M = 1 and M = 5: δ belongs to one sample. Where does the mean over the samples "
     "enter, and how often?", _MEAN_AGAIN),
    ("the error is averaged over the samples before it travels down",
     "Each sample has its own slopes on the way. How many columns has the δ that you send down?",
     {"@ delta[l + 1]": "@ delta[l + 1].mean(axis=1, keepdims=True)"}),
    ("no activation was differentiated",
     "Your errors belong to a, and δ belongs to z. What lies between them, in each layer?",
     {"sigmoid.derivative(z[L]) * ": "", **_WITHOUT_SLOPE}),
    ("σ itself stands in the hidden layers where its derivative should",
     "What is the slope of σ at 0, and what its value?", {"sigmoid.derivative(z[l])": "sigmoid(z[l])"}),
    ("your slopes are z(1 − z)", "x(1 − x) is the slope of σ where x is the value of σ. What is x in yours?",
     {"sigmoid.derivative(z[L])": "z[L] * (1 - z[L])", "sigmoid.derivative(z[l])": "z[l] * (1 - z[l])"}),
    ("your slopes are 1 − a², those of tanh", "1 − a² belongs to another activation. What is σ' in terms of a?",
     {"sigmoid.derivative(z[L])": "(1 - a[L] ** 2)", "sigmoid.derivative(z[l])": "(1 - a[l] ** 2)"}),
    ("the hidden layers have the slope of ReLU",
     "Which activation do the hidden layers of these networks have?", {"sigmoid.derivative(z[l])": "(z[l] > 0)"}))


def _mistakes_on_the_way_down(task: Task, *, omit: dict[str, str] | None = None) -> None:
    """Add what goes wrong on the way to the δ^[ℓ], whatever is made of them; the slip `omit` is left out."""
    for name, look, slip in _ON_THE_WAY_DOWN:
        if slip is not omit:
            task.mistake(name, look, errors=slip)


# ---------------------------------------------------------------- Task 1: bias gradients

@task("Task 1: bias gradients", returns="db", points=3, draw=network, shapes=SHAPES)
def bias_gradients(W, b, x, y, *, errors=_errors):
    a, delta = errors(W, b, x, y)
    return [None] + [d.mean(axis=1, keepdims=True) for d in delta[1:]]


bias_gradients.mistake("you return the sum over the samples",
    "One sample is right, several are not. What stands in front of the sum in the definition of the cost?",
    slip={"mean": "sum"})
bias_gradients.mistake("you return one column a sample",
    "A gradient has the shape of what it differentiates by. All samples share one bias: what happens to their "
    "columns?", slip={".mean(axis=1, keepdims=True)": ""})
bias_gradients.mistake("you average over the units of a layer",
    "Which axis counts units, and which counts samples? Which of the two has to disappear?", slip={"axis=1": "axis=0"})
bias_gradients.mistake("your gradients have lost an axis",
    "A gradient has the shape of what it differentiates by. Compare `db[1].shape` with `b[1].shape`.",
    slip={", keepdims=True": ""})
bias_gradients.mistake("you return the gradients of the weights",
    "In z = W a + b, by what is a multiplied, and by what is b multiplied?",
    slip={"d.mean(axis=1, keepdims=True) for d in delta[1:]": "d @ c.T / len(c.T) for d, c in zip(delta[1:], a)"})
bias_gradients.mistake("you multiply by the bias itself", "What is the derivative of z = W a + b with respect to b?",
    slip={"d.mean": "(d * c).mean", "d in delta[1:]": "d, c in zip(delta[1:], b[1:])"})
bias_gradients.mistake("you add up the rows of the gradient of W",
    "A bias is the weight of an input 1. By what is δ multiplied in the gradient of W, and by what in that of b?",
    slip={"d.mean": "(d @ c.T / len(c.T)).sum", "d in delta[1:]": "d, c in zip(delta[1:], a)"})
bias_gradients.mistake("all biases of a layer get the same number",
    "Each unit has a bias of its own. Over which axis do you sum?",
    slip={"d.mean": "np.full_like(d, d.sum() / d.shape[1]).mean"})
bias_gradients.mistake("all biases of a layer get the mean over its units",
    "Each unit has a bias of its own. Over which axis do you take the mean?",
    slip={"d.mean": "np.full_like(d, d.mean()).mean"})
bias_gradients.mistake("you divide by M and do not add up", "Which shape has b, and how many columns have you?",
    slip={".mean(axis=1, keepdims=True)": " / d.shape[1]"})
bias_gradients.mistake("your list begins with layer 1",
    "Its numbers should be those of the layers. What stands in `b[0]`?", slip={"[None] + ": ""})
bias_gradients.mistake("you return the gradients in the order in which you found them",
    "Backpropagation meets the last layer first. Which layer does `db[1]` belong to?",
    slip={"delta[1:]": "delta[:0:-1]"})
bias_gradients.mistake("each layer gets the gradient of the layer below it",
    "δ and b of one layer have equally many rows. Do yours, for widths that all differ?",
    slip={"delta[1:]": "[delta[1], *delta[1:-1]]"})
_mistakes_on_the_way_down(bias_gradients)


# ---------------------------------------------------------------- Task 2: the gradient of the input

@task("Task 2a: what does the network look at?", returns="dx", points=2, draw=network, shapes=SHAPES)
def input_gradient(W, b, x, y, *, errors=_errors):
    a, delta = errors(W, b, x, y)
    return W[1].T @ delta[1]


input_gradient.mistake("you stop one step early",
    "δ of the first layer has one entry a unit; the answer has one entry a coordinate of x. What lies between x and "
    "z of the first layer?", slip={"W[1].T @ ": ""})
input_gradient.mistake("you treat the input like a layer with an activation",
    "a of layer 0 is x itself. Which function was applied to it?",
    slip={"W[1].T @ delta[1]": "sigmoid.derivative(x) * (W[1].T @ delta[1])"})
input_gradient.mistake("you divide by the number of samples",
    "Each column of x belongs to one sample and enters one loss only. Is there a mean in the question?",
    result=lambda dx: dx / dx.shape[1])
input_gradient.mistake("you average over the samples", "The answer has the shape of x: each sample has its own input.",
    result=lambda dx: dx.mean(axis=1, keepdims=True))
input_gradient.mistake("the last step goes through a matrix that maps upwards",
    "Write the shapes of δ of the first layer, of W of the first layer, and of x, for widths that all differ.",
    slip={"W[1].T": "W[1]"})
input_gradient.mistake("you return rows where the book has columns",
    "Some lecture notes write gradients as rows. Here the answer has the shape of x.", result=np.transpose)
input_gradient.mistake("you multiply the gradient by the input",
    "Some do that to share out the loss among the coordinates. Here the derivative alone is asked for.",
    slip={"W[1].T @ delta[1]": "x * (W[1].T @ delta[1])"})
_mistakes_on_the_way_down(input_gradient)


@task("Task 2b: what does the network look at?", returns="strongest", points=2, seeds=4,
      draw=lambda rng, shape: (*network(rng, shape)[:3], int(rng.integers(shape[0][-1]))),
      shapes=(((3, 2, 2), 1), ((6, 4, 3), 1), ((6, 4, 4, 3), 5), ((9, 5, 2), 7)))
def strongest_coordinate(W, b, x, k):
    (z, a), L = _forward(W, b, x), len(W) - 1
    delta = np.eye(len(W[L]))[:, [k]] * sigmoid.derivative(z[L])
    for l in range(L - 1, 0, -1):
        delta = sigmoid.derivative(z[l]) * (W[l + 1].T @ delta)
    return np.abs(W[1].T @ delta).argmax(axis=0)


strongest_coordinate.mistake("you look for the coordinate that raises the output most",
    "A coordinate that lowers the output moves it too.", slip={"np.abs": ""})
strongest_coordinate.mistake("you look for the smallest derivative", "Which is asked for, the most or the least?",
    slip={"argmax": "argmin"})
strongest_coordinate.mistake("you search along the wrong axis",
    "The answer has one number a sample. Which axis of the gradient counts coordinates?", slip={"axis=0": "axis=1"})
strongest_coordinate.mistake("you search the whole matrix at once",
    "The answer has one number a sample, not one for all of them.", slip={"axis=0": ""})
strongest_coordinate.mistake("you differentiate the sum of all outputs",
    "Only output k is asked for. What is its gradient with respect to a of the last layer?",
    slip={"np.eye(len(W[L]))[:, [k]] * ": ""})
strongest_coordinate.mistake("the activations of the hidden layers were not differentiated",
    "The way down is the same as in Task 2a. What multiplies the error in each hidden layer?", slip=_WITHOUT_SLOPE)
strongest_coordinate.mistake("you look at the input, not at its derivative",
    "A large coordinate may have a weight near zero. What says how much the output moves?",
    slip={"W[1].T @ delta": "x"})
strongest_coordinate.mistake("you multiply the derivative by the input",
    "That says how much of the output x accounts for. Here each coordinate is moved by the same amount.",
    slip={"W[1].T @ delta": "x * (W[1].T @ delta)"})
strongest_coordinate.mistake("you return the derivative, not the number of its coordinate",
    "The answer consists of whole numbers. Where in its column does the largest entry stand?", slip={"argmax": "max"})
strongest_coordinate.mistake("you stop one step early", "A unit of the first layer is no coordinate of x.",
    slip={"W[1].T @ delta": "delta"})
strongest_coordinate.mistake("you count the outputs from 1",
    "Which row is `z[L][k]`, for k = 0?", slip={"[k]": "[k - 1]"})
strongest_coordinate.mistake("σ' of the hidden layers was taken at the wrong place",
    "`sigmoid.derivative(…)` differentiates σ at its argument. What is the argument of σ in layer ℓ?",
    slip={"(z[l])": "(a[l])"})
strongest_coordinate.mistake("you look for one coordinate that is strongest on all samples together",
    "Each sample has its own slopes. How many numbers does the answer have?",
    slip={".argmax(axis=0)": ".sum(axis=1).argmax()"})


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

def _mistakes_of_means(task: Task) -> None:
    """Add what goes wrong when the errors become gradients of weights and biases."""
    task.mistake("the mean over the samples has got lost",
        "The cost is a mean over M samples. How often is each of your gradients divided by M?",
        slip={" / x.shape[1]": "", "mean": "sum"})
    task.mistake("the biases get the sum over the samples and the weights the mean",
        "Run the gradient table for M = 1, too, and read the lines of db.", slip={"mean": "sum"})
    task.mistake("the weights get the sum over the samples and the biases the mean",
        "Run the gradient table for M = 1, too, and read the lines of dW.", slip={" / x.shape[1]": ""})
    task.mistake("the error meets the activations of its own layer",
        "Between which two layers does W of layer ℓ sit? δ is at its upper end.",
        slip={"delta[1:], a)": "delta[1:], a[1:])"})


@task("Task 3a: find the bug", returns="dW, db", points=2, draw=network, shapes=SHAPES)
def repaired_a(W, b, x, y, *, errors=_errors):
    a, delta = errors(W, b, x, y)
    dW = [None] + [d @ below.T / x.shape[1] for d, below in zip(delta[1:], a)]
    return dW, [None] + [d.mean(axis=1, keepdims=True) for d in delta[1:]]


#: As it stands in the notebook; so do `broken_c` and `broken_b`.
broken_a = repaired_a.mistake("this is still what the broken function does",
    "Run its gradient table. Which is the last layer that is right, and which step comes next?", errors=_WITHOUT_SLOPE)
_mistakes_of_means(repaired_a)
_mistakes_on_the_way_down(repaired_a, omit=_WITHOUT_SLOPE)


@task("Task 3c: find the bug", returns="dW, db", points=2, draw=network, shapes=SHAPES)
def repaired_c(W, b, x, y, *, errors=_errors):
    a, delta = errors(W, b, x, y)
    dW = [None] + [d @ below.T / x.shape[1] for d, below in zip(delta[1:], a)]
    return dW, [None] + [d.mean(axis=1, keepdims=True) for d in delta[1:]]


broken_c = repaired_c.mistake("this is still what the broken function does",
    "Run its gradient table for M = 1, 2 and 4. Which power of M does each layer miss?", errors=_MEAN_AGAIN)
_mistakes_of_means(repaired_c)
_mistakes_on_the_way_down(repaired_c, omit=_MEAN_AGAIN)


@task("Task 3b: find the bug", returns="W, b", points=2,
      draw=lambda rng, shape: (*network(rng, shape), round(float(rng.uniform(0.5, 2)), 2)), shapes=SHAPES)
def repaired_b(W, b, x, y, eta, *, errors=_errors):
    a, delta = errors(W, b, x, y)
    moved = [None] + [w - eta * d @ below.T / x.shape[1] for w, d, below in zip(W[1:], delta[1:], a)]
    return moved, [None] + [c - eta * d.mean(axis=1, keepdims=True) for c, d in zip(b[1:], delta[1:])]


@repaired_b.mistake("this is still what the broken function does",
    "Run its gradient table for a large and a tiny η. Which quantity in the loop depends on η although the gradient "
    "does not?")
def broken_b(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray, eta: float) -> tuple[Layers, Layers]:
    """Take a step in which the error passes through weights that have already moved."""
    z, a = _forward(W, b, x)
    W, b, L, M = list(W), list(b), len(W) - 1, x.shape[1]
    delta = sigmoid.derivative(z[L]) * (a[L] - y)
    for l in range(L, 0, -1):
        W[l] = W[l] - eta * delta @ a[l - 1].T / M
        b[l] = b[l] - eta * delta.mean(axis=1, keepdims=True)
        if l > 1:
            delta = sigmoid.derivative(z[l - 1]) * (W[l].T @ delta)
    return W, b


@repaired_b.mistake("each layer sees the new parameters of the layers above it",
    "All gradients of one step belong to one point θ. Where is the network evaluated, and when does θ move?")
def _(W, b, x, y, eta):
    W, b = list(W), list(b)
    for l in range(len(W) - 1, 0, -1):
        W[l], b[l] = (moved[l] for moved in unwrap(repaired_b.reference)(W, b, x, y, eta))
    return W, b


repaired_b.mistake("the step goes uphill", "Which sign does a descent step have?", eta=np.negative)
repaired_b.mistake("the learning rate has got lost", "Does your result change with η?", eta=lambda eta: 1.0)
_mistakes_of_means(repaired_b)
repaired_b.mistake("only the weights move", "The network has two kinds of parameters.",
    slip={" - eta * d.mean(axis=1, keepdims=True)": ""})
repaired_b.mistake("only the biases move", "The network has two kinds of parameters.",
    slip={" - eta * d @ below.T / x.shape[1]": ""})
repaired_b.mistake("the biases move by the error of another layer",
    "When b of layer ℓ is updated, which layer does `delta` belong to at that moment?",
    slip={"(b[1:], delta[1:])": "(b[1:], [delta[1], *delta[1:-1]])"})
repaired_b.mistake("you return the gradients", "The broken function returned the parameters after the step.",
    slip={"w - eta * ": "", "c - eta * ": ""})
repaired_b.mistake("you return the step", "The broken function returned the parameters after the step.",
    slip={"w - eta": "-eta", "c - eta": "-eta"})
repaired_b.mistake("the learning rate is missing in the step of the biases", "Which steps of yours change with η?",
    slip={"c - eta * ": "c - "})
repaired_b.mistake("the learning rate is missing in the step of the weights", "Which steps of yours change with η?",
    slip={"w - eta * ": "w - "})
_mistakes_on_the_way_down(repaired_b, omit=_NEGATED)             # the same as uphill


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


def _one_sided(f: Callable[[np.ndarray], float], z: np.ndarray, step: float) -> np.ndarray:
    moves = np.eye(z.size).reshape(-1, *z.shape) * step
    return np.array([(f(z + move) - f(z)) / step for move in moves]).reshape(z.shape)


@task("Task 4a: the lemma, for any loss", returns="delta", points=2, rtol=1e-4, draw=_layer_and_loss,
      shapes=(((1, 1, 1), 1), ((2, 2, 2), 1), ((2, 3, 3, 2), 1), ((2, 4, 3, 3, 2), 1)))
def delta_by_differences(W, b, z, l, C):
    def cost(z):
        for k in range(l + 1, len(W)):
            z = W[k] @ sigmoid(z) + b[k]
        return C(sigmoid(z))

    return central_difference(cost, z, 1e-6)


delta_by_differences.mistake("you differentiate with respect to a",
    "z is what you move, and it is the argument of σ in layer ℓ. Does your forward run apply that σ?",
    slip={"W[k] @ sigmoid(z) + b[k]": "sigmoid(W[k] @ z + b[k])", "C(sigmoid(z))": "C(z)"})
delta_by_differences.mistake("the last layer has lost its activation",
    "C expects a of the last layer. What did you hand to it?", slip={"C(sigmoid(z))": "C(z)"})
delta_by_differences.mistake("the biases are missing on the way up", "Write z of layer ℓ+1 in terms of a of layer ℓ.",
    slip={" + b[k]": ""})
delta_by_differences.mistake("your quotients are twice as large as they should be",
    "How far apart are the two points between which you take the difference?", result=lambda delta: 2 * delta)
delta_by_differences.mistake("your quotients are half as large as they should be",
    "How far apart are the two points between which you take the difference?", result=lambda delta: delta / 2)
delta_by_differences.mistake("your quotients are one-sided", "How large is the error of a one-sided quotient?",
    slip={"central_difference": "_one_sided"})
delta_by_differences.mistake("your quotients are one-sided, with the point before z",
    "How large is the error of a one-sided quotient?", slip={"central_difference(cost, z, ": "_one_sided(cost, z, -"})
delta_by_differences.mistake("your quotients are one-sided, and divided as if they had two sides",
    "How far apart are the two points between which you take the difference?",
    slip={"central_difference(cost, z, 1e-6)": "_one_sided(cost, z, 1e-6) / 2"})
delta_by_differences.mistake("the two values that you subtract are equal",
    "Are your two points two arrays, or two names for one?", result=np.zeros_like)
delta_by_differences.mistake("the two values are subtracted in the wrong order",
    "A loss that grows with z has a positive derivative. Which value comes first?", result=np.negative)
delta_by_differences.mistake("all entries of z move at once",
    "A partial derivative moves one entry and leaves the others where they are.",
    result=lambda delta: np.full_like(delta, delta.sum()))
delta_by_differences.mistake("the answer has lost an axis", "δ has the shape of z: a column.", result=np.ravel)
delta_by_differences.mistake("the layers on the way up have lost their activation",
    "Write z of layer ℓ+1 in terms of z of layer ℓ. What is between the two?", slip={"W[k] @ sigmoid(z)": "W[k] @ z"})
delta_by_differences.mistake("your run begins with the layer of z itself",
    "z has W of layer ℓ behind it already. Which matrix is the next one?", slip={"l + 1": "l"})
delta_by_differences.mistake("your run applies the activation of the last layer twice",
    "How many layers lie above layer ℓ, and how often is σ applied on the way to C?",
    slip={"C(sigmoid(z))": "C(sigmoid(sigmoid(z)))"})

#: In the order of the notebook.
ALL = (bias_gradients, input_gradient, strongest_coordinate, repaired_a, repaired_b, repaired_c, delta_by_differences)
#: What a person marks, with its points.
WRITTEN = {
    "Task 3a: find the bug": 1, "Task 3b: find the bug": 1, "Task 3c: find the bug": 1,
    "Task 4b: the lemma, for any loss": 4}
