"""Execute every displayed formula as it is typeset, under the bindings of ``tests/typeset/NN.py``.

``python -m tools.typeset_check [NN …]`` prints a table and fails when a formula and its binding disagree, when
a formula has neither a binding nor a reason, and when a binding names no formula.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS.parent))  # these tools, whichever project's folder they look at

from tools import formulas, typeset  # noqa: E402


@dataclass
class Result:
    """What the check of one chapter found."""

    name: str
    formulas: int = 0
    executed: int = 0
    reasons: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0


def chapters(root: Path, numbers: list[str]) -> list[Path]:
    """Return the chapters' files, or those that begin with one of the numbers."""
    found = [path for path in sorted((root / "book").glob("*.ipynb")) if formulas.CHAPTER.match(path.stem)]
    return [path for path in found if not numbers or path.name[:2] in numbers]


def bindings(root: Path, name: str) -> Path:
    return root / "tests" / "typeset" / f"{name[:2]}.py"


def use_library_of(root: Path) -> None:
    """Have the bindings import lecture_code from the project's folder."""
    sys.path.insert(0, str(root.resolve()))


def check(path: Path, root: Path) -> Result:
    """Evaluate the formulas of one chapter."""
    start, page = time.perf_counter(), formulas.read_page(path)
    result, file = Result(path.stem, len(page.formulas)), bindings(root, path.stem)
    if not page.formulas and not file.exists():
        return result
    try:
        chapter = typeset.load(file).chapter if file.exists() else typeset.Chapter()
    except Exception:  # a file that does not run is a fault of this chapter, and the others are checked
        result.faults.append(f"tests/typeset/{file.name} does not run:\n{traceback.format_exc(limit=-3)}")
        return result
    if typeset.labels_of(file) != ({*chapter.cases}, {*chapter.reasons}):
        result.faults.append(f"tests/typeset/{file.name}: write every label out, as chapter.bind(\"eq-…\", …)")
    for formula in page.formulas:
        if fault := chapter.fault(formula.label, formula.latex):
            result.faults.append(f"{formula.label}: {fault}")
    labels = {formula.label for formula in page.formulas}
    result.faults += [f"{label} is bound and is no formula of this chapter"
                      for label in [*chapter.cases, *chapter.reasons] if label not in labels]
    result.reasons = {label: reason for label, (reason, _) in chapter.reasons.items()}
    result.executed = sum(label in chapter.cases for label in labels)
    result.seconds = time.perf_counter() - start
    return result


def check_all(root: Path, numbers: list[str] = (), jobs: int = 2) -> list[Result]:
    """Evaluate the formulas of all chapters, or of some, in several processes."""
    paths = sorted(chapters(root, [*numbers]), key=lambda path: -path.stat().st_size)
    if len(paths) == 1 or jobs == 1:
        found = [check(path, root) for path in paths]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            found = [*pool.map(check, paths, [root] * len(paths))]
    return sorted(found, key=lambda result: result.name)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Execute every displayed formula as it is typeset.")
    parser.add_argument("chapters", nargs="*", metavar="NN", help="numbers of chapters; without one, all")
    parser.add_argument("--root", type=Path, default=TOOLS.parent, help="the project's folder")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args(arguments)
    use_library_of(options.root)
    results = check_all(options.root, options.chapters, options.jobs)
    if not results:
        parser.error("no such chapter")
    for result in results:
        share = f"{result.executed} of {result.formulas} formulas executed as typeset"
        print(f"{result.name:34} {share:44} {result.seconds:5.1f} s")
        for label, reason in result.reasons.items():
            print(f"    not executed, but checked otherwise: {label}: {reason}")
    executed, total = sum(result.executed for result in results), sum(result.formulas for result in results)
    print(f"{executed} of {total} displayed formulas are executed as typeset")
    for result in results:
        for fault in result.faults:
            print(f"book/{result.name}: {fault}", file=sys.stderr)
    return int(any(result.faults for result in results))


if __name__ == "__main__":
    sys.exit(main())
