"""Chats and files as a bot sees them (Bot API, getChat, setChatTitle, getFile, ...)."""

from __future__ import annotations

from botyard.sandbox.errors import bad_request
from botyard.sandbox.methods.places import chat_of, group_of, member_of, require_presence, require_right
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.rendering import PERMISSIONS, chat_json, compact, member_json, message_json
from botyard.sandbox.state import Chat, Json, Member, Status, StoredFile

ACCENT_COLOURS = 7
MOST_REACTIONS = 11
LARGEST_DOWNLOAD = 20 * 1024 * 1024
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


@method("getChat")
def get_chat(call: Call) -> Json:
    chat = chat_of(call)
    if not chat.is_private and not chat.username:
        require_presence(call, chat)
    pinned = chat.messages.get(chat.pinned[-1]) if chat.pinned else None
    return chat_json(chat) | compact(
        accent_color_id=abs(chat.id) % ACCENT_COLOURS,
        max_reaction_count=MOST_REACTIONS,
        accepted_gift_types=dict.fromkeys(GIFTS, False),
        active_usernames=[chat.username] if chat.username else None,
        description=chat.description,
        permissions=_permissions(chat) if not chat.is_private and not chat.is_channel else None,
        invite_link=_primary_link(call, chat),
        pinned_message=message_json(pinned) if pinned else None,
    )


def _permissions(chat: Chat) -> Json:
    return {name: chat.permissions.get(name, True) for name in PERMISSIONS}


def _primary_link(call: Call, chat: Chat) -> str | None:
    member = None if chat.is_private else call.world.member(chat, call.bot.id)
    if member is None or not member.may("can_invite_users"):
        return None
    return next((link.url for link in chat.links.values() if link.primary and not link.revoked), None)


@method("getChatMember")
def get_chat_member(call: Call) -> Json:
    chat = chat_of(call)
    user_id = call.params.integer("user_id")
    if chat.peer:
        both = {one.id: one for one in (chat.peer.bot, chat.peer.user)}
        if user_id not in both:
            raise bad_request("member not found")
        return member_json(chat, Member(both[user_id], Status.MEMBER))
    require_presence(call, chat)
    return member_json(chat, member_of(call.world, chat, user_id), call.bot)


@method("getChatAdministrators")
def get_chat_administrators(call: Call) -> list[Json]:
    chat = chat_of(call)
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    require_presence(call, chat)
    return [member_json(chat, member, call.bot) for member in chat.members.values() if member.rules]


@method("getChatMemberCount")
def get_chat_member_count(call: Call) -> int:
    chat = chat_of(call)
    if chat.is_private:
        return 2
    require_presence(call, chat)
    return sum(1 for user_id in list(chat.members) if (one := call.world.member(chat, user_id)) and one.here)


@method("setChatTitle")
def set_chat_title(call: Call) -> bool:
    chat, title = _changeable(call), call.params.text("title").strip()
    if not 1 <= len(title) <= 128:
        raise bad_request("chat title must be non-empty" if not title else "CHAT_TITLE_TOO_LONG")
    if title == chat.title:
        raise bad_request("chat title is not modified")
    chat.title = title
    call.world.changed()
    return True


@method("setChatDescription")
def set_chat_description(call: Call) -> bool:
    chat, description = _changeable(call), call.params.text("description")
    if len(description) > 255:
        raise bad_request("CHAT_ABOUT_TOO_LONG")
    if description == (chat.description or ""):
        raise bad_request("chat description is not modified")
    chat.description = description or None
    return True


@method("setChatPermissions")
def set_chat_permissions(call: Call) -> bool:
    chat = group_of(call)
    require_right(
        call, chat, "can_restrict_members", bad_request("not enough rights to change chat permissions")
    )
    given = call.params.object("permissions") or {}
    chat.permissions = {name: bool(given.get(name, False)) for name in PERMISSIONS}
    return True


def _changeable(call: Call) -> Chat:
    chat = group_of(call)
    require_right(call, chat, "can_change_info", bad_request("not enough rights to change chat information"))
    return chat


@method("getFile")
def get_file(call: Call) -> Json:
    file: StoredFile | None = call.world.files.get(call.params.text("file_id"))
    if file is None:
        raise bad_request("invalid file_id")
    if file.data is not None and len(file.data) > LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    size = {"file_size": len(file.data)} if file.data is not None else {}
    return {"file_id": file.file_id, "file_unique_id": file.unique_id, **size, "file_path": file.path}


@method("getUserProfilePhotos")
def get_user_profile_photos(call: Call) -> Json:
    if call.world.account(call.params.integer("user_id")) is None:
        raise bad_request("user not found")
    return {"total_count": 0, "photos": []}
