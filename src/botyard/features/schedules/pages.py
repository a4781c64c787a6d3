"""/console/schedules: what is posted by itself, when it is next, how it went; forms to add and to edit."""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from botyard.console import Form, Page, Refusal, Templates, Tone, read_form, redirect, signed_in
from botyard.errors import BotyardError
from botyard.feature import Site
from botyard.features.schedules import orders, service
from botyard.features.schedules.forms import FormReader, choices_of, filled_form
from botyard.features.schedules.orders import Order
from botyard.features.schedules.service import Change
from botyard.jobs import schedule_runs, schedules
from botyard.jobs.schedules import NoSuchSchedule, Revision, Schedule, ScheduleId
from botyard.members import reach
from botyard.members.audit import Actor
from botyard.routing.reach import warnings
from botyard.routing.texts import TextArgument

HOME = "/console/schedules"
RUNS_SHOWN = 50
MOST_GROUPS = 200

templates = Templates(Path(__file__).with_name("templates"))

_DONE = {
    Change.PAUSE: "{} is paused.",
    Change.RESUME: "{} goes on.",
    Change.RUN: "{} is posted now.",
    Change.DELETE: "{} is deleted.",
}


def pages(site: Site) -> Sequence[BaseRoute]:
    """The pages, for the console to show."""
    desk = _Desk(site)
    return [
        Page("/schedules", desk.index, title="Schedules"),
        Route("/schedules/new", desk.new, methods=["GET", "POST"]),
        Route("/schedules/{number:int}", desk.one),
        Route("/schedules/{number:int}/edit", desk.edit, methods=["GET", "POST"]),
        Route("/schedules/{number:int}/{change}", desk.change, methods=["POST"]),
    ]


class _Desk:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        """GET: all of them."""
        now = self._site.clock.now()
        async with self._site.database.reading() as session:
            seen = [
                await service.overview(session, each, self._site.actions, now)
                for each in await schedules.listed(session)
            ]
        return templates.show(request, "schedules.html", schedules=seen)

    async def one(self, request: Request) -> Response:
        """GET: one of them, with its history."""
        async with self._site.database.reading() as session:
            schedule = await _schedule(session, request)
            seen = await service.overview(session, schedule, self._site.actions, self._site.clock.now())
            found = await schedule_runs.runs_of(session, seen.id, most=RUNS_SHOWN)
            runs = [(service.moment_of(run.occurrence, schedule.zone), run) for run in found]
        return templates.show(request, "schedule.html", schedule=seen, runs=runs)

    async def change(self, request: Request) -> Response:
        """POST: pauses, resumes, runs or deletes it."""
        wanted = _change(request)
        form = await read_form(request)
        async with self._site.database.session() as session:
            schedule = await _schedule(session, request)
            number, name = ScheduleId(schedule.id), schedule.name
            address = HOME if wanted is Change.DELETE else f"{HOME}/{number}"
            latest = await schedule_runs.runs_of(session, number, most=1)
            if wanted is Change.RUN and latest and str(latest[0].id) != form.typed("last"):
                return redirect(request, address, "It was posted a moment ago.", tone=Tone.WARN)
            by = _operator(request)
            try:
                await service.change(session, number, wanted, self._site.actions, by, self._site.clock.now())
            except BotyardError as problem:
                return redirect(request, address, str(problem), tone=Tone.BAD)
        return redirect(request, address, _DONE[wanted].format(name))

    async def new(self, request: Request) -> Response:
        """GET: a form. POST: keeps the schedule, or shows again what was typed."""
        if request.method == "GET":
            form = Form.filled(rhythm="every day at 09:00 in Europe/London")
            return await self._form(request, form)
        form = await read_form(request)
        now = self._site.clock.now()
        async with self._site.database.session() as session:
            wanted = await FormReader(session, form, self._site.actions, now).read()
            name = form.text("name", most=32)
            with form.reading("name"):
                orders.read_name(name)
            bot_id = form.choice("bot", self._site.bots)
            if wanted is None or form.errors:
                return await self._form(request, form, status=422)
            order = Order(name, *wanted.does, wanted.chats, wanted.recurrence, wanted.catch_up)
            with form.reading("name"):
                number = await service.add(session, order, bot_id, _operator(request), now)
            if form.errors:
                return await self._form(request, form, status=422)
            doubts = await warnings(session, self._say, wanted.chats, bot_id)
        return _saved(request, number, f"{order.name} is scheduled.", doubts)

    async def edit(self, request: Request) -> Response:
        """GET: the form with what it has. POST: changes the schedule; its history stays."""
        now = self._site.clock.now()
        async with self._site.database.session() as session:
            schedule = await _schedule(session, request)
            old = await orders.written(session, schedule, self._site.actions, now)
            if request.method == "GET":
                filled = await filled_form(session, schedule, old, self._site.actions)
                return await self._form(request, filled, schedule=schedule)
            form = await read_form(request)
            kept = (schedule.action, schedule.payload)
            reader = FormReader(session, form, self._site.actions, now, old=old, kept=kept)
            wanted = await reader.read()
            bot_id = form.choice("bot", self._site.bots)
            if wanted is None or form.errors:
                return await self._form(request, form, schedule=schedule, status=422)
            keys = await schedules.chats_of(session, ScheduleId(schedule.id))
            revision = Revision(
                does=wanted.does if wanted.does != kept else None,
                chats=wanted.chats if set(wanted.chats) != set(keys) else None,
                recurrence=wanted.recurrence if wanted.rhythm != old.rhythm else None,
                catch_up=wanted.catch_up if wanted.catch_up != schedule.catch_up else None,
                bot_id=bot_id if bot_id != schedule.bot_id else None,
            )
            await service.edit(session, schedule, revision, _operator(request), now)
            number, name = ScheduleId(schedule.id), schedule.name
            doubts = await warnings(session, self._say, wanted.chats, bot_id)
        return _saved(request, number, f"{name} is saved.", doubts)

    def _say(self, key: str, **arguments: TextArgument) -> str:
        return self._site.texts.format(None, key, **arguments)

    async def _form(
        self, request: Request, form: Form, *, schedule: Schedule | None = None, status: int = 200
    ) -> Response:
        actions = self._site.actions
        async with self._site.database.reading() as session:
            what = await choices_of(session, actions)
            groups = await reach.groups_met(session, most=MOST_GROUPS)
        return templates.show(
            request,
            "schedule_form.html",
            status=status,
            form=form,
            schedule=schedule,
            bots=[(bot.id, bot.name) for bot in self._site.bots.values()],
            what=what,
            groups=[(group.telegram_id, group.name) for group in groups],
            actions=sorted(actions.values(), key=lambda each: each.name),
        )


def _saved(request: Request, number: ScheduleId, said: str, doubts: Sequence[str]) -> Response:
    """Back to the schedule, with what is to be feared of it."""
    text = " ".join([said, *map(unescape, doubts)])
    return redirect(request, f"{HOME}/{number}", text, tone=Tone.WARN if doubts else Tone.GOOD)


def _operator(request: Request) -> Actor:
    return Actor(signed_in(request).member.id)


async def _schedule(session: AsyncSession, request: Request) -> Schedule:
    try:
        return await schedules.get(session, ScheduleId(request.path_params["number"]))
    except NoSuchSchedule as problem:
        raise Refusal(404, problem.message, what_next="The list has those that are there.") from None


def _change(request: Request) -> Change:
    try:
        return Change(request.path_params["change"])
    except ValueError:
        raise Refusal(404, "There is no such change.", what_next="Go back and load the page again.") from None
