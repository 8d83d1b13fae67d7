"""A package is loaded when it is used and not before; where it is absent, the message says what to do."""

import subprocess
import sys

import pytest

from lecture_code.lazy import lazy


def test_it_behaves_like_the_package():
    import fractions

    assert lazy("fractions").Fraction is fractions.Fraction
    assert lazy("os.path").join("a", "b") == "a/b"


def test_nothing_is_loaded_before_it_is_used():
    code = """
import sys, inspect
from lecture_code.lazy import lazy
package = lazy("colorsys")
inspect.unwrap(package), hasattr(package, "_repr_html_"), repr(package), package.__doc__
print("colorsys" in sys.modules, package.rgb_to_hsv is not None, "colorsys" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True True\n"


def test_what_is_absent_is_named_with_the_command_that_installs_it():
    absent = lazy("no_such_package.part")
    with pytest.raises(ModuleNotFoundError, match="^this needs no_such_package, which is not installed: make frameworks$") as found:
        absent.anything
    assert found.value.name == "no_such_package"


@pytest.mark.parametrize("name", ["no_such_package", "no_such_package.part.of_it"])
def test_the_package_is_named_however_deep_the_module(name):
    with pytest.raises(ModuleNotFoundError, match="^this needs no_such_package, which is not installed"):
        lazy(name).anything


def test_what_is_missing_inside_a_package_keeps_its_own_message():
    with pytest.raises(ModuleNotFoundError, match="^No module named 'fractions.nothing'"):
        lazy("fractions.nothing").anything
    with pytest.raises(AttributeError, match="fractions"):
        lazy("fractions").no_such_name


def test_private_names_are_refused_and_it_says_what_it_is():
    package = lazy("fractions")
    with pytest.raises(AttributeError, match="^<fractions, loaded when it is used> has no attribute _gcd$"):
        package._gcd


def test_keras_runs_on_torch_unless_somebody_says_otherwise(monkeypatch):
    import lecture_code.lazy as module

    seen = []
    monkeypatch.setattr(module.importlib, "import_module", lambda name: seen.append(module.os.environ.get("KERAS_BACKEND")) or module)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert lazy("fractions").lazy is lazy and seen == [None]
    assert lazy("keras.ops").lazy is lazy and seen.pop() == "torch"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert lazy("keras").lazy is lazy and seen.pop() == "jax"
