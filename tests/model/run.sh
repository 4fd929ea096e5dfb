#!/bin/sh
# Runs N generated cases through the engine, over a cache on disk, and compares each with the model.
#
#   tests/model/run.sh N [SEED]
#
# For each kind of disagreement a minimal scenario is printed; the last line is "N passed, N failed".
set -eu

cd "$(dirname "$0")/../.."
count=${1:?how many cases}
seed=${2:-1}
cargo build --quiet --locked --example scenarios
exec "${PYTHON:-python3}" tests/model/run.py "${CARGO_TARGET_DIR:-target}/debug/examples/scenarios" "$count" "$seed"
