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
from lecture_code.feedback import Answer, Mistake, Task
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


def _network_and_rate(rng: np.random.Generator, shape: Shape) -> tuple[Any, ...]:
    return *network(rng, shape), round(float(rng.uniform(0.5, 2)), 2)


def _network_and_output(rng: np.random.Generator, shape: Shape) -> tuple[Any, ...]:
    W, b, x, _ = network(rng, shape)
    return W, b, x, int(rng.integers(shape[0][-1]))


def _half_squared(a: np.ndarray, y: np.ndarray) -> float:
    return float(((a - y) ** 2).sum() / 2)


def _poisson(a: np.ndarray, y: np.ndarray) -> float:
    return float((np.exp(a) - y * a).sum())


def _layer_and_loss(rng: np.random.Generator, shape: Shape) -> tuple[Any, ...]:
    W, b, _, y = network(rng, shape)
    l = int(rng.integers(1, len(W)))
    loss = (_half_squared, _poisson)[int(rng.integers(2))]
    return W, b, rng.normal(size=b[l].shape).round(2), l, partial(loss, y=y)


#: From a network that can be worked by hand to one whose layers all differ.
SHAPES: tuple[Shape, ...] = (
    ((1, 1, 1), 1), ((2, 2, 2, 2), 1), ((2, 2, 3, 2), 1), ((3, 3, 3, 3), 4), ((2, 4, 3, 3, 2), 5),
)


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


