"""What /broadcast takes in chat: messages of every kind, variants, audiences, moments."""

from __future__ import annotations

import pytest
from tests.features.broadcasts.conversation import (
    buttons,
    card,
    drafted,
    latest,
    ready,
    shows,
    wordings,
    wrote,
)
from tests.support.outcomes import forged, pressed, told
from tests.support.running import ANA, OWNER, Running

from botyard.features.broadcasts.message import MessageKind
from botyard.features.broadcasts.service import drafts
from botyard.members.consent import Topic

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_messages_of_every_kind(business: Running) -> None:
    for content, kind, html in (
        ({"photo": "picture", "caption": "Look"}, MessageKind.PHOTO, "Look"),
        ({"photo": "picture"}, MessageKind.PHOTO, None),
        ({"sticker": "cat"}, MessageKind.COPY, None),
        ({"document": "list"}, MessageKind.DOCUMENT, None),
        ({"text": "<b>Bold</b>", "parse_mode": "HTML"}, MessageKind.TEXT, "<b>Bold</b>"),
    ):
        await told(business, OWNER, "/broadcast new Kinds")
        outcome = await wrote(business, **content)
        assert outcome.how == "dialog"
        assert "Kinds" in outcome.texts[0]
        (wording,) = await wordings(business)
        assert (wording.message.kind, wording.message.html) == (kind, html)
        tested = await pressed(business, OWNER, "Test to me")
        assert tested.toasts == ["On its way to you."]


async def test_a_reply_is_the_message(business: Running) -> None:
    said = await business.say(OWNER, "/status")
    await told(business, OWNER, "/broadcast new Fast", reply_to_message_id=said["message_id"])
    assert [each.message.html for each in await wordings(business)] == ["/status"]


async def test_an_album_comes_whole(business: Running) -> None:
    await told(business, OWNER, "/broadcast new Album")
    for caption in ("", "", "The caption"):
        more = {"caption": caption} if caption else {}
        outcome = await wrote(business, photo="picture", media_group_id="a1", **more)
        assert (outcome.how, outcome.texts) == ("dialog", [])
    await card(business, "An album of 3", "The caption")
    (wording,) = await wordings(business)
    assert (wording.message.kind, len(wording.message.media)) == (MessageKind.ALBUM, 3)
    number = (await latest(business)).id
    refused = await told(business, OWNER, f"/broadcast buttons {number}\nYes | press")
    assert "An album has no buttons" in refused.texts[0]
    after = await wrote(business, photo="another")
    assert after.how != "dialog", "what comes after the album is no part of it"


async def test_an_album_that_cannot_be_is_refused(business: Running) -> None:
    await told(business, OWNER, "/broadcast new Album")
    await wrote(business, photo="picture", media_group_id="a2")
    await wrote(business, document="list", media_group_id="a2")
    await shows(business, "Documents and audio files go into albums of their own")
    assert await wordings(business) == []


async def test_variants_by_language_and_share(business: Running) -> None:
    number = await drafted(business, text="For all")
    await pressed(business, OWNER, "Variants")
    await pressed(business, OWNER, "Add one")
    assert "neither a language nor a percentage" in (await told(business, OWNER, "german!")).texts[0]
    assert "What shall" in (await told(business, OWNER, "de 50")).texts[0]
    shown = await told(business, OWNER, "Für alle")
    assert "2 messages:" in shown.texts[0]
    assert [(each.number, each.language, each.share) for each in await wordings(business)] == [
        (1, None, 1),
        (2, "de", 50),
    ]
    await pressed(business, OWNER, "Variants")
    opened = await pressed(business, OWNER, "2. de")
    assert buttons(opened) == ["Message", "Buttons", "For whom", "Remove", "« Back"]
    await pressed(business, OWNER, "For whom")
    await told(business, OWNER, "all 3")
    assert [(each.language, each.share) for each in await wordings(business)] == [(None, 97), (None, 3)]
    again = await pressed(business, OWNER, "Variants")
    assert "everybody, 97 %" in again.edits[0]
    assert "everybody, 3 %" in again.edits[0]
    await forged(business, OWNER, f"broadcasts:remove:{number}:1")
    assert [each.number for each in await wordings(business)] == [2]
    last = await forged(business, OWNER, f"broadcasts:remove:{number}:2")
    assert "It has 0 messages" in last.toasts[0]


async def test_fifty_in_a_first_ab_test_is_half_of_them(business: Running) -> None:
    await drafted(business, text="One")
    await pressed(business, OWNER, "Variants")
    await pressed(business, OWNER, "Add one")
    assert "from 1 to 99" in (await told(business, OWNER, "100 %")).texts[0]
    await told(business, OWNER, "50")
    shown = await told(business, OWNER, "Two")
    assert shown.texts[0].count("everybody, 50 %") == 2
    for said, text, shares in (("20", "Three", [40, 40, 20]), ("all", "Four", [40, 40, 20, 33])):
        await pressed(business, OWNER, "Variants")
        await pressed(business, OWNER, "Add one")
        await told(business, OWNER, said)
        await told(business, OWNER, text)
        assert [each.share for each in await wordings(business)] == shares


async def test_a_text_that_cannot_be_is_asked_for_again(business: Running) -> None:
    await told(business, OWNER, "/broadcast new Spring")
    assert "{phone} stands for nothing" in (await told(business, OWNER, "Call {phone}")).texts[0]
    assert "Spring" in (await told(business, OWNER, "Call us")).texts[0]
    assert [each.message.html for each in await wordings(business)] == ["Call us"]


async def test_audience_and_time_are_asked_for(business: Running) -> None:
    await ready(business)
    await pressed(business, OWNER, "Audience")
    assert "'tall people' is not understood" in (await told(business, OWNER, "tall people")).texts[0]
    shown = await told(business, OWNER, f"not member {ANA}")
    assert "Goes to <b>2 members</b>" in shown.texts[0]
    await pressed(business, OWNER, "Topic")
    assert "Topic: news" in (await pressed(business, OWNER, "News")).edits[0]
    assert drafts.plan_of(await latest(business)).topic is Topic.NEWS
    await pressed(business, OWNER, "Schedule")
    assert "is no moment" in (await told(business, OWNER, "soon")).texts[0]
    assert "Starts: " in (await told(business, OWNER, "in 3h")).texts[0]
