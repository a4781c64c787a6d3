"""/role in chat: for good, for a while, for one bot, in reply, in a dialog, and wrong words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, select, update
from tests.support.outcomes import GROUP, Outcome, bot_of, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.clock import SystemClock
from botyard.ids import UserId
from botyard.members import roles
from botyard.members.models import AuditEntry, Role, RoleRaise, User
from botyard.routing.models import DialogRow

pytestmark = pytest.mark.asyncio(loop_scope="module")

KENJI = 1004
POST = "watched"
"""How a text of an admin goes that answers no question: it is a post."""


@pytest_asyncio.fixture(loop_scope="module")
async def business(house: Running) -> Running:
    """The running service; Paul and Kenji are nobody special."""
    for user_id in (OWNER, PAUL, KENJI):
        await told(house, user_id, "/start")
    async with house.database.session() as session:
        await session.execute(delete(RoleRaise))
        await session.execute(delete(DialogRow))
        await session.execute(update(User).where(User.id != OWNER).values(role=Role.PUBLIC))
        await session.execute(update(User).where(User.id == OWNER).values(role=Role.OWNER))
    return house


async def orders(house: Running, text: str, **more: Any) -> str:
    """What the bot says to the owner's `text`."""
    outcome = await told(house, OWNER, text, **more)
    assert len(outcome.texts) == 1, outcome
    return outcome.texts[0]


async def role_of(house: Running, user_id: int) -> Role:
    async with house.database.reading() as session:
        return (await session.get_one(User, user_id)).role


async def raises(house: Running) -> list[RoleRaise]:
    async with house.database.reading() as session:
        return list((await session.scalars(select(RoleRaise).order_by(RoleRaise.id))).all())


async def status_of(house: Running, user_id: int, bot: str) -> str:
    found = re.search("Role: <b>([A-Z]+)", (await told(house, user_id, "/status", bot=bot)).texts[0])
    assert found is not None
    return found[1]


@pytest.mark.parametrize("who", ["@paul_green", "@PAUL_Green", "paul_green", str(PAUL)])
async def test_a_role_is_given_by_name_or_id(business: Running, who: str) -> None:
    assert await orders(business, f"/role {who} admin") == "<b>Paul</b> is ADMIN now (was PUBLIC)."
    assert await role_of(business, PAUL) is Role.ADMIN
    assert "is ADMIN already" in await orders(business, f"/role {who} ADMIN")


@pytest.mark.parametrize("order", ["/role @paul_green SUBSCRIBER", "/role @paul_green SUBSCRIBER 7d"])
async def test_nobody_is_made_a_subscriber(business: Running, order: str) -> None:
    assert "<code>/grant</code> gives him some" in await orders(business, order)
    assert await role_of(business, PAUL) is Role.PUBLIC


async def test_a_new_role_counts_at_once_with_every_bot(business: Running) -> None:
    for bot in ("shop", "news"):
        await told(business, PAUL, "/start", bot=bot)
    await orders(business, "/role @paul_green ADMIN")
    assert [await status_of(business, PAUL, bot) for bot in ("shop", "news")] == ["ADMIN", "ADMIN"]
    assert (await told(business, PAUL, "/admin", bot="news")).how == "command:admin:ok"
    await orders(business, "/role @paul_green PUBLIC", bot="news")
    assert (await told(business, PAUL, "/admin", bot="shop")).how == "command:admin:denied"


async def test_a_change_in_chat_is_audited_with_who_and_where(business: Running) -> None:
    await orders(business, "/role @paul_green ADMIN", bot="news")
    async with business.database.reading() as session:
        entry = (
            await session.scalars(
                select(AuditEntry).where(AuditEntry.action == "role.change").order_by(AuditEntry.id.desc())
            )
        ).first()
    assert entry is not None
    assert (entry.actor_id, entry.subject) == (OWNER, f"user:{PAUL}")
    assert entry.bot_id == bot_of(business, "news").id
    assert entry.detail == {"before": "PUBLIC", "after": "ADMIN"}


async def test_in_reply_the_writer_is_meant(business: Running) -> None:
    written = await business.say(PAUL, "/status", chat_id=GROUP)
    reply = {"chat_id": GROUP, "reply_to_message_id": written["message_id"]}
    assert "<b>Paul</b> is ADMIN now" in await orders(business, "/role@shop_bot ADMIN", **reply)
    assert "<b>Paul</b> is PUBLIC now" in await orders(business, "/role@shop_bot public", **reply)
    assert "<b>Paul</b> is ADMIN on all bots" in await orders(business, "/role@shop_bot ADMIN 7d", **reply)
    assert "<b>Kenji</b> is ADMIN now" in await orders(business, "/role@shop_bot @kenji_mori ADMIN", **reply)
    assert await role_of(business, PAUL) is Role.PUBLIC


