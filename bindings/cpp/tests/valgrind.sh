#!/bin/sh
# Runs the program CPP_VALGRIND under valgrind.
export SLOW=1
exec valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
    --show-leak-kinds=definite "$CPP_VALGRIND"
