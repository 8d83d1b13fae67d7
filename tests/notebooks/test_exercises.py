"""exercises/ is what tools/exercises.py makes of solutions/, byte for byte."""

from pathlib import Path

from tools.exercises import ROOT, generate


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and ".ipynb_checkpoints" not in path.parts and "__pycache__" not in path.parts}


def test_exercises_are_in_step_with_solutions(tmp_path):
    generate(tmp_path)
    made, stored = contents(tmp_path), contents(ROOT / "exercises")
    assert made.keys() == stored.keys(), "run `make exercises`"
    assert [name for name in made if made[name] != stored[name]] == [], "run `make exercises`"
