"""What is required is named with bounds, once and the same everywhere, locked, and installs where the README says."""

import re
import tomllib
from importlib.metadata import distributions

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools import notebooks
from tools.notebooks import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKED = {canonicalize_name(name): version for name, version in re.findall(
    r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)}


def lines(name: str) -> list[str]:
    """Return what a file of requirements names, without options and remarks."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for raw in text.splitlines() if (line := raw.partition("#")[0].strip()) and not line.startswith("-")]


PLACES = {
    "requirements.txt": lines("requirements.txt"),
    "live/requirements.txt": lines("live/requirements.txt"),
    "dependencies": PROJECT["dependencies"],
    **EXTRAS,
}
NAMED = [(place, Requirement(text)) for place, texts in PLACES.items() for text in texts
         if not text.startswith("lecture-code")]


@pytest.mark.parametrize("name", ["numpy", "matplotlib", "jupyter", "jupyter-book", "nbval", "ipywidgets"])
def test_the_readers_file_names_what_the_book_is_made_with(name):
    assert name in [Requirement(line).name for line in PLACES["requirements.txt"]]


@pytest.mark.parametrize("line", PLACES["requirements.txt"])
def test_the_readers_file_has_bounds_on_both_sides(line):
    operators = {bound.operator for bound in Requirement(line).specifier}
    assert {">=", "<"} <= operators or operators == {"=="}


@pytest.mark.parametrize("place, requirement", NAMED, ids=[f"{place}: {each.name}" for place, each in NAMED])
def test_a_requirement_is_locked_and_its_bounds_are_the_same_everywhere(place, requirement):
    name = canonicalize_name(requirement.name)
    assert requirement.specifier.contains(LOCKED[name])
    assert {str(other.specifier) for _, other in NAMED if canonicalize_name(other.name) == name} == {str(requirement.specifier)}


def test_what_notebooks_need_is_installed_by_make_frameworks():
    paths = [*notebooks.chapters(), *notebooks.exercises(), *notebooks.solutions()]
    needed = {name for path in paths for name in notebooks.about(path).needs}
    assert needed <= {Requirement(text).name for text in EXTRAS["frameworks"]}


def test_locked_packages_accept_the_oldest_python_of_the_book():
    """Debian's Python is 3.11.2: a package that wants 3.11.5 leaves its readers without the book."""
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    accepted = {name: SpecifierSet(found.metadata.get("Requires-Python") or "").contains(oldest)
                for found in distributions()
                if LOCKED.get(name := canonicalize_name(found.metadata["Name"])) == found.version}
    assert len(accepted) > 100, "this environment was not made from the lock"
    assert [name for name, accepts in accepted.items() if not accepts] == []
