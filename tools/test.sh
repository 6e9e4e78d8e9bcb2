#!/bin/sh
# `make test`: what the tests need from Debian, then all stages.
set -eu
bin=$1
shift
PATH=$PATH:/usr/sbin:/sbin # where Debian keeps its servers; an ordinary user's PATH lacks them
export PATH
tools/system_packages.sh || echo "some Debian packages could not be installed: the tests that need them will skip and say so" >&2
exec "$bin/python" tools/run_tests.py "$@"
