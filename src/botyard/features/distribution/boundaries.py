"""Where words begin and end, in folded texts of any script."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from unicodedata import name

from botyard.features.distribution.folding import is_attached

_KEYCAP = "\u20e3"
"""Makes a symbol of the digit before it."""
_INFORMATION = "\u2139"
"""An emoji that Unicode counts among the letters."""
_SCRIPTS_WITHOUT_SPACES = (
    "CJK ",
    "IDEOGRAPHIC ",
    "HANGZHOU ",
    "BOPOMOFO ",
    "HIRAGANA ",
    "KATAKANA",
    "HALFWIDTH KATAKANA",
    "HANGUL ",
    "HALFWIDTH HANGUL ",
    "THAI ",
    "LAO ",
    "KHMER ",
    "MYANMAR ",
)
"""How Unicode's names of their letters begin. Hangul has spaces, but writes particles onto the word."""
_LETTERS_KEPT_IN_MIND = 4096


def is_word_edge(text: str, at: int) -> bool:
    """Whether a word may begin or end at this position of a folded text.

    It may unless letters, digits or underscores touch there. A letter of a script without spaces counts as a
    word of its own, and so does an emoji. The position must not be inside a character (`Folded.inner`).
    """
    if not 0 < at < len(text) or not _is_in_word(text, at):
        return True
    before = at - 1
    while before and is_attached(text[before]):
        before -= 1
    return not _is_in_word(text, before)


def words(text: str, inner: frozenset[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each word of a folded text, without scripts that do not show where words end."""
    start = 0
    for at in range(1, len(text) + 1):
        if at not in inner and is_word_edge(text, at):
            if _is_in_word(text, start):
                yield start, at
            start = at


def _is_in_word(text: str, at: int) -> bool:
    return _joins_words(text[at]) and not text.startswith(_KEYCAP, at + 1)


@lru_cache(_LETTERS_KEPT_IN_MIND)
def _joins_words(letter: str) -> bool:
    if letter == _INFORMATION or not (letter.isalnum() or letter == "_"):
        return False
    return not name(letter, "").startswith(_SCRIPTS_WITHOUT_SPACES)
