# Two commands are enough for a newcomer: make demo, make test. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := build/demo
DEMO_DAY := 2026-10-25
DEMO_REPORT_BEFORE := 2026-09-27

export DO_NOT_TRACK = 1
export PREFECT_SERVER_ANALYTICS_ENABLED = false

.PHONY: help setup demo test check format bench simulate soak clean

help:            ## what there is
	@grep -E '^[a-z]+: .*##|^[a-z]+:  +##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

setup: $(READY)  ## a virtual environment with everything, at the pinned versions

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[flows,dask,objects,prediction,pdf,notebooks,bench,dev]'
	@touch $(READY)

demo: setup      ## the main job on data/sample: import, assess (four weeks before as well, to compare with), publish
	rm -rf $(DEMO) && mkdir -p build && cp -R data/sample $(DEMO)
	$(BIN)/runfix init $(DEMO)
	$(BIN)/runfix import --root $(DEMO) || test $$? -eq 3
	$(BIN)/runfix assess --root $(DEMO) --as-of $(DEMO_REPORT_BEFORE)
	$(BIN)/runfix nightly --root $(DEMO) --as-of $(DEMO_DAY) || test $$? -eq 3
	@$(BIN)/runfix report --root $(DEMO) --list

# one process a core: threads of their own would only wait for each other
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: setup      ## the tests
	$(BIN)/python -m pytest -q -n 2

check: setup     ## everything that must be green before a commit lands
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: setup    ## formats and mends what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup     ## benchmarks beside their peers; ONLY=name for one; writes build/bench.json
	$(BIN)/python -m tests.benchmarks $(ONLY)

simulate: setup  ## the method on squads with a known truth; REPS=n for a shorter run; writes build/simulate.json
	$(BIN)/python -m tests.simulations $(REPS)

soak: setup      ## mutated files through the inbox, imports killed half way; N=n for fewer; writes build/soak.json
	$(BIN)/python -m tests.soak $(N)

clean:           ## removes what was made
	rm -rf build $(VENV)
