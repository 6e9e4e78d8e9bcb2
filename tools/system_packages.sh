#!/bin/sh
# Install the Debian packages some tests need (browser, servers, npm, strace, small disks); without root, say the command instead.
set -eu
missing=""
need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need chromium chromium
need nginx nginx-light
need promtool prometheus
need amtool prometheus-alertmanager
need npm npm
need openssl openssl
need strace strace
need victoria-metrics victoria-metrics
need wget wget
need curl curl
need mkfs.ext4 e2fsprogs
/sbin/ldconfig -p | grep -q 'libatomic\.so\.1' || missing="$missing libatomic1" # what drives the browser needs it
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing$missing ..." >&2
    apt-get update -qq
    # No service may start: the tests bring up their own, on their own ports.
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || status=$?
    rm -f /usr/sbin/policy-rc.d
    exit "${status:-0}"
fi
echo "some tests will skip; this would let them run: sudo apt-get install$missing" >&2
