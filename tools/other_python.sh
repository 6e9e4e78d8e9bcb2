#!/bin/sh
# Run tests in a small Debian root whose release has another Python (as root): SUITE, what pytest is told,
# --junitxml=REPORT.
set -eu
suite=$1
shift
for report; do :; done
report=${report#--junitxml=}
. tools/debian.sh
command -v mmdebstrap >/dev/null || need_packages mmdebstrap
make_base
root=$roots/$suite
[ -x "$root/usr/bin/python3" ] || { mkdir -p "$root" && tar -x -C "$root" -f "$base"; }
let_out "$root"
rm -rf "$root/src/vigie" && mkdir -p "$root/src/vigie"
git ls-files -z --cached --others --exclude-standard | xargs -0 tar -c --ignore-failed-read | tar -x -C "$root/src/vigie"
status=0
in_root "$root" sh -ec '
    cd /src/vigie
    tools/environment.sh /opt/vigie-venv requirements/dev.txt
    exec /opt/vigie-venv/bin/python -m pytest "$@" --junitxml=/src/report.xml
' sh "$@" || status=$?
cp "$root/src/report.xml" "$report" 2>/dev/null || true
exit $status
