"""Build a wheel of the library and the tasks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tools.notebooks import ROOT

PACKAGES = ("lecture_code", "lecture_tasks")
ABOUT = ("pyproject.toml", "README.md", "LICENSE")
#: Eleven of the twelve megabytes.
MNIST = "mnist.npz"


def build(folder: Path, *, mnist: bool = True) -> Path:
    """Return the wheel in `folder`, where it is built anew if the library has changed since."""
    sources = [ROOT / name for name in ABOUT]
    sources += [file for name in PACKAGES for file in (ROOT / name).rglob("*") if file.is_file() and file.suffix != ".pyc"]
    built = list(folder.glob("*.whl"))
    if len(built) == 1 and built[0].stat().st_mtime > max(file.stat().st_mtime for file in sources):
        return built[0]
    shutil.rmtree(folder, ignore_errors=True)
    source = folder / "source"                           # setuptools leaves files where it builds
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", *(() if mnist else (MNIST,))))
    for name in ABOUT:
        shutil.copy(ROOT / name, source)
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel", "--no-deps",
                    "--wheel-dir", str(folder), str(source)], check=True)
    shutil.rmtree(source)
    (wheel,) = folder.glob("*.whl")
    return wheel
