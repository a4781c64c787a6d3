"""People react to messages and vote in polls."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.control.request import ControlRequest
from botyard.sandbox.errors import ControlError
from botyard.sandbox.polls import vote
from botyard.sandbox.posting import show
from botyard.sandbox.rendering import chat_json, user_json
from botyard.sandbox.state import Chat, Json, Message


def vote_in_poll(request: ControlRequest) -> Json:
    """A user chooses options of a poll (an empty list takes the vote back)."""
    user = request.user()
    message = _message(request)
    poll = request.world.polls.get(message.content.get("poll", {}).get("id", ""))
    if poll is None or poll.json["is_closed"]:
        raise ControlError("This message has no open poll.", status=409)
    chosen = request.field("option_ids", list)
    if not all(isinstance(one, int) and 0 <= one < len(poll.json["options"]) for one in chosen):
        raise ControlError("option_ids must be numbers of the poll's options, from 0.")
    if len(chosen) > 1 and not poll.json["allows_multiple_answers"]:
        raise ControlError("This poll takes one answer only.")
    vote(request.world, poll, user, sorted(set(chosen)))
    show(request.world, message)
    return {"poll": poll.json}


def react(request: ControlRequest) -> Json:
    """A user puts reactions on a message (an empty list takes them back); administrator bots may be told."""
    user, message = request.user(), _message(request)
    new = [_reaction(one) for one in request.field("reaction", list)]
    old = message.reactions.get(user.id, [])
    message.reactions[user.id] = new
    show(request.world, message)
    change = {
        "chat": chat_json(message.chat),
        "message_id": message.message_id,
        "user": user_json(user),
        "date": request.world.clock.timestamp(),
        "old_reaction": old,
        "new_reaction": new,
    }
    chat: Chat = message.chat
    bots = (
        [chat.peer.bot] if chat.peer else [bot for bot, member in request.world.bots_in(chat) if member.rules]
    )
    updates = {bot.id: request.world.enqueue(bot, "message_reaction", change) for bot in bots}
    named = request.optional_bot()
    return {"update": updates.get(named.id) if named else None}


def _reaction(given: Any) -> Json:
    if isinstance(given, str):
        return {"type": "emoji", "emoji": given}
    if isinstance(given, dict) and isinstance(given.get("type"), str):
        return given
    raise ControlError("reaction must be a list of emoji or of the Bot API's ReactionType.")


def _message(request: ControlRequest) -> Message:
    chat = request.world.find_chat(request.optional_bot(), request.user(), request.optional("chat_id", int))
    message_id = request.field("message_id", int)
    if message_id not in chat.messages:
        raise ControlError(f"There is no message {message_id} in this chat.", status=404)
    return chat.messages[message_id]
