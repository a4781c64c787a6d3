"""Rules in the database: seeded once, planned with, changed while posts come; on both databases."""

from __future__ import annotations

import pytest

from botyard.clock import ManualClock
from botyard.db.session import Database
from botyard.features.distribution import explaining, service
from botyard.features.distribution.near_misses import MissKind
from botyard.features.distribution.patterns import PatternRefused
from botyard.features.distribution.service import BadRule, Edit, NoSuchRule, Plan
from botyard.ids import ChatId
from botyard.members import chats

GOLD, SILVER, CRYPTO = ChatId(-1001), ChatId(-1002), ChatId(-1003)
BUSINESS = {
    "gold": (GOLD,),
    "silver": (SILVER,),
    "crypto": (CRYPTO,),
    "gold+silver": (ChatId(-1012),),
    "gold+crypto": (ChatId(-1013),),
    "silver+crypto": (ChatId(-1023),),
    "gold+silver+crypto": (ChatId(-1123),),
}
"""A business with 3 topics, and their 4 combinations: 7 groups."""


async def seeded(database: Database, clock: ManualClock) -> None:
    async with database.session() as session:
        assert await service.seed(session, BUSINESS, clock.now()) == 7


async def plan(database: Database, text: str) -> Plan:
    async with database.reading() as session:
        return await service.plan(session, text)


async def chats_for(database: Database, text: str) -> set[int]:
    return {each.chat.telegram_id for each in (await plan(database, text)).targets}


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("GOLD breaks out", {-1001}),
        ("Gold and Crypto today", {-1001, -1003, -1013}),
        ("silver, #crypto!", {-1002, -1003, -1023}),
        ("gold silver crypto", {-1001, -1002, -1003, -1012, -1013, -1023, -1123}),
        ("Marigold and golden goose", set()),
    ],
)
async def test_a_post_reaches_the_groups_of_its_topics_and_of_their_combinations(
    database: Database, clock: ManualClock, text: str, reached: set[int]
) -> None:
    await seeded(database, clock)
    assert await chats_for(database, text) == reached


async def test_a_post_without_a_topic_says_what_it_missed(database: Database, clock: ManualClock) -> None:
    await seeded(database, clock)
    found = await plan(database, "Marigold")
    assert found.targets == ()
    assert found.near_misses[0].kind is MissKind.PART_OF_WORD
    words = explaining.miss_in_words(found.near_misses[0], found.rules)
    assert words == "rule 1 (gold): gold is only a part of Marigold"


async def test_rules_are_seeded_once_whatever_became_of_them(database: Database, clock: ManualClock) -> None:
    await seeded(database, clock)
    async with database.session() as session:
        for rule in await service.listed(session):
            await service.remove(session, rule.id, clock.now())
    async with database.session() as session:
        assert await service.seed(session, BUSINESS, clock.now()) == 0
        assert await service.listed(session) == []
    assert await chats_for(database, "gold") == set()


async def test_rules_that_an_admin_made_first_are_not_seeded_over(
    database: Database, clock: ManualClock
) -> None:
    async with database.session() as session:
        await service.add(session, "copper", await chats.keys_of(session, [GOLD], clock.now()), clock.now())
    async with database.session() as session:
        assert await service.seed(session, BUSINESS, clock.now()) == 0


async def test_each_chat_gets_a_post_once_and_knows_by_which_rule(
    database: Database, clock: ManualClock
) -> None:
    async with database.session() as session:
        keys = await chats.keys_of(session, [GOLD, SILVER], clock.now())
        first = await service.add(session, "gold", keys, clock.now())
        second = await service.add(session, "breakout", keys[:1], clock.now())
        await service.edit(session, second, Edit(priority=5), clock.now())
    targets = (await plan(database, "gold breakout")).targets
    named = {each.chat.telegram_id: (each.rule.id, each.also) for each in targets}
    assert named == {-1001: (second, (first,)), -1002: (first, ())}
    assert explaining.reason_of(targets[0]) == f"rule {second} (breakout): breakout; also rule {first}"

    async with database.session() as session:
        await service.edit(session, second, Edit(first_only=True), clock.now())
    assert await chats_for(database, "gold breakout") == {-1001}


async def test_a_change_counts_at_once_for_every_process(
    database_url: str, database: Database, clock: ManualClock
) -> None:
    await seeded(database, clock)
    other = Database(database_url)
    assert await chats_for(other, "gold") == {-1001}
    async with database.session() as session:
        gold = (await service.listed(session))[0]
        await service.edit(session, gold.id, Edit(excluded=("fool's gold",)), clock.now())
    assert await chats_for(other, "fool's gold") == set()
    async with database.session() as session:
        await service.edit(session, gold.id, Edit(enabled=False), clock.now())
    assert await chats_for(other, "gold") == set()
    async with database.session() as session:
        keys = tuple(await chats.keys_of(session, [SILVER], clock.now()))
        await service.edit(session, gold.id, Edit(enabled=True, chats=keys), clock.now())
    assert await chats_for(other, "gold") == {-1002}
    await other.aclose()


async def test_a_group_that_was_upgraded_is_reached_at_its_new_id(
    database: Database, clock: ManualClock
) -> None:
    await seeded(database, clock)
    assert await chats_for(database, "gold") == {-1001}
    async with database.session() as session:
        await chats.keys_of(session, [ChatId(-100777)], clock.now())  # an update from there came first
        await chats.move_chat(await session.connection(), GOLD, ChatId(-100777))
    assert await chats_for(database, "gold") == {-100777}


async def test_what_cannot_be_a_rule_is_refused(database: Database, clock: ManualClock) -> None:
    async with database.session() as session:
        keys = await chats.keys_of(session, [GOLD], clock.now())
        for pattern, is_regex in (("", False), (" ", False), ("(", True), ("a*", True), ("x" * 257, False)):
            with pytest.raises(PatternRefused):
                await service.add(session, pattern, keys, clock.now(), is_regex=is_regex)
        with pytest.raises(BadRule):
            await service.add(session, "gold", [], clock.now())
        with pytest.raises(NoSuchRule):
            await service.edit(session, service.RuleId(99), Edit(priority=1), clock.now())
        assert await service.listed(session) == []
