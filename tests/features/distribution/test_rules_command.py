"""/rules in chat, through the running service."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, select, update
from tests.features.distribution.rule_keeping import FOREX, GOLD_FOREX, GROUP_MAP, keep, planned, reached
from tests.members.conftest import house
from tests.support.outcomes import GROUP, Outcome, given, told
from tests.support.running import OWNER, PAUL, Running, running

from botyard.features.distribution.matching import RuleId
from botyard.features.distribution.models import Rule, RuleChat
from botyard.features.distribution.rule_content import LinkButton, RuleContent
from botyard.features.distribution.service import rules
from botyard.members.models import AuditEntry, Chat

__all__ = ["house"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def business(house: Running) -> Running:
    """The running service without any rule."""
    await told(house, OWNER, "/start")
    async with house.database.session() as session:
        await session.execute(delete(AuditEntry))
        for each in (await rules.listed(session, most=100)).rules:
            await rules.remove(session, each.id)
    return house


async def orders(house: Running, text: str, **more: Any) -> str:
    """What the bot says to the owner's `text`."""
    outcome = await told(house, OWNER, text, **more)
    assert outcome.how == "command:rules:ok"
    assert len(outcome.texts) == 1, outcome
    return outcome.texts[0]


async def only_rule(house: Running) -> rules.KeptRule:
    async with house.database.reading() as session:
        (rule,) = (await rules.listed(session, most=5)).rules
    return rule


async def entries(house: Running) -> list[tuple[str, str, dict[str, Any]]]:
    """The audit entries of rules, oldest first, all in the owner's name."""
    async with house.database.reading() as session:
        found = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    assert {each.actor_id for each in found} <= {OWNER}
    return [(each.action, each.subject, each.detail) for each in found]


def buttons(outcome: Outcome) -> list[str]:
    """The data of the buttons under its message."""
    (_, params), *_ = outcome.calls
    return [each["callback_data"] for row in params["reply_markup"]["inline_keyboard"] for each in row]


async def press(house: Running, data: str, user_id: int = OWNER) -> Outcome:
    """What became of a press on a button of an old message."""
    message = {"message_id": 7, "date": 1, "chat": {"id": user_id, "type": "private"}, "text": "Rules"}
    sender = {"id": user_id, "is_bot": False, "first_name": "Olivia"}
    return await given(
        house,
        callback_query={"id": "1", "from": sender, "chat_instance": "1", "message": message, "data": data},
    )


async def test_numbers_that_no_rule_can_have(business: Running) -> None:
    """A long number once showed the help, and a high priority was 'no whole number'."""
    await orders(business, f"/rules add gold = {GROUP}")
    number = (await only_rule(business)).id
    long = "9" * 20
    assert f"There is no rule #{long}." in await orders(business, f"/rules {long}")
    assert f"There is no rule #{long}." in await orders(business, f"/rules off {long}")
    reply = await orders(business, f"/rules set {number} priority {long}")
    assert reply.startswith(f"{long} is too high.")
    assert "from -1000000 to 1000000" in reply
    assert "-5000000 is too low." in await orders(business, f"/rules set {number} priority -5000000")


async def test_captions_that_are_not_what_they_seem_are_said(business: Running) -> None:
    await orders(business, f"/rules add gold = {GROUP}")
    number = (await only_rule(business)).id
    reply = await orders(business, f"/rules set {number} caption <b>Only</b> this")
    assert reply.endswith(
        "⚠️ The caption has no {text}: posts lose their own words, and only the caption is sent."
    )
    reply = await orders(business, f"/rules set {number} caption {{foo}}: {{text}}")
    assert reply.endswith("⚠️ The caption goes out with {foo} in it as it stands: only {text} is filled in.")
    assert "⚠️" not in await orders(business, f"/rules set {number} caption <b>Gold</b> {{text}}")


