# Read by the scripts that make Debian roots: Debian's packages on this machine, and the root that most of theirs grow from.
# $VIGIE_ROOTS keeps that root; delete the folder to start from nothing.
# shellcheck shell=sh
roots=${VIGIE_ROOTS:-/var/cache/vigie-roots}
base=$roots/$suite.tar
began=$(date +%s)

say() { echo "[$(($(date +%s) - began)) s] $*" >&2; }

give_up() { # a skip that says why; in CI a failure
    echo "$*: these tests skip" >&2
    [ "${CI:-}" != true ]
    exit $?
}

need_root() { [ "$(id -u)" = 0 ] || give_up "a Debian root can only be made as root; with sudo this would run"; }

need_packages() { # need_packages PACKAGE...: those that are missing; no service of theirs starts
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null || give_up "missing here: $*; install them and run again"
    say "installing $*"
    mkdir -p "$roots"
    exec 5> "$roots/packages.lock" # one at a time: each takes away what keeps services from starting
    flock 5
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
    installed=yes
    { patiently apt-get update -qq && DEBIAN_FRONTEND=noninteractive patiently apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null ||
        installed=no
    rm -f /usr/sbin/policy-rc.d
    exec 5>&-
    [ $installed = yes ] || give_up "these cannot be installed here: $*"
}

# A network that is away for a minute costs a minute.
patiently() { # patiently COMMAND...
    for pause in 20 60 120; do
        "$@" && return 0
        say "$1 failed; once more in $pause s"
        sleep "$pause"
    done
    "$@"
}

# What these roots hold is thrown away with them: nothing waits for the disk, and nobody reads manuals in them.
make_base() {
    mkdir -p "$roots"
    exec 6> "$roots/lock"
    flock 6
    if [ ! -f "$base" ]; then
        say "making a Debian $suite root"
        patiently mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates,netbase,tzdata \
            --aptopt='Acquire::Retries "5"' --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$roots/part-$suite.tar" >/dev/null
        mv "$roots/part-$suite.tar" "$base"
    fi
    exec 6>&-
}

# The names and the certificates of this machine, which a root needs to fetch anything.
let_out() { # let_out ROOT
    for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
        [ ! -f "$file" ] || { mkdir -p "$1$(dirname "$file")" && cp "$file" "$1$file"; }
    done
    for file in /usr/local/share/ca-certificates/*.crt; do # a package that brings Debian's certificates keeps these then
        [ ! -f "$file" ] || { mkdir -p "$1$(dirname "$file")" && cp "$file" "$1$file"; }
    done
}

# Its /proc and /dev are there for that command alone.
in_root() { # in_root ROOT COMMAND...
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive unshare --mount \
        sh -euc 'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"' "$@"
}
