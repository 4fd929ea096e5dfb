"""Makes a disagreement small: takes away what it does not need, as long as it stays the same."""

import copy
import json
import re

import play
from settings import Undecided

ROUNDS = 40


def kind_of(message):
    """What a failure says, but for its step and its numbers."""
    return re.sub(r"[0-9]+", "N", re.sub(r"^step [0-9]+: ", "", message))


def replay(scenario):
    """The scenario with what the model expects of its inputs, or None where the texts do not decide it."""
    head = {k: v for k, v in scenario.items() if k not in ("steps", "id")}
    again = play.Play(head)
    try:
        for step in scenario["steps"]:
            x = again.lookup(step["at"], step["request"])
            outcome = "repeat"
            for answer in step.get("answers", ()):
                if outcome != "repeat":
                    return None
                outcome = again.answer(x, {k: v for k, v in answer.items() if k != "outcome"})
    except (Undecided, KeyError, AttributeError):
        return None
    return dict(again.scenario(), id=scenario["id"])


def smaller(scenario):
    """All scenarios that have one thing less."""
    for path in _parts(scenario):
        made = copy.deepcopy(scenario)
        holder = made
        for key in path[:-1]:
            holder = holder[key]
        del holder[path[-1]]
        if made["steps"]:
            yield made
    for path, text in _cache_controls(scenario):
        members = text.split(",")
        for at in range(len(members) if len(members) > 1 else 0):
            made = copy.deepcopy(scenario)
            holder = made
            for key in path:
                holder = holder[key]
            holder[1] = ",".join(members[:at] + members[at + 1:]).strip()
            yield made


def _parts(scenario):
    for key in ("options", "status_expiry", "lists"):
        for name in scenario.get(key, {}):
            yield (key, name)
    if scenario.get("clear"):
        yield ("clear", 0)
    for number, step in enumerate(scenario["steps"]):
        yield ("steps", number)
        request = step["request"]
        for name in request.get("options", {}):
            yield ("steps", number, "request", "options", name)
        for at in range(len(request.get("fields", ()))):
            yield ("steps", number, "request", "fields", at)
        for which, answer in enumerate(step.get("answers", ())):
            for at in range(len(answer.get("fields", ()))):
                yield ("steps", number, "answers", which, "fields", at)


def _cache_controls(scenario):
    for number, step in enumerate(scenario["steps"]):
        for at, field in enumerate(step["request"].get("fields", ())):
            yield ("steps", number, "request", "fields", at), field[1]
        for which, answer in enumerate(step.get("answers", ())):
            for at, field in enumerate(answer.get("fields", ())):
                yield ("steps", number, "answers", which, "fields", at), field[1]


def shrink(scenario, message, run):
    """The smallest scenario found that fails in the same way, and its message. `run` gives the failures of
    scenarios by id."""
    wanted = kind_of(message)
    for _ in range(ROUNDS):
        candidates = {}
        for number, made in enumerate(smaller(scenario)):
            made = replay(dict(made, id="smaller-%d" % number))
            if made is not None:
                candidates[made["id"]] = made
        failures = run(candidates.values())
        same = [name for name, text in failures.items() if kind_of(text) == wanted and name in candidates]
        if not same:
            break
        best = min(same, key=lambda name: len(json.dumps(candidates[name])))
        scenario, message = dict(candidates[best], id=scenario["id"]), failures[best]
    return scenario, message
