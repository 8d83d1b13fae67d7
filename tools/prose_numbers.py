"""Find every number of a chapter's text in its outputs, in its code, or in a calculation.

``python -m tools.prose_numbers [NN …]`` looks at the numbers with a decimal point or with three or more digits,
in text and in inline formulas, and fails when one of them comes from nowhere. A number is found, rounded as it
stands, in a stored output or in code (of a cell nearby, where it has only one or two digits); in an equation of the text that holds as it is
typeset (``$99/101 \\approx 0.980$``); or in ``chapter.arithmetic("3750 = 60000 * 2 / 32")`` of
``tests/typeset/NN.py``. ``--mutate`` changes every digit and counts how many changes are noticed.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import typeset_check  # noqa: E402
from tools.myst import Piece, pieces  # noqa: E402
from tools.typeset import Chapter, load  # noqa: E402
from tools.typeset.arrays import FUNCTIONS  # noqa: E402
from tools.typeset.bindings import Options  # noqa: E402
from tools.typeset.evaluator import Evaluator  # noqa: E402
from tools.typeset.parser import parse  # noqa: E402
from tools.typeset.statements import unit_of  # noqa: E402
from tools.typeset.tree import Binary, Chain, Node, Number as Numeral, walk  # noqa: E402

NEAR = 4  # so many cells before and after are searched for a number of one or two digits; for others, all
SPACES = "\u00a0\u202f\u2009"
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
NUMBER = re.compile(rf"""
    (?<![\w.^])(?P<digits>\d{{1,3}}(?:[ {SPACES}]\d{{3}})+(?!\d)|\d+)(?P<decimals>\.\d+)?
    (?:\s*(?:[·×]|\\cdot|\\times)\s*10(?:\^\{{?(?P<power>-?\d+)\}}?|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)))?
    (?:e(?P<exponent>[+-]?\d+))?(?P<percent>[ {SPACES}]?%)?(?![\w]*\d)""", re.VERBOSE)
PRINTED = re.compile(r"\d+(?:,\d{3})+|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?")
PLACES = re.compile(r"(?:[Ss]ections?|[Cc]hapters?|[Ff]igures?|[Vv]ersions?|Python|NumPy|Matplotlib|PyTorch|Keras|§)\s(?:[\d.]+(?:, | and | or |–|,\s)?)+")
YEAR = re.compile(r"(1[6-9]|20)\d\d$")


@dataclass(frozen=True)
class Number:
    text: str
    value: float
    unit: float  # of the last digit
    start: int
    end: int
    percent: bool = False

    def is_rounded(self, value: float) -> bool:
        """Does a value round to this number? To one with one digit other than 0 only that number does, to 0 none."""
        slack = self.unit / 2 if self.digits > 1 else 1e-9 * self.value
        scales = (1, 100) if self.percent else (1,)
        return value != 0 and self.value != 0 and any(abs(abs(value) * scale - self.value) <= slack * (1 + 1e-9) for scale in scales)

    def is_coarse(self, value: float) -> bool:
        """Does a value round to this whole number, whose last zeros are no digits?"""
        zeros = len(self.text) - len(self.text.rstrip("0"))
        return "." not in self.text and abs(abs(value) - self.value) <= 10**zeros / 2

    @property
    def digits(self) -> int:
        """The number of significant digits, without 0s at the end of a whole number."""
        mantissa = re.split(r"\s*(?:[·×e]|\\cdot|\\times)", self.text)[0]
        shown = re.sub(r"[^\d.]", "", mantissa).lstrip("0.")
        return len(shown.replace(".", "") if "." in mantissa else shown.rstrip("0"))


def numbers(piece: Piece) -> Iterator[Number]:
    """Yield the numbers of a piece of text that have to be found."""
    text = piece.text
    if piece.kind == "math":  # 60\,000 and 60{,}000, with the places of all characters kept
        text = re.sub(r"(?<=\d)(\\,|\{,\})(?=\d{3}(?!\d))", lambda gap: "\u2009" * 1 + "\u0000" * (len(gap[0]) - 1), text)
        text = text.replace("\\%", " %")
    kept = [i for i, character in enumerate(text) if character != "\u0000"]
    text = text.replace("\u0000", "")
    elsewhere = [range(*place.span()) for place in PLACES.finditer(text)]
    for match in NUMBER.finditer(text):
        digits = re.sub(r"\D", "", match["digits"])
        decimals = match["decimals"] or ""
        plain_year = piece.kind == "text" and YEAR.match(match["digits"]) and not decimals and not match["percent"]
        if not decimals and len(digits) < 3 or plain_year \
                or any(match.start() in place for place in elsewhere):
            continue
        power = int(match["power"] or match["exponent"] or (match["raised"] or "0").translate(SUPERSCRIPTS))
        unit = 10.0**(power - max(0, len(decimals) - 1))
        yield Number(match[0].strip(), float(f"{digits}{decimals}e{power}"), unit, kept[match.start()], kept[match.end() - 1] + 1,
                     bool(match["percent"]))


# ---- where numbers come from ---------------------------------------------------------------------------------------

def in_code(source: str) -> set[float]:
    """Return the numbers in code, and the values of expressions without names, such as 2 / 11 or 10**6."""
    found: set[float] = set()
    clean = re.sub(r"^[%!].*$", "", source, flags=re.MULTILINE)
    for node in ast.walk(ast.parse(clean)):
        if isinstance(node, (ast.Constant, ast.BinOp, ast.UnaryOp)) and (value := constant(node)) is not None:
            found.add(abs(value))
    return found


def constant(node: ast.AST) -> float | None:
    """Return the value of an expression of numbers, or None."""
    if isinstance(node, ast.Constant):
        return float(node.value) if isinstance(node.value, (int, float)) and not isinstance(node.value, bool) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = constant(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.BinOp):
        left, right = constant(node.left), constant(node.right)
        if left is None or right is None:
            return None
        try:
            value = {ast.Add: lambda: left + right, ast.Sub: lambda: left - right, ast.Mult: lambda: left * right,
                     ast.Div: lambda: left / right, ast.Pow: lambda: left**right}.get(type(node.op), lambda: None)()
        except (ZeroDivisionError, OverflowError):
            return None
        return value if isinstance(value, float) else None
    return None


def in_outputs(cell: dict) -> set[float]:
    """Return the numbers in a cell's stored outputs."""
    texts = ["".join(output.get("text", "")) + "".join(output.get("data", {}).get("text/plain", "")) for output in cell.get("outputs", [])]
    return {float(number.replace(",", "")) for text in texts for number in PRINTED.findall(text)}


