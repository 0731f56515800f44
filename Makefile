# One command each for what people do with a checkout. Every target makes .venv itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-slow lint lock wheel check-wheel clean

demo: $(VENV)/.installed
	$(BIN)/moedex demo $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/pytest --numprocesses 2 --dist loadfile $(ARGS)

test-slow: $(VENV)/.installed-dev
	$(BIN)/pytest -m slow $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

# The lock holds every version for every supported Python and platform.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-emit-index-url \
		--no-annotate --no-header --output-file requirements.lock pyproject.toml

wheel: $(VENV)/.installed-dev
	rm -rf build dist
	$(BIN)/python -m build --wheel --outdir dist .

# What somebody has who installs the wheel: no checkout, no working directory of ours.
check-wheel: wheel
	PYTHON=$(BIN)/python sh .ci/check_wheel dist/*.whl

clean:
	rm -rf $(VENV) build dist *.egg-info

$(BIN)/python:
	@echo "Making the virtual environment $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Moedex needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml requirements.lock
	@echo "Installing Moedex and what it needs, about 0.8 GB; this takes a minute or two ..."
	@$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the tests need, TensorFlow among it, about 2 GB more ..."
	@$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable '.[dev]'
	@touch $@
