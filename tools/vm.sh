#!/bin/sh
# Prove the real drivers and the whole controller in a Linux guest that has /dev/i2c-1 and the GPIO header's lines.
# See docs/vm.md. Everything is kept in $VIGIE_VM_CACHE; delete that folder to start from nothing.
# VIGIE_SUITE=bookworm makes Debian 12 of it, in a folder of its own (the same name with -bookworm).
# `tools/vm.sh prepare` only makes what a guest needs: root, modules, initramfs.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
suite=${VIGIE_SUITE:-trixie}
cache=${VIGIE_VM_CACHE:-/var/cache/vigie-vm}
[ "$suite" = trixie ] || cache=$cache-$suite
root=$cache/root
share=$cache/share
began=$(date +%s)

say() { echo "[$(($(date +%s) - began)) s] $*" >&2; }

need_programs() {
    missing=""
    command -v qemu-system-x86_64 >/dev/null || missing="$missing qemu-system-x86"
    command -v mmdebstrap >/dev/null || missing="$missing mmdebstrap"
    if [ "$(id -u)" != 0 ]; then
        echo "the guest's root can only be made as root: these tests skip; sudo make vm would run them" >&2
        [ -z "$missing" ] || echo "it would also install:$missing" >&2
        [ "${CI:-}" != true ]
        exit $?
    fi
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "missing here:$missing; install them and run again: these tests skip" >&2
        [ "${CI:-}" != true ]
        exit $?
    fi
    say "installing$missing"
    # shellcheck disable=SC2086
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null; then
        echo "these cannot be installed here:$missing; the cases in the guest skip" >&2
        exit 0
    fi
}

in_root() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 chroot "$root" "$@"; }

make_root() {
    [ -f "$cache/root.done" ] && return 0
    say "making a Debian $suite root with its kernel in $root"
    rm -rf "$root" && mkdir -p "$root"
    # INITRD=No: the guest has an initramfs of its own.
    INITRD=No mmdebstrap --quiet --variant=minbase \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --include=python3,python3-venv,ca-certificates,kmod,busybox-static,cpio,make,linux-image-amd64,linux-headers-amd64,systemd-sysv \
        "$suite" "$root" >/dev/null
    touch "$cache/root.done"
}

# The packages are those of the lock file, by their hashes; the guest itself needs no network.
install_dependencies() {
    lock=$(sha256sum requirements/run.txt | cut -d' ' -f1)
    [ "$(cat "$cache/dependencies.done" 2>/dev/null)" = "$lock" ] && return 0
    say "installing requirements/run.txt into the root"
    [ -f /etc/ssl/certs/ca-certificates.crt ] && cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
    [ -f /etc/hosts ] && cp /etc/hosts "$root/etc/hosts"
    [ -f /etc/pip.conf ] && cp /etc/pip.conf "$root/etc/pip.conf"
    cp requirements/run.txt "$root/tmp/run.txt"
    rm -rf "$root/opt/vigie"
    in_root python3 -m venv /opt/vigie
    in_root /opt/vigie/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r /tmp/run.txt
    echo "$lock" > "$cache/dependencies.done"
}

install_vigie() {
    rm -rf "$root/opt/source" && mkdir -p "$root/opt/source"
    tar -c --exclude=__pycache__ --exclude='*.egg-info' pyproject.toml README.md LICENSE src | tar -x -C "$root/opt/source"
    in_root /opt/vigie/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        --force-reinstall --no-index /opt/source
}

build_modules() {
    release=$(basename "$(ls -d "$root"/lib/modules/*)")
    sum=$(cat tests/vm/modules/* | sha256sum | cut -d' ' -f1)-$release
    [ "$(cat "$cache/modules.done" 2>/dev/null)" = "$sum" ] && return 0
    say "compiling the modules for $release"
    rm -rf "$root/opt/modules" && cp -r tests/vm/modules "$root/opt/modules"
    in_root make --silent -C "/lib/modules/$release/build" M=/opt/modules modules
    echo "$sum" > "$cache/modules.done"
}

build_initramfs() {
    sum=$(sha256sum < tests/vm/guest/init | cut -d' ' -f1)-$release
    [ "$(cat "$cache/initramfs.done" 2>/dev/null)" = "$sum" ] && return 0
    tree=$root/opt/initramfs
    rm -rf "$tree" && mkdir -p "$tree/bin" "$tree/modules" "$tree/proc" "$tree/sys" "$tree/dev"
    cp "$root/usr/bin/busybox" "$tree/bin/busybox"
    cp tests/vm/guest/init "$tree/init" && chmod +x "$tree/init"
    for module in virtio_pci 9pnet_virtio 9p overlay; do
        in_root modprobe -S "$release" --show-depends "$module"
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r path; do
        file=$(basename "$path" .xz)
        case $path in *.xz) xz -dc "$root/$path" > "$tree/modules/$file" ;; *) cp "$root/$path" "$tree/modules/$file" ;; esac
        echo "$file" >> "$tree/modules/order"
    done
    in_root sh -c 'cd /opt/initramfs && find . | cpio --quiet -o -H newc | gzip -1' > "$cache/initramfs.gz"
    echo "$sum" > "$cache/initramfs.done"
}

boot() { # boot plain|systemd SECONDS: becomes the guest, which switches itself off
    say "booting the $1 guest (TCG, console in $cache/$1.console)"
    # Never KVM: nested, it hangs on some build machines.
    exec nice -n 10 timeout --signal=KILL "$2" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 1024 \
        -nodefaults -display none -no-reboot -serial "file:$cache/$1.console" \
        -kernel "$root/boot/vmlinuz-$release" -initrd "$cache/initramfs.gz" \
        -append "console=ttyS0 quiet panic=-1 vigie.first=/share/guest/$1.sh systemd.unit=vigie-cases.service" \
        -fsdev "local,id=root,path=$root,security_model=passthrough,readonly=on,multidevs=remap" \
        -device virtio-9p-pci,fsdev=root,mount_tag=root \
        -fsdev "local,id=share,path=$share,security_model=passthrough" \
        -device virtio-9p-pci,fsdev=share,mount_tag=share
}

report() { # report plain|systemd: print what its cases saw; fail unless all passed
    cat "$share/out/$1.txt" 2>/dev/null || true
    if [ ! -f "$share/out/$1.status" ]; then
        echo "the $1 guest did not finish; its console ends:" >&2
        tail -n 40 "$cache/$1.console" >&2
        return 1
    fi
    return "$(cat "$share/out/$1.status")"
}

need_programs
mkdir -p "$cache"
exec 9> "$cache/lock"
flock -n 9 || { say "another run uses $cache; waiting for it"; flock 9; }
make_root
install_dependencies
install_vigie
build_modules
build_initramfs
[ "${1:-}" != prepare ] || exit 0
rm -rf "$share" && mkdir -p "$share/out"
cp "$root"/opt/modules/*.ko "$share/"
cp -r tests/vm/guest "$share/guest"
guests=${GUESTS:-plain systemd}
running=""
for guest in $guests; do
    boot "$guest" 500 &
    running="$running $!"
done
# shellcheck disable=SC2086
trap 'kill $running; exit 130' INT TERM
wait
status=0
for guest in $guests; do report "$guest" || status=1; done
say "done with status $status; everything seen is in $share/out"
exit "$status"
