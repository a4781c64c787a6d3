"""Every keyword of all rules, found in one pass over a post."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from botyard.features.distribution.boundaries import is_word_edge
from botyard.features.distribution.folding import Folded, fold

Span = tuple[int, int]
"""Start and end, in characters of a `str`."""
MOST_HITS = 100
"""Of one word or regular expression in one post: nobody reads more."""


class Keyword(NamedTuple):
    """A word or phrase in folded form, and whether only whole words count. (A tuple: hashed in no time.)"""

    folded: str
    whole_word: bool


def keyword_of(written: str, *, whole_word: bool) -> Keyword:
    """The keyword for a word or phrase as an operator wrote it; its `folded` is empty if that is blank."""
    return Keyword(fold(written).text.strip(), whole_word)


class KeywordFinder:
    """An automaton of keywords (Aho-Corasick): its time depends on the post, hardly on how many they are."""

    def __init__(self, keywords: Sequence[Keyword]) -> None:
        """Raises `ValueError` for an empty keyword."""
        self._keywords = keywords
        self._automaton = AhoCorasick([each.folded for each in keywords], store_patterns=False)

    def find(self, post: Folded, *, anywhere: bool = False) -> dict[Keyword, list[Span]]:
        """Where the keywords stand in the folded post, from left to right, overlapping ones too.

        With `anywhere` also inside longer words; a part of a character is never found.
        """
        found: dict[Keyword, list[Span]] = {}
        is_edge = cache(partial(is_word_edge, post.text))
        inner = post.inner
        for index, start, end in self._automaton.find_matches_as_indexes(post.text, overlapping=True):
            if start in inner or end in inner:
                continue
            keyword = self._keywords[index]
            if anywhere or not keyword.whole_word or (is_edge(start) and is_edge(end)):
                found.setdefault(keyword, []).append((start, end))
        return found
