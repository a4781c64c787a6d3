"""Identifiers: what names a bot, a member, a chat or a row, so that no two kinds can be confused."""

from __future__ import annotations

from typing import NewType

BotId = NewType("BotId", int)
"""Telegram's id of a bot: the number before the colon of its token."""
UserId = NewType("UserId", int)
"""Telegram's id of a person (64 bits)."""
ChatId = NewType("ChatId", int)
"""Telegram's id of a chat (64 bits, negative for groups and channels). A group's upgrade changes it."""
ChatKey = NewType("ChatKey", int)
"""Our own key of a chat: stays the same when Telegram's id changes."""
UpdateId = NewType("UpdateId", int)
"""Telegram's id of an update, unique only together with the bot."""
UpdateSeq = NewType("UpdateSeq", int)
"""Our own number of an update in the inbox: the order in which updates were stored."""
OutboxId = NewType("OutboxId", int)
"""Our own number of a call in the outbox: the order in which calls were queued."""


class BotToken:
    """A bot's token, `<bot id>:<secret>`. It never shows itself: only `reveal` gives the text."""

    __slots__ = ("_text", "bot_id")

    def __init__(self, text: str) -> None:
        """Raises `ValueError` (without the text) if it is not `<digits>:<secret>`."""
        number, colon, secret = text.partition(":")
        if not (colon and secret and number.isascii() and number.isdigit()) or not _is_plain(secret):
            raise ValueError("not a bot token: expected '<digits>:<letters, digits, - and _>'")
        self._text = text
        self.bot_id = BotId(int(number))

    def reveal(self) -> str:
        """The token itself: for the request to Telegram, nothing else."""
        return self._text

    def __repr__(self) -> str:
        return f"BotToken({self.bot_id}:***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BotToken) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def _is_plain(secret: str) -> bool:
    return secret.isascii() and all(letter.isalnum() or letter in "-_" for letter in secret)
