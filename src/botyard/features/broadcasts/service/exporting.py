"""A broadcast's book, row by row: who got it, and who did not and why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import select

from botyard.db.session import Database
from botyard.features.broadcasts.models import Recipient
from botyard.features.broadcasts.service import sales
from botyard.features.broadcasts.service.sales import NO_SALES

AT_ONCE = 5_000
"""So many rows are in memory, whatever the audience."""
COLUMNS = ("user_id", "variant", "state", "reason", "at", "deleted", "sales", "renewals", "money")

Row = tuple[int, int, str, str, str, str, int, int, str]


async def rows_of(database: Database, number: int) -> AsyncIterator[Sequence[Row]]:
    """The recipients in their order, in batches, as `COLUMNS`; `at` is UTC in ISO 8601.

    Each batch is a read of its own: a broadcast that runs meanwhile is not held up, and its later rows
    may be newer than its earlier ones.
    """
    after = 0
    while True:
        wanted = (
            select(
                Recipient.position,
                Recipient.user_id,
                Recipient.variant,
                Recipient.state,
                Recipient.reason,
                Recipient.at,
                Recipient.gone,
            )
            .where(Recipient.broadcast_id == number, Recipient.position > after)
            .order_by(Recipient.position)
            .limit(AT_ONCE)
        )
        async with database.reading() as session:
            rows = (await session.execute(wanted)).all()
            sold = await sales.by_member(session, number, [row.user_id for row in rows])
        if not rows:
            return
        after = rows[-1].position
        yield [
            (
                row.user_id,
                row.variant,
                row.state.value,
                row.reason or "",
                row.at.isoformat(),
                "yes" if row.gone else "",
                (bought := sold.get(row.user_id, NO_SALES)).sales,
                bought.renewals,
                bought.sums,
            )
            for row in rows
        ]
