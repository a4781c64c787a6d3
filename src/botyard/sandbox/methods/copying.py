"""Forwarding and copying messages (Bot API, forwardMessage, copyMessage and their plurals)."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise

from botyard.sandbox.errors import bad_request
from botyard.sandbox.methods.markup import checked_markup
from botyard.sandbox.methods.places import chat_of, message_in, require_presence, writable_chat
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.methods.texts import caption_content, reply_of, sending_details
from botyard.sandbox.posting import origin_of, post
from botyard.sandbox.rendering import MEDIA_KINDS, message_json
from botyard.sandbox.state import Chat, Json, Message

CAPTION = ("caption", "caption_entities", "show_caption_above_media")
NOT_COPIED = ("invoice", "giveaway")
MOST = 100


@method("forwardMessage")
def forward_message(call: Call) -> Json:
    source, target = _places(call)
    message = message_in(source, call.params.integer("message_id"), "message to forward not found")
    if not _may_leave(message):
        raise bad_request("message can't be forwarded")
    return message_json(_forward(call, message, target))


@method("forwardMessages")
def forward_messages(call: Call) -> list[Json]:
    source, target = _places(call)
    found = _listed(call, source)
    if not found:
        raise bad_request("there are no messages to forward")
    return [{"message_id": _forward(call, message, target).message_id} for message in found]


@method("copyMessage")
def copy_message(call: Call) -> Json:
    source, target = _places(call)
    message = message_in(source, call.params.integer("message_id"), "message to copy not found")
    if not _may_leave(message) or any(kind in message.content for kind in NOT_COPIED):
        raise bad_request("message can't be copied")
    content = deepcopy(message.content)
    if "caption" in call.params and any(kind in content for kind in MEDIA_KINDS):
        content = {name: value for name, value in content.items() if name not in CAPTION}
        content |= caption_content(call, call.params.values)
    markup = checked_markup(call.params.object("reply_markup"), target)
    reply = reply_of(call, target)
    details = sending_details(call)
    copied = post(call.world, target, call.bot, content, reply_to=reply, reply_markup=markup, details=details)
    return {"message_id": copied.message_id}


@method("copyMessages")
def copy_messages(call: Call) -> list[Json]:
    source, target = _places(call)
    found = [one for one in _listed(call, source) if not any(kind in one.content for kind in NOT_COPIED)]
    if not found:
        raise bad_request("there are no messages to copy")
    dropped = CAPTION if call.params.flag("remove_caption") else ()
    details = sending_details(call)
    contents = [
        {name: deepcopy(one.content[name]) for name in one.content if name not in dropped} for one in found
    ]
    return [
        {"message_id": post(call.world, target, call.bot, one, details=details).message_id}
        for one in contents
    ]


def _places(call: Call) -> tuple[Chat, Chat]:
    """Where from and where to; the bot has to be in both."""
    source = chat_of(call, "from_chat_id")
    if not source.is_private:
        require_presence(call, source)
    return source, writable_chat(call, call.params.values.get("chat_id"))


def _listed(call: Call, source: Chat) -> list[Message]:
    """The messages with these ids; those that are gone or may not leave the chat are skipped."""
    ids = call.params.items("message_ids")
    if not 1 <= len(ids) <= MOST:
        raise bad_request(
            "message identifiers are not specified" if not ids else "too many messages to process"
        )
    if any(later <= earlier for earlier, later in pairwise(ids)):
        raise bad_request("message identifiers must be in a strictly increasing order")
    found = [source.messages.get(message_id) for message_id in ids]
    return [message for message in found if message and _may_leave(message)]


def _may_leave(message: Message) -> bool:
    return not message.is_service and not message.details.get("has_protected_content")


def _forward(call: Call, message: Message, target: Chat) -> Message:
    details = sending_details(call)
    content = deepcopy(message.content)
    return post(call.world, target, call.bot, content, forward_origin=origin_of(message), details=details)
