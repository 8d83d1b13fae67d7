"""The tasks of the chapter on PyTorch."""

from __future__ import annotations

import math
from collections import namedtuple
from inspect import unwrap
from typing import Any

import numpy as np

from lecture_code.feedback import NotRight, task
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


def _network(W: list[Array], b: list[Array], activation: str = "Tanh") -> Model:
    parts = []
    for l in range(1, len(W)):
        parts += [linear_layer(W[l], b[l][:, 0]), getattr(nn, activation)()]
    return nn.Sequential(*parts[:-1])


def _samples(rows: int, d: int) -> Tensor:
    return torch.tensor(np.random.default_rng([rows, d]).normal(size=(rows, d)) * 2)


# ---------------------------------------------------------------- Task 1: the same network

def _outputs(model: Any, drawn: tuple[Any, ...], used: tuple[Any, ...]) -> tuple[Tensor, int, int]:
    """Return what a model computes for some samples, the number of its parameters, and 1 if it shares memory."""
    if not isinstance(model, nn.Module):
        raise NotRight("Your function should return a module of PyTorch, such as nn.Sequential(…).")
    X = _samples(6, drawn[0][1].shape[1])
    parameters = list(model.parameters())
    if any(p.dtype != torch.float64 for p in parameters):
        raise NotRight("The parameters of your model are not in float64. Which type do the given arrays have, and "
                       "which type does nn.Linear make if nobody asks?")
    given = [array for part in used for array in part[1:]]
    shared = any(np.shares_memory(p.detach().numpy(), array) for p in parameters for array in given)
    with torch.no_grad():
        return model(X), sum(p.numel() for p in parameters if p.requires_grad), int(shared)


@task("Task 1a: the same network", points=2, view=_outputs, rtol=1e-12, double=True,
      returns="outputs, number of parameters to train, memory shared with W or b (0: none)",
      draw=arrays, shapes=((3, 4, 2), (4, 3, 5, 2), (5, 4, 3, 6, 3)))
def same_network(W, b):
    return _network(W, b)


same_network.mistake("your weights were in float32 on the way",
    "float64 afterwards does not bring the lost digits back. Which type has nn.Linear when you make it?",
    result=lambda model: model.float().double())
same_network.mistake("there is an activation after the last layer",
    "What does cross_entropy expect, and what follows the last linear layer in the statement?",
    result=lambda model: nn.Sequential(*model, nn.Tanh()))
same_network.mistake("your model ends in a softmax", "The statement asks for logits.",
    result=lambda model: nn.Sequential(*model, nn.Softmax(dim=1)))
same_network.mistake("there is no activation between the layers", "What do two linear layers in a row amount to?",
    result=lambda model: model[::2])
same_network.mistake("your activation is ReLU", "Which one does the statement name?",
    lambda W, b: _network(W, b, "ReLU"))
same_network.mistake("your activation is a sigmoid", "Which one does the statement name?",
    lambda W, b: _network(W, b, "Sigmoid"))
same_network.mistake("the biases are 0", "A column has to become a vector of n entries; which values does it have?",
    b=lambda b: [None] + [0 * column for column in b[1:]])
same_network.mistake("an activation stands behind two linear layers", "In which order do the parts follow each other?",
    result=lambda model: nn.Sequential(model[0], model[2], model[1], *model[3:]))


@same_network.mistake("the model shares memory with the given arrays, so that training it would change them",
    "torch.from_numpy gives an array a second name. Which function makes a copy?")
def _(W, b):
    model = _network(W, b)
    for l, layer in enumerate(model[::2], start=1):
        layer.weight.data, layer.bias.data = torch.from_numpy(W[l]), torch.from_numpy(b[l][:, 0])
    return model


def used_model(rng: np.random.Generator, shape: tuple[tuple[int, ...], int]) -> tuple[Model, Tensor, Tensor]:
    """Return a model whose grad holds something already, rows X (M, d) and labels (M,)."""
    widths, M = shape
    model = _network(*arrays(rng, widths))
    X, y = torch.tensor(rng.normal(size=(M, widths[0])) * 2), torch.tensor(rng.integers(widths[-1], size=M))
    for p in model.parameters():
        p.grad = torch.tensor(rng.normal(size=tuple(p.shape)))
    return model, X, y


