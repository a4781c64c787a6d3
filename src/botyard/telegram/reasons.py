"""Why a call of the Bot API came to nothing, in plain words: the keys of texts in routing/locales."""

from __future__ import annotations

import re
from collections.abc import Callable

_REASONS = (
    ("kicked", "why-kicked"),
    ("blocked by the user", "why-blocked"),
    ("not a member", "why-no-member"),
    ("chat not found", "why-no-chat"),
    ("was deleted", "why-chat-deleted"),
    ("deactivated", "why-chat-deleted"),
    ("not enough rights", "why-no-rights"),
    ("have no rights", "why-no-rights"),
    ("need administrator rights", "why-no-rights"),
    ("write_forbidden", "why-no-rights"),
    ("chat_restricted", "why-no-rights"),
    ("upgraded to a supergroup", "why-moved"),
    ("message to copy not found", "why-no-original"),
    ("no messages to copy", "why-no-original"),
    ("can't be copied", "why-protected"),
    ("can't be deleted", "why-too-old"),
    ("message to edit not found", "why-copy-gone"),
    ("can't be edited", "why-not-own"),
    ("too long", "why-too-long"),
    ("has not told which message", "why-no-number"),
    ("became a supergroup since", "why-moved-since"),
    ("no answer came", "why-no-answer"),
    ("botyard stopped while", "why-interrupted"),
    ("no record of the call", "why-no-record"),
)
"""What Telegram's words contain (Bot API's answers with 400 and 403), and our text for it."""
_LONGEST = 120
_BEFORE = re.compile(r"^\w+: |^(?:Bad Request|Forbidden): ")
"""The method's name and the kind of answer, which tell an admin nothing."""


def reason(say: Callable[..., str], error: str | None) -> str:
    """Our words for Telegram's, as HTML; its own, cut, where we have none. Empty where nothing is wrong."""
    if not error:
        return ""
    lowered = error.lower()
    key = next((key for words, key in _REASONS if words in lowered), None)
    if key is None:
        return say("why-other", words=_BEFORE.sub("", _BEFORE.sub("", error))[:_LONGEST])
    return say(key)
