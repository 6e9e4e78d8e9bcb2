#!/bin/sh
# Install Vigie on Raspberry Pi OS or Debian (12 or 13) with systemd; a second run brings it up to date.
#
#   sudo deploy/systemd/install.sh [OPTIONS]
#     --demo            the simulated installation instead of the real boards
#     --no-nginx        leave nginx alone: pages on port 8000 of this machine only
#     --no-prometheus   no central store
#     --grafana         install Grafana too, where apt knows it; one that is installed is always set up
#     --wheels FOLDER   take the Python packages from there, without network
#     --fast-i2c        400 kHz on the I2C bus instead of 100 (short wires only)
#     --raspberry-pi X  yes, no or auto: touch the firmware's files in /boot
#     --no-backup       bring up to date without a backup first
#     --yes             ask nothing
#     --dry-run         say every step, do none
#
# No step moves a contact. Changed files of yours are kept: what would have replaced them lies beside them as *.vigie-new.
set -eu
umask 022
here=$(cd "$(dirname "$0")/../.." && pwd)
nginx=yes prometheus=yes grafana=auto demo=no wheels='' fast_i2c=no pi=auto backup=yes yes=no dry=no
settings=/etc/vigie/vigie.toml data=/var/lib/vigie opt=/opt/vigie units="vigie-controller vigie-web vigie-delivery"
sums=$opt/installed-files

fail() { echo "install.sh: $*" >&2; exit 1; }
step() { echo "== $*"; }
say() { echo "   $*"; }
run() { if [ $dry = yes ]; then echo "   would run: $*"; else "$@"; fi; }

while [ $# -gt 0 ]; do
    case $1 in
        --demo) demo=yes ;;
        --no-nginx) nginx=no ;;
        --no-prometheus) prometheus=no ;;
        --grafana) grafana=yes ;;
        --wheels) [ $# -ge 2 ] || fail "--wheels needs a folder"; wheels=$(cd "$2" && pwd); shift ;;
        --fast-i2c) fast_i2c=yes ;;
        --raspberry-pi) [ $# -ge 2 ] || fail "--raspberry-pi needs yes, no or auto"; pi=$2; shift ;;
        --no-backup) backup=no ;;
        --yes) yes=yes ;;
        --dry-run) dry=yes ;;
        -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
        *) fail "unknown option $1; --help lists them" ;;
    esac
    shift
done

# --- files ----------------------------------------------------------------------------------------------------------

recorded() { [ -f $sums ] && awk -v file="$1" '$2 == file { print $1 }' $sums; }
record() { { [ ! -f $sums ] || awk -v file="$1" '$2 != file' $sums; sha256sum "$1"; } >$sums.new && mv $sums.new $sums; }

put() { # put SOURCE TARGET [MODE]: install a file of ours, but never over one that somebody changed
    [ -f "$1" ] || fail "$1 is missing: run this from a complete copy of Vigie"
    if [ -f "$2" ] && cmp -s "$1" "$2"; then
        [ $dry = yes ] || record "$2"
        return 0
    fi
    if [ -f "$2" ] && [ "$(sha256sum <"$2" | cut -d' ' -f1)" != "$(recorded "$2")" ]; then
        say "$2 was changed by somebody and is kept; the new one is $2.vigie-new"
        run install -D -m "${3:-644}" "$1" "$2.vigie-new"
        return 0
    fi
    say "$2"
    run install -D -m "${3:-644}" "$1" "$2"
    [ $dry = yes ] || record "$2"
    changed="$changed $2"
}
put_tree() { # put_tree SOURCE TARGET
    (cd "$1" && find . -type f) | sort >"$work/tree"
    while read -r file; do put "$1/$file" "$2/${file#./}"; done <"$work/tree"
}
changed_under() { case "$changed" in *" $1"*) return 0 ;; *) return 1 ;; esac; }
keep_copy() { [ -f "$1.before-vigie" ] || cp -p "$1" "$1.before-vigie"; }
is_up() { [ -d /run/systemd/system ]; }
service() { if is_up; then run systemctl "$@"; else say "systemd does not run here: left out systemctl $*"; fi; }

