#!/bin/sh
# Checks that a shared library exports exactly the functions of symbols.txt, and that the header declares
# exactly these.
#
#   check_symbols.sh LIBRARY [HEADER]

here=$(dirname "$0")
library=${1:?usage: check_symbols.sh LIBRARY [HEADER]}
header=${2:-$here/../../include/httpcache.h}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/httpcache-symbols-XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT

sed -e '/^#/d' -e '/^$/d' "$here/symbols.txt" >"$scratch/list"
if grep -v -q -E '^hc_[a-z_0-9]+ [0-9]+\.[0-9]+$' "$scratch/list"; then
    echo "FAILED check_symbols: a line of symbols.txt is not a name and a version"
    exit 1
fi
cut -d ' ' -f 1 "$scratch/list" | LC_ALL=C sort >"$scratch/promised"
if [ -n "$(uniq -d "$scratch/promised")" ]; then
    echo "FAILED check_symbols: symbols.txt has a name twice"
    exit 1
fi

nm -D --defined-only "$library" >"$scratch/nm" || exit 2
awk '{ print $NF }' "$scratch/nm" | sed 's/@.*//' | LC_ALL=C sort -u >"$scratch/exported"

# A declaration is a name before a parenthesis, outside of comments and typedefs.
"${CC:-cc}" -E -P "$header" | tr '\n' ' ' | tr ';' '\n' | grep -v typedef |
    grep -o 'hc_[a-z_0-9]* *(' | tr -d ' (' | LC_ALL=C sort -u >"$scratch/declared"

status=0
# compare what file-a file-b: lines only in a
only_in() {
    LC_ALL=C comm -23 "$2" "$3" >"$scratch/only"
    if [ -s "$scratch/only" ]; then
        while read -r name; do
            echo "FAILED check_symbols: $name $1"
        done <"$scratch/only"
        status=1
    fi
}
only_in "is exported and not in symbols.txt" "$scratch/exported" "$scratch/promised"
only_in "is in symbols.txt and not exported" "$scratch/promised" "$scratch/exported"
only_in "is declared and not in symbols.txt" "$scratch/declared" "$scratch/promised"
only_in "is in symbols.txt and not declared" "$scratch/promised" "$scratch/declared"
if [ "$status" -eq 0 ]; then
    echo "ok check_symbols: $(wc -l <"$scratch/promised" | tr -d ' ') functions"
    echo "1 passed, 0 failed"
else
    echo "0 passed, 1 failed"
fi
exit "$status"
