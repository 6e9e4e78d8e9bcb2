# The same targets that CI runs. `make help` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PEERS := .venv-bench
SPEED ?= 1
ARGS ?=
MINUTES ?= 120
SUITE ?= trixie

.PHONY: help run test test-quick test-long fresh-test check bench soak proof faults vm docker install-test lock screenshots docs clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14

$(VENV)/run.stamp: requirements/run.txt pyproject.toml tools/environment.sh
	@PYTHON="$(PYTHON)" tools/environment.sh "$(VENV)" requirements/run.txt
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml tools/environment.sh
	@PYTHON="$(PYTHON)" tools/environment.sh "$(VENV)" requirements/dev.txt
	@touch $(VENV)/run.stamp $@

run: $(VENV)/run.stamp  ## Start the product on the simulated installation (SPEED=60 ARGS="...")
	$(BIN)/vigie run --data var --speed $(SPEED) --login off $(ARGS)

test: $(VENV)/dev.stamp  ## Install what the tests need and pass all of them (Python 3.11 and 3.13, browser included)
	@tools/clean_environment.sh tools/test.sh "$(BIN)" $(ARGS)

test-quick: $(VENV)/dev.stamp  ## The tests that start neither processes, servers nor a browser
	@tools/clean_environment.sh "$(BIN)/python" tools/run_tests.py --here --only quick

test-long: $(VENV)/dev.stamp  ## The tests that take most of a minute each, or repeat a shorter one in another language or setting (part of CI)
	@tools/clean_environment.sh tools/test.sh "$(BIN)" --long

fresh-test:  ## Both commands in a fresh Debian root, as root and as a user (SUITE=trixie|bookworm; root, Debian)
	@tools/fresh_test.sh "$(SUITE)"

check: $(VENV)/dev.stamp  ## Style, types, layers, spelling, generated pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python tools/vendor.py --check

# A venv of its own, for what the driver is compared with. Without network the comparison is missing, not the rest.
$(PEERS)/bench.stamp: requirements/bench.txt | $(VENV)/dev.stamp
	@$(BIN)/python -m venv $(PEERS)
	@echo "installing requirements/bench.txt into $(PEERS) ..." >&2
	@if $(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt; \
	  then touch $@; else echo "other INA219 libraries cannot be installed: their rows will say so" >&2; fi

bench: $(VENV)/dev.stamp $(PEERS)/bench.stamp  ## Measure the figures and write docs/benchmarks.md
	$(BIN)/python -m bench

soak: $(VENV)/dev.stamp  ## The whole product at 300x with pages open, for two hours (MINUTES=10): no process may grow
	$(BIN)/python -m bench.soak $(MINUTES)

proof: $(VENV)/dev.stamp  ## Explore every state the control can reach, print the counts, write docs/interlock-proof.md
	$(BIN)/python -m tests.proof

faults: $(VENV)/dev.stamp  ## Every fault in every mode and wiring, print the table, write docs/faults.md
	$(BIN)/python -m tests.faults
	$(BIN)/python -m tests.faults.damaged_journals

vm:  ## The real drivers on a Linux guest's own I2C bus and GPIO lines (root, Debian; docs/vm.md)
	@tools/vm.sh

docker: $(VENV)/dev.stamp  ## compose.yaml on a real Docker engine: build, start, kill, down, up (root; docs/docker.md)
	@tools/docker.sh "$(BIN)"

install-test: $(VENV)/dev.stamp  ## The installer in a Debian root, its units in a guest (root, Debian; docs/systemd.md)
	@tools/systemd.sh "$(BIN)"

lock: $(VENV)/dev.stamp  ## Resolve the requirement files again (hashes, no index addresses)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --upgrade --extra web --extra delivery --extra lab --group build pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --upgrade --extra web --extra delivery --extra lab --extra channels --group build --group dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --constraint requirements/run.txt --extra web --extra delivery --extra parquet --group build pyproject.toml \
	  -o requirements/image.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --upgrade --group bench -o requirements/bench.txt

screenshots: $(VENV)/dev.stamp  ## Every page in both widths and themes, as pictures in build/screenshots (Chromium)
	$(BIN)/python -m tests.browser.screenshots build/screenshots fr

docs: $(VENV)/dev.stamp  ## Write what is generated: reference pages, sample log, Prometheus' rules, dashboards, drawings
	$(BIN)/python tools/write_metrics_page.py
	$(BIN)/python tools/write_settings_page.py
	$(BIN)/python tools/write_alarms_page.py
	$(BIN)/python tools/write_modes_page.py
	$(BIN)/python tools/write_pages_page.py
	$(BIN)/python -m tools.sample_log
	$(BIN)/python -m tools.prometheus_rules
	$(BIN)/python -m tools.dashboards
	$(BIN)/python -m tools.wiring

clean:  ## Remove what was built; keeps ./var (the demonstration's journal)
	rm -rf .venv* .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist src/*.egg-info
