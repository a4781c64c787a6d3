"""Refusals: a 429 is a chat's or the bot's, which is seen from what else is refused; a 403 is final."""

from __future__ import annotations

import pytest
from tests.delivery.delivering import Post, until
from tests.support.running import PAUL

from botyard.delivery.pacer import Rates
from botyard.delivery.refusals import CHATS_TO_TELL, MEMORY_SECONDS, Refusals
from botyard.ids import ChatKey
from botyard.outbox.models import CallState, Priority
from botyard.sandbox.faults import FaultKind
from botyard.sandbox.state import ChatType


def test_several_chats_one_after_another_are_the_bot() -> None:
    refusals = Refusals()
    told = [refusals.refused(ChatKey(number), 1.0 + number / 10) for number in range(CHATS_TO_TELL)]
    assert told == [False] * (CHATS_TO_TELL - 1) + [True]


def test_one_chat_is_one_chat_however_often() -> None:
    refusals = Refusals()
    assert not any(refusals.refused(ChatKey(1), float(number)) for number in range(20))


def test_what_was_accepted_in_between_says_that_it_was_the_chats() -> None:
    refusals = Refusals()
    for number in range(10):
        assert not refusals.refused(ChatKey(number), number + 0.5)
        refusals.accepted(number + 0.6)


def test_what_had_left_before_the_refusal_says_nothing() -> None:
    refusals = Refusals()
    for number in range(CHATS_TO_TELL - 1):
        refusals.refused(ChatKey(number), 1.0)
        refusals.accepted(left=0.9)
    assert refusals.refused(ChatKey(CHATS_TO_TELL), 1.1)


def test_refusals_of_long_ago_do_not_add_up() -> None:
    refusals = Refusals()
    told = [refusals.refused(ChatKey(number), number * (MEMORY_SECONDS + 1) / 2) for number in range(9)]
    assert not any(told)


async def test_a_429_for_the_bot_silences_it_for_exactly_as_long(post: Post) -> None:
    people = await post.people(range(2000, 2060))
    refusing = post.sandbox.faults.add(FaultKind.RETRY_AFTER, method="sendMessage", retry_after=2)
    async with post.delivering(Rates(30, 1, 0)):
        await post.queue(*(post.message(key, "news", priority=Priority.BROADCAST) for key in people))

        async def is_silenced() -> bool:
            return len(post.journal(applied=False)) >= CHATS_TO_TELL

        await until(is_silenced)
        post.sandbox.faults.orders.remove(refusing)
        await post.queue(post.message(people[-1], "reply"))
        rows = await post.settled()
    refusals = post.journal(applied=False)
    assert len(refusals) <= CHATS_TO_TELL + 2, "those under way, and none after them"
    waited = (min(post.times()) - refusals[-1].time).total_seconds()
    assert 2.0 <= waited < 2.3
    assert {(row.state, row.attempts) for row in rows} == {(CallState.SENT, 1)}
    assert len(post.texts()) == 61


async def test_chats_that_are_refused_in_the_midst_of_others_do_not_silence_the_bot(
    sqlite_post: Post,
) -> None:
    post = sqlite_post
    people = await post.people(range(2000, 2030))
    for user_id in range(2000, 2030, 5):
        post.sandbox.faults.add(FaultKind.RETRY_AFTER, chat_id=user_id, times=1, retry_after=3)
    async with post.delivering(Rates(30, 1, 0)):
        await post.queue(*(post.message(key, "news", priority=Priority.BROADCAST) for key in people))
        await post.received(24, seconds=3)
        asked = post.clock.now()
        await post.queue(post.message(await post.person(PAUL), "reply"))
        await post.received(25)
    assert (post.times(PAUL)[0] - asked).total_seconds() < 1


@pytest.mark.parametrize(
    ("chat_id", "description"),
    [
        (PAUL, "Forbidden: bot was blocked by the user"),
        (PAUL, "Forbidden: user is deactivated"),
        (-1005001, "Forbidden: bot was kicked from the supergroup chat"),
        (-1005001, "Forbidden: bot is not a member of the supergroup chat"),
        (-1005001, "Forbidden: the group chat was deleted"),
    ],
)
async def test_every_403_takes_one_attempt_and_marks_whom_it_was_for(
    sqlite_post: Post, chat_id: int, description: str
) -> None:
    post = sqlite_post
    chat = await (post.person(chat_id) if chat_id > 0 else post.group(chat_id, ChatType.SUPERGROUP))
    post.sandbox.faults.add(FaultKind.FORBIDDEN, chat_id=chat_id, description=description)
    await post.queue(post.message(chat, "news", priority=Priority.BROADCAST))
    async with post.delivering():
        (row,) = await post.settled()
    assert (row.state, row.attempts, row.error_kind) == (CallState.FAILED, 1, "forbidden")
    assert len(post.journal(applied=None)) == 1
    status, reachable, reason = await post.bot_chat(chat)
    assert (status, reachable) == ("blocked" if chat_id > 0 else "kicked", False)
    assert description in reason
