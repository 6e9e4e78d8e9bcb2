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
. tools/debian.sh

must_make() { # must_make WHAT SUM: whether it has to be made anew; nobody boots it or looks at it then
    [ "$(cat "$cache/$1.done" 2>/dev/null)" != "$2" ] && flock 8
}

made() { echo "$2" > "$cache/$1.done"; }

make_root() {
    packages="kmod busybox-static cpio make linux-image-amd64 linux-headers-amd64 systemd-sysv"
    must_make root "$packages" || return 0
    make_base
    say "adding the kernel to it in $root"
    rm -rf "$root" && mkdir -p "$root"
    tar -x -f "$base" -C "$root"
    let_out "$root"
    in_root "$root" apt-get update -qq -o Acquire::Retries=5
    # INITRD=No: the guest has an initramfs of its own.
    # shellcheck disable=SC2086
    in_root "$root" env INITRD=No apt-get install -y -o Acquire::Retries=5 -qq --no-install-recommends $packages >/dev/null
    in_root "$root" apt-get clean
    rm -f "$cache"/*.done
    made root "$packages"
}

# The packages are those of the lock file, by their hashes; the guest itself needs no network. Their wheels are kept for the
# installer's tests. All bytecode is made here: in the guest that takes minutes.
install_dependencies() {
    lock=$(sha256sum requirements/run.txt | cut -d' ' -f1)
    must_make dependencies "$lock" || return 0
    say "installing requirements/run.txt into the root"
    let_out "$root"
    cp requirements/run.txt "$root/tmp/run.txt"
    rm -rf "$root/opt/vigie" "$root/opt/wheels" "$cache/wheels"
    in_root "$root" python3 -m venv /opt/vigie
    pip="/opt/vigie/bin/python -m pip --quiet --disable-pip-version-check"
    # shellcheck disable=SC2086
    in_root "$root" $pip download --no-deps --require-hashes --only-binary :all: -r /tmp/run.txt -d /opt/wheels
    # shellcheck disable=SC2086
    in_root "$root" $pip install --no-compile --no-deps --require-hashes --no-index --find-links /opt/wheels -r /tmp/run.txt
    in_root "$root" /opt/vigie/bin/python -m compileall -q -j 0 /opt/vigie/lib >/dev/null || true # of some tests none can be made
    mv "$root/opt/wheels" "$cache/wheels"
    rm -f "$cache/vigie.done"
    made dependencies "$lock"
}

install_vigie() {
    sum=$(find pyproject.toml README.md LICENSE src -type f ! -path '*/__pycache__/*' ! -path '*.egg-info/*' | LC_ALL=C sort \
        | xargs sha256sum | sha256sum | cut -d' ' -f1)
    must_make vigie "$sum" || return 0
    rm -rf "$root/opt/source" && mkdir -p "$root/opt/source"
    tar -c --exclude=__pycache__ --exclude='*.egg-info' pyproject.toml README.md LICENSE src | tar -x -C "$root/opt/source"
    in_root "$root" /opt/vigie/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        --force-reinstall --no-index /opt/source
    made vigie "$sum"
}

build_modules() {
    release=$(basename "$(ls -d "$root"/lib/modules/*)")
    sum=$(cat tests/vm/modules/* | sha256sum | cut -d' ' -f1)-$release
    must_make modules "$sum" || return 0
    say "compiling the modules for $release"
    rm -rf "$root/opt/modules" && cp -r tests/vm/modules "$root/opt/modules"
    in_root "$root" make --silent -C "/lib/modules/$release/build" M=/opt/modules modules
    made modules "$sum"
}

build_initramfs() {
    sum=$(sha256sum < tests/vm/guest/init | cut -d' ' -f1)-$release
    must_make initramfs "$sum" || return 0
    tree=$root/opt/initramfs
    rm -rf "$tree" && mkdir -p "$tree/bin" "$tree/modules" "$tree/proc" "$tree/sys" "$tree/dev"
    cp "$root/usr/bin/busybox" "$tree/bin/busybox"
    cp tests/vm/guest/init "$tree/init" && chmod +x "$tree/init"
    for module in virtio_pci 9pnet_virtio 9p overlay; do
        in_root "$root" modprobe -S "$release" --show-depends "$module"
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r path; do
        file=$(basename "$path" .xz)
        case $path in *.xz) xz -dc "$root/$path" > "$tree/modules/$file" ;; *) cp "$root/$path" "$tree/modules/$file" ;; esac
        echo "$file" >> "$tree/modules/order"
    done
    in_root "$root" sh -c 'cd /opt/initramfs && find . | cpio --quiet -o -H newc | gzip -1' > "$cache/initramfs.gz"
    made initramfs "$sum"
}

boot() { # boot plain|systemd SECONDS: becomes the guest, which switches itself off
    say "booting the $1 guest (TCG, console in $cache/$1.console)"
    # Never KVM: nested, it hangs on some build machines. One processor: emulating two takes three times the work.
    exec timeout --signal=KILL "$2" qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp 1 -m 1024 \
        -nodefaults -display none -no-reboot -serial "file:$cache/$1.console" \
        -kernel "$root/boot/vmlinuz-$release" -initrd "$cache/initramfs.gz" \
        -append "console=ttyS0 quiet panic=-1 mitigations=off vigie.first=/share/guest/$1.sh systemd.unit=vigie-cases.service" \
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

need_root
missing=""
command -v qemu-system-x86_64 >/dev/null || missing="$missing qemu-system-x86"
command -v mmdebstrap >/dev/null || missing="$missing mmdebstrap"
# shellcheck disable=SC2086
need_packages $missing
mkdir -p "$cache"
exec 8> "$cache/used" 9> "$cache/lock"
flock -n 9 || { say "another run makes what is missing in $cache; waiting for it"; flock 9; }
make_root
install_dependencies
install_vigie
build_modules
build_initramfs
[ "${1:-}" != prepare ] || exit 0
flock -s 8
exec 9>&-
exec 9> "$cache/guests.lock"
flock -n 9 || { say "other guests of $cache run; waiting for them"; flock 9; }
rm -rf "$share" && mkdir -p "$share/out"
cp "$root"/opt/modules/*.ko "$share/"
cp -r tests/vm/guest "$share/guest"
guests=${GUESTS:-plain systemd}
running=""
for guest in $guests; do
    boot "$guest" 1200 &
    running="$running $!"
done
# shellcheck disable=SC2086
trap 'kill $running; exit 130' INT TERM
wait
status=0
for guest in $guests; do report "$guest" || status=1; done
say "done with status $status; everything seen is in $share/out"
exit "$status"
