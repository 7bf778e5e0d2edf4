# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Hashes of every file of a release, so that any index may serve it.
compile = $(BIN)/uv pip compile --quiet --no-header --no-annotate --generate-hashes \
	--python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	--constraint constraints.txt --output-file requirements/$(1).txt $(2) pyproject.toml

# Folders whose modules take long to import are not even collected.
QUICK = -n 2 --ignore=tests/system --ignore=tests/training/models/encoders \
	--ignore=tests/training/models/camembert -m "not slow"

.PHONY: setup demo quick test check fuzz requirements bench clean

setup: $(VENV)/.ready-dev

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "classify needs Python 3.11 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing classify into $(VENV) (once, about two minutes) ..."
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -e '.[labels,train,serve]'
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	@echo "Adding what the tests need (torch among it) ..."
	$(INSTALL) -e '.[dev,labels,train,camembert,onnx,serve,spark]'
	@touch $@

$(VENV)/.ready-bench: $(VENV)/.ready
	@echo "Adding the peers that are measured beside (fastText is compiled) ..."
	$(INSTALL) -e '.[labels,train,camembert,onnx,serve,spark]'
	@if $(INSTALL) -e '.[bench]'; then touch $@; else \
	  echo "The peers could not be installed: what needs them is skipped." >&2; fi

demo: $(VENV)/.ready  ## the whole loop on the sample corpus, real Label Studio included
	@$(BIN)/classify demo

quick: setup  ## the tests that need no server, browser, PyTorch or Java; TEST=path runs that one
	@$(BIN)/python -m pytest -q $(if $(TEST),$(TEST),$(QUICK))

test: setup  ## every test; the first run installs Label Studio in an environment of its own
	@$(BIN)/python -m pytest -n 2

check: setup  ## formatting, lint, types, import contracts, security of our code and of packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -r classify labels seeds training
	$(BIN)/python .ci/audit.py

fuzz: setup  ## random inputs for all that reads a stranger's bytes; RUNS=1000000 inputs, TARGET=csv
	$(BIN)/python -m tests.fuzz.fuzz --runs $(or $(RUNS),1000000) $(TARGET)

requirements: setup  ## requirements/*.txt: the versions of constraints.txt with their hashes
	$(INSTALL) uv
	$(call compile,predict)
	$(call compile,serve,--extra seeds --extra serve)
	$(call compile,onnx,--extra seeds --extra serve --extra onnx)
	$(call compile,labels,--extra labels --extra train --extra serve)

bench: $(VENV)/.ready-bench  ## speed and quality beside peers, into benchmarks/RESULTS.md
	$(BIN)/python benchmarks/bench.py

clean:  ## the environment and caches; your workspace/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