# --- steps ----------------------------------------------------------------------------------------------------------

look_around() {
    if [ $dry = no ] && [ "$(id -u)" != 0 ]; then fail "needs root: sudo $0"; fi
    [ -f "$here/requirements/run.txt" ] || fail "run this from a complete copy of Vigie; $here has no requirements/run.txt"
    command -v apt-get >/dev/null || fail "this is no Debian or Raspberry Pi OS: no apt-get"
    # shellcheck disable=SC1091
    . /etc/os-release
    case "${VERSION_ID:-}" in
        12 | 13) ;;
        *) say "${PRETTY_NAME:-this system} is neither Debian 12 nor 13: nobody has tried this here" ;;
    esac
    # A Raspberry Pi of 64 bits may run a system of 32, for which numpy and pyarrow offer no packages.
    processor=$(dpkg --print-architecture)
    case $processor in
        amd64 | arm64) ;;
        *) fail "this system is $processor, and there are Python packages for arm64 and amd64 only: write Raspberry Pi OS (64-bit)" ;;
    esac
    case $pi in
        auto) pi=no; ! tr -d '\0' 2>/dev/null </proc/device-tree/model | grep -q 'Raspberry Pi' || pi=yes ;;
        yes | no) ;;
        *) fail "--raspberry-pi $pi: must be yes, no or auto" ;;
    esac
    boot=/boot/firmware
    [ -d $boot ] || boot=/boot
    [ $pi = no ] || [ -f $boot/config.txt ] ||
        fail "no $boot/config.txt although this is a Raspberry Pi: sudo mount $boot; --raspberry-pi no leaves it out"
    say "$here -> $opt on ${PRETTY_NAME:-Debian}; Raspberry Pi: $pi; nginx: $nginx; Prometheus: $prometheus; simulated: $demo"
    if [ $yes = no ] && [ $dry = no ]; then
        printf '   Go on? [y/N] '
        read -r answer
        case $answer in [yYoO]*) ;; *) fail "stopped, nothing was changed" ;; esac
    fi
}

packages() {
    step "Debian's packages"
    wanted="python3 python3-venv ca-certificates"
    [ $nginx = no ] || wanted="$wanted nginx-light openssl"
    [ $prometheus = no ] || wanted="$wanted prometheus"
    [ $grafana != yes ] || wanted="$wanted grafana"
    missing=''
    for package in $wanted; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || { say "all there"; return 0; }
    say "installing$missing"
    run apt-get update -qq
    if [ $grafana = yes ] && [ $dry = no ] && ! apt-cache show grafana >/dev/null 2>&1; then
        fail "apt does not know Grafana. Set up Grafana's own repository as its documentation says, then run this again"
    fi
    # shellcheck disable=SC2086
    run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}

user_and_folders() {
    step "user vigie and its folders"
    for group in i2c gpio video; do getent group $group >/dev/null || run groupadd --system $group; done
    getent group vigie >/dev/null || run groupadd --system vigie
    getent passwd vigie >/dev/null ||
        run useradd --system --gid vigie --home-dir $data --no-create-home --shell /usr/sbin/nologin vigie
    run usermod -aG i2c,gpio,video vigie
    # Others may pass through /etc/vigie, because Prometheus' files are in there, but not look.
    run install -d -m 771 -o root -g vigie /etc/vigie
    run install -d -m 700 -o root -g root /etc/vigie/secrets
    run install -d -m 750 -o vigie -g vigie $data
    run install -d -m 700 -o root -g root /var/backups/vigie
    run install -d -m 755 $opt $opt/releases
}