async def test_a_rule_is_added_changed_and_removed(business: Running) -> None:
    reply = await orders(business, f"/rules add gold+crypto = {GROUP}, -1002")
    rule = await only_rule(business)
    number = rule.id
    assert f"<b>Rule #{number}</b>: <code>gold+crypto</code>" in reply
    assert f"({GROUP}), -1002\n" in reply
    assert reply.endswith("⚠️ No bot has seen -1002 yet. If the id is right, add the bot there.")
    assert await reached(business.database, "Crypto and gold") == {GROUP, -1002}

    for words in (
        "pattern silver  bar",
        "priority -10",
        "first on",
        "exclude Gold, bronze,",
        "words off",
        "caption <b>Silver</b>\n{text}",
        "button Join | https://example.com/join || Ask | https://t.me/ask\nMore | https://example.com",
        "chats @goldnews",
    ):
        if words.startswith("chats"):
            async with business.database.session() as session:
                await session.execute(
                    update(Chat).where(Chat.telegram_id == -1002).values(username="GoldNews")
                )
        assert "changed" in await orders(business, f"/rules set {number} {words}")
    content = (await only_rule(business)).content
    assert content == RuleContent(
        pattern="silver  bar",
        chats=(rule.content.chats[1],),
        whole_words=False,
        excluded=("Gold", "bronze"),
        priority=-10,
        first_only=True,
        caption_template="<b>Silver</b>\n{text}",
        buttons=(
            (LinkButton("Join", "https://example.com/join"), LinkButton("Ask", "https://t.me/ask")),
            (LinkButton("More", "https://example.com"),),
        ),
    )
    card = await orders(business, f"/rules {number}")
    for part in ("Gold, bronze", "&lt;b&gt;Silver", "-10. If it matches", "also inside", "Join | https://"):
        assert part in card

    for option in ("exclude", "caption", "button"):
        await orders(business, f"/rules set #{number} {option} none")
    content = (await only_rule(business)).content
    assert (content.excluded, content.caption_template, content.buttons) == ((), None, ())

    assert "is off" in await orders(business, f"/rules off {number}")
    assert await reached(business.database, "silver bar") == set()
    assert "It is off" in await orders(business, f"/rules {number}")
    assert "is on" in await orders(business, f"/rules ON {number}")
    assert "is gone" in await orders(business, f"/rules remove {number}")
    assert "There is no rule" in await orders(business, f"/rules {number}")


async def test_every_change_is_in_the_audit_log(business: Running) -> None:
    await orders(business, f"/rules add gold = {GROUP}")
    number = (await only_rule(business)).id
    await orders(business, f"/rules set {number} priority 5")
    await orders(business, f"/rules set {number} priority much")
    await orders(business, f"/rules off {number}")
    await orders(business, f"/rules remove {number}")
    subject = f"rule:{number}"
    assert await entries(business) == [
        ("rule.add", subject, {"pattern": "gold"}),
        ("rule.change", subject, {"pattern": "gold", "what": "priority"}),
        ("rule.change", subject, {"pattern": "gold", "what": "off"}),
        ("rule.remove", subject, {"pattern": "gold"}),
    ]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("add gold", "at least one chat"),
        ("add = -1001", "at least one chat"),
        ("add gold =", "at least one chat"),
        ("add gold = 1001", "is no chat"),
        ("add gold = @nobody_there", "has met"),
        ("add + = ,", "to 0"),
        (f"add {'x' * 300} = -1001", "300 characters"),
        ("set", "number of a rule"),
        ("set 1", "number of a rule"),
        ("set 1 colour red", "number of a rule"),
        ("set 1 priority", "number of a rule"),
        ("set one priority 1", "is no number of a rule"),
        ("set 99999 priority 1", "There is no rule #99999"),
        ("set 1 priority 1.5", "no whole number"),
        ("set 1 first maybe", "neither on nor off"),
        ("set 1 button Join https://example.com", "is no button"),
        ("remove", "Which rule?"),
        ("remove <b>", "&lt;b&gt;"),
        ("off 12345678901234567", "There is no rule"),
        ("12345678901234567", "There is no rule"),
        ("99999999999999999999", "There is no rule"),
        ("find", "look for"),
        ("test", "text of a post"),
        ("help", "What can be set"),
        ("nonsense <b>", "What can be set"),
    ],
)
async def test_unclear_words_change_nothing_and_are_explained(
    business: Running, words: str, answer: str
) -> None:
    assert answer in await orders(business, f"/rules {words}")
    async with business.database.reading() as session:
        assert (await session.scalars(select(Rule.id))).all() == []
        assert (await session.scalars(select(RuleChat.rule_id))).all() == []
    assert await entries(business) == []


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("pattern (", None),
        ("caption <b>{text}", "not closed"),
        ("button Join | http://example.com", "no https address"),
        ("priority 99999999", "too high"),
        ("regex on", None),
        ("chats gold", "is no chat"),
    ],
)
async def test_a_wrong_value_is_refused(business: Running, words: str, answer: str | None) -> None:
    rule_id = await keep(business.database, "gold")
    reply = await orders(business, f"/rules set {rule_id} {words}")
    assert (answer or "changed") in reply
    if answer:
        assert (await only_rule(business)).content.pattern == "gold"
        assert await entries(business) == []


async def test_a_regular_expression_that_cannot_be_read(business: Running) -> None:
    rule_id = await keep(business.database, "gold|xau", is_regex=True)
    assert "was refused" in await orders(business, f"/rules set {rule_id} pattern (gold")
    assert await reached(business.database, "XAU") != set()


