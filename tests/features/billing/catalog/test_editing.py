"""Keeping plans: what can be kept, what a change does, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from tests.features.billing.catalog.shelves import (
    BOT,
    BY,
    NOW,
    draft,
    give,
    meet,
    shelve,
)

from botyard.db.session import Database
from botyard.features.billing.models import Plan, PlanPrice, Way
from botyard.features.billing.service import catalog, editing, orders, reprojecting
from botyard.features.billing.service.catalog import NoSuchPlan
from botyard.features.billing.service.editing import PlanState
from botyard.features.billing.service.orders import Buyer
from botyard.features.billing.service.plan_drafts import BadPlan, problems_of, usual_pack
from botyard.ids import UserId
from botyard.jobs.facts import EntitlementsChanged, Facts, Listener
from botyard.jobs.models import Job
from botyard.members import entitlements
from botyard.members.models import AuditEntry


@pytest.mark.parametrize(
    ("code", "pack"),
    [
        ("gold-3m", "gold"),
        ("gold-crypto-12m", "gold-crypto"),
        ("gold-30d", "gold"),
        ("gold-1y", "gold"),
        ("gold-2w", "gold"),
        ("gold", "gold"),
        ("gold-3x", "gold-3x"),
        ("3m", "3m"),
        ("gold-3m-vip", "gold-3m-vip"),
    ],
)
def test_the_pack_is_the_code_without_its_length(code: str, pack: str) -> None:
    assert usual_pack(code) == pack


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"code": "Gold"}, "code must be"),
        ({"code": "g" * 33}, "code must be"),
        ({"code": "-3m"}, "code must be"),
        ({"pack": "Gold!"}, "pack must be"),
        ({"title": ""}, "title must be"),
        ({"title": "t" * 33}, "title must be"),
        ({"title": "two\nlines"}, "title must be"),
        ({"description": "d" * 256}, "may have 255 characters; it has 256"),
        ({"months": None}, "needs a length"),
        ({"days": 90}, "needs a length"),
        ({"stars_subscription": True}, "needs a length"),
        ({"months": 0}, "1 to 120 months"),
        ({"months": 121}, "1 to 120 months"),
        ({"months": 37, "stripe_subscription": True}, "1 to 36 months where Stripe"),
        ({"trial_days": 0}, "trial lasts"),
        ({"prices": {}}, "needs a price"),
        ({"prices": {"GPB": 100}}, "GPB is no currency"),
        ({"prices": {"GBP": 0}}, "price in GBP must be"),
        ({"prices": {"GBP": -100}}, "price in GBP must be"),
        ({"prices": {"GBP": 10**8}}, "price in GBP must be"),
        ({"prices": {"XTR": 100_001}}, "1 to 100,000"),
        ({"months": None, "stars_subscription": True, "prices": {"XTR": 10_001}}, "1 to 10,000"),
        ({"months": None, "stars_subscription": True, "prices": {"GBP": 100}}, "needs a price in Stars"),
        ({"stripe_subscription": True, "prices": {"XTR": 100}}, "needs a price in money"),
        ({"features": ("Signals!",)}, "is no feature"),
        ({"features": ("a=1", "a=2")}, "feature a is there twice"),
        ({"chats": (5,)}, "5 is no group or channel"),
        ({"sold_from": NOW, "sold_until": NOW}, "before it begins"),
    ],
)
def test_what_cannot_be_kept_is_named(fields: dict[str, Any], problem: str) -> None:
    problems = problems_of(draft(**{"code": "gold-3m", **fields}))
    assert [each for each in problems if problem in each], problems
    assert len(problems) == 1, problems


async def test_a_plan_is_kept_as_it_was_wanted(database: Database) -> None:
    wanted = draft(
        description="All of it", chats=(-1002, -1001), trial_days=7, features=("signals", "max_devices=3")
    )
    async with database.session() as session:
        await shelve(session, wanted, draft("star", months=None, stars_subscription=True))
    async with database.reading() as session:
        kept = await editing.get(session, " GOLD-3M ")
        star = await editing.get(session, "star")
        offer = await catalog.find_offer(session, "gold-3m", NOW)
        chats = await catalog.chats_of(session, ["gold-3m"])
        actions = (await session.scalars(select(AuditEntry.action))).all()
    assert kept.draft == replace(wanted, pack="gold")
    assert (star.draft.days, star.draft.pack) == (30, "star")
    assert str(offer.prices["GBP"]) == "147.00 GBP"
    assert len(chats["gold-3m"]) == 2
    assert actions == ["plan.add", "plan.add"]


async def test_nothing_is_written_where_a_plan_is_refused(database: Database) -> None:
    async with database.session() as session:
        await shelve(session, draft())
        for wrong in (draft(), draft("silver", prices={}), draft("No")):
            with pytest.raises(BadPlan):
                await editing.add(session, wrong, BY)
        with pytest.raises(BadPlan):
            await editing.revise(session, "gold-3m", lambda each: replace(each, title=""), BY)
        with pytest.raises(NoSuchPlan):
            await editing.revise(session, "silver", lambda each: each, BY)
    async with database.reading() as session:
        assert [each.draft.title for each in await editing.listed(session)] == ["Gold signals, 3 months"]


async def test_a_changed_price_leaves_a_running_order_alone(database: Database) -> None:
    async with database.session() as session:
        await orders.make_key(session, NOW)
        await meet(session, 5)
        await shelve(session, draft())
        offer = await catalog.find_offer(session, "gold-3m", NOW)
        order = await orders.place(
            session, Buyer(UserId(5), BOT), offer, Way.STARS, offer.prices["XTR"], "", NOW
        )
        payload = await orders.payload_of(session, order)
    async with database.session() as session:
        await editing.revise(
            session, "gold-3m", lambda each: replace(each, prices={"XTR": 1}, months=1, title="Cheap"), BY
        )
    paid = orders.Paid(payload, UserId(5), BOT, "XTR", 9500)
    async with database.session() as session:
        found = await orders.check(session, paid, NOW)
        assert (found.amount, found.months, found.title) == (9500, 3, "Gold signals, 3 months")
        prices = (await session.execute(select(PlanPrice.currency, PlanPrice.amount))).all()
    assert [tuple(each) for each in prices] == [("XTR", 1)]


async def test_an_archived_plan_is_not_sold_and_comes_back(database: Database) -> None:
    async with database.session() as session:
        await shelve(session, draft(), draft("silver"))
        assert await editing.archive(session, "gold-3m", BY)
        assert not await editing.archive(session, "gold-3m", BY)
        with pytest.raises(NoSuchPlan):
            await catalog.find_offer(session, "gold-3m", NOW)
        assert [each.code for each in await editing.listed(session)] == ["silver", "gold-3m"]
        assert (await editing.get(session, "gold-3m")).state(NOW) is PlanState.ARCHIVED
        assert await editing.restore(session, "gold-3m", BY)
        assert not await editing.restore(session, "gold-3m", BY)
        assert (await catalog.find_offer(session, "gold-3m", NOW)).code == "gold-3m"


async def test_a_plan_is_sold_within_its_window(database: Database) -> None:
    window = {"sold_from": NOW, "sold_until": NOW + timedelta(days=1)}
    async with database.session() as session:
        await shelve(session, draft(**window))
        kept = await editing.get(session, "gold-3m")
        for moment, state in (
            (NOW - timedelta(seconds=1), PlanState.SOON),
            (NOW, PlanState.SOLD),
            (NOW + timedelta(days=1), PlanState.OVER),
        ):
            assert kept.state(moment) is state
            assert bool(await catalog.offers(session, moment)) is (state is PlanState.SOLD)


async def test_a_plan_that_says_nothing_new_is_not_written(database: Database) -> None:
    async with database.session() as session:
        await shelve(session, draft(chats=(-1002, -1001)))
    async with database.session() as session:
        later = replace(BY, now=NOW + timedelta(days=1))
        await editing.revise(session, "gold-3m", lambda each: replace(each, chats=(-1001, -1002)), later)
    async with database.reading() as session:
        assert (await session.scalars(select(Plan.changed_at))).one() == NOW
        assert (await session.scalars(select(Job.id))).all() == []


@pytest.mark.parametrize(
    ("looked_at", "at_once", "expected"), [(2, 50, 3), (2000, 2, 3), (2000, 50, 1), (2, 1, 5)]
)
async def test_members_get_what_a_changed_plan_gives_step_by_step(
    database: Database, monkeypatch: pytest.MonkeyPatch, looked_at: int, at_once: int, expected: int
) -> None:
    monkeypatch.setattr(reprojecting, "LOOKED_AT", looked_at)
    monkeypatch.setattr(reprojecting, "DONE_AT_ONCE", at_once)
    told: list[Any] = []

    async def hear(_session: Any, payload: Any) -> None:
        told.append(payload)

    facts = Facts([Listener(EntitlementsChanged, "test", hear)])
    async with database.session() as session:
        await meet(session, 1, 2, 3, 4, 5)
        await shelve(session, draft(), draft("silver"))
        for user_id in (1, 2, 4, 5):
            await give(session, user_id, "gold-3m", "gold")
        await give(session, 3, "silver", "silver")
        await session.execute(delete(Job))
    async with database.session() as session:
        change = lambda each: replace(each, features=("signals", "analytics=pro"))  # noqa: E731
        await editing.revise(session, "gold-3m", change, BY)
        assert not await entitlements.has(session, UserId(1), "analytics", NOW), "not in the change itself"
    steps = 0
    while True:
        async with database.session() as session:
            job = await session.scalar(select(Job).where(Job.name == reprojecting.JOB).limit(1))
            if job is None:
                break
            await session.delete(job)
            await reprojecting.step(session, facts, job.payload["plan"], job.payload["after"], NOW)
            steps += 1
    async with database.reading() as session:
        has = [await entitlements.has(session, UserId(each), "analytics", NOW) for each in range(1, 6)]
        jobs = (await session.scalars(select(Job.payload).order_by(Job.id))).all()
    assert has == [True, True, False, True, True]
    assert steps == expected
    assert [each["user_id"] for each in jobs] == [1, 2, 4, 5]
