"""/refer and its link, from a friend's first message to the reward and back, with the running service."""

from __future__ import annotations

import itertools
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from tests.features.referrals.friends import charge, record, refund, sold
from tests.support.outcomes import GROUP, told
from tests.support.running import ANA, PAUL, Running

from botyard.app import facts_of
from botyard.clock import SystemClock
from botyard.features.billing.models import Plan
from botyard.features.billing.service import ledger
from botyard.features.referrals.models import Referral
from botyard.ids import UserId
from botyard.members import entitlements
from botyard.members.consent import Topic, say
from botyard.money import Money

pytestmark = pytest.mark.asyncio(loop_scope="module")
_new = itertools.count(500_001)
clock = SystemClock()


async def somebody(house: Running) -> int:
    """A person who has never written to the bot."""
    user_id = next(_new)
    await house.control("POST", "users", id=user_id, first_name=f"Friend{user_id}", language_code="en")
    return user_id


async def link(house: Running, user_id: int) -> str:
    """What stands behind ?start= in the member's link."""
    shown = await told(house, user_id, "/refer")
    share = shown.calls[0][1]["reply_markup"]["inline_keyboard"][0][0]["url"]
    url = parse_qs(urlsplit(share).query)["url"][0]
    assert f"<code>{url}</code>" in shown.texts[0]
    return parse_qs(urlsplit(url).query)["start"][0]


async def pays(house: Running, user_id: int, *entries: object) -> None:
    async with house.database.session() as session:
        if await session.scalar(select(Plan.id).where(Plan.code == "gold-1m")) is None:
            await sold(session, "gold-1m", "gold")
        for entry in entries:
            await record(session, user_id, entry, facts_of(clock), clock.now())  # type: ignore[arg-type]


async def says(house: Running, user_id: int, text: str) -> None:
    """Waits until the bot's latest message to the member has this in it."""

    async def is_there() -> bool:
        replies = await house.replies(user_id)
        return bool(replies) and text in replies[-1]["text"]

    await house.until(is_there)


async def friends(house: Running) -> dict[int, int]:
    async with house.database.reading() as session:
        return {row.user_id: row.referrer_id for row in await session.scalars(select(Referral))}


async def time_of(house: Running, user_id: int) -> list[tuple[str, int]]:
    async with house.database.reading() as session:
        had = await entitlements.of_member(session, UserId(user_id))
        return [(each.pack, (each.ends_at - each.starts_at).days) for each in had]


@pytest.mark.parametrize("command", ["/refer", "/affiliate"])
async def test_the_link_and_what_it_promises(house: Running, command: str) -> None:
    await told(house, PAUL, "/start")
    text = (await told(house, PAUL, command)).texts[0]
    assert "you get 7 days" in text
    assert "Nobody has come by it yet" in text
    assert str(PAUL) not in text


async def test_in_a_group_nobody_sees_it(house: Running) -> None:
    outcome = await told(house, PAUL, "/refer", chat_id=GROUP)
    assert "private chat" in outcome.texts[0]
    assert "start=" not in outcome.texts[0]


async def test_a_friend_comes_buys_and_is_paid_back(house: Running) -> None:
    referrer, friend = await somebody(house), await somebody(house)
    await told(house, referrer, "/start")
    payload = await link(house, referrer)
    assert "Friend" in (await told(house, friend, f"/start {payload}")).texts[0]
    assert (await friends(house))[friend] == referrer
    assert (
        "One friend has come by it, and has not bought anything yet"
        in ((await told(house, referrer, "/refer")).texts[0])
    )
    paid = charge(f"c{friend}", clock.now())
    await pays(house, friend, paid, paid)
    await says(house, referrer, "You get 7 days for it")
    assert await time_of(house, referrer) == [("gold", 7)]
    await pays(house, friend, charge(f"d{friend}", clock.now()))
    text = (await told(house, referrer, "/refer")).texts[0]
    assert "and has bought a plan" in text
    assert "You got 7 days" in text
    await pays(house, friend, refund(f"c{friend}", clock.now()))
    await says(house, referrer, "went back too")
    assert await time_of(house, referrer) == []
    assert await time_of(house, friend) == [("gold", 30)]


async def test_ones_own_link_and_that_of_ones_friend_count_nothing(house: Running) -> None:
    first, second = await somebody(house), await somebody(house)
    mine = await link(house, first)  # before he ever sent /start
    assert "This is your own link" in (await told(house, first, f"/start {mine}")).texts[0]
    before = await friends(house)
    theirs = await link(house, second)
    await told(house, second, f"/start {mine}")
    assert await friends(house) == {**before, second: first}
    await told(house, first, f"/start {theirs}")
    await told(house, ANA, "/start")
    await told(house, ANA, f"/start {mine}")
    for forged in ("ref", "ref-", "ref-abcdefghjk", "ref-" + "a" * 60):
        await told(house, await somebody(house), f"/start {forged}")
    assert await friends(house) == {**before, second: first}


async def test_who_wants_no_messages_gets_the_days_in_silence(house: Running) -> None:
    referrer, friend = await somebody(house), await somebody(house)
    await told(house, referrer, "/start")
    await told(house, friend, f"/start {await link(house, referrer)}")
    async with house.database.session() as session:
        await say(session, UserId(referrer), [Topic.SERVICE], clock.now(), granted=False, source="button")
    count = len(await house.replies(referrer))
    await pays(house, friend, charge(f"c{friend}", clock.now()))

    async def has_it() -> bool:
        return await time_of(house, referrer) == [("gold", 7)]

    await house.until(has_it)
    assert len(await house.replies(referrer)) == count


async def test_the_link_works_through_that_of_a_broadcast(house: Running) -> None:
    referrer, friend = await somebody(house), await somebody(house)
    await told(house, friend, f"/start b-9-1-{await link(house, referrer)}")
    assert (await friends(house))[friend] == referrer


async def test_a_payment_of_nothing_is_none(house: Running) -> None:
    referrer, friend = await somebody(house), await somebody(house)
    await told(house, referrer, "/start")
    await told(house, friend, f"/start {await link(house, referrer)}")
    free = replace(charge(f"free{friend}", clock.now()), money=Money(0, "XTR"))
    await pays(house, friend, free)
    await pays(house, friend, charge(f"c{friend}", clock.now()))
    await says(house, referrer, "You get 7 days for it")
    assert await time_of(house, referrer) == [("gold", 7)]
    async with house.database.reading() as session:
        first = (await session.get_one(Referral, friend)).payment_id
        rows = await ledger.rows_of(session, UserId(friend))
    assert first == next(row.id for row in rows if row.amount)
