#!/bin/sh
# `make run` and `make test` as README writes them, in a fresh Debian root that has python3, make and git and nothing else:
# first as an ordinary user (who also has python3-venv, as README says), then as root. SUITE is trixie or bookworm.
# What is tried is the last commit, cloned. WHO=root or WHO=user does one of them; everything is made anew each time.
set -eu
suite=${1:-trixie}
cd "$(dirname "$0")/.."
root=${VIGIE_FRESH:-/var/cache/vigie-fresh}/$suite
began=$(date +%s)

say() { echo "[$(($(date +%s) - began)) s] $*" >&2; }

if [ "$(id -u)" != 0 ]; then
    echo "a Debian root can only be made as root: sudo make fresh-test" >&2
    [ "${CI:-}" != true ]
    exit $?
fi
command -v mmdebstrap >/dev/null || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null
}

leave() {
    for mounted in dev sys proc; do ! mountpoint -q "$root/$mounted" || umount -l "$root/$mounted"; done
}

in_root() { # in_root USER COMMAND...: a login shell's environment, and how this machine reaches the network
    user=$1
    shift
    setpriv_to=$(chroot "$root" id -u "$user")
    home=$(chroot "$root" sh -c "getent passwd $user | cut -d: -f6")
    # shellcheck disable=SC2086
    env -i HOME="$home" USER="$user" LOGNAME="$user" TERM=dumb LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        chroot --userspec="$setpriv_to:$setpriv_to" "$root" sh -ec "cd; $*"
}

first_page() { # first_page USER: `make run` answers within 60 s, says what it shows, and ends with Ctrl-C
    user=$1
    asked=$(date +%s)
    rm -f "$root/tmp/run.pid"
    in_root "$user" "cd vigie; echo \$\$ > /tmp/run.pid; exec setsid make run SPEED=60" > "$root/tmp/run.$user" 2>&1 &
    running=$!
    page=""
    for _ in $(seq 600); do
        page=$(curl -fsS http://127.0.0.1:8000/flask/api/v1/state 2>/dev/null) && break
        kill -0 $running 2>/dev/null || break
        sleep 0.1
    done
    took=$(($(date +%s) - asked))
    kill -INT -- "-$(cat "$root/tmp/run.pid")" || true
    status=0
    wait $running || status=$?
    sed 's/^/    /' "$root/tmp/run.$user" >&2
    [ -n "$page" ] || { say "make run as $user: no page"; return 1; }
    say "make run as $user: the page answered after $took s; ended with status $status"
    return $status
}

trap leave EXIT
leave
rm -rf "$root" && mkdir -p "$root"
say "making a fresh Debian $suite root"
mmdebstrap --quiet --variant=minbase --include=python3,make,git "$suite" "$root" >/dev/null
tools/network_of_root.sh "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
mount --make-rslave "$root/sys"
git bundle create --quiet "$root/tmp/vigie.bundle" HEAD
chmod 755 "$root/tmp/vigie.bundle"
failed=""
for who in ${WHO:-user root}; do
    user=$who
    if [ "$who" = user ]; then
        user=jo
        chroot "$root" useradd --create-home --shell /bin/sh jo
        chroot "$root" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null'
    fi
    in_root "$user" "git clone --quiet /tmp/vigie.bundle vigie"
    first_page "$user" || failed="$failed make-run-as-$who"
    say "make test as $who"
    in_root "$user" "cd vigie; make test" || failed="$failed make-test-as-$who"
done
say "${failed:+FAILED:$failed}${failed:-both commands hold on Debian $suite}"
[ -z "$failed" ]
