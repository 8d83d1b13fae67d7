"""Do the tests notice a wrong formula? Mutation testing of the numerical modules, with mutmut.

    python -m tools.mutate                      all modules
    python -m tools.mutate numerics samplers    some
    python -m tools.mutate --jobs 4 --list      in parallel; print new survivors as entries for the list

mutmut changes the library in a thousand small ways (a sign, a constant, an axis, a comparison) and runs the
tests of the changed module against every change. A change that no test notices is a *survivor*. Each of
them stands in tests/library/mutants.toml with the reason why nothing can notice it, or why nothing should;
the list names function and line, not line numbers. The command fails if fewer than 90 in 100 mutants die
in a module, or if there is a survivor that the list does not have.

It works in a scratch folder on a copy of the files that git knows or would add; the tree stays as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "library" / "mutants.toml"
LEAST = 0.90

#: The modules that are not mutated, and why. All others are.
LONG, SEEN = "loops around the other modules, whose tests are long runs", "draws or prints; mutants of texts say little"
CHECKS = "judges exercises; tests/exercises tries hundreds of answers"
LEFT_OUT = {
    "datasets": "data, whose checksums are tested",
    "model": "a protocol, without sums",
    "training": LONG, "lockstep": LONG, "trials": LONG, "runs": LONG, "growing": LONG,
    "workers": "processes, which the mutants do not reach", "records": "reads a file",
    "plotting": SEEN, "widgets": SEEN, "feedback": CHECKS, "diagnosis": CHECKS, "time_limit": CHECKS,
}
#: Beside a module's own test file: those of a neighbour that add something, and those of all for the corners.
ALSO = {"losses": ["distributions"], "fast_convolution": ["convolution"]}
CORNERS = ["bad_input", "extremes"]


def modules() -> dict[str, list[Path]]:
    """Return the modules that are mutated, with the test files that are about them, as far as there are any."""
    names = sorted(path.stem for path in (ROOT / "lecture_code").glob("*.py"))
    return {name: [file for each in [name, *ALSO.get(name, [])] if (file := test_file(each)).exists()]
            for name in names if name != "__init__" and name not in LEFT_OUT}


def test_file(name: str) -> Path:
    return ROOT / "tests" / "library" / f"test_{name}.py"


# Run inside the scratch folder, since mutmut looks around where it stands.
READ_RESULTS = """
import json, sys, warnings
warnings.simplefilter("ignore")
from mutmut.mutation.diff_apply import get_diff_for_mutant
codes = json.load(open(sys.argv[1]))["exit_code_by_key"]
alive = {name: get_diff_for_mutant(name) for name, code in codes.items() if code in (0, 5, 33, None)}
json.dump({"total": len(codes), "alive": alive}, open(sys.argv[2], "w"))
"""


def copy_of_the_tree(scratch: Path, module: str) -> None:
    """Copy library and tests, as git sees them, and write the settings of mutmut."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "lecture_code", "tests/library"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        source, target = ROOT / name, scratch / name
        if source.is_file() and source.suffix != ".npz":  # no test that runs here reads the images
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    files = [*modules()[module], *map(test_file, CORNERS)]
    tests = [file.relative_to(ROOT).as_posix() for file in files]
    (scratch / "pyproject.toml").write_text(f"""
[tool.mutmut]
source_paths = ["lecture_code"]
only_mutate = ["lecture_code/{module}.py"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {json.dumps(tests)}
timeout_multiplier = 4.0
timeout_constant = 2.0
use_git_change_detection = false
""")


def mutate(module: str, jobs: int) -> tuple[int, list[tuple[str, str, str]]]:
    """Return how many mutants there are, and the survivors as (function, line before, line after)."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        scratch = Path(folder)
        copy_of_the_tree(scratch, module)
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": ""}
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(jobs)]
        done = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True)
        results = scratch / "mutants" / "lecture_code" / f"{module}.py.meta"
        if done.returncode or not results.exists():
            raise SystemExit(f"mutmut could not run {module}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        answer = scratch / "answer.json"
        subprocess.run([sys.executable, "-c", READ_RESULTS, str(results), str(answer)], cwd=scratch, env=environment,
                       check=True, capture_output=True)
        found = json.loads(answer.read_text())
    return found["total"], sorted((function(name), *lines(diff)) for name, diff in found["alive"].items())


def function(name: str) -> str:
    """Return the function in mutmut's name of a mutant, ``lecture_code.m.x_f__mutmut_3`` or ``xǁClassǁf__mutmut_3``."""
    mangled = name.rpartition("__mutmut_")[0].rpartition(".")[2]
    return ".".join(mangled.split("ǁ")[1:]) if "ǁ" in mangled else mangled.removeprefix("x_")


def lines(diff: str) -> tuple[str, str]:
    """Return what a diff takes out and what it puts in, without indentation."""
    def marked(mark: str) -> str:
        return "\n".join(line[1:].strip() for line in diff.splitlines()
                         if line.startswith(mark) and not line.startswith(mark * 3))

    return marked("-"), marked("+")


def listed(module: str) -> dict[tuple[str, str, str], str]:
    """Return the reasons that the list gives for the survivors of a module."""
    entries = tomllib.loads(LIST.read_text()).get(module, []) if LIST.exists() else []
    return {(e["function"], e["line"], survivor): e["why"] for e in entries for survivor in e["survivors"]}


def as_entries(module: str, survivors: list[tuple[str, str, str]]) -> str:
    """Return survivors in the form of the list, those of one line together, for a reason to be written."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, line, after in survivors:
        grouped.setdefault((name, line), []).append(after)
    return "\n".join(
        f"[[{module}]]\nfunction = {quoted(name)}\nline = {quoted(line)}\nsurvivors = [\n"
        + "".join(f"    {quoted(after)},\n" for after in sorted(set(afters))) + "]\nwhy = \"\"\n"
        for (name, line), afters in grouped.items())


def quoted(text: str) -> str:
    if "'" not in text and "\n" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"one of {', '.join(modules())}; all if none")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--list", action="store_true", help="print unlisted survivors as entries for the list")
    options = parser.parse_args()
    if unknown := set(options.modules) - modules().keys():
        parser.error(f"no such module: {', '.join(sorted(unknown))}")

    print(f"{'module':<16}{'mutants':>8}{'killed':>8}{'':>8}{'listed':>8}{'new':>8}", flush=True)
    fine, all_mutants, all_alive = True, 0, 0
    for module in options.modules or modules():
        total, survivors = mutate(module, options.jobs)
        reasons = listed(module)
        new = [survivor for survivor in survivors if not reasons.get(survivor)]
        share = 1 - len(survivors) / total
        print(f"{module:<16}{total:>8}{total - len(survivors):>8}{share:>8.1%}{len(survivors) - len(new):>8}{len(new):>8}",
              flush=True)
        if options.list and new:
            print(as_entries(module, new), flush=True)
        for name, line, after in [] if options.list else new:
            print(f"    {name}: {line}  ->  {after}")
        for name, line, after in sorted(reasons.keys() - set(survivors)):
            print(f"    listed, but it dies or is no more: {name}: {line}  ->  {after}")
        fine = fine and share >= LEAST and not new
        all_mutants, all_alive = all_mutants + total, all_alive + len(survivors)
    if all_mutants:
        print(f"{'together':<16}{all_mutants:>8}{all_mutants - all_alive:>8}{1 - all_alive / all_mutants:>8.1%}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