@pytest.mark.parametrize(
    ("word", "span"),
    [
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2W", timedelta(weeks=2)),
        ("9999w", timedelta(weeks=9999)),
    ],
)
async def test_a_role_for_a_while(business: Running, word: str, span: timedelta) -> None:
    before = SystemClock().now()
    reply = await orders(business, f"/role @paul_green ADMIN {word}")
    (held,) = await raises(business)
    assert held.expires_at is not None
    assert timedelta() <= held.expires_at - before - span < timedelta(seconds=10)
    assert reply == f"<b>Paul</b> is ADMIN on all bots, until {held.expires_at:%Y-%m-%d %H:%M} UTC."
    assert (held.role, held.bot_id, held.granted_by) == (Role.ADMIN, None, OWNER)
    assert await role_of(business, PAUL) is Role.PUBLIC
    shown = (await told(business, PAUL, "/status")).texts[0]
    assert f"<b>ADMIN</b> until {held.expires_at:%Y-%m-%d %H:%M} UTC" in shown


@pytest.mark.parametrize(
    ("word", "until"),
    [
        ("2099-01-31", datetime(2099, 1, 31, tzinfo=UTC)),
        ("2099-01-31T12:30", datetime(2099, 1, 31, 12, 30, tzinfo=UTC)),
        ("2099-01-31T12:30+02:00", datetime(2099, 1, 31, 10, 30, tzinfo=UTC)),
        ("2099-01-31T12:30Z", datetime(2099, 1, 31, 12, 30, tzinfo=UTC)),
    ],
)
async def test_a_role_until_a_date(business: Running, word: str, until: datetime) -> None:
    assert f"until {until:%Y-%m-%d %H:%M} UTC" in await orders(business, f"/role @paul_green ADMIN {word}")
    assert [held.expires_at for held in await raises(business)] == [until]


@pytest.mark.parametrize("name", ["news", "NEWS", "news_bot", "News_Bot"])
async def test_a_role_for_one_bot_only(business: Running, name: str) -> None:
    assert await orders(business, f"/role @paul_green ADMIN bot:{name}") == "<b>Paul</b> is ADMIN on news."
    assert [held.bot_id for held in await raises(business)] == [bot_of(business, "news").id]
    assert [await status_of(business, PAUL, bot) for bot in ("shop", "news")] == ["PUBLIC", "ADMIN"]
    assert (await told(business, PAUL, "/admin", bot="shop")).how == "command:admin:denied"
    assert (await told(business, PAUL, "/admin", bot="news")).how == "command:admin:ok"


async def test_an_owner_for_a_week_can_neither_stay_nor_depose(business: Running) -> None:
    await orders(business, "/role @paul_green OWNER 7d")
    assert await status_of(business, PAUL, "shop") == "OWNER"
    for text in ("/role @paul_green OWNER", "/role @olivia_stone PUBLIC"):
        assert "for a while or for one bot only" in (await told(business, PAUL, text)).texts[0]
    assert await role_of(business, PAUL) == Role.PUBLIC
    assert await role_of(business, OWNER) == Role.OWNER


async def test_an_owner_of_one_bot_cannot_make_himself_owner_of_all(business: Running) -> None:
    await orders(business, "/role @paul_green OWNER bot:news")
    for text in ("/role @paul_green OWNER", "/role @kenji_mori ADMIN bot:news"):
        outcome = await told(business, PAUL, text, bot="news")
        assert "for a while or for one bot only" in outcome.texts[0]
    await told(business, PAUL, "/role", bot="news")
    answered = await told(business, PAUL, "@paul_green OWNER", bot="news")
    assert "for a while or for one bot only" in answered.texts[0]
    assert [await role_of(business, user_id) for user_id in (PAUL, KENJI)] == [Role.PUBLIC, Role.PUBLIC]
    assert len(await raises(business)) == 1


async def test_a_role_for_one_bot_and_a_while(business: Running) -> None:
    for words in ("7d bot:news", "bot:news 7d"):
        reply = await orders(business, f"/role @paul_green ADMIN {words}")
        assert re.fullmatch(r"<b>Paul</b> is ADMIN on news, until \S+ \S+ UTC\.", reply)
    held = await raises(business)
    assert all(each.expires_at and each.bot_id == bot_of(business, "news").id for each in held)
    assert len(held) == 2


