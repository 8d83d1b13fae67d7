"""Where readers report an error, suggest an edit, and run a notebook elsewhere: links at the end of every page.

`make book REPOSITORY=https://github.com/owner/name`, or `url` under `repository` in _config.yml, says where the book
lives. Without it no page has these links. An error opens one of the forms in .github/ISSUE_TEMPLATE, with the page
filled in. What is made from another file is edited there: an exercise in its solutions, the library in its modules.
"""

from __future__ import annotations

import os
import re
import sys
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.notebooks import about  # noqa: E402

ADDRESS = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def source_of(docname: str, file: str) -> str | None:
    """Return what a change of the page changes, a path in the repository; None for what is made of everything."""
    if docname.startswith("_modules/"):
        name = docname.removeprefix("_modules/")
        return f"{name}.py" if "/" in name else None
    if docname == "book/api":
        return "lecture_code"
    return re.sub("^exercises/", "solutions/", file) or None


def links(docname: str, file: str, repository: str, branch: str, needs: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return words and addresses; `file` is that of the page, '' where it has none, `needs` are packages of its notebook."""
    home = f"https://github.com/{repository}"
    form = "exercise.yml" if docname.startswith(("exercises/", "solutions/")) else "book.yml"
    found = [("Report an error here", f"{home}/issues/new?{urlencode({'template': form, 'page': docname})}")]
    if source := source_of(docname, file):
        found.append(("Edit this page", f"{home}/{'edit' if '.' in source else 'tree'}/{branch}/{source}"))
    if file.endswith(".ipynb"):
        if not needs:         # Binder installs requirements.txt, in which they are not
            found.append(("Open in Binder", f"https://mybinder.org/v2/gh/{repository}/{branch}?urlpath={quote(f'lab/tree/{file}', safe='')}"))
        found.append(("Open in Colab", f"https://colab.research.google.com/github/{repository}/blob/{branch}/{file}"))
    return found


def line(shown: list[tuple[str, str]], repository: str) -> str:
    """Return the links as HTML."""
    words = " · ".join(f'<a href="{escape(url)}">{text}</a>' for text, url in shown)
    first = f" (run <code>%pip install git+https://github.com/{repository}</code> there first)" if "Colab" in words else ""
    return f'\n<p class="repository-links">{words}{first}</p>\n'


def on_config_inited(app: Sphinx, config: Config) -> None:
    options = config.html_theme_options
    given = os.environ.get("REPOSITORY") or options.pop("repository_url", "")
    options.pop("launch_buttons", None)           # the theme's own, in the header
    if given and not ADDRESS.fullmatch(given):
        raise ConfigError(f"the address of the repository has the form https://github.com/owner/name, not {given}")
    config.book_repository = ADDRESS.fullmatch(given)[1] if given else ""


def on_page(app: Sphinx, docname: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    repository = app.config.book_repository
    if not repository or "body" not in context:
        return
    file = str(app.env.doc2path(docname, base=False)) if docname in app.env.found_docs else ""
    needs = about(Path(app.srcdir, file)).needs if file.endswith(".ipynb") else ()
    shown = links(docname, file, repository, app.config.html_theme_options.get("repository_branch") or "main", needs)
    context["body"] += line(shown, repository)


def setup(app: Sphinx) -> dict[str, bool | str]:
    app.add_config_value("book_repository", "", "html")      # another value: all pages are written anew
    app.connect("config-inited", on_config_inited)
    app.connect("html-page-context", on_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
