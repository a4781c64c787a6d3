"""Who goes, who comes, who stays, and why: pure decisions, from what is known of one person in one chat."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

LEAST_GRACE = timedelta(hours=3)
"""No shorter grace is taken: a clock that is wrong by two hours, or by an hour of summer time, takes nothing
from who has paid time."""


class Standing(StrEnum):
    """What somebody is to a chat."""

    IN = "in"
    OUT = "out"
    ADMIN = "admin"
    """An administrator, the creator, or a bot: never removed."""
    BANNED = "banned"
    """An admin has banned him: no link lets him in."""


class Came(StrEnum):
    """How somebody came into a chat."""

    LINK = "link"
    """Through a link of ours."""
    HAND = "hand"
    """An admin added him, or he used a link that is not ours."""
    OTHERS = "others"
    """He used a link that was made for another member alone."""
    BEFORE = "before"
    """He was found there."""
    UNKNOWN = "unknown"


class Decision(StrEnum):
    """What an admin decided about somebody who never paid for the chat."""

    ADOPT = "adopt"
    REMOVE = "remove"
    IGNORE = "ignore"


class Move(StrEnum):
    """What is to happen."""

    STAYS = "stays"
    GOES = "goes"
    COMES = "comes"
    """He may come in, and is not there."""
    AWAY = "away"
    ASKS = "asks"
    """Only an admin can say: he is unlisted."""


class Why(StrEnum):
    """Why it is to happen."""

    ADMIN = "admin"
    PAID = "paid"
    GRACE = "grace"
    EXPIRED = "expired"
    NOTHING_LEFT = "nothing_left"
    """He came through our link, and what let him in was taken back."""
    ADOPTED = "adopted"
    IGNORED = "ignored"
    DECIDED = "decided"
    UNLISTED = "unlisted"
    BANNED = "banned"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Span:
    """From `starts_at` until just before `ends_at` the chat is paid for."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it is so at this moment."""
        return self.starts_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class Bought:
    """A stretch of a plan's time that a member has, and when it was paid for or given."""

    plan: str
    paid_at: datetime
    span: Span


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a chat: the plans that name it, and until when those named it that do no more.

    A plan may be edited at any time; what was bought before keeps what it opened. So time opens a chat if its
    plan names the chat now, or did when the time was paid for.
    """

    plans: frozenset[str] = frozenset()
    kept: Mapping[str, datetime] = field(default_factory=dict)

    def opens(self, bought: Bought) -> bool:
        """Whether this time lets into the chat."""
        if bought.plan in self.plans:
            return True
        until = self.kept.get(bought.plan)
        return until is not None and bought.paid_at <= until

    def edited(self, plans: Collection[str], now: datetime) -> Opening:
        """The same once these plans name the chat, and no others."""
        kept = dict(self.kept)
        for plan in self.plans - frozenset(plans):
            kept[plan] = max(now, kept.get(plan, now))
        return Opening(frozenset(plans), kept)


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody in one chat; `spans` are all stretches of time that let him in.

    `came_at` is when he last came in, as far as that was seen.
    """

    standing: Standing
    came: Came = Came.UNKNOWN
    decision: Decision | None = None
    spans: Sequence[Span] = ()
    came_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen, why, and `due_at`: from when on he has to go if nothing changes; None if never."""

    move: Move
    why: Why
    due_at: datetime | None = None


def judge(person: Person, now: datetime, grace: timedelta) -> Verdict:
    """What is to happen to somebody.

    Nobody goes before his last paid moment is `grace` ago, time that begins later included. Nobody who never
    had time goes unless an admin says so, or he came through our link. Who was let in by hand, or came by
    another's link, after his time was over is there for a reason that an admin knows: he is asked about.
    """
    if person.standing is Standing.ADMIN:
        return Verdict(Move.STAYS, Why.ADMIN)
    paid = any(span.holds(now) for span in person.spans)
    if person.standing is not Standing.IN:
        if paid and person.standing is Standing.BANNED:
            return Verdict(Move.AWAY, Why.BANNED)
        return Verdict(Move.COMES, Why.PAID) if paid else Verdict(Move.AWAY, Why.NEVER)
    end = max((span.ends_at for span in person.spans), default=None)
    grace = max(grace, LEAST_GRACE)
    if end is not None and end + grace > now:
        return _unless_kept(person, Verdict(Move.STAYS, Why.PAID if end > now else Why.GRACE, end + grace))
    if person.decision is Decision.ADOPT:
        return Verdict(Move.STAYS, Why.ADOPTED)
    if person.decision is Decision.IGNORE:
        return Verdict(Move.STAYS, Why.IGNORED)
    if person.decision is Decision.REMOVE:
        return Verdict(Move.GOES, Why.DECIDED, end + grace if end else now)
    if end is not None and not _was_let_in_after(person, end):
        return Verdict(Move.GOES, Why.EXPIRED, end + grace)
    if end is None and person.came is Came.LINK:
        return Verdict(Move.GOES, Why.NOTHING_LEFT, now)
    return Verdict(Move.ASKS, Why.UNLISTED)


def _was_let_in_after(person: Person, end: datetime) -> bool:
    by_others = person.came in (Came.HAND, Came.OTHERS)
    return by_others and person.came_at is not None and person.came_at >= end


def lasting(person: Person, now: datetime) -> Decision | None:
    """The decision about somebody that still holds: "remove" ends when he is out, or has paid time."""
    is_done = person.standing in (Standing.OUT, Standing.BANNED) or any(
        span.holds(now) for span in person.spans
    )
    return None if person.decision is Decision.REMOVE and is_done else person.decision


def _unless_kept(person: Person, verdict: Verdict) -> Verdict:
    """The same, without an end where an admin has said that he may stay in any case."""
    if person.decision in (Decision.ADOPT, Decision.IGNORE):
        return replace(verdict, due_at=None)
    return verdict


def is_news(spans: Sequence[Span], told_at: datetime | None, now: datetime) -> bool:
    """Whether the way into a chat is news to a member who was told at `told_at`.

    It is if the paid time that holds now, with what came before it without a gap, began after that.
    """
    starts = [span.starts_at for span in spans if span.holds(now)]
    if not starts:
        return False
    start = min(starts)
    for span in sorted(spans, key=lambda each: each.starts_at, reverse=True):
        if span.ends_at >= start:
            start = min(start, span.starts_at)
    return told_at is None or start > told_at


# the brake


def most_at_once(present: int, percent: int) -> int:
    """How many a plan may remove without asking, of so many who are there: never less than one."""
    return max(1, present * percent // 100)


def is_too_much(going: int, present: int, percent: int) -> bool:
    """Whether a plan is stopped until an admin agrees."""
    return going > most_at_once(present, percent)


# what was seen, in any order


@dataclass(frozen=True, slots=True)
class Sighting:
    """What an update, or an answer of Telegram's, says of somebody in a chat.

    `key` orders what was seen (`key_of`). `came` is set where it says that he has just come in.
    """

    key: str
    standing: Standing
    came: Came | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What follows from all that was seen so far."""

    standing: Standing = Standing.OUT
    came: Came = Came.UNKNOWN
    seen_key: str = ""
    came_key: str = ""


def key_of(at: datetime, bot_id: int = 0, update_id: int = 0) -> str:
    """The order of what is seen: by Telegram's date (seconds); within one second as the bot got it.

    Update ids of one bot grow, of two bots they cannot be compared (Bot API, Update). An answer to a question
    of ours, without an id, comes before the updates of its second.
    """
    return f"{int(at.timestamp()):012d}:{bot_id:020d}:{update_id:020d}"


def moment_of(key: str) -> datetime | None:
    """The moment in such a key, to the second; None if it is empty."""
    return datetime.fromtimestamp(int(key.partition(":")[0]), UTC) if key else None


def fold(known: Known, sighting: Sighting) -> Known:
    """What is known with one sighting more: the same for every order in which they come."""
    if sighting.came is not None and sighting.key > known.came_key:
        known = replace(known, came=sighting.came, came_key=sighting.key)
    if sighting.key > known.seen_key:
        known = replace(known, standing=sighting.standing, seen_key=sighting.key)
    return known
