# What shows that it works: the demo, the tests, the style, the speed.

.PHONY: deps demo test test-full growth growth-times bench bench-quick check-style check-readme

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

GROWTH := cargo test --quiet --locked --release --test linear

growth: ## how the work of reading a field grows with its length, in instructions
	@$(GROWTH) --test url_rules --config 'target."cfg(all())".runner="cbuild/growth.sh"' -- --test-threads=1

# The longest of all, over the 10 ms that 1 MiB may take.
growth-times:
	@rm -f build/growth && mkdir -p build
	@GROWTH_TIMES=$(CURDIR)/build/growth $(GROWTH) -- --test-threads=1 >build/growth.log
	@sort -n build/growth | tail -n 1 | awk '{ printf "L1 %.2f (target 1.0) %s\n", $$1 / 1e7, $$2 }'

BENCHES := $(addprefix --bench ,hit key store threads size large_cache big_body writer_lock)

bench: ## speed, memory and disk, a line for each goal; then what each language adds
	@cbuild/deps.sh bench
	@cargo bench --quiet --locked --no-fail-fast $(BENCHES)
	@$(MAKE) --no-print-directory growth-times
	@$(MAKE) --no-print-directory bench-bindings

bench-quick: ## the same with smaller numbers and fewer rounds, in two minutes, and without the languages
	@cbuild/deps.sh bench
	@echo 'quick: smaller numbers and fewer rounds than make bench'
	@cargo bench --quiet --locked --no-fail-fast $(BENCHES) -- quick

check-style: ## rustfmt and clippy, with and without features
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --test linear --test url_rules -- -D warnings
	cargo clippy --locked --all-targets --no-default-features -- -D warnings

# The example of README.md, compiled and run.
check-readme: library
	@cbuild/check_readme.sh $(CC) $(HTTPCACHE_CFLAGS) $(HTTPCACHE_LIBS)
