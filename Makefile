# Two commands: `make run` and `make test`. Both work on a fresh machine with Python 3.11+, venv and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

.PHONY: run demo test check format lock clean

run: $(VENV)/.installed
	@exec $(BIN)/thoughts serve

demo: $(VENV)/.installed
	@exec $(BIN)/thoughts demo

test: $(VENV)/.developed
	@exec $(BIN)/python -m pytest

check: $(VENV)/.developed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

format: $(VENV)/.developed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Versions and hashes, but no addresses to download from.
lock: $(UV)
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--python-version 3.11 pyproject.toml -o requirements.lock
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--python-version 3.11 pyproject.toml --group dev -o requirements-dev.lock
	$(UV) pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--python-version 3.11 tests/clients/toot.in -o tests/clients/toot.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Thoughts needs Python 3.11 or newer; $(PYTHON) is older or missing. Try: make PYTHON=python3.12 run" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check uv

$(VENV)/.installed: requirements.lock pyproject.toml | $(UV)
	$(UV) pip install -q --python $(VENV) --require-hashes -r requirements.lock
	$(UV) pip install -q --python $(VENV) --no-deps -e .
	@touch $@

$(VENV)/.developed: requirements-dev.lock $(VENV)/.installed | $(UV)
	$(UV) pip install -q --python $(VENV) --require-hashes -r requirements-dev.lock
	@touch $@
