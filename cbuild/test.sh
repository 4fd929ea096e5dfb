#!/bin/sh
# Runs all tests. One line for each step; what a step wrote is in build/test/STEP.log and is shown if it
# failed. The last line is the sum, "N passed, N failed"; the exit status is 0 only if every step has run and
# nothing failed.
#
#   cbuild/test.sh [REPORT]
#
# REPORT is a file that gets the result with its date and the kind of machine.
set -eu

cd "$(dirname "$0")/.."
report=${1-}
logs=build/test
results=$logs/results
make=${MAKE:-make}
# Seconds after which a step has hung. A report is of the longer run: what is repeated is repeated ten times as
# often, and what is generated ten times as much.
limit=600
if [ -n "$report" ]; then
    limit=3600
    export FULL=1 PROPTEST_CASES=2560
fi

# What was given to the make that runs this is not meant for those that it runs.
unset MAKEFLAGS MAKELEVEL MFLAGS || true

rm -rf $logs
mkdir -p $logs
: >$results
export HC_TEST_COUNTS="$PWD/$logs/counts"

# Every step there is: one that is not among the results did not run.
steps='deps style header-current rust rust-without-fetch growth library header symbols version paths c c++
c-asan c-valgrind install readme demo-nginx demo-python3 cpp cpp-style go go-style ruby ruby-style python
python-style polyglot model mutants proxy conformance conformance-renamed'
if [ -n "$report" ]; then steps="$steps fuzz"; fi

# How a step is counted: `check` is one test, the others say how many they ran, each in its own words. What was
# skipped has failed: nothing is to be skipped here.
count() { # KIND LOG
    case $1 in
        cargo) sed -n 's/^test result: [A-Za-z]*\. \([0-9]*\) passed; \([0-9]*\) failed.*/\1 \2/p' "$2" ;;
        c) sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$2" | tail -n 1 ;;
        # Each program that ran says so.
        programs) sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$2" ;;
        minitest)
            sed -n 's/^\([0-9]*\) runs, .* \([0-9]*\) failures, \([0-9]*\) errors, \([0-9]*\) skips$/\1 \2 \3 \4/p' "$2" |
                awk '{ failed = $2 + $3 + $4; print $1 - failed, failed }'
            ;;
        pytest)
            tail -n 1 "$2" | tr -d '=' | tr ',' '\n' | awk '
                $2 == "passed" { passed = $1 }
                $2 ~ /^(failed|error|errors|skipped|xfailed|xpassed)$/ { failed += $1 }
                END { print passed + 0, failed + 0 }'
            ;;
    esac | awk '{ passed += $1; failed += $2 } END { print passed + 0, failed + 0 }'
}

step() { # NAME KIND COMMAND...
    name=$1 kind=$2 log=$logs/$1.log
    shift 2
    start=$(date +%s)
    timeout -k 10 $limit "$@" </dev/null >"$log" 2>&1 &
    echo $! >"$logs/$name.pid"
    status=0
    wait $! || status=$?
    rm -f "$logs/$name.pid"
    seconds=$(($(date +%s) - start))
    # shellcheck disable=SC2046 # two numbers
    set -- $(count "$kind" "$log")
    passed=$1 failed=$2
    if [ "$kind" = check ] && [ $status -eq 0 ]; then passed=1; fi
    # A step that ends badly before it counts, or that counts nothing, has failed.
    if [ "$failed" -eq 0 ] && { [ $status -ne 0 ] || [ "$passed" -eq 0 ]; }; then failed=1; fi
    [ $status -ne 124 ] || echo "stopped after $limit seconds" >>"$log"
    echo "$name $passed $failed $seconds" >>$results
    printf '%-20s %5d passed %3d failed %5d s\n' "$name" "$passed" "$failed" "$seconds"
    [ "$failed" -eq 0 ]
}

