"""The address of the repository: links with it, none without; and the files that a repository is expected to have."""

from __future__ import annotations

import os
import re
import tomllib
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import repository
import yaml
from built_site import pages
from packaging.specifiers import SpecifierSet
from sphinx.errors import ConfigError
from test_contents import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HOME = "https://github.com/owner/name"
FORMS = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")}


# ---------------------------------------------------------------- the links

@pytest.mark.parametrize(("docname", "file", "edited", "notebook"), [
    ("book/04-gradient-descent", "book/04-gradient-descent.ipynb", "edit/main/book/04-gradient-descent.ipynb", True),
    ("exercises/02-calculus/calculus", "exercises/02-calculus/calculus.ipynb", "edit/main/solutions/02-calculus/calculus.ipynb", True),
    ("solutions/02-calculus/calculus", "solutions/02-calculus/calculus.ipynb", "edit/main/solutions/02-calculus/calculus.ipynb", True),
    ("book/index", "book/index.md", "edit/main/book/index.md", False),
    ("book/api", "book/api.md", "tree/main/lecture_code", False),
    ("_modules/lecture_code/losses", "", "edit/main/lecture_code/losses.py", False),
    ("genindex", "", None, False),
])
def test_each_page_links_to_its_own_file(docname, file, edited, notebook):
    found = dict(repository.links(docname, file, "owner/name", "main"))
    assert found.get("Edit this page") == (edited and f"{HOME}/{edited}")
    assert edited is None or (ROOT / edited.split("/", 2)[2]).exists()
    report = urlsplit(found["Report an error here"])
    asked = {name: values[0] for name, values in parse_qs(report.query).items()}
    assert report.path == "/owner/name/issues/new" and asked["page"] == docname
    assert {field.get("id") for field in FORMS[asked["template"]]["body"]} >= asked.keys() - {"template"}
    assert (asked["template"] == "exercise.yml") == docname.startswith(("exercises", "solutions"))
    assert ("Open in Binder" in found) == ("Open in Colab" in found) == notebook
    if notebook:
        assert found["Open in Colab"] == f"https://colab.research.google.com/github/owner/name/blob/main/{file}"
        binder = urlsplit(found["Open in Binder"])
        assert binder.path == "/v2/gh/owner/name/main" and parse_qs(binder.query) == {"urlpath": [f"lab/tree/{file}"]}


def test_binder_is_not_offered_for_what_it_does_not_install():
    assert [text for text, _ in repository.links("book/19-pytorch", "book/19-pytorch.ipynb", "owner/name", "main", ("torch",))] == [
        "Report an error here", "Edit this page", "Open in Colab"]


def page_with(environment: str, configured: str) -> str:
    """The text of a page, after the extension, where the address is set in the environment or in _config.yml."""
    config = SimpleNamespace(html_theme_options={"repository_url": configured, "repository_branch": "main", "launch_buttons": {}})
    env = SimpleNamespace(found_docs={"book/index"}, doc2path=lambda name, base: f"{name}.md")
    context = {"body": "<p>The text.</p>"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPOSITORY", environment)
        repository.on_config_inited(None, config)
    repository.on_page(SimpleNamespace(config=config, env=env, srcdir=ROOT), "book/index", "page.html", context, None)
    return context["body"]


def test_without_an_address_there_is_no_link_and_either_place_sets_it():
    assert page_with("", "") == "<p>The text.</p>"
    assert page_with(HOME, "") == page_with("", f"{HOME}.git") == page_with(f"{HOME}/", "https://github.com/an/other")
    assert f'href="{HOME}/edit/main/book/index.md"' in page_with(HOME, "")
    with pytest.raises(ConfigError, match="github.com/owner/name, not"):
        page_with("github.com/owner", "")


def test_the_pages_show_it_or_do_not(site):
    given = bool(os.environ.get("REPOSITORY") or yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"])
    shown = {name for name in pages() if 'class="repository-links"' in (site / name).read_text(encoding="utf-8")}
    assert shown == (set(pages()) if given else set())
    assert given or not re.search("mybinder|colab.research", "".join((site / name).read_text(encoding="utf-8") for name in pages()))


# ---------------------------------------------------------------- the files

def test_the_citation_has_what_its_format_asks_for_and_the_version_of_the_library():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()                # what version 1.2.0 requires
    assert cited["cff-version"] == "1.2.0" and cited["type"] in ("software", "dataset")
    assert cited["version"] == PROJECT["version"]
    assert [author["name"] for author in cited["authors"]] == [author["name"] for author in PROJECT["authors"]]
    assert cited["title"] == yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]


def test_the_changes_name_the_version():
    versions = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == "Unreleased" or versions[0] == PROJECT["version"]
    assert PROJECT["version"] in versions


def test_contributing_is_two_screens_and_leads_on():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60 and len(text.split()) <= 500
    links = [target for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    assert "book/contributing.md" in links and all((ROOT / link).is_file() for link in links)
    commands = set(re.findall(r"make ([a-z]+)", text))
    assert commands <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_binder_gets_a_python_that_the_library_takes():
    version = re.fullmatch(r"python-(3\.\d+)\n", (ROOT / "runtime.txt").read_text(encoding="utf-8"))
    assert version and f"{version[1]}.0" in SpecifierSet(PROJECT["requires-python"])


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_form_has_what_github_asks_for(name):
    form = FORMS[name]
    assert form["name"] and form["description"]
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids)) and "page" in ids
    for field in form["body"]:
        assert field["type"] in ("input", "textarea", "dropdown", "checkboxes") and field["attributes"]["label"]
