"""Trials: once for each member and pack, and never for who had the pack."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.features.billing.catalog.shelves import BOT, NOBODY_LISTENS, NOW, draft, give, meet, shelve

from botyard.db.session import Database
from botyard.features.billing.models import Kind, Payment, Source
from botyard.features.billing.service import catalog, trials
from botyard.features.billing.service.trials import NoTrial
from botyard.ids import UserId
from botyard.members import entitlements

ANN = UserId(1)


async def tried(database: Database, plan: str = "gold-3m") -> str:
    """When Ann's trial ends, or why she has none."""
    async with database.session() as session:
        offer = await catalog.find_offer(session, plan, NOW)
        try:
            return str(await trials.start(session, NOBODY_LISTENS, offer, ANN, BOT, NOW))
        except NoTrial as problem:
            return problem.message


async def test_a_trial_is_a_row_of_the_ledger_and_time(database: Database) -> None:
    async with database.session() as session:
        await meet(session, ANN)
        await shelve(session, draft(trial_days=7))
    assert await tried(database) == str(NOW + timedelta(days=7))
    async with database.reading() as session:
        (row,) = await session.scalars(select(Payment))
        (held,) = await entitlements.of_member(session, ANN)
    assert (row.kind, row.source, row.external_id) == (Kind.GRANT, Source.TRIAL, "trial:1:gold")
    assert (row.amount, row.days, row.plan) == (0, 7, "gold-3m")
    assert (held.features, held.ends_at) == (("signals",), NOW + timedelta(days=7))


async def test_a_pack_is_tried_once_whatever_the_plan(database: Database) -> None:
    async with database.session() as session:
        await meet(session, ANN)
        await shelve(
            session, draft(trial_days=7), draft("gold-1m", trial_days=14), draft("silver", trial_days=7)
        )
    assert await tried(database) == str(NOW + timedelta(days=7))
    assert "had this already" in await tried(database, "gold-1m")
    assert await tried(database, "silver") == str(NOW + timedelta(days=7))


async def test_who_had_the_pack_has_no_trial(database: Database) -> None:
    async with database.session() as session:
        await meet(session, ANN)
        await shelve(session, draft(trial_days=7), draft("silver"))
        offer = await catalog.find_offer(session, "gold-3m", NOW)
        assert await trials.may_try(session, ANN, offer)
        assert not await trials.may_try(session, ANN, replace(offer, trial_days=None))
        await give(session, ANN, "gold-3m", "gold")
        assert not await trials.may_try(session, ANN, offer)
    assert "had this already" in await tried(database)
    assert await tried(database, "silver") == "Gold signals, 3 months has no trial."


@pytest.mark.parametrize("plans", [("gold-3m",) * 5, ("gold-3m", "gold-1m") * 3])
async def test_of_many_presses_at_once_one_counts(database: Database, plans: tuple[str, ...]) -> None:
    async with database.session() as session:
        await meet(session, ANN)
        await shelve(session, draft(trial_days=7), draft("gold-1m", trial_days=14))
    said = await asyncio.gather(*(tried(database, each) for each in plans))
    assert sum("had this" in each for each in said) == len(plans) - 1
    async with database.reading() as session:
        assert len((await session.scalars(select(Payment.id))).all()) == 1
