"""A paid channel in virtual time: what the tests of access share."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.support.outcomes import Outcome, bot_of, pressed, sent
from tests.support.running import ANA, OWNER, PAUL, Running, running

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.features.access.jobs import hear
from botyard.features.access.models import AccessChat, AccessMember, Mode
from botyard.features.billing.models import Direction, Kind, Plan, PlanChat, PlanPrice, Source
from botyard.features.billing.service import ledger
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.ledger import About
from botyard.ids import ChatId, ChatKey, UserId
from botyard.inbox.models import UpdateState, updates
from botyard.jobs import runner
from botyard.jobs.facts import EntitlementsChanged, Facts, Listener
from botyard.jobs.models import Job, JobState
from botyard.members.chats import keys_of
from botyard.money import Money
from botyard.sandbox.virtual_clock import VirtualClock

KENJI = 1004
GROUP = -1001000000001
"""Olivia owns it, Paul and Ana are in it from the beginning."""
CLUB = -1001000000077
"""A channel that Olivia owns, with nobody else in it."""
START = datetime(2027, 3, 1, 12, tzinfo=UTC)
FACTS = Facts([Listener(EntitlementsChanged, "access", hear)])
RIGHTS = {"can_invite_users": True, "can_restrict_members": True}

_ids = itertools.count(1)


async def sell(database: Database, chat_id: int, *, code: str = "gold-30d", now: datetime = START) -> ChatKey:
    """Puts a plan of 30 days into the catalog that lets into this chat."""
    async with database.session() as session:
        plan = Plan(
            code=code,
            pack=code.partition("-")[0],
            title=f"Plan {code}",
            description="Signals every day",
            days=30,
            stars_subscription=False,
            stripe_subscription=False,
            features=["signals"],
            position=next(_ids),
            created_at=now,
            changed_at=now,
        )
        session.add(plan)
        await session.flush()
        (key,) = await keys_of(session, [ChatId(chat_id)], now)
        session.add(PlanPrice(plan_id=plan.id, currency="XTR", amount=3500))
        session.add(PlanChat(plan_id=plan.id, chat_key=key))
        return key


async def closes(database: Database, key: ChatKey, code: str = "gold-30d") -> None:
    """A plan that let into a chat does so no more."""
    async with database.session() as session:
        plan = select(Plan.id).where(Plan.code == code).scalar_subquery()
        await session.execute(delete(PlanChat).where(PlanChat.plan_id == plan, PlanChat.chat_key == key))


async def opens_too(database: Database, key: ChatKey, code: str) -> None:
    """A plan that is there lets into one more chat."""
    async with database.session() as session:
        plan = await session.scalar(select(Plan.id).where(Plan.code == code))
        session.add(PlanChat(plan_id=plan, chat_key=key))


async def pays(
    database: Database, user_id: int, at: datetime, *, days: int = 30, code: str = "gold-30d"
) -> str:
    """A member pays; the charge's id."""
    async with database.session() as session:
        return await pays_in(session, user_id, at, days=days, code=code)


async def pays_in(
    session: AsyncSession, user_id: int, at: datetime, *, days: int = 30, code: str = "gold-30d"
) -> str:
    """A member pays, in a transaction that is somebody else's to commit; the charge's id."""
    charge = f"charge-{next(_ids)}"
    entry = Entry(
        kind=Kind.CHARGE,
        source=Source.STARS,
        direction=Direction.IN,
        external_id=charge,
        money=Money(3500, "XTR"),
        at=at,
        plan=code,
        pack=code.partition("-")[0],
        days=days,
    )
    await ledger.record(session, FACTS, entry, About(user_id=UserId(user_id)), at)
    return charge


async def refunds(database: Database, user_id: int, charge: str, at: datetime) -> None:
    """A payment is given back."""
    entry = Entry(
        kind=Kind.REFUND,
        source=Source.STARS,
        direction=Direction.OUT,
        external_id=charge,
        money=Money(3500, "XTR"),
        at=at,
        refers_to=f"stars:{charge}",
    )
    async with database.session() as session:
        await ledger.record(session, FACTS, entry, About(user_id=UserId(user_id)), at)


async def row_of(database: Database, key: ChatKey, user_id: int) -> AccessMember | None:
    """What is known of somebody in a chat."""
    async with database.reading() as session:
        return await session.get(AccessMember, {"chat_key": key, "user_id": user_id})