def calculated(piece: Piece) -> bool:
    """Is an inline formula an equation between numbers that holds, rounded as it stands?"""
    latex = re.sub(r"(?<=\d)(\\,|\{,\})(?=\d{3})", "", piece.text)
    try:
        statements = parse(latex, set(), {*FUNCTIONS})
        return bool(statements) and all(_equal(statement) for statement in statements)
    except (ValueError, TypeError):  # not understood, a symbol, or no number
        return False


def _equal(chain: Node) -> bool:
    """Do the sides of an equation agree, up to half a unit of the last digit of the finer one?"""
    if not isinstance(chain, Chain) or not {*chain.relations} <= {"=", r"\approx"}:
        return False
    evaluate = Evaluator({}, Options())
    for left, right in zip(chain.parts, chain.parts[1:]):
        slacks = [sum(unit_of(part) / 2 * 10.0**_power(side, part) for part in walk(side)
                      if isinstance(part, Numeral) and "." in part.text) for side in (left, right)]
        a, b = float(evaluate(left)), float(evaluate(right))
        if abs(a - b) > max(min(filter(None, slacks), default=0.0), 1e-9 * abs(a)) * (1 + 1e-9):
            return False
    return True


def _power(side: Node, number: Numeral) -> int:
    """Return n where a number stands as 3.2·10ⁿ, else 0."""
    for part in walk(side):
        if isinstance(part, Binary) and part.operator in (r"\cdot", r"\times") and part.left == number \
                and isinstance(part.right, Binary) and part.right.operator == "^" and part.right.left == Numeral("10"):
            return round(float(Evaluator({}, Options())(part.right.right)))
    return 0


# ---- a chapter -----------------------------------------------------------------------------------------------------

@dataclass
class Place:
    """A number of the text that has to be found."""

    number: Number
    piece: Piece
    cell: int


