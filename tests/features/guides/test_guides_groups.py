"""A group shares one message of the library: nothing of one member is on it."""

from __future__ import annotations

import secrets

import pytest
from tests.features.guides.library_of import ADMIN, id_of, mark_of
from tests.support.outcomes import GROUP, Outcome, given, pressed, sent, told
from tests.support.running import OWNER, PAUL, Running

from botyard.features.guides.service import editing, library

pytestmark = pytest.mark.asyncio(loop_scope="module")


def labels(outcome: Outcome) -> list[str]:
    for method, params in reversed(outcome.calls):
        if method in ("sendMessage", "editMessageText"):
            rows = params["reply_markup"]["inline_keyboard"]
            return [each["text"] for row in rows for each in row]
    return []


async def press(house: Running, user_id: int, label: str) -> Outcome:
    return await pressed(house, user_id, label, chat_id=GROUP)


async def pressed_data(house: Running, user_id: int, data: str) -> Outcome:
    """What became of a press in the group that carries any data, beneath the bot's latest message there."""
    await sent(house)
    latest = (await house.replies(user_id, chat_id=GROUP))[-1]["message_id"]
    query = {
        "id": secrets.token_hex(8),
        "from": {"id": user_id, "is_bot": False, "first_name": "Presser"},
        "message": {
            "message_id": latest,
            "date": 1_800_000_000,
            "chat": {"id": GROUP, "type": "supergroup", "title": "Gold traders"},
        },
        "chat_instance": "1",
        "data": data,
    }
    return await given(house, callback_query=query)


async def test_a_card_in_a_group_is_nobodys_own(shop: Running) -> None:
    for _ in range(2):
        await told(shop, PAUL, f"/start guide-{await id_of(shop, 'First steps')}")
    await pressed(shop, PAUL, "☆ Save")
    assert "★ Saved (1)" in labels(await told(shop, PAUL, "/guides"))

    assert not any(
        "Saved" in each for each in labels(await told(shop, OWNER, "/guides@shop_bot", chat_id=GROUP))
    )
    await press(shop, OWNER, "Basics (2)")
    shown = await press(shop, PAUL, "First steps")
    assert "opened" not in shown.edits[0]
    assert "saved" not in shown.edits[0]
    assert labels(shown) == ["Open", "☆ Save", "Done", "« Back"]
    mark = await mark_of(shop, PAUL, "First steps")
    assert mark is not None
    assert mark.views == 3, "it counts all the same"
    again = await press(shop, OWNER, "« Back")
    assert labels(again) == ["First steps", "Second steps", "« All categories"]
    assert labels(await press(shop, OWNER, "First steps")) == labels(shown), "no buttons to edit it either"


async def test_saving_in_a_group_is_told_to_the_one_who_did(shop: Running) -> None:
    await told(shop, OWNER, "/guides@shop_bot", chat_id=GROUP)
    await press(shop, OWNER, "Basics (2)")
    await press(shop, OWNER, "Second steps")
    for label, said in {
        "☆ Save": "Saved. You find it in /guides in our private chat.",
        "Done": "Well done!",
    }.items():
        outcome = await press(shop, PAUL, label)
        assert outcome.toasts == [said]
        assert outcome.edits == []
    mark = await mark_of(shop, PAUL, "Second steps")
    assert mark is not None
    assert mark.saved_at is not None
    assert mark.done_at is not None


async def test_old_buttons_of_a_group_do_no_harm(shop: Running) -> None:
    first = await id_of(shop, "First steps")
    await told(shop, OWNER, f"/start guide-{first}")
    private = await pressed(shop, OWNER, "Edit")
    assert private.edits
    outcome = await told(shop, OWNER, f"/guide@shop_bot move {first} 2", chat_id=GROUP)
    assert labels(outcome) == ["Open", "☆ Save", "Done", "« Back"]
    for data in (f"guide:e:{first}:", f"guide:x:{first}:", f"guide:u:{first}:", f"guide:f:{first}:0:"):
        outcome = await pressed_data(shop, OWNER, data)
        assert outcome.toasts == ["Guides are edited in our private chat: write /guides to me there."]
        assert outcome.edits == []
    outcome = await pressed_data(shop, PAUL, "guides:l:v1")
    assert outcome.toasts == ["Saved guides are shown in our private chat: write /guides to me there."]
    assert "You have saved" not in outcome.edits[0]


async def test_a_retired_guide_is_not_shown_to_a_group(shop: Running) -> None:
    async with shop.database.session() as session:
        guide = await library.find(session, await id_of(shop, "First steps"))
        await editing.set_active(session, guide, ADMIN, active=False)
    await told(shop, OWNER, "/guides@shop_bot", chat_id=GROUP)
    outcome = await pressed_data(shop, OWNER, f"guides:g:{guide.id}:")
    assert outcome.toasts == ["This guide is not offered any more."]
    assert "Restore" not in labels(outcome)
