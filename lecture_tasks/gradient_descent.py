"""The tasks of the chapter on gradient descent.

The costs are quadratics ½θᵀHθ − bᵀθ with a symmetric positive definite H; in Task 3 it is f(x) = x² + x⁴.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lecture_code.diagnosis import as_numbers
from lecture_code.feedback import NotRight, task

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- Task 1: the stability bound, and the walk

def quadratic(rng: np.random.Generator, P: int) -> tuple[Matrix, Vector, Vector]:
    """Return random H, b, theta with two decimals; no eigenvalue of H is close to zero."""
    B = rng.normal(size=(P, P))
    H = (B @ B.T + 0.5 * np.eye(P)).round(2)
    return H, rng.normal(size=P).round(2), rng.normal(scale=2, size=P).round(2)


def _curvatures(H: Matrix) -> Vector:
    return np.linalg.eigvalsh(H)


@task("Task 1a, the stability bound", returns="eta", points=2,
      draw=lambda rng, P: quadratic(rng, P)[:1], shapes=(1, 2, 3, 5))
def largest_rate(H):
    return 2 / _curvatures(H)[-1]


largest_rate.mistake("you return the rate with the greatest promised decrease",
    "Try a rate between yours and twice yours on a parabola. Does it really diverge?", lambda H: 1 / _curvatures(H)[-1])
largest_rate.mistake("you let the flattest direction decide",
    "Walk along the eigenvector with the largest eigenvalue. By which factor does one step multiply it?",
    lambda H: 2 / _curvatures(H)[0])
largest_rate.mistake("you take the diagonal entries for the curvatures",
    "The entry H[j, j] is the curvature along axis j. Is one of the axes the most curved direction?",
    lambda H: 2 / np.diag(H).max())
largest_rate.mistake("you add up the curvatures of all directions",
    "Each eigenvector has a factor of its own. Does the second one tighten the bound that the first one sets?",
    lambda H: 2 / np.trace(H))
largest_rate.mistake("you measure H by the root of the sum of its squared entries",
    "Without further arguments `np.linalg.norm` of a matrix is that root. Which number does the bound ask for?",
    lambda H: 2 / np.linalg.norm(H))
largest_rate.mistake("you return the largest curvature itself",
    "A rate becomes smaller when the curvature grows. What does the bound do with β?", lambda H: _curvatures(H)[-1])
largest_rate.mistake("your fraction stands upside down",
    "If the cost is multiplied by ten, may the rate be larger or must it be smaller?", lambda H: _curvatures(H)[-1] / 2)


def _walk(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Any, ...]:
    P, k = shape
    H, b, theta = quadratic(rng, P)
    if k == 3:
        theta = theta.round().astype(int)           # a start in whole numbers does not stay one
    return H, b, theta, round(float(rng.uniform(0.3, 2.6) / _curvatures(H)[-1]), 3), k


def _slope(H: Matrix, b: Vector, theta: Vector) -> Vector:
    return H @ theta - b


@task("Task 1b, the walk", returns="path", points=2,
      draw=_walk, shapes=((1, 1), (2, 2), (2, 3), (3, 5), (5, 4)))
def descent_path(H, b, theta, eta, k, *, slope=_slope):
    path = [theta]
    for _ in range(k):
        path.append(path[-1] - eta * slope(H, b, path[-1]))
    return np.array(path)


descent_path.mistake("you walk uphill", "Which sign does a descent step have?", slope=lambda *at: -_slope(*at))
descent_path.mistake("the linear part of the cost is missing",
    "Differentiate both terms of C. Where does your walk come to rest if b is not zero?",
    slope=lambda H, b, theta: H @ theta)
descent_path.mistake("the linear part of the cost has the wrong sign",
    "Look at the sign of bᵀθ in C. At the minimum Hθ = b.", slope=lambda H, b, theta: H @ theta + b)
descent_path.mistake("your quadratic part is twice too large", "What is the derivative of ½hθ² for numbers h and θ?",
    slope=lambda H, b, theta: 2 * H @ theta - b)
descent_path.mistake("you divide the gradient by its length",
    "The steps of gradient descent shrink where the ground gets flat. What makes them shrink?",
    slope=lambda *at: _slope(*at) / np.linalg.norm(_slope(*at)))
descent_path.mistake("the start is missing from your path", "The first row is the point before any step.",
    result=lambda path: path[1:])
descent_path.mistake("you take one step too few", "How many points does a walk of k steps have?",
    result=lambda path: path[:-1])
descent_path.mistake("you return the last point alone", "Keep every point of the walk, one a row.",
    result=lambda path: path[-1])
descent_path.mistake("all rows of your path are the same point",
    "A list holds the array itself, not a copy of it. What happens to the earlier rows when you change that array by "
    "`-=`?", result=lambda path: np.array([path[-1]] * len(path)))
descent_path.mistake("your points are columns", "The path has one point a row.", result=np.transpose)


@descent_path.mistake("some entries of θ have moved before others are computed",
    "All entries of one gradient belong to one point. In your loop, is every entry on the right-hand side the one "
    "from before the step?")
def _(H, b, theta, eta, k):
    path = [theta]
    for _ in range(k):
        theta = theta.astype(float)
        for j in range(len(theta)):
            theta[j] -= eta * (H[j] @ theta - b[j])
        path.append(theta)
    return np.array(path)


@descent_path.mistake("your path can hold whole numbers only",
    "An array that is made from θ, as by `zeros_like`, has the type of θ. Which type has a start in whole numbers?")
def _(H, b, theta, eta, k):
    path = np.array([theta] * (k + 1))
    for j in range(k):
        path[j + 1] = path[j] - eta * _slope(H, b, path[j])
    return path


descent_path.mistake("every step uses the gradient at the start", "Where is the gradient of step 2 taken?",
    lambda H, b, theta, eta, k: np.array([theta - i * eta * _slope(H, b, theta) for i in range(k + 1)]))


# ---------------------------------------------------------------- Task 2: exact line search

@task("Task 2a, exact line search", returns="alpha", points=2, draw=quadratic, shapes=(1, 2, 3, 5))
def exact_rate(H, b, theta, *, of=lambda g, H: g @ g / (g @ H @ g)):
    return of(_slope(H, b, theta), H)


exact_rate.mistake("your gradient has no linear part",
    "The formula of the chapter is stated for a quadratic without b. Which of its steps used that?", b=lambda b: 0 * b)
exact_rate.mistake("you use θ where the direction belongs", "Along which vector do you search?",
    lambda H, b, theta: theta @ theta / (theta @ H @ theta))
exact_rate.mistake("your fraction stands upside down",
    "Where the cost is strongly curved, should the step be long or short?", result=lambda alpha: 1 / alpha)
exact_rate.mistake("your step goes half of the way to the minimum",
    "Does φ'(α) vanish at your α? Count the factors ½ and 2 in φ.", result=lambda alpha: alpha / 2)
exact_rate.mistake("your step goes twice as far as the minimum",
    "The cost after your step is as large as before it. Where on a parabola between two points of equal height is "
    "its vertex?", result=lambda alpha: 2 * alpha)
exact_rate.mistake("your rate is negative", "The minus sign of the step is in θ − αg already. Then which sign has α?",
    result=np.negative)
exact_rate.mistake("you make the new gradient as short as possible, not the cost as low as possible",
    "Which function of α is to be minimised?", of=lambda g, H: g @ H @ g / (g @ H @ H @ g))
exact_rate.mistake("the numerator is a length where its square belongs",
    "Multiply C by 4: g becomes 4g and H becomes 4H, and the minimum on the ray stays where it is. Does your αg stay "
    "the same?", of=lambda g, H: np.linalg.norm(g) / (g @ H @ g))
exact_rate.mistake("you return 1/β, wherever θ is", "That is safe in every direction. How curved is the bowl along g?",
    lambda H, b, theta: 1 / np.linalg.eigvalsh(H)[-1])
exact_rate.mistake("you divide entry by entry",
    "One step has one rate, a number. Which products of vectors are numbers?", of=lambda g, H: g / (H @ g))


# ---------------------------------------------------------------- Task 3: a claim that needs repair

@task("Task 3a, where a step begins to raise the cost", returns="r", points=3, seeds=4,
      draw=lambda rng, interval: (round(float(rng.uniform(*interval)), 2),),
      shapes=((0.1, 0.45), (0.55, 0.95), (1.05, 2.0)))
def border(eta):
    return np.sqrt(max(0.0, (1 - eta) / (2 * eta)))


border.mistake("you have rates below 1 in mind",
    "What is under your root if η is larger than 1? Then try a small x with such a rate.",
    lambda eta: np.sqrt((1 - eta) / (2 * eta)))
border.mistake("you make the number under the root positive by dropping its sign",
    "Take η = 1.5 and a tiny x. What does the step do to f, and which border does that leave?",
    lambda eta: np.sqrt(abs(1 - eta) / (2 * eta)))
border.mistake("you return r²", "Your condition is one on x². What is asked is a bound for x.", result=np.square)
border.mistake("you compare η with the curvature at the starting point",
    "2/f'' at x is the right border where f'' is constant. Here the step runs through points that are flatter than "
    "x: compute where it lands.", lambda eta: np.sqrt(max(0.0, (1 - eta) / (6 * eta))))
border.mistake("you ask when the step jumps over the minimum",
    "Landing on the other side is no harm as long as one lands lower. How far is too far?",
    lambda eta: np.sqrt(max(0.0, (1 - 2 * eta) / (4 * eta))))
border.mistake("the x² has got lost", "f has two terms, and both have a slope.", lambda eta: np.sqrt(1 / (2 * eta)))
border.mistake("your slope of x⁴ lacks its factor", "Check your f' against the number at the beginning: f'(3) = 114.",
    lambda eta: np.sqrt(max(0.0, 2 * (1 - eta) / eta)))
border.mistake("your slope of x² lacks its factor", "Check your f' against the number at the beginning: f'(3) = 114.",
    lambda eta: np.sqrt(max(0.0, (2 - eta) / (4 * eta))))


@task("Task 3b, the rate that the descent lemma allows", returns="eta", points=2,
      draw=lambda rng, interval: (round(float(rng.uniform(*interval)), 1),),
      shapes=((0.5, 1.5), (-2.0, -0.5), (3.0, 9.0)))
def promised_rate(x):
    return 2 / (2 + 12 * x**2)


promised_rate.mistake("you invert the border of Task 3a",
    "That is where the first step from x really begins to fail. The question is what the lemma promises, which knows "
    "nothing of f but β.", lambda x: 2 / (2 + 4 * x**2))
promised_rate.mistake("you return the rate with the greatest promised decrease",
    "For which η is the bracket in the descent lemma positive?", result=lambda eta: eta / 2)
promised_rate.mistake("you take the curvature at the minimum",
    "The bound must hold on the whole interval. Where in it is f most curved?", lambda x: 1.0)
promised_rate.mistake("the x² has got lost", "What does x² contribute to f''?", lambda x: 2 / (12 * x**2))
promised_rate.mistake("the x in the curvature is not squared", "Differentiate f' once more.",
    lambda x: 2 / (2 + 12 * x))
promised_rate.mistake("you take the slope for the curvature, with the sign of x", "Which derivative does β bound?",
    lambda x: 2 / (2 * x + 4 * x**3))
promised_rate.mistake("you take the slope for the curvature", "Which derivative does β bound?",
    lambda x: 2 / abs(2 * x + 4 * x**3))
promised_rate.mistake("you evaluate the curvature at the height f(x)",
    "f is a height and x is a place. At which place is the curvature taken?", lambda x: 2 / (2 + 12 * (x**2 + x**4)))
promised_rate.mistake("you return the curvature", "That is β. Which rates does the lemma allow for it?",
    result=lambda eta: 2 / eta)


# ---------------------------------------------------------------- Task 4: a bowl for a given rate

def _demands(bowl: Any, drawn: tuple[float, int], used: tuple[Any, ...]) -> tuple[int, ...]:
    """Walk through a bowl and return which demands it meets, 1 or 0 for each."""
    (eta, n), curvatures = drawn, as_numbers(bowl)
    if curvatures is None or curvatures.shape != (2,):
        raise NotRight("Your function should return two numbers, the curvatures λ and μ.")
    if not (curvatures == np.rint(curvatures)).all():
        raise NotRight("The curvatures should be whole numbers.")
    factor = 1 - eta * curvatures.astype(float)     # of θ_0 and of θ_1 in each step
    return tuple(map(int, (
        (curvatures > 0).all() and (factor > -1).all(), factor[0] < 0, abs(factor[0]) ** n < 0.1, factor[1] > 0,
        factor[1] > 0.5 ** (1 / n))))


@task("Task 4, a bowl for a given rate", returns="converges, zigzags, dies_out, one_sided, slow", points=3,
      draw=lambda rng, n: (round(float(rng.uniform(0.15, 0.45)) / n, 5), n), shapes=(3, 5, 12, 40), view=_demands)
def hard_bowl(eta, n):
    return int(1.25 / eta), 1


hard_bowl.mistake("the first direction of your bowl is too steep for the rate",
    "By which factor is θ₀ multiplied in a step? How large may this factor be?", lambda eta, n: (int(2 / eta) + 1, 1))
hard_bowl.mistake("your bowl meets all demands but one: θ₀ goes to and fro for too long",
    "By which factor is θ₀ multiplied in a step? It is to be negative, and its power n smaller than 1/10.",
    lambda eta, n: (int(1.999 / eta), 1))
hard_bowl.mistake("θ₀ never changes its sign in your bowl, and the rest is right",
    "By which factor is θ₀ multiplied in a step? When is it negative?", lambda eta, n: (int(0.9 / eta), 1))
hard_bowl.mistake("your second direction is too steep, and the rest is right",
    "By which factor is θ₁ multiplied in a step? Its power n is to be larger than ½.",
    lambda eta, n: (int(1.25 / eta), int(0.9 / eta)))
hard_bowl.mistake("θ₁ goes to and fro as well as θ₀",
    "The two directions have curvatures of their own. Which one should be far flatter?",
    lambda eta, n: (int(1.25 / eta), int(1.25 / eta)))
hard_bowl.mistake("λ and μ have changed places", "θ₀ is the one that goes to and fro, and λ is its curvature.",
    lambda eta, n: (1, int(1.25 / eta)))
hard_bowl.mistake("the first direction is as slow as the second one",
    "Too large for one direction: what has ηλ to be, so that θ₀ changes its sign?", lambda eta, n: (1, 1))
hard_bowl.mistake("your second curvature is not positive",
    "With μ = 0 the walk would stay at θ₁ = 1 for ever, and with μ < 0 run away. Which curvatures has a bowl?",
    lambda eta, n: (int(1.25 / eta), 0))

#: In the order of the notebook.
ALL = (largest_rate, descent_path, exact_rate, border, promised_rate, hard_bowl)
#: What a person marks, with its points.
WRITTEN = {
    "Task 1c, the start that hides the instability": 2, "Task 2b, right angles and two bounds": 4,
    "Task 3c, the repaired claim": 6}
