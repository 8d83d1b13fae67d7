"""Start the process of a student's code, shut in as well as this system allows."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
#: What a program needs of the system, beside /usr.
SYSTEM = ("/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")
WAYS = {
    "bwrap": "no network; of all files only Python, the library and its own folder; own process space (bubblewrap)",
    "unshare": "no network; references, solutions, submissions and grades out of sight, other files to read; "
               "own process space (Linux namespaces)",
    "": "no space of its own: the kernel refuses network and programs, and Python's audit hook guards files. "
        "For more: apt-get install bubblewrap",
}


#: A script for `sh`: makes all that is mounted read-only but the folder $0, and runs its arguments without any rights.
READ_ONLY = """mount -t tmpfs -o size=200m none "$0" || exit 1
while read -r id parent device root point rest; do
    case $point in "$0" | /proc* | /dev* | /sys*) ;; *) mount -o remount,bind,ro "$point" ;; esac
done < /proc/self/mountinfo
cd "$0" && exec setpriv --bounding-set -all --inh-caps -all --no-new-privs "$@"
"""


@cache
def works(way: str) -> bool:
    """Return whether this system allows a way, and whether it hides what it shall."""
    code = ("import os, sys, numpy, lecture_code; open('made', 'w').write('x'); "
            "assert not any(os.path.isdir(folder) and os.listdir(folder) for folder in sys.argv[1:])")
    if not way or not shutil.which(way):
        return not way
    with tempfile.TemporaryDirectory() as folder:
        before = shut_in(way, Path(folder), ROOT / "tools", secret_folders())
        done = subprocess.run([*before, sys.executable, "-I", "-c", code, *map(str, secret_folders())], cwd=folder,
                              capture_output=True, stdin=subprocess.DEVNULL)
        return done.returncode == 0


def strongest() -> str:
    """Return the best of `WAYS` that this system allows."""
    return next(filter(works, WAYS))


def secret_folders() -> list[Path]:
    """Return the folders that no student's code may see: the references, and the solutions beside them."""
    found = importlib.util.find_spec("lecture_tasks")
    installed = found.submodule_search_locations or [] if found else []
    folders = [ROOT / "lecture_tasks", ROOT / "solutions", *map(Path, installed)]
    return sorted({folder.resolve() for folder in folders if folder.is_dir()})


def shut_in(way: str, work: Path, given: Path, secret: Iterable[Path]) -> list[str]:
    """Return what is to be written before a command, so that it runs shut in, with an empty `work` as its folder.

    What is written there lies in memory, has a limit, and is gone at the end.
    """
    if way == "unshare":                        # mounts over what is secret, and then gives up the right to mount
        hide = [f"mount {'-t tmpfs none' if path.is_dir() else '--bind /dev/null'} {shlex.quote(str(path))} || exit 1"
                for path in secret if path.exists() and not work.is_relative_to(path)]
        script = "\n".join([*hide, READ_ONLY])
        return ["unshare", "-rnpf", "--mount-proc", "--kill-child", "sh", "-c", script, str(work)]
    if way != "bwrap":
        return []
    library = importlib.util.find_spec("lecture_code")
    seen = [Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), HERE / "runner.py", HERE / "wire.py", given,
            *map(Path, library.submodule_search_locations or [])]
    made = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--proc", "/proc",
            "--dev", "/dev", "--size", str(10 << 20), "--tmpfs", "/tmp"]
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            made += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            made += ["--ro-bind", str(path), str(path)]
    for path in dict.fromkeys(seen):
        made += ["--ro-bind", str(path), str(path)]
    for folder in secret:                       # inside one of the folders above, where the book is installed
        if any(folder.is_relative_to(path) for path in seen):
            made += ["--tmpfs", str(folder)]
    return [*made, "--size", str(200 << 20), "--tmpfs", str(work), "--chdir", str(work)]