stop_all() {
    # shellcheck disable=SC2046,SC2086 # several process ids
    kill $lanes $(cat $logs/*.pid 2>/dev/null) 2>/dev/null || true
    wait
}
lanes=
trap 'stop_all; exit 1' HUP INT TERM

# cargo keeps what it builds for tests and for release apart, so the two lanes do not wait for one another.
# valgrind runs the programs that the step before it compiled in the other lane, and takes longest.
rust_lane() {
    step rust cargo cargo test --locked --no-fail-fast || true
    step rust-without-fetch cargo cargo test --locked --no-fail-fast --no-default-features || true
    step growth cargo "$make" growth || true
    step header-current check "$make" header-check || true
    step style check "$make" check-style || true
    until has_run c || [ -e $logs/c-lane-ended ]; do sleep 1; done
    has_run c || return 0
    step c-valgrind c "$make" ctest-valgrind || true
}

# All that needs no more than the library and a C compiler.
c_lane() {
    step header check cbuild/check_header.sh || true
    step paths check cbuild/check_paths.sh || true
    step library check "$make" library || return 0
    step symbols check tests/abi/check_symbols.sh build/lib/libhttpcache.so || true
    step version check cbuild/check_version.sh || true
    step install check cbuild/check_install.sh || true
    step readme check "$make" check-readme || true
    step demo-nginx check "$make" demo SERVER=nginx || true
    step demo-python3 check "$make" demo SERVER=python3 || true
    step c c "$make" ctest || true
    step c++ c "$make" ctest-cxx || true
    step c-asan c "$make" ctest-asan || true
}

# The bindings, by two and two. The library is there.
first_lane() {
    step cpp c "$make" test-cpp || true
    step cpp-style check "$make" lint-cpp || true
    step ruby minitest "$make" test-ruby || true
    step ruby-style check "$make" lint-ruby || true
}

second_lane() {
    step go c "$make" test-go || true
    step go-style check "$make" lint-go || true
    step python pytest "$make" test-python || true
    step python-style check "$make" lint-python || true
    step model c "$make" test-model || true
}

# Programs of five languages keep both processors busy by themselves, and the suite of caches measures time: they are
# disturbed by whatever runs beside them.
alone() {
    step polyglot check "$make" polyglot || true
    step mutants c "$make" test-mutants || true
    step proxy programs "$make" hc-proxy-check || true
    step conformance check "$make" conformance || true
    step conformance-renamed check "$make" conformance-renamed || true
    [ -z "$report" ] || step fuzz check "$make" fuzz || true
}

has_run() {
    grep -q "^$1 " $results
}

if step deps check cbuild/deps.sh test; then
    rust_lane &
    lanes=$!
    { c_lane; : >$logs/c-lane-ended; } &
    lanes="$lanes $!"
    # shellcheck disable=SC2086 # two process ids
    wait $lanes
    if has_run library; then
        first_lane &
        lanes=$!
        second_lane &
        lanes="$lanes $!"
        # shellcheck disable=SC2086 # two process ids
        wait $lanes
        alone
    fi
fi

for name in $steps; do
    if ! has_run "$name"; then
        echo "did not run" >"$logs/$name.log"
        echo "$name 0 1 0" >>$results
        printf '%-20s did not run\n' "$name"
    fi
done

while read -r name _ failed _; do
    if [ "$failed" -ne 0 ]; then
        printf '\n==== %s ====\n' "$name"
        cat "$logs/$name.log"
    fi
done <$results

# What the sums above are made of, where that is not seen.
scenarios=$(sed -n '/Running tests.*scenarios/,/^test result/s/^test result: [A-Za-z]*\. \([0-9]*\) passed.*/\1/p' $logs/rust.log | head -n 1)
verdicts=$(sed -n 's/^\(shared\|private\): /\1 /p' $logs/conformance.log 2>/dev/null | tail -n 2)
printf '\n%s scenarios in Rust and again in C; %s generated cases against the model\n' \
    "${scenarios:-0}" "$(awk '$1 == "model" { print $2 }' $results)"
for seed in 000 002; do
    echo "seed $seed: $(sed -n "s/^test seed-$seed-\([a-z0-9-]*\) ... ok$/\1/p" $logs/rust.log | sort -u | tr '\n' ' ')"
done
sort -u "$HC_TEST_COUNTS" 2>/dev/null || true
[ -z "$verdicts" ] || echo "$verdicts"

sum=$(awk '{ passed += $2; failed += $3 } END { printf "%d passed, %d failed", passed, failed }' $results)
if [ -n "$report" ]; then
    # Written aside first: the report says whether all is committed, and is committed itself.
    cbuild/report.sh $results "$sum" >$logs/report
    cp $logs/report "$report"
fi
echo "$sum"
! grep -qv '^[^ ]* [0-9]* 0 ' $results