async def test_the_list_has_pages_in_one_message(business: Running) -> None:
    assert "no rules yet" in await orders(business, "/rules")
    for number in range(25):
        await keep(business.database, f"<word{number}>")
    first = await told(business, OWNER, "/rules")
    assert "25, page 1 of 3" in first.texts[0]
    assert "&lt;word9&gt;" in first.texts[0]
    assert "word10" not in first.texts[0]
    assert buttons(first) == ["rules:2"]

    second = await press(business, "rules:2")
    assert [method for method, _ in second.calls] == ["editMessageText", "answerCallbackQuery"]
    assert buttons(second) == ["rules:1", "rules:3"]
    assert "word10" in second.calls[0][1]["text"]
    for stale in ("rules:99", "rules:3", f"rules:{'9' * 50}"):
        assert buttons(await press(business, stale)) == ["rules:2"]
    for forged in ("rules:0", "rules:-1", "rules:x", "rules", "rules:1:2"):
        assert buttons(await press(business, forged)) == ["rules:2"]


async def test_a_search_in_the_list(business: Running) -> None:
    for number in range(12):
        await keep(
            business.database, f"Gold {number}", range(-1010, -1000), priority=number, is_regex=number > 5
        )
    found = await orders(business, "/rules find GOLD")
    assert "12 rules" in found
    assert "… and 2 more" in found
    assert "7 more" in found
    assert "regular expression" in found
    assert "One rule has" in await orders(business, "/rules find gold 11")
    assert "No rule has" in await orders(business, "/rules find silver")


async def test_a_dry_run_in_chat(business: Running) -> None:
    await keep(business.database, "gold", (GROUP,))
    await keep(business.database, "silver", (GROUP,))
    reply = await orders(business, "/rules test The <b> GOLD price\nand silvr")
    assert reply.startswith("<b>This would go to one chat.</b> Nothing was sent.\n\n")
    assert "“GOLD” at “The &lt;b&gt; GOLD price and…”" in reply
    assert "“silver” is not there, but the post has “silvr”." in reply
    assert "This would go nowhere" in await orders(business, "/rules test Marigold")


async def test_a_dry_run_of_the_post_that_is_replied_to(business: Running) -> None:
    await keep(business.database, "gold", (GROUP,))
    chat = {"id": OWNER, "type": "private", "first_name": "Olivia"}
    sender = {"id": OWNER, "is_bot": False, "first_name": "Olivia"}
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    post = {"message_id": 5, "date": 1, "chat": chat, "photo": photo, "caption": "Gold!"}
    command = {
        "message_id": 6,
        "date": 1,
        "chat": chat,
        "from": sender,
        "text": "/rules test",
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
        "reply_to_message": post,
    }
    outcome = await given(business, message=command)
    assert "“Gold” at “Gold!”" in outcome.texts[0]


async def test_what_is_too_long_for_a_message_is_cut(business: Running) -> None:
    for number in range(20):
        await keep(business.database, "gold" + " " * number + "x" * 200, range(-1020, -1000))
    words = " ".join("gold" + " " * number + "x" * 200 for number in range(20))[:3900]
    reply = await orders(business, f"/rules test {words}")
    assert len(re.sub("<[^>]+>", "", reply)) <= 4096
    assert "too long for one message" in reply


async def test_only_admins_see_rules(business: Running) -> None:
    await told(business, PAUL, "/start")
    assert (await told(business, PAUL, "/rules")).how == "command:rules:denied"
    outcome = await press(business, "rules:1", PAUL)
    assert [method for method, _ in outcome.calls] == ["answerCallbackQuery"]


@pytest.mark.asyncio(loop_scope="function")
async def test_the_settings_seed_at_the_first_start_only(database_url: str, tmp_path: Path) -> None:
    group_map = {word: list(chats) for word, chats in GROUP_MAP.items()}
    async with running(database_url, tmp_path, group_map=group_map) as house:
        await told(house, OWNER, "/start")
        assert "<b>Rules</b> · 7" in (await told(house, OWNER, "/rules")).texts[0]
        assert len((await planned(house.database, "gold, forex")).targets) == 3
        await told(house, OWNER, "/rules remove 1")
        async with house.database.reading() as session:
            entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "rule.seed"))).one()
        assert (entry.actor_id, entry.detail) == (None, {"count": 7})
    async with running(database_url, tmp_path, group_map=group_map) as house:
        assert RuleId(1) not in {each.rule_id for each in (await planned(house.database, "gold")).targets}
        assert await reached(house.database, "gold, forex") == {FOREX, GOLD_FOREX}
