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
. tools/debian.sh

need_root
command -v systemd-analyze >/dev/null || need_packages systemd
tools/vm.sh prepare
[ -d "$root" ] || give_up "no root in $cache"
exec 8>"$cache/used"
flock -s 8
# The guest has a layer of its own: it is installed and booted while the installer is tried in another.
status=0
VIGIE_INSTALL_CACHE=$cache "$bin/python" -m pytest -v -n 2 --dist loadfile tests/systemd || status=$?
cat "$cache/installed.txt"
exit "$status"
