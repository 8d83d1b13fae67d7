#!/bin/sh
# Can this Python make the environment? If not, say exactly what to install.
python=${1:-python3}

if ! command -v "$python" >/dev/null 2>&1; then
    echo "There is no $python here. Install Python 3.11 or newer" >&2
    echo "(Debian, Ubuntu: apt install python3 python3-venv; others: python.org)," >&2
    echo "or name one that you have: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$python is $("$python" --version 2>&1), and this project needs Python 3.11 or newer." >&2
    echo "Install one, or name one that you have: make PYTHON=python3.12" >&2
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$python cannot make virtual environments: a part of it is a package of its own." >&2
    echo "Debian, Ubuntu: apt install python$version-venv" >&2
    exit 1
fi
