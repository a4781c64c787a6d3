"""The console's pages of broadcasts: the list, and what all of these pages share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from botyard.console import (
    Page,
    Refusal,
    Templates,
    Tone,
    number_in,
    page_of,
    redirect,
    signed_in,
    telegram_html,
)
from botyard.errors import BotyardError
from botyard.feature import Site
from botyard.features.broadcasts import audience_words
from botyard.features.broadcasts.message import MessageKind
from botyard.features.broadcasts.models import Broadcast, BroadcastState, RecipientState
from botyard.features.broadcasts.service import drafts, tallies
from botyard.features.broadcasts.service.composing import LEAVE
from botyard.features.broadcasts.service.drafts import NoSuchBroadcast
from botyard.ids import BotId
from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.recurrence import zone_named
from botyard.members.audit import Actor
from botyard.members.consent import Topic

HOME = "/console/broadcasts"
ON_PAGE = 50

Do = Callable[[AsyncSession, Broadcast, Actor, datetime], Awaitable[str]]
"""Does something to a broadcast, and says what."""

templates = Templates(Path(__file__).with_name("templates"))

STATES: dict[BroadcastState, tuple[str, str]] = {
    BroadcastState.DRAFT: ("Draft", "quiet"),
    BroadcastState.SCHEDULED: ("Scheduled", ""),
    BroadcastState.ASKING: ("Needs a yes", "warn"),
    BroadcastState.FREEZING: ("Listing recipients", ""),
    BroadcastState.RUNNING: ("Sending", ""),
    BroadcastState.PAUSED: ("Paused", "warn"),
    BroadcastState.ASKING_AGAIN: ("Needs a yes", "warn"),
    BroadcastState.FINISHED: ("Finished", "good"),
    BroadcastState.CANCELLED: ("Cancelled", "quiet"),
}
"""What a page says of a state, and the tone of its tag."""

FATES: dict[RecipientState, str] = {
    RecipientState.SENT: "Sent",
    RecipientState.FAILED: "Failed",
    RecipientState.BLOCKED: "Blocked the bot",
    RecipientState.UNKNOWN: "May have arrived",
    RecipientState.SKIPPED: "Left out",
    RecipientState.SENDING: "Being sent",
    RecipientState.PENDING: "Waiting",
}
"""What a page says of what became of a recipient, in the order of the bar."""

TOPICS: dict[Topic, str] = {
    Topic.OFFERS: "Offers",
    Topic.NEWS: "News",
    Topic.GUIDES: "Guides",
    Topic.SERVICE: "Service: what members must know",
}

KINDS: dict[MessageKind, str] = {
    MessageKind.TEXT: "Text",
    MessageKind.PHOTO: "Photo",
    MessageKind.VIDEO: "Video",
    MessageKind.ANIMATION: "GIF",
    MessageKind.AUDIO: "Audio",
    MessageKind.DOCUMENT: "File",
    MessageKind.VOICE: "Voice message",
    MessageKind.ALBUM: "Album",
    MessageKind.COPY: "Copy of a post",
}


def pages(site: Site) -> Sequence[BaseRoute]:
    """The list."""
    return [Page("/broadcasts", partial(_list, site), title="Broadcasts")]


async def _list(site: Site, request: Request) -> Response:
    page = page_of(request)
    async with site.database.reading() as session:
        found, total = await drafts.listed(session, skip=page * ON_PAGE, most=ON_PAGE)
        states = {each.id: await tallies.by_state(session, each.id) for each in found}
    first = page * ON_PAGE + 1
    last = first + len(found) - 1
    return templates.show(
        request,
        "broadcasts.html",
        broadcasts=found,
        states=states,
        words=STATES,
        latest=latest,
        newer=f"{HOME}?page={page - 1}" if page else "",
        older=f"{HOME}?page={page + 1}" if last < total else "",
        shown=f"{first:,}–{last:,} of {total:,}",  # noqa: RUF001 - an en dash between numbers
    )


def latest(broadcast: Broadcast) -> str:
    """The time that tells most of it: when it will start, ended, started or was written."""
    if broadcast.state is BroadcastState.SCHEDULED and broadcast.scheduled_at:
        return f"Starts {when(broadcast.scheduled_at, broadcast.zone)}"
    if broadcast.state.is_over and broadcast.finished_at:
        return f"Ended {when(broadcast.finished_at, broadcast.zone)}"
    if broadcast.started_at and not broadcast.state.is_new:
        return f"Started {when(broadcast.started_at, broadcast.zone)}"
    return f"Changed {when(broadcast.changed_at, broadcast.zone)}"


def when(moment: datetime, zone: str) -> str:
    """A moment on the clocks of a zone, and which zone that is."""
    clocks = zone_of(zone)
    return f"{moment.astimezone(clocks):%Y-%m-%d %H:%M} {clocks.key}"


def zone_of(name: str) -> ZoneInfo:
    """The zone of this name. UTC, if the zone data of a later system does not know it any more."""
    try:
        return zone_named(name)
    except WrongRecurrence:
        return zone_named("UTC")


def in_words(span: timedelta) -> str:
    """About how long that is."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    parts = [plural(hours, "hour")] if hours else []
    if minutes and hours < 24:
        parts.append(plural(minutes, "minute"))
    return f"about {' '.join(parts)}"


def plural(count: int, word: str) -> str:
    """`1 member`, `1,204 members`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def number_of(request: Request) -> int:
    """The broadcast's number in the address."""
    return number_in(request, "number")


async def existing(session: AsyncSession, request: Request, *, locked: bool = False) -> Broadcast:
    """The broadcast that the address names. Raises a 404."""
    try:
        return await (drafts.locked if locked else drafts.get)(session, number_of(request))
    except NoSuchBroadcast as problem:
        raise Refusal(404, problem.message, what_next=problem.remedy) from None


def described(site: Site, broadcast: Broadcast) -> dict[str, Any]:
    """What both pages of a broadcast, before it begins and after, show of it and how they show it."""
    plan = drafts.plan_of(broadcast)
    return {
        "plan": plan,
        "bot": site.bots.get(BotId(broadcast.bot_id)),
        "audience": audience_words.describe(plan.audience),
        "topics": TOPICS,
        "kinds": KINDS,
        "leave": LEAVE,
        "when": when,
        "plural": plural,
        "telegram_html": telegram_html,
    }


async def act(
    site: Site,
    do: Do,
    request: Request,
) -> Response:
    """POST: does something to a broadcast and goes back to its page, which says what became of it."""
    home = f"{HOME}/{number_of(request)}"
    try:
        async with site.database.session() as session:
            broadcast = await existing(session, request, locked=True)
            said = await do(session, broadcast, operator(request), site.clock.now())
    except BotyardError as problem:
        return redirect(request, home, str(problem), tone=Tone.BAD)
    return redirect(request, home, said)


def operator(request: Request) -> Actor:
    """Who asks."""
    return Actor(signed_in(request).member.id)
