#!/bin/sh
# `make run` and `make test` as README writes them, in a fresh Debian root that has python3, make and git and nothing else:
# once as an ordinary user (who also has python3-venv, as README says), once as root. SUITE is trixie or bookworm.
# What is tried is the last commit, cloned. WHO=root or WHO=user does one of them; every root is a new one.
set -eu
suite=${1:-trixie}
cd "$(dirname "$0")/.."
root=${VIGIE_FRESH:-/var/cache/vigie-fresh}/$suite
. tools/debian.sh
need_root
command -v mmdebstrap >/dev/null || need_packages mmdebstrap
command -v curl >/dev/null || need_packages curl

leave() {
    for mounted in dev sys proc; do # more than once where a run was killed
        while mountpoint -q "$root/$mounted"; do umount -l "$root/$mounted"; done
    done
}

as_user() { # as_user USER COMMAND...: with the environment of a login shell
    user=$1
    shift
    number=$(chroot "$root" id -u "$user")
    home=$(chroot "$root" sh -c "getent passwd $user | cut -d: -f6")
    env -i HOME="$home" USER="$user" LOGNAME="$user" TERM=dumb LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        chroot --userspec="$number:$number" "$root" sh -ec "cd; $*"
}

first_page() { # first_page USER: `make run` answers within 300 s, says what it shows, and ends with Ctrl-C
    user=$1
    asked=$(date +%s)
    rm -f "$root/tmp/run.pid"
    as_user "$user" "cd vigie; echo \$\$ > /tmp/run.pid; exec setsid make run SPEED=60" > "$root/tmp/run.$user" 2>&1 &
    running=$!
    page=""
    for _ in $(seq 3000); do
        page=$(curl -fsS http://127.0.0.1:8000/flask/api/v1/state 2>/dev/null) && break
        kill -0 $running 2>/dev/null || break
        sleep 0.1
    done
    took=$(($(date +%s) - asked))
    kill -INT "-$(cat "$root/tmp/run.pid")" || true # make itself does not hear it: it was started in the background
    status=0
    wait $running || status=$?
    sed 's/^/    /' "$root/tmp/run.$user" >&2
    [ -n "$page" ] || { say "make run as $user: no page"; return 1; }
    say "make run as $user: the page answered after $took s; ended with status $status"
    return $status
}

new_root() {
    leave
    rm -rf --one-file-system "$root" && mkdir -p "$root" # whatever is still mounted there is the machine's
    tar -x -C "$root" -f "$root.tar"
    let_out "$root"
    mount -t proc proc "$root/proc"
    for shared in sys dev; do
        mount --rbind "/$shared" "$root/$shared"
        mount --make-rslave "$root/$shared"
    done
    git bundle create --quiet "$root/tmp/vigie.bundle" HEAD
    chmod 644 "$root/tmp/vigie.bundle"
}

trap leave EXIT
mkdir -p "$root"
say "making a fresh Debian $suite root"
patiently mmdebstrap --quiet --variant=minbase --include=python3,make,git --dpkgopt=force-unsafe-io "$suite" "$root.tar" >/dev/null
failed=""
for who in ${WHO:-user root}; do
    new_root
    user=$who
    if [ "$who" = user ]; then
        user=jo
        chroot "$root" useradd --create-home --shell /bin/sh jo
        chroot "$root" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null'
    fi
    as_user "$user" "git clone --quiet /tmp/vigie.bundle vigie"
    first_page "$user" || failed="$failed make-run-as-$who"
    say "make test as $who"
    as_user "$user" "cd vigie; make test" || failed="$failed make-test-as-$who"
done
if [ -n "$failed" ]; then
    say "FAILED:$failed"
    exit 1
fi
say "both commands hold on Debian $suite"
