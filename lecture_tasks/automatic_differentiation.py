"""The tasks of the chapter on automatic differentiation. A graph is a list of nodes, operands before results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lecture_code.feedback import Mistake, Task

Operands = list[list[int]]  # for each node the numbers of the nodes that it is computed from
Slopes = list[list[float]]  # for each node its slope by each operand
Five = tuple[float, float, float, float, float]


# ---------------------------------------------------------------- Task 1: adjoints in a drawn graph

def two_numbers(rng: np.random.Generator, size: float) -> tuple[float, float]:
    """Return a and b up to this size, of both signs, away from 0 and 1."""
    a, b = rng.uniform(0.3, 0.9, 2) * size * rng.choice([-1, 1], 2)
    return round(float(a), 2), round(float(b), 2)


def _forward(a: float, b: float) -> tuple[float, float, float, float]:
    p, q = np.exp(a), np.exp(b)
    return p, q, p + q, np.log(p + q)


def _adjoints_of_graph(a: float, b: float) -> Five:
    p, q, s, l = _forward(a, b)
    return a, a / s, a / s, l + a / s * p, a / s * q


def _direct_route_only(a: float, b: float) -> Five:
    p, q, s, l = _forward(a, b)
    return a, a / s, a / s, l, a / s * q


def _long_route_only(a: float, b: float) -> Five:
    p, q, s, l = _forward(a, b)
    return a, a / s, a / s, a / s * p, a / s * q


def _routes_multiplied(a: float, b: float) -> Five:
    p, q, s, l = _forward(a, b)
    return a, a / s, a / s, l * a / s * p, a / s * q


def _exp_has_slope_one(a: float, b: float) -> Five:
    p, q, s, l = _forward(a, b)
    return a, a / s, a / s, l + a / s, a / s


def _log_has_slope_one(a: float, b: float) -> Five:
    p, q, s, l = _forward(a, b)
    return a, a, a, l + a * p, a * q


def _log_slope_at_result(a: float, b: float) -> Five:
    p, q, s, l = _forward(a, b)
    return a, a / l, a / l, l + a / l * p, a / l * q


def _product_has_slope_one(a: float, b: float) -> Five:
    p, q, s, l = _forward(a, b)
    return 1.0, 1 / s, 1 / s, 1 + p / s, q / s


def _slope_of_exp_too_early(a: float, b: float) -> Five:
    p, q, s, l = _forward(a, b)
    return a, a / s, a / s * p, l + a / s * p, a / s * q


def _product_slopes_swapped(a: float, b: float) -> Five:
    p, q, s, l = _forward(a, b)
    return l, l / s, l / s, a + l / s * p, l / s * q


five_adjoints = Task(
    name="five_adjoints", title="Task 1, adjoints by hand",
    takes="a, b", returns="l_bar, s_bar, p_bar, a_bar, b_bar",
    reference=_adjoints_of_graph, draw=two_numbers, shapes=(1.0, 2.0, 3.0),
    mistakes=(
        Mistake("the route of a through the exponential is missing", "How many arrows leave the node a?", _direct_route_only),
        Mistake("the direct route of a is missing", "How many arrows leave the node a?", _long_route_only),
        Mistake("you multiply the shares of the two routes",
                "Along one route slopes are multiplied. What does the chain rule do with several routes?", _routes_multiplied),
        Mistake("the slope of exp is missing", "If a rises by 0.001, by how much does eᵃ rise?", _exp_has_slope_one),
        Mistake("the slope of log is missing", "If s rises by 0.001, by how much does log s rise?", _log_has_slope_one),
        Mistake("the slope of log is taken at the result", "log has the slope 1 over its argument. Which node is that?",
                _log_slope_at_result),
        Mistake("the product hands on its own adjoint", "If l rises by 0.001, by how much does a·l rise?",
                _product_has_slope_one),
        Mistake("the adjoint of p already contains the slope of exp",
                "The adjoint of p asks what a rise of p itself does. Which arrows lie between p and h?", _slope_of_exp_too_early),
        Mistake("the two shares of the product are exchanged", "The slope of a·l by l is the other factor.",
                _product_slopes_swapped),
    ),
)


# ---------------------------------------------------------------- Task 2: the walk with a bug

def random_graph(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Operands, Slopes]:
    """Return a graph of so many leaves and results; an intermediate result is used twice, once by the same node."""
    leaves, results = shape
    operands: Operands = [[] for _ in range(leaves)] + [[0, 1], [leaves, leaves]]
    for j in range(leaves + 2, leaves + results):
        operands.append([j - 1, int(rng.integers(j - 1))])
    slopes = [[round(float(v), 2) for v in rng.uniform(0.3, 1.7, len(each)) * rng.choice([-1, 1], len(each))]
              for each in operands]
    return operands, slopes


def graph_or_chain(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[Operands, Slopes]:
    """Return a random graph or, for a single leaf, a chain of so many doublings, in which all adjoints are about 1."""
    leaves, results = shape
    if leaves > 1:
        return random_graph(rng, shape)
    slopes = [[round(float(v), 2) for v in rng.uniform(0.45, 0.55, 2)] for _ in range(results)]
    return [[], *([j, j] for j in range(results))], [[], *slopes]


def _walk(operands: Operands, slopes: Slopes) -> np.ndarray:
    bar = np.zeros(len(operands))
    bar[-1] = 1
    for j in reversed(range(len(operands))):
        for i, slope in zip(operands[j], slopes[j]):
            bar[i] += bar[j] * slope
    return bar


def broken_adjoints(operands: Operands, slopes: Slopes) -> np.ndarray:
    """Return what the program of the task computes: every node hands on what it has at each arrival."""
    bar = np.zeros(len(operands))
    bar[-1] = 1

    def hand_on(j: int) -> None:
        for i, slope in zip(operands[j], slopes[j]):
            bar[i] += bar[j] * slope
            hand_on(i)

    hand_on(len(operands) - 1)
    return bar


def _both_then_on(operands: Operands, slopes: Slopes) -> np.ndarray:
    bar = np.zeros(len(operands))
    bar[-1] = 1

    def hand_on(j: int) -> None:
        for i, slope in zip(operands[j], slopes[j]):
            bar[i] += bar[j] * slope
        for i in operands[j]:
            hand_on(i)

    hand_on(len(operands) - 1)
    return bar


def _assigned(operands: Operands, slopes: Slopes) -> np.ndarray:
    bar = np.zeros(len(operands))
    bar[-1] = 1
    for j in reversed(range(len(operands))):
        for i, slope in zip(operands[j], slopes[j]):
            bar[i] = bar[j] * slope
    return bar


def _from_the_front(operands: Operands, slopes: Slopes) -> np.ndarray:
    bar = np.zeros(len(operands))
    bar[-1] = 1
    for j in range(len(operands)):
        for i, slope in zip(operands[j], slopes[j]):
            bar[i] += bar[j] * slope
    return bar


def _all_zero(operands: Operands, slopes: Slopes) -> np.ndarray:
    return np.zeros(len(operands))


def _cleared(operands: Operands, slopes: Slopes) -> np.ndarray:
    return np.where([bool(each) for each in operands], 0, _walk(operands, slopes))


def _twin_lost(operands: Operands, slopes: Slopes) -> np.ndarray:
    bar = np.zeros(len(operands))
    bar[-1] = 1
    for j in reversed(range(len(operands))):
        for i, slope in dict(zip(operands[j], slopes[j])).items():
            bar[i] += bar[j] * slope
    return bar


def _slopes_missing(operands: Operands, slopes: Slopes) -> np.ndarray:
    return _walk(operands, [[1.0] * len(each) for each in slopes])


def _tangents(operands: Operands, slopes: Slopes) -> np.ndarray:
    t = np.zeros(len(operands))
    t[0] = 1
    for j, each in enumerate(operands):
        for i, slope in zip(each, slopes[j]):
            t[j] += t[i] * slope
    return t


def _visited_once(operands: Operands, slopes: Slopes) -> np.ndarray:
    bar, seen = np.zeros(len(operands)), set()
    bar[-1] = 1

    def hand_on(j: int) -> None:
        seen.add(j)
        for i, slope in zip(operands[j], slopes[j]):
            bar[i] += bar[j] * slope
            if i not in seen:
                hand_on(i)

    hand_on(len(operands) - 1)
    return bar


repaired_adjoints = Task(
    name="repaired_adjoints", title="Task 2, the walk with a bug",
    takes="operands, slopes", returns="bar",
    reference=_walk, draw=graph_or_chain, shapes=((2, 2), (2, 3), (3, 5), (3, 7), (1, 27)),
    mistakes=(
        Mistake("this is still what the given function does",
                "Follow it on two doublings: how often does the middle node hand on, and what?", broken_adjoints),
        Mistake("a node hands on everything again when a later share arrives",
                "Sending both shares before going on is not enough: what has the operand received when it is called the "
                "second time?", _both_then_on),
        Mistake("a node hands on before it is complete",
                "Visiting a node once is right, but when? All nodes that use it have to come first.", _visited_once),
        Mistake("a later share overwrites an earlier one", "`=` or `+=`?", _assigned),
        Mistake("you walk from the front", "Which adjoint is known at the start, and which node comes next to it?",
                _from_the_front),
        Mistake("every adjoint ends at 0", "Does the output start with an adjoint of 1? Do you clear bar[j] after handing on?",
                _all_zero),
        Mistake("only the leaves keep their adjoints",
                "Do you clear bar[j] after handing on? The adjoints of all nodes are wanted.", _cleared),
        Mistake("a node that uses an operand twice sends one share only",
                "In x + x the operand occurs twice. What does a dictionary do with a key that comes twice?", _twin_lost),
        Mistake("the slopes are not used", "A share is the adjoint of the result times something.", _slopes_missing),
        Mistake("these are the tangents of forward mode", "You push the derivative by node 0 to the right. Wanted is the "
                "derivative of the last node by every node.", _tangents),
    ),
)


# ---------------------------------------------------------------- Task 3: operations for the engine

def one_operand(rng: np.random.Generator, shape: tuple[int, int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return x up to this size, up to 1 in its second column, of both signs; and the result's adjoint g, both (n, M)."""
    n, m, size = shape
    sizes = np.where(np.arange(m) == 1, 1.0, size)  # where all entries are large, all shares are next to nothing
    x = (rng.uniform(0.2, 1, (n, m)) * rng.choice([-1, 1], (n, m)) * sizes).round(2)
    x[0, 0], x[-1, -1] = -abs(x[0, 0]), abs(x[-1, -1])
    return x, rng.standard_normal((n, m)).round(2)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(x))
    return np.where(x > 0, 1, small) / (1 + small)


