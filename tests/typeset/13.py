"""Automatic differentiation: what the symbols of its formulas stand for. Nothing here repeats a formula."""

import numpy as np

from lecture_code import autodiff
from lecture_code.autodiff import adjoints, gradients, graph_size, topological, variable
from lecture_code.listing import show
from lecture_code.losses import softmax_cross_entropy
from lecture_code.numerics import one_hot, softmax
from typeset import Chapter, Given

chapter = Chapter()
rng = np.random.default_rng(133)


def graph(x, y, z):
    """Return the nodes x, y, z, u, f of f = (x + y) z."""
    leaves = [variable(v) for v in (x, y, z)]
    u = leaves[0] + leaves[1]
    return [*leaves, u, u * leaves[2]]


# ---- two sweeps -------------------------------------------------------------------------------------------------
nodes = graph(2.4, 3.1, -2.7)
values, bars = [float(v.value) for v in nodes], [float(adjoints(nodes[-1])[v]) for v in nodes]
named = dict(zip("xyzuf", values))
chapter.bind("eq-graph-example", named)
product = {"v": values[3], "f": lambda v: values[2] * v}
chapter.bind("eq-adjoint", {**product, r"\bar v": bars[3]}, {"v": values[2], "f": lambda v: values[3] * v, r"\bar v": bars[2]})
points = [graph(*p) for p in ((2.4, 3.1, -2.7), (-1.3, 0.7, 5.0))]


def step_back(nodes):
    x, y, z, u, f = nodes
    bar = adjoints(f)
    return {"x": float(x.value), "z": float(z.value), r"\bar x": float(bar[x]), r"\bar z": float(bar[z]),
            r"\bar u": float(bar[u]), r"\bar f": float(bar[f]), "u": Given(lambda v: v["x"] + float(y.value)),
            "f": Given(lambda v: v["u"] * v["z"])}


stepped = {**step_back(graph(2, 3, -2)), "y": 3.0}
chapter.bind("eq-adjoint-step", stepped, alike=("x", "z", r"\bar x", r"\bar z", r"\bar u", r"\bar f"))
chapter.bind("eq-two-routes", {"x": 2.0, "u": 5.0, "g": Given(lambda v: (v["x"] + 3) * v["x"])}, alike=("x", "u"))

# ---- adjoints and tangents of a graph of seven nodes ----------------------------------------------------------------
def seven(v1, v2):
    """Return all nodes, operands first, of an expression in which several values are used twice."""
    v3 = v1 * v2
    v4 = v3 + v1 * 0.3
    v5 = v4.tanh()
    return v3, v4, v5, v5 * v3


leaves = [variable(1.7), variable(-0.6)]
first, second, third, last = seven(*leaves)
all_nodes = [*leaves, first, last.operands[0].operands[0].operands[1], second, third, last]
m = len(all_nodes)
slopes = np.zeros((m, m))
for j, node in enumerate(all_nodes):  # a node's pull of 1 is its slope, by each operand
    for operand, pull in zip(node.operands, node.pulls):
        if operand in all_nodes:
            slopes[j, all_nodes.index(operand)] += pull(np.array(1.0))
bar = adjoints(last)
chapter.bind("eq-adjoint-sum", {r"\bar v": {i: float(bar[v]) for i, v in enumerate(all_nodes, 1)}, "m": m, "s": slopes,
                                "i": range(1, m)}, first=1, alike=("s", r"\bar v"))
direction = [0.4, -1.1]


def moved(h):
    """Return the values of all seven nodes at a point moved by h."""
    a, b = 1.7 + direction[0] * h, -0.6 + direction[1] * h
    third_ = np.tanh(a * b + 0.3 * a)
    return np.array([a, b, a * b, 0.3 * a, a * b + 0.3 * a, third_, third_ * (a * b)])


tangents = moved(1e-30j).imag / 1e-30
chapter.bind("eq-tangent", {"t": dict(enumerate(tangents, 1)), "s": slopes, "j": range(3, m + 1)}, first=1, alike=("s", "t"))


# ---- routes --------------------------------------------------------------------------------------------------------
def visits(k):
    x = variable(1.3)
    for _ in range(k):
        x = x + x
    return graph_size(x).visits


chapter.bind("eq-visits", *({"visits": visits(k), "k": k} for k in (3, 7)))

# ---- pulls on arrays -----------------------------------------------------------------------------------------------
V, seed = rng.standard_normal((3, 5)), rng.standard_normal((3, 5))
node = variable(V)
chapter.bind("eq-pull-entrywise", {"v": V, r"\varphi": np.tanh, r"\varphi'": lambda v: 1 / np.cosh(v) ** 2, r"\bar w": seed,
                                   r"\bar v": gradients(node.tanh(), [node], seed=seed)[0]})
