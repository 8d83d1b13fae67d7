"""Find who handed in what: folders, single files, zips in zips, and what Moodle and Canvas export.

Moodle makes the names in `mod/assign/locallib.php` (download_submissions): the full name, or "Participant" where it is
anonymous, behind the group where there is one; the number of the worksheet; the plugin; the file, or a folder of that
name.
Canvas makes them in `lib/content_zipper.rb` (get_filename, add_upload_submission): the sortable name in small letters
without anything between them, LATE, the number of the user, the number of the file, the file; where it is anonymous,
"anon" and five letters stand for name and number, and what was typed in is called …_text.html. The times in both zips
are those of the export.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import time
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.grading.wire import clean

UNPACKED = 300_000_000                          # bytes of all that one student has in zips
FILES = 3000                                    # of one student
FAILED = "__failed.txt"                         # what could not be unpacked to a folder
#: A notebook, also as some browsers save it.
NOTEBOOK = re.compile(r".*\.ipynb(\.[a-z]{3,10})?", re.DOTALL | re.IGNORECASE)
#: Anna Schmidt_1234567_assignsubmission_file_…, and the folders of that name.
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.DOTALL)
#: schmidtanna_LATE_12345_678901_mini-batches-1.ipynb, LATE_anon_aB3dE_678901_mini-batches.ipynb
CANVAS = re.compile(r"(?P<LATE>LATE_)?(?:(?P<anon>anon_[0-9A-Za-z]{5})|(?P<name>\w+?)_(?P<late>LATE_)?(?P<id>\d+))_"
                    r"(?:\d+_(?P<file>.+)|(?:text|link)\.html)", re.DOTALL)


@dataclass
class Student:
    """What one student handed in."""

    name: str
    id: str = ""                                # of Moodle's participant, or of Canvas
    platform: str = ""                          # which of them it came from: then the times of the files say nothing
    notebooks: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    room: dict[str, int] = field(default_factory=lambda: {"": UNPACKED})    # for what is in zips


def students(folder: Path, sets: list[str], unpacked: Path, notes: list[str] | None = None) -> list[Student]:
    """Return the students of a folder or a zip, in order; zips are unpacked to the folder `unpacked`.

    What belongs to nobody, and is to be said, goes to `notes`. What was unpacked of an earlier download is taken away.
    """
    found: dict[str, Student] = {}
    began = time.time()
    for entry, label, said in list(entries(folder, sets, unpacked, [] if notes is None else notes)):
        moodle, canvas = MOODLE.fullmatch(label), CANVAS.fullmatch(label)
        about = {} if not (moodle or canvas) else (moodle or canvas).groupdict("")
        name = " ".join(clean(about.get("anon") or about.get("name") or stem(label), 100).split()) or "(no name)"
        student = found.setdefault(f"{name} {about.get('id', '')}", Student(
            name, about.get("id", ""), "Moodle" if moodle else "Canvas" if canvas else ""))
        student.notes += [said] * bool(said)
        if about.get("late") or about.get("LATE"):
            student.notes.append("late, says Canvas, which does not tell by how much")
        take(student, entry, unpacked)
    for student in found.values():
        student.notebooks = student.notebooks or [path for path in student.others if path.suffix.lower() == ".json"]
        if sum(other.name == student.name for other in found.values()) > 1 and student.id:
            student.name = f"{student.name} ({student.id})"     # two people of one name are told apart
    for old in listed(unpacked):
        if old.stat().st_mtime < began:
            shutil.rmtree(old, ignore_errors=True)
    return sorted(found.values(), key=lambda student: student.name.casefold())


def name_of(path: Path) -> str:
    """Return the name of a file or folder as people write it, whatever system it comes from."""
    data = os.fsencode(path.name)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return unicodedata.normalize("NFC", text)   # macOS takes letters and their accents apart


def own_name(path: Path) -> str:
    """Return what a student called a file: without what a platform has put before it."""
    label = name_of(path)
    found = MOODLE.fullmatch(label) or CANVAS.fullmatch(label)
    return found["file"] or label if found else label


def stem(label: str) -> str:
    return re.sub(r"(\.ipynb(\.[a-z]{3,10})?|\.zip)$", "", label, flags=re.IGNORECASE)


def of_platform(name: str) -> bool:
    return bool(MOODLE.fullmatch(name) or CANVAS.fullmatch(name))


def entries(
        folder: Path, sets: list[str], unpacked: Path, notes: list[str], said: str = "") -> Iterator[tuple[Path, str, str]]:
    """Yield what belongs to one student each: a path, what it is called, and what is to be said of it.

    A zip with more names of a platform in it than notebooks of other names is an export. Beside the zips of students it
    may also be that of a student who hands in for others, so their rows say where it was.
    """
    if folder.is_file():
        folder = unpack(folder, unpacked, defaultdict(lambda: UNPACKED), apart=True)
    notes += failures(folder)
    here = listed(folder)
    zips = [entry for entry in here if is_zip(entry) and not of_platform(name_of(entry))]
    inside = {entry: unpack(entry, unpacked, defaultdict(lambda: UNPACKED)) if entry in zips else entry for entry in here}
    names = {entry: {*map(name_of, listed(each))} if is_folder(each) else set() for entry, each in inside.items()}
    exports = [entry for entry in here if sum(map(of_platform, names[entry]))
               > sum(not of_platform(name) for name in names[entry] if NOTEBOOK.fullmatch(name))]
    for entry in here:
        label, zipped = name_of(entry), entry in zips
        if label in sets and is_folder(entry):
            yield from entries(entry, [], unpacked, notes, said)        # a folder a set, with the students inside
        elif entry in exports and (zipped or len(here) == 1 and not of_platform(label)) \
                or zipped and len(sets) > 1 and names[entry] & set(sets):       # an export in a zip, or in one folder more
            beside = set(zips) - set(exports)
            where = f"was inside {clean(label, 60)}, which lies beside the zips of students" if beside else said
            yield from entries(inside[entry], sets, unpacked, notes, where)
        else:
            yield inside[entry], label, said


def listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__")))
    except OSError:                             # a folder that may not be read
        return []


def is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file() and not path.is_symlink()


def take(student: Student, entry: Path, unpacked: Path, depth: int = 0) -> None:
    """Add the notebooks of a file or a folder to those of the student."""
    if is_zip(entry) and depth < 4:
        entry = unpack(entry, unpacked, student.room)
    if is_folder(entry):
        student.notes += failures(entry)
        for path in listed(entry) if depth < 8 else []:
            if len(student.notebooks) + len(student.others) < FILES:
                take(student, path, unpacked, depth + 1)
    elif NOTEBOOK.fullmatch(entry.name):
        student.notebooks.append(entry)
    else:
        student.others.append(entry)


def unpack(archive: Path, unpacked: Path, room: dict[str, int], apart: bool = False) -> Path:
    """Unpack a zip and return the folder; what is no plain file inside it, or too large, stays there.

    Each student of an export has room of their own; `apart`, each name at its top. A thousand small files fill it, too.
    """
    about = archive.stat()
    target = unpacked / f"{about.st_dev:x}-{about.st_ino:x}-{about.st_mtime_ns:x}"
    if target.is_dir():
        os.utime(target, (time.time(),) * 2)    # it is still in use
        return target
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                names = [short(name) for name in re.split(r"[/\\]", as_meant(info)) if name not in ("", ".", "..")]
                if info.is_dir() or not names or stat.S_ISLNK(info.external_attr >> 16) or len(names) > 12:
                    continue
                whose = next(filter(of_platform, names), names[0] if apart else "")
                try:
                    extract(zipped, info, part.joinpath(*names), room[whose])
                    room[whose] -= max(UNPACKED // FILES, info.file_size)
                except Exception as error:      # one damaged file; the others are taken
                    failed(part.joinpath(*names), error)
    except Exception as error:
        failed(part / archive.name, error)
    os.replace(part, target)
    os.utime(target, (time.time(),) * 2)
    return target


def extract(zipped: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, most: int) -> None:
    """Write one file of an archive, with its time. More than the size that it says of itself is never read."""
    if max(1, info.file_size) > most:
        raise ValueError(f"more than {UNPACKED // 1_000_000} MB, or {FILES} files, from one student")
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipped.open(info) as source, open(path, "wb") as file:
        shutil.copyfileobj(source, file)
    when = time.mktime((*info.date_time, 0, 0, -1))
    os.utime(path, (when, when))


def as_meant(info: zipfile.ZipInfo) -> str:
    """Return the name of a file in a zip: macOS writes UTF-8 and does not say so."""
    try:
        return info.filename if info.flag_bits & 0x800 else info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def short(name: str) -> str:
    """Return a name that a disk takes, with its beginning and its end: what it is stands there."""
    name = name.replace("\0", "_")
    return name if len(os.fsencode(name)) < 240 else f"{name[:40]}…{name[-30:]}"


def failed(path: Path, error: Exception) -> None:
    """Note beside a file that it could not be unpacked: it is said at every run."""
    with contextlib.suppress(OSError):          # a file may be in the way
        path.parent.mkdir(parents=True, exist_ok=True)
    folder = next(folder for folder in path.parents if folder.is_dir())
    with open(folder / FAILED, "a", encoding="utf-8") as file:
        file.write(" ".join(f"not unpacked: {clean(path.name, 100)}: {clean(error, 120)}".split()) + "\n")


def failures(folder: Path) -> list[str]:
    path = folder / FAILED
    if path.is_symlink() or not path.is_file():
        return []
    return path.read_text(encoding="utf-8", errors="replace")[:1000].splitlines()[:3]


def newest(paths: list[Path]) -> Path:
    """Return which of several copies counts: the newest, and of those equally old "name (2)" before "name (1)"."""
    def age(path: Path) -> tuple[float, int, str]:
        number = re.search(r"[ (_-](\d{1,3})\)?$", path.stem)
        return path.lstat().st_mtime, int(number[1]) if number else 0, path.name

    return max(paths, key=age)
