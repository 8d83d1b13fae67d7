"""Turn the book's MyST Markdown into the plain Markdown that every notebook program shows.

The pages of the book are written with labels, roles and directives. A notebook that runs on its own
knows no labels of other notebooks, so here each role becomes the text and number that the page shows,
and each box becomes a quotation, or a fold where the page has one. `references` is what the build of
the book leaves in references.json: role ↦ target ↦ [text, file].
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

References = Mapping[str, Mapping[str, list[str]]]

ROLE = re.compile(r"\{(eq|numref|prf:ref|ref|doc|cite|cite:t)\}`([^`]+)`")
TITLED = re.compile(r"(.+?)\s*<([^<>]+)>", re.DOTALL)
LABEL = re.compile(r"^\([\w-]+\)=[ \t]*\n", re.MULTILINE)
FORMULA = re.compile(r"\$\$(?P<tex>(?:(?!\$\$).)+?)\s*\$\$[ \t]*\((?P<label>eq-[\w-]+)\)", re.DOTALL)
OPEN = re.compile(r"(?P<fence>:{3,}|`{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<title>.*)")
OPTION = re.compile(r":(\w+):[ \t]*(.*)")
OPTIONAL = re.compile(r"^(#+ )★ *(.+?) *$", re.MULTILINE)
NUMBERED = ("theorem", "lemma", "proposition", "corollary", "definition")


def plain(text: str, file: str, references: References) -> str:
    """Return the Markdown cell `text` of `file` (book/04-gradient-descent.ipynb) without MyST."""
    text = FORMULA.sub(lambda m: _formula(m["tex"], references["eq"][m["label"]][0]), LABEL.sub("", text))
    text = OPTIONAL.sub(r"\1★ \2 (optional)", text)
    text = "\n".join(_boxes(text.split("\n"), references))
    return ROLE.sub(lambda m: _role(m[1], m[2], file, references), text)


def _formula(tex: str, number: str) -> str:
    return f"$${tex.rstrip()}\n\\tag{{{number.strip('()')}}}\n$$"


def _role(role: str, target: str, file: str, references: References) -> str:
    """Return a role as text; what leads to a formula or to another notebook stays a link."""
    if role.startswith("cite"):
        texts = [references[role][key.strip()][0] for key in target.split(",")]
        return f"({'; '.join(texts)})" if role == "cite" else ", ".join(texts)
    title = None
    if titled := TITLED.fullmatch(target):
        title, target = titled.groups()
    if role == "doc":
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file), target))
    text, where = references[role][target]
    if role in ("ref", "doc"):
        text = title or text
    if not where.endswith(".ipynb") or (where == file and role != "eq"):
        return text
    link = posixpath.relpath(where, posixpath.dirname(file))
    return f"[{text}]({link}#{target})" if role == "eq" else f"[{text}]({link})"


def _boxes(lines: list[str], references: References) -> list[str]:
    """Replace directives, outermost first, by quotations or folds."""
    result: list[str] = []
    while lines:
        line = lines.pop(0)
        opening = OPEN.fullmatch(line)
        if not opening:
            result.append(line)
            continue
        end = lines.index(opening["fence"])
        body, lines = lines[:end], lines[end + 1 :]
        options: dict[str, str] = {}
        while body and (option := OPTION.fullmatch(body[0])):
            options[option[1]] = option[2]
            body.pop(0)
        inside = _boxes(body, references)
        if opening["name"] == "blank":
            result += [*inside, "", "<details>", "<summary>Write down your value. Then show the true one.</summary>", "",
                       opening["title"], "", "</details>"]
            continue
        heading = _heading(opening["name"], opening["title"], options, references)
        if "dropdown" in options.get("class", ""):
            result += ["<details>", f"<summary><b>{heading}</b></summary>", "", *inside, "", "</details>"]
        else:
            # Not "> …": a formula of several lines would show the marks.
            result += ["<blockquote>", "", f"**{heading}**", "", *inside, "", "</blockquote>"]
    return result


def _heading(name: str, title: str, options: Mapping[str, str], references: References) -> str:
    kind = name.removeprefix("prf:")
    if kind == "proof":
        return "Proof"
    if kind in NUMBERED:
        number = references["prf:ref"][options["label"]][0]
        return f"{number} ({title})" if title else number
    if kind == "admonition":
        return title
    raise ValueError(f"directive: expected an admonition, a theorem, a proof or a blank, got {name!r}")
