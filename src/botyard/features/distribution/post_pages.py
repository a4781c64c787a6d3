"""The console's pages of posts: which were sent, and what became of each copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from botyard.console import Refusal, Tone, page_of
from botyard.feature import Site
from botyard.features.distribution.models import Copy, CopyState
from botyard.features.distribution.pages import HOME, number_of, templates
from botyard.features.distribution.service import history
from botyard.features.distribution.service.posts import Dispatch
from botyard.telegram.reasons import reason

POSTS_ON_PAGE = 50

_WORDS: dict[CopyState, tuple[str, Tone | None]] = {
    CopyState.OFF: ("Left out", None),
    CopyState.PLANNED: ("Not sent", None),
    CopyState.SENDING: ("On its way", None),
    CopyState.SENT: ("Arrived", Tone.GOOD),
    CopyState.FAILED: ("Failed", Tone.BAD),
    CopyState.UNKNOWN: ("May have arrived", Tone.WARN),
    CopyState.EDITING: ("Being edited", None),
    CopyState.EDITED: ("Edited", Tone.GOOD),
    CopyState.NOT_EDITED: ("Arrived, not edited", Tone.WARN),
    CopyState.DELETING: ("Being deleted", None),
    CopyState.DELETED: ("Deleted", None),
    CopyState.NOT_DELETED: ("Not deleted", Tone.WARN),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a page says of a copy."""

    copy: Copy
    chat: str
    words: str
    tone: Tone | None
    reason: Markup
    link: str | None


def post_pages(site: Site) -> Sequence[BaseRoute]:
    """All pages of posts."""
    return [
        Route("/distribution/posts", partial(_list, site)),
        Route("/distribution/posts/{id:int}", partial(_one, site)),
    ]


async def _list(site: Site, request: Request) -> Response:
    page = page_of(request)
    async with site.database.reading() as session:
        found = await history.listed(session, skip=page * POSTS_ON_PAGE, most=POSTS_ON_PAGE)
    first = page * POSTS_ON_PAGE + 1
    last = first + len(found.lines) - 1
    return templates.show(
        request,
        "posts.html",
        lines=found.lines,
        newer=f"{HOME}/posts?page={page - 1}" if page else "",
        older=f"{HOME}/posts?page={page + 1}" if last < found.total else "",
        shown=f"{first:,}–{last:,} of {found.total:,}",  # noqa: RUF001 - an en dash between numbers
    )


async def _one(site: Site, request: Request) -> Response:
    async with site.database.reading() as session:
        story = await history.story_of(session, number_of(request))
    if story is None:
        raise Refusal(404, "There is no such post.", what_next="The list has those that are there.")
    outcomes = [_outcome(site, story.dispatch, copy) for copy in story.dispatch.copies]
    return templates.show(request, "post.html", story=story, outcomes=outcomes)


def _outcome(site: Site, dispatch: Dispatch, copy: Copy) -> Outcome:
    words, tone = _WORDS[copy.state]
    return Outcome(
        copy,
        dispatch.place(copy).name,
        words,
        tone,
        Markup(reason(partial(site.texts.format, None), copy.error)),  # noqa: S704 - texts are HTML
        dispatch.link_to(copy),
    )
