"""What can go wrong with a post, and that the confirmation tells it in plain words."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import delete
from tests.features.distribution.newsroom import (
    CRYPTO,
    FOREX,
    GOLD,
    GOLD_CRYPTO,
    Newsroom,
    data_of,
    labels,
    newsroom,
)
from tests.support.outcomes import bot_of
from tests.support.running import OWNER, PAUL

from botyard.features.distribution.models import CopyState
from botyard.members.models import Role
from botyard.outbox.models import CallState, outbox


async def test_each_chat_has_its_own_fate(database_url: str, tmp_path: Path) -> None:
    async with newsroom(database_url, tmp_path) as room:
        shop = bot_of(room.house).id
        await room.house.control("POST", f"chats/{GOLD}/members", user_id=shop, status="kicked")
        await room.fault("reset_after", chat_id=CRYPTO, method="copyMessage")
        done = await room.send("gold crypto")
        assert "Sent to 1 of 3 chats" in done["text"]
        assert "❌ Gold: the bot was removed from the chat" in done["text"]
        assert "❓ Crypto: it may have arrived; it is not sent again" in done["text"]
        assert "✅ Gold & Crypto" in done["text"]
        assert await room.states() == {
            GOLD: CopyState.FAILED,
            CRYPTO: CopyState.UNKNOWN,
            GOLD_CRYPTO: CopyState.SENT,
        }
        await room.house.control("DELETE", "faults")
        await room.settled()
        assert len(await room.copies(CRYPTO)) == 1, "it had arrived, and nobody sent it again"
        tried = [each["params"]["chat_id"] for each in await room.house.calls("copyMessage")]
        assert tried.count(CRYPTO) == 1


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("Bad Request: chat not found", "there is no such chat, or the bot is not in it"),
        ("Bad Request: not enough rights to send text messages to the chat", "the bot may not do that"),
        (
            "Bad Request: something <new> & strange",
            "Telegram says “something <new> & strange”",
        ),
    ],
)
async def test_reasons_in_plain_words(room: Newsroom, description: str, words: str) -> None:
    await room.fault("bad_request", chat_id=FOREX, description=description)
    done = await room.send("forex")
    assert f"❌ Forex: {words}" in done["text"]
    assert labels(done) == [], "there is nothing to delete or to edit"


async def test_a_group_that_became_a_supergroup(room: Newsroom) -> None:
    old, new = -4321, -1009000000001
    shop = bot_of(room.house).id
    members = [{"user_id": OWNER, "status": "creator"}, {"user_id": shop, "status": "administrator"}]
    await room.house.control("POST", "chats", id=old, type="group", title="Small talk", members=members)
    await room.house.ask(OWNER, f"/rules add talk = {old}")
    await room.fault("migrate", chat_id=old, migrate_to_chat_id=new, times=1)
    done = await room.send("talk to us")
    assert "Sent to 1 of 1 chat" in done["text"]
    (copy,) = await room.copies(new)
    links = [each["url"] for each in done["entities"] if each["type"] == "text_link"]
    assert links == [f"https://t.me/c/9000000001/{copy['message_id']}"]


async def test_a_group_that_moves_after_the_copy_arrived(room: Newsroom) -> None:
    old, new = -4321, -1009000000001
    shop = bot_of(room.house).id
    members = [{"user_id": OWNER, "status": "creator"}, {"user_id": shop, "status": "administrator"}]
    await room.house.control("POST", "chats", id=old, type="group", title="Small talk", members=members)
    await room.house.ask(OWNER, f"/rules add talk = {old}")
    done = await room.send("talk to us")
    await room.fault("migrate", chat_id=old, migrate_to_chat_id=new, times=1)
    await room.send("talk again")
    await room.delete(done)
    await room.shows(done, "Deleted in 0 of 1 chat", "the group became a supergroup since")
    assert await room.house.calls("deleteMessage") == [], "another message may have the number there"


async def test_a_slow_chat_holds_nobody_up_and_is_said_to_be_slow(room: Newsroom) -> None:
    await room.fault("slow", chat_id=CRYPTO, seconds=3, method="copyMessage")
    card = await room.post("gold crypto")
    await room.press(card, "Send")
    waiting = await room.shows(card, "Sending: 2 of 3 done", "⏳ Crypto: still waiting", "✅ Gold")
    assert "Delete everywhere" in labels(waiting)
    await room.shows(card, "Sent to 3 of 3 chats", "✅ Crypto")
    edits = await room.house.calls("editMessageText")
    texts = [each["params"]["text"] for each in edits]
    assert len(texts) == len(set(texts)), "one edit per change"


async def test_deleting_reaches_a_copy_that_is_still_on_its_way(room: Newsroom) -> None:
    await room.fault("slow", chat_id=CRYPTO, seconds=2, method="copyMessage")
    card = await room.post("gold crypto")
    await room.press(card, "Send")
    await room.shows(card, "Sending: 2 of 3 done")
    await room.delete(card)
    await room.shows(card, "Deleted in 3 of 3 chats")
    assert await room.reached() == set()
    assert len(await room.house.calls("deleteMessage")) == 3


async def test_a_caption_over_the_limit_goes_out_as_it_is(room: Newsroom) -> None:
    await room.house.ask(OWNER, "/rules set 1 caption <b>Signal</b> {text}, join us")
    long = "gold " + "x" * 1010
    card = await room.post(photo="photo-1", caption=long)
    assert "longer than 1024 characters in one chat" in card["text"]
    await room.press(card, "Send")
    done = await room.shows(card, "Sent to 1 of 1 chat")
    assert "it goes out as you wrote it" in done["text"]
    assert (await room.copies(GOLD))[0]["caption"] == long

    card = await room.post("gold " + "x" * 4085)
    assert "longer than 4096 characters" in card["text"]


async def test_the_rules_caption_and_buttons(room: Newsroom) -> None:
    await room.house.ask(OWNER, "/rules set 1 caption <b>Signal</b> {text}")
    await room.house.ask(OWNER, "/rules set 1 button Join | https://example.com")
    entities = [{"type": "italic", "offset": 0, "length": 4}]
    await room.send("gold < silver", entities=entities)
    await room.send(photo="photo-1", caption="gold < silver", entities=entities)
    text, photo = await room.copies(GOLD)
    shown = [{"type": "bold", "offset": 0, "length": 6}, {"type": "italic", "offset": 7, "length": 4}]
    for copy, words in ((text, text["text"]), (photo, photo["caption"])):
        assert (words, copy["entities"]) == ("Signal gold < silver", shown)
        assert data_of(copy, "Join") == "https://example.com"
    done = await room.send(poll={"question": "gold?", "options": ["yes", "no"]})
    assert "can have no other caption" in done["text"]
    assert data_of((await room.copies(GOLD))[2], "Join")


async def test_an_album_keeps_its_captions_and_says_so(room: Newsroom) -> None:
    await room.house.ask(OWNER, "/rules set 1 caption <b>Signal</b> {text}")
    await room.house.ask(OWNER, "/rules set 1 button Join | https://example.com")
    before = len(await room.house.replies(OWNER))
    for number in range(2):
        await room.write(photo=f"photo-{number}", media_group_id="album-1", caption=f"gold {number}")
    card = await room.next_card(before)
    await room.press(card, "Send")
    done = await room.shows(card, "Sent to 1 of 1 chat")
    assert "An album keeps its own captions" in done["text"]
    assert "An album has no buttons" in done["text"]
    assert [each["caption"] for each in await room.copies(GOLD)] == ["gold 0", "gold 1"]


async def test_an_album_goes_out_at_once_when_it_is_whole(room: Newsroom) -> None:
    await room.press(await room.post("forex"), "Send at once from now on")
    before = len(await room.house.replies(OWNER))
    for number in range(3):
        await room.write(photo=f"photo-{number}", media_group_id="album-1", caption=f"gold {number}")
    await room.shows(await room.next_card(before), "Sent to 1 of 1 chat")
    assert [each["caption"] for each in await room.copies(GOLD)] == ["gold 0", "gold 1", "gold 2"]


async def test_a_part_that_comes_late_joins_until_the_album_is_sent(room: Newsroom) -> None:
    before = len(await room.house.replies(OWNER))
    await room.write(photo="photo-1", media_group_id="album-1", caption="gold")
    card = await room.next_card(before)
    await room.write(photo="photo-2", media_group_id="album-1", caption="crypto")
    await room.shows(card, "This post goes to 3 chats")
    await room.press(card, "Send")
    await room.shows(card, "Sent to 3 of 3 chats")
    assert len(await room.copies(GOLD)) == 2
    late = await room.post(photo="photo-3", media_group_id="album-1")
    assert "came too late" in late["text"]
    assert len(await room.copies(GOLD)) == 2


async def test_an_album_under_a_command_is_refused_whole(room: Newsroom) -> None:
    card = await room.post(photo="photo-1", media_group_id="album-1", caption="/distribute gold")
    assert "without a command" in card["text"]
    await room.write(photo="photo-2", media_group_id="album-1", caption="gold")
    await asyncio.sleep(2.5)
    assert (await room.card())["message_id"] == card["message_id"]
    assert await room.reached() == set()


async def test_send_pressed_twice_sends_once(room: Newsroom) -> None:
    card = await room.post("gold")
    data = data_of(card, "Send")
    answers = await asyncio.gather(*(room.press_data(card, data) for _ in range(4)))
    assert sorted(answers) == ["", *["It was sent already."] * 3]
    await room.shows(card, "Sent to 1 of 1 chat")
    assert len(await room.copies(GOLD)) == 1
    assert "sent already" in await room.press_data(card, f"post:cancel:{data.split(':')[2]}")


async def test_two_admins_who_press_at_once_send_once(database_url: str, tmp_path: Path) -> None:
    async with newsroom(database_url, tmp_path) as room:
        await room.house.ask(PAUL, "/start")
        await room.house.ask(OWNER, f"/role {PAUL} ADMIN")
        await room.write("/distribute gold crypto", chat_id=FOREX)

        async def is_asked() -> bool:
            return bool(await room.copies(FOREX))

        await room.house.until(is_asked)
        (card,) = await room.copies(FOREX)
        where = {"message_id": card["message_id"], "chat_id": FOREX, "data": data_of(card, "Send")}
        pressed = [
            room.house.control("POST", "callbacks", bot="shop", user_id=user_id, **where)
            for user_id in (OWNER, PAUL) * 3
        ]
        await asyncio.gather(*pressed)

        async def is_sent() -> bool:
            return "Sent to 3 of 3 chats" in (await room.copies(FOREX))[0]["text"]

        await room.house.until(is_sent)
        await room.settled()
        assert all([len(await room.copies(chat)) == 1 for chat in (GOLD, CRYPTO, GOLD_CRYPTO)])
        assert await room.audited() == ["distribution.send"]


async def test_after_cancel_nothing_is_sent(room: Newsroom) -> None:
    card = await room.post("gold")
    data = data_of(card, "Send")
    await room.press(card, "Cancel")
    await room.shows(card, "Cancelled. Nothing was sent.")
    assert "was cancelled" in await room.press_data(card, data)
    assert await room.reached() == set()
    assert await room.audited() == ["distribution.cancel"]


@pytest.mark.parametrize(
    "data",
    [
        *("post", "post:", "post:send", "post:send:x", "post:send:99", "post:fly:1", "post:send:1:2:3:4"),
        *("post:delete:1", "post:carry:1", "post:rewrite:1", "post:send:" + "9" * 18, "post:chat:1:1:999"),
    ],
)
async def test_forged_buttons_do_nothing(room: Newsroom, data: str) -> None:
    card = await room.post("gold")
    await room.press_data(card, data)
    await room.settled()
    assert await room.reached() == set()
    await room.press_data(card, "post:back:1")
    await room.press(card, "Send")
    await room.shows(card, "Sent to 1 of 1 chat")


async def test_anothers_post_is_not_sent_from_elsewhere(room: Newsroom) -> None:
    await room.house.ask(1004, "/start")
    await room.house.ask(OWNER, f"/role 1004 {Role.ADMIN.name}")
    await room.post("gold")
    other = await room.house.ask(1004, "crypto")
    assert "This post goes to one chat" in other
    query = {"id": "q1", "chat_instance": "1", "data": "post:send:1"}
    query["from"] = {"id": 1004, "is_bot": False, "first_name": "Kenji"}
    query["message"] = {"message_id": 5, "date": 1, "chat": {"id": 1004, "type": "private"}, "text": "x"}
    await room.house.control("POST", "updates", bot="shop", update={"callback_query": query})

    async def is_answered() -> bool:
        return bool((await room.house.control("GET", "callbacks/q1"))["answered"])

    await room.house.until(is_answered)
    assert "another chat" in (await room.house.control("GET", "callbacks/q1"))["text"]
    assert await room.reached() == set()


async def test_a_restart_between_question_and_send(room: Newsroom) -> None:
    card = await room.post("gold crypto")
    await room.house.restart()
    await room.press(card, "Send")
    await room.shows(card, "Sent to 3 of 3 chats")
    assert all([len(await room.copies(chat)) == 1 for chat in (GOLD, CRYPTO, GOLD_CRYPTO)])


async def test_a_restart_while_copies_are_on_their_way(room: Newsroom) -> None:
    await room.fault("retry_after", chat_id=CRYPTO, retry_after=1, times=1)
    card = await room.post("gold crypto")
    await room.press(card, "Send")
    await room.house.restart()
    await room.shows(card, "Sent to 3 of 3 chats")
    assert all([len(await room.copies(chat)) == 1 for chat in (GOLD, CRYPTO, GOLD_CRYPTO)])


async def test_the_record_outlives_the_outbox(room: Newsroom) -> None:
    done = await room.send("gold")
    async with room.house.database.begin() as connection:
        await connection.execute(delete(outbox).where(outbox.c.state != CallState.PENDING))
    await room.delete(done)
    await room.shows(done, "Deleted in 1 of 1 chat")
    assert await room.states() == {GOLD: CopyState.DELETED}
