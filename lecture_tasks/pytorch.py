"""The tasks of the chapter on PyTorch."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from lecture_code.feedback import Mistake, NotRight, Task
from lecture_code.lazy import lazy

torch = lazy("torch")
nn = lazy("torch.nn")
F = lazy("torch.nn.functional")

Array = np.ndarray
Tensor = Any
Model = Any


def linear_layer(W: Array, b: Array) -> Model:
    """Return ``nn.Linear`` with the weights W (n_out, n_in) and the biases b (n_out,), in their precision."""
    with torch.random.fork_rng(devices=[]):               # the reader's stream of random numbers goes on undisturbed
        layer = nn.Linear(W.shape[1], W.shape[0], dtype=torch.as_tensor(W).dtype)
    layer.weight.data, layer.bias.data = torch.tensor(W), torch.tensor(b)
    return layer


def arrays(rng: np.random.Generator, widths: tuple[int, ...]) -> tuple[list[Array], list[Array]]:
    """Return weights (n_out, n_in) and biases (n_out, 1) of each layer, in float64; place 0 is unused."""
    W = [None] + [rng.normal(size=(n_out, n_in)) / n_in**0.5 for n_in, n_out in zip(widths, widths[1:])]
    return W, [None] + [0.5 * rng.normal(size=(n, 1)) for n in widths[1:]]


def _layers(W: list[Array], b: list[Array], activation: str = "Tanh") -> list[Model]:
    parts = []
    for l in range(1, len(W)):
        parts += [linear_layer(W[l], b[l][:, 0]), getattr(nn, activation)()]
    return parts[:-1]


def _samples(rows: int, d: int) -> Tensor:
    return torch.tensor(np.random.default_rng([rows, d]).normal(size=(rows, d)) * 2)


# ---------------------------------------------------------------- Task 1: the same network

def _outputs(model: Any, drawn: tuple[Any, ...], used: tuple[Any, ...]) -> tuple[Tensor, int, int]:
    """Return what a model computes in float64 for some samples, the number of its parameters, and 1 if it shares memory."""
    if not isinstance(model, nn.Module):
        raise NotRight("Your function should return a module of PyTorch, such as nn.Sequential(…).")
    X = _samples(6, drawn[0][1].shape[1])
    parameters = list(model.parameters())
    if any(p.dtype != torch.float64 for p in parameters):
        raise NotRight("The parameters of your model are not in float64. Which type do the given arrays have, and which "
                       "type does nn.Linear make if nobody asks?")
    shared = any(np.shares_memory(p.detach().numpy(), array) for p in parameters for part in used for array in part[1:])
    with torch.no_grad():
        return model(X), sum(p.numel() for p in parameters if p.requires_grad), int(shared)


def _same(W: list[Array], b: list[Array]) -> Model:
    return nn.Sequential(*_layers(W, b))


def _through_float32(W: list[Array], b: list[Array]) -> Model:
    return _same(W, b).float().double()


def _activation_at_the_end(W: list[Array], b: list[Array]) -> Model:
    return nn.Sequential(*_layers(W, b), nn.Tanh())


def _softmax_at_the_end(W: list[Array], b: list[Array]) -> Model:
    return nn.Sequential(*_layers(W, b), nn.Softmax(dim=1))


def _no_activation(W: list[Array], b: list[Array]) -> Model:
    return nn.Sequential(*[part for part in _layers(W, b) if isinstance(part, nn.Linear)])


def _with_relu(W: list[Array], b: list[Array]) -> Model:
    return nn.Sequential(*_layers(W, b, "ReLU"))


def _without_bias(W: list[Array], b: list[Array]) -> Model:
    return nn.Sequential(*_layers(W, [None] + [0 * column for column in b[1:]]))


def _reversed(W: list[Array], b: list[Array]) -> Model:
    parts = _layers(W, b)
    return nn.Sequential(*parts[:1], *parts[2:3], *parts[1:2], *parts[3:])


def _of_the_same_memory(W: list[Array], b: list[Array]) -> Model:
    model = _same(W, b)
    for l, layer in enumerate(model[::2], start=1):
        layer.weight.data, layer.bias.data = torch.from_numpy(W[l]), torch.from_numpy(b[l][:, 0])
    return model


same_network = Task(
    name="same_network", title="Task 1a, the same network",
    takes="W, b", returns="outputs, number of parameters, memory shared with W or b (0: none)",
    reference=_same, draw=arrays, shapes=((3, 4, 2), (4, 3, 5, 2), (5, 4, 3, 6, 3)), view=_outputs, rtol=1e-12, double=True,
    mistakes=(
        Mistake("your weights were in float32 on the way", "float64 afterwards does not bring the lost digits back. Which "
                "type has nn.Linear when you make it?", _through_float32),
        Mistake("there is an activation after the last layer", "What does cross_entropy expect, and what follows the last "
                "linear layer in the statement?", _activation_at_the_end),
        Mistake("your model ends in a softmax", "The statement asks for logits.", _softmax_at_the_end),
        Mistake("there is no activation between the layers", "What do two linear layers in a row amount to?", _no_activation),
        Mistake("your activation is ReLU", "Which one does the statement name?", _with_relu),
        Mistake("the biases are 0", "A column has to become a vector of n entries; which values does it have?", _without_bias),
        Mistake("an activation stands behind two linear layers", "In which order do the parts follow each other?", _reversed),
        Mistake("the model shares memory with the given arrays, so that training it would change them",
                "torch.from_numpy gives an array a second name. Which function makes a copy?", _of_the_same_memory),
    ),
)


def used_model(rng: np.random.Generator, shape: tuple[tuple[int, ...], int]) -> tuple[Model, Tensor, Tensor]:
    """Return a model whose grad holds something already, rows X (M, d) and labels (M,)."""
    widths, M = shape
    model = _same(*arrays(rng, widths))
    X, y = torch.tensor(rng.normal(size=(M, widths[0])) * 2), torch.tensor(rng.integers(widths[-1], size=M))
    for p in model.parameters():
        p.grad = torch.tensor(rng.normal(size=tuple(p.shape)))
    return model, X, y


def _grads(model: Model, loss: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(model.parameters())))


def _right_gradients(model: Model, X: Tensor, y: Tensor) -> list[Tensor]:
    return _grads(model, F.cross_entropy(model(X), y))


def _accumulated(model: Model, X: Tensor, y: Tensor) -> list[Tensor]:
    return [p.grad + g for p, g in zip(model.parameters(), _right_gradients(model, X, y))]


def _cleared_too_late(model: Model, X: Tensor, y: Tensor) -> list[Tensor]:
    return [torch.zeros_like(p) for p in model.parameters()]


def _what_was_there(model: Model, X: Tensor, y: Tensor) -> list[Tensor]:
    return [p.grad.clone() for p in model.parameters()]


def _sum_over_batch(model: Model, X: Tensor, y: Tensor) -> list[Tensor]:
    return _grads(model, F.cross_entropy(model(X), y, reduction="sum"))


def _softmax_twice(model: Model, X: Tensor, y: Tensor) -> list[Tensor]:
    return _grads(model, F.cross_entropy(F.softmax(model(X), dim=1), y))


def _nll_of_logits(model: Model, X: Tensor, y: Tensor) -> list[Tensor]:
    return _grads(model, F.nll_loss(model(X), y))


def _nll_of_probabilities(model: Model, X: Tensor, y: Tensor) -> list[Tensor]:
    return _grads(model, F.nll_loss(F.softmax(model(X), dim=1), y))


def _wrong_axis(model: Model, X: Tensor, y: Tensor) -> list[Tensor]:
    return _grads(model, F.nll_loss(F.log_softmax(model(X), dim=0), y))


def _weights_only(model: Model, X: Tensor, y: Tensor) -> list[Tensor]:
    return [g for g in _right_gradients(model, X, y) if g.ndim == 2]


gradients_of = Task(
    name="gradients_of", title="Task 1b, its gradients",
    takes="model, X, y", returns="gradients",
    reference=_right_gradients, draw=used_model, shapes=(((3, 2, 2), 3), ((4, 5, 3), 6), ((2, 4, 3, 4), 9)), rtol=1e-10,
    double=True,
    mistakes=(
        Mistake("the old gradients are still in yours", "What does backward do with what grad holds already?", _accumulated),
        Mistake("the gradients are cleared, and not computed after that", "Everything is 0. Which of the two comes first?",
                _cleared_too_late),
        Mistake("you return what grad held before", "Is backward called, and does what you return come after it?",
                _what_was_there),
        Mistake("your cost is the sum over the batch", "The cost of the chapter is a mean.", _sum_over_batch),
        Mistake("a softmax is applied before cross_entropy", "What does cross_entropy do with its argument first?",
                _softmax_twice),
        Mistake("nll_loss is given logits", "Which of the three forms does it want?", _nll_of_logits),
        Mistake("nll_loss is given probabilities", "Which of the three forms does it want?", _nll_of_probabilities),
        Mistake("your log_softmax runs over the batch", "Samples are rows here. Along which axis do the classes lie?",
                _wrong_axis),
        Mistake("the gradients of the biases are missing", "model.parameters() lists them, too.", _weights_only),
    ),
)


# ---------------------------------------------------------------- Task 2: growing without a loss

def relu_chain(rng: np.random.Generator, widths: tuple[int, ...]) -> tuple[Model]:
    """Return nn.Sequential of linear layers with ReLU between them."""
    return (nn.Sequential(*_layers(*arrays(rng, widths), activation="ReLU")),)


def _grown_view(model: Any, drawn: tuple[Any, ...], used: tuple[Any, ...]) -> tuple[Tensor, int, int]:
    """Return what the longer model computes, the number of its parameters, and of the parts of the model that was given."""
    if not isinstance(model, nn.Sequential):
        raise NotRight("Your function should return an nn.Sequential.")
    before = drawn[0]
    n = before[-1].in_features
    types = {str(p.dtype).removeprefix("torch.") for p in model.parameters()}
    if types != {"float64"}:
        raise NotRight(f"The parameters of your model are in {' and '.join(sorted(types))}, those of the given model in float64. "
                       "Which type does nn.Linear make if nobody asks?")
    shapes = [tuple(p.shape) for p in model.parameters() if p.requires_grad]
    wanted = [tuple(p.shape) for p in before[:-1].parameters()] + [(n, n), (n,)] + [tuple(p.shape) for p in before[-1].parameters()]
    if shapes != wanted:
        raise NotRight(f"The parameters of your model should have the shapes {wanted}, yours have {shapes}.")
    if not all(isinstance(part, nn.ReLU) for part in model[1::2]) or len(model) != len(before) + 2:
        raise NotRight(f"Your model should be a chain of {len(before) + 2} parts, linear layers with a ReLU between them.")
    X = _samples(7, before[0].in_features)
    with torch.no_grad():
        return model(X), sum(p.numel() for p in model.parameters()), len(used[0])


def _inserted(model: Model, W: Tensor, b: Tensor | None = None) -> Model:
    n = model[-1].in_features
    b = torch.zeros(n, dtype=W.dtype) if b is None else b
    return nn.Sequential(*model[:-1], linear_layer(W.numpy(), b.numpy()), nn.ReLU(), model[-1])


def _eye(model: Model) -> Tensor:
    return torch.eye(model[-1].in_features, dtype=model[-1].weight.dtype)


def _deeper(model: Model) -> Model:
    return _inserted(model, _eye(model))


def _of_zeros(model: Model) -> Model:
    return _inserted(model, 0 * _eye(model))


def _of_ones(model: Model) -> Model:
    return _inserted(model, torch.ones_like(_eye(model)))


def _averaging(model: Model) -> Model:
    return _inserted(model, torch.ones_like(_eye(model)) / len(_eye(model)))


def _bias_of_ones(model: Model) -> Model:
    return _inserted(model, _eye(model), torch.ones(len(_eye(model)), dtype=_eye(model).dtype))


def _half(model: Model) -> Model:
    return _inserted(model, _eye(model) / 2)


def _reversed_units(model: Model) -> Model:
    return _inserted(model, _eye(model).flip(0))


def _in_place(model: Model) -> Model:
    longer = _deeper(model)
    for place in (-3, -2):
        model.insert(len(model) - 1, longer[place])
    return model


deeper = Task(
    name="deeper", title="Task 2a, one layer more and the same function",
    takes="model", returns="outputs, number of parameters, parts of the given model afterwards",
    reference=_deeper, draw=relu_chain, shapes=((2, 3, 2), (3, 5, 2), (4, 3, 5, 3)), view=_grown_view, double=True,
    mistakes=(
        Mistake("nothing gets through the new layer", "Its weights are zeros or negative, and activations after ReLU are ≥ 0.",
                _of_zeros),
        Mistake("the new weights are all 1", "Every new unit adds up all of the old ones. Which unit should it copy?", _of_ones),
        Mistake("every new unit takes the mean of the old ones", "Which of them should it copy?", _averaging),
        Mistake("the new biases are 1", "What do they add to each activation?", _bias_of_ones),
        Mistake("the new layer halves the activations", "How large is the weight of a unit that copies?", _half),
        Mistake("the new layer puts the units into the opposite order", "The head knows them by their places.",
                _reversed_units),
        Mistake("you put the new layer into the given model", "insert and append work in place. Of which parts can a new "
                "nn.Sequential be made?", _in_place),
    ),
)


# ---------------------------------------------------------------- Task 3: the forgetful loop

def curvature_and_rate(rng: np.random.Generator, shape: tuple[float, int]) -> tuple[float, float, float, int]:
    """Return θ₀, β, η with ηβ at most 1.2 below reach, and on the border, exactly, for 4; and the number of steps."""
    reach, steps = shape
    theta, beta = float(rng.choice([-1, 1]) * rng.uniform(1, 2)), float(rng.uniform(0.5, 3))
    return (theta, 2.0, 2.0, steps) if reach == 4 else (theta, beta, float(rng.uniform(reach - 1.2, reach) / beta), steps)


def _path(theta: float, beta: float, eta: float, steps: int) -> list[float]:
    path, total = [theta], 0.0
    for _ in range(steps):
        total += beta * path[-1]
        path.append(path[-1] - eta * total)
    return path


def _careful_path(theta: float, beta: float, eta: float, steps: int) -> list[float]:
    return [theta * (1 - eta * beta) ** k for k in range(steps + 1)]


def _mean_path(theta: float, beta: float, eta: float, steps: int) -> list[float]:
    path, total = [theta], 0.0
    for k in range(steps):
        total += beta * path[-1]
        path.append(path[-1] - eta * total / (k + 1))
    return path


def _friction(theta: float, beta: float, eta: float, steps: int) -> list[float]:
    path, v = [theta], 0.0
    for _ in range(steps):
        v = 0.9 * v + beta * path[-1]
        path.append(path[-1] - eta * v)
    return path


def _double_gradient(theta: float, beta: float, eta: float, steps: int) -> list[float]:
    return _path(theta, 2 * beta, eta, steps)


def _without_first(theta: float, beta: float, eta: float, steps: int) -> list[float]:
    return _path(theta, beta, eta, steps)[1:]


def _last_only(theta: float, beta: float, eta: float, steps: int) -> float:
    return _path(theta, beta, eta, steps)[-1]


def _never_moves(theta: float, beta: float, eta: float, steps: int) -> list[float]:
    return [theta] * (steps + 1)


forgetful_path = Task(
    name="forgetful_path", title="Task 3a, a loop without zero_grad",
    takes="theta, beta, eta, steps", returns="path",
    reference=_path, draw=curvature_and_rate, shapes=((1.5, 4), (3.9, 8), (4, 6), (5.5, 5), (1.5, 0)), double=True,
    mistakes=(
        Mistake("each of your steps uses the newest gradient alone", "zero_grad does that. The task is to leave it out.",
                _careful_path),
        Mistake("you take the mean of the gradients so far", "backward adds; nobody divides.", _mean_path),
        Mistake("old gradients fade in your loop", "That is momentum with friction. What does grad hold?", _friction),
        Mistake("your gradient is twice too large, or your rate", "What is the derivative of ½βθ²?", _double_gradient),
        Mistake("the starting value is missing", "The path has steps + 1 entries.", _without_first),
        Mistake("you return the end only", "The whole path is asked for, the start included.", _last_only),
        Mistake("θ never moves: the step is not taken, or finds a gradient of 0", "Does anything stand between backward and "
                "step?", _never_moves),
    ),
)


def any_rate(rng: np.random.Generator, reach: float) -> tuple[float, float]:
    """Return β and η with ηβ between 0.1 and reach, and on the border, exactly, for 4."""
    if reach == 4:
        return 2.0, 2.0
    beta = float(rng.uniform(0.4, 3))
    return beta, float(rng.uniform(max(0.1, reach - 1.4), reach) / beta)


def _period(beta: float, eta: float) -> float:
    return 2 * math.pi / math.acos(1 - eta * beta / 2) if eta * beta < 4 else math.inf


def _cosine_of_whole(beta: float, eta: float) -> float:
    return 2 * math.pi / math.acos(max(-1.0, 1 - eta * beta)) if eta * beta < 4 else math.inf


def _half_turn(beta: float, eta: float) -> float:
    return _period(beta, eta) / 2


def _angle(beta: float, eta: float) -> float:
    return 2 * math.pi / _period(beta, eta) if eta * beta < 4 else math.inf


def _in_degrees(beta: float, eta: float) -> float:
    return 2 * math.pi / math.degrees(math.acos(1 - eta * beta / 2)) if eta * beta < 4 else math.inf


def _small_rates(beta: float, eta: float) -> float:
    return 2 * math.pi / math.sqrt(eta * beta) if eta * beta < 4 else math.inf


def _border_two(beta: float, eta: float) -> float:
    return _period(beta, eta) if eta * beta < 2 else math.inf


def _border_included(beta: float, eta: float) -> float:
    return 2 * math.pi / math.acos(1 - eta * beta / 2) if eta * beta <= 4 else math.inf


def _rate_alone(beta: float, eta: float) -> float:
    return 2 * math.pi / math.acos(max(-1.0, 1 - eta / 2)) if eta * beta < 4 else math.inf


period = Task(
    name="period", title="Task 3c, the time of one swing",
    takes="beta, eta", returns="period",
    reference=_period, draw=any_rate, shapes=(1.5, 3.9, 4, 5.5), double=True,
    mistakes=(
        Mistake("your cosine is 1 − ηβ", "The sum of the two roots is 2 − ηβ. What is their real part?", _cosine_of_whole),
        Mistake("you return half a swing", "After one period the path is where it was, with the same direction.", _half_turn),
        Mistake("you return the angle of one step", "How many steps does a full turn have?", _angle),
        Mistake("your angle is in degrees", "2π belongs to radians.", _in_degrees),
        Mistake("your formula holds for small rates only", "It is the limit. The arc cosine has no approximation in it.",
                _small_rates),
        Mistake("you stop at ηβ = 2", "That is the limit of gradient descent with zero_grad.", _border_two),
        Mistake("ηβ = 4 still swings in your answer", "There both roots are −1. Does the path stay bounded?", _border_included),
        Mistake("β is missing", "A steeper parabola swings faster.", _rate_alone),
    ),
)


# ---------------------------------------------------------------- Task 4: four cost curves

def classes(rng: np.random.Generator, most: int) -> tuple[int]:
    """Return a number of classes."""
    return (int(rng.integers(max(2, most // 3), most + 1)),)


def _floor(K: int) -> float:
    return math.log(1 + (K - 1) / math.e)


def _off_by_one(K: int) -> float:
    return math.log(1 + K / math.e)


def _no_floor(K: int) -> float:
    return 0.0


def _guessing(K: int) -> float:
    return math.log(K)


def _upside_down(K: int) -> float:
    return math.log(1 + (K - 1) * math.e)


def _one_is_zero(K: int) -> float:
    return math.log(K - 1 + math.e)


def _probability(K: int) -> float:
    return math.e / (math.e + K - 1)


def _ten(K: int) -> float:
    return _floor(10)


floor = Task(
    name="floor", title="Task 4a, the floor",
    takes="K", returns="floor",
    reference=_floor, draw=classes, shapes=(4, 20, 1000), double=True,
    mistakes=(
        Mistake("you count the right class among the wrong ones", "How many logits are 0 in the best case?", _off_by_one),
        Mistake("you think that the cost can reach 0", "For that, one logit would have to be far above the others.", _no_floor),
        Mistake("you return the cost of guessing", "The network may be certain. What are the logits then?", _guessing),
        Mistake("your quotient is upside down", "Which class gets e¹, and which get e⁰?", _upside_down),
        Mistake("the logit of the right class is missing", "The loss is the logarithm of the sum minus that logit.",
                _one_is_zero),
        Mistake("you return the probability", "The cost is its negative logarithm.", _probability),
        Mistake("your floor is that of ten classes", "K is an argument.", _ten),
    ),
)


def mystery_curves(epochs: int = 6) -> dict[str, list[float]]:
    """Return four cost curves of one small network on 2000 images of digits, with four losses."""
    from lecture_code.datasets import load_mnist

    mnist = load_mnist()
    X, y = torch.tensor(mnist.X_train[:2000]), torch.tensor(mnist.y_train[:2000])
    losses = {
        "A": lambda z: F.nll_loss(F.softmax(z, dim=1), y[B]), "B": lambda z: F.cross_entropy(z, y[B]),
        "C": lambda z: F.nll_loss(z, y[B]), "D": lambda z: F.cross_entropy(F.softmax(z, dim=1), y[B])}
    curves = {}
    for letter, loss in losses.items():
        rng = np.random.default_rng(4)
        model = nn.Sequential(*_layers(*arrays(rng, (784, 30, 10)))).float()
        optimizer, costs = torch.optim.SGD(model.parameters(), lr=0.1), []
        for _ in range(epochs):
            for B in torch.tensor(rng.permutation(2000)).split(20):
                C = loss(model(X[B]))
                optimizer.zero_grad()
                C.backward()
                optimizer.step()
                costs.append(C.item())
        curves[letter] = costs
    return curves


# ---------------------------------------------------------------- Task 5: five bugs

class Parts(NamedTuple):
    """Training, validation and test data: tensors, samples as rows."""

    X_train: Tensor
    y_train: Tensor
    X_valid: Tensor
    y_valid: Tensor
    X_test: Tensor
    y_test: Tensor


def candidates(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[list[Model], Parts, float, list[Tensor]]:
    """Return models with batch normalisation, data of three classes, a rate and the batches."""
    torch.optim.SGD([torch.zeros(1)])                     # loads the optimizers here, and not on the reader's time
    models, d, n = shape
    made = []
    for _ in range(models):
        W, b = arrays(rng, (d, 4, 3))
        norm = nn.BatchNorm1d(4, dtype=torch.float64)
        made.append(nn.Sequential(linear_layer(W[1], b[1][:, 0]), norm, nn.Tanh(), linear_layer(2 * W[2], b[2][:, 0])))
        made[-1].train(len(made) % 2 == 0)                # somebody has left every other model in eval mode
    centres = rng.normal(size=(3, d)) * 1.3

    def samples(n: int) -> tuple[Tensor, Tensor]:
        y = rng.integers(3, size=n)
        return torch.tensor(centres[y] + rng.normal(size=(n, d))), torch.tensor(y)

    (X, y), (X_v, y_v), (X_t, y_t) = samples(n), samples(23), samples(31)
    X_v, X_t = X_v + 0.7, X_t + 0.7                       # what is read later is not quite what was learned from
    batches = [torch.tensor(part) for _ in range(2) for part in np.array_split(rng.permutation(n), 3)]
    return made, Parts(X, y, X_v, y_v, X_t, y_t), round(float(rng.uniform(0.2, 0.6)), 2), batches


#: The bugs, one letter each: gradients that are kept, softmax twice, the mode, the graph, the test data. Two more that somebody
#: may add: e, training in the mode in which a model comes, and w, a mean that is weighted by the sizes of the batches.
BUGS = "gsmct"


def _loop(models: list[Model], data: Parts, eta: float, batches: list[Tensor], bugs: str = "") -> tuple[list, int, Any]:
    whole = sum(len(B) for B in batches) / len(batches)   # samples in a batch, on average
    costs, best, chosen, right = [], -1.0, 0, 0.0
    for number, model in enumerate(models):
        optimizer = torch.optim.SGD(model.parameters(), lr=eta)
        if "e" not in bugs:
            model.train()
        total = 0.0
        for B in batches:
            z = model(data.X_train[B])
            loss = F.cross_entropy(F.softmax(z, dim=1) if "s" in bugs else z, data.y_train[B])
            if "g" not in bugs:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            weight = len(B) / whole if "w" in bugs else 1
            total = total + weight * (loss if "c" in bugs else loss.item())
        costs.append(total / len(batches))
        if "m" not in bugs:
            model.eval()
        with torch.no_grad():
            validation = (model(data.X_valid).argmax(dim=1) == data.y_valid).double().mean().item() if "t" not in bugs else 0.0
            test = (model(data.X_test).argmax(dim=1) == data.y_test).double().mean().item()
        score = test if "t" in bugs else validation
        if score > best:
            best, chosen, right = score, number, test
    return costs, chosen, right


def _with(bugs: str) -> Any:
    def answer(models: list[Model], data: Parts, eta: float, batches: list[Tensor]) -> tuple[list, int, Any]:
        return _loop(models, data, eta, batches, bugs)

    return answer


def _whole(models: list[Model], data: Parts, eta: float, batches: list[Tensor]) -> tuple[list, int, Any]:
    return _loop(models, data, eta, batches)


def _sums(models: list[Model], data: Parts, eta: float, batches: list[Tensor]) -> tuple[list, int, Any]:
    costs, chosen, right = _loop(models, data, eta, batches)
    return [len(batches) * cost for cost in costs], chosen, right


def _best_validation(models: list[Model], data: Parts, eta: float, batches: list[Tensor]) -> tuple[list, int, Any]:
    costs, chosen, _ = _loop(models, data, eta, batches)
    return costs, chosen, (models[chosen](data.X_valid).argmax(dim=1) == data.y_valid).double().mean().item()


def _kept_graphs(value: Any, drawn: tuple[Any, ...], used: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the three results, and how many of the costs still hold a graph."""
    if not isinstance(value, (tuple, list)) or len(value) != 3:
        raise NotRight("Your function should return three things: costs, chosen, accuracy.")
    costs, chosen, accuracy = value
    if not hasattr(costs, "__len__") or len(costs) != len(drawn[0]):
        raise NotRight(f"costs should have {len(drawn[0])} entries, one a model.")
    graphs = getattr(costs, "requires_grad", False) or sum(bool(getattr(cost, "requires_grad", False)) for cost in costs)
    plain = [cost.detach().item() if hasattr(cost, "detach") else cost for cost in costs]
    return np.array(plain, dtype=float), chosen, accuracy, int(graphs)


