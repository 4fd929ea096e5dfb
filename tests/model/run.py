"""Runs generated cases through the engine and compares.

    python3 run.py DRIVER N SEED

DRIVER reads scenarios, one a line, and prints `FAILED id: what` for each that is not as expected."""

import json
import re
import subprocess
import sys
import threading

import generate
import shrink

MOST_SHOWN = 25
"""Disagreements that are made small and shown, each of another kind."""

_FAILED = re.compile(r"FAILED (\S+): (.*)")
_RESULT = re.compile(r"test result: .* ([0-9]+) passed; ([0-9]+) failed")


class Broken(Exception):
    """The driver did not do what it is for."""


def play(driver, scenarios, flags=()):
    """Runs scenarios; returns how many passed and what failed, by id."""
    process = subprocess.Popen([driver, *flags, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    count, failures, result = 0, {}, None
    # The driver writes while it reads: what it writes goes to a thread of its own.
    reader = _Reader(process.stdout)
    try:
        for scenario in scenarios:
            process.stdin.write(json.dumps(scenario) + "\n")
            count += 1
    except BrokenPipeError:
        pass
    finally:
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
    for line in reader.lines():
        found = _FAILED.match(line)
        if found:
            failures[found.group(1)] = found.group(2)
        result = _RESULT.match(line) or result
    process.wait()
    if result is None:
        raise Broken("the driver ended without a result, status %d" % process.returncode)
    passed, failed = int(result.group(1)), int(result.group(2))
    if passed + failed != count:
        raise Broken("%d of %d cases were run" % (passed + failed, count))
    return passed, failed, failures


class _Reader:
    def __init__(self, stream):
        self._lines = []
        self._thread = threading.Thread(target=lambda: self._lines.extend(stream))
        self._thread.start()

    def lines(self):
        """All lines, once the stream has ended."""
        self._thread.join()
        return self._lines


def number_of(name):
    """The seed and the number in the id of a case."""
    _, seed, number = name.rsplit("-", 2)
    return seed, int(number)


def show(driver, failures):
    """Prints a minimal scenario for each kind of disagreement."""
    kinds = {}
    for name, message in failures.items():
        kinds.setdefault(shrink.kind_of(message), []).append(name)
    for kind, names in sorted(kinds.items(), key=lambda item: -len(item[1]))[:MOST_SHOWN]:
        print("\n%d times: %s" % (len(names), kind))
        scenario = generate.case(*number_of(names[0]))
        small, message = shrink.shrink(scenario, failures[names[0]], lambda some: play(driver, some)[2])
        print("  " + message)
        print("  " + json.dumps(small))
    if len(kinds) > MOST_SHOWN:
        print("\n... and %d other kinds" % (len(kinds) - MOST_SHOWN))


def main():
    driver, count, seed = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    try:
        passed, failed, failures = play(driver, generate.cases(seed, count))
        if failures:
            show(driver, failures)
    except Broken as why:
        print(why)
        passed, failed = 0, 1
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
