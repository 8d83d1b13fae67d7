"""Change one token of every executed formula, and see whether its evaluation notices.

``python -m tools.mutate_latex [NN …]`` fails when a survivor is not listed, with its reason, in
``tests/typeset/survivors.txt``, or when fewer than 98 % of the mutants die.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import formulas, typeset_check  # noqa: E402
from tools.typeset import bindings  # noqa: E402
from tools.typeset.mutants import mutants  # noqa: E402
from tools.typeset.tokens import LatexError  # noqa: E402

NEEDED = 0.98


def mutate(path: Path, root: Path) -> tuple[str, Counter, Counter, list[tuple[str, str]]]:
    """Return a chapter's name, how many mutants of each kind there are and die, and the survivors."""
    chapter = bindings.load(typeset_check.bindings(root, path.stem)).chapter
    total, killed, survivors = Counter(), Counter(), []
    for formula in formulas.read_page(path).formulas:
        if formula.label not in chapter.cases:
            continue
        cases, options = chapter.cases[formula.label]
        for kind, shown, latex in mutants(formula.latex):
            try:
                bindings.parsed(latex, cases[0], **options)
            except LatexError:
                continue  # no formula any more: noticed, and not counted
            total[kind] += 1
            if bindings.check(latex, cases, **options):
                killed[kind] += 1
            else:
                survivors.append((formula.label, shown.strip()))
    return path.stem, total, killed, survivors


def listed(file: Path) -> dict[tuple[str, str], str]:
    """Return the survivors that are known: {(label, place): reason}."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    parts = (re.fullmatch(r"(\S+) \| (.*) \| (.+)", line) for line in lines if line and not line.startswith("#"))
    return {(part[1], part[2].strip()): part[3] for part in parts}


def main() -> int:
    parser = argparse.ArgumentParser(description="Change one token of every executed formula; does its evaluation notice?")
    parser.add_argument("chapters", nargs="*", metavar="NN", help="numbers of chapters; without one, all")
    parser.add_argument("--root", type=Path, default=typeset_check.TOOLS.parent, help="the project's folder")
    options = parser.parse_args()
    typeset_check.use_library_of(options.root)
    paths = [path for path in typeset_check.chapters(options.root, options.chapters)
             if typeset_check.bindings(options.root, path.stem).exists()]
    known = listed(options.root / "tests" / "typeset" / "survivors.txt")
    total, killed, unknown, found = Counter(), Counter(), [], set()
    with ProcessPoolExecutor(2) as pool:
        for name, its, dead, survivors in pool.map(mutate, paths, [options.root] * len(paths)):
            print(f"{name:34} {dead.total()} of {its.total()} mutants noticed", flush=True)
            total, killed = total + its, killed + dead
            found.update(survivors)
            unknown += [(name, *each) for each in survivors if each not in known]
    for kind in sorted(total):
        print(f"    {kind:12} {killed[kind]} of {total[kind]}")
    share = killed.total() / max(1, total.total())
    print(f"{killed.total()} of {total.total()} mutants are noticed ({share:.1%}); {len(found)} survive")
    for name, label, shown in unknown:
        print(f"{name}: survives and is not listed: {label} | {shown}", file=sys.stderr)
    if not options.chapters:
        for label, shown in known.keys() - found:
            print(f"listed as a survivor, but noticed or gone: {label} | {shown}", file=sys.stderr)
            unknown.append((label, shown))
    return int(bool(unknown) or share < NEEDED)


if __name__ == "__main__":
    sys.exit(main())
