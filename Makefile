# Two commands are enough to begin: `make run` and `make test`. `make` alone lists the rest.
# The rules for .venv, and for what is installed when, are in scripts/setup.

BIN := .venv/bin
PORT ?= 8080
PYTEST_ARGS ?=
BENCH_ARGS ?=
# Each worker may start a browser and a database of its own: more than four of them gain nothing.
WORKERS := -n auto --maxprocesses 4
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header $(PINS_ARGS) pyproject.toml --group build

# Another virtual environment may be active, or PYTHONPATH set, where make is called: neither is ours.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help run test bench bench-broadcast bench-pacing faults check lint types imports architecture check-migrations format pins screenshots setup setup-dev

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

run: setup ## Starts botyard with the sandbox on SQLite (PORT=8080; PYTHON=... names the Python to use)
	@exec $(BIN)/botyard up --sandbox --port "$(PORT)"

test: setup-dev ## Runs the whole test suite (PYTEST_ARGS="tests/inbox -x")
	@scripts/setup browser
	@$(BIN)/python -m pytest $(WORKERS) $(PYTEST_ARGS)

bench: setup-dev ## Compares botyard with an aiogram webhook bot, as ratios (BENCH_ARGS="--quick", or --help)
	@$(BIN)/python -m tests.load.bench $(BENCH_ARGS)

bench-broadcast: setup-dev ## Freezes, sends and resumes a broadcast to a million (BENCH_ARGS="--recipients 100000")
	@$(BIN)/python -m tests.load.bench_broadcast $(BENCH_ARGS)

bench-pacing: setup-dev ## Do broadcasts keep Telegram's limits, and waste nothing of them? (BENCH_ARGS="--part 0.1", or --help)
	@$(BIN)/python -m tests.load.pacing $(BENCH_ARGS)

faults: setup-dev ## Kills, hangs and poisons botyard under load, on both databases (ten minutes or more)
	@$(BIN)/python -m pytest -m faults tests/faults $(PYTEST_ARGS)

check: lint types imports architecture check-migrations ## Runs every check below

lint: setup-dev ## Style and common mistakes, and the format of the code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup-dev ## Types, strictly
	@$(BIN)/mypy

imports: setup-dev ## Which room may import which (.importlinter)
	@$(BIN)/lint-imports --no-logo

architecture: setup-dev ## The house rules, and that each of them can fail
	@$(BIN)/python -m pytest -q tests/architecture

check-migrations: setup-dev ## Migrations and indexes, on SQLite and on PostgreSQL
	@$(BIN)/python -m pytest -q tests/db -k "migrations or inventory"

format: setup-dev ## Formats the code and mends what can be mended
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

pins: setup-dev ## Compiles the requirements files from pyproject.toml (PINS_ARGS=--upgrade for newer versions)
	@$(COMPILE) --output-file requirements.txt
	@$(COMPILE) --group dev --constraint requirements.txt --output-file requirements-dev.txt

screenshots: setup-dev ## Takes the README's pictures anew
	@BOTYARD_SCREENSHOTS=docs/images $(BIN)/python -m pytest -q tests/e2e/test_browser.py

setup: ## Makes .venv with what botyard needs to run
	@scripts/setup run

setup-dev: ## Adds the tools for tests and checks
	@scripts/setup dev
