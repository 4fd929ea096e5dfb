#!/bin/sh
# Installs the library into a place of its own, moves that, and builds and runs a C program against it:
# through pkg-config and through CMake, with the shared and with the static library; and one in C++. Then
# removes it.
set -eu

cd "$(dirname "$0")/.."
cc=${CC:-cc}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/httpcache-install.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "check_install: $1" >&2
    exit 1
}

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)

# A directory of the kind that distributions have, so that the way up to the prefix is not always the same.
where="PREFIX=/opt/httpcache LIBDIR=/opt/httpcache/lib/any-linux-gnu"
# shellcheck disable=SC2086 # two words
"${MAKE:-make}" --no-print-directory install $where DESTDIR="$scratch/stage"
mv "$scratch/stage/opt/httpcache" "$scratch/moved"
libdir=$scratch/moved/lib/any-linux-gnu

[ "$(readlink "$libdir/libhttpcache.so")" = "$(objdump -p "$libdir/libhttpcache.so" | sed -n 's/^ *SONAME *//p')" ] ||
    fail 'libhttpcache.so is not a link to the name that is in the library'
others=$(nm -g --defined-only "$libdir/libhttpcache.a" | sed -n 's/^.* [A-Z] //p' | grep -v '^hc_' || true)
[ -z "$others" ] || fail "the static library has names that are not hc_*: $others"

run() { # PROGRAM, which says the version
    said=$(LD_LIBRARY_PATH="$libdir" "$1" "$scratch/cache-${1##*/}")
    [ "$said" = "$version" ] || fail "$1 said '$said', not '$version'"
}

echo 'through pkg-config'
export PKG_CONFIG_PATH="$libdir/pkgconfig"
[ "$(pkg-config --modversion httpcache)" = "$version" ] || fail 'httpcache.pc has another version'
flags='-std=c99 -Wall -Wextra -Werror'
# shellcheck disable=SC2046,SC2086 # several flags in one word
$cc $flags cbuild/smoke/smoke.c $(pkg-config --cflags --libs httpcache) -o "$scratch/shared"
run "$scratch/shared"
# shellcheck disable=SC2046,SC2086
$cc $flags cbuild/smoke/smoke.c \
    $(pkg-config --cflags --libs --static httpcache | sed 's/-lhttpcache/-l:libhttpcache.a/') -o "$scratch/static"
if objdump -p "$scratch/static" | grep -q 'NEEDED.*libhttpcache'; then
    fail 'the program with the static library needs the shared one'
fi
run "$scratch/static"

echo 'in C++'
# shellcheck disable=SC2046 # several flags in one word
"${CXX:-c++}" -std=c++17 -Wall -Wextra -Werror cbuild/smoke/smoke.cpp $(pkg-config --cflags --libs httpcache) \
    -o "$scratch/cpp"
run "$scratch/cpp"

echo 'through CMake'
cmake -S cbuild/smoke -B "$scratch/cmake" -DCMAKE_PREFIX_PATH="$scratch/moved" \
    -Dhttpcache_DIR="$libdir/cmake/httpcache" -DWANTED_VERSION="${version%.*}" >/dev/null
cmake --build "$scratch/cmake" >/dev/null
run "$scratch/cmake/smoke_httpcache"
run "$scratch/cmake/smoke_httpcache_static"

echo 'and away again'
mv "$scratch/moved" "$scratch/stage/opt/httpcache"
# shellcheck disable=SC2086 # two words
"${MAKE:-make}" --no-print-directory uninstall $where DESTDIR="$scratch/stage"
left=$(find "$scratch/stage" ! -type d)
[ -z "$left" ] || fail "uninstall left: $left"
