"""How much of the library do its tests run? Lines and branches, module by module.

    python -m tools.cover            fails under 97 % of the lines, or of the branches
    python -m tools.cover --missing  also name the lines that were not run

A line is *run* when a test of the library or of the exercises comes by; a branch, when each of its ways is taken
at least once. Tasks that need an absent package are left out. That says nothing about whether a test would notice
an error: for that there is tools/mutate.py.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent
LEAST = 97
TESTS = ["tests/library", "tests/exercises/test_feedback.py", "tests/exercises/test_diagnosis.py",
         "tests/exercises/test_time_limit.py", "tests/exercises/test_tasks.py"]


def measure() -> tuple[dict, bool]:
    """Run the tests; return what coverage.py reports, and whether they passed. Its files go to a scratch folder."""
    with tempfile.TemporaryDirectory(prefix="coverage-") as folder:
        environment = os.environ | {"COVERAGE_FILE": f"{folder}/data", "OPENBLAS_NUM_THREADS": "1"}

        def coverage(*arguments: str) -> bool:
            command = [sys.executable, "-m", "coverage", *arguments]
            return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0

        passed = coverage("run", "-m", "pytest", *TESTS, "--quiet", "-p", "no:cacheprovider")
        coverage("combine", "--quiet")
        omitted = [f"*/tasks/{path.stem.replace('-', '_')}.py" for path in notebooks.solutions() if notebooks.lacking(path)]
        coverage("json", "--quiet", "--fail-under=0", *(f"--omit={','.join(omitted)}" for _ in omitted[:1]), "-o", f"{folder}/report.json")
        return json.loads(Path(folder, "report.json").read_text()), passed


def share(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--missing", action="store_true", help="name the lines and branches that were not run")
    options = parser.parse_args()
    report, passed = measure()
    rows = {name: file["summary"] for name, file in report["files"].items()} | {"together": report["totals"]}
    print(f"{'module':<42}{'lines':>7}{'run':>8}{'branches':>10}{'run':>8}")
    for name, row in rows.items():
        lines = share(row["covered_lines"], row["num_statements"])
        branches = share(row["covered_branches"], row["num_branches"])
        print(f"{name:<42}{row['num_statements']:>7}{lines:>7.1f}%{row['num_branches']:>10}{branches:>7.1f}%")
        if options.missing and name in report["files"]:
            file = report["files"][name]
            for what in ("missing_lines", "missing_branches"):
                if file[what]:
                    print(f"    {what.replace('_', ' ')}: {file[what]}")
    if not passed:
        print("A test failed.")
    return 0 if passed and lines >= LEAST and branches >= LEAST else 1  # of the last row


if __name__ == "__main__":
    sys.exit(main())
