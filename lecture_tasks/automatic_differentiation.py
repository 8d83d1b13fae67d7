"""The tasks of the chapter on automatic differentiation. A graph is a list of nodes, operands before results."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lecture_code.feedback import task

Operands = list[list[int]]  # for each node the numbers of the nodes that it is computed from
Slopes = list[list[float]]  # for each node its slope with respect to each operand
Three = tuple[np.ndarray, np.ndarray, np.ndarray]


# ---------------------------------------------------------------- Task 1: adjoints in a drawn graph

def two_numbers(rng: np.random.Generator, size: float) -> tuple[float, float]:
    """Return a and b up to this size, of both signs, away from 0 and 1."""
    a, b = rng.uniform(0.3, 0.9, 2) * size * rng.choice([-1, 1], 2)
    return round(float(a), 2), round(float(b), 2)


@task("Task 1: read a graph", returns="l_bar, s_bar, p_bar, a_bar, b_bar", points=3, draw=two_numbers,
      shapes=(1.0, 2.0, 3.0))
def five_adjoints(a, b, *, of=lambda a, p, q, s, l: (a, a / s, a / s, l + a / s * p, a / s * q)):
    """`of` makes the adjoints of the values of all nodes."""
    p, q = np.exp(a), np.exp(b)
    return of(a, p, q, p + q, np.log(p + q))


five_adjoints.mistake("the route of a through the exponential is missing", "How many arrows leave the node a?",
    of=lambda a, p, q, s, l: (a, a / s, a / s, l, a / s * q))
five_adjoints.mistake("the direct route of a is missing", "How many arrows leave the node a?",
    of=lambda a, p, q, s, l: (a, a / s, a / s, a / s * p, a / s * q))
five_adjoints.mistake("you multiply the shares of the two routes",
    "Along one route slopes are multiplied. What does the chain rule do with several routes?",
    of=lambda a, p, q, s, l: (a, a / s, a / s, l * a / s * p, a / s * q))
five_adjoints.mistake("the slope of exp is missing", "If a rises by 0.001, by how much does eᵃ rise?",
    of=lambda a, p, q, s, l: (a, a / s, a / s, l + a / s, a / s))
five_adjoints.mistake("the slope of log is missing", "If s rises by 0.001, by how much does log s rise?",
    of=lambda a, p, q, s, l: (a, a, a, l + a * p, a * q))
five_adjoints.mistake("the slope of log is taken at the result",
    "log has the slope 1 over its argument. Which node is that?",
    of=lambda a, p, q, s, l: (a, a / l, a / l, l + a / l * p, a / l * q))
five_adjoints.mistake("you multiply by s", "If s rises by 0.001, by how much does log s rise?",
    of=lambda a, p, q, s, l: (a, a * s, a * s, l + a * s * p, a * s * q))
five_adjoints.mistake("the adjoint of l is lost on the way to s",
    "A share is the adjoint of the result times a slope. Which node is the result of s?",
    of=lambda a, p, q, s, l: (a, 1 / s, 1 / s, l + p / s, q / s))
five_adjoints.mistake("the product hands on its own adjoint", "If l rises by 0.001, by how much does a·l rise?",
    of=lambda a, p, q, s, l: (1.0, 1 / s, 1 / s, 1 + p / s, q / s))
five_adjoints.mistake("the adjoint of p already contains the slope of exp",
    "The adjoint of p asks what a rise of p itself does. Which arrows lie between p and h?",
    of=lambda a, p, q, s, l: (a, a / s, a / s * p, l + a / s * p, a / s * q))
five_adjoints.mistake("the two shares of the product are exchanged", "The slope of a·l by l is the other factor.",
    of=lambda a, p, q, s, l: (l, l / s, l / s, a + l / s * p, l / s * q))


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


def _walk(operands: Operands, slopes: Slopes, order: Callable = reversed, arrows: Callable = zip,
          adds: bool = True, times: bool = True) -> np.ndarray:
    """Return the adjoints if each node hands on once: in which order, along which arrows, whether added or put, and
    whether a share has the adjoint of the result in it."""
    bar = np.zeros(len(operands))
    bar[-1] = 1
    for j in order(range(len(operands))):
        for i, slope in arrows(operands[j], slopes[j]):
            bar[i] = adds * bar[i] + (bar[j] if times else 1) * slope
    return bar


def _by_distance(operands: Operands) -> list[int]:
    """Return the nodes as they are met from the output on, breadth first."""
    met = [len(operands) - 1]
    for j in met:
        met += [i for i in dict.fromkeys(operands[j]) if i not in met]
    return met


def _relay(operands: Operands, slopes: Slopes, all_first: bool = False, once: bool = False) -> np.ndarray:
    """Return the adjoints if a node hands on at each arrival: after all operands have received, or once only."""
    bar, seen = np.zeros(len(operands)), set()
    bar[-1] = 1

    def hand_on(j: int) -> None:
        seen.add(j)
        for i, slope in zip(operands[j], slopes[j]):
            bar[i] += bar[j] * slope
            if not all_first and not (once and i in seen):
                hand_on(i)
        if all_first:
            for i in operands[j]:
                hand_on(i)

    hand_on(len(operands) - 1)
    return bar


@task("Task 2: find the bug", returns="bar", points=3, draw=graph_or_chain,
      shapes=((2, 2), (2, 3), (3, 5), (3, 7), (1, 27)))
def repaired_adjoints(operands, slopes):
    return _walk(operands, slopes)


repaired_adjoints.mistake("this is still what the given function does",
    "Follow it on two doublings: how often does the middle node hand on, and what?", _relay)
repaired_adjoints.mistake("a node hands on everything again when a later share arrives",
    "Sending both shares before going on is not enough: what has the operand received when it is called the second "
    "time?", lambda operands, slopes: _relay(operands, slopes, all_first=True))
repaired_adjoints.mistake("a node hands on before it is complete",
    "Visiting a node once is right, but when? All nodes that use it have to come first.",
    lambda operands, slopes: _relay(operands, slopes, once=True))
repaired_adjoints.mistake("nodes hand on by their distance from the output, some before they are complete",
    "A node can be near the output by one route and far by another. Which order of the nodes is safe?",
    lambda operands, slopes: _walk(operands, slopes, order=lambda nodes: _by_distance(operands)))
repaired_adjoints.mistake("a later share overwrites an earlier one", "`=` or `+=`?",
    lambda operands, slopes: _walk(operands, slopes, adds=False))
repaired_adjoints.mistake("you walk from the front",
    "Which adjoint is known at the start, and which node comes next to it?",
    lambda operands, slopes: _walk(operands, slopes, order=iter))
repaired_adjoints.mistake("the output hands on nothing", "With which node does your loop begin, and which adjoint is in a share?",
    lambda operands, slopes: _walk(operands, slopes, order=lambda nodes: reversed(nodes[:-1])))
repaired_adjoints.mistake("every adjoint ends at 0",
    "Does the output start with an adjoint of 1? Do you clear bar[j] after handing on?",
    lambda operands, slopes: np.zeros(len(operands)))
repaired_adjoints.mistake("only the leaves keep their adjoints",
    "Do you clear bar[j] after handing on? The adjoints of all nodes are wanted.",
    lambda operands, slopes: np.where([bool(each) for each in operands], 0, _walk(operands, slopes)))
repaired_adjoints.mistake("a node that uses an operand twice sends one share only",
    "In x + x the operand occurs twice. What does a dictionary do with a key that comes twice?",
    lambda operands, slopes: _walk(operands, slopes, arrows=lambda i, slope: dict(zip(i, slope)).items()))
repaired_adjoints.mistake("the slopes are not used", "A share is the adjoint of the result times something.",
    slopes=lambda slopes: [[1.0] * len(each) for each in slopes])
repaired_adjoints.mistake("your shares are the slopes alone", "A share is the slope times something.",
    lambda operands, slopes: _walk(operands, slopes, times=False))


@repaired_adjoints.mistake("these are the tangents of forward mode",
    "You push the derivative with respect to node 0 to the right. Wanted is that of the last node with respect to "
    "every node.")
def _(operands, slopes):
    t = np.zeros(len(operands))
    t[0] = 1
    for j, each in enumerate(operands):
        for i, slope in zip(each, slopes[j]):
            t[j] += t[i] * slope
    return t


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


@task("Task 3a: two operations for the engine", returns="f, x_bar", points=3, draw=one_operand,
      shapes=((2, 2, 1.0), (3, 2, 4.0), (2, 3, 1000.0)), rtol=1e-10)
def sigmoid_rule(x, g, *, share=lambda x, g, f: g * f * (1 - f)):
    return (_sigmoid(x), share(x, g, _sigmoid(x)))


sigmoid_rule.mistake("the adjoint g of the result is not used", "A pull takes an adjoint. What becomes of it?",
    share=lambda x, g, f: f * (1 - f))
sigmoid_rule.mistake("the slope is taken at the result",
    "σ′ at x is wanted. The formula f(1 − f) has it already; do not apply σ once more.",
    share=lambda x, g, f: g * _sigmoid(f) * (1 - _sigmoid(f)))
sigmoid_rule.mistake("the slope is x(1 − x)", "In a(1 − a), what is a?", share=lambda x, g, f: g * x * (1 - x))
sigmoid_rule.mistake("you use the slope of tanh", "1 − f² belongs to another function.",
    share=lambda x, g, f: g * (1 - f * f))
sigmoid_rule.mistake("the slope is missing", "An operand's share is the adjoint times something.",
    share=lambda x, g, f: g.copy())
sigmoid_rule.mistake("the result stands where the adjoint should",
    "Which of the three factors of your share is not the slope?", share=lambda x, g, f: f * f * (1 - f))
sigmoid_rule.mistake("the sign of the share is wrong", "The sigmoid rises everywhere.",
    share=lambda x, g, f: -g * f * (1 - f))
sigmoid_rule.mistake("your f is the sigmoid of |x|",
    "σ(−2) is less than ½. Which of the two forms belongs to which sign?",
    lambda x, g: (_sigmoid(np.abs(x)), g * _sigmoid(x) * (1 - _sigmoid(x))))


@sigmoid_rule.mistake("large x overflow", "What is `np.exp(1000)`? Use the exponential of −|x|.")
@np.errstate(over="ignore", invalid="ignore")
def _(x, g):
    f = np.exp(x) / (1 + np.exp(x))
    return f, g * f * (1 - f)


def column_and_matrix(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x (n, M), y (n, 1) and g (n, M); in every row x is larger, smaller, and equal once, and elsewhere it may
    be nearly equal."""
    n, m = shape
    y = rng.integers(-3, 4, (n, 1)) / 2
    x = y + rng.choice([-1.5, -0.02, 0.02, 1.0], (n, m))
    for row in range(n):
        smaller, larger, equal = rng.permutation(m)[:3]
        x[row, smaller], x[row, larger], x[row, equal] = y[row, 0] - 1, y[row, 0] + 1.5, y[row, 0]
    return x, y, rng.standard_normal((n, m)).round(2)


