"""Chance that a seed repeats: each draw depends on what it is for, not on how many others came before."""

from __future__ import annotations

from random import Random


class Chance:
    """Draws between 0 and 1. The same seed and the same matter give the same draw in every run.

    A sequence of random numbers would not do: calls to several chats arrive in another order each time.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._times: dict[tuple[object, ...], int] = {}

    def reseed(self, seed: int) -> None:
        """Begins anew: what happens from here on repeats with this seed."""
        self.seed = seed
        self._times.clear()

    def draw(self, *matter: object) -> float:
        """The next draw in this matter."""
        times = self._times[matter] = self._times.get(matter, 0) + 1
        return Random(repr((self.seed, *matter, times))).random()  # noqa: S311 - repeatable, not secret
