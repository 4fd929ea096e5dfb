"""That the cases are worth something: the same for the same seed, of every kind, and small when they fail."""

import collections
import json
import unittest

import generate
import shrink


class Cases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cases = list(generate.cases("test", 1500))

    def test_a_seed_makes_the_same_cases(self):
        self.assertEqual(json.dumps(self.cases[:50]), json.dumps(list(generate.cases("test", 50))))
        self.assertNotEqual(json.dumps(self.cases[:50]), json.dumps(list(generate.cases("other", 50))))

    def test_every_decision_and_outcome_is_expected(self):
        decisions, outcomes = collections.Counter(), collections.Counter()
        for case in self.cases:
            for step in case["steps"]:
                decisions[step["decision"]] += 1
                outcomes.update(a["outcome"] for a in step.get("answers", ()))
        for name in ("forward", "fresh", "stale", "stale_revalidate", "revalidate", "unsatisfiable"):
            self.assertGreater(decisions[name], 10, name)
        for name in ("stored", "not_stored", "freshened", "used_stale", "repeat", "nothing"):
            self.assertGreater(outcomes[name], 10, name)

    def test_a_case_replays_as_it_was_made(self):
        for case in self.cases[:300]:
            again = shrink.replay(case)
            if again is not None:
                self.assertEqual(again, case)

    def test_what_fails_is_made_small(self):
        case = next(c for c in self.cases if len(c["steps"]) > 2 and shrink.replay(c)
                    and c["steps"][-1]["decision"] == "fresh")

        def run(scenarios):
            return {s["id"]: "step 9: decision is 1" for s in scenarios if s["steps"][-1]["decision"] == "fresh"}

        small, message = shrink.shrink(case, "step 3: decision is 2", run)
        self.assertEqual(message, "step 9: decision is 1")
        self.assertLessEqual(len(small["steps"]), 2)
        self.assertEqual(small["steps"][-1]["decision"], "fresh")
