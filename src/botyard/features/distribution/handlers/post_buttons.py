"""The buttons under a post's card, and the new text that one of them asks for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from botyard.features.distribution import post_calls, post_cards
from botyard.features.distribution.handlers.posts import refuse_album
from botyard.features.distribution.models import CopyState, Post, PostPart, PostState
from botyard.features.distribution.post_cards import Card
from botyard.features.distribution.service import posts, sending
from botyard.features.distribution.service.posts import Dispatch
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.registry import button, dialog_step
from botyard.telegram.content import ContentKind, read_content
from botyard.telegram.text import utf16_length

_DATA = re.compile(r"([a-z]{1,16}):([0-9]{1,18})(?::([0-9]{1,9}))?(?::([0-9]{1,18}))?")
"""`<action>:<post>`, with the page and the chat for the switches."""

_REFUSALS: Mapping[PostState, str] = {
    PostState.COLLECTING: "post-is-changing",
    PostState.ASKING: "post-gone",  # no button that is left in this state asks for more
    PostState.NOWHERE: "post-gone",
    PostState.SENT: "post-is-sent",
    PostState.CANCELLED: "post-is-cancelled",
}


@button("post", role=Role.ADMIN)
async def post_button(ctx: Context) -> None:
    """A press on any button of a post. The post's lock makes two presses take turns."""
    data = _DATA.fullmatch(ctx.args)
    press = _PRESSES.get(data[1]) if data else None
    if data is None or press is None or ctx.envelope.chat is None:
        ctx.answer(ctx.text("button-stale"))
        return
    post = await posts.locked(ctx.session, int(data[2]))
    if post is None:
        ctx.answer(ctx.text("post-gone"))
        return
    if (post.bot_id, post.chat_key) != (ctx.bot.id, ctx.chat.key):
        ctx.answer(ctx.text("post-elsewhere"), alert=True)
        return
    needed, handle = press
    if post.state is not needed:
        ctx.answer(ctx.text(_REFUSALS[post.state]), alert=True)
        return
    await handle(ctx, await posts.dispatch_of(ctx.session, post), int(data[3] or 1), int(data[4] or 0))


@dialog_step("post-text", role=Role.ADMIN)
async def new_text(ctx: Context) -> None:
    """The text that is to replace the one of all copies."""
    content = read_content(ctx.body)
    post = await posts.locked(ctx.session, ctx.dialog_data["post_id"])
    if ctx.envelope.media_group_id is not None:
        await refuse_album(ctx, ctx.envelope.media_group_id)
    if post is None or post.state is not PostState.SENT or post.deletion:
        ctx.reply(ctx.text("post-being-deleted" if post else "post-gone"))
        return
    dispatch = await posts.dispatch_of(ctx.session, post)
    part = _part_to_rewrite(dispatch)
    if content is None or content.kind is not ContentKind.TEXT:
        await _ask_again(ctx, post, ctx.text("post-only-text"))
        return
    length, limit = utf16_length(content.text), post_calls.longest(part)
    if length > limit:
        await _ask_again(ctx, post, ctx.text("post-text-too-long", length=str(length), limit=str(limit)))
        return
    posts.rewrite(dispatch, part, content.text, content.html, ctx.now)
    await sending.carry(ctx.session, dispatch, ctx.member.id, ctx.now)
    ctx.reply(ctx.text("post-rewriting"))


async def _ask_again(ctx: Context, post: Post, html: str) -> None:
    ctx.reply(html)
    await ctx.ask("post-text", post_id=post.id)


async def _send(ctx: Context, dispatch: Dispatch, _page: int, _chat: int) -> None:
    if not dispatch.chosen:
        ctx.answer(ctx.text("post-none-chosen"), alert=True)
        return
    await sending.send(ctx.session, dispatch, ctx.member.id, ctx.now)
    _show(ctx, dispatch, post_cards.card(ctx.text, dispatch))


async def _send_from_now_on(ctx: Context, dispatch: Dispatch, page: int, chat: int) -> None:
    await posts.keep_habit(ctx.session, ctx.member.id, ctx.now, at_once=True)
    ctx.answer(ctx.text("post-sends-at-once"), alert=True)
    await _send(ctx, dispatch, page, chat)


