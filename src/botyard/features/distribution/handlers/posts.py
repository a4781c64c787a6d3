"""Posts come in: written or forwarded to the bot, or named by /distribute; and they are edited."""

from __future__ import annotations

from collections.abc import Sequence

from botyard.features.distribution import post_calls, post_cards
from botyard.features.distribution.handlers import rule_texts
from botyard.features.distribution.models import Post, PostState
from botyard.features.distribution.post_cards import Card
from botyard.features.distribution.service import posts, sending
from botyard.features.distribution.service.explaining import explain
from botyard.features.distribution.service.plans import plan
from botyard.features.distribution.service.posts import NewPart, Source
from botyard.features.tracking.service import Links
from botyard.members.models import Role
from botyard.routing.context import Context
from botyard.routing.keyboard import Press
from botyard.routing.registry import command, watcher
from botyard.telegram.content import Content, ContentKind, read_content, read_replied
from botyard.telegram.text import CAPTION_LIMIT, utf16_length

_DRY_RUN = frozenset(("--dry-run", "—dry-run", "–dry-run"))  # noqa: RUF001 - phones make dashes of --


@command(
    "distribute",
    role=Role.ADMIN,
    description="Send a post to the chats it is for",
    usage="[--dry-run] [text] | ask",
)
async def distribute(ctx: Context) -> None:
    """Sends a post to every chat whose keywords it contains, after you have seen which they are.
    In reply to a message it is about that message, and words after it name its topic.
    Without a reply, the words after it are the post. With --dry-run nothing is sent.
    /distribute ask has me ask before each of your posts again.
    """
    replied = read_replied(ctx.body)
    first, *_ = ctx.words or [""]
    if ctx.args.lower() == "ask":
        await posts.keep_habit(ctx.session, ctx.member.id, ctx.now, at_once=False)
        ctx.reply(ctx.text("post-asks-again"))
    elif first.lower() in _DRY_RUN:
        await _explain(ctx, replied, ctx.args.removeprefix(first).strip())
    elif replied is not None and _is_meant(ctx, replied):
        await _distribute_replied(ctx, replied)
    else:
        await _distribute_typed(ctx)


@watcher("message", role=Role.ADMIN)
async def post_written(ctx: Context) -> bool:
    """A message to the bot itself is a post. In groups people talk to each other."""
    content = read_content(ctx.body) if ctx.chat.is_private else None
    if content is None or content.kind is ContentKind.OTHER:
        return False
    if not ctx.envelope.text and await ctx.house.open_dialogs.is_open(ctx.dialog_key):
        ctx.reply(ctx.text("post-dialog-open"))
    elif ctx.envelope.media_group_id is not None:
        await _collect(ctx, content, ctx.envelope.media_group_id)
    else:
        await _offer(
            ctx,
            await posts.open_post(ctx.session, source_of(ctx), ctx.member.id, [part_of(content)], ctx.now),
        )
    return True


@watcher("edited_message", role=Role.ADMIN)
async def post_edited(ctx: Context) -> bool:
    """A post that was not sent is looked at once more; the edit of one that was sent can be carried."""
    content = read_content(ctx.body)
    if content is None:
        return False
    found = await posts.posts_of(ctx.session, source_of(ctx), content.message_id)
    return any([await _take_over(ctx, post, content) for post in found])


def source_of(ctx: Context) -> Source:
    """Where this update's message is numbered."""
    return Source(ctx.bot.id, ctx.chat.key)


def part_of(content: Content) -> NewPart:
    """A message as a part of a post."""
    return NewPart(content.message_id, content.kind.value, content.text, content.html, content.file_id)


def _is_meant(ctx: Context, replied: Content) -> bool:
    """In a forum every message is a reply, if only to the one that opened its topic: not all are meant."""
    return ctx.chat.is_private or replied.kind is not ContentKind.OTHER or not ctx.args


async def _explain(ctx: Context, replied: Content | None, words: str) -> None:
    text = "\n".join(filter(None, [replied.text if replied else "", words]))
    if not text:
        ctx.reply(ctx.text("post-help"))
        return
    async with ctx.house.database.reading() as session:
        found = await plan(session, text, thorough=True)
    ctx.reply(rule_texts.tested(ctx, found, explain(found)))


