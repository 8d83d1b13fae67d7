"""Add to the built site the folder `live`: chapters and exercises at work in the reader's browser.

    python -m tools.live [--disk] [_build/html]          # after `jupyter-book build .`

Needs live/requirements.txt. What is put together: JupyterLite; Python itself (Pyodide, in
live/pyodide); lecture_code of this very tree and the few pure-Python packages that the chapters use, in
the versions of requirements.lock; the notebooks as plain Markdown, without outputs; MNIST, which a
notebook fetches when it asks for it; and what runs the cells of a page in the page (tools/run_in_page.py).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import nbformat

from tools import notebooks, run_in_page
from tools.notebooks import ROOT
from tools.plain_markdown import References, plain
from tools.wheel import build as build_wheel

LIVE = ROOT / "live"
#: Packages from the index, as they are: no part of Pyodide, and without compiled code.
PURE = {"ipywidgets", "jupyterlab-widgets", "comm", "tqdm", "sympy", "mpmath"}
#: Fetched when a cell imports them, and not before, though a package names them.
LATER = {"scipy"}
#: A notebook that imports one of these needs SciPy, which nobody else should wait for.
SCIPY = re.compile(r"^(?:from|import)\b.*\b(?:scipy|descent)\b", re.MULTILINE)
NOTE = """\
<div class="alert alert-info">

**This notebook runs in your browser.** Run the cells one by one with *Shift + Enter*, or all of them with \
the button above. Long runs are the **short** ones here, so some numbers differ from those on the \
[page of the book]({page}). What you change is kept in this browser: it is there after a reload, and nobody else sees it. \
*Download* saves a copy, *Start again* brings the original back.

</div>"""


# ---------------------------------------------------------------- Python and its packages

def python_distribution(folder: Path, cache: Path) -> None:
    """Fill a folder with Pyodide, our packages, and one lock file that lists both."""
    shutil.copytree(LIVE / "pyodide", folder, ignore=shutil.ignore_patterns("README.md", "SHA256SUMS", "LICENSE*"))
    lock_file = folder / "pyodide-lock.json"
    lock = json.loads(lock_file.read_text(encoding="utf-8"))
    shipped = {file.name for file in folder.iterdir()}
    packages = {name: entry for name, entry in lock["packages"].items() if entry["file_name"] in shipped}
    for wheel in [build_wheel(cache / "own", mnist=False), *index_wheels(cache), *kernel_wheels()]:
        shutil.copy(wheel, folder)
        entry = lock_entry(wheel)
        packages[entry["name"]] = entry
    packages["ssl"] = placeholder(folder, "ssl")
    for name, entry in packages.items():
        if absent := {canonical(need) for need in entry["depends"]} - packages.keys():
            raise SystemExit(f"{name}: it needs {', '.join(sorted(absent))}, which is not in the live part")
    lock["packages"] = packages
    lock_file.write_text(json.dumps(lock), encoding="utf-8")


def index_wheels(cache: Path) -> list[Path]:
    """Fetch the pure-Python packages from the package index, in the versions of the lock file, once."""
    pins = [line for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
            if canonical(line.partition("==")[0]) in PURE]
    folder = cache / "index" / hashlib.sha256(" ".join(pins).encode()).hexdigest()[:8]
    if len(list(folder.glob("*.whl"))) != len(PURE):
        pip("download", "--no-deps", "--only-binary", ":all:", "--dest", folder, *pins)
    return sorted(folder.glob("*.whl"))


def kernel_wheels() -> list[Path]:
    """The kernel's own wheels, inside its extension of JupyterLite."""
    files = distribution("jupyterlite-pyodide-kernel").files or []
    wheels = [Path(file.locate()) for file in files if file.match("pypi/*.whl")]
    return [wheel.resolve() for wheel in wheels if not wheel.name.startswith("widgetsnbextension-3")]


