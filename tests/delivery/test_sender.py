"""The sender: what each of Telegram's answers does to the call, to its chat and to everything else."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from tests.delivery.delivering import Post, listening, until
from tests.support.running import PAUL, _served, running

from botyard.delivery import policy
from botyard.delivery.pacer import Rates
from botyard.ids import ChatId
from botyard.members import chats
from botyard.members.models import BotChat, Chat
from botyard.outbox.models import CallState, OnUnknown, Priority, outbox
from botyard.outbox.queue import Call
from botyard.sandbox.faults import FaultKind
from botyard.sandbox.membership import block
from botyard.sandbox.migration import migrate
from botyard.sandbox.state import CallbackQuery, ChatType

GROUP, SUPERGROUP = -5001, -1005001


async def test_a_message_is_delivered_and_its_number_is_kept(post: Post) -> None:
    paul = await post.person(PAUL)
    await post.queue(post.message(paul, "Hello"))
    async with post.delivering():
        (row,) = await post.settled()
    (call,) = post.journal()
    assert (call.params, call.status) == ({"chat_id": PAUL, "text": "Hello"}, 200)
    assert (row.state, row.attempts, row.error_kind) == (CallState.SENT, 1, None)
    assert call.answer is not None
    assert row.message_id == call.answer["result"]["message_id"]
    assert row.finished_at >= row.created_at


async def test_a_429_for_a_chat_pauses_that_chat_exactly_and_no_other(post: Post) -> None:
    paul, ana = await post.people([PAUL, 1003])
    post.sandbox.faults.add(FaultKind.RETRY_AFTER, chat_id=PAUL, times=1, retry_after=1)
    await post.queue(post.message(paul, "first"), post.message(paul, "second"))
    async with post.delivering():

        async def refused() -> bool:
            return bool(post.journal(applied=False))

        await until(refused)
        await post.queue(*(post.message(ana, str(number)) for number in range(20)))
        await post.queue(post.message(paul, "urgent", priority=Priority.ANSWER))
        rows = await post.settled()
    (refusal,) = post.journal(applied=False)
    assert post.texts(PAUL) == ["urgent", "first", "second"]
    waited = (post.times(PAUL)[0] - refusal.time).total_seconds()
    assert 1.0 <= waited < 1.3
    assert len(post.times(1003)) == 20
    assert max(post.times(1003)) < post.times(PAUL)[0]
    assert {row.attempts for row in rows} == {1}  # a 429 is no failure of the call


async def test_a_429_without_a_chat_pauses_the_bot(sqlite_post: Post) -> None:
    post = sqlite_post
    paul = await post.person(PAUL)
    post.sandbox.faults.add(FaultKind.RETRY_AFTER, method="setMyCommands", times=1, retry_after=1)
    await post.queue(Call(post.bot.id, "setMyCommands", {"commands": []}))
    async with post.delivering():

        async def refused() -> bool:
            return bool(post.journal("setMyCommands", applied=False))

        await until(refused)
        await post.queue(post.message(paul, "later"))
        rows = await post.settled()
    (refusal,) = post.journal("setMyCommands", applied=False)
    assert {row.state for row in rows} == {CallState.SENT}
    for time in (post.times(PAUL)[0], post.journal("setMyCommands")[0].time):
        assert 1.0 <= (time - refusal.time).total_seconds() < 1.3


async def test_a_403_is_final_and_marks_the_chat(post: Post) -> None:
    paul, ana = await post.people([PAUL, 1003])
    world = post.sandbox.world
    block(world, world.bots[post.bot.id], world.users[PAUL], blocked=True)
    group = await post.group(GROUP)
    world.chats[GROUP].members.clear()
    await post.queue(post.message(paul, "1"), post.message(group, "2"), post.message(ana, "3"))
    async with post.delivering():
        rows = await post.settled()
    assert [row.state for row in rows] == [CallState.FAILED, CallState.FAILED, CallState.SENT]
    assert [row.attempts for row in rows] == [1, 1, 1]
    assert [row.error_kind for row in rows] == ["forbidden", "forbidden", None]
    assert len(post.journal(applied=False)) == 2
    status, reachable, reason = await post.bot_chat(paul)
    assert (status, reachable) == ("blocked", False)
    assert "bot was blocked by the user" in reason
    status, reachable, reason = await post.bot_chat(group)
    assert (status, reachable) == ("kicked", False)
    assert "not a member" in reason
    assert await post.bot_chat(ana) is None


async def test_who_lets_the_bot_in_again_is_reachable_again(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as house:
        await house.ask(PAUL, "/start")
        house.sandbox.faults.add(FaultKind.FORBIDDEN, method="sendMessage", times=1)
        await house.say(PAUL, "/help")

        async def reachable() -> bool | None:
            async with house.database.read() as connection:
                statement = select(BotChat.reachable).join(Chat, Chat.id == BotChat.chat_key)
                return await connection.scalar(statement.where(Chat.telegram_id == PAUL))

        async def is_marked() -> bool:
            return await reachable() is False

        async def is_back() -> bool:
            return await reachable() is True

        await house.until(is_marked)
        await house.control("POST", "blocks", bot="shop", user_id=PAUL, blocked=True)
        await house.control("POST", "blocks", bot="shop", user_id=PAUL, blocked=False)
        await house.until(is_back)


async def test_a_400_is_final_with_telegrams_own_words(post: Post) -> None:
    paul = await post.person(PAUL)
    params = {"text": "to what?", "reply_parameters": {"message_id": 99}}
    broken = Call(post.bot.id, "sendMessage", params, chat_key=paul)
    await post.queue(broken, post.message(paul, "fine"))
    async with post.delivering():
        failed, fine = await post.settled()
    assert (failed.state, failed.attempts, failed.error_kind) == (CallState.FAILED, 1, "bad_request")
    (refusal,) = post.journal(applied=False)
    assert refusal.answer is not None
    assert refusal.answer["description"] in failed.error
    assert fine.state is CallState.SENT


async def test_what_telegram_would_refuse_for_its_text_is_never_sent(post: Post) -> None:
    paul = await post.person(PAUL)
    broken = Call(post.bot.id, "sendMessage", {"text": "<b>", "parse_mode": "HTML"}, chat_key=paul)
    await post.queue(broken, post.message(paul, "a" * 4097), post.message(paul, "fine"))
    async with post.delivering():
        *refused, fine = sorted(await post.settled(), key=lambda row: row.state is CallState.SENT)
    assert {(row.state, row.attempts, row.error_kind) for row in refused} == {
        (CallState.FAILED, 0, "unsendable")
    }
    assert all(row.finished_at == row.created_at for row in refused)
    assert "<b> is never closed" in refused[0].error
    assert "4097 characters" in refused[1].error
    assert fine.state is CallState.SENT
    assert len(post.journal(applied=None)) == 1


async def test_a_migrated_group_gets_each_message_once_at_its_new_id(post: Post) -> None:
    group = await post.group(GROUP)
    await post.queue(*(post.message(group, str(number)) for number in range(12)))
    migrate(post.sandbox.world, GROUP, SUPERGROUP)
    async with post.delivering():
        await post.settled()
        await post.queue(post.message(group, "later"))
        rows = await post.settled()
    assert {row.state for row in rows} == {CallState.SENT}
    assert post.texts(SUPERGROUP) == [*map(str, range(12)), "later"]
    assert len(post.journal(applied=False)) == 1, "one call learns it for all"
    async with post.database.read() as connection:
        found = await connection.execute(select(Chat.id, Chat.telegram_id, Chat.type))
        assert found.all() == [(group, SUPERGROUP, "supergroup")]


async def test_a_group_that_an_update_has_moved_is_found_again(post: Post) -> None:
    group = await post.group(GROUP)
    await post.queue(post.message(group, "before"))
    async with post.delivering():
        await post.settled()
        migrate(post.sandbox.world, GROUP, SUPERGROUP)
        async with post.database.begin() as connection:
            await chats.move_chat(connection, ChatId(GROUP), ChatId(SUPERGROUP))
        await post.queue(post.message(group, "after"))
        await post.settled()
    assert post.texts() == ["before", "after"]
    assert post.journal()[-1].params["chat_id"] == SUPERGROUP


async def test_a_5xx_is_tried_again_after_a_while(sqlite_post: Post) -> None:
    post = sqlite_post
    paul = await post.person(PAUL)
    post.sandbox.faults.add(FaultKind.SERVER_ERROR, chat_id=PAUL, times=1)
    await post.queue(*(post.message(paul, str(number)) for number in range(3)))
    async with post.delivering():
        rows = await post.settled()
    assert post.texts() == ["0", "1", "2"]
    assert [row.attempts for row in rows] == [2, 1, 1]
    (refusal,) = post.journal(applied=False)
    assert 0.5 <= (post.times()[0] - refusal.time).total_seconds() < 1.3


async def test_an_unknown_outcome_is_recorded_and_not_repeated(post: Post) -> None:
    paul = await post.person(PAUL)
    post.sandbox.faults.add(FaultKind.RESET_AFTER, chat_id=PAUL, times=1)
    await post.queue(post.message(paul, "once"), post.message(paul, "next"))
    async with post.delivering():
        unknown, sent = await post.settled()
    assert post.texts() == ["once", "next"]
    assert (unknown.state, unknown.error_kind, unknown.attempts) == (CallState.UNKNOWN, "unknown", 1)
    assert sent.state is CallState.SENT


async def test_what_may_be_repeated_is_repeated_after_an_unknown_outcome(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "FIRST_BACKOFF", 0.01)
    paul = await post.person(PAUL)
    world = post.sandbox.world
    await post.queue(post.message(paul, "draft"))
    async with post.delivering():
        (draft,) = await post.settled()
        world.callbacks["77"] = CallbackQuery("77", world.bots[post.bot.id], world.users[PAUL], 1e12)
        for method in ("sendMessage", "editMessageText", "answerCallbackQuery"):
            post.sandbox.faults.add(FaultKind.RESET_AFTER, method=method, times=1)
        edit = {"message_id": draft.message_id, "text": "final"}
        await post.queue(
            Call(post.bot.id, "editMessageText", edit, chat_key=paul),
            Call(post.bot.id, "answerCallbackQuery", {"callback_query_id": "77"}, priority=Priority.ANSWER),
            post.message(paul, "receipt", on_unknown=OnUnknown.REPEAT),
        )
        _, edited, answered, receipt = await post.settled()
    assert post.texts() == ["draft", "receipt", "receipt"]
    assert (receipt.state, receipt.attempts) == (CallState.SENT, 2)
    edits = post.journal("editMessageText", applied=None)
    assert [call.status for call in edits] == [0, 400]
    assert (edited.state, edited.attempts) == (CallState.SENT, 2), "'not modified' says that it is there"
    assert len(post.journal("answerCallbackQuery", applied=None)) == 2
    assert answered.attempts == 2


async def test_an_answer_whose_deadline_has_passed_is_never_sent(post: Post) -> None:
    paul = await post.person(PAUL)
    now = post.clock.now()
    await post.queue(
        post.message(paul, "too late", expires_at=now - timedelta(seconds=1)),
        post.message(paul, "in time", expires_at=now + timedelta(minutes=1)),
        Call(post.bot.id, "answerCallbackQuery", {"callback_query_id": "1"}, expires_at=now),
    )
    async with post.delivering(Rates(1, 0, 0)):
        late, in_time, answer = await post.settled(seconds=0.9)  # what expires takes no place in the limits
    assert (late.state, late.attempts) == (CallState.EXPIRED, 0)
    assert late.finished_at is not None
    assert in_time.state is CallState.SENT
    assert answer.state is CallState.EXPIRED
    assert post.texts() == ["in time"]
    assert not post.journal("answerCallbackQuery", applied=None)


async def test_a_deadline_that_passes_while_the_bot_has_to_wait(sqlite_post: Post) -> None:
    post, paul = sqlite_post, await sqlite_post.person(PAUL)
    post.sandbox.faults.add(FaultKind.RETRY_AFTER, chat_id=PAUL, times=1, retry_after=1)
    soon = post.clock.now() + timedelta(seconds=0.4)
    await post.queue(post.message(paul, "late", expires_at=soon), post.message(paul, "after it"))
    async with post.delivering():
        late, after_it = await post.settled()
    assert (late.state, after_it.state) == (CallState.EXPIRED, CallState.SENT)
    assert post.texts() == ["after it"]


async def test_a_call_that_is_not_due_waits_and_holds_nobody_up(sqlite_post: Post) -> None:
    post = sqlite_post
    paul = await post.person(PAUL)
    later = post.clock.now() + timedelta(seconds=0.6)
    await post.queue(post.message(paul, "at its time", not_before=later), post.message(paul, "now"))
    async with post.delivering():
        await post.settled()
    assert post.texts() == ["now", "at its time"]
    assert later <= post.times()[1] < later + timedelta(seconds=0.5)


async def test_nothing_is_lost_while_telegram_is_out_of_reach(post: Post) -> None:
    people = await post.people(range(2000, 2020))
    await post.queue(*(post.message(key, str(number)) for number in range(3) for key in people))
    listener = listening()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    async with post.delivering(base_url=address):

        async def has_tried() -> bool:
            return any(row.error_kind == "not_sent" for row in await post.rows())

        await until(has_tried)
        await asyncio.sleep(0.7)
        assert set(await post.states()) <= {CallState.PENDING, CallState.SENDING}
        async with _served(post.sandbox.app, listening(int(address.rpartition(":")[2]))):
            rows = await post.settled()
    assert {(row.state, row.attempts) for row in rows} == {(CallState.SENT, 1)}
    for user_id in range(2000, 2020):
        assert post.texts(user_id) == ["0", "1", "2"]


async def test_a_call_that_cannot_even_be_made_holds_nobody_up(sqlite_post: Post) -> None:
    post = sqlite_post
    paul = await post.person(PAUL)
    await post.queue(Call(post.bot.id, "send/Message", {}, chat_key=paul), post.message(paul, "next"))
    async with post.delivering():
        broken, fine = await post.settled()
    assert (broken.state, broken.error_kind) == (CallState.UNKNOWN, "internal")
    assert fine.state is CallState.SENT


async def test_a_cancelled_call_is_not_sent_though_it_is_in_memory(post: Post) -> None:
    paul = await post.person(PAUL)
    post.sandbox.faults.add(FaultKind.SLOW, chat_id=PAUL, times=1, seconds=0.5)
    await post.queue(post.message(paul, "1"), post.message(paul, "2"), post.message(paul, "3"))
    async with post.delivering():
        await asyncio.sleep(0.2)
        async with post.database.begin() as connection:
            row_of_2 = (await post.rows())[1].id
            await connection.execute(
                update(outbox).where(outbox.c.id == row_of_2).values(state=CallState.FAILED)
            )
        await post.settled()
    assert post.texts() == ["1", "3"]


async def test_groups_are_known_as_groups_from_the_first_message_on(sqlite_post: Post) -> None:
    post = sqlite_post
    group = await post.group(SUPERGROUP, ChatType.SUPERGROUP)
    await post.queue(*(post.message(group, str(number)) for number in range(5)))
    async with post.delivering(Rates(0, 0, 3)):
        await post.received(3)
        await asyncio.sleep(0.3)
    assert len(post.texts()) == 3
