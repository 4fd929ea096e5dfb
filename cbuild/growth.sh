#!/bin/sh
# Runs a test program under callgrind, which counts the instructions of `growth_measured` (tests/support/growth.rs).
#
#   cbuild/growth.sh PROGRAM [ARGUMENT...]
set -eu

GROWTH_DUMPS=$(mktemp -d)
export GROWTH_DUMPS
trap 'rm -rf "$GROWTH_DUMPS"' EXIT
valgrind --quiet --tool=callgrind --callgrind-out-file="$GROWTH_DUMPS/dump" \
    --toggle-collect=growth_measured --dump-after=growth_measured "$@"
