#!/bin/sh
# Runs the tests with the race detector and adds up. Each test and subtest is one line "--- PASS" or "--- FAIL"; one
# that was skipped has failed, and so has a run that counts nothing.
#
#   test.sh GO [arguments of go test...]
set -u

go=$1
shift
output=$(mktemp) || exit 2
trap 'rm -f "$output"' EXIT
trap 'exit 130' INT TERM

case $("$go" env GOVERSION) in
    go1.19* | go1.20*) export GODEBUG=cgocheck=2 ;;
    *) export GOEXPERIMENT=cgocheck2 ;;
esac

"$go" test -race -count=1 -v "$@" ./... >"$output" 2>&1
status=$?
cat "$output"
passed=$(grep -c '^ *--- PASS: ' "$output")
failed=$(grep -c '^ *--- \(FAIL\|SKIP\): ' "$output")
[ "$status" -eq 0 ] || [ "$failed" -ne 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