async def test_a_raise_that_ends_takes_the_menu_along(business: Running) -> None:
    async def sees_console() -> bool:
        # Kenji's: Paul's may still change for what an earlier test did.
        menu = await business.control("GET", f"commands?bot=shop&user_id={KENJI}&chat_id={KENJI}")
        return "console" in {entry["command"] for entry in menu}

    async def sees_none() -> bool:
        return not await sees_console()

    soon = SystemClock().now() + timedelta(seconds=2)
    await orders(business, f"/role @kenji_mori ADMIN {soon.isoformat()}")
    await business.until(sees_console)
    await business.until(sees_none)
    assert SystemClock().now() >= soon


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("@paul_green", "I need a member and a role"),
        ("@paul_green KING", "I need a member and a role"),
        ("ADMIN", "I need a member and a role"),
        ("ADMIN @paul_green", "I need a member and a role"),
        ("@paul_green ADMIN for a week", "I need a member and a role"),
        ("@paul_green ADMIN 7y", "I need a member and a role"),
        ("@paul_green ADMIN -7d", "I need a member and a role"),
        ("@paul_green ADMIN 2099-02-30", "I need a member and a role"),
        ("@paul_green ADMIN 0001-01-01T00:00+14:00", "I need a member and a role"),
        ("@paul_green ADMIN 9999-12-31T23:59-14:00", "I need a member and a role"),
        ("@paul_green ADMIN 0d", "0d is not in the future"),
        ("@paul_green ADMIN 2020-01-31", "2020-01-31 is not in the future"),
        ("@paul_green ADMIN bot:nobody", "no bot nobody here. There is: shop, news"),
        ("@paul_green ADMIN bot:", "no bot"),
        ("@paul_green PUBLIC 7d", "is PUBLIC already"),
        ("@nobody ADMIN", "I know no member @nobody"),
        ("999 ADMIN", "I know no member 999"),
        ("² ADMIN", "I know no member ²"),
        ("--5 ADMIN", "I know no member --5"),
        ("<b> ADMIN", "I know no member &lt;b&gt;"),
    ],
)
async def test_wrong_words_are_explained(business: Running, words: str, answer: str) -> None:
    assert answer in await orders(business, f"/role {words}")
    assert await role_of(business, PAUL) is Role.PUBLIC
    assert await raises(business) == []


async def test_the_last_owner_cannot_demote_himself(business: Running) -> None:
    assert "last owner" in await orders(business, "/role @olivia_stone ADMIN")
    assert await role_of(business, OWNER) is Role.OWNER
    await orders(business, "/role @paul_green OWNER")
    assert "is ADMIN now" in await orders(business, "/role @olivia_stone ADMIN")


# the dialog


async def asks(house: Running, text: str, **more: Any) -> Outcome:
    return await told(house, OWNER, text, **more)


async def test_without_words_the_bot_asks_and_takes_the_answer(business: Running) -> None:
    assert "Whose role, and which?" in await orders(business, "/role")
    answered = await asks(business, "@paul_green ADMIN 7d")
    assert answered.how == "dialog"
    assert "<b>Paul</b> is ADMIN on all bots" in answered.texts[0]
    assert len(await raises(business)) == 1
    assert (await asks(business, "@paul_green OWNER")).how == POST, "one question, one answer"


async def test_another_command_closes_the_question(business: Running) -> None:
    await orders(business, "/role")
    await asks(business, "/help")
    assert (await asks(business, "@paul_green ADMIN")).how == POST
    assert await role_of(business, PAUL) is Role.PUBLIC


async def test_a_question_goes_stale_after_a_quarter_of_an_hour(business: Running) -> None:
    await orders(business, "/role")
    async with business.database.session() as session:
        row = (await session.scalars(select(DialogRow))).one()
        lifetime = row.expires_at - SystemClock().now()
        assert timedelta(minutes=14) < lifetime <= timedelta(minutes=15)
        row.expires_at -= lifetime
    assert (await asks(business, "@paul_green ADMIN")).how == POST
    assert await role_of(business, PAUL) is Role.PUBLIC
    async with business.database.reading() as session:
        assert (await session.scalars(select(DialogRow))).all() == [], "it is not kept for ever"


async def test_a_question_waits_for_this_member_in_this_chat_of_this_bot(business: Running) -> None:
    await orders(business, "/role")
    assert (await asks(business, "@paul_green ADMIN", bot="news")).how == POST
    assert (await asks(business, "@paul_green ADMIN", chat_id=GROUP)).how == "ignored"
    assert (await told(business, PAUL, "@paul_green ADMIN")).how == "text"
    assert (await asks(business, "@paul_green ADMIN")).how == "dialog"


async def test_who_lost_the_role_since_cannot_answer_any_more(business: Running) -> None:
    await orders(business, "/role @paul_green OWNER")
    await told(business, PAUL, "/role")
    async with business.database.session() as session:
        await roles.change_role(session, UserId(PAUL), Role.ADMIN, SystemClock().now(), by=None)
    assert (await told(business, PAUL, "@kenji_mori OWNER")).how == POST
    assert await role_of(business, KENJI) is Role.PUBLIC


async def test_ana_never_wrote_and_is_not_known(business: Running) -> None:
    assert "I know no member @ana_sousa" in await orders(business, "/role @ana_sousa ADMIN")
    await told(business, ANA, "hello")
    assert "<b>Ana</b> is ADMIN now" in await orders(business, "/role @ana_sousa ADMIN")
