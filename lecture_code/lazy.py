"""Packages that only some readers have, PyTorch and Keras: named at the top of a module, loaded at the first use.

    torch = lazy("torch")

So every module of the library can be imported and shown where they are not installed, and none of them makes
the others slow to load.

Book: ch-pytorch
"""

from __future__ import annotations

import importlib
import os
from typing import Any

from lecture_code.validation import require


class Lazy:
    """What stands for a package until somebody asks for one of its public names."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # what tools ask of any object loads nothing
            raise AttributeError(f"{self!r} has no attribute {attribute}")
        return getattr(_loaded(self._name), attribute)

    def __repr__(self) -> str:
        return f"<{self._name}, loaded when it is used>"


def lazy(name: str) -> Lazy:
    """Return what behaves like the package, or the module of a package, of this name, and loads it when it is used.

    Parameters
    ----------
    name : as in ``import name``, such as ``"torch.nn.functional"``

    Raises
    ------
    ValueError
        If that can be no name of a module.
    ModuleNotFoundError
        At the first use, where the package is not installed. The message says how to install it.
    """
    require(isinstance(name, str) and all(part.isidentifier() for part in name.split(".")), "name",
            "a name as in import name", repr(name))
    return Lazy(name)


def _loaded(name: str) -> Any:
    package = name.partition(".")[0]
    if package == "keras":
        os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != package:  # another one is missing, or the module of the package
            raise
        raise ModuleNotFoundError(f"this needs {package}, which is not installed: make frameworks", name=package) from None
