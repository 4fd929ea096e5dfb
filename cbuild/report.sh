#!/bin/sh
# Writes the result of the tests as a page: when, of what, on what kind of machine, and each step.
#
#   cbuild/report.sh RESULTS SUM
set -eu

version_of() {
    "$@" 2>&1 | sed -n '1p'
}

commit=$(git rev-parse --short HEAD)
if [ -n "$(git status --porcelain --untracked-files=no)" ]; then commit="$commit and changes that are not committed"; fi

cat <<PAGE
# Test report

Written by \`make test-full\`.

| | |
|---|---|
| date | $(date -u +%Y-%m-%d) |
| commit | $commit |
| result | $2 |
| processors | $(getconf _NPROCESSORS_ONLN), $(uname -m) |
| system | $(uname -s) $(uname -r | cut -d . -f 1-2), $(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME-}") |
| Rust | $(version_of rustc --version) |
| C | $(version_of "${CC:-cc}" --version) |
| C++ | $(version_of "${CXX:-c++}" --version) |
| libcurl | $(pkg-config --modversion libcurl) |
| valgrind | $(version_of valgrind --version) |

| step | passed | failed | seconds |
|---|---:|---:|---:|
PAGE
sed 's/^\([^ ]*\) \([^ ]*\) \([^ ]*\) \([^ ]*\)$/| \1 | \2 | \3 | \4 |/' "$1"
