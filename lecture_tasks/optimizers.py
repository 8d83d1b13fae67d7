"""The tasks of the chapter on optimizers.

A step returns the new parameters and the new state; what is right is what the library does. Gradients are of size 1 and of size 10⁻⁶, where the stabiliser
shows; and the first entry has had no gradient yet where the state is 0, so that a missing one divides 0 by 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code import optimizers
from lecture_code.feedback import Answer, Mistake, Task

Vector = np.ndarray
Gradient = Callable[[Vector], Vector]
Step = tuple[Vector, Any]
AdamState = tuple[Vector, Vector, int]
Shape = tuple[int, float, int]                  # P, the size of the gradients, steps already taken
Scale = Callable[[Vector, float], Vector]       # (r, eps) ↦ what the gradient is divided by


# ---------------------------------------------------------------- inputs

def _nesterov_input(rng: np.random.Generator, shape: Shape) -> tuple[Vector, Gradient, Vector, float, float]:
    P, size, k = shape
    A = rng.normal(size=(P, P)).round(1)
    H = A @ A.T + np.eye(P)

    def gradient(theta: Vector) -> Vector:
        return H @ theta

    theta, v = rng.normal(size=P).round(1), size * bool(k) * rng.normal(size=P).round(1)
    return theta, gradient, v, _one_of(rng, 0.01, 0.1), _one_of(rng, 0.5, 0.9)


def _gradients(rng: np.random.Generator, shape: Shape) -> tuple[Vector, Vector, Vector]:
    """Return theta, g, and a mean square of former gradients, 0 before the first step."""
    P, size, k = shape
    g = size * rng.choice([-1, 1], size=P) * rng.uniform(0.5, 3, size=P).round(1)
    r = size**2 * bool(k) * rng.uniform(0.1, 5, size=P).round(1)
    if P > 1:
        g[0] = r[0] = 0
    return rng.normal(size=P).round(1), g, r


def _one_of(rng: np.random.Generator, *values: float) -> float:
    return float(rng.choice(values))


def _adagrad_input(rng: np.random.Generator, shape: Shape) -> tuple[Vector, Vector, Vector, float, float]:
    return *_gradients(rng, shape), _one_of(rng, 0.1, 0.5), 1e-7


def _rmsprop_input(rng: np.random.Generator, shape: Shape) -> tuple[Vector, Vector, Vector, float, float, float]:
    return *_gradients(rng, shape), _one_of(rng, 0.1, 0.5), _one_of(rng, 0.75, 0.9), 1e-6


def _adam_input(rng: np.random.Generator, shape: Shape) -> tuple[Any, ...]:
    theta, g, v = _gradients(rng, shape)
    m = np.sqrt(v) * rng.uniform(-1, 1, size=len(v)).round(1)
    k = shape[2]
    return (theta, g, (m, v, k), _one_of(rng, 0.1, 0.5), _one_of(rng, 0.8, 0.9), _one_of(rng, 0.99, 0.999), 1e-8)


_SHAPES = ((1, 1.0, 0), (1, 1.0, 1), (2, 1.0, 3), (3, 1e-6, 0), (3, 1e-6, 5))


# ---------------------------------------------------------------- Task 1: Nesterov

def _nesterov(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    library = optimizers.nesterov(mu, iterate="theta")
    return library.step(theta, gradient(library.point(theta, v)), v, eta)


def _momentum(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    return optimizers.momentum(mu).step(theta, gradient(theta), v, eta)


def _look_back(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    v = mu * v - eta * gradient(theta - mu * v)
    return theta + v, v


def _look_too_far(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    v = mu * v - eta * gradient(theta + v)
    return theta + v, v


def _from_look_ahead(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    theta = theta + mu * v
    v = mu * v - eta * gradient(theta)
    return theta + v, v


def _returns_look_ahead(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    theta, v = _nesterov(theta, gradient, v, eta, mu)
    return theta + mu * v, v


def _velocity_dropped(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    return _nesterov(theta, gradient, v, eta, mu)[0], v


def _old_velocity(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    return theta + v, _nesterov(theta, gradient, v, eta, mu)[1]


def _velocity_uphill(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    return _nesterov(theta, gradient, v, -eta, mu)


def _velocity_subtracted(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    v = _nesterov(theta, gradient, v, eta, mu)[1]
    return theta - v, v


def _rate_outside(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    v = mu * v - gradient(theta + mu * v)
    return theta + eta * v, v


def _velocity_averaged(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    return _nesterov(theta, gradient, v, (1 - mu) * eta, mu)


def _velocity_without_memory(theta: Vector, gradient: Gradient, v: Vector, eta: float, mu: float) -> Step:
    v = -eta * gradient(theta + mu * v)
    return theta + v, v


nesterov_step = Task(
    name="nesterov_step", title="Task 1, Nesterov",
    takes="theta, gradient, v, eta, mu", returns="theta, v",
    reference=_nesterov, draw=_nesterov_input, shapes=((1, 1.0, 0), (1, 1.0, 1), (2, 1.0, 1), (4, 1.0, 1)),
    mistakes=(
        Mistake("your gradient is the one at θ",
                "That is plain momentum. Where will the momentum have carried θ before the gradient acts?", _momentum),
        Mistake("you look back and not ahead", "In which direction does v point?", _look_back),
        Mistake("you look too far ahead",
                "Which share of the velocity is still there when the step is taken?", _look_too_far),
        Mistake("you go on from the look-ahead point",
                "The gradient is taken there; the step begins at θ. How often does your θ move by μv?",
                _from_look_ahead),
        Mistake("the parameters that you return are the next look-ahead point",
                "Frameworks do that. Here θ itself is asked for: where does the step end?", _returns_look_ahead),
        Mistake("you return the velocity that you were given",
                "The next step should go on with the new one.", _velocity_dropped),
        Mistake("you move by the velocity that you were given",
                "In which order do the two assignments of the formula stand?", _old_velocity),
        Mistake("your gradient pushes uphill", "Start at rest, v = 0. Does the cost fall?", _velocity_uphill),
        Mistake("you subtract the velocity",
                "The minus sign is in the velocity already.", _velocity_subtracted),
        Mistake("the rate multiplies the whole velocity",
                "In the formula η stands before the gradient. What does it multiply in yours?", _rate_outside),
        Mistake("there is a factor 1 − μ too many",
                "An average would have it. Is the velocity an average of gradients or a sum?", _velocity_averaged),
        Mistake("your velocity has no memory", "What becomes of the old velocity?", _velocity_without_memory),
    ),
)


# ---------------------------------------------------------------- the scale of a step

def _outside(r: Vector, eps: float) -> Vector:
    return eps + np.sqrt(r)


def _inside(r: Vector, eps: float) -> Vector:
    return np.sqrt(r + eps)


def _without_root(r: Vector, eps: float) -> Vector:
    return r + eps


def _without_stabiliser(r: Vector, eps: float) -> Vector:
    return np.sqrt(r)


@np.errstate(divide="ignore", invalid="ignore")
def _scaled(theta: Vector, m: Vector, r: Vector, eta: float, eps: float, scale: Scale) -> Vector:
    return theta - eta * m / scale(r, eps)


# ---------------------------------------------------------------- Tasks 2 and 3: AdaGrad and RMSProp

def _adagrad_sum(r: Vector, g: Vector, rho: float) -> Vector:
    return r + g**2


def _moving_average(r: Vector, g: Vector, rho: float) -> Vector:
    return rho * r + (1 - rho) * g**2


def _shares_swapped(r: Vector, g: Vector, rho: float) -> Vector:
    return (1 - rho) * r + rho * g**2


def _share_forgotten(r: Vector, g: Vector, rho: float) -> Vector:
    return rho * r + g**2


def _last_square(r: Vector, g: Vector, rho: float) -> Vector:
    return g**2


def _sum_of_sizes(r: Vector, g: Vector, rho: float) -> Vector:
    return r + np.abs(g)


def _average_of_sizes(r: Vector, g: Vector, rho: float) -> Vector:
    return rho * r + (1 - rho) * np.abs(g)


def _one_sum_for_all(r: Vector, g: Vector, rho: float) -> Vector:
    return r + g @ g


def _one_average_for_all(r: Vector, g: Vector, rho: float) -> Vector:
    return rho * r + (1 - rho) * (g @ g)


Average = Callable[[Vector, Vector, float], Vector]


def _per_entry(average: Average, scale: Scale = _outside, sign: float = 1, old: bool = False, kept: bool = True,
               has_rho: bool = True) -> Answer:
    """Return a step whose rate is per parameter; `old`: r from before the step is used; not `kept`: is returned."""
    def rmsprop(theta: Vector, g: Vector, r: Vector, eta: float, rho: float, eps: float) -> Step:
        new = average(r, g, rho)
        return _scaled(theta, g, r if old else new, sign * eta, eps, scale), new if kept else r

    def adagrad(theta: Vector, g: Vector, r: Vector, eta: float, eps: float) -> Step:
        return rmsprop(theta, g, r, eta, 0.0, eps)

    return rmsprop if has_rho else adagrad


def _per_entry_mistakes(average: Average, has_rho: bool) -> tuple[Mistake, ...]:
    """Return what goes wrong with a rate for each parameter, however r is made."""
    def wrong(**change: Any) -> Answer:
        return _per_entry(average, has_rho=has_rho, **change)

    return (
        Mistake("your stabiliser is inside the root",
                "Compare √(r + eps) with eps + √r for a gradient of 10⁻⁶. Which of them does the formula have?",
                wrong(scale=_inside)),
        Mistake("you do not take the root",
                "Multiply all gradients by 10. Should the step change?", wrong(scale=_without_root)),
        Mistake("your stabiliser is missing",
                "What is the step of a parameter that has had no gradient yet?", wrong(scale=_without_stabiliser)),
        Mistake("you divide by the root of the old r",
                "The first step would divide by eps. In which order do the two assignments of the formula stand?",
                wrong(old=True)),
        Mistake("you return the r that you were given", "The next step should go on with the new one.",
                wrong(kept=False)),
        Mistake("you walk uphill", "Which sign has the step?", wrong(sign=-1)),
    )


def _adagrad(theta: Vector, g: Vector, r: Vector, eta: float, eps: float) -> Step:
    return optimizers.adagrad(eps).step(theta, g, r, eta)


def _rmsprop(theta: Vector, g: Vector, r: Vector, eta: float, rho: float, eps: float) -> Step:
    return optimizers.rmsprop(rho, eps).step(theta, g, r, eta)


adagrad_step = Task(
    name="adagrad_step", title="Task 2, AdaGrad",
    takes="theta, g, r, eta, eps", returns="theta, r",
    reference=_adagrad, draw=_adagrad_input, shapes=_SHAPES, atol=0.0,
    mistakes=(
        Mistake("r forgets all gradients but the last", "What is added to what?",
                _per_entry(_last_square, has_rho=False)),
        Mistake("you add up sizes, not squares", "Which unit has r, if √r has that of g?",
                _per_entry(_sum_of_sizes, has_rho=False)),
        Mistake("all parameters share one rate",
                "r is a vector. Is your square a number for each entry, or a scalar product?",
                _per_entry(_one_sum_for_all, has_rho=False)),
        *_per_entry_mistakes(_adagrad_sum, has_rho=False),
    ),
)

rmsprop_step = Task(
    name="rmsprop_step", title="Task 3a, RMSProp",
    takes="theta, g, r, eta, rho, eps", returns="theta, r",
    reference=_rmsprop, draw=_rmsprop_input, shapes=_SHAPES, atol=0.0,
    mistakes=(
        Mistake("ρ and 1 − ρ are swapped",
                "With ρ = 0.9, which share of the old average should be left after a step?",
                _per_entry(_shares_swapped)),
        Mistake("the factor 1 − ρ is missing",
                "Where does r settle if g is always 1? An average of ones is 1.", _per_entry(_share_forgotten)),
        Mistake("your r forgets nothing", "That is AdaGrad. Where is ρ used?", _per_entry(_adagrad_sum)),
        Mistake("r forgets all gradients but the last", "Which share of the old r is kept?", _per_entry(_last_square)),
        Mistake("you average sizes, not squares", "Which unit has r, if √r has that of g?",
                _per_entry(_average_of_sizes)),
        Mistake("all parameters share one rate",
                "r is a vector. Is your square a number for each entry, or a scalar product?",
                _per_entry(_one_average_for_all)),
        *_per_entry_mistakes(_moving_average, has_rho=True),
    ),
)


# ---------------------------------------------------------------- Task 4: Adam

def _adam(theta: Vector, g: Vector, state: AdamState, eta: float, beta1: float, beta2: float, eps: float) -> Step:
    theta, state = optimizers.adam(beta1, beta2, eps).step(theta, g, optimizers.AdamState(*state), eta)
    return theta, tuple(state)


def _averages(g: Vector, state: AdamState, beta1: float, beta2: float) -> AdamState:
    m, v, k = state
    return beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2, k + 1


@np.errstate(divide="ignore", invalid="ignore")
def _corrected(state: AdamState, beta1: float, beta2: float) -> tuple[Vector, Vector]:
    m, v, k = state
    return m / np.float64(1 - beta1**k), v / np.float64(1 - beta2**k)


def _adam_with(averages: Callable[..., AdamState] = _averages, corrected: Callable[..., Any] = _corrected,
               scale: Scale = _outside, sign: float = 1) -> Answer:
    def answer(theta: Vector, g: Vector, state: AdamState, eta: float, beta1: float, beta2: float, eps: float) -> Step:
        state = averages(g, state, beta1, beta2)
        return _scaled(theta, *corrected(state, beta1, beta2), sign * eta, eps, scale), state

    return answer


def _not_corrected(state: AdamState, beta1: float, beta2: float) -> tuple[Vector, Vector]:
    return state[:2]


def _m_corrected(state: AdamState, beta1: float, beta2: float) -> tuple[Vector, Vector]:
    return _corrected(state, beta1, beta2)[0], state[1]


def _v_corrected(state: AdamState, beta1: float, beta2: float) -> tuple[Vector, Vector]:
    return state[0], _corrected(state, beta1, beta2)[1]


def _corrected_as_first(state: AdamState, beta1: float, beta2: float) -> tuple[Vector, Vector]:
    return state[0] / (1 - beta1), state[1] / (1 - beta2)


def _corrected_from_zero(state: AdamState, beta1: float, beta2: float) -> tuple[Vector, Vector]:
    m, v, k = state
    return _corrected((m, v, k - 1), beta1, beta2)


def _multiplied(state: AdamState, beta1: float, beta2: float) -> tuple[Vector, Vector]:
    m, v, k = state
    return m * (1 - beta1**k), v * (1 - beta2**k)


def _shares_of_both_swapped(g: Vector, state: AdamState, beta1: float, beta2: float) -> AdamState:
    return _averages(g, state, 1 - beta1, 1 - beta2)


def _squares_of_average(g: Vector, state: AdamState, beta1: float, beta2: float) -> AdamState:
    m, v, k = state
    m = beta1 * m + (1 - beta1) * g
    return m, beta2 * v + (1 - beta2) * m**2, k + 1


def _adam_betas_swapped(
    theta: Vector, g: Vector, state: AdamState, eta: float, beta1: float, beta2: float, eps: float
) -> Step:
    return _adam(theta, g, state, eta, beta2, beta1, eps)


def _adam_unscaled(
    theta: Vector, g: Vector, state: AdamState, eta: float, beta1: float, beta2: float, eps: float
) -> Step:
    theta, state = optimizers.adam(beta1, beta2, eps, "unscaled").step(theta, g, optimizers.AdamState(*state), eta)
    return theta, tuple(state)


def _adam_state_dropped(
    theta: Vector, g: Vector, state: AdamState, eta: float, beta1: float, beta2: float, eps: float
) -> Step:
    return _adam(theta, g, state, eta, beta1, beta2, eps)[0], state


def _adam_not_counted(
    theta: Vector, g: Vector, state: AdamState, eta: float, beta1: float, beta2: float, eps: float
) -> Step:
    theta, (m, v, _) = _adam(theta, g, state, eta, beta1, beta2, eps)
    return theta, (m, v, state[2])


def _adam_corrected_kept(
    theta: Vector, g: Vector, state: AdamState, eta: float, beta1: float, beta2: float, eps: float
) -> Step:
    theta, state = _adam(theta, g, state, eta, beta1, beta2, eps)
    return theta, (*_corrected(state, beta1, beta2), state[2])


adam_step = Task(
    name="adam_step", title="Task 4a, Adam",
    takes="theta, g, state, eta, beta1, beta2, eps", returns="theta, state",
    reference=_adam, draw=_adam_input, shapes=_SHAPES, atol=0.0,
    mistakes=(
        Mistake("the correction of the averages is missing",
                "Take the first step by hand, with g = 4: how long is it?", _adam_with(corrected=_not_corrected)),
        Mistake("only m is corrected", "Both averages started at 0.", _adam_with(corrected=_m_corrected)),
        Mistake("only v is corrected", "Both averages started at 0.", _adam_with(corrected=_v_corrected)),
        Mistake("your k is one too small",
                "In the first step k is 1. What is 1 − β to the power 0?", _adam_with(corrected=_corrected_from_zero)),
        Mistake("every step is corrected like the first one",
                "After many steps the averages are complete. Which power of β is in the correction?",
                _adam_with(corrected=_corrected_as_first)),
        Mistake("you multiply by the correction",
                "The averages are too small. Does your correction make them larger?",
                _adam_with(corrected=_multiplied)),
        Mistake("β₁ and β₂ are swapped", "Which of the two averages has the longer memory?", _adam_betas_swapped),
        Mistake("β and 1 − β are swapped",
                "With β₁ = 0.9, which share of the old average should be left after a step?",
                _adam_with(averages=_shares_of_both_swapped)),
        Mistake("v is made of the averages, not of the gradients",
                "What is squared in the formula?", _adam_with(averages=_squares_of_average)),
        Mistake("your stabiliser is inside the root",
                "Compare the two places for a gradient of 10⁻⁶.", _adam_with(scale=_inside)),
        Mistake("your stabiliser is scaled by the correction",
                "Some programs do that. Is eps, in the formula of the chapter, added before v is corrected or after?",
                _adam_unscaled),
        Mistake("your stabiliser is missing",
                "What is the step of a parameter that has had no gradient yet?",
                _adam_with(scale=_without_stabiliser)),
        Mistake("you do not take the root",
                "Multiply all gradients by 10. Should the step change?", _adam_with(scale=_without_root)),
        Mistake("you return the state that you were given",
                "The next step should go on with the new averages.", _adam_state_dropped),
        Mistake("you do not count the steps",
                "The averages that you return are new. And the third part of the state?", _adam_not_counted),
        Mistake("you keep the corrected averages in the state",
                "The correction is for this step alone: the next one would correct it again.", _adam_corrected_kept),
        Mistake("you walk uphill", "Which sign has the step?", _adam_with(sign=-1)),
    ),
)

# ---------------------------------------------------------------- Task 5: which method was it?

#: The methods that are told apart, by their numbers.
METHODS = ("gradient descent", "momentum", "AdaGrad", "RMSProp", "Adam")
_RUNS = (optimizers.sgd(), optimizers.momentum(0.9), optimizers.adagrad(1e-8), optimizers.rmsprop(0.9, 1e-8),
         optimizers.adam(0.9, 0.999, 1e-8))


def _recorded(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Vector, Vector, float]:
    """Return the path of a method, the gradients on it, and the rate, for (number of the method, P, steps)."""
    method, P, steps = shape
    theta, eta = rng.normal(size=P), round(float(rng.uniform(0.02, 0.2)), 3)
    path, gradients, state = [theta], [], _RUNS[method].init(theta)
    for _ in range(steps):
        g = rng.choice([-1, 1], size=P) * rng.uniform(0.5, 3, size=P)
        theta, state = _RUNS[method].step(theta, g, state, eta)
        path.append(theta)
        gradients.append(g)
    return np.array(path), np.array(gradients), eta


def _walked(method: int, path: Vector, g: Vector, eta: float, forgets: bool = False) -> Vector:
    """Return where a method would have been, with the gradients of the record."""
    run, points, state = _RUNS[method], [path[0]], _RUNS[method].init(path[0])
    for each in g:
        theta, state = run.step(points[-1], each, run.init(path[0]) if forgets else state, eta)
        points.append(theta)
    return np.array(points)


def _nearest(forgets: bool = False) -> Answer:
    def answer(path: Vector, g: Vector, eta: float) -> int:
        return int(np.argmin([np.abs(_walked(method, path, g, eta, forgets) - path).max() for method in range(5)]))

    return answer


def _named(*names: int) -> Answer:
    """Return the answer that calls each method by another number."""

    def answer(path: Vector, g: Vector, eta: float) -> int:
        return names[_nearest()(path, g, eta)]

    return answer


which_method = Task(
    name="which_method", title="Task 5, which method it was",
    takes="path, g, eta", returns="method",
    reference=_nearest(), draw=_recorded, seeds=2,
    shapes=((0, 1, 2), (1, 1, 2), (3, 1, 2), (4, 1, 2), (2, 1, 2), (4, 2, 5), (1, 3, 4), (2, 2, 6), (3, 3, 5), (0, 2, 5)),
    mistakes=(
        Mistake("you look at the first step alone",
                "Two pairs of methods begin with the same step. What do they remember in the second one?",
                _named(0, 0, 2, 3, 2)),
        Mistake("you never say momentum",
                "It begins like gradient descent. Does the second step depend on the first gradient?",
                _named(0, 0, 2, 3, 4)),
        Mistake("you take AdaGrad for Adam",
                "Both begin with a step of length η. How long is the second one if the gradient stays as it is?",
                _named(0, 1, 4, 3, 4)),
        Mistake("you take Adam for AdaGrad",
                "Both begin with a step of length η. How long is the second one if the gradient stays as it is?",
                _named(0, 1, 2, 3, 2)),
        Mistake("you exchange AdaGrad and RMSProp",
                "One of them adds up the squares, the other one averages them. Which number belongs to which?",
                _named(0, 1, 3, 2, 4)),
        Mistake("every method that has a rate for each entry is Adam to you",
                "Three methods divide by a root. What stands under it?", _named(0, 1, 4, 4, 4)),
        Mistake("your numbers begin with 1", "Gradient descent has the number 0.", _named(1, 2, 3, 4, 5)),
        Mistake("your candidates forget their state after each step",
                "Every step returns a new state. Who gets it?", _nearest(forgets=True)),
    ),
)

#: In the order of the notebook.
ALL = (nesterov_step, adagrad_step, rmsprop_step, adam_step, which_method)
