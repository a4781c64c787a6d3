"""The console's pages of a broadcast that has begun: how far it is, what came of it, what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from html import unescape
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from botyard.feature import Site
from botyard.features.broadcasts.launch_pages import show_draft
from botyard.features.broadcasts.message import ButtonKind
from botyard.features.broadcasts.models import Broadcast, BroadcastState, RecipientState
from botyard.features.broadcasts.pages import (
    FATES,
    STATES,
    Do,
    act,
    described,
    existing,
    in_words,
    operator,
    plural,
    templates,
)
from botyard.features.broadcasts.recipients_csv import recipients_csv
from botyard.features.broadcasts.service import approval, book, drafts, figures, life, sales
from botyard.features.broadcasts.service.figures import ButtonResult, Progress
from botyard.features.broadcasts.variant_words import describe_variant
from botyard.members.audit import Actor
from botyard.telegram.reasons import reason

MOST_REASONS = 12
BAR = 1000
"""Units of the whole bar."""
RELOAD = {"HX-Refresh": "true"}
"""Has htmx load the whole page again: other things can be done now."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of the bar that is for one state: where it begins, and how long it is."""

    state: RecipientState
    begins: float
    length: float


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of a message, how often it was clicked, and how many members got it."""

    variant: int
    result: ButtonResult
    sent: int

    @property
    def is_counted(self) -> bool:
        """Whether botyard learns of the clicks."""
        return self.result.button.kind in (ButtonKind.TRACKED, ButtonKind.PRESS)


def run_pages(site: Site) -> Sequence[BaseRoute]:
    """The page of a broadcast, the part of it that renews itself, the download, and what its buttons do."""
    one = "/broadcasts/{number:int}"
    deeds: dict[str, Do] = {
        "pause": _pause,
        "resume": partial(_resume, site),
        "cancel": _cancel,
        "retry": _retry,
        "delete": _delete,
    }
    return [
        Route(one, partial(_one, site)),
        Route(f"{one}/progress", partial(_progress, site)),
        Route(f"{one}/recipients.csv", partial(_download, site)),
        *(Route(f"{one}/{name}", partial(act, site, do), methods=["POST"]) for name, do in deeds.items()),
    ]


async def _one(site: Site, request: Request) -> Response:
    now = site.clock.now()
    async with site.database.reading() as session:
        broadcast = await existing(session, request)
        if broadcast.state.is_new:
            return await show_draft(site, request, session, broadcast)
        progress = await figures.progress(session, broadcast, now)
        is_still = not broadcast.state.is_under_way
        counts_deleted = is_still and broadcast.deleted_through is None
        deleted = await book.deleted(session, broadcast.id, now) if counts_deleted else book.Deleted()
        results = await figures.results(session, broadcast) if is_still else []
        return templates.show(
            request,
            "run.html",
            who=describe_variant,
            **_shared(broadcast, progress),
            wordings=await drafts.wordings_of(session, broadcast),
            results=results,
            sold=[each for each in results if each.sales],
            window=sales.WINDOW.days,
            pressed=[Pressed(each.number, button, each.sent) for each in results for button in each.buttons],
            reasons=await _reasons(site, session, broadcast, progress) if is_still else [],
            may_agree=approval.may_agree(broadcast, operator(request).user_id),
            failed=progress.states[RecipientState.FAILED],
            deleted=deleted,
            **described(site, broadcast),
        )


TELEGRAMS_WORD = (RecipientState.FAILED, RecipientState.BLOCKED, RecipientState.UNKNOWN)
"""In these states the reason is not ours."""


async def _reasons(
    site: Site, session: AsyncSession, broadcast: Broadcast, progress: Progress
) -> list[book.Reason]:
    """Why not everybody got it, in plain words; the page escapes them."""
    if not any(progress.states[state] for state in book.NOT_REACHED):
        return []
    say = partial(site.texts.format, None)
    found = await book.reasons(session, broadcast.id, most=MOST_REASONS)
    return [
        replace(each, text=unescape(reason(say, each.text))) if each.state in TELEGRAMS_WORD else each
        for each in found
    ]


async def _progress(site: Site, request: Request) -> Response:
    async with site.database.reading() as session:
        broadcast = await existing(session, request)
        progress = await figures.progress(session, broadcast, site.clock.now())
    is_as_shown = request.query_params.get("shown") == broadcast.state
    headers = {} if is_as_shown and is_moving(broadcast, progress) else RELOAD
    return templates.show(request, "progress.html", headers=headers, **_shared(broadcast, progress))


def _shared(broadcast: Broadcast, progress: Progress) -> dict[str, Any]:
    """What the part that renews itself shows, alone and within the page."""
    return {
        "broadcast": broadcast,
        "progress": progress,
        "is_moving": is_moving(broadcast, progress),
        "stretches": stretches(progress),
        "pace": pace(broadcast, progress),
        "fates": FATES,
        "words": STATES,
        "bar": BAR,
    }


def is_moving(broadcast: Broadcast, progress: Progress) -> bool:
    """Whether its figures are about to change: it sends, or it tidies up."""
    is_being_skipped = broadcast.state is BroadcastState.CANCELLED and progress.open > 0
    is_being_sent = progress.states[RecipientState.SENDING] > 0
    is_being_deleted = broadcast.deleted_through is not None
    return broadcast.state.is_under_way or is_being_skipped or is_being_sent or is_being_deleted


def stretches(progress: Progress) -> list[Stretch]:
    """The bar, taken apart. The parts add up to the whole."""
    found, begins = [], 0
    for state in FATES:
        recipients = progress.states[state]
        if recipients:
            found.append(Stretch(state, BAR * begins / progress.total, BAR * recipients / progress.total))
        begins += recipients
    return found


def pace(broadcast: Broadcast, progress: Progress) -> str:
    """How fast it goes and how long it will take, in words; empty where there is nothing to say."""
    if broadcast.state is BroadcastState.FREEZING:
        return "The recipients are being listed. Sending begins when all of them are."
    if broadcast.deleted_through is not None:
        return "What was sent is being deleted."
    if broadcast.state is not BroadcastState.RUNNING:
        return ""
    if not progress.rate:
        is_quiet = broadcast.quiet_begins is not None and progress.states[RecipientState.PENDING] > 0
        return "Nothing is going out: it may be quiet where the others are." if is_quiet else ""
    speed = f"{progress.rate:,.0f}" if progress.rate >= 10 else f"{progress.rate:.1f}"
    left = f" · {in_words(progress.left)} left" if progress.left is not None else ""
    return f"{speed} a second{left}"


async def _download(site: Site, request: Request) -> Response:
    async with site.database.reading() as session:
        broadcast = await existing(session, request)
    return StreamingResponse(
        recipients_csv(site.database, broadcast.id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="broadcast-{broadcast.id}-recipients.csv"'},
    )


async def _pause(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> str:
    await life.pause(session, broadcast, by, now)
    return f"{broadcast.name} is paused. Nothing more leaves until you resume it."


async def _resume(site: Site, session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> str:
    await life.resume(session, broadcast, by, now)
    if await approval.needs_second(session, broadcast, site.two_person_above, now):
        return f"{broadcast.name} waits for a second admin's yes."
    return f"{broadcast.name} goes on."


async def _cancel(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> str:
    await life.cancel(session, broadcast, by, now)
    return f"{broadcast.name} is cancelled. Nobody else gets it."


async def _retry(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> str:
    again = await life.retry(session, broadcast, by, now)
    return f"{plural(again, 'recipient')} more: it is sent to them again." if again else "Nothing has failed."


async def _delete(session: AsyncSession, broadcast: Broadcast, by: Actor, now: datetime) -> str:
    await life.delete_sent(session, broadcast, by, now)
    return f"What {broadcast.name} has sent in the last 48 hours is being deleted."
