"""Read a notebook that somebody handed in, and put the student's answers into the notebook that was handed out.

Nothing in the file is trusted: not its encoding, its size, or the type of any entry. What is not as it should be
is taken for missing, and what then lacks to grade it is said in `Damaged` or in the notes.
"""

from __future__ import annotations

import ast
import json
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.grading.wire import clean

LARGEST = 50_000_000                            # bytes of a notebook that is read
CELLS = 3000                                    # in a notebook
ANSWER = 200_000                                # characters of a cell
#: What is handed in under the name of a notebook, by its first bytes.
OTHERS = {b"PK": "a zip whose name was changed", b"%PDF": "a PDF", b"<": "a web page", b"\x1f\x8b": "a gzip file"}


class Damaged(Exception):
    """Why a notebook cannot be graded, for its row."""


@dataclass
class Cell:
    """One cell: of a notebook that was handed out, or of one that came back."""

    kind: str                                   # "code", "markdown" or "raw"
    source: str
    name: str = ""                              # of nbgrader: its grade_id
    id: str = ""
    locked: bool = False
    solution: bool = False
    graded: bool = False
    points: float = 0.0
    tags: tuple[str, ...] = ()
    attachments: dict[str, Any] = field(default_factory=dict)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    own: bool = False                           # added by the student

    @property
    def free(self) -> bool:
        """Whether it was handed out without a name of nbgrader's, so that students may change it or take it out."""
        return self.name.startswith("#")

    @property
    def by_hand(self) -> bool:
        """Whether somebody has to read it: a proof, sentences, or a manual task of nbgrader."""
        return self.graded and self.solution

    @property
    def check(self) -> bool:
        return self.graded and not self.solution and self.kind == "code"


@dataclass
class Answers:
    """The notebook as it was handed out, with the answers of one student in it."""

    cells: list[Cell]
    notes: list[str]


def read(path: Path, largest: int = LARGEST) -> dict[str, Any]:
    """Return the JSON of a notebook."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Damaged(f"a link or a special file, not read ({error.strerror})") from None
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise Damaged("a link or a special file, not read")
        if about.st_size > largest:
            raise Damaged(f"larger than {largest // 1_000_000} MB, not read: "
                          "it is small enough without its outputs, most likely")
        data = file.read(largest + 1)
    try:
        notebook = json.loads(decoded(data))
    except ValueError as error:
        kind = next((kind for start, kind in OTHERS.items() if data.startswith(start)), "")
        if b"\n<<<<<<< " in data:
            kind = "two versions in one, since git could not merge them"
        if not data.strip(b"\0 \r\n\t"):
            kind = "nothing is in it"
        why = f": {kind}" if kind else f", or a damaged one: {clean(error, 120)}"
        raise Damaged(f"not a notebook{why}") from None
    except RecursionError:
        raise Damaged("not a notebook: brackets in brackets without end") from None
    if not isinstance(notebook, dict):
        raise Damaged("not a notebook: JSON, but without cells")
    return notebook


def decoded(data: bytes) -> str:
    """Return the text of a notebook, in whatever encoding an editor has stored it."""
    try:
        return data.decode(json.detect_encoding(data), "surrogatepass")
    except UnicodeDecodeError:                  # a few damaged bytes, or the one that Windows once had
        text = data.decode("utf-8", "replace")
        return text if 2 * text.count("\ufffd") < len(re.findall(r"[^\0-\x7f]", text)) else data.decode("latin-1")


def cells(notebook: dict[str, Any]) -> list[Cell]:
    """Return the cells of a notebook of any format from 3 on."""
    sheets = notebook.get("worksheets")
    listed = notebook.get("cells")
    if not isinstance(listed, list) and isinstance(sheets, list):
        listed = [cell for sheet in sheets if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
                  for cell in sheet["cells"]]
    if not isinstance(listed, list):
        raise Damaged("not a notebook: JSON, but without cells")
    if len(listed) > CELLS:
        raise Damaged(f"{len(listed)} cells, of which {CELLS} would be read")
    return [cell for each in listed if isinstance(each, dict) and (cell := one(each)) is not None]


def one(data: dict[str, Any]) -> Cell | None:
    """Return a cell, None if it has no source."""
    source = data.get("source", data.get("input"))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    kind = data.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        kind = "code" if "outputs" in data or "execution_count" in data else "markdown"
    metadata = data.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    about = about if isinstance(about, dict) else {}
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    points = about.get("points")
    attachments = data.get("attachments")
    locked, solution, graded, manual = (about.get(key) is True for key in ("locked", "solution", "grade", "task"))
    return Cell(
        kind, clean_source(source), text(about.get("grade_id")), text(data.get("id")), locked, solution or manual,
        graded or manual,
        float(points) if isinstance(points, (int, float)) and not isinstance(points, bool) else 0.0,
        tuple(text(tag) for tag in tags[:20]) if isinstance(tags, list) else (),
        dict(pictures(attachments)) if isinstance(attachments, dict) else {})


def text(value: Any) -> str:
    return clean(value, 200) if isinstance(value, str) else ""


def clean_source(source: str) -> str:
    """Return source that can be compiled and stored: no lone surrogates, no null bytes, lines that end as they should."""
    source = source[:ANSWER].encode("utf-8", "replace").decode()
    return source.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def pictures(attachments: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the attachments that are pictures: name, {type: base64}."""
    for name, data in list(attachments.items())[:20]:
        if isinstance(name, str) and isinstance(data, dict):
            kept = {kind: value for kind, value in data.items()
                    if isinstance(kind, str) and kind.isascii() and kind.startswith("image/")
                    and isinstance(value, str) and value.isascii() and len(value) < 10_000_000}
            if kept:
                yield clean(name, 100), kept


