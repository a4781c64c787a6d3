"""The console's pages of a broadcast that has not begun: what it will look like, and its start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from botyard.console import Form, Tone, as_typed, read_form, redirect, signed_in
from botyard.errors import BotyardError
from botyard.feature import Site
from botyard.features.broadcasts import asking
from botyard.features.broadcasts.models import Broadcast, BroadcastState
from botyard.features.broadcasts.pages import (
    HOME,
    STATES,
    act,
    described,
    existing,
    in_words,
    number_of,
    operator,
    plural,
    templates,
    when,
    zone_of,
)
from botyard.features.broadcasts.service import approval, drafts, life, preflight, testing
from botyard.features.broadcasts.variant_words import describe_variant
from botyard.ids import BotId
from botyard.members.audit import Actor
from botyard.outbox import queue as outbox_queue


def launch_pages(site: Site) -> Sequence[BaseRoute]:
    """What the buttons of a draft do."""
    one = "/broadcasts/{number:int}"
    return [
        Route(f"{one}/test", partial(_test, site), methods=["POST"]),
        Route(f"{one}/schedule", partial(_schedule, site), methods=["POST"]),
        Route(f"{one}/unschedule", partial(act, site, _unschedule), methods=["POST"]),
        Route(f"{one}/start", partial(act, site, partial(_start, site)), methods=["POST"]),
        Route(f"{one}/agree", partial(_decide, site, approval.agree, "broadcast-agreed"), methods=["POST"]),
        Route(
            f"{one}/refuse", partial(_decide, site, approval.refuse, "broadcast-refused"), methods=["POST"]
        ),
        Route(f"{one}/drop", partial(_drop, site), methods=["POST"]),
    ]


async def show_draft(
    site: Site, request: Request, session: AsyncSession, broadcast: Broadcast, form: Form | None = None
) -> Response:
    """The page: what each message looks like, what stands in the way, and the ways to go on."""
    is_asking = broadcast.state is BroadcastState.ASKING
    found = await preflight.check(
        session,
        broadcast,
        site.pace,
        site.clock.now(),
        bots=site.bots,
        above=None if is_asking else site.two_person_above,  # its note says so already
    )
    if form is None:
        at = broadcast.scheduled_at
        form = Form.filled(at=as_typed(at, zone_of(broadcast.zone)) if at else None)
    return templates.show(
        request,
        "draft.html",
        status=422 if form.errors else 200,
        broadcast=broadcast,
        form=form,
        wordings=await drafts.wordings_of(session, broadcast),
        found=found,
        is_asking=is_asking,
        may_agree=approval.may_agree(broadcast, operator(request).user_id),
        words=STATES,
        in_words=in_words,
        who=describe_variant,
        **described(site, broadcast),
    )


async def _test(site: Site, request: Request) -> Response:
    rung: list[BotId] = []

    async def do(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> str:
        bot_id = BotId(broadcast.bot_id)
        bot = site.bots.get(bot_id)
        count = await testing.send(session, broadcast, by, bot.username if bot else None, now)
        rung.append(bot_id)
        return f"Look at your phone: {plural(count, 'message')} from {bot.name if bot else 'the bot'}."

    answer = await act(site, do, request)
    site.bell.ring(rung)
    return answer


async def _schedule(site: Site, request: Request) -> Response:
    form = await read_form(request)
    async with site.database.reading() as session:
        broadcast = await existing(session, request)
        at = form.moment("at", zone_of(broadcast.zone))
        if form.errors and broadcast.state.is_new:
            return await show_draft(site, request, session, broadcast, form)

    async def do(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> str:
        await life.schedule(session, broadcast, at, by, now)
        return f"{broadcast.name} starts {when(at, broadcast.zone)}."

    return await act(site, do, request)


async def _unschedule(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> str:
    await life.unschedule(session, broadcast, by, now)
    return f"{broadcast.name} is a draft again. It does not start by itself."


async def _start(site: Site, session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> str:
    """The form says no more than which broadcast: pressed twice, it finds it begun."""
    begun = await life.start(session, broadcast, by, now)
    if await approval.needs_second(session, broadcast, site.two_person_above, now):
        return f"{broadcast.name} waits for a second admin's yes."
    if begun:
        return f"{broadcast.name} has started."
    return f"{broadcast.name} had started already: there is one run."


async def _decide(
    site: Site,
    decide: Callable[[AsyncSession, Broadcast, Actor, datetime], Awaitable[None]],
    told: str,
    request: Request,
) -> Response:
    """POST: somebody's word on a broadcast that waits for one. Who started it hears of it from its bot."""
    rung: list[BotId] = []

    async def do(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> str:
        is_anothers = approval.waits_for_second(broadcast) and approval.starter_of(broadcast) != by.user_id
        name = signed_in(request).member.name
        again = broadcast.state is BroadcastState.ASKING_AGAIN
        key = f"{told}{'-again' if again else ''}-by"
        calls = await asking.tell_starter(site.texts, session, broadcast, key, who=name)
        await decide(session, broadcast, by, now)
        if is_anothers:
            await outbox_queue.add(await session.connection(), calls, now)
            rung.append(BotId(broadcast.bot_id))
        if again:
            return f"{broadcast.name} {'goes on' if broadcast.state.is_under_way else 'stays paused'}."
        return f"{broadcast.name} {'has started' if broadcast.state.is_under_way else 'is a draft again'}."

    answer = await act(site, do, request)
    site.bell.ring(rung)
    return answer


async def _drop(site: Site, request: Request) -> Response:
    try:
        async with site.database.session() as session:
            broadcast = await existing(session, request, locked=True)
            await drafts.drop(session, broadcast, operator(request), site.clock.now())
    except BotyardError as problem:
        return redirect(request, f"{HOME}/{number_of(request)}", str(problem), tone=Tone.BAD)
    return redirect(request, HOME, f"{broadcast.name} is deleted.")
