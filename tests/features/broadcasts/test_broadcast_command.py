"""/broadcast in chat: made, changed, tested, started, followed, stopped; and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.features.broadcasts.conversation import (
    MEMBERS,
    at_once,
    becomes,
    buttons,
    card,
    drafted,
    fault,
    is_tested,
    labels,
    latest,
    no_faults,
    ready,
    shows,
    started,
    wordings,
)
from tests.support.outcomes import GROUP, forged, pressed, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.clock import SystemClock
from botyard.features.broadcasts import following
from botyard.features.broadcasts.audience import Audience
from botyard.features.broadcasts.models import BroadcastState
from botyard.features.broadcasts.service import drafts, life
from botyard.ids import UserId
from botyard.jobs.models import Job, JobState
from botyard.members.audit import Actor

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOSS = Actor(UserId(OWNER))
STALE = ["This button is out of date. Please open the menu again."]


async def test_a_conversation_from_the_first_word_to_the_last_figure(business: Running) -> None:
    empty = await told(business, OWNER, "/broadcast")
    assert "There is no broadcast yet" in empty.texts[0]
    assert "What is the broadcast to be called" in (await pressed(business, OWNER, "New broadcast")).texts[0]
    assert "What shall <b>Spring</b> say" in (await told(business, OWNER, "Spring")).texts[0]
    shown = await told(business, OWNER, "Hello {first_name|friend}, <sale> today")
    assert "“Hello {first_name|friend}, &lt;sale&gt; today”" in shown.texts[0]
    assert "Goes to <b>3 members</b>" in shown.texts[0]
    assert buttons(shown)[:3] == ["Test to me", "Message", "Buttons"]

    await pressed(business, OWNER, "Buttons")
    refused = await told(business, OWNER, "Join")
    assert "In the line 'Join'" in refused.texts[0]
    shown = await told(business, OWNER, "Join | tracked | https://example.com\nInterested | press | Thanks")
    assert "Buttons: Join, Interested" in shown.texts[0]

    blocked = await pressed(business, OWNER, "Start")
    assert "cannot start yet" in blocked.edits[0]
    assert "Nobody has looked at it" in blocked.edits[0]
    await pressed(business, OWNER, "« Back")
    tested = await pressed(business, OWNER, "Test to me")
    assert tested.toasts == ["On its way to you."]
    await shows(business, "Hello Olivia, <sale> today")
    await is_tested(business)
    assert (await pressed(business, OWNER, "Interested")).toasts == ["Thanks"]
    assert "This is a test" in (await pressed(business, OWNER, "No more of these")).toasts[0]

    number = (await latest(business)).id
    asked = await pressed(business, OWNER, f"broadcasts:start:{number}")
    assert "send to 3 members?" in asked.edits[0]
    assert buttons(asked) == ["Start", "« Back"]
    begun = await pressed(business, OWNER, f"broadcasts:go:{number}")
    assert begun.toasts == ["It has started."]
    for user_id, name in ((PAUL, "Paul"), (ANA, "Ana")):
        await shows(business, f"Hello {name}, <sale> today", user_id=user_id)
    await becomes(business, BroadcastState.FINISHED)
    finished = await card(business, "finished")
    assert "3 of 3 sent" in finished["text"]
    assert "0 clicks, 0 left the list" in finished["text"]
    assert "Delete what was sent" in labels(finished)
    assert "Retry failures" not in " ".join(labels(finished))


async def test_pressing_start_twice_starts_one_run(business: Running) -> None:
    number = await ready(business, text="Only once, {first_name}")
    await pressed(business, OWNER, f"broadcasts:start:{number}")
    assert (await forged(business, OWNER, f"broadcasts:go:{number}")).toasts == ["It has started."]
    assert (await forged(business, OWNER, f"broadcasts:go:{number}")).toasts == ["It has begun already."]
    await becomes(business, BroadcastState.FINISHED)
    got = [each["text"] for each in await business.replies(PAUL)]
    assert got.count("Only once, Paul") == 1


async def test_paused_changed_resumed_and_cancelled_by_button(business: Running) -> None:
    await fault(business, kind="slow", chat_id=PAUL, method="sendMessage", seconds=6.0)
    await started(business, text="First wording")
    await shows(business, "First wording", user_id=ANA)
    paused = await at_once(business, "pause:#")
    assert paused.toasts == ["Paused. Nothing more is sent."]
    assert "paused" in paused.edits[0]
    assert buttons(paused)[:3] == ["Resume", "Change message", "Cancel"]
    assert "What shall" in (await at_once(business, "message:#:1")).texts[0]
    assert "“Second wording”" in (await told(business, OWNER, "Second wording")).texts[0]
    assert [each.message.html for each in await wordings(business)] == ["Second wording"]
    refused = await at_once(business, "remove:#:1")
    assert "It has 0 messages" in refused.toasts[0]

    assert "Send it to yourself first" in (await at_once(business, "resume:#")).toasts[0]
    assert (await at_once(business, "test:#")).toasts == ["On its way to you."]
    await is_tested(business)
    assert (await at_once(business, "resume:#")).toasts == ["It goes on."]
    refused = await at_once(business, "message:#:1")
    assert "Pause it first" in refused.toasts[0]
    cancelled = await at_once(business, "cancel:#")
    assert cancelled.toasts == ["Cancelled. Nothing more is sent."]
    assert "cancelled" in cancelled.edits[0]
    assert "Spring is over" in (await at_once(business, "cancel:#")).toasts[0]
    over = await card(business, "3 of 3 sent")
    assert "cancelled" in over["text"], "what was on its way is counted, and the card shows it"


async def test_a_card_follows_a_run_and_then_stops(business: Running) -> None:
    await fault(business, kind="slow", chat_id=PAUL, method="sendMessage", seconds=3.0)
    await started(business)
    running = await card(business, "2 of 3 sent")
    assert "▓▓▓▓▓▓▓▓░░░░ 66%" in running["text"]
    assert labels(running) == ["Pause", "Cancel"]
    finished = await card(business, "3 of 3 sent")
    assert finished["message_id"] == running["message_id"], "it is one message"
    assert "finished" in finished["text"]

    async def is_over() -> bool:
        async with business.database.reading() as session:
            waiting = select(Job.id).where(Job.name == following.CARD_JOB, Job.state == JobState.PENDING)
            return (await session.scalars(waiting)).first() is None

    await business.until(is_over)


async def test_a_test_that_telegram_refuses_does_not_count(business: Running) -> None:
    await drafted(business, text="Hello all")
    await fault(business, kind="bad_request", chat_id=OWNER, method="sendMessage", times=1)
    shown = await pressed(business, OWNER, "Test to me")
    assert any("being sent to you" in each for each in shown.edits), shown.edits
    await shows(business, "The test of Spring did not arrive")
    refused = await latest(business)
    assert (refused.tested_at, refused.trying_since) == (None, None)
    await card(business, "The test did not arrive: there is no such chat", "Test it before you start it")


async def test_words_do_what_buttons_do(business: Running) -> None:
    number = await drafted(business)
    shown = await told(
        business, OWNER, f"/broadcast audience {number} language de en, seen 30, not member {PAUL}"
    )
    assert f"For: language de or en, seen in 30 days, not member {PAUL}" in shown.texts[0]
    plan = drafts.plan_of(await latest(business))
    assert plan.audience == Audience(languages=("de", "en"), seen_within_days=30, without_members=(PAUL,))
    shown = await told(business, OWNER, f"/broadcast topic {number} service")
    assert "Topic: the service itself" in shown.texts[0]
    shown = await told(
        business, OWNER, f"/broadcast buttons {number}\nYes | press | Good || No | press | Pity"
    )
    assert "Buttons: Yes, No" in shown.texts[0]
    assert "Spring" in (await told(business, OWNER, f"/broadcast {number}")).texts[0]
    assert (
        "send it to yourself"
        in (await told(business, OWNER, f"/broadcast schedule {number} in 2h")).texts[0].lower()
    )
    await pressed(business, OWNER, "Test to me")
    await is_tested(business)
    shown = await told(business, OWNER, f"/broadcast schedule {number} in 2h")
    assert "Starts: " in shown.texts[0]
    assert (await latest(business)).state is BroadcastState.SCHEDULED
    assert "draft" in (await pressed(business, OWNER, "Do not start by itself")).edits[0]
    asked = await told(business, OWNER, f"/broadcast start {number}")
    assert "send to" in asked.texts[0] or "cannot start" in asked.texts[0]


async def test_a_scheduled_one_starts_by_itself_and_shows_its_card(business: Running) -> None:
    number = await ready(business)
    now = SystemClock().now()
    async with business.database.session() as session:
        broadcast = await drafts.locked(session, number)
        await life.schedule(session, broadcast, now + timedelta(seconds=0.2), BOSS, now)
    await becomes(business, BroadcastState.FINISHED)
    await card(business, "finished")


async def test_what_stands_in_the_way_of_a_scheduled_one_is_told(business: Running) -> None:
    number = await ready(business)
    now = SystemClock().now()
    for user_id in MEMBERS:
        await told(business, user_id, "/newsletter off")
    async with business.database.session() as session:
        broadcast = await drafts.locked(session, number)
        await life.schedule(session, broadcast, now + timedelta(seconds=0.2), BOSS, now)
    await becomes(business, BroadcastState.ASKING)
    asking = await shows(business, "did not start: Spring cannot start")
    assert "Make it a draft" in labels(asking)
    waiting = await told(business, OWNER, f"/broadcast {number}")
    assert "waits for your yes" in waiting.texts[0]
    assert "Do not start by itself" in buttons(waiting)


async def test_a_draft_is_deleted_after_a_question(business: Running) -> None:
    number = await drafted(business)
    assert "Delete the draft" in (await pressed(business, OWNER, "Delete draft")).edits[0]
    gone = await pressed(business, OWNER, "Delete it")
    assert gone.toasts == ["The draft is deleted."]
    assert "There is no broadcast yet" in gone.edits[0]
    assert (await forged(business, OWNER, f"broadcasts:card:{number}")).toasts == ["This broadcast is gone."]


async def test_failures_are_retried_and_what_was_sent_is_deleted(business: Running) -> None:
    await fault(business, kind="bad_request", chat_id=ANA, method="sendMessage")
    number = await started(business, text="Dear {first_name}")
    assert "Retry failures (1)" in labels(await card(business, "Failed: 1", "finished"))
    await no_faults(business)
    outcome = await forged(business, OWNER, f"broadcasts:retry:{number}")
    assert outcome.toasts == ["1 is tried again."]
    await shows(business, "Dear Ana", user_id=ANA)
    await becomes(business, BroadcastState.FINISHED)
    asked = await forged(business, OWNER, f"broadcasts:delete:{number}")
    assert "from everybody" in asked.edits[0]
    await forged(business, OWNER, f"broadcasts:deleted:{number}")

    async def is_gone() -> bool:
        return all(each.get("text") != "Dear Ana" for each in await business.messages(ANA))

    await business.until(is_gone)
    await becomes_still(business)
    after = await told(business, OWNER, f"/broadcast {number}")
    assert "Deleted again: 3 messages" in after.texts[0]
    assert "Delete what was sent" not in buttons(after)


async def becomes_still(house: Running) -> None:
    async def is_so() -> bool:
        return (await latest(house)).deleted_through is None

    await house.until(is_so)


async def test_the_list_turns_its_pages(business: Running) -> None:
    for each in range(9):
        await drafted(business, name=f"N{each}")
    first = await told(business, OWNER, "/broadcast")
    assert ("<b>N8</b>" in first.texts[0], "<b>N0</b>" in first.texts[0]) == (True, False)
    second = await pressed(business, OWNER, "»")
    assert ("<b>N8</b>" in second.edits[0], "<b>N0</b>" in second.edits[0]) == (False, True)
    assert "<b>N0</b>" in (await forged(business, OWNER, "broadcasts:list:999999999999")).edits[0]


async def test_another_bots_broadcast_is_not_seen(business: Running) -> None:
    number = await drafted(business)
    assert "There is no broadcast yet" in (await told(business, OWNER, "/broadcast", bot="news")).texts[0]
    refused = await told(business, OWNER, f"/broadcast {number}", bot="news")
    assert "There is no broadcast" in refused.texts[0]
    assert (await forged(business, OWNER, f"broadcasts:start:{number}", bot="news")).toasts == [
        "This broadcast is gone."
    ]


async def test_members_and_groups_see_nothing_of_it(business: Running) -> None:
    number = await drafted(business)
    assert (await told(business, PAUL, "/broadcast")).how == "command:broadcast:denied"
    assert (await forged(business, PAUL, f"broadcasts:go:{number}")).how == "button:broadcasts:denied"
    in_group = await told(business, OWNER, "/broadcast", chat_id=GROUP)
    assert "in our private chat" in in_group.texts[0]


@pytest.mark.parametrize(
    "data",
    [
        "broadcasts",
        "broadcasts:",
        "broadcasts:card",
        "broadcasts:card:x",
        "broadcasts:explode:1",
        "broadcasts:card:1:2:3",
        "broadcasts:list:²",
        "broadcast",
        "broadcast:leave:1:1",
        "broadcast:leave:x:1",
        "broadcast:press:1:1:1",
        "broadcast:press:999999999999999999:99999:1",
        "broadcast:undo:1:1",
        "trial:9:9:9",
        "broadcast:nonsense",
    ],
)
async def test_a_forged_press_is_answered_politely(business: Running, data: str) -> None:
    outcome = await forged(business, OWNER, data)
    assert outcome.how.endswith(":ok")
    assert outcome.toasts == STALE


async def test_what_is_not_understood_is_helped_with(business: Running) -> None:
    for words in ("help", "audience", "audience x y", "nonsense 1", "start"):
        assert "Broadcasts in words" in (await told(business, OWNER, f"/broadcast {words}")).texts[0]
    number = await drafted(business)
    assert "is no topic" in (await told(business, OWNER, f"/broadcast topic {number} sport")).texts[0]
    assert "There is no broadcast 99999" in (await told(business, OWNER, "/broadcast 99999")).texts[0]
    assert "draft" in (await told(business, OWNER, f"/broadcast pause {number}")).texts[0]


async def test_nothing_is_left_in_the_books_of_a_bad_name(business: Running) -> None:
    assert "needs a name" in (await told(business, OWNER, f"/broadcast new {'x' * 65}")).texts[0]
    await forged(business, OWNER, "broadcasts:new")
    assert "needs a name" in (await told(business, OWNER, "x" * 65)).texts[0]
    assert "What shall" in (await told(business, OWNER, "Short")).texts[0]


async def test_options_are_told_in_lines(business: Running) -> None:
    await drafted(business)
    await pressed(business, OWNER, "Options")
    assert "'loud 3' is not understood" in (await told(business, OWNER, "loud 3")).texts[0]
    assert "no time zone 'Narnia'" in (await told(business, OWNER, "zone Narnia")).texts[0]
    shown = await told(business, OWNER, "quiet 22:00-8:00\nzone Europe/London\ncap 3 in 7 days\npaid on")
    assert "Options: quiet 22:00-08:00, zone Europe/London, cap 3 in 7 days, paid on" in shown.texts[0]
    await pressed(business, OWNER, "Options")
    shown = await told(business, OWNER, "quiet off, cap off, paid off, zone UTC")
    assert "Options:" not in shown.texts[0]