def _shares(x: np.ndarray, y: np.ndarray, g: np.ndarray, to_x: np.ndarray) -> Three:
    return np.maximum(x, y), g * to_x, (g * (1 - to_x)).sum(axis=1, keepdims=True)


@task("Task 3b: two operations for the engine", returns="f, x_bar, y_bar", points=3, draw=column_and_matrix,
      shapes=((2, 3), (3, 4), (2, 5)))
def maximum_rule(x, y, g):
    return _shares(x, y, g, x >= y)


maximum_rule.mistake("where x and y are equal, y gets the share", "The task gives all of it to x.",
    lambda x, y, g: _shares(x, y, g, x > y))
maximum_rule.mistake("where x and y are equal, both get the whole share", "The shares of a tie have to add up to g.",
    lambda x, y, g: (np.maximum(x, y), g * (x >= y), (g * (y >= x)).sum(axis=1, keepdims=True)))
maximum_rule.mistake("where x and y are equal, nobody gets a share", "The shares of a tie have to add up to g.",
    lambda x, y, g: (np.maximum(x, y), g * (x > y), (g * (y > x)).sum(axis=1, keepdims=True)))
maximum_rule.mistake("where x and y are equal, each gets one half", "The task gives all of it to x.",
    lambda x, y, g: _shares(x, y, g, ((x > y) * 1 + (x >= y)) / 2))
