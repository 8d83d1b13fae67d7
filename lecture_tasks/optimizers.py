"""The tasks of the chapter on optimizers.

A step returns the new parameters and the new state; most mistakes are slips in its formula. Gradients are of size 1
and of size 10⁻⁶, where the stabiliser shows; and the first entry has had no gradient yet where the state is 0, so that
a missing one divides 0 by 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code import optimizers
from lecture_code.feedback import Task, task

Vector = np.ndarray
Gradient = Callable[[Vector], Vector]
Shape = tuple[int, float, int]                  # P, the size of the gradients, steps already taken


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


@task("Task 1: Nesterov", returns="theta, v", points=2,
      draw=_nesterov_input, shapes=((1, 1.0, 0), (1, 1.0, 1), (2, 1.0, 1), (4, 1.0, 1)))
def nesterov_step(theta, gradient, v, eta, mu):
    v = mu * v - eta * gradient(theta + mu * v)
    return theta + v, v


nesterov_step.mistake("your gradient is the one at θ",
    "That is plain momentum. Where will the momentum have carried θ before the gradient acts?",
    slip={"(theta + mu * v)": "(theta)"})
nesterov_step.mistake("you look back and not ahead", "In which direction does v point?",
    slip={"theta + mu * v": "theta - mu * v"})
nesterov_step.mistake("you look too far ahead", "Which share of the velocity is still there when the step is taken?",
    slip={"theta + mu * v": "theta + v"})
nesterov_step.mistake("you go on from the look-ahead point",
    "The gradient is taken there; the step begins at θ. How often does your θ move by μv?",
    slip={"v = mu": "theta = theta + mu * v; v = mu", "gradient(theta + mu * v)": "gradient(theta)"})
nesterov_step.mistake("the parameters that you return are the next look-ahead point",
    "Frameworks do that. Here θ itself is asked for: where does the step end?",
    slip={"return theta": "return theta + mu * v"})
nesterov_step.mistake("you return the velocity that you were given", "The next step should go on with the new one.",
    slip={"v = mu": "new = mu", "theta + v": "theta + new"})
nesterov_step.mistake("you move by the velocity that you were given",
    "In which order do the two assignments of the formula stand?", slip={"v = mu": "new = mu", "v, v": "v, new"})
nesterov_step.mistake("your gradient pushes uphill", "Start at rest, v = 0. Does the cost fall?",
    slip={"- eta": "+ eta"})
nesterov_step.mistake("you subtract the velocity", "The minus sign is in the velocity already.",
    slip={"theta + v": "theta - v"})
nesterov_step.mistake("your velocity points uphill, and you subtract it",
    "Some books write it so. Which sign has the v that you are given, if the look-ahead point is θ + μv?",
    slip={"- eta": "+ eta", "theta + v": "theta - v"})
nesterov_step.mistake("your θ ends at the look-ahead point, without the gradient",
    "The formula moves θ by the new velocity. What is in it besides μv?",
    slip={"v = mu": "ahead = theta + mu * v; v = mu", "theta + v, v": "ahead, v"})
nesterov_step.mistake("the rate multiplies the whole velocity",
    "In the formula η stands before the gradient. What does it multiply in yours?",
    slip={"eta * gradient": "gradient", "theta + v": "theta + eta * v"})
nesterov_step.mistake("there is a factor 1 − μ too many",
    "An average would have it. Is the velocity an average of gradients or a sum?", slip={"eta *": "(1 - mu) * eta *"})
nesterov_step.mistake("your velocity has no memory", "What becomes of the old velocity?", slip={"mu * v - eta": "-eta"})
nesterov_step.mistake("nothing slows your velocity down",
    "Which share of the old velocity should be left after a step?", slip={"= mu * v": "= v"})
nesterov_step.mistake("μ multiplies your gradient, too", "What does μ multiply in the formula, and what in yours?",
    slip={"mu * v - eta * gradient(theta + mu * v)": "mu * (v - eta * gradient(theta + mu * v))"})
nesterov_step.mistake("you take the step of the frameworks, whose θ is another point",
    "They are given the gradient at the point that they call θ. Where is it to be taken here?",
    slip={"v = mu": "g = gradient(theta); v = mu", "gradient(theta + mu * v)": "g",
          "theta + v": "theta + mu * v - eta * g"})
nesterov_step.mistake("μ and η have changed places",
    "Which of them belongs to the velocity, and which to the gradient?", slip={"mu * v - eta": "eta * v - mu"})
nesterov_step.mistake("you move by the gradient alone, and the velocity only looks ahead",
    "What becomes of the velocity, if it does not carry θ?",
    slip={"v = mu": "g = gradient(theta + mu * v); v = mu", "theta + v": "theta - eta * g"})


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


def _mistakes_of_scaling(task: Task) -> None:
    """Add what goes wrong with a rate for each parameter, however r is made."""
    task.mistake("your stabiliser is inside the root",
        "Compare √(r + eps) with eps + √r for a gradient of 10⁻⁶. Which of them does the formula have?",
        slip={"(eps + np.sqrt(r))": "np.sqrt(r + eps)"})
    task.mistake("you do not take the root", "Multiply all gradients by 10. Should the step change?",
        slip={"np.sqrt(r)": "r"})
    task.mistake("your stabiliser is missing", "What is the step of a parameter that has had no gradient yet?",
        slip={"eps + ": ""})
    task.mistake("you divide by the root of the old r",
        "The first step would divide by eps. In which order do the two assignments of the formula stand?",
        slip={"r = r": "new = r", "), r": "), new"})
    task.mistake("you return the r that you were given", "The next step should go on with the new one.",
        slip={"r = r": "new = r", "sqrt(r)": "sqrt(new)"})
    task.mistake("you walk uphill", "Which sign has the step?", slip={"theta - eta": "theta + eta"})
    task.mistake("the gradient has no part in your step", "What is multiplied by the rate of each parameter?",
        slip={"eta * g": "eta"})
    task.mistake("your step has the square of the gradient", "Which way does a negative gradient lead?",
        slip={"eta * g": "eta * g**2"})
    task.mistake("a bracket is missing in your step",
        "`g / eps + x` is large where eps is small. What is divided by what?",
        slip={"(eps + np.sqrt(r))": "eps + np.sqrt(r)"})
    task.mistake("the brackets round eps + √r are missing, and √r multiplies the gradient",
        "`eta / eps + x` is large where eps is small. What is divided by what?",
        slip={"eta * g / (eps + np.sqrt(r))": "(eta / eps + np.sqrt(r) * g)"})
    task.mistake("you take the larger of eps and √r", "The formula has a sum. Which is larger for a gradient of 10⁻⁶?",
        slip={"eps + np.sqrt(r)": "np.maximum(eps, np.sqrt(r))"})
    task.mistake("eps stands in only where r is 0", "For which parameters does the formula add it?",
        slip={"eps + np.sqrt(r)": "np.where(r > 0, np.sqrt(r), eps)"})
    task.mistake("you divide by the size of the newest gradient alone",
        "Every step would have the length η. Where is r used?", slip={"np.sqrt(r)": "np.abs(g)"})
    task.mistake("you square r where its root is asked for", "Multiply all gradients by 10. Should the step change?",
        slip={"np.sqrt(r)": "r**2"})
    task.mistake("you multiply by the root",
        "Should a parameter with large gradients get a larger rate or a smaller one?", slip={"g / (": "g * ("})


@task("Task 2: AdaGrad", returns="theta, r", points=2, shapes=_SHAPES, atol=0.0,
      draw=lambda rng, shape: (*_gradients(rng, shape), _one_of(rng, 0.1, 0.5), _one_of(rng, 1e-7, 1e-5)))
def adagrad_step(theta, g, r, eta, eps):
    r = r + g**2
    return theta - eta * g / (eps + np.sqrt(r)), r


adagrad_step.mistake("r forgets all gradients but the last", "What is added to what?", slip={"r + g**2": "g**2"})
adagrad_step.mistake("your r begins with 1", "It is 0 before the first step. What does a 1 make of gradients of 10⁻⁶?",
    slip={"r + g**2": "np.where(r == 0, 1, r) + g**2"})
adagrad_step.mistake("you add up sizes, not squares", "Which unit has r, if √r has that of g?",
    slip={"g**2": "np.abs(g)"})
adagrad_step.mistake("all parameters share one rate",
    "r is a vector. Is your square a number for each entry, or a scalar product?", slip={"g**2": "g @ g"})
adagrad_step.mistake("you add up the gradients themselves", "Can your r become negative, and what is its root then?",
    slip={"g**2": "g"})
adagrad_step.mistake("you square the sum",
    "Two gradients, 3 and −3: r should be 18. Which of adding and squaring comes first?",
    slip={"r + g**2": "(r + g) ** 2"})
_mistakes_of_scaling(adagrad_step)


@task("Task 3a: RMSProp", returns="theta, r", points=2, shapes=_SHAPES, atol=0.0,
      draw=lambda rng, shape: (*_gradients(rng, shape), _one_of(rng, 0.1, 0.5), _one_of(rng, 0.75, 0.9),
                               _one_of(rng, 1e-6, 1e-4)))
def rmsprop_step(theta, g, r, eta, rho, eps):
    r = rho * r + (1 - rho) * g**2
    return theta - eta * g / (eps + np.sqrt(r)), r


rmsprop_step.mistake("ρ and 1 − ρ are swapped",
    "With ρ = 0.9, which share of the old average should be left after a step?", rho=lambda rho: 1 - rho)
rmsprop_step.mistake("the factor 1 − ρ is missing", "Where does r settle if g is always 1? An average of ones is 1.",
    slip={"(1 - rho) * ": ""})
rmsprop_step.mistake("the new square has the factor ρ, as the old r has",
    "Where does r settle if g is always 1? An average of ones is 1.", slip={"(1 - rho) * g": "rho * g"})
rmsprop_step.mistake("your r forgets nothing", "That is AdaGrad. Where is ρ used?",
    slip={"rho * r + (1 - rho) * g**2": "r + g**2"})
rmsprop_step.mistake("r forgets all gradients but the last", "Which share of the old r is kept?",
    slip={"rho * r + (1 - rho) * ": ""})
rmsprop_step.mistake("you average sizes, not squares", "Which unit has r, if √r has that of g?",
    slip={"g**2": "np.abs(g)"})
rmsprop_step.mistake("all parameters share one rate",
    "r is a vector. Is your square a number for each entry, or a scalar product?", slip={"g**2": "g @ g"})
rmsprop_step.mistake("you average the gradients themselves", "Can your r become negative, and what is its root then?",
    slip={"g**2": "g"})
rmsprop_step.mistake("you square the average", "What is averaged in the formula, and in which order do you square?",
    slip={"rho * r + (1 - rho) * g**2": "(rho * r + (1 - rho) * g) ** 2"})
rmsprop_step.mistake("the old r is not multiplied by ρ",
    "Where does r settle if g is always 1? An average of ones is 1.", slip={"rho * r": "r"})
rmsprop_step.mistake("a bracket is missing in your average",
    "`1 - rho * x` is near 1 for small x. What does 1 − ρ multiply?", slip={"(1 - rho) * g**2": "1 - rho * g**2"})
rmsprop_step.mistake("your average begins with the first square itself",
    "r is 0 before the first step. Which share of the first square does the formula add?",
    slip={"rho * r + (1 - rho) * g**2": "np.where(r == 0, g**2, rho * r + (1 - rho) * g**2)"})
rmsprop_step.mistake("you square 1 − ρ as well", "Are the two shares 1 together?",
    slip={"(1 - rho) * g**2": "((1 - rho) * g) ** 2"})
_mistakes_of_scaling(rmsprop_step)


# ---------------------------------------------------------------- Task 4: Adam

def _adam_input(rng: np.random.Generator, shape: Shape) -> tuple[Any, ...]:
    theta, g, v = _gradients(rng, shape)
    m = np.sqrt(v) * rng.uniform(-1, 1, size=len(v)).round(1)
    k = shape[2]
    return (theta, g, (m, v, k), _one_of(rng, 0.1, 0.5), _one_of(rng, 0.8, 0.9), _one_of(rng, 0.99, 0.999),
            _one_of(rng, 1e-8, 1e-6))


@task("Task 4a: Adam", returns="theta, state", points=3, draw=_adam_input, shapes=_SHAPES, atol=0.0)
def adam_step(theta, g, state, eta, beta1, beta2, eps):
    m, v, k = state
    k = k + 1
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**k), v / (1 - beta2**k)
    return theta - eta * m_hat / (eps + np.sqrt(v_hat)), (m, v, k)


adam_step.mistake("the correction of the averages is missing",
    "Take the first step by hand, with g = 4: how long is it?",
    slip={" / (1 - beta1**k)": "", " / (1 - beta2**k)": ""})
adam_step.mistake("only m is corrected", "Both averages started at 0.", slip={" / (1 - beta2**k)": ""})
adam_step.mistake("only v is corrected", "Both averages started at 0.", slip={" / (1 - beta1**k)": ""})
adam_step.mistake("your k is one too small", "In the first step k is 1. What is 1 − β to the power 0?",
    slip={"beta1**k": "beta1**(k - 1)", "beta2**k": "beta2**(k - 1)"})
adam_step.mistake("k stays as it was", "In the first step k is 1. What is divided by 1 − β to the power 0?",
    slip={"k = k + 1": "pass"})
adam_step.mistake("v is corrected with β₁", "Which of the two β made the average v?", slip={"beta2**k": "beta1**k"})
adam_step.mistake("the factor 1 − β₁ is missing", "Where does m settle if g is always 1? An average of ones is 1.",
    slip={"(1 - beta1) * ": ""})
adam_step.mistake("the m in your state is corrected",
    "The correction is for this step alone: the next one would correct it again.", slip={"(m, v, k)": "(m_hat, v, k)"})
adam_step.mistake("every step is corrected like the first one",
    "After many steps the averages are complete. Which power of β is in the correction?",
    slip={"beta1**k": "beta1", "beta2**k": "beta2"})
adam_step.mistake("you multiply by the correction",
    "The averages are too small. Does your correction make them larger?", slip={"m / (": "m * (", "v / (": "v * ("})
adam_step.mistake("β₁ and β₂ are swapped", "Which of the two averages has the longer memory?",
    slip={"beta1, beta2": "beta2, beta1"})
adam_step.mistake("β and 1 − β are swapped",
    "With β₁ = 0.9, which share of the old average should be left after a step?",
    slip={"beta1 * m + (1 - beta1)": "(1 - beta1) * m + beta1", "beta2 * v + (1 - beta2)": "(1 - beta2) * v + beta2"})
adam_step.mistake("v is made of the averages, not of the gradients", "What is squared in the formula?",
    slip={"g**2": "m**2"})
adam_step.mistake("your stabiliser is inside the root", "Compare the two places for a gradient of 10⁻⁶.",
    slip={"(eps + np.sqrt(v_hat))": "np.sqrt(v_hat + eps)"})
adam_step.mistake("your stabiliser is scaled by the correction",
    "Some programs do that. Is eps, in the formula of the chapter, added before v is corrected or after?",
    slip={"(eps + np.sqrt(v_hat))": "(eps + np.sqrt(v)) * np.sqrt(1 - beta2**k)"})
adam_step.mistake("your stabiliser is missing", "What is the step of a parameter that has had no gradient yet?",
    slip={"eps + ": ""})
adam_step.mistake("you do not take the root", "Multiply all gradients by 10. Should the step change?",
    slip={"np.sqrt(v_hat)": "v_hat"})
adam_step.mistake("you square v where its root is asked for", "Multiply all gradients by 10. Should the step change?",
    slip={"np.sqrt(v_hat)": "v_hat**2"})
adam_step.mistake("you return the state that you were given", "The next step should go on with the new averages.",
    slip={"(m, v, k)": "state"})
adam_step.mistake("you do not count the steps",
    "The averages that you return are new. And the third part of the state?", slip={"(m, v, k)": "(m, v, k - 1)"})
adam_step.mistake("you keep the corrected averages in the state",
    "The correction is for this step alone: the next one would correct it again.",
    slip={"(m, v, k)": "(m_hat, v_hat, k)"})
adam_step.mistake("you walk uphill", "Which sign has the step?", slip={"theta - eta": "theta + eta"})
adam_step.mistake("your k is one too large", "In the first step k is 1. Which power of β is yours?",
    slip={"beta1**k": "beta1**(k + 1)", "beta2**k": "beta2**(k + 1)"})
adam_step.mistake("you count twice in one step", "In the first step k is 1. How often do you add 1 to it?",
    slip={"k + 1": "k + 2"})
adam_step.mistake("the two corrections have changed places", "Which β makes which average?",
    slip={"m / (1 - beta1**k), v / (1 - beta2**k)": "m / (1 - beta2**k), v / (1 - beta1**k)"})
adam_step.mistake("the correction has β times k, not β to the power k",
    "Which share of an average is missing after k steps?", slip={"beta1**k": "beta1 * k", "beta2**k": "beta2 * k"})
adam_step.mistake("the correction of v is outside the root", "Is v corrected, or its root?",
    slip={"np.sqrt(v_hat)": "np.sqrt(v) / (1 - beta2**k)"})
adam_step.mistake("you step along the newest gradient, not along its average", "That is RMSProp. What is m good for?",
    slip={"eta * m_hat": "eta * g"})
adam_step.mistake("v averages the gradients, not their squares",
    "Can your v become negative, and what is its root then?", slip={"g**2": "g"})
adam_step.mistake("v averages sizes, not squares", "Which unit has v, if √v has that of g?", slip={"g**2": "np.abs(g)"})
adam_step.mistake("all parameters share one rate",
    "v is a vector. Is your square a number for each entry, or a scalar product?", slip={"g**2": "g @ g"})
adam_step.mistake("the factors 1 − β are missing", "Where does m settle if g is always 1? An average of ones is 1.",
    slip={"(1 - beta1) * g": "g", "(1 - beta2) * g": "g"})
adam_step.mistake("v forgets as fast as m", "There are two β. Which of them stands in your line for v?",
    slip={"beta2 * v + (1 - beta2)": "beta1 * v + (1 - beta1)"})
adam_step.mistake("one β serves for everything", "There are two of them. Where do you use β₂?",
    slip={"k = state": "k = state; beta2 = beta1"})
adam_step.mistake("your step uses the averages that you were given",
    "In which order do the lines of the formula stand?", slip={"m / (": "state[0] / (", "v / (": "state[1] / ("})
adam_step.mistake("m and v have changed places in your state", "In which order does the next step unpack them?",
    slip={"(m, v, k)": "(v, m, k)"})
adam_step.mistake("a bracket is missing in your step",
    "`m / eps + x` is large where eps is small. What is divided by what?",
    slip={"(eps + np.sqrt(v_hat))": "eps + np.sqrt(v_hat)"})
adam_step.mistake("you take the larger of eps and the root",
    "The formula has a sum. Which is larger for a gradient of 10⁻⁶?",
    slip={"eps + np.sqrt(v_hat)": "np.maximum(eps, np.sqrt(v_hat))"})


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
    if P == 3:                                      # one entry rests, and the others move alike, in opposite directions
        g[:, 0], g[:, 2] = 0, -g[:, 1]
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


@task("Task 5: which method was it?", returns="method", points=3, seeds=2, draw=_recorded, shapes=(
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
which_method.mistake("you take RMSProp for AdaGrad",
    "Both divide by a root. How long is the first step of each, in units of η?",
    result=lambda method: (0, 1, 2, 2, 4)[method])
which_method.mistake("you take RMSProp for Adam",
    "Both keep averages. How long is the first step of each, in units of η?",
    result=lambda method: (0, 1, 2, 4, 4)[method])
which_method.mistake("every method whose steps are not −η g is momentum to you",
    "Three methods divide by a root. Which of them begins with a step as long as that of gradient descent?",
    result=lambda method: (0, 1, 1, 1, 1)[method])
which_method.mistake("every method that has a rate for each entry is AdaGrad to you",
    "Three methods divide by a root. What stands under it?", result=lambda method: (0, 1, 2, 2, 2)[method])
which_method.mistake("your numbers begin with 1", "Gradient descent has the number 0.",
    result=lambda method: method + 1)
which_method.mistake("your candidates forget their state after each step",
    "Every step returns a new state. Who gets it?", lambda *record: _nearest(*record, forgets=True))

#: In the order of the notebook.
ALL = (nesterov_step, adagrad_step, rmsprop_step, adam_step, which_method)
#: What a person marks, with its points.
WRITTEN = {"Task 3b: RMSProp": 4, "Task 4b: Adam": 5}
