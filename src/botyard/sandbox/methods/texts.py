"""Reading text, caption, reply and further common parameters of a message that a bot sends."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.errors import bad_request
from botyard.sandbox.markup import FormattedText, from_entities, from_markup, plain
from botyard.sandbox.methods.places import chat_named
from botyard.sandbox.methods.registry import Call
from botyard.sandbox.rendering import user_json
from botyard.sandbox.state import Chat, Json, Message

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024


def formatted(call: Call, source: Json, field: str, prefix: str = "") -> FormattedText:
    """Text and entities from `field` and its parse mode or entities, which may stand in any object."""
    text = source.get(field) or ""
    parse_mode = source.get(f"{prefix}parse_mode")
    entities = source.get(f"{prefix}entities" if prefix or field == "text" else f"{field}_entities")
    if parse_mode:
        result = from_markup(text, parse_mode)
    elif entities:
        result = from_entities(text, entities)
    else:
        result = plain(text)
    return FormattedText(
        result.text, [one for entity in result.entities if (one := _with_user(call, entity))]
    )


def _with_user(call: Call, entity: Json) -> Json | None:
    """A mention of somebody unknown is no entity, as on Telegram."""
    if entity["type"] != "text_mention":
        return entity
    user = call.world.account(entity["user"]["id"])
    return entity | {"user": user_json(user)} if user else None


def text_content(call: Call) -> Json:
    """`text`, `entities` and `link_preview_options` of a message. Raises `ApiError` if empty or long."""
    written = formatted(call, call.params.values, "text")
    if not written.text:
        raise bad_request("message text is empty")
    if len(written.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    content: Json = {"text": written.text}
    if written.entities:
        content["entities"] = written.entities
    preview = call.params.object("link_preview_options")
    return content | ({"link_preview_options": preview} if preview else {})


def caption_content(call: Call, source: Json) -> Json:
    """`caption` and `caption_entities` of a message, if it has any. Raises `ApiError` for long ones."""
    written = formatted(call, source, "caption")
    if len(written.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    content: Json = {"caption": written.text} if written.text else {}
    if written.entities:
        content["caption_entities"] = written.entities
    above = source.get("show_caption_above_media")
    return content | ({"show_caption_above_media": True} if above and written.text else {})


def reply_of(call: Call, chat: Chat) -> Message | None:
    """The message that is replied to. Raises `ApiError` 400 if it is gone and the bot insists on it."""
    params = call.params
    wanted = params.object("reply_parameters") or {}
    message_id = wanted.get("message_id") or params.integer("reply_to_message_id")
    if not message_id:
        return None
    place = chat_named(call, wanted["chat_id"]) if wanted.get("chat_id") else chat
    message = place.messages.get(message_id)
    lenient = wanted.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply")
    if message is None and not lenient:
        raise bad_request("message to be replied not found")
    return message


def sending_details(call: Call) -> Json:
    """Further fields that a sent message shows."""
    details: dict[str, Any] = {}
    if call.params.flag("protect_content"):
        details["has_protected_content"] = True
    if effect := call.params.text("message_effect_id"):
        details["effect_id"] = effect
    return details
