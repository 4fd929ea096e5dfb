"""Programs of several languages on one cache and one web server.

    polyglot.py NAME=COMMAND...

Prints who stored and who was served, and exits with 0 only if all of it is right.
"""

import random
import sys
import tempfile
import time
import zlib

from fleet import Failure, Program, Server, parse

SECONDS = 5
FILES = 40


class Table:
    """One row for each that did something, one column for each that was served."""

    def __init__(self, title, names):
        self.names = names
        print(f"\n{title}")
        print(f"{'':18}" + "".join(f"{name:>24}" for name in names))

    def row(self, title, cells):
        shown = (f"{source} {micros:>6} us" for source, micros in cells)
        print(f"{title:18}" + "".join(f"{cell:>24}" for cell in shown), flush=True)


def check(who, answer, source, content):
    """Checks one answer; gives what the table shows of it."""
    came, status, length, crc, micros = answer
    wanted = (source, "200", str(len(content)), f"{zlib.crc32(content):08x}")
    if (came, status, length, crc) != wanted:
        raise Failure(f"{who}: {' '.join(answer[:4])} where {' '.join(wanted)} had to come")
    return source, micros


def one_row(programs, first, verb, source, url, content):
    """`first` asks, and what it got all others are served from the cache."""
    cells = {}
    cells[first.name] = check(first.name, first.ask(f"{verb} {url}"), source, content)
    for other in programs:
        if other is not first:
            cells[other.name] = check(other.name, other.ask(f"get {url}"), "HIT", content)
    return [cells[program.name] for program in programs]


def take_turns(programs, server, seed):
    names = [program.name for program in programs]
    generator = random.Random(seed)
    pages = {}

    def put(program):
        content = generator.randbytes(generator.randrange(1, 200_000))
        pages[program] = server.put(f"page-{program.name}", content)

    def rows(title, verb, source, statuses):
        table = Table(title, names)
        for program in programs:
            name = f"page-{program.name}"
            url = f"{server.url}/{name}"
            table.row(program.name, one_row(programs, program, verb, source, url, pages[program]))
            if server.statuses(name) != statuses:
                raise Failure(f"{name}: the server answered {server.statuses(name)}, not {statuses}")

    for program in programs:
        put(program)
    rows("stored by one, served to the others", "get", "MISS", [200])
    rows("revalidated by one: 304", "refresh", "REVALIDATED", [200, 304])
    for program in programs:
        put(program)
    rows("the file has changed; revalidated by one: 200", "refresh", "MISS", [200, 304, 200])


def all_at_once(programs, server, seed):
    print(f"\nall at once for {SECONDS} seconds, files changing meanwhile")
    generator = random.Random(seed)

    def put(number):
        server.put(f"run-{number}", generator.randbytes(generator.choice([0, 900, 9_000, 150_000])))

    for number in range(FILES):
        put(number)
    for number, program in enumerate(programs):
        program.tell(f"run {server.url}/run- {FILES} {SECONDS} {seed + number}")
    end = time.monotonic() + SECONDS
    changes = 0
    while time.monotonic() < end:
        put(generator.randrange(FILES))
        changes += 1
        time.sleep(0.02)
    print(f"{'':18}{'asked':>10}{'hits':>10}{'wrong':>10}{'errors':>10}")
    for program in programs:
        count, hits, wrong, errors = (int(number) for number in program.hear())
        print(f"{program.name:18}{count:>10}{hits:>10}{wrong:>10}{errors:>10}")
        if wrong or errors or not count or not hits:
            raise Failure(f"{program.name}: every body had to be right, and some to be hits")
    print(f"{changes} changes of files")


def main(arguments):
    commands = parse(arguments)
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="httpcache-polyglot-") as directory:
        server = Server(directory)
        programs = []
        try:
            server.start()
            for name, command in commands.items():
                programs.append(Program(name, command, f"{directory}/cache"))
            take_turns(programs, server, seed)
            all_at_once(programs, server, seed)
            for program in programs:
                program.end()
        except Failure as failure:
            print(f"polyglot: {failure}", file=sys.stderr)
            return 1
        finally:
            for program in programs:
                program.kill()
            server.stop()
    print(f"\n{len(programs)} languages on one cache: all is as it has to be")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
