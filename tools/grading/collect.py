"""Find who handed in what: folders, single files, zips in zips, and what Moodle and Canvas export.

Moodle makes the names in `mod/assign/locallib.php` (download_submissions): the full name, or "Participant" where it is
anonymous, behind the group where there is one; the number of the worksheet; the plugin; the file, or a folder of that name.
Canvas makes them in `lib/content_zipper.rb` (get_filename, add_upload_submission): the sortable name in small letters
without anything between them, LATE, the number of the user, the number of the file, the file; where it is anonymous,
"anon" and five letters stand for name and number, and what was typed in is called …_text.html. The times in both zips
are those of the export.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.grading.wire import clean

UNPACKED = 300_000_000                          # bytes of one archive
FILES = 3000                                    # in one archive, and beside one notebook's folder
#: Anna Schmidt_1234567_assignsubmission_file_…, and the folders of that name.
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?.*", re.DOTALL)
#: schmidtanna_LATE_12345_678901_mini-batches-1.ipynb, LATE_anon_aB3dE_678901_mini-batches.ipynb
CANVAS = re.compile(r"(?P<LATE>LATE_)?(?:(?P<anon>anon_[0-9A-Za-z]{5})|(?P<name>\w+?)_(?P<late>LATE_)?(?P<id>\d+))_"
                    r"(?:\d+_.+|(?:text|link)\.html)", re.DOTALL)


@dataclass
class Student:
    """What one student handed in."""

    name: str
    id: str = ""                                # of Moodle's participant, or of Canvas
    platform: str = ""                          # which of them it came from: then the times of the files say nothing
    notebooks: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def students(folder: Path, sets: list[str], unpacked: Path) -> list[Student]:
    """Return the students of a folder or a zip, in order; zips are unpacked to the folder `unpacked`."""
    found: dict[str, Student] = {}
    notes: list[str] = []
    for entry, label, said in list(entries(folder, sets, unpacked, notes)):
        moodle, canvas = MOODLE.fullmatch(label), CANVAS.fullmatch(label)
        about = {} if not (moodle or canvas) else (moodle or canvas).groupdict("")
        name = clean(about.get("anon") or about.get("name") or stem(label), 100).strip() or "(no name)"
        student = found.setdefault(f"{name} {about.get('id', '')}", Student(
            name, about.get("id", ""), "Moodle" if moodle else "Canvas" if canvas else ""))
        student.notes += said
        if about.get("late") or about.get("LATE"):
            student.notes.append("late, says Canvas, which does not tell by how much")
        take(student, entry, unpacked)
    for student in found.values():              # two people of one name are told apart
        if sum(other.name == student.name for other in found.values()) > 1 and student.id:
            student.name = f"{student.name} ({student.id})"
    if notes:
        found["(archive)"] = Student("(archive)", notes=notes)
    return sorted(found.values(), key=lambda student: student.name.casefold())


def name_of(path: Path) -> str:
    """Return the name of a file or folder as people write it, whatever system it comes from."""
    data = os.fsencode(path.name)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return unicodedata.normalize("NFC", text)   # macOS takes letters and their accents apart


def stem(label: str) -> str:
    return re.sub(r"\.(ipynb|zip)$", "", label, flags=re.IGNORECASE)


def entries(folder: Path, sets: list[str], unpacked: Path, notes: list[str]) -> Iterator[tuple[Path, str, list[str]]]:
    """Yield what belongs to one student each: a path, what it is called, and what is to be said of it."""
    if folder.is_file():
        folder = unpack(folder, unpacked, notes)
    for entry in listed(folder):
        label = name_of(entry)
        if entry.is_dir() and not entry.is_symlink() and label in sets:
            yield from entries(entry, [], unpacked, notes)      # a folder a set, with the students inside
        elif is_zip(entry) and not (MOODLE.fullmatch(label) or CANVAS.fullmatch(label)):
            said: list[str] = []
            inside = unpack(entry, unpacked, said)
            names = [name_of(child) for child in listed(inside)]
            if any(MOODLE.fullmatch(name) or CANVAS.fullmatch(name) for name in names) or set(names) & set(sets) and len(sets) > 1:
                notes += said
                yield from entries(inside, sets, unpacked, notes)
            else:
                yield inside, label, said
        else:
            yield entry, label, []


def listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__")))
    except OSError:                             # a folder that may not be read
        return []


def is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file() and not path.is_symlink()


def take(student: Student, entry: Path, unpacked: Path, depth: int = 0) -> None:
    """Add the notebooks of a file or a folder to those of the student."""
    if is_zip(entry) and depth < 4:
        entry = unpack(entry, unpacked, student.notes)
    if entry.is_dir() and not entry.is_symlink():
        student.folders.append(entry)
        for path in listed(entry) if depth < 8 else []:
            if len(student.notebooks) + len(student.others) < FILES:
                take(student, path, unpacked, depth + 1)
    elif entry.suffix.lower() == ".ipynb":
        student.notebooks.append(entry)
    else:
        student.others.append(clean(name_of(entry), 100))


def unpack(archive: Path, unpacked: Path, notes: list[str]) -> Path:
    """Unpack a zip, with limits, and return the folder; what is no plain file inside it stays there."""
    about = archive.stat()
    target = unpacked / f"{about.st_dev:x}-{about.st_ino:x}-{about.st_mtime_ns:x}"
    if target.is_dir():
        return target
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    left, failed = UNPACKED, []
    try:
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist()[:FILES]:
                names = [name.replace("\0", "_")[:150] for name in re.split(r"[/\\]", info.filename) if name not in ("", ".", "..")]
                if info.is_dir() or not names or stat.S_ISLNK(info.external_attr >> 16) or len(names) > 12:
                    continue
                try:
                    left -= extracted(zipped, info, part.joinpath(*names), left)
                except Exception as error:      # one damaged file; the others are taken
                    failed.append(f"{clean(names[-1], 60)}: {clean(error, 80)}")
    except Exception as error:
        failed.append(clean(error, 120))
    if failed:
        notes.append(f"{clean(archive.name, 100)} could not be unpacked wholly ({'; '.join(failed[:3])})")
    os.replace(part, target)
    return target


def extracted(zipped: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, most: int) -> int:
    """Write one file of an archive, with its time, and return its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with zipped.open(info) as source, open(path, "wb") as file:
        while data := source.read(1 << 20):
            size += len(data)
            if size > most:
                path.unlink()
                raise ValueError(f"more than {UNPACKED // 1_000_000} MB")
            file.write(data)
    when = time.mktime((*info.date_time, 0, 0, -1))
    os.utime(path, (when, when))
    return size


def newest(paths: list[Path]) -> Path:
    """Return which of several copies counts: the newest, and of those equally old "name (2)" before "name (1)"."""
    def age(path: Path) -> tuple[float, int, str]:
        number = re.search(r"[ (_-](\d{1,3})\)?$", path.stem)
        return path.lstat().st_mtime, int(number[1]) if number else 0, path.name

    return max(paths, key=age)
