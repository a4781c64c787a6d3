"""Updates that break their handler: each becomes a dead letter in the end, and everybody else is served."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from tests.faults.judging import Evidence, Number, Offered, gather, judge
from tests.faults.loads import CHATS, drained, introduce, offer, say
from tests.faults.processes import TOP, Installation, Replica, installation

from botyard.db.session import Database
from botyard.routing.worker import MOST_TRIES, WRITER_SECONDS

POISONED = CHATS[0]
HANDLER_SECONDS = 2.0


async def poisoned(house: Installation, offered: Offered, database: Database, how: str) -> Number:
    """Everybody talks, one says a poisonous thing and goes on talking; waits for the end of all."""
    chance = Random(5)
    await introduce(house)
    await offer(house, offered, chance, count=500, rate=200)
    await say(house, offered.message(POISONED, "count"))
    bad = (POISONED, len(offered.by_chat[POISONED]) + 1)
    await say(house, offered.message(POISONED, "poison", how))
    await say(house, offered.message(POISONED, "count"))
    await offer(house, offered, chance, count=2000, rate=200)
    await drained(house, database)
    return bad


async def replayed(
    house: Installation,
    offered: Offered,
    database: Database,
    found: Evidence,
    bad: Number,
    unknown: frozenset[Number] | set[Number] = frozenset(),
) -> None:
    """The cause is mended, an operator replays the dead letter: it is handled, once, and so is all else."""
    (house.replicas[0].folder / "cure").touch()
    replica = house.replicas[0]
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "botyard", "replay", str(found.update_ids[bad])],
        cwd=replica.folder / replica.name,
        env=replica.environment | {"PYTHONPATH": f"{TOP / 'src'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    await drained(house, database)
    again = await gather(house.telegram, database)
    assert again.rows.count(bad) == 1
    assert again.replied[bad] == 1
    # It came late: only its own place in the chat is another.
    again.rows.remove(bad)
    again.replies = [each for each in again.replies if each[0] != bad]
    offered.by_chat[bad[0]].remove(bad[1])
    del again.offered_at[bad], again.inbox[bad]
    again.accepted.remove(bad)
    offered.counted.remove(bad)
    assert judge(offered, again) == unknown


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("how", "error"), [("raise", "RuntimeError: poison"), ("hang", "TimeoutError"), ("hold", "TimeoutError")]
)
async def test_a_handler_that_raises_or_hangs(
    counting: Database,
    database_url: str,
    tmp_path: Path,
    figures: Callable[[str], None],
    how: str,
    error: str,
) -> None:
    offered = Offered()
    async with installation(database_url, tmp_path, Random(5), handler_seconds=HANDLER_SECONDS) as house:
        bad = await poisoned(house, offered, counting, how)
        found = await gather(house.telegram, counting)
        assert judge(offered, found, dead=frozenset({bad})) == set()
        letter = found.inbox[bad][0]
        assert letter.attempts == MOST_TRIES
        assert error in (letter.error or "")
        # the lane went on after the last try, and the others did not wait for that
        after = (bad[0], bad[1] + 1)
        keeps_the_only_writer = how == "hold" and counting.is_sqlite
        each = 0 if how == "raise" else WRITER_SECONDS if keeps_the_only_writer else HANDLER_SECONDS
        least = 1 + 2 + 4 + 8 + MOST_TRIES * each
        waited = found.latencies()[after]
        assert waited >= least
        meanwhile = [
            number for number, at in found.replies if at < found.offered_at[after] + timedelta(seconds=waited)
        ]
        figures(f"the lane went on after {waited:.1f} s; {len(meanwhile)} replies to others meanwhile")
        assert len(meanwhile) > 500
        await replayed(house, offered, counting, found, bad)


@pytest.mark.faults
@pytest.mark.timeout(900)
async def test_a_handler_that_kills_its_process(
    counting: Database, database_url: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    offered = Offered()
    async with installation(database_url, tmp_path, Random(6)) as house:
        keeper = asyncio.create_task(_kept_alive(house.replicas[0]))
        try:
            bad = await poisoned(house, offered, counting, "kill")
        finally:
            keeper.cancel()
        found = await gather(house.telegram, counting)
        unknown = judge(offered, found, dead=frozenset({bad}))
        assert "the process died" in (found.inbox[bad][0].error or "")
        kills = house.replicas[0].starts - 1
        figures(f"it killed {kills} times; {len(unknown)} replies of others unknown")
        assert kills == 1 + MOST_TRIES, "before the first there was no suspicion"
        await replayed(house, offered, counting, found, bad, unknown)


async def _kept_alive(replica: Replica) -> None:
    """Starts it again whenever it has died, as systemd or Docker would."""
    while True:
        if not replica.is_alive:  # it may die again before it ever answers
            replica.start()
        await asyncio.sleep(0.05)
