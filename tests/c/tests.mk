# The C tests. Included by the Makefile of the project, from its root.
#
#   ctest            as C99
#   ctest-cxx        the same sources as C++11, without the two slowest
#   ctest-asan       under the address and the undefined-behaviour sanitizer
#   ctest-valgrind   under valgrind
#   abi-test         the exported functions are those that are promised
#
# TESTS="open fork" runs only these.

HC_INCLUDE ?= include
HC_LIBDIR ?= build/lib
BUILD ?= build
CC ?= cc
CXX ?= c++

CTEST := tests/c
CTEST_OUT := $(abspath $(BUILD))/ctest
CTEST_ORIGIN := $(abspath $(or $(CARGO_TARGET_DIR),target))/debug/examples/origin

CTEST_FAST := errors options key filter request response exchange pieces inspect maintenance expiry \
	validation directives vary stale stats misuse struct_size null open place read_only damage full threads \
	fork transport fetch fetch_broken fetch_cancel fetch_refresh scenarios work
CTEST_SLOW := big kill
# A library that is preloaded makes their calls fail. Not under tools: these make calls of their own, which would be
# counted and fail, and each case would start the tool anew. Nor as C++: it is the same library that is tested.
CTEST_PRELOADED := io_faults
CTEST_HEADERS := header_c99 header_cxx11

# Also after TESTS= was given, the whole list is what is compiled.
CTEST_ALL := $(CTEST_FAST) $(CTEST_SLOW) $(CTEST_PRELOADED)
TESTS ?= $(CTEST_ALL) $(CTEST_HEADERS)

