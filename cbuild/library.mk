# The library and its header.

# Which features the library has, exactly: `make FEATURES=` makes one without libcurl.
FEATURES ?= default

# The version stands in Cargo.toml and nowhere else. Until 1.0 each minor version has an ABI of its own
# (build.rs names the library so), from then on each major version.
VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)
MAJOR := $(word 1,$(subst ., ,$(VERSION)))
MINOR := $(word 2,$(subst ., ,$(VERSION)))
ABI := $(if $(filter 0,$(MAJOR)),$(MAJOR).$(MINOR),$(MAJOR))

SHARED := libhttpcache.so.$(VERSION)
SONAME := libhttpcache.so.$(ABI)
STATIC := libhttpcache.a

# As they will be installed, so that what is tested is what users get.
LIB := build/lib
CARGO_TARGET_DIR ?= target
export CARGO_TARGET_DIR

# What a program links besides the static library. rustc says so when it compiles, and not when there is
# nothing to do; so it is written beside what was compiled.
comma := ,
NATIVE_LIBS := $(CARGO_TARGET_DIR)/release/native-static-libs.$(subst $(comma),-,$(FEATURES))

# Compiles and links a C program against the header and the library of this tree.
CC ?= cc
CXX ?= c++
HTTPCACHE_CFLAGS := -Iinclude
HTTPCACHE_LIBS := -L$(LIB) -lhttpcache -Wl,-rpath,$(CURDIR)/$(LIB)

.PHONY: library header header-check

library: ## the shared and the static library, in build/lib (FEATURES=...)
	@cbuild/compile.sh $(NATIVE_LIBS) '$(FEATURES)'
	@cbuild/stage.sh $(CARGO_TARGET_DIR)/release $(LIB) $(SHARED) $(SONAME)
	@cp $(NATIVE_LIBS) $(LIB)/native-static-libs

header: ## write include/httpcache.h from src/ffi
	cargo run --quiet --locked --example header -- write

header-check: ## is include/httpcache.h what would be written?
	@cargo run --quiet --locked --example header -- check
