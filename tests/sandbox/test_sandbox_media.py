"""Files, albums, places, contacts, dice, polls."""

from __future__ import annotations

import json

import pytest

OWNER, PAUL = 1001, 1002
GROUP = -1001000000001
FILE_ID = "AgACAgIAAxkBAAIBZ2_an_id_of_elsewhere"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
async def started(house):
    await house.write("/start")
    return house


KINDS = ["photo", "video", "animation", "audio", "document", "voice", "video_note", "sticker"]


@pytest.mark.parametrize("kind", KINDS)
async def test_files_by_upload_by_id_and_by_address(started, kind):
    house, method = started, "send" + "".join(part.capitalize() for part in kind.split("_"))
    url = f"{house.url}/bot700:test-token/{method}"
    uploaded = await house.http.post(url, data={"chat_id": OWNER}, files={kind: ("a.bin", PNG, "image/png")})
    media = uploaded.json()["result"][kind]
    file_id = (media[-1] if kind == "photo" else media)["file_id"]
    again = (await house.call(method, chat_id=OWNER, **{kind: file_id}))[kind]
    assert again == media
    await house.call(method, chat_id=OWNER, **{kind: FILE_ID})
    await house.call(method, chat_id=OWNER, **{kind: "https://example.com/a.bin"})
    for nonsense in ("nonsense", "attach://missing"):
        assert await house.error(method, chat_id=OWNER, **{kind: nonsense}) == (
            "Bad Request: wrong file identifier/HTTP URL specified"
        )
    assert await house.error(method, chat_id=OWNER) == (
        f"Bad Request: there is no {kind.replace('_', ' ')} in the request"
    )
    shown = (await house.get(f"chats/{OWNER}/messages", bot=700))[-1]["media"]
    assert shown["kind"] == kind


async def test_an_upload_can_be_downloaded(started):
    house = started
    url = f"{house.url}/bot700:test-token/sendDocument"
    part = {"document": ("report.pdf", b"the bytes", "application/pdf")}
    sent = (
        await house.http.post(
            url, data={"chat_id": OWNER, "caption": "*x*", "parse_mode": "Markdown"}, files=part
        )
    ).json()
    document = sent["result"]["document"]
    assert (document["file_name"], document["file_size"], document["mime_type"]) == (
        "report.pdf",
        9,
        "application/pdf",
    )
    assert sent["result"]["caption_entities"][0]["type"] == "bold"
    file = await house.call("getFile", file_id=document["file_id"])
    assert file["file_path"].endswith(".pdf")
    download = await house.http.get(f"{house.url}/file/bot700:test-token/{file['file_path']}")
    assert download.content == b"the bytes"
    assert (await house.http.get(f"{house.url}/file/bot700:other/{file['file_path']}")).status_code == 401
    assert (await house.http.get(f"{house.url}/control/files/{document['file_id']}")).content == b"the bytes"
    assert await house.error("getFile", file_id="unknown") == "Bad Request: invalid file_id"


async def test_a_file_without_bytes_can_still_be_fetched(started):
    update = (await started.post("messages", bot=700, user_id=OWNER, photo="a picture"))["update"]
    file = await started.call("getFile", file_id=update["message"]["photo"][-1]["file_id"])
    download = await started.http.get(f"{started.url}/file/bot700:test-token/{file['file_path']}")
    assert (download.status_code, download.headers["content-type"]) == (200, "image/jpeg")


async def test_a_file_keeps_its_kind(started):
    await started.call("sendPhoto", chat_id=OWNER, photo=FILE_ID)
    assert await started.error("sendVideo", chat_id=OWNER, video=FILE_ID) == (
        "Bad Request: can't use file of type Photo as Video"
    )


async def test_captions(started):
    here = {"chat_id": OWNER, "photo": FILE_ID}
    assert (
        await started.error("sendPhoto", **here, caption="x" * 1025)
        == "Bad Request: message caption is too long"
    )
    sent = await started.call("sendPhoto", **here, caption="<i>a</i>", parse_mode="HTML", has_spoiler=True)
    assert (sent["caption"], sent["caption_entities"][0]["type"], sent["has_media_spoiler"]) == (
        "a",
        "italic",
        True,
    )
    place = {"chat_id": OWNER, "message_id": sent["message_id"]}
    assert (await started.call("editMessageCaption", **place, caption="b"))["caption"] == "b"
    assert "there is no text" in await started.error("editMessageText", **place, text="x")
    edited = await started.call(
        "editMessageMedia", **place, media={"type": "video", "media": "https://e.com/v.mp4"}
    )
    assert "video" in edited
    assert "photo" not in edited


