#!/bin/sh
# All tests: quick ones in parallel, those that start processes and browsers one after the other, then the other Python.
set -eu
bin=$1
tools/system_packages.sh
# Numba's compile cache and browsers' profiles live in the working copy, not in a home that may be read-only.
echo "== unit, property, conformance =="
"$bin/python" -m pytest -n 2 --dist loadfile src/vigie tests/unit tests/property tests/conformance tests/packaging
echo "== every reachable state, every fault =="
"$bin/python" -m pytest -n 2 --dist loadfile tests/proof
"$bin/python" -m pytest tests/faults
echo "== real processes and servers =="
"$bin/python" -m pytest tests/integration
echo "== the other end of the supported Pythons =="
tools/second_python.sh "$bin"
echo "== browser =="
"$bin/python" -m pytest tests/browser
