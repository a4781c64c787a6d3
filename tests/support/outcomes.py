"""A running service for all tests of a module, and what became of each update that it was given."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from tests.support.running import NEWS, SHOP, Running, running

from botyard.inbox.models import UpdateState, updates
from botyard.outbox.models import CallState, outbox
from botyard.routing import switchboard, worker
from botyard.telegram.bots import Bot

GROUP = -1001000000001
"""The sandbox's supergroup: Olivia owns it, Paul and Ana are in it."""


@asynccontextmanager
async def two_bots(template: Path, folder: Path, **settings: Any) -> AsyncIterator[Running]:
    """The service on SQLite, by webhook, with two bots that are in the group, without limits on sending."""
    database = folder / "botyard.db"
    shutil.copy(template, database)
    limits = {"send_rate": 0, "chat_rate": 0, "group_rate": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(switchboard, "LOOK_SECONDS", 0.05)
        patch.setattr(worker, "WRITER_SECONDS", 10.0)  # a busy machine is no slow handler
        async with running(
            f"sqlite+aiosqlite:///{database}",
            folder,
            webhook=True,
            bots={"shop": SHOP, "news": NEWS},
            **limits,
            **settings,
        ) as house:
            for bot in house.service.bots.values():
                await house.control("POST", f"chats/{GROUP}/members", user_id=bot.id, status="administrator")
            yield house


@dataclass(frozen=True)
class Outcome:
    """How an update went (`command:help:ok`) and what it had to say (method and parameters of each call)."""

    how: str
    calls: list[tuple[str, dict[str, Any]]]

    @property
    def texts(self) -> list[str]:
        """The texts of its messages."""
        return [params["text"] for method, params in self.calls if method == "sendMessage"]

    @property
    def edits(self) -> list[str]:
        """The texts that messages got."""
        return [params["text"] for method, params in self.calls if method == "editMessageText"]

    @property
    def toasts(self) -> list[str]:
        """What presses were answered with."""
        return [params["text"] for method, params in self.calls if method == "answerCallbackQuery"]


def bot_of(house: Running, name: str = "shop") -> Bot:
    """The running bot of this name."""
    return next(bot for bot in house.service.bots.values() if bot.name == name)


async def outcome_of(house: Running, answer: dict[str, Any], *, bot: str = "shop") -> Outcome:
    """What became of the update that the sandbox's `answer` shows, once it is done."""
    assert answer["update"] is not None, "the sandbox gave the bot no update"
    mine = (updates.c.bot_id == bot_of(house, bot).id) & (
        updates.c.update_id == answer["update"]["update_id"]
    )

    async def is_over() -> bool:
        async with house.database.read() as connection:
            row = (await connection.execute(select(updates.c.state, updates.c.error).where(mine))).first()
        assert row is None or row.error is None, row.error
        return row is not None and row.state is UpdateState.DONE

    await house.until(is_over)
    async with house.database.read() as connection:
        row = (await connection.execute(select(updates.c.seq, updates.c.outcome).where(mine))).one()
        queued = await connection.execute(
            select(outbox.c.method, outbox.c.params)
            .where(outbox.c.update_seq == row.seq)
            .order_by(outbox.c.id)
        )
        return Outcome(row.outcome, [(call.method, msgspec.json.decode(call.params)) for call in queued])


async def told(house: Running, user_id: int, text: str, *, bot: str = "shop", **more: Any) -> Outcome:
    """What became of a message that a member wrote."""
    return await outcome_of(house, await house.say(user_id, text, bot=bot, **more), bot=bot)


async def given(house: Running, *, bot: str = "shop", **update: dict[str, Any]) -> Outcome:
    """What became of an update that Telegram sent: `given(house, edited_message={...})`."""
    return await outcome_of(house, await house.control("POST", "updates", bot=bot, update=update), bot=bot)


async def count_of(house: Running, series: str) -> float:
    """The value of a series at /metrics: `telegram_command_total{name="help",status="ok"}`; 0 without it."""
    lines = (await house.metrics()).splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{series} ")), 0.0)


async def sent(house: Running) -> None:
    """Waits until nothing is on its way to Telegram."""
    on_its_way = outbox.c.state.in_([CallState.PENDING, CallState.SENDING])

    async def is_so() -> bool:
        async with house.database.read() as connection:
            return (await connection.execute(select(outbox.c.id).where(on_its_way).limit(1))).first() is None

    await house.until(is_so)


async def pressed(
    house: Running,
    user_id: int,
    label: str,
    *,
    bot: str = "shop",
    chat_id: int | None = None,
    message_id: int | None = None,
) -> Outcome:
    """What became of a press on the button that says `label`, or carries it as its data.

    Of the message, or of the latest one in the chat that has such a button.
    """
    await sent(house)
    for message in reversed(await house.messages(user_id, bot=bot, chat_id=chat_id)):
        if message_id not in (None, message["message_id"]):
            continue
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        for button in (each for row in rows for each in row):
            if "callback_data" in button and label in (button["text"], button["callback_data"]):
                where = {"chat_id": chat_id} if chat_id else {}
                return await outcome_of(
                    house,
                    await house.control(
                        "POST",
                        "callbacks",
                        bot=bot,
                        user_id=user_id,
                        message_id=message["message_id"],
                        data=button["callback_data"],
                        **where,
                    ),
                    bot=bot,
                )
    raise AssertionError(f"no button {label!r} in this chat")


async def forged(house: Running, user_id: int, data: str, *, bot: str = "shop") -> Outcome:
    """What became of a press that carries any data at all, beneath the bot's latest message to the member."""
    person = house.sandbox.world.users[user_id]
    names = {"first_name": person.first_name, "last_name": person.last_name, "username": person.username}
    chat = {"id": user_id, "type": "private", **names}
    await sent(house)
    latest = (await house.replies(user_id, bot=bot))[-1]["message_id"]
    query = {
        "id": secrets.token_hex(8),
        "from": {"id": user_id, "is_bot": False, **names},
        "message": {"message_id": latest, "date": 1_800_000_000, "chat": chat},
        "chat_instance": "1",
        "data": data,
    }
    return await given(house, bot=bot, callback_query=query)
