"""The tasks of the chapter on gradient descent.

The costs are quadratics ½θᵀHθ − bᵀθ with a symmetric positive definite H; in Task 3 it is f(x) = x² + x⁴.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lecture_code.diagnosis import as_numbers
from lecture_code.feedback import Answer, Mistake, NotRight, Task

Vector = np.ndarray
Matrix = np.ndarray


# ---------------------------------------------------------------- inputs

def quadratic(rng: np.random.Generator, P: int) -> tuple[Matrix, Vector, Vector]:
    """Return random H, b, theta with two decimals; no eigenvalue of H is close to zero."""
    B = rng.normal(size=(P, P))
    H = (B @ B.T + 0.5 * np.eye(P)).round(2)
    return H, rng.normal(size=P).round(2), rng.normal(scale=2, size=P).round(2)


def _matrix(rng: np.random.Generator, P: int) -> tuple[Matrix]:
    return (quadratic(rng, P)[0],)


def _walk(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Any, ...]:
    P, k = shape
    H, b, theta = quadratic(rng, P)
    return H, b, theta, round(float(rng.uniform(0.3, 1.3) / np.linalg.eigvalsh(H)[-1]), 3), k


def _rate(rng: np.random.Generator, shape: tuple[float, float]) -> tuple[float]:
    return (round(float(rng.uniform(*shape)), 2),)


def _start(rng: np.random.Generator, shape: tuple[float, float]) -> tuple[float]:
    return (round(float(rng.uniform(*shape)), 1),)


# ---------------------------------------------------------------- Task 1: the stability bound

def _largest_eigenvalue(H: Matrix) -> float:
    return float(np.linalg.eigvalsh(H)[-1])


def _largest_rate(H: Matrix) -> float:
    return 2 / _largest_eigenvalue(H)


def _rate_of_greatest_decrease(H: Matrix) -> float:
    return 1 / _largest_eigenvalue(H)


def _rate_of_flattest(H: Matrix) -> float:
    return 2 / float(np.linalg.eigvalsh(H)[0])


def _rate_by_diagonal(H: Matrix) -> float:
    return 2 / float(np.diag(H).max())


def _rate_by_trace(H: Matrix) -> float:
    return 2 / float(np.trace(H))


def _rate_by_norm(H: Matrix) -> float:
    return 2 / float(np.linalg.norm(H))


def _curvature_instead(H: Matrix) -> float:
    return _largest_eigenvalue(H)


def _rate_upside_down(H: Matrix) -> float:
    return _largest_eigenvalue(H) / 2


largest_rate = Task(
    name="largest_rate", title="Task 1a, the stability bound",
    takes="H", returns="eta",
    reference=_largest_rate, draw=_matrix, shapes=(1, 2, 3, 5),
    mistakes=(
        Mistake("you return the rate with the greatest promised decrease",
                "Try a rate between yours and twice yours on a parabola. Does it really diverge?",
                _rate_of_greatest_decrease),
        Mistake("you let the flattest direction decide",
                "Walk along the eigenvector with the largest eigenvalue. By which factor does one step multiply it?",
                _rate_of_flattest),
        Mistake("you take the diagonal entries for the curvatures",
                "The entry H[j, j] is the curvature along axis j. Is one of the axes the most curved direction?",
                _rate_by_diagonal),
        Mistake("you add up the curvatures of all directions",
                "Each eigenvector has a factor of its own. Does the second one tighten the bound that the first one "
                "sets?", _rate_by_trace),
        Mistake("you measure H by the root of the sum of its squared entries",
                "Without further arguments `np.linalg.norm` of a matrix is that root. Which number does the bound ask "
                "for?", _rate_by_norm),
        Mistake("you return the largest curvature itself",
                "A rate becomes smaller when the curvature grows. What does the bound do with β?", _curvature_instead),
        Mistake("your fraction stands upside down",
                "If the cost is multiplied by ten, may the rate be larger or must it be smaller?", _rate_upside_down),
    ),
)


def _descent(
    slope: Callable[[Matrix, Vector, Vector], Vector], sign: float = -1.0, finish: Answer = np.array
) -> Answer:
    """Return the function (H, b, theta, eta, k) ↦ finish(list of the points)."""

    def answer(H: Matrix, b: Vector, theta: Vector, eta: float, k: int) -> Any:
        path = [theta]
        for _ in range(k):
            path.append(path[-1] + sign * eta * slope(H, b, path[-1]))
        return finish(path)

    return answer


def _slope(H: Matrix, b: Vector, theta: Vector) -> Vector:
    return H @ theta - b


def _slope_without_b(H: Matrix, b: Vector, theta: Vector) -> Vector:
    return H @ theta


def _slope_plus_b(H: Matrix, b: Vector, theta: Vector) -> Vector:
    return H @ theta + b


def _slope_doubled(H: Matrix, b: Vector, theta: Vector) -> Vector:
    return 2 * H @ theta - b


def _slope_at_length_one(H: Matrix, b: Vector, theta: Vector) -> Vector:
    g = _slope(H, b, theta)
    return g / np.linalg.norm(g)


def _without_start(path: list[Vector]) -> Matrix:
    return np.array(path[1:])


def _without_end(path: list[Vector]) -> Matrix:
    return np.array(path[:-1])


def _end_alone(path: list[Vector]) -> Vector:
    return path[-1]


def _end_everywhere(path: list[Vector]) -> Matrix:
    return np.array([path[-1]] * len(path))


def _points_as_columns(path: list[Vector]) -> Matrix:
    return np.array(path).T


def _entry_by_entry(H: Matrix, b: Vector, theta: Vector, eta: float, k: int) -> Matrix:
    """Use each entry of the new point for the next entry."""
    path = [theta]
    for _ in range(k):
        theta = theta.copy()
        for j in range(len(theta)):
            theta[j] -= eta * (H[j] @ theta - b[j])
        path.append(theta)
    return np.array(path)


def _gradient_of_start(H: Matrix, b: Vector, theta: Vector, eta: float, k: int) -> Matrix:
    return np.array([theta - i * eta * _slope(H, b, theta) for i in range(k + 1)])


descent_path = Task(
    name="descent_path", title="Task 1b, the walk",
    takes="H, b, theta, eta, k", returns="path",
    reference=_descent(_slope), draw=_walk, shapes=((1, 1), (2, 2), (2, 3), (3, 5), (5, 4)),
    mistakes=(
        Mistake("you walk uphill", "Which sign does a descent step have?", _descent(_slope, sign=1.0)),
        Mistake("the linear part of the cost is missing",
                "Differentiate both terms of C. Where does your walk come to rest if b is not zero?",
                _descent(_slope_without_b)),
        Mistake("the linear part of the cost has the wrong sign",
                "Look at the sign of bᵀθ in C. At the minimum Hθ = b.", _descent(_slope_plus_b)),
        Mistake("your quadratic part is twice too large",
                "What is the derivative of ½hθ² for numbers h and θ?", _descent(_slope_doubled)),
        Mistake("you divide the gradient by its length",
                "The steps of gradient descent shrink where the ground gets flat. What makes them shrink?",
                _descent(_slope_at_length_one)),
        Mistake("the start is missing from your path",
                "The first row is the point before any step.", _descent(_slope, finish=_without_start)),
        Mistake("you take one step too few",
                "How many points does a walk of k steps have?", _descent(_slope, finish=_without_end)),
        Mistake("you return the last point alone",
                "Keep every point of the walk, one a row.", _descent(_slope, finish=_end_alone)),
        Mistake("all rows of your path are the same point",
                "A list holds the array itself, not a copy of it. What happens to the earlier rows when you change "
                "that array by `-=`?", _descent(_slope, finish=_end_everywhere)),
        Mistake("your points are columns", "The path has one point a row.",
                _descent(_slope, finish=_points_as_columns)),
        Mistake("some entries of θ have moved before others are computed",
                "All entries of one gradient belong to one point. In your loop, is every entry on the right-hand side "
                "the one from before the step?", _entry_by_entry),
        Mistake("every step uses the gradient at the start",
                "Where is the gradient of step 2 taken?", _gradient_of_start),
    ),
)


# ---------------------------------------------------------------- Task 2: exact line search

def _exact_rate(H: Matrix, b: Vector, theta: Vector) -> float:
    g = _slope(H, b, theta)
    return g @ g / (g @ H @ g)


def _exact_rate_without_b(H: Matrix, b: Vector, theta: Vector) -> float:
    return _exact_rate(H, 0 * b, theta)


def _exact_rate_at_theta(H: Matrix, b: Vector, theta: Vector) -> float:
    return theta @ theta / (theta @ H @ theta)


def _rayleigh_quotient(H: Matrix, b: Vector, theta: Vector) -> float:
    return 1 / _exact_rate(H, b, theta)


def _exact_rate_halved(H: Matrix, b: Vector, theta: Vector) -> float:
    return _exact_rate(H, b, theta) / 2


def _exact_rate_doubled(H: Matrix, b: Vector, theta: Vector) -> float:
    return 2 * _exact_rate(H, b, theta)


def _exact_rate_negated(H: Matrix, b: Vector, theta: Vector) -> float:
    return -_exact_rate(H, b, theta)


def _rate_for_small_gradient(H: Matrix, b: Vector, theta: Vector) -> float:
    g = _slope(H, b, theta)
    return g @ H @ g / (g @ H @ H @ g)


def _exact_rate_with_root(H: Matrix, b: Vector, theta: Vector) -> float:
    g = _slope(H, b, theta)
    return np.linalg.norm(g) / (g @ H @ g)


def _exact_rate_by_entries(H: Matrix, b: Vector, theta: Vector) -> Vector:
    g = _slope(H, b, theta)
    return g / (H @ g)


exact_rate = Task(
    name="exact_rate", title="Task 2a, exact line search",
    takes="H, b, theta", returns="alpha",
    reference=_exact_rate, draw=quadratic, shapes=(1, 2, 3, 5),
    mistakes=(
        Mistake("your gradient has no linear part",
                "The formula of the chapter is stated for a quadratic without b. Which of its steps used that?",
                _exact_rate_without_b),
        Mistake("you use θ where the direction belongs",
                "Along which vector do you search?", _exact_rate_at_theta),
        Mistake("your fraction stands upside down",
                "Where the cost is strongly curved, should the step be long or short?", _rayleigh_quotient),
        Mistake("your step goes half of the way to the minimum",
                "Does φ'(α) vanish at your α? Count the factors ½ and 2 in φ.", _exact_rate_halved),
        Mistake("your step goes twice as far as the minimum",
                "The cost after your step is as large as before it. Where on a parabola between two points of equal "
                "height is its vertex?", _exact_rate_doubled),
        Mistake("your rate is negative",
                "The minus sign of the step is in θ − αg already. Then which sign has α?", _exact_rate_negated),
        Mistake("you make the new gradient as short as possible, not the cost as low as possible",
                "Which function of α is to be minimised?", _rate_for_small_gradient),
        Mistake("the numerator is a length where its square belongs",
                "Multiply C by 4: g becomes 4g and H becomes 4H, and the minimum on the ray stays where it is. Does "
                "your αg stay the same?", _exact_rate_with_root),
        Mistake("you divide entry by entry",
                "One step has one rate, a number. Which products of vectors are numbers?", _exact_rate_by_entries),
    ),
)


# ---------------------------------------------------------------- Task 3: a claim that needs repair

def _border(eta: float) -> float:
    return float(np.sqrt(max(0.0, (1 - eta) / (2 * eta))))


def _border_below_one(eta: float) -> float:
    with np.errstate(invalid="ignore"):
        return float(np.sqrt(np.float64((1 - eta) / (2 * eta))))


def _border_by_absolute_value(eta: float) -> float:
    return float(np.sqrt(abs(1 - eta) / (2 * eta)))


def _border_without_root(eta: float) -> float:
    return max(0.0, (1 - eta) / (2 * eta))


def _border_by_local_curvature(eta: float) -> float:
    return float(np.sqrt(max(0.0, (1 - eta) / (6 * eta))))


def _border_at_jump_to_zero(eta: float) -> float:
    return float(np.sqrt(max(0.0, (1 - 2 * eta) / (4 * eta))))


def _border_without_square(eta: float) -> float:
    return float(np.sqrt(1 / (2 * eta)))


def _border_with_slope_of_x3(eta: float) -> float:
    return float(np.sqrt(max(0.0, 2 * (1 - eta) / eta)))


def _border_of_growing_slope(eta: float) -> float:
    return float(np.sqrt(max(0.0, (2 - eta) / (4 * eta))))


border = Task(
    name="border", title="Task 3a, where a step begins to raise the cost",
    takes="eta", returns="r",
    reference=_border, draw=_rate, shapes=((0.1, 0.45), (0.55, 0.95), (1.05, 2.0)), seeds=4,
    mistakes=(
        Mistake("you have rates below 1 in mind",
                "What is under your root if η is larger than 1? Then try a small x with such a rate.",
                _border_below_one),
        Mistake("you make the number under the root positive by dropping its sign",
                "Take η = 1.5 and a tiny x. What does the step do to f, and which border does that leave?",
                _border_by_absolute_value),
        Mistake("you return r²", "Your condition is one on x². What is asked is a bound for x.", _border_without_root),
        Mistake("you compare η with the curvature at the starting point",
                "2/f'' at x is the right border where f'' is constant. Here the step runs through points that are "
                "flatter than x: compute where it lands.", _border_by_local_curvature),
        Mistake("you ask when the step jumps over the minimum",
                "Landing on the other side is no harm as long as one lands lower. How far is too far?",
                _border_at_jump_to_zero),
        Mistake("the x² has got lost", "f has two terms, and both have a slope.", _border_without_square),
        Mistake("your slope of x⁴ lacks its factor",
                "Check your f' against the number at the beginning: f'(3) = 114.", _border_with_slope_of_x3),
        Mistake("your slope of x² lacks its factor",
                "Check your f' against the number at the beginning: f'(3) = 114.", _border_of_growing_slope),
    ),
)


def _promised_rate(x: float) -> float:
    return 2 / (2 + 12 * x**2)


def _exact_border_rate(x: float) -> float:
    return 2 / (2 + 4 * x**2)


def _half_promised_rate(x: float) -> float:
    return 1 / (2 + 12 * x**2)


def _promised_rate_at_zero(x: float) -> float:
    return 1.0


def _promised_rate_of_x4(x: float) -> float:
    return 2 / (12 * x**2)


def _promised_rate_by_slope(x: float) -> float:
    return 2 / abs(2 * x + 4 * x**3)


def _promised_rate_by_value(x: float) -> float:
    return 2 / (2 + 12 * (x**2 + x**4))


def _curvature_bound(x: float) -> float:
    return 2 + 12 * x**2


promised_rate = Task(
    name="promised_rate", title="Task 3b, the rate that the descent lemma allows",
    takes="x", returns="eta",
    reference=_promised_rate, draw=_start, shapes=((0.5, 1.5), (-2.0, -0.5), (3.0, 9.0)), seeds=3,
    mistakes=(
        Mistake("you invert the border of Task 3a",
                "That is where the first step from x really begins to fail. The question is what the lemma promises, "
                "which knows nothing of f but β.", _exact_border_rate),
        Mistake("you return the rate with the greatest promised decrease",
                "For which η is the bracket in the descent lemma positive?", _half_promised_rate),
        Mistake("you take the curvature at the minimum",
                "The bound must hold on the whole interval. Where in it is f most curved?", _promised_rate_at_zero),
        Mistake("the x² has got lost", "What does x² contribute to f''?", _promised_rate_of_x4),
        Mistake("you take the slope for the curvature", "Which derivative does β bound?", _promised_rate_by_slope),
        Mistake("you evaluate the curvature at the height f(x)",
                "f is a height and x is a place. At which place is the curvature taken?", _promised_rate_by_value),
        Mistake("you return the curvature", "That is β. Which rates does the lemma allow for it?", _curvature_bound),
    ),
)

# ---------------------------------------------------------------- Task 4: a bowl for a given rate

Pair = tuple[int, int]


def _rate_and_patience(rng: np.random.Generator, n: int) -> tuple[float, int]:
    return round(float(rng.uniform(0.15, 0.45)) / n, 5), n


def _bowl(eta: float, n: int) -> Pair:
    return int(1.25 / eta), 1


def _bowl_too_steep(eta: float, n: int) -> Pair:
    return int(2 / eta) + 1, 1


def _bowl_at_the_border(eta: float, n: int) -> Pair:
    return int(1.999 / eta), 1


def _bowl_without_zigzag(eta: float, n: int) -> Pair:
    return int(0.9 / eta), 1


def _bowl_without_valley(eta: float, n: int) -> Pair:
    return int(1.25 / eta), int(0.9 / eta)


def _bowl_round(eta: float, n: int) -> Pair:
    return int(1.25 / eta), int(1.25 / eta)


def _bowl_turned(eta: float, n: int) -> Pair:
    return 1, int(1.25 / eta)


def _bowl_shallow(eta: float, n: int) -> Pair:
    return 1, 1


def _bowl_flat(eta: float, n: int) -> Pair:
    return int(1.25 / eta), 0


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


hard_bowl = Task(
    name="hard_bowl", title="Task 4, a bowl for a given rate",
    takes="eta, n", returns="converges, zigzags, dies_out, one_sided, slow",
    reference=_bowl, draw=_rate_and_patience, shapes=(3, 5, 12, 40), view=_demands,
    mistakes=(
        Mistake("the first direction of your bowl is too steep for the rate",
                "By which factor is θ₀ multiplied in a step? How large may this factor be?", _bowl_too_steep),
        Mistake("your bowl meets all demands but one: θ₀ goes to and fro for too long",
                "By which factor is θ₀ multiplied in a step? It is to be negative, and its power n smaller than 1/10.",
                _bowl_at_the_border),
        Mistake("θ₀ never changes its sign in your bowl, and the rest is right",
                "By which factor is θ₀ multiplied in a step? When is it negative?", _bowl_without_zigzag),
        Mistake("your second direction is too steep, and the rest is right",
                "By which factor is θ₁ multiplied in a step? Its power n is to be larger than ½.",
                _bowl_without_valley),
        Mistake("θ₁ goes to and fro as well as θ₀",
                "The two directions have curvatures of their own. Which one should be far flatter?", _bowl_round),
        Mistake("λ and μ have changed places",
                "θ₀ is the one that goes to and fro, and λ is its curvature.", _bowl_turned),
        Mistake("the first direction is as slow as the second one",
                "Too large for one direction: what has ηλ to be, so that θ₀ changes its sign?", _bowl_shallow),
        Mistake("your second curvature is not positive",
                "With μ = 0 the walk would stay at θ₁ = 1 for ever, and with μ < 0 run away. Which curvatures has a bowl?",
                _bowl_flat),
    ),
)

#: In the order of the notebook.
ALL = (largest_rate, descent_path, exact_rate, border, promised_rate, hard_bowl)
