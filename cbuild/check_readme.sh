#!/bin/sh
# Compiles and runs the C example of README.md, as it stands there, twice: a miss, then a hit.
#
#   cbuild/check_readme.sh COMPILER FLAGS...
set -eu

cd "$(dirname "$0")/.."
. cbuild/server.sh
scratch=$(mktemp -d "${TMPDIR:-/tmp}/httpcache-readme.XXXXXX")
trap 'stop_server; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$scratch/www"
cp include/httpcache.h "$scratch/www/page"

awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md >"$scratch/example.c"
lines=$(wc -l <"$scratch/example.c")
if [ "$lines" -eq 0 ] || [ "$lines" -ge 25 ]; then
    echo "check_readme: the example has $lines lines; it is to have less than 25, and some" >&2
    exit 1
fi
compiler=$1
shift
"$compiler" -std=c99 -Wall -Wextra -Wpedantic -Werror "$scratch/example.c" -o "$scratch/example" "$@"

start_server python3 "$scratch"
size=$(wc -c <"$scratch/www/page")
cd "$scratch"
for wanted in "200, $size bytes, from the origin" "200, $size bytes, from the cache"; do
    said=$(./example "$server_url/page")
    echo "$said"
    if [ "$said" != "$wanted" ]; then
        echo "check_readme: it was to say: $wanted" >&2
        exit 1
    fi
done
