"""Meeting people and chats: once each, remembered briefly, refreshed when they show a change."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.ids import ChatId, UserId
from botyard.members import directory as rooms
from botyard.members import roles
from botyard.members.directory import FRESH, SEEN_STEP, Directory, read_member
from botyard.members.meeting import Met, profile_of
from botyard.members.member import ChatPlace, Member
from botyard.members.models import Chat, Role, User
from botyard.telegram.envelope import ChatInfo, Sender

PAUL = Sender(UserId(1002), first_name="Paul", last_name="Green", username="paul_green", language_code="en")
GROUP = ChatInfo(ChatId(-100), "group", title="Gold", username="gold")


async def met(database: Database, sender: Sender, clock: ManualClock) -> Member:
    """As another replica, which remembers nothing."""
    return await find(Directory(database), sender, clock)


async def find(directory: Directory, sender: Sender, clock: ManualClock) -> Member:
    found = (await directory.meet(sender, None, clock.now())).member
    assert found is not None
    return found


async def placed(directory: Directory, chat: ChatInfo, clock: ManualClock) -> ChatPlace:
    found = (await directory.meet(None, chat, clock.now())).place
    assert found is not None
    return found


# people


async def test_a_first_meeting_makes_a_member(database: Database, clock: ManualClock) -> None:
    member = await met(database, PAUL, clock)
    assert (member.id, member.name, member.base_role) == (1002, "Paul Green", Role.PUBLIC)
    assert (member.banned, member.registered_at, member.seen_at) == (False, None, clock.now())
    async with database.reading() as session:
        assert await read_member(session, PAUL.id) == member
        assert await read_member(session, UserId(1)) is None


async def test_the_same_person_is_met_in_many_chats_at_once(database: Database, clock: ManualClock) -> None:
    async def meet_in(number: int) -> Met:
        replica = Directory(database)
        return await replica.meet(PAUL, ChatInfo(ChatId(-number), "group"), clock.now())

    found = await asyncio.gather(*(meet_in(number) for number in range(1, 9)))
    assert [each.member for each in found] == [found[0].member] * 8
    assert len({each.place for each in found}) == 8
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(User)) == 1
        assert await connection.scalar(select(func.count()).select_from(Chat)) == 8


async def test_a_changed_profile_is_taken_over(database: Database, clock: ManualClock) -> None:
    await met(database, PAUL, clock)
    changed = Sender(PAUL.id, first_name="Pablo", language_code="es", is_premium=True)
    member = await met(database, changed, clock)
    assert member.profile == profile_of(changed)
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
    assert former.profile == replace(profile_of(PAUL), username=None)


async def test_the_last_sight_is_written_once_an_hour(database: Database, clock: ManualClock) -> None:
    first = clock.now()
    await met(database, PAUL, clock)
    clock.advance(SEEN_STEP.total_seconds() - 1)
    assert (await met(database, PAUL, clock)).seen_at == first
    clock.advance(1)
    assert (await met(database, PAUL, clock)).seen_at == clock.now()


# memory


async def test_a_member_is_remembered_for_five_seconds(database: Database, clock: ManualClock) -> None:
    directory = Directory(database)
    member = await find(directory, PAUL, clock)
    async with database.session() as session:
        await roles.change_role(session, PAUL.id, Role.ADMIN, clock.now(), by=None)
    clock.advance(FRESH.total_seconds() - 0.1)
    remembered = await find(directory, PAUL, clock)
    assert remembered == member, "what another replica did may go unnoticed for a moment"
    clock.advance(0.1)
    assert (await find(directory, PAUL, clock)).base_role is Role.ADMIN


async def test_raises_are_read_with_the_member(database: Database, clock: ManualClock) -> None:
    await met(database, PAUL, clock)
    until = clock.now() + timedelta(days=30)
    async with database.session() as session:
        await roles.raise_role(session, PAUL.id, Role.ADMIN, clock.now(), until=until, by=None)
    async with database.reading() as session:
        stored = await read_member(session, PAUL.id)
    assert stored is not None
    assert [held.expires_at for held in stored.raises] == [until]
    assert await met(database, PAUL, clock) == stored


async def test_what_this_process_changed_is_seen_at_once(database: Database, clock: ManualClock) -> None:
    directory = Directory(database)
    await find(directory, PAUL, clock)
    async with database.session() as session:
        await roles.ban(session, PAUL.id, "", clock.now(), by=None)
    directory.forget(PAUL.id)
    assert (await find(directory, PAUL, clock)).banned


async def test_what_was_read_before_a_change_is_not_remembered_after_it(
    database: Database, clock: ManualClock
) -> None:
    directory = Directory(database)
    await met(database, PAUL, clock)
    reading = asyncio.create_task(find(directory, PAUL, clock))
    await asyncio.sleep(0)
    directory.forget(PAUL.id)  # its change is committed while the old state is on its way
    await reading
    async with database.session() as session:
        await roles.ban(session, PAUL.id, "", clock.now(), by=None)
    assert (await find(directory, PAUL, clock)).banned


async def test_a_member_who_shows_a_change_is_met_again(database: Database, clock: ManualClock) -> None:
    directory = Directory(database)
    changes: tuple[dict[str, Any], ...] = (
        {"first_name": "Pablo"},
        {"last_name": None},
        {"username": None},
        {"language_code": "es"},
        {"is_premium": True},
    )
    for change in changes:
        await find(directory, PAUL, clock)
        changed = msgspec.structs.replace(PAUL, **change)
        assert (await find(directory, changed, clock)).profile == profile_of(changed), change


async def test_many_strangers_who_come_at_once_are_all_met(database: Database, clock: ManualClock) -> None:
    directory = Directory(database)
    people = [Sender(UserId(number), first_name=f"P{number}", username="same") for number in range(1, 101)]
    found = await asyncio.gather(
        *(directory.meet(person, ChatInfo(ChatId(person.id), "private"), clock.now()) for person in people)
    )
    assert [each.member.id for each in found if each.member] == [person.id for person in people]
    assert [each.place.telegram_id for each in found if each.place] == [person.id for person in people]
    async with database.read() as connection:
        names = await connection.scalars(select(User.username).where(User.username.is_not(None)))
        assert names.all() == ["same"], "one person's at a time"


def test_only_so_many_are_remembered_the_latest_used() -> None:
    recent: rooms._Recent[int, str] = rooms._Recent()
    for number in range(rooms.REMEMBERED):
        recent.put(number, "here")
    assert recent.get(0) == "here"
    recent.put(rooms.REMEMBERED, "here")
    assert (recent.get(0), recent.get(1)) == ("here", None)


# chats


async def test_a_chat_is_placed_once_and_its_looks_follow(database: Database, clock: ManualClock) -> None:
    directory = Directory(database)
    first = await placed(directory, GROUP, clock)
    changes: tuple[dict[str, Any], ...] = ({"type": "supergroup"}, {"title": "Silver"}, {"username": None})
    for change in changes:
        changed = msgspec.structs.replace(GROUP, **change)
        assert await placed(directory, changed, clock) == replace(first, **change), change
        assert await placed(Directory(database), changed, clock) == replace(first, **change), change


async def test_a_chat_is_placed_by_many_at_once(database: Database, clock: ManualClock) -> None:
    places = await asyncio.gather(*(placed(Directory(database), GROUP, clock) for _ in range(8)))
    assert len(set(places)) == 1


async def test_a_chat_is_remembered_for_five_seconds(database: Database, clock: ManualClock) -> None:
    directory = Directory(database)
    place = await placed(directory, GROUP, clock)
    async with database.session() as session:  # another replica, or delivery, folds its row into another
        (await session.get_one(Chat, place.key)).telegram_id = -200
    assert await placed(directory, GROUP, clock) == place
    clock.advance(FRESH.total_seconds())
    assert (await placed(directory, GROUP, clock)).key != place.key, "its row is gone: it must be placed"


async def test_moved_chats_are_forgotten_at_once(database: Database, clock: ManualClock) -> None:
    directory = Directory(database)
    place = await placed(directory, GROUP, clock)
    async with database.session() as session:
        (await session.get_one(Chat, place.key)).title = "Silver"
    directory.forget_chats()
    await placed(directory, GROUP, clock)
    async with database.read() as connection:
        assert await connection.scalar(select(Chat.title)) == GROUP.title, "it was read, and placed again"


@pytest.mark.postgres
async def test_a_member_whose_row_a_handler_keeps_holds_up_nobody(
    postgres_url: str, clock: ManualClock
) -> None:
    database = Database(postgres_url)
    directory = Directory(database)
    await find(directory, PAUL, clock)
    async with database.session() as slow, asyncio.timeout(5):
        (await slow.get_one(User, PAUL.id)).ban_reason = "to be thought over"
        await slow.flush()
        changed = msgspec.structs.replace(PAUL, first_name="Pablo")
        ana = Sender(UserId(6), first_name="Ana")
        kept, met_ana = await asyncio.gather(find(directory, changed, clock), find(directory, ana, clock))
        assert met_ana.name == "Ana"
        assert kept.profile == profile_of(PAUL), "his new name is for his next update to bring"
    assert (await find(directory, changed, clock)).profile == profile_of(changed)
    await database.aclose()


@pytest.mark.postgres
async def test_a_chat_whose_row_a_handler_keeps_holds_up_nobody(
    postgres_url: str, clock: ManualClock
) -> None:
    database = Database(postgres_url)
    directory = Directory(database)
    place = await placed(directory, GROUP, clock)
    async with database.session() as slow, asyncio.timeout(5):
        (await slow.get_one(Chat, place.key)).title = "Slowly changed"
        await slow.flush()
        changed = msgspec.structs.replace(GROUP, username="other")
        kept, other = await asyncio.gather(
            placed(directory, changed, clock), placed(directory, ChatInfo(ChatId(-7), "group"), clock)
        )
        assert (kept, other.telegram_id) == (place, -7)
    await database.aclose()
