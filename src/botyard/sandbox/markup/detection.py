"""What Telegram recognises in any text by itself: commands, mentions, hashtags, links, addresses."""

from __future__ import annotations

import re

from botyard.sandbox.markup.entity import Entity, utf16_length

DOMAINS = (
    "com|org|net|io|me|dev|app|info|biz|edu|gov|int|co|uk|de|fr|es|it|nl|pl|pt|ru|ua|jp|cn|in|br"
    "|eu|us|ai|tv|cc|xyz"
)
PATTERNS = {
    "url": re.compile(
        rf"(?i)(?<![\w@.:/-])(?:https?://[^\s<>\"]+|(?:[a-z0-9-]+\.)+(?:{DOMAINS})\b(?:[:/?#][^\s<>\"]*)?(?!@))"
    ),
    "email": re.compile(r"(?i)(?<![\w.+-])[a-z0-9._%+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,24}(?![\w-])"),
    "bot_command": re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])"),
    "mention": re.compile(r"(?<![\w`.@])@[A-Za-z0-9_]{2,32}(?!\w)"),
    "hashtag": re.compile(r"(?<![\w/])#(?=\w*[^\W\d])\w{1,256}(?!\w)"),
    "cashtag": re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?:\.[A-Z0-9]{1,8})?(?![\w$])"),
}
"""In order of precedence: what one of them took, a later one does not."""
TRAILING = ".,:;!?'\")]}"
OPAQUE = frozenset({"code", "pre", "text_link", "text_mention", "custom_emoji", "date_time"})
"""Entities inside which nothing is looked for."""


def detect(text: str, given: list[Entity]) -> list[Entity]:
    """The entities that Telegram adds to those that the sender gave."""
    if not any(mark in text for mark in "./@#$:"):
        return []
    taken = [(one["offset"], one["offset"] + one["length"]) for one in given if one["type"] in OPAQUE]
    found: list[Entity] = []
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            words = match.group().rstrip(TRAILING) if kind == "url" else match.group()
            start = utf16_length(text[: match.start()])
            end = start + utf16_length(words)
            if all(end <= begin or start >= stop for begin, stop in taken):
                taken.append((start, end))
                found.append({"type": kind, "offset": start, "length": end - start})
    return found
