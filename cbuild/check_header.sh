#!/bin/sh
# Is the header complete by itself, may it be included twice, and is it C99 and C++11?
set -eu

cd "$(dirname "$0")/.."
strict='-Wall -Wextra -Wpedantic -Werror -pedantic-errors -fsyntax-only -Iinclude'
twice='#include <httpcache.h>
#include <httpcache.h>
'
for standard in c99 c11 c17; do
    echo "$standard"
    # shellcheck disable=SC2086 # several flags in one word
    printf '%s' "$twice" | ${CC:-cc} -std=$standard $strict -x c -
done
for standard in c++11 c++17 c++20; do
    echo "$standard"
    # shellcheck disable=SC2086
    printf '%s' "$twice" | ${CXX:-c++} -std=$standard $strict -x c++ -
done
