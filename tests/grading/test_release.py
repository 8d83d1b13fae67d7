"""What is handed out has no answers in it, and neither has the site without solutions."""

import zipfile

import nbformat
import pytest
import yaml

pytest.importorskip("nbgrader", reason="handing out needs nbgrader: pip install -e '.[teach]'")

from tools import exercises, release, withhold  # noqa: E402

SETS = exercises.assignments()


@pytest.mark.parametrize("name", SETS)
def test_a_set_has_no_answer_and_its_solution_has(name):
    secret = release.answers(release.ROOT / "solutions" / name)
    assert len(secret) >= 4 and all(secret)
    assert release.leaks(release.ROOT / "exercises" / name, secret) == []
    assert release.leaks(release.ROOT / "solutions" / name, secret) != []


def test_a_written_answer_that_was_left_in_is_found(tmp_path):
    name = SETS[0]
    secret = release.answers(release.ROOT / "solutions" / name)
    path = next((release.ROOT / "exercises" / name).glob("*.ipynb"))
    made = nbformat.read(path, as_version=4)
    made.cells.append(nbformat.v4.new_markdown_cell("Proof: " + secret[-1]))
    nbformat.write(made, tmp_path / path.name)
    assert release.leaks(tmp_path, secret) == [str(tmp_path / path.name)]


def test_a_zip_is_the_same_at_every_run_and_holds_the_set_alone(tmp_path):
    folder = release.ROOT / "exercises" / SETS[0]
    for target in ("a.zip", "b.zip"):
        release.pack(folder, tmp_path / target)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    names = zipfile.ZipFile(tmp_path / "a.zip").namelist()
    assert names and all(name.startswith(f"{SETS[0]}/") and "checkpoint" not in name for name in names)


def test_chosen_sets_are_released_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(exercises, "main", lambda: 0)       # exercises/ is in step: another test proves it
    assert release.main(["--out", str(tmp_path), "--set", SETS[0], "--set", SETS[2]]) == 0
    assert sorted(path.stem for path in tmp_path.iterdir()) == [SETS[0], SETS[2]]
    with pytest.raises(SystemExit):
        release.main(["--out", str(tmp_path), "--set", "no-such-set"])
    assert "there is no set no-such-set" in capsys.readouterr().err


def test_the_contents_without_solutions_have_all_other_pages():
    text = (withhold.ROOT / "_toc.yml").read_text(encoding="utf-8")
    kept = yaml.safe_dump(withhold.without(yaml.safe_load(text), withhold.is_solution))
    assert "solutions/" in text and "solutions/" not in kept
    assert kept.count("file: ") == text.count("file: ") - text.count("file: solutions/")
