"""Rebuild live/pyodide: Python for the browser, cut down to what the book imports.

    python -m tools.vendor_pyodide DISTRIBUTION

DISTRIBUTION is the unpacked full release of the Pyodide version below (pyodide-VERSION.tar.bz2 on the
project's release page), or any folder with the wheels named in its lock file. The core comes from the
npm package `pyodide`. Every wheel must have the sha256 that the published lock states. A run changes
nothing unless a version here does. Needs npm.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

VERSION = "0.27.7"
#: What the kernel and the chapters import; what these need follows from the lock file.
WANTED = ["micropip", "ipython", "jedi", "numpy", "matplotlib", "scipy"]
CORE = ["pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"]
TARGET = Path(__file__).resolve().parent.parent / "live" / "pyodide"


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def unpack_core(folder: Path) -> None:
    """Take the core files out of the npm package."""
    subprocess.run(["npm", "pack", "--silent", f"pyodide@{VERSION}"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("pyodide-*.tgz")
    with tarfile.open(archive) as package:
        for name in CORE:
            content = package.extractfile(f"package/{name}")
            assert content is not None
            (TARGET / name).write_bytes(content.read())


def with_dependencies(lock: dict) -> list[dict]:
    """Return the lock's entries for WANTED and everything these depend on."""
    found: dict[str, dict] = {}
    waiting = list(WANTED)
    while waiting:
        name = waiting.pop().replace("_", "-")
        if name not in found:
            found[name] = lock["packages"][name]
            waiting += found[name]["depends"]
    return [found[name] for name in sorted(found)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("distribution", type=Path)
    distribution = parser.parse_args().distribution
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.iterdir():
        if old.name not in ("README.md", "LICENSE"):
            old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        unpack_core(Path(folder))
    lock = json.loads((TARGET / "pyodide-lock.json").read_text(encoding="utf-8"))
    for entry in with_dependencies(lock):
        copy = Path(shutil.copyfile(distribution / entry["file_name"], TARGET / entry["file_name"]))
        if sha256(copy) != entry["sha256"]:
            raise SystemExit(f"{copy.name}: its sha256 is not the one that the lock file of Pyodide {VERSION} states")
    files = sorted(file for file in TARGET.iterdir() if file.name not in ("README.md", "LICENSE", "SHA256SUMS"))
    sums = "".join(f"{sha256(file)}  {file.name}\n" for file in files)
    (TARGET / "SHA256SUMS").write_text(sums, encoding="utf-8")
    print(f"{TARGET}: {len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
