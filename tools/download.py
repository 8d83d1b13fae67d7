"""Make of a notebook of the book what its download button gives: one that every notebook program shows and runs.

The Markdown is plain and the outputs are kept. The first cell installs the library where it is missing, from the wheel
that the site carries: from the address at which the notebook was downloaded (download.js writes it into the cell, and
the build does where it knows the address), or from the wheel beside the notebook.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tools import notebooks
from tools.notebooks import ROOT
from tools.plain_markdown import References, plain

#: Packages that chapters use and the library does not.
USED = re.compile(r"^ *(?:import|from) (sympy|joblib)\b", re.MULTILINE)
INSTALL = '''\
# Installs what this notebook needs, where it is missing. In the book's own environment it does nothing.
from importlib.util import find_spec
from pathlib import Path

SITE = "{site}"
WHEEL = "{wheel}"
missing = [name for name in {names} if find_spec(name) is None]
if missing:
    if "lecture_code" in missing:
        if not SITE and not Path(WHEEL).exists():
            raise FileNotFoundError(f"Copy {{WHEEL}} from the folder _downloads of the site to {{Path.cwd()}}, and run this cell again.")
        missing[0] = WHEEL if Path(WHEEL).exists() else SITE + WHEEL
    packages = " ".join(missing)
    %pip install --quiet {{packages}}'''


def copy(path: Path, references: References, wheel: str, site: str = "") -> dict[str, Any]:
    """Return the notebook of the book at `path` for readers elsewhere; `site` is where the wheel is published."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    file = path.relative_to(ROOT).as_posix()
    code = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            cell["source"] = plain(source, file, references)
        elif cell["cell_type"] == "code":
            code.append(source)
            if {"hide-input", "remove-input"} & set(cell["metadata"].get("tags", [])):
                cell["metadata"]["jupyter"] = {"source_hidden": True}
    names = ["lecture_code", *dict.fromkeys(USED.findall("\n".join(code))), *notebooks.about(path).needs]
    source = INSTALL.format(site=site, wheel=wheel, names=json.dumps(names))
    first = {"cell_type": "code", "id": "install", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
    notebook["cells"].insert(0, first)
    return notebook
