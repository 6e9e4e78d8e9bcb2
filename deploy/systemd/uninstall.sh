#!/bin/sh
# Remove Vigie's program, units and configuration of other programs. What was measured and set stays.
#
#   sudo /opt/vigie/uninstall.sh [--purge] [--dry-run]
#     --purge    also delete /etc/vigie, /var/lib/vigie, /var/backups/vigie and the user, after a typed confirmation
#     --dry-run  say every step, do none
#
# Contacts stay as they are when the controller stops; nobody watches the battery any more.
set -eu
purge=no dry=no
for option; do
    case $option in
        --purge) purge=yes ;;
        --dry-run) dry=yes ;;
        -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
        *) echo "uninstall.sh: unknown option $option; --help lists them" >&2; exit 1 ;;
    esac
done
[ $dry = yes ] || [ "$(id -u)" = 0 ] || { echo "uninstall.sh: needs root: sudo $0" >&2; exit 1; }
run() { if [ $dry = yes ]; then echo "   would run: $*"; else "$@"; fi; }
is_up() { [ -d /run/systemd/system ]; }

if [ $purge = yes ]; then
    echo "This deletes every measurement, user and setting of Vigie on this machine, and the backups in /var/backups/vigie."
    printf 'Type "delete everything" to go on: '
    read -r answer
    [ "$answer" = "delete everything" ] || { echo "stopped, nothing was removed" >&2; exit 1; }
fi
echo "== services"
for unit in vigie-web vigie-delivery vigie-controller; do
    [ -f /etc/systemd/system/$unit.service ] || continue
    ! is_up || run systemctl stop $unit
    run systemctl --quiet disable $unit
    run rm -rf /etc/systemd/system/$unit.service
done
echo "== what other programs were told"
run rm -f /etc/systemd/system/prometheus.service.d/vigie.conf /etc/systemd/system/grafana-server.service.d/vigie.conf \
    /etc/systemd/system.conf.d/60-vigie-watchdog.conf /etc/udev/rules.d/60-vigie.rules /etc/modules-load.d/vigie.conf \
    /etc/nginx/conf.d/vigie.conf /etc/nginx/conf.d/vigie-upstreams.conf
if [ -L /etc/nginx/vigie/debian-example-site ]; then
    run mv /etc/nginx/vigie/debian-example-site /etc/nginx/sites-enabled/default
fi
if [ -d /etc/nginx/vigie/certificates ] && [ $purge = no ]; then
    echo "   /etc/nginx/vigie/certificates stays: phones trust it"
    run find /etc/nginx/vigie -mindepth 1 -maxdepth 1 ! -name certificates -exec rm -rf {} +
else
    run rm -rf /etc/nginx/vigie
fi
for boot in /boot/firmware /boot; do
    if [ -f $boot/config.txt ] && grep -q '^# vigie: begin' $boot/config.txt; then
        echo "   $boot/config.txt, $boot/cmdline.txt stay as they are; the old ones are *.before-vigie"
    fi
done
if is_up; then
    run systemctl daemon-reload
    for unit in nginx prometheus grafana-server; do run systemctl try-restart $unit 2>/dev/null || true; done
fi
echo "== program"
run rm -rf /opt/vigie /usr/local/bin/vigie
if [ $purge = yes ]; then
    echo "== everything else"
    run rm -rf /etc/vigie /var/lib/vigie /var/backups/vigie
    ! getent passwd vigie >/dev/null || run userdel vigie
    exit 0
fi
echo "== left as it is: /etc/vigie (settings), /var/lib/vigie (journal, users), /var/backups/vigie, the user vigie,"
echo "   Debian's packages and Prometheus' data in /var/lib/prometheus"
