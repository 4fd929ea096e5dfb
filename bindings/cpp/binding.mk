# The C++ binding: its tests, its style, and its program among the others. Included by the Makefile of the project.
#
#   test-cpp      all tests: under the address and the undefined-behaviour sanitizer, where processes and amounts of
#                 memory are the subject without it; one program under valgrind; and the examples of the README
#   lint-cpp      clang-format, and the warnings of both compilers
#   polyglot-cpp  the program POLYGLOT_cpp
#
# CPP_TESTS="open fork" runs only these.

CPP := bindings/cpp
CPP_OUT := build/cpp
CPP_CXX ?= g++
CPP_CLANGXX ?= clang++

# What runs under the sanitizers, and what runs without: `header` has nothing to do with memory, `fork` is to see the
# memory of the system as it is too, and `stream` to count it.
CPP_ASAN := times options messages open exchange pieces filter key rekey inspect maintain place stale fetch cancel lifetime misuse fork polyglot
CPP_PLAIN := header fork stream
CPP_TESTS ?= $(sort $(CPP_ASAN) $(CPP_PLAIN))

# The life of objects is what valgrind is to see, without the sanitizers.
CPP_VALGRIND := $(CPP_OUT)/plain/lifetime

CPP_STANDARD := -std=c++17 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
CPP_CPPFLAGS := $(HTTPCACHE_CFLAGS) -I$(CPP)/include
CPP_LIBS := $(HTTPCACHE_LIBS) -lpthread
CPP_HEADERS := $(wildcard $(CPP)/include/*.hpp $(CPP)/include/httpcache/*.hpp $(CPP)/tests/*.hpp) include/httpcache.h
CPP_SOURCES := $(wildcard $(CPP)/tests/*.cpp $(CPP)/polyglot/*.cpp)

# One way to compile: its name, and the compiler with its options. Compiling costs more than running.
CPP_plain := $(CPP_CXX) $(CPP_STANDARD) -g1 -O0
CPP_asan := $(CPP_plain) -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# What all programs share is where bodies are made, and compiled once.
CPP_SHARED := $(CPP_OUT)/check.o $(CPP_OUT)/support.o

$(CPP_SHARED): $(CPP_OUT)/%.o: $(CPP)/tests/%.cpp $(CPP_HEADERS)
	@mkdir -p $(@D)
	@$(CPP_CXX) $(CPP_STANDARD) -g1 -O2 $(CPP_CPPFLAGS) -c $< -o $@

# The programs of one way to compile. Each is its own source and what all share.
define CPP_WAY
$(CPP_OUT)/$(1)/%.o: $(CPP)/tests/%.cpp $(CPP_HEADERS)
	@mkdir -p $$(@D)
	@$(CPP_$(1)) $(CPP_CPPFLAGS) -c $$< -o $$@

$(2:%=$(CPP_OUT)/$(1)/%): $(CPP_OUT)/$(1)/%: $(CPP_OUT)/$(1)/%.o $(CPP_SHARED) | library
	@$(CPP_$(1)) $$(filter %.o,$$^) -o $$@ $(CPP_LIBS)

.PRECIOUS: $(CPP_OUT)/$(1)/%.o
endef

$(eval $(call CPP_WAY,plain,$(CPP_PLAIN) $(notdir $(CPP_VALGRIND))))
$(eval $(call CPP_WAY,asan,$(CPP_ASAN)))

# It has a second translation unit.
$(CPP_OUT)/plain/header: $(CPP_OUT)/plain/other.o

$(CPP_OUT)/run-polyglot: $(CPP)/polyglot/main.cpp $(CPP_HEADERS) | library
	@mkdir -p $(@D)
	@$(CPP_CXX) $(CPP_STANDARD) -O2 $(CPP_CPPFLAGS) $< -o $@ $(CPP_LIBS)

POLYGLOT_cpp := $(CURDIR)/$(CPP_OUT)/run-polyglot

# The origin of the tests; ORIGIN names one that is built already.
CPP_ORIGIN := $(or $(ORIGIN),$(abspath $(CARGO_TARGET_DIR))/debug/examples/origin)
CPP_ENVIRONMENT = ORIGIN=$(CPP_ORIGIN) POLYGLOT=$(POLYGLOT_cpp) C_INCLUDE=include CPP_INCLUDE=$(CPP)/include

.PHONY: test-cpp lint-cpp polyglot-cpp cpp-origin

polyglot-cpp: $(CPP_OUT)/run-polyglot

# As `cargo test` builds it, so that it is not compiled twice.
cpp-origin:
	@[ -n '$(ORIGIN)' ] || cargo build --quiet --locked --example origin

CPP_RUN := $(addprefix $(CPP_OUT)/asan/,$(filter $(CPP_TESTS),$(CPP_ASAN))) \
	$(addprefix $(CPP_OUT)/plain/,$(filter $(CPP_TESTS),$(CPP_PLAIN)))

test-cpp: polyglot-cpp cpp-origin $(CPP_RUN) $(CPP_VALGRIND) ## the tests of the C++ binding
	@$(CPP_ENVIRONMENT) CPP_CXX='$(CPP_CXX)' CPP_CLANGXX='$(CPP_CLANGXX)' CPP_FLAGS='$(CPP_STANDARD) $(CPP_CPPFLAGS)' \
		CPP_LIBS='$(CPP_LIBS)' CPP_VALGRIND='$(CPP_VALGRIND)' \
		tests/c/run.sh $(CPP_RUN) $(CPP)/tests/valgrind.sh $(CPP)/tests/readme.sh

lint-cpp: ## the style of the C++ binding
	@clang-format --dry-run -Werror $(CPP_SOURCES) $(filter $(CPP)/%,$(CPP_HEADERS))
	@for compiler in $(CPP_CXX) $(CPP_CLANGXX); do \
		for source in $(CPP_SOURCES); do \
			$$compiler $(CPP_STANDARD) -fsyntax-only $(CPP_CPPFLAGS) $$source || exit 1; \
		done; \
	done
