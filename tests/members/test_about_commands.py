"""/tag, /untag and /timezone in chat."""

from __future__ import annotations

import pytest
import pytest_asyncio
from sqlalchemy import delete, select
from tests.support.outcomes import GROUP, told
from tests.support.running import OWNER, PAUL, Running

from botyard.members.marketing import MemberTag, MemberZone
from botyard.members.models import AuditEntry

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def business(house: Running) -> Running:
    """The running service; nothing is known of Paul."""
    for user_id in (OWNER, PAUL):
        await told(house, user_id, "/start")
    async with house.database.session() as session:
        await session.execute(delete(MemberTag))
        await session.execute(delete(MemberZone))
    return house


async def said(house: Running, user_id: int, text: str) -> str:
    return (await told(house, user_id, text)).texts[0]


async def test_an_admin_tags_and_untags(business: Running) -> None:
    assert "<b>Paul</b> has no tags" in await said(business, OWNER, "/tag @paul_green")
    assert "<b>Paul</b>: slow, vip" in await said(business, OWNER, "/tag @paul_green vip slow")
    assert "<b>Paul</b>: slow" in await said(business, OWNER, f"/untag {PAUL} vip")
    async with business.database.reading() as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.action.like("member.%tag"))))
    assert [(each.action, each.actor_id, each.detail["tags"]) for each in entries] == [
        ("member.tag", OWNER, "slow, vip"),
        ("member.untag", OWNER, "vip"),
    ]


async def test_wrong_words_about_tags(business: Running) -> None:
    assert "/untag @ana vip" in await said(business, OWNER, "/tag")
    assert "/untag @ana vip" in await said(business, OWNER, "/untag @paul_green")
    assert "I know no member @nobody" in await said(business, OWNER, "/tag @nobody vip")
    assert "has not 1 to 32 letters" in await said(business, OWNER, f"/tag {PAUL} {'x' * 33}")
    assert "private chat" in (await told(business, OWNER, "/tag @paul_green", chat_id=GROUP)).texts[0]
    assert "Tags of" not in await said(business, PAUL, "/tag @paul_green vip")


@pytest.mark.parametrize("typed", ["Europe/London", "london", "europe/london", "LONDON"])
async def test_a_member_tells_his_time_zone(business: Running, typed: str) -> None:
    assert "I do not know your time zone" in await said(business, PAUL, "/timezone")
    assert "<b>Europe/London</b>" in await said(business, PAUL, f"/timezone {typed}")
    assert "<b>Europe/London</b>" in await said(business, PAUL, "/timezone")
    async with business.database.reading() as session:
        assert (await session.get_one(MemberZone, PAUL)).zone == "Europe/London"


async def test_a_city_of_two_words_and_nonsense(business: Running) -> None:
    assert "America/New_York" in await said(business, PAUL, "/timezone new york")
    for typed in ("Narnia", "Europe", "GMT+5", "../etc/passwd", "<b>", "x" * 300):
        assert "I know no time zone" in await said(business, PAUL, f"/timezone {typed}")
    assert "America/New_York" in await said(business, PAUL, "/timezone")
