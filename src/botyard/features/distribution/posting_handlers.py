"""An admin posts once to the bot, or replies /distribute; the buttons beneath the list decide."""

from __future__ import annotations

from typing import Any

from botyard.features.distribution import cards, explaining, posts, service
from botyard.features.distribution.models import CopyState, Post, PostState
from botyard.features.distribution.posts import PostId, Source
from botyard.members.models import Role
from botyard.outbox.models import Priority
from botyard.outbox.queue import Call
from botyard.routing.context import Context
from botyard.routing.keyboard import is_row_number
from botyard.routing.registry import button, command, watcher
from botyard.telegram.content import Content, ContentKind, read_content, read_replied

DRY_RUN = "--dry-run"
CHATS_SHOWN = cards.CHATS_SHOWN


@watcher("message", role=Role.ADMIN)
async def post_written(ctx: Context) -> bool:
    """What an admin writes or forwards to the bot in private is a post."""
    content = read_content(ctx.body)
    if not ctx.chat.is_private or content is None:
        return False
    if content.kind is ContentKind.OTHER and not content.text:
        return False  # a service message, or something without words
    await _take(ctx, content, ctx.envelope.media_group_id)
    return True


@command(
    "distribute", role=Role.ADMIN, description="Send a post to the chats of its topics", usage="[--dry-run]"
)
async def distribute(ctx: Context) -> None:
    """Reply with it to a message, and it goes to every chat whose words are in it. You see the list first.
    With --dry-run, in reply or with a text behind it, nothing is sent: you see which rules match, and why.
    """
    replied = read_replied(ctx.body)
    if DRY_RUN in ctx.words[:1]:
        text = replied.text if replied else ctx.args.removeprefix(DRY_RUN).strip()
        ctx.reply(await explain_in_chat(ctx, text))
    elif replied is not None:
        await _take(ctx, replied, None)
    else:
        ctx.reply(ctx.text("distribute-usage"))


async def explain_in_chat(ctx: Context, text: str) -> str:
    """Where a text would go and why, or what it missed, as HTML."""
    plan = await service.plan(ctx.session, text)
    if plan.targets:
        lines = [
            ctx.text("post-target", chat=each.chat.name, reason=explaining.reason_of(each))
            for each in plan.targets[:CHATS_SHOWN]
        ]
        if len(plan.targets) > CHATS_SHOWN:
            lines.append(ctx.text("rules-more", count=len(plan.targets) - CHATS_SHOWN))
        return "\n".join([ctx.text("rule-test", count=len(plan.targets)), "", *lines])
    return "\n".join([ctx.text("rule-test-none"), *cards.misses(plan)])


async def _take(ctx: Context, content: Content, media_group_id: str | None) -> None:
    source = Source(ctx.bot.id, ctx.member.id, ctx.chat.key, content.message_id, content.text, media_group_id)
    post = await posts.take(ctx.session, source, ctx.now)
    if media_group_id is not None:
        await posts.settle_later(ctx.session, PostId(post.id), len(post.message_ids), ctx.now)
        return
    plan = await posts.plan(ctx.session, post, ctx.now)
    ctx.queue(await cards.offer(ctx.house, ctx.session, post, plan))


@button("post", role=Role.ADMIN)
async def post_pressed(ctx: Context) -> None:
    """Send, Edit, Cancel or Delete everywhere, beneath the list of a post's chats."""
    verb, number, place = [*ctx.args.split(":"), "", ""][:3]
    post = await posts.find(ctx.session, PostId(int(number))) if is_row_number(number) else None
    # the list stands where the post came from: the same button anywhere else is a forged one
    if post is None or (post.bot_id, post.source_key) != (ctx.bot.id, ctx.chat.key):
        ctx.answer(ctx.text("button-stale"))
    elif verb == "delete":
        await _delete(ctx, post)
    elif post.state is not PostState.OFFERED:
        ctx.answer(ctx.text("post-decided", state=post.state.value))
    else:
        await _decide(ctx, post, verb, place)


async def _decide(ctx: Context, post: Post, verb: str, place: str) -> None:
    match verb:
        case "send":
            await _send(ctx, post)
        case "cancel":
            post.state, post.decided_at = PostState.CANCELLED, ctx.now
            ctx.edit(ctx.text("post-cancelled"))
        case "edit" | "list":
            await _list_again(ctx, post, choosing=verb == "edit")
        case "flip" if is_row_number(place) and await posts.flip(ctx.session, post, int(place)):
            await _list_again(ctx, post, choosing=True)
        case _:
            ctx.answer(ctx.text("button-stale"))


async def _list_again(ctx: Context, post: Post, *, choosing: bool) -> None:
    card_id = ctx.envelope.message_id
    ctx.queue(await cards.offer_again(ctx.house, ctx.session, post, card_id, choosing=choosing))


async def _send(ctx: Context, post: Post) -> None:
    post_id = PostId(post.id)
    keys = await posts.begin_sending(ctx.session, post, ctx.envelope.message_id, ctx.now)
    if not keys:  # the last chat was left out by a press that came just before
        post.state = PostState.CANCELLED
        ctx.edit(ctx.text("post-cancelled"))
        return
    method, what = "copyMessage", dict[str, Any](message_id=post.message_ids[0])
    if len(post.message_ids) > 1:
        method, what = "copyMessages", {"message_ids": post.message_ids}
    params = {"from_chat_id": ctx.chat.telegram_id, **what}
    receipt = posts.receipt_of(post_id)
    for key in keys:
        ctx.queue(
            Call(ctx.bot.id, method, params, chat_key=key, priority=Priority.TRANSACTIONAL, receipt=receipt)
        )
    ctx.audit("distribution.send", f"post:{post_id}", chats=len(keys))
    await _show(ctx, post)
    await posts.look_again(ctx.session, post_id, 0, ctx.now)


async def _delete(ctx: Context, post: Post) -> None:
    post_id = PostId(post.id)
    there = [each for each in await posts.copies_of(ctx.session, post_id) if each.state is CopyState.SENT]
    if post.state is not PostState.SENT or not there:
        ctx.answer(ctx.text("post-nothing-to-delete"))
        return
    receipt = posts.deletion_receipt_of(post_id)
    for each in there:
        deletion = Call(
            ctx.bot.id,
            "deleteMessages",
            {"message_ids": list(each.message_ids)},
            chat_key=each.chat.key,
            priority=Priority.TRANSACTIONAL,
            receipt=receipt,
        )
        ctx.queue(deletion)
    ctx.audit("distribution.delete", f"post:{post_id}", chats=len(there))
    ctx.answer(ctx.text("post-deleting", count=len(there)))
    await posts.look_again(ctx.session, post_id, 0, ctx.now)


async def _show(ctx: Context, post: Post) -> None:
    await ctx.session.flush()
    call = await cards.progress(ctx.house, ctx.session, post)
    if call is not None:
        ctx.queue(call)
