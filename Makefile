# Two commands need nothing but Python >= 3.11 and make:  make run  ·  make test
# Each makes the environment it needs in .venv; a stamp named by the lock's checksum makes a second call install nothing.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
sum     = $(shell cat requirements.lock $(1) pyproject.toml | cksum | cut -d' ' -f1)
RUN    := $(VENV)/.run-$(call sum)
DEV    := $(VENV)/.dev-$(call sum,requirements-dev.lock)

.PHONY: run test lint bench format lock clean

run: $(RUN)
	@$(BIN)/corpusmill run python $(ARGS)

test: $(DEV)
	@$(BIN)/python -m $(if $(ARGS),pytest $(ARGS),tests)

lint: $(DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(DEV)
	@$(BIN)/python -m benchmarks $(ARGS)

format: $(DEV)
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

# Writes both locks anew, for Linux and macOS, Python 3.11 to 3.13; needs uv on the PATH.
lock:
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --no-annotate --no-header -o requirements.lock
	uv pip compile pyproject.toml --group build --group dev -c requirements.lock --universal --python-version 3.11 --no-annotate --no-header -o requirements-dev.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] < (3, 14); sys.exit(0 if ok else "corpusmill needs Python 3.11, 3.12 or 3.13, and %s is %s: name another with make PYTHON=python3.12" % (sys.executable, sys.version.split()[0]))'
	@$(PYTHON) -m venv $(VENV)

# hatchling comes from the lock, so building the editable install needs no isolated environment of its own.
$(RUN): $(VENV)/bin/python
	@echo "installing the locked packages into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.run-* && touch $@

$(DEV): $(RUN)
	@echo "installing the locked development packages into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@rm -f $(VENV)/.dev-* && touch $@

clean:
	rm -rf $(VENV) .prefect .mypy_cache .ruff_cache .pytest_cache .hypothesis
