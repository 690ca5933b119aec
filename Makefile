# Every target works on a fresh clone; set-up is repeated only when the lists of dependencies change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
PIP := $(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev app test check format docs test-integration fuzz bench pictures clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is %s. Try: make PYTHON=python3.12 ..." % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	@echo "Installing the workbench into $(VENV) (a minute or two) ..."
	$(PIP) -e '.[local]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/pyvenv.cfg
	@echo "Installing the workbench with training and test tools into $(VENV) (a few minutes) ..."
	$(PIP) 'torch==2.13.0'
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.base

setup: $(VENV)/.base ## create .venv with all that the app needs
setup-dev: $(VENV)/.dev ## the same with training, test and lint tools

app: setup ## load the sample and open the workbench on http://127.0.0.1:8501
	$(BIN)/music app --port $(PORT)

test: setup-dev ## all default tests, a process per core
	$(BIN)/python -m pytest -n auto --dist worksteal

format: setup-dev ## rewrite the code in house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup-dev ## regenerate docs/cli.md
	$(BIN)/python -m jobs.cli_docs

check: setup-dev ## format, lint, types, import contracts, all default tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

test-integration: setup-dev ## tests that need a browser (Debian's chromium), Postgres or the embedded model
	$(BIN)/python -m pytest -m integration

fuzz: setup-dev ## the property tests, 100 times longer
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest --timeout 3600 -k "property or fuzz"

bench: setup-dev ## side-by-side measurements, one JSON object each
	$(BIN)/python -m benchmarks.labels --json
	$(BIN)/python -m benchmarks.trace --json
	$(BIN)/python -m benchmarks.import --json
	$(BIN)/python -m benchmarks.browse --json

pictures: setup-dev ## the pictures in docs/images, of the store in SHOW=FOLDER
	$(BIN)/python -m tests.integration.pictures --home $(SHOW)

clean: ## remove caches; never the store, never .venv
	rm -rf .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
