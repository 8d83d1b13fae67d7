"""Make exercises/ from solutions/, as nbgrader does for a class.

    python -m tools.exercises          # all of them

Solutions and hidden tests are cut out, outputs cleared, other files copied. The result is the
same at every run, and tests/notebooks/test_exercises.py proves that exercises/ is in step.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from tools.execute import ROOT, to_text


def assignments() -> list[str]:
    return sorted(path.name for path in ROOT.glob("solutions/*") if any(path.glob("*.ipynb")))


def generate(target: Path) -> None:
    """Write the release version of every assignment into the folder `target`."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)                   # nbgrader works in this folder alone
        shutil.copy(ROOT / "nbgrader_config.py", course)
        for name in assignments():
            shutil.copytree(ROOT / "solutions" / name, course / "solutions" / name,
                            ignore=shutil.ignore_patterns(".*", "__pycache__"))
            command = [
                sys.executable, "-m", "nbgrader", "generate_assignment", name,
                "--force", "--no-db", "--log-level=WARN",
            ]
            subprocess.run(command, cwd=course, check=True)
            for path in (course / "exercises" / name).rglob("*.ipynb"):
                notebook = nbformat.read(path, as_version=4)
                notebook.metadata.pop("widgets", None)
                for cell in notebook.cells:         # an unfinished task does not stop *Run all*
                    if cell.cell_type == "code":
                        cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
                path.write_text(to_text(notebook), encoding="utf-8", newline="\n")
            shutil.copytree(course / "exercises" / name, target / name)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder) / "exercises")
        shutil.rmtree(ROOT / "exercises", ignore_errors=True)
        if (Path(folder) / "exercises").exists():
            shutil.copytree(Path(folder) / "exercises", ROOT / "exercises")
    print(f"exercises/ made from solutions/: {', '.join(assignments()) or 'nothing there yet'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
