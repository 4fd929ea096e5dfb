# libhttpcache. `make help` says what there is; the parts are in cbuild/.

.DEFAULT_GOAL := library
SHELL := /bin/sh

include cbuild/library.mk
include cbuild/install.mk
include cbuild/check.mk
include cbuild/bindings.mk
include tests/c/tests.mk
include tests/conformance/conformance.mk
include tests/model/model.mk
include tests/fuzz/fuzz.mk

.PHONY: help clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "  make %-14s %s\n", $$1, $$2 }'

clean: ## remove all that was built
	cargo clean
	rm -rf build
