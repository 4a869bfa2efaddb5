# Winnow: the handful of commands a person types. Needs Python 3.11+ with venv, make and git; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
DEV := $(VENV)/.stamp-dev
RUN := $(VENV)/.stamp-run
BENCH := $(VENV)/.stamp-bench
# Winnow is many short processes; where none may keep its byte code, each compiles a third of a million lines anew.
unexport PYTHONDONTWRITEBYTECODE
# A person without a writable home (a service account) keeps uv's cache inside the virtualenv.
UV := UV_CACHE_DIR="$${UV_CACHE_DIR:-$$(test -w "$$HOME" || echo $(CURDIR)/$(VENV)/.uv-cache)}"; \
	test -n "$$UV_CACHE_DIR" && export UV_CACHE_DIR || unset UV_CACHE_DIR; UV_LINK_MODE=$${UV_LINK_MODE:-copy} $(BIN)/uv pip

.PHONY: help install install-dev run test prove bench lint lint-ruff lint-format lint-types lint-templates lint-migrations \
	format words lock clean

help:
	@echo "make run      install what is needed and start Winnow with the demo; Ctrl-C stops it"
	@echo "make install  only make .venv from the lock"
	@echo "make test     all tests, browser ones included"
	@echo "make words    bring the catalogs of languages to the texts of the code; lists what lacks a translation"
	@echo "make lint     ruff, mypy, djlint, missing migrations"
	@echo "make prove    a programme at full size: make prove NAME=kills; without a name, the list"
	@echo "make bench    a measurement: make bench NAME=queue; without a name, the list"

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Winnow needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtualenv: install its venv module (Debian: python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# Once the development lock is installed, it stays: `make run` must not take the test tools away.
$(RUN): requirements.lock | $(BIN)/uv
	@if [ -f $(DEV) ]; then rm -f $(DEV); $(MAKE) --no-print-directory $(DEV); \
	else $(UV) sync --quiet --python $(BIN)/python --require-hashes requirements.lock; fi
	@touch $@

$(DEV): requirements.lock requirements-dev.lock | $(BIN)/uv
	@$(UV) sync --quiet --python $(BIN)/python --require-hashes requirements.lock requirements-dev.lock
	@touch $@ $(RUN)

$(BENCH): requirements-bench.lock $(DEV)
	@$(UV) install --quiet --python $(BIN)/python --require-hashes -r requirements-bench.lock
	@touch $@

install: $(RUN)

install-dev: $(DEV)

run: $(RUN)
	@$(BIN)/python manage.py up --demo $(ARGS)

test: $(DEV)
	@$(BIN)/python -m tests.chromium
	@$(BIN)/python -m pytest -n 3 $(ARGS)

# Each linter is a target of its own, so that `make --keep-going lint` shows all that is wrong.
lint: lint-ruff lint-format lint-types lint-templates lint-migrations

lint-ruff: $(DEV)
	@$(BIN)/ruff check --quiet .

lint-format: $(DEV)
	@$(BIN)/ruff format --quiet --check .

lint-types: $(DEV)
	@$(BIN)/mypy

# Lint only: djlint's formatter moves white space that shows, and is not stable on its own output.
lint-templates: $(DEV)
	@$(BIN)/djlint --quiet --lint templates

lint-migrations: $(DEV)
	@$(BIN)/python -W "ignore:Got an error checking:RuntimeWarning" manage.py makemigrations --check --dry-run

format: $(DEV)
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

# Texts of the code go into locale/*/LC_MESSAGES/django.po, gone ones leave; exit status 1 while translations lack.
words: $(DEV)
	@WINNOW_DATA=$$(mktemp -d) DJANGO_SETTINGS_MODULE=workbench.settings $(BIN)/python -m workbench.translating.update

# `make prove kills` and `make prove NAME=kills` are the same.
NAME ?= $(filter-out prove bench,$(MAKECMDGOALS))

prove: $(DEV)
	@$(BIN)/python -m tests.programmes $(NAME) $(ARGS)

bench: $(BENCH)
	@$(BIN)/python -m bench $(NAME) $(ARGS)

ifneq (,$(filter prove bench,$(firstword $(MAKECMDGOALS))))
%:
	@:
endif

lock: | $(BIN)/uv
	@for name in requirements requirements-dev requirements-bench; do \
	$(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links $$name.in --output-file $$name.lock || exit 1; done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
