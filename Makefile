# Two commands do everything on a fresh machine with Python 3.11 or later: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: setup demo test test-all test-exhaustive proofs lint bench docs clean

setup: $(STAMP)
	@$(BIN)/gonogo browser install

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gonogo needs Python 3.11 or later; found: $$($(PYTHON) --version 2>&1). Name one: make PYTHON=python3.12 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "No virtual environment could be made. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo,dev]'
	@touch $(STAMP)

demo: setup
	$(BIN)/pytest --env=demo

# Pools by what tests need, one after another: tests/pools.py. Proofs of defects that stand are made again a quarter a day,
# and a quick run makes the first of those that are due: tests/proofs.py.
PYTEST = $(BIN)/python -m pytest tests --dist=worksteal
QUICK = -m 'not slow and not exhaustive'

test: setup
	$(PYTEST) --pool=cpu -n 2 --proofs=due --proofs-most=60 $(QUICK)
	$(PYTEST) --pool=wait -n 6 --proofs=due $(QUICK)
	$(PYTEST) --pool=alone --proofs=due --proofs-most=3 $(QUICK)

# What CI runs, with every proof: `make test-all PROOFS=due` is CI itself.
PROOFS = all
test-all: setup
	$(PYTEST) --pool=cpu -n 2 --proofs=$(PROOFS) -m 'not exhaustive'
	$(PYTEST) --pool=wait -n 6 --proofs=$(PROOFS) -m 'not exhaustive'
	$(PYTEST) --pool=alone --proofs=$(PROOFS) -m 'not exhaustive'

# Every defect as a whole run against every check; about an hour.
test-exhaustive: setup
	$(PYTEST) --pool=wait -n 2 -m exhaustive
	$(PYTEST) --pool=alone -m exhaustive

# Prove what is due, and record it.
proofs: setup
	$(BIN)/python tests/proofs.py --update

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
