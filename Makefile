# Two commands are enough for a newcomer: make demo, make test. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := build/demo

export DO_NOT_TRACK = 1
export PREFECT_SERVER_ANALYTICS_ENABLED = false
export NO_MKDOCS_2_WARNING = 1  # what will be done when MkDocs has a successor: DECISIONS.md

.PHONY: help setup demo test check docs hooks format bench simulate soak mutants coverage clean

help:            ## what there is
	@grep -E '^[a-z]+: .*##|^[a-z]+:  +##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

setup: $(READY)  ## a virtual environment with everything, at the pinned versions

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[flows,dask,objects,prediction,pdf,notebooks,bench,docs,dev]'
	@touch $(READY)

demo: setup      ## the main job on data/sample: import, assess (four weeks before as well, to compare with), publish
	rm -rf $(DEMO)
	$(BIN)/runfix demo $(DEMO)

# one process a core: threads of their own would only wait for each other; a file's tests stay together and share their set-up
test coverage: export OMP_NUM_THREADS = 1
test coverage: export OPENBLAS_NUM_THREADS = 1
test coverage: export POLARS_MAX_THREADS = 1
test: setup      ## the tests
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

check: setup     ## everything that must be green before a commit lands
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: setup    ## formats and mends what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup      ## the site of the docs into build/docs; nothing is fetched
	$(BIN)/python -m docs.building
	$(BIN)/python -m mkdocs build --quiet --strict --config-file build/mkdocs.yml

hooks: setup     ## ruff, nbstripout and the import contracts before each commit
	$(BIN)/pre-commit install

bench: setup     ## benchmarks beside their peers; ONLY=name for one; writes build/bench.json
	$(BIN)/python -m tests.benchmarks $(ONLY)

simulate: setup  ## the method on squads with a known truth; REPS=n for a shorter run; writes build/simulate.json
	$(BIN)/python -m tests.simulations $(REPS)

soak: setup      ## mutated files through the inbox, imports killed half way; N=n for fewer; writes build/soak.json
	$(BIN)/python -m tests.soak $(N)

mutants: setup   ## small faults put into the calculations that their tests must notice; ONLY=module; writes build/mutants.json
	$(BIN)/python -m tests.mutants $(ONLY)

# without the tests of a full disk: what is counted would not fit on it either
coverage: setup  ## lines and branches that the tests run; ONLY="tests/test_a.py tests/test_b.py" for some; writes build/coverage.json
	rm -rf build/coverage
	$(BIN)/python -m coverage run -m pytest -q -n 2 --dist loadfile --ignore=tests/test_full_disk.py $(ONLY); tests=$$?; \
	$(BIN)/python -m coverage combine --quiet && $(BIN)/python -m coverage json --quiet && $(BIN)/python -m coverage report && exit $$tests

clean:           ## removes what was made
	rm -rf build $(VENV)
