"""/grant and /revoke, as an admin and the member see them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from tests.features.billing.stock import pay
from tests.support.outcomes import forged, pressed, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.clock import SystemClock
from botyard.features.billing.models import Direction, Kind, Payment, Source
from botyard.ids import UserId
from botyard.members import entitlements
from botyard.members.models import AuditEntry

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def rows_of(shop: Running, user_id: int) -> list[Payment]:
    async with shop.database.reading() as session:
        found = await session.scalars(select(Payment).where(Payment.user_id == user_id).order_by(Payment.id))
        return list(found)


async def end_of(shop: Running, user_id: int, pack: str = "gold") -> datetime | None:
    async with shop.database.reading() as session:
        return await entitlements.last_end(session, UserId(user_id), pack, SystemClock().now())


async def is_told(shop: Running, user_id: int, words: str) -> str:
    """The message with these words, once the member has it."""
    found: list[str] = []

    async def has_come() -> bool:
        found[:] = [
            each["text"] for each in await shop.replies(user_id) if re.search(words, each.get("text", ""))
        ]
        return bool(found)

    await shop.until(has_come)
    return found[-1]


async def test_a_gift_is_asked_back_given_once_and_told(shop: Running) -> None:
    asked = await told(shop, OWNER, f"/grant {ANA} gold-1m 2w for her patience & help")
    assert "Give Ana 14 days for free?" in re.sub("<[^>]*>", "", asked.texts[0])
    assert "Plan: Gold, 1 month\nReason: for her patience &amp; help" in asked.texts[0]
    assert await rows_of(shop, ANA) == [], "nothing is given before the button"
    done = await pressed(shop, OWNER, "Give it")
    assert "Done." in done.edits[0]
    (row,) = await rows_of(shop, ANA)
    assert (row.kind, row.source, row.direction) == (Kind.GRANT, Source.ADMIN, Direction.IN)
    assert (row.amount, row.days, row.by_id) == (0, 14, OWNER)
    assert row.reason == "for her patience & help"
    end = await end_of(shop, ANA)
    assert end == row.at + timedelta(days=14)
    letter = await is_told(shop, ANA, "gift")
    assert "A gift for you: 14 days for free" in letter
    assert "Gold, 1 month: you have it until" in letter
    async with shop.database.reading() as session:
        entry = await session.scalar(select(AuditEntry).where(AuditEntry.action == "billing.grant"))
    assert entry is not None
    assert (entry.actor_id, entry.subject) == (OWNER, f"user:{ANA}")
    assert entry.detail["reason"] == "for her patience & help"


async def test_more_of_what_he_has_comes_after_it(shop: Running) -> None:
    await told(shop, OWNER, f"/grant {ANA} gold-1m 2w sorry")
    before = await end_of(shop, ANA)
    asked = await told(shop, OWNER, f"/grant {ANA} gold-3m 5d for the outage")
    assert before is None or "already: this comes after that" in asked.texts[0]
    await pressed(shop, OWNER, "Give it")
    after = await end_of(shop, ANA)
    assert after is not None
    assert before is None or after == before + timedelta(days=5)


async def test_a_second_press_gives_nothing(shop: Running) -> None:
    await told(shop, OWNER, f"/grant {PAUL} silver-1m thanks")
    await pressed(shop, OWNER, "Give it")
    row = (await rows_of(shop, PAUL))[-1]
    act = row.external_id.removeprefix("grant:")
    again = await forged(shop, OWNER, f"time:yes:{act}")
    assert "out of date" in again.toasts[0]
    assert len([each for each in await rows_of(shop, PAUL) if each.external_id == row.external_id]) == 1


async def test_without_a_reason_it_asks_for_one(shop: Running) -> None:
    asked = await told(shop, OWNER, f"/grant {PAUL} gold-1m 3m")
    assert asked.texts[0].startswith("Why?")
    again = await told(shop, OWNER, "he found a bug")
    assert "3 months" in again.texts[0]
    assert "he found a bug" in again.texts[0]
    loose = await told(shop, OWNER, "yes")
    assert "Press one of the buttons" in loose.texts[0]
    await pressed(shop, OWNER, "Cancel")
    assert not [row for row in await rows_of(shop, PAUL) if row.pack == "gold"]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("/grant", "/grant @ana gold-1m 30d"),
        (f"/grant {ANA}", "/grant @ana gold-1m 30d"),
        (f"/grant {ANA} platinum 30d gift", "There is no plan platinum"),
        ("/grant 999999 gold-1m 30d gift", "I know no member 999999"),
        (f"/grant {ANA} gold-1m 9999d gift", "more than ten years"),
        (f"/grant {ANA} gold-1m 30d {'x' * 501}", "at most 500 characters"),
        (f"/grant {ANA} gold-1m -5d sorry", "“-5d” is no length. Write it like 30d, 2w or 3m"),
        (f"/grant {ANA} gold-1m 0d sorry", "“0d” is no length"),
        (f"/grant {ANA} gold-1m 5 days thanks", "“5” is no length"),
        (f"/grant {ANA} gold-1m 30", "“30” is no length"),
        ("/revoke", "/revoke @ana gold"),
        (f"/revoke {ANA} bronze sold it", "does not have bronze"),
    ],
)
async def test_what_cannot_be_done_is_said(shop: Running, command: str, says: str) -> None:
    before = len(await rows_of(shop, ANA))
    answer = await told(shop, OWNER, command)
    assert says in answer.texts[0]
    assert len(await rows_of(shop, ANA)) == before
    await told(shop, OWNER, "/cancel")


async def test_the_end_by_hand_is_asked_back_done_and_told(shop: Running) -> None:
    async with shop.database.session() as session:
        await pay(session, PAUL, "gold-1m", SystemClock().now() - timedelta(days=3), "c-paul", bot_id=None)
    assert await end_of(shop, PAUL) is not None
    asked = await told(shop, OWNER, f"/revoke {PAUL} gold-3m sold his login")
    assert "End Gold, 1 month for Paul now?" in re.sub("<[^>]*>", "", asked.texts[0])
    await pressed(shop, OWNER, "End it now")
    assert await end_of(shop, PAUL) is None
    row = (await rows_of(shop, PAUL))[-1]
    assert (row.kind, row.direction, row.refers_to) == (Kind.ADJUSTMENT, Direction.OUT, None)
    assert row.reason == "sold his login"
    assert "ended by the people who run this business" in await is_told(shop, PAUL, "has ended for you")


async def test_only_admins_of_the_whole_business(shop: Running) -> None:
    answer = await told(shop, PAUL, f"/grant {PAUL} gold-1m me")
    assert answer.how != "command:grant:ok"
    await told(shop, OWNER, f"/role {PAUL} ADMIN bot:shop")
    answer = await told(shop, PAUL, f"/grant {PAUL} gold-1m me")
    assert "admin of shop only" in answer.texts[0]
    async with shop.database.reading() as session:
        gold = select(func.count()).where(Payment.user_id == PAUL, Payment.reason == "me")
        assert await session.scalar(gold) == 0
