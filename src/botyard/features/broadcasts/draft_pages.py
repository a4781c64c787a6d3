"""The console's pages on which broadcasts are written, and changed until they begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from zoneinfo import available_timezones

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from botyard.console import Form, Tone, read_form, redirect
from botyard.feature import Site
from botyard.features.broadcasts import draft_form
from botyard.features.broadcasts.draft_form import MOST_DAYS
from botyard.features.broadcasts.message import VARIABLES
from botyard.features.broadcasts.models import Broadcast, BroadcastState
from botyard.features.broadcasts.pages import HOME, KINDS, STATES, TOPICS, existing, operator, templates
from botyard.features.broadcasts.service import drafts
from botyard.features.broadcasts.service.drafts import LONGEST_NAME, MOST_VARIANTS, Plan, Reach, Wording
from botyard.ids import BotId
from botyard.members.models import Role

CONTINENTS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific", "UTC")
ZONES = sorted(each for each in available_timezones() if each.split("/")[0] in CONTINENTS)
"""What is suggested. Others are taken too."""
ROLES = {
    Role.PUBLIC: "Everybody without a role",
    Role.SUBSCRIBER: "Subscribers",
    Role.ADMIN: "Admins",
    Role.OWNER: "Owners",
}

SAVE = "save"


@dataclass(frozen=True, slots=True)
class Kept:
    """A broadcast whose form is shown, and its messages by their numbers."""

    broadcast: Broadcast
    wordings: Mapping[int, Wording]

    @property
    def is_new(self) -> bool:
        """Whether all of it can be changed; else only what its messages say."""
        return self.broadcast.state.is_new


def draft_pages(site: Site) -> Sequence[BaseRoute]:
    """The forms, and the count of an audience that stands in them."""
    return [
        Route("/broadcasts/new", partial(_new, site), methods=["GET", "POST"]),
        Route("/broadcasts/reach", partial(_reach, site), methods=["POST"]),
        Route("/broadcasts/{number:int}/edit", partial(_edit, site), methods=["GET", "POST"]),
    ]


async def _new(site: Site, request: Request) -> Response:
    if not site.bots:
        return templates.show(request, "no_bots.html")
    if request.method == "GET":
        async with site.database.reading() as session:
            latest, _ = await drafts.listed(session, most=1)
        return _show_form(site, request, draft_form.blank(latest[0].zone if latest else "UTC"), [1])
    form = await read_form(request)
    numbers = draft_form.numbers_of(form)
    if form.typed("do") != SAVE:
        return await _show_again(site, request, form, numbers)
    by, now = operator(request), site.clock.now()
    bot_id, plan = _bot(site, form), draft_form.read_plan(form)
    wordings = draft_form.read_wordings(form, numbers, {}, bot_id)
    if not form.errors:
        with form.reading(""):
            async with site.database.session() as session:
                broadcast = await drafts.make(session, plan, bot_id, by, now)
                await drafts.word(session, broadcast, wordings, by, now)
            return redirect(request, f"{HOME}/{broadcast.id}", f"{broadcast.name} is saved as a draft.")
    return _show_form(site, request, form, numbers, status=422)


async def _edit(site: Site, request: Request) -> Response:
    async with site.database.reading() as session:
        broadcast = await existing(session, request)
        wordings = await drafts.wordings_of(session, broadcast)
    kept = Kept(broadcast, {each.number: each for each in wordings})
    home = f"{HOME}/{broadcast.id}"
    if not (kept.is_new or broadcast.state is BroadcastState.PAUSED):
        state = STATES[broadcast.state][0].lower()
        return redirect(request, home, f"{broadcast.name} cannot be changed: {state}.", tone=Tone.BAD)
    if request.method == "GET":
        form = draft_form.filled(drafts.plan_of(broadcast), wordings)
        return _show_form(site, request, form, list(kept.wordings) or [1], kept)
    form = await read_form(request)
    numbers = draft_form.numbers_of(form) if kept.is_new else list(kept.wordings)
    if form.typed("do") != SAVE:
        return await _show_again(site, request, form, numbers, kept)
    plan = draft_form.read_plan(form) if kept.is_new else None
    bot_id = BotId(broadcast.bot_id)
    said = (
        draft_form.read_wordings(form, numbers, kept.wordings, bot_id)
        if kept.is_new
        else draft_form.read_texts(form, wordings, bot_id)
    )
    if not form.errors:
        with form.reading(""):
            await _save(site, request, plan, said)
            return redirect(request, home, f"{plan.name if plan else broadcast.name} is saved.")
    return _show_form(site, request, form, numbers, kept, status=422)


async def _save(site: Site, request: Request, plan: Plan | None, said: Sequence[Wording]) -> None:
    """Keeps what was changed. What it says is left alone if it is the same: it need not be tested again."""
    by, now = operator(request), site.clock.now()
    async with site.database.session() as session:
        broadcast = await existing(session, request, locked=True)
        if plan is not None:
            await drafts.change(session, broadcast, plan, by, now)
        if list(said) != await drafts.wordings_of(session, broadcast):
            await drafts.word(session, broadcast, said, by, now)


async def _show_again(
    site: Site, request: Request, form: Form, numbers: list[int], kept: Kept | None = None
) -> Response:
    """The form as it was typed, with one message more or less, or with the count of its audience."""
    todo, _, which = form.typed("do").partition("-")
    reach = None
    match todo:
        case "add" if len(numbers) < MOST_VARIANTS:
            numbers = [*numbers, max([*numbers, *(kept.wordings if kept else ())]) + 1]
        case "remove" if len(numbers) > 1:
            numbers = [each for each in numbers if str(each) != which]
        case "count":
            reach = await _count(site, form)
    return _show_form(site, request, form, numbers, kept, reach=reach)


async def _reach(site: Site, request: Request) -> Response:
    """POST: the count of the audience in the form, for the part of the page that shows it."""
    form = await read_form(request)
    reach = await _count(site, form)
    return templates.show(request, "reach.html", reach=reach, problems=list(form.errors.values()))


async def _count(site: Site, form: Form) -> Reach | None:
    bot_id = _bot(site, form)
    plan = Plan("", draft_form.read_topic(form), draft_form.read_audience(form))
    if form.errors:
        return None
    async with site.database.reading() as session:
        return await drafts.reach(session, plan, bot_id, site.clock.now())


def _bot(site: Site, form: Form) -> BotId:
    names = {str(bot_id): bot_id for bot_id in site.bots}
    chosen = form.choice("bot", names) if len(names) > 1 or form.typed("bot") else next(iter(names))
    return names[chosen]


def _show_form(
    site: Site,
    request: Request,
    form: Form,
    numbers: Sequence[int],
    kept: Kept | None = None,
    *,
    reach: Reach | None = None,
    status: int = 200,
) -> Response:
    return templates.show(
        request,
        "draft_form.html",
        status=status,
        form=form,
        numbers=numbers,
        broadcast=kept.broadcast if kept else None,
        kept=kept.wordings if kept else {},
        shares=draft_form.shares(form, numbers),
        is_new=kept is None or kept.is_new,
        reach=reach,
        problems=[],
        is_narrowed=draft_form.is_narrowed(form),
        bots=[(bot.id, bot.name) for bot in site.bots.values()],
        topics=TOPICS,
        roles=ROLES,
        kinds=KINDS,
        zones=ZONES,
        variables=", ".join(f"{{{name}}}" for name in VARIABLES),
        longest_name=LONGEST_NAME,
        most_variants=MOST_VARIANTS,
        most_days=MOST_DAYS,
    )