async def test_albums(started):
    house = started
    media = [
        {"type": "photo", "media": "attach://one", "caption": "first"},
        {"type": "video", "media": "https://e.com/v.mp4"},
    ]
    url = f"{house.url}/bot700:test-token/sendMediaGroup"
    data = {"chat_id": OWNER, "media": json.dumps(media)}
    album = (await house.http.post(url, data=data, files={"one": ("1.jpg", PNG)})).json()["result"]
    assert len({message["media_group_id"] for message in album}) == 1
    assert [set(message) & {"photo", "video"} for message in album] == [{"photo"}, {"video"}]
    one = {"type": "photo", "media": FILE_ID}
    document = {"type": "document", "media": "https://e.com/a.pdf"}
    assert "too few" in await house.error("sendMediaGroup", chat_id=OWNER, media=[one])
    assert "too many" in await house.error("sendMediaGroup", chat_id=OWNER, media=[one] * 11)
    assert "can't be mixed" in await house.error("sendMediaGroup", chat_id=OWNER, media=[one, document])


async def test_places_contacts_and_dice(started):
    here = {"chat_id": OWNER}
    assert (await started.call("sendLocation", **here, latitude=1.5, longitude=2))["location"][
        "latitude"
    ] == 1.5
    assert "wrong location" in await started.error("sendLocation", **here, latitude=95, longitude=2)
    venue = await started.call(
        "sendVenue", **here, latitude=1, longitude=2, title="Office", address="Main St 1"
    )
    assert venue["venue"]["title"] == "Office"
    contact = await started.call("sendContact", **here, phone_number="+100", first_name="A")
    assert contact["contact"] == {"phone_number": "+100", "first_name": "A"}
    values = {(await started.call("sendDice", **here, emoji="🏀"))["dice"]["value"] for _ in range(20)}
    assert values <= {1, 2, 3, 4, 5}
    assert len(values) > 1


async def test_polls(started):
    house = started
    poll = await house.call(
        "sendPoll", chat_id=OWNER, question="?", options=["a", {"text": "b"}], is_anonymous=False
    )
    vote = {"bot": 700, "user_id": OWNER, "message_id": poll["message_id"]}
    assert "one answer" in await house.refused("votes", **vote, option_ids=[0, 1])
    await house.post("votes", **vote, option_ids=[1])
    answer = (await house.updates())[-1]["poll_answer"]
    assert (answer["option_ids"], answer["user"]["id"]) == ([1], OWNER)
    stopped = await house.call("stopPoll", chat_id=OWNER, message_id=poll["message_id"])
    assert ([one["voter_count"] for one in stopped["options"]], stopped["is_closed"]) == ([0, 1], True)
    assert "no open poll" in await house.refused("votes", **vote, option_ids=[0])
    quiz = {"chat_id": OWNER, "question": "?", "type": "quiz"}
    assert "wrong correct option" in await house.error("sendPoll", **quiz, options=["a", "b"])
    assert "poll can't have more" in await house.error(
        "sendPoll", chat_id=OWNER, question="?", options=["a"] * 13
    )


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"photo": "cat"}, "photo"),
        ({"document": {"file_id": FILE_ID, "file_name": "a.pdf"}, "caption": "look"}, "document"),
        ({"voice": "v"}, "voice"),
        ({"sticker": "s"}, "sticker"),
        ({"contact": {"phone_number": "+1", "first_name": "O"}}, "contact"),
        ({"location": {"latitude": 1, "longitude": 2}}, "location"),
        ({"dice": "🎯"}, "dice"),
        ({"poll": {"question": "?", "options": ["a", "b"]}}, "poll"),
    ],
)
async def test_what_users_send(started, fields, kind):
    update = (await started.post("messages", bot=700, user_id=OWNER, **fields))["update"]
    assert kind in update["message"]
    assert update["message"].get("caption") == fields.get("caption")
    copied = await started.call(
        "copyMessage", chat_id=OWNER, from_chat_id=OWNER, message_id=update["message"]["message_id"]
    )
    assert copied["message_id"] > update["message"]["message_id"]


async def test_what_users_cannot_send(started):
    for fields in (
        {},
        {"text": ""},
        {"text": "x" * 4097},
        {"contact": "me"},
        {"poll": {"question": "?"}},
        {"photo": 5},
    ):
        assert await started.refused("messages", bot=700, user_id=OWNER, **fields)


async def test_reactions_of_users(started):
    house = started
    await house.call("getUpdates", allowed_updates=["message", "message_reaction"])
    sent = await house.call("sendMessage", chat_id=OWNER, text="x")
    where = {"bot": 700, "user_id": OWNER, "message_id": sent["message_id"]}
    update = (await house.post("reactions", **where, reaction=["👍"]))["update"]
    assert update["message_reaction"]["new_reaction"] == [{"type": "emoji", "emoji": "👍"}]


async def test_group_permissions(house):
    await house.join_group(status="restricted", rights={"can_send_messages": True})
    await house.call("sendMessage", chat_id=GROUP, text="x")
    assert await house.error("sendPhoto", chat_id=GROUP, photo=FILE_ID) == (
        "Bad Request: not enough rights to send photos to the chat"
    )