def _computed(gradients: Any, drawn: tuple[Any, ...], used: tuple[Any, ...]) -> Any:
    """Return the gradients, if they are there and the model is as it was."""
    if isinstance(gradients, (list, tuple)) and any(g is None for g in gradients):
        raise NotRight("There is a None among your gradients. Is grad cleared after backward, or is backward never "
                       "called for this model?")
    if drawn[0].training != used[0].training:
        raise NotRight("Your function leaves the model in another mode than it was given in. Only the gradients are "
                       "asked for.")
    if not all(torch.equal(p, q) for p, q in zip(drawn[0].parameters(), used[0].parameters())):
        raise NotRight("Your function changes the parameters of the model. Only the gradients are asked for, no step.")
    return gradients


@task("Task 1b: the same network", returns="gradients", points=2, draw=used_model, view=_computed,
      shapes=(((3, 2, 2), 3), ((4, 5, 3), 6), ((2, 4, 3, 4), 9)), rtol=1e-10, double=True)
def gradients_of(model, X, y):
    model.zero_grad()
    F.cross_entropy(model(X), y).backward()
    return [p.grad for p in model.parameters()]


gradients_of.mistake("the old gradients are still in yours", "What does backward do with what grad holds already?",
    slip={"model.zero_grad()": "pass"})
gradients_of.mistake("the gradients are cleared, and not computed after that",
    "Everything is 0. Which of the two comes first?", result=lambda gradients: [0 * g for g in gradients])
gradients_of.mistake("you return what grad held before", "Is backward called, and does what you return come after it?",
    lambda model, X, y: [p.grad for p in model.parameters()])
gradients_of.mistake("you return the parameters", "What is a step of descent made of, besides the parameters?",
    slip={"p.grad": "p.detach()"})
gradients_of.mistake("your cost is the sum over the batch", "The cost of the chapter is a mean.",
    slip={"(X), y": '(X), y, reduction="sum"'})
gradients_of.mistake("a softmax is applied before cross_entropy",
    "What does cross_entropy do with its argument first?", slip={"model(X)": "F.softmax(model(X), dim=1)"})
gradients_of.mistake("nll_loss is given logits", "Which of the three forms does it want?",
    slip={"cross_entropy": "nll_loss"})
gradients_of.mistake("nll_loss is given probabilities", "Which of the three forms does it want?",
    slip={"cross_entropy(model(X)": "nll_loss(F.softmax(model(X), dim=1)"})
gradients_of.mistake("your log_softmax runs over the batch",
    "Samples are rows here. Along which axis do the classes lie?",
    slip={"cross_entropy(model(X)": "nll_loss(F.log_softmax(model(X), dim=0)"})
gradients_of.mistake("the gradients of the biases are missing", "model.parameters() lists them, too.",
    result=lambda gradients: [g for g in gradients if g.ndim == 2])
gradients_of.mistake("the gradients of the weights are transposed",
    "A gradient has the shape of its parameter. Which axis of a weight belongs to the inputs in PyTorch?",
    result=lambda gradients: [g.t() for g in gradients])
gradients_of.mistake("your list begins with the last layer",
    "Backward goes through the layers in that order. In which one does model.parameters()?",
    result=lambda gradients: [g for k in range(len(gradients) - 2, -1, -2) for g in gradients[k:k + 2]])


# ---------------------------------------------------------------- Task 2: growing without a loss

def _grown_view(model: Any, drawn: tuple[Any, ...], used: tuple[Any, ...]) -> tuple[Tensor, int, int]:
    """Return what the longer model computes, the number of its parameters, and of the parts of the given one."""
    if not isinstance(model, nn.Sequential):
        raise NotRight("Your function should return an nn.Sequential.")
    before = drawn[0]
    n = before[-1].in_features
    types = {str(p.dtype).removeprefix("torch.") for p in model.parameters()}
    if types != {"float64"}:
        raise NotRight(f"The parameters of your model are in {' and '.join(sorted(types))}, those of the given model "
                       "in float64. Which type does nn.Linear make if nobody asks?")
    shapes, wanted = ([tuple(p.shape) for p in each.parameters()] for each in (model, before))
    wanted[-2:-2] = [(n, n), (n,)]
    if shapes != wanted:
        raise NotRight(f"The parameters of your model should have the shapes {wanted}, yours have {shapes}.")
    if not all(isinstance(part, nn.ReLU) for part in model[1::2]) or len(model) != len(before) + 2:
        raise NotRight(f"Your model should be a chain of {len(before) + 2} parts, linear layers with a ReLU between "
                       "them.")
    X = _samples(7, before[0].in_features)
    with torch.no_grad():
        return model(X), sum(p.numel() for p in model.parameters() if p.requires_grad), len(used[0])


