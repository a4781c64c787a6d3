"""Whose limit a 429 was: that of the chat, or that of the bot. Telegram does not say."""

from __future__ import annotations

from botyard.ids import ChatKey

CHATS_TO_TELL = 3
"""So many chats refused one after another, and nothing accepted in between: it is the bot that is refused."""
MEMORY_SECONDS = 10.0


class Refusals:
    """The chats that were refused of late. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._refused: dict[ChatKey, float] = {}

    def accepted(self, left: float) -> None:
        """A message to some chat that left then was accepted: what was refused before that was a chat's."""
        if self._refused:
            self._refused = {chat: at for chat, at in self._refused.items() if at > left}

    def refused(self, chat: ChatKey, now: float) -> bool:
        """A call to this chat was refused now. Whether that means the bot."""
        self._refused[chat] = now
        self._refused = {each: at for each, at in self._refused.items() if at > now - MEMORY_SECONDS}
        return len(self._refused) >= CHATS_TO_TELL
