"""Keeping schedules: what is to be done again and again, where, and when next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text, UniqueConstraint, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from botyard.db.types import Base, EnumText, JsonBytes, RowNumber, UtcDateTime
from botyard.errors import BotyardError
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs.recurrence import QuietHours, Recurrence

ScheduleId = NewType("ScheduleId", int)
RunId = NewType("RunId", int)

MOST_ROWS = 2**63


class RunState(StrEnum):
    """What became of one run of a schedule."""

    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"
    MISSED = "missed"


class Schedule(Base):
    """What is to be done (`action` with `payload`), in which rhythm, and at which moment next."""

    __tablename__ = "schedules"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    action: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JsonBytes)
    bot_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bots.id"))
    cron: Mapped[str | None] = mapped_column(String(128))
    every_seconds: Mapped[int | None] = mapped_column(Integer)
    zone: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    jitter_seconds: Mapped[int] = mapped_column(Integer)
    quiet_begins: Mapped[str | None] = mapped_column(String(5))
    quiet_ends: Mapped[str | None] = mapped_column(String(5))
    catch_up: Mapped[bool]
    enabled: Mapped[bool]
    occurrence: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The next one, as the rhythm has it; `next_at` is when it fires, which jitter may put later."""
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def recurrence(self) -> Recurrence:
        """The rhythm."""
        quiet = None
        if self.quiet_begins is not None and self.quiet_ends is not None:
            quiet = QuietHours(time.fromisoformat(self.quiet_begins), time.fromisoformat(self.quiet_ends))
        return Recurrence(
            cron=self.cron,
            every=None if self.every_seconds is None else timedelta(seconds=self.every_seconds),
            zone=self.zone,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            jitter=timedelta(seconds=self.jitter_seconds),
            quiet=quiet,
        )

    def plan(self, now: datetime) -> None:
        """Finds its next moment after now. Raises `WrongRecurrence` if the rhythm cannot be read any more."""
        rhythm = self.recurrence
        self.occurrence = rhythm.next_after(now)
        self.next_at = None if self.occurrence is None else rhythm.jittered(self.occurrence, self.id)


