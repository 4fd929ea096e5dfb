"""What a hit costs in each language, as a ratio to C in the same run.

    overhead.py NAME=COMMAND...

The first program is the reference. All take turns, so that the machine's moods hit them alike; the median of the rounds
is shown. CPU time; a body of 1 KiB.
"""

import statistics
import sys
import tempfile

from fleet import Failure, Program, Server, parse

ROUNDS = 15
HITS = {"C": 20_000, "C++": 20_000, "Go": 20_000}
FEWER = 2_000


def measure(programs, url):
    for program in programs:
        program.ask(f"get {url}")
        program.ask(f"hits {url} {FEWER}")
    costs = {program.name: [] for program in programs}
    for _ in range(ROUNDS):
        for program in programs:
            count, nanoseconds = program.ask(f"hits {url} {HITS.get(program.name, FEWER)}")
            costs[program.name].append(int(nanoseconds) / int(count))
    return costs


def main(arguments):
    commands = parse(arguments)
    with tempfile.TemporaryDirectory(prefix="httpcache-overhead-") as directory:
        server = Server(directory)
        programs = []
        try:
            server.start()
            server.put("page.txt", bytes(1024 - 9))
            for name, command in commands.items():
                programs.append(Program(name, command, f"{directory}/cache"))
            costs = measure(programs, f"{server.url}/page.txt")
        except Failure as failure:
            print(f"overhead: {failure}", file=sys.stderr)
            return 1
        finally:
            for program in programs:
                program.kill()
            server.stop()
    reference = costs[programs[0].name]
    print(f"{'a hit of 1 KiB':18}{'ns of CPU':>12}{'ratio to ' + programs[0].name:>16}")
    for name, own in costs.items():
        ratio = statistics.median(mine / base for mine, base in zip(own, reference))
        print(f"{name:18}{statistics.median(own):>12.0f}{ratio:>16.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
