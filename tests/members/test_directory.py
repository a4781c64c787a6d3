"""Meeting people and chats: once each, remembered briefly, refreshed when they show a change."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import msgspec
from sqlalchemy import func, select

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.ids import ChatId, UserId
from botyard.members import directory as rooms
from botyard.members import roles
from botyard.members.directory import FRESH, SEEN_STEP, Directory, meet, place_chat, read_member
from botyard.members.member import Member
from botyard.members.models import Chat, Role, User
from botyard.telegram.envelope import ChatInfo, Sender

PAUL = Sender(UserId(1002), first_name="Paul", last_name="Green", username="paul_green", language_code="en")
GROUP = ChatInfo(ChatId(-100), "group", title="Gold", username="gold")


async def met(database: Database, sender: Sender, clock: ManualClock) -> Member:
    async with database.session() as session:
        return await meet(session, sender, clock.now())


# people


async def test_a_first_meeting_makes_a_member(database: Database, clock: ManualClock) -> None:
    member = await met(database, PAUL, clock)
    assert (member.id, member.name, member.base_role) == (1002, "Paul Green", Role.PUBLIC)
    assert (member.banned, member.registered_at, member.seen_at) == (False, None, clock.now())
    async with database.reading() as session:
        assert await read_member(session, PAUL.id) == member
        assert await read_member(session, UserId(1)) is None


async def test_the_same_person_is_met_in_many_chats_at_once(database: Database, clock: ManualClock) -> None:
    ready = asyncio.Barrier(1 if database.is_sqlite else 8)

    async def meet_in(number: int) -> Member:
        async with database.session() as session:
            await place_chat(session, ChatInfo(ChatId(-number), "group"), clock.now())
            await ready.wait()  # all have their own chat and none has met him yet
            return await meet(session, PAUL, clock.now())

    members = await asyncio.gather(*(meet_in(number) for number in range(1, 9)))
    assert members == [members[0]] * 8
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(User)) == 1
        assert await connection.scalar(select(func.count()).select_from(Chat)) == 8


async def test_a_changed_profile_is_taken_over(database: Database, clock: ManualClock) -> None:
    await met(database, PAUL, clock)
    changed = Sender(PAUL.id, first_name="Pablo", language_code="es", is_premium=True)
    member = await met(database, changed, clock)
    assert member.profile == rooms.profile_of(changed)
    async with database.reading() as session:
        assert await read_member(session, PAUL.id) == member


async def test_a_username_belongs_to_whoever_shows_it_last(database: Database, clock: ManualClock) -> None:
    await met(database, PAUL, clock)
    bystander = await met(database, Sender(UserId(5), first_name="Eve", username="paul"), clock)
    ana = await met(database, Sender(UserId(6), first_name="Ana", username="Paul_Green"), clock)
    async with database.reading() as session:
        found = await roles.find_user(session, "@paul_green")
        former = await read_member(session, PAUL.id)
        assert await read_member(session, bystander.id) == bystander
    assert found is not None
    assert found.id == ana.id
    assert former is not None
    assert former.profile == replace(rooms.profile_of(PAUL), username=None)


async def test_the_last_sight_is_written_once_an_hour(database: Database, clock: ManualClock) -> None:
    first = clock.now()
    await met(database, PAUL, clock)
    clock.advance(SEEN_STEP.total_seconds() - 1)
    assert (await met(database, PAUL, clock)).seen_at == first
    clock.advance(1)
    assert (await met(database, PAUL, clock)).seen_at == clock.now()


# memory


async def test_a_member_is_remembered_for_five_seconds(database: Database, clock: ManualClock) -> None:
    directory = Directory()
    assert await directory.find_member(database, PAUL, clock.now()) is None, "nobody has met him"
    member = await met(database, PAUL, clock)
    assert await directory.find_member(database, PAUL, clock.now()) == member
    async with database.session() as session:
        await roles.change_role(session, PAUL.id, Role.ADMIN, clock.now(), by=None)
    clock.advance(FRESH.total_seconds() - 0.1)
    remembered = await directory.find_member(database, PAUL, clock.now())
    assert remembered == member, "what another replica did may go unnoticed for a moment"
    clock.advance(0.1)
    fresh = await directory.find_member(database, PAUL, clock.now())
    assert fresh is not None
    assert fresh.base_role is Role.ADMIN


async def test_what_this_process_changed_is_seen_at_once(database: Database, clock: ManualClock) -> None:
    directory = Directory()
    directory.remember(await met(database, PAUL, clock), clock.now())
    async with database.session() as session:
        await roles.ban(session, PAUL.id, "", clock.now(), by=None)
    directory.forget(PAUL.id)
    found = await directory.find_member(database, PAUL, clock.now())
    assert found is not None
    assert found.banned


async def test_a_member_who_shows_a_change_must_be_met(database: Database, clock: ManualClock) -> None:
    directory = Directory()
    member = await met(database, PAUL, clock)
    directory.remember(member, clock.now())
    for change in (
        {"first_name": "Pablo"},
        {"last_name": None},
        {"username": None},
        {"language_code": "es"},
        {"is_premium": True},
    ):
        changed = msgspec.structs.replace(PAUL, **change)
        assert await directory.find_member(database, changed, clock.now()) is None, change
    assert await directory.find_member(database, PAUL, clock.now()) == member


async def test_a_member_not_seen_for_an_hour_must_be_met(database: Database, clock: ManualClock) -> None:
    directory = Directory()
    await met(database, PAUL, clock)
    clock.advance(SEEN_STEP.total_seconds() - 1)
    assert await directory.find_member(database, PAUL, clock.now()) is not None
    clock.advance(1)
    assert await directory.find_member(database, PAUL, clock.now()) is None


def test_only_so_many_are_remembered_the_latest_used() -> None:
    recent: rooms._Recent[int, str] = rooms._Recent()
    for number in range(rooms.REMEMBERED):
        recent.put(number, "here")
    assert recent.get(0) == "here"
    recent.put(rooms.REMEMBERED, "here")
    assert (recent.get(0), recent.get(1)) == ("here", None)


# chats


async def test_a_chat_is_placed_once_and_its_looks_follow(database: Database, clock: ManualClock) -> None:
    async with database.session() as session:
        first = await place_chat(session, GROUP, clock.now())
    renamed = ChatInfo(GROUP.id, "supergroup", title="Silver", username=None)
    async with database.session() as session:
        second = await place_chat(session, renamed, clock.now())
    assert second == replace(first, type="supergroup", title="Silver", username=None)
    assert await Directory().find_chat(database, renamed, clock.now()) == second


async def test_a_chat_is_placed_by_many_at_once(database: Database, clock: ManualClock) -> None:
    ready = asyncio.Barrier(1 if database.is_sqlite else 8)

    async def place() -> int:
        async with database.session() as session:
            await session.execute(select(Chat.id))
            await ready.wait()
            return (await place_chat(session, GROUP, clock.now())).key

    keys = await asyncio.gather(*(place() for _ in range(8)))
    assert len(set(keys)) == 1


async def test_a_chat_is_remembered_for_five_seconds(database: Database, clock: ManualClock) -> None:
    directory = Directory()
    assert await directory.find_chat(database, GROUP, clock.now()) is None
    async with database.session() as session:
        place = await place_chat(session, GROUP, clock.now())
    assert await directory.find_chat(database, GROUP, clock.now()) == place
    async with database.session() as session:  # another replica, or delivery, folds its row into another
        await session.delete(await session.get_one(Chat, place.key))
    assert await directory.find_chat(database, GROUP, clock.now()) == place
    clock.advance(FRESH.total_seconds())
    assert await directory.find_chat(database, GROUP, clock.now()) is None, (
        "its row is gone: it must be placed"
    )


async def test_moved_chats_are_forgotten_at_once(database: Database, clock: ManualClock) -> None:
    directory = Directory()
    async with database.session() as session:
        directory.remember_chat(await place_chat(session, GROUP, clock.now()), clock.now())
    async with database.session() as session:
        await session.delete((await session.scalars(select(Chat))).one())
    directory.forget_chats()
    assert await directory.find_chat(database, GROUP, clock.now()) is None


async def test_a_chat_that_shows_a_change_must_be_placed(database: Database, clock: ManualClock) -> None:
    directory = Directory()
    async with database.session() as session:
        await place_chat(session, GROUP, clock.now())
    for change in ({"type": "supergroup"}, {"title": "Silver"}, {"username": None}):
        changed = msgspec.structs.replace(GROUP, **change)
        assert await directory.find_chat(database, changed, clock.now()) is None, change
