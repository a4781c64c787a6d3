"""Reading what an operator wants of a schedule: a whole order in lines, or the lines that are to change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.ids import ChatKey
from botyard.jobs import schedules
from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.recurrence import Recurrence
from botyard.jobs.recurrence_words import read_recurrence, write_recurrence
from botyard.jobs.schedules import Action, BadSchedule, Revision, Schedule, ScheduleId
from botyard.members import chats, reach

CATCH_UP = "catch-up"
MOST_CHATS = 200

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class Part(Enum):
    """What a line of an order says."""

    NAME = "name"
    WHAT = "what"
    WHERE = "where"
    WHEN = "when"


class WrongLine(BotyardError):
    """A line of an order is not understood, or cannot be done. `number` counts from 1."""

    def __init__(self, number: int, line: str, part: Part, problem: BotyardError) -> None:
        super().__init__(problem.message, remedy=problem.remedy)
        self.number = number
        self.line = line
        self.part = part


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator wants to happen, where and when."""

    name: str
    action: str
    payload: dict[str, Any]
    chats: Sequence[ChatKey]
    recurrence: Recurrence
    catch_up: bool


@dataclass(frozen=True, slots=True)
class Written:
    """A schedule in the words that make it. `does` and `rhythm` are empty where nobody can write them."""

    does: str
    places: str
    rhythm: str
    catch_up: bool

    @property
    def lines(self) -> str:
        """The lines of an order, without the name."""
        when = " ".join(filter(None, [self.rhythm, CATCH_UP if self.catch_up else ""]))
        return "\n".join(filter(None, [self.does, f"to {self.places}", when]))


async def written(
    session: AsyncSession, schedule: Schedule, actions: Mapping[str, Action], now: datetime
) -> Written:
    """The schedule in the words that make it."""
    action = actions.get(schedule.action)
    keys = await schedules.chats_of(session, ScheduleId(schedule.id))
    known = await chats.places_of(session, keys)
    return Written(
        does=action.write(schedule.payload) if action and action.write else "",
        places=" ".join(str(known[key].telegram_id) for key in keys),
        rhythm=_rhythm_of(schedule, now),
        catch_up=schedule.catch_up,
    )


def _rhythm_of(schedule: Schedule, now: datetime) -> str:
    try:
        return write_recurrence(schedule.recurrence, now)
    except WrongRecurrence:  # its zone is gone: whoever edits it gives it another
        return ""


async def read_order(session: AsyncSession, text: str, actions: Mapping[str, Action], now: datetime) -> Order:
    """The order that lines of text make: a name, an action with its words, `to` with chats, a rhythm.

    The rhythm may go on in further lines; `catch-up` in it is no part of it. Raises `WrongLine`.
    """
    lines, after = _numbered(text)
    lines += [(after, "")] * max(0, 4 - len(lines))  # a line that is missing is wrong
    (name_at, name), (action_at, does), (places_at, places), *rest = lines
    with _at_line(name_at, name, Part.NAME):
        read_name(name)
    with _at_line(action_at, does, Part.WHAT):
        action, payload = await read_action(session, does, actions)
    with _at_line(places_at, places, Part.WHERE):
        keys = await _read_places(session, places, now)
    rhythm, catch_up = _rhythm_in(rest)
    with _at_line(*rest[0], Part.WHEN):
        recurrence = read_recurrence(rhythm, now)
    return Order(name, action, payload, keys, recurrence, catch_up)


async def read_changes(
    session: AsyncSession, text: str, old: Written, actions: Mapping[str, Action], now: datetime
) -> Revision:
    """What lines beneath the name want changed: any of an order's lines, in any order.

    A line that says what is so already changes nothing. Raises `WrongLine`.
    """
    lines, _ = _numbered(f"\n{text}")
    does: tuple[str, dict[str, Any]] | None = None
    keys: list[ChatKey] | None = None
    when: list[tuple[int, str]] = []
    for number, line in lines:
        first = line.split(maxsplit=1)[0].lower()
        if first == "to":
            with _at_line(number, line, Part.WHERE):
                keys = None if line == f"to {old.places}" else await _read_places(session, line, now)
        elif first in actions:
            with _at_line(number, line, Part.WHAT):
                does = None if line == old.does else await read_action(session, line, actions)
        else:
            when.append((number, line))
    if not when:
        return Revision(does=does, chats=keys)
    rhythm, catch_up = _rhythm_in(when)
    recurrence = None
    if rhythm and rhythm != old.rhythm:
        with _at_line(*when[0], Part.WHEN):
            recurrence = read_recurrence(rhythm, now)
    if not rhythm and not catch_up:
        return Revision(does=does, chats=keys)
    return Revision(
        does=does,
        chats=keys,
        recurrence=recurrence,
        catch_up=None if catch_up == old.catch_up else catch_up,
    )


def _numbered(text: str) -> tuple[list[tuple[int, str]], int]:
    """The lines that are not empty, with their numbers; and the number after the last."""
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    return [(number, line) for number, line in numbered if line], len(numbered) + 1


def _rhythm_in(lines: Sequence[tuple[int, str]]) -> tuple[str, bool]:
    """The words of a rhythm, and whether `catch-up` is among them."""
    said = " ".join(line for _, line in lines).split()
    rhythm = [word for word in said if word.lower() != CATCH_UP]
    return " ".join(rhythm), len(rhythm) < len(said)


@contextmanager
def _at_line(number: int, line: str, part: Part) -> Iterator[None]:
    try:
        yield
    except BotyardError as problem:
        raise WrongLine(number, line, part, problem) from problem


def read_name(name: str) -> str:
    """The name, if it can be one. Raises `BadSchedule`."""
    if not _NAME.fullmatch(name):
        raise BadSchedule(
            "A name is 1 to 32 small letters, digits, - and _.", remedy="Write it like morning-guides."
        )
    return name


async def read_action(
    session: AsyncSession, words: str, actions: Mapping[str, Action]
) -> tuple[str, dict[str, Any]]:
    """The action that the words name, and its payload. Raises `BotyardError`."""
    name, _, rest = words.partition(" ")
    action = actions.get(name.lower())
    if action is None:
        known = ", ".join(sorted(actions)) or "nothing yet"
        wrong = f"'{name[:40]}' cannot be scheduled." if name else "What is to be posted is missing."
        raise BadSchedule(wrong, remedy=f"There is: {known}.")
    return action.name, await action.read(session, rest.strip())


async def _read_places(session: AsyncSession, line: str, now: datetime) -> list[ChatKey]:
    to, *names = line.replace(",", " ").split() or [""]
    if to.lower() != "to" or not names:
        raise BadSchedule(
            "This line says where: to, and then chats.", remedy="Write it like: to -1001234567890 @club"
        )
    return await read_chats(session, names, now)


async def read_chats(session: AsyncSession, names: Sequence[str], now: datetime) -> list[ChatKey]:
    """The chats of these ids and @usernames, all of which some bot has met. Raises `BotyardError`."""
    if len(names) > MOST_CHATS:
        raise BadSchedule(f"These are {len(names)} chats, at most {MOST_CHATS} go.", remedy="Make two.")
    keys = await chats.named(session, names, now)
    await reach.require_met(session, keys)
    return keys
