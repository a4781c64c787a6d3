"""The rules in the console: what admins see, change and try."""

from __future__ import annotations

import re

import httpx
import pytest
from sqlalchemy import func, select
from tests.console.conftest import ANA, House, house
from tests.features.distribution.rule_keeping import GOLD, NOW, keep, keys, name_chat, pages_of, reached, seed

from botyard.db.session import Database
from botyard.features.distribution.matching import RuleId
from botyard.features.distribution.pages import RULES_ON_PAGE
from botyard.features.distribution.rule_content import LinkButton, RuleContent
from botyard.features.distribution.service import rules
from botyard.features.tracking import service as tracking
from botyard.features.tracking.models import Target
from botyard.features.tracking.service import NewClick, TargetId
from botyard.members.models import AuditEntry, Chat

__all__ = ["house"]

HOME = "/console/distribution"
NEW = f"{HOME}/rules/new"
FIELDS = {"pattern": "gold", "chats": str(GOLD), "priority": "0", "whole_words": "on", "enabled": "on"}


@pytest.fixture
async def admin(house: House) -> httpx.AsyncClient:
    """The browser of an admin."""
    await house.add_member()
    browser = house.browser(pages=pages_of(house))
    await house.sign_in(browser)
    return browser


async def kept(database: Database) -> list[rules.KeptRule]:
    async with database.reading() as session:
        return list((await rules.listed(session, most=500)).rules)


async def test_only_admins_get_in(house: House) -> None:
    stranger = house.browser(pages=pages_of(house))
    for path in (HOME, NEW, f"{HOME}/try", f"{HOME}/rules/1"):
        assert (await stranger.get(path)).status_code == 303
    for path in (NEW, f"{HOME}/rules/1/delete"):
        assert (await stranger.post(path, data=FIELDS)).status_code == 303
    assert await kept(house.database) == []


async def test_the_list_shows_searches_and_turns_pages(house: House, admin: httpx.AsyncClient) -> None:
    assert "No rules yet" in (await admin.get(HOME)).text
    await keep(house.database, "<gold> price", range(-1010, -1000), priority=7, excluded=("silver",))
    await name_chat(house.database, -1010, "Gold & <traders>")
    for number in range(RULES_ON_PAGE):
        await keep(house.database, f"word{number}", enabled=number > 0)
    page = (await admin.get(HOME)).text
    for part in (
        "&lt;gold&gt; price",
        "Gold &amp; &lt;traders&gt;, -1009, -1008 and 7 more",
        "silver",
        ">Off<",
    ):
        assert part in page, part
    assert f"1–{RULES_ON_PAGE} of {RULES_ON_PAGE + 1}" in page  # noqa: RUF001
    assert f"word{RULES_ON_PAGE - 1}<" not in page
    assert f"word{RULES_ON_PAGE - 1}<" in (await admin.get(f"{HOME}?q=&page=1")).text

    found = (await admin.get(HOME, params={"q": "GOLD"})).text
    assert "&lt;gold&gt; price" in found
    assert "word1<" not in found
    assert "No rule has this" in (await admin.get(HOME, params={"q": "platinum\0"})).text
    for wrong in ("x", "-1", "9" * 30, "²"):
        assert (await admin.get(HOME, params={"page": wrong})).status_code == 200


async def test_a_rule_is_added_changed_and_deleted(house: House, admin: httpx.AsyncClient) -> None:
    await name_chat(house.database, -1005, "Gold @news -5", "GoldNews")
    fields = FIELDS | {
        "pattern": " gold+crypto ",
        "chats": "-1001 Gold traders\r\n@goldnews, -1002\r\n\r\n-1001",
        "excluded": "silver, bronze\r\ncopper",
        "priority": "-5",
        "first_only": "on",
        "caption": "<b>Gold</b>\r\n{text}",
        "buttons": "Join | https://example.com/a || Ask | https://example.com/b",
    }
    answer = await admin.post(NEW, data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    assert "“gold+crypto” is added" in (await admin.get(HOME)).text
    (rule,) = await kept(house.database)
    assert rule.content == RuleContent(
        pattern="gold+crypto",
        chats=await keys(house.database, GOLD, -1005, -1002),
        excluded=("silver", "bronze", "copper"),
        priority=-5,
        first_only=True,
        caption_template="<b>Gold</b>\n{text}",
        buttons=((LinkButton("Join", "https://example.com/a"), LinkButton("Ask", "https://example.com/b")),),
    )

    address = f"{HOME}/rules/{rule.id}"
    page = (await admin.get(address)).text
    assert "-1005 Gold @news -5" in page
    assert "&lt;b&gt;Gold&lt;/b&gt;" in page
    changed = {"pattern": "xau|gold", "is_regex": "on", "chats": "-1005 Gold @news -5", "priority": "1"}
    assert (await admin.post(address, data=changed)).status_code == 303
    (rule,) = await kept(house.database)
    assert rule.content == RuleContent(
        pattern="xau|gold",
        chats=await keys(house.database, -1005),
        is_regex=True,
        whole_words=False,
        priority=1,
        enabled=False,
    )

    assert (await admin.post(f"{address}/delete")).status_code == 303
    assert "“xau|gold” is gone" in (await admin.get(HOME)).text
    assert await kept(house.database) == []
    async with house.database.reading() as session:
        entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    assert [(each.action, each.subject, each.actor_id) for each in entries[-3:]] == [
        ("rule.add", f"rule:{rule.id}", ANA),
        ("rule.change", f"rule:{rule.id}", ANA),
        ("rule.remove", f"rule:{rule.id}", ANA),
    ]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"pattern": ""}, "Fill this in."),
        ({"pattern": "x" * 257}, "At most 256 characters"),
        ({"pattern": "a(", "is_regex": "on"}, "was refused"),
        ({"chats": ""}, "Fill this in."),
        ({"chats": "-1009\n1001"}, "“1001” is no chat"),
        ({"chats": "-1009 Gold\nsilver traders"}, "“silver” is no chat"),
        ({"chats": "@nobody"}, "No bot has met"),
        ({"chats": "\n".join(f"-1{number}" for number in range(101))}, "to 101"),
        ({"priority": "much"}, "whole number"),
        ({"excluded": ",".join(f"word{number}" for number in range(101))}, "excluded words"),
        ({"caption": "<b>{text}"}, "not closed"),
        ({"buttons": "Join"}, "is no button"),
        ({"buttons": "Join | http://example.com"}, "no https address"),
    ],
    ids=str,
)
async def test_what_is_wrong_is_shown_and_nothing_is_kept(
    house: House, admin: httpx.AsyncClient, fields: dict[str, str], why: str
) -> None:
    rule_id = await keep(house.database, "silver")
    before = await kept(house.database)
    async with house.database.reading() as session:
        chats = await session.scalar(select(func.count()).select_from(Chat))
    for address in (NEW, f"{HOME}/rules/{rule_id}"):
        answer = await admin.post(address, data=FIELDS | fields)
        assert answer.status_code == 422
        assert why in answer.text
        assert "Save" in answer.text
    assert await kept(house.database) == before
    async with house.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Chat)) == chats


