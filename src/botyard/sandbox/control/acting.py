"""What people do: write, edit, press buttons, join, block; and any update at all."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.control.request import ControlRequest
from botyard.sandbox.errors import ApiError, ControlError
from botyard.sandbox.markup import FormattedText, from_entities, from_markup, plain
from botyard.sandbox.membership import block, join
from botyard.sandbox.methods.places import may_send
from botyard.sandbox.posting import announce, edit, post
from botyard.sandbox.rendering import message_json, user_json
from botyard.sandbox.state import (
    Bot,
    CallbackQuery,
    Chat,
    ChatType,
    InviteLink,
    Json,
    Message,
    Question,
    User,
)
from botyard.sandbox.user_content import media_content

QUERY_LIFETIME = 150.0
QUESTIONS = frozenset({"inline_query", "shipping_query", "pre_checkout_query"})


def write(request: ControlRequest) -> Json:
    """A user writes into a chat. The answer holds the update that the named bot gets."""
    user, bot = request.user(), request.optional_bot()
    chat = request.world.find_chat(bot, user, request.optional("chat_id", int))
    content = _content(request)
    _let_in(request, chat, user)
    reply_to = _reply(request, chat)
    origin = request.optional("forward_origin", dict)
    details = _album(request)
    message = post(
        request.world, chat, user, content, reply_to=reply_to, forward_origin=origin, details=details
    )
    kind = "channel_post" if chat.is_channel else "message"
    updates = announce(request.world, message, kind, author=user)
    return {"update": updates.get(bot.id) if bot else None, "message_id": message.message_id}


def _content(request: ControlRequest) -> Json:
    written = written_text(request, "text")
    if written and not written.text:
        raise ControlError("text is empty: write something.")
    if written and len(written.text) > 4096:
        raise ControlError("text is too long: at most 4096 characters.")
    content = (
        _with_entities("text", "entities", written) if written else media_content(request.world, request.body)
    )
    if not content:
        raise ControlError("The message is empty: give text, photo, document, contact, poll, ...")
    caption = written_text(request, "caption")
    if caption and not written:
        content |= _with_entities("caption", "caption_entities", caption)
    return content


def written_text(request: ControlRequest, field: str) -> FormattedText | None:
    """A text that a user typed, with the entities that a client would find or the request gives."""
    text = request.optional(field, str)
    if text is None:
        return None
    parse_mode, entities = request.optional("parse_mode", str), request.optional("entities", list)
    try:
        if parse_mode:
            return from_markup(text, parse_mode)
        return from_entities(text, entities) if entities else plain(text)
    except (ApiError, KeyError, TypeError, AttributeError) as error:
        raise ControlError(f"{field} cannot be read: {error}.") from error


def _with_entities(field: str, entities_field: str, written: FormattedText) -> Json:
    return {field: written.text} | ({entities_field: written.entities} if written.entities else {})


def _let_in(request: ControlRequest, chat: Chat, user: User) -> None:
    """Whether the user may write here: Telegram's client would not even show the field otherwise."""
    if chat.peer:
        if chat.peer.blocked:
            raise ControlError(
                f"User {user.id} has blocked the bot: unblock it with POST blocks.", status=409
            )
        chat.peer.started = True
        return
    member = request.world.member(chat, user.id)
    if member is None or not member.here:
        raise ControlError(
            f"User {user.id} is not in the chat: add with POST chats/{chat.id}/members.", status=403
        )
    if not may_send(chat, member, "can_send_messages"):
        raise ControlError(f"User {user.id} may not write in this chat: only administrators may.", status=403)


def _reply(request: ControlRequest, chat: Chat) -> Message | None:
    message_id = request.optional("reply_to_message_id", int)
    if message_id is None:
        return None
    if message_id not in chat.messages:
        raise ControlError(f"There is no message {message_id} in this chat to reply to.", status=404)
    return chat.messages[message_id]


def _album(request: ControlRequest) -> Json:
    album = request.optional("media_group_id", str)
    return {"media_group_id": album} if album else {}


def _message(request: ControlRequest, chat: Chat) -> Message:
    message_id = request.field("message_id", int)
    if message_id not in chat.messages:
        raise ControlError(f"There is no message {message_id} in this chat.", status=404)
    return chat.messages[message_id]


