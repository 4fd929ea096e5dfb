#!/bin/sh
# Runs one fuzz target, from what is committed and what was found before. The last lines of its log are shown; the
# exit status is that of the target.
#
#   tests/fuzz/run.sh TARGET SECONDS MOST_BYTES
set -eu

cd "$(dirname "$0")/../.."
target=$1 seconds=$2 most_bytes=$3
out=build/fuzz
program=$(echo $out/target/*/release/"$target")
mkdir -p "$out/found/$target" "$out/artifacts/$target"

# The caches of a target are directories there, and a target that is stopped leaves them.
TMPDIR=$PWD/$out/tmp.$$
export TMPDIR
mkdir "$TMPDIR"
trap 'rm -rf "$TMPDIR"' EXIT
status=0
"$program" "$out/found/$target" "tests/fuzz/corpora/$target" -artifact_prefix="$out/artifacts/$target/" \
    -max_total_time="$seconds" -max_len="$most_bytes" -timeout=10 -dict=tests/fuzz/words \
    -print_funcs=0 -print_final_stats=1 >"$out/$target.log" 2>&1 || status=$?

runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$target.log")
covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$out/$target.log" | tail -n 1)
found=$(find "$out/found/$target" -type f | wc -l)
echo "$target: ${runs:-?} runs in $seconds s, ${covered:-?} places reached, $found inputs found"
if [ $status -ne 0 ]; then
    grep -E 'panicked|left:|right:|ERROR|Test unit' "$out/$target.log" || tail -n 20 "$out/$target.log"
    echo "$target: $program ARTIFACT runs the finding again; $out/$target.log has the rest"
fi
exit $status
