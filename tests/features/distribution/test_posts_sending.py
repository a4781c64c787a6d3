"""Posts on their way: what is shown before, what arrives, what is said afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.features.distribution.newsroom import (
    ALL_THREE,
    CRYPTO,
    CRYPTO_FOREX,
    FOREX,
    GOLD,
    GOLD_CRYPTO,
    GOLD_FOREX,
    TITLES,
    Newsroom,
    labels,
    newsroom,
)
from tests.support.outcomes import count_of


async def test_a_post_is_shown_sent_and_confirmed(database_url: str, tmp_path: Path) -> None:
    async with newsroom(database_url, tmp_path) as room:
        entities = [{"type": "bold", "offset": 0, "length": 4}]
        card = await room.post("Gold and crypto today", entities=entities)
        assert "This post goes to 3 chats" in card["text"]
        assert "#4 gold+crypto: Gold, crypto" in card["text"]
        assert labels(card) == ["Send", "Edit", "Cancel", "Send at once from now on"]
        assert await room.reached() == set()

        await room.press(card, "Send")
        done = await room.shows(card, "Sent to 3 of 3 chats")
        assert "✅ Gold" in done["text"]
        assert labels(done) == ["Delete everywhere", "Edit everywhere"]
        assert await room.reached() == {GOLD, CRYPTO, GOLD_CRYPTO}
        (copy,) = await room.copies(GOLD)
        assert (copy["text"], copy["entities"]) == ("Gold and crypto today", entities)
        links = {each["url"] for each in done["entities"] if each["type"] == "text_link"}
        assert f"https://t.me/c/1000000101/{copy['message_id']}" in links
        assert len(await room.house.calls("copyMessage")) == 3
        assert await room.audited() == ["distribution.send"]
        assert await count_of(room.house, 'distribution_messages_total{channel="Gold"}') == 1
        assert len(await room.house.replies(1001)) == 2, "one message edits itself"


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("GOLD", {GOLD}),
        ("gold, forex", {GOLD, FOREX, GOLD_FOREX}),
        ("#crypto #forex", {CRYPTO, FOREX, CRYPTO_FOREX}),
        ("gold crypto forex", set(TITLES)),
    ],
)
async def test_the_real_configuration(room: Newsroom, text: str, groups: set[int]) -> None:
    await room.send(text)
    assert await room.reached() == groups
    assert all([len(await room.copies(chat)) == 1 for chat in groups])
    assert (ALL_THREE in groups) == (len(groups) == 7)


async def test_a_post_without_a_topic_is_refused_with_help(room: Newsroom) -> None:
    card = await room.post("Marigolds are in bloom, glod")
    assert "This post goes nowhere" in card["text"]
    assert "These rules nearly match it" in card["text"]
    assert "glod" in card["text"]
    assert "/rules add" in card["text"]
    assert labels(card) == []
    silent = await room.post(voice="voice-1")
    assert "no words" in silent["text"]
    assert await room.reached() == set()


@pytest.mark.parametrize("kind", ["photo", "video", "document", "audio", "voice", "animation"])
async def test_media_survive_with_caption_and_formatting(room: Newsroom, kind: str) -> None:
    entities = [{"type": "italic", "offset": 4, "length": 4}]
    await room.send(**{kind: f"{kind}-1"}, caption="The gold", entities=entities)
    (copy,) = await room.copies(GOLD)
    assert copy["media"]["kind"] == kind
    assert (copy["caption"], copy["entities"]) == ("The gold", entities)


async def test_a_poll_goes_as_it_is(room: Newsroom) -> None:
    await room.send(poll={"question": "Gold or crypto?", "options": ["Gold", "Crypto"]})
    assert await room.reached() == {GOLD, CRYPTO, GOLD_CRYPTO}
    assert (await room.copies(GOLD))[0]["poll"]["question"] == "Gold or crypto?"


async def test_a_forwarded_post_is_a_post(room: Newsroom) -> None:
    origin = {"type": "hidden_user", "sender_user_name": "Somebody", "date": 1}
    await room.send("Gold news", forward_origin=origin)
    (copy,) = await room.copies(GOLD)
    assert copy["text"] == "Gold news"
    assert "forward_origin" not in copy


async def test_an_album_is_copied_whole_and_in_order(room: Newsroom) -> None:
    before = len(await room.house.replies(1001))
    for number in range(4):
        caption = {"caption": "About gold"} if number == 2 else {}
        await room.write(photo=f"photo-{number}", media_group_id="album-1", **caption)
    card = await room.next_card(before)
    assert "This post goes to one chat" in card["text"]
    await room.press(card, "Send")
    await room.shows(card, "Sent to 1 of 1 chat")
    copies = await room.copies(GOLD)
    written = [each for each in await room.house.messages(1001) if "media" in each]
    assert [each["media"]["file_id"] for each in copies] == [each["media"]["file_id"] for each in written]
    assert len(copies) == 4
    assert [each.get("caption") for each in copies] == [None, None, "About gold", None]
    (call,) = await room.house.calls("copyMessages")
    ids = call["params"]["message_ids"]
    assert ids == sorted(set(ids))
    assert len(await room.posts()) == 1


async def test_chats_are_left_out_and_taken_in_again(room: Newsroom) -> None:
    card = await room.post("gold, crypto")
    await room.press(card, "Edit")
    menu = await room.shows(card, "3 of 3 chats")
    assert labels(menu) == ["✅ Gold", "✅ Crypto", "✅ Gold & Crypto", "« Back"]
    for chat in ("✅ Gold", "✅ Crypto"):
        await room.press(card, chat)
    await room.shows(card, "1 of 3 chats")
    await room.press(card, "▫️ Crypto")
    await room.press(card, "« Back")
    question = await room.shows(card, "This post goes to 2 chats", "One chat is left out")
    assert "#1 gold" not in question["text"]
    await room.press(card, "Send")
    await room.shows(card, "Sent to 2 of 2 chats")
    assert await room.reached() == {CRYPTO, GOLD_CRYPTO}


async def test_all_left_out_sends_nothing(room: Newsroom) -> None:
    card = await room.post("gold")
    send = "post:send:1"
    await room.press(card, "Edit")
    await room.press(card, "✅ Gold")
    assert "left out" in await room.press_data(card, send)
    await room.press(card, "« Back")
    assert labels(await room.shows(card, "goes nowhere now")) == ["Edit", "Cancel"]
    assert await room.reached() == set()


async def test_at_once_until_asked_again(room: Newsroom) -> None:
    card = await room.post("gold one")
    assert "at once" in await room.press(card, "Send at once from now on")
    await room.shows(card, "Sent to 1 of 1 chat")
    done = await room.post("gold two")
    await room.shows(done, "Sent to 1 of 1 chat")
    assert [each["text"] for each in await room.copies(GOLD)] == ["gold one", "gold two"]
    assert "I ask before" in await room.house.ask(1001, "/distribute ask")
    assert "Send" in labels(await room.post("gold three"))
    assert len(await room.copies(GOLD)) == 2


async def test_by_command(room: Newsroom) -> None:
    entities = [
        {"type": "bold", "offset": 12, "length": 4},
        {"type": "bot_command", "offset": 0, "length": 11},
    ]
    await room.send("/distribute Gold up", entities=entities)
    (copy,) = await room.copies(GOLD)
    assert copy["text"] == "Gold up"
    assert copy["entities"] == [{"type": "bold", "offset": 0, "length": 4}]
    await room.send(
        "/distribute", reply_to_message_id=(await room.write("Forex, nothing else"))["message_id"]
    )
    assert [each["text"] for each in await room.copies(FOREX)] == ["Forex, nothing else"]


async def test_a_reply_names_the_topic(room: Newsroom) -> None:
    voice = await room.write(voice="voice-1")
    await room.shows(await room.next_card(1), "no words")
    await room.send("/distribute crypto", reply_to_message_id=voice["message_id"])
    assert (await room.copies(CRYPTO))[0]["media"]["kind"] == "voice"


async def test_by_command_in_a_group(room: Newsroom) -> None:
    written = await room.write("gold, says Paul", user_id=1002, chat_id=FOREX)
    await room.settled()
    assert await room.posts() == [], "what people say in groups is no post"
    await room.write("/distribute", chat_id=FOREX, reply_to_message_id=written["message_id"])
    await room.house.until(lambda: _has(room, FOREX))
    (card,) = await room.copies(FOREX)
    pressed = {"message_id": card["message_id"], "chat_id": FOREX}
    await room.house.control("POST", "callbacks", bot="shop", user_id=1001, data="post:send:1", **pressed)
    await room.house.until(lambda: _has(room, GOLD))
    assert [each["text"] for each in await room.copies(GOLD)] == ["gold, says Paul"]


async def _has(room: Newsroom, chat_id: int) -> bool:
    return bool(await room.copies(chat_id))


@pytest.mark.parametrize("dash", ["--", "—"])
async def test_a_dry_run_sends_nothing(room: Newsroom, dash: str) -> None:
    reply = await room.house.ask(1001, f"/distribute {dash}dry-run Gold and crypto")
    assert "This would go to 3 chats" in reply
    assert "“Gold” at “Gold and crypto”" in reply
    said = await room.write("gold, says Paul", user_id=1002, chat_id=FOREX)
    more = {"chat_id": FOREX, "reply_to_message_id": said["message_id"]}
    await room.write(f"/distribute {dash}dry-run", **more)
    await room.house.until(lambda: _has(room, FOREX))
    assert "This would go to one chat" in (await room.copies(FOREX))[0]["text"]
    assert await room.posts() == []
    assert await room.reached() == {FOREX}, "where the answer is"
    assert "Posting to many chats" in await room.house.ask(1001, "/distribute")


async def test_who_is_no_admin_posts_nothing(room: Newsroom) -> None:
    await room.house.ask(1002, "/start")
    assert "did not understand" in (await room.house.ask(1002, "gold and crypto")).lower()
    assert "role ADMIN" in await room.house.ask(1002, "/distribute gold")
    await room.write(photo="photo-1", caption="gold", user_id=1002)
    await room.settled()
    assert await room.posts() == []
    assert await room.reached() == set()


async def test_many_chats_fit_into_one_message(sqlite_url: str, tmp_path: Path) -> None:
    many = [-1001000000200 - number for number in range(60)]
    async with newsroom(sqlite_url, tmp_path, group_map={"gold": many}) as room:
        for chat_id in many:
            name = f"{'A group with quite a long name' * 3} {chat_id}"
            await room.house.control("POST", "chats", id=chat_id, title=name, members=[])
        card = await room.post("gold")
        assert "This post goes to 60 chats" in card["text"]
        assert "… and 20 more" in card["text"]
        await room.press(card, "Edit")
        menu = await room.shows(card, "60 of 60 chats · page 1 of 8")
        assert labels(menu)[-2:] == ["Next »", "« Back"]
        await room.press(card, "Next »")
        await room.shows(card, "page 2 of 8")
        await room.press(card, "« Back")
        await room.press(card, "Send")
        await room.shows(card, "Sent to 0 of 60 chats", "… and 20 more", "not a member")
