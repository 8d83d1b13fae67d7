"""Make what students get: exercises/ anew, and a zip for every set in _build/release/.

    python -m tools.release [--set 07-mini-batches] [--out _build/release]

A zip holds the folder of one set, and the same bytes at every run. Before it is written, every answer of
the worked solution is looked for in it; if one is found, nothing is written.
"""

from __future__ import annotations

import argparse
import re
import sys
import zipfile
from pathlib import Path

import nbformat

from tools import exercises

ROOT = Path(__file__).resolve().parent.parent

REGION = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.DOTALL)


def answers(folder: Path) -> list[str]:
    """Return what the solutions in a folder have and no student may get: code regions, written answers."""
    found = []
    for path in sorted(folder.rglob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            found += [region[1].strip() for region in REGION.findall(cell.source)]
            data = cell.metadata.get("nbgrader", {})
            if data.get("solution") and cell.cell_type == "markdown":
                found.append(cell.source.strip())
    return found


def leaks(folder: Path, secret: list[str]) -> list[str]:
    """Return the files in `folder` that hold an answer."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".ipynb":
            cells = nbformat.read(path, as_version=4).cells
            text = "\n".join(cell.source for cell in cells)
            if any(answer in text for answer in secret if answer) or "### BEGIN" in text or any(
                    cell.get("outputs") for cell in cells):
                found.append(str(path))
    return found


def pack(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder.parent).parts
            if path.is_file() and not any(part.startswith((".", "__")) for part in parts):
                entry = zipfile.ZipInfo("/".join(parts), date_time=(1980, 1, 1, 0, 0, 0))
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, path.read_bytes())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "release")
    parser.add_argument("--set", action="append", help="make a zip of this set alone (may be given several times)")
    options = parser.parse_args(argv)
    out, names = options.out, options.set or exercises.assignments()
    if unknown := set(names) - set(exercises.assignments()):
        parser.error(f"there is no set {', '.join(sorted(unknown))}; there are: {', '.join(exercises.assignments())}")
    exercises.main()
    if found := [file for name in names for file in leaks(ROOT / "exercises" / name, answers(ROOT / "solutions" / name))]:
        print("An answer is left in " + ", ".join(found) + "; nothing was released.")
        return 1
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.zip"):
        old.unlink()
    for name in names:
        pack(ROOT / "exercises" / name, out / f"{name}.zip")
        print(out / f"{name}.zip")
    return 0


if __name__ == "__main__":
    sys.exit(main())
