"""Who may be told what: only those who said yes, and groups, which are their owners' business."""

from __future__ import annotations

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.ids import ChatId, UserId
from botyard.members import chats, consent
from botyard.members.consent import Topic
from botyard.members.models import Role, User

ANA, PAUL, GROUP = 1003, 1002, -1001000000001


async def meet(database: Database, clock: ManualClock) -> None:
    async with database.session() as session:
        for user_id in (ANA, PAUL):
            session.add(
                User(
                    id=user_id,
                    first_name="x",
                    is_premium=False,
                    role=Role.PUBLIC,
                    created_at=clock.now(),
                    seen_at=clock.now(),
                )
            )


async def test_silence_is_a_no_and_the_last_word_counts(database: Database, clock: ManualClock) -> None:
    await meet(database, clock)
    async with database.session() as session:
        places = [ChatId(PAUL), ChatId(GROUP), ChatId(ANA)]
        paul, group, ana = keys = await chats.keys_of(session, places, clock.now())
        assert await consent.willing(session, keys, Topic.OFFERS) == [group]

        topics = {Topic.OFFERS, Topic.NEWS}
        await consent.say(session, UserId(ANA), topics, clock.now(), granted=True, source="/newsletter")
        assert await consent.willing(session, keys, Topic.OFFERS) == [group, ana]
        assert await consent.willing(session, keys, Topic.GUIDES) == [group]
        assert await consent.granted_topics(session, UserId(ANA)) == topics

        await consent.say(session, UserId(ANA), [Topic.OFFERS], clock.now(), granted=False, source="button")
        assert await consent.willing(session, keys, Topic.OFFERS) == [group]
        assert await consent.granted_topics(session, UserId(ANA)) == {Topic.NEWS}
        assert await consent.willing(session, [paul], Topic.NEWS) == []


async def test_chats_that_an_operator_names_get_keys(database: Database, clock: ManualClock) -> None:
    async with database.session() as session:
        ids = [ChatId(GROUP), ChatId(-5001), ChatId(PAUL), ChatId(GROUP)]
        keys = await chats.keys_of(session, ids, clock.now())
        assert len(keys) == len(set(keys)) == 3
        assert await chats.keys_of(session, ids[:1], clock.now()) == keys[:1]
        places = await chats.places_of(session, keys)
    assert [places[key].type for key in keys] == ["supergroup", "group", "private"]
    assert places[keys[0]].name == str(GROUP)
    assert places[keys[0]].link_to(7) == "https://t.me/c/1000000001/7"
    assert places[keys[1]].link_to(7) is None
    assert places[keys[2]].link_to(7) is None
