"""Posts that were sent: edited everywhere, deleted everywhere, and originals that are edited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.features.distribution.newsroom import (
    CRYPTO,
    GOLD,
    GOLD_CRYPTO,
    Message,
    Newsroom,
    data_of,
    labels,
    newsroom,
)
from tests.support.outcomes import bot_of
from tests.support.running import OWNER

from botyard.features.distribution.models import CopyState
from botyard.features.tracking import service as tracking


async def written(room: Newsroom) -> list[Message]:
    """What the admin has written."""
    return [each for each in await room.house.messages(OWNER) if not each["from"]["is_bot"]]


async def edit(room: Newsroom, message: Message, text: str, **more: Any) -> None:
    """The admin edits a message of his."""
    await room.house.control(
        "POST", "edits", bot="shop", user_id=OWNER, message_id=message["message_id"], text=text, **more
    )


async def test_deleted_everywhere(database_url: str, tmp_path: Path) -> None:
    async with newsroom(database_url, tmp_path) as room:
        done = await room.send("gold crypto")
        await room.fault(
            "bad_request",
            method="deleteMessage",
            chat_id=GOLD,
            description="Bad Request: message can't be deleted",
        )
        await room.delete(done)
        card = await room.shows(
            done, "Deleted in 2 of 3 chats", "❌ Gold: not deleted, Telegram does not let"
        )
        assert await room.reached() == {GOLD}
        assert labels(card) == ["Delete everywhere"]
        await room.house.control("DELETE", "faults")
        await room.delete(done)
        card = await room.shows(done, "Deleted in 3 of 3 chats")
        assert labels(card) == []
        assert await room.audited() == ["distribution.send", *["distribution.delete"] * 2]
        assert "no copy" in await room.press_data(done, "post:delete:1")


async def test_clicks_on_a_rules_buttons_are_counted(sqlite_url: str, tmp_path: Path) -> None:
    """They once went out raw, although the settings said that links in posts are counted."""
    async with newsroom(sqlite_url, tmp_path, webhook=True) as room:
        house = room.house
        buttons = "Join | https://example.com/join || Ask | https://example.com/ask"
        await house.ask(OWNER, f"/rules set 1 button {buttons}")
        done = await room.send("gold")
        (copy,) = await room.copies(GOLD)
        link = data_of(copy, "Ask")
        assert link.startswith(f"{house.url}/c/")
        async with house.http.get(
            link, allow_redirects=False, headers={"User-Agent": "Mozilla/5.0"}
        ) as response:
            assert (response.status, response.headers["Location"]) == (302, "https://example.com/ask")
        async with house.database.reading() as session:
            counted = await tracking.clicks_of(session, ["rule:1:1", "rule:1:2"])
        assert (counted["rule:1:1"].total, counted["rule:1:2"].total) == (0, 1)
        before = len(await house.replies(OWNER))
        await room.press(done, "Edit everywhere")
        await room.next_card(before)
        await house.ask(OWNER, "silver")
        await room.shows(done, "Edited in 1 of 1 chat")
        (copy,) = await room.copies(GOLD)
        assert data_of(copy, "Ask") == link


async def test_deleting_is_asked_about_first(room: Newsroom) -> None:
    """'Delete everywhere' stands where 'Send' stood: a second tap once deleted at once."""
    done = await room.send("gold crypto")
    await room.press(done, "Delete everywhere")
    asked = await room.shows(done, "Delete 3 copies?")
    assert labels(asked) == ["« Back", "Delete 3 copies"]
    await room.press(done, "« Back")
    assert labels(await room.shows(done, "Sent to 3 of 3")) == ["Delete everywhere", "Edit everywhere"]
    assert len(await room.reached()) == 3
    assert await room.house.calls("deleteMessage") == []


async def test_copies_that_may_be_there_are_said_and_listed(room: Newsroom) -> None:
    """The title once said 'Deleted in 2 of 2 chats' while a copy of unknown fate stayed."""
    await room.fault("reset_after", chat_id=CRYPTO, method="copyMessage")
    done = await room.send("gold crypto")
    await room.press(done, "Delete everywhere")
    await room.shows(done, "Delete 2 copies?", "One more may have arrived.", "delete it by hand")
    await room.press(done, "Delete ")
    await room.shows(
        done,
        "Deleted in 2 of 2 chats",
        "One more may still be there: look there, and delete by hand.",
        "❓ Crypto: it may be there; Telegram has not told its number",
    )
    assert await room.reached() == {CRYPTO}


async def test_cards_and_offers_quote_their_post(room: Newsroom) -> None:
    """Two cards alike did not say which of two posts they were about."""
    first = await room.write("gold one")
    second = await room.write("gold two")
    await room.next_card(2)
    cards = (await room.house.replies(OWNER))[-2:]
    assert [each["reply_to_message_id"] for each in cards] == [first["message_id"], second["message_id"]]
    await room.press(cards[0], "Send")
    await room.shows(cards[0], "Sent to 1 of 1")
    before = len(await room.house.replies(OWNER))
    await edit(room, first, "gold, once more")
    offer = await room.next_card(before)
    assert "You have edited a post" in offer["text"]
    assert offer["reply_to_message_id"] == first["message_id"]


async def test_an_album_is_deleted_whole(room: Newsroom) -> None:
    before = len(await room.house.replies(OWNER))
    for number in range(3):
        await room.write(photo=f"photo-{number}", media_group_id="album-1", caption="gold")
    card = await room.next_card(before)
    await room.press(card, "Send")
    await room.shows(card, "Sent to 1")
    assert len(await room.copies(GOLD)) == 3
    await room.delete(card)
    await room.shows(card, "Deleted in 1 of 1 chat")
    assert await room.copies(GOLD) == []


async def test_edited_everywhere_with_the_rules_caption_and_buttons(
    database_url: str, tmp_path: Path
) -> None:
    async with newsroom(database_url, tmp_path) as room:
        await room.house.ask(OWNER, "/rules set 1 caption <b>Signal</b> {text}")
        await room.house.ask(OWNER, "/rules set 1 button Join | https://example.com")
        done = await room.send("gold and crypto")
        before = len(await room.house.replies(OWNER))
        await room.press(done, "Edit everywhere")
        assert "Send me the new text" in (await room.next_card(before))["text"]
        entities = [{"type": "italic", "offset": 0, "length": 6}]
        assert "on its way" in await room.house.ask(OWNER, "silver < gold", entities=entities)
        await room.shows(done, "Edited in 3 of 3 chats")
        (gold,) = await room.copies(GOLD)
        assert gold["text"] == "Signal silver < gold"
        assert [each["type"] for each in gold["entities"]] == ["bold", "italic"]
        assert data_of(gold, "Join") == "https://example.com"
        (crypto,) = await room.copies(CRYPTO)
        assert (crypto["text"], crypto["entities"]) == ("silver < gold", entities)
        assert await room.audited() == ["distribution.send", "distribution.edit"]
        assert len(await room.posts()) == 1, "the answer to a question is no post"


async def test_a_new_caption_that_is_too_long_or_no_text_is_asked_for_again(room: Newsroom) -> None:
    done = await room.send(photo="photo-1", caption="gold")
    await room.press(done, "Edit everywhere")
    await room.house.until(lambda: _says(room, "Send me the new text"))
    assert "1025 characters, and there is room for 1024" in await room.house.ask(OWNER, "x" * 1025)
    card = await room.post(photo="photo-2", caption="other gold")
    assert "I need a text" in card["text"]
    card = await room.post(sticker="sticker-1")
    assert "waiting for an answer" in card["text"]
    assert "on its way" in await room.house.ask(OWNER, "new gold")
    await room.shows(done, "Edited in 1 of 1 chat")
    assert [each["caption"] for each in await room.copies(GOLD)] == ["new gold"]
    assert len(await room.posts()) == 1


async def _says(room: Newsroom, words: str) -> bool:
    return words in (await room.card())["text"]


async def test_an_edit_of_the_original_is_carried_when_wanted(room: Newsroom) -> None:
    done = await room.send("gold crypto")
    (original,) = (each for each in await written(room) if each.get("text") == "gold crypto")
    before = len(await room.house.replies(OWNER))
    await edit(room, original, "gold, crypto: corrected")
    offer = await room.next_card(before)
    assert labels(offer) == ["Carry the edit to 3 chats"]
    await edit(room, original, "gold, crypto: corrected twice")
    await room.settled()
    assert len(await room.house.replies(OWNER)) == before + 1, "one offer for both edits"
    assert {each["text"] for each in await room.copies(GOLD)} == {"gold crypto"}
    data = data_of(offer, "Carry")
    await room.press(offer, "Carry")
    await room.shows(offer, "The edit is on its way")
    await room.shows(done, "Edited in 3 of 3 chats")
    for chat in (GOLD, CRYPTO, GOLD_CRYPTO):
        assert [each["text"] for each in await room.copies(chat)] == ["gold, crypto: corrected twice"]
    await room.press_data(offer, data)
    await room.shows(offer, "carried already")


async def test_an_edited_part_of_an_album(room: Newsroom) -> None:
    before = len(await room.house.replies(OWNER))
    for number in range(3):
        await room.write(photo=f"photo-{number}", media_group_id="album-1", caption=f"gold {number}")
    card = await room.next_card(before)
    await room.press(card, "Send")
    await room.shows(card, "Sent to 1")
    original = next(each for each in await written(room) if each.get("caption") == "gold 1")
    await edit(room, original, "gold, the second")
    await room.press(await room.next_card(before + 1), "Carry")
    await room.shows(card, "Edited in 1 of 1 chat")
    assert [each["caption"] for each in await room.copies(GOLD)] == ["gold 0", "gold, the second", "gold 2"]


async def test_other_media_take_the_place_of_the_old(room: Newsroom) -> None:
    done = await room.send(photo="photo-1", caption="gold")
    (original,) = (each for each in await written(room) if each.get("caption"))
    other = (await room.write(photo="photo-2", user_id=OWNER, chat_id=GOLD))["message_id"]
    shown = next(
        each for each in await room.house.messages(OWNER, chat_id=GOLD) if each["message_id"] == other
    )
    body = {"message_id": original["message_id"], "date": 1, "edit_date": 2, "caption": "gold"}
    body["chat"] = {"id": OWNER, "type": "private", "first_name": "Olivia"}
    body["from"] = {"id": OWNER, "is_bot": False, "first_name": "Olivia"}
    photo = {"file_id": shown["media"]["file_id"], "file_unique_id": "u", "width": 1, "height": 1}
    before = len(await room.house.replies(OWNER))
    await room.house.control(
        "POST", "updates", bot="shop", update={"edited_message": body | {"photo": [photo]}}
    )
    await room.press(await room.next_card(before), "Carry")
    await room.shows(done, "Edited in 1 of 1 chat")
    (copy,) = await room.copies(GOLD)
    assert copy["media"]["file_unique_id"] == shown["media"]["file_unique_id"]


async def test_a_post_that_was_not_sent_is_looked_at_again(room: Newsroom) -> None:
    card = await room.post("glod")
    assert "goes nowhere" in card["text"]
    (original,) = (each for each in await written(room) if each.get("text") == "glod")
    await edit(room, original, "gold")
    await room.shows(card, "This post goes to one chat")
    await edit(room, original, "gold crypto")
    await room.shows(card, "This post goes to 3 chats")
    await room.press(card, "Send")
    await room.shows(card, "Sent to 3 of 3 chats")
    assert [each["text"] for each in await room.copies(GOLD)] == ["gold crypto"]


async def test_a_copy_that_cannot_be_edited_is_told(room: Newsroom) -> None:
    done = await room.send("gold crypto")
    shop = bot_of(room.house).id
    await room.house.control("POST", f"chats/{CRYPTO}/members", user_id=shop, status="kicked")
    await room.press(done, "Edit everywhere")
    await room.house.until(lambda: _says(room, "Send me the new text"))
    await room.house.ask(OWNER, "gold, crypto!")
    await room.shows(
        done, "Edited in 2 of 3 chats", "❌ Crypto: not edited, the bot was removed from the chat"
    )
    assert (await room.states())[CRYPTO] is CopyState.NOT_EDITED


async def test_what_has_no_text_is_not_edited(room: Newsroom) -> None:
    done = await room.send(poll={"question": "gold?", "options": ["yes", "no"]})
    assert labels(done) == ["Delete everywhere"]
    assert "no text" in await room.press_data(done, "post:rewrite:1")
