# The Python binding. Needs python3 (3.9 or newer, with venv) from the system; the rest is from PyPI, pinned
# in requirements-dev.txt, and goes to build/venv.

PYTHON ?= python3
PYTHON_BINDING := bindings/python
PYTHON_VENV := build/venv
PYTHON_READY := $(PYTHON_VENV)/httpcache-ready
PYTHON_ENVIRONMENT := HTTPCACHE_LIBRARY=$(CURDIR)/$(LIB)/$(SONAME) \
	PYTHONPATH=$(CURDIR)/$(PYTHON_BINDING)/src PYTHONPYCACHEPREFIX=$(CURDIR)/build/python/pycache
PYTHON_RUN := $(CURDIR)/$(PYTHON_VENV)/bin/python

POLYGLOT_python := env $(PYTHON_ENVIRONMENT) $(PYTHON_RUN) $(CURDIR)/$(PYTHON_BINDING)/polyglot/polyglot.py

.PHONY: test-python lint-python polyglot-python

$(PYTHON_READY): $(PYTHON_BINDING)/requirements-dev.txt
	@rm -rf $(PYTHON_VENV)
	$(PYTHON) -m venv $(PYTHON_VENV)
	$(PYTHON_VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

test-python: library $(PYTHON_READY)
	@cargo build --quiet --locked --example origin
	@cd $(PYTHON_BINDING) && env $(PYTHON_ENVIRONMENT) HTTPCACHE_ORIGIN=$(abspath $(CARGO_TARGET_DIR))/debug/examples/origin \
		$(PYTHON_RUN) -m pytest

lint-python: $(PYTHON_READY)
	@cd $(PYTHON_BINDING) && $(PYTHON_RUN) -m ruff format --check . && $(PYTHON_RUN) -m ruff check . && $(PYTHON_RUN) -m mypy

polyglot-python: library $(PYTHON_READY)