program() { # a virtual environment of its own for each release; `current` leads to the one that runs
    stamp=$(cd "$here" && { cat requirements/run.txt pyproject.toml; find src/vigie -type f ! -path '*/__pycache__/*' |
        LC_ALL=C sort | xargs -d '\n' sha256sum; python3 --version; } | sha256sum | cut -c1-12)
    version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$here/src/vigie/__init__.py")
    release=$opt/releases/$version-$stamp
    is_upgrade=no is_new_release=no
    [ ! -e $opt/current ] || is_upgrade=yes
    [ "$(readlink $opt/current 2>/dev/null)" = "$release" ] || is_new_release=yes
    step "program $version ($stamp)"
    if [ -f "$release/complete" ]; then say "already in $release"; return 0; fi
    say "making $release"
    run rm -rf "$release"
    run python3 -m venv "$release"
    pip="$release/bin/python -m pip --disable-pip-version-check install --quiet --no-compile"
    offline=''
    [ -z "$wheels" ] || offline="--no-index --find-links $wheels"
    # --no-deps: the file names them all. Resolving them, pip 23 (bookworm) fails where a second index offers the same
    # versions with other sums, and Raspberry Pi OS has such an index in /etc/pip.conf.
    # shellcheck disable=SC2086
    run $pip $offline --no-deps --require-hashes -r "$here/requirements/run.txt"
    if [ $dry = no ]; then
        mkdir "$work/source"
        (cd "$here" && tar -c --exclude=__pycache__ --exclude='*.egg-info' pyproject.toml README.md LICENSE src) |
            tar -x -C "$work/source"
        $pip --no-index --no-deps --no-build-isolation "$work/source"
        "$release/bin/python" -m compileall -q "$release/lib" >/dev/null || true
        mkdir "$release/doc"
        cp -r "$here/docs/." "$release/doc/"
        "$release/bin/vigie" --version
        touch "$release/complete"
    fi
}

save_first() {
    [ $is_upgrade = yes ] && [ $is_new_release = yes ] && [ $backup = yes ] || return 0
    [ -f $data/journal.sqlite ] || return 0
    step "backup of what runs now"
    run $opt/current/bin/vigie backup /var/backups/vigie --config $settings --data $data ||
        fail "no backup, so nothing is replaced; --no-backup goes on without"
    find /var/backups/vigie -name '*.tar.gz' -printf '%T@ %p\n' 2>/dev/null | sort -rn | tail -n +4 | cut -d' ' -f2- |
        while read -r old; do run rm -f "$old"; done
}

switch_over() {
    if [ $is_new_release = yes ]; then
        step "the new release takes over"
        run ln -sfn "$release" $opt/current.new
        run mv -T $opt/current.new $opt/current
    fi
    put "$here/deploy/systemd/vigie" /usr/local/bin/vigie 755
    put "$here/deploy/systemd/uninstall.sh" $opt/uninstall.sh 755
}

write_settings() {
    step "settings"
    if [ -f $settings ]; then say "$settings is there and is not touched"; return 0; fi
    source=$here/deploy/systemd/vigie.toml
    [ $demo = no ] || source=$here/deploy/systemd/demo.toml
    say "$settings from $(basename "$source")"
    if [ $prometheus = yes ]; then cp "$source" "$work/vigie.toml"; else sed '/^\[remote_write\]/,/^$/d' "$source" >"$work/vigie.toml"; fi
    run install -m 660 -o root -g vigie "$work/vigie.toml" $settings
}

boards() {
    step "devices"
    put "$here/deploy/udev/60-vigie.rules" /etc/udev/rules.d/60-vigie.rules
    if is_up && command -v udevadm >/dev/null && changed_under /etc/udev; then
        run udevadm control --reload
        run udevadm trigger --subsystem-match=i2c-dev --subsystem-match=gpio || true
    fi
    printf 'i2c-dev\n' >"$work/modules"
    put "$work/modules" /etc/modules-load.d/vigie.conf
    ! is_up || run modprobe i2c-dev 2>/dev/null || true
    [ $pi = yes ] || { say "not on a Raspberry Pi: firmware's files untouched"; return 0; }
    printf '# Longer times wrap around in the Raspberry Pi'"'"'s 16 s counter on some kernels.\n[Manager]\nRuntimeWatchdogSec=15s\n' >"$work/watchdog"
    put "$work/watchdog" /etc/systemd/system.conf.d/60-vigie-watchdog.conf
    firmware
}

