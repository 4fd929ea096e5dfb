#!/bin/sh
# Puts into a corpus what reaches places that its seeds do not reach, the shortest inputs of those that were found.
# Large ones, and what is more than 60 in all, stay where they were found.
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
# shellcheck disable=SC2045 # the names are digests, and those of seeds
for input in $(ls -Sr "$merged"); do
    room=$((most - $(find "$corpus" -type f | wc -l)))
    size=$(wc -c <"$merged/$input")
    if [ $room -le 0 ] || [ "$size" -gt $most_bytes ]; then break; fi
    [ -e "$corpus/$input" ] || cp "$merged/$input" "$corpus/found-$(echo "$input" | cut -c 1-12)"
done
echo "$target: $(find "$corpus" -type f | wc -l) inputs, $(cat "$corpus"/* | wc -c) bytes"
