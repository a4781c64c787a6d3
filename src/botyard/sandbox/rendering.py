"""The world's objects in the Bot API's shapes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botyard.sandbox.journal import iso
from botyard.sandbox.state import (
    Account,
    Bot,
    Chat,
    ChatType,
    InviteLink,
    Json,
    Member,
    Message,
    Status,
    User,
)

COMMON_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages", "can_manage_direct_messages")
GROUP_RIGHTS = ("can_pin_messages", "can_manage_topics", "can_manage_tags")
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
MEDIA_KINDS = ("photo", "video", "animation", "audio", "document", "voice", "video_note", "sticker")
OTHER_KINDS = ("contact", "location", "venue", "dice")


def compact(**fields: Any) -> Json:
    """An object without the fields that are None."""
    return {name: value for name, value in fields.items() if value is not None}


def user_json(account: Account) -> Json:
    """User."""
    if isinstance(account, Bot):
        return {
            "id": account.id,
            "is_bot": True,
            "first_name": account.first_name,
            "username": account.username,
        }
    return compact(
        id=account.id,
        is_bot=False,
        first_name=account.first_name,
        last_name=account.last_name,
        username=account.username,
        language_code=account.language_code,
        is_premium=account.is_premium or None,
    )


def chat_json(chat: Chat) -> Json:
    """Chat."""
    if chat.peer:
        user = chat.peer.user
        names = compact(first_name=user.first_name, last_name=user.last_name, username=user.username)
        return {"id": chat.id, **names, "type": chat.type.value}
    return compact(id=chat.id, title=chat.title, username=chat.username, type=chat.type.value)


def admin_rights(chat: Chat) -> tuple[str, ...]:
    """The rights that an administrator of this chat can have."""
    return COMMON_RIGHTS + (CHANNEL_RIGHTS if chat.is_channel else GROUP_RIGHTS)


def member_json(chat: Chat, member: Member, viewer: Account | None = None) -> Json:
    """ChatMember, as `viewer` (who may be able to edit an administrator) sees it."""
    body: Json = {"user": user_json(member.account), "status": member.status.value}
    title = {"custom_title": member.custom_title} if member.custom_title else {}
    match member.status:
        case Status.CREATOR:
            return body | title | {"is_anonymous": member.rights.get("is_anonymous", False)}
        case Status.ADMINISTRATOR:
            rights = {
                right: member.rights.get(right, False) for right in ("is_anonymous", *admin_rights(chat))
            }
            editable = viewer is not None and member.promoted_by == viewer.id
            return body | title | {"can_be_edited": editable} | rights
        case Status.RESTRICTED:
            permissions = {right: member.rights.get(right, False) for right in PERMISSIONS}
            return body | permissions | {"is_member": member.is_present, "until_date": member.until}
        case Status.KICKED:
            return body | {"until_date": member.until}
        case _:
            return body | ({"until_date": member.until} if member.until else {})


def link_json(chat: Chat, link: InviteLink) -> Json:
    """ChatInviteLink."""
    waiting = sum(1 for request in chat.requests.values() if request.link is link)
    return compact(
        invite_link=link.url,
        creator=user_json(link.creator),
        creates_join_request=link.asks,
        is_primary=link.primary,
        is_revoked=link.revoked,
        name=link.name,
        expire_date=link.expires,
        member_limit=link.member_limit,
        pending_join_request_count=waiting or None,
        subscription_period=link.subscription_period,
        subscription_price=link.subscription_price,
    )


def message_json(message: Message, *, nested: bool = False) -> Json:
    """Message. A replied-to message (`nested`) carries no reply of its own."""
    markup = (
        message.reply_markup if message.reply_markup and "inline_keyboard" in message.reply_markup else None
    )
    reply = None if nested or message.reply_to is None else message_json(message.reply_to, nested=True)
    body = compact(
        message_id=message.message_id,
        **({"from": user_json(message.sender)} if message.sender else {}),
        sender_chat=chat_json(message.sender_chat) if message.sender_chat else None,
        chat=chat_json(message.chat),
        date=message.date,
        edit_date=message.edit_date,
        forward_origin=message.forward_origin,
        reply_to_message=reply,
    )
    return body | message.details | message.content | ({"reply_markup": markup} if markup else {})


def client_view(message: Message) -> Json:
    """A message as a chat client would show it: the control API's own shape."""
    sender: User | Bot | None = message.sender
    view = compact(
        message_id=message.message_id,
        **({"from": _face(sender)} if sender else {}),
        sender_chat=chat_json(message.sender_chat) if message.sender_chat else None,
        date=_moment(message.date),
        edit_date=_moment(message.edit_date) if message.edit_date else None,
        reply_markup=message.reply_markup,
        reply_to_message_id=message.reply_to.message_id if message.reply_to else None,
        forward_origin=message.forward_origin,
        media=_media(message.content),
        service=_service(message) if message.is_service else None,
        reactions=[one for chosen in message.reactions.values() for one in chosen] or None,
    )
    shown = ("text", "caption", "entities", "invoice", "poll", "show_caption_above_media")
    view |= {name: message.content[name] for name in shown if name in message.content}
    if "caption_entities" in message.content:
        view["entities"] = message.content["caption_entities"]
    return view | message.details | {"deleted": message.deleted}


def _face(account: Account) -> Json:
    last_name = "" if isinstance(account, Bot) else account.last_name or ""
    name = f"{account.first_name} {last_name}".strip()
    return {"id": account.id, "name": name, "is_bot": isinstance(account, Bot)}


def _moment(unix_seconds: int) -> str:
    from_unix = datetime.fromtimestamp(unix_seconds, UTC)
    return iso(from_unix)


def _media(content: Json) -> Json | None:
    for kind in (*MEDIA_KINDS, *OTHER_KINDS):
        if kind in content:
            thing = content[kind]
            return {"kind": kind, **(thing[-1] if kind == "photo" else thing)}
    return None


def _service(message: Message) -> Json:
    return {name: value for name, value in message.content.items() if name != "text"}


def type_name(chat: Chat) -> str:
    """The kind of chat as Telegram's errors call it: `group chat`, `supergroup chat`, `channel chat`."""
    return f"{chat.type.value} chat" if chat.type is not ChatType.PRIVATE else "private chat"
