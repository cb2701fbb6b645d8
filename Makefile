# Two commands do everything on a fresh machine with Python 3.11 or later: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: setup demo test test-all test-exhaustive lint bench docs clean

setup: $(STAMP)
	@$(BIN)/gonogo browser install

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gonogo needs Python 3.11 or later; found: $$($(PYTHON) --version 2>&1). Name one: make PYTHON=python3.12 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "No virtual environment could be made. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo,dev]'
	@touch $(STAMP)

demo: setup
	$(BIN)/pytest --env=demo

# Three workers on two cores: much of the time is spent waiting for a browser or a schedule.
test: setup
	$(BIN)/python -m pytest tests -n 3 --dist=worksteal -m 'not slow and not exhaustive'

# Whole runs of the demo are judged by its budgets, so no more workers than processors; what hangs on times runs afterwards.
test-all: setup
	$(BIN)/python -m pytest tests -n 2 --dist=worksteal -m 'not exhaustive and not timing'
	$(BIN)/python -m pytest tests -n 2 --dist=worksteal -m 'timing and not exhaustive'

# Every defect as a whole run against every check; about an hour.
test-exhaustive: setup
	$(BIN)/python -m pytest tests -n 2 --dist=worksteal -m exhaustive

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python benchmarks/run.py

docs: $(STAMP)
	$(BIN)/gonogo docs

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
