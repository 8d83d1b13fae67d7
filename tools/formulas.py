"""Read the formulas of the chapters and their checks, and report every formula that nobody checks.

``python -m tools.formulas`` prints a table and fails on any fault. The Sphinx extension
`book/_ext/formula_checks.py` reads pages with the same functions, so the command and the build agree.

A chapter is a page ``book/NN-name``. Its displayed formulas are ``$$ … $$ (eq-name)``; a code cell
checks one by the comment ``# check definition|identity|claim: eq-name`` and the assertions after it, and
``tests/typeset/NN.py`` says what its symbols stand for, so that `typeset_check.py` executes the LaTeX itself.
"""

from __future__ import annotations

import argparse
import ast
import copy
import io
import json
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.typeset import labels_of

KINDS = ("definition", "identity", "claim")
CHAPTER = re.compile(r"(.*/)?\d\d-[\w-]+$")
LABEL = re.compile(r"eq-[a-z0-9]+(-[a-z0-9]+)*$")
MARK = re.compile(rf"# check ({'|'.join(KINDS)}): *({LABEL.pattern[:-1]}(?: *, *{LABEL.pattern[:-1]})*) *$")
ALMOST_MARK = re.compile(r"#+\s*check\b.*\beq[-_]", re.IGNORECASE)
HIDDEN_OR_UNRUN = {"remove-cell", "remove-input", "remove_cell", "remove_input", "skip-execution",
                   "raises-exception", "nbval-skip", "nbval-raises-exception"}

# Modules of lecture_code that implement no formula, and functions that only make the input of both sides.
AIDS = {"checks", "feedback", "plotting", "widgets"}
INPUT_MODULES = {"datasets", "samplers"}
INPUT_FUNCTIONS = {"gaussian_parameters", "one_hot", "pack", "unpack"}


@dataclass
class Formula:
    label: str | None
    latex: str
    where: str
    refused: str = ""


@dataclass
class Check:
    kind: str
    label: str
    cell: int  # index in the notebook, from 0


@dataclass
class Page:
    name: str
    formulas: list[Formula] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    executed: set[str] = field(default_factory=set)  # labels of the formulas that are executed as they are typeset

    def kind_of(self, label: str | None) -> str | None:
        return next((check.kind for check in self.checks if check.label == label), None)


# ---- displayed formulas in Markdown -----------------------------------------------------------------

_FENCE = re.compile(r"(`{3,}|~{3,}|:{3,})\s*(\{[\w:-]+\})?\s*(.*)$")
_PREFIX = re.compile(r"(?:\s|>|[-*+]\s|\d+[.)]\s)*")  # indents, quotes and list marks before the text
_CODE = {"{code-cell}", "{code-block}", "{code}", "{literalinclude}", "{mermaid}", "{raw}", "{eval-rst}"}
_AMSMATH = re.compile(r"\\begin\{(equation|align|alignat|gather|multline|flalign|eqnarray)(\*?)\}")
_CLOSE = re.compile(r"(.*?)(?<!\\)\$\$\s*(?:\(([^)$]+)\))?\s*$")


