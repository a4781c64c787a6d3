"""For whom one of several messages is, in words: a language, and its percentage of those of that language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from botyard.features.broadcasts.service.drafts import BadBroadcast, Wording

FORM = "Write a language such as de, a percentage such as 50, or both: de 50."

_ALL = frozenset({"all", "others", "everybody"})
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,4})?")
_SHARE = re.compile(r"[0-9]{1,4}")


def read_variant(text: str) -> tuple[str | None, int | None]:
    """The language (None: all whose language has no message) and the percentage, if one is said.

    Raises `BadBroadcast`.
    """
    language: str | None = None
    share: int | None = None
    words = text.lower().replace("%", " ").split()
    for word in words:
        if _SHARE.fullmatch(word):
            share = _percentage(word)
        elif _LANGUAGE.fullmatch(word) and word not in _ALL:
            language = word
        elif word not in _ALL:
            raise BadBroadcast(f"'{word[:40]}' is neither a language nor a percentage.", remedy=FORM)
    if not 1 <= len(words) <= 2:
        raise BadBroadcast("This does not say for whom it is.", remedy=FORM)
    return language, share


def describe_variant(wording: Wording, wordings: Sequence[Wording]) -> str:
    """For whom it is, with its percentage where others of its language are: `de`, `everybody, 50 %`."""
    who = wording.language or "everybody"
    alike = [each for each in wordings if each.language == wording.language]
    if len(alike) < 2:
        return who
    percent = 100 * wording.share / sum(each.share for each in alike)
    return f"{who}, {percent:.0f} %" if 1 <= percent <= 99 else f"{who}, {percent:.1f} %"


def _percentage(word: str) -> int:
    if not 1 <= int(word) <= 99:  # with 100 the others would go to nobody
        raise BadBroadcast(f"{word} is no share of a test.", remedy="Write a percentage from 1 to 99.")
    return int(word)
