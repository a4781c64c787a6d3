"""/promo in chat: made from a reply or in a dialog, shown, posted, changed, retired, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, select
from tests.support.outcomes import GROUP, Outcome, bot_of, count_of, forged, pressed, sent, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.features.promos.models import Promo, PromoButton
from botyard.features.promos.outcomes import FOLLOW_JOB
from botyard.jobs.models import Job, JobState
from botyard.members.consent import Consent
from botyard.members.models import AuditEntry

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUTTONS = "Join | https://example.com/join?a=1&b=2\nInterested | press | Thanks, we will write to you"
CHANNEL = -1001000000002


@pytest_asyncio.fixture(loop_scope="module")
async def business(house: Running) -> Running:
    """The running service, without promos and consents; all three have written to the bot."""
    await house.until(lambda: nothing_is_followed(house))
    for user_id in (OWNER, PAUL, ANA):
        await told(house, user_id, "/start")
    async with house.database.session() as session:
        for table in (PromoButton, Promo, Consent):
            await session.execute(delete(table))
    return house


async def nothing_is_followed(house: Running) -> bool:
    """Whether what the test before has posted is counted."""
    async with house.database.reading() as session:
        waiting = select(Job.id).where(Job.name == FOLLOW_JOB, Job.state == JobState.PENDING)
        return (await session.scalars(waiting.limit(1))).first() is None


async def written(house: Running, **content: Any) -> int:
    """The id of a message that the owner wrote."""
    answer = await house.control("POST", "messages", bot="shop", user_id=OWNER, **content)
    return int(answer["message_id"])


async def made(house: Running, code: str = "spring", lines: str = BUTTONS, **content: Any) -> Outcome:
    """What the bot did with `/promo add` in reply to a message."""
    message_id = await written(house, **(content or {"text": "<b>Spring</b> is here", "parse_mode": "HTML"}))
    return await told(house, OWNER, f"/promo add {code}\n{lines}", reply_to_message_id=message_id)


async def keyboard(house: Running, chat_id: int) -> list[dict[str, str]]:
    """The buttons of the latest message in a chat."""
    message = (await house.replies(OWNER, chat_id=chat_id))[-1]
    return [each for row in message.get("reply_markup", {}).get("inline_keyboard", []) for each in row]


async def arrived(house: Running, chat_id: int, text: str) -> dict[str, Any]:
    """The message with this text in a chat, once it is there."""
    found: list[dict[str, Any]] = []

    async def is_there() -> bool:
        messages = await house.replies(OWNER, chat_id=chat_id)
        found[:] = [each for each in messages if text in (each.get("text"), each.get("caption"))]
        return bool(found)

    await house.until(is_there)
    return found[-1]


async def test_a_reply_makes_a_promo_and_shows_it(business: Running) -> None:
    outcome = await made(business)
    preview, card = (params for method, params in outcome.calls if method == "sendMessage")
    assert preview["text"] == "<b>Spring</b> is here"
    (join,), (interested,) = preview["reply_markup"]["inline_keyboard"]
    assert join == {"text": "Join", "url": "https://example.com/join?a=1&b=2"}
    assert interested["callback_data"].startswith("promo:try:")
    assert card["text"].startswith("<b>spring is saved.</b>")
    async with business.database.reading() as session:
        entry = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))).one()
    assert (entry.action, entry.subject, entry.actor_id) == ("promo.add", "promo:spring", OWNER)


async def test_a_dialog_asks_for_the_text(business: Running) -> None:
    asked = await told(business, OWNER, f"/promo add summer\n{BUTTONS}")
    assert "What shall <b>summer</b> say?" in asked.texts[0]
    outcome = await told(business, OWNER, "Tom & Jerry <3")
    assert outcome.how == "dialog"
    assert outcome.texts[0] == "Tom &amp; Jerry &lt;3"
    assert "summer is saved" in outcome.texts[1]


async def test_without_a_reply_it_asks_for_the_buttons_too(business: Running) -> None:
    """It once saved the promo without any, and the lines that were sent next became a post."""
    await told(business, OWNER, "/promo add summer")
    asked = await told(business, OWNER, "Summer is here")
    assert "Which buttons shall stand beneath it?" in asked.texts[0]
    wrong = await told(business, OWNER, "Join us")
    assert "neither a link nor a press" in wrong.texts[0]
    outcome = await told(business, OWNER, BUTTONS)
    assert outcome.how == "dialog"
    preview, card = (params for method, params in outcome.calls if method == "sendMessage")
    assert [row[0]["text"] for row in preview["reply_markup"]["inline_keyboard"]] == ["Join", "Interested"]
    assert "summer is saved" in card["text"]
    assert "Buttons: Join, Interested" in card["text"]


async def test_no_buttons_is_a_press(business: Running) -> None:
    await told(business, OWNER, "/promo add summer")
    await told(business, OWNER, "Summer is here")
    outcome = await pressed(business, OWNER, "No buttons")
    assert outcome.edits == ["<b>summer</b> has no buttons."]
    assert outcome.texts[0] == "Summer is here"
    assert "Buttons: -" in outcome.texts[1]
    assert (await told(business, OWNER, "gold")).how != "dialog", "nothing is asked any more"

    await told(business, OWNER, "/promo add winter")
    await pressed(business, OWNER, "No buttons")
    assert "Which buttons" in (await told(business, OWNER, "Winter is here")).texts[0], (
        "another is still asked"
    )
    assert (await forged(business, OWNER, "promo-plain:99999")).toasts == ["This promo is gone."]
    assert (await forged(business, PAUL, "promo-plain:1")).how == "button:promo-plain:denied"


async def test_a_photo_becomes_one_with_its_caption(business: Running) -> None:
    outcome = await made(business, photo="picture", caption="Look")
    method, params = outcome.calls[0]
    assert (method, params["caption"]) == ("sendPhoto", "Look")
    await told(business, OWNER, f"/promo post spring to {GROUP}")
    await arrived(business, GROUP, "Look")
    sent = [
        each["params"] for each in await business.calls("sendPhoto") if each["params"]["chat_id"] == GROUP
    ]
    assert [each["photo"] for each in sent] == [params["photo"]]


async def test_it_is_posted_with_a_tracked_link_and_clicks_have_names(business: Running) -> None:
    await made(business)
    before = await count_of(business, "marketing_posts_total")
    assert "1 chat." in (await told(business, OWNER, f"/promo post spring to {GROUP}")).texts[0]
    message = await arrived(business, GROUP, "Spring is here")

    async def is_counted() -> bool:
        return await count_of(business, "marketing_posts_total") == before + 1

    await business.until(is_counted)
    (join, _) = (each for row in message["reply_markup"]["inline_keyboard"] for each in row)
    assert join["url"].startswith(f"{business.url}/c/")
    async with business.http.get(
        join["url"], allow_redirects=False, headers={"User-Agent": "Mozilla/5.0"}
    ) as response:
        assert response.headers["Location"] == "https://example.com/join?a=1&b=2"
    clicks = await count_of(business, "marketing_clicks_total")
    for user_id in (PAUL, PAUL, ANA):
        outcome = await pressed(
            business, user_id, "Interested", chat_id=GROUP, message_id=message["message_id"]
        )
        assert outcome.toasts == ["Thanks, we will write to you"]
    assert await count_of(business, "marketing_clicks_total") == clicks + 3

    text = (await told(business, OWNER, "/promo clicks spring")).texts[0]
    assert "<b>Join</b> (link): 1 click by 1 person" in text
    assert "<b>Interested</b> (button): 3 clicks by 2 people" in text
    assert re.search(r">Ana Sousa</a>, .*>Paul Green</a> \(2.\)", text)
    assert "Clicks: 4" in (await told(business, OWNER, "/promo spring")).texts[0]


async def test_the_outcome_is_told_in_the_same_message(business: Running) -> None:
    """/promo post once ended at 'is on its way', whatever became of it."""
    await made(business)
    bot_id = bot_of(business).id
    await business.control("POST", f"chats/{CHANNEL}/members", user_id=bot_id, status="administrator")
    await sent(business)
    before = await count_of(business, "marketing_posts_total")
    gone = "Forbidden: bot was kicked from the supergroup chat"
    await business.control("POST", "faults", chat_id=CHANNEL, kind="forbidden", description=gone)
    try:
        said = (await told(business, OWNER, f"/promo post spring to {GROUP} {CHANNEL} {PAUL}")).texts[0]
        assert "<b>spring</b> is on its way to 2 chats." in said
        card = (await business.replies(OWNER))[-1]["message_id"]

        async def is_told() -> bool:
            shown = next(each for each in await business.replies(OWNER) if each["message_id"] == card)
            return "arrived in 1 of 2 chats" in shown["text"]

        await business.until(is_told)
    finally:
        await business.control("DELETE", "faults")
    shown = next(each for each in await business.replies(OWNER) if each["message_id"] == card)
    assert "• Gold signals: the bot was removed from the chat" in shown["text"]
    assert "Left out: 1 private chat" in shown["text"]
    assert await count_of(business, "marketing_posts_total") == before + 1

    text = (await told(business, OWNER, f"/promo post spring to {CHANNEL}")).texts[0]
    assert "⚠️ The bot is not in Gold signals any more" in text
    await business.control("POST", f"chats/{CHANNEL}/members", user_id=bot_id, status="member")
    await business.control("POST", f"chats/{CHANNEL}/members", user_id=bot_id, status="administrator")


async def test_a_chat_that_no_bot_has_met_is_refused(business: Running) -> None:
    await made(business)
    text = (await told(business, OWNER, f"/promo post spring to {GROUP} -999")).texts[0]
    assert "No bot has seen -999 yet." in text
    text = (await told(business, OWNER, f"/promo post spring to {PAUL}")).texts[0]
    assert "<b>spring</b> goes nowhere.\nLeft out: 1 private chat" in text


async def test_what_the_operator_tries_is_not_counted(business: Running) -> None:
    await made(business)
    assert (await pressed(business, OWNER, "Interested")).toasts == ["Thanks, we will write to you"]
    assert "0 clicks by 0 people" in (await told(business, OWNER, "/promo clicks spring")).texts[0]


async def test_private_chats_get_it_only_with_a_yes(business: Running) -> None:
    await made(business)
    for count, consent in ((1, "off"), (2, "on"), (1, "off")):
        await told(business, PAUL, f"/newsletter {consent}")
        text = (await told(business, OWNER, f"/promo post spring to {GROUP} {PAUL} @ana_sousa")).texts[0]
        assert f"on its way to {count} chat" in text
        assert ("2 private chats" if count == 1 else "1 private chat") in text
    await arrived(business, PAUL, "Spring is here")
    messages = await business.replies(PAUL)
    assert [each["text"] for each in messages].count("Spring is here") == 1
    assert all(each["text"] != "Spring is here" for each in await business.replies(ANA))


async def test_retired_its_buttons_say_so_and_back_they_work(business: Running) -> None:
    await made(business)
    await told(business, OWNER, f"/promo post spring to {GROUP}")
    message = await arrived(business, GROUP, "Spring is here")
    place = {"chat_id": GROUP, "message_id": message["message_id"]}
    await told(business, OWNER, "/promo spring")
    outcome = await pressed(business, OWNER, "Retire")
    assert outcome.toasts == ["Retired. Its buttons do nothing now."]
    assert "retired" in outcome.edits[0]
    assert (await pressed(business, PAUL, "Interested", **place)).toasts == ["This offer is over."]
    refused = (await told(business, OWNER, f"/promo post spring to {GROUP}")).texts[0]
    assert "The promo spring is retired." in refused
    await pressed(business, OWNER, "Bring back")
    assert (await pressed(business, PAUL, "Interested", **place)).toasts == ["Thanks, we will write to you"]


async def test_an_edit_keeps_the_clicks_of_what_stays(business: Running) -> None:
    await made(business)
    await told(business, OWNER, f"/promo post spring to {GROUP}")
    message = await arrived(business, GROUP, "Spring is here")
    place = {"chat_id": GROUP, "message_id": message["message_id"]}
    await pressed(business, PAUL, "Interested", **place)
    await told(business, OWNER, "/promo edit spring\nMore | press\nInterested | press | See you")
    assert (await pressed(business, ANA, "Interested", **place)).toasts == ["See you"]
    text = (await told(business, OWNER, "/promo clicks spring")).texts[0]
    assert "<b>Interested</b> (button): 2 clicks by 2 people" in text
    assert "Join" not in text

    await told(business, OWNER, "/promo edit spring\nJoin | press")
    assert (await pressed(business, ANA, "Interested", **place)).toasts == ["This offer is over."]
    async with business.database.reading() as session:
        numbers = (await session.scalars(select(PromoButton.number).order_by(PromoButton.number))).all()
    assert numbers == [1, 2, 3, 4], "a number is never another's"


async def test_new_text_in_reply(business: Running) -> None:
    await made(business)
    message_id = await written(business, text="Summer")
    outcome = await told(business, OWNER, "/promo edit spring", reply_to_message_id=message_id)
    assert outcome.texts[0] == "Summer"
    assert "Buttons: Join, Interested" in outcome.texts[1]
    assert "Reply to the new text" in (await told(business, OWNER, "/promo edit spring")).texts[0]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("Join", "neither a link nor a press"),
        ("Join | javascript:alert(1)", "neither a link nor a press"),
        ("Join | https://", "neither a link nor a press"),
        ("Join | https://[bad", "neither a link nor a press"),
        (" | https://example.com", "a button says something"),
        ("x" * 65 + " | press", "a button says something"),
        ("A | press | " + "x" * 201, "at most 200"),
        ("A | press\nA | https://a.example", "Two buttons say &#x27;A&#x27;."),
        ("\n".join(f"{n} | press" for n in range(13)), "13 buttons"),
    ],
)
async def test_buttons_that_cannot_be(business: Running, lines: str, problem: str) -> None:
    text = (await made(business, lines=lines)).texts[0]
    assert problem.replace("&#x27;", "'") in text
    async with business.database.reading() as session:
        assert (await session.scalars(select(Promo))).all() == []


async def test_what_is_no_promo_is_refused(business: Running) -> None:
    assert "is a text, or a photo" in (await made(business, sticker="cat")).texts[0]
    too_long = await made(business, photo="picture", caption="x" * 1025)
    assert "at most 1024 characters; this has 1025" in too_long.texts[0]
    assert "small letters" in (await made(business, code="Sp!ng")).texts[0]
    await made(business)
    assert "There is a promo spring already." in (await made(business)).texts[0]
    for words in ("post spring", "post spring to", "add", "nonsense a b"):
        assert "To make a promo" in (await told(business, OWNER, f"/promo {words}")).texts[0]
    assert "There is no promo winter." in (await told(business, OWNER, "/promo winter")).texts[0]
    assert (
        "No chat @nobody is known" in (await told(business, OWNER, "/promo post spring to @nobody")).texts[0]
    )


@pytest.mark.parametrize(
    "data", ["promo", "promo:", "promo:1", "promo:x:y", "promo:try:1", "promo:1:1:1", "promo:²:1"]
)
async def test_a_forged_press_is_answered_politely(business: Running, data: str) -> None:
    outcome = await forged(business, PAUL, data)
    assert (outcome.how, outcome.toasts) == (
        "button:promo:ok",
        ["This button is out of date. Please open the menu again."],
    )


@pytest.mark.parametrize("data", ["promo:1:999999999999999999", "promo:999999999999999999:1"])
async def test_a_press_on_what_never_was(business: Running, data: str) -> None:
    assert (await forged(business, PAUL, data)).toasts == ["This offer is over."]


async def test_members_see_nothing_of_the_operators_side(business: Running) -> None:
    assert (await told(business, PAUL, "/promo")).how == "command:promo:denied"
    outcome = await forged(business, PAUL, "promos:retire:1")
    assert outcome.how == "button:promos:denied"


async def test_the_list_turns_its_pages(business: Running) -> None:
    assert "There is no promo yet" in (await told(business, OWNER, "/promo")).texts[0]
    for number in range(9):
        await made(business, code=f"p{number}", lines="")
    outcome = await told(business, OWNER, "/promo")
    assert ("p7" in outcome.texts[0], "p8" in outcome.texts[0]) == (True, False)
    turned = await pressed(business, OWNER, "»")
    assert ("p7" in turned.edits[0], "p8" in turned.edits[0]) == (False, True)
    card = await pressed(business, OWNER, "p8")
    assert "<b>p8</b>" in card.edits[0]
    assert "It has no buttons" in (await pressed(business, OWNER, "Who clicked")).edits[0]
    assert "<b>Promos</b>" in (await forged(business, OWNER, "promos:card:99999")).edits[0]
