# `make help` lists the commands. CONTRIBUTING.md says how the project is built.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
WORKERS ?= 2
NPM := PATH="$(abspath $(VENV)/bin):$$PATH" npm --prefix widgets --silent
MODULES := widgets/node_modules/.package-lock.json
FRONT_END := $(shell find widgets -name node_modules -prune -o -name lib -prune -o -type f -print)

# What the environment's own pip does, or, where Debian's python3-venv is missing, the system's.
PIP = $$(if $(RUN) pip --version >/dev/null 2>&1; then echo $(RUN) pip; \
	else echo $(PYTHON) -m pip --python $(VENV)/bin/python; fi) --disable-pip-version-check
INSTALL = $(PIP) install --quiet --no-input

.PHONY: help demo test check lint types layers front lab pictures bench validate lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.installed ## the main job on made-up data: key figures and a report
	@mkdir -p reports
	@$(RUN) carenotebook demo -o reports/demo.html

test: $(VENV)/.dev lint types layers front ## everything that must pass
	@$(RUN) pytest -q -n $(WORKERS) --dist loadfile --nbval-lax --nbval-current-env \
		tests carenotebook notebooks

check: $(VENV)/.dev lint types layers front ## what is fast: lint, types, layers, unit tests, examples
	@$(RUN) pytest -q -n $(WORKERS) --dist loadfile tests/unit carenotebook

lint: $(VENV)/.dev ## ruff, rules and format
	@$(RUN) ruff check --quiet .
	@$(RUN) ruff format --check --quiet . || { echo 'Run: $(RUN) ruff format .' >&2; exit 1; }

types: $(VENV)/.dev ## mypy, strict
	@$(RUN) mypy --no-error-summary

layers: $(VENV)/.dev ## import-linter: a layer imports only layers below it
	@report=$$($(VENV)/bin/lint-imports --no-cache) || { echo "$$report" >&2; exit 1; }

front: $(VENV)/.dev $(MODULES) ## the front end: eslint, prettier, types, unit tests
	@report=$$($(NPM) run check 2>&1) || { echo "$$report" >&2; exit 1; }

lab: $(VENV)/.dev ## JupyterLab on the tour
	@$(RUN) carenotebook lab

pictures: $(VENV)/.dev ## screenshots in both themes and three widths, in reports/pictures
	@$(RUN) pytest -q tests/ui/pictures.py

bench: $(VENV)/.dev ## seconds, memory, the ratio to a bare scan, other tools, and from input to paint
	@$(VENV)/bin/python tests/benchmarks/run.py
	@$(VENV)/bin/python tests/benchmarks/fhir_appointments.py
	@$(VENV)/bin/python tests/benchmarks/bootstrap.py
	@$(VENV)/bin/python tests/benchmarks/scaling.py
	@$(VENV)/bin/python tests/benchmarks/interactions.py

validate: $(VENV)/.dev ## coverage, type-I error and bias of every interval on a known truth (20 minutes)
	@$(VENV)/bin/python tests/validation/run.py --workers $(WORKERS)

lock: ## resolve pyproject.toml again into the two lock files
	@tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; \
	"$$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv; \
	compile() { "$$tools/bin/python" -m uv pip compile --quiet pyproject.toml --universal \
		--generate-hashes --no-annotate --no-header "$$@"; }; \
	compile --group build -o requirements.lock; \
	compile --extra cluster --extra database --extra lab --extra panel --group dev -c requirements.lock -o requirements-dev.lock

clean: ## remove the environment, caches and reports
	@rm -rf $(VENV) reports dist .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache .bench .validation widgets/node_modules widgets/lib carenotebook/static \
		carenotebook/labextension
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One after the other, so that two installs never write to one environment at a time.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "carenotebook needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12" >&2; \
		exit 1; }
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv --clear $(VENV); \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then $(PYTHON) -m venv --clear --without-pip $(VENV); \
	else echo 'This Python can make no environment. Install python3-venv (Debian: apt-get install python3-venv).' >&2; \
		exit 1; fi
	@touch $@

$(VENV)/.runtime: requirements.lock | $(VENV)/.made
	@echo 'Installing what carenotebook needs (about a minute) ...' >&2
	@$(INSTALL) --require-hashes -r $<
	@touch $@

# The build hook makes the front end where it is missing or older than its sources.
$(VENV)/.installed: pyproject.toml $(FRONT_END) $(VENV)/.runtime
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/.installed
	@echo 'Installing the tools for tests and JupyterLab ...' >&2
	@$(INSTALL) --require-hashes -r $<
	@touch $@

$(MODULES): widgets/package-lock.json | $(VENV)/.installed
	@$(VENV)/bin/python widgets/build_hook.py