maximum_rule.mistake("x gets everything everywhere", "What decides the maximum where y is the larger one?",
    lambda x, y, g: (np.maximum(x, y), g.copy(), np.zeros(y.shape)))
maximum_rule.mistake("y gets everything everywhere", "What decides the maximum where x is the larger one?",
    lambda x, y, g: (np.maximum(x, y), np.zeros(x.shape), g.sum(axis=1, keepdims=True)))
maximum_rule.mistake("y gets shares where x decides, too", "What decides the maximum where x is the larger one?",
    lambda x, y, g: (np.maximum(x, y), g * (x >= y), g.sum(axis=1, keepdims=True)))
maximum_rule.mistake("x gets shares where y decides, too", "What decides the maximum where y is the larger one?",
    lambda x, y, g: (np.maximum(x, y), g.copy(), (g * (x < y)).sum(axis=1, keepdims=True)))
maximum_rule.mistake("the share of y is not summed over its copies",
    "y is a column. Each of its entries was used once for every sample.",
    lambda x, y, g: (np.maximum(x, y), g * (x >= y), g * (x < y)))
maximum_rule.mistake("the share of y has lost an axis", "The adjoint of a column is a column; see `keepdims`.",
    lambda x, y, g: (np.maximum(x, y), g * (x >= y), (g * (x < y)).sum(axis=1)))
