#!/bin/sh
# Puts into a corpus what was found and reaches places that its seeds do not reach, up to 60 inputs in all. Large ones
# stay where they were found.
#
#   tests/fuzz/minimise.sh TARGET
set -eu

cd "$(dirname "$0")/../.."
target=$1
out=build/fuzz
most=60
most_bytes=1000
corpus=tests/fuzz/corpora/$target
program=$(echo $out/target/*/release/"$target")
merged=$out/merged/$target
TMPDIR=$PWD/$out/tmp.$$
export TMPDIR

rm -rf "$merged"
mkdir -p "$merged" "$TMPDIR" "$out/found/$target"
trap 'rm -rf "$TMPDIR"' EXIT
# What is committed stays: only what it lacks is looked for.
cp "$corpus"/* "$merged"
"$program" -merge=1 "$merged" "$out/found/$target" >"$out/$target.merge.log" 2>&1
find "$merged" -type f -size "-$((most_bytes + 1))c" -printf '%s %f\n' | sort -n | cut -d ' ' -f 2 |
    while read -r input; do [ -e "$corpus/$input" ] || echo "$input"; done >"$merged.new"
room=$((most - $(find "$corpus" -type f | wc -l)))
new=$(wc -l <"$merged.new")
# Of all sizes some: the short ones reach most, the long ones what only several things together reach.
if [ $room -gt 0 ] && [ "$new" -gt 0 ]; then
    awk -v every=$(((new + room - 1) / room)) 'NR % every == 0' "$merged.new" | while read -r input; do
        cp "$merged/$input" "$corpus/found-$(echo "$input" | cut -c 1-12)"
    done
fi
echo "$target: $(find "$corpus" -type f | wc -l) inputs, $(cat "$corpus"/* | wc -c) bytes"
