"""Banning, restricting, promoting, leaving (Bot API, banChatMember and neighbours)."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.errors import bad_request
from botyard.sandbox.membership import change_member
from botyard.sandbox.methods.places import group_of, member_of, require_right
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.rendering import PERMISSIONS, admin_rights
from botyard.sandbox.state import Chat, ChatType, Member, Status

SHORTEST_UNTIL = 30
LONGEST_UNTIL = 366 * 86_400
CANNOT_RESTRICT = "not enough rights to restrict/unrestrict chat member"
MEDIA_PERMISSIONS = PERMISSIONS[1:7]


def _restrictable(call: Call) -> tuple[Chat, Member]:
    """The chat and the member that the bot may ban or restrict."""
    chat = group_of(call)
    require_right(call, chat, "can_restrict_members", bad_request(CANNOT_RESTRICT))
    member = member_of(call.world, chat, call.params.integer("user_id"))
    if member.account is call.bot:
        raise bad_request("can't restrict self")
    if member.status is Status.CREATOR:
        raise bad_request("can't remove chat owner")
    if member.status is Status.ADMINISTRATOR and member.promoted_by != call.bot.id:
        raise bad_request("user is an administrator of the chat")
    return chat, member


def _until(call: Call) -> int:
    """When a ban or restriction ends, in Unix seconds; 0 for ever: under 30 seconds or over 366 days."""
    until = call.params.integer("until_date")
    length = until - call.world.clock.timestamp()
    return until if SHORTEST_UNTIL <= length <= LONGEST_UNTIL else 0


@method("banChatMember")
def ban_chat_member(call: Call) -> bool:
    chat, member = _restrictable(call)
    until = 0 if chat.type is ChatType.GROUP else _until(call)
    change_member(call.world, chat, member.account, Status.KICKED, by=call.bot, until=until)
    return True


@method("unbanChatMember")
def unban_chat_member(call: Call) -> bool:
    """Also removes a member who is present, unless `only_if_banned`. Basic groups know no bans."""
    chat, member = _restrictable(call)
    if chat.type is ChatType.GROUP:
        raise bad_request("method is available for supergroup and channel chats only")
    removes = member.here and not call.params.flag("only_if_banned")
    if member.status is Status.KICKED or removes:
        change_member(call.world, chat, member.account, Status.LEFT, by=call.bot)
    return True


@method("restrictChatMember")
def restrict_chat_member(call: Call) -> bool:
    chat, member = _restrictable(call)
    if chat.type is not ChatType.SUPERGROUP:
        raise bad_request("method is available only for supergroups")
    rights = _permissions(call)
    present = member.here
    if all(rights.values()):
        change_member(
            call.world, chat, member.account, Status.MEMBER if present else Status.LEFT, by=call.bot
        )
    else:
        until = _until(call)
        changes: dict[str, Any] = {"rights": rights, "until": until, "is_present": present}
        change_member(call.world, chat, member.account, Status.RESTRICTED, by=call.bot, **changes)
    return True


def _permissions(call: Call) -> dict[str, bool]:
    """The permissions given; unless they are independent, some imply others (restrictChatMember)."""
    given = call.params.object("permissions") or {}
    rights = {name: bool(given.get(name, False)) for name in PERMISSIONS}
    if call.params.flag("use_independent_chat_permissions"):
        return rights
    if rights["can_send_other_messages"] or rights["can_add_web_page_previews"]:
        rights |= dict.fromkeys(("can_send_messages", *MEDIA_PERMISSIONS), True)
    if rights["can_send_polls"]:
        rights["can_send_messages"] = True
    return rights


@method("promoteChatMember")
def promote_chat_member(call: Call) -> bool:
    chat = group_of(call)
    own = require_right(call, chat, "can_promote_members", bad_request("not enough rights"))
    member = member_of(call.world, chat, call.params.integer("user_id"))
    if member.account is call.bot:
        raise bad_request("can't promote self")
    if member.status is Status.CREATOR:
        raise bad_request("can't remove chat owner")
    if member.status is Status.ADMINISTRATOR and member.promoted_by != call.bot.id:
        raise bad_request("CHAT_ADMIN_REQUIRED")
    if not member.here:
        raise bad_request("USER_NOT_PARTICIPANT")
    rights = {right: call.params.flag(right) for right in ("is_anonymous", *admin_rights(chat))}
    if any(wanted and right != "is_anonymous" and not own.may(right) for right, wanted in rights.items()):
        raise bad_request("RIGHT_FORBIDDEN")
    if any(rights.values()):
        rights["can_manage_chat"] = True
        changes: dict[str, Any] = {"rights": rights, "promoted_by": call.bot.id}
        change_member(call.world, chat, member.account, Status.ADMINISTRATOR, by=call.bot, **changes)
    elif member.rules:
        change_member(call.world, chat, member.account, Status.MEMBER, by=call.bot)
    return True


@method("setChatAdministratorCustomTitle")
def set_custom_title(call: Call) -> bool:
    chat = group_of(call)
    require_right(
        call, chat, "can_promote_members", bad_request("not enough rights to change custom title of the user")
    )
    member = member_of(call.world, chat, call.params.integer("user_id"))
    if member.status is not Status.ADMINISTRATOR:
        raise bad_request("user is not an administrator")
    if len(call.params.text("custom_title")) > 16:
        raise bad_request("ADMIN_RANK_INVALID")
    member.custom_title = call.params.text("custom_title") or None
    return True


@method("leaveChat")
def leave_chat(call: Call) -> bool:
    chat = group_of(call)
    change_member(call.world, chat, call.bot, Status.LEFT, by=call.bot)
    return True