class ChapterText:
    """The numbers of a chapter, and what they may come from."""

    def __init__(self, path: Path, chapter: Chapter) -> None:
        self.cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path.suffix == ".ipynb" else \
            [{"cell_type": "markdown", "source": path.read_text(encoding="utf-8")}]
        self.pieces = [pieces("".join(cell["source"])) if cell["cell_type"] == "markdown" else [] for cell in self.cells]
        self.sources = [in_code("".join(cell["source"])) | in_outputs(cell) if cell["cell_type"] == "code" else set()
                        for cell in self.cells]
        found, self.faults = declared(chapter)
        self.declared = {each.value for each in found}
        self.places = [Place(number, piece, i) for i, found in enumerate(self.pieces) for piece in found
                       if piece.kind != "display" for number in numbers(piece)]
        stated = {place.number.value for place in self.places}
        self.faults += [f"'{each.line}' is declared and not in the text" for each in found if each.value not in stated]

    def is_found(self, place: Place, number: Number | None = None, piece: Piece | None = None) -> bool:
        """Does a number (or another one in its place) come from somewhere?"""
        number, piece = number or place.number, piece or place.piece
        near = self.sources if number.digits > 2 else self.sources[max(0, place.cell - NEAR):place.cell + NEAR + 1]
        return number.value in self.declared or any(number.is_rounded(value) for values in near for value in values) or \
            piece.kind == "math" and calculated(piece)

    def missing(self) -> list[Place]:
        return [place for place in self.places if not self.is_found(place)]

    def mutants(self) -> Iterator[tuple[Place, str, bool]]:
        """Yield changed texts, each digit of each number replaced by three others, and whether the change is noticed."""
        for place in self.places:
            text, number = place.piece.text, place.number
            positions = [i for i in range(number.start, number.end) if text[i] in "0123456789"]
            mantissa = [i for i in positions if not re.search(r"10(\^|$)", text[number.start:i])]
            for i in mantissa or positions:
                for more in (1, 4, 7):
                    changed = text[:i] + str((int(text[i]) + more) % 10) + text[i + 1:]
                    piece = place.piece._replace(text=changed)
                    there = [other for other in numbers(piece) if other.start == number.start]
                    yield place, changed, not there or not self.is_found(place, there[0], piece)


@dataclass(frozen=True)
class Declared:
    """A number that a chapter's bindings declare, by ``arithmetic`` or ``given``."""

    value: float
    line: str


def read(path: Path, root: Path) -> ChapterText:
    """Return the text of a chapter with what its bindings declare."""
    file = typeset_check.bindings(root, path.stem)
    return ChapterText(path, load(file).chapter if file.exists() else Chapter())


def declared(chapter: Chapter) -> tuple[list[Declared], list[str]]:
    """Return the numbers that a chapter's bindings declare, and which of the declarations are wrong."""
    found, faults = [], []
    names = {name[1:]: f for name, f in FUNCTIONS.items() if name.startswith("\\") and name[1:].isalpha()}
    for line in chapter.sums:
        left, _, right = line.partition("=")
        stated = [*numbers(Piece("math", left.strip(), 0))]
        value = eval(right, {"__builtins__": {}}, {**names, "pi": np.pi, "e": np.e, "ceil": np.ceil})
        if len(stated) != 1 or not (stated[0].is_rounded(value) or stated[0].is_coarse(value)):
            faults.append(f"chapter.arithmetic({line!r}) is wrong: the right side is {value:.10g}")
        found.append(Declared(stated[0].value if stated else value, line))
    for number, value in chapter.values.items():
        stated = [*numbers(Piece("math", number, 0))]
        if len(stated) != 1 or not (stated[0].is_rounded(value) or stated[0].is_coarse(value)):
            faults.append(f"chapter.computed({number!r}, …) is wrong: the value is {value:.10g}")
        found += [Declared(each.value, number) for each in stated]
    for number in chapter.givens:
        stated = [*numbers(Piece("math", number, 0))]
        if len(stated) != 1:
            faults.append(f"chapter.given(…, {number!r}) is no number that has to be found")
        found += [Declared(each.value, number) for each in stated]
    return found, faults


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Find every number of a chapter's text in its outputs, code, or a calculation.")
    parser.add_argument("chapters", nargs="*", metavar="NN", help="numbers of chapters; without one, all")
    parser.add_argument("--root", type=Path, default=typeset_check.TOOLS.parent, help="the project's folder")
    parser.add_argument("--mutate", action="store_true", help="change a digit of every number: is it noticed?")
    options = parser.parse_args(arguments)
    typeset_check.use_library_of(options.root)
    failed, total, noticed = False, 0, 0
    for path in typeset_check.chapters(options.root, options.chapters):
        text = read(path, options.root)
        missing = text.missing()
        print(f"{path.stem:34} {len(text.places) - len(missing)} of {len(text.places)} numbers of the text are found")
        for place in missing:
            at = place.number.start
            print(f"    cell {place.cell}: {place.number.text} comes from nowhere: "
                  f"…{place.piece.text[max(0, at - 50):at + 40]}…".replace("\n", " "), file=sys.stderr)
        for fault in text.faults:
            print(f"    {fault}", file=sys.stderr)
        failed |= bool(missing or text.faults)
        if options.mutate:
            results = [*text.mutants()]
            total, noticed = total + len(results), noticed + sum(seen for *_, seen in results)
    if options.mutate:
        print(f"{noticed} of {total} changed digits are noticed ({noticed / max(1, total):.1%})")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
