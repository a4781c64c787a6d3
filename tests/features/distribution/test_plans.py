"""Where a post would go and why: every chat once, by the right rule, with the rules of this moment."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from sqlalchemy import insert
from tests.features.distribution.rule_keeping import (
    ALL_THREE,
    CRYPTO,
    CRYPTO_FOREX,
    FOREX,
    GOLD,
    GOLD_CRYPTO,
    GOLD_FOREX,
    NOW,
    keep,
    keys,
    planned,
    reached,
    seed,
)

from botyard.db.session import Database
from botyard.features.distribution.matching import Hit
from botyard.features.distribution.models import Rule, RuleChat
from botyard.features.distribution.near_misses import MissKind
from botyard.features.distribution.rule_content import LinkButton
from botyard.features.distribution.service import plans, rules
from botyard.features.distribution.service.explaining import MOST_RULES, explain

BUTTONS = ((LinkButton("Join", "https://example.com"),),)


@pytest.mark.parametrize(
    ("post", "chats"),
    [
        ("The GOLD price today", {GOLD}),
        ("Gold and crypto", {GOLD, CRYPTO, GOLD_CRYPTO}),
        ("forex, gold", {FOREX, GOLD, GOLD_FOREX}),
        ("#crypto vs #forex", {CRYPTO, FOREX, CRYPTO_FOREX}),
        ("gold crypto forex", {GOLD, CRYPTO, FOREX, GOLD_CRYPTO, GOLD_FOREX, CRYPTO_FOREX, ALL_THREE}),
        ("Marigold", set()),
        ("Good morning", set()),
        ("", set()),
    ],
)
async def test_the_real_configuration(database: Database, post: str, chats: set[int]) -> None:
    await seed(database)
    assert await reached(database, post) == chats


async def test_a_post_that_goes_nowhere_has_near_misses(database: Database) -> None:
    await seed(database)
    plan = await planned(database, "Marigold")
    assert plan.targets == plan.matches == ()
    assert plan.near_misses[0].kind is MissKind.PART_OF_WORD
    assert "gold" in plan.near_misses[0].wanted
    assert (await planned(database, "Gold for Marigold")).near_misses == ()


async def test_without_any_rule_a_post_goes_nowhere(database: Database) -> None:
    plan = await planned(database, "gold")
    assert (plan.targets, plan.near_misses) == ((), ())
    assert explain(plan) == ["No rule matches."]


async def test_a_chat_is_reached_once_by_the_first_rule(database: Database) -> None:
    low = await keep(database, "gold", (GOLD, CRYPTO), caption_template="low {text}")
    high = await keep(database, "price", (CRYPTO,), priority=1, caption_template="high", buttons=BUTTONS)
    same = await keep(database, "gold+price", (GOLD,))

    plan = await planned(database, "the gold price")
    assert [(each.chat.telegram_id, each.rule_id, each.also) for each in plan.targets] == [
        (CRYPTO, high, (low,)),
        (GOLD, low, (same,)),
    ]
    first, second = plan.targets
    assert (first.caption_template, first.buttons) == ("high", BUTTONS)
    assert (second.caption_template, second.buttons) == ("low {text}", ())
    assert first.hits == (Hit(9, 14, "price"),)
    assert [each.rule_id for each in plan.matches] == [high, low, same]


async def test_first_only_ends_the_search(database: Database) -> None:
    await keep(database, "gold", (GOLD,))
    only = await keep(database, "urgent", (CRYPTO,), priority=5, first_only=True)
    before = await keep(database, "price", (FOREX,), priority=9)
    plan = await planned(database, "urgent: gold price")
    assert [each.rule_id for each in plan.targets] == [before, only]
    assert await reached(database, "gold price") == {GOLD, FOREX}


async def test_an_excluded_word_forbids_and_is_told(database: Database) -> None:
    rule_id = await keep(database, "gold", excluded=("silver",))
    assert await reached(database, "gold") == {GOLD}
    plan = await planned(database, "gold and Silver")
    assert plan.targets == ()
    assert explain(plan)[1:] == [
        "Rules that nearly match:",
        f"  #{rule_id}: “gold” is there, but “Silver” forbids it.",
    ]


async def test_a_regular_expression_finds_its_places(database: Database) -> None:
    await keep(database, r"xau/?usd", is_regex=True)
    plan = await planned(database, "Buy XAU/USD, sell xauusd")
    assert [hit.word for hit in plan.targets[0].hits] == ["XAU/USD", "xauusd"]


# explaining


async def test_a_plan_in_words(database: Database) -> None:
    both = await keep(database, "gold+crypto", (GOLD_CRYPTO, GOLD), priority=2, first_only=False)
    gold = await keep(database, "gold", (GOLD,), first_only=True)
    await keep(database, "silver", (FOREX,))
    plan = await planned(
        database, "Dear members, the GOLD price\nrises, and crypto falls. GOLD!", thorough=True
    )
    gold_at, last_gold = "“GOLD” at “…the GOLD price…”", "“GOLD” at “…falls. GOLD!”"
    assert explain(plan) == [
        f"#{both} gold+crypto → -1004, -1001",
        f"  {gold_at}, “crypto” at “…rises, and crypto falls. GOLD!”, {last_gold}",
        f"#{gold} gold → no chat of its own",
        f"  {gold_at}, {last_gold}",
        f"  Reached by another rule already: -1001 (#{both})",
        "  First match only: the rules after it were not looked at.",
    ]


async def test_near_misses_in_words(database: Database) -> None:
    ids = [await keep(database, each) for each in ("gold", "silver+copper", "platinum", "silver+dust+tin")]
    lines = explain(await planned(database, "Marigold, silver and platinm"))
    assert lines[:2] == ["No rule matches.", "Rules that nearly match:"]
    assert set(lines[2:]) == {
        f"  #{ids[0]}: “gold” is there only as a part of “Marigold”.",
        f"  #{ids[1]}: “silver” is there, but “copper” is missing.",
        f"  #{ids[2]}: “platinum” is not there, but the post has “platinm”.",
        f"  #{ids[3]}: “silver” is there, but “dust” and “tin” are missing.",
    }


async def test_long_plans_are_cut(database: Database) -> None:
    for _ in range(MOST_RULES + 5):
        await keep(database, "gold", range(-1020, -1000))
    lines = explain(await planned(database, "gold " * 50))
    assert lines[0].endswith(" and 10 more")
    assert lines[1].endswith("and 47 more")
    assert lines[-1] == "5 more rules match."


# the compiled rules


async def test_a_change_counts_at_once_in_every_replica(database_url: str) -> None:
    one, other = Database(database_url), Database(database_url)
    assert await reached(one, "gold") == await reached(other, "gold") == set()
    rule_id = await keep(one, "gold")
    assert await reached(other, "gold") == {GOLD}
    async with one.session() as session:
        await rules.revise(session, rule_id, lambda content: replace(content, pattern="silver"), NOW)
    assert await reached(other, "gold") == set()
    assert await reached(other, "silver") == {GOLD}
    async with other.session() as session:
        await rules.remove(session, rule_id)
    assert await reached(one, "silver") == set()
    await one.aclose()
    await other.aclose()


async def test_a_change_that_is_rolled_back_leaves_no_trace(database: Database) -> None:
    await keep(database, "gold")
    named = await keys(database, CRYPTO)
    session = database.new_session()
    await rules.add(session, rules.RuleContent("silver", named), NOW)
    assert [each.pattern for each in (await plans.plan(session, "silver")).targets] == ["silver"]
    await session.rollback()
    await session.close()
    assert await reached(database, "silver") == set()


async def test_rules_are_compiled_once(database: Database) -> None:
    chat = (await keys(database, GOLD))[0]
    rows = [
        {
            "id": number,
            "pattern": f"keyword{number} phrase",
            "folded": f"keyword{number} phrase",
            "is_regex": False,
            "whole_words": True,
            "excluded": ["silver"],
            "priority": 0,
            "first_only": False,
            "buttons": [],
            "enabled": True,
            "created_at": NOW,
            "changed_at": NOW,
        }
        for number in range(1, 10_001)
    ]
    async with database.begin() as connection:
        await connection.execute(insert(Rule), rows)
        await connection.execute(
            insert(RuleChat), [{"rule_id": row["id"], "chat_key": chat, "position": 0} for row in rows]
        )
    last = await keep(database, "gold") if database.is_sqlite else None  # PostgreSQL's sequence is behind
    if last is None:
        async with database.session() as session:
            await rules._change_version(session)

    async def seconds() -> float:
        began = time.perf_counter()
        plan = await planned(database, "here is keyword77 phrase")
        assert [each.rule_id for each in plan.targets] == [77]
        return time.perf_counter() - began

    first = await seconds()
    later = min([await seconds() for _ in range(5)])
    print(f"compiled in {first:.3f} s, later {later * 1000:.1f} ms")
    assert later < first / 5
