"""Where a bot may act: finding the chat, the message, the member, and the rights it needs there."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.errors import ApiError, bad_request, forbidden, migrated
from botyard.sandbox.methods.registry import Call
from botyard.sandbox.rendering import type_name
from botyard.sandbox.state import Chat, ChatType, Member, Message, Status
from botyard.sandbox.world import World

LARGEST_ID = 2**63


def chat_named(call: Call, reference: Any) -> Chat:
    """The chat that a `chat_id` names: an id or @username. Raises `ApiError` 400 if there is none."""
    world, bot = call.world, call.bot
    if isinstance(reference, str) and reference.lstrip("-").isascii() and reference.lstrip("-").isdigit():
        reference = int(reference) if len(reference) < 20 else 0
    if isinstance(reference, str):
        wanted = reference.lstrip("@").lower()
        for chat in world.chats.values():
            if wanted and chat.username and chat.username.lower() == wanted:
                return chat
        raise bad_request("chat not found")
    if not reference:
        raise bad_request("chat_id is empty" if reference == "" else "chat not found")
    if reference in world.moved_chats:
        raise migrated(world.moved_chats[reference])
    if reference in world.chats:
        return world.chats[reference]
    if reference in world.users:
        return world.private(bot, world.users[reference])
    raise bad_request("chat not found")


def chat_of(call: Call, name: str = "chat_id") -> Chat:
    """The chat that a parameter of the call names. Raises `ApiError` 400 if there is none."""
    return chat_named(call, call.params.values.get(name))


def group_of(call: Call) -> Chat:
    """The group or channel of a call that makes no sense in a private chat; the bot has to be in it."""
    chat = chat_of(call)
    if chat.is_private:
        raise bad_request("method is available for supergroup and channel chats only")
    require_presence(call, chat)
    return chat


def require_presence(call: Call, chat: Chat) -> Member:
    """The bot's own standing in a group. Raises `ApiError` 403 if it is not there."""
    member = call.world.member(chat, call.bot.id)
    if member and member.here:
        return member
    if member and member.status is Status.KICKED:
        raise forbidden(f"bot was kicked from the {type_name(chat)}")
    raise forbidden(f"bot is not a member of the {type_name(chat)}")


def writable_chat(call: Call, reference: Any, permission: str = "can_send_messages") -> Chat:
    """The chat that a bot is about to write to. Raises `ApiError` if it may not."""
    chat = chat_named(call, reference)
    if chat.peer:
        if chat.peer.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.peer.started and call.world.clock.monotonic() >= chat.peer.open_until:
            raise forbidden("bot can't initiate conversation with a user")
        return chat
    member = require_presence(call, chat)
    if chat.is_channel and not member.may("can_post_messages"):
        raise bad_request("need administrator rights in the channel chat")
    if not may_send(chat, member, permission):
        raise bad_request(f"not enough rights to send {_thing(permission)} to the chat")
    return chat


def may_send(chat: Chat, member: Member, permission: str) -> bool:
    """Whether a member of a group may send this kind of message."""
    if member.rules or chat.is_channel:
        return member.rules
    if member.status is Status.RESTRICTED and not member.rights.get(permission, False):
        return False
    return chat.permissions.get(permission, True)


def _thing(permission: str) -> str:
    named = {"can_send_messages": "text messages", "can_send_other_messages": "stickers and animations"}
    return named.get(permission, permission.removeprefix("can_send_").replace("_", " "))


def require_right(call: Call, chat: Chat, right: str, error: ApiError) -> Member:
    """The bot's standing as an administrator with this right. Raises `error` if it has not got it."""
    member = require_presence(call, chat)
    if chat.type is ChatType.PRIVATE or not member.may(right):
        raise error
    return member


def member_of(world: World, chat: Chat, user_id: int) -> Member:
    """Someone's standing in a chat; whoever was never there has left. Raises `ApiError` for unknown ids."""
    member = world.member(chat, user_id)
    if member:
        return member
    account = world.account(user_id)
    if account is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return Member(account, Status.LEFT)


def message_in(chat: Chat, message_id: int, missing: str) -> Message:
    """A message of a chat. Raises `ApiError` 400 with the text `missing`."""
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request(missing)
    return message
