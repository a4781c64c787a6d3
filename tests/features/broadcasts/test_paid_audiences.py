"""Audiences by what members have paid for: plan, pack, its end, and who has never paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite
from tests.features.broadcasts.crowd import (
    ADMIN,
    BOT,
    NOW,
    PACE,
    drafted,
    gather,
    reasons,
    seen,
    started,
    step,
)

from botyard.db.session import Database
from botyard.features.broadcasts import audience as audiences
from botyard.features.broadcasts.audience import Audience
from botyard.features.broadcasts.audience_words import read_audience
from botyard.features.broadcasts.models import Payer
from botyard.features.broadcasts.service import drafts, freezing, life, preflight
from botyard.ids import UserId
from botyard.members import entitlements
from botyard.members.consent import Topic
from botyard.members.entitlements import Entitlement, PaymentId

GOLD, RENEWED, LAPSED, BACK, BOTH, NEVER, TRIED = range(1, 8)
DAY = timedelta(days=1)


def stretch(plan: str, begins: int, ends: int) -> Entitlement:
    """Time from so many days after now until so many days after now."""
    pack = plan.partition("-")[0]
    return Entitlement(plan, pack, (), NOW + begins * DAY, NOW + ends * DAY, PaymentId(1), pack.title())


HAD: dict[int, Sequence[Entitlement]] = {
    GOLD: [stretch("gold-1m", -27, 3)],
    RENEWED: [stretch("gold-1m", -27, 3), stretch("gold-3m", 3, 93)],
    LAPSED: [stretch("gold-1m", -40, -10)],
    BACK: [stretch("gold-1m", -70, -20), stretch("gold-3m", -5, 85)],
    BOTH: [stretch("silver-1m", -33, -3), stretch("gold-12m", -5, 360)],
    TRIED: [stretch("silver-1m", -20, 5)],
}
PAID = (GOLD, RENEWED, LAPSED, BACK, BOTH)


@pytest.fixture
async def seven(database: Database) -> Database:
    await gather(database, 7)
    async with database.session() as session:
        for user_id, given in HAD.items():
            await entitlements.replace(session, UserId(user_id), given)
        session.add_all(Payer(user_id=each, at=NOW) for each in PAID)
    return database


@pytest.mark.parametrize(
    ("said", "members"),
    [
        ("plan gold-1m", {GOLD, RENEWED}),
        ("plan gold-1m or silver-1m", {GOLD, RENEWED, TRIED}),
        ("pack gold", {GOLD, RENEWED, BACK, BOTH}),
        ("pack gold, plan gold-3m", {BACK}),
        ("pack silver", {TRIED}),
        ("plan gold-9m", set()),
        ("ends in 7 days", {GOLD, TRIED}),
        ("ends in 2 days", set()),
        ("ends in 7 days, pack gold", {GOLD}),
        ("ends in 93 days", {GOLD, RENEWED, BACK, TRIED}),
        ("lapsed in 30 days", {LAPSED, BOTH}),
        ("lapsed in 5 days", {BOTH}),
        ("lapsed in 30 days, pack gold", {LAPSED}),
        ("lapsed in 30 days, plan silver-1m", {BOTH}),
        ("never paid", {NEVER, TRIED}),
        ("never paid, pack silver", {TRIED}),
        ("never paid, not member 7", {NEVER}),
        ("role subscriber, ends in 7 days", {GOLD, TRIED}),
    ],
)
async def test_who_is_meant(seven: Database, said: str, members: set[int]) -> None:
    audience = read_audience(said)
    if members:
        number = await started(seven, audience=audience)
        assert set(await reasons(seven, number)) == members
    async with seven.reading() as session:
        plan = drafts.Plan("x", Topic.SERVICE, audience)
        assert (await drafts.reach(session, plan, BOT, NOW)).recipients == len(members)


async def test_at_the_very_moment_of_its_end_it_has_lapsed(seven: Database) -> None:
    async with seven.session() as session:
        await entitlements.replace(session, UserId(NEVER), [stretch("gold-1m", -30, 0)])
    assert set(await reasons(seven, await started(seven, audience=Audience(lapsed_within_days=1)))) == {NEVER}
    assert NEVER not in await reasons(seven, await started(seven, audience=Audience(packs=("gold",))))


async def test_a_code_that_nobody_ever_had_is_doubted(seven: Database) -> None:
    audience = Audience(plans=("gold-1m", "gld-1m"), packs=("glod",))
    number = await drafted(seven, audience=audience)
    async with seven.reading() as session:
        found = await preflight.check(session, await drafts.get(session, number), PACE, NOW)
    doubts = [str(each) for each in found.warnings if "ever had" in str(each)]
    assert [each.split(" Look")[0] for each in doubts] == [
        "Nobody has ever had the plan or pack gld-1m.",
        "Nobody has ever had the plan or pack glod.",
    ]


async def test_each_look_is_by_an_index(seven: Database) -> None:
    """A million members are looked at one by one: no condition may read a whole table for each."""
    audience = Audience(
        plans=("gold-1m",), packs=("gold",), ends_within_days=7, lapsed_within_days=7, never_paid=True
    )
    statement = audiences.members(audience, BOT, Topic.SERVICE, NOW)
    async with seven.reading() as session:
        if session.get_bind().dialect.name != "sqlite":
            return  # with so few rows PostgreSQL looks through them all, rightly
        sql = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        plan = [row.detail for row in await session.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
    paid = [each for each in plan if "entitlements" in each or "broadcast_payers" in each]
    assert len(paid) == 5
    assert all(each.startswith("SEARCH") for each in paid), plan


async def test_few_among_many_are_found_in_bounded_steps(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is looked at in one transaction is bounded, however far away the next is who is meant."""
    monkeypatch.setattr(freezing, "STEP", 2)
    monkeypatch.setattr(freezing, "MOST_LOOKED_AT", 5)
    await gather(database, 23)
    meant = {2, 3, 4, 17, 23}
    async with database.session() as session:
        for each in meant:
            await entitlements.replace(session, UserId(each), [stretch("gold-1m", -1, 9)])
    number = await drafted(database, audience=Audience(packs=("gold",)))
    async with database.session() as session:
        assert await life.start(session, await drafts.locked(session, number), ADMIN, NOW)
    reached = []
    while not (await seen(database, number)).frozen_at:
        await step(database, number)
        reached.append((await seen(database, number)).frozen_through)
    assert reached == [3, 8, 13, 18, 23, 23]
    assert set(await reasons(database, number)) == meant