CTEST_WARNINGS := -Wall -Wextra -Wpedantic -Werror
CTEST_CPPFLAGS := -I$(HC_INCLUDE) -I$(CTEST)
CTEST_LIBS := -L$(HC_LIBDIR) -lhttpcache -Wl,-rpath,$(abspath $(HC_LIBDIR)) -lpthread -ldl
CTEST_SHARED_SOURCES := check support messages origin slots tiers
CTEST_SCENARIO_SOURCES := scenario_files scenario_text scenario_expect scenario_open scenario_functions
CTEST_SOURCE_HEADERS := $(wildcard $(CTEST)/*.h) $(HC_INCLUDE)/httpcache.h

CTEST_SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# One way to compile: its name, and the compiler with its options.
CTEST_c99 := $(CC) -std=c99 -g -O1 $(CTEST_WARNINGS)
CTEST_cxx11 := $(CXX) -x c++ -std=c++11 -g -O1 $(CTEST_WARNINGS)
CTEST_asan := $(CC) -std=c99 -g -O1 $(CTEST_WARNINGS) $(CTEST_SANITIZERS)

# The programs of one way to compile, in a directory of their own. Each program is its own source and the
# shared ones.
define CTEST_WAY
$(CTEST_OUT)/$(1)/%.o: $(CTEST)/%.c $(CTEST_SOURCE_HEADERS)
	@mkdir -p $$(@D)
	@$(CTEST_$(1)) $(CTEST_CPPFLAGS) -c $$< -o $$@

$(CTEST_OUT)/$(1)/null.o: $(CTEST_OUT)/null.c $(CTEST_SOURCE_HEADERS)
	@mkdir -p $$(@D)
	@$(CTEST_$(1)) $(CTEST_CPPFLAGS) -c $$< -o $$@

$(CTEST_ALL:%=$(CTEST_OUT)/$(1)/%): $(CTEST_OUT)/$(1)/%: $(CTEST_OUT)/$(1)/%.o \
		$(CTEST_SHARED_SOURCES:%=$(CTEST_OUT)/$(1)/%.o)
	@$(patsubst -std=%,,$(filter-out -x c++,$(CTEST_$(1)))) $$^ -o $$@ $$(CTEST_LIBS)

$(CTEST_OUT)/$(1)/header_c99: $(CTEST)/header_c99.c $(HC_INCLUDE)/httpcache.h
	@mkdir -p $$(@D)
	@$(CTEST_c99) $(CTEST_CPPFLAGS) $$< -o $$@ $(CTEST_LIBS)

$(CTEST_OUT)/$(1)/header_cxx11: $(CTEST)/header_cxx11.cc $(HC_INCLUDE)/httpcache.h
	@mkdir -p $$(@D)
	@$(CTEST_cxx11) $(CTEST_CPPFLAGS) $$< -o $$@ $(CTEST_LIBS)

# Scenarios are JSON.
$(CTEST_OUT)/$(1)/scenarios: $(CTEST_SCENARIO_SOURCES:%=$(CTEST_OUT)/$(1)/%.o)
$(CTEST_OUT)/$(1)/scenarios: CTEST_LIBS += -ljansson

.PRECIOUS: $(CTEST_OUT)/$(1)/%.o
endef

$(foreach way,c99 cxx11 asan,$(eval $(call CTEST_WAY,$(way))))

$(CTEST_OUT)/generate_null: $(CTEST)/generate_null.c
	@mkdir -p $(@D)
	@$(CTEST_c99) $< -o $@

$(CTEST_OUT)/null.c: $(CTEST_OUT)/generate_null $(HC_INCLUDE)/httpcache.h tests/abi/symbols.txt
	@$< $(HC_INCLUDE)/httpcache.h tests/abi/symbols.txt >$@.new
	@mv $@.new $@

$(CTEST_OUT)/faults.so: $(CTEST)/kill_preload.c $(CTEST)/faults.h
	@mkdir -p $(@D)
	@$(CTEST_c99) -fPIC -shared $< -o $@ -ldl

$(CTEST_OUT)/io.so: $(CTEST)/io_preload.c $(CTEST)/io_faults.h
	@mkdir -p $(@D)
	@$(CTEST_c99) -fPIC -shared $< -o $@ -ldl

CTEST_LIBRARIES := $(CTEST_OUT)/faults.so $(CTEST_OUT)/io.so
CTEST_RUN = FAULT_LIBRARY=$(CTEST_OUT)/faults.so IO_LIBRARY=$(CTEST_OUT)/io.so ORIGIN=$(CTEST_ORIGIN)

.PHONY: ctest ctest-cxx ctest-asan ctest-valgrind ctest-origin abi-test

# As `cargo test` builds it: for release all that tests depend on, and the library, would be compiled anew.
ctest-origin:
	@cargo build --quiet --locked --example origin

ctest: $(TESTS:%=$(CTEST_OUT)/c99/%) $(CTEST_LIBRARIES) ctest-origin ## the C tests
	@$(CTEST_RUN) $(CTEST)/run.sh $(TESTS:%=$(CTEST_OUT)/c99/%)

CTEST_CXX_TESTS := $(filter-out $(CTEST_SLOW) $(CTEST_PRELOADED) header_c99,$(TESTS))
ctest-cxx: $(CTEST_CXX_TESTS:%=$(CTEST_OUT)/cxx11/%) $(CTEST_LIBRARIES) ctest-origin ## the same as C++
	@$(CTEST_RUN) $(CTEST)/run.sh $(CTEST_CXX_TESTS:%=$(CTEST_OUT)/cxx11/%)

# The library that is preloaded comes before the sanitizer's, which is no harm.
CTEST_TOOL_TESTS := $(filter-out $(CTEST_HEADERS) $(CTEST_PRELOADED),$(TESTS))
ctest-asan: $(CTEST_TOOL_TESTS:%=$(CTEST_OUT)/asan/%) $(CTEST_LIBRARIES) ctest-origin ## under sanitizers
	@$(CTEST_RUN) SLOW=1 ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=1 \
		UBSAN_OPTIONS=print_stacktrace=1 \
		$(CTEST)/run.sh $(CTEST_TOOL_TESTS:%=$(CTEST_OUT)/asan/%)

CTEST_VALGRIND := valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
	--show-leak-kinds=definite
ctest-valgrind: $(CTEST_TOOL_TESTS:%=$(CTEST_OUT)/c99/%) $(CTEST_LIBRARIES) ctest-origin ## under valgrind
	@$(CTEST_RUN) SLOW=1 $(CTEST)/run.sh -t 900 -w "$(CTEST_VALGRIND)" $(CTEST_TOOL_TESTS:%=$(CTEST_OUT)/c99/%)

abi-test: ## the exported functions are those in tests/abi/symbols.txt
	@tests/abi/check_symbols.sh $(HC_LIBDIR)/libhttpcache.so $(HC_INCLUDE)/httpcache.h