def _output_without_slope(z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return a - y


def _output_slope_at_a(z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return sigmoid.derivative(a) * (a - y)


def _output_doubled(z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 2 * sigmoid.derivative(z) * (a - y)


def _hidden(l: int, W: Layers, z: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return sigmoid.derivative(z[l]) * (W[l + 1].T @ delta[l + 1])


def _hidden_without_slope(l: int, W: Layers, z: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return W[l + 1].T @ delta[l + 1]


def _hidden_slope_at_a(l: int, W: Layers, z: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return sigmoid.derivative(a[l]) * (W[l + 1].T @ delta[l + 1])


def _hidden_slope_above(l: int, W: Layers, z: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return sigmoid.derivative(z[l + 1]) * (W[l + 1].T @ delta[l + 1])


def _hidden_not_transposed(l: int, W: Layers, z: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return sigmoid.derivative(z[l]) * (W[l + 1] @ delta[l + 1])


def _hidden_own_weights(l: int, W: Layers, z: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return sigmoid.derivative(z[l]) * (W[l].T @ delta[l + 1])


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


def _recursion_mistakes(finish: Callable[..., Any], *, omit: Answer | None = None) -> tuple[Mistake, ...]:
    """Return what goes wrong on the way to the δ^[ℓ], whatever is made of them; `omit` is left out."""
    outputs = [
        (_output_negated, "a sign is lost at the output",
         "Does the gradient point to where the cost grows? Take one number for a and one for y with a > y, and ask "
         "whether the loss grows with a."),
        (_output_without_slope, "the activation of the last layer was not differentiated",
         "The loss sees a, and your δ belongs to z. What lies between z and a in layer L?"),
        (_output_slope_at_a, "σ' of the last layer was taken at the wrong place",
         "`sigmoid.derivative(…)` differentiates σ at its argument. What is the argument of σ in layer L?"),
        (_output_doubled, "the output error is twice too large",
         "Which factor stands in front of the squared norm in this loss?"),
    ]
    steps = [
        (_hidden_without_slope, "the activations of the hidden layers were not differentiated",
         "The last layer is right. One step down you have the gradient with respect to a; your δ belongs to z."),
        (_hidden_slope_at_a, "σ' of the hidden layers was taken at the wrong place",
         "`sigmoid.derivative(…)` differentiates σ at its argument. What is the argument of σ in layer ℓ?"),
        (_hidden_slope_above, "σ' was taken in another layer than δ",
         "Which layer does the new δ belong to, and which layer does your σ' belong to? Widths that all differ would "
         "not let the two be multiplied."),
        (_hidden_not_transposed, "the error travels down through a matrix that maps upwards",
         "Write the shapes of δ of both layers and of the matrix between them, for widths that all differ."),
        (_hidden_own_weights, "the error passes through the matrix of another layer",
         "Draw layers ℓ and ℓ+1 and the arrows between them. Which W sits on these arrows?"),
        (_hidden_mean_again, "the error is divided by M again in each layer",
         "Compare the layers for M = 1 and M = 5: δ belongs to one sample. Where does the mean over the samples "
         "enter, and how often?"),
    ]
    return tuple(
        [Mistake(name, look, _backprop(finish, output=f)) for f, name, look in outputs if f is not omit]
        + [Mistake(name, look, _backprop(finish, hidden=f)) for f, name, look in steps if f is not omit]
    )


# ---------------------------------------------------------------- Task 1: bias gradients

def _bias_mean(W: Layers, b: Layers, a: Layers, delta: Layers) -> Layers:
    return [None] + [d.mean(axis=1, keepdims=True) for d in delta[1:]]


def _bias_sum(W: Layers, b: Layers, a: Layers, delta: Layers) -> Layers:
    return [None] + [d.sum(axis=1, keepdims=True) for d in delta[1:]]


def _bias_per_sample(W: Layers, b: Layers, a: Layers, delta: Layers) -> Layers:
    return delta


def _bias_over_units(W: Layers, b: Layers, a: Layers, delta: Layers) -> Layers:
    return [None] + [d.mean(axis=0, keepdims=True) for d in delta[1:]]


def _bias_flat(W: Layers, b: Layers, a: Layers, delta: Layers) -> Layers:
    return [None] + [d.mean(axis=1) for d in delta[1:]]


def _bias_as_weights(W: Layers, b: Layers, a: Layers, delta: Layers) -> Layers:
    return _gradients(W, b, a, delta)[0]


def _bias_times_bias(W: Layers, b: Layers, a: Layers, delta: Layers) -> Layers:
    return [None] + [(d * c).mean(axis=1, keepdims=True) for d, c in zip(delta[1:], b[1:])]


def _gradients(W: Layers, b: Layers, a: Layers, delta: Layers) -> tuple[Layers, Layers]:
    M = a[0].shape[1]
    dW = [None] + [delta[l] @ a[l - 1].T / M for l in range(1, len(W))]
    return dW, _bias_mean(W, b, a, delta)


def _bias_without_layer_0(W: Layers, b: Layers, a: Layers, delta: Layers) -> Layers:
    return _bias_mean(W, b, a, delta)[1:]


def _library_biases(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray) -> Layers:
    return _library_gradients(W, b, x, y)[1]


bias_gradients = Task(
    name="bias_gradients", title="Task 1, bias gradients",
    takes="W, b, x, y", returns="db",
    reference=_library_biases, draw=network, shapes=SHAPES,
    mistakes=(
        Mistake("you return the sum over the samples",
                "One sample is right, several are not. What stands in front of the sum in the definition of the cost?",
                _backprop(_bias_sum)),
        Mistake("you return one column a sample",
                "A gradient has the shape of what it differentiates by. All samples share one bias: what happens to "
                "their columns?", _backprop(_bias_per_sample)),
        Mistake("you average over the units of a layer",
                "Which axis counts units, and which counts samples? Which of the two has to disappear?",
                _backprop(_bias_over_units)),
        Mistake("your gradients have lost an axis",
                "A gradient has the shape of what it differentiates by. Compare `db[1].shape` with `b[1].shape`.",
                _backprop(_bias_flat)),
        Mistake("you return the gradients of the weights",
                "In z = W a + b, by what is a multiplied, and by what is b multiplied?", _backprop(_bias_as_weights)),
        Mistake("you multiply by the bias itself",
                "What is the derivative of z = W a + b with respect to b?", _backprop(_bias_times_bias)),
        Mistake("your list begins with layer 1", "Its numbers should be those of the layers. What stands in `b[0]`?",
                _backprop(_bias_without_layer_0)),
        *_recursion_mistakes(_bias_mean),
    ),
)


# ---------------------------------------------------------------- Task 2: the gradient of the input

def _input(W: Layers, b: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return W[1].T @ delta[1]


def _input_stopped_early(W: Layers, b: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return delta[1]


def _input_with_slope(W: Layers, b: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return sigmoid.derivative(a[0]) * (W[1].T @ delta[1])


def _input_divided(W: Layers, b: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return W[1].T @ delta[1] / a[0].shape[1]


def _input_averaged(W: Layers, b: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return (W[1].T @ delta[1]).mean(axis=1, keepdims=True)


def _input_not_transposed(W: Layers, b: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return W[1] @ delta[1]


def _input_as_row(W: Layers, b: Layers, a: Layers, delta: Layers) -> np.ndarray:
    return delta[1].T @ W[1]


def _library_input(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    net, theta = _library(W, b)
    return backward(net, theta, forward(net, theta, x), y)[1][0]


input_gradient = Task(
    name="input_gradient", title="Task 2a, the gradient of the input",
    takes="W, b, x, y", returns="dx",
    reference=_library_input, draw=network, shapes=SHAPES,
    mistakes=(
        Mistake("you stop one step early",
                "δ of the first layer has one entry a unit; the answer has one entry a coordinate of x. What lies "
                "between x and z of the first layer?", _backprop(_input_stopped_early)),
        Mistake("you treat the input like a layer with an activation",
                "a of layer 0 is x itself. Which function was applied to it?", _backprop(_input_with_slope)),
        Mistake("you divide by the number of samples",
                "Each column of x belongs to one sample and enters one loss only. Is there a mean in the question?",
                _backprop(_input_divided)),
        Mistake("you average over the samples",
                "The answer has the shape of x: each sample has its own input.", _backprop(_input_averaged)),
        Mistake("the last step goes through a matrix that maps upwards",
                "Write the shapes of δ of the first layer, of W of the first layer, and of x, for widths that all "
                "differ.", _backprop(_input_not_transposed)),
        Mistake("you return rows where the book has columns",
                "Some lecture notes write gradients as rows. Here the answer has the shape of x.",
                _backprop(_input_as_row)),
        *_recursion_mistakes(_input),
    ),
)


def _sensitivity(W: Layers, b: Layers, x: np.ndarray, k: int, hidden: Answer = _hidden) -> np.ndarray:
    """Return ∂a_k^[L]/∂x, one sample a column."""
    return _backprop(_input, partial(_output_of_unit, k=k), hidden)(W, b, x, None)


def _output_of_unit(z: np.ndarray, a: np.ndarray, y: Any, k: int) -> np.ndarray:
    delta = np.zeros_like(z)
    delta[k] = sigmoid.derivative(z[k])
    return delta


def _strongest(W: Layers, b: Layers, x: np.ndarray, k: int) -> np.ndarray:
    return np.abs(input_jacobian(*_library(W, b), x)[k]).argmax(axis=0)


def _strongest_upwards(W: Layers, b: Layers, x: np.ndarray, k: int) -> np.ndarray:
    return _sensitivity(W, b, x, k).argmax(axis=0)


def _weakest(W: Layers, b: Layers, x: np.ndarray, k: int) -> np.ndarray:
    return np.abs(_sensitivity(W, b, x, k)).argmin(axis=0)


def _strongest_sample(W: Layers, b: Layers, x: np.ndarray, k: int) -> np.ndarray:
    return np.abs(_sensitivity(W, b, x, k)).argmax(axis=1)


def _strongest_place(W: Layers, b: Layers, x: np.ndarray, k: int) -> np.ndarray:
    return np.abs(_sensitivity(W, b, x, k)).argmax()


def _strongest_for_all(W: Layers, b: Layers, x: np.ndarray, k: int) -> np.ndarray:
    return np.abs(sum(_sensitivity(W, b, x, j) for j in range(len(W[-1])))).argmax(axis=0)


def _strongest_without_slope(W: Layers, b: Layers, x: np.ndarray, k: int) -> np.ndarray:
    return np.abs(_sensitivity(W, b, x, k, _hidden_without_slope)).argmax(axis=0)


def _largest_coordinate(W: Layers, b: Layers, x: np.ndarray, k: int) -> np.ndarray:
    return np.abs(x).argmax(axis=0)


def _largest_product(W: Layers, b: Layers, x: np.ndarray, k: int) -> np.ndarray:
    return np.abs(x * _sensitivity(W, b, x, k)).argmax(axis=0)


strongest_coordinate = Task(
    name="strongest_coordinate", title="Task 2b, the strongest coordinate",
    takes="W, b, x, k", returns="strongest",
    reference=_strongest, draw=_network_and_output,
    shapes=(((3, 2, 2), 1), ((6, 4, 3), 1), ((6, 4, 4, 3), 5), ((9, 5, 2), 7)), seeds=4,
    mistakes=(
        Mistake("you look for the coordinate that raises the output most",
                "A coordinate that lowers the output moves it too.", _strongest_upwards),
        Mistake("you look for the smallest derivative", "Which is asked for, the most or the least?", _weakest),
        Mistake("you search along the wrong axis",
                "The answer has one number a sample. Which axis of the gradient counts coordinates?",
                _strongest_sample),
        Mistake("you search the whole matrix at once",
                "The answer has one number a sample, not one for all of them.", _strongest_place),
        Mistake("you differentiate the sum of all outputs",
                "Only output k is asked for. What is its gradient with respect to a of the last layer?",
                _strongest_for_all),
        Mistake("the activations of the hidden layers were not differentiated",
                "The way down is the same as in Task 2a. What multiplies the error in each hidden layer?",
                _strongest_without_slope),
        Mistake("you look at the input, not at its derivative",
                "A large coordinate may have a weight near zero. What says how much the output moves?",
                _largest_coordinate),
        Mistake("you multiply the derivative by the input",
                "That says how much of the output x accounts for. Here each coordinate is moved by the same amount.",
                _largest_product),
    ),
)


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

def _without_mean(W: Layers, b: Layers, a: Layers, delta: Layers) -> tuple[Layers, Layers]:
    M = a[0].shape[1]
    dW, db = _gradients(W, b, a, delta)
    return [None] + [M * d for d in dW[1:]], [None] + [M * d for d in db[1:]]


def _without_mean_of_biases(W: Layers, b: Layers, a: Layers, delta: Layers) -> tuple[Layers, Layers]:
    return _gradients(W, b, a, delta)[0], _bias_sum(W, b, a, delta)


def _gradient_mistakes() -> tuple[Mistake, ...]:
    return (
        Mistake("the mean over the samples has got lost",
                "The cost is a mean over M samples. How often is each of your gradients divided by M?",
                _backprop(_without_mean)),
        Mistake("the biases get the sum over the samples and the weights the mean",
                "Run the gradient table for M = 1, too, and read the lines of db.", _backprop(_without_mean_of_biases)),
    )


#: The three functions as they stand in the notebook.
broken_a = _backprop(_gradients, hidden=_hidden_without_slope)
broken_c = _backprop(_gradients, hidden=_hidden_mean_again)

repaired_a = Task(
    name="repaired_a", title="Task 3a, the first broken function",
    takes="W, b, x, y", returns="dW, db",
    reference=_library_gradients, draw=network, shapes=SHAPES,
    mistakes=(
        Mistake("this is still what the broken function does",
                "Run its gradient table. Which is the last layer that is right, and which step comes next?", broken_a),
        *_gradient_mistakes(),
        *_recursion_mistakes(_gradients, omit=_hidden_without_slope),
    ),
)

repaired_c = Task(
    name="repaired_c", title="Task 3c, the third broken function",
    takes="W, b, x, y", returns="dW, db",
    reference=_library_gradients, draw=network, shapes=SHAPES,
    mistakes=(
        Mistake("this is still what the broken function does",
                "Run its gradient table for M = 1, 2 and 4. Which power of M does each layer miss?", broken_c),
        *_gradient_mistakes(),
        *_recursion_mistakes(_gradients, omit=_hidden_mean_again),
    ),
)


def _step(W: Layers, b: Layers, a: Layers, delta: Layers, eta: float) -> tuple[Layers, Layers]:
    dW, db = _gradients(W, b, a, delta)
    return _moved(W, dW, -eta), _moved(b, db, -eta)


def _moved(parameters: Layers, gradients: Layers, rate: float) -> Layers:
    return [None] + [old + rate * g for old, g in zip(parameters[1:], gradients[1:])]


def _step_upwards(W: Layers, b: Layers, a: Layers, delta: Layers, eta: float) -> tuple[Layers, Layers]:
    return _step(W, b, a, delta, -eta)


def _step_without_rate(W: Layers, b: Layers, a: Layers, delta: Layers, eta: float) -> tuple[Layers, Layers]:
    return _step(W, b, a, delta, 1.0)


def _step_of_sum(W: Layers, b: Layers, a: Layers, delta: Layers, eta: float) -> tuple[Layers, Layers]:
    return _step(W, b, a, delta, eta * a[0].shape[1])


def _step_of_weights(W: Layers, b: Layers, a: Layers, delta: Layers, eta: float) -> tuple[Layers, Layers]:
    return _step(W, b, a, delta, eta)[0], b


def _step_of_late_biases(W: Layers, b: Layers, a: Layers, delta: Layers, eta: float) -> tuple[Layers, Layers]:
    late = [None, delta[1], *delta[1:-1]]
    return _step(W, b, a, delta, eta)[0], _moved(b, _bias_mean(W, b, a, late), -eta)


def _gradients_instead(W: Layers, b: Layers, a: Layers, delta: Layers, eta: float) -> tuple[Layers, Layers]:
    return _gradients(W, b, a, delta)


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


def _relinearised(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray, eta: float) -> tuple[Layers, Layers]:
    """Run the forward pass anew after the step of each layer."""
    reference = _backprop(_gradients)
    W, b = list(W), list(b)
    for l in range(len(W) - 1, 0, -1):
        dW, db = reference(W, b, x, y)
        W[l], b[l] = W[l] - eta * dW[l], b[l] - eta * db[l]
    return W, b


def _library_step(W: Layers, b: Layers, x: np.ndarray, y: np.ndarray, eta: float) -> tuple[Layers, Layers]:
    net, theta = _library(W, b)
    return unpack(net, theta - eta * cost_and_gradient(net, theta, x, y).gradient)


repaired_b = Task(
    name="repaired_b", title="Task 3b, the second broken function",
    takes="W, b, x, y, eta", returns="W, b",
    reference=_library_step, draw=_network_and_rate, shapes=SHAPES,
    mistakes=(
        Mistake("this is still what the broken function does",
                "Run its gradient table for a large and a tiny η. Which quantity in the loop depends on η although the "
                "gradient does not?", broken_b),
        Mistake("each layer sees the new parameters of the layers above it",
                "All gradients of one step belong to one point θ. Where is the network evaluated, and when does θ "
                "move?", _relinearised),
        Mistake("the step goes uphill", "Which sign does a descent step have?", _backprop(_step_upwards)),
        Mistake("the learning rate has got lost", "Does your result change with η?", _backprop(_step_without_rate)),
        Mistake("the mean over the samples has got lost",
                "The cost is a mean over M samples. How often is each of your gradients divided by M?",
                _backprop(_step_of_sum)),
        Mistake("only the weights move", "The network has two kinds of parameters.", _backprop(_step_of_weights)),
        Mistake("the biases move by the error of another layer",
                "When b of layer ℓ is updated, which layer does `delta` belong to at that moment?",
                _backprop(_step_of_late_biases)),
        Mistake("you return the gradients", "The broken function returned the parameters after the step.",
                _backprop(_gradients_instead)),
        *_recursion_mistakes(_step, omit=_output_negated),  # the same as uphill
    ),
)


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


def _cost_with(
    W: Layers, b: Layers, x: np.ndarray, y: np.ndarray, name: str, l: int, value: np.ndarray
) -> float:
    """Return the cost of the network with W[l] or b[l] replaced."""
    W, b = list(W), list(b)
    (W if name == "W" else b)[l] = value
    return float(((_forward(W, b, x)[1][-1] - y) ** 2).sum() / (2 * x.shape[1]))


# ---------------------------------------------------------------- Task 4: the lemma by differences

def _run_on(W: Layers, b: Layers, z: np.ndarray, l: int) -> np.ndarray:
    """Return a^[L], starting from z^[ℓ]."""
    for k in range(l + 1, len(W)):
        z = W[k] @ sigmoid(z) + b[k]
    return sigmoid(z)


def _run_on_without_first(W: Layers, b: Layers, z: np.ndarray, l: int) -> np.ndarray:
    if l == len(W) - 1:
        return z
    return _run_on(W, b, W[l + 1] @ z + b[l + 1], l + 1)


def _run_on_without_last(W: Layers, b: Layers, z: np.ndarray, l: int) -> np.ndarray:
    for k in range(l + 1, len(W)):
        z = W[k] @ sigmoid(z) + b[k]
    return z


def _run_on_without_biases(W: Layers, b: Layers, z: np.ndarray, l: int) -> np.ndarray:
    return _run_on(W, [None] + [np.zeros_like(v) for v in b[1:]], z, l)


def _differences(run: Callable[..., np.ndarray] = _run_on, factor: float = 1.0) -> Answer:
    """Return the function that differentiates C(run(z)) and multiplies by a factor."""

    def answer(W: Layers, b: Layers, z: np.ndarray, l: int, C: Callable[[np.ndarray], float]) -> np.ndarray:
        return factor * central_difference(lambda moved: C(run(W, b, moved, l)), z)

    return answer


def _differences_of_all(W: Layers, b: Layers, z: np.ndarray, l: int, C: Callable[[np.ndarray], float]) -> np.ndarray:
    """Move all entries of z together."""
    return np.full_like(z, _differences()(W, b, z, l, C).sum())


def _differences_in_row(W: Layers, b: Layers, z: np.ndarray, l: int, C: Callable[[np.ndarray], float]) -> np.ndarray:
    return _differences()(W, b, z, l, C).ravel()


delta_by_differences = Task(
    name="delta_by_differences", title="Task 4, δ by differences",
    takes="W, b, z, l, C", returns="delta",
    reference=_differences(), draw=_layer_and_loss,
    shapes=(((1, 1, 1), 1), ((2, 2, 2), 1), ((2, 3, 3, 2), 1), ((2, 4, 3, 3, 2), 1)), rtol=1e-4,
    mistakes=(
        Mistake("you differentiate with respect to a",
                "z is what you move, and it is the argument of σ in layer ℓ. Does your forward run apply that σ?",
                _differences(_run_on_without_first)),
        Mistake("the last layer has lost its activation",
                "C expects a of the last layer. What did you hand to it?", _differences(_run_on_without_last)),
        Mistake("the biases are missing on the way up",
                "Write z of layer ℓ+1 in terms of a of layer ℓ.", _differences(_run_on_without_biases)),
        Mistake("your quotients are twice too large",
                "How far apart are the two points between which you take the difference?", _differences(factor=2.0)),
        Mistake("your quotients are half as large as they should be",
                "How far apart are the two points between which you take the difference?", _differences(factor=0.5)),
        Mistake("the two values are subtracted in the wrong order",
                "A loss that grows with z has a positive derivative. Which value comes first?",
                _differences(factor=-1.0)),
        Mistake("all entries of z move at once",
                "A partial derivative moves one entry and leaves the others where they are.", _differences_of_all),
        Mistake("the answer has lost an axis", "δ has the shape of z: a column.", _differences_in_row),
    ),
)

#: In the order of the notebook.
ALL = (bias_gradients, input_gradient, strongest_coordinate, repaired_a, repaired_b, repaired_c, delta_by_differences)