def displayed_formulas(markdown: str, where: str) -> list[Formula]:
    """Return the displayed formulas of a Markdown text, in order."""
    text = re.sub(r"<!--.*?-->", lambda comment: "\n" * comment[0].count("\n"), markdown, flags=re.DOTALL)
    lines = [_PREFIX.sub("", line, count=1) for line in text.split("\n")]
    found: list[Formula] = []
    fences: list[tuple[str, bool]] = []  # (mark, is its content code?)
    i = 0

    def block(until) -> list[str]:
        """Take lines up to the one where `until` is true, or to a blank line or the end."""
        nonlocal i
        taken = [lines[i]]
        while not until(taken) and i + 1 < len(lines) and lines[i + 1]:
            i += 1
            taken.append(lines[i])
        return taken

    while i < len(lines):
        line = lines[i]
        fence = _FENCE.match(line)
        if fence and fences and not (fence[2] or fence[3]) and fence[1].startswith(fences[-1][0]):
            fences.pop()
        elif fences and fences[-1][1]:
            pass
        elif fence and fence[2] == "{math}":
            start = i
            while i + 1 < len(lines) and not lines[i + 1].startswith(fence[1]):
                i += 1
            body = [fence[3], *lines[start + 1:i + 1]]
            label = next((entry[7:].strip() for entry in body if entry.startswith(":label:")), None)
            found.append(_formula(label, [entry for entry in body if not entry.startswith(":")], where))
            i += 1
        elif fence and not (fence[1][0] == "`" and "`" in fence[3]):
            fences.append((fence[1], fence[2] in _CODE or (fence[2] is None and fence[1][0] != ":")))
        elif line.startswith("%"):
            pass  # a comment of MyST
        elif line.startswith("$$"):
            taken = block(lambda taken: bool(_CLOSE.match(taken[-1][2:] if len(taken) == 1 else taken[-1])))
            taken[0] = taken[0][2:]
            close = _CLOSE.match(taken[-1])
            if close:
                found.append(_formula(close[2], [*taken[:-1], close[1]], where))
            else:
                found.append(Formula(None, taken[0], where, "it has no closing $$ before a blank line"))
        elif environment := _AMSMATH.match(line):
            taken = block(lambda taken: f"\\end{{{environment[1]}{environment[2]}}}" in taken[-1])
            found.append(_formula(None, taken, where))
        else:
            for inline in re.findall(r"(?<!\\)\$\$(.+?)\$\$", re.sub(r"(`+).+?\1", "", line)):
                found.append(_formula(None, [inline], where))
        i += 1
    return found


def _formula(label: str | None, lines: list[str], where: str) -> Formula:
    latex = "\n".join(lines).strip()
    refused = ""
    if environment := _AMSMATH.search(latex):
        refused = f"{environment[0]} is refused: write one $$ block for each line that says something new"
    elif forbidden := re.search(r"\\(tag|label)\b", latex):
        refused = f"{forbidden[0]} is refused: the number comes from the label after $$"
    elif label is None:
        refused = "it has no label"
    elif not LABEL.match(label):
        refused = f"its label {label!r} is not of the form eq-kebab-name"
    return Formula(label, latex, where, refused)