firmware() { # /boot: the bus on, and outputs that keep their level when a program ends
    { echo '# vigie: begin'; echo '[all]'; echo 'dtparam=i2c_arm=on'
      [ $fast_i2c = no ] || echo 'dtparam=i2c_arm_baudrate=400000'
      echo '# vigie: end'; } >"$work/block"
    # strict_gpiod would let every relay drop when the controller restarts. Other computers edit these files too: lines
    # may end as theirs do, the last one without an end, which `$a\` gives it.
    sed -e '/^# vigie: begin\r*$/,/^# vigie: end\r*$/d' \
        -e 's/^ *dtparam=strict_gpiod[^\r]*/#&  # switched off by vigie: outputs must keep their level/' \
        -e '$a\' $boot/config.txt >"$work/config.txt"
    ! grep -q '^[^#]*strict_gpiod' "$work/config.txt" || say "$boot/config.txt: take strict_gpiod out of its line by hand"
    cat "$work/block" >>"$work/config.txt"
    if cmp -s "$work/config.txt" $boot/config.txt; then
        say "$boot/config.txt is as it should be"
    else
        say "$boot/config.txt (the old one is config.txt.before-vigie)"
        [ $dry = yes ] || { keep_copy $boot/config.txt; cp "$work/config.txt" $boot/config.txt; reboot=yes; }
    fi
    [ -f $boot/cmdline.txt ] || return 0
    # The firmware reads its first line only.
    sed -e '1s/ *pinctrl_[a-z0-9]*\.persist_gpio_outputs=[^ \r]*//g' \
        -e '1s/[ \r]*$/ pinctrl_rp1.persist_gpio_outputs=1 pinctrl_bcm2835.persist_gpio_outputs=1/' \
        $boot/cmdline.txt >"$work/cmdline.txt"
    if cmp -s "$work/cmdline.txt" $boot/cmdline.txt; then
        say "$boot/cmdline.txt is as it should be"
    else
        say "$boot/cmdline.txt (the old one is cmdline.txt.before-vigie)"
        [ $dry = yes ] || { keep_copy $boot/cmdline.txt; cp "$work/cmdline.txt" $boot/cmdline.txt; reboot=yes; }
    fi
}

web_door() {
    [ $nginx = yes ] || return 0
    step "nginx"
    put "$here/deploy/nginx/vigie.conf" /etc/nginx/conf.d/vigie.conf
    put "$here/deploy/nginx/upstreams-local.conf" /etc/nginx/conf.d/vigie-upstreams.conf
    put "$here/deploy/nginx/forwarded.inc" /etc/nginx/vigie/forwarded.inc
    put "$here/deploy/nginx/make-certificate.sh" /etc/nginx/vigie/make-certificate.sh 755
    put_tree "$here/deploy/nginx/pages" /etc/nginx/vigie/pages
    cp "$here/deploy/nginx/listen.conf" "$work/listen.conf"
    [ -f /proc/net/if_inet6 ] || sed -i '/\[::\]/d' "$work/listen.conf"
    put "$work/listen.conf" /etc/nginx/vigie/listen.conf
    if [ -L /etc/nginx/sites-enabled/default ]; then
        say "Debian's example site gives up port 80"
        run mv /etc/nginx/sites-enabled/default /etc/nginx/vigie/debian-example-site
    fi
    run nginx -q -t
    run systemctl --quiet enable nginx
    if is_up && [ $dry = no ] && systemctl --quiet is-active nginx; then service reload nginx; else service restart nginx; fi
}

