"""Broadcasts before they start: made, changed, read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import NewType

import msgspec
from sqlalchemy import delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.broadcasts import audience as audiences
from botyard.features.broadcasts.audience import EVERYBODY, Audience
from botyard.features.broadcasts.message import Message
from botyard.features.broadcasts.models import STATE_WORDS, Broadcast, BroadcastState, Variant
from botyard.ids import BotId, UserId
from botyard.jobs.recurrence import QuietHours
from botyard.members import audit
from botyard.members.audit import Actor
from botyard.members.consent import Topic

BroadcastId = NewType("BroadcastId", int)

NOBODY = UserId(0)
"""Who made what was made on the command line."""
MOST_VARIANTS = 20
LONGEST_NAME = 64


class NoSuchBroadcast(BotyardError):
    """There is no broadcast of this number."""


class WrongMoment(BotyardError):
    """A broadcast cannot do this in the state that it is in."""


class BadBroadcast(BotyardError):
    """A broadcast that contradicts itself, or that Telegram would not take."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A message for those whose language it is (None: for all others); `share` compares it with its like."""

    number: int
    message: Message
    language: str | None = None
    share: int = 1


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many marketing messages for a member within so many days, from all bots together."""

    messages: int
    days: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How a broadcast is to go, besides what it says. `quiet` counts in the recipient's zone, else `zone`."""

    name: str
    topic: Topic
    audience: Audience = EVERYBODY
    paid: bool = False
    zone: str = "UTC"
    quiet: QuietHours | None = None
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a broadcast would go to now, and who is meant but cannot be reached."""

    recipients: int
    unreachable: int


async def make(
    session: AsyncSession, plan: Plan, bot_id: BotId, by: Actor | None, now: datetime
) -> Broadcast:
    """Keeps a new draft. `by` is nobody on the command line."""
    broadcast = Broadcast(
        **_columns(plan),
        bot_id=bot_id,
        state=BroadcastState.DRAFT,
        created_by=by.user_id if by else NOBODY,
        created_at=now,
        changed_at=now,
        driver=0,
        frozen_through=0,
        size=0,
        fed_through=0,
        note="",
    )
    session.add(broadcast)
    await session.flush()
    record(session, broadcast, "make", by, now)
    return broadcast


async def change(session: AsyncSession, broadcast: Broadcast, plan: Plan, by: Actor, now: datetime) -> None:
    """Changes how it goes. Raises `WrongMoment` once it has begun: its audience is written down then."""
    if not broadcast.state.is_new:
        raise WrongMoment(f"{broadcast.name} has begun.", remedy="Its message can still be changed.")
    for column, value in _columns(plan).items():
        setattr(broadcast, column, value)
    broadcast.changed_at = now
    _ask_no_more(broadcast)
    record(session, broadcast, "change", by, now)


async def word(
    session: AsyncSession, broadcast: Broadcast, wordings: Sequence[Wording], by: Actor | None, now: datetime
) -> None:
    """Sets what it says. While it is paused too, for those who have not got it; then the numbers must stay.

    Raises `WrongMoment` and `BadBroadcast`.
    """
    if not (broadcast.state.is_new or broadcast.state is BroadcastState.PAUSED):
        raise WrongMoment(f"{broadcast.name} {STATE_WORDS[broadcast.state]}.", remedy="Pause it first.")
    if not wordings or len(wordings) > MOST_VARIANTS:
        raise BadBroadcast(f"It has {len(wordings)} messages.", remedy=f"One to {MOST_VARIANTS} will do.")
    if len({each.number for each in wordings}) < len(wordings) or any(each.share < 1 for each in wordings):
        raise BadBroadcast("Two messages have one number, or a share is 0.", remedy="Number them from 1.")
    if not broadcast.state.is_new:
        kept = {each.number for each in await wordings_of(session, broadcast)}
        if kept != {each.number for each in wordings}:
            raise WrongMoment(
                "Recipients are shared out among its messages.",
                remedy="Change the texts, not how many.",
            )
    await session.execute(delete(Variant).where(Variant.broadcast_id == broadcast.id))
    for each in wordings:
        session.add(
            Variant(
                broadcast_id=broadcast.id,
                number=each.number,
                language=each.language.lower() if each.language else None,
                share=each.share,
                message=msgspec.json.encode(each.message),
            )
        )
    broadcast.changed_at, broadcast.tested_at, broadcast.trying_since = now, None, None
    broadcast.approved_by = None  # that was a yes to other words
    if not broadcast.state.is_new:
        broadcast.reworded_by = by.user_id if by else NOBODY
    _ask_no_more(broadcast)
    await session.flush()
    record(session, broadcast, "word", by, now, messages=len(wordings))


async def drop(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> None:
    """Throws away one that has not begun. Raises `WrongMoment`."""
    if not broadcast.state.is_new:
        raise WrongMoment(f"{broadcast.name} has begun.", remedy="What was sent stays in the books.")
    await session.execute(delete(Variant).where(Variant.broadcast_id == broadcast.id))
    record(session, broadcast, "drop", by, now, name=broadcast.name)
    await session.delete(broadcast)
    await session.flush()


async def get(session: AsyncSession, number: int) -> Broadcast:
    """The broadcast of this number. Raises `NoSuchBroadcast`."""
    return _existing(await session.get(Broadcast, number), number)


async def locked(session: AsyncSession, number: int) -> Broadcast:
    """The same; others who want to change it wait. Raises `NoSuchBroadcast`."""
    found = await session.get(Broadcast, number, with_for_update=True, populate_existing=True)
    return _existing(found, number)


async def listed(
    session: AsyncSession, *, skip: int = 0, most: int, bot_id: BotId | None = None
) -> tuple[list[Broadcast], int]:
    """Broadcasts, newest first, and how many there are: of one bot, or of all."""
    mine = true() if bot_id is None else Broadcast.bot_id == bot_id
    total = await session.scalar(select(func.count()).select_from(Broadcast).where(mine))
    rows = await session.scalars(
        select(Broadcast).where(mine).order_by(Broadcast.id.desc()).offset(skip).limit(most)
    )
    return list(rows), total or 0


async def wordings_of(session: AsyncSession, broadcast: Broadcast) -> list[Wording]:
    """What it says, in the order of the numbers."""
    rows = await session.scalars(
        select(Variant)
        .where(Variant.broadcast_id == broadcast.id)
        .order_by(Variant.number)
        .execution_options(populate_existing=True)
    )
    return [
        Wording(row.number, msgspec.json.decode(row.message, type=Message), row.language, row.share)
        for row in rows
    ]


def plan_of(broadcast: Broadcast) -> Plan:
    """How it goes."""
    quiet = None
    if broadcast.quiet_begins and broadcast.quiet_ends:
        begins, ends = map(_time, (broadcast.quiet_begins, broadcast.quiet_ends))
        quiet = QuietHours(begins, ends)
    has_cap = broadcast.cap is not None and broadcast.cap_days is not None
    return Plan(
        name=broadcast.name,
        topic=broadcast.topic,
        audience=msgspec.json.decode(broadcast.audience, type=Audience),
        paid=broadcast.paid,
        zone=broadcast.zone,
        quiet=quiet,
        cap=Cap(broadcast.cap or 0, broadcast.cap_days or 0) if has_cap else None,
    )


async def reach(session: AsyncSession, plan: Plan, bot_id: BotId, now: datetime) -> Reach:
    """Whom it would go to now."""
    wanted = audiences.members(plan.audience, bot_id, plan.topic, now).subquery()
    lost = audiences.unreachable(plan.audience, bot_id, plan.topic, now).subquery()
    return Reach(
        await session.scalar(select(func.count()).select_from(wanted)) or 0,
        await session.scalar(select(func.count()).select_from(lost)) or 0,
    )


def record(
    session: AsyncSession,
    broadcast: Broadcast,
    what: str,
    by: Actor | None,
    now: datetime,
    **detail: int | str,
) -> None:
    """Notes in the audit log what was done to a broadcast; `by` nobody where it did it by itself."""
    audit.record(
        session,
        at=now,
        action=f"broadcast.{what}",
        subject=f"broadcast:{broadcast.id}",
        actor_id=by.user_id if by else None,
        bot_id=by.bot_id if by else None,
        **detail,
    )


def to_draft(broadcast: Broadcast) -> None:
    """Forgets that it was to start."""
    broadcast.state, broadcast.scheduled_at, broadcast.note = BroadcastState.DRAFT, None, ""
    broadcast.started_by = broadcast.started_at = broadcast.reworded_by = None


def _ask_no_more(broadcast: Broadcast) -> None:
    """What somebody was asked about is another thing now: his yes would be to what he has not seen."""
    if broadcast.state is BroadcastState.ASKING:
        to_draft(broadcast)


def _existing(found: Broadcast | None, number: int) -> Broadcast:
    if found is None:
        raise NoSuchBroadcast(f"There is no broadcast {number}.", remedy="The list has those that are there.")
    return found


def _columns(plan: Plan) -> dict[str, object]:
    name = " ".join(plan.name.split())
    if not name or len(name) > LONGEST_NAME:
        raise BadBroadcast("It needs a name.", remedy=f"One of at most {LONGEST_NAME} letters.")
    return {
        "name": name,
        "topic": plan.topic,
        "audience": msgspec.json.encode(plan.audience),
        "paid": plan.paid,
        "zone": plan.zone,
        "quiet_begins": f"{plan.quiet.begins:%H:%M}" if plan.quiet else None,
        "quiet_ends": f"{plan.quiet.ends:%H:%M}" if plan.quiet else None,
        "cap": plan.cap.messages if plan.cap else None,
        "cap_days": plan.cap.days if plan.cap else None,
    }


def _time(written: str) -> time:
    return time.fromisoformat(written)
