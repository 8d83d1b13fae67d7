"""The tasks of the chapter on optimizers.

A step returns the new parameters and the new state; what is right is what the library does. Gradients are of size 1
and of size 10⁻⁶, where the stabiliser shows; and the first entry has had no gradient yet where the state is 0, so that
a missing one divides 0 by 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code import optimizers
from lecture_code.feedback import Answer, Task, task

Vector = np.ndarray
Gradient = Callable[[Vector], Vector]
Step = tuple[Vector, Any]
Shape = tuple[int, float, int]                  # P, the size of the gradients, steps already taken
Scale = Callable[[Vector, float], Vector]       # (r, eps) ↦ what the gradient is divided by


def _one_of(rng: np.random.Generator, *values: float) -> float:
    return float(rng.choice(values))


# ---------------------------------------------------------------- Task 1: Nesterov

def _nesterov_input(rng: np.random.Generator, shape: Shape) -> tuple[Vector, Gradient, Vector, float, float]:
    P, size, k = shape
    A = rng.normal(size=(P, P)).round(1)
    H = A @ A.T + np.eye(P)

    def gradient(theta: Vector) -> Vector:
        return H @ theta

    theta, v = rng.normal(size=P).round(1), size * bool(k) * rng.normal(size=P).round(1)
    return theta, gradient, v, _one_of(rng, 0.01, 0.1), _one_of(rng, 0.5, 0.9)


def _velocity(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Vector:
    return mu * v - eta * gradient(theta + mu * v)


def _nesterov(velocity: Callable[..., Vector] = _velocity,
              move: Callable[..., Vector] = lambda theta, old, v, eta, mu: theta + v) -> Answer:
    """Return a step; `move` says where it ends, and has the velocities from before and after."""

    def answer(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
        new = velocity(theta, gradient, v, eta, mu)
        return move(theta, v, new, eta, mu), new

    return answer


@task("Task 1, Nesterov", returns="theta, v", points=2,
      draw=_nesterov_input, shapes=((1, 1.0, 0), (1, 1.0, 1), (2, 1.0, 1), (4, 1.0, 1)))
def nesterov_step(theta, gradient, v, eta, mu):
    library = optimizers.nesterov(mu, iterate="theta")
    return library.step(theta, gradient(library.point(theta, v)), v, eta)


nesterov_step.mistake("your gradient is the one at θ",
    "That is plain momentum. Where will the momentum have carried θ before the gradient acts?",
    _nesterov(lambda theta, gradient, v, eta, mu: mu * v - eta * gradient(theta)))
nesterov_step.mistake("you look back and not ahead", "In which direction does v point?",
    _nesterov(lambda theta, gradient, v, eta, mu: mu * v - eta * gradient(theta - mu * v)))
nesterov_step.mistake("you look too far ahead", "Which share of the velocity is still there when the step is taken?",
    _nesterov(lambda theta, gradient, v, eta, mu: mu * v - eta * gradient(theta + v)))
nesterov_step.mistake("you go on from the look-ahead point",
    "The gradient is taken there; the step begins at θ. How often does your θ move by μv?",
    _nesterov(move=lambda theta, old, v, eta, mu: theta + mu * old + v))
nesterov_step.mistake("the parameters that you return are the next look-ahead point",
    "Frameworks do that. Here θ itself is asked for: where does the step end?",
    _nesterov(move=lambda theta, old, v, eta, mu: theta + v + mu * v))
nesterov_step.mistake("you return the velocity that you were given", "The next step should go on with the new one.",
    lambda theta, gradient, v, eta, mu: (theta + _velocity(theta, gradient, v, eta, mu), v))
nesterov_step.mistake("you move by the velocity that you were given",
    "In which order do the two assignments of the formula stand?",
    _nesterov(move=lambda theta, old, v, eta, mu: theta + old))
nesterov_step.mistake("your gradient pushes uphill", "Start at rest, v = 0. Does the cost fall?",
    _nesterov(lambda theta, gradient, v, eta, mu: mu * v + eta * gradient(theta + mu * v)))
nesterov_step.mistake("you subtract the velocity", "The minus sign is in the velocity already.",
    _nesterov(move=lambda theta, old, v, eta, mu: theta - v))
nesterov_step.mistake("the rate multiplies the whole velocity",
    "In the formula η stands before the gradient. What does it multiply in yours?",
    _nesterov(lambda theta, gradient, v, eta, mu: mu * v - gradient(theta + mu * v),
              move=lambda theta, old, v, eta, mu: theta + eta * v))
nesterov_step.mistake("there is a factor 1 − μ too many",
    "An average would have it. Is the velocity an average of gradients or a sum?",
    _nesterov(lambda theta, gradient, v, eta, mu: mu * v - (1 - mu) * eta * gradient(theta + mu * v)))
nesterov_step.mistake("your velocity has no memory", "What becomes of the old velocity?",
    _nesterov(lambda theta, gradient, v, eta, mu: -eta * gradient(theta + mu * v)))


# ---------------------------------------------------------------- Tasks 2 and 3: AdaGrad and RMSProp

_SHAPES = ((1, 1.0, 0), (1, 1.0, 1), (2, 1.0, 3), (3, 1e-6, 0), (3, 1e-6, 5))


def _gradients(rng: np.random.Generator, shape: Shape) -> tuple[Vector, Vector, Vector]:
    """Return theta, g, and a mean square of former gradients, 0 before the first step."""
    P, size, k = shape
    g = size * rng.choice([-1, 1], size=P) * rng.uniform(0.5, 3, size=P).round(1)
    r = size**2 * bool(k) * rng.uniform(0.1, 5, size=P).round(1)
    if P > 1:
        g[0] = r[0] = 0
    return rng.normal(size=P).round(1), g, r


def _average(r: Vector, new: Vector, rho: float) -> Vector:
    return rho * r + (1 - rho) * new


def _outside(r: Vector, eps: float) -> Vector:
    return eps + np.sqrt(r)


@np.errstate(divide="ignore", invalid="ignore")
def _scaled(theta: Vector, m: Vector, r: Vector, eta: float, eps: float, scale: Scale) -> Vector:
    return theta - eta * m / scale(r, eps)


def _per_entry(square: Callable[..., Vector], scale: Scale = _outside, old: bool = False) -> Answer:
    """Return a step whose rate is per parameter: square(r, g, …) makes r anew; `old`: the one from before is used."""

    def answer(theta: Vector, g: Vector, r: Vector, eta: float, *rho_and_eps: float) -> Step:
        *rho, eps = rho_and_eps
        new = square(r, g, *rho)
        return _scaled(theta, g, r if old else new, eta, eps, scale), new

    return answer


def _per_entry_mistakes(task: Task, square: Callable[..., Vector]) -> None:
    """Add what goes wrong with a rate for each parameter, however r is made."""
    task.mistake("your stabiliser is inside the root",
        "Compare √(r + eps) with eps + √r for a gradient of 10⁻⁶. Which of them does the formula have?",
        _per_entry(square, lambda r, eps: np.sqrt(r + eps)))
    task.mistake("you do not take the root", "Multiply all gradients by 10. Should the step change?",
        _per_entry(square, lambda r, eps: r + eps))
    task.mistake("your stabiliser is missing", "What is the step of a parameter that has had no gradient yet?",
        _per_entry(square, lambda r, eps: np.sqrt(r)))
    task.mistake("you divide by the root of the old r",
        "The first step would divide by eps. In which order do the two assignments of the formula stand?",
        _per_entry(square, old=True))
    task.mistake("you return the r that you were given", "The next step should go on with the new one.",
        lambda theta, g, r, *rest: (_per_entry(square)(theta, g, r, *rest)[0], r))
    task.mistake("you walk uphill", "Which sign has the step?",
        lambda theta, g, r, eta, *rest: _per_entry(square)(theta, g, r, -eta, *rest))


@task("Task 2, AdaGrad", returns="theta, r", points=2, shapes=_SHAPES, atol=0.0,
      draw=lambda rng, shape: (*_gradients(rng, shape), _one_of(rng, 0.1, 0.5), _one_of(rng, 1e-7, 1e-5)))
def adagrad_step(theta, g, r, eta, eps):
    return optimizers.adagrad(eps).step(theta, g, r, eta)


adagrad_step.mistake("r forgets all gradients but the last", "What is added to what?", _per_entry(lambda r, g: g**2))
adagrad_step.mistake("your r begins with 1", "It is 0 before the first step. What does a 1 make of gradients of 10⁻⁶?",
    _per_entry(lambda r, g: np.where(r == 0, 1, r) + g**2))
adagrad_step.mistake("you add up sizes, not squares", "Which unit has r, if √r has that of g?",
    _per_entry(lambda r, g: r + np.abs(g)))
adagrad_step.mistake("all parameters share one rate",
    "r is a vector. Is your square a number for each entry, or a scalar product?", _per_entry(lambda r, g: r + g @ g))
_per_entry_mistakes(adagrad_step, lambda r, g: r + g**2)


@task("Task 3a, RMSProp", returns="theta, r", points=2, shapes=_SHAPES, atol=0.0,
      draw=lambda rng, shape: (*_gradients(rng, shape), _one_of(rng, 0.1, 0.5), _one_of(rng, 0.75, 0.9),
                               _one_of(rng, 1e-6, 1e-4)))
def rmsprop_step(theta, g, r, eta, rho, eps):
    return optimizers.rmsprop(rho, eps).step(theta, g, r, eta)


rmsprop_step.mistake("ρ and 1 − ρ are swapped",
    "With ρ = 0.9, which share of the old average should be left after a step?",
    _per_entry(lambda r, g, rho: (1 - rho) * r + rho * g**2))
rmsprop_step.mistake("the factor 1 − ρ is missing", "Where does r settle if g is always 1? An average of ones is 1.",
    _per_entry(lambda r, g, rho: rho * r + g**2))
rmsprop_step.mistake("your r forgets nothing", "That is AdaGrad. Where is ρ used?",
    _per_entry(lambda r, g, rho: r + g**2))
rmsprop_step.mistake("r forgets all gradients but the last", "Which share of the old r is kept?",
    _per_entry(lambda r, g, rho: g**2))
rmsprop_step.mistake("you average sizes, not squares", "Which unit has r, if √r has that of g?",
    _per_entry(lambda r, g, rho: _average(r, np.abs(g), rho)))
rmsprop_step.mistake("all parameters share one rate",
    "r is a vector. Is your square a number for each entry, or a scalar product?",
    _per_entry(lambda r, g, rho: _average(r, g @ g, rho)))
_per_entry_mistakes(rmsprop_step, lambda r, g, rho: _average(r, g**2, rho))


# ---------------------------------------------------------------- Task 4: Adam

def _adam_input(rng: np.random.Generator, shape: Shape) -> tuple[Any, ...]:
    theta, g, v = _gradients(rng, shape)
    m = np.sqrt(v) * rng.uniform(-1, 1, size=len(v)).round(1)
    k = shape[2]
    return (theta, g, (m, v, k), _one_of(rng, 0.1, 0.5), _one_of(rng, 0.8, 0.9), _one_of(rng, 0.99, 0.999),
            _one_of(rng, 1e-8, 1e-6))


def _averages(g: Vector, m: Vector, v: Vector, beta1: float, beta2: float) -> tuple[Vector, Vector]:
    return _average(m, g, beta1), _average(v, g**2, beta2)


@np.errstate(divide="ignore", invalid="ignore")
def _corrected(m: Vector, v: Vector, k: int, beta1: float, beta2: float) -> tuple[Vector, Vector]:
    return m / np.float64(1 - beta1**k), v / np.float64(1 - beta2**k)


def _adam(averages: Callable[..., Any] = _averages, corrected: Callable[..., Any] = _corrected,
          scale: Scale = _outside, kept: Callable[..., Any] = lambda m, v, k, beta1, beta2: (m, v, k)) -> Answer:
    """Return a step; `kept` is the state that it returns."""

    def answer(theta: Vector, g: Vector, state: Any, eta: float, beta1: float, beta2: float, eps: float) -> Step:
        m, v = averages(g, state[0], state[1], beta1, beta2)
        new = m, v, state[2] + 1, beta1, beta2
        return _scaled(theta, *corrected(*new), eta, eps, scale), kept(*new)

    return answer


def _of_library(theta: Vector, g: Vector, state: Any, eta: float, *rates: float, stabiliser: str = "outside") -> Step:
    theta, state = optimizers.adam(*rates, stabiliser).step(theta, g, optimizers.AdamState(*state), eta)
    return theta, tuple(state)


@task("Task 4a, Adam", returns="theta, state", points=3, draw=_adam_input, shapes=_SHAPES, atol=0.0)
def adam_step(theta, g, state, eta, beta1, beta2, eps):
    return _of_library(theta, g, state, eta, beta1, beta2, eps)


adam_step.mistake("the correction of the averages is missing",
    "Take the first step by hand, with g = 4: how long is it?", _adam(corrected=lambda m, v, k, beta1, beta2: (m, v)))
adam_step.mistake("only m is corrected", "Both averages started at 0.",
    _adam(corrected=lambda m, v, k, beta1, beta2: (m / (1 - beta1**k), v)))
adam_step.mistake("only v is corrected", "Both averages started at 0.",
    _adam(corrected=lambda m, v, k, beta1, beta2: (m, v / (1 - beta2**k))))
adam_step.mistake("your k is one too small", "In the first step k is 1. What is 1 − β to the power 0?",
    _adam(corrected=lambda m, v, k, beta1, beta2: _corrected(m, v, k - 1, beta1, beta2)))
adam_step.mistake("every step is corrected like the first one",
    "After many steps the averages are complete. Which power of β is in the correction?",
    _adam(corrected=lambda m, v, k, beta1, beta2: (m / (1 - beta1), v / (1 - beta2))))
adam_step.mistake("you multiply by the correction",
    "The averages are too small. Does your correction make them larger?",
    _adam(corrected=lambda m, v, k, beta1, beta2: (m * (1 - beta1**k), v * (1 - beta2**k))))
adam_step.mistake("β₁ and β₂ are swapped", "Which of the two averages has the longer memory?",
    lambda theta, g, state, eta, beta1, beta2, eps: _adam()(theta, g, state, eta, beta2, beta1, eps))
adam_step.mistake("β and 1 − β are swapped",
    "With β₁ = 0.9, which share of the old average should be left after a step?",
    _adam(lambda g, m, v, beta1, beta2: _averages(g, m, v, 1 - beta1, 1 - beta2)))
adam_step.mistake("v is made of the averages, not of the gradients", "What is squared in the formula?",
    _adam(lambda g, m, v, beta1, beta2: (_average(m, g, beta1), _average(v, _average(m, g, beta1) ** 2, beta2))))
adam_step.mistake("your stabiliser is inside the root", "Compare the two places for a gradient of 10⁻⁶.",
    _adam(scale=lambda r, eps: np.sqrt(r + eps)))
adam_step.mistake("your stabiliser is scaled by the correction",
    "Some programs do that. Is eps, in the formula of the chapter, added before v is corrected or after?",
    lambda *at: _of_library(*at, stabiliser="unscaled"))
adam_step.mistake("your stabiliser is missing", "What is the step of a parameter that has had no gradient yet?",
    _adam(scale=lambda r, eps: np.sqrt(r)))
adam_step.mistake("you do not take the root", "Multiply all gradients by 10. Should the step change?",
    _adam(scale=lambda r, eps: r + eps))
adam_step.mistake("you return the state that you were given", "The next step should go on with the new averages.",
    lambda theta, g, state, *rest: (_adam()(theta, g, state, *rest)[0], state))
adam_step.mistake("you do not count the steps",
    "The averages that you return are new. And the third part of the state?",
    _adam(kept=lambda m, v, k, beta1, beta2: (m, v, k - 1)))
adam_step.mistake("you keep the corrected averages in the state",
    "The correction is for this step alone: the next one would correct it again.",
    _adam(kept=lambda m, v, k, beta1, beta2: (*_corrected(m, v, k, beta1, beta2), k)))
adam_step.mistake("you walk uphill", "Which sign has the step?",
    lambda theta, g, state, eta, *rest: _adam()(theta, g, state, -eta, *rest))


# ---------------------------------------------------------------- Task 5: which method was it?

#: The methods that are told apart, by their numbers.
METHODS = ("gradient descent", "momentum", "AdaGrad", "RMSProp", "Adam")
_RUNS = (optimizers.sgd(), optimizers.momentum(0.9), optimizers.adagrad(1e-8), optimizers.rmsprop(0.9, 1e-8),
         optimizers.adam(0.9, 0.999, 1e-8))


def _recorded(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Vector, Vector, float]:
    """Return the path of a method, the gradients on it, and the rate, for (number of the method, P, steps)."""
    method, P, steps = shape
    theta, eta = rng.normal(size=P), round(float(rng.uniform(0.02, 0.2)), 3)
    g = np.array([rng.choice([-1, 1], size=P) * rng.uniform(0.5, 3, size=P) for _ in range(steps)])
    return _walked(method, theta, g, eta), g, eta


def _walked(method: int, theta: Vector, g: Vector, eta: float, forgets: bool = False) -> Vector:
    """Return the path of a method on which it meets the gradients g."""
    run, path, state = _RUNS[method], [theta], _RUNS[method].init(theta)
    for each in g:
        theta, state = run.step(theta, each, run.init(theta) if forgets else state, eta)
        path.append(theta)
    return np.array(path)


def _nearest(path: Vector, g: Vector, eta: float, forgets: bool = False) -> int:
    return int(np.argmin([np.abs(_walked(method, path[0], g, eta, forgets) - path).max() for method in range(5)]))


@task("Task 5, which method it was", returns="method", points=3, seeds=2, draw=_recorded, shapes=(
    (0, 1, 2), (1, 1, 2), (3, 1, 2), (4, 1, 2), (2, 1, 2), (4, 2, 5), (1, 3, 4), (2, 2, 6), (3, 3, 5), (0, 2, 5)))
def which_method(path, g, eta):
    return _nearest(path, g, eta)


which_method.mistake("you look at the first step alone",
    "Two pairs of methods begin with the same step. What do they remember in the second one?",
    result=lambda method: (0, 0, 2, 3, 2)[method])
which_method.mistake("you never say momentum",
    "It begins like gradient descent. Does the second step depend on the first gradient?",
    result=lambda method: (0, 0, 2, 3, 4)[method])
which_method.mistake("you take AdaGrad for Adam",
    "Both begin with a step of length η. How long is the second one if the gradient stays as it is?",
    result=lambda method: (0, 1, 4, 3, 4)[method])
which_method.mistake("you take Adam for AdaGrad",
    "Both begin with a step of length η. How long is the second one if the gradient stays as it is?",
    result=lambda method: (0, 1, 2, 3, 2)[method])
which_method.mistake("you exchange AdaGrad and RMSProp",
    "One of them adds up the squares, the other one averages them. Which number belongs to which?",
    result=lambda method: (0, 1, 3, 2, 4)[method])
which_method.mistake("every method that has a rate for each entry is Adam to you",
    "Three methods divide by a root. What stands under it?", result=lambda method: (0, 1, 4, 4, 4)[method])
which_method.mistake("your numbers begin with 1", "Gradient descent has the number 0.",
    result=lambda method: method + 1)
which_method.mistake("your candidates forget their state after each step",
    "Every step returns a new state. Who gets it?", lambda *record: _nearest(*record, forgets=True))

#: In the order of the notebook.
ALL = (nesterov_step, adagrad_step, rmsprop_step, adam_step, which_method)
#: What a person marks, with its points.
WRITTEN = {"Task 3b, the distance that RMSProp goes": 4, "Task 4b, how long Adam's steps can be": 5}
