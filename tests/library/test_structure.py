"""How the modules hang together: imports go strictly downward, and light modules stay light."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import lecture_code

from .test_bad_input import BAD, FREE

PACKAGE = Path(lecture_code.__file__).parent
MODULES = {  # dotted name below the package ↦ file
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"
}
FLOORS = (  # a module imports only from the floors before its own
    {"validation"},
    {"numerics", "datasets", "samplers", "schedules", "gradient_check", "checks"},
    {"activations", "optimizers", "autodiff", "runs"},
    {"losses"},
    {"network", "convolution", "descent", "curvature", "complexity"},
    {"regularisation", "convnet"},
    {"training"},
    {"lockstep", "sweeps"},
    {"plotting"},
    {"widgets", "feedback"},
    {"tasks"},  # with all its modules
)
DRAWING = {"plotting", "widgets"}  # only these load matplotlib and ipywidgets


def floor(module):
    """Return the number of the floor that a module stands on."""
    top = module.split(".")[0]
    numbers = [number for number, names in enumerate(FLOORS) if top in names]
    assert len(numbers) == 1, f"{module}.py: give it a floor in FLOORS"
    return numbers[0]


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


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_strictly_downward(module):
    for other in imported(MODULES[module]):
        assert floor(other) < floor(module), f"{module} imports {other}"


def test_the_test_above_sees_imports():
    assert imported(MODULES["training"]) >= {"network", "optimizers", "validation"}
    assert imported(MODULES["widgets"]) >= {"plotting"}


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


@pytest.mark.parametrize("module", sorted(BAD.keys() | FREE.keys()))
def test_every_public_function_has_its_bad_input(module):
    """test_bad_input has a row for each; those of `descent` and `validation` stand with their other tests."""
    members = vars(importlib.import_module(f"lecture_code.{module}"))
    own = {name for name, member in members.items()
           if not name.startswith("_") and getattr(member, "__module__", "") == f"lecture_code.{module}"}
    functions = {name for name in own if inspect.isroutine(inspect.unwrap(members[name]))}
    assert not BAD.get(module, {}).keys() & FREE.get(module, {}).keys()
    listed = BAD.get(module, {}).keys() | FREE.get(module, {}).keys()
    assert functions <= listed <= own | {"mnist_images", "load_mnist", "tower_image"}
