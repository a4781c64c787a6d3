"""A running broadcast: recipients go into the outbox as it empties, and what became of them comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.hot import HotConnection, HotStatement, in_one_trip
from botyard.features.broadcasts.message import Person, Prepared
from botyard.features.broadcasts.models import Broadcast, RecipientState
from botyard.features.broadcasts.service import drafts, personal, tallies, touches
from botyard.features.broadcasts.service.drafts import Plan
from botyard.features.broadcasts.service.life import receipt_of
from botyard.features.broadcasts.service.personal import Addressee
from botyard.features.broadcasts.service.tallies import Fate
from botyard.ids import BotId, ChatKey
from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.recurrence import zone_named
from botyard.outbox import bulk
from botyard.outbox import queue as outbox_queue
from botyard.outbox.bulk import Ended
from botyard.outbox.models import CallState, OnUnknown, Priority
from botyard.outbox.queue import Call

MOST_AT_ONCE = 5_000
STRETCH = 10_000
MOST_STRETCHES = 20
"""So many stretches of positions are looked through in one step."""
LEFT = "left the list"
ENOUGH = "got enough marketing messages lately"
BANNED = "is banned"
UNREACHABLE = "cannot be reached any more"
GOT = frozenset((RecipientState.SENT, RecipientState.UNKNOWN))
"""Who is in these has got it, or may have."""
_GONE_KINDS = frozenset({"forbidden"})


@dataclass(frozen=True, slots=True)
class Fed:
    """What a step did: how many went into the outbox, and that nobody up to this position waits to be fed."""

    queued: int
    through: int


_NEXT = HotStatement(
    """
    SELECT r.position, r.chat_key, r.variant, r.user_id, u.first_name, u.last_name, u.username,
        u.language_code,
        u.banned_at IS NOT NULL, COALESCE(b.reachable, :no), COALESCE(c.granted, :unasked), z.zone,
        CASE WHEN :cap < 0 THEN 0 ELSE (
            SELECT count(*) FROM marketing_touches t
            WHERE t.user_id = r.user_id AND t.at > :since AND t.cause <> :cause
        ) END
    FROM (
        SELECT position, chat_key, variant, user_id FROM broadcast_recipients
        WHERE broadcast_id = :broadcast AND position > :after AND position <= :until AND state = 'pending'
        ORDER BY position LIMIT :most
    ) AS r
    JOIN users u ON u.id = r.user_id
    LEFT JOIN bot_chats b ON b.bot_id = :bot AND b.chat_key = r.chat_key
    LEFT JOIN consents c ON c.user_id = r.user_id AND c.topic = :topic
    LEFT JOIN member_zones z ON z.user_id = r.user_id
    ORDER BY r.position
    """
)
_MOVE = HotStatement(
    """
    UPDATE broadcast_recipients SET state = moved.state, reason = moved.reason, at = :now FROM {moved}
    WHERE broadcast_recipients.broadcast_id = moved.broadcast
    AND broadcast_recipients.position = moved.position
    """,
    moved={"broadcast": "bigint", "position": "bigint", "state": "text", "reason": "text"},
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    position: int
    chat_key: ChatKey
    variant: int
    person: Person
    language: str | None
    banned: bool
    reachable: bool
    agrees: bool
    zone: str | None
    touches: int


async def learn(session: AsyncSession, broadcast: Broadcast, now: datetime) -> int:
    """Writes down what became of calls that have ended; answers how many."""

    def take(hot: HotConnection) -> int:
        ended = bulk.collect(hot, receipt_of(broadcast), most=MOST_AT_ONCE)
        settled = tallies.settle(hot, broadcast.id, [_fate(each) for each in ended], now)
        missed = [each.user_id for each in settled if each.state not in GOT]
        touches.forget(hot, receipt_of(broadcast), missed)
        return len(ended)

    return await in_one_trip(await session.connection(), take)


async def feed(
    session: AsyncSession, broadcast: Broadcast, messages: Mapping[int, Prepared], now: datetime, *, most: int
) -> Fed:
    """Puts the next recipients into the outbox, at most so many, and passes over who must not get it.

    Consent, blocks and bans are looked at again here, at the last moment: an audience may be days old.
    """
    plan = drafts.plan_of(broadcast)
    quiet = _Quiet(plan, now)

    def go(hot: HotConnection) -> Fed:
        found, through = _candidates(hot, broadcast, plan, now, most=most)
        moved: list[dict[str, Any]] = []
        changes: Counter[tuple[int, RecipientState]] = Counter()
        sent: list[_Candidate] = []
        for each in found:
            refusal = _refusal(each, plan)
            if refusal is None and quiet.covers(each.zone):
                continue
            state, reason = refusal or (RecipientState.SENDING, None)
            moved.append(
                {"broadcast": broadcast.id, "position": each.position, "state": state, "reason": reason}
            )
            changes[each.variant, RecipientState.PENDING] -= 1
            changes[each.variant, state] += 1
            if refusal is None:
                sent.append(each)
        if moved:
            hot.execute(_MOVE, moved=moved, now=hot.moment(now))
            tallies.add(hot, broadcast.id, changes)
        _queue(hot, broadcast, messages, _knowing(hot, messages, sent, plan, now), now)
        return Fed(len(sent), through)

    fed = await in_one_trip(await session.connection(), go)
    broadcast.fed_through = fed.through
    return fed


def _candidates(
    hot: HotConnection, broadcast: Broadcast, plan: Plan, now: datetime, *, most: int
) -> tuple[Sequence[_Candidate], int]:
    """The next who wait, at most so many, and up to which position that was looked for.

    In stretches of positions: the same work whatever a database thinks of a table that it has not counted.
    """
    found: list[_Candidate] = []
    through = broadcast.fed_through
    for _ in range(MOST_STRETCHES):
        if len(found) == most or through >= broadcast.size:
            break
        until = min(through + STRETCH, broadcast.size)
        room = most - len(found)
        new = _next(hot, broadcast, plan, now, after=through, until=until, most=room)
        found += new
        through = new[-1].position if len(new) == room else until
    return found, through


def _next(
    hot: HotConnection, broadcast: Broadcast, plan: Plan, now: datetime, *, after: int, until: int, most: int
) -> Sequence[_Candidate]:
    since = now - timedelta(days=plan.cap.days if plan.cap else 0)
    rows = hot.execute(
        _NEXT,
        broadcast=broadcast.id,
        bot=broadcast.bot_id,
        topic=plan.topic.value,
        unasked=not plan.topic.needs_yes,
        no=False,
        cap=plan.cap.messages if plan.cap and plan.topic.needs_yes else -1,
        since=hot.moment(since),
        cause=receipt_of(broadcast),
        after=after,
        until=until,
        most=most,
    )
    return [
        _Candidate(
            position,
            ChatKey(chat_key),
            variant,
            Person(*person),
            language,
            banned=bool(banned),
            reachable=bool(reachable),
            agrees=bool(agrees),
            zone=zone,
            touches=touches,
        )
        for position, chat_key, variant, *person, language, banned, reachable, agrees, zone, touches in rows
    ]


def _refusal(each: _Candidate, plan: Plan) -> tuple[RecipientState, str] | None:
    """Why this member must not get it now."""
    if not each.reachable:
        return RecipientState.BLOCKED, UNREACHABLE
    if each.banned:
        return RecipientState.SKIPPED, BANNED
    if not each.agrees:
        return RecipientState.SKIPPED, LEFT
    if plan.cap is not None and each.touches >= plan.cap.messages:
        return RecipientState.SKIPPED, ENOUGH
    return None


def _knowing(
    hot: HotConnection,
    messages: Mapping[int, Prepared],
    to: Sequence[_Candidate],
    plan: Plan,
    now: datetime,
) -> Sequence[_Candidate]:
    """The same, with what the messages say of them besides their names."""
    names = frozenset[str]().union(*(each.names for each in messages.values()))
    if not to or not names & personal.NAMES:
        return to
    addressees = [
        Addressee(each.person, messages[each.variant].language or each.language, each.zone) for each in to
    ]
    username = messages[to[0].variant].bot_username
    known = personal.complete(hot, addressees, names, plan, username, now)
    return [replace(each, person=person) for each, person in zip(to, known, strict=True)]


def _queue(
    hot: HotConnection,
    broadcast: Broadcast,
    messages: Mapping[int, Prepared],
    to: Sequence[_Candidate],
    now: datetime,
) -> None:
    priority = Priority.PAID_BROADCAST if broadcast.paid else Priority.BROADCAST
    calls = [
        Call(
            BotId(broadcast.bot_id),
            messages[each.variant].method,
            messages[each.variant].params_for(each.person),
            each.chat_key,
            priority=priority,
            on_unknown=OnUnknown.LEAVE,
            receipt=receipt_of(broadcast),
        )
        for each in to
    ]
    outbox_queue.add_batch(hot, calls, now)
    if broadcast.topic.needs_yes:
        touches.note(hot, receipt_of(broadcast), [each.person.user_id for each in to], now)


class _Quiet:
    """Whether it is quiet now, by time zone; remembered, for most recipients share a few."""

    def __init__(self, plan: Plan, now: datetime) -> None:
        self._plan = plan
        self._now = now
        self._known: dict[str, bool] = {}

    def covers(self, zone: str | None) -> bool:
        """Whether a member of this zone, or one of whom none is known, must not be disturbed."""
        quiet = self._plan.quiet
        if quiet is None:
            return False
        name = zone or self._plan.zone
        if name not in self._known:
            self._known[name] = quiet.cover(self._now.astimezone(self._zone(name)).time())
        return self._known[name]

    def _zone(self, name: str) -> ZoneInfo:
        try:
            return zone_named(name)
        except WrongRecurrence:  # the zone data of a later system may not know it any more
            return zone_named("UTC")


def _fate(ended: Ended) -> Fate:
    match ended.state:
        case CallState.SENT:
            return Fate(ended.chat_key, RecipientState.SENT, ended.message_ids)
        case CallState.UNKNOWN:
            return Fate(ended.chat_key, RecipientState.UNKNOWN, reason=ended.error)
        case _ if ended.error_kind in _GONE_KINDS:
            return Fate(ended.chat_key, RecipientState.BLOCKED, reason=ended.error)
        case _:
            return Fate(ended.chat_key, RecipientState.FAILED, reason=ended.error or ended.state.value)