def _sigmoid_rule(x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f = _sigmoid(x)
    return f, g * f * (1 - f)


def _g_forgotten(x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f = _sigmoid(x)
    return f, f * (1 - f)


def _slope_of_result(x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f = _sigmoid(x)
    return f, g * _sigmoid(f) * (1 - _sigmoid(f))


def _slope_of_x(x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _sigmoid(x), g * x * (1 - x)


def _slope_of_tanh(x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f = _sigmoid(x)
    return f, g * (1 - f * f)


def _slope_forgotten(x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _sigmoid(x), g.copy()


def _result_for_g(x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f = _sigmoid(x)
    return f, f * f * (1 - f)


def _sign_wrong(x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f = _sigmoid(x)
    return f, -g * f * (1 - f)


@np.errstate(over="ignore", invalid="ignore")
def _overflow(x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f = np.exp(x) / (1 + np.exp(x))
    return f, g * f * (1 - f)


sigmoid_rule = Task(
    name="sigmoid_rule", title="Task 3a, the sigmoid as an operation",
    takes="x, g", returns="f, x_bar",
    reference=_sigmoid_rule, draw=one_operand, shapes=((2, 2, 1.0), (3, 2, 4.0), (2, 3, 1000.0)),
    mistakes=(
        Mistake("the adjoint g of the result is not used", "A pull takes an adjoint. What becomes of it?", _g_forgotten),
        Mistake("the slope is taken at the result",
                "σ′ at x is wanted. The formula f(1 − f) has it already; do not apply σ once more.", _slope_of_result),
        Mistake("the slope is x(1 − x)", "In a(1 − a), what is a?", _slope_of_x),
        Mistake("you use the slope of tanh", "1 − f² belongs to another function.", _slope_of_tanh),
        Mistake("the slope is missing", "An operand's share is the adjoint times something.", _slope_forgotten),
        Mistake("the result stands where the adjoint should", "Which of the three factors of your share is not the slope?",
                _result_for_g),
        Mistake("the sign of the share is wrong", "The sigmoid rises everywhere.", _sign_wrong),
        Mistake("large x overflow", "What is `np.exp(1000)`? Use the exponential of −|x|.", _overflow),
    ),
)


def column_and_matrix(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x (n, M), y (n, 1) and g (n, M); in every row x is larger, smaller, and equal once."""
    n, m = shape
    y = rng.integers(-3, 4, (n, 1)) / 2
    x = y + rng.choice([-1.5, -0.5, 0.5, 1.0], (n, m))
    for row in range(n):
        smaller, larger, equal = rng.permutation(m)[:3]
        x[row, smaller], x[row, larger], x[row, equal] = y[row, 0] - 1, y[row, 0] + 1.5, y[row, 0]
    return x, y, rng.standard_normal((n, m)).round(2)


Three = tuple[np.ndarray, np.ndarray, np.ndarray]


def _shares(x: np.ndarray, y: np.ndarray, g: np.ndarray, to_x: np.ndarray) -> Three:
    return np.maximum(x, y), g * to_x, (g * ~to_x).sum(axis=1, keepdims=True)


def _maximum_rule(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return _shares(x, y, g, x >= y)


def _ties_to_y(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return _shares(x, y, g, x > y)


def _ties_to_both(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return np.maximum(x, y), g * (x >= y), (g * (y >= x)).sum(axis=1, keepdims=True)


def _ties_to_none(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return np.maximum(x, y), g * (x > y), (g * (y > x)).sum(axis=1, keepdims=True)


def _ties_shared(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    to_x = ((x > y) * 1 + (x >= y)) / 2
    return np.maximum(x, y), g * to_x, (g * (1 - to_x)).sum(axis=1, keepdims=True)


def _all_to_x(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return np.maximum(x, y), g.copy(), np.zeros(y.shape)


def _all_to_y(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return np.maximum(x, y), np.zeros(x.shape), g.sum(axis=1, keepdims=True)


def _still_broadcast(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return np.maximum(x, y), g * (x >= y), g * (x < y)


def _axis_lost(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return np.maximum(x, y), g * (x >= y), (g * (x < y)).sum(axis=1)


def _mean_of_copies(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return np.maximum(x, y), g * (x >= y), (g * (x < y)).mean(axis=1, keepdims=True)


def _summed_over_everything(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return np.maximum(x, y), g * (x >= y), np.full(y.shape, (g * (x < y)).sum())


def _shares_exchanged(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return np.maximum(x, y), g * (x < y), (g * (x >= y)).sum(axis=1, keepdims=True)


def _g_unused(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return _maximum_rule(x, y, np.ones_like(g))


def _times_value(x: np.ndarray, y: np.ndarray, g: np.ndarray) -> Three:
    return np.maximum(x, y), g * x * (x >= y), (g * y * (x < y)).sum(axis=1, keepdims=True)


maximum_rule = Task(
    name="maximum_rule", title="Task 3b, the maximum as an operation",
    takes="x, y, g", returns="f, x_bar, y_bar",
    reference=_maximum_rule, draw=column_and_matrix, shapes=((2, 3), (3, 4), (2, 5)),
    mistakes=(
        Mistake("where x and y are equal, y gets the share", "The task gives all of it to x.", _ties_to_y),
        Mistake("where x and y are equal, both get the whole share", "The shares of a tie have to add up to g.", _ties_to_both),
        Mistake("where x and y are equal, nobody gets a share", "The shares of a tie have to add up to g.", _ties_to_none),
        Mistake("where x and y are equal, each gets one half", "The task gives all of it to x.", _ties_shared),
        Mistake("x gets everything everywhere", "What decides the maximum where y is the larger one?", _all_to_x),
        Mistake("y gets everything everywhere", "What decides the maximum where x is the larger one?", _all_to_y),
        Mistake("the share of y is not summed over its copies",
                "y is a column. Each of its entries was used once for every sample.", _still_broadcast),
        Mistake("the share of y has lost an axis", "The adjoint of a column is a column; see `keepdims`.", _axis_lost),
        Mistake("you take the mean over the copies", "Shares of several users add up.", _mean_of_copies),
        Mistake("you sum over the rows as well", "Only the axis that was repeated is summed.", _summed_over_everything),
        Mistake("the two shares are exchanged", "Who decides the maximum where x is the larger one?", _shares_exchanged),
        Mistake("the adjoint g of the result is not used", "A pull takes an adjoint. What becomes of it?", _g_unused),
        Mistake("the shares are multiplied by the values", "max(x, y) rises as fast as the larger of the two: what is the "
                "slope?", _times_value),
    ),
)


# ---------------------------------------------------------------- Task 4: which mode is cheaper

def some_widths(rng: np.random.Generator, layers: int) -> tuple[list[int]]:
    """Return the widths n_0, …, n_L, all different and at least 2."""
    return ([int(n) for n in rng.permutation(np.arange(2, 12))[:layers + 1]],)


def _pairs(widths: Sequence[int]) -> list[int]:
    return [n * m for m, n in zip(widths, widths[1:])]


def _both_modes(widths: list[int]) -> tuple[int, int]:
    pairs = _pairs(widths)
    return widths[0] * sum(pairs[1:]), widths[-1] * sum(pairs[:-1])


def _modes_exchanged(widths: list[int]) -> tuple[int, int]:
    return _both_modes(widths)[::-1]


def _one_product_too_many(widths: list[int]) -> tuple[int, int]:
    pairs = _pairs(widths)
    return widths[0] * sum(pairs), widths[-1] * sum(pairs)


def _wrong_matrix_left_out(widths: list[int]) -> tuple[int, int]:
    pairs = _pairs(widths)
    return widths[0] * sum(pairs[:-1]), widths[-1] * sum(pairs[1:])


def _ends_exchanged(widths: list[int]) -> tuple[int, int]:
    pairs = _pairs(widths)
    return widths[-1] * sum(pairs[1:]), widths[0] * sum(pairs[:-1])


def _matrix_times_vector(widths: list[int]) -> tuple[int, int]:
    pairs = _pairs(widths)
    return sum(pairs[1:]), sum(pairs[:-1])


def _additions_too(widths: list[int]) -> tuple[int, int]:
    n = widths
    forward = sum(n[0] * n[l] * (2 * n[l - 1] - 1) for l in range(2, len(n)))
    return forward, sum(n[-1] * n[l - 1] * (2 * n[l] - 1) for l in range(1, len(n) - 1))


def _counted_twice(widths: list[int]) -> tuple[int, int]:
    forward, reverse = _both_modes(widths)
    return 2 * forward, 2 * reverse


def _size_of_result(widths: list[int]) -> tuple[int, int]:
    n = widths
    return sum(n[0] * n[l] for l in range(2, len(n))), sum(n[-1] * n[l] for l in range(len(n) - 2))


multiplications = Task(
    name="multiplications", title="Task 4a, what two modes cost",
    takes="widths", returns="forward, reverse",
    reference=_both_modes, draw=some_widths, shapes=(2, 3, 4, 6),
    mistakes=(
        Mistake("the two modes are exchanged", "Which of them starts at the input?", _modes_exchanged),
        Mistake("you count one product too many", "L matrices need L − 1 products.", _one_product_too_many),
        Mistake("the wrong matrix is left out", "Forward mode starts *with* the first Jacobian. Which products remain?",
                _wrong_matrix_left_out),
        Mistake("the numbers of inputs and outputs are exchanged", "How many columns does forward mode carry along?",
                _ends_exchanged),
        Mistake("you count the products with a single vector",
                "The whole Jacobian is wanted. How many columns, or rows, are carried along?", _matrix_times_vector),
        Mistake("both counts are twice as large as they should be", "One entry of a product of an a × b with a b × c matrix "
                "takes b multiplications. The additions are not counted.", _counted_twice),
        Mistake("you count additions as well", "Only multiplications are asked for.", _additions_too),
        Mistake("you count the entries of the results", "How many multiplications make one entry of a product?",
                _size_of_result),
    ),
)

#: In the order of the notebook.
ALL = (five_adjoints, repaired_adjoints, sigmoid_rule, maximum_rule, multiplications)
