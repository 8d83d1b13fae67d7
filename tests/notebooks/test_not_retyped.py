"""A chapter shows functions of the library, `show(f)`, and does not type them again.

Compared is arithmetic. Every right side of an assignment, every returned and every appended value is a formula, whose
names are replaced by numbers in the order in which they appear: ``v = mu * v - eta * g`` and ``w = rho * w - step *
gradient(x)`` are the same one, ``0·1 − 2·3``. Indices, `.T` or `.mT`, and keywords do not count, nor do docstrings,
checks and annotations, which are no formulas. A function of a chapter that holds at least `SHARE` of the operations of
a function of the library, and at least `LEAST` of them, is that function again.
"""

import ast
import re

import nbformat
import pytest

from tools.execute import ROOT

CHAPTERS = sorted((ROOT / "book").glob("[0-9][0-9]-*.ipynb"))
AIDS = {"plotting", "widgets", "feedback", "listing"}  # what draws, checks and shows computes no formula
SHARE, LEAST = 0.4, 4


def formula(expression):
    """Return (the shape of an expression with its names as numbers, how many operations it has)."""
    numbers, operations = {}, 0

    def leaf(text):
        return numbers.setdefault(text, len(numbers))

    def shape(node):
        nonlocal operations
        match node:
            case ast.Name() | ast.Call(func=ast.Name()):  # a gradient that is called and one that is given
                return leaf(ast.unparse(node))
            case ast.Constant():
                return repr(node.value)
            case ast.Subscript() | ast.Starred():
                return shape(node.value)
            case ast.Attribute(attr="T" | "mT"):
                operations += 1
                return "T", shape(node.value)
            case ast.Attribute():
                return leaf(ast.unparse(node))
            case ast.Call(func=ast.Attribute(value=owner, attr=name)):
                operations += 1
                owner = ast.unparse(owner) if isinstance(owner, ast.Name) and owner.id == "np" else shape(owner)
                return name, owner, *map(shape, node.args)
            case ast.BinOp():
                operations += 1
                return type(node.op).__name__, shape(node.left), shape(node.right)
        return type(node).__name__, *(shape(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))

    return shape(expression), operations


