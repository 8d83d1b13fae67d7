"""What the last build made: where it is and which pages it has."""

import json
import os
import re
from pathlib import Path

import pytest

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"


def missing(what: str) -> None:
    """Skip the test for want of something; in continuous integration, where it must be here, fail."""
    pytest.fail(what) if os.environ.get("CI") else pytest.skip(what)


def pages() -> list[str]:
    """The pages of the book, 'book/index.html', …; none where nothing was built."""
    index = SITE / "searchindex.js"
    if not index.exists():
        return []
    names = re.search(r'"docnames": ?(\[.*?\])', index.read_text(encoding="utf-8"))
    return [f"{name}.html" for name in json.loads(names[1])]


def widget_pages() -> list[str]:
    mark = '<figure class="explorer'
    return [page for page in pages() if mark in (SITE / page).read_text(encoding="utf-8")]
