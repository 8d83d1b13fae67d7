"""The page of the library: ``{library}`` is a section for each module that lies in lecture_code, with its docstrings.

Nobody lists the modules: a new file appears by itself. The tasks of the exercises have a folder of their own and
stay out, since their answers would be read here.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

PACKAGE = Path(__file__).resolve().parents[2] / "lecture_code"
PLACE = re.compile(r"^:::\{library\}\n:::$", re.MULTILINE)
SECTION = """\
## `{name}`

```{{eval-rst}}
.. automodule:: lecture_code.{name}
   :members:
```
"""


def modules(package: Path = PACKAGE) -> list[str]:
    """Return the names of the public modules of the library."""
    return sorted(path.stem for path in package.glob("*.py") if not path.stem.startswith("_"))


def _on_source_read(app: Sphinx, docname: str, content: list[str]) -> None:
    if PLACE.search(content[0]):
        pages_of(app.env)[docname] = modules()
        content[0] = PLACE.sub(lambda place: "\n".join(SECTION.format(name=name) for name in modules()), content[0])


def pages_of(env: BuildEnvironment) -> dict[str, list[str]]:
    """Return page ↦ modules that it showed when it was read."""
    if not hasattr(env, "library_pages"):
        env.library_pages = {}
    return env.library_pages


def _on_outdated(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    return [page for page, shown in pages_of(env).items() if shown != modules() and page in env.found_docs]


def _on_purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    pages_of(env).pop(docname, None)


def _on_merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    pages_of(env).update({page: shown for page, shown in pages_of(other).items() if page in docnames})


def setup(app: Sphinx) -> dict[str, bool | int | str]:
    app.connect("source-read", _on_source_read)
    app.connect("env-get-outdated", _on_outdated)
    app.connect("env-purge-doc", _on_purge)
    app.connect("env-merge-info", _on_merge)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