async def _distribute_replied(ctx: Context, replied: Content) -> None:
    """The message that the command replies to; with all of its album, where it was sent to the bot."""
    parts: Sequence[NewPart] = [part_of(replied)]
    for known in await posts.posts_of(ctx.session, source_of(ctx), replied.message_id):
        if known.album is not None:
            kept = (await posts.dispatch_of(ctx.session, known)).parts
            parts = [NewPart(each.message_id, each.kind, each.text, each.html, each.file_id) for each in kept]
            break
    await _offer(
        ctx, await posts.open_post(ctx.session, source_of(ctx), ctx.member.id, parts, ctx.now, topic=ctx.args)
    )


async def _distribute_typed(ctx: Context) -> None:
    """What stands after the command is the post."""
    content = read_content(ctx.body)
    if content is None or (content.kind is ContentKind.TEXT and not ctx.args):
        ctx.reply(ctx.text("post-help"))
        return
    if ctx.envelope.media_group_id is not None:
        await refuse_album(ctx, ctx.envelope.media_group_id)
        ctx.reply(ctx.text("post-album-typed"))
        return
    content = _without_command(content)
    if content.kind is not ContentKind.TEXT and utf16_length(content.text) > CAPTION_LIMIT:
        ctx.reply(ctx.text("post-typed-too-long"))
        return
    await _offer(
        ctx,
        await posts.open_post(
            ctx.session, source_of(ctx), ctx.member.id, [part_of(content)], ctx.now, is_typed=True
        ),
    )


def _without_command(content: Content) -> Content:
    return content.without_first(len(content.text.split(maxsplit=1)[0]))


async def refuse_album(ctx: Context, album: str) -> None:
    """Has the other parts of an album passed over: its first one was no post."""
    await posts.open_post(
        ctx.session, source_of(ctx), ctx.member.id, (), ctx.now, state=PostState.CANCELLED, album=album
    )


async def _collect(ctx: Context, content: Content, album: str) -> None:
    """The first part of an album makes the post, the others join it."""
    post = await posts.album_of(ctx.session, source_of(ctx), album)
    if post is None:
        post = await posts.open_post(
            ctx.session, source_of(ctx), ctx.member.id, [part_of(content)], ctx.now, album=album
        )
        await posts.settle_soon(ctx.session, post, ctx.now)
    elif post.state in posts.UNSENT:
        await posts.add_part(ctx.session, post, part_of(content), ctx.now)
        if post.state is not PostState.COLLECTING:
            await posts.settle_soon(ctx.session, post, ctx.now)
    elif post.state is PostState.SENT:
        ctx.reply(ctx.text("post-too-late"))


async def _offer(ctx: Context, post: Post) -> None:
    """Shows where the post goes, or sends it at once, as its author wants."""
    dispatch = await posts.dispatch_of(ctx.session, post)
    async with ctx.house.database.reading() as session:  # looking for near misses takes a while
        found = await plan(session, dispatch.text)
    links = Links(ctx.house.base_url, ctx.house.counts_clicks)
    dispatch = await sending.decide(ctx.session, post, found, links, ctx.now)
    card = post_cards.card(ctx.text, dispatch) if dispatch.copies else post_cards.nowhere(ctx.text, found)
    post.shown = card.digest
    params = post_cards.message_of(card, quoted=dispatch.parts[0].message_id)
    ctx.call("sendMessage", params, receipt=sending.card_receipt(post))


async def _take_over(ctx: Context, post: Post, content: Content) -> bool:
    if post.is_typed and ctx.envelope.text.startswith("/"):
        content = _without_command(content)
    dispatch = await posts.dispatch_of(ctx.session, post)
    is_offered = sending.awaits_carrying(dispatch)
    if not await posts.change_part(ctx.session, post, part_of(content), ctx.now):
        return False
    if post.state in posts.UNSENT:
        await posts.settle_soon(ctx.session, post, ctx.now)
        return True
    there = sum(copy.state.is_there or copy.state.is_open for copy in dispatch.copies)
    part = next(part for part in dispatch.parts if part.message_id == content.message_id)
    if not there or post.deletion or is_offered or not post_calls.has_text(part):
        return post.state is PostState.SENT
    offer = [[Press(ctx.text("post-carry", count=there), f"post:carry:{post.id}")]]
    card = Card(ctx.text("post-offer"), offer)
    ctx.call("sendMessage", post_cards.message_of(card, quoted=content.message_id))
    return True
