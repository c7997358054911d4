# Safelight: everything a developer or a curious reader types. `make help` lists it.
# Each target installs what it needs into .venv, from hashed requirements, and does nothing when nothing changed.

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
SAFELIGHT := $(BIN)/safelight
DEMO := demo
CASE := Demo Harbour
PYTEST_ARGS ?=
MUTANTS ?=
# One more than there are cores: a test waits for commands and servers a third of its time.
TESTS_AT_ONCE ?= $(shell expr $$(nproc) + 1)
COMPILE := $(UV) pip compile --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-annotate --quiet $(UPGRADE)

# Run tools as modules: their start scripts name an absolute path and break when the folder is moved.
PY := $(BIN)/python -m

# Commands are started by the hundred: compiled once, each begins in two thirds of the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check lint coverage mutation bench soak requirements sbom helps picture clean

help:  ## list what can be typed
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMPS)/runtime  ## make .venv with Safelight in it; quick when nothing changed

# --- the environment -------------------------------------------------------------------------------------------------

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "make: no $(PYTHON) here; install Debian's python3 and python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.11 …" >&2; exit 1; }
	@echo "make: preparing $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "make: no virtual environment could be made; install Debian's python3-venv" >&2; exit 1; }

# What builds from source is hashed too and installed first, so that no build fetches anything of its own.
$(STAMPS)/build: requirements/build.txt | $(BIN)/python
	@mkdir -p $(STAMPS)
	@$(PIP) --require-hashes -r $<
	@touch $@

$(STAMPS)/requirements-%: requirements/%.txt $(STAMPS)/build
	@echo "make: installing $<"
	@$(PIP) --require-hashes --no-build-isolation -r $<
	@touch $@

$(STAMPS)/runtime: $(STAMPS)/requirements-runtime pyproject.toml
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

# --- the two commands of the README ----------------------------------------------------------------------------------

demo: $(STAMPS)/runtime  ## check a made-up seizure against a made-up known base; prints where the report is
	@PATH="$(CURDIR)/$(BIN):$$PATH" DEMO="$(DEMO)" CASE="$(CASE)" bash .ci/demo

# As the folders stand: the slow tests with processes come first, so that no worker is left alone with them at the end.
test: $(STAMPS)/runtime $(STAMPS)/requirements-test  ## all tests (PYTEST_ARGS="-k word" for some of them)
	$(PY) pytest -n $(TESTS_AT_ONCE) --dist loadscope --no-loadscope-reorder $(PYTEST_ARGS)

# --- for developers --------------------------------------------------------------------------------------------------

check: lint test  ## all that CI checks, the quickest first

lint: $(STAMPS)/runtime $(STAMPS)/requirements-test $(STAMPS)/requirements-check  ## format, lint, house rules, import contracts, types
	$(PY) ruff format --check .
	$(PY) ruff check .
	$(PY) pytest -q tests/unit/house tests/unit/test_house.py
	$(BIN)/lint-imports
	$(PY) mypy

# Parts that must hold where nobody looks: of these every line and every branch is run by a test of their own.
PROVEN := log vault assertions

coverage: $(STAMPS)/runtime $(STAMPS)/requirements-test  ## branch coverage of log, vault and assertions by their own tests; fails under 100 %
	$(PY) pytest -q -n $(TESTS_AT_ONCE) --dist loadscope --cov --cov-fail-under=100 $(PYTEST_ARGS) \
		$(foreach part,$(PROVEN),tests/unit/$(part) tests/integration/$(part)) tests/conformance/test_blob_store.py

mutation: $(STAMPS)/runtime $(STAMPS)/requirements-test $(STAMPS)/requirements-mutation  ## change keys, log, vault and assertions in 4,500 places: which do their tests not notice? (MUTANTS="safelight.log.*" for some)
	$(PY) mutmut run $(MUTANTS)
	$(PY) mutmut results

bench: $(STAMPS)/runtime $(STAMPS)/requirements-bench  ## compare speed and answers with threatexchange on the same files; then rates of vault, log, statements and known base, search, hashing, recall of videos, walking of disk images, camera raw
	$(foreach one,check_vs_threatexchange vault_rate log assertions known_base search hashing videos images camera_raw,$(BIN)/python benchmarks/$(one).py &&) true

soak: $(STAMPS)/runtime  ## 100,000 damaged files, 1,000 rounds of faults, ten minutes of search against brute force (writes benchmarks/SOAK.md, FAULTS.md, EXACTNESS.md)
	$(BIN)/python benchmarks/soak.py --files 100000
	$(BIN)/python benchmarks/faults.py --rounds 1000
	$(BIN)/python benchmarks/exactness.py --minutes 10

requirements:  ## re-make requirements/*.txt from pyproject.toml (UPGRADE=--upgrade for newer versions)
	@command -v $(UV) >/dev/null || { echo "make: no uv here; install it (pip install uv) or name it: make UV=… requirements" >&2; exit 1; }
	$(COMPILE) pyproject.toml --extra node -o requirements/runtime.txt
	$(COMPILE) --group build -c requirements/runtime.txt -o requirements/build.txt
	$(COMPILE) pyproject.toml --extra node --group test -c requirements/runtime.txt -c requirements/build.txt -o requirements/test.txt
	$(COMPILE) pyproject.toml --extra node --group test --group mutation -c requirements/test.txt -o requirements/mutation.txt
	$(COMPILE) pyproject.toml --extra node --group test --group check -c requirements/test.txt -o requirements/check.txt
	$(COMPILE) pyproject.toml --extra node --group bench -c requirements/check.txt -o requirements/bench.txt

sbom: $(STAMPS)/requirements-check  ## write the bill of materials, docs/sbom.cdx.json, from requirements/runtime.txt
	@$(BIN)/python .ci/sbom.py requirements/runtime.txt docs/sbom.cdx.json

helps: $(STAMPS)/runtime  ## print the commands' help into README.md anew
	$(BIN)/python .ci/helps.py README.md

picture: $(STAMPS)/runtime  ## take docs/images/report.png anew, from a demo of its own, with Chromium
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash .ci/picture docs/images/report.png

clean:  ## remove .venv, the demo and every cache
	rm -rf $(VENV) $(DEMO) mutants .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
