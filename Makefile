SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(foreach p,python3 python3.11 python3.12 python3.13 python3.14,\
	$(shell $(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= auto
INSTALL := $(BIN)/pip install --quiet --quiet --disable-pip-version-check --no-deps --require-hashes

.PHONY: help run bench test quick check lint format messages screenshots services stop clean

help: ## Show these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.run var/fonts/.ready ## Start everything with the demonstration school; Ctrl-C stops it
	@exec $(BIN)/python -m tools.run

test: $(VENV)/.test var/fonts/.ready $(VENV)/.system ## All tests
	@exec $(BIN)/pytest -q -n $(WORKERS) --dist loadgroup $(PYTEST)

quick: lint ## Lint, types and the tests without browser, kills, S3 and server starts
	@exec $(BIN)/pytest -q -n $(WORKERS) --dist loadgroup -m "not browser and not kill and not s3 and not services" $(PYTEST)

check: lint test ## Everything

lint: $(VENV)/.test $(VENV)/.system ## Style, types, migrations, messages, import lines
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/djlint --quiet --lint templates
	@$(BIN)/lint-imports --config pyproject.toml
	@$(BIN)/mypy
	@$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(BIN)/python -m tools.messages --check

bench: $(VENV)/.test ## Measure import, search and pages beside their floors (docs/bench.md)
	@exec $(BIN)/python -m bench $(BENCH)

format: $(VENV)/.test ## Rewrite sources in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

messages: $(VENV)/.test $(VENV)/.system ## Collect texts into the catalogue and compile it
	@$(BIN)/python -m tools.messages

screenshots: $(VENV)/.test var/fonts/.ready $(VENV)/.system ## Take the pictures of docs/screenshots
	@exec $(BIN)/python -m tools.screenshots

services: $(VENV)/.run ## Start the embedded servers alone
	@$(BIN)/python -m tools.services up

stop: $(VENV)/.run ## Stop the embedded servers
	@$(BIN)/python -m tools.services down

clean: ## Stop the servers, remove the environment and caches; var/ with its data stays
	@if [[ -x $(BIN)/python ]]; then $(BIN)/python -m tools.services down; fi
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -exec rm -rf {} +

$(VENV)/.made:
	@if [[ -z "$(PYTHON)" ]]; then echo "Python 3.11 or later is needed." >&2; exit 1; fi
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (on Debian: python3-venv)." >&2; exit 1; }
	@touch $@

$(VENV)/.run: requirements.lock | $(VENV)/.made
	@echo "Installing what the product needs"
	@$(INSTALL) -r requirements.lock
	@touch $@

$(VENV)/.test: requirements-test.lock | $(VENV)/.run
	@echo "Installing what the tests need"
	@$(INSTALL) -r requirements-test.lock
	@touch $@

var/fonts/.ready: tools/fonts.py | $(VENV)/.run
	@$(BIN)/python -m tools.fonts
	@touch $@

$(VENV)/.system: tools/system_packages | $(VENV)/.made
	@tools/system_packages
	@touch $@
