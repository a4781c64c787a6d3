"""Reminders: each once, at its time, to those who can be reached, and of what is true."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select
from tests.features.billing.stock import house_of, meet, pay, stock, subscription_order

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.features.billing import reminding as job
from botyard.features.billing.models import (
    Direction,
    Kind,
    Order,
    Plan,
    Reminder,
    Source,
    SubscriptionState,
)
from botyard.features.billing.service import granting, ledger, subscriptions
from botyard.features.billing.service.entitling import Entry
from botyard.features.billing.service.granting import Act, ActId
from botyard.features.billing.service.ledger import About
from botyard.jobs.facts import Facts
from botyard.jobs.queue import ANSWER, enqueue
from botyard.jobs.runner import JobRunner
from botyard.members.models import BotChat
from botyard.money import Money
from botyard.outbox.models import outbox

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2027, 3, 1, 12, tzinfo=UTC)
END = datetime(2027, 4, 1, 12, tzinfo=UTC)
ANA = 1001


@pytest.fixture
async def shop(database: Database) -> Database:
    """A business with one member, Ana, who has paid for a month."""
    await stock(database, START)
    await meet(database, ANA, START)
    async with database.session() as session:
        await pay(session, ANA, "gold-1m", START, "c1")
    return database


async def run(database: Database, now: datetime, **settings: str) -> list[dict[str, Any]]:
    """What the job sends at this moment."""
    house = house_of(database, **settings)
    found = await job.look(house, {"at": now.isoformat()})
    async with database.session() as session:
        before = await session.scalar(select(func.max(outbox.c.id))) or 0
        await job.remind(house, session, {ANSWER: found}, now)
    async with database.read() as connection:
        rows = await connection.execute(
            select(outbox.c.params).where(outbox.c.id > before).order_by(outbox.c.id)
        )
        return [msgspec.json.decode(row.params) for row in rows]


async def test_three_days_one_day_and_at_the_end_each_once(shop: Database) -> None:
    said: list[tuple[str, str]] = []
    moment = END - 5 * DAY
    while moment < END + 5 * DAY:
        for _ in range(2):  # two replicas, or a job that runs twice
            said += [(f"{moment - END}", each["text"].partition("\n")[0]) for each in await run(shop, moment)]
        moment += 6 * HOUR
    assert said == [
        ("-3 days, 0:00:00", "⏳ <b>Gold, 1 month: 3 days left</b>"),
        ("-1 day, 0:00:00", "⏳ <b>Gold, 1 month: 1 day left</b>"),
        ("0:00:00", "<b>Gold, 1 month has ended</b>"),
    ]


async def test_it_carries_a_button_that_renews(shop: Database) -> None:
    (sent,) = await run(shop, END - DAY)
    assert sent["reply_markup"]["inline_keyboard"] == [[{"text": "Renew", "callback_data": "buy:gold-1m"}]]
    assert "April 1, 2027, 12:00 UTC" in sent["text"]


async def test_a_plan_that_is_not_sold_any_more_has_no_button(shop: Database) -> None:
    async with shop.session() as session:
        (await session.get_one(Plan, 1)).archived_at = START
    (sent,) = await run(shop, END - DAY)
    assert "reply_markup" not in sent
    assert "/plans" in sent["text"]


@pytest.mark.parametrize(
    ("down_until", "says"),
    [
        (-2 * DAY, "2 days left"),
        (-23 * HOUR, "1 day left"),
        (-5 * HOUR, "ends soon"),
        (3 * HOUR, "has ended"),
        (2 * DAY + HOUR, None),
    ],
)
async def test_after_a_pause_only_the_one_that_fits_now_is_sent(
    shop: Database, down_until: timedelta, says: str | None
) -> None:
    sent = [each["text"] for each in await run(shop, END + down_until)]
    assert len(sent) == (says is not None)
    assert says is None or says in sent[0]
    assert await run(shop, END + down_until) == []


async def test_what_was_paid_between_the_look_and_the_word_counts(shop: Database) -> None:
    house, now = house_of(shop), END - DAY
    found = await job.look(house, {"at": now.isoformat()})
    async with shop.session() as session:
        await pay(session, ANA, "gold-1m", now, "just now")
    async with shop.session() as session:
        await job.remind(house, session, {ANSWER: found}, now)
        assert await session.scalar(select(func.count()).select_from(outbox)) == 0
    assert len(found) == 1


async def test_two_at_once_send_one(shop: Database) -> None:
    await asyncio.gather(*(run(shop, END - DAY) for _ in range(5)))
    async with shop.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(outbox)) == 1


async def test_what_follows_without_a_gap_counts(shop: Database) -> None:
    async with shop.session() as session:
        await pay(session, ANA, "gold-3m", START + DAY, "c2")
    assert await run(shop, END - DAY) == []
    assert await run(shop, END + HOUR) == []
    (sent,) = await run(shop, datetime(2027, 6, 30, 12, tzinfo=UTC))
    assert "Gold, 3 months: 1 day left" in sent["text"]


async def test_who_renewed_after_a_gap_is_not_told_that_it_ended(shop: Database) -> None:
    async with shop.session() as session:
        await pay(session, ANA, "gold-1m", END + HOUR, "c2")
    assert await run(shop, END + 2 * HOUR) == []


async def test_other_packs_are_other_times(shop: Database) -> None:
    async with shop.session() as session:
        await pay(session, ANA, "silver-1m", START + HOUR, "c2")
    gold, silver = await run(shop, END - DAY)
    assert "Gold, 1 month: 1 day left" in gold["text"]
    assert "Silver, 1 month: 2 days left" in silver["text"]


@pytest.mark.parametrize("state", SubscriptionState)
async def test_what_renews_by_itself_is_not_reminded(shop: Database, state: SubscriptionState) -> None:
    async with shop.session() as session:
        order = _order()
        session.add(order)
        await session.flush()
        await subscriptions.note(session, order, reference="sub", state=state, period_ends_at=END, now=START)
    assert len(await run(shop, END - DAY)) == (state is not SubscriptionState.ACTIVE)


async def test_a_subscription_whose_payment_is_long_due_and_of_which_nobody_told_has_a_last_word(
    shop: Database,
) -> None:
    async with shop.session() as session:
        order = _order()
        session.add(order)
        await session.flush()
        await subscriptions.note(
            session, order, reference="s", state=SubscriptionState.ACTIVE, period_ends_at=END, now=START
        )
    assert await run(shop, END + HOUR) == [], "Telegram may be late"
    (sent,) = await run(shop, END + 7 * HOUR)
    assert "has ended" in sent["text"]


async def test_a_subscription_that_is_cancelled_in_its_last_days_is_reminded(shop: Database) -> None:
    async with shop.session() as session:
        order = _order()
        session.add(order)
        await session.flush()
        await subscriptions.note(
            session, order, reference="s", state=SubscriptionState.ACTIVE, period_ends_at=END, now=START
        )
    assert await run(shop, END - 2 * DAY) == []
    async with shop.session() as session:
        found = await session.get_one(Order, order.id)
        await subscriptions.note(
            session, found, reference="s", state=SubscriptionState.CANCELLED, period_ends_at=END, now=END
        )
    (sent,) = await run(shop, END - 2 * DAY)
    assert "2 days left" in sent["text"]


async def test_only_who_can_be_reached_by_the_bot_that_sold_it(shop: Database) -> None:
    async with shop.session() as session:
        for chat in await session.scalars(select(BotChat)):
            chat.reachable = False
    assert await run(shop, END - DAY) == []
    async with shop.session() as session:
        for chat in await session.scalars(select(BotChat)):
            chat.reachable = True
    assert await run(shop, END - DAY) == [], "the moment has passed"
    (sent,) = await run(shop, END)
    assert "has ended" in sent["text"]


async def test_time_that_no_bot_sold_is_reminded_by_any(shop: Database) -> None:
    await meet(shop, 1002, START, "Ben")
    async with shop.session() as session:
        await pay(session, 1002, "silver-1m", START, "gift", bot_id=None)
    assert len(await run(shop, END - DAY)) == 2


async def test_who_has_just_got_a_short_time_is_not_reminded_of_it_at_once(database: Database) -> None:
    """A trial of three days: the first word about its end comes a day before it."""
    await stock(database, START)
    await meet(database, ANA, START)
    async with database.session() as session:
        await pay(session, ANA, "gold-1m", START, "trial", days=3)
    assert await run(database, START + timedelta(minutes=1)) == []
    assert len(await run(database, START + 2 * DAY)) == 1


async def test_who_was_ended_by_hand_is_not_told_twice(shop: Database) -> None:
    facts, now = Facts(()), START + 3 * DAY
    async with shop.session() as session:
        held = await granting.find_held(session, ANA, "gold", now)  # type: ignore[arg-type]
        act = Act(ActId("1"), "sold his login")
        await granting.revoke(session, facts, ANA, held, act, now)  # type: ignore[arg-type]
    assert await run(shop, now + timedelta(minutes=1)) == []


async def test_a_refund_that_brings_the_end_nearer_is_a_new_end(shop: Database) -> None:
    async with shop.session() as session:
        second = await pay(session, ANA, "gold-1m", START + DAY, "c2")
    assert await run(shop, END - DAY) == []
    async with shop.session() as session:
        back = Entry(
            kind=Kind.REFUND,
            source=Source.STRIPE,
            direction=Direction.OUT,
            external_id="r",
            money=Money(second.amount, "GBP"),
            at=END - DAY,
            refers_to="stripe:c2",
        )
        await ledger.record(session, Facts(()), back, About(user_id=ANA), END - DAY)  # type: ignore[arg-type]
    assert len(await run(shop, END - DAY + HOUR)) == 1


async def test_without_reminders_nobody_is_reminded(shop: Database) -> None:
    assert await run(shop, END - DAY, reminders="none") == []
    assert await run(shop, END + HOUR, reminders="36h") == [], "that would be the last word"
    assert len(await run(shop, END - DAY, reminders="36h")) == 1
    assert len(await run(shop, END, reminders="0d")) == 1


async def test_many_are_reminded_in_steps(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for user_id in range(2000, 2007):
        await meet(shop, user_id, START)
        async with shop.session() as session:
            await pay(session, user_id, "silver-1m", START, f"c{user_id}")
    monkeypatch.setattr(job, "AT_ONCE", 3)
    monkeypatch.setattr(job.reminding.due, "__defaults__", (3,))
    clock = ManualClock(END - DAY)
    runner = JobRunner(shop, [each.handler(house_of(shop), clock) for each in job.JOBS], clock)
    async with shop.session() as session:
        await enqueue(session, job.NAME, {}, START)
    assert await runner.run_next()
    steps = 0
    while await runner.run_next_errand():
        steps += 1
    assert steps == 3
    async with shop.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(outbox)) == 8
        assert await connection.scalar(select(func.count()).select_from(Reminder)) == 8


def _order() -> Order:
    return subscription_order(ANA, START)
