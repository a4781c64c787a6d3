"""Changing messages (Bot API, "Updating messages")."""

from __future__ import annotations

from botyard.sandbox.errors import bad_request
from botyard.sandbox.methods.markup import checked_markup
from botyard.sandbox.methods.places import chat_of, message_in, require_presence
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.methods.texts import caption_content, text_content
from botyard.sandbox.posting import edit
from botyard.sandbox.rendering import MEDIA_KINDS, message_json
from botyard.sandbox.state import Json, Message

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
CAPTION = ("caption", "caption_entities", "show_caption_above_media")


def message_to_edit(call: Call, *, media: bool = False) -> Message:
    """The message that a bot is about to change. Raises `ApiError` if there is none, or none of its own."""
    if call.params.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = chat_of(call)
    if not chat.is_private:
        require_presence(call, chat)
    message = message_in(chat, call.params.integer("message_id"), "message to edit not found")
    member = call.world.member(chat, call.bot.id)
    in_channel = chat.is_channel and member is not None and member.may("can_edit_messages")
    own = message.sender is call.bot or message.details.get("author_bot") == call.bot.id
    if message.is_service or message.forward_origin or not (own or in_channel):
        raise bad_request("message can't be edited")
    if media and not any(kind in message.content for kind in MEDIA_KINDS):
        raise bad_request("there is no media in the message to edit")
    return message


def apply_edit(call: Call, message: Message, content: Json) -> Json:
    """Changes the message unless it would stay the same, which Telegram refuses."""
    markup = checked_markup(call.params.object("reply_markup"), message.chat)
    if content == message.content and markup == message.reply_markup:
        raise bad_request(NOT_MODIFIED)
    edit(call.world, message, content, reply_markup=markup)
    return message_json(message)


@method("editMessageText")
def edit_message_text(call: Call) -> Json:
    message = message_to_edit(call)
    if "text" not in message.content:
        raise bad_request("there is no text in the message to edit")
    return apply_edit(call, message, text_content(call))


@method("editMessageCaption")
def edit_message_caption(call: Call) -> Json:
    message = message_to_edit(call)
    if not any(kind in message.content for kind in MEDIA_KINDS):
        raise bad_request("there is no caption in the message to edit")
    kept = {name: value for name, value in message.content.items() if name not in CAPTION}
    return apply_edit(call, message, kept | caption_content(call, call.params.values))


@method("editMessageReplyMarkup")
def edit_message_reply_markup(call: Call) -> Json:
    message = message_to_edit(call)
    return apply_edit(call, message, message.content)
