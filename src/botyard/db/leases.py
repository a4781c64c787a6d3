"""Leases: who may work on what, until when, and with which fencing number.

A lease is a row. Its fence grows with each change of hands, so that the late write of a holder
who was frozen past the end of his lease can be told from one of the present holder's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    String,
    Table,
    delete,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.db.hot import HotConnection, HotStatement
from botyard.db.session import Database
from botyard.db.statements import insert_new
from botyard.db.types import DatabaseSeconds, metadata

LEASE_SECONDS = 8.0
RENEW_SECONDS = 2.0
"""How often leases are renewed, and those that ran out are looked for: a dead process's work waits for ten
seconds at most."""

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", Double, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A right to work on `name`, valid as long as its fence is the row's.

    `after_crash`: the holder before did not give it back, so work of his may lie about half done.
    """

    name: str
    fence: int
    after_crash: bool = field(default=False, compare=False)

    @property
    def number(self) -> int:
        """What the lease is for, where its name ends in a number: a bot's id, a slot."""
        return int(self.name.rpartition(":")[2])


class LeaseHolder:
    """One process's hand on the leases: takes, renews and gives back."""

    def __init__(self, database: Database, holder: str, *, seconds: float = LEASE_SECONDS) -> None:
        """`holder` names the process, different for each start of each replica."""
        self._database = database
        self.name = holder
        self._seconds = seconds

    async def take(self, names: Collection[str], *, most: int | None = None) -> list[Lease]:
        """The leases among `names` that were free or had run out and now are ours (`most` at most)."""
        if not names:
            return []
        async with self._database.begin() as connection:
            await _make_rows(connection, names)
            free = await connection.execute(
                select(leases.c.name, leases.c.fence, leases.c.holder)
                .where(leases.c.name.in_(names), leases.c.expires_at < DatabaseSeconds())
                .order_by(leases.c.name)
                .limit(most)
                .with_for_update(skip_locked=True)
            )
            taken = [Lease(row.name, row.fence + 1, after_crash=bool(row.holder)) for row in free]
            await connection.execute(
                update(leases)
                .where(leases.c.name.in_([lease.name for lease in taken]))
                .values(
                    holder=self.name,
                    fence=leases.c.fence + 1,
                    expires_at=DatabaseSeconds() + self._seconds,
                )
            )
            return taken

    async def renew(self, held: Collection[Lease]) -> list[Lease]:
        """Those of `held` that are still ours, good for another term."""
        if not held:
            return []
        own = _rows(held)

        def prolong(hot: HotConnection) -> list[Lease]:
            hot.execute(_LOCK, own=own)
            renewed = hot.execute(_RENEW, own=own, holder=self.name, seconds=self._seconds)
            return [Lease(name, fence) for name, fence in renewed]

        return await self._database.write_batch(prolong)

    async def release(self, held: Collection[Lease]) -> None:
        """Gives leases back at once, so that nobody has to wait for their end."""
        if not held:
            return
        own = _rows(held)

        def free(hot: HotConnection) -> None:
            hot.execute(_LOCK, own=own)
            hot.execute(_RELEASE, own=own, holder=self.name)

        await self._database.write_batch(free)

    async def live_holders(self, prefix: str) -> int:
        """How many processes hold a lease whose name starts with `prefix`."""
        async with self._database.read() as connection:
            holders = await connection.execute(
                select(leases.c.holder)
                .where(leases.c.name.startswith(prefix, autoescape=True))
                .where(leases.c.expires_at >= DatabaseSeconds())
                .distinct()
            )
            return len(holders.all())


_LEASE = {"name": "text", "fence": "bigint"}
_LOCK = HotStatement(
    # by name, as the inbox does when it finishes updates: two transactions never wait for each other
    "SELECT name FROM leases WHERE name IN (SELECT name FROM {own}) ORDER BY name {for_update}",
    own=_LEASE,
)
_RENEW = HotStatement(
    """
    UPDATE leases SET expires_at = {clock} + :seconds
    WHERE holder = :holder AND (name, fence) IN (SELECT name, fence FROM {own})
    RETURNING name, fence
    """,
    own=_LEASE,
)
_RELEASE = HotStatement(
    """
    UPDATE leases SET expires_at = 0.0, holder = ''
    WHERE holder = :holder AND (name, fence) IN (SELECT name, fence FROM {own})
    """,
    own=_LEASE,
)


async def end_all_leases(database: Database) -> None:
    """Ends every lease. Only for a process that knows it is alone (it holds the SQLite file's lock)."""
    async with database.begin() as connection:
        await connection.execute(delete(leases).where(leases.c.name.startswith("node:")))
        await connection.execute(update(leases).values(expires_at=0.0))


def _rows(held: Collection[Lease]) -> list[dict[str, object]]:
    return [{"name": lease.name, "fence": lease.fence} for lease in held]


async def _make_rows(connection: AsyncConnection, names: Collection[str]) -> None:
    known = await connection.execute(select(leases.c.name).where(leases.c.name.in_(names)))
    missing: Sequence[str] = sorted(set(names) - {row.name for row in known})
    if missing:
        rows = [{"name": name, "holder": "", "fence": 0, "expires_at": 0.0} for name in missing]
        await connection.execute(insert_new(connection.dialect, leases), rows)
