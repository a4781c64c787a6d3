"""What an operator may write as a rule's pattern: words, phrases, or a regular expression."""

from __future__ import annotations

from itertools import islice

import re2

from botyard.errors import BotyardError
from botyard.features.distribution.keywords import MOST_HITS, Span, keyword_of

LONGEST_PATTERN = 256
"""In characters."""
_REGEX_MEMORY = 1 << 20
"""Bytes that one regular expression may take, program and automaton together."""


class PatternRefused(BotyardError):
    """A pattern that no rule can have."""


class Regex:
    """A regular expression in RE2's syntax, case-insensitive. It reads any post in linear time.

    It sees the post as it was written. `\\w` and `\\b` know ASCII only; `\\p{L}` is a letter of any script.
    """

    def __init__(self, pattern: str) -> None:
        """Raises `PatternRefused` if it cannot be read, or needs too much memory."""
        options = re2.Options()
        options.case_sensitive = False
        options.max_mem = _REGEX_MEMORY
        options.log_errors = False
        try:
            self._regex = re2.compile(pattern, options)
        except re2.error as error:
            raise PatternRefused(
                f"The regular expression was refused: {_reason(error)}.",
                remedy="Correct it. There is no look-around and no back-reference; keep repeats small.",
            ) from None

    def matches_nothing(self) -> bool:
        """Whether the empty text matches."""
        return self._regex.search("") is not None

    def find(self, text: str) -> list[Span]:
        """The first matches that are not empty, at most `MOST_HITS`, from left to right, none overlapping."""
        spans = (match.span() for match in self._regex.finditer(text))
        return list(islice((span for span in spans if span[0] < span[1]), MOST_HITS))


def check_pattern(pattern: str, *, is_regex: bool) -> None:
    """Raises `PatternRefused`, with a remedy, for a pattern that a rule cannot have."""
    if len(pattern) > LONGEST_PATTERN:
        raise PatternRefused(
            f"The pattern has {len(pattern)} characters, more than {LONGEST_PATTERN}.",
            remedy="Shorten it, or make several rules of it.",
        )
    if not keyword_of(pattern, whole_word=True).folded:
        raise PatternRefused(
            "The pattern is empty.", remedy="Write a word, a phrase or a regular expression."
        )
    if is_regex and Regex(pattern).matches_nothing():
        raise PatternRefused(
            "The regular expression matches the empty text, and so every post.",
            remedy="Ask for at least one character, for example with + in place of *.",
        )


def words_of(pattern: str) -> tuple[str, ...]:
    """The words or phrases that a post must contain: two for `gold+crypto`, but one for `c++`."""
    parts = tuple(part.strip() for part in pattern.split("+"))
    return parts if all(keyword_of(part, whole_word=True).folded for part in parts) else (pattern.strip(),)


def _reason(error: Exception) -> str:
    """RE2's reason, which it gives in bytes."""
    reason = error.args[0]
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