def formulas(function):
    """Return the formulas of a function, those of functions inside it left out, each with its operations."""
    found = []

    def add(value):
        match value:
            case ast.Tuple(elts=parts):
                for part in parts:
                    add(part)
            case ast.Call(func=ast.Attribute(attr="append"), args=[one]):
                add(one)
            case ast.expr():
                found.append(formula(value))

    def walk(body):
        for statement in body:
            match statement:
                case ast.FunctionDef() | ast.ClassDef():
                    continue
                case ast.AugAssign():
                    add(ast.BinOp(ast.Name("its target"), statement.op, statement.value))
                case ast.Assign() | ast.AnnAssign() | ast.Return() | ast.Expr(value=ast.Call()):
                    add(statement.value)
            for inner in ("body", "orelse", "finalbody"):
                walk(getattr(statement, inner, []))

    walk(function.body)
    return [(shape, operations) for shape, operations in found if operations]


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def library(root=ROOT / "lecture_code"):
    """Return module.function ↦ its formulas, of all functions that compute something; inner ones by their maker."""
    found = {}
    for path in sorted(root.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body if path.stem not in AIDS else ():
            for function in functions(node):
                name = f"{path.stem}.{node.name}" + (f".{function.name}" if function is not node else "")
                found[name] = formulas(function)
    return {name: own for name, own in found.items() if sum(operations for _, operations in own) >= LEAST}


LIBRARY = library()


def retyped(source):
    """Return (function of the source, function of the library, share) of what stands in the library already."""
    found = []
    for function in functions(ast.parse(re.sub(r"^\s*[%!].*$", "pass", source, flags=re.MULTILINE))):
        mine = {shape for shape, _ in formulas(function)}
        for name, own in LIBRARY.items():
            again = sum(operations for shape, operations in own if shape in mine)
            share = again / sum(operations for _, operations in own)
            if again >= LEAST and share >= SHARE:
                found.append((function.name, name, share))
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_chapter_types_a_function_of_the_library(path):
    cells = nbformat.read(path, as_version=4).cells
    found = [f"{own} is {name} again ({share:.0%})" for cell in cells if cell.cell_type == "code"
             for own, name, share in retyped(cell.source)]
    assert found == [], "take the library's: show(f)"


# ---- the rule can fail, and sees no more than it should ----

MOMENTUM = """
def descend(start, slope, rate, keep, steps):
    u, walk = np.zeros_like(start), [start]
    for k in range(steps):
        u = keep * u - rate * slope(start)
        start = start + u
        walk.append(start)
    return np.array(walk)
"""
ADAM = """
def adam(theta, gradient, eta, beta1, beta2, eps, steps):
    m, v, path = np.zeros_like(theta), np.zeros_like(theta), [theta]
    for k in range(1, steps + 1):
        g = gradient(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**k), v / (1 - beta2**k)
        theta = theta - eta * m_hat / (eps + np.sqrt(v_hat))
        path.append(theta)
    return np.array(path)
"""
BACKPROPAGATION = """
def backpropagation(W, b, x, y):
    L = len(W) - 1
    z, a = [None], [x]
    for l in range(1, L + 1):
        z.append(W[l] @ a[l - 1] + b[l])
        a.append(sigma(z[l]))
    delta, a_bar, dW, db = ([None] * (L + 1) for _ in range(4))
    a_bar[L] = a[L] - y
    for l in range(L, 0, -1):
        delta[l] = dsigma(z[l]) * a_bar[l]
        a_bar[l - 1] = W[l].T @ delta[l]
        dW[l] = delta[l] @ a[l - 1].T
        db[l] = delta[l]
    return (z, a), (delta, a_bar), (dW, db)
"""


@pytest.mark.parametrize("source, name", [
    (MOMENTUM, "optimizers.momentum.step"), (MOMENTUM, "optimizers.nesterov.step"), (ADAM, "optimizers.adam.step"),
    (BACKPROPAGATION, "network.cost_and_gradient")])
def test_a_function_that_is_typed_again_is_found(source, name):
    assert name in [found for _, found, _ in retyped(source)]


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_every_function_of_the_library_is_found_under_other_names(name):
    module, *path = name.split(".")
    node = ast.parse((ROOT / "lecture_code" / f"{module}.py").read_text(encoding="utf-8"))
    for part in path:
        node = next(inner for inner in ast.walk(node)
                    if isinstance(inner, (ast.FunctionDef, ast.ClassDef)) and inner.name == part)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id != "np":
            inner.id += "_2"
    assert (node.name, name, 1) in retyped(ast.unparse(node))


@pytest.mark.parametrize("source", [
    "def f(theta, g, eta):\n    return theta - eta * g",  # one step of anything
    "def f(x):\n    r = x @ x - 3\n    return r * r + x.sum()",
    "def path(optimizer, theta):\n    for g in slopes:\n        theta, state = optimizer.step(theta, g, state, eta)",
    "def f(t):\n    return np.stack([t[0], t[1] ** 3 - t[1]], -1)"])
def test_other_arithmetic_is_left_alone(source):
    assert retyped(source) == []


def test_names_count_where_they_repeat():
    same = formula(ast.parse("mu * v - eta * gradient(theta)", mode="eval").body)
    assert same == formula(ast.parse("a * b[l] - c * d", mode="eval").body)
    assert same != formula(ast.parse("a * b - a * d", mode="eval").body)
    assert same[1] == 3


# ---- the table of backpropagation ----

def test_the_algorithm_of_backpropagation_is_the_library_line_by_line():
    table = next(cell.source for cell in nbformat.read(ROOT / "book" / "12-backpropagation.ipynb", as_version=4).cells
                 if cell.source.startswith("## The algorithm and the code"))
    typed = re.findall(r"^\| \d+ \|.*\| `(.*)` \|$", table, flags=re.MULTILINE)
    lines = {line.split("  #")[0].strip() for line in
             (ROOT / "lecture_code" / "network.py").read_text(encoding="utf-8").splitlines()}
    assert len(typed) == 11
    assert [code for code in typed if code not in lines] == ["theta = theta - eta * gradient"]
