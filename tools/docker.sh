#!/bin/sh
# Prove compose.yaml on a real Docker engine: build, start, look, kill, take down, start again. See docs/docker.md.
# A running engine is used; without one this starts one of its own (root). Where no image registry can be reached nginx,
# Prometheus, Alertmanager and Python come from Debian. Everything made is kept in $VIGIE_DOCKER_CACHE; delete that folder to
# start anew.
set -eu
bin=${1:-.venv/bin}
[ $# = 0 ] || shift # the rest is for pytest: tools/docker.sh .venv/bin -k killed
cd "$(dirname "$0")/.."
export VIGIE_DOCKER_CACHE="${VIGIE_DOCKER_CACHE:-/var/cache/vigie-docker}"
cache=$VIGIE_DOCKER_CACHE
suite=trixie
# The mirror this machine itself installs from.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v '^#' | grep -o 'https\?://[^ ]*' \
    | grep -v security | head -n 1)
project=vigie-test
# Sockets have short names; two engines have two folders.
run=/run/vigie-docker-$(printf %s "$cache" | cksum | cut -d" " -f1)
. tools/debian.sh

# Debian 12 has neither compose v2 nor buildx; Debian 13's are two static programs.
need_plugins() {
    if docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; then return 0; fi
    export DOCKER_CONFIG="$cache/client"
    if docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; then return 0; fi
    say "taking docker-compose and docker-buildx from Debian $suite"
    apt=$cache/apt
    rm -rf "$apt" && mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$DOCKER_CONFIG/cli-plugins"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$apt/sources.list"
    from_suite() {
        apt-get -qq -o Dir::State="$apt" -o Dir::State::Lists="$apt/lists" -o Dir::State::status=/dev/null \
            -o Dir::Cache="$apt" -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
            -o APT::Sandbox::User=root "$@"
    }
    from_suite update
    (cd "$apt" && from_suite download docker-compose docker-buildx)
    for package in "$apt"/*.deb; do dpkg-deb -x "$package" "$apt/tree"; done
    cp "$apt"/tree/usr/libexec/docker/cli-plugins/* "$DOCKER_CONFIG/cli-plugins/"
    rm -rf "$apt"
}

need_engine() {
    if docker info >/dev/null 2>&1; then return 0; fi
    export DOCKER_HOST="unix://$cache/engine.sock"
    say "starting an engine; it says the rest in $cache/engine.log"
    engine=''
    trap '[ -z "$engine" ] || { kill "$engine"; wait "$engine"; } 2>/dev/null' EXIT
    trap 'exit 130' INT TERM
    for _ in 1 2 3; do # on a busy machine dockerd does not wait long enough for its own containerd
        dockerd --storage-driver=overlay2 --data-root="$cache/engine" --exec-root="$run" \
            --pidfile="$cache/engine.pid" --host="$DOCKER_HOST" > "$cache/engine.log" 2>&1 9>&- &
        engine=$!
        while kill -0 "$engine" 2>/dev/null; do
            if docker info >/dev/null 2>&1; then return 0; fi
            sleep 0.2
        done
    done
    tail -n 20 "$cache/engine.log" >&2
    give_up "no Docker engine runs here and none can be started"
}

# A run that was killed left its containers; their network would be in the way of the next one's.
clear_away() {
    docker ps --all --quiet --filter "name=$project-" | xargs --no-run-if-empty docker rm --force --volumes >/dev/null
    docker network ls --quiet --filter "name=$project-" | xargs --no-run-if-empty docker network rm >/dev/null
    docker volume ls --quiet --filter "name=$project-" | xargs --no-run-if-empty docker volume rm >/dev/null
}

make_images() {
    make_base
    sum=$(sha256sum < "$base")
    if [ "$(cat "$cache/base.done" 2>/dev/null)" != "$sum" ] || ! docker image inspect "$project-root" >/dev/null 2>&1; then
        docker import "$base" "$project-root" >/dev/null
        echo "$sum" > "$cache/base.done"
    fi
    say "making the stand-in images"
    context=$cache/context
    rm -rf "$context" && cp -r tests/docker/images "$context"
    cp /etc/ssl/certs/ca-certificates.crt "$context/"
    for image in python nginx prometheus alertmanager echo; do
        docker buildx build --quiet --network=host --target "$image" --tag "$project-$image" "$context" >/dev/null
    done
}

need_root
missing=""
command -v mmdebstrap >/dev/null || missing="$missing mmdebstrap"
command -v dockerd >/dev/null || docker info >/dev/null 2>&1 || missing="$missing docker.io iptables"
# shellcheck disable=SC2086
need_packages $missing
mkdir -p "$cache"
exec 9> "$cache/lock"
flock -n 9 || { say "another run uses $cache; waiting for it"; flock 9; }
need_plugins
need_engine
clear_away
make_images
say "engine $(docker version --format '{{.Server.Version}}'), compose $(docker compose version --short)"
# The lock belongs to this script: an engine that holds it would outlast it.
status=0
"$bin/python" -m pytest -v -n 2 --dist loadfile --timeout=1000 --durations=10 --basetemp="$cache/tmp" tests/docker/cases "$@" 9>&- || status=$?
cat "$cache"/*.figures
say "done with status $status"
exit "$status"
