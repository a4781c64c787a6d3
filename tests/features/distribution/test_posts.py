"""An admin posts once: the list first, then every chat whose words are in it, and what became of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.support.outcomes import bot_of, count_of, told
from tests.support.running import OWNER, PAUL, Running, running

from botyard.features.distribution.models import Copy, CopyState, Post, PostState
from botyard.members.models import AuditEntry

GOLD, CRYPTO, BOTH = -1001000000101, -1001000000102, -1001000000103
GROUPS = {"gold": [GOLD], "crypto": [CRYPTO], "gold+crypto": [BOTH]}
NO_LIMITS = {"send_rate": 0, "chat_rate": 0, "group_rate": 0}


@asynccontextmanager
async def business(
    url: str, folder: Path, groups: tuple[int, ...] = (GOLD, CRYPTO, BOTH)
) -> AsyncIterator[Running]:
    async with running(url, folder, group_map=GROUPS, **NO_LIMITS) as house:
        for number, chat_id in enumerate(groups):
            members = [{"user_id": OWNER, "status": "creator"}]
            title = f"Group {number + 1}"
            await house.control("POST", "chats", id=chat_id, type="supergroup", title=title, members=members)
            bot = bot_of(house).id
            await house.control("POST", f"chats/{chat_id}/members", user_id=bot, status="administrator")
        yield house


async def card(house: Running, text: str) -> dict[str, Any]:
    """The bot's message to the owner that has this text in it, once it is there."""

    async def found() -> dict[str, Any] | None:
        replies = await house.replies(OWNER)
        return next((each for each in reversed(replies) if text in str(each.get("text"))), None)

    await house.until(found)
    message = await found()
    assert message is not None
    return message


async def press(
    house: Running, message: dict[str, Any], label: str, *, user_id: int = OWNER
) -> dict[str, Any]:
    buttons = [each for row in message["reply_markup"]["inline_keyboard"] for each in row]
    data = next(each["callback_data"] for each in buttons if label in each["text"])
    where = {"bot": "shop", "user_id": user_id, "chat_id": OWNER, "message_id": message["message_id"]}
    return await house.control("POST", "callbacks", data=data, **where)


async def texts_in(house: Running, chat_id: int) -> list[str]:
    messages = await house.control("GET", f"chats/{chat_id}/messages?limit=200")
    return [
        each.get("text") or each.get("caption") or ""
        for each in messages
        if each.get("from", {}).get("is_bot")
    ]


async def copies(house: Running) -> dict[int, tuple[CopyState, str | None]]:
    async with house.database.reading() as session:
        rows = await session.scalars(select(Copy).order_by(Copy.position))
        return {row.position: (row.state, row.error) for row in rows}


async def test_a_post_with_two_topics_reaches_both_and_the_pairs_group(
    database_url: str, tmp_path: Path
) -> None:
    async with business(database_url, tmp_path) as house:
        await house.say(OWNER, "*GOLD* and crypto rally", parse_mode="Markdown")
        offered = await card(house, "Send this to 3 chats?")
        assert "rule 3 (gold+crypto): GOLD, crypto" in offered["text"]
        assert await house.calls("copyMessage") == [], "nothing is sent before the admin said so"

        await press(house, offered, "Send")
        confirmed = await card(house, "In 3 of 3 chats.")
        assert confirmed["message_id"] == offered["message_id"], "one message that edits itself"
        assert {each["url"] for each in confirmed["entities"] if each["type"] == "text_link"} >= {
            f"https://t.me/c/{str(chat)[4:]}/{message}"
            for chat in (GOLD, CRYPTO, BOTH)
            for message in [(await house.control("GET", f"chats/{chat}/messages?limit=9"))[-1]["message_id"]]
        }
        for chat_id in (GOLD, CRYPTO, BOTH):
            (message,) = [
                each
                for each in await house.control("GET", f"chats/{chat_id}/messages?limit=9")
                if each["from"]["is_bot"]
            ]
            assert (message["text"], message["entities"][0]["type"]) == ("GOLD and crypto rally", "bold")
        assert await count_of(house, 'distribution_messages_total{channel="Group 1"}') == 1
        async with house.database.reading() as session:
            entry = await session.scalar(select(AuditEntry).where(AuditEntry.action == "distribution.send"))
            assert entry is not None
            assert (entry.actor_id, entry.subject, entry.detail) == (OWNER, "post:1", {"chats": 3})


