r"""Break a formula one token at a time, as a slip of the pen would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .tokens import Token, one_line, tokens

GREEK = "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi rho sigma tau varphi phi psi omega " \
        "ell Delta Omega"
LETTER = re.compile(rf"[a-zA-Z]$|\\({'|'.join(GREEK.split())})$")
OPAQUE = {r"\operatorname", r"\begin", r"\end", r"\mathrm", r"\mathsf", r"\mathbb", r"\mathbf"}
RELATIONS = {r"\le": ["<", r"\ge "], r"\ge": [">", r"\le "], "<": [r"\le ", ">"], ">": [r"\ge ", "<"], r"\ne": ["="]}
OPERATORS = {r"\odot": [""], r"\circledast": ["*"], "*": [r"\circledast "], r"\max": [r"\min "], r"\min": [r"\max "],
             r"\log": [""], r"\sum": [r"\prod "], r"\prod": [r"\sum "], r"\sqrt": [""], r"\argmin": [r"\min "]}
DECORATIONS = {r"\bar", r"\hat", r"\tilde", "'"}


class Mutant(NamedTuple):
    kind: str
    shown: str  # the place, with ⟨old→new⟩
    latex: str


def mutants(latex: str) -> Iterator[Mutant]:
    """Yield the formula with one change: a sign, number, index, letter, factor, power, transpose, relation, …"""
    line, source = one_line(latex), tokens(latex)
    done = {line}

    def change(kind: str, start: int, end: int, new: str) -> Iterator[Mutant]:
        mutant = line[:start] + new + line[end:]
        if mutant not in done:
            done.add(mutant)
            yield Mutant(kind, f"{line[max(0, start - 12):start]}⟨{line[start:end]}→{new}⟩{line[end:end + 12]}", mutant)

    opaque = _opaque(source)
    digits = {j for i, token in enumerate(source) if token.text == r"\frac"  # the 1 and the 2 of \frac12 are no 12
              for j in (i + 1, i + 1 + len(_group(source, i + 1)))}
    letters = [*dict.fromkeys(token.text for i, token in enumerate(source) if i not in opaque and LETTER.match(token.text))]
    for i, token in enumerate(source):
        before = source[i - 1].text if i else ""
        after = source[i + 1].text if i + 1 < len(source) else ""
        if token.text in RELATIONS:
            for new in RELATIONS[token.text]:
                yield from change("relation", token.at, token.end, new)
        elif token.text in OPERATORS:
            for new in OPERATORS[token.text]:
                yield from change("operator", token.at, token.end, new)
        elif token.text in DECORATIONS:
            yield from change("decoration", token.at, token.end, "")
        elif token.text in "+-" and not before + after == "{}":
            yield from change("sign", token.at, token.end, "-" if token.text == "+" else "+")
        elif token.text == r"\frac":
            yield from _fraction(line, source, i, change)
        elif i not in opaque and re.match(r"\d", token.text):
            if i in digits or not before.isdigit() and not after.isdigit():
                yield from _number(token, change)
        elif token.text == "^":
            group = _group(source, i + 1)
            transposed = [part.text for part in group if part.text not in "{}"] == [r"\mathsf", "T"]
            layer = len(group) > 2 and group[1].text == "["
            if layer:
                for step in "+-":
                    yield from change("layer", group[-2].at, group[-2].at, step + "1")
            else:
                yield from change("transpose" if transposed else "power", token.at, group[-1].end, "")
        elif token.text == "_" and before not in OPERATORS and before != r"\lim":
            yield from _subscript(line, source, i, change)
        elif i not in opaque and LETTER.match(token.text):
            if len(letters) > 1:
                new = letters[(letters.index(token.text) + 1) % len(letters)]
                yield from change("letter", token.at, token.end, new + " " * new.startswith("\\"))
            if before not in ("_", "^", r"\partial", r"\nabla") and before not in DECORATIONS:
                yield from change("factor", token.at, _end_of_unit(source, i), "")


def _opaque(source: list[Token]) -> set[int]:
    """Return the tokens of operator names, sets and the like, which are no symbols."""
    found: set[int] = set()
    for i, token in enumerate(source):
        if token.text in OPAQUE:
            found.update(range(i + 1, i + 1 + len(_group(source, i + 1))))
    return found


def _group(source: list[Token], i: int) -> list[Token]:
    """Return the token at i, or the group that begins there."""
    end, depth = i, 0
    while end < len(source):
        depth += {"{": 1, "}": -1}.get(source[end].text, 0)
        end += 1
        if not depth:
            break
    return source[i:end]


def _end_of_unit(source: list[Token], i: int) -> int:
    """Return where a symbol with its indices and powers ends."""
    end, i = source[i].end, i + 1
    while i < len(source) and source[i].text in ("_", "^"):
        group = _group(source, i + 1)
        end, i = group[-1].end, i + 1 + len(group)
    return end


def _fraction(line: str, source: list[Token], i: int, change: Callable) -> Iterator[Mutant]:
    """Turn a fraction upside down; drop a short one."""
    above = _group(source, i + 1)
    below = _group(source, i + 1 + len(above))
    if any(part.text in (r"\partial", r"\mathrm") for part in above):
        return
    top, bottom = (line[part[0].at:part[-1].end] for part in (above, below))
    swapped = "".join(part if part.startswith("{") else f"{{{part}}}" for part in (bottom, top))
    yield from change("upside down", source[i].at, below[-1].end, rf"\frac {swapped}")
    if len(top + bottom) < 12:
        yield from change("factor", source[i].at, below[-1].end, "")


def _number(token: Token, change: Callable) -> Iterator[Mutant]:
    if "." in token.text:
        yield from change("number", token.at, token.end, token.text[:-1] + str((int(token.text[-1]) + 2) % 10))
        return
    value = int(token.text)
    for new in (value + 1, value - 1):
        if new >= 0:
            yield from change("number", token.at, token.end, str(new) if new < 10 else f"{{{new}}}")


def _subscript(line: str, source: list[Token], i: int, change: Callable) -> Iterator[Mutant]:
    """Shift an index, drop it, and exchange two."""
    group = _group(source, i + 1)
    inside = [part for part in group if part.text not in "{}"]
    if not inside or inside[0].text.startswith((r"\text", r"\max", r"\min")):
        return
    if not any("," == part.text for part in inside) and "(" not in [part.text for part in inside]:
        text = line[inside[0].at:inside[-1].end]
        if len(inside) == 1:
            for step in "+-":
                yield from change("index", group[0].at, group[-1].end, f"{{{text}{step}1}}")
    if len(inside) == 2 and all(re.match("[a-z]$", part.text) for part in inside):
        yield from change("index", group[0].at, group[-1].end, f"{{{inside[1].text}{inside[0].text}}}")
    yield from change("index", source[i].at, group[-1].end, "")
