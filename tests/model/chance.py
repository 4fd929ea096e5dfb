"""Chances: seeded, and the same in every version of Python."""

import random


class Chance:
    """A source of choices that depends on the seed alone."""

    def __init__(self, *seed):
        self._random = random.Random(":".join(str(s) for s in seed))

    def below(self, n):
        """A number from 0 to n - 1."""
        return int(self._random.random() * n)

    def percent(self, n):
        """True in n of a hundred cases."""
        return self._random.random() * 100 < n

    def of(self, items):
        """One of several."""
        return items[self.below(len(items))]

    def weighted(self, table):
        """One of the keys of a dict, by its weight."""
        at = self._random.random() * sum(table.values())
        for item, weight in table.items():
            at -= weight
            if at < 0:
                return item
        return item

    def shuffled(self, items):
        """The items in another order."""
        left, out = list(items), []
        while left:
            out.append(left.pop(self.below(len(left))))
        return out
