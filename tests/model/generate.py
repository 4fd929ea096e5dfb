"""Makes cases: seeded scenarios with what the model expects, one a line.

    python3 generate.py N [SEED] > cases.jsonl

Cases that follow one another share their options, so that they can share a cache."""

import collections
import json
import sys

import answers
import asking
import play
import reuse
import setups
from chance import Chance
from settings import Undecided

PER_SETUP = 30
"""Cases of the same options."""

undecided = collections.Counter()
"""How often the texts left open what is to happen, by what."""


class Case:
    """A scenario that is made step by step, with what the model has stored in sight."""

    def __init__(self, chance, theme, head):
        self.chance, self.theme = chance, theme
        self.play = play.Play(head)
        self.settings = self.play.cache.settings
        self.now = 0
        self.bodies = 0

    def records(self):
        """All that is stored."""
        return [r for place in self.play.cache.records.values() for r in place]

    def make(self):
        """Plays a few steps; ends where the texts end."""
        for _ in range(self.chance.weighted({2: 20, 3: 40, 4: 25, 5: 10, 7: 5})):
            for _ in range(4):
                if self._step():
                    break
            if self.settings is None:
                break
        return self.play.scenario()

    def _step(self):
        chance, records = self.chance, self.records()
        try:
            at = asking.moment(chance, self.now, records, self.settings)
            record = chance.of(records) if records else None
            asked = asking.request(chance, self.theme, at, record, self.settings)
            x = self.play.lookup(at, asked)
        except Undecided as why:
            undecided[str(why)] += 1
            return False
        self.now = at
        try:
            self._answers(x, at)
        except Undecided as why:
            undecided[str(why)] += 1
            step = self.play.steps[-1]
            for name in ("answers",) if x.decision == reuse.STALE_REVALIDATE else ("answers", "response"):
                step.pop(name, None)
            self.settings = None
        return True

    def _answers(self, x, at):
        if x.decision in (reuse.FRESH, reuse.STALE, reuse.UNSATISFIABLE):
            return
        if x.decision == reuse.STALE_REVALIDATE and self.chance.percent(30):
            return
        outcome = "repeat"
        while outcome == "repeat":
            at += self.chance.of((0, 0, 0, 1, 100, 999, 1500, 3000))
            outcome = self.play.answer(x, self._answer(x, at))
        self.now = at

    def _answer(self, x, at):
        chance = self.chance
        kind = chance.weighted(self._kinds(x))
        if kind == "failure":
            return {"at": at, "failure": True}
        if kind == "304":
            known = x.record.fields if x.record is not None else [["ETag", '"a"']]
            return answers.not_modified(chance, self.theme, at, known)
        self.bodies += 1
        body = "b%d" % self.bodies
        answer = answers.whole(chance, self.theme, at, body)
        if kind == "error":
            answer["status"] = chance.of((500, 502, 503, 504, 500, 501, 404, 429))
        if x.request.method not in ("GET", "HEAD"):
            self._after_unsafe(answer)
        if x.request.method == "HEAD":
            self._of_head(answer, x.record)
        return answer

    def _kinds(self, x):
        stale = self.theme == "stale"
        if x.conditional:
            return {"304": 55, "200": 20, "error": 60 if stale else 12, "failure": 40 if stale else 8}
        conditional = any(name.lower().startswith("if-") for name, _ in x.request.fields)
        return {"304": 30 if conditional else 0, "200": 90, "error": 40 if x.record is not None else 3,
                "failure": 30 if x.record is not None else 1}

    def _of_head(self, answer, record):
        chance = self.chance
        answer["body"] = ""
        kept = ("Content-Length", "ETag", "Last-Modified") if record is not None and chance.percent(70) else (
            "Content-Length",)
        answer["fields"] = [f for f in answer["fields"] if f[0] not in kept]
        if len(kept) > 1:
            answer["fields"] += [[n, v] for n, v in record.fields if n in kept and chance.percent(70)]

    def _after_unsafe(self, answer):
        chance = self.chance
        answer["fields"] = [f for f in answer["fields"] if f[0].lower() not in ("cache-control", "expires")]
        answer["status"] = chance.of((200, 201, 204, 301, 303, 400, 404, 500, 503))
        if chance.percent(40):
            answer["fields"].append([chance.of(("Location", "Content-Location")), chance.of(
                ("/b", "http://h.test/b", "b", "/a?q=1", "https://h.test/a", "http://other.test/a", "/a"))])
        if answer["status"] == 204:
            answer["body"] = ""
            answer["fields"] = [f for f in answer["fields"] if f[0] != "Content-Length"]


def case(seed, number):
    """The case of that number."""
    setup = Chance(seed, "setup", number // PER_SETUP)
    theme = setup.of(setups.THEMES)
    head = setups.make(setup, theme)
    made = Case(Chance(seed, number), theme, head).make()
    return dict({"id": "%s-%s-%d" % (theme, seed, number)}, **made)


def cases(seed, count):
    """So many cases that have a step."""
    number = 0
    while count:
        made = case(seed, number)
        number += 1
        if made["steps"]:
            count -= 1
            yield made


def main():
    count = int(sys.argv[1])
    seed = sys.argv[2] if len(sys.argv) > 2 else "1"
    for made in cases(seed, count):
        sys.stdout.write(json.dumps(made) + "\n")
    for why, times in undecided.most_common():
        sys.stderr.write("%7d undecided: %s\n" % (times, why))


if __name__ == "__main__":
    main()
