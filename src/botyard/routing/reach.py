"""Warnings of chats that messages will not arrive in, as far as anybody knows."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.ids import BotId, ChatKey
from botyard.members import reach


async def warnings(
    session: AsyncSession,
    say: Callable[..., str],
    keys: Collection[ChatKey],
    bot_id: BotId | None = None,
) -> list[str]:
    """A line of HTML for chats that no bot has met, and one for those that the bot, or any, has left."""
    found = (
        ("chats-unmet", await reach.unmet(session, keys)),
        ("chats-out-of-reach", await reach.out_of_reach(session, keys, bot_id)),
    )
    return [say(key, chats=reach.named(places), count=len(places)) for key, places in found if places]
