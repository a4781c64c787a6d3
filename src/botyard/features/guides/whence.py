"""Where in the library a button leads back to, in so few bytes that it fits into the button's data."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from botyard.features.guides.service.drafts import folded

WORDS_LIMIT = 36
"""Bytes of a search in a button: of Telegram's 64 a card's button needs the others for itself."""


class Shelf(StrEnum):
    """The kinds of lists."""

    CATEGORY = "c"
    SEARCH = "s"
    SAVED = "v"


@dataclass(frozen=True, slots=True)
class Whence:
    """A page of a category (`of` is its key), of a search (`of` are its words), or of saved guides."""

    shelf: Shelf
    of: str = ""
    page: int = 1

    def at(self, page: int) -> Whence:
        """Another page of the same list."""
        return replace(self, page=page)

    def __str__(self) -> str:
        if self.shelf is Shelf.SEARCH:
            return f"s{self.page}.{self.of}"
        return f"{self.shelf}{self.of}{'.' if self.of else ''}{self.page}"


def read_whence(text: str) -> Whence | None:
    """What was written with `str`; None for anything else."""
    if text.startswith(Shelf.SEARCH):
        page, dot, words = text[1:].partition(".")
        of = words
    elif text.startswith(Shelf.CATEGORY):
        of, dot, page = text[1:].partition(".")
    else:
        of, dot, page = "", ".", text[1:] if text.startswith(Shelf.SAVED) else ""
    if not dot or not re.fullmatch(r"[1-9][0-9]{0,2}", page):
        return None
    return Whence(Shelf(text[0]), of, int(page))


def short_words(words: str) -> str:
    """The words of a search in folded case, cut to what fits into a button."""
    whole = " ".join(folded(words).split())
    return whole.encode()[:WORDS_LIMIT].decode(errors="ignore").strip()
