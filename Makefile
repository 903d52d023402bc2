# Each target makes .venv and installs what it needs by itself: a machine with Python 3.11+, gcc and git is enough.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := provenance watermark cli tests benchmarks scripts examples
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint browser screenshots bench docs docs-serve clean

demo: .venv/installed
	$(BIN)/provtool demo $(DEMO)

test: .venv/installed
	OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false $(BIN)/python -m pytest -q -n 2 $(TESTS)

lint: .venv/installed
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Needs Chromium (apt-get install chromium fonts-dejavu-core) and npm; .ci/run installs both where they are missing.
browser: .venv/installed tests/browser/node_modules
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m browser tests/browser

screenshots: .venv/installed
	$(BIN)/python scripts/screenshots.py docs/pictures

bench: .venv/installed
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[bench]'
	$(BIN)/python benchmarks/scoring.py --texts 200
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/embedding.py

docs: .venv/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

docs-serve: .venv/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve

clean:
	rm -rf .venv site tests/browser/node_modules demo-out .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	touch $@

tests/browser/node_modules: tests/browser/package-lock.json
	npm ci --prefix tests/browser --no-audit --no-fund
	touch $@
