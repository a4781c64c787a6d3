"""The outbox's queue: in the caller's transaction, claimed by one, recorded under a fence."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select, update

from botyard.clock import ManualClock
from botyard.db.hot import in_one_trip
from botyard.db.leases import Lease, LeaseHolder, leases
from botyard.db.session import Database
from botyard.ids import BotId, BotToken, ChatKey, OutboxId
from botyard.members.models import Chat
from botyard.outbox import lately, queue
from botyard.outbox.models import CallState, OnUnknown, Priority, outbox
from botyard.outbox.queue import Call, ClaimedCall, Outcome, WaitingCall
from botyard.telegram.bots import enrol

BOT, OTHER_BOT = BotId(7000000001), BotId(7000000002)
PAUL, ANA = ChatKey(1), ChatKey(2)
LEASE = f"delivery:{BOT}"
PENDING, SENDING, SENT, UNKNOWN = CallState.PENDING, CallState.SENDING, CallState.SENT, CallState.UNKNOWN


@pytest.fixture(autouse=True)
async def bots_and_chats(database: Database, clock: ManualClock) -> None:
    async with database.begin() as connection:
        tokens = {"shop": BotToken(f"{BOT}:sandbox-shop"), "news": BotToken(f"{OTHER_BOT}:sandbox-news")}
        await enrol(connection, tokens, clock.now())
        chats = [{"id": key, "telegram_id": 1000 + key, "type": "private"} for key in (PAUL, ANA)]
        await connection.execute(insert(Chat), [chat | {"created_at": clock.now()} for chat in chats])


@pytest.fixture
async def lease(database: Database) -> Lease:
    (taken,) = await LeaseHolder(database, "sender").take([LEASE])
    return taken


def message(text: str = "Hello", chat: ChatKey | None = PAUL, **details: Any) -> Call:
    return Call(BOT, "sendMessage", {"text": text}, chat_key=chat, **details)


async def add(database: Database, clock: ManualClock, *calls: Call) -> list[OutboxId]:
    async with database.begin() as connection:
        await queue.add(connection, calls, clock.now())
        rows = await connection.execute(select(outbox.c.id).order_by(outbox.c.id))
        return [row.id for row in rows][-len(calls) :]


async def claim(database: Database, ids: list[OutboxId], lease: Lease) -> list[ClaimedCall]:
    return await database.write_batch(lambda hot: queue.claim(hot, ids, lease))


async def load(
    database: Database,
    clock: ManualClock,
    *,
    priorities: set[Priority] = frozenset(Priority),
    known: set[OutboxId] = frozenset(),
    full: dict[Priority, list[ChatKey]] | None = None,
    most: int = 100,
) -> list[WaitingCall]:
    return await database.read_batch(
        lambda hot: queue.load_waiting(
            hot, BOT, clock.now(), priorities=priorities, known=known, full_chats=full or {}, most=most
        )
    )


async def rows(database: Database) -> list[Any]:
    async with database.read() as connection:
        return list(await connection.execute(select(outbox).order_by(outbox.c.id)))


# adding


async def test_calls_are_part_of_the_callers_transaction(database: Database, clock: ManualClock) -> None:
    async def work_that_fails() -> None:
        async with database.begin() as connection:
            await queue.add(connection, [message()], clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work_that_fails()
    assert await rows(database) == []
    async with database.begin() as connection:
        await queue.add(connection, [], clock.now())
        await queue.add(connection, [message("a"), message("b")], clock.now())
        async with database.read() as other:
            assert (await other.execute(select(outbox.c.id))).all() == []
    assert [msgspec.json.decode(row.params) for row in await rows(database)] == [{"text": "a"}, {"text": "b"}]


async def test_a_call_is_kept_as_it_was_asked_for(database: Database, clock: ManualClock) -> None:
    soon = clock.now() + timedelta(seconds=5)
    call = message(
        priority=Priority.BROADCAST, on_unknown=OnUnknown.REPEAT, not_before=clock.now(), expires_at=soon
    )
    await add(database, clock, call)
    (row,) = await rows(database)
    assert (row.bot_id, row.chat_key, row.method) == (BOT, PAUL, "sendMessage")
    assert (row.priority, row.on_unknown, row.state) == (Priority.BROADCAST, OnUnknown.REPEAT, PENDING)
    assert (row.not_before, row.expires_at, row.created_at) == (clock.now(), soon, clock.now())
    assert (row.attempts, row.fence, row.finished_at) == (0, None, None)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("NUL \0 inside", "NUL \0 inside"),
        ("half \ud83d of a pair", "half � of a pair"),
        ("the other \ude00 half, and 😀 whole", "the other � half, and 😀 whole"),
        ("\ud83d\0 both", "� both"),
    ],
)
async def test_no_text_breaks_the_queue(
    database: Database, clock: ManualClock, lease: Lease, text: str, kept: str
) -> None:
    nested = Call(BOT, "sendMessage", {"text": text, "reply_markup": {"buttons": [text]}}, chat_key=PAUL)
    ids = await add(database, clock, message("before"), nested, message("after"))
    claimed = await claim(database, ids, lease)
    texts = [msgspec.json.decode(each.params)["text"] for each in claimed]
    assert texts == ["before", kept, "after"]


# loading


async def test_calls_are_loaded_by_priority_and_age(database: Database, clock: ManualClock) -> None:
    bulk, reply, answer, reply_2 = await add(
        database,
        clock,
        message(priority=Priority.BROADCAST),
        message(),
        Call(BOT, "answerCallbackQuery", {}, priority=Priority.ANSWER),
        message(chat=ANA),
    )
    await add(database, clock, Call(OTHER_BOT, "getMe", {}))
    loaded = await load(database, clock)
    assert [call.id for call in loaded] == [answer, reply, reply_2, bulk]
    assert [call.chat_key for call in loaded] == [None, PAUL, ANA, PAUL]
    assert [call.id for call in await load(database, clock, most=2)] == [answer, reply]
    urgent = await load(database, clock, priorities={Priority.ANSWER, Priority.BROADCAST})
    assert [call.id for call in urgent] == [answer, bulk]


async def test_what_is_known_is_left_out_and_does_not_shorten_the_rest(
    database: Database, clock: ManualClock
) -> None:
    ids = await add(database, clock, *(message(str(number)) for number in range(10)))
    loaded = await load(database, clock, known=set(ids[:6]), most=3)
    assert [call.id for call in loaded] == ids[6:9]


async def test_a_chat_that_has_enough_is_left_out_for_that_priority_alone(
    database: Database, clock: ManualClock
) -> None:
    _, paul_reply, ana_bulk, nobody = await add(
        database,
        clock,
        message(priority=Priority.BROADCAST),
        message(),
        message(chat=ANA, priority=Priority.BROADCAST),
        Call(BOT, "setMyCommands", {}, priority=Priority.BROADCAST),
    )
    loaded = await load(database, clock, full={Priority.BROADCAST: [PAUL]})
    assert [call.id for call in loaded] == [paul_reply, ana_bulk, nobody]


async def test_calls_that_are_not_due_are_left_out_unless_others_wait_behind_them(
    database: Database, clock: ManualClock
) -> None:
    later = clock.now() + timedelta(seconds=10)
    scheduled, retried, due = await add(
        database, clock, message(not_before=later), message(not_before=later), message(not_before=clock.now())
    )
    async with database.begin() as connection:
        await connection.execute(update(outbox).where(outbox.c.id == retried).values(attempts=1))
    assert [call.id for call in await load(database, clock)] == [retried, due]
    clock.advance(10)
    assert [call.id for call in await load(database, clock)] == [scheduled, retried, due]


async def test_only_what_waits_is_loaded(database: Database, clock: ManualClock) -> None:
    ids = await add(database, clock, *(message() for _ in CallState))
    async with database.begin() as connection:
        for number, state in zip(ids, CallState, strict=True):
            await connection.execute(update(outbox).where(outbox.c.id == number).values(state=state))
    assert [call.id for call in await load(database, clock)] == [ids[list(CallState).index(PENDING)]]


# claiming


async def test_of_ten_claims_at_once_each_call_belongs_to_one(database: Database, clock: ManualClock) -> None:
    names = [f"delivery:{number}" for number in range(10)]
    holders = await LeaseHolder(database, "many").take(names)
    ids = await add(database, clock, *(message(str(number)) for number in range(30)))
    async with database.begin() as connection:  # fences that differ, as those of ten senders in a row would
        for number, name in enumerate(names):
            await connection.execute(update(leases).where(leases.c.name == name).values(fence=number + 1))
    senders = [Lease(lease.name, number + 1) for number, lease in enumerate(holders)]
    claims = await asyncio.gather(*(claim(database, ids, sender) for sender in senders))
    claimed = [each.id for got in claims for each in got]
    assert sorted(claimed) == ids
    fences = {row.id: row.fence for row in await rows(database)}
    for sender, got in zip(senders, claims, strict=True):
        assert {fences[each.id] for each in got} <= {sender.fence}


async def test_a_claim_answers_what_is_needed_to_send(
    database: Database, clock: ManualClock, lease: Lease
) -> None:
    ids = await add(database, clock, message("a"), message("b", on_unknown=OnUnknown.REPEAT))
    first, second = await claim(database, [ids[1], ids[0]], lease)
    assert (first.id, first.params, first.attempts) == (ids[0], b'{"text":"a"}', 0)
    assert (first.on_unknown, second.on_unknown) == (OnUnknown.LEAVE, OnUnknown.REPEAT)
    assert first.created_at == clock.now()
    assert {(row.state, row.fence) for row in await rows(database)} == {(SENDING, lease.fence)}


async def test_who_lost_the_lease_claims_nothing(
    database: Database, clock: ManualClock, lease: Lease
) -> None:
    ids = await add(database, clock, message(), message())
    assert len(await claim(database, ids[:1], lease)) == 1
    async with database.begin() as connection:
        await connection.execute(update(leases).values(expires_at=0.0))
    (newer,) = await LeaseHolder(database, "next").take([LEASE])
    assert await claim(database, ids, lease) == []
    assert [each.id for each in await claim(database, ids, newer)] == ids[1:], "the first is under way"


async def test_a_claim_whose_commit_was_cut_off_can_be_made_again(
    database: Database, clock: ManualClock, lease: Lease
) -> None:
    ids = await add(database, clock, message())
    await claim(database, ids, lease)
    assert [each.id for each in await claim(database, ids, lease)] == ids


# recording


async def test_outcomes_are_written_down(database: Database, clock: ManualClock, lease: Lease) -> None:
    ids = await add(database, clock, message(), message(), message())
    await claim(database, ids, lease)
    later = clock.now() + timedelta(seconds=7)
    async with database.begin() as connection:
        await in_one_trip(connection, lambda hot: queue.record(hot, [], fence=lease.fence))
        outcomes = [
            Outcome(ids[0], SENT, 1, clock.now(), message_ids=(55,)),
            Outcome(ids[1], PENDING, 2, clock.now(), not_before=later, error_kind="server", error="500"),
            Outcome(ids[2], CallState.FAILED, 1, clock.now(), error_kind="forbidden", error="blocked"),
        ]
        await in_one_trip(connection, lambda hot: queue.record(hot, outcomes, fence=lease.fence))
    sent, again, failed = await rows(database)
    assert (sent.state, sent.attempts, sent.message_id, sent.finished_at) == (SENT, 1, 55, clock.now())
    assert (again.state, again.attempts, again.not_before) == (PENDING, 2, later)
    assert (again.finished_at, again.error_kind, again.error) == (None, "server", "500")
    assert (failed.state, failed.finished_at, failed.error) == (CallState.FAILED, clock.now(), "blocked")


async def test_whoever_queued_calls_learns_their_fate_by_the_receipt(
    database: Database, clock: ManualClock, lease: Lease
) -> None:
    ids = await add(
        database, clock, *(message(receipt="post:1") for _ in range(3)), message(receipt="post:2"), message()
    )
    await claim(database, ids, lease)
    outcomes = [
        Outcome(ids[0], SENT, 1, clock.now(), message_ids=(55,)),
        Outcome(ids[1], SENT, 1, clock.now(), message_ids=(56, 57, 58)),
    ]
    await database.write_batch(lambda hot: queue.record(hot, outcomes, fence=lease.fence))
    async with database.read() as connection:
        fates = await queue.fates(connection, "post:1")
        assert await queue.fates(connection, "post:3") == []
    assert [(fate.id, fate.state, fate.message_ids) for fate in fates] == [
        (ids[0], SENT, (55,)),
        (ids[1], SENT, (56, 57, 58)),
        (ids[2], SENDING, ()),
    ]
    assert [fate.is_open for fate in fates] == [False, False, True]


async def test_a_record_with_a_stale_fence_changes_nothing(
    database: Database, clock: ManualClock, lease: Lease
) -> None:
    ids = await add(database, clock, message(), message())
    await claim(database, ids[:1], lease)
    before = await rows(database)
    for number in ids:  # one is claimed under another fence, the other by nobody
        stale = Outcome(number, SENT, 1, clock.now())
        await database.write_batch(lambda hot, stale=stale: queue.record(hot, [stale], fence=lease.fence - 1))
    assert await rows(database) == before


async def test_a_call_expires_only_while_it_waits(
    database: Database, clock: ManualClock, lease: Lease
) -> None:
    ids = await add(database, clock, message(), message())
    await claim(database, ids[:1], lease)
    async with database.begin() as connection:
        await queue.expire(connection, ids, clock.now())
    assert [row.state for row in await rows(database)] == [SENDING, CallState.EXPIRED]


# settling and counting


async def test_interrupted_calls_are_repeated_or_unknown(
    database: Database, clock: ManualClock, lease: Lease
) -> None:
    ids = await add(
        database,
        clock,
        message("at most once"),
        message("at least once", on_unknown=OnUnknown.REPEAT),
        Call(BOT, "editMessageText", {}, chat_key=PAUL),
        message("waits"),
    )
    await claim(database, ids[:3], lease)
    (foreign,) = await add(database, clock, Call(OTHER_BOT, "sendMessage", {}, chat_key=PAUL))
    async with database.begin() as connection:
        await connection.execute(update(outbox).where(outbox.c.id == foreign).values(state=SENDING))
        assert await queue.settle_interrupted(connection, BOT, {"editMessageText"}, clock.now()) == 1
        assert await queue.settle_interrupted(connection, BOT, {"editMessageText"}, clock.now()) == 0
    at_most, at_least, edit, waits, others = await rows(database)
    assert (at_most.state, at_most.error_kind, at_most.finished_at) == (UNKNOWN, "interrupted", clock.now())
    assert [(row.state, row.attempts) for row in (at_least, edit)] == [(PENDING, 1)] * 2
    assert (waits.state, waits.attempts) == (PENDING, 0)
    assert others.state is SENDING


async def test_what_was_sent_of_late_is_known(database: Database, clock: ManualClock, lease: Lease) -> None:
    ids = await add(database, clock, *(message(chat=chat) for chat in (PAUL, PAUL, ANA, ANA)))
    await claim(database, ids, lease)
    for number, state in zip(ids, (SENT, SENT, SENT, CallState.FAILED), strict=True):
        clock.advance(20)
        outcome = Outcome(number, state, 1, clock.now())
        await database.write_batch(
            lambda hot, outcome=outcome: queue.record(hot, [outcome], fence=lease.fence)
        )
    since = clock.now() - timedelta(seconds=50)
    async with database.read() as connection:
        sent = await lately.sent_since(connection, BOT, since)
        assert await lately.sent_since(connection, OTHER_BOT, since) == []
    assert [(call.chat_key, call.method) for call in sent] == [(PAUL, "sendMessage"), (ANA, "sendMessage")]
    assert [clock.now() - call.at for call in sent] == [timedelta(seconds=40), timedelta(seconds=20)]


async def test_what_waits_is_counted_by_bot_and_priority(
    database: Database, clock: ManualClock, lease: Lease
) -> None:
    ids = await add(
        database,
        clock,
        message(),
        message(),
        message(priority=Priority.BROADCAST),
        Call(OTHER_BOT, "getMe", {}, priority=Priority.ANSWER),
    )
    await claim(database, ids[:1], lease)
    async with database.read() as connection:
        counts = await queue.count_pending(connection)
    assert counts == {
        (BOT, Priority.REPLY): 1,
        (BOT, Priority.BROADCAST): 1,
        (OTHER_BOT, Priority.ANSWER): 1,
    }
