"""Chapters: their numbers, and the plan of the book on its first page.

A chapter is a page ``book/NN-name``, and NN is its number, whatever else is in the table of contents; all other
pages have none. ``{chapters}`` lists the chapters in the parts and the order of _toc.yml; its content says one
sentence for each, as a definition list::

    :::{chapters}
    04-gradient-descent
    : How far can you trust a slope?
    :::

A chapter without a sentence is a warning, and so is a sentence without a chapter. Each chapter is a card: its picture,
book/images/chapters/NN-name.svg, where there is one, its title, the sentence, and how long it takes to read. The
sentence is also the description of the chapter's page (front_page.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles

logger = logging.getLogger(__name__)
CHAPTER = re.compile(r"book/(\d\d)-[\w-]+")


# ---- numbers ----------------------------------------------------------------------------------------

def number_of(docname: str) -> int | None:
    """Return the number of a chapter, None for any other page."""
    found = CHAPTER.fullmatch(docname)
    return int(found[1]) if found else None


def assign_section_numbers(collector: object, env: BuildEnvironment) -> list[str]:
    """Number the chapters by their files and their sections in order; return the pages whose numbers changed."""
    old, env.toc_secnumbers = env.toc_secnumbers, {}
    for docname, toc in env.tocs.items():
        env.titles[docname].attributes.pop("secnumber", None)
        if number_of(docname) and toc.children:
            page = toc[0]  # the item of the title
            env.toc_secnumbers[docname] = dict(_numbers(page, (number_of(docname),)))
            env.titles[docname]["secnumber"] = (number_of(docname),)
    pages = env.toc_secnumbers.keys() | old.keys()
    return [name for name in pages if name in env.tocs and env.toc_secnumbers.get(name) != old.get(name)]


def _numbers(item: nodes.list_item, number: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Number a section and those in it; pages that stand under it in the contents are not sections."""
    reference = item[0][0]
    reference["secnumber"] = number
    yield reference["anchorname"], number
    for below in item.children[1:]:
        inner = [child for child in below.children if isinstance(child, nodes.list_item)]
        for place, child in enumerate(inner, start=1):
            yield from _numbers(child, (*number, place))


# ---- the plan of the book ---------------------------------------------------------------------------

class chapter_list(nodes.General, nodes.Element):
    """The place of the plan: `docnames` of the sentences, which are its children."""


class Chapters(SphinxDirective):
    """``{chapters}``: all chapters, part by part, with the sentences of the content."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        content = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, content)
        place = chapter_list(docnames=[])
        sentences = lists_of(self.env)[self.env.docname] = {}
        for item in content.findall(nodes.definition_list_item):
            name = "book/" + item[0].astext()
            place["docnames"].append(name)
            sentences[name] = item[-1].astext()
            place += nodes.container("", *item[-1].children)
        return [place]


def lists_of(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Return the pages that show the plan, with its sentences: they are written anew when any page changes."""
    if not hasattr(env, "chapter_lists"):
        env.chapter_lists = {}
    return env.chapter_lists


def sentence_about(env: BuildEnvironment, docname: str) -> str:
    """Return what the plan says about a chapter, '' for other pages."""
    return next((sentences[docname] for sentences in lists_of(env).values() if docname in sentences), "")


def parts(env: BuildEnvironment) -> list[tuple[str, list[str]]]:
    """Return (caption, chapters) of each part of the contents that has chapters."""
    found = [(part.caption, [name for name in map(str, part.items) if number_of(name)])
             for part in env.external_site_map.root.subtrees]
    return [(caption, chapters) for caption, chapters in found if chapters]


def on_doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(chapter_list)):
        sentences = dict(zip(place["docnames"], place.children))
        chapters = [name for _, names in parts(app.env) for name in names]
        for name in chapters:
            if name not in sentences:
                logger.warning("{chapters} says nothing about %s", name, location=docname, type="contents")
        for name in sentences.keys() - set(chapters):
            if any(Path(app.srcdir).glob(f"{name}.*")):    # left out of this site
                continue
            logger.warning("{chapters} has a sentence about %s, which is no chapter", name, location=docname, type="contents")
        place.replace_self([part for caption, names in parts(app.env) for part in _part(app, docname, caption, names, sentences)])


def _part(app: Sphinx, here: str, caption: str, names: list[str], sentences: dict[str, nodes.Element]) -> list[nodes.Node]:
    entries = nodes.bullet_list("", classes=["chapters"])
    for name in names:
        title = nodes.Text(f"{number_of(name)}. {app.env.titles[name].astext()}")
        line = nodes.paragraph("", "", make_refnode(app.builder, here, name, "", title))
        entries += nodes.list_item("", *_picture(app, name), line, *sentences.get(name, nodes.container()).children)
        if minutes := app.env.metadata[name].get("minutes"):                # folding.py has counted them
            entries[-1] += nodes.paragraph("", minutes, classes=["chapter-minutes"])
    return [nodes.rubric("", caption, classes=["part"]), entries]


def _picture(app: Sphinx, name: str) -> list[nodes.Node]:
    """Return the picture of a chapter, as a part of the page, so that it has the colours of the page."""
    path = Path(app.srcdir, "book", "images", "chapters", name.removeprefix("book/") + ".svg")
    if not path.is_file():
        return []
    drawing = path.read_text(encoding="utf-8").replace("<svg ", '<svg aria-hidden="true" width="120" height="66" ', 1)
    return [nodes.raw("", f'<div class="chapter-picture">{drawing}</div>', format="html")]


def on_env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    return sorted(lists_of(env))


def on_env_purge_doc(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    lists_of(env).pop(docname, None)


def on_env_merge_info(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    lists_of(env).update({name: said for name, said in lists_of(other).items() if name in docnames})


def setup(app: Sphinx) -> dict[str, bool | int | str]:
    TocTreeCollectorWithStyles.assign_section_numbers = assign_section_numbers
    app.add_node(chapter_list)
    app.add_directive("chapters", Chapters)
    app.connect("env-updated", on_env_updated)
    app.connect("env-purge-doc", on_env_purge_doc)
    app.connect("env-merge-info", on_env_merge_info)
    app.connect("doctree-resolved", on_doctree_resolved)
    return {"version": "1", "env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}
