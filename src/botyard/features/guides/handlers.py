"""/guides: the library in one message that edits itself. All that a button needs to know is in its data."""

from __future__ import annotations

import re

from botyard.features.guides import cards
from botyard.features.guides.models import Guide, GuideMark
from botyard.features.guides.service import library
from botyard.features.guides.whence import Shelf, Whence, read_whence, short_words
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.registry import button, command, deep_link

_NUMBER = re.compile(r"[0-9]{1,9}")
_PAGE = re.compile(r"[1-9][0-9]{0,3}")


@command("guides", aliases=("learn", "tutorials"), description="The guide library", usage="[words]")
async def guides(ctx: Context) -> None:
    """Opens the library: categories, and the guides that you saved. With words, it searches for them."""
    words = short_words(ctx.args)
    view = await cards.shelf(ctx, Whence(Shelf.SEARCH, words)) if words else await cards.home(ctx)
    assert view is not None, "a search is always there"
    ctx.reply(view.html, buttons=view.buttons)


@deep_link("guide")
async def open_guide(ctx: Context) -> None:
    """Opens the card of the guide that a link names."""
    guide = await offered(ctx, ctx.args)
    if guide is None:
        view = await cards.home(ctx)
        ctx.reply(f"{ctx.text('guide-gone')}\n\n{view.html}", buttons=view.buttons)
        return
    mark = await library.view(ctx.session, guide, ctx.member.id, ctx.now)
    view = await cards.card(ctx, guide, mark, None)
    ctx.reply(view.html, buttons=view.buttons)


@button("guides")
async def press(ctx: Context) -> None:
    """A button of the library: `<what>`, `<what>:<list>` or `<what>:<guide>:...:<list>`."""
    what, _, rest = ctx.args.partition(":")
    if what == "n":
        return
    if what in ("", "h"):
        await _show_home(ctx, int(rest) if _PAGE.fullmatch(rest) else 1)
    elif what == "l":
        await _show_shelf(ctx, read_whence(rest))
    elif what in ("g", "k", "r", "t", "s", "d"):
        await _press_on_guide(ctx, what, rest)
    else:
        ctx.answer(ctx.text("button-stale"))


async def kept(ctx: Context, number: str) -> Guide | None:
    """The guide of this number, retired or not: for admins."""
    if not _NUMBER.fullmatch(number):
        return None
    try:
        return await library.find(ctx.session, int(number))
    except library.NoSuchGuide:
        return None


async def offered(ctx: Context, number: str) -> Guide | None:
    """The guide of this number, if it may be shown here: retired ones are for admins' eyes only."""
    guide = await kept(ctx, number)
    sees_all = ctx.chat.is_private and ctx.role >= Role.ADMIN
    return guide if guide is not None and (guide.active or sees_all) else None


async def show_list(ctx: Context, whence: Whence | None) -> None:
    """Goes back to where a card was opened from."""
    if whence is None:
        await _show_home(ctx)
    else:
        await _show_shelf(ctx, whence)


async def _press_on_guide(ctx: Context, what: str, rest: str) -> None:
    number, _, rest = rest.partition(":")
    argument = ""
    if what in ("r", "t", "s", "d"):
        argument, _, rest = rest.partition(":")
    whence = read_whence(rest)
    guide = await offered(ctx, number)
    if guide is None or (what in ("r", "t") and guide.body is None):
        ctx.answer(ctx.text("guide-gone-plain"), alert=True)
        await show_list(ctx, whence)
    elif what in ("r", "t"):
        if what == "r":  # turning its pages is no new reading
            await library.read(ctx.session, guide, ctx.member.id)
        _show_text(ctx, guide, argument, whence)
    elif what in ("s", "d") and argument not in ("0", "1"):
        ctx.answer(ctx.text("button-stale"))
    else:
        await _show_card(ctx, guide, f"{what}{argument}", whence)


async def _show_card(ctx: Context, guide: Guide, what: str, whence: Whence | None) -> None:
    session, user_id = ctx.session, ctx.member.id
    if what == "g":
        mark = await library.view(session, guide, user_id, ctx.now)
    elif what == "k":
        mark = await library.mark_of(session, guide, user_id)
    else:
        mark = await _mark(ctx, guide, what)
        if not ctx.chat.is_private:
            return  # the group's card says nothing of one member
    view = await cards.card(ctx, guide, mark, whence)
    ctx.edit(view.html, buttons=view.buttons)


async def _mark(ctx: Context, guide: Guide, what: str) -> GuideMark:
    """Saves the guide for the member or marks it as done, or takes that back, and tells him alone."""
    if what.startswith("s"):
        mark = await library.save(ctx.session, guide, ctx.member.id, ctx.now, saved=what == "s1")
        saved = "guide-saved-answer" if ctx.chat.is_private else "guide-saved-in-group"
        ctx.answer(ctx.text(saved if mark.saved_at else "guide-unsaved-answer"))
    else:
        mark = await library.finish(ctx.session, guide, ctx.member.id, ctx.now, done=what == "d1")
        ctx.answer(ctx.text("guide-done-answer" if mark.done_at else "guide-undone-answer"))
    return mark


def _show_text(ctx: Context, guide: Guide, page: str, whence: Whence | None) -> None:
    if not _NUMBER.fullmatch(page) or int(page) < 1:
        ctx.answer(ctx.text("button-stale"))
        return
    view = cards.text_of(ctx, guide, int(page), whence)
    ctx.edit(view.html, buttons=view.buttons)


async def _show_home(ctx: Context, page: int = 1) -> None:
    view = await cards.home(ctx, page)
    ctx.edit(view.html, buttons=view.buttons)


async def _show_shelf(ctx: Context, whence: Whence | None) -> None:
    is_own = whence is not None and whence.shelf is Shelf.SAVED
    if is_own and not ctx.chat.is_private:  # a button of before: what one member saved is not the group's
        ctx.answer(ctx.text("guides-saved-private"), alert=True)
        whence = None
    view = await cards.shelf(ctx, whence) if whence else None
    if view is None:
        ctx.answer(ctx.text("guides-list-gone"))
        view = await cards.home(ctx)
    ctx.edit(view.html, buttons=view.buttons)
