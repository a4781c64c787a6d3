"""What became of one update: its outcome in the inbox, and the calls that it queued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select
from tests.support.running import Running

from botyard.inbox.models import UpdateState, updates
from botyard.outbox.models import outbox
from botyard.telegram.bots import Bot


@dataclass(frozen=True)
class Outcome:
    """How an update went (`command:help:ok`) and what it had to say (method and parameters of each call)."""

    how: str
    calls: list[tuple[str, dict[str, Any]]]

    @property
    def texts(self) -> list[str]:
        """The texts of its messages."""
        return [params["text"] for method, params in self.calls if method == "sendMessage"]


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