async def test_a_post_is_sent_once_however_often_send_is_pressed(sqlite_url: str, tmp_path: Path) -> None:
    async with business(sqlite_url, tmp_path) as house:
        await house.say(OWNER, "gold")
        offered = await card(house, "one chat")
        await press(house, offered, "Send")
        await card(house, "In 1 of 1 chats.")
        await house.control(
            "POST",
            "updates",
            bot="shop",
            update={
                "callback_query": {
                    "id": "77",
                    "from": {"id": OWNER, "is_bot": False, "first_name": "Olivia"},
                    "chat_instance": "1",
                    "data": "post:send:1",
                    "message": {
                        "message_id": offered["message_id"],
                        "date": 1,
                        "chat": {"id": OWNER, "type": "private", "first_name": "Olivia"},
                    },
                }
            },
        )
        await house.until(lambda: answered(house, "on its way already"))
        assert len(await house.calls("copyMessage")) == 1


async def answered(house: Running, text: str) -> bool:
    return any(text in str(call["params"].get("text")) for call in await house.calls("answerCallbackQuery"))


async def test_after_a_restart_the_buttons_still_work_and_cancel_means_nothing(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with business(sqlite_url, tmp_path) as house:
        await house.say(OWNER, "gold")
        await press(house, await card(house, "one chat"), "Cancel")
        assert await card(house, "Cancelled. Nothing was sent.")
        async with house.database.reading() as session:
            assert (await session.scalars(select(Post.state))).all() == [PostState.CANCELLED]
        assert await house.calls("copyMessage") == []


async def test_single_chats_can_be_left_out(sqlite_url: str, tmp_path: Path) -> None:
    async with business(sqlite_url, tmp_path) as house:
        await house.say(OWNER, "gold and crypto")
        await press(house, await card(house, "Send this to 3 chats?"), "Edit")
        await house.until(lambda: shows(house, "Done"))
        await press(house, await card(house, "Send this to 3 chats?"), "Group 2")
        await press(house, await card(house, "Send this to 2 chats?"), "Group 3")
        await press(house, await card(house, "Send this to one chat?"), "Group 3")
        await press(house, await card(house, "Send this to 2 chats?"), "Done")
        await house.until(lambda: shows(house, "Send"))
        await press(house, await card(house, "Send this to 2 chats?"), "Send")
        assert "Group 2" not in (await card(house, "In 2 of 2 chats."))["text"]
        assert {call["params"]["chat_id"] for call in await house.calls("copyMessage")} == {GOLD, BOTH}


async def shows(house: Running, label: str) -> bool:
    rows = (await house.replies(OWNER))[-1].get("reply_markup", {}).get("inline_keyboard", [])
    return any(label == each["text"] for row in rows for each in row)


async def test_without_a_topic_it_is_refused_with_help(sqlite_url: str, tmp_path: Path) -> None:
    async with business(sqlite_url, tmp_path) as house:
        reply = (await told(house, OWNER, "Marigold is blooming")).texts[0]
        assert "This goes nowhere" in reply
        assert "gold is only a part of Marigold" in reply
        assert "/rules add" in reply


async def test_who_is_no_admin_is_never_distributed(sqlite_url: str, tmp_path: Path) -> None:
    async with business(sqlite_url, tmp_path) as house:
        assert (await told(house, PAUL, "gold and crypto")).how == "text"
        assert (await told(house, PAUL, "/distribute gold")).how == "command:distribute:denied"
        async with house.database.reading() as session:
            assert (await session.scalars(select(Post.id))).all() == []


async def test_an_album_is_collected_whole_and_copied_in_order(sqlite_url: str, tmp_path: Path) -> None:
    async with business(sqlite_url, tmp_path) as house:
        parts = [
            await house.control(
                "POST",
                "messages",
                bot="shop",
                user_id=OWNER,
                photo=f"photo-{number}",
                media_group_id="album-1",
                **({"caption": "gold charts"} if number == 0 else {}),
            )
            for number in range(4)
        ]
        offered = await card(house, "one chat")
        assert len([each for each in await house.replies(OWNER) if "one chat" in str(each.get("text"))]) == 1
        await press(house, offered, "Send")
        await card(house, "In 1 of 1 chats.")
        (call,) = await house.calls("copyMessages")
        assert call["params"]["message_ids"] == [each["message_id"] for each in parts]
        assert (await texts_in(house, GOLD))[-4] == "gold charts"
        await press(house, await card(house, "In 1 of 1 chats."), "Delete everywhere")
        await card(house, "Deleted everywhere.")
        assert await texts_in(house, GOLD) == []


@pytest.mark.parametrize(
    ("fault", "shown", "state"),
    [
        ({"kind": "forbidden", "description": "Forbidden: bot was kicked from the supergroup chat"},
         "bot was kicked from the supergroup chat", CopyState.FAILED),
        ({"kind": "reset_after"}, "It may have arrived; it is not sent again.", CopyState.UNKNOWN),
    ],
)  # fmt: skip
async def test_what_went_wrong_in_a_chat_stands_in_the_confirmation(
    sqlite_url: str, tmp_path: Path, fault: dict[str, Any], shown: str, state: CopyState
) -> None:
    async with business(sqlite_url, tmp_path) as house:
        await house.control("POST", "faults", method="copyMessage", chat_id=CRYPTO, **fault)
        await house.say(OWNER, "gold and crypto")
        await press(house, await card(house, "Send this to 3 chats?"), "Send")
        confirmed = await card(house, shown)
        await house.until(lambda: has(house, "In 2 of 3 chats."))
        assert confirmed is not None
        assert state in {each for each, _ in (await copies(house)).values()}
        calls = [each for each in await house.calls("copyMessage") if each["params"]["chat_id"] == CRYPTO]
        assert len(calls) == 1


async def has(house: Running, text: str) -> bool:
    return any(text in str(each.get("text")) for each in await house.replies(OWNER))


async def test_an_upgraded_group_is_sent_to_once_at_its_new_id(sqlite_url: str, tmp_path: Path) -> None:
    async with business(sqlite_url, tmp_path, groups=(CRYPTO, BOTH)) as house:
        old, new = -5001, -1001000000999
        await house.control(
            "POST",
            "chats",
            id=old,
            type="group",
            title="Old",
            members=[{"user_id": OWNER, "status": "creator"}],
        )
        await house.control("POST", f"chats/{old}/members", user_id=bot_of(house).id, status="administrator")
        await told(house, OWNER, f"/rules set 1 chats {old}")
        await house.control("POST", "faults", chat_id=old, kind="migrate", migrate_to_chat_id=new, times=1)
        await house.say(OWNER, "gold")
        await press(house, await card(house, "one chat"), "Send")
        await card(house, "In 1 of 1 chats.")
        assert await texts_in(house, new) == ["gold"]


async def test_a_slow_chat_is_shown_as_waiting_and_the_others_do_not_wait(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with business(sqlite_url, tmp_path) as house:
        await house.control(
            "POST", "faults", method="copyMessage", chat_id=BOTH, kind="slow", seconds=3, times=1
        )
        await house.say(OWNER, "gold and crypto")
        await press(house, await card(house, "Send this to 3 chats?"), "Send")
        assert "Group 3: waiting" in (await card(house, "In 2 of 3 chats."))["text"]
        await card(house, "In 3 of 3 chats.")


async def test_a_reply_distributes_and_a_dry_run_sends_nothing(sqlite_url: str, tmp_path: Path) -> None:
    async with business(sqlite_url, tmp_path) as house:
        written = await house.say(PAUL, "I say gold", chat_id=-1001000000001)
        bot = bot_of(house).id
        await house.control("POST", "chats/-1001000000001/members", user_id=bot, status="administrator")
        written = await house.say(PAUL, "I say gold", chat_id=-1001000000001)
        reply = {"chat_id": -1001000000001, "reply_to_message_id": written["message_id"]}
        dry = await told(house, OWNER, "/distribute@shop_bot --dry-run", **reply)
        assert "rule 1 (gold): gold" in dry.texts[0]
        assert "one chat" in (await told(house, OWNER, "/distribute --dry-run buy gold")).texts[0]
        outcome = await told(house, OWNER, "/distribute@shop_bot", **reply)
        assert "Send this to one chat?" in outcome.texts[0]
        assert await house.calls("copyMessage") == []
        assert "Reply with /distribute" in (await told(house, OWNER, "/distribute")).texts[0]