store() {
    [ $prometheus = yes ] || return 0
    step "Prometheus"
    put "$here/deploy/prometheus/prometheus.yml" /etc/vigie/prometheus/prometheus.yml
    put_tree "$here/deploy/prometheus/rules" /etc/vigie/prometheus/rules
    put_tree "$here/deploy/prometheus/targets" /etc/vigie/prometheus/targets
    # Half of the disk as it was at the first run; docs/prometheus.md tells what five years take.
    drop_in=/etc/systemd/system/prometheus.service.d/vigie.conf
    cap=$(sed -n 's/.*retention\.size=\([0-9]*GB\).*/\1/p' $drop_in 2>/dev/null || true)
    if [ -z "$cap" ]; then
        cap=$(($(df --output=size -BG /var/lib | tail -n 1 | tr -dc 0-9) / 2))
        [ $cap -ge 2 ] || cap=2
        cap=${cap}GB
    fi
    sed "s/@cap@/$cap/" "$here/deploy/systemd/prometheus.conf" >"$work/prometheus.conf"
    put "$work/prometheus.conf" $drop_in
    [ $dry = yes ] || promtool check config /etc/vigie/prometheus/prometheus.yml >"$work/told" || fail "$(cat "$work/told")"
    service daemon-reload
    run systemctl --quiet enable prometheus
    if changed_under /etc/vigie/prometheus || changed_under /etc/systemd/system/prometheus; then service restart prometheus; fi
}

dashboards() {
    [ $grafana = yes ] || [ -x /usr/sbin/grafana-server ] || [ -x /usr/sbin/grafana ] || return 0
    step "Grafana"
    put "$here/deploy/grafana/grafana.ini" /etc/vigie/grafana/grafana.ini
    put_tree "$here/deploy/grafana/provisioning" /etc/vigie/grafana/provisioning
    put_tree "$here/deploy/grafana/dashboards" /etc/vigie/grafana/dashboards
    put "$here/deploy/systemd/grafana.conf" /etc/systemd/system/grafana-server.service.d/vigie.conf
    service daemon-reload
    run systemctl --quiet enable grafana-server
    service restart grafana-server
}

services() {
    step "services"
    for unit in $units; do put "$here/deploy/systemd/$unit.service" /etc/systemd/system/$unit.service; done
    service daemon-reload
    for unit in $units; do run systemctl --quiet enable $unit; done
    if [ $dry = no ] && ! "$release/bin/vigie" config check --config $settings >"$work/told" 2>&1; then
        sed 's/^/   /' "$work/told"
        say "the settings do not fit yet: the services wait for them, and the page says what to do. Next:"
        say "    sudo vigie commission        (asks, measures, writes $settings; see docs/install.md)"
        for unit in $units; do service start $unit; done # what runs already goes on with what it has read
        is_complete=no
        return 0
    fi
    # One by one: the controller first, because it brings the journal up to date. No contact moves.
    for unit in $units; do
        if [ $is_new_release = yes ] || changed_under /etc/systemd/system/$unit.service || ! is_up; then
            service restart $unit
        else
            service start $unit
        fi
    done
}

look_at_the_end() {
    [ $dry = no ] && is_up && [ "${is_complete:-yes}" = yes ] || return 0
    step "does it run?"
    tries=0
    until /usr/local/bin/vigie status >"$work/told" 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 30 ] || { cat "$work/told"; fail "no answer from the program: sudo journalctl -u vigie-controller -u vigie-web"; }
        sleep 2
    done
    sed 's/^/   /' "$work/told"
    address=$(hostname -I 2>/dev/null | cut -d' ' -f1)
    if [ $nginx = yes ]; then url="http://${address:-this-machine}/flask/"; else url=http://127.0.0.1:8000/flask/; fi
    step "done: $url"
    say "the first login is told once in the log: sudo journalctl -u vigie-web -o cat | grep 'first login'"
}

changed='' reboot=no
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
step "Vigie from $here"
look_around
packages
user_and_folders
program
save_first
switch_over
write_settings
boards
store
dashboards
services
web_door
look_at_the_end
[ $reboot = no ] || step "restart the Raspberry Pi once, so that its firmware takes the new settings: sudo reboot"
