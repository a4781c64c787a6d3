"""Members in any number, and broadcasts to them: what the tests of broadcasts share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from botyard.db.session import Database
from botyard.features.broadcasts.audience import EVERYBODY
from botyard.features.broadcasts.message import Message, MessageKind
from botyard.features.broadcasts.models import Broadcast, Recipient, RecipientState
from botyard.features.broadcasts.service import composing, drafts, driving, life, tallies
from botyard.features.broadcasts.service.composing import Shop
from botyard.features.broadcasts.service.drafts import Plan, Wording
from botyard.ids import BotId, UserId
from botyard.members.audit import Actor
from botyard.members.consent import Topic
from botyard.members.models import BotChat, Chat, User
from botyard.outbox.bulk import Pace
from botyard.outbox.models import CallState, outbox
from botyard.telegram.bots import bots

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
BOT = BotId(7)
ADMIN = Actor(UserId(1))
HELLO = Message(MessageKind.TEXT, "Hello {first_name|friend}!")
SHOP = Shop("https://shop.example", counts_clicks=True, bot_username="shop_bot")
PACE = Pace(30.0, 1000.0)


async def gather(database: Database, members: int, *, first: int = 1, **looks: Any) -> None:
    """So many members who have started the bot, with ids from `first` on."""
    ids = range(first, first + members)
    person = {"is_premium": False, "role": 0, "created_at": NOW, "seen_at": NOW, "registered_at": NOW} | looks
    async with database.session() as session:
        if await session.scalar(select(func.count()).select_from(bots)) == 0:
            await session.execute(
                insert(bots).values(id=BOT, name="shop", webhook_secret="s", created_at=NOW)
            )
        await session.execute(
            insert(User), [{"id": each, "first_name": f"Name{each}"} | person for each in ids]
        )
        await session.execute(
            insert(Chat),
            [{"telegram_id": each, "type": "private", "created_at": NOW} for each in ids],
        )
        keys = select(Chat.id, Chat.telegram_id).where(Chat.telegram_id.in_(ids))
        rows = (await session.execute(keys)).all()
        met = {"bot_id": BOT, "status": "member", "reachable": True, "changed_at": NOW}
        await session.execute(insert(BotChat), [met | {"chat_key": row.id} for row in rows])


async def drafted(database: Database, *messages: Message, topic: Topic = Topic.SERVICE, **how: Any) -> int:
    """A draft with these messages, or with a plain one, that was tested; answers its number."""
    plan = Plan("Spring", topic, **{"audience": EVERYBODY, **how})
    wordings = [Wording(number, each) for number, each in enumerate(messages or (HELLO,), 1)]
    async with database.session() as session:
        broadcast = await drafts.make(session, plan, BOT, ADMIN, NOW)
        await drafts.word(session, broadcast, wordings, ADMIN, NOW)
        broadcast.tested_at = NOW
        return broadcast.id


async def started(database: Database, *messages: Message, **how: Any) -> int:
    """The same, started, with its audience written down."""
    number = await drafted(database, *messages, **how)
    async with database.session() as session:
        assert await life.start(session, await drafts.locked(session, number), ADMIN, NOW)
    while not (await seen(database, number)).frozen_at:
        await step(database, number)
    return number


async def looked_at(database: Database, number: int, at: datetime = NOW) -> None:
    """Notes that an admin has looked at it as it is now."""
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        broadcast.tested_at, broadcast.trying_since = at, None


async def step(database: Database, number: int, at: datetime = NOW, pace: Pace = PACE) -> None:
    """One step of its way, as its job does it."""
    async with database.session() as session:
        broadcast = await drafts.locked(session, number)
        messages = await composing.messages(session, broadcast, SHOP, at)
        await driving.step(session, broadcast, messages, pace, at)


async def seen(database: Database, number: int) -> Broadcast:
    """The broadcast as it is kept."""
    async with database.reading() as session:
        return await drafts.get(session, number)


async def deliver(
    database: Database, *, most: int = 10_000, fates: Mapping[int, tuple[CallState, str | None]] | None = None
) -> list[int]:
    """Does what delivery does: the oldest calls are made, with the fate that a member's id has here."""
    async with database.session() as session:
        waiting = (
            select(outbox.c.id, Chat.telegram_id)
            .join(Chat, Chat.id == outbox.c.chat_key)
            .where(outbox.c.state == CallState.PENDING)
            .order_by(outbox.c.id)
            .limit(most)
        )
        rows = (await session.execute(waiting)).all()
        for row in rows:
            state, kind = (fates or {}).get(row.telegram_id, (CallState.SENT, None))
            values = {"state": state, "error_kind": kind, "error": kind, "finished_at": NOW}
            if state is CallState.SENT:
                values["message_id"] = 1000 + row.telegram_id
            await session.execute(update(outbox).where(outbox.c.id == row.id).values(values))
        return [row.telegram_id for row in rows]


async def states(database: Database, number: int) -> dict[RecipientState, int]:
    """How many recipients are in each state that any is in; the tallies say the same, or this fails."""
    async with database.reading() as session:
        found = await session.scalars(select(Recipient.state).where(Recipient.broadcast_id == number))
        counted = Counter(found)
        told = await tallies.by_state(session, number)
    assert {state: count for state, count in told.items() if count} == counted
    return dict(counted)


async def reasons(database: Database, number: int) -> dict[int, tuple[RecipientState, str | None]]:
    """What became of each member, by his id, and why."""
    async with database.reading() as session:
        rows = await session.scalars(select(Recipient).where(Recipient.broadcast_id == number))
        return {row.user_id: (row.state, row.reason) for row in rows}


async def waiting(database: Database) -> int:
    """How many calls wait in the outbox."""
    async with database.reading() as session:
        pending = select(func.count()).select_from(outbox).where(outbox.c.state == CallState.PENDING)
        return await session.scalar(pending) or 0
