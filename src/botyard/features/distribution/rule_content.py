"""What a rule says, apart from its number: all that an operator decides."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

from botyard.errors import BotyardError
from botyard.features.distribution.captions import check_template
from botyard.features.distribution.patterns import LONGEST_PATTERN, check_pattern
from botyard.ids import ChatKey

MOST_CHATS = 100
MOST_EXCLUDED = 100
HIGHEST_PRIORITY = 1_000_000
MOST_ROWS = 8
MOST_IN_ROW = 8
"""Telegram shows no more buttons in one row."""
LONGEST_LABEL = 64
LONGEST_URL = 2048


class BadRule(BotyardError):
    """A rule cannot be as somebody wants it."""


@dataclass(frozen=True, slots=True)
class LinkButton:
    """A button under each copy of a post, which opens an address."""

    text: str
    url: str


ButtonRows = tuple[tuple[LinkButton, ...], ...]


@dataclass(frozen=True, slots=True)
class RuleContent:
    """A rule: `matching.MatchRule` explains what decides whether a post matches."""

    pattern: str
    chats: tuple[ChatKey, ...]
    """Where a post goes, in this order."""
    is_regex: bool = False
    whole_words: bool = True
    excluded: tuple[str, ...] = ()
    priority: int = 0
    first_only: bool = False
    caption_template: str | None = None
    """Telegram's HTML with {text} for the post's own text; None leaves captions as they are."""
    buttons: ButtonRows = ()
    enabled: bool = True


def shortened(words: str, most: int = 40) -> str:
    """So much of what somebody wrote as is repeated to him."""
    return words if len(words) <= most else f"{words[:most]}…"


def check_content(content: RuleContent) -> None:
    """Raises `BadRule`, `PatternRefused` or `BadTemplate`, each with a remedy, for what no rule can be."""
    check_pattern(content.pattern, is_regex=content.is_regex)
    if any(unicodedata.category(letter) == "Cc" for letter in content.pattern):
        raise BadRule("The pattern has a line break or a control character.", remedy="Write it in one line.")
    if not 1 <= len(content.chats) <= MOST_CHATS:
        raise BadRule(
            f"A rule leads to 1 to {MOST_CHATS} chats, and this one to {len(content.chats)}.",
            remedy="Name at least one." if not content.chats else "Make two rules of it.",
        )
    if len(content.excluded) > MOST_EXCLUDED or any(len(each) > LONGEST_PATTERN for each in content.excluded):
        raise BadRule(
            f"A rule has at most {MOST_EXCLUDED} excluded words, of {LONGEST_PATTERN} characters.",
            remedy="Leave some out.",
        )
    if abs(content.priority) > HIGHEST_PRIORITY:
        raise BadRule(
            f"{shortened(str(content.priority))} is too {'high' if content.priority > 0 else 'low'}.",
            remedy=f"Take a number from -{HIGHEST_PRIORITY} to {HIGHEST_PRIORITY}.",
        )
    if content.caption_template is not None:
        if "\0" in content.caption_template:
            raise BadRule("The caption has a control character.", remedy="Type it by hand.")
        check_template(content.caption_template)
    check_buttons(content.buttons)


def check_buttons(rows: ButtonRows) -> None:
    """Raises `BadRule`, with a remedy, for buttons that Telegram would refuse or nobody could open."""
    if len(rows) > MOST_ROWS or any(not 1 <= len(row) <= MOST_IN_ROW for row in rows):
        raise BadRule(
            f"There are at most {MOST_ROWS} rows of 1 to {MOST_IN_ROW} buttons.", remedy="Leave some out."
        )
    for button in (each for row in rows for each in row):
        if not 1 <= len(button.text) <= LONGEST_LABEL:
            raise BadRule(
                f"A button has a text of 1 to {LONGEST_LABEL} characters.", remedy="Shorten it, or add one."
            )
        if not _is_https(button.url):
            raise BadRule(
                f"The button “{button.text}” has no https address.",
                remedy="Write one such as https://example.com/join.",
            )


def _is_https(url: str) -> bool:
    """Whether it is an address that Telegram takes for a button and that browsers open safely."""
    if len(url) > LONGEST_URL or any(letter.isspace() or not letter.isprintable() for letter in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and "." in (parts.hostname or "") and parts.port != 0
    except ValueError:
        return False
