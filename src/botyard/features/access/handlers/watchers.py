"""What Telegram tells of paid chats: the bots' rights, who comes and goes, who asks to join."""

from __future__ import annotations

from datetime import timedelta

from botyard.features.access import telling
from botyard.features.access.joining import (
    APPROVE,
    LEAVE,
    OFFER_SECONDS,
    Asked,
    decline_after,
    settle,
)
from botyard.features.access.models import AccessChat, Mode
from botyard.features.access.reading import Change, JoinRequest, read_change, read_request
from botyard.features.access.rules import Came, Sighting, key_of
from botyard.features.access.service import chats, entering, links, people, removing
from botyard.features.access.service.chats import NotPaid
from botyard.ids import BotId, ChatId, UserId
from botyard.members import chats as known_chats
from botyard.outbox.models import OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import Context
from botyard.routing.keyboard import inline_keyboard
from botyard.routing.registry import watcher


@watcher("my_chat_member")
async def own_rights_changed(ctx: Context) -> bool:
    """A bot was made an admin of a group or channel, was given other rights, or lost them."""
    change = read_change(ctx.body)
    if ctx.chat.is_private or change is None:
        return False
    rights = change.new_chat_member.rights
    key = key_of(change.at, ctx.bot.id, ctx.envelope.update_id)
    await chats.note_rights(ctx.session, ctx.chat.key, ctx.bot.id, rights, key, ctx.now)
    if not rights.can_invite:
        await links.forget_bot(ctx.session, ctx.chat.key, ctx.bot.id, ctx.now)
    await telling.look_at_chat(ctx.session, ctx.chat.key, ctx.now)
    return True


@watcher("chat_member")
async def somebody_came_or_went(ctx: Context) -> bool:
    """Somebody joined a paid chat, left it, or became something else in it."""
    change = read_change(ctx.body)
    chat = await _paid_chat(ctx)
    if change is None or chat is None:
        return False
    person = change.new_chat_member
    if person.user.is_bot:
        return True
    came = await _how_he_came(ctx, change)
    key = key_of(change.at, ctx.bot.id, ctx.envelope.update_id)
    sighting = Sighting(key, person.standing, came)
    terms = telling.terms_of(ctx.house)
    await people.see(ctx.session, chat, person.user.id, person.name, sighting, terms, ctx.now)
    if person.is_here:
        await links.revoke_own(ctx.session, ctx.chat.key, person.user.id, ctx.now)
    return True


async def _how_he_came(ctx: Context, change: Change) -> Came | None:
    """Through a link of ours, or our bot's yes; else by somebody's hand. None if he did not come.

    A link that was made for one member ends when it was used. If it was another who used it, the member gets
    a new one.
    """
    link = await links.whose(ctx.session, change.invite_link.invite_link) if change.invite_link else None
    if link is not None and link.user_id is not None:
        await links.revoke(ctx.session, link, ctx.now)
    if not change.is_entry:
        return None
    if link is not None and link.user_id not in (None, change.new_chat_member.user.id):
        owner = UserId(link.user_id)
        await entering.forget_told(ctx.session, ctx.chat.key, owner)
        await telling.look_at_member(ctx.session, owner, ctx.now)
        return Came.OTHERS
    return Came.LINK if link is not None or BotId(change.from_.id) in ctx.house.bots else Came.HAND


@watcher("chat_join_request")
async def somebody_asks_to_join(ctx: Context) -> bool:
    """A request to join a paid chat is approved for who has paid; others get an offer, and are declined."""
    request = read_request(ctx.body)
    chat = await _paid_chat(ctx)
    if request is None or chat is None or ctx.envelope.sender is None:
        return False
    keeper = await chats.inviter_of(ctx.session, ctx.chat.key, ctx.house.bots)
    if request.query_id is None and keeper not in (None, ctx.bot.id):
        return True  # the other bot was asked too, and answers
    asked = Asked(ctx.bot.id, ctx.chat.key, ctx.envelope.sender.id, request.query_id)
    if await entering.may_enter(ctx.session, chat, asked.user_id, ctx.now):
        terms = telling.terms_of(ctx.house)
        found = await people.reconsider_member(ctx.session, asked.user_id, terms, ctx.now)
        await removing.withdraw(ctx.session, found)
        await settle(ctx.session, asked, APPROVE, ctx.now)
    elif chat.mode is Mode.DRY and not await _is_ours(ctx, request):
        await settle(ctx.session, asked, LEAVE, ctx.now)
    else:
        await _offer(ctx, chat, request, asked)
    return True


async def _is_ours(ctx: Context, request: JoinRequest) -> bool:
    """Whether the request came through a link of ours: others are the admins' own until the chat is live."""
    link = request.invite_link
    return link is not None and await links.whose(ctx.session, link.invite_link) is not None


async def _offer(ctx: Context, chat: AccessChat, request: JoinRequest, asked: Asked) -> None:
    """Writes to who asked, and then declines."""
    (private,) = await known_chats.keys_of(ctx.session, [ChatId(request.user_chat_id)], ctx.now)
    language = ctx.envelope.sender.language_code if ctx.envelope.sender else None
    rows = await telling.offer_rows(ctx.house, ctx.session, chat, language, ctx.now)
    html = ctx.house.texts.format(language, "access-offer", chat=ctx.chat.name)
    receipt = f"access-offer:{asked.chat_key}:{asked.user_id}:{int(ctx.now.timestamp() * 1000)}"
    params = {"text": html, "parse_mode": "HTML", "reply_markup": inline_keyboard(rows)}
    ctx.queue(
        Call(
            ctx.bot.id,
            "sendMessage",
            params,
            private,
            priority=Priority.ANSWER,
            on_unknown=OnUnknown.REPEAT,
            expires_at=ctx.now + OFFER_SECONDS - timedelta(seconds=10),
            receipt=receipt,
        )
    )
    await decline_after(ctx.session, asked, receipt, ctx.now)


async def _paid_chat(ctx: Context) -> AccessChat | None:
    try:
        return await chats.find(ctx.session, ctx.chat.key, ctx.now)
    except NotPaid:
        return None