@task("Task 2a: growing without a loss", points=3, view=_grown_view, double=True,
      returns="outputs, number of parameters to train, number of parts of the given model",
      draw=lambda rng, widths: (_network(*arrays(rng, widths), "ReLU"),), shapes=((2, 3, 2), (3, 5, 2), (4, 3, 5, 3)))
def deeper(model):
    n = model[-1].in_features
    return nn.Sequential(*model[:-1], linear_layer(np.eye(n), np.zeros(n)), nn.ReLU(), model[-1])


deeper.mistake("nothing gets through the new layer",
    "Its weights are zeros or negative, and activations after ReLU are ≥ 0.", slip={"np.eye(n)": "np.zeros((n, n))"})
deeper.mistake("the new weights are all 1", "Every new unit adds up all of the old ones. Which unit should it copy?",
    slip={"np.eye(n)": "np.ones((n, n))"})
deeper.mistake("every new unit takes the mean of the old ones", "Which of them should it copy?",
    slip={"np.eye(n)": "np.ones((n, n)) / n"})
deeper.mistake("the new biases are 1", "What do they add to each activation?", slip={"np.zeros(n)": "np.ones(n)"})
deeper.mistake("the new layer halves the activations", "How large is the weight of a unit that copies?",
    slip={"np.eye(n)": "np.eye(n) / 2"})
deeper.mistake("the new layer doubles the activations", "How large is the weight of a unit that copies?",
    slip={"np.eye(n)": "2 * np.eye(n)"})
deeper.mistake("the new layer puts the units into the opposite order", "The head knows them by their places.",
    slip={"np.eye(n)": "np.eye(n)[::-1].copy()"})
deeper.mistake("the new layer moves each unit by one place", "On which diagonal of its weights do the ones stand?",
    slip={"np.eye(n)": "np.eye(n, k=1)"})


@deeper.mistake("you put the new layer into the given model",
    "insert and append work in place. Of which parts can a new nn.Sequential be made?")
def _(model):
    longer = unwrap(deeper.reference)(model)
    for place in (-3, -2):
        model.insert(len(model) - 1, longer[place])
    return model


# ---------------------------------------------------------------- Task 3: the forgetful loop

def curvature_and_rate(rng: np.random.Generator, shape: tuple[float, int]) -> tuple[float, float, float, int]:
    """Return θ₀, β, η with ηβ at most 1.2 below reach, and on the border, exactly, for 4; and the number of steps."""
    reach, steps = shape
    theta, beta = float(rng.choice([-1, 1]) * rng.uniform(1, 2)), float(rng.uniform(0.5, 3))
    if reach == 4:
        return theta, 2.0, 2.0, steps
    return theta, beta, float(rng.uniform(reach - 1.2, reach) / beta), steps


@task("Task 3a: a loop without zero_grad", returns="path", points=2,
      draw=curvature_and_rate, shapes=((1.5, 4), (3.9, 8), (4, 6), (5.5, 5), (1.5, 0)), rtol=1e-9, double=True)
def forgetful_path(theta, beta, eta, steps):
    path, grad = [theta], 0.0
    for _ in range(steps):
        grad += beta * path[-1]
        path.append(path[-1] - eta * grad)
    return path


forgetful_path.mistake("your path is the one of a loop with zero_grad",
    "Is grad cleared, or does each step begin at the start?", slip={"grad +=": "grad ="})
forgetful_path.mistake("you take the mean of the gradients so far", "backward adds; nobody divides.",
    slip={"eta * grad": "eta * grad / len(path)"})
forgetful_path.mistake("old gradients fade in your loop", "That is momentum with friction. What does grad hold?",
    slip={"grad +=": "grad = 0.9 * grad +"})
forgetful_path.mistake("your gradient is twice as large as it should be, or your rate",
    "What is the derivative of ½βθ²?", slip={"+= beta": "+= 2 * beta"})
