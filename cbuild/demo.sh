#!/bin/sh
# Shows the cache at work between a C program and a web server that is not ours. Succeeds only if each
# request went as it had to. `make demo` builds the program.
#
#   cbuild/demo.sh PROGRAM [nginx | python3]
set -eu

cd "$(dirname "$0")/.."
. cbuild/server.sh

program=$1
kind=${2-}
if [ -z "$kind" ]; then
    kind=python3
    if command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; then kind=nginx; fi
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/httpcache-demo.XXXXXX")
trap 'stop_server; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# The workers of an nginx that root started run as a user of their own.
chmod 755 "$scratch"
mkdir "$scratch/www"
page=$scratch/www/page

# A file with a validator: its time is said, so that the change below is one whatever the clock's grain.
put_page() { # FILE TIME
    cp "$1" "$page"
    touch -d "$2" "$page"
    chmod 644 "$page"
}

cache=build/demo-cache
rm -rf "$cache"
hour=3600

ask() { # SECONDS (WORD URL FILE REMARK)...
    "$program" "$cache" "$@"
}

put_page include/httpcache.h '2026-01-01 00:00:00'
start_server "$kind" "$scratch"
url=$server_url/page

echo "$url, served by $kind; fresh for an hour, stale if the server fails"
echo 'the clock of the cache is set forward, that of the server is not: the age counts the difference'
printf '%-12s %6s %9s %9s %11s\n' '' status bytes age time
ask 0 MISS "$url" "$page" 'fetched and stored' HIT "$url" "$page" 'same process'
ask 0 HIT "$url" "$page" 'another process, same cache'
ask $((2 * hour)) REVALIDATED "$url" "$page" 'two hours later: the server says 304'
put_page Cargo.lock '2026-02-01 00:00:00'
ask $((4 * hour)) MISS "$url" "$page" 'the file has changed: the server says 200'
stop_server
ask $((6 * hour)) STALE "$url" "$page" 'the server is stopped'
ask $((6 * hour))

statuses=$(server_statuses)
if [ "$statuses" != '200 304 200' ]; then
    echo "demo: the server was to answer 200, 304 and 200, and did answer: $statuses" >&2
    exit 1
fi
