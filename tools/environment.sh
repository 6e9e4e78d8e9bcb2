#!/bin/sh
# Make a virtual environment that holds exactly a hash-locked requirement file, and this package.
# $UV names a uv that does the same faster: the tests' second environment has the first one's.
set -eu
venv=$1 requirements=$2 python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Vigie needs Python 3.11 or later; $python is $("$python" --version 2>&1). Name another: make PYTHON=python3.13 ..." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Python's venv module is missing: installing the Debian package python3-venv ..." >&2
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    else
        echo "Python's venv module is missing. On Debian: sudo apt-get install python3-venv, then the same command again" >&2
        exit 1
    fi
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
echo "installing $requirements into $venv ..." >&2
# Every package is in the file. Asked to resolve, pip 23 takes a second index (Raspberry Pi OS has one) for another package.
install() {
    if [ -n "${UV:-}" ]; then
        "$UV" pip install --quiet --system-certs --python "$venv/bin/python" --no-deps "$@"
    else
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$@"
    fi
}
install --require-hashes -r "$requirements"
install --no-build-isolation -e .
# A process that compiles what it imports starts seconds later and keeps megabytes of it.
"$venv/bin/python" -m compileall -q src
