"""For whom one of several messages is, in words: a language, and a share among those of the same language."""

from __future__ import annotations

import re

from botyard.features.broadcasts.service.drafts import BadBroadcast, Wording

MOST_SHARE = 1000
FORM = "Write a language such as de, a share such as 50, or both: de 50."

_ALL = frozenset({"all", "others", "everybody"})
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,4})?")
_SHARE = re.compile(r"[0-9]{1,4}")


def read_variant(text: str) -> tuple[str | None, int]:
    """The language (None: all whose language has no message) and the share. Raises `BadBroadcast`."""
    language: str | None = None
    share = 1
    words = text.lower().replace("%", " ").split()
    for word in words:
        if _SHARE.fullmatch(word) and 1 <= int(word) <= MOST_SHARE:
            share = int(word)
        elif _LANGUAGE.fullmatch(word) and word not in _ALL:
            language = word
        elif word not in _ALL:
            raise BadBroadcast(f"'{word[:40]}' is neither a language nor a share.", remedy=FORM)
    if not 1 <= len(words) <= 2:
        raise BadBroadcast("This does not say for whom it is.", remedy=FORM)
    return language, share


def describe_variant(wording: Wording) -> str:
    """The same words again: `de 50`, `all 1`."""
    return f"{wording.language or 'all'} {wording.share}"
