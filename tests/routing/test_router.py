"""What is handled, what is ignored, and what is answered politely: through the running service."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from tests.support.outcomes import GROUP, bot_of, count_of, given, outcome_of, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.clock import SystemClock
from botyard.ids import UserId
from botyard.members import roles
from botyard.members.models import BotChat, Chat, User
from botyard.routing.switchboard import NoSuchCommand, switch

pytestmark = pytest.mark.asyncio(loop_scope="module")

KENJI = 1004
ROBOT = {"id": 7000000099, "is_bot": True, "first_name": "Robot", "username": "robot_bot"}
GROUP_CHAT = {"id": GROUP, "type": "supergroup", "title": "Gold traders"}


def person(user_id: int, **more: Any) -> dict[str, Any]:
    return {"id": user_id, "is_bot": False, "first_name": f"Person {user_id}", **more}


def message(text: str, sender: dict[str, Any], chat: dict[str, Any] | None = None) -> dict[str, Any]:
    chat = chat or {"id": sender["id"], "type": "private"}
    return {"message_id": 9_000, "date": 1_800_000_000, "chat": chat, "from": sender, "text": text}


async def user(house: Running, user_id: int) -> User | None:
    async with house.database.reading() as session:
        return await session.get(User, user_id)


# commands


async def test_in_a_group_a_command_may_name_the_bot(house: Running) -> None:
    for command in ("/status@shop_bot", "/STATUS@Shop_Bot", "/status"):
        outcome = await told(house, PAUL, command, chat_id=GROUP)
        assert outcome.how == "command:status:ok", command
        assert len(outcome.calls) == 1


async def test_a_groups_answer_quotes_the_question(house: Running) -> None:
    written = await house.say(PAUL, "/status", chat_id=GROUP)
    ((_, params),) = (await outcome_of(house, written)).calls
    assert params["reply_parameters"]["message_id"] == written["message_id"]
    ((_, params),) = (await told(house, PAUL, "/status")).calls
    assert "reply_parameters" not in params


async def test_a_command_for_another_bot_is_left_to_it(house: Running) -> None:
    written = await house.say(PAUL, "/status@news_bot", bot="shop", chat_id=GROUP)
    outcome = await outcome_of(house, written, bot="shop")
    assert (outcome.how, outcome.calls) == ("other-bot", [])
    outcome = await told(house, PAUL, "/status@somebody_else_bot", chat_id=GROUP)
    assert (outcome.how, outcome.calls) == ("other-bot", [])


async def test_cancel_leaves_the_question_that_is_open(house: Running) -> None:
    assert (await told(house, OWNER, "/cancel")).texts == ["Nothing to cancel."]
    await told(house, OWNER, "/role")
    assert (await told(house, OWNER, "/cancel")).texts == ["Cancelled. Nothing was changed."]
    assert (await told(house, OWNER, "/cancel")).texts == ["Nothing to cancel."]
    assert (await told(house, OWNER, "@paul ADMIN")).how != "dialog"
    assert "/cancel" not in (await told(house, PAUL, "/help")).texts[0]


async def test_an_unknown_command_in_private_is_answered_with_the_nearest(house: Running) -> None:
    before = await count_of(house, 'telegram_command_total{name="other",status="unknown"}')
    outcome = await told(house, PAUL, "/statsu")
    assert outcome.how == "command:unknown"
    assert "no command /statsu" in outcome.texts[0]
    assert "Did you mean /status?" in outcome.texts[0]
    outcome = await told(house, PAUL, "/qqqqqq")
    assert "no command /qqqqqq" in outcome.texts[0]
    assert "/help" in outcome.texts[0]
    assert await count_of(house, 'telegram_command_total{name="other",status="unknown"}') == before + 2


async def test_an_unknown_command_in_a_group_is_ignored_unless_it_names_the_bot(house: Running) -> None:
    outcome = await told(house, PAUL, "/statsu", chat_id=GROUP)
    assert (outcome.how, outcome.calls) == ("command:unknown", [])
    outcome = await told(house, PAUL, "/statsu@shop_bot", chat_id=GROUP)
    assert "Did you mean /status?" in outcome.texts[0]


async def test_what_is_nearly_a_command_is_free_text(house: Running) -> None:
    for text in ("/", "//", "/status@", "/" + "x" * 40, "hello"):
        outcome = await told(house, PAUL, text)
        assert outcome.how == "text", text
        assert "/help" in outcome.texts[0]


async def test_free_text_in_a_group_is_nobodys_business(house: Running) -> None:
    outcome = await told(house, PAUL, "hello", chat_id=GROUP)
    assert (outcome.how, outcome.calls) == ("ignored", [])


async def test_html_in_names_and_commands_is_only_text(house: Running) -> None:
    await house.control("POST", "users", id=2001, first_name="<b>Eve</b>", last_name="&", username="eve")
    assert "<b>Eve</b> &" in await house.ask(2001, "/start")
    assert "&lt;i&gt;" in (await told(house, 2001, "/help <i>")).texts[0]


# switched off


async def test_a_command_that_is_switched_off_for_one_bot_is_unknown_there_only(house: Running) -> None:
    shop, news = bot_of(house, "shop"), bot_of(house, "news")

    async def outcome(bot: str, text: str = "/status") -> str:
        return (await told(house, KENJI, text, bot=bot)).how

    async def flip(*, enabled: bool) -> None:
        async with house.database.session() as session:
            await switch(session, shop.id, "/status", enabled=enabled)
        await house.until(lambda: answers(enabled=enabled))

    async def answers(*, enabled: bool) -> bool:
        return (await outcome(shop.name) == "command:status:ok") is enabled

    assert await outcome(shop.name) == await outcome(news.name) == "command:status:ok"
    await flip(enabled=False)
    assert await outcome(shop.name) == await outcome(shop.name, "/me") == "command:unknown"
    assert await outcome(news.name) == "command:status:ok"
    assert "/status" not in (await told(house, KENJI, "/help", bot="shop")).texts[0]
    assert "/status" in (await told(house, KENJI, "/help", bot="news")).texts[0]
    assert "no command /status" in (await told(house, KENJI, "/help status", bot="shop")).texts[0]
    assert "Did you mean /status" not in (await told(house, KENJI, "/statsu", bot="shop")).texts[0]
    await flip(enabled=True)
    assert await outcome(shop.name) == "command:status:ok"


@pytest.mark.parametrize("name", ["me", "nothing", ""])
async def test_only_a_command_can_be_switched_not_an_alias(house: Running, name: str) -> None:
    with pytest.raises(NoSuchCommand):
        async with house.database.session() as session:
            await switch(session, bot_of(house).id, name, enabled=False)


# buttons


@pytest.mark.parametrize("data", ["old:1", "", "nothing", ":", "start", "x" * 64, "ünïcode:1"])
async def test_a_stale_button_is_answered_politely(house: Running, data: str) -> None:
    query_id = f"query-{data}"
    press = {"id": query_id, "from": person(PAUL), "chat_instance": "1", "data": data}
    chat = {"id": PAUL, "type": "private"}
    under = {"message": {"message_id": 5, "date": 0, "chat": chat}}
    outcome = await given(house, callback_query=press | under)
    assert outcome.how == "button:stale"
    ((method, params),) = outcome.calls
    assert (method, params["callback_query_id"]) == ("answerCallbackQuery", query_id)
    assert "out of date" in params["text"]

    async def is_shown() -> bool:
        shown = await house.control("GET", f"callbacks/{query_id}")
        return bool(shown["answered"])

    await house.until(is_shown)


async def test_a_button_under_an_inline_message_has_no_chat(house: Running) -> None:
    press = {"id": "q9", "from": person(PAUL), "chat_instance": "1", "inline_message_id": "i", "data": "old"}
    outcome = await given(house, callback_query=press)
    assert outcome.how == "button:stale"
    assert [method for method, _ in outcome.calls] == ["answerCallbackQuery"]


# who


async def test_a_banned_member_is_ignored_and_counted(house: Running) -> None:
    series = 'telegram_errors_total{bot_name="shop",kind="banned"}'
    await told(house, ANA, "/start")
    before = await count_of(house, series)
    async with house.database.session() as session:
        await roles.ban(session, UserId(ANA), "spam", SystemClock().now(), by=None)
    await forget(house, ANA)
    for text in ("/start", "/status", "hello"):
        outcome = await told(house, ANA, text)
        assert (outcome.how, outcome.calls) == ("banned", [])
    press = {"id": "q1", "from": person(ANA), "chat_instance": "1", "data": "old"}
    assert (await given(house, callback_query=press)).calls == []
    assert await count_of(house, series) == before + 4
    async with house.database.session() as session:
        await roles.unban(session, UserId(ANA), SystemClock().now(), by=None)
    await forget(house, ANA)
    assert (await told(house, ANA, "/status")).how == "command:status:ok"


async def forget(house: Running, user_id: int) -> None:
    """What a worker remembers of a member for five seconds ends at once: his profile changes."""
    changed = await user(house, user_id)
    assert changed is not None
    language = "de" if changed.language_code != "de" else "pt"
    await house.control("POST", "users", id=user_id, first_name=changed.first_name, language_code=language)


async def test_what_happens_to_a_chat_counts_even_if_a_banned_member_did_it(house: Running) -> None:
    group = -1001000000077
    members = [{"user_id": 2002, "status": "creator"}]
    await house.control("POST", "users", id=2002, first_name="Mallory")
    await house.control("POST", "chats", id=group, type="supergroup", title="Bad", members=members)
    await told(house, 2002, "/start")
    async with house.database.session() as session:
        await roles.ban(session, UserId(2002), "fraud", SystemClock().now(), by=None)
    await house.control("POST", f"chats/{group}/members", user_id=bot_of(house).id, status="administrator")
    await house.until(lambda: status_is(house, group, "administrator"))
    await house.control("POST", f"chats/{group}/members", user_id=bot_of(house).id, status="kicked")
    await house.until(lambda: status_is(house, group, "kicked"))


async def status_is(house: Running, chat_id: int, wanted: str) -> bool:
    async with house.database.reading() as session:
        found = await session.scalar(
            select(BotChat.status)
            .join(Chat, Chat.id == BotChat.chat_key)
            .where(Chat.telegram_id == chat_id, BotChat.bot_id == bot_of(house).id)
        )
    return found == wanted


@pytest.mark.parametrize("command", ["hello", "/status", "/role", "/console"])
async def test_a_profile_is_refreshed_by_any_update_that_shows_a_change(house: Running, command: str) -> None:
    name = f"Kenji {command.strip('/')}"
    await house.control("POST", "users", id=KENJI, first_name=name, last_name="", username=f"k_{name[6:]}")
    await told(house, KENJI, command)
    known = await user(house, KENJI)
    assert known is not None
    assert (known.first_name, known.last_name, known.username) == (name, None, f"k_{name[6:]}")


async def test_a_username_that_passed_to_another_person_names_only_him(house: Running) -> None:
    for user_id in (2003, 2004):
        await house.control("POST", "users", id=user_id, first_name="Gold", username="Gold_Dealer")
        await told(house, user_id, "/status")
    async with house.database.reading() as session:
        found = await roles.find_user(session, "@gold_dealer")
        assert found is not None
        assert found.id == 2004
        former = await session.get_one(User, 2003)
        assert former.username is None


async def test_overlong_profiles_and_titles_are_cut_not_refused(house: Running) -> None:
    long = "x" * 1000
    sender = person(2005, first_name=long, last_name=long, username=long, language_code=long)
    chat = {"id": -2005, "type": "group" + long, "title": long, "username": long}
    outcome = await given(house, message=message("/status@shop_bot", sender, chat))
    assert outcome.how == "command:status:ok"
    known = await user(house, 2005)
    assert known is not None
    assert (known.first_name, known.username, known.language_code) == (long[:256], long[:64], long[:35])


@pytest.mark.parametrize("chat", [None, GROUP_CHAT], ids=["private", "group"])
@pytest.mark.parametrize("text", ["/start", "/help@shop_bot", "hello"])
async def test_bots_are_ignored(house: Running, text: str, chat: dict[str, Any] | None) -> None:
    outcome = await given(house, message=message(text, ROBOT, chat))
    assert (outcome.how, outcome.calls) == ("ignored", [])
    assert await user(house, ROBOT["id"]) is None


async def test_what_a_chat_writes_in_its_own_name_is_ignored(house: Running) -> None:
    nobody = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    anonymous = message("/status@shop_bot", nobody, GROUP_CHAT) | {"sender_chat": GROUP_CHAT}
    outcome = await given(house, message=anonymous)
    assert (outcome.how, outcome.calls) == ("ignored", [])


# other kinds


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("edited_message", message("/start", person(PAUL))),
        ("edited_message", message("/status@shop_bot", person(PAUL), GROUP_CHAT)),
        (
            "channel_post",
            {"message_id": 1, "date": 0, "chat": {"id": -5, "type": "channel"}, "text": "/start"},
        ),
        ("message", {"message_id": 2, "date": 0, "chat": GROUP_CHAT, "new_chat_title": "Other"}),
        ("message", message("", person(PAUL)) | {"photo": []}),
        ("inline_query", {"id": "1", "from": person(PAUL), "query": "/start", "offset": ""}),
        ("poll", {"id": "1", "question": "?", "options": []}),
        ("poll_answer", {"poll_id": "1", "user": person(PAUL), "option_ids": [0]}),
        ("message_reaction", {"chat": GROUP_CHAT, "message_id": 1, "user": person(PAUL), "date": 0}),
        ("chat_join_request", {"chat": GROUP_CHAT, "from": person(2006), "user_chat_id": 2006, "date": 0}),
        ("a_kind_of_tomorrow", {"anything": [1, {"at": "all"}]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_other_kinds_are_ignored_without_error(
    house: Running, kind: str, payload: dict[str, Any]
) -> None:
    outcome = await given(house, **{kind: payload})
    assert (outcome.how, outcome.calls) == ("ignored", [])


async def test_a_known_kind_that_cannot_be_read_is_set_aside_and_counted(house: Running) -> None:
    series = 'telegram_errors_total{bot_name="shop",kind="unreadable"}'
    before = await count_of(house, series)
    outcome = await given(house, message={"message_id": "one", "chat": GROUP_CHAT})
    assert (outcome.how, outcome.calls) == ("unreadable", [])
    assert await count_of(house, series) == before + 1