# ---------------------------------------------------------------- what was handed out

@dataclass(frozen=True)
class ExerciseSet:
    """One exercise notebook as it was handed out, with the hidden tests of its source."""

    name: str
    path: Path
    cells: tuple[Cell, ...]
    needs: tuple[str, ...] = ()

    @cached_property
    def names(self) -> set[str]:
        return {cell.name for cell in self.cells}

    @cached_property
    def texts(self) -> set[str]:
        return {same(handed_out_source(cell)) for cell in self.cells if cell.locked}

    @property
    def graded(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.graded]

    @property
    def points(self) -> dict[str, float]:
        return {cell.name: cell.points for cell in self.graded}


def belonging(theirs: list[Cell], sets: Iterable[ExerciseSet], hint: str) -> ExerciseSet:
    """Return the set that a notebook belongs to: by the ids of its cells, by their text, by names in its path."""
    sets = list(sets)
    names = {cell.name for cell in theirs}
    common = set.intersection(*(each.names for each in sets)) if len(sets) > 1 else set()
    texts = set() if any((each.names & names) - common for each in sets) else {same(cell.source) for cell in theirs}

    def fits(each: ExerciseSet) -> tuple[int, bool, bool]:
        return len((each.names & names) - common) or len(each.texts & texts), each.path.stem in hint, each.name in hint

    best = max(sets, key=fits)
    if not fits(best)[0]:
        raise Damaged("has none of the cells that were handed out" if len(sets) == 1 or any(fits(best)[1:])
                      else "belongs to none of the exercise sets")
    return best


