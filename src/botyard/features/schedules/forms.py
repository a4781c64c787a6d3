"""The console's form of a schedule: what can be chosen, and what was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.console import Form
from botyard.features.schedules import orders
from botyard.features.schedules.orders import Written
from botyard.ids import ChatKey
from botyard.jobs import schedules
from botyard.jobs.recurrence import Recurrence
from botyard.jobs.recurrence_words import read_recurrence
from botyard.jobs.schedules import Action, Schedule, ScheduleId
from botyard.members import chats, reach

IN_WORDS = ""
"""Chosen where an admin writes what to post himself."""
MOST_GROUPS = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form holds, but for the name and the bot."""

    does: tuple[str, dict[str, Any]]
    chats: list[ChatKey]
    rhythm: str
    recurrence: Recurrence
    catch_up: bool


async def choices_of(session: AsyncSession, actions: Mapping[str, Action]) -> list[tuple[str, str]]:
    """What can be posted now, as words and what people read."""
    found = [
        (choice.words, choice.title)
        for _, action in sorted(actions.items())
        if action.choices is not None
        for choice in await action.choices(session)
    ]
    return [*found, (IN_WORDS, "What I write below")]


async def filled_form(
    session: AsyncSession, schedule: Schedule, old: Written, actions: Mapping[str, Action]
) -> Form:
    """The form with what a schedule has."""
    keys = await schedules.chats_of(session, ScheduleId(schedule.id))
    places = await chats.places_of(session, keys)
    ids = [places[key].telegram_id for key in keys]
    groups = {group.telegram_id for group in await reach.groups_met(session, most=MOST_GROUPS)}
    offered = {words for words, _ in await choices_of(session, actions)}
    is_offered = old.does in offered
    return Form.filled(
        bot=schedule.bot_id,
        what=old.does if is_offered else IN_WORDS,
        does="" if is_offered else old.does,
        groups=[chat_id for chat_id in ids if chat_id in groups],
        chats="\n".join(str(chat_id) for chat_id in ids if chat_id not in groups),
        rhythm=old.rhythm,
        catch_up=schedule.catch_up,
    )


class FormReader:
    """Reads a posted form; what is wrong with it stands at its field then."""

    def __init__(
        self,
        session: AsyncSession,
        form: Form,
        actions: Mapping[str, Action],
        now: datetime,
        *,
        old: Written | None = None,
        kept: tuple[str, dict[str, Any]] | None = None,
    ) -> None:
        """`old` and `kept` are what a schedule has already: that is not checked again."""
        self._session = session
        self._form = form
        self._actions = actions
        self._now = now
        self._old = old
        self._kept = kept

    async def read(self) -> Wanted | None:
        """What is wanted; None if something is wrong."""
        form = self._form
        does, keys = await self._does(), await self._chats()
        rhythm, recurrence = form.text("rhythm", most=500), None
        if rhythm:
            with form.reading("rhythm"):
                recurrence = read_recurrence(rhythm, self._now)
        if form.errors or does is None or recurrence is None:
            return None
        return Wanted(does, keys, rhythm, recurrence, form.flag("catch_up"))

    async def _does(self) -> tuple[str, dict[str, Any]] | None:
        chosen = self._form.typed("what")
        typed = self._form.text("does", most=500, required=not chosen)
        if chosen and typed:
            self._form.refuse("does", "Choose one above, or write: not both.")
        words = chosen[:500] or typed
        if self._form.errors or not words:
            return None
        if self._old is not None and words == self._old.does:
            return self._kept
        with self._form.reading("what" if chosen else "does"):
            return await orders.read_action(self._session, words, self._actions)
        return None

    async def _chats(self) -> list[ChatKey]:
        ticked: Sequence[str] = self._form.typed_all("groups")
        typed = self._form.text("chats", most=8000, required=not ticked, multiline=True)
        names = [*ticked, *typed.replace(",", " ").split()]
        if not names:
            return []
        with self._form.reading("chats"):
            if self._old is not None and set(names) == set(self._old.places.split()):
                return await chats.named(self._session, names, self._now)
            return await orders.read_chats(self._session, names, self._now)
        return []
