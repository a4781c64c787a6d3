"""One-time links: once, in time, for one purpose; and the claim link that makes the first owner."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.support.outcomes import bot_of, told
from tests.support.running import ANA, PAUL, Running, running

from botyard.clock import ManualClock, SystemClock
from botyard.db.session import Database
from botyard.ids import UserId
from botyard.members import links, roles
from botyard.members.models import AuditEntry, LinkPurpose, OneTimeLink, Role, User

CLAIM, CONSOLE = LinkPurpose.CLAIM, LinkPurpose.CONSOLE


async def make(
    database: Database, purpose: LinkPurpose, clock: ManualClock, user_id: int | None = None
) -> str:
    async with database.session() as session:
        return await links.make_link(
            session, purpose, clock.now(), user_id=None if user_id is None else UserId(user_id)
        )


async def use(database: Database, purpose: LinkPurpose, token: str, clock: ManualClock) -> OneTimeLink | None:
    async with database.session() as session:
        return await links.use_link(session, purpose, token, clock.now())


async def usable(database: Database, purpose: LinkPurpose, token: str, clock: ManualClock) -> bool:
    async with database.reading() as session:
        return await links.is_usable(session, purpose, token, clock.now())


async def test_a_link_works_once(database: Database, clock: ManualClock) -> None:
    token = await make(database, CONSOLE, clock, user_id=7)
    other = await make(database, CONSOLE, clock, user_id=8)
    assert await usable(database, CONSOLE, token, clock)
    assert await usable(database, CONSOLE, token, clock), "looking does not use it up"
    link = await use(database, CONSOLE, token, clock)
    assert link is not None
    assert (link.user_id, link.used_at) == (7, clock.now())
    assert await use(database, CONSOLE, token, clock) is None
    assert not await usable(database, CONSOLE, token, clock)
    assert await use(database, CONSOLE, other, clock) is not None


async def test_of_twenty_uses_at_once_one_succeeds(database: Database, clock: ManualClock) -> None:
    token = await make(database, CONSOLE, clock, user_id=7)
    used = await asyncio.gather(*(use(database, CONSOLE, token, clock) for _ in range(20)))
    assert sum(link is not None for link in used) == 1


async def test_a_use_that_is_rolled_back_does_not_count(database: Database, clock: ManualClock) -> None:
    token = await make(database, CONSOLE, clock)

    async def use_and_fail() -> None:
        async with database.session() as session:
            assert await links.use_link(session, CONSOLE, token, clock.now()) is not None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await use_and_fail()
    assert await use(database, CONSOLE, token, clock) is not None


@pytest.mark.parametrize(("purpose", "minutes"), [(CONSOLE, 5), (CLAIM, 24 * 60)])
async def test_a_link_ends_in_time(
    database: Database, clock: ManualClock, purpose: LinkPurpose, minutes: int
) -> None:
    token, late = await make(database, purpose, clock), await make(database, purpose, clock)
    clock.advance(minutes * 60 - 1)
    assert await use(database, purpose, token, clock) is not None
    clock.advance(1)
    assert not await usable(database, purpose, late, clock)
    assert await use(database, purpose, late, clock) is None


async def test_a_link_is_good_for_one_purpose_only(database: Database, clock: ManualClock) -> None:
    token = await make(database, CONSOLE, clock, user_id=7)
    assert not await usable(database, CLAIM, token, clock)
    assert await use(database, CLAIM, token, clock) is None
    assert await use(database, CONSOLE, token, clock) is not None, "the wrong purpose did not use it up"


async def test_wrong_tokens_are_nothing(database: Database, clock: ManualClock) -> None:
    token = await make(database, CONSOLE, clock)
    for wrong in ("", token[:-1], token + "a", token.swapcase(), links.hash_token(token), "ünï" * 100, "\0"):
        assert await use(database, CONSOLE, wrong, clock) is None, wrong


async def test_only_the_tokens_hash_is_kept(database: Database, clock: ManualClock) -> None:
    token = await make(database, CLAIM, clock)
    assert len(token) == 43, "with 'claim-' before it, it must fit Telegram's 64 characters"
    assert token.replace("-", "").replace("_", "").isalnum()
    async with database.read() as connection:
        (row,) = await connection.execute(select(OneTimeLink.__table__))
    assert token not in repr(row)
    assert row.token_hash == links.hash_token(token)


async def test_withdrawn_links_are_dead_and_others_live(database: Database, clock: ManualClock) -> None:
    claim, console = await make(database, CLAIM, clock), await make(database, CONSOLE, clock)
    async with database.session() as session:
        await links.withdraw_links(session, CLAIM)
    assert await use(database, CLAIM, claim, clock) is None
    assert await use(database, CONSOLE, console, clock) is not None


async def test_old_links_are_forgotten(database: Database, clock: ManualClock) -> None:
    await make(database, CONSOLE, clock)
    clock.advance(60 * 60)
    fresh = await make(database, CONSOLE, clock)
    async with database.session() as session:
        await links.forget_old_links(session, clock.now())
    async with database.read() as connection:
        kept = (await connection.execute(select(OneTimeLink.token_hash))).scalars().all()
    assert kept == [links.hash_token(fresh)]


# claiming the business


async def claim_token(house: Running, *, age: timedelta = timedelta()) -> str:
    async with house.database.session() as session:
        return await links.make_link(session, CLAIM, SystemClock().now() - age)


async def test_a_claim_link_makes_the_first_owner_and_nobody_else(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, webhook=True, owner_ids="", chat_rate=0) as house:
        old = await claim_token(house, age=timedelta(hours=24))
        first, second = await claim_token(house), await claim_token(house)

        for refused in (old, "", "wrong", first[:-1]):
            assert "out of date" in await house.ask(ANA, f"/start claim-{refused}")
        assert "You are the owner now" in await house.ask(PAUL, f"/start claim-{first}")
        assert "/role" in await house.ask(PAUL, "/help")
        assert "out of date" in await house.ask(ANA, f"/start claim-{first}"), "it was used"
        assert "out of date" in await house.ask(ANA, f"/start claim-{second}"), "there is an owner"
        assert "Role: <b>PUBLIC" in (await told(house, ANA, "/status")).texts[0]

        async with house.database.reading() as session:
            assert [user.id for user in await roles.staff(session)] == [PAUL]
            claims = (
                await session.scalars(select(AuditEntry).where(AuditEntry.action == "owner.claim"))
            ).all()
            paul = await session.get_one(User, PAUL)
        assert [(entry.actor_id, entry.subject) for entry in claims] == [(PAUL, f"user:{PAUL}")]
        assert paul.registered_at is not None
        await house.until(lambda: has_owners_menu(house))


async def has_owners_menu(house: Running) -> bool:
    menu = await house.control("GET", f"commands?bot={bot_of(house).name}&user_id={PAUL}&chat_id={PAUL}")
    return "role" in {entry["command"] for entry in menu}


async def test_of_two_who_claim_at_once_one_becomes_owner(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, webhook=True, owner_ids="", chat_rate=0) as house:
        tokens = [await claim_token(house), await claim_token(house)]
        await asyncio.gather(
            *(
                told(house, who, f"/start claim-{token}")
                for who, token in zip((PAUL, ANA), tokens, strict=True)
            )
        )
        async with house.database.reading() as session:
            assert [user.role for user in await roles.staff(session)] == [Role.OWNER]
