"""Why a copy is not as it should be, in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable

_REASONS = (
    ("kicked", "post-why-kicked"),
    ("not a member", "post-why-no-member"),
    ("chat not found", "post-why-no-chat"),
    ("was deleted", "post-why-chat-deleted"),
    ("deactivated", "post-why-chat-deleted"),
    ("not enough rights", "post-why-no-rights"),
    ("have no rights", "post-why-no-rights"),
    ("need administrator rights", "post-why-no-rights"),
    ("write_forbidden", "post-why-no-rights"),
    ("chat_restricted", "post-why-no-rights"),
    ("upgraded to a supergroup", "post-why-moved"),
    ("message to copy not found", "post-why-no-original"),
    ("no messages to copy", "post-why-no-original"),
    ("can't be copied", "post-why-protected"),
    ("can't be deleted", "post-why-too-old"),
    ("message to edit not found", "post-why-copy-gone"),
    ("can't be edited", "post-why-not-own"),
    ("too long", "post-why-too-long"),
    ("has not told which message", "post-why-no-number"),
    ("became a supergroup since", "post-why-moved-since"),
    ("no record of the call", "post-why-no-record"),
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
        return say("post-why-other", words=_BEFORE.sub("", _BEFORE.sub("", error))[:_LONGEST])
    return say(key)
