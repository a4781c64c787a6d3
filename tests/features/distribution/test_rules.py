"""Keeping rules: what can be one, how the first are made, and that nothing is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.features.distribution.rule_keeping import (
    CRYPTO,
    GOLD,
    GROUP_MAP,
    NOW,
    keep,
    keys,
    planned,
    reached,
    seed,
)

from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.features.distribution.captions import BadTemplate, check_template
from botyard.features.distribution.matching import RuleId
from botyard.features.distribution.models import Rule, RuleBook, RuleChat
from botyard.features.distribution.patterns import PatternRefused
from botyard.features.distribution.rule_content import BadRule, LinkButton, RuleContent, check_content
from botyard.features.distribution.service import rules
from botyard.ids import ChatId, ChatKey
from botyard.members.chats import move_chat
from botyard.members.models import Chat

SOMEWHERE = (ChatKey(1),)
JOIN = LinkButton("Join", "https://example.com/join")


# seeding


async def test_the_first_rules_come_from_the_settings_once(database: Database) -> None:
    assert await seed(database) == 7
    async with database.reading() as session:
        page = await rules.listed(session, most=50)
    assert [each.content.pattern for each in page.rules] == list(GROUP_MAP)
    assert await seed(database) == 0
    async with database.session() as session:
        for each in page.rules:
            await rules.remove(session, each.id)
    assert await seed(database) == 0
    assert await seed(database, {"silver": (-1009,)}) == 0
    assert await reached(database, "gold and silver") == set()


async def test_a_start_without_a_map_leaves_it_to_a_later_one(database: Database) -> None:
    assert await seed(database, {}) == 0
    assert await seed(database) == 7


async def test_replicas_that_start_together_seed_once(database_url: str) -> None:
    replicas = [Database(database_url) for _ in range(4)]
    counts = await asyncio.gather(*(seed(each) for each in replicas))
    assert sorted(counts) == [0, 0, 0, 7]
    assert await reached(replicas[0], "gold") == {GOLD}
    for each in replicas:
        await each.aclose()


async def test_a_keyword_that_no_rule_can_have_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(PatternRefused):
        await seed(database, {"gold": (GOLD,), "x" * 300: (CRYPTO,)})
    async with database.reading() as session:
        assert (await session.scalars(select(RuleBook.seeded_at))).one() is None
    assert await seed(database) == 7


# keeping


async def test_a_rule_comes_back_as_it_was_kept(database: Database) -> None:
    content = RuleContent(
        pattern="Золото",
        chats=await keys(database, CRYPTO, GOLD),
        whole_words=False,
        excluded=("silver", "bronze, too"),
        priority=-3,
        first_only=True,
        caption_template="<b>Gold</b>\n{text}",
        buttons=((JOIN, JOIN), (LinkButton("Ask", "https://t.me/ask"),)),
        enabled=False,
    )
    async with database.session() as session:
        rule = await rules.add(session, content, NOW)
    async with database.reading() as session:
        assert await rules.get(session, rule.id) == rule
        assert rule.content == content


@pytest.mark.postgres
async def test_what_two_admins_change_at_once_is_not_lost(postgres_url: str) -> None:
    """On SQLite, with its one writer, nobody can even try."""
    database = Database(postgres_url)
    rule_id = await keep(database, "gold")

    async def change(**fields: Any) -> None:
        async with database.session() as session:
            await rules.revise(session, rule_id, lambda content: replace(content, **fields), NOW)

    async with database.session() as session:
        await rules.revise(session, rule_id, lambda content: replace(content, priority=5), NOW)
        other = asyncio.create_task(change(first_only=True))
        await asyncio.sleep(0.2)
        assert not other.done()
    await other
    async with database.reading() as session:
        content = (await rules.get(session, rule_id)).content
    assert (content.priority, content.first_only) == (5, True)
    await database.aclose()


async def test_a_number_is_never_given_out_again(database: Database) -> None:
    rule_id = await keep(database, "gold")
    async with database.session() as session:
        assert (await rules.remove(session, rule_id)).content.pattern == "gold"
    assert await keep(database, "silver") > rule_id
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(RuleChat)) == 1
        for act in (rules.get(session, rule_id), rules.remove(session, rule_id)):
            with pytest.raises(rules.NoSuchRule):
                await act
        with pytest.raises(rules.NoSuchRule):
            await rules.revise(session, rule_id, lambda content: content, NOW)
        with pytest.raises(rules.NoSuchRule):
            await rules.get(session, RuleId(2**62))


async def test_a_change_that_is_refused_changes_nothing(database: Database) -> None:
    rule_id = await keep(database, "gold")
    async with database.session() as session:
        with pytest.raises(BadRule):
            await rules.revise(session, rule_id, lambda content: replace(content, chats=()), NOW)
    async with database.reading() as session:
        assert (await rules.get(session, rule_id)).content.chats == await keys(database, GOLD)


async def test_rules_are_listed_in_their_order_and_found_in_any_script(database: Database) -> None:
    for pattern, priority in (("gold", 0), ("ЗОЛОТО 100%", 5), ("gold_price", 0)):
        await keep(database, pattern, priority=priority)

    async def found(search: str = "", skip: int = 0) -> tuple[list[str], int]:
        async with database.reading() as session:
            page = await rules.listed(session, search=search, skip=skip, most=2)
        return [each.content.pattern for each in page.rules], page.total

    assert await found() == (["ЗОЛОТО 100%", "gold"], 3)
    assert await found(skip=2) == (["gold_price"], 3)
    assert await found("золото") == (["ЗОЛОТО 100%"], 1)
    assert await found("0%") == (["ЗОЛОТО 100%"], 1)
    assert await found("GOLD_") == (["gold_price"], 1)
    assert await found("silver") == ([], 0)


async def test_an_upgraded_group_stays_in_its_rules(database: Database) -> None:
    await keep(database, "gold", (-77, GOLD))
    async with database.begin() as connection:
        await move_chat(connection, ChatId(-77), ChatId(-100777))
    assert await reached(database, "gold") == {-100777, GOLD}


# chats by name


async def test_chats_are_named_by_id_and_by_username(database: Database) -> None:
    async with database.session() as session:
        session.add(Chat(telegram_id=-1005, type="channel", username="GoldNews", created_at=NOW))
        session.add(Chat(telegram_id=5, type="private", username="ana", created_at=NOW))
    async with database.session() as session:
        named = await rules.chats_named(session, ["-1009", "@goldnews", "-1005"], NOW)
    assert named == await keys(database, -1009, -1005)


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("@ana", "has met"),
        ("@nobody", "has met"),
        ("1001", "is no chat"),
        ("-", "is no chat"),
        ("-0", "is no chat"),
        ("--5", "is no chat"),
        ("gold", "is no chat"),
        ("-٣", "is no chat"),
        (f"-{2**52}", "longer than"),
        ("-" + "9" * 5000, "longer than"),
    ],
)
async def test_what_is_no_chat_is_refused(database: Database, word: str, why: str) -> None:
    async with database.session() as session:
        session.add(Chat(telegram_id=5, type="private", username="ana", created_at=NOW))
        await session.flush()
        with pytest.raises(BadRule, match=why) as caught:
            await rules.chats_named(session, [word], NOW)
    assert caught.value.remedy


# what no rule can be


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"pattern": " "}, "is empty"),
        ({"pattern": "x" * 257}, "257 characters"),
        ({"pattern": "a(", "is_regex": True}, "refused"),
        ({"pattern": "a*", "is_regex": True}, "every post"),
        ({"pattern": "gold\nsilver"}, "line break"),
        ({"pattern": "gold\0"}, "control character"),
        ({"chats": ()}, "to 0"),
        ({"chats": tuple(map(ChatKey, range(101)))}, "to 101"),
        ({"excluded": ("x",) * 101}, "excluded words"),
        ({"excluded": ("x" * 257,)}, "excluded words"),
        ({"priority": 1_000_001}, "too high"),
        ({"caption_template": "<b>{text}"}, "not closed"),
        ({"caption_template": "{text}\0"}, "control character"),
        ({"buttons": ((),)}, "rows"),
        ({"buttons": ((JOIN,),) * 9}, "rows"),
        ({"buttons": ((JOIN,) * 9,)}, "rows"),
        ({"buttons": ((LinkButton("", "https://a.example"),),)}, "text of 1 to"),
        ({"buttons": ((LinkButton("x" * 65, "https://a.example"),),)}, "text of 1 to"),
    ],
    ids=str,
)
def test_what_no_rule_can_be(change: dict[str, Any], why: str) -> None:
    with pytest.raises(BotyardError, match=why) as caught:
        check_content(replace(RuleContent("gold", SOMEWHERE), **change))
    assert caught.value.remedy


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "tg://user?id=1",
        "javascript:alert(1)",
        "https://",
        "https://localhost",
        "https://a b.example",
        "https://a.example/\n",
        "https://[::1",
        "https://a.example:99999",
        "https://a.example/" + "x" * 2048,
        "",
    ],
)
def test_a_button_opens_an_https_address(url: str) -> None:
    with pytest.raises(BadRule, match="https"):
        check_content(RuleContent("gold", SOMEWHERE, buttons=((LinkButton("Join", url),),)))


@pytest.mark.parametrize(
    "template",
    [
        "{text}",
        "no text of the post",
        "<b>Gold</b>\n{text}\n— <a href=\"https://a.example/?a=1&amp;b='2'\">Join</a>",
        "<blockquote expandable>{text}</blockquote>",
        '<span class="tg-spoiler"><i>{text}</i></span>',
        "<pre>price</pre> {text} &lt; 5 &amp; { } > 3",
        "<B>{text}</b >",
    ],
)
def test_a_caption_may_be(template: str) -> None:
    check_template(template)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("", "1 to 1024"),
        ("  ", "1 to 1024"),
        ("x" * 1025, "1 to 1024"),
        ("{text} {text}", "more than once"),
        ("<b>{text}", "not closed"),
        ("<b><i>{text}</b></i>", "</i> was expected"),
        ("{text}</b>", "no end of a tag"),
        ("<div>{text}</div>", "no tag <div>"),
        ("5 < 6 {text}", "begins no tag"),
        ("<b {text}", "begins no tag"),
        ('<a href="{text}">x</a>', "inside a tag"),
        ("<pre>{text}</pre>", "lose its formatting"),
        ("<b><code>{text}</code></b>", "lose its formatting"),
        ("<3 {text}", "begins no tag"),
    ],
)
def test_a_caption_may_not_be(template: str, why: str) -> None:
    with pytest.raises(BadTemplate, match=why) as caught:
        check_template(template)
    assert caught.value.remedy


async def test_a_rule_that_is_off_matches_nothing(database: Database) -> None:
    rule_id = await keep(database, "gold", enabled=False)
    assert await reached(database, "gold") == set()
    async with database.session() as session:
        await rules.revise(session, rule_id, lambda content: replace(content, enabled=True), NOW)
    assert [each.rule_id for each in (await planned(database, "gold")).targets] == [rule_id]
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Rule)) == 1
