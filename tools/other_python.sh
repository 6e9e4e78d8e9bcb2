#!/bin/sh
# Run tests in a small Debian root whose release has another Python (as root): SUITE, what pytest is told,
# --junitxml=REPORT. The root is kept in $VIGIE_ROOTS; delete that folder to start anew.
set -eu
suite=$1
shift
for report; do :; done
report=${report#--junitxml=}
root=${VIGIE_ROOTS:-/var/cache/vigie-roots}/$suite
command -v mmdebstrap >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null; }
if [ ! -x "$root/usr/bin/python3" ]; then
    echo "making a Debian $suite root in $root ..." >&2
    rm -rf "$root" && mkdir -p "$root"
    mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,make,git,ca-certificates "$suite" "$root" >/dev/null
fi
tools/network_of_root.sh "$root"
rm -rf "$root/src/vigie" && mkdir -p "$root/src/vigie"
git ls-files -z --cached --others --exclude-standard | xargs -0 tar -c --ignore-failed-read | tar -x -C "$root/src/vigie"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
mountpoint -q "$root/dev" || mount --rbind /dev "$root/dev"
trap 'umount -l "$root/dev" "$root/proc" || true' EXIT
status=0
env -u CI chroot "$root" sh -ec '
    cd /src/vigie
    tools/environment.sh /opt/vigie-venv requirements/dev.txt
    exec /opt/vigie-venv/bin/python -m pytest "$@" --junitxml=/src/report.xml
' sh "$@" || status=$?
cp "$root/src/report.xml" "$report" 2>/dev/null || true
exit $status
