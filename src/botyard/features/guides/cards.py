"""What members see of the library: categories, lists, cards and texts, each with its buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from botyard.features.guides.models import Guide, GuideMark
from botyard.features.guides.service import library
from botyard.features.guides.whence import Shelf, Whence
from botyard.features.tracking import service as tracking
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import Link, Press, Rows
from botyard.routing.texts import Html
from botyard.telegram.text import split_html

PAGE = 6
"""Guides on one page of a list."""
HOME_PAGE = 20
"""Categories on one page: Telegram refuses a message with more than a hundred buttons."""
PART = 3500
"""Units of a guide's text in one message: with its title it must stay below Telegram's 4096."""
LABEL = 48
"""Characters of a title on a button: a phone shows no more."""
NUMBERS_ROW = 2


@dataclass(frozen=True, slots=True)
class View:
    """A message of the library."""

    html: str
    buttons: Rows


async def home(ctx: Context, page: int = 1) -> View:
    """A page of the categories with their counts, the last one where they have become fewer."""
    found = await library.categories(ctx.session)
    if not found:
        key = "guides-none-admin" if ctx.role >= Role.ADMIN else "guides-none"
        return View(ctx.text(key), ())
    pages = -(-len(found) // HOME_PAGE)
    page = min(page, pages)
    presses = [
        Press(f"{_short(each.name)} ({each.guides})", f"guides:l:{Whence(Shelf.CATEGORY, each.key)}")
        for each in found[(page - 1) * HOME_PAGE : page * HOME_PAGE]
    ]
    rows: list[list[Press | Link]] = [
        [*presses[start : start + NUMBERS_ROW]] for start in range(0, len(presses), NUMBERS_ROW)
    ]
    if pages > 1:
        rows.append(_turns(page, pages, [_home_data(each) for each in range(1, pages + 1)]))
    saved = await library.saved_by(ctx.session, ctx.member.id) if ctx.chat.is_private else ()
    if saved:
        rows.append(
            [Press(ctx.text("guides-saved-button", count=len(saved)), f"guides:l:{Whence(Shelf.SAVED)}")]
        )
    return View(ctx.text("guides-home", count=sum(each.guides for each in found)), rows)


def _home_data(page: int) -> str:
    return "guides:h" if page == 1 else f"guides:h:{page}"


async def _home_row(ctx: Context, whence: Whence) -> list[Press | Link]:
    """The way back to the categories, to the page that has this one."""
    page = 1
    if whence.shelf is Shelf.CATEGORY:
        keys = [str(each.key) for each in await library.categories(ctx.session)]
        page = keys.index(whence.of) // HOME_PAGE + 1 if whence.of in keys else 1
    return [Press(ctx.text("guides-categories-button"), _home_data(page))]


async def shelf(ctx: Context, whence: Whence) -> View | None:
    """A page of a list, the last one where it has become shorter; None for a category that is gone."""
    found = await _listed(ctx, whence)
    if found is None:
        return None
    title, guides = found
    home_row = await _home_row(ctx, whence)
    if not guides:
        return View(title, [home_row])
    pages = -(-len(guides) // PAGE)
    here = whence.at(min(whence.page, pages))
    shown = guides[(here.page - 1) * PAGE : here.page * PAGE]
    rows: list[list[Press | Link]] = [
        [Press(_short(each.title), f"guides:g:{each.id}:{here}")] for each in shown
    ]
    if pages > 1:
        rows.append(_turns(here.page, pages, [f"guides:l:{here.at(page)}" for page in range(1, pages + 1)]))
    lines = [
        ctx.text(
            "guides-line-about" if each.description else "guides-line",
            title=each.title,
            about=_first_line(each),
        )
        for each in shown
    ]
    return View("\n".join([title, "", *lines]), [*rows, home_row])


async def _listed(ctx: Context, whence: Whence) -> tuple[str, Sequence[Guide]] | None:
    language = ctx.member.profile.language_code
    if whence.shelf is Shelf.CATEGORY:
        category = await library.category_of(ctx.session, whence.of)
        if category is None:
            return None
        guides = await library.guides_in(ctx.session, category.name, language)
        return ctx.text("guides-category", name=category.name, count=len(guides)), guides
    if whence.shelf is Shelf.SEARCH:
        guides = await library.search(ctx.session, whence.of, language)
        return ctx.text("guides-found", words=whence.of, count=len(guides)), guides
    guides = await library.saved_by(ctx.session, ctx.member.id)
    return ctx.text("guides-saved", count=len(guides)), guides


async def card(ctx: Context, guide: Guide, mark: GuideMark, whence: Whence | None) -> View:
    """One guide, and what a member can do with it.

    In a private chat it shows the member's own state, and admins have buttons to edit it. A group shares one
    card: there it is the same for everybody.
    """
    back = str(whence or "")
    own = mark if ctx.chat.is_private else None
    lines = [
        ctx.text("guide-title", title=guide.title),
        ctx.text(
            "guide-about", category=guide.category, difficulty=guide.difficulty.value, code=guide.language
        ),
        *([ctx.text("guide-tags", tags=guide.tags)] if guide.tags else []),
        *(["", ctx.text("guide-description", description=guide.description)] if guide.description else []),
        *(["", ctx.text("guide-state", state=Html(_state(ctx, own)))] if own else []),
        *(["", ctx.text("guide-is-retired")] if not guide.active else []),
    ]
    rows: list[list[Press | Link]] = [
        [await _opening(ctx, guide, back)],
        _marking(ctx, guide, own, back),
    ]
    if own and ctx.role >= Role.ADMIN:
        rows.append(_for_admins(ctx, guide, back))
    to = f"guides:l:{back}" if whence else "guides:h"
    return View("\n".join(lines), [*rows, [Press(ctx.text("guides-back"), to)]])


def _state(ctx: Context, mark: GuideMark) -> str:
    """What the member did with the guide; "new to you" only if that is nothing at all."""
    did = [ctx.text("guide-viewed", count=mark.views)] if mark.views else []
    did += [ctx.text("guide-read-count", count=mark.reads)] if mark.reads else []
    did += [ctx.text("guide-is-saved")] if mark.saved_at else []
    did += [ctx.text("guide-is-done")] if mark.done_at else []
    return " · ".join(did or [ctx.text("guide-viewed", count=0)])


def _marking(ctx: Context, guide: Guide, own: GuideMark | None, back: str) -> list[Press | Link]:
    """Save and Done. Without a member of its own the card only ever says yes."""
    saved, done = (own.saved_at is not None, own.done_at is not None) if own else (False, False)
    return [
        Press(
            ctx.text("guide-unsave" if saved else "guide-save"),
            f"guides:s:{guide.id}:{0 if saved else 1}:{back}",
        ),
        Press(
            ctx.text("guide-undone" if done else "guide-done"),
            f"guides:d:{guide.id}:{0 if done else 1}:{back}",
        ),
    ]


async def _opening(ctx: Context, guide: Guide, back: str) -> Press | Link:
    if guide.url is None:
        return Press(ctx.text("guide-read"), f"guides:r:{guide.id}:1:{back}")
    url = guide.url
    if ctx.house.counts_clicks:
        url = await tracking.tracked_url(ctx.session, ctx.house.base_url, url, f"guide:{guide.id}", ctx.now)
    return Link(ctx.text("guide-open"), url)


def _for_admins(ctx: Context, guide: Guide, back: str) -> list[Press | Link]:
    edit = Press(ctx.text("guide-edit-button"), f"guide:e:{guide.id}:{back}")
    if not guide.active:
        return [edit, Press(ctx.text("guide-restore-button"), f"guide:o:{guide.id}:{back}")]
    return [
        edit,
        Press("▲", f"guide:u:{guide.id}:{back}"),
        Press("▼", f"guide:d:{guide.id}:{back}"),
        Press(ctx.text("guide-retire-button"), f"guide:x:{guide.id}:{back}"),
    ]


def text_of(ctx: Context, guide: Guide, page: int, whence: Whence | None) -> View:
    """A page of a guide's text, the last one where it has become shorter."""
    parts = split_html(guide.body or "", PART)
    page = min(page, len(parts))
    back = str(whence or "")
    rows: list[list[Press | Link]] = []
    if len(parts) > 1:
        rows.append(
            _turns(
                page, len(parts), [f"guides:t:{guide.id}:{each}:{back}" for each in range(1, len(parts) + 1)]
            )
        )
    rows.append([Press(ctx.text("guide-to-card"), f"guides:k:{guide.id}:{back}")])
    return View(f"{ctx.text('guide-title', title=guide.title)}\n\n{parts[page - 1]}", rows)


def _turns(page: int, pages: int, data: Sequence[str]) -> list[Press | Link]:
    """The row that turns pages; the middle one only tells where one is."""
    row: list[Press | Link] = []
    if page > 1:
        row.append(Press("◀", data[page - 2]))
    row.append(Press(f"{page} / {pages}", "guides:n"))
    if page < pages:
        row.append(Press("▶", data[page]))
    return row


def _first_line(guide: Guide) -> str:
    line = guide.description.partition("\n")[0]
    return line if len(line) <= 2 * LABEL else f"{line[: 2 * LABEL].rstrip()}…"


def _short(title: str) -> str:
    return title if len(title) <= LABEL else f"{title[: LABEL - 1].rstrip()}…"
