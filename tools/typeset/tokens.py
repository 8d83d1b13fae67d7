r"""Cut LaTeX into tokens that remember where they stand, and show an error under its token."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn, Self, TypeVar

T = TypeVar("T")


class LatexError(ValueError):
    """Something is wrong with a formula, at one place of it."""

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.message, self.at = message, at

    def shown(self, latex: str) -> str:
        """Return the message, and the part of the formula around the place with a caret under it."""
        if self.at is None:
            return self.message
        line = one_line(latex)
        start = max(0, self.at - 60)
        return f"{self.message}\n    {line[start:self.at + 50]}\n    {' ' * (self.at - start)}^"


class Token(NamedTuple):
    text: str
    at: int  # where it begins in one_line(latex)
    end: int = 0


def one_line(latex: str) -> str:
    """Return a formula in one line, as faults show it and as the places of its tokens count."""
    return " ".join(latex.split())


_SKIPPED = re.compile(r"\s+|~|\\[,;:! ]|\\(?:[bB]igg?[lrm]?|left|right|displaystyle|textstyle)(?![a-zA-Z])")
_TOKEN = re.compile(r"\\operatorname\*\{arg\\,min\}|\\arg\s*\\min|:=|\\text\{[^}]*\}|\\[a-zA-Z]+|\\.|\d+\.\d+|\d|.")
_ALIGNED = re.compile(r"\\(begin|end)\{aligned\}|&")
_SAME = {r"\lVert": r"\|", r"\rVert": r"\|", r"\ast": "*", r"\to": r"\longrightarrow", r"\ldots": r"\dots",
         r"\cdots": r"\dots", r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\quad": r"\qquad", ":=": "=",
         r"\leq": r"\le", r"\geq": r"\ge", r"\neq": r"\ne", r"\operatorname*{arg\,min}": r"\argmin"}


def name_of(latex: str) -> str:
    r"""Return a symbol's name in one spelling: \bar{a}, \bar a and \bar  a are the same, and C^{*} is C^*."""
    name = re.sub(r"\\text\{(.*?)\}", r"\1", latex)
    name = re.sub(r"(?<=[\^_])\{(.*?)\}|(?<=bar)\{(.*?)\}|(?<=hat)\{(.*?)\}|(?<=tilde)\{(.*?)\}|(?<=mathbf)\{(.*?)\}|(?<=mathcal)\{(.*?)\}|(?<=mathrm)\{(.*?)\}",
                  lambda group: " " * group[0].startswith("{") + next(part for part in group.groups() if part), name)
    name = re.sub(r"(?<=\S[\^_]) ", "", name)
    return re.sub(r"\s+(?=\\)", "", name)


def tokens(latex: str) -> list[Token]:
    """Return the tokens; spaces and sizes of brackets are left out, and synonyms are one token."""
    line, found, at = one_line(latex), [], 0
    aligned = r"\begin{aligned}" in line
    while at < len(line):
        if skipped := _SKIPPED.match(line, at) or aligned and _ALIGNED.match(line, at):
            at = skipped.end()
            continue
        match = _TOKEN.match(line, at)
        text = _SAME.get(match[0], match[0])
        if text.startswith(r"\text{"):
            text = r"\text{" + " ".join(text[6:-1].split()) + "}"
        elif text.startswith(r"\arg") and text.endswith(r"\min"):
            text = r"\argmin"
        found.append(Token(text, at, match.end()))
        at = match.end()
    return found


class Reader:
    """A place in a list of tokens. The parser's rules are methods of its subclasses."""

    def __init__(self, source: Sequence[Token], names: set[str], functions: set[str]) -> None:
        self.tokens, self.names, self.functions = source, names, functions
        self.i, self.stop = 0, [""]

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.i + ahead].text if self.i + ahead < len(self.tokens) else ""

    @property
    def at(self) -> int:
        """The place of the next token; behind the last one, of that."""
        return self.tokens[min(self.i, len(self.tokens) - 1)].at if self.tokens else 0

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        raise LatexError(message, self.at if at is None else at)

    def next(self, wanted: str = "") -> Token:
        if not self.peek():
            self.fail(f"ends too early; expected {wanted or 'more'}")
        if wanted and self.peek() != wanted:
            self.fail(f"expected {wanted} and found {self.peek()}")
        self.i += 1
        return self.tokens[self.i - 1]

    def take(self, *wanted: str) -> str:
        return self.next().text if self.peek() and self.peek() in wanted else ""

    def raw(self) -> Sequence[Token]:
        """Take a group {…} or one token, without understanding it."""
        if not self.take("{"):
            return [self.next()]
        start, depth = self.i, 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.next("}" if not self.peek() else "").text, 0)
        if self.i == start + 1:
            self.fail("an empty group", self.tokens[start].at)
        return self.tokens[start:self.i - 1]

    def within(self, source: Sequence[Token], rule: Callable[[Self], T]) -> T:
        """Apply a rule to some tokens, of which none may be left over."""
        inner = type(self)(source, self.names, self.functions)
        found = rule(inner)
        if inner.peek():
            inner.fail(f"{inner.peek()} is not understood here")
        return found