async def _cancel(ctx: Context, dispatch: Dispatch, _page: int, _chat: int) -> None:
    dispatch.post.state = PostState.CANCELLED
    ctx.audit("distribution.cancel", f"post:{dispatch.post.id}")
    _show(ctx, dispatch, post_cards.card(ctx.text, dispatch))


async def _choose(ctx: Context, dispatch: Dispatch, page: int, chat: int) -> None:
    posts.switch(dispatch, chat, ctx.now)
    _show(ctx, dispatch, post_cards.choosing(ctx.text, dispatch, page))


async def _back(ctx: Context, dispatch: Dispatch, _page: int, _chat: int) -> None:
    _show(ctx, dispatch, post_cards.card(ctx.text, dispatch))


async def _ask_delete(ctx: Context, dispatch: Dispatch, _page: int, _chat: int) -> None:
    if not _can_delete(ctx, dispatch):
        return
    # The question is not what the post looks like: it goes as soon as something new is known of a copy.
    _show(ctx, dispatch, post_cards.card(ctx.text, dispatch), instead=post_cards.deleting(ctx.text, dispatch))


def _can_delete(ctx: Context, dispatch: Dispatch) -> bool:
    if any(map(post_cards.can_be_deleted, dispatch.copies)):
        return True
    is_under_way = any(copy.state is CopyState.DELETING for copy in dispatch.copies)
    ctx.answer(ctx.text("post-being-deleted" if is_under_way else "post-nothing-there"), alert=True)
    return False


async def _delete(ctx: Context, dispatch: Dispatch, _page: int, _chat: int) -> None:
    if not _can_delete(ctx, dispatch):
        return
    await sending.take_back(ctx.session, dispatch, ctx.member.id, ctx.now)
    _show(ctx, dispatch, post_cards.card(ctx.text, dispatch))


async def _rewrite(ctx: Context, dispatch: Dispatch, _page: int, _chat: int) -> None:
    there = sum(copy.state.is_there or copy.state.is_open for copy in dispatch.copies)
    if dispatch.post.deletion or not there:
        key = "post-being-deleted" if dispatch.post.deletion else "post-nothing-there"
        ctx.answer(ctx.text(key), alert=True)
    elif not any(map(post_calls.has_text, dispatch.parts)):
        ctx.answer(ctx.text("post-no-text"), alert=True)
    else:
        await ctx.ask("post-text", post_id=dispatch.post.id)
        ctx.reply(ctx.text("post-ask-text", count=there))


async def _carry(ctx: Context, dispatch: Dispatch, _page: int, _chat: int) -> None:
    if dispatch.post.deletion:
        ctx.edit(ctx.text("post-being-deleted"))
    elif not sending.awaits_carrying(dispatch):
        ctx.edit(ctx.text("post-carried"))
    else:
        await sending.carry(ctx.session, dispatch, ctx.member.id, ctx.now)
        ctx.edit(ctx.text("post-carrying"))


Handle = Callable[[Context, Dispatch, int, int], Awaitable[None]]

_PRESSES: Mapping[str, tuple[PostState, Handle]] = {
    "send": (PostState.ASKING, _send),
    "now": (PostState.ASKING, _send_from_now_on),
    "cancel": (PostState.ASKING, _cancel),
    "choose": (PostState.ASKING, _choose),
    "chat": (PostState.ASKING, _choose),
    "back": (PostState.ASKING, _back),
    "delete": (PostState.SENT, _ask_delete),
    "erase": (PostState.SENT, _delete),
    "show": (PostState.SENT, _back),
    "rewrite": (PostState.SENT, _rewrite),
    "carry": (PostState.SENT, _carry),
}
"""What each button does, and in which state of the post it can."""


def _part_to_rewrite(dispatch: Dispatch) -> PostPart:
    """The part whose text people read: of an album, the first that has one."""
    able = [part for part in dispatch.parts if post_calls.has_text(part)]
    return next((part for part in able if part.text), able[0])


def _show(ctx: Context, dispatch: Dispatch, card: Card, *, instead: Card | None = None) -> None:
    """Shows the post in the message whose button was pressed; or something else in its place, for a while."""
    dispatch.post.card_id, dispatch.post.shown = ctx.envelope.message_id, card.digest
    shown = instead or card
    ctx.edit(shown.html, buttons=shown.buttons)
