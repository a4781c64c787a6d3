"""Which chats bots have met, and where they cannot write: to be said before somebody posts there in vain."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.ids import BotId, ChatKey
from botyard.members.chats import places_of
from botyard.members.member import ChatPlace
from botyard.members.models import BotChat, Chat, User

MOST_NAMED = 5


class UnmetChat(BotyardError):
    """A chat that somebody named by its id, and that no bot has seen anything of."""


async def unmet(session: AsyncSession, keys: Collection[ChatKey]) -> list[ChatPlace]:
    """Those of the chats that no update told of: somebody has only named their id."""
    is_member = exists().where(User.id == Chat.telegram_id)
    has_bot = exists().where(BotChat.chat_key == Chat.id)
    met = select(Chat.id).where(Chat.id.in_(keys), or_(Chat.title.is_not(None), is_member, has_bot))
    known = set(await session.scalars(met))
    return await _places(session, [key for key in keys if key not in known])


async def groups_met(session: AsyncSession, *, most: int) -> list[ChatPlace]:
    """Groups and channels that a bot has met, by name: where something can be posted."""
    met = select(Chat.id).where(Chat.type != "private", Chat.title.is_not(None))
    keys = await session.scalars(met.order_by(Chat.title, Chat.id).limit(most))
    return await _places(session, [ChatKey(key) for key in keys])


async def out_of_reach(
    session: AsyncSession, keys: Collection[ChatKey], bot_id: BotId | None = None
) -> list[ChatPlace]:
    """Those of the chats that are known to be closed to the bot, or to every bot that was ever there."""
    of_bot = BotChat.bot_id == bot_id if bot_id is not None else BotChat.bot_id.is_not(None)
    rows = await session.execute(
        select(BotChat.chat_key, BotChat.reachable).where(BotChat.chat_key.in_(keys), of_bot)
    )
    known: dict[int, bool] = {}
    for chat_key, reachable in rows:
        known[chat_key] = known.get(chat_key, False) or reachable
    return await _places(session, [key for key in keys if known.get(key) is False])


async def require_met(session: AsyncSession, keys: Collection[ChatKey]) -> None:
    """Raises `UnmetChat` for chats that no bot has met: a wrong digit posts nowhere, for ever."""
    strangers = await unmet(session, keys)
    if strangers:
        raise UnmetChat(
            f"No bot has seen {named(strangers)} yet.",
            remedy="Look at the id again. If it is right, add the bot there, or write something there "
            "if it is in it already; then try once more.",
        )


def named(places: Sequence[ChatPlace]) -> str:
    """The chats by name, or some of them and how many more there are."""
    names = ", ".join(place.name for place in places[:MOST_NAMED])
    more = len(places) - MOST_NAMED
    return f"{names} and {more} more" if more > 0 else names


async def _places(session: AsyncSession, keys: Sequence[ChatKey]) -> list[ChatPlace]:
    known = await places_of(session, keys)
    return [known[key] for key in keys]
