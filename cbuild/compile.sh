#!/bin/sh
# Runs cargo for the release library and has rustc write down what a program links besides the static one.
#
#   cbuild/compile.sh NATIVE_LIBS_FILE FEATURES
set -eu

# rustc says each time that it has written the file. Nobody asked; awk leaves that out and passes on cargo's
# status, which a pipe would lose.
{
    status=0
    cargo rustc --release --locked --lib --no-default-features --features "$2" \
        -- --print "native-static-libs=$1" 2>&1 || status=$?
    echo "status $status"
} | awk '
    /^status [0-9]+$/ { status = $2; next }
    /^note: native artifacts to link against have been written/ { is_note = 1; next }
    is_note && /^$/ { is_note = 0; next }
    { print; fflush() }
    END { exit status }'