def lock_entry(wheel: Path) -> dict[str, Any]:
    """Describe a wheel as Pyodide's lock file does."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        about = Parser().parsestr(archive.read(metadata).decode())
        top = {name.split("/")[0] for name in archive.namelist() if re.fullmatch(r"\w+/.*\.py", name)}
    name = canonical(about["Name"])
    # "numpy<3,>=2.0" ↦ numpy; what has a condition is for another platform, or an extra
    needs = [canonical(re.match(r"[\w.-]+", line)[0]) for line in about.get_all("Requires-Dist", []) if ";" not in line]
    return {
        "name": name,
        "version": about["Version"],
        "file_name": wheel.name,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "imports": sorted(top),
        "depends": [need for need in needs if need not in LATER],
        "install_dir": "site",
        "package_type": "package",
        "shared_library": False,
        "unvendored_tests": False,
    }


def placeholder(folder: Path, name: str) -> dict[str, Any]:
    """An empty package: the kernel asks for it by name, and the book has no use for it."""
    file = folder / f"{name}-0.zip"
    with zipfile.ZipFile(file, "w"):
        pass
    return {
        "name": name, "version": "0", "file_name": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "imports": [], "depends": [], "install_dir": "site",
        "package_type": "cpython_module", "shared_library": False, "unvendored_tests": False,
    }


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pip(*arguments: Any) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check",
                    *map(str, arguments)], check=True)


# ---------------------------------------------------------------- notebooks

def live_notebooks() -> list[Path]:
    return [path for path in [*notebooks.chapters(), *notebooks.exercises()] if notebooks.about(path).live]


def live_copy(path: Path, references: References) -> nbformat.NotebookNode:
    """Return a notebook as readers run it: plain Markdown, no outputs, the note about short runs on top."""
    notebook = nbformat.read(path, as_version=4)
    file = path.relative_to(ROOT).as_posix()
    notebook.metadata.pop("widgets", None)
    code = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, file, references)
        elif cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            code += cell.source + "\n"
            if {"hide-input", "remove-input"} & set(cell.metadata.get("tags", [])):
                cell.metadata["jupyter"] = {"source_hidden": True}
    note = nbformat.v4.new_markdown_cell(NOTE.format(page=path.name), id="live-note")
    added = [note]
    if SCIPY.search(code):
        source = "import scipy  # the browser fetches SciPy when a cell imports it"
        added.append(nbformat.v4.new_code_cell(source, id="live-scipy"))
    notebook.cells[1:1] = added
    return notebook


def write_notebooks(folder: Path, references: References) -> None:
    for path in live_notebooks():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(live_copy(path, references), target)


# ---------------------------------------------------------------- the folder

#: After the element that holds JupyterLite's settings, and before what reads it.
SETTINGS = re.compile(r'id="jupyter-config-data".*?</script>', re.DOTALL)


def add_toolbar(site: Path) -> None:
    """Put our line of buttons, and the theme of the book, into the page in which notebooks open."""
    page = site / "live" / "notebooks" / "index.html"

    def added(name: str) -> str:      # a browser may keep what it has under the same name
        file = shutil.copy(LIVE / name, site / "live")
        return f"../{name}?v={hashlib.sha256(Path(file).read_bytes()).hexdigest()[:8]}"
    theme = rf'\g<0><script src="{added("theme.js")}"></script>'
    text, found = SETTINGS.subn(theme, page.read_text(encoding="utf-8"), count=1)
    if not found or "</head>" not in text:
        raise SystemExit(f"{page}: no settings to put the theme after, or no </head> to put the toolbar before")
    links = "".join(f'<link rel="stylesheet" href="{file}">' for file in ("../../_static/fonts.css", added("toolbar.css")))
    page.write_text(text.replace("</head>", f'{links}<script defer src="{added("toolbar.js")}"></script></head>', 1), encoding="utf-8")


def labextension(package: str) -> str:
    """Where an installed package keeps its extension of JupyterLab."""
    files = distribution(package).files or []
    (file,) = [file for file in files if file.match("labextensions/*/*/package.json")]
    return str(Path(file.locate()).resolve().parent)


def build(site: Path, disk: bool = False) -> None:
    work, cache = site.parent / "live", ROOT / "_build" / "wheels"
    for folder in (work, site / "live"):
        shutil.rmtree(folder, ignore_errors=True)
    references = json.loads((site.parent / "references.json").read_text(encoding="utf-8"))
    python_distribution(work / "static" / "pyodide", cache)
    write_notebooks(work / "files", references)
    for name in ("jupyter-lite.json", "overrides.json"):
        shutil.copy(LIVE / name, work)
    config = {"LiteBuildConfig": {
        "contents": ["files"],
        "apps": ["notebooks", "tree"],
        "federated_extensions": [labextension("jupyterlab_widgets"), labextension("jupyterlite-pyodide-kernel")],
        "ignore_sys_prefix": ["federated_extensions"],
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
        "output_dir": str(site / "live"),
    }}
    (work / "jupyter_lite_config.json").write_text(json.dumps(config), encoding="utf-8")
    lite = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", str(work)]
    log = subprocess.run(lite, cwd=work, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if log.returncode:
        raise SystemExit(log.stdout)
    add_toolbar(site)
    run_in_page.build(site, work / "static" / "pyodide", live_notebooks(), cache / "repacked", disk)
    (site / "live" / "data").mkdir()
    shutil.copy(run_in_page.MNIST, site / "live" / "data")
    size = sum(file.stat().st_size for file in (site / "live").rglob("*") if file.is_file())
    print(f"{site / 'live'}: {size / 1e6:.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--disk", action="store_true", help="pages shall run their cells when they are opened from disk, too")
    arguments = parser.parse_args()
    if not (arguments.site / "index.html").exists():
        raise SystemExit(f"{arguments.site}: there is no site; run `make book` first")
    build(arguments.site.resolve(), arguments.disk)
