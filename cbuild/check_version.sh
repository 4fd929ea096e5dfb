#!/bin/sh
# The version stands in Cargo.toml. Does everything that carries one agree with it?
set -eu

cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
failed=0

agree() { # WHAT IT-SAYS [INSTEAD-OF-VERSION]
    wanted=${3-$version}
    if [ "$2" = "$wanted" ]; then
        echo "$1: $2"
    else
        echo "check_version: $1 says '$2', and Cargo.toml '$wanted'" >&2
        failed=1
    fi
}

major=${version%%.*} rest=${version#*.}
minor=${rest%%.*} patch=${rest#*.}
abi=$major
if [ "$major" -eq 0 ]; then abi=$major.$minor; fi

agree Cargo.lock "$(sed -n '/^name = "httpcache"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)"
agree HC_VERSION "$(sed -n 's/^#define HC_VERSION "\(.*\)"$/\1/p' include/httpcache.h)"
agree HC_VERSION_NUMBER "$(sed -n 's/^#define HC_VERSION_NUMBER \(0x[0-9a-f]*\).*/\1/p' include/httpcache.h)" \
    "$(printf '0x%02x%02x%02x' "$major" "$minor" "$patch")"
agree CHANGELOG.md "$(sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md | head -n 1)"
agree pyproject.toml "$(sed -n 's/^version = "\(.*\)"$/\1/p' bindings/python/pyproject.toml)"
agree 'the Ruby gem' "$(sed -n "s/^ *VERSION = '\(.*\)'$/\1/p; s/^ *VERSION = '\(.*\)'\.freeze$/\1/p" bindings/ruby/lib/httpcache/version.rb)"
agree 'the library is named' "$(objdump -p build/lib/libhttpcache.so | sed -n 's/^ *SONAME *//p')" \
    "libhttpcache.so.$abi"
exit $failed
