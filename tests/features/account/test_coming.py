"""Where a member came from, as /start tells: the first link counts, whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import delete, select, update
from tests.support.outcomes import bot_of, told
from tests.support.running import ANA, PAUL, Running

from botyard.members.marketing import MemberSource
from botyard.members.models import User

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def business(house: Running) -> AsyncIterator[Running]:
    """The running service, to which nobody has come yet."""
    async with house.database.session() as session:
        await session.execute(delete(MemberSource))
        await session.execute(update(User).values(registered_at=None))
    yield house


async def sources(house: Running) -> dict[int, str]:
    async with house.database.reading() as session:
        rows = (await session.scalars(select(MemberSource))).all()
        assert {row.bot_id for row in rows} <= {bot_of(house).id}
        return {row.user_id: row.source for row in rows}


async def test_the_first_link_is_kept_whole(business: Running) -> None:
    longest = "ad_Spring-2027-" + "x" * 49
    assert "welcome" in (await told(business, PAUL, f"/start {longest}")).texts[0].lower()
    await told(business, PAUL, "/start other")
    await told(business, ANA, "/start guide-999")
    assert await sources(business) == {PAUL: longest, ANA: "guide-999"}


async def test_who_came_without_one_has_none_for_good(business: Running) -> None:
    await told(business, PAUL, "/start")
    await told(business, PAUL, "/start ad-1")
    assert await sources(business) == {}


@pytest.mark.parametrize("typed", ["hello there", "ü", "x" * 65])
async def test_what_no_link_can_carry_is_no_source(business: Running, typed: str) -> None:
    await told(business, PAUL, f"/start {typed}")
    assert await sources(business) == {}


async def test_a_claim_leaves_no_secret_behind(business: Running) -> None:
    await told(business, PAUL, "/start claim-s3cr3t")
    assert await sources(business) == {PAUL: "claim"}
