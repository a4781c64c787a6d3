"""The calls in memory: a chat's in order, one at a time; the most urgent first."""

from __future__ import annotations

from botyard.delivery.waiting import CHAT_FULL, Waiting
from botyard.ids import ChatKey, OutboxId
from botyard.outbox.models import Priority
from botyard.outbox.queue import WaitingCall


def call(number: int, chat: int | None, priority: Priority = Priority.REPLY) -> WaitingCall:
    key = None if chat is None else ChatKey(chat)
    return WaitingCall(OutboxId(number), key, "sendMessage", priority, None, None)


def test_a_chat_has_one_call_under_way_and_keeps_its_order() -> None:
    waiting = Waiting()
    for number in (1, 2):
        waiting.add(call(number, 7))
    waiting.add(call(3, 8))
    assert [each.id for each in waiting.heads()] == [1, 3]
    first = next(waiting.heads())
    waiting.start(first)
    assert [each.id for each in waiting.heads()] == [3]
    waiting.done(first)
    assert [each.id for each in waiting.heads()] == [2, 3]


def test_a_reply_overtakes_a_broadcast_to_the_same_chat() -> None:
    waiting = Waiting()
    waiting.add(call(1, 7, Priority.BROADCAST))
    waiting.add(call(2, 7, Priority.REPLY))
    waiting.add(call(3, None, Priority.ANSWER))
    assert [each.id for each in waiting.heads()] == [3, 2, 1]


def test_calls_without_a_chat_do_not_wait_for_each_other() -> None:
    waiting = Waiting()
    for number in (1, 2):
        waiting.add(call(number, None, Priority.ANSWER))
    waiting.start(next(waiting.heads()))
    assert [each.id for each in waiting.heads()] == [2]


def test_a_call_that_just_left_does_not_come_back_from_an_old_query() -> None:
    waiting = Waiting()
    waiting.about_to_load()
    waiting.add(call(1, 7))
    only = next(waiting.heads())
    waiting.start(only)
    waiting.done(only)
    waiting.add(call(1, 7))
    assert len(waiting) == 0
    waiting.about_to_load()
    waiting.add(call(1, 7))  # it is to be tried again: the next query brings it
    assert len(waiting) == 1


def test_a_chat_with_many_calls_is_named_full() -> None:
    waiting = Waiting()
    for number in range(CHAT_FULL):
        waiting.add(call(number, 7))
    assert waiting.full_chats() == [7]