forgetful_path.mistake("β is missing in your gradient", "What is the derivative of ½βθ²?",
    slip={"beta * path": "path"})
forgetful_path.mistake("every gradient is that of the start", "Where is the gradient of the second step taken?",
    slip={"path[-1]\n": "theta\n"})
forgetful_path.mistake("you walk uphill", "What does the optimizer do with the gradient, add or subtract it?",
    slip={"- eta": "+ eta"})
forgetful_path.mistake("the step comes before backward",
    "In the first step grad holds a gradient already. In which order do the two lines stand?",
    slip={"eta * grad": "eta * (grad - beta * path[-1])"})
forgetful_path.mistake("the starting value is missing", "The path has steps + 1 entries.",
    result=lambda path: path[1:])
forgetful_path.mistake("you return the end only", "The whole path is asked for, the start included.",
    result=lambda path: path[-1])
forgetful_path.mistake("θ never moves: the step is not taken, or finds a gradient of 0",
    "Does anything stand between backward and step?", slip={" - eta * grad": ""})


def any_rate(rng: np.random.Generator, reach: float) -> tuple[float, float]:
    """Return β and η with ηβ between 0.1 and reach, and on the border, exactly, for 4."""
    if reach == 4:
        return 2.0, 2.0
    beta = float(rng.uniform(0.4, 3))
    return beta, float(rng.uniform(max(0.1, reach - 1.4), reach) / beta)


@task("Task 3c: a loop without zero_grad", returns="period", points=2,
      draw=any_rate, shapes=(1.5, 3.9, 4, 5.5), rtol=1e-9, double=True)
def period(beta, eta):
    if eta * beta >= 4:
        return math.inf
    return 2 * math.pi / math.acos(1 - eta * beta / 2)


for name, cosine in (("which is no cosine where it is below −1", "math.acos(1 - eta * beta)"),
                     ("and nan comes out where that is below −1", "float(np.arccos(1 - eta * beta))"),
                     ("cut off at −1", "math.acos(max(-1, 1 - eta * beta))")):
    period.mistake(f"your cosine is 1 − ηβ, {name}", "The sum of the two roots is 2 − ηβ. What is their real part?",
        slip={"math.acos(1 - eta * beta / 2)": cosine})
period.mistake("you return half a swing", "After one period the path is where it was, with the same direction.",
    result=lambda period: period / 2)
period.mistake("you return the angle of one step", "How many steps does a full turn have?",
    slip={"2 * math.pi / ": ""})
period.mistake("you return turns a step, not steps a turn",
    "With a tiny rate a swing takes long. Does your number grow or shrink?",
    slip={"2 * math.pi / math.acos(1 - eta * beta / 2)": "math.acos(1 - eta * beta / 2) / (2 * math.pi)"})
period.mistake("your angle is in degrees", "2π belongs to radians.",
    slip={"2 * math.pi / ": "2 * math.pi / math.degrees(1) / "})
period.mistake("your formula holds for small rates only",
    "It is the limit. The arc cosine has no approximation in it.",
    slip={"math.acos(1 - eta * beta / 2)": "math.sqrt(eta * beta)"})
period.mistake("you take the sine for the cosine", "The real part of a root is the cosine of its angle.",
    slip={"acos": "asin"})
period.mistake("you stop at ηβ = 2", "That is the limit of gradient descent with zero_grad.", slip={">= 4": ">= 2"})
period.mistake("ηβ = 4 still swings in your answer", "There both roots are −1. Does the path stay bounded?",
    slip={">= 4": "> 4"})
period.mistake("beyond the border your swing takes no time", "How long does one wait for a swing that never ends?",
    slip={"math.inf": "0.0"})
period.mistake("β is missing", "A steeper parabola swings faster.",
    slip={"1 - eta * beta / 2": "1 - eta / 2"})
period.mistake("η is missing", "A larger rate makes the swing faster.",
    slip={"1 - eta * beta / 2": "1 - beta / 2"})


# ---------------------------------------------------------------- Task 4: four cost curves

