"""/console/schedules: what is posted by itself, when it is next, how it went; and a form for a new one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from botyard.console import Form, Page, Refusal, Templates, Tone, read_form, redirect, signed_in
from botyard.errors import BotyardError
from botyard.feature import Site
from botyard.features.schedules import service
from botyard.features.schedules.service import Change, Order
from botyard.jobs import schedule_runs, schedules
from botyard.jobs.recurrence_words import read_recurrence
from botyard.jobs.schedules import NoSuchSchedule, Schedule, ScheduleId
from botyard.members.audit import Actor

HOME = "/console/schedules"
RUNS_SHOWN = 50

templates = Templates(Path(__file__).with_name("templates"))

_DONE = {
    Change.PAUSE: "{} is paused.",
    Change.RESUME: "{} goes on.",
    Change.RUN: "{} runs now.",
    Change.DELETE: "{} is deleted.",
}


def pages(site: Site) -> Sequence[BaseRoute]:
    """The pages, for the console to show."""
    desk = _Desk(site)
    return [
        Page("/schedules", desk.index, title="Schedules"),
        Route("/schedules/new", desk.new, methods=["GET", "POST"]),
        Route("/schedules/{number:int}", desk.one),
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
                return redirect(request, address, "It has run meanwhile. Once more?", tone=Tone.WARN)
            by = Actor(signed_in(request).member.id)
            try:
                await service.change(session, number, wanted, self._site.actions, by, self._site.clock.now())
            except BotyardError as problem:
                return redirect(request, address, str(problem), tone=Tone.BAD)
        return redirect(request, address, _DONE[wanted].format(name))

    async def new(self, request: Request) -> Response:
        """GET: a form. POST: keeps the schedule, or shows again what was typed."""
        if request.method == "GET":
            return self._form(request, Form.filled(rhythm="every day at 09:00 in Europe/London"))
        form = await read_form(request)
        async with self._site.database.session() as session:
            order = await self._order(session, form)
            bot_id = form.choice("bot", self._site.bots)
            if order is None or form.errors:
                return self._form(request, form, status=422)
            by = Actor(signed_in(request).member.id)
            with form.reading("name"):
                number = await service.add(session, order, bot_id, by, self._site.clock.now())
            if form.errors:
                return self._form(request, form, status=422)
        return redirect(request, f"{HOME}/{number}", f"{order.name} is scheduled.")

    async def _order(self, session: AsyncSession, form: Form) -> Order | None:
        now = self._site.clock.now()
        name, does = form.text("name", most=32), form.text("does", most=500)
        chats, rhythm = form.text("chats", most=8000, multiline=True), form.text("rhythm", most=500)
        if form.errors:
            return None
        with form.reading("name"):
            service.read_name(name)
        with form.reading("does"):
            action, payload = await service.read_action(session, does, self._site.actions)
        with form.reading("chats"):
            keys = await service.read_chats(session, chats.replace(",", " ").split(), now)
        with form.reading("rhythm"):
            recurrence = read_recurrence(rhythm, now)
        if form.errors:
            return None
        return Order(name, action, payload, keys, recurrence, form.flag("catch_up"))

    def _form(self, request: Request, form: Form, *, status: int = 200) -> Response:
        bots = [(bot.id, bot.name) for bot in self._site.bots.values()]
        actions = sorted(self._site.actions.values(), key=lambda each: each.name)
        return templates.show(
            request, "new_schedule.html", status=status, form=form, bots=bots, actions=actions
        )


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
