#!/bin/sh
# Puts what cargo built where it is tested and installed from: the shared library under its versioned names,
# and a static library that has no public names but hc_*.
#
#   cbuild/stage.sh CARGO_OUTPUT_DIR STAGE_DIR SHARED_NAME SONAME
set -eu

from=$1 to=$2 shared=$3 soname=$4

mkdir -p "$to"
if cmp -s "$from/libhttpcache.so" "$to/$shared" && [ -f "$to/libhttpcache.a" ]; then
    exit 0
fi

objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT

# rustc's archive also holds the public names of LMDB (mdb_*) and of Rust. A program with an LMDB of its own
# would get one of the two, by the order of linking. So the archive becomes one object, of which only hc_*
# is seen; -d places what C calls common, which would stay public. Bitcode is left out: joined pieces of it
# are damaged bitcode, on which nm and ar then fail.
undefined=$(nm -D --defined-only "$from/libhttpcache.so" | sed -n 's/^.* T \(hc_[a-z_]*\)$/-u \1/p')
# shellcheck disable=SC2086 # each name is two words
ld -r -d --gc-sections $undefined -o "$objects/joined.o" "$from/libhttpcache.a"
objcopy --wildcard --keep-global-symbol='hc_*' -R .llvmbc -R .llvmcmd \
    "$objects/joined.o" "$objects/httpcache.o"
rm -f "$to/libhttpcache.a"
ar rcs "$to/libhttpcache.a" "$objects/httpcache.o"

rm -f "$to"/libhttpcache.so*
cp "$from/libhttpcache.so" "$to/$shared"
ln -s "$shared" "$to/$soname"
ln -s "$soname" "$to/libhttpcache.so"