W, A = rng.standard_normal((3, 4)), rng.standard_normal((4, 5))
w_node, a_node = variable(W), variable(A)
W_bar, A_bar = gradients(w_node @ a_node, [w_node, a_node], seed=seed)
chapter.bind("eq-pull-product", {"W": W, "A": A, r"\bar Z": seed, r"\bar W": W_bar, r"\bar A": A_bar})
b_node = variable(rng.standard_normal((3, 1)))
chapter.bind("eq-pull-broadcast", {r"\bar Z": seed, r"\mathbf 1": np.ones((5, 1)),
                                   r"\bar b": gradients(b_node + V, [b_node], seed=seed)[0]}, alike=r"\mathbf 1")
v_node = variable(rng.standard_normal(4))
s_node = v_node.sum()
s_bar = float(adjoints(s_node * 0.7)[s_node])
v_bar = gradients(s_node * 0.7, [v_node])[0]
chapter.bind("eq-pull-sum", {r"\bar v": dict(enumerate(v_bar.tolist(), 1)), r"\bar r": s_bar, "i": range(1, 5)}, alike=(r"\bar v", r"\bar r"))

# ---- the softmax head ----------------------------------------------------------------------------------------------
scores, label = rng.standard_normal((5, 1)), 2
loss = softmax_cross_entropy(scores, np.eye(5)[:, [label]]).item()
chapter.bind("eq-graph-cross-entropy", {"C_i": loss, "z": scores, "y": label, "K": 5})
z_node = variable(scores)
z_bar = gradients(z_node.exp().sum().log() - z_node[label, 0], [z_node])[0]
chapter.bind("eq-graph-softmax", {r"\bar z": z_bar, "z": scores, "p": softmax_cross_entropy.prediction(scores), "y": label,
                                  "e": lambda y: one_hot(np.reshape(y, 1), 5).T, r"\operatorname{softmax}": softmax})

# ---- two modes -----------------------------------------------------------------------------------------------------
widths = (4, 6, 5, 3)
matrices = [rng.standard_normal((n, k)) for k, n in zip(widths, widths[1:])]
point = rng.standard_normal((4, 1))


def through(v, layers):
    for matrix in layers:
        v = np.tanh(matrix @ v)
    return v


def jacobian(v, layers):
    return np.hstack([through(v + 1e-30j * e[:, None], layers).imag / 1e-30 for e in np.eye(len(v))])


each = {l: jacobian(through(point, matrices[:l - 1]), matrices[l - 1:l]) for l in (1, 2, 3)}
chapter.bind("eq-jacobian-chain", {"J": {"": jacobian(point, matrices), **each}, "L": 3}, alike="L")


def multiplications(products):
    """Return the number of multiplications of a chain of matrix products, done from the left; and the result's shape."""
    total, shape = 0, products[0]
    for right in products[1:]:
        total += sum(1 for _ in range(shape[0]) for _ in range(shape[1]) for _ in range(right[1]))
        shape = (shape[0], right[1])
    return total


sizes = (4, 6, 5, 7, 3)
shapes = [(n, k) for k, n in zip(sizes, sizes[1:])]
chapter.bind("eq-mode-cost", {"n": dict(enumerate(sizes)), "L": 4, "reverse": multiplications(shapes[::-1]),
                              "forward": multiplications([shape[::-1] for shape in shapes])}, alike=("n", "L"))


# ---- a loop, the record, checkpoints -------------------------------------------------------------------------------
def loop(k):
    def f(x):
        for _ in range(k):
            x = x * x
        return x
    return f


def slope(k, x):
    leaf = variable(x)
    return float(gradients(loop(k)(leaf), [leaf])[0])


chapter.bind("eq-loop-derivative", *({"f": loop(k), "f'": lambda x, k=k: slope(k, x), "x": x, "k": k} for k, x in ((3, 1.8), (4, -1.5))))


def record(n, M, k):
    v = variable(np.full((n, M), 0.3))
    for _ in range(k):
        v = (v * 0.9).tanh()
    return sum(np.asarray(node.value).nbytes for node in topological(v))


chapter.bind("eq-tape-memory", {"bytes": record(3, 5, 7), "n": 3, "M": 5, "k": 7})
chapter.bind("eq-checkpoints", *({"states": len(range(0, K, r)) + r, "K": K, "r": r} for K, r in ((144, 12), (144, 9), (400, 20), (60, 30))))

# ---- numbers of the text -------------------------------------------------------------------------------------------
chapter.computed("710", np.log(np.finfo(np.float64).max))
parts = "Node variable gradients topological _backward _node _read_only _record _seed _summed_to"
engine = [getattr(autodiff, name) for name in parts.split()]
chapter.computed("118", sum(bool(line.strip()) for line in show(*engine).text.splitlines()))
chapter.given("the length of a chain that a check cell builds", "5000")
chapter.given("the recursion limit of CPython, as its manual says", "1000")
