"""The evaluator of displayed LaTeX: right formulas hold, wrong ones do not, and a fault shows its place."""

import numpy as np
import pytest
from tools.typeset import Given, Interval, case, check
from tools.typeset.tokens import name_of

rng = np.random.default_rng(0)
x, y = rng.standard_normal((2, 3, 1))
W = rng.standard_normal((4, 3))
B = rng.standard_normal((3, 5))
H = B @ B.T
p = rng.dirichlet(np.ones(4)).reshape(-1, 1)


def quadratic(t):
    return (t.T @ H @ t)[0, 0] / 2


# (right, wrong, values, options)
PAIRS = [
    (r"z = W x", r"z = W^{\mathsf T} x", {"W": W, "x": x, "z": W @ x}, {}),
    (r"z = W x \in \mathbb R^{n}", r"z = W x \in \mathbb R^{d}", {"W": W, "x": x, "z": W @ x, "n": 4, "d": 3}, {}),
    (r"s = x^{\mathsf T} y", r"s = x\,y^{\mathsf T}", {"x": x, "y": y, "s": (x * y).sum()}, {}),
    (r"s = \sum_{j=0}^{d-1} x_j y_j", r"s = \sum_{j=0}^{d-2} x_j y_j", {"x": x, "y": y, "d": 3, "s": (x * y).sum()}, {}),
    (r"s = \sum_{j} x_j y_j", r"s = \sum_{j} x_j y_{j-1}", {"x": x, "y": y, "j": range(3), "s": (x * y).sum()}, {}),
    (r"s = \prod_{k=1}^{n} a_k", r"s = \sum_{k=1}^{n} a_k", {"a": {1: 1.5, 2: 2.5, 3: 0.4}, "n": 3, "s": 1.5}, {}),
    (r"s = \tfrac12\,\|x\|^2", r"s = \tfrac13\,\|x\|^2", {"x": x, "s": (x**2).sum() / 2}, {}),
    (r"s = \|W\|_F^2", r"s = \|W\|_F", {"W": W, "s": (W**2).sum()}, {}),
    (r"z = x \odot y", r"z = x \odot x", {"x": x, "y": y, "z": x * y}, {}),
    (r"\delta = \sigma'(x) \odot B\,u", r"\delta = \sigma(x) \odot B\,u",
     {"x": x, "B": B, "u": B.T @ y, r"\sigma": np.tanh, r"\delta": (1 - np.tanh(x)**2) * (B @ B.T @ y)}, {}),
    (r"z = \begin{cases} a & \text{if } a > 2, \\ -a & \text{otherwise.} \end{cases}", r"z = \begin{cases} -a & \text{if } a > 2, \\ a & \text{otherwise.} \end{cases}",
     {"a": 2.5, "z": 2.5}, {"alike": ("a", "z")}),
    (r"\nabla C(\theta) = H\theta", r"\nabla C(\theta) = -H\theta", {"C": quadratic, "H": H, r"\theta": x}, {}),
    (r"\nabla^2 C(\theta) = H", r"\nabla^2 C(\theta) = 2H", {"C": quadratic, "H": H, r"\theta": x}, {"rtol": 1e-8}),
    (r"\frac{\mathrm d}{\mathrm dz} a^2 = 2 a a'(z)", r"\frac{\mathrm d}{\mathrm dz} a^2 = a a'(z)",
     {"z": 0.7, "a": Given(lambda v: np.tanh(v["z"])), "a'": lambda z: 1 - np.tanh(z)**2}, {}),
    (r"\frac{\partial s}{\partial x_j} = y_j", r"\frac{\partial s}{\partial x_j} = x_j",
     {"x": x, "y": y, "j": range(3), "s": Given(lambda v: (v["x"] * y).sum())}, {}),
    (r"a^{[\ell]} = 2\,a^{[\ell-1]}", r"a^{[\ell]} = 2\,a^{[\ell+1]}", {"a": {0: 0.3, 3: 1.7, 4: 3.4, 5: 6.8}, r"\ell": range(4, 6)}, {}),
    (r"\theta \leftarrow \theta - \eta\,g", r"\theta \leftarrow \theta + \eta\,g",
     {r"\theta": x, "g": y, r"\eta": 0.3, r"\theta \leftarrow": x - 0.3 * y}, {}),
    (r"v \leftarrow 2 v,\qquad \theta \leftarrow \theta + v", r"v \leftarrow 2 v,\qquad \theta \leftarrow \theta - v",
     {"v": x, r"\theta": y, r"v \leftarrow": 2 * x, r"\theta \leftarrow": y + 2 * x}, {}),
    (r"\mathbb E\,X^2 = \tfrac52", r"\mathbb E\,X = \tfrac52", {}, {"outcomes": [(0.5, {"X": 1}), (0.5, {"X": 2})]}),
    (r"\operatorname{Var} X = \tfrac14", r"\operatorname{Var} X = \tfrac12", {}, {"outcomes": [(0.5, {"X": 1}), (0.5, {"X": 2})]}),
    (r"\mathbb P[X \ge a] = \tfrac12", r"\mathbb P[X \ge b] = \tfrac12", {"a": 1.5, "b": 0.5}, {"outcomes": [(0.5, {"X": 1}), (0.5, {"X": 2})]}),
    (r"\mathbb E\,\#\{k < K : X_k > 1\} = 2.5", r"\mathbb E\,\#\{k < K : X_k > 2\} = 2.5", {"K": 3, "k": range(4)},
     {"outcomes": [(0.5, {"X": [1, 3, 5, 7]}), (0.5, {"X": [2, 3, 5, 7]})]}),
    (r"\min_t (t - a)^2 + b = b", r"\max_t (t - a)^2 + b = b", {"t": Interval(-2, 3), "a": 0.7, "b": 3.0}, {"rtol": 1e-7}),
    (r"\arg\min_t (t - a)^2 = a", r"\arg\min_t (t + a)^2 = a", {"t": Interval(-2, 3), "a": 0.7}, {}),
    (r"\lim_{T \to \infty} e^{a/T} = 1", r"\lim_{T \to \infty} e^{a} = 1", {"T": 1e6, "a": 0.7}, {"approx": 1e-5}),
    (r"\log 2 \approx 0.693", r"\log 2 \approx 0.694", {}, {}),
    (r"\log 2 = 0.6931\ldots", r"\log 2 = 0.6941\ldots", {}, {}),
    (r"\operatorname{vec}\begin{pmatrix} a & b \\ c & d \end{pmatrix} = (a, c, b, d)", r"\operatorname{vec}\begin{pmatrix} a & b \\ c & d \end{pmatrix} = (a, b, c, d)",
     {"a": 0.2, "b": 0.3, "c": 0.4, "d": 0.5}, {}),
    (r"n!\,b = 3 c", r"n\,b = 3 c", {"n": 4, "b": 0.5, "c": 4.0}, {"alike": "c"}),
    (r"b = \binom{n}{k}", r"b = \binom{k}{n}", {"n": 5, "k": 3, "b": 10.0}, {}),
    (r"b = \bigl\lfloor \frac{n}{k} \bigr\rfloor a", r"b = \bigl\lceil \frac{n}{k} \bigr\rceil a", {"n": 17, "k": 5, "a": 0.5, "b": 1.5}, {}),
    (r"b = a_{\lfloor n/k \rfloor}", r"b = a_{\lceil n/k \rceil}", {"n": 7, "k": 3, "a": np.array([0.3, 0.4, 0.5, 0.6]), "b": 0.5}, {"alike": "b"}),
    (r"a^2 \ge 0 \quad\text{for all } a", r"a \ge 0 \quad\text{for all } a", {"a": 1e-3}, {}),
]


