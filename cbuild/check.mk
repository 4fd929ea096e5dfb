# What shows that it works: the demo, the tests, the style, the speed.

.PHONY: deps demo test test-full bench bench-quick check-style check-readme

deps: ## find, and if allowed install, what building and testing needs
	@cbuild/deps.sh test

demo: ## the cache between a C program and a real web server (SERVER=nginx or python3)
	@cbuild/deps.sh demo
	@$(MAKE) --no-print-directory library
	@$(CC) -std=c99 -Wall -Wextra -Wpedantic -Werror $(HTTPCACHE_CFLAGS) bindings/c/demo.c -o build/demo $(HTTPCACHE_LIBS)
	@cbuild/demo.sh build/demo $(SERVER)

test: ## everything, as continuous integration runs it
	@cbuild/test.sh

test-full: ## the same, repeated ten times as often, with the result in tests/REPORT.md
	@mkdir -p tests
	@cbuild/test.sh tests/REPORT.md

BENCHES := $(addprefix --bench ,hit key store threads size large_cache big_body writer_lock)

bench: ## speed, memory and disk, a line for each goal; then what each language adds
	@cbuild/deps.sh bench
	@cargo bench --quiet --locked --no-fail-fast $(BENCHES)
	@$(MAKE) --no-print-directory bench-bindings

bench-quick: ## the same with smaller numbers and fewer rounds, in two minutes, and without the languages
	@cbuild/deps.sh bench
	@echo 'quick: smaller numbers and fewer rounds than make bench'
	@cargo bench --quiet --locked --no-fail-fast $(BENCHES) -- quick

check-style: ## rustfmt and clippy, with and without features
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets --no-default-features -- -D warnings

# The example of README.md, compiled and run.
check-readme: library
	@cbuild/check_readme.sh $(CC) $(HTTPCACHE_CFLAGS) $(HTTPCACHE_LIBS)
