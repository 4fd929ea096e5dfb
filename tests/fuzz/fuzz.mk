# Fuzzing, from the root of the project. Included by its Makefile.
#
#   fuzz             each target for FUZZ_SECONDS, from its corpus; what is new stays in build/fuzz/found
#   fuzz-minimise    of what was found, what reaches new places, into the corpora
#
# FUZZ_TARGETS="url range" is of these alone. A finding is build/fuzz/artifacts/TARGET/...; the log beside says how
# to run it again.

FUZZ_TARGETS ?= cache_control content dates etag_lists exchange range record structured url vary
FUZZ_SECONDS ?= 60
FUZZ_MAX_LEN ?= 1024
CARGO_FUZZ := build/cargo-fuzz/bin/cargo-fuzz

.PHONY: fuzz fuzz-build fuzz-minimise

fuzz: fuzz-build ## look for inputs that break what holds of any (FUZZ_SECONDS=60 FUZZ_TARGETS=...)
	@failed=0; for target in $(FUZZ_TARGETS); do \
		tests/fuzz/run.sh $$target $(FUZZ_SECONDS) $(FUZZ_MAX_LEN) || failed=1; \
	done; exit $$failed

# The sanitizer and the coverage are switches that rustc keeps for nightly compilers; RUSTC_BOOTSTRAP lets the stable
# one have them.
fuzz-build: $(CARGO_FUZZ)
	@RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=build/fuzz/target $(CARGO_FUZZ) build --fuzz-dir tests/fuzz

$(CARGO_FUZZ):
	cargo install --quiet --locked --root build/cargo-fuzz --target-dir build/fuzz/target cargo-fuzz

fuzz-minimise: fuzz-build
	@for target in $(FUZZ_TARGETS); do tests/fuzz/minimise.sh $$target || exit 1; done
