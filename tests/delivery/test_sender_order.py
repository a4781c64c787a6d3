"""Order and priority: a chat's messages in order, other chats never held up, a reply before all bulk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.delivery.delivering import NO_LIMITS, USUAL, Post, until
from tests.support.running import PAUL

from botyard.delivery import choosing, policy
from botyard.delivery.pacer import Rates
from botyard.outbox.models import CallState, Priority
from botyard.outbox.queue import Call
from botyard.sandbox.faults import FaultKind

ANA = 1003


async def test_fifty_messages_to_one_chat_arrive_in_order(sqlite_post: Post) -> None:
    post = sqlite_post
    paul = await post.person(PAUL)
    await post.queue(*(post.message(paul, str(number)) for number in range(50)))
    async with post.delivering():
        await post.settled()
    assert post.texts() == [str(number) for number in range(50)]


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.RESET_BEFORE, FaultKind.MIGRATE])
async def test_the_order_holds_while_calls_are_tried_again(
    post: Post, monkeypatch: pytest.MonkeyPatch, kind: FaultKind
) -> None:
    monkeypatch.setattr(policy, "FIRST_BACKOFF", 0.01)
    monkeypatch.setattr(policy, "LONGEST_BACKOFF", 0.02)
    migrates = kind is FaultKind.MIGRATE
    chat = await post.group(-5001) if migrates else await post.person(PAUL)
    edits = [("sendMessage", {"text": str(number)}) for number in range(50)]
    if kind is FaultKind.RESET_BEFORE:  # of these the outcome is unknown, and they may be repeated
        edits = [
            ("sendChatAction", {"action": "typing", "message_thread_id": number}) for number in range(50)
        ]
    method = edits[0][0]
    post.sandbox.faults.add(
        kind,
        method=method,
        probability=0.3,
        chat_id=-5001 if migrates else None,
        times=1 if migrates else None,
    )
    await post.queue(*(Call(post.bot.id, name, params, chat_key=chat) for name, params in edits))
    async with post.delivering():
        rows = await post.settled()
    assert {row.state for row in rows} == {CallState.SENT}
    arrived = [{key: call.params[key] for key in edits[0][1]} for call in post.journal(method)]
    assert arrived == [params for _, params in edits]
    assert len(post.journal(method, applied=None)) > 50


async def test_a_long_backlog_of_one_chat_holds_no_other_chat_up(post: Post) -> None:
    paul, *others = await post.people([PAUL, *range(2000, 2010)])
    await post.queue(*(post.message(paul, str(number)) for number in range(1000)))
    async with post.delivering(USUAL):
        await post.received(3)
        asked = post.clock.now()
        await post.queue(*(post.message(key, "hello") for key in others))
        await post.received(10 + 3, seconds=3)
    for user_id in range(2000, 2010):
        assert (post.times(user_id)[0] - asked).total_seconds() < 1
    assert post.texts(PAUL) == ["0", "1", "2"]


async def test_long_backlogs_of_several_chats_hold_no_other_chat_up(sqlite_post: Post) -> None:
    post = sqlite_post
    *busy, ana = await post.people([*range(2000, 2004), ANA])
    await post.queue(*(post.message(key, str(number)) for key in busy for number in range(600)))
    async with post.delivering(Rates(0, 1, 0)):
        await post.received(4)
        asked = post.clock.now()
        await post.queue(post.message(ana, "hello"))
        await post.received(4 * 3 + 1, seconds=3)
    assert (post.times(ANA)[0] - asked).total_seconds() < 1


async def test_replies_and_answers_overtake_bulk_within_a_second(sqlite_post: Post) -> None:
    post = sqlite_post
    people = await post.people(range(2000, 3600))
    ana = await post.person(ANA)
    await post.queue(
        *(post.message(key, "news", priority=Priority.BROADCAST) for key in people),
        *(post.message(ana, "old news", priority=Priority.BROADCAST) for _ in range(30)),
    )
    async with post.delivering(USUAL):
        await post.received(40)
        asked = post.clock.now()
        await post.queue(
            *(post.message(people[-number], "reply") for number in range(1, 9)),
            post.message(ana, "reply"),
            Call(post.bot.id, "answerCallbackQuery", {"callback_query_id": "1"}, priority=Priority.ANSWER),
        )
        await post.received(80)
    replies = [call for call in post.journal() if call.params["text"] == "reply"]
    assert len(replies) == 9
    assert all((reply.time - asked).total_seconds() < 1 for reply in replies)
    (answer,) = post.journal("answerCallbackQuery", applied=None)
    assert (answer.time - asked).total_seconds() < 0.5, (
        "an answer is no message: it need not wait for the rate"
    )
    assert "old news" not in post.texts()


async def test_slow_bulk_leaves_places_for_replies(
    sqlite_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "AT_ONCE", 25)  # all of them would take a busy machine too long to begin
    monkeypatch.setattr(choosing, "BULK_AT_ONCE", 20)
    post = sqlite_post
    people = await post.people(range(2000, 2040))
    ana = await post.person(ANA)
    slow = post.sandbox.faults.add(FaultKind.SLOW, seconds=5.0, method="sendMessage", times=20)
    await post.queue(*(post.message(key, "news", priority=Priority.BROADCAST) for key in people))
    async with post.delivering(NO_LIMITS):

        async def bulk_is_under_way() -> bool:
            return slow.times == 0  # all of it has come to Telegram, not only been marked as being sent

        await until(bulk_is_under_way)
        asked = post.clock.now()
        await post.queue(post.message(ana, "reply"))
        await post.received(1)
        assert post.texts() == ["reply"]
        assert (post.times()[0] - asked).total_seconds() < 1


async def test_what_another_process_queued_is_found_without_a_bell(sqlite_post: Post) -> None:
    post = sqlite_post
    paul = await post.person(PAUL)
    async with post.delivering():
        await post.queue(post.message(paul, "1"))
        await post.settled()
        asked = post.clock.now()
        await post.queue(post.message(paul, "2"), ring=False)
        await post.settled()
    assert (post.times()[1] - asked).total_seconds() < 0.6


async def test_calls_far_in_the_future_do_not_fill_the_memory(sqlite_post: Post) -> None:
    post, people = sqlite_post, await sqlite_post.people(range(2000, 4200))
    tomorrow = post.clock.now() + timedelta(days=1)
    await post.queue(*(post.message(key, "tomorrow", not_before=tomorrow) for key in people))
    await post.queue(post.message(people[0], "today"))
    async with post.delivering():
        await post.received(1, seconds=3)
    assert post.texts() == ["today"]
