#!/bin/sh
# Plants faults in a copy of the engine below build/mutants, one at a time; the model must catch each.
#
#   tests/model/mutants.sh [NAME...]
#
# One line for each; the last line is "N passed, N failed".
set -eu

cd "$(dirname "$0")"
exec "${PYTHON:-python3}" mutants.py "$@"
