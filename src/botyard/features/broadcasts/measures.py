"""What broadcasts show at /metrics."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from botyard.features.broadcasts.models import Broadcast, BroadcastState, RecipientState, Tally
from botyard.observability.metrics import GaugeName, Metrics

RECIPIENTS = GaugeName(
    "broadcast_recipients", "Recipients of broadcasts, by what became of them.", ("broadcast", "state")
)
SHOWN_FOR = timedelta(days=1)
"""So long one that is over is still shown: each is a series for every state."""


async def measure(connection: AsyncConnection, metrics: Metrics, now: datetime) -> None:
    """Sets the gauge for broadcasts that have begun and are not over, and for those that ended lately.

    Of each all states are told, so that they add up to its audience; the label is its number.
    """
    over = [state for state in BroadcastState if state.is_over]
    rows = await connection.execute(
        select(Tally.broadcast_id, Tally.state, Tally.recipients)
        .join(Broadcast, Broadcast.id == Tally.broadcast_id)
        .where(or_(Broadcast.state.not_in(over), Broadcast.finished_at > now - SHOWN_FOR))
    )
    counts: dict[int, dict[RecipientState, int]] = {}
    for broadcast_id, state, recipients in rows:
        counted = counts.setdefault(broadcast_id, dict.fromkeys(RecipientState, 0))
        counted[state] += recipients
    gauge = metrics.gauge(RECIPIENTS)
    gauge.clear()
    for broadcast_id, counted in counts.items():
        for state, recipients in counted.items():
            gauge.labels(str(broadcast_id), state.value).set(recipients)
