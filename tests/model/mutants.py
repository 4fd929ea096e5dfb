"""Plants faults in a copy of the engine, one at a time, and sees each caught by the model's cases.

    python3 mutants.py [NAME...]

A mutant is a file in mutants/: what it breaks, the file, the exact text and what takes its place. Text and
replacement may have several lines, each after its own `from:` or `to:`. A text that is not there exactly once
is a failure: the engine has changed, and the mutant has to follow it."""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import time

import generate

CHUNK, CHUNKS = 2000, 15
"""Cases are run a chunk after the other until one fails."""

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join(ROOT, "build", "mutants")
TREE = os.path.join(WORK, "tree")
TARGET = os.path.join(WORK, "target")
DRIVER = os.path.join(TARGET, "debug", "examples", "scenarios")
COPIED = ("Cargo.toml", "Cargo.lock", "build.rs", "src", "include", "cbuild", "tests")


class Mutant:
    """A planted fault."""

    def __init__(self, name, text):
        self.name = name
        parts = {"about": [], "file": [], "from": [], "to": []}
        for line in text.splitlines():
            key, _, value = line.partition(":")
            parts[key].append(value[1:] if value.startswith(" ") else value)
        self.about, self.file = parts["about"][0], parts["file"][0]
        self.old, self.new = "\n".join(parts["from"]), "\n".join(parts["to"])

    def plant(self):
        """Changes the copy; says what is wrong if it cannot."""
        path = os.path.join(TREE, self.file)
        if not os.path.exists(path):
            return "there is no %s" % self.file
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if text.count(self.old) != 1:
            return "its text is %d times in %s" % (text.count(self.old), self.file)
        _write(path, text.replace(self.old, self.new))
        return None

    def pull_up(self):
        """Restores the file."""
        shutil.copyfile(os.path.join(ROOT, self.file), os.path.join(TREE, self.file))


def _write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def mutants():
    """All mutants, by name."""
    folder = os.path.join(HERE, "mutants")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            yield Mutant(name, file.read())


def copy_tree():
    """Copies what the driver is built from, as new: cargo would take an older file for one that it has built."""
    shutil.rmtree(TREE, ignore_errors=True)
    for name in COPIED:
        source, target = os.path.join(ROOT, name), os.path.join(TREE, name)
        if os.path.isdir(source):
            shutil.copytree(source, target, copy_function=shutil.copyfile)
        else:
            os.makedirs(TREE, exist_ok=True)
            shutil.copyfile(source, target)
    # The driver links the Rust library alone.
    manifest = os.path.join(TREE, "Cargo.toml")
    with open(manifest, encoding="utf-8") as file:
        text = file.read()
    _write(manifest, re.sub(r"(?m)^crate-type = .*$", 'crate-type = ["rlib"]', text))


def build():
    """Builds the driver of the copy; returns what the compiler says if it fails."""
    environment = dict(os.environ, CARGO_TARGET_DIR=TARGET, CARGO_INCREMENTAL="1", CARGO_PROFILE_DEV_DEBUG="0",
                       RUSTFLAGS="-Awarnings")
    made = subprocess.run(["cargo", "build", "--quiet", "--locked", "--example", "scenarios"], cwd=TREE,
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return made.stdout if made.returncode else None


class Cases:
    """The cases, in chunks that are made when they are first needed."""

    def __init__(self, seed):
        self._source, self._chunks = generate.cases(seed, CHUNK * CHUNKS), []

    def chunk(self, at):
        """The chunk of that number."""
        while len(self._chunks) <= at:
            self._chunks.append([json.dumps(next(self._source)) + "\n" for _ in range(CHUNK)])
        return self._chunks[at]


def first_failure(driver, cases, chunks=CHUNKS):
    """The number of cases until one fails and what it says, or None where all pass."""
    for at in range(chunks):
        played = subprocess.run([driver, "--quiet", "-"], input="".join(cases.chunk(at)), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
        if played.returncode == 0:
            continue
        failures = re.findall(r"(?m)^FAILED \S+: (.*)$", played.stdout)
        return (at + 1) * CHUNK, failures[0] if failures else "the driver died"
    return None


def prepare(mutant):
    """Builds the driver with a mutant in it, and takes it aside; returns it, or what is wrong."""
    wrong = mutant.plant()
    if wrong is not None:
        return None, wrong
    said = build()
    mutant.pull_up()
    if said is not None:
        return None, "it does not compile\n" + said
    driver = os.path.join(WORK, mutant.name)
    shutil.copy2(DRIVER, driver)
    return driver, None


def judge(mutant, driver, wrong, cases):
    """Whether a mutant is caught; says so."""
    caught = False
    if driver is not None:
        found = first_failure(driver, cases)
        os.unlink(driver)
        caught = found is not None
        wrong = "%d cases: %s" % found if caught else "not caught by %d cases" % (CHUNK * CHUNKS)
    print("%s %s: %s (%s)" % ("ok" if caught else "FAILED", mutant.name, mutant.about, wrong), flush=True)
    return caught


def main():
    started = time.time()
    copy_tree()
    said = build()
    cases = Cases("mutants")
    found = None if said else first_failure(DRIVER, cases, 2)
    if said or found:
        print(said or "without a mutant the cases fail: %s" % found[1])
        print("0 passed, 1 failed")
        sys.exit(1)
    verdicts = []
    # While the cases of one are run, the next one is built.
    with concurrent.futures.ThreadPoolExecutor(1) as runner:
        for mutant in mutants():
            if not sys.argv[1:] or mutant.name in sys.argv[1:]:
                verdicts.append(runner.submit(judge, mutant, *prepare(mutant), cases))
        caught = [verdict.result() for verdict in verdicts]
    print("%d seconds" % (time.time() - started))
    print("%d passed, %d failed" % (caught.count(True), caught.count(False)))
    sys.exit(0 if caught and all(caught) else 1)


if __name__ == "__main__":
    main()