@pytest.mark.parametrize(("right", "wrong", "values", "options"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_right_holds_and_wrong_does_not(right, wrong, values, options):
    cases = [values, {**values, "a": -1e-3}] if "for all" in right else [values]
    assert check(right, cases, **options) == ""
    assert check(wrong, cases, **options)


FAULTS = [
    ("a +", {"a": 2.5}, "ends too early"),
    ("a + b", {"a": 2.5, "b": 3.5}, "a relation is missing"),
    ("a = a", {"a": 2.5}, "both sides are the same"),
    ("", {}, "nothing was tested"),
    (r"b = 2\,c", {"b": 3.0}, "nothing is bound to c"),
    (r"b = x_5", {"b": 3.0, "x": x}, "outside of an array"),
    (r"b = \sum_{j=0}^{2} b", {"b": 3.0}, "is not in what follows"),
    (r"z = W x", {"W": W, "x": x, "z": x}, "do not fit"),
    (r"b = c", {"b": 0.0, "c": 0.0}, "would hide errors"),
    (r"b = c", {"b": 2.5, "c": 2.5}, "same value"),
    (r"b = 2 c", {"b": 4.0, "c": 2.0}, "the formula has this number"),
    (r"x = y", {"x": x, "y": x.copy()}, "same values"),
    (r"z = A x", {"A": rng.standard_normal((3, 3)), "x": x, "z": x}, "do not fit|false"),
    (r"b \le c", {"b": 2.5, "c": 3.5}, "comes within 0.2857 of equality"),
    (r"b = 3 \quad\text{if } c > 2", {"b": 3.5, "c": 2.5}, "is false"),
    (r"b \text{ is odd}", {"b": 3.5}, "are not bound"),
    (r"b = \begin{cases} b & b > 2, \\ b & b > 1 \end{cases}", {"b": 3.5}, "2 cases apply"),
    (r"\mathbb E\,X = b", {"b": 3.5}, "do not add up"),
]


@pytest.mark.parametrize(("latex", "values", "message"), FAULTS, ids=[each[0] for each in FAULTS])
def test_faults(latex, values, message):
    assert any(part in check(latex, [values]) for part in message.split("|"))


def test_square_matrices_are_refused():
    A = rng.standard_normal((3, 3))
    assert "square" in check("z = A x", [{"A": A, "x": x, "z": A @ x}])
    assert check("z = A x", [{"A": A, "x": x, "z": A @ x}], alike="A") == ""


def test_a_fault_points_at_its_token():
    message, line, caret = check(r"z = y + W^{\mathsf T} x", [{"W": W, "x": x, "y": y, "z": x}]).split("\n")
    assert line[caret.index("^"):].startswith("x"), (line, caret)
    message, line, caret = check(r"z = (y + x", [{"x": x, "y": y, "z": x + y}]).split("\n")
    assert caret.index("^") == line.index("x")


def test_bounds_say_how_near_they_come():
    values = {"b": 2.5, "c": 3.5}
    assert check(r"b \le c", [values], gap=0.3) == ""
    assert check(r"b \le c", [values], gap=(0.28, 0.29)) == ""
    assert "comes within" in check(r"b \le c", [values], gap=(0.1, 0.2))
    assert check(r"b \le c", [values, {"b": 3.4999, "c": 3.5}]) == ""
    assert check(r"b \le c \le d", [{**values, "d": 7.0}], gap=[0.3, 0.5]) == ""
    assert "for 2 inequalities" in check(r"b \le c \le d", [{**values, "d": 7.0}], gap=[0.3])


def test_conditions_are_tested_both_ways():
    latex = r"|a| = a \qquad\text{whenever } a > 0"
    assert check(latex, [{"a": 2.5}, {"a": -2.5}]) == ""
    assert "never false" in check(latex, [{"a": 2.5}])
    assert "where its condition does not" in check(r"a^2 > 0 \qquad\text{whenever } a > 0", [{"a": 2.5}, {"a": -2.5}])
    assert check(r"a^2 > 0 \qquad\text{whenever } a > 0", [{"a": 2.5}, {"a": -2.5}], one_way=True) == ""
    assert check(r"a > 2 \quad\Longrightarrow\quad b = 3", [{"a": 2.5, "b": 3.0}, {"a": 1.5, "b": 3.5}], alike="b") == ""


def test_equality_if_and_only_if():
    latex = r"a \le a^2,\qquad\text{with equality if and only if } a = 1"
    assert check(latex, [{"a": 1.0}, {"a": 1.7}], alike="a") == ""
    assert "equality is not where" in check(latex.replace("a = 1", "a = 2"), [{"a": 1.0}, {"a": 1.7}], alike="a")


def test_for_all_lists_what_runs():
    values = {"x": x, "z": 2 * x, "i": range(3), "c": 0.4}
    assert check(r"z_i = 2 x_i \quad\text{for all } i", [values]) == ""
    assert "the same in all cases" in check(r"z_i = 2 x_i \quad\text{for all } z", [values])
    assert "and i runs" in check(r"z_i = 2 x_i \quad\text{for all } z", [values, {**values, "x": y, "z": 2 * y}])
    assert check(r"z_i = 2 x_i, \qquad i = 0, \dots, 2", [values]) == ""
    assert check(r"z_i = 2 x_i, \qquad i = 0, \dots, 3", [values])


def test_words_are_predicates():
    words = {"_ is even": lambda n: n % 2 == 0, "n": 4}
    assert check(r"n \text{ is even}", [words]) == ""
    assert "not true" in check(r"n \text{ is even}", [{**words, "n": 5}])


def test_options_of_one_case():
    cases = [case({"T": 1e6, "a": 0.7}, approx=1e-5), case({"T": 20, "a": 0.7}, approx=0.05)]
    assert check(r"\lim_{T \to \infty} e^{a/T} = 1", cases) == ""
    assert check(r"\lim_{T \to \infty} e^{a/T} = 1", [cases[0], case({"T": 20, "a": 0.7}, approx=1e-5)])


@pytest.mark.parametrize(("spelling", "name"), [
    (r"\bar{a}", r"\bar a"), (r"\bar \theta", r"\bar\theta"), (r"C^{*}", "C^*"), (r"\text{eps}", "eps"), (r"C_{\text{last}}", "C_last"),
    (r"\mathbf{1}", r"\mathbf 1"), (r"\theta \leftarrow", r"\theta\leftarrow"), ("_ is not _", "_ is not _")])
def test_names_have_one_spelling(spelling, name):
    assert name_of(spelling) == name
