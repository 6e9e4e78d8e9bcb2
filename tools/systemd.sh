#!/bin/sh
# Prove units and installer: in a Debian root, then in a guest where systemd is process 1. See docs/systemd.md.
# Root and guest are those of tools/vm.sh; the installer gets the root under a layer of its own.
# VIGIE_SUITE=bookworm takes Debian 12 instead of trixie.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
bin=${1:-.venv/bin}
suite=${VIGIE_SUITE:-trixie}
cache=${VIGIE_VM_CACHE:-/var/cache/vigie-vm}
[ "$suite" = trixie ] || cache=$cache-$suite
root=$cache/root
if [ "$(id -u)" != 0 ]; then
    echo "a root can only be made as root: the installer's tests skip; sudo make install-test would run them" >&2
    [ "${CI:-}" != true ]
    exit $?
fi
if ! command -v systemd-analyze >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends systemd >/dev/null
fi
tools/vm.sh prepare
[ -d "$root" ] || { echo "no root in $cache: the installer's tests skip" >&2; [ "${CI:-}" != true ]; exit $?; }

# The wheels of the lock file, so that the installer is tried without network for Python's packages.
lock=$(sha256sum requirements/run.txt | cut -d' ' -f1)
if [ "$(cat "$cache/wheels.done" 2>/dev/null)" != "$lock" ]; then
    echo "fetching the wheels of requirements/run.txt" >&2
    cp requirements/run.txt "$root/tmp/run.txt"
    rm -rf "$root/opt/wheels" "$cache/wheels"
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 chroot "$root" \
        /opt/vigie/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
        -r /tmp/run.txt -d /opt/wheels
    mv "$root/opt/wheels" "$cache/wheels"
    echo "$lock" >"$cache/wheels.done"
fi
exec 9>"$cache/lock"
flock 9
VIGIE_INSTALL_CACHE=$cache exec "$bin/python" -m pytest -v tests/systemd