def rewrite(request: ControlRequest) -> Json:
    """A user edits an own message."""
    user, bot = request.user(), request.optional_bot()
    chat = request.world.find_chat(bot, user, request.optional("chat_id", int))
    message = _message(request, chat)
    if message.sender is not user and not chat.is_channel:
        raise ControlError(
            f"Message {message.message_id} is not of user {user.id}: only own messages can be edited."
        )
    field = "text" if "text" in message.content else "caption"
    written = written_text(request, "text")
    if written is None or not written.text:
        raise ControlError("text is missing: it must be a string that is not empty.")
    entities_field = "entities" if field == "text" else "caption_entities"
    kept = {name: value for name, value in message.content.items() if name not in {field, entities_field}}
    edit(request.world, message, kept | _with_entities(field, entities_field, written))
    kind = "edited_channel_post" if chat.is_channel else "edited_message"
    updates = announce(request.world, message, kind, author=user)
    return {"update": updates.get(bot.id) if bot else None}


def press(request: ControlRequest) -> Json:
    """A user presses an inline button."""
    user, bot = request.user(), request.bot()
    chat = request.world.find_chat(bot, user, request.optional("chat_id", int))
    message, data = _message(request, chat), request.field("data", str)
    rows = (message.reply_markup or {}).get("inline_keyboard", [])
    if not any(button.get("callback_data") == data for row in rows for button in row):
        raise ControlError(f"Message {message.message_id} has no button with this data.", status=409)
    query_id = request.world.new_id()
    clock = request.world.clock
    query = CallbackQuery(query_id, bot, user, clock.monotonic() + QUERY_LIFETIME)
    request.world.callbacks[query_id] = query
    payload = {
        "id": query_id,
        "from": user_json(user),
        "message": message_json(message),
        "chat_instance": str(abs(_chat_instance(chat, bot))),
        "data": data,
    }
    return {"update": request.world.enqueue(bot, "callback_query", payload), "callback_query_id": query_id}


def _chat_instance(chat: Chat, bot: Bot) -> int:
    """A number that stands for the chat in this bot's queries (Bot API, CallbackQuery.chat_instance)."""
    return (chat.id * 1_000_003 + bot.id) % 2**62


def join_chat(request: ControlRequest) -> Json:
    """A user joins, by link or (where no link is given) by name; requests may be one bot's to deal with."""
    user, url = request.user(), request.optional("invite_link", str)
    name = request.body.get("query_bot")
    query_bot = request.world.find_bot(name) if name is not None else None
    if url is None:
        return join(request.world, request.world.find_group(request.field("chat_id", int)), user, None)
    chat, link = _linked(request, url)
    return join(request.world, chat, user, link, query_bot=query_bot)


def _linked(request: ControlRequest, url: str) -> tuple[Chat, InviteLink]:
    for chat in request.world.chats.values():
        if url in chat.links:
            return chat, chat.links[url]
    raise ControlError("There is no such invite link.", status=404)


def block_bot(request: ControlRequest) -> Json:
    """A user blocks or unblocks a bot; the answer holds the my_chat_member update."""
    update = block(request.world, request.bot(), request.user(), blocked=request.field("blocked", bool))
    return {"update": update}


def inject(request: ControlRequest) -> Json:
    """Any update at all, of any kind, into a bot's queue."""
    bot, given = request.bot(), dict(request.field("update", dict))
    given.pop("update_id", None)
    if len(given) != 1:
        raise ControlError(
            "update must have exactly one field besides update_id: the kind, with its payload."
        )
    kind, payload = next(iter(given.items()))
    if not isinstance(payload, dict):
        raise ControlError("The update's payload must be an object.")
    return {"update": request.world.enqueue(bot, kind, _started(request, bot, kind, payload), forced=True)}


def _started(request: ControlRequest, bot: Bot, kind: str, payload: Any) -> Json:
    """An injected private message starts the chat, and an injected query can be answered."""
    world, sender = request.world, payload.get("from")
    user = (
        world.users.get(sender["id"])
        if isinstance(sender, dict) and isinstance(sender.get("id"), int)
        else None
    )
    place = payload.get("chat")
    if user and kind == "message" and isinstance(place, dict) and place.get("type") == ChatType.PRIVATE:
        peer = world.private(bot, user).peer
        if peer:
            peer.started = True
    query_id, expires = payload.get("id"), world.clock.monotonic() + QUERY_LIFETIME
    if user and kind == "callback_query" and isinstance(query_id, str):
        world.callbacks[query_id] = CallbackQuery(query_id, bot, user, expires)
    elif kind in QUESTIONS and isinstance(query_id, str):
        world.questions[query_id] = Question(query_id, bot, expires)
    return dict(payload)
