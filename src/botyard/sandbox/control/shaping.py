"""Making the world: bots, users, chats and their members."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.control.request import ControlRequest
from botyard.sandbox.errors import ControlError
from botyard.sandbox.membership import change_member
from botyard.sandbox.rendering import compact
from botyard.sandbox.state import Account, Bot, Chat, ChatType, Json, Status, User

LONGEST_NAME = 64


def list_bots(request: ControlRequest) -> list[Json]:
    """All bots."""
    return [bot_entry(bot) for bot in request.world.bots.values()]


def make_bot(request: ControlRequest) -> Json:
    """Makes a bot, or changes the one with this token."""
    token, name = request.field("token", str), request.field("name", str).strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ControlError("name must have 1 to 64 characters.")
    bot = request.world.add_bot(token, name=name, username=request.optional("username", str))
    reads_all = request.optional("can_read_all_group_messages", bool)
    if reads_all is not None:
        bot.reads_all_group_messages = reads_all
    return bot_entry(bot)


def bot_entry(bot: Bot) -> Json:
    """A bot as the control API shows it: never its token."""
    menus = {
        ":".join(str(part) for part in scope if part) or scope[0]: by_language.get("")
        or next(iter(by_language.values()))
        for scope, by_language in bot.commands.items()
        if by_language
    }
    return {
        "id": bot.id,
        "name": bot.name,
        "username": bot.username,
        "can_read_all_group_messages": bot.reads_all_group_messages,
        "webhook_url": bot.webhook.url.replace(bot.token, "***") or None,
        "pending_update_count": len(bot.queue),
        "commands": menus,
    }


def list_users(request: ControlRequest) -> list[Json]:
    """All people."""
    return [user_entry(user) for user in request.world.users.values()]


def make_user(request: ControlRequest) -> Json:
    """Makes a person, or changes the one with this id. He has begun with the `started` bots long ago."""
    user_id, first_name = request.field("id", int), request.field("first_name", str)
    if user_id <= 0 or user_id in request.world.bots:
        raise ControlError("id must be positive and not that of a bot.")
    if not 1 <= len(first_name) <= LONGEST_NAME:
        raise ControlError("first_name must have 1 to 64 characters.")
    user = request.world.users.setdefault(user_id, User(user_id, first_name))
    user.first_name = first_name
    for name in ("last_name", "username", "language_code"):
        if name in request.body:
            setattr(user, name, (request.optional(name, str) or "").lstrip("@") or None)
    user.is_premium = bool(request.optional("is_premium", bool))
    for started in request.optional("started", list) or []:
        peer = request.world.private(request.world.find_bot(started), user).peer
        if peer is not None:
            peer.started = True
    request.world.changed()
    return user_entry(user)


def user_entry(user: User) -> Json:
    """A person as the control API shows them."""
    return compact(
        id=user.id,
        first_name=user.first_name,
        last_name=user.last_name,
        username=user.username,
        language_code=user.language_code,
        is_premium=user.is_premium or None,
    )


def list_chats(request: ControlRequest) -> list[Json]:
    """The private chats (one for each person), groups and channels."""
    private = [
        {"id": user.id, "type": "private", "title": user.first_name} for user in request.world.users.values()
    ]
    return private + [chat_entry(request, chat) for chat in request.world.chats.values()]


def chat_entry(request: ControlRequest, chat: Chat) -> Json:
    """A group or channel as the control API shows it."""
    members = [member for one in list(chat.members) if (member := request.world.member(chat, one))]
    return compact(
        id=chat.id,
        type=chat.type.value,
        title=chat.title,
        username=chat.username,
        members=[{"user_id": one.account.id, "status": one.status.value} for one in members],
    )


def make_chat(request: ControlRequest) -> Json:
    """Makes a group or channel with members, or changes the one with this id."""
    chat_id, title = request.field("id", int), request.optional("title", str) or "Group"
    kind = _chat_type(request.optional("type", str) or "supergroup")
    if chat_id >= 0:
        raise ControlError(
            "id must be negative: groups and channels have negative ids. POST users makes private chats."
        )
    if not 1 <= len(title) <= 128:
        raise ControlError("title must have 1 to 128 characters.")
    wanted = [_wanted_member(request, entry) for entry in request.optional("members", list) or []]
    chat = request.world.add_chat(chat_id, kind, title, request.optional("username", str))
    for account, status in wanted:
        change_member(request.world, chat, account, status, by=_owner(chat))
    return chat_entry(request, chat)


def _chat_type(name: str) -> ChatType:
    try:
        kind = ChatType(name)
    except ValueError as error:
        raise ControlError("type must be group, supergroup or channel.") from error
    if kind is ChatType.PRIVATE:
        raise ControlError("A private chat comes with its user: POST users makes it.")
    return kind


def _wanted_member(request: ControlRequest, entry: Any) -> tuple[Account, Status]:
    if isinstance(entry, int):
        entry = {"user_id": entry}
    if not isinstance(entry, dict):
        raise ControlError("members must be a list of {user_id, status}.")
    return _account(request, entry.get("user_id")), _status(entry.get("status") or "member")


def _account(request: ControlRequest, account_id: Any) -> Account:
    account = request.world.account(account_id) if isinstance(account_id, int) else None
    if account is None:
        raise ControlError(f"There is no user or bot {str(account_id)[:32]}: make it first.", status=404)
    return account


def _status(name: Any) -> Status:
    try:
        return Status(name)
    except ValueError as error:
        raise ControlError(f"status must be one of {', '.join(Status)}.") from error


def _owner(chat: Chat) -> Account | None:
    return next((one.account for one in chat.members.values() if one.status is Status.CREATOR), None)


def change_members(request: ControlRequest) -> Json:
    """Gives someone a standing in a chat, and bots the updates that follow."""
    chat = request.world.find_group(_path_id(request))
    account = _account(request, request.field("user_id", int))
    status = _status(request.field("status", str))
    details: dict[str, Any] = {}
    rights = request.optional("rights", dict)
    if rights is not None:
        details["rights"] = {str(right): bool(value) for right, value in rights.items()}
    by = request.optional("by", int)
    actor = _account(request, by) if by else (account if status is Status.LEFT else _owner(chat))
    change_member(request.world, chat, account, status, by=actor, **details)
    return chat_entry(request, chat)


def _path_id(request: ControlRequest) -> int:
    text = str(request.path["chat_id"])
    if not text.lstrip("-").isdigit() or len(text) > 19:
        raise ControlError("The chat id in the path must be a whole number.")
    return int(text)
