"""Crashes, stops, a database that is away: nothing is lost or sent twice, and no chat stays blocked."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy import text, update
from tests.delivery.delivering import USUAL, Post, most_in_any, post_office, until
from tests.support.running import PAUL

from botyard.db import lease_keeper
from botyard.db.hot import in_one_trip
from botyard.db.leases import LeaseHolder, leases
from botyard.db.session import Database
from botyard.outbox import queue
from botyard.outbox.bell import OutboxBell
from botyard.outbox.models import CallState, OnUnknown
from botyard.outbox.queue import Call
from botyard.sandbox.faults import FaultKind

SENT, UNKNOWN, SENDING = CallState.SENT, CallState.UNKNOWN, CallState.SENDING


async def test_calls_of_a_dead_process_are_settled_at_the_next_start(post: Post) -> None:
    paul = await post.person(PAUL)
    await post.queue(
        post.message(paul, "once at most"),
        post.message(paul, "once at least", on_unknown=OnUnknown.REPEAT),
        Call(post.bot.id, "sendChatAction", {"action": "typing"}, chat_key=paul),
        post.message(paul, "never begun"),
    )
    rows = await post.rows()
    (lease,) = await LeaseHolder(post.database, "dead").take([f"delivery:{post.bot.id}"])
    async with post.database.begin() as connection:
        first = [row.id for row in rows[:3]]
        claimed = await in_one_trip(connection, lambda hot: queue.claim(hot, first, lease))
        await connection.execute(update(leases).values(expires_at=0.0))
    assert len(claimed) == 3
    async with post.delivering():
        at_most, at_least, action, waiting = await post.settled()
    assert (at_most.state, at_most.error_kind) == (UNKNOWN, "interrupted")
    assert at_most.finished_at is not None
    assert [row.state for row in (at_least, action, waiting)] == [SENT, SENT, SENT]
    assert post.texts() == ["once at least", "never begun"]
    assert len(post.journal("sendChatAction")) == 1


async def test_the_late_record_of_a_frozen_process_changes_nothing_of_the_next_ones(post: Post) -> None:
    paul, ana = await post.people([PAUL, 1003])
    for seconds in (0.6, 1.2):
        post.sandbox.faults.add(FaultKind.SLOW, chat_id=PAUL, times=1, seconds=seconds)
    await post.queue(post.message(paul, "receipt", on_unknown=OnUnknown.REPEAT))
    frozen = asyncio.create_task(post.delivery().run())

    async def is_under_way() -> bool:
        return SENDING in await post.states()

    await until(is_under_way)
    async with post.database.begin() as connection:  # its lease has run out, and it does not know
        await connection.execute(update(leases).values(expires_at=0.0))
    async with post.delivering():

        async def is_claimed_anew() -> bool:
            return (await post.rows())[0].fence == 2

        await until(is_claimed_anew)
        await post.received(1)  # the frozen one's call has come to its end
        await asyncio.sleep(0.2)
        (row,) = await post.rows()
        assert (row.state, row.fence) == (SENDING, 2)
        await post.queue(*(post.message(ana, str(number)) for number in range(20)))
        rows = await post.settled()
    frozen.cancel()
    await asyncio.wait([frozen])
    assert {row.state for row in rows} == {SENT}
    assert {row.fence for row in rows} == {2}, "who has lost the lease claims nothing more"
    assert rows[0].attempts == 2
    assert post.texts(1003) == [str(number) for number in range(20)]


async def test_who_may_have_lost_the_bot_sends_nothing_that_he_has_claimed(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await post.people(range(2000, 2010))
    async with post.delivering():
        monkeypatch.setattr(lease_keeper, "LEASE_SECONDS", 0.0)  # as if all that time had passed
        await post.queue(*(post.message(key, str(key)) for key in people))

        async def were_put_off() -> bool:
            return all(row.error_kind == "lease_ran_out" for row in await post.rows())

        await until(were_put_off)
        assert not post.journal(applied=None)
        monkeypatch.undo()
        rows = await post.settled()
    assert {(row.state, row.attempts, row.error_kind) for row in rows} == {(SENT, 1, None)}
    assert len(post.journal()) == 10


async def test_a_stop_at_any_moment_loses_nothing_and_leaves_nothing_unknown(post: Post) -> None:
    people = await post.people(range(2000, 2060))
    await post.queue(*(post.message(key, str(number)) for number in range(15) for key in people))
    stops = 0
    while (before := len(post.journal())) < 700:
        async with post.delivering():
            await post.received(before + 1)
            await asyncio.sleep(0.003 * stops)
        assert set(await post.states()) <= {SENT, CallState.PENDING}, "a stop is no crash"
        stops += 1
    async with post.delivering():
        await post.settled()
    assert stops >= 5
    for user_id in range(2000, 2060):
        assert post.texts(user_id) == [str(number) for number in range(15)]


async def test_a_stop_while_a_call_is_being_claimed_still_sends_it(sqlite_post: Post) -> None:
    post, paul = sqlite_post, await sqlite_post.person(PAUL)
    for number in range(40):
        async with post.delivering():
            await post.queue(post.message(paul, f"before {number}"))
            await post.settled()
            await post.queue(post.message(paul, str(number)))
            await asyncio.sleep(number * 0.0002)  # somewhere in between it is just the claim's commit
        assert SENDING not in await post.states()
    async with post.delivering():
        rows = await post.settled()
    assert {row.state for row in rows} == {SENT}
    assert [text for text in post.texts() if "before" not in text] == [str(number) for number in range(40)]


async def test_a_claim_that_the_database_refuses_is_made_again(post: Post) -> None:
    people = await post.people(range(2000, 2010))
    await _refuse(post.database, "sending")
    async with post.delivering():
        await post.queue(*(post.message(key, str(number)) for number in range(3) for key in people))
        await asyncio.sleep(0.5)
        assert not post.journal()
        await _allow(post.database)
        rows = await post.settled()
    assert {(row.state, row.attempts) for row in rows} == {(SENT, 1)}
    for user_id in range(2000, 2010):
        assert post.texts(user_id) == ["0", "1", "2"]


async def test_an_outcome_is_kept_until_the_database_takes_it(post: Post) -> None:
    paul = await post.person(PAUL)
    post.sandbox.faults.add(FaultKind.SLOW, chat_id=PAUL, times=1, seconds=0.4)
    await post.queue(post.message(paul, "1"), post.message(paul, "2"))
    async with post.delivering():

        async def is_under_way() -> bool:
            return SENDING in await post.states()

        await until(is_under_way)
        await _rename(post.database, "outbox", "gone")
        await post.received(1)
        await asyncio.sleep(0.3)
        await _rename(post.database, "gone", "outbox")
        rows = await post.settled()
    assert {(row.state, row.attempts) for row in rows} == {(SENT, 1)}
    assert post.texts() == ["1", "2"]


@pytest.mark.postgres
async def test_of_two_processes_one_sends_and_the_other_goes_on_when_it_stops(postgres_url: str) -> None:
    first, second = Database(postgres_url), Database(postgres_url)
    async with post_office(first) as post:
        people = await post.people(range(2000, 2150))
        await post.queue(*(post.message(key, str(key)) for key in people))
        bot_lease = f"delivery:{post.bot.id}"
        one = asyncio.create_task(post.delivery(USUAL, name="one").run())
        await post.received(5)
        post.bell, other_bell = OutboxBell(), post.bell
        post.database = second
        other = asyncio.create_task(post.delivery(USUAL, name="other").run())
        other_bell.ring([post.bot.id])
        await post.received(45)
        assert {row.fence for row in await post.rows() if row.fence is not None} == {1}
        one.cancel()
        await asyncio.wait([one])
        await post.received(100)
        other.cancel()
        await asyncio.wait([other])
        async with second.read() as connection:
            holders = await connection.execute(leases.select().where(leases.c.name == bot_lease))
            assert holders.one().fence == 2
        sent = Counter(post.texts())
        states = Counter(row.state for row in await post.rows())
    assert set(sent.values()) == {1}, "nothing twice"
    assert states[UNKNOWN] == 0
    assert states[SENT] == len(sent)
    assert most_in_any(post.times(), 1.0) <= 30
    await first.aclose()
    await second.aclose()


async def _refuse(database: Database, state: str) -> None:
    """Has the database refuse to write this state, as a full disk or a lock would."""
    async with database.begin() as connection:
        if database.is_sqlite:
            await connection.execute(
                text(
                    f"CREATE TRIGGER refuse BEFORE UPDATE ON outbox WHEN NEW.state = '{state}' "
                    "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                )
            )
            return
        await connection.execute(
            text(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = 'refused'; END $$"
            )
        )
        await connection.execute(
            text(
                f"CREATE TRIGGER refuse BEFORE UPDATE ON outbox FOR EACH ROW WHEN (NEW.state = '{state}') "
                "EXECUTE FUNCTION refuse()"
            )
        )


async def _allow(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("DROP TRIGGER refuse" + ("" if database.is_sqlite else " ON outbox")))


async def _rename(database: Database, old: str, new: str) -> None:
    async with database.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))
