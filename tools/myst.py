"""The text, the inline formulas and the displayed formulas of MyST Markdown, from the tokens of its own parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

CODE = {"{code-cell}", "{code-block}", "{code}", "{literalinclude}", "{mermaid}", "{raw}", "{eval-rst}", "{figure}", "{image}"}
DIRECTIVE = re.compile(r"(\{[\w:-]+\})\s*(.*)$")


class Piece(NamedTuple):
    kind: str  # "text", "math" (inline), "display"
    text: str
    block: int  # pieces of one paragraph, heading, cell of a table … have one number
    label: str | None = None


@cache
def _parser():
    from markdown_it.renderer import RendererHTML
    from myst_parser.config.main import MdParserConfig
    from myst_parser.parsers.mdit import create_md_parser
    extensions = {"amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath", "fieldlist", "substitution",
                  "tasklist"}
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def pieces(markdown: str) -> list[Piece]:
    """Return what a reader reads, in order: no code, no comments, no targets of links and roles."""
    found: list[Piece] = []
    for token in _parser().parse(markdown, {}):
        _collect(token, found)
    return found


def _collect(token, found: list[Piece]) -> None:
    block = found[-1].block + 1 if found else 0
    if token.type == "inline":
        found += [piece._replace(block=block) for piece in _inline(token.children or [])]
    elif token.type in ("math_block", "math_block_label"):
        found.append(Piece("display", token.content, block, token.info or None if token.type.endswith("label") else None))
    elif token.type == "amsmath":
        found.append(Piece("display", token.content, block))
    elif token.type in ("fence", "colon_fence"):
        _directive(token, found, block)


def _inline(tokens: list) -> Iterator[Piece]:
    for token in tokens:
        if token.type in ("text", "softbreak", "hardbreak"):
            yield Piece("text", token.content or " ", 0)
        elif token.type == "math_inline":
            yield Piece("math", token.content, 0)
        elif token.type == "math_inline_double":
            yield Piece("display", token.content, 0)
        elif token.type == "image":
            yield from _inline(token.children or [])
        elif token.type == "myst_role" and (text := re.match(r"(.*?)\s*<", token.content)):
            yield Piece("text", text[1], 0)


def _directive(token, found: list[Piece], block: int) -> None:
    """Enter a directive whose content is text; its argument is read, its options are not."""
    name, argument = DIRECTIVE.match(token.info).groups() if DIRECTIVE.match(token.info) else ("", "")
    if name in CODE or not name:
        return
    lines = token.content.splitlines()
    options = [line for line in lines if re.match(r":[\w-]+:", line)]
    body = "\n".join(line for line in lines if line not in options)
    if name == "{math}":
        label = next((line[7:].strip() for line in options if line.startswith(":label:")), None)
        found.append(Piece("display", body, block, label))
        return
    if argument:
        found.append(Piece("text", argument, block))
    found += [piece._replace(block=piece.block + block + 1) for piece in pieces(body)]