@task("Task 4a: four cost curves", returns="floor", points=2,
      draw=lambda rng, most: (int(rng.integers(max(2, most // 3), most + 1)),), shapes=(4, 20, 1000), double=True)
def floor(K):
    return math.log(1 + (K - 1) / math.e)


floor.mistake("you count the right class among the wrong ones", "How many logits are 0 in the best case?",
    slip={"(K - 1)": "K"})
floor.mistake("your answer is 0", "Which terms has the sum besides that of the right class?", lambda K: 0.0)
floor.mistake("you return the cost of guessing", "The network may be certain. What are the logits then?", math.log)
floor.mistake("the wrong classes get e¹ in your sum, and the right one e⁰",
    "Which class has the largest logit when the cost is at its floor?", slip={"/ math.e": "* math.e"})
floor.mistake("the wrong logits are −1 for you",
    "cross_entropy takes here what comes out of a softmax. How small can that be?", slip={"math.e": "math.e**2"})
floor.mistake("the wrong logits are 0 and the right one has no part in the sum",
    "The denominator of a softmax has a term for each class.", slip={"1 + ": ""})
floor.mistake("the logit of the right class is missing", "The loss is the logarithm of the sum minus that logit.",
    slip={"1 + (K - 1) / math.e": "K - 1 + math.e"})
floor.mistake("you return the probability", "The cost is its negative logarithm.",
    slip={"math.log(1 + (K - 1) / math.e)": "math.e / (math.e + K - 1)"})
floor.mistake("your floor is that of ten classes", "K is an argument.", slip={"K - 1": "9"})
floor.mistake("your logarithm has the base 2", "PyTorch counts in nats.", slip={"math.log(": "math.log2("})


def mystery_curves(epochs: int = 6) -> dict[str, list[float]]:
    """Return four cost curves of one small network on 2000 images of digits, with four losses."""
    from lecture_code.datasets import load_mnist

    mnist = load_mnist()
    X, y = torch.tensor(mnist.X_train[:2000]), torch.tensor(mnist.y_train[:2000])
    losses = {
        "A": lambda z, y: F.nll_loss(F.softmax(z, dim=1), y), "B": F.cross_entropy,
        "C": F.nll_loss, "D": lambda z, y: F.cross_entropy(F.softmax(z, dim=1), y)}
    curves = {}
    for letter, loss in losses.items():
        rng = np.random.default_rng(4)
        model = _network(*arrays(rng, (784, 30, 10))).float()
        optimizer, costs = torch.optim.SGD(model.parameters(), lr=0.1), []
        for _ in range(epochs):
            for B in torch.tensor(rng.permutation(2000)).split(20):
                C = loss(model(X[B]), y[B])
                optimizer.zero_grad()
                C.backward()
                optimizer.step()
                costs.append(C.item())
        curves[letter] = costs
    return curves


# ---------------------------------------------------------------- Task 5: five bugs

#: Training, validation and test data: tensors, samples as rows.
Parts = namedtuple("Parts", "X_train, y_train, X_valid, y_valid, X_test, y_test")


def candidates(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Any, ...]:
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


def _share(model: Model, X: Tensor, y: Tensor) -> float:
    return (model(X).argmax(dim=1) == y).double().mean().item()


def _kept_graphs(value: Any, drawn: tuple[Any, ...], used: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the three results, and how many of the costs still hold a graph."""
    if not isinstance(value, (tuple, list)) or len(value) != 3:
        raise NotRight("Your function should return three things: costs, chosen, accuracy.")
    costs, chosen, accuracy = value
    if not hasattr(costs, "__len__") or len(costs) != len(drawn[0]):
        raise NotRight(f"costs should have {len(drawn[0])} entries, one a model.")
    graphs = getattr(costs, "requires_grad", False) or sum(getattr(cost, "requires_grad", False) for cost in costs)
    if not graphs and any(hasattr(cost, "detach") for cost in costs):
        raise NotRight("costs should hold plain numbers, yours holds tensors. Which method gives the number in "
                       "a tensor?")
    plain = [cost.detach().item() if hasattr(cost, "detach") else cost for cost in costs]
    return np.array(plain, dtype=float), chosen, accuracy, int(graphs)


@task("Task 5a: five bugs", returns="costs, chosen, accuracy, number of costs with a graph", points=5,
      draw=candidates, shapes=((2, 2, 13), (3, 3, 19), (4, 3, 25)), view=_kept_graphs)
def repaired_loop(models, data, eta, batches):
    costs, scores = [], []
    for model in models:
        optimizer = torch.optim.SGD(model.parameters(), lr=eta)
        model.train()
        total = 0.0
        for B in batches:
            loss = F.cross_entropy(model(data.X_train[B]), data.y_train[B])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        costs.append(total / len(batches))
        model.eval()
        scores.append(_share(model, data.X_valid, data.y_valid))
    chosen = int(np.argmax(scores))
    return costs, chosen, _share(models[chosen], data.X_test, data.y_test)


#: The five bugs.
_GRADIENTS, _GRAPHS = {"optimizer.zero_grad()": "pass"}, {"+= loss.item()": "= total + loss"}
_TWICE = {"model(data.X_train[B])": "F.softmax(model(data.X_train[B]), dim=1)"}
_MODE, _CHOICE = {"model.eval()": "pass"}, {"X_valid, data.y_valid": "X_test, data.y_test"}

repaired_loop.mistake("all five bugs are still there", "Begin with the five lines that every loop has.",
    slip=_GRADIENTS | _TWICE | _GRAPHS | _MODE | _CHOICE)
repaired_loop.mistake("one bug is left, in the steps",
    "Which line does the loop of the chapter have before backward?", slip=_GRADIENTS)
repaired_loop.mistake("one bug is left, in the loss", "What does cross_entropy expect?", slip=_TWICE)
repaired_loop.mistake("a model is trained in the mode in which it comes",
    "Some of them come in eval mode. Which line of the broken loop takes care of that?",
    slip={"model.train()": "pass"})
repaired_loop.mistake("one bug is left, in how the models are asked",
    "Does the answer to an image depend on the images beside it?", slip=_MODE)
repaired_loop.mistake("one bug is left, in the costs", "What is added to total, a number or a tensor with a history?",
    slip=_GRAPHS)
repaired_loop.mistake("one bug is left, in the choice", "Which images are there for choices?", slip=_CHOICE)
repaired_loop.mistake("two bugs are left, both after training",
    "Does the answer to an image depend on the images beside it? And which images are there for choices?",
    slip=_MODE | _CHOICE)
repaired_loop.mistake("the model is chosen by its training cost", "Which images are there for choices?",
    slip={"argmax(scores)": "argmin(costs)"})
repaired_loop.mistake("the model is chosen by its accuracy in training", "Which images are there for choices?",
    slip={"X_valid, data.y_valid": "X_train, data.y_train"})
repaired_loop.mistake("the worst model is chosen", "Is a share of right answers better when it is larger or smaller?",
    slip={"argmax": "argmin"})
repaired_loop.mistake("the last model is taken", "What is left in your variables after the loop?",
    slip={"int(np.argmax(scores))": "len(models) - 1"})
repaired_loop.mistake("large batches count more in your costs",
    "The mean over all samples is another one than the mean over the batches. Which one does the statement ask for?",
    slip={"loss.item()": "loss.item() * len(B)", "/ len(batches)": "/ sum(map(len, batches))"})
repaired_loop.mistake("your costs are sums over the batches",
    "The broken loop divides by the number of batches, and that is right.", slip={" / len(batches)": ""})
repaired_loop.mistake("the last batch is all that your cost knows of",
    "What happens to total when the next batch comes?", slip={"+= loss": "= loss"})
repaired_loop.mistake("your cost of a model is that of its last batch", "Of what is the mean asked for?",
    slip={"total / len(batches)": "loss.item()"})
repaired_loop.mistake("the total goes on from model to model",
    "Where does it begin with 0, before the loop over the models or in it?",
    slip={"scores = [], []": "scores, total = [], [], 0.0", "        total = 0.0\n": ""})
repaired_loop.mistake("no step changes a model", "Is `step` called, and what does grad hold when it is?",
    slip={"optimizer.step()": "pass"})
repaired_loop.mistake("you return the accuracy on the validation data",
    "They have chosen. What is reported is the test data.",
    slip={"_share(models[chosen], data.X_test, data.y_test)": "max(scores)"})

#: In the order of the notebook.
ALL = (same_network, gradients_of, deeper, forgetful_path, period, floor, repaired_loop)
#: What a person marks, with its points.
WRITTEN = {
    "Task 2b: growing without a loss": 3, "Task 3b: a loop without zero_grad": 5, "Task 4b: four cost curves": 4,
    "Task 5b: five bugs": 2}
