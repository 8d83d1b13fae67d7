"""How the modules hang together: imports go strictly downward, and light modules stay light. Modules are found."""

import ast
import importlib
import inspect
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import lecture_code
from tools import mutate

from .test_bad_input import BAD, FREE

PACKAGE = Path(lecture_code.__file__).parent
MODULES = {  # dotted name below the package ↦ file
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"
}
DRAWING = {"plotting", "widgets"}  # only these load matplotlib and ipywidgets
CHECKING = {"feedback", "diagnosis", "time_limit"}
ABOVE = DRAWING | CHECKING  # for readers, not sums
BAD_INPUT_ELSEWHERE = {"descent", "growing", "validation"}  # stands with their other tests


def imported(path):
    """Return the modules of this package that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: name the package in imports"
            found.add(node.module)
            found.update(f"{node.module}.{name.name}" for name in node.names)
    inside = {name.removeprefix("lecture_code.") for name in found if name.startswith("lecture_code.")}
    return {name for name in inside if name in MODULES}


def circle(imports):
    """Return modules that import one another in a circle, empty where every import goes downward."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_imports_go_strictly_downward():
    """Then there are floors, and each module stands above all that it imports, without anybody numbering them."""
    assert " imports ".join(circle({module: imported(path) for module, path in MODULES.items()})) == ""


def test_validation_is_the_ground():
    assert imported(MODULES["validation"]) == set()


@pytest.mark.parametrize("module", sorted(MODULES.keys() - ABOVE))
def test_no_sum_depends_on_a_picture_or_an_exercise(module):
    assert imported(MODULES[module]) & ABOVE == set()


def test_the_tests_above_see_imports():
    assert imported(MODULES["training"]) >= {"model", "optimizers", "validation"}
    assert imported(MODULES["widgets"]) >= {"plotting"}
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) in (list("abca"), list("bcab"), list("cabc"))
    assert ABOVE <= MODULES.keys()


def test_the_library_knows_nothing_of_the_exercises():
    assert [path.name for path in MODULES.values() if "lecture_tasks" in path.read_text(encoding="utf-8").replace("`lecture_tasks`", "")] == []


def loaded(statement, heavy):
    """Return which of the heavy packages a fresh Python has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint([name for name in {heavy!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ast.literal_eval(result.stdout)


def test_numerical_modules_load_nothing_heavy():
    light = [f"import lecture_code.{module}" for module in sorted(MODULES) if module not in DRAWING]
    heavy = ["matplotlib", "scipy", "ipywidgets", "IPython", "PIL", "tqdm", "sklearn", "torch", "joblib"]
    assert loaded("\n".join(["import lecture_code", *light]), heavy) == []


def test_the_package_itself_loads_nothing():
    assert loaded("import lecture_code", ["numpy", "matplotlib"]) == []


def test_the_test_above_sees_what_is_loaded():
    assert loaded("import lecture_code.widgets", ["matplotlib", "ipywidgets", "scipy"]) == ["matplotlib", "ipywidgets"]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules_say_what_they_are_for(module):
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    public = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name[0] != "_"]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("module", sorted(MODULES.keys() - ABOVE - BAD_INPUT_ELSEWHERE))
def test_every_public_function_has_its_bad_input(module):
    """test_bad_input has a row for each in BAD, or a reason in FREE."""
    members = vars(importlib.import_module(f"lecture_code.{module}"))
    own = {name for name, member in members.items()
           if not name.startswith("_") and getattr(member, "__module__", "") == f"lecture_code.{module}"}
    functions = {name for name in own if inspect.isroutine(inspect.unwrap(members[name]))}
    assert not BAD.get(module, {}).keys() & FREE.get(module, {}).keys()
    listed = BAD.get(module, {}).keys() | FREE.get(module, {}).keys()
    assert functions <= listed <= own | {"mnist_images", "load_mnist", "tower_image"}


def test_the_lists_of_bad_input_name_no_other_module():
    assert BAD.keys() | FREE.keys() | BAD_INPUT_ELSEWHERE <= MODULES.keys()


def test_every_module_is_mutated_or_a_reason_is_given():
    found = {name for name in MODULES if "." not in name}
    assert mutate.modules().keys() | mutate.LEFT_OUT.keys() == found
    assert [name for name, tests in mutate.modules().items() if not tests] == [], "no test file of its own"
