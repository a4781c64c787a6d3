"""Telegram's command menus: the default one for everybody, and one for each admin's own chat."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.ids import BotId, UserId
from botyard.members import roles
from botyard.members.directory import read_member
from botyard.members.models import BotChat, Chat, Role
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.registry import Registry
from botyard.telegram.bots import Bot

Serves = Callable[[BotId, str], bool]


class Menus:
    """Queues setMyCommands calls (Bot API, BotCommandScope), so that each sees the commands he may use."""

    def __init__(self, registry: Registry, serves: Serves) -> None:
        self._registry = registry
        self._serves = serves

    async def set_all(self, session: AsyncSession, bot: Bot, now: datetime) -> None:
        """The default menu of a bot, and that of each admin who has written to it."""
        calls = [self._call(bot, Role.PUBLIC, {"type": "default"})]
        for user in await roles.staff(session):
            calls += await self._for_member(session, bot, UserId(user.id), now)
        await self._queue(session, calls, now)

    async def set_for(
        self, session: AsyncSession, bots: Iterable[Bot], user_id: UserId, now: datetime
    ) -> None:
        """The menus of one member whose role changed, with every bot that he has written to."""
        for bot in bots:
            await self._queue(session, await self._for_member(session, bot, user_id, now), now)

    async def _for_member(
        self, session: AsyncSession, bot: Bot, user_id: UserId, now: datetime
    ) -> list[Call]:
        member = await read_member(session, user_id)
        if member is None or not await _has_written(session, bot, user_id):
            return []
        scope = {"type": "chat", "chat_id": user_id}
        role = member.role(bot.id, now)
        if role >= Role.ADMIN:
            return [self._call(bot, role, scope)]
        return [_call(bot, "deleteMyCommands", {"scope": scope})]

    def _call(self, bot: Bot, role: Role, scope: dict[str, Any]) -> Call:
        commands = [
            {"command": found.name, "description": found.description}
            for found in self._registry.visible(role, lambda name: self._serves(bot.id, name))
        ]
        return _call(bot, "setMyCommands", {"commands": commands, "scope": scope})

    async def _queue(self, session: AsyncSession, calls: list[Call], now: datetime) -> None:
        await outbox_queue.add(await session.connection(), calls, now)


def _call(bot: Bot, method: str, params: dict[str, Any]) -> Call:
    return Call(bot.id, method, params, priority=Priority.TRANSACTIONAL, on_unknown=OnUnknown.REPEAT)


async def _has_written(session: AsyncSession, bot: Bot, user_id: UserId) -> bool:
    found = await session.execute(
        select(BotChat.reachable)
        .join(Chat, Chat.id == BotChat.chat_key)
        .where(BotChat.bot_id == bot.id, Chat.telegram_id == user_id)
    )
    return found.scalar_one_or_none() is True
