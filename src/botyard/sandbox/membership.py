"""People and bots come, go, rise and fall: the change itself and every update that follows from it."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.errors import ControlError
from botyard.sandbox.posting import announce, post
from botyard.sandbox.rendering import chat_json, link_json, member_json, user_json
from botyard.sandbox.state import (
    Account,
    Bot,
    Chat,
    InviteLink,
    JoinRequest,
    Json,
    Member,
    Peer,
    Status,
    User,
)
from botyard.sandbox.world import World

JOIN_REQUEST_CHAT = 300.0
"""Seconds in which a bot may write to whoever asked to join, unless the request is dealt with before."""
JOIN_QUERY = 10.0
"""Seconds in which a request's query must be answered (Bot API, ChatJoinRequest.query_id)."""


def change_member(
    world: World,
    chat: Chat,
    account: Account,
    status: Status,
    *,
    by: Account | None,
    link: InviteLink | None = None,
    via_join_request: bool = False,
    **details: Any,
) -> Member:
    """Gives someone a new standing in a group or channel. `details` are further fields of `Member`.

    The account itself, if it is a bot, gets my_chat_member; the chat's administrator bots get chat_member;
    a group shows who joined and left (Bot API, ChatMemberUpdated).
    """
    old = world.member(chat, account.id) or Member(account, Status.LEFT)
    new = Member(account, status, **details)
    if status is Status.ADMINISTRATOR and "rights" not in details:
        new.rights = world.all_rights(chat)
    actor = by or account
    change = {
        "chat": chat_json(chat),
        "from": user_json(actor),
        "date": world.clock.timestamp(),
        "old_chat_member": member_json(chat, old),
        "new_chat_member": member_json(chat, new),
    }
    if change["old_chat_member"] == change["new_chat_member"]:
        chat.members[account.id] = new
        return new
    if link:
        change["invite_link"] = link_json(chat, link)
    if via_join_request:
        change["via_join_request"] = True
    watchers = [bot for bot, member in world.bots_in(chat) if member.rules and bot is not account]
    chat.members[account.id] = new
    if isinstance(account, Bot):
        world.enqueue(account, "my_chat_member", change)
    for bot in watchers:
        world.enqueue(bot, "chat_member", change)
    _show_coming_and_going(world, chat, old, new, actor)
    world.changed()
    return new


def _show_coming_and_going(world: World, chat: Chat, old: Member, new: Member, actor: Account) -> None:
    if chat.is_channel or old.here == new.here:
        return
    person = user_json(new.account)
    content = {"new_chat_members": [person]} if new.here else {"left_chat_member": person}
    message = post(world, chat, actor, content, is_service=True)
    announce(world, message, "message", author=actor)


def join(
    world: World, chat: Chat, user: User, link: InviteLink | None, *, query_bot: Bot | None = None
) -> Json:
    """A user joins a chat, or asks to where the link says so. Returns `{"joined": ..., "requested": ...}`.

    A `query_bot` is the one that the chat has deal with requests: it gets a `query_id` with them.
    Raises `ControlError` when Telegram would not let the user in.
    """
    standing = world.member(chat, user.id)
    if standing and standing.here:
        raise ControlError(f"User {user.id} is in the chat already.", status=409)
    if standing and standing.status is Status.KICKED:
        raise ControlError(f"User {user.id} is banned from the chat: unban with unbanChatMember.", status=403)
    if link:
        _check_link(world, chat, link)
        if link.asks:
            return request_to_join(world, chat, user, link, query_bot=query_bot)
        link.joined.add(user.id)
    until = 0
    if link and link.subscription_period:
        until = world.clock.timestamp() + link.subscription_period
    change_member(world, chat, user, Status.MEMBER, by=user, link=link, until=until)
    return {"joined": True, "requested": False}


def _check_link(world: World, chat: Chat, link: InviteLink) -> None:
    if link.revoked or (link.expires and link.expires <= world.clock.timestamp()):
        raise ControlError("The invite link is revoked or has expired: use another one.", status=410)
    present = sum(1 for user_id in link.joined if (one := world.member(chat, user_id)) and one.here)
    if link.member_limit and present >= link.member_limit:
        raise ControlError("The invite link's member limit is reached: use another one.", status=410)


def request_to_join(
    world: World, chat: Chat, user: User, link: InviteLink | None, *, query_bot: Bot | None = None
) -> Json:
    """A user asks to join: administrator bots that may invite learn of it and may write for 5 minutes."""
    request = JoinRequest(user, world.clock.timestamp(), link)
    chat.requests[user.id] = request
    body = {"chat": chat_json(chat), "from": user_json(user), "user_chat_id": user.id, "date": request.date}
    if link:
        body["invite_link"] = link_json(chat, link)
    for bot, member in world.bots_in(chat):
        if member.may("can_invite_users"):
            peer = world.private(bot, user).peer
            if peer:
                peer.open_until = world.clock.monotonic() + JOIN_REQUEST_CHAT
            world.enqueue(bot, "chat_join_request", body | _query(world, request, bot, query_bot))
    return {"joined": False, "requested": True}


def _query(world: World, request: JoinRequest, bot: Bot, query_bot: Bot | None) -> Json:
    if bot is not query_bot:
        return {}
    request.query_id, request.query_bot = world.new_id(), bot
    request.query_ends = world.clock.monotonic() + JOIN_QUERY
    return {"query_id": request.query_id}


def close_request(world: World, chat: Chat, user: User) -> None:
    """A request was dealt with: bots that the user never began with may write to him no more."""
    for bot, _member in world.bots_in(chat):
        peer = world.private(bot, user).peer
        if peer:
            peer.open_until = 0.0


def block(world: World, bot: Bot, user: User, *, blocked: bool) -> Json | None:
    """A user blocks or unblocks a bot. Returns the my_chat_member update, if anything has changed."""
    chat = world.private(bot, user)
    peer: Peer | None = chat.peer
    if peer is None or peer.blocked == blocked:
        return None
    peer.blocked = blocked
    peer.started = True
    before, after = (Status.MEMBER, Status.KICKED) if blocked else (Status.KICKED, Status.MEMBER)
    change = {
        "chat": chat_json(chat),
        "from": user_json(user),
        "date": world.clock.timestamp(),
        "old_chat_member": member_json(chat, Member(bot, before)),
        "new_chat_member": member_json(chat, Member(bot, after)),
    }
    return world.enqueue(bot, "my_chat_member", change)
