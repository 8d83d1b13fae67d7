"""Which notebooks the book has, and what each of them says of itself.

A notebook that needs packages beyond those of the book, or that does not run in a browser, says so in its
metadata, and `make execute`, the tests, the live part and the pages go by it:

    "metadata": {"book": {"needs": ["torch", "keras"], "live": false}, …}

`needs` are names as in `import torch`. Without `live`, a notebook runs in the browser if it needs nothing.
"""

from __future__ import annotations

import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def chapters() -> list[Path]:
    return sorted(ROOT.glob("book/*.ipynb"))


def exercises() -> list[Path]:
    return sorted(ROOT.glob("exercises/*/*.ipynb"))


def solutions() -> list[Path]:
    return sorted(ROOT.glob("solutions/*/*.ipynb"))


@dataclass(frozen=True)
class About:
    """What a notebook needs beyond the packages of the book, and whether it runs in the reader's browser."""

    needs: tuple[str, ...] = ()
    live: bool = True


def about(path: Path) -> About:
    """Read what the metadata of a notebook says under `book`."""
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    try:
        return understood(metadata.get("book", {}))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def understood(said: dict[str, Any]) -> About:
    """Check the entry `book` of a notebook's metadata: a slip of the pen must not pass as nothing said."""
    if unknown := said.keys() - {"needs", "live"}:
        raise ValueError(f"metadata, book: expected needs or live, got {', '.join(sorted(unknown))}")
    needs, live = said.get("needs", []), said.get("live", not said.get("needs"))
    if not isinstance(needs, list) or not all(isinstance(name, str) and name.isidentifier() for name in needs):
        raise ValueError(f"metadata, book, needs: expected a list of names of modules, got {needs!r}")
    if not isinstance(live, bool):
        raise ValueError(f"metadata, book, live: expected true or false, got {live!r}")
    return About(tuple(needs), live)


def lacking(path: Path) -> list[str]:
    """Name the packages that a notebook needs and that are not installed here."""
    return [name for name in about(path).needs if importlib.util.find_spec(name) is None]


def why_not(path: Path) -> str:
    """Say why the tests do not run a notebook here; empty where they do, and in continuous integration, where all must be there."""
    absent = [] if "CI" in os.environ else lacking(path)
    return f"needs {' and '.join(absent)}: make frameworks" if absent else ""


def of_tasks(module: str) -> Path:
    """Return the notebook of solutions whose tasks stand in lecture_tasks/<module>.py: they are called the same."""
    (path,) = (path for path in solutions() if path.stem.replace("-", "_") == module)
    return path
