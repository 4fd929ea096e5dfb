# Fuzzing, from the root of the project.
#
#   fuzz             each target for FUZZ_SECONDS, from its corpus; what is new stays in build/fuzz/found
#   fuzz-minimise    the found inputs that add something, into the corpora
#
# FUZZ_TARGETS="url range" is of these alone. A finding is build/fuzz/artifacts/TARGET/...; the log says how to run
# it again. cargo-fuzz needs switches that rustc keeps for nightly compilers: RUSTC_BOOTSTRAP lets a stable one have
# them.

FUZZ_TARGETS ?= cache_control dates etag_lists exchange range record structured url vary
FUZZ_SECONDS ?= 60
FUZZ_MAX_LEN ?= 1024
CARGO_FUZZ := build/cargo-fuzz/bin/cargo-fuzz
FUZZ := RUSTC_BOOTSTRAP=1 PATH="$(CURDIR)/build/cargo-fuzz/bin:$$PATH" CARGO_TARGET_DIR=$(CURDIR)/build/fuzz/target \
	TMPDIR=$(CURDIR)/build/fuzz/tmp cargo fuzz

.PHONY: fuzz fuzz-build fuzz-minimise

fuzz: fuzz-build ## look for inputs that break what holds of any (FUZZ_SECONDS=60 FUZZ_TARGETS=...)
	@failed=0; for target in $(FUZZ_TARGETS); do \
		tests/fuzz/run.sh $$target $(FUZZ_SECONDS) $(FUZZ_MAX_LEN) || failed=1; \
	done; rm -rf build/fuzz/tmp; exit $$failed

fuzz-build: $(CARGO_FUZZ)
	@$(FUZZ) build --fuzz-dir tests/fuzz

$(CARGO_FUZZ):
	cargo install --quiet --locked --root build/cargo-fuzz cargo-fuzz

fuzz-minimise: fuzz-build
	@for target in $(FUZZ_TARGETS); do tests/fuzz/minimise.sh $$target; done
