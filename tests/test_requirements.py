"""What is locked installs wherever the README says that the book installs."""

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]


def test_locked_packages_accept_the_oldest_python_of_the_book():
    """Debian's Python is 3.11.2: a package that wants 3.11.5 leaves its readers without the book."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=") + ".0"
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    accepted = {found.metadata["Name"]: SpecifierSet(found.metadata.get("Requires-Python") or "").contains(oldest)
                for found in distributions() if locked.get(found.metadata["Name"]) == found.version}
    assert len(accepted) > 100, "this environment was not made from the lock"
    assert [name for name, accepts in accepted.items() if not accepts] == []
