"""Invite links and join requests (Bot API, createChatInviteLink and neighbours)."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.errors import bad_request
from botyard.sandbox.membership import change_member, close_request
from botyard.sandbox.methods.places import group_of, require_right
from botyard.sandbox.methods.queries import TOO_OLD
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.rendering import link_json
from botyard.sandbox.state import Chat, InviteLink, JoinRequest, Json, Status

SUBSCRIPTION_PERIOD = 30 * 86_400
SUBSCRIPTION_PRICES = range(1, 10_001)
LIMITS = range(1, 100_000)


def _inviting_chat(call: Call) -> Chat:
    chat = group_of(call)
    require_right(call, chat, "can_invite_users", bad_request("not enough rights to manage chat invite link"))
    return chat


def _add_link(call: Call, chat: Chat, **terms: Any) -> InviteLink:
    link = InviteLink(f"https://t.me/+{call.world.new_token(16)}", call.bot, **terms)
    chat.links[link.url] = link
    return link


def _terms(call: Call) -> dict[str, Any]:
    """Name, end, limit and approval of a link. Raises `ApiError` for what does not go together."""
    params = call.params
    name, limit, asks = (
        params.text("name"),
        params.integer("member_limit"),
        params.flag("creates_join_request"),
    )
    expires = params.integer("expire_date")
    if len(name) > 32:
        raise bad_request("invite link name is too long")
    if asks and limit:
        raise bad_request("member limit can't be specified for links requiring administrator approval")
    if limit and limit not in LIMITS:
        raise bad_request("USAGE_LIMIT_INVALID")
    if expires and expires <= call.world.clock.timestamp():
        raise bad_request("EXPIRE_DATE_INVALID")
    return {"name": name or None, "member_limit": limit or None, "expires": expires or None, "asks": asks}


@method("createChatInviteLink")
def create_chat_invite_link(call: Call) -> Json:
    chat = _inviting_chat(call)
    return link_json(chat, _add_link(call, chat, **_terms(call)))


@method("createChatSubscriptionInviteLink")
def create_chat_subscription_invite_link(call: Call) -> Json:
    chat, params = _inviting_chat(call), call.params
    if not chat.is_channel:
        raise bad_request("method is available for channel chats only")
    if params.integer("subscription_period") != SUBSCRIPTION_PERIOD:
        raise bad_request("SUBSCRIPTION_PERIOD_INVALID")
    if params.integer("subscription_price") not in SUBSCRIPTION_PRICES:
        raise bad_request("STARS_AMOUNT_INVALID")
    terms = {
        "subscription_period": SUBSCRIPTION_PERIOD,
        "subscription_price": params.integer("subscription_price"),
    }
    if len(params.text("name")) > 32:
        raise bad_request("invite link name is too long")
    return link_json(chat, _add_link(call, chat, name=params.text("name") or None, **terms))


@method("editChatInviteLink")
def edit_chat_invite_link(call: Call) -> Json:
    chat = _inviting_chat(call)
    link = _own_link(call, chat)
    if link.primary:
        raise bad_request("CHAT_INVITE_PERMANENT")
    for name, value in _terms(call).items():
        setattr(link, name, value)
    return link_json(chat, link)


@method("editChatSubscriptionInviteLink")
def edit_chat_subscription_invite_link(call: Call) -> Json:
    chat = _inviting_chat(call)
    link = _own_link(call, chat)
    if not link.subscription_period or len(call.params.text("name")) > 32:
        raise bad_request("INVITE_HASH_INVALID")
    link.name = call.params.text("name") or None
    return link_json(chat, link)


@method("revokeChatInviteLink")
def revoke_chat_invite_link(call: Call) -> Json:
    """A revoked primary link is replaced by a new one."""
    chat = _inviting_chat(call)
    link = _own_link(call, chat)
    link.revoked = True
    if link.primary:
        _add_link(call, chat, primary=True)
    return link_json(chat, link)


def _own_link(call: Call, chat: Chat) -> InviteLink:
    link = chat.links.get(call.params.text("invite_link"))
    if link is None or link.creator is not call.bot or link.revoked:
        raise bad_request("INVITE_HASH_EXPIRED")
    return link


@method("exportChatInviteLink")
def export_chat_invite_link(call: Call) -> str:
    """A new primary link; the bot's former one ends."""
    chat = _inviting_chat(call)
    for link in chat.links.values():
        if link.primary and link.creator is call.bot:
            link.revoked = True
    return _add_link(call, chat, primary=True).url


@method("approveChatJoinRequest")
def approve_chat_join_request(call: Call) -> bool:
    chat, request = _request(call)
    _let_in(call, chat, request)
    return True


@method("declineChatJoinRequest")
def decline_chat_join_request(call: Call) -> bool:
    _request(call)
    return True


@method("answerChatJoinRequestQuery")
def answer_chat_join_request_query(call: Call) -> bool:
    """The answer to a request's query: within 10 seconds, by the bot that got it."""
    query_id, result = call.params.text("chat_join_request_query_id"), call.params.text("result")
    if result not in ("approve", "decline", "queue"):
        raise bad_request("wrong result specified")
    for chat in call.world.chats.values():
        for request in chat.requests.values():
            if request.query_id == query_id and request.query_bot is call.bot:
                if request.query_ends <= call.world.clock.monotonic():
                    raise bad_request(TOO_OLD)
                request.query_id = None
                _end_query(call, chat, request, result)
                return True
    raise bad_request(TOO_OLD)


def _end_query(call: Call, chat: Chat, request: JoinRequest, result: str) -> None:
    if result == "queue":
        return
    del chat.requests[request.user.id]
    close_request(call.world, chat, request.user)
    if result == "approve":
        _let_in(call, chat, request)


def _let_in(call: Call, chat: Chat, request: JoinRequest) -> None:
    link = request.link
    if link:
        link.joined.add(request.user.id)
    direct = link is None
    change_member(
        call.world, chat, request.user, Status.MEMBER, by=call.bot, link=link, via_join_request=direct
    )


def _request(call: Call) -> tuple[Chat, JoinRequest]:
    """The chat and the request of this user, which is dealt with by that."""
    chat, user_id = _inviting_chat(call), call.params.integer("user_id")
    member = call.world.member(chat, user_id)
    if member and member.here:
        raise bad_request("USER_ALREADY_PARTICIPANT")
    request = chat.requests.pop(user_id, None)
    if request is None:
        raise bad_request("HIDE_REQUESTER_MISSING")
    close_request(call.world, chat, request.user)
    return chat, request