repaired_loop = Task(
    name="repaired_loop", title="Task 5a, five bugs",
    takes="models, data, eta, batches", returns="costs, chosen, accuracy, costs that keep their graph",
    reference=_whole, draw=candidates, shapes=((2, 2, 13), (3, 3, 19), (4, 3, 25)), view=_kept_graphs,
    mistakes=(
        Mistake("all five bugs are still there", "Begin with the five lines that every loop has.", _with("gsmct")),
        Mistake("gradients of earlier batches are in every step", "Which line does the loop of the chapter have before "
                "backward?", _with("g")),
        Mistake("a softmax is applied twice", "What does cross_entropy expect?", _with("s")),
        Mistake("a model is trained in the mode in which it comes", "Some of them come in eval mode. Which line of the broken "
                "loop takes care of that?", _with("e")),
        Mistake("the models answer in train mode", "Does the answer to an image depend on the images beside it?", _with("m")),
        Mistake("the costs keep their graphs", "What is added to total, a number or a tensor with a history?", _with("c")),
        Mistake("the model is chosen by the test data", "Which images are there for choices?", _with("t")),
        Mistake("both the mode and the data of the choice are wrong", "Two of the five are still there, both after training.",
                _with("mt")),
        Mistake("large batches count more in your costs", "The mean over all samples is another one than the mean over the "
                "batches. Which one does the statement ask for?", _with("w")),
        Mistake("your costs are sums over the batches", "The broken loop divides by the number of batches, and that is right.",
                _sums),
        Mistake("you return the accuracy on the validation data", "They have chosen. What is reported is the test data.",
                _best_validation),
    ),
)

#: In the order of the notebook.
ALL = (same_network, gradients_of, deeper, forgetful_path, period, floor, repaired_loop)
