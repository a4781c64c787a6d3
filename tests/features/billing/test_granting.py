"""Gifts and ends by hand, on both databases: each act once, and never more than makes sense."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from tests.features.billing.stock import NOBODY, meet, pay, stock, subscription_order

from botyard.db.session import Database
from botyard.features.billing.models import Payment, Plan, SubscriptionState, Way
from botyard.features.billing.service import granting, subscriptions
from botyard.features.billing.service.catalog import NoSuchPlan
from botyard.features.billing.service.granting import Act, ActId, BadGrant, Span
from botyard.ids import UserId
from botyard.jobs.models import Job

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
ANA = UserId(1001)
ACT = Act(ActId("700:5"), "a friend")


@pytest.fixture
async def shop(database: Database) -> Database:
    """Plans on sale, and Ana."""
    await stock(database, NOW)
    await meet(database, ANA, NOW)
    return database


async def give(database: Database, act: Act, span: Span | None = None) -> datetime | None:
    async with database.session() as session:
        gift = await granting.choose(session, "gold-1m", span)
        return await granting.give(session, NOBODY, ANA, gift, act, NOW)


async def test_one_act_gives_once_however_often_it_comes(shop: Database) -> None:
    came = await asyncio.gather(*(give(shop, ACT, Span(days=7)) for _ in range(10)))
    assert Counter(came) == {NOW + timedelta(days=7): 1, None: 9}
    assert await give(shop, Act(ActId("700:6"), "again"), Span(days=7)) == NOW + timedelta(days=14)
    async with shop.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Payment)) == 2
        told = await session.scalars(select(Job).where(Job.name == granting.TELL).order_by(Job.id))
        assert [job.payload["days"] for job in told] == [7, 7]


async def test_without_a_length_it_is_the_plans_own(shop: Database) -> None:
    assert await give(shop, ACT) == datetime(2027, 4, 1, 12, tzinfo=UTC)


async def test_a_plan_that_is_not_sold_any_more_can_be_given(shop: Database) -> None:
    async with shop.session() as session:
        (await session.get_one(Plan, 1)).archived_at = NOW
    assert await give(shop, ACT) is not None
    async with shop.reading() as session:
        with pytest.raises(NoSuchPlan):
            await granting.choose(session, "platinum", None)


async def test_an_end_by_hand_is_done_once_and_takes_nothing_of_what_comes_later(shop: Database) -> None:
    async with shop.session() as session:
        await pay(session, ANA, "gold-1m", NOW - timedelta(days=3), "c1")
        await pay(session, ANA, "silver-1m", NOW - timedelta(days=3), "c2")
        pack = await granting.find_held(session, ANA, "gold-3m", NOW)
        for expected in (True, False):
            assert await granting.revoke(session, NOBODY, ANA, pack, ACT, NOW) is expected
        assert [each.pack for each in await granting.held(session, ANA, NOW)] == ["silver"]
        with pytest.raises(BadGrant, match="does not have gold"):
            await granting.find_held(session, ANA, "gold", NOW)
    later = NOW + timedelta(hours=1)
    async with shop.session() as session:
        await pay(session, ANA, "gold-1m", later, "c3")
        held = await granting.find_held(session, ANA, "gold", later)
        assert held.ends_at == datetime(2027, 4, 1, 13, tzinfo=UTC)


@pytest.mark.parametrize("state", SubscriptionState)
async def test_a_subscription_that_would_pay_again_is_named(shop: Database, state: SubscriptionState) -> None:
    async with shop.session() as session:
        order = subscription_order(ANA, NOW)
        session.add(order)
        await session.flush()
        await subscriptions.note(session, order, reference="s", state=state, period_ends_at=None, now=NOW)
        goes_on = state in (SubscriptionState.ACTIVE, SubscriptionState.PAST_DUE)
        assert await granting.repeating(session, ANA, "gold") == (Way.STRIPE if goes_on else None)
        assert await granting.repeating(session, ANA, "silver") is None
        assert await granting.renews(session, ANA, "gold") is (state is SubscriptionState.ACTIVE)


@pytest.mark.parametrize(
    ("word", "span"),
    [
        ("30d", Span(days=30)),
        ("2W", Span(days=14)),
        ("3m", Span(months=3)),
        ("120m", Span(months=120)),
        ("d", None),
        ("٣d", None),
        ("thanks", None),
        ("-", None),
        ("1st", None),
        ("22nd", None),
        ("100%", None),
        ("", None),
    ],
)
def test_a_length_is_a_number_and_a_unit(word: str, span: Span | None) -> None:
    assert granting.read_span(word) == span


@pytest.mark.parametrize(
    "word", ["-5d", "0d", "5", "30", "+3m", "1.5m", "3months", "30-day", "2weeks", "5h", "123456d"]
)
def test_what_is_like_a_length_and_is_none_is_no_reason(word: str) -> None:
    with pytest.raises(BadGrant, match=r"no length.*30d, 2w or 3m"):
        granting.read_span(word)


@pytest.mark.parametrize("word", ["121m", "9999d", "99999d", "600w"])
def test_more_than_ten_years_is_a_slip(word: str) -> None:
    with pytest.raises(BadGrant, match="ten years"):
        granting.read_span(word)


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 501])
async def test_a_reason_is_needed_and_short(shop: Database, reason: str) -> None:
    """Nothing is written then: a caller may go on and commit."""
    async with shop.session() as session:
        gift = await granting.choose(session, "gold-1m", None)
        with pytest.raises(BadGrant):
            await granting.give(session, NOBODY, ANA, gift, Act(ActId("1"), reason), NOW)
    async with shop.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Payment)) == 0