maximum_rule.mistake("you take the mean over the copies", "Shares of several users add up.",
    lambda x, y, g: (np.maximum(x, y), g * (x >= y), (g * (x < y)).mean(axis=1, keepdims=True)))
maximum_rule.mistake("you sum over the rows as well", "Only the axis that was repeated is summed.",
    lambda x, y, g: (np.maximum(x, y), g * (x >= y), np.full(y.shape, (g * (x < y)).sum())))
maximum_rule.mistake("the two shares are exchanged", "Who decides the maximum where x is the larger one?",
    lambda x, y, g: (np.maximum(x, y), g * (x < y), (g * (x >= y)).sum(axis=1, keepdims=True)))
maximum_rule.mistake("the adjoint g of the result is not used", "A pull takes an adjoint. What becomes of it?",
    g=np.ones_like)
maximum_rule.mistake("the shares are multiplied by the values",
    "max(x, y) rises as fast as the larger of the two: what is the slope?",
    lambda x, y, g: (np.maximum(x, y), g * x * (x >= y), (g * y * (x < y)).sum(axis=1, keepdims=True)))


# ---------------------------------------------------------------- Task 4: which mode is cheaper

@task("Task 4a: which mode is cheaper?", returns="forward, reverse", points=2,
      draw=lambda rng, layers: ([int(n) for n in rng.permutation(np.arange(2, 12))[:layers + 1]],),
      shapes=(2, 3, 4, 6))
def multiplications(widths, *, of=lambda n_0, n_L, pairs: (n_0 * sum(pairs[1:]), n_L * sum(pairs[:-1]))):
    """`of` makes the counts of the first width, the last, and the sizes of the Jacobians."""
    return of(widths[0], widths[-1], [n * m for m, n in zip(widths, widths[1:])])


multiplications.mistake("the two modes are exchanged", "Which of them starts at the input?",
    result=lambda both: both[::-1])
multiplications.mistake("you count one product too many", "L matrices need L − 1 products.",
    of=lambda n_0, n_L, pairs: (n_0 * sum(pairs), n_L * sum(pairs)))
multiplications.mistake("the wrong matrix is left out",
    "Forward mode starts with the first Jacobian itself. Which products remain?",
    of=lambda n_0, n_L, pairs: (n_0 * sum(pairs[:-1]), n_L * sum(pairs[1:])))
multiplications.mistake("the numbers of inputs and outputs are exchanged",
    "How many columns does forward mode carry along?",
    of=lambda n_0, n_L, pairs: (n_L * sum(pairs[1:]), n_0 * sum(pairs[:-1])))
multiplications.mistake("you count the products with a single vector",
    "The whole Jacobian is wanted. How many columns, or rows, are carried along?",
    of=lambda n_0, n_L, pairs: (sum(pairs[1:]), sum(pairs[:-1])))
multiplications.mistake("both counts are twice as large as they should be",
    "One entry of a product of an a × b with a b × c matrix takes b multiplications. The additions are not counted.",
    result=lambda both: (2 * both[0], 2 * both[1]))


@multiplications.mistake("you count additions as well", "Only multiplications are asked for.")
def _(n):
    forward = sum(n[0] * n[l] * (2 * n[l - 1] - 1) for l in range(2, len(n)))
    return forward, sum(n[-1] * n[l - 1] * (2 * n[l] - 1) for l in range(1, len(n) - 1))


multiplications.mistake("you count the entries of the results", "How many multiplications make one entry of a product?",
    lambda n: (sum(n[0] * n[l] for l in range(2, len(n))), sum(n[-1] * n[l] for l in range(len(n) - 2))))


#: In the order of the notebook.
ALL = (five_adjoints, repaired_adjoints, sigmoid_rule, maximum_rule, multiplications)
#: What a person marks, with its points.
WRITTEN = {
    "Task 2: find the bug": 2, "Task 4b: which mode is cheaper?": 3, "Task 4c: which mode is cheaper?": 3,
    "Task 5: every node once, and complete": 4}
