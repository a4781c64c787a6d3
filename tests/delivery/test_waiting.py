"""The calls in memory: a chat's in order, one at a time; the most urgent first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.delivery.waiting import CHAT_FULL, CHAT_MOST, ROOM, Waiting
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
    waiting.add(call(1, 7))  # the next query knows better
    assert len(waiting) == 1


def test_a_call_to_be_tried_again_goes_before_those_queued_after_it() -> None:
    waiting = Waiting()
    for number in (1, 2, 3):
        waiting.add(call(number, 7))
    first = next(waiting.heads())
    waiting.start(first)
    waiting.put_back(replace(first, method="again"))
    assert [(each.id, each.method) for each in waiting.heads()] == [(1, "again")]
    waiting.add(call(1, 7))  # a query still shows it
    assert len(waiting) == 3


def test_a_chat_with_many_calls_is_full_only_for_calls_as_little_urgent() -> None:
    waiting = Waiting()
    for number in range(CHAT_FULL):
        waiting.add(call(number, 7, Priority.BROADCAST))
        waiting.add(call(100 + number, 8, Priority.REPLY))
    waiting.add(call(200, 9))
    assert waiting.full_chats() == {Priority.BROADCAST: [7], Priority.REPLY: [8]}


def test_a_chat_never_holds_more_than_it_may_and_tells_when_it_gets_short() -> None:
    waiting = Waiting()
    for number in range(CHAT_MOST + 5):
        waiting.add(call(number, 7))
    assert len(waiting) == CHAT_MOST
    assert waiting.take_short() == set()
    for _ in range(CHAT_MOST - CHAT_FULL + 1):
        head = next(waiting.heads())
        waiting.start(head)
        waiting.done(head)
    assert waiting.take_short() == {Priority.REPLY}
    assert waiting.take_short() == set()


@pytest.mark.parametrize("priority", Priority)
def test_one_priority_that_has_filled_its_room_leaves_that_of_the_others(priority: Priority) -> None:
    waiting = Waiting()
    for number in range(ROOM):
        waiting.add(call(number, number, priority))
    assert waiting.open_priorities() == set(Priority) - {priority}
    head = next(waiting.heads())
    waiting.start(head)
    assert waiting.open_priorities() == set(Priority)


@given(
    st.lists(st.tuples(st.sampled_from(["add", "start", "done", "back"]), st.integers(0, 30)), max_size=80)
)
def test_the_heads_are_always_the_first_of_each_line_of_a_chat_that_rests(
    steps: list[tuple[str, int]],
) -> None:
    waiting, lines, under_way = Waiting(), {}, []
    for step, number in steps:
        known = {each.id for line in [*lines.values(), under_way] for each in line}
        if step == "add" and number not in known:
            new = call(number, number % 4 or None, Priority(number % 3))
            waiting.about_to_load()
            waiting.add(new)
            lines.setdefault((new.chat_key, new.priority), []).append(new)
        elif step == "start" and (heads := list(waiting.heads())):
            chosen = heads[number % len(heads)]
            waiting.start(chosen)
            lines[chosen.chat_key, chosen.priority].remove(chosen)
            under_way.append(chosen)
        elif step in ("done", "back") and under_way:
            ended = under_way.pop(number % len(under_way))
            if step == "back":
                waiting.put_back(ended)
                lines[ended.chat_key, ended.priority].append(ended)
            else:
                waiting.done(ended)
        busy = {each.chat_key for each in under_way} - {None}
        expected = [
            each
            for (chat, _), line in lines.items()
            if chat not in busy
            for each in (sorted(line, key=lambda one: one.id)[: 1 if chat else None])
        ]
        assert list(waiting.heads()) == sorted(expected, key=lambda one: (one.priority, one.id))
