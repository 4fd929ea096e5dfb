#!/bin/sh
# Compiles the examples of the README with both compilers, as they stand there, and runs the first one twice against
# a web server that is not ours: a miss, then a hit.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
. cbuild/server.sh
scratch=$(mktemp -d "${TMPDIR:-/tmp}/httpcache-cpp-readme.XXXXXX")
trap 'stop_server; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "FAILED readme: $1"
    echo '0 passed, 1 failed'
    exit 1
}

awk -v directory="$scratch" '
    /^```cpp$/ { file = directory "/example" ++n ".cpp"; next }
    /^```$/ { file = ""; next }
    file { print > file }' "$here/README.md"
[ -e "$scratch/example4.cpp" ] || fail 'four examples are to be there'
[ "$(wc -l <"$scratch/example1.cpp")" -lt 25 ] || fail 'the first example is to have less than 25 lines'

mkdir "$scratch/www"
echo 'a page' >"$scratch/www/page"
start_server python3 "$scratch"
for compiler in "$CPP_CXX" "$CPP_CLANGXX"; do
    for n in 1 2 3 4; do
        # shellcheck disable=SC2086 # flags
        $compiler $CPP_FLAGS "$scratch/example$n.cpp" -o "$scratch/example$n" $CPP_LIBS || fail "example $n with $compiler"
    done
    rm -rf "$scratch/cache" "$scratch/another-cache" "$scratch/third-cache"
    for source in origin cache; do
        said=$(cd "$scratch" && ./example1 "$server_url/page")
        [ "$said" = "200, 7 bytes, from the $source" ] || fail "it said: $said"
    done
    said=$(cd "$scratch" && ./example2)
    [ "$said" = "$(printf 'forwarded\nstored: hello\nforwarded')" ] || fail "it said: $said"
    said=$(cd "$scratch" && ./example3)
    [ "$said" = "$(printf '01\n01\n1\n0 have new keys')" ] || fail "it said: $said"
    said=$(cd "$scratch" && ./example4)
    [ "$said" = "$(printf 'http://a.test/page, 18 bytes\nhttp://b.test/page\n110')" ] || fail "it said: $said"
done
echo 'ok readme'
echo '1 passed, 0 failed'
