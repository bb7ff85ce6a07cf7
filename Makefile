SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: services stop

services:
	@$(BIN)/python -m tools.services up

stop:
	@$(BIN)/python -m tools.services down
