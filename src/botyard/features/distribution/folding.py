"""Texts in the form in which they are compared: case, accents, white space and emoji each written one way.

A character is here what people see as one: a letter with its accents, a flag, a family of emoji.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from unicodedata import category, normalize

_JOINER = "\u200d"
_FLAG_LETTERS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
"""Regional indicators: two of them are one flag."""
_ATTACHED = frozenset(
    map(
        chr,
        chain(
            range(0x1160, 0x1200),  # vowels and final consonants of Hangul, written apart
            (0x200C, 0x200D),  # non-joiner and joiner
            range(0x1F3FB, 0x1F400),  # skin tones
            range(0xE0020, 0xE0080),  # tags, as in the flag of Scotland
        ),
    )
)
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if wide != 0xFF3F}
"""Latin letters, digits and signs as wide as Chinese ones, as keyboards of East Asia write them. Not the
underscore, which joins words while its wide form does not."""
_SELECTORS = re.compile("[\ufe0e\ufe0f]")
"""'As text' and 'as emoji' after a symbol: many keyboards add one, many do not."""
_GAP = re.compile("\\s[\\s\ufe0e\ufe0f]*")
_PLAIN = (
    "!-~\u00a1-\u00de\u00e0-\u012f"  # Latin without ß and İ
    "\u0400-\u0482\u048a-\u052f"  # Cyrillic
    "\u2010-\u2027\u2030-\u205e"  # punctuation
    "\u3041-\u3096\u30a0-\u30ff\u4e00-\u9fff\uac00-\ud7a3"  # kana, Han, Hangul
)
"""Letters that are surely folded one by one. Others are asked one by one, so this is for speed alone."""
_SUSPECTS = re.compile(f"[^ {_PLAIN}]| (?=[\\s\ufe0e\ufe0f])")
_LETTERS_KEPT_IN_MIND = 4096


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text, and where its parts stand in the original. All positions count characters of a `str`."""

    text: str
    inner: frozenset[int] = frozenset()
    """Positions in `text` inside one character of the original, as between the two s of an ß."""
    folded_at: tuple[int, ...] = (0,)
    original_at: tuple[int, ...] = (0,)
    """From `folded_at[n]` up to the next, `text` runs in step with the original from `original_at[n]` on."""

    def original(self, position: int) -> int:
        """The place in the original text of a position in `text` that is not `inner`."""
        step = bisect_right(self.folded_at, position) - 1
        return self.original_at[step] + position - self.folded_at[step]


def fold(text: str) -> Folded:
    """The text as it is compared: Unicode's case folding, NFC, no variation selectors, no wide Latin letters.

    Any run of white space becomes one space, and the Turkish İ an i (Unicode alone would leave its dot).
    """
    pieces: list[str] = []
    inner: set[int] = set()
    folded_at, original_at = [0], [0]
    length = done = 0
    for start, end in _changes(text):
        folded = _fold_character(text[start:end])
        pieces += text[done:start].casefold(), folded
        length += start - done + len(folded)
        inner.update(range(length - len(folded) + 1, length))
        if len(folded) != end - start:
            folded_at.append(length)
            original_at.append(end)
        done = end
    pieces.append(text[done:].casefold())
    return Folded("".join(pieces), frozenset(inner), tuple(folded_at), tuple(original_at))


@lru_cache(_LETTERS_KEPT_IN_MIND)
def is_attached(letter: str) -> bool:
    """Whether a code point is part of the character before it: an accent, a vowel sign, a skin tone."""
    return category(letter).startswith("M") or letter in _ATTACHED


def _changes(text: str) -> Iterator[tuple[int, int]]:
    """What cannot be folded letter by letter, from left to right: white space and odd characters."""
    end = 0
    for suspect in _SUSPECTS.finditer(text):
        at = suspect.start()
        if at < end:
            continue
        if gap := _GAP.match(text, at):
            end = gap.end()
            yield at, end
        elif _is_odd(text[at]):
            has_base = is_attached(text[at]) and at > end and not text[at - 1].isspace()
            end = _character_end(text, at)
            yield at - 1 if has_base else at, end


@lru_cache(_LETTERS_KEPT_IN_MIND)
def _is_odd(letter: str) -> bool:
    """Whether it is more than itself: folded to several letters, or one character with its neighbours."""
    folded = _fold_character(letter)
    return len(folded) != 1 or folded != letter.casefold() or is_attached(letter) or letter in _FLAG_LETTERS


def _character_end(text: str, at: int) -> int:
    """Where the character ends that has a code point at this place."""
    end = _flag_end(text, at)
    while end < len(text):
        if text[end - 1] == _JOINER and not text[end].isspace():
            end = _flag_end(text, end)
        elif is_attached(text[end]):
            end += 1
        else:
            break
    return end


def _flag_end(text: str, at: int) -> int:
    is_flag = text[at] in _FLAG_LETTERS and text[at + 1 : at + 2] in _FLAG_LETTERS
    return at + 2 if is_flag else at + 1


def _fold_character(character: str) -> str:
    """One character, or a run of white space, folded."""
    if character[0].isspace():
        return " "
    plain = normalize("NFD", _SELECTORS.sub("", character).translate(_NARROW)).casefold()
    return normalize("NFC", plain.replace("i\u0307", "i"))