@pytest.mark.parametrize("number", ["99", str(2**63), "9" * 400])
async def test_a_rule_that_is_gone_has_a_page_that_says_so(admin: httpx.AsyncClient, number: str) -> None:
    for answer in (
        await admin.get(f"{HOME}/rules/{number}"),
        await admin.post(f"{HOME}/rules/{number}", data=FIELDS),
        await admin.post(f"{HOME}/rules/{number}/delete"),
    ):
        assert answer.status_code == 404
        assert f"There is no rule #{number[:40]}" in answer.text, "not another number"


async def test_a_post_is_tried_and_nothing_is_sent(house: House, admin: httpx.AsyncClient) -> None:
    await seed(house.database)
    await name_chat(house.database, GOLD, "Gold <traders>")
    await keep(house.database, "price", (GOLD,), first_only=True, priority=-1, caption_template="x")
    assert "Where would it go?" in (await admin.get(f"{HOME}/try")).text
    page = (await admin.post(f"{HOME}/try", data={"text": "The GOLD <price> and crypto"})).text
    for part in (
        "go to 3 chats",
        "Gold &lt;traders&gt;",
        "#4 gold+crypto",
        "#8",
        "first match only",
        "GOLD &lt;price",
    ):
        assert part in page, part
    page = (await admin.post(f"{HOME}/try", data={"text": "Marigold"})).text
    assert "It would go nowhere" in page
    assert "“gold” is there only as a part of “Marigold”" in page
    empty = await admin.post(f"{HOME}/try", data={"text": " "})
    assert (empty.status_code, "Fill this in." in empty.text) == (422, True)
    assert "saved" not in empty.text
    assert (await admin.post(f"{HOME}/try", data={"text": "x" * 4097})).status_code == 422


async def test_captions_that_are_not_what_they_seem_are_said(house: House, admin: httpx.AsyncClient) -> None:
    answer = await admin.post(NEW, data=FIELDS | {"caption": "Only {foo}"})
    assert answer.status_code == 303
    notice = (await admin.get(HOME)).text
    assert "The caption has no {text}: posts lose their own words" in notice
    assert "goes out with {foo} in it" in notice
    assert f"No bot has seen {GOLD} yet." in notice


async def test_clicks_on_a_rules_buttons_are_shown(house: House, admin: httpx.AsyncClient) -> None:
    links = ((LinkButton("Join", "https://example.com/a"), LinkButton("Ask", "https://example.com/b")),)
    rule_id = await keep(house.database, "gold", buttons=links)
    async with house.database.session() as session:
        await tracking.tracked_url(
            session, "https://x.example", "https://example.com/b", f"rule:{rule_id}:2", NOW
        )
        target = (await session.scalars(select(Target.id))).one()
    clicks = [NewClick(TargetId(target), who, NOW) for who in ("a", "a", "b")]
    await house.database.write_batch(lambda hot: tracking.count_batch(hot, clicks))
    page = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", (await admin.get(f"{HOME}/rules/{rule_id}")).text))
    assert "Join https://example.com/a 0 0 Ask https://example.com/b 3 2" in page


async def test_a_change_in_the_console_counts_for_the_next_post(
    house: House, admin: httpx.AsyncClient
) -> None:
    assert await reached(house.database, "gold") == set()
    await admin.post(NEW, data=FIELDS)
    assert await reached(house.database, "gold") == {GOLD}
    async with house.database.reading() as session:
        assert (await rules.get(session, RuleId((await kept(house.database))[0].id))).created_at == NOW