# ---- what the names in a notebook stand for -----------------------------------------------------------

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
SCOPES = (*Function.__args__, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _outer(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without entering functions, classes and comprehensions."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, SCOPES):
            yield from _outer(child)


class Names:
    """Origins of the imported names of a notebook, and the functions that it defines."""

    def __init__(self) -> None:
        self.origins: dict[str, str] = {}
        self.functions: dict[str, Function] = {}

    def learn(self, tree: ast.AST) -> None:
        """Take in the imports, definitions and assignments of a cell."""
        for node in _outer(tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    self.origins[name.asname or name.name.split(".")[0]] = \
                        name.name if name.asname else name.name.split(".")[0]
            elif isinstance(node, ast.ImportFrom):
                for name in node.names:
                    self.origins[name.asname or name.name] = f"{node.module}.{name.name}"
            elif isinstance(node, Function) and not isinstance(node, ast.Lambda):
                self.origins.pop(node.name, None)
                self.functions[node.name] = node
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name, origin = node.targets[0].id, self.origin(node.value)
                self.origins.pop(name, None)
                self.functions.pop(name, None)
                if origin:
                    self.origins[name] = origin
                elif isinstance(node.value, ast.Lambda):
                    self.functions[name] = node.value

    def origin(self, node: ast.AST) -> str | None:
        """Return the dotted name that `np.dot` or `softmax` was imported as, if it was imported."""
        attributes = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in self.origins:
            return ".".join([self.origins[node.id], *reversed(attributes)])
        return None

    def _mentioned(self, node: ast.AST, seen: set[str]) -> Iterator[ast.AST]:
        """Walk a tree, and the functions of this notebook that it mentions."""
        for part in ast.walk(node):
            yield part
            if isinstance(part, ast.Name) and part.id in self.functions and part.id not in seen:
                seen.add(part.id)
                yield from self._mentioned(self.functions[part.id], seen)

    def called(self, node: ast.AST) -> set[str]:
        """Return the functions of lecture_code that an expression calls, makers of input left out."""
        origins = {self.origin(part.func) for part in self._mentioned(node, set()) if isinstance(part, ast.Call)}
        return {origin for origin in origins if origin and _is_of_library(origin) and not _makes_input(origin)}

    def uses_library(self, tree: ast.AST) -> bool:
        """Tell whether a cell uses something of lecture_code that may implement a formula."""
        return any(isinstance(part, (ast.Name, ast.Attribute)) and _is_of_library(self.origin(part) or "")
                   for part in self._mentioned(tree, set()))


def _is_of_library(origin: str) -> bool:
    package, *path = origin.split(".")
    return package == "lecture_code" and bool(path) and path[0] not in AIDS


def _makes_input(origin: str) -> bool:
    _, module, *path = origin.split(".")
    return module in INPUT_MODULES or bool(path) and (path[0] in INPUT_FUNCTIONS or path[-1][0].isupper())


# ---- the two sides of an identity ---------------------------------------------------------------------

class _Resolve(ast.NodeTransformer):
    """Put the values of names that a cell assigns once in their place."""

    def __init__(self, tree: ast.AST) -> None:
        self.values: dict[str, ast.expr] = {}
        bound = [node.id for node in _outer(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        for node in _outer(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._note(target, node.value)
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value:
                self._note(node.target, node.value)
        self.values = {name: value for name, value in self.values.items() if bound.count(name) == 1}

    def _note(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name) and not _draws(value):
            self.values[target.id] = value
        elif isinstance(target, ast.Tuple):
            for i, part in enumerate(target.elts):
                if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
                    self._note(part, value.elts[i])
                elif not any(isinstance(each, ast.Starred) for each in target.elts):
                    self._note(part, ast.Subscript(value, ast.Constant(i), ast.Load()))

    def _without(self, names: set[str], node: ast.AST) -> ast.AST:
        outer, self.values = self.values, {k: v for k, v in self.values.items() if k not in names}
        try:
            return self.generic_visit(node)
        finally:
            self.values = outer

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not isinstance(node.ctx, ast.Load) or node.id not in self.values:
            return node
        value = copy.deepcopy(self.values[node.id])
        outer, self.values = self.values, {k: v for k, v in self.values.items() if k != node.id}
        try:
            return self.visit(value)
        finally:
            self.values = outer

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._without({argument.arg for argument in node.args.args}, node)

    def _comprehension(self, node: ast.AST) -> ast.AST:
        return self._without({part.id for part in ast.walk(node)
                              if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}, node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return node.operand if isinstance(node.op, ast.UAdd) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Look through `x.copy()`, `np.array(x)` and the like: they compute nothing."""
        self.generic_visit(node)
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name == "copy" and not node.args and isinstance(node.func, ast.Attribute):
            return node.func.value
        if name in {"copy", "array", "asarray", "float", "float64"} and len(node.args) == 1 and not node.keywords:
            return node.args[0]
        return node


def _draws(value: ast.AST) -> bool:
    """Tell whether an expression draws random numbers: written twice, it gives two values."""
    return any(isinstance(node, ast.Name) and "rng" in node.id.lower()
               or isinstance(node, (ast.Name, ast.Attribute)) and "random" in ast.unparse(node)
               for node in ast.walk(value))


def _dependence(left: ast.expr, right: ast.expr, cell: ast.AST, names: Names) -> str:
    """Say why the two sides of an identity are not independent, or return nothing."""
    left, right = (_Resolve(cell).visit(copy.deepcopy(side)) for side in (left, right))
    if ast.dump(left) == ast.dump(right):
        return "both sides of the identity are the same expression"
    if shared := sorted(names.called(left) & names.called(right)):
        return (f"both sides of the identity call {', '.join(shared)}: write one of them in plain NumPy, "
                "or make an input that they share in an earlier cell")
    return ""


# ---- check cells --------------------------------------------------------------------------------------

def _parse(source: str) -> tuple[str, ast.Module]:
    """Parse a code cell, with the commands of IPython taken out."""
    if source.lstrip().startswith("%%"):
        source = ""
    source = re.sub(r"^([ \t]*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)
    return source, ast.parse(source)


def _marks(source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield line number, text and column-is-zero of the comments of a cell."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.rstrip(), token.line.startswith("#")


def _assertions(nodes: list[ast.AST], names: Names) -> Iterator[ast.Assert | ast.Call]:
    """Yield what a run of these statements asserts; what is never run or is caught does not count."""
    for node in nodes:
        if isinstance(node, Function) or isinstance(node, ast.Assert) and isinstance(node.test, (ast.Constant, ast.Tuple)):
            continue
        if isinstance(node, (ast.If, ast.While)) and isinstance(node.test, ast.Constant) and not node.test.value:
            yield from _assertions(node.orelse, names)
        elif isinstance(node, ast.Try) and node.handlers:
            yield from _assertions([*node.orelse, *node.finalbody], names)
        elif isinstance(node, ast.With) and any("suppress" in ast.unparse(item.context_expr) for item in node.items):
            continue
        else:
            if isinstance(node, ast.Assert) or isinstance(node, ast.Call) and _asserts(node, names):
                yield node
            yield from _assertions(list(ast.iter_child_nodes(node)), names)


def _asserts(call: ast.Call, names: Names) -> bool:
    origin = names.origin(call.func) or ""
    return (origin in {"lecture_code.checks.identity", "lecture_code.checks.claim", "pytest.raises"}
            or origin.split(".")[-1].startswith("assert_") or origin == "lecture_code.gradient_check.check_gradient")


def _argument(call: ast.Call, position: int, keyword: str) -> ast.expr | None:
    if position < len(call.args):
        return call.args[position]
    return next((each.value for each in call.keywords if each.arg == keyword), None)


def _faults_of_identity(assertions: list, cell: ast.AST, names: Names) -> Iterator[str]:
    calls = [node for node in assertions if isinstance(node, ast.Call)
             and names.origin(node.func) == "lecture_code.checks.identity"]
    symbolic = [call for node in assertions if isinstance(node, ast.Assert) for call in ast.walk(node.test)
                if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("simplify")]
    if not calls and not symbolic:
        yield "it calls neither lecture_code.checks.identity nor asserts that a SymPy simplify(…) is 0"
    for call in calls:
        left, right = _argument(call, 0, "left"), _argument(call, 1, "right")
        if left is None or right is None or isinstance(left, ast.Starred):
            yield "identity needs its left and right side written out"
        elif why := _dependence(left, right, cell, names):
            yield why
    for call in symbolic:
        difference = _Resolve(cell).visit(copy.deepcopy(call.args[0])) if call.args else None
        if isinstance(difference, ast.BinOp) and isinstance(difference.op, ast.Sub):
            if why := _dependence(difference.left, difference.right, cell, names):
                yield why


def _faults_of_claim(assertions: list, cell: ast.AST, names: Names) -> Iterator[str]:
    calls = [node for node in assertions if isinstance(node, ast.Call)
             and names.origin(node.func) == "lecture_code.checks.claim"]
    if not calls:
        yield "it does not call lecture_code.checks.claim"
    for call in calls:
        variants = _argument(call, 2, "false")
        if variants is None or isinstance(variants, ast.Dict) and not variants.keys:
            yield "claim names no false variant"


def _faults_of_definition(assertions: list, cell: ast.AST, names: Names) -> Iterator[str]:
    defined = {node.name for node in cell.body if isinstance(node, Function)}
    used = {part.id for node in cell.body if not isinstance(node, Function)
            for part in ast.walk(node) if isinstance(part, ast.Name)}
    if not names.uses_library(cell) and not defined & used:
        yield "it neither uses lecture_code nor defines and calls a function that implements the formula"


_FAULTS = {"definition": _faults_of_definition, "identity": _faults_of_identity, "claim": _faults_of_claim}


def _read_check_cell(page: Page, index: int, cell: dict, names: Names) -> None:
    """Add the checks of a code cell to its page, and what is wrong with them; learn its names."""
    where = f"cell {index + 1}"
    raw = "".join(cell["source"])
    try:
        source, tree = _parse(raw)
    except SyntaxError as error:
        if "# check " in raw:
            page.faults.append(f"{where}: it is not Python: {error}")
        return
    names.learn(tree)
    groups: list[tuple[int, list[Check]]] = []  # (line after which the statements begin, checks)
    starts = sorted(node.lineno for node in tree.body)
    for line, comment, at_start in _marks(source):
        match = MARK.match(comment) if at_start else None
        if match:
            checks = [Check(match[1], label.strip(), index) for label in match[2].split(",")]
            if groups and not any(groups[-1][0] < start < line for start in starts):
                groups[-1][1].extend(checks)
            else:
                groups.append((line, checks))
        elif ALMOST_MARK.match(comment):
            page.faults.append(f"{where}: not understood: {comment!r}; write '# check identity: eq-name' "
                               "(or definition, claim) at the start of a line")
    for number, (line, checks) in enumerate(groups):
        end = groups[number + 1][0] if number + 1 < len(groups) else sys.maxsize
        statements = [node for node in tree.body if line < node.lineno < end]
        page.checks.extend(checks)
        labels = ", ".join(check.label for check in checks)
        assertions = list(_assertions(statements, names))
        if not assertions:
            page.faults.append(f"{where}: the check of {labels} asserts nothing")
            continue
        for kind in sorted({check.kind for check in checks}):
            labels = ", ".join(check.label for check in checks if check.kind == kind)
            page.faults.extend(f"{where}: {kind} check of {labels}: {fault}"
                               for fault in _FAULTS[kind](assertions, tree, names))
    if groups:
        if bad := HIDDEN_OR_UNRUN & set(cell["metadata"].get("tags", [])):
            page.faults.append(f"{where}: a check cell is shown and run; take away the tag {', '.join(sorted(bad))}")
        if any(output.get("output_type") == "error" for output in cell.get("outputs", [])):
            page.faults.append(f"{where}: the stored output of a check is an error")


# ---- pages, the library, the table ----------------------------------------------------------------------

def read_page(path: Path, name: str | None = None) -> Page:
    """Return the formulas, checks and faults of a page, a notebook or a Markdown file."""
    page = Page(name or path.stem)
    if path.suffix == ".ipynb":
        names = Names()
        for index, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] == "markdown":
                page.formulas += displayed_formulas("".join(cell["source"]), f"cell {index + 1}")
            elif cell["cell_type"] == "code":
                _read_check_cell(page, index, cell, names)
    else:
        page.formulas += displayed_formulas(path.read_text(encoding="utf-8"), "text")
    _compare(page)
    _read_bindings(page, path.resolve().parents[1] / "tests" / "typeset")
    return page


def _read_bindings(page: Page, folder: Path) -> None:
    """Note which formulas ``tests/typeset/NN.py`` binds, without running it: `typeset_check.py` fails where one is false."""
    if not folder.exists():
        return
    labels = {formula.label for formula in page.formulas}
    bound, second = labels_of(folder / f"{page.name.rpartition('/')[2][:2]}.py")
    page.executed = labels & bound
    page.faults += [f"{label} has no binding in tests/typeset, and no reason why not" for label in sorted(filter(None, labels - bound - second))]
    page.faults += [f"tests/typeset binds {label}, which is no formula of this page" for label in sorted((bound | second) - labels)]


def _compare(page: Page) -> None:
    labels = {formula.label for formula in page.formulas}
    for formula in page.formulas:
        start = " ".join(formula.latex.split())[:60]
        if formula.refused:
            page.faults.append(f"{formula.where}: the formula '{start}': {formula.refused}")
        elif not page.kind_of(formula.label):
            page.faults.append(f"{formula.where}: {formula.label} has no check on this page")
    for label in dict.fromkeys(check.label for check in page.checks):
        kinds = sorted({check.kind for check in page.checks if check.label == label})
        if label not in labels:
            page.faults.append(f"a check names {label}, which is no formula of this page")
        if len(kinds) > 1:
            page.faults.append(f"{label} is checked as {' and as '.join(kinds)}")


def duplicates(pages: list[Page]) -> list[str]:
    """Return a fault for every label that stands at more than one formula of the book."""
    places: dict[str, list[str]] = {}
    for page in pages:
        for formula in page.formulas:
            if formula.label:
                places.setdefault(formula.label, []).append(f"{page.name} ({formula.where})")
    return [f"{label} labels several formulas: {', '.join(where)}" for label, where in places.items() if len(where) > 1]


def implementations(package: Path) -> dict[str, list[str]]:
    """Return label ↦ functions of the library whose docstring has a line ``Book: eq-name, …``."""
    found: dict[str, list[str]] = {}

    def visit(node: ast.AST, name: str) -> None:
        line = re.search(r"^ *Book: *((?:`*eq-[\w-]+`*(?:, *\n? *)?)+)", ast.get_docstring(node) or "", re.MULTILINE)
        for label in re.findall(r"eq-[\w-]+", line[1] if line else ""):
            found.setdefault(label, []).append(name)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                visit(child, f"{name}.{child.name}")

    for path in sorted(package.rglob("*.py")):
        module = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
        visit(ast.parse(path.read_text(encoding="utf-8")), module)
    return found


def table(pages: list[Page]) -> str:
    """Return the counts of every chapter as text."""
    rows = [("chapter", "formulas", *(f"{kind[:-1]}ies" if kind[-1] == "y" else f"{kind}s" for kind in KINDS), "checked", "executed")]
    counts = []
    for page in pages:
        kinds = [page.kind_of(formula.label) for formula in page.formulas]
        counts.append([len(kinds), *(kinds.count(kind) for kind in KINDS), len(kinds) - kinds.count(None),
                       sum(formula.label in page.executed for formula in page.formulas)])
        rows.append((page.name, *map(str, counts[-1])))
    rows.append(("all", *(str(sum(column)) for column in zip(*counts))) if counts else ("all", *"000000"))
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(entry.ljust(width) if i == 0 else entry.rjust(width)
                               for i, (entry, width) in enumerate(zip(row, widths))).rstrip() for row in rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Print a table of the formulas and their checks; fail on any fault.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1], help="the project's folder")
    parser.add_argument("--strict", action="store_true", help="also fail when a docstring names a formula that no chapter has")
    options = parser.parse_args(arguments)

    paths = sorted(path for suffix in ("ipynb", "md") for path in (options.root / "book").glob(f"*.{suffix}")
                   if CHAPTER.match(path.stem))
    pages = [read_page(path) for path in paths]
    faults = [f"book/{page.name}: {fault}" for page in pages for fault in page.faults] + duplicates(pages)
    known = {formula.label for page in pages for formula in page.formulas}
    loose = [f"{', '.join(functions)}: the docstring names {label}, which no chapter has"
             for label, functions in implementations(options.root / "lecture_code").items() if label not in known]
    print(table(pages))
    for message in faults + loose:
        print(message, file=sys.stderr)
    return 1 if faults or options.strict and loose else 0


if __name__ == "__main__":
    sys.exit(main())
