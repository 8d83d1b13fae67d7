"""Functions as a chapter shows them: short, and still the functions that run."""

import ast
import copy
import inspect
import textwrap

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from lecture_code import initialisation, listing, network, optimizers
from lecture_code.activations import relu, sigmoid, tanh
from lecture_code.listing import show
from lecture_code.losses import half_squared
from lecture_code.network import Network
from lecture_code.validation import require, require_positive

MAKERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "nadam")


def run_text(text, module):
    """Return what a listing defines, run among the names of a module."""
    names = dict(vars(module))
    exec(text, names)  # noqa: S102
    return names


def guarded(
    a: int, /, rate: float = 1e-3, *rest: float, key: dict[str, int] | None = None, **more: int
) -> float:  # a comment at the colon
    """Say nothing."""
    require_positive("rate", rate)

    if not a > 0:
        require(False, "a", "a positive number", a)
    if rate > 1:
        raise ValueError("rate: expected 1 at most")
    for value in rest:
        require_positive("rest", value)
    b: int = a  # a comment beside a line

    # a comment above the loop
    while b < 5:
        b += 1
        require(b < 9, "b", "less", b)  # in the loop: part of the algorithm
    if b > 7:
        raise ValueError("b: expected less")
    return b * rate


def test_what_is_left_out_and_what_stays():
    assert repr(show(guarded)) == textwrap.dedent('''\
        def guarded(a, /, rate=1e-3, *rest, key=None, **more):  # a comment at the colon
            b: int = a  # a comment beside a line

            # a comment above the loop
            while b < 5:
                b += 1
                require(b < 9, "b", "less", b)  # in the loop: part of the algorithm
            if b > 7:
                raise ValueError("b: expected less")
            return b * rate''')


def require_nothing(function):
    return function


@require_nothing
@np.errstate(all="ignore")
def decorated(x: float) -> float:
    if (half := x / 2) < 0:
        raise ValueError("x: expected more")
    return half


def test_a_decorator_that_checks_goes_and_a_name_that_is_needed_stays():
    assert repr(show(decorated)).splitlines()[:3] == [
        '@np.errstate(all="ignore")', "def decorated(x):", "    if (half := x / 2) < 0:"]


def only_a_check(x: float) -> None:
    """Look at x."""
    require_positive("x", x)


def on_one_line(x: float, y=(1, 2)) -> float: return x  # noqa: E704


def with_a_long_signature(first_argument: float, second_argument: float = 1.0, *, third: str = "a b", fourth: int = 4):
    return first_argument


def test_corners():
    assert repr(show(only_a_check)) == "def only_a_check(x):\n    ..."
    assert repr(show(on_one_line)) == "def on_one_line(x, y=(1, 2)): return x  # noqa: E704"
    assert repr(show(with_a_long_signature)) == (
        "def with_a_long_signature(\n"
        '    first_argument, second_argument=1.0, *, third="a b", fourth=4\n'
        "):\n    return first_argument")
    assert repr(show(only_a_check, on_one_line)) == f"{show(only_a_check)}\n\n\n{show(on_one_line)}"


class Guards:
    """Two methods, of which the first only looks."""

    def look(self, x: float) -> None:
        """Look at x."""
        initialisation.require(x > 0, "x", "more", x)

    def length(self, values: dict[str, tuple[int, int]], table: float = {"a": (1, 2)}["a"][0]) -> float:
        return table


decorators = [require_nothing]


@decorators[0]
def with_a_decorator_from_a_list(x: float) -> float:
    return x


def of_72_characters(first_argument, second_argument, third_argumen=12):
    return first_argument


def test_more_corners():
    assert repr(show(Guards)).splitlines() == [
        "class Guards:", "    def look(self, x):", "        ...", "",
        '    def length(self, values, table={"a": (1, 2)}["a"][0]):', "        return table"]
    assert repr(show(with_a_decorator_from_a_list)).startswith("@decorators[0]\ndef with_a_decorator_from_a_list(x):")


def long_line(self, a_first_argument: int = 1, a_second_one: tuple = (1, 2), a_third: tuple = (3, 4), z: int = 5): return 7  # noqa: E704


