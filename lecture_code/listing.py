"""Show a function of the library in a chapter: its source, without docstring, argument checks and annotations.

A chapter derives a formula and then shows the code that computes it. What is shown is what runs: the text comes from
the file, with its comments. Left out is only what a reader of the formula does not need at that moment.
"""

from __future__ import annotations

import ast
import inspect
import io
import textwrap
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

WIDTH = 72  # of a page: a longer signature is broken
_CHECKS = ("require", "_require")  # how the names of functions begin that only look at arguments


@dataclass(frozen=True)
class Listing:
    """Source text that a notebook shows highlighted, and a terminal as it stands."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}\n```"


def show(*functions: Callable[..., Any]) -> Listing:
    """Return the source of functions or classes as a reader wants to see it, one below the other.

    Docstrings, annotations and the checks at the door are left out: before the first loop, calls of ``require…``
    and conditions or loops that hold nothing but such calls and ``raise ValueError``; and decorators named
    ``require…``. Comments stay.

    Raises
    ------
    ValueError
        If something has no Python source, as built-in functions have none.
    """
    return Listing("\n\n\n".join(_readable(function) for function in functions))


def _readable(function: Callable[..., Any]) -> str:
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    except (TypeError, OSError) as missing:
        raise ValueError(f"functions: expected functions with Python source, got {function!r}") from missing
    lines = source.splitlines()
    for first, last, new in sorted(_edits(ast.parse(source).body[0], source), reverse=True):
        lines[first - 1:last] = new
    return "\n".join(_without_gaps(lines))


def _edits(node: ast.stmt, source: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield (first line, last line, what to put there) for a definition and those inside; lines count from 1."""
    if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return
    for decorator in node.decorator_list:
        if _name(decorator).startswith(_CHECKS):
            yield decorator.lineno, decorator.end_lineno, []
    if isinstance(node, ast.FunctionDef):
        yield _without_annotations(node, source)
    dropped = [*_docstring(node), *_door(node.body)]
    for statement in dropped:
        yield statement.lineno, statement.end_lineno, []
    if dropped == node.body:
        yield node.end_lineno + 1, node.end_lineno, [" " * node.body[0].col_offset + "..."]
    for statement in node.body:
        yield from _edits(statement, source)


def _docstring(node: ast.FunctionDef | ast.ClassDef) -> list[ast.stmt]:
    return node.body[:1] if ast.get_docstring(node) is not None else []


def _door(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the argument checks that stand before the first loop."""
    for statement in body:
        if _only_checks(statement):
            yield statement
        elif isinstance(statement, (ast.For, ast.While)):
            return


def _only_checks(statement: ast.stmt) -> bool:
    """Say whether nothing is left to do by a statement if the arguments are right."""
    match statement:
        case ast.Expr(ast.Call() as call):
            return _name(call).startswith(_CHECKS)
        case ast.Raise(exc=ast.Call() as call):
            return _name(call) == "ValueError"
        case ast.If(test=test, body=body, orelse=orelse):
            binds = any(isinstance(part, ast.NamedExpr) for part in ast.walk(test))
            return not binds and all(map(_only_checks, body + orelse))
        case ast.For(body=body, orelse=[]):
            return all(map(_only_checks, body))
    return False


def _name(node: ast.expr) -> str:
    """Return the last part of the name of what is called, or of a decorator."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _without_annotations(node: ast.FunctionDef, source: str) -> tuple[int, int, list[str]]:
    """Return the edit of the signature; what follows its colon, a comment or a short body, stays behind it."""
    lines = source.splitlines()
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines[node.lineno - 1:])).readline):
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        if token.string == ":" and depth == 0:
            break
    last, behind = node.lineno - 1 + token.end[0], token.end[1]
    indent, arguments, rest = " " * node.col_offset, _arguments(node.args, source), lines[last - 1][behind:]
    line = f"{indent}def {node.name}({', '.join(arguments)}):"
    if len(line) <= WIDTH:
        return node.lineno, last, [line + rest]
    inner = textwrap.wrap(", ".join(a.replace(" ", "\0") for a in arguments), WIDTH - node.col_offset - 4)
    inner = [f"{indent}    {part}".replace("\0", " ") for part in inner]
    return node.lineno, last, [f"{indent}def {node.name}(", *inner, f"{indent}):{rest}"]


def _arguments(arguments: ast.arguments, source: str) -> list[str]:
    """Return the arguments as written, each with its default value and without its annotation."""
    plain = arguments.posonlyargs + arguments.args
    defaults = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults + arguments.kw_defaults
    texts = [
        arg.arg if default is None else f"{arg.arg}={ast.get_source_segment(source, default)}"
        for arg, default in zip(plain + arguments.kwonlyargs, defaults)]
    result = texts[:len(plain)]
    if arguments.posonlyargs:
        result.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg or arguments.kwonlyargs:
        result.append(f"*{arguments.vararg.arg}" if arguments.vararg else "*")
    result += texts[len(plain):]
    return result + ([f"**{arguments.kwarg.arg}"] if arguments.kwarg else [])


def _without_gaps(lines: list[str]) -> Iterator[str]:
    """Drop the blank lines that were around what is left out."""
    before = ":"
    for line in lines:
        if line.strip() or before and not before.endswith(":"):
            yield line
        before = line.split("  #")[0].strip()