class Club:
    """A running service with a paid chat, in a time of its own."""

    def __init__(self, house: Running, clock: VirtualClock) -> None:
        self.house = house
        self.clock = clock

    @property
    def database(self) -> Database:
        """The service's database."""
        return self.house.database

    def now(self) -> datetime:
        """The time there."""
        return self.clock.now()

    async def opens(
        self, chat_id: int = CLUB, *, code: str = "gold-30d", live: bool | None = True, **rights: bool
    ) -> ChatKey:
        """A chat is sold, and the bot its admin; `live` or not as if an admin had said so, or as it is."""
        if chat_id != GROUP:
            members = [{"user_id": OWNER, "status": "creator"}]
            await self.house.control(
                "POST", "chats", id=chat_id, type="channel", title=f"Club {code}", members=members
            )
        key = await sell(self.database, chat_id, code=code, now=self.now())
        await self.promotes(chat_id, **rights)
        await self.is_looked_after(key)
        if live is not None:
            async with self.database.session() as session:
                chat = await session.get_one(AccessChat, key)
                chat.mode = Mode.LIVE if live else Mode.DRY
        return key

    async def promotes(self, chat_id: int, *, bot: str = "shop", **rights: bool) -> None:
        """The bot becomes an admin with these rights; with both, where none are named."""
        who = bot_of(self.house, bot).id
        all_rights = {"can_manage_chat": True, **(rights or RIGHTS)}
        body = {"user_id": who, "status": "administrator", "rights": all_rights}
        await self.house.control("POST", f"chats/{chat_id}/members", **body)

    async def is_looked_after(self, key: ChatKey) -> None:
        """Waits until the chat was compared, and Telegram asked who is in it."""

        async def is_so() -> bool:
            async with self.database.reading() as session:
                chat = await session.get(AccessChat, key)
                return chat is not None and (chat.problem is not None or chat.swept_at is not None)

        await self.house.until(is_so)
        await self.quiet()

    async def chat(self, key: ChatKey) -> AccessChat:
        """What is known of the chat."""
        async with self.database.reading() as session:
            return await session.get_one(AccessChat, key)

    async def pays(self, user_id: int, *, days: int = 30, code: str = "gold-30d") -> str:
        """A member pays now."""
        return await pays(self.database, user_id, self.now(), days=days, code=code)

    async def passes(self, **length: float) -> None:
        """Time passes, and all that was due by then is done."""
        self.clock.advance(timedelta(**length).total_seconds())
        before = self.now()

        async def is_looked_at() -> bool:
            """Whether a round after that moment is over."""
            async with self.database.reading() as session:
                done = await session.scalar(
                    select(Job.finished_at)
                    .where(Job.name == "access.round", Job.state == JobState.DONE)
                    .order_by(Job.id.desc())
                    .limit(1)
                )
            return done is not None and done >= before

        await self.house.until(is_looked_at)
        await self.quiet()

    async def quiet(self) -> None:
        """Waits until nothing is due and nothing is on its way."""

        async def is_so() -> bool:
            async with self.database.reading() as session:
                soon = self.now() + timedelta(minutes=2)
                waiting = select(Job.id).where(Job.state == JobState.PENDING, Job.run_at <= soon)
                return await session.scalar(waiting.limit(1)) is None

        await self.house.until(is_so, seconds=30)
        await sent(self.house)

    async def status(self, user_id: int, chat_id: int = CLUB) -> str:
        """What somebody is to a chat, as Telegram has it."""
        chats = await self.house.control("GET", "chats")
        members = next(each for each in chats if each["id"] == chat_id)["members"]
        return next((each["status"] for each in members if each["user_id"] == user_id), "left")

    async def buttons(self, user_id: int) -> list[dict[str, Any]]:
        """The buttons beneath the bot's latest message to somebody."""
        latest = (await self.house.replies(user_id))[-1]
        return [each for row in latest.get("reply_markup", {}).get("inline_keyboard", []) for each in row]

    async def way_in(self, user_id: int) -> str:
        """The address behind the button of the latest message that has one."""
        for message in reversed(await self.house.replies(user_id)):
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            urls = [each["url"] for row in rows for each in row if "url" in each]
            if urls:
                return str(urls[0])
        raise AssertionError("no way in was told")

    async def ways_told(self, user_id: int) -> list[str]:
        """The messages that told somebody a way in."""
        texts = [str(each.get("text")) for each in await self.house.replies(user_id)]
        return [text for text in texts if "Your way in" in text]

    async def asks(self, user_id: int, url: str, **more: Any) -> None:
        """Somebody asks to join through a link, and is answered."""
        await self.house.control("POST", "joins", user_id=user_id, invite_link=url, **more)
        await self.answered()

    async def answered(self) -> None:
        """Waits until all updates are handled and all that follows is done."""

        async def is_so() -> bool:
            entries = (await self.house.control("GET", "updates?since=0"))["entries"]
            return all(each["delivered"] for each in entries)

        await self.house.until(is_so)
        await self.handled()
        await self.quiet()

    async def handled(self) -> None:
        """Waits until no update waits."""

        async def is_so() -> bool:
            async with self.database.read() as connection:
                waiting = select(updates.c.seq).where(updates.c.state == UpdateState.PENDING).limit(1)
                return (await connection.execute(waiting)).first() is None

        await self.house.until(is_so)

    async def comes(self, user_id: int, chat_id: int = CLUB) -> None:
        """Who has paid goes in by the link that he was told."""
        await self.asks(user_id, await self.way_in(user_id))
        assert await self.status(user_id, chat_id) == "member"

    async def removals(self, user_id: int | None = None) -> list[dict[str, Any]]:
        """The calls that removed somebody."""
        calls = await self.house.calls("unbanChatMember")
        return [each for each in calls if user_id in (None, each["params"]["user_id"])]


@asynccontextmanager
async def a_club(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Club]:
    """The service and the sandbox in one virtual time, and everybody has begun with the bot."""
    clock = VirtualClock(SystemClock())
    clock.set_now(START)
    limits = {"send_rate": 0, "chat_rate": 0, "group_rate": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "LOOK_SECONDS", 0.05)
        async with running(database_url, folder, webhook=True, clock=clock, **limits, **settings) as house:
            club = Club(house, clock)
            for user_id in (OWNER, PAUL, ANA, KENJI):
                await house.say(user_id, "/start")
            await club.answered()
            yield club


async def presses(house: Running, user_id: int, label: str, **more: Any) -> Outcome:
    """What became of a press, once all that it had to say has arrived."""
    outcome = await pressed(house, user_id, label, **more)
    await sent(house)
    return outcome
