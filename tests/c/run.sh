#!/bin/sh
# Runs test programs, shows what each prints, and adds up how many tests passed and failed.
#
#   run.sh [-t seconds] [-w "command before each program"] program...
#
# A program that dies, hangs, or prints no count has failed. SLOW=1 tells the programs to do less,
# FULL=1 to repeat more.
# FAULT_LIBRARY and ORIGIN name what kill, full and fetch need.

limit=300
[ "${FULL-}" != 1 ] || limit=3000
wrapper=
while getopts t:w: option; do
    case $option in
    t) limit=$OPTARG ;;
    w) wrapper=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

output=$(mktemp "${TMPDIR:-/tmp}/httpcache-run-XXXXXX") || exit 2
trap 'rm -f "$output"' EXIT
trap 'exit 130' INT TERM

passed=0
failed=0
for program in "$@"; do
    # $wrapper is a command with arguments.
    # shellcheck disable=SC2086
    timeout -k 10 "$limit" $wrapper "$program" >"$output" 2>&1
    status=$?
    printf '== %s\n' "${program##*/}"
    cat "$output"
    last=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$output")
    here_passed=${last%% *}
    here_failed=${last##* }
    if [ -z "$last" ]; then
        # Tools print after the last line of the program.
        last=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$output" | tail -n 1)
        here_passed=${last%% *}
        here_failed=${last##* }
    fi
    # What valgrind says of a child that was forked is in no exit status.
    if grep -q '^==[0-9][0-9]*== ' "$output"; then
        status=9
    fi
    if [ -z "$last" ] || { [ "$status" -ne 0 ] && [ "$here_failed" -eq 0 ]; }; then
        printf 'FAILED %s: it ended with status %d\n' "${program##*/}" "$status"
        here_passed=${here_passed:-0}
        here_failed=$((${here_failed:-0} + 1))
    fi
    passed=$((passed + here_passed))
    failed=$((failed + here_failed))
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
