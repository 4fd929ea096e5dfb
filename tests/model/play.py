"""A scenario as it is played: the inputs go to the model, and what it expects is written beside them."""

import cache
import messages
import reuse


class Play:
    """A scenario in the making. `steps` are those that the texts decide."""

    def __init__(self, head):
        self.head = head
        self.cache = cache.Cache(head)
        self.steps = []

    def lookup(self, at, request):
        """Begins a step; returns the exchange."""
        asked = messages.Request(request["url"], request.get("method", "GET"), request.get("fields", ()),
                                 request.get("options"))
        x = self.cache.lookup(asked, at)
        step = {"at": at, "request": request, "decision": x.decision}
        if x.decision in (reuse.FORWARD, reuse.REVALIDATE, reuse.STALE_REVALIDATE):
            self._forwarded(x, step)
        if x.decision in (reuse.FRESH, reuse.STALE, reuse.STALE_REVALIDATE, reuse.UNSATISFIABLE):
            step["response"] = self.cache.served(x, at)
        self.steps.append(step)
        return x

    def _forwarded(self, x, step):
        expected = self.cache.forwarded(x)
        forward = {"has": [[n, v] for n, v in expected.items() if v is not None],
                   "lacks": [n for n, v in expected.items() if v is None]}
        step["forward"] = {k: v for k, v in forward.items() if v}
        if not step["forward"]:
            del step["forward"]

    def answer(self, x, answer):
        """Gives the origin's answer to the step that was begun last; returns the outcome."""
        said = messages.Answer(answer.get("status", 200), answer.get("fields", ()), answer.get("body", ""),
                               answer.get("failure", False))
        outcome, view = self.cache.answer(x, said, answer["at"])
        step = self.steps[-1]
        step.setdefault("answers", []).append(dict(answer, outcome=outcome))
        if view is not None and x.decision != reuse.STALE_REVALIDATE:
            step["response"] = view
        if outcome == cache.REPEAT and x.decision != reuse.STALE_REVALIDATE:
            step.pop("response", None)
        return outcome

    def scenario(self):
        """The scenario as JSON has it."""
        return dict(self.head, steps=self.steps)
