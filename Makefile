PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
OTHER_DUCKDB := $(VENV)/duckdb-1.5

.DEFAULT_GOAL := help
.PHONY: help setup demo lab test check fix docs clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make the virtual environment, once and again when its inputs changed

demo: $(STAMP) ## Build a demo lake and ask it every question of the demo
	$(BIN)/genie demo

lab: $(STAMP) ## Open JupyterLab with the demo lake
	@test -d demo-lake || $(BIN)/genie demo
	GENIE_LAKE="$(CURDIR)/demo-lake" $(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(wildcard notebooks)

test: $(STAMP) $(OTHER_DUCKDB)/.installed ## Run all tests, and those of the engine on DuckDB 1.5 as well
	@.ci/browser
	$(BIN)/python -m pytest
	PYTHONPATH="$(CURDIR)/$(OTHER_DUCKDB)" $(BIN)/python -m pytest -m engine

check: $(STAMP) ## Lint, formatting, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" jlpm check

fix: $(STAMP) ## Mend what the linter and the formatter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP) ## Write docs/cli.md and docs/config.md anew
	$(BIN)/genie reference docs

clean: ## Remove caches, builds and the demo lake; the virtual environment stays
	rm -rf demo-lake out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(BIN)/pip:
	@.ci/venv "$(PYTHON)" "$(VENV)"

$(STAMP): pyproject.toml constraints.txt labextension/package.json labextension/yarn.lock | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jupyter-builder develop --overwrite . >/dev/null
	@touch $@

$(OTHER_DUCKDB)/.installed: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --target $(OTHER_DUCKDB) --no-deps duckdb==1.5.5
	@touch $@