def same(source: str) -> str:
    """Return a text without what editors change in it: spaces, and the form of accents."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", source)).strip()


# ---------------------------------------------------------------- the answers

def restored(theirs: list[Cell], handed_out: ExerciseSet) -> Answers:
    """Return the notebook as handed out, with the student's answers and own cells put into it.

    Locked cells come from the source, whatever the student made of them; a cell of the student's own stays behind
    the cell that it followed. A cell that has lost the name that nbgrader gave it is known by its id, or by its text.
    """
    known = {cell.name: cell for cell in handed_out.cells}
    found, own, notes = placed(theirs, handed_out), {}, []
    last, given = "", {}
    for cell, name in zip(theirs, found):
        if name and name not in given:
            given[name], last = cell, name
        elif name and copied(cell, given[name], known[name]):
            given[name] = cell
        elif cell.source.strip():
            own.setdefault(last, []).append(Cell(cell.kind, cell.source, attachments=cell.attachments, own=True))
    if any(name and not name.startswith("#") and not cell.name for cell, name in zip(theirs, found)):
        notes.append("has lost the names of its cells, which are known by their ids and texts")
    made, edited, deleted, moved = list(own.get("", [])), [], [], []
    for cell in handed_out.cells:
        answer, cell = given.get(cell.name), Cell(**vars(cell))
        if answer is None and not cell.free:
            deleted.append(cell.name)
        if cell.solution and cell.kind == "code" and (answer is None or same(answer.source) == same(cell.source)):
            answer = elsewhere(cell, own)       # the function may stand in a cell of the student's own
            if answer is None and cell.name not in given:
                made += own.get(cell.name, [])
                continue
            if answer is not None:
                moved.append(cell.name)
        if answer is None:
            pass
        elif cell.free:
            cell.source, cell.kind, cell.attachments = answer.source, answer.kind, answer.attachments
        elif cell.locked and not cell.by_hand:
            if cell.kind == "code" and same(answer.source) != same(handed_out_source(known[cell.name])):
                edited.append(cell.name)
        else:
            if answer.kind != cell.kind and cell.by_hand:
                notes.append(f"{cell.name}: the answer stands in a cell of type {answer.kind}")
            elif answer.kind != cell.kind:
                notes.append(f"{cell.name}: was made a cell of type {answer.kind}, and run all the same")
            cell.source, cell.attachments = answer.source, answer.attachments
        made += [cell, *own.get(cell.name, [])]
    if moved:
        notes.append(f"taken from cells of their own: {', '.join(moved)}")
    if edited:
        notes.append(f"not as handed out, and put back before grading: {', '.join(edited)}")
    if deleted:
        notes.append(f"deleted cells: {', '.join(deleted)}")
    return Answers(made, notes)


def copied(cell: Cell, first: Cell, stub: Cell) -> bool:
    """Whether an answer stands in a copy of its field, which was left as it was itself. A copy may be of another task."""
    wanted = set(defined(stub.source)) if stub.kind == "code" else set()
    return stub.solution and same(first.source) == same(stub.source) and (
        not wanted or not wanted.isdisjoint(defined(cell.source)))


def elsewhere(stub: Cell, own: dict[str, list[Cell]]) -> Cell | None:
    """Return the last cell of the student's own that defines what was to be written in this one."""
    wanted = set(defined(stub.source))
    return next((cell for cell in reversed([cell for some in own.values() for cell in some])
                 if cell.kind == "code" and wanted.intersection(defined(cell.source))), None)


def handed_out_source(cell: Cell) -> str:
    """Return the source of a cell without the tests that students do not see."""
    return re.sub(r"### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS\n?", "", cell.source, flags=re.DOTALL)


def placed(theirs: list[Cell], handed_out: ExerciseSet) -> list[str]:
    """Return for each cell which of those handed out it is; empty for one of the student's own."""
    names = {cell.name for cell in handed_out.cells}
    if any(cell.name in names for cell in theirs):
        free = {key: cell.name for cell in handed_out.cells if cell.free for key in (cell.id, same(cell.source))}
        return [cell.name if cell.name in names else free.get(cell.id) or free.get(same(cell.source)) or ""
                for cell in theirs]
    ids = {cell.id: cell.name for cell in handed_out.cells if cell.id}
    texts = {same(handed_out_source(cell)): cell.name for cell in handed_out.cells if cell.locked or cell.free}
    functions = {name: cell.name for cell in handed_out.cells if cell.solution and cell.kind == "code"
                 for name in defined(cell.source)}
    after = {before.name: cell.name for before, cell in zip(handed_out.cells, handed_out.cells[1:]) if cell.by_hand}
    found: list[str] = []
    for cell in theirs:
        name = ids.get(cell.id) or texts.get(same(cell.source)) or ""
        if not name and cell.kind == "code":
            name = next((functions[each] for each in defined(cell.source) if each in functions), "")
        elif not name and found:                # an answer stands where its field stood
            name = after.get(found[-1], "")
        found.append("" if name in found else name)
    return found


def defined(source: str) -> list[str]:
    """Return the functions and classes that a cell defines."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return re.findall(r"^def (\w+)", source, re.MULTILINE)
    return [node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]


def untouched(answer: Cell, handed_out: ExerciseSet, cells: list[Cell]) -> bool:
    """Whether nothing was written in an answer field, nor beside it in a cell of the student's own."""
    stub = next(cell.source for cell in handed_out.cells if cell.name == answer.name)
    return (not answer.source.strip() or same(answer.source) == same(stub)) and not answer.attachments \
        and not beside(answer, cells)


def beside(answer: Cell, cells: list[Cell]) -> list[Cell]:
    """Return the cells with text that the student added next to an answer field."""
    place = next(i for i, cell in enumerate(cells) if cell is answer)
    found: list[Cell] = []
    for step in (-1, 1):
        i = place + step
        while 0 <= i < len(cells) and cells[i].own:
            if cells[i].kind != "code":
                found.append(cells[i])
            i += step
    return found
