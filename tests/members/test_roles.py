"""Roles: every change, the owner that must remain, raises for one bot and for a while, and who is who."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.support.paid import give_time

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.ids import BotId, UserId
from botyard.members import roles
from botyard.members.directory import read_member
from botyard.members.models import AuditEntry, Role, RoleRaise, User
from botyard.telegram.bots import bots

SHOP, NEWS = BotId(7001), BotId(7002)
WEEK = timedelta(days=7)


def a_user(user_id: int, clock: ManualClock, role: Role = Role.PUBLIC, **more: Any) -> User:
    now = clock.now()
    return User(
        id=user_id,
        first_name=f"Person {user_id}",
        is_premium=False,
        role=role,
        created_at=now,
        seen_at=now,
        **more,
    )


async def add(database: Database, *rows: object) -> None:
    async with database.session() as session:
        session.add_all(rows)


async def add_bots(database: Database, clock: ManualClock) -> None:
    async with database.begin() as connection:
        for bot_id in (SHOP, NEWS):
            values = {"id": bot_id, "name": f"bot{bot_id}", "webhook_secret": "-", "created_at": clock.now()}
            await connection.execute(insert(bots).values(values))


async def role_of(database: Database, user_id: int, bot_id: BotId, clock: ManualClock) -> Role:
    async with database.reading() as session:
        member = await read_member(session, UserId(user_id))
    assert member is not None
    return member.role(bot_id, clock.now())


async def audit_of(session: AsyncSession, action: str) -> list[AuditEntry]:
    found = await session.scalars(
        select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
    )
    return list(found)


# changes


async def test_every_role_change_is_made_and_audited(database: Database, clock: ManualClock) -> None:
    pairs = [(before, after) for before in Role for after in Role if after is not Role.SUBSCRIBER]
    people = [a_user(number, clock, before) for number, (before, _) in enumerate(pairs, start=10)]
    await add(database, a_user(1, clock, Role.OWNER), *people)
    for number, (before, after) in enumerate(pairs, start=10):
        async with database.session() as session:
            answered = await roles.change_role(
                session, UserId(number), after, clock.now(), by=UserId(1), bot_id=SHOP
            )
        assert answered is before
        assert await role_of(database, number, SHOP, clock) is after
    async with database.reading() as session:
        entries = await audit_of(session, "role.change")
    assert [(e.subject, e.detail["before"], e.detail["after"], e.actor_id, e.bot_id) for e in entries] == [
        (f"user:{number}", before.name, after.name, 1, SHOP)
        for number, (before, after) in enumerate(pairs, start=10)
    ]


async def test_nobody_unknown_can_be_changed(database: Database, clock: ManualClock) -> None:
    for change in (
        lambda session: roles.change_role(session, UserId(9), Role.ADMIN, clock.now(), by=None),
        lambda session: roles.raise_role(session, UserId(9), Role.ADMIN, clock.now(), by=None),
        lambda session: roles.ban(session, UserId(9), "", clock.now(), by=None),
        lambda session: roles.unban(session, UserId(9), clock.now(), by=None),
    ):
        with pytest.raises(roles.UnknownMember, match="no member has the Telegram id 9"):
            async with database.session() as session:
                await change(session)


# the last owner


async def test_the_last_owner_stays(database: Database, clock: ManualClock) -> None:
    await add(database, a_user(1, clock, Role.OWNER), a_user(2, clock, Role.ADMIN))
    for role in (Role.PUBLIC, Role.ADMIN):
        with pytest.raises(roles.LastOwner):
            async with database.session() as session:
                await roles.change_role(session, UserId(1), role, clock.now(), by=UserId(1))
    with pytest.raises(roles.LastOwner):
        async with database.session() as session:
            await roles.ban(session, UserId(1), "", clock.now(), by=None)
    async with database.session() as session:
        await roles.change_role(
            session, UserId(1), Role.OWNER, clock.now(), by=UserId(1)
        )  # no change is fine
    assert await role_of(database, 1, SHOP, clock) is Role.OWNER
    async with database.reading() as session:
        assert [entry.detail["after"] for entry in await audit_of(session, "role.change")] == ["OWNER"]


async def test_an_owner_may_go_when_another_stays(database: Database, clock: ManualClock) -> None:
    await add(database, *(a_user(number, clock, Role.OWNER) for number in (1, 2, 3)))
    async with database.session() as session:
        await roles.ban(session, UserId(3), "left the firm", clock.now(), by=UserId(1))
        await roles.change_role(session, UserId(1), Role.PUBLIC, clock.now(), by=UserId(2))
    with pytest.raises(roles.LastOwner):  # the third is an owner still, but banned
        async with database.session() as session:
            await roles.change_role(session, UserId(2), Role.ADMIN, clock.now(), by=UserId(2))


async def test_a_raise_does_not_make_another_owner(database: Database, clock: ManualClock) -> None:
    await add(database, a_user(1, clock, Role.OWNER), a_user(2, clock, Role.ADMIN))
    async with database.session() as session:
        await roles.raise_role(
            session, UserId(2), Role.OWNER, clock.now(), by=UserId(1), until=clock.now() + WEEK
        )
    with pytest.raises(roles.LastOwner):
        async with database.session() as session:
            await roles.change_role(session, UserId(1), Role.ADMIN, clock.now(), by=UserId(2))


async def test_of_owners_who_demote_each_other_at_once_one_stays(
    database: Database, clock: ManualClock
) -> None:
    await add(database, *(a_user(number, clock, Role.OWNER) for number in (1, 2, 3)))
    ready = asyncio.Barrier(1 if database.is_sqlite else 3)  # on SQLite one writes at a time anyway

    async def demote(victim: int, by: int) -> None:
        async with database.session() as session:
            await session.get(User, by)  # has read his own role before, as a handler does
            await session.get(User, victim)
            await ready.wait()
            await roles.change_role(session, UserId(victim), Role.PUBLIC, clock.now(), by=UserId(by))

    results = await asyncio.gather(demote(2, 1), demote(3, 2), demote(1, 3), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [roles.LastOwner]
    async with database.reading() as session:
        assert len(await roles.staff(session, Role.OWNER)) == 1


async def test_of_owners_who_ban_each_other_at_once_one_stays(database: Database, clock: ManualClock) -> None:
    await add(database, *(a_user(number, clock, Role.OWNER) for number in (1, 2)))

    async def ban(victim: int, by: int) -> None:
        async with database.session() as session:
            await roles.ban(session, UserId(victim), "", clock.now(), by=UserId(by))

    results = await asyncio.gather(ban(2, 1), ban(1, 2), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [roles.LastOwner]


# raises


async def test_a_raise_for_one_bot_holds_there_only(database: Database, clock: ManualClock) -> None:
    await add_bots(database, clock)
    await add(database, a_user(2, clock))
    async with database.session() as session:
        await give_time(session, 2, clock.now(), days=20 * 365)
        await roles.raise_role(session, UserId(2), Role.ADMIN, clock.now(), by=None, only_bot=SHOP)
    clock.advance(10 * 365 * 86_400)
    assert await role_of(database, 2, SHOP, clock) is Role.ADMIN
    assert await role_of(database, 2, NEWS, clock) is Role.SUBSCRIBER


async def test_a_raise_until_a_date_ends_by_itself(database: Database, clock: ManualClock) -> None:
    await add(database, a_user(2, clock))
    async with database.session() as session:
        await roles.raise_role(session, UserId(2), Role.ADMIN, clock.now(), by=None, until=clock.now() + WEEK)
    clock.advance(WEEK.total_seconds() - 1)
    assert await role_of(database, 2, SHOP, clock) is Role.ADMIN
    assert await role_of(database, 2, NEWS, clock) is Role.ADMIN
    clock.advance(1)
    assert await role_of(database, 2, SHOP, clock) is Role.PUBLIC


async def test_of_several_raises_the_highest_that_holds_counts(
    database: Database, clock: ManualClock
) -> None:
    await add_bots(database, clock)
    await add(database, a_user(2, clock))
    day = timedelta(days=1)
    async with database.session() as session:
        for role, bot_id, until in (
            (Role.ADMIN, None, clock.now() + 2 * day),
            (Role.ADMIN, SHOP, clock.now() + 2 * day),
            (Role.OWNER, NEWS, clock.now() + day),
        ):
            await roles.raise_role(
                session, UserId(2), role, clock.now(), by=None, only_bot=bot_id, until=until
            )
    seen = []
    for _ in range(3):
        seen.append([await role_of(database, 2, bot_id, clock) for bot_id in (SHOP, NEWS)])
        clock.advance(day.total_seconds())
    assert seen == [
        [Role.ADMIN, Role.OWNER],
        [Role.ADMIN, Role.ADMIN],
        [Role.PUBLIC, Role.PUBLIC],
    ]


async def test_a_raise_must_raise(database: Database, clock: ManualClock) -> None:
    await add(database, *(a_user(10 + role, clock, role) for role in Role))
    for own in Role:
        for wanted in Role:
            async with database.session() as session:
                raising = roles.raise_role(session, UserId(10 + own), wanted, clock.now(), by=None)
                if wanted is Role.SUBSCRIBER:
                    with pytest.raises(roles.NotGiven):
                        await raising
                    continue
                if wanted > own:
                    await raising
                    continue
                with pytest.raises(roles.RoleTooLow, match=own.name):
                    await raising


async def test_a_raise_is_audited_with_its_limits(database: Database, clock: ManualClock) -> None:
    await add_bots(database, clock)
    await add(database, a_user(2, clock))
    until = clock.now() + WEEK
    async with database.session() as session:
        await roles.raise_role(
            session, UserId(2), Role.ADMIN, clock.now(), by=UserId(1), only_bot=SHOP, until=until
        )
    async with database.reading() as session:
        (entry,) = await audit_of(session, "role.raise")
    assert (entry.subject, entry.actor_id, entry.bot_id) == ("user:2", 1, SHOP)
    assert entry.detail == {"role": "ADMIN", "until": until.isoformat()}


async def test_a_change_for_good_ends_raises(database: Database, clock: ManualClock) -> None:
    await add(database, a_user(2, clock))
    async with database.session() as session:
        await roles.raise_role(session, UserId(2), Role.OWNER, clock.now(), by=None, until=clock.now() + WEEK)
        await roles.change_role(session, UserId(2), Role.ADMIN, clock.now(), by=None)
    assert await role_of(database, 2, SHOP, clock) is Role.ADMIN
    async with database.reading() as session:
        assert (await session.scalars(select(RoleRaise))).all() == []


# who has paid time


async def test_a_subscriber_is_who_has_paid_time_and_nobody_else(
    database: Database, clock: ManualClock
) -> None:
    await add(database, a_user(2, clock))
    with pytest.raises(roles.NotGiven, match="/grant"):
        async with database.session() as session:
            await roles.change_role(session, UserId(2), Role.SUBSCRIBER, clock.now(), by=None)
    async with database.session() as session:
        await give_time(session, 2, clock.now() + WEEK, days=7)
    seen = []
    for _ in range(3):
        seen.append(await role_of(database, 2, SHOP, clock))
        clock.advance(WEEK.total_seconds())
    assert seen == [Role.PUBLIC, Role.SUBSCRIBER, Role.PUBLIC]


# bans


async def test_a_ban_and_its_end_are_kept_and_audited(database: Database, clock: ManualClock) -> None:
    await add(database, a_user(2, clock))
    async with database.session() as session:
        await roles.ban(session, UserId(2), "spam", clock.now(), by=UserId(1))
    async with database.reading() as session:
        banned = await read_member(session, UserId(2))
        user = await session.get_one(User, 2)
    assert banned is not None
    assert banned.banned
    assert (user.banned_at, user.ban_reason) == (clock.now(), "spam")
    async with database.session() as session:
        await roles.unban(session, UserId(2), clock.now(), by=UserId(1))
    async with database.reading() as session:
        back = await read_member(session, UserId(2))
        actions = [
            entry.action for entry in await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        ]
    assert back is not None
    assert not back.banned
    assert actions == ["member.ban", "member.unban"]


# owners by the settings


async def test_an_owner_can_be_appointed_before_he_ever_writes(
    database: Database, clock: ManualClock
) -> None:
    for _ in range(2):  # at each start again
        async with database.session() as session:
            await roles.appoint_owner(session, UserId(1), clock.now())
    assert await role_of(database, 1, SHOP, clock) is Role.OWNER
    async with database.reading() as session:
        (entry,) = await audit_of(session, "owner.appoint")
    assert (entry.subject, entry.detail) == ("user:1", {"by": "settings"})


async def test_a_known_member_can_be_appointed(database: Database, clock: ManualClock) -> None:
    await add(database, a_user(1, clock, Role.ADMIN, registered_at=clock.now()))
    async with database.session() as session:
        await roles.appoint_owner(session, UserId(1), clock.now())
    async with database.reading() as session:
        user = await session.get_one(User, 1)
    assert (user.role, user.first_name, user.registered_at) == (Role.OWNER, "Person 1", clock.now())


# who is who


async def test_staff_are_admins_and_owners_highest_first(database: Database, clock: ManualClock) -> None:
    await add(database, *(a_user(number, clock, role) for number, role in enumerate([*Role, *Role], start=1)))
    async with database.reading() as session:
        assert [user.id for user in await roles.staff(session)] == [4, 8, 3, 7]
        assert [user.id for user in await roles.staff(session, Role.OWNER)] == [4, 8]


async def test_a_member_is_found_by_id_and_by_username_in_any_case(
    database: Database, clock: ManualClock
) -> None:
    await add(database, a_user(2, clock, username="Ana_Sousa"), a_user(2**62, clock))
    async with database.reading() as session:
        for who in ("2", "02", "@ana_sousa", "ANA_SOUSA", "@Ana_Sousa", "ana_sousa"):
            found = await roles.find_user(session, who)
            assert found is not None, who
            assert found.id == 2, who
        assert await roles.find_user(session, str(2**62)) is not None


NOBODY = """@ 3 -2 --2 - 0 ² ٢ 2.0 1e3 9223372036854775808 @ana % _ ana_sous_ '"""


async def test_what_names_nobody_finds_nobody(database: Database, clock: ManualClock) -> None:
    await add(database, a_user(2, clock, username="ana_sousa"), a_user(4, clock))
    async with database.reading() as session:
        for who in ["", "ana sousa", "9" * 5000, *NOBODY.split()]:
            assert await roles.find_user(session, who) is None, who
