#!/bin/sh
# Does anything that is committed name a directory of the machine it was written on?
set -eu

cd "$(dirname "$0")/.."
found=0
# A host before it makes it a path of a URL.
if git grep -nE '(^|[^A-Za-z0-9.])/(root|home|Users)/[A-Za-z0-9._-]'; then found=1; fi
for directory in "$PWD" "${HOME-}"; do
    case $directory in
        '' | /) ;;
        *) if git grep -nF "$directory/"; then found=1; fi ;;
    esac
done
exit $found
