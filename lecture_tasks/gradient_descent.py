"""The tasks of the chapter on gradient descent.

The costs are quadratics ½θᵀHθ − bᵀθ with a symmetric positive definite H; in Task 3 it is f(x) = x² + x⁴.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.linalg import eigvalsh

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


@task("Task 1a: how fast may you go?", returns="eta", points=2,
      draw=lambda rng, P: quadratic(rng, P)[:1], shapes=(1, 2, 3, 5))
def largest_rate(H):
    return 2 / eigvalsh(H)[-1]


largest_rate.mistake("you return the rate with the greatest promised decrease",
    "Try a rate between yours and twice yours on a parabola. Does it really diverge?", slip={"2 /": "1 /"})
largest_rate.mistake("you let the flattest direction decide",
    "Walk along the eigenvector with the largest eigenvalue. By which factor does one step multiply it?",
    slip={"[-1]": "[0]"})
largest_rate.mistake("you take an entry of H for the largest curvature",
    "The entry H[j, j] is the curvature along axis j. Is one of the axes the most curved direction?",
    slip={"eigvalsh(H)[-1]": "np.diag(H).max()"})
largest_rate.mistake("you add up the curvatures of all directions",
    "Each eigenvector has a factor of its own. Does the second one tighten the bound that the first one sets?",
    slip={"eigvalsh(H)[-1]": "np.trace(H)"})
largest_rate.mistake("you take the mean of the curvatures",
    "A walk diverges if it does so in one direction. Does a mean look at the worst one?", slip={"[-1]": ".mean()"})
largest_rate.mistake("you multiply the curvatures of all directions",
    "That is what a determinant does. Each eigenvector has a factor of its own: which is the first to grow?",
    slip={"eigvalsh(H)[-1]": "np.linalg.det(H)"})
largest_rate.mistake("you measure H by the root of the sum of its squared entries",
    "Without further arguments `np.linalg.norm` of a matrix is that root. Which number does the bound ask for?",
    slip={"eigvalsh(H)[-1]": "np.linalg.norm(H)"})
largest_rate.mistake("you measure H by the largest sum of a row or column",
    "No curvature is larger than that, so your rate is safe. Is it the last safe one?",
    slip={"eigvalsh(H)[-1]": "np.linalg.norm(H, 1)"})
largest_rate.mistake("your rate balances the steepest direction and the flattest",
    "With this rate both shrink alike. That is the fastest, and not the last that converges.",
    slip={"eigvalsh(H)[-1]": "eigvalsh(H)[[0, -1]].sum()"})
largest_rate.mistake("you rely on an order of the eigenvalues",
    "`eigvals` and `eig` return them in no order at all. How do you find the one that you need?",
    slip={"eigvalsh(H)[-1]": "np.linalg.eigvals(H)[0]"})
largest_rate.mistake("you take the last of eigenvalues that are in no order",
    "`eigvals` and `eig` do not sort. How do you find the one that you need?",
    slip={"eigvalsh(H)[-1]": "np.linalg.eigvals(H)[-1]"})
largest_rate.mistake("you return the largest curvature itself",
    "A rate becomes smaller when the curvature grows. What does the bound do with β?", slip={"2 /": ""})
largest_rate.mistake("your fraction stands upside down",
    "If the cost is multiplied by ten, may the rate be larger or must it be smaller?", result=lambda eta: 1 / eta)


def _walk(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Any, ...]:
    P, k = shape
    H, b, theta = quadratic(rng, P)
    if k == 3:
        theta = theta.round().astype(int)           # a start in whole numbers does not stay one
    if k == 6:
        b = H @ theta                               # a start at the bottom has all of its points, too
    return H, b, theta, round(float(rng.uniform(0.3, 2.6) / eigvalsh(H)[-1]), 3), k


@task("Task 1b: how fast may you go?", returns="path", points=2,
      draw=_walk, shapes=((1, 1), (2, 2), (2, 3), (3, 5), (5, 4), (2, 6)))
def descent_path(H, b, theta, eta, k):
    path = np.array([theta] * (k + 1), dtype=float)
    for j in range(k):
        g = H @ path[j] - b
        path[j + 1] = path[j] - eta * g
    return path


descent_path.mistake("you walk uphill", "Which sign does a descent step have?", slip={"- eta": "+ eta"})
descent_path.mistake("the linear part of the cost is missing",
    "Differentiate both terms of C. Where does your walk come to rest if b is not zero?", slip={" - b": ""})
descent_path.mistake("the linear part of the cost has the wrong sign",
    "Look at the sign of bᵀθ in C. At the minimum Hθ = b.", slip={"- b": "+ b"})
descent_path.mistake("your quadratic part is twice as large as it should be",
    "What is the derivative of ½hθ² for numbers h and θ?", slip={"H @": "2 * H @"})
descent_path.mistake("your bowl has its bottom at b", "Differentiate C term by term. Is b multiplied by H?",
    slip={"H @ path[j] - b": "H @ (path[j] - b)"})
descent_path.mistake("you walk down the squared length of Hθ − b",
    "It is lowest where C is. But which of the two do you differentiate?",
    slip={"H @ path[j] - b": "H @ (H @ path[j] - b)"})
descent_path.mistake("you use the diagonal of H alone", "How does θ₁ enter the derivative by θ₀?",
    slip={"H @": "np.diag(H) *"})
descent_path.mistake("you divide the gradient by its length",
    "The steps of gradient descent shrink where the ground gets flat. What makes them shrink?",
    slip={"eta * g": "eta * g / np.linalg.norm(g)"})
descent_path.mistake("you walk by the signs of the slopes", "How does a step know that the ground gets flat?",
    slip={"eta * g": "eta * np.sign(g)"})
descent_path.mistake("your rate falls from step to step",
    "The rate is fixed here. Does the number of the step stand in yours?", slip={"eta * g": "eta / (j + 1) * g"})
descent_path.mistake("the start is missing from your path", "The first row is the point before any step.",
    result=lambda path: path[1:])
descent_path.mistake("you take one step too few", "How many points does a walk of k steps have?",
    result=lambda path: path[:-1])
descent_path.mistake("you take one step too many", "Row 0 is the point before any step. Which row comes after step k?",
    k=lambda k: k + 1)
descent_path.mistake("you return the last point alone", "Keep every point of the walk, one a row.",
    result=lambda path: path[-1])
descent_path.mistake("your walk starts at 0",
    "`np.zeros` is a place to write the path, and a point as well. What has to stand in row 0 before the loop?",
    theta=np.zeros_like)
descent_path.mistake("you return the steps, not the points",
    "Add up your rows, beginning with the start: which of the two was asked for?",
    result=lambda path: np.diff(path, axis=0))
descent_path.mistake("all rows of your path are the same point",
    "A list holds the array itself, not a copy of it. What happens to the earlier rows when you change that array by "
    "`-=`?", result=lambda path: np.array([path[-1]] * len(path)))


@descent_path.mistake("all rows of your path are one array, which has the type of θ",
    "A list holds the array itself, not a copy of it. What happens to the earlier rows when you change that array by "
    "`-=`? And θ may hold whole numbers.")
def _(H, b, theta, eta, k):
    point = theta.copy()
    path = [point]
    for _ in range(k):
        point -= eta * (H @ point - b)
        path.append(point)
    return np.array(path)


descent_path.mistake("your points are columns", "The path has one point a row.", result=np.transpose)


@descent_path.mistake("some entries of θ have moved before others are computed",
    "All entries of one gradient belong to one point. In your loop, is every entry on the right-hand side the one "
    "from before the step?")
def _(H, b, theta, eta, k):
    path = [theta.astype(float)]
    for _ in range(k):
        path.append(path[-1].copy())
        for j in range(len(theta)):
            path[-1][j] -= eta * (H[j] @ path[-1] - b[j])
    return np.array(path)


@descent_path.mistake("some entries of θ have moved before others are computed, in an array of the type of θ",
    "All entries of one gradient belong to one point. And what can be written into a copy of a θ in whole numbers?")
def _(H, b, theta, eta, k):
    path = [theta]
    for _ in range(k):
        path.append(path[-1].copy())
        for j in range(len(theta)):
            path[-1][j] -= eta * (H[j] @ path[-1] - b[j])
    return np.array(path)


descent_path.mistake("your path can hold whole numbers only",
    "An array that is made from θ, as by `zeros_like`, has the type of θ. Which type has a start in whole numbers?",
    slip={", dtype=float": ""})
descent_path.mistake("every step uses the gradient at the start", "Where is the gradient of step 2 taken?",
    slip={"path[j] - b": "path[0] - b"})


# ---------------------------------------------------------------- Task 2: exact line search

@task("Task 2a: let the function choose", returns="alpha", points=2, draw=quadratic, shapes=(1, 2, 3, 5))
def exact_rate(H, b, theta):
    g = H @ theta - b
    return g @ g / (g @ H @ g)


exact_rate.mistake("your gradient has no linear part",
    "The formula of the chapter is stated for a quadratic without b. Which of its steps used that?", slip={" - b": ""})
exact_rate.mistake("the linear part of your gradient has the wrong sign",
    "In the example, b = 2 makes the slope at 3 smaller, from 12 to 10.", slip={"- b": "+ b"})
exact_rate.mistake("the quadratic part of your gradient is twice as large as it should be",
    "What is the derivative of ½hθ² for numbers h and θ?", slip={"H @ theta": "2 * H @ theta"})
exact_rate.mistake("you use θ where the direction belongs", "Along which vector do you search?",
    slip={"H @ theta - b": "theta"})
exact_rate.mistake("you measure the curvature along θ",
    "You follow the cost along a ray. Which direction has the ray?", slip={"(g @ H @ g)": "(theta @ H @ theta)"})
exact_rate.mistake("your fraction stands upside down",
    "Where the cost is strongly curved, should the step be long or short?", result=lambda alpha: 1 / alpha)
exact_rate.mistake("your step goes half of the way to the minimum",
    "Does φ'(α) vanish at your α? Count the factors ½ and 2 in φ.", result=lambda alpha: alpha / 2)
exact_rate.mistake("your step goes twice as far as the minimum",
    "The cost after your step is as large as before it. Where on a parabola between two points of equal height is its "
    "vertex?", result=lambda alpha: 2 * alpha)
exact_rate.mistake("your rate is negative", "The minus sign of the step is in θ − αg already. Then which sign has α?",
    result=np.negative)
exact_rate.mistake("you make the new gradient as short as possible, not the cost as low as possible",
    "Which function of α is to be minimised?", slip={"g @ g / (g @ H @ g)": "g @ H @ g / (g @ H @ H @ g)"})
exact_rate.mistake("the numerator is a length where its square belongs",
    "Multiply C by 4: g becomes 4g and H becomes 4H, and the minimum on the ray stays where it is. Does your αg stay "
    "the same?", slip={"g @ g": "np.linalg.norm(g)"})
exact_rate.mistake("you divide the length of g by that of Hg",
    "In one dimension that is right. Which two numbers decide where the parabola φ has its vertex?",
    slip={"g @ g / (g @ H @ g)": "np.linalg.norm(g) / np.linalg.norm(H @ g)"})
exact_rate.mistake("you return 1/β, wherever θ is", "That is safe in every direction. How curved is the bowl along g?",
    slip={"g @ g / (g @ H @ g)": "1 / eigvalsh(H)[-1]"})
exact_rate.mistake("you divide entry by entry",
    "One step has one rate, a number. Which products of vectors are numbers?",
    slip={"g @ g / (g @ H @ g)": "g / (H @ g)"})
exact_rate.mistake("you return the step and not the rate",
    "A rate is one number. What is it multiplied by, to make a step?", slip={"g @ g /": "g * (g @ g) /"})
exact_rate.mistake("you return the point where the step ends", "Asked is the number α that leads there.",
    slip={"g @ g /": "theta - g * (g @ g) /"})


# ---------------------------------------------------------------- Task 3: a claim that needs repair

@task("Task 3a: a claim that needs repair", returns="r", points=3, seeds=4,
      draw=lambda rng, interval: (round(float(rng.uniform(*interval)), 2),),
      shapes=((0.1, 0.45), (0.55, 0.95), (1.05, 2.0)))
def border(eta):
    x_squared = (1 - eta) / (2 * eta)
    return np.sqrt(max(x_squared, 0.0))


border.mistake("you have rates below 1 in mind",
    "What is under your root if η is larger than 1? Then try a small x with such a rate.",
    slip={"max(x_squared, 0.0)": "x_squared"})
border.mistake("you make the number under the root positive by dropping its sign",
    "Take η = 1.5 and a tiny x. What does the step do to f, and which border does that leave?",
    slip={"max(x_squared, 0.0)": "abs(x_squared)"})
border.mistake("you return r²", "Your condition is one on x². What is asked is a bound for x.", slip={"np.sqrt": ""})
border.mistake("you compare η with the curvature at the starting point",
    "2/f'' at x is the right border where f'' is constant. Here the step runs through points that are flatter than x: "
    "compute where it lands.", slip={"2 * eta": "6 * eta"})
border.mistake("you ask when the step jumps over the minimum",
    "Landing on the other side is no harm as long as one lands lower. How far is too far?",
    slip={"(1 - eta) / (2 * eta)": "(1 - 2 * eta) / (4 * eta)"})
border.mistake("the x² has got lost", "f has two terms, and both have a slope.", slip={"(1 - eta)": "1"})
border.mistake("your slope of x⁴ lacks its factor", "Check your f' against the number at the beginning: f'(3) = 114.",
    slip={"(1 - eta) / (2 * eta)": "2 * (1 - eta) / eta"})
border.mistake("your slope of x² lacks its factor", "Check your f' against the number at the beginning: f'(3) = 114.",
    slip={"(1 - eta) / (2 * eta)": "(2 - eta) / (4 * eta)"})
border.mistake("you solve for η, and take the argument for x", "The argument is a rate. Which start belongs to it?",
    slip={"np.sqrt(max(x_squared, 0.0))": "1 / (1 + 2 * eta**2)"})


@task("Task 3b: a claim that needs repair", returns="eta", points=2,
      draw=lambda rng, interval: (round(float(rng.uniform(*interval)), 1),),
      shapes=((0.5, 1.5), (-2.0, -0.5), (3.0, 9.0)))
def promised_rate(x):
    return 2 / (2 + 12 * x**2)


promised_rate.mistake("your β is 2 + 4x²",
    "Differentiate 4x³. With this β you have the border of Task 3a again, and the lemma knows nothing of f but β.",
    slip={"12": "4"})
promised_rate.mistake("you return the rate with the greatest promised decrease",
    "For which η is the bracket in the descent lemma positive?", slip={"2 / (": "1 / ("})
promised_rate.mistake("you take the curvature at the minimum",
    "The bound must hold on the whole interval. Where in it is f most curved?", slip={" + 12 * x**2": ""})
promised_rate.mistake("the x² has got lost", "What does x² contribute to f''?", slip={"2 + 12": "12"})
promised_rate.mistake("the x in the curvature is not squared", "Differentiate f' once more.", slip={"x**2": "x"})
promised_rate.mistake("the x in the curvature is not squared, only made positive", "Differentiate f' once more.",
    slip={"x**2": "abs(x)"})
promised_rate.mistake("your slope of x⁴ lacks its factor",
    "Check your f' against the number at the beginning: f'(3) = 114.", slip={"12": "3"})
promised_rate.mistake("your slope of x² lacks its factor",
    "Check your f' against the number at the beginning: f'(3) = 114.", slip={"2 + ": "1 + "})
promised_rate.mistake("you differentiate once too often",
    "The third derivative says how the curvature changes. Which one is the curvature itself?",
    slip={"2 + 12 * x**2": "24 * x"})
promised_rate.mistake("you take the slope for the curvature, with the sign of x", "Which derivative does β bound?",
    slip={"2 + 12 * x**2": "2 * x + 4 * x**3"})
promised_rate.mistake("you take the slope for the curvature", "Which derivative does β bound?",
    slip={"(2 + 12 * x**2)": "abs(2 * x + 4 * x**3)"})
promised_rate.mistake("you evaluate the curvature at the height f(x)",
    "f is a height and x is a place. At which place is the curvature taken?", slip={"x**2": "(x**2 + x**4)"})
promised_rate.mistake("you return the curvature", "That is β. Which rates does the lemma allow for it?",
    slip={"2 / ": ""})


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


@task("Task 4: design a bowl", returns="converges, zigzags, dies_out, one_sided, slow", points=3,
      draw=lambda rng, n: (round(float(rng.uniform(0.15, 0.45)) / n, 5), n), shapes=(3, 5, 12, 40), view=_demands)
def hard_bowl(eta, n):
    return int(1.25 / eta), 1


hard_bowl.mistake("the first direction of your bowl is too steep for the rate",
    "By which factor is θ₀ multiplied in a step? How large may this factor be?",
    slip={"int(1.25 / eta)": "int(2 / eta) + 1"})
hard_bowl.mistake("your bowl meets all demands but one: θ₀ goes to and fro for too long",
    "By which factor is θ₀ multiplied in a step? It is to be negative, and its power n smaller than 1/10.",
    slip={"1.25": "1.999"})
hard_bowl.mistake("θ₀ never changes its sign in your bowl, and the rest is right",
    "By which factor is θ₀ multiplied in a step? When is it negative?", slip={"1.25": "0.9"})
hard_bowl.mistake("your second direction is too steep, and the rest is right",
    "By which factor is θ₁ multiplied in a step? Its power n is to be larger than ½.",
    slip={", 1": ", int(0.9 / eta)"})
hard_bowl.mistake("θ₁ goes to and fro as well as θ₀",
    "The two directions have curvatures of their own. Which one should be far flatter?",
    slip={", 1": ", int(1.25 / eta)"})
hard_bowl.mistake("λ and μ have changed places", "θ₀ is the one that goes to and fro, and λ is its curvature.",
    result=lambda bowl: bowl[::-1])
hard_bowl.mistake("your second direction is too steep for the rate",
    "By which factor is θ₁ multiplied in a step? How large may this factor be?", slip={", 1": ", int(2 / eta) + 1"})
hard_bowl.mistake("both directions of your bowl are too steep for the rate",
    "By which factors are θ₀ and θ₁ multiplied in a step? How large may such a factor be?",
    slip={"int(1.25 / eta), 1": "int(2 / eta) + 1, int(2 / eta) + 1"})
hard_bowl.mistake("the first direction is as slow as the second one",
    "Too large for one direction: what has ηλ to be, so that θ₀ changes its sign?", slip={"int(1.25 / eta)": "1"})
hard_bowl.mistake("your second curvature is not positive",
    "With μ = 0 the walk would stay at θ₁ = 1 for ever, and with μ < 0 run away. Which curvatures has a bowl?",
    slip={", 1": ", 0"})

#: In the order of the notebook.
ALL = (largest_rate, descent_path, exact_rate, border, promised_rate, hard_bowl)
#: What a person marks, with its points.
WRITTEN = {
    "Task 1c: how fast may you go?": 2, "Task 2b: let the function choose": 4,
    "Task 3c: a claim that needs repair": 6}
