"""/code in chat: made, asked for, shown with its uses, ended, refused."""

from __future__ import annotations

import pytest
import pytest_asyncio
from tests.features.billing.catalog.shopping import data_of, now, restock
from tests.support.outcomes import GROUP, forged, pressed, told
from tests.support.running import OWNER, PAUL, Running

from botyard.features.billing.service import codes

pytestmark = pytest.mark.asyncio(loop_scope="module")
GOLD = '[[plan]]\ncode = "gold-3m"\ntitle = "Gold"\nmonths = 3\nprices = { GBP = 14700 }\n'


@pytest_asyncio.fixture(loop_scope="module")
async def shop(house: Running) -> Running:
    """The shop with one plan and no code."""
    for user_id in (OWNER, PAUL):
        house.sandbox.world.users[user_id].language_code = "en"
        await told(house, user_id, "/start")
    await restock(house, GOLD)
    return house


async def test_a_code_is_made_listed_and_shown(shop: Running) -> None:
    assert "There is no discount code yet." in (await told(shop, OWNER, "/code")).texts[0]
    made = await told(shop, OWNER, "/code new spring 20% uses 100 once until 2099-04-01 for gold member 1002")
    text = made.texts[0]
    assert text.startswith("<b>SPRING works now.</b>\n\n<b>SPRING</b>\n")
    assert text.splitlines()[3:] == [
        "Takes off: 20%",
        "Used: 0 of 100, once for each member",
        "For: gold",
        "Who: only 1002",
        "Until: April 1, 2099, 00:00 UTC",
    ]
    await told(shop, OWNER, "/code new TENNER 10.00 GBP")
    listed = await told(shop, OWNER, "/code")
    assert listed.texts[0].splitlines()[2:4] == [
        "<b>TENNER</b> \u2013 £10.00 off, not used",
        "<b>SPRING</b> \u2013 20% off, not used",
    ]
    assert data_of(listed) == ["code:card:TENNER", "code:card:SPRING"]
    card = await pressed(shop, OWNER, "TENNER")
    assert "For: all plans\nWho: everybody\nUntil: you end it" in card.edits[0]


async def test_a_member_is_named_by_username_too(shop: Running) -> None:
    username = shop.sandbox.world.users[PAUL].username
    assert username
    made = await told(shop, OWNER, f"/code new GIFT 50% member @{username.upper()} once")
    assert f"Who: only {PAUL}" in made.texts[0]
    async with shop.database.reading() as session:
        assert (await codes.get(session, "GIFT", now())).draft.member == PAUL


async def test_it_asks_where_nothing_is_said(shop: Running) -> None:
    assert "Which code" in (await told(shop, OWNER, "/code new")).texts[0]
    assert "neither a percent nor an amount" in (await told(shop, OWNER, "SPRING lots")).texts[0]
    assert "SPRING works now" in (await told(shop, OWNER, "SPRING 5%")).texts[0]
    assert (await told(shop, OWNER, "MORE 5%")).how != "dialog"


async def test_a_code_is_ended_after_a_question(shop: Running) -> None:
    await told(shop, OWNER, "/code new SPRING 20%")
    asked = await pressed(shop, OWNER, "End it")
    assert "End <b>SPRING</b>?" in asked.edits[0]
    assert "Takes off" in (await pressed(shop, OWNER, "No, keep it")).edits[0]
    await pressed(shop, OWNER, "End it")
    ended = await pressed(shop, OWNER, "Yes, end it")
    assert ended.toasts == ["Ended."]
    assert "SPRING</b> \u2013 ended" in ended.edits[0]
    async with shop.database.reading() as session:
        assert not (await codes.get(session, "SPRING", now())).active
    assert "<s>SPRING</s>" in (await pressed(shop, OWNER, "« All codes")).edits[0]


async def test_codes_are_ended_by_words_too(shop: Running) -> None:
    await told(shop, OWNER, "/code new SPRING 20%")
    assert "ended" in (await told(shop, OWNER, "/code end spring")).texts[0]
    assert "ended" in (await told(shop, OWNER, "/code Spring")).texts[0]


async def test_many_codes_have_pages(shop: Running) -> None:
    for number in range(12):
        await told(shop, OWNER, f"/code new NUMBER-{number} 5%")
    await told(shop, OWNER, "/code")
    assert "NUMBER-0" in (await pressed(shop, OWNER, "»")).edits[0]
    assert "NUMBER-11" in (await pressed(shop, OWNER, "«")).edits[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("new S 20%", "A code must be"),
        ("new SPRING 120%", "1 to 99"),
        ("new SPRING 20% for silver", "There is no plan and no pack silver."),
        ("new SPRING 20% tomorrow", "neither a percent"),
        ("new BAD 10% until 2020-01-01", "It would have ended already: 2020-01-01 00:00 UTC is past."),
        ("new SPRING 20% member @nobody_here", "I know no member @nobody_here."),
        ("end NEVER", "There is no code NEVER."),
        ("never", "There is no code never."),
        ("end", "/code new SPRING 20%"),
        ("help", "/code new SPRING 20%"),
    ],
)
async def test_what_does_not_work_is_said(shop: Running, words: str, said: str) -> None:
    assert said in (await told(shop, OWNER, f"/code {words}")).texts[0]


async def test_members_may_not(shop: Running) -> None:
    assert (await told(shop, PAUL, "/code")).how == "command:code:denied"
    await told(shop, OWNER, "/code new SPRING 20%")
    await forged(shop, PAUL, "code:end:SPRING")
    async with shop.database.reading() as session:
        assert (await codes.get(session, "SPRING", now())).active


async def test_codes_are_no_talk_for_a_group(shop: Running) -> None:
    await told(shop, OWNER, "/code new SECRET 20%")
    said = await told(shop, OWNER, "/code", chat_id=GROUP)
    assert said.texts == ["Write to me about plans and codes in our private chat: /code"]


async def test_an_admin_of_one_bot_only_makes_and_ends_none(shop: Running) -> None:
    await told(shop, OWNER, "/code new SPRING 20%")
    await told(shop, OWNER, f"/role {PAUL} ADMIN bot:shop")
    try:
        assert "admin of shop only" in (await told(shop, PAUL, "/code new MINE 99%")).texts[0]
        assert "admin of shop only" in (await told(shop, PAUL, "/code")).texts[0]
        assert "admin of shop only" in (await forged(shop, PAUL, "code:end:SPRING")).toasts[0]
    finally:
        await told(shop, OWNER, f"/role {PAUL} PUBLIC bot:shop")
    async with shop.database.reading() as session:
        (only,) = await codes.listed(session, now())
    assert (only.code, only.active) == ("SPRING", True)


@pytest.mark.parametrize("data", ["code", "code:", "code:list:x", "code:card", "code:card:NEVER"])
async def test_forged_presses_do_nothing(shop: Running, data: str) -> None:
    outcome = await forged(shop, OWNER, data)
    assert [method for method, _ in outcome.calls] == ["answerCallbackQuery"]
