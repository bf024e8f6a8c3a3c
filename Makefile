# Every target makes .venv as needed. Another interpreter: make test PYTHON=python3.12
# The lines under each target are what a user without make types.

PYTHON ?= python3
VENV   ?= .venv
PEERS  := .venv-peers
N      ?= 20000
SEED   ?= 1
MINUTES ?= 4

BIN := $(VENV)/bin
PY  := $(BIN)/python

.PHONY: help demo lab test test-ui conformance mutants chaos soak fuzz bench bench-native bench-compare lint clean
.PHONY: test-js view screenshots

help:
	@echo 'make demo      run the quickstart notebook in a real kernel, plain and parallel, and compare'
	@echo 'make lab       open the quickstart in JupyterLab'
	@echo 'make test      the Python tests'
	@echo 'make test-ui   the quickstart and the live view in a real JupyterLab in Chromium'
	@echo 'make fuzz      N=$(N) random programs against CPython (SEED=$(SEED))'
	@echo 'make conformance  the tests of CPython itself, as cells, plain against poppy'
	@echo 'make test-js   the view: types, vitest, and that the committed bundle is up to date (needs Node 18)'
	@echo 'make view      build the bundle of the view after a change in js/src'
	@echo 'make screenshots  pictures of the view in JupyterLab, light, dark, narrow, reopened (.build/ui); those of the README (docs)'
	@echo 'make mutants   deliberate breakages of the engine must be caught'
	@echo 'make chaos     interrupts at every 50 ms, faults at requests (MINUTES=$(MINUTES) of them), hard limits'
	@echo 'make soak      100,000 calls in a cell, 1,000 cells in a kernel'
	@echo 'make bench     measure everything (15 minutes); benchmarks/RESULTS.md and the README table'
	@echo 'make bench-native  cells without a call, against plain CPython'
	@echo 'make bench-compare BASE=benchmarks/results/...json  what became worse beyond noise'
	@echo 'make lint      ruff and mypy'

# One stamp per extra: a second `make test` installs nothing.
$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "poppy_ipython needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed-%: $(VENV)/.made pyproject.toml
	$(PY) -m pip install --quiet --disable-pip-version-check -e '.[$*]'
	touch $@

demo: $(VENV)/.installed-demo
	$(PY) notebooks/demo.py

lab: $(VENV)/.installed-demo
	$(PY) -m jupyterlab notebooks/quickstart.ipynb

test: $(VENV)/.installed-test
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-ui: $(VENV)/.installed-ui
	$(PY) -m pytest -m ui tests/ui

screenshots: $(VENV)/.installed-ui
	$(PY) -m pytest -m ui tests/ui
	$(PY) notebooks/picture.py
	$(PY) -m tests.ui.pictures

js/node_modules/.made: js/package.json js/package-lock.json
	cd js && npm install --no-save --no-audit --no-fund
	touch $@

view: js/node_modules/.made
	cd js && npm run build

test-js: js/node_modules/.made
	cd js && npm run check && npm test

fuzz: $(VENV)/.installed-test
	$(PY) -m tests.fuzz -n $(N) --seed $(SEED)

conformance: $(VENV)/.installed-test
	$(PY) -m tests.conformance --record --jobs 2

mutants: $(VENV)/.installed-test
	$(PY) -m tests.fuzz.mutants

chaos: $(VENV)/.installed-test
	$(PY) -m tests.chaos interrupts --record
	$(PY) -m tests.chaos faults --record --seed $(SEED) --minutes $(MINUTES)
	$(PY) -m tests.chaos limits --record
	$(PY) -m tests.chaos cancelled --record

soak: $(VENV)/.installed-test
	$(PY) -m tests.chaos soak --record

# What cannot be installed is reported by the benchmark itself.
$(PEERS)/.installed: pyproject.toml
	$(PYTHON) -m venv $(PEERS)
	-$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[peers]'
	touch $@

bench: $(VENV)/.installed-test $(PEERS)/.installed
	$(PY) -m benchmarks

bench-native: $(VENV)/.installed-test
	$(PY) -m benchmarks native

bench-compare: $(VENV)/.installed-test
	$(PY) -m benchmarks compare $(BASE)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) $(PEERS) .build build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