class Inside:
    def method(self, a_first_argument: int = 1, a_second_one: tuple = (1, 2), a_third: tuple = (3, 4), zz: int = 5):
        return 7


def test_a_signature_is_broken_where_the_page_ends():
    assert repr(show(of_72_characters)).splitlines()[0] == "def of_72_characters(first_argument, second_argument, third_argumen=12):"
    assert repr(show(long_line)) == (
        "def long_line(\n    self, a_first_argument=1, a_second_one=(1, 2), a_third=(3, 4), z=5\n): return 7  # noqa: E704")
    assert repr(show(Inside)) == (
        "class Inside:\n    def method(\n"
        "        self, a_first_argument=1, a_second_one=(1, 2), a_third=(3, 4),\n        zz=5\n    ):\n        return 7")


def test_a_class_loses_the_same():
    text = repr(show(network.Network))
    assert '"""' not in text and "require" not in text and "def output(self, theta, x):\n        return forward" in text
    assert run_text(text, network)["Network"]((2, 1), (tanh,), half_squared).size == 3


@pytest.mark.parametrize("nothing", [len, np.sin, 3])
def test_what_has_no_source_is_refused(nothing, raises):
    with raises("functions", "Python source"):
        show(nothing)


def test_a_notebook_gets_markdown_and_a_terminal_the_text():
    shown = show(only_a_check)
    assert shown._repr_markdown_() == f"```python\n{shown.text}\n```"
    assert repr(shown) == shown.text


@pytest.mark.parametrize("function", [
    *(getattr(optimizers, name) for name in (*MAKERS, "weight_decay", "adamw")), network.forward,
    network.backward, network.cost_and_gradient, network.pack, network.unpack, initialisation.gaussian_parameters],
    ids=lambda function: function.__name__)
def test_a_listing_is_the_function_without_its_guards(function):
    """Statement by statement: what is shown stands in the source, in order, and nothing else but checks is missing."""
    def statements(text):
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
        return [ast.unparse(node) for node in nodes if not isinstance(node, (ast.FunctionDef, ast.If, ast.For))]

    text = repr(show(function))
    shown, whole = statements(text), statements(textwrap.dedent(inspect.getsource(function)))
    left_out = copy.copy(whole)
    for statement in shown:
        left_out.remove(statement)
    assert all("require" in statement or statement.startswith(("'", '"')) for statement in left_out)
    assert len(left_out) >= 1


@pytest.mark.parametrize("name", MAKERS)
def test_an_optimizer_that_is_shown_takes_the_same_steps(name):
    shown = run_text(repr(show(getattr(optimizers, name))), optimizers)[name]
    assert shown.__doc__ is None
    theta = start = np.array([1.0, -2, 0.5])
    ends = []
    for optimizer in (shown(), getattr(optimizers, name)()):
        theta, state = start, optimizer.init(start)
        for _ in range(5):
            theta, state = optimizer.step(theta, np.sin(theta), state, 0.1)
        ends.append(theta)
    assert_array_equal(*ends)


def test_backpropagation_that_is_shown_gives_the_same_numbers(rng):
    names = run_text(repr(show(network.forward, network.cost_and_gradient)), network)
    net = Network((3, 4, 2), (relu, sigmoid), half_squared)
    theta, x, y = rng.standard_normal(net.size), rng.standard_normal((3, 5)), rng.standard_normal((2, 5))
    for one, other in zip(names["cost_and_gradient"](net, theta, x, y), network.cost_and_gradient(net, theta, x, y)):
        assert_array_equal(one, other)
    with pytest.raises(ValueError, match="^matmul"):  # the library names the argument instead
        names["forward"](net, theta, x[0])


@pytest.mark.parametrize("function", [
    *(getattr(optimizers, name) for name in (*MAKERS, "weight_decay", "adamw")), network.forward,
    network.cost_and_gradient],
    ids=lambda function: function.__name__)
def test_what_chapters_show_fits_on_a_page(function):
    assert max(map(len, repr(show(function)).splitlines())) <= listing.WIDTH + 2  # two more, and nothing is cut off
