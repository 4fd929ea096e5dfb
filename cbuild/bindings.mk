# The bindings together: their programs on one cache, and what each language adds to the cost of a hit.

include $(wildcard bindings/*/binding.mk)

POLYGLOT_c := build/polyglot-c
POLYGLOT_PROGRAMS = 'C=$(POLYGLOT_c)' 'C++=$(POLYGLOT_cpp)' 'Go=$(POLYGLOT_go)' \
	'Ruby=$(POLYGLOT_ruby)' 'Python=$(POLYGLOT_python)'

.PHONY: polyglot polyglot-c polyglot-programs bench-bindings test-bindings lint-bindings

polyglot: ## programs of all languages on one cache: who stored, who was served
	@cbuild/deps.sh polyglot
	@$(MAKE) --no-print-directory polyglot-programs
	@python3 tests/polyglot/polyglot.py $(POLYGLOT_PROGRAMS)

polyglot-programs: polyglot-c polyglot-cpp polyglot-go polyglot-ruby polyglot-python

polyglot-c: library
	@$(CC) -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror $(HTTPCACHE_CFLAGS) bindings/c/polyglot.c \
		-o $(POLYGLOT_c) $(HTTPCACHE_LIBS)

bench-bindings: ## what a hit costs in each language, as a ratio to C
	@cbuild/deps.sh polyglot
	@$(MAKE) --no-print-directory polyglot-programs
	@python3 tests/polyglot/overhead.py $(POLYGLOT_PROGRAMS)

test-bindings: test-cpp test-go test-ruby test-python ## the tests of all bindings

lint-bindings: lint-cpp lint-go lint-ruby lint-python ## the style of all bindings
