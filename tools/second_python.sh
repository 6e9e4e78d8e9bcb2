#!/bin/sh
# Run the tests that need no browser on the other end of the supported Pythons (3.11 and 3.13): an interpreter of this
# machine when there is one, else (as root) a small Debian root of the release that has it.
set -eu
bin=$1
if "$bin/python" -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; then other=3.13 suite=trixie; else other=3.11 suite=bookworm; fi
tests="tests/unit tests/property tests/conformance"

run_here() {
    venv=.venv-$other
    PYTHON=$1 tools/environment.sh "$venv" requirements/dev.txt
    "$venv/bin/python" -m pytest -n 2 --dist loadfile src/vigie $tests
}

for candidate in "python$other" "$HOME"/.pyenv/versions/"$other".*/bin/python"$other"; do
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        run_here "$candidate"
        exit 0
    fi
done

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "no Python $other here: its tests skip; sudo apt-get install mmdebstrap and running as root would let them run" >&2
    [ "${CI:-}" != true ]
    exit $?
fi
command -v mmdebstrap >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null; }
root=${VIGIE_ROOTS:-/var/cache/vigie-roots}/$suite
if [ ! -x "$root/usr/bin/python3" ]; then
    echo "making a Debian $suite root with Python $other in $root ..." >&2
    mkdir -p "$root"
    mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,make,git,ca-certificates "$suite" "$root" >/dev/null
fi
[ -f /etc/ssl/certs/ca-certificates.crt ] && cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
[ -f /etc/hosts ] && cp /etc/hosts "$root/etc/hosts"
rm -rf "$root/src/vigie" && mkdir -p "$root/src/vigie"
git archive HEAD | tar -x -C "$root/src/vigie"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
mountpoint -q "$root/dev" || mount --rbind /dev "$root/dev"
status=0
env -u CI chroot "$root" sh -ec "
    cd /src/vigie
    tools/environment.sh /opt/vigie-venv requirements/dev.txt
    /opt/vigie-venv/bin/python -m pytest -n 2 --dist loadfile src/vigie $tests
" || status=$?
umount -l "$root/dev" "$root/proc" || true
exit $status
