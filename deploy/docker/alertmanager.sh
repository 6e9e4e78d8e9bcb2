#!/bin/sh
# Runs Alertmanager in its container, and names it to Prometheus, which shares /run, from when it is ready until somebody
# stops it. The name outlives a crash: Prometheus is to tell then that alerts do not arrive.
set -u
config=${CONFIG:-/etc/alertmanager/alertmanager.yml} port=${PORT:-9093} named=${RUN:-/run}/vigie-alertmanager.yml

if grep -q '^[^#]*example\.org' "$config"; then
    echo "alertmanager.yml still mails from, to or through example.org: copy it, say your mail server, sender and receiver" \
        "there, and name the copy in VIGIE_ALERTMANAGER_CONFIG (docs/docker.md)" >&2
    exit 1
fi

alertmanager "$@" &
server=$!
stopped=
trap 'stopped=yes; rm -f "$named"; kill "$server" 2>/dev/null' TERM INT
while kill -0 "$server" 2>/dev/null; do
    if wget -q -O /dev/null "http://127.0.0.1:$port/-/ready" 2>/dev/null; then
        echo "[{targets: ['alertmanager:$port']}]" > "$named.part" && mv "$named.part" "$named"
        break
    fi
    sleep 1
done
wait "$server"
status=$?
[ -n "$stopped" ] || exit "$status"
wait "$server" # the trap interrupted the first one
rm -f "$named" # it may have come while it was being written
