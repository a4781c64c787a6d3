"""Sending text and chat actions; deleting, pinning, reacting (Bot API, "Available methods")."""

from __future__ import annotations

from botyard.sandbox.errors import bad_request
from botyard.sandbox.methods.markup import checked_markup
from botyard.sandbox.methods.places import chat_of, message_in, require_presence, require_right, writable_chat
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.methods.texts import reply_of, sending_details, text_content
from botyard.sandbox.posting import delete, post, show, show_action
from botyard.sandbox.rendering import message_json
from botyard.sandbox.state import Chat, Json, Message

ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
DELETABLE_FOR = 48 * 3600


def send(
    call: Call, content: Json, *, permission: str = "can_send_messages", default_markup: Json | None = None
) -> Message:
    """Puts a bot's message into the chat that the call names, with its keyboard and reply."""
    chat = writable_chat(call, call.params.values.get("chat_id"), permission)
    markup = checked_markup(call.params.object("reply_markup"), chat) or default_markup
    reply, details = reply_of(call, chat), sending_details(call)
    return post(call.world, chat, call.bot, content, reply_to=reply, reply_markup=markup, details=details)


@method("sendMessage")
def send_message(call: Call) -> Json:
    return message_json(send(call, text_content(call)))


@method("sendChatAction")
def send_chat_action(call: Call) -> bool:
    if call.params.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = writable_chat(call, call.params.values.get("chat_id"))
    show_action(call.world, chat, call.bot, call.params.text("action"))
    return True


@method("deleteMessage")
def delete_message(call: Call) -> bool:
    chat = _chat_with_bot(call)
    message = message_in(chat, call.params.integer("message_id"), "message to delete not found")
    if not _may_delete(call, message):
        raise bad_request("message can't be deleted")
    delete(call.world, message)
    return True


@method("deleteMessages")
def delete_messages(call: Call) -> bool:
    """Those that are gone or may not be deleted are skipped."""
    chat = _chat_with_bot(call)
    ids = call.params.items("message_ids")
    if not 1 <= len(ids) <= 100:
        raise bad_request(
            "message identifiers are not specified" if not ids else "too many messages to delete"
        )
    for message_id in ids:
        message = chat.messages.get(message_id)
        if message and _may_delete(call, message):
            delete(call.world, message)
    return True


def _chat_with_bot(call: Call) -> Chat:
    chat = chat_of(call)
    if not chat.is_private:
        require_presence(call, chat)
    return chat


def _may_delete(call: Call, message: Message) -> bool:
    chat = message.chat
    recent = call.world.clock.timestamp() - message.date < DELETABLE_FOR
    if chat.is_private:
        return recent
    member = call.world.member(chat, call.bot.id)
    if member and member.may("can_delete_messages"):
        return True
    return recent and message.sender is call.bot and not message.is_service


@method("pinChatMessage")
def pin_chat_message(call: Call) -> bool:
    chat = _pinning_chat(call)
    message = message_in(chat, call.params.integer("message_id"), "message to pin not found")
    if message.message_id in chat.pinned:
        chat.pinned.remove(message.message_id)
    chat.pinned.append(message.message_id)
    post(call.world, chat, call.bot, {"pinned_message": message_json(message, nested=True)}, is_service=True)
    return True


@method("unpinChatMessage")
def unpin_chat_message(call: Call) -> bool:
    chat = _pinning_chat(call)
    message_id = call.params.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(message_id)
    return True


@method("unpinAllChatMessages")
def unpin_all_chat_messages(call: Call) -> bool:
    _pinning_chat(call).pinned.clear()
    return True


def _pinning_chat(call: Call) -> Chat:
    chat = chat_of(call)
    if not chat.is_private:
        right = "can_edit_messages" if chat.is_channel else "can_pin_messages"
        refusal = bad_request("not enough rights to manage pinned messages in the chat")
        require_right(call, chat, right, refusal)
    return chat


@method("setMessageReaction")
def set_message_reaction(call: Call) -> bool:
    chat = _chat_with_bot(call)
    message = message_in(chat, call.params.integer("message_id"), "message to react not found")
    reactions = call.params.items("reaction")
    if len(reactions) > 1 or any(one.get("type") == "paid" for one in reactions):
        raise bad_request("REACTION_INVALID")
    if reactions:
        message.reactions[call.bot.id] = reactions
    else:
        message.reactions.pop(call.bot.id, None)
    show(call.world, message)
    return True