class ScheduleChat(Base):
    """A chat that a schedule posts to; `position` keeps the order in which they were named."""

    __tablename__ = "schedule_chats"

    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedules.id"), primary_key=True)
    chat_key: Mapped[int] = mapped_column(BigInteger, ForeignKey("chats.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)


class ScheduleRun(Base):
    """One run of a schedule. That an occurrence has one row at most is what keeps it from firing twice."""

    __tablename__ = "schedule_runs"
    __table_args__ = (UniqueConstraint("schedule_id", "occurrence"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedules.id"))
    occurrence: Mapped[datetime] = mapped_column(UtcDateTime)
    fired_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[RunState] = mapped_column(EnumText(RunState))
    detail: Mapped[str] = mapped_column(Text)


class NoSuchSchedule(BotyardError):
    """There is no schedule of this name or number."""


class BadSchedule(BotyardError):
    """The schedule cannot be kept: it never happens, its name is taken, or it has no chats."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be chosen: an admin's words for it, such as `promo spring`, and what people read."""

    words: str
    title: str


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be scheduled. `read` makes its payload of an admin's words and checks it.

    `read` raises `BotyardError`; `describe` answers one line for lists.
    """

    name: str
    title: str
    usage: str
    read: Callable[[AsyncSession, str], Awaitable[dict[str, Any]]]
    describe: Callable[[Mapping[str, Any]], str]
    write: Callable[[Mapping[str, Any]], str] | None = None
    """The admin's words again, with the action's name: `promo spring`. Without it they cannot be edited."""
    choices: Callable[[AsyncSession], Awaitable[Sequence[Choice]]] | None = None
    """What there is to choose from now, for forms."""

    @property
    def job_name(self) -> str:
        """The name of the jobs that do it."""
        return f"schedule:{self.name}"


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """What an admin asks for."""

    name: str
    action: str
    payload: dict[str, Any]
    bot_id: BotId
    chats: Sequence[ChatKey]
    recurrence: Recurrence
    catch_up: bool = False
    by: UserId | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """What is to become another of a schedule that is there. None leaves it as it is."""

    does: tuple[str, dict[str, Any]] | None = None
    """An action's name, and its payload."""
    chats: Sequence[ChatKey] | None = None
    recurrence: Recurrence | None = None
    catch_up: bool | None = None
    bot_id: BotId | None = None

    @property
    def changed(self) -> str:
        """What becomes another, for the audit log."""
        names = {
            "what": self.does,
            "where": self.chats,
            "when": self.recurrence,
            "catch-up": self.catch_up,
            "bot": self.bot_id,
        }
        return ", ".join(name for name, value in names.items() if value is not None)


async def create(session: AsyncSession, wanted: NewSchedule, now: datetime) -> Schedule:
    """Keeps a new schedule. Raises `BadSchedule`."""
    taken = await session.scalar(select(Schedule.id).where(Schedule.name == wanted.name))
    if taken is not None:
        raise BadSchedule(f"There is a schedule {wanted.name} already.", remedy="Take another name.")
    if not wanted.chats:
        raise BadSchedule("A schedule needs a chat to post to.", remedy="Name one at least.")
    _check_happens(wanted.recurrence, now)  # before anything is written: the caller may go on and commit
    schedule = Schedule(
        name=wanted.name,
        action=wanted.action,
        payload=wanted.payload,
        bot_id=wanted.bot_id,
        **_columns(wanted.recurrence, now),
        catch_up=wanted.catch_up,
        enabled=True,
        created_by=wanted.by,
        created_at=now,
    )
    session.add(schedule)
    await session.flush()
    schedule.plan(now)
    await _set_chats(session, schedule, wanted.chats)
    return schedule


async def revise(session: AsyncSession, schedule: Schedule, wanted: Revision, now: datetime) -> None:
    """Changes a schedule, which keeps its history. With another rhythm its next moment is another one too.

    A paused one stays paused. Raises `BadSchedule`, before anything is changed.
    """
    if wanted.chats is not None and not wanted.chats:
        raise BadSchedule("A schedule needs a chat to post to.", remedy="Name one at least.")
    if wanted.recurrence is not None:
        _check_happens(wanted.recurrence, now)
        for column, value in _columns(wanted.recurrence, now).items():
            setattr(schedule, column, value)
        if schedule.enabled:
            schedule.plan(now)
    if wanted.does is not None:
        schedule.action, schedule.payload = wanted.does
    if wanted.catch_up is not None:
        schedule.catch_up = wanted.catch_up
    if wanted.bot_id is not None:
        schedule.bot_id = wanted.bot_id
    if wanted.chats is not None:
        await session.execute(delete(ScheduleChat).where(ScheduleChat.schedule_id == schedule.id))
        await _set_chats(session, schedule, wanted.chats)
    await session.flush()


def _check_happens(rhythm: Recurrence, now: datetime) -> None:
    if rhythm.next_after(now) is None:
        raise BadSchedule("This never happens.", remedy="Look at its days, its quiet hours and its end.")


def _columns(rhythm: Recurrence, now: datetime) -> dict[str, Any]:
    """The columns that keep a rhythm."""
    return {
        "cron": rhythm.cron,
        "every_seconds": None if rhythm.every is None else int(rhythm.every.total_seconds()),
        "zone": rhythm.zone,
        "starts_at": rhythm.starts_at or now,
        "ends_at": rhythm.ends_at,
        "jitter_seconds": int(rhythm.jitter.total_seconds()),
        "quiet_begins": f"{rhythm.quiet.begins:%H:%M}" if rhythm.quiet else None,
        "quiet_ends": f"{rhythm.quiet.ends:%H:%M}" if rhythm.quiet else None,
    }


async def _set_chats(session: AsyncSession, schedule: Schedule, chats: Sequence[ChatKey]) -> None:
    session.add_all(
        ScheduleChat(schedule_id=schedule.id, chat_key=key, position=place) for place, key in enumerate(chats)
    )
    await session.flush()


async def find(session: AsyncSession, name: str) -> Schedule:
    """The schedule of this name, locked until the transaction ends. Raises `NoSuchSchedule`."""
    found = await session.scalar(select(Schedule).where(Schedule.name == name).with_for_update())
    if found is None:
        raise NoSuchSchedule(f"There is no schedule {name}.", remedy="/schedules lists them.")
    return found


async def get(session: AsyncSession, schedule_id: ScheduleId) -> Schedule:
    """The schedule, locked until the transaction ends. Raises `NoSuchSchedule`."""
    known = schedule_id < MOST_ROWS  # of a larger one the database would make an error
    found = await session.get(Schedule, schedule_id, with_for_update=True) if known else None
    if found is None:
        raise NoSuchSchedule("This schedule is gone.", remedy="/schedules lists those that are there.")
    return found


async def listed(session: AsyncSession) -> Sequence[Schedule]:
    """All schedules, by name."""
    return (await session.scalars(select(Schedule).order_by(Schedule.name))).all()


async def chats_of(session: AsyncSession, schedule_id: ScheduleId) -> list[ChatKey]:
    """The chats that a schedule posts to, in the order in which they were named."""
    rows = await session.scalars(
        select(ScheduleChat.chat_key)
        .where(ScheduleChat.schedule_id == schedule_id)
        .order_by(ScheduleChat.position)
    )
    return [ChatKey(key) for key in rows]


def pause(schedule: Schedule) -> None:
    """It does not fire until it is resumed."""
    schedule.enabled = False
    schedule.occurrence = schedule.next_at = None


def resume(schedule: Schedule, now: datetime) -> None:
    """It goes on with the next occurrence from now. One that was not paused keeps what it has planned."""
    if not schedule.enabled:
        schedule.enabled = True
        schedule.plan(now)


async def remove(session: AsyncSession, schedule: Schedule) -> None:
    """Deletes the schedule with its history."""
    for table in (ScheduleRun, ScheduleChat):
        await session.execute(delete(table).where(table.schedule_id == schedule.id))
    await session.delete(schedule)
