"""How a broadcast is going, and what came of it: figures that cost the same for any audience."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts.message import MessageButton
from botyard.features.broadcasts.models import Broadcast, Recipient, RecipientState, Visit, VisitKind
from botyard.features.broadcasts.service import composing, drafts, sales, tallies
from botyard.features.broadcasts.service.drafts import Wording
from botyard.features.broadcasts.service.sales import NO_SALES, SalesResult
from botyard.features.tracking import service as tracking
from botyard.features.tracking.service import Clicks

LATELY = timedelta(seconds=30)
"""The rate is that of so long, or of the latest recipients if they are more recent."""
LATEST = 6_000
"""So many recipients are looked at for the rate: a second's worth at the fastest, minutes' at the slowest."""

OPEN = (RecipientState.PENDING, RecipientState.SENDING)
TRIED = (RecipientState.SENT, RecipientState.FAILED, RecipientState.BLOCKED, RecipientState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a broadcast is. `rate` is in messages a second; `left` is None while nobody can tell."""

    states: Mapping[RecipientState, int]
    """How many recipients are in each state: all states, which add up to `total`."""
    rate: float
    left: timedelta | None

    @property
    def total(self) -> int:
        """How many recipients there are so far; the whole audience once it is written down."""
        return sum(self.states.values())

    @property
    def done(self) -> int:
        """For how many it is settled what became of it."""
        return self.total - self.open

    @property
    def open(self) -> int:
        """How many still wait, or are being sent to."""
        return sum(self.states[state] for state in OPEN)

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        return self.done / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class ButtonResult:
    """How often a button was clicked. A link that is not tracked has no clicks."""

    number: int
    button: MessageButton
    clicks: Clicks


@dataclass(frozen=True, slots=True)
class VariantResult:
    """What came of one of the messages. `left` and `started` count members."""

    wording: Wording
    states: Mapping[RecipientState, int]
    buttons: Sequence[ButtonResult]
    left: int
    """Who left the list because of it."""
    started: int
    """Who came back to the bot by its link."""
    sales: SalesResult = NO_SALES

    @property
    def number(self) -> int:
        """Its number among the messages."""
        return self.wording.number

    @property
    def sent(self) -> int:
        """How many got it."""
        return self.states[RecipientState.SENT]

    @property
    def clicks(self) -> int:
        """Clicks on all its buttons."""
        return sum(each.clicks.total for each in self.buttons)


async def progress(session: AsyncSession, broadcast: Broadcast, now: datetime) -> Progress:
    """How far it is. The rate is 0 while it does not go on."""
    states = await tallies.by_state(session, broadcast.id)
    rate = await _rate(session, broadcast, now) if broadcast.state.is_under_way else 0.0
    still = sum(states[state] for state in OPEN)
    left = timedelta(seconds=round(still / rate)) if rate and broadcast.frozen_at else None
    return Progress(states, rate, left)


async def results(session: AsyncSession, broadcast: Broadcast) -> list[VariantResult]:
    """What came of each of its messages, in the order of their numbers."""
    wordings = await drafts.wordings_of(session, broadcast)
    counts = await tallies.counts(session, broadcast.id)
    visits = await _visits(session, broadcast.id)
    sold = await sales.by_variant(session, broadcast.id)
    labels = [
        composing.label_of(broadcast.id, each.number, number)
        for each in wordings
        for row in composing.numbered(each.message)
        for number, _ in row
    ]
    clicks = await tracking.clicks_of(session, labels) if labels else {}
    return [
        VariantResult(
            wording=each,
            states={state: counts.get((each.number, state), 0) for state in RecipientState},
            buttons=[
                ButtonResult(number, button, clicks[composing.label_of(broadcast.id, each.number, number)])
                for row in composing.numbered(each.message)
                for number, button in row
            ],
            left=visits[each.number, VisitKind.LEAVE],
            started=visits[each.number, VisitKind.START],
            sales=sold.get(each.number, NO_SALES),
        )
        for each in wordings
    ]


async def _rate(session: AsyncSession, broadcast: Broadcast, now: datetime) -> float:
    """Messages a second lately, from the recipients last fed: a short stretch of the primary key.

    What became of them is written down in batches of one moment each. The earliest batch gives the moment
    to count from, and is not counted: part of it may be out of sight.
    """
    latest = (
        select(Recipient.at, Recipient.state)
        .where(Recipient.broadcast_id == broadcast.id, Recipient.position <= broadcast.fed_through)
        .order_by(Recipient.position.desc())
        .limit(LATEST)
        .subquery()
    )
    tried = (
        select(latest.c.at, func.count().label("recipients"))
        .where(latest.c.state.in_(TRIED), latest.c.at > now - LATELY)
        .group_by(latest.c.at)
        .order_by(latest.c.at)
    )
    batches = (await session.execute(tried)).all()
    if not batches or now <= batches[0].at:
        return 0.0
    return float(sum(row.recipients for row in batches[1:]) / (now - batches[0].at).total_seconds())


async def _visits(session: AsyncSession, broadcast_id: int) -> Counter[tuple[int, VisitKind]]:
    rows = await session.execute(
        select(Visit.variant, Visit.kind, func.count().label("members"))
        .where(Visit.broadcast_id == broadcast_id)
        .group_by(Visit.variant, Visit.kind)
    )
    return Counter({(row.variant, row.kind): row.members for row in rows})
