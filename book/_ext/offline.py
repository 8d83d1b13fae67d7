"""Leave out the parts of Jupyter Book that exist only to reach other hosts.

Jupyter Book always loads Thebe (runs cells on a remote machine) and sphinx-comments (shows
comments kept elsewhere), also where they are switched off. The pages of this book ask no other
host for anything, so none of their scripts has a place there. There is no option for it:
what these two extensions registered is taken out again.
"""

from __future__ import annotations

from sphinx.application import Sphinx

UNUSED = ("sphinx_thebe", "sphinx_comments")


def setup(app: Sphinx) -> dict[str, bool | str]:
    for name, listeners in app.events.listeners.items():
        listeners[:] = [one for one in listeners if not one.handler.__module__.startswith(UNUSED)]
    app.registry.css_files[:] = [(name, options) for name, options in app.registry.css_files if name != "sphinx-thebe.css"]
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
