# make demo | test | bench | lint | types | fmt | clean; each sets up what it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup demo test bench lint types fmt clean

setup: .venv/.ready

# torch first and by itself: nothing later may pull another build of it in.
.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "aadhan needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[all,dev]'
	touch $@

demo: setup
	$(BIN)/python scripts/demo.py

test: setup
	$(BIN)/python -m pytest

bench: setup
	$(BIN)/python -m bench.landing
	$(BIN)/python -m bench.warc
	$(BIN)/python -m bench.import_memory
	$(BIN)/python -m bench.tscii
	$(BIN)/python -m bench.readers

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --disable-progress-bar sql
	$(BIN)/python -m warehouse.portable

types: setup
	$(BIN)/basedpyright

fmt: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --disable-progress-bar sql

clean:
	rm -rf .venv data/demo-lake
