"""Messages appear, change and disappear: in the chat, on the page, and at the bots that may see them."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.rendering import chat_json, client_view, message_json
from botyard.sandbox.state import Account, Bot, Chat, Json, Member, Message
from botyard.sandbox.world import World


def post(
    world: World,
    chat: Chat,
    sender: Account | None,
    content: Json,
    **fields: Any,
) -> Message:
    """Puts a new message into a chat (without telling any bot). `fields` are further fields of `Message`."""
    message_id = _next_message_id(chat)
    if chat.is_channel:
        fields.setdefault("sender_chat", chat)
        sender = None
    message = Message(message_id, chat, world.clock.timestamp(), sender, content, **fields)
    chat.messages[message_id] = message
    show(world, message)
    return message


def post_from_account(world: World, chat: Chat, sender: Account, content: Json, **fields: Any) -> Message:
    """A new message of a user (or a service message): every bot that may see it gets the update."""
    message = post(world, chat, sender, content, **fields)
    announce(world, message, "channel_post" if chat.is_channel else "message", author=sender)
    return message


def announce(world: World, message: Message, kind: str, author: Account | None) -> dict[int, Json | None]:
    """Gives a message to the bots that may see it; the updates by bot id."""
    payload = message_json(message)
    readers = [
        bot for bot in _bots_of(world, message.chat) if bot is not author and _may_see(world, bot, message)
    ]
    return {bot.id: world.enqueue(bot, kind, payload) for bot in readers}


def edit(world: World, message: Message, content: Json, **fields: Any) -> None:
    """Changes a message in place and marks it as edited."""
    message.content = content
    message.edit_date = world.clock.timestamp()
    for name, value in fields.items():
        setattr(message, name, value)
    show(world, message)


def delete(world: World, message: Message) -> None:
    """Takes a message out of its chat. Bots are told nothing, as on Telegram."""
    chat = message.chat
    message.deleted = True
    chat.messages.pop(message.message_id, None)
    if message.message_id in chat.pinned:
        chat.pinned.remove(message.message_id)
    world.events.publish("deleted", {**_place(chat), "message_id": message.message_id})


def show(world: World, message: Message) -> None:
    """Tells the page about a new or changed message."""
    if world.events.listening:
        world.events.publish("message", {**_place(message.chat), "message": client_view(message)})


def show_action(world: World, chat: Chat, bot: Bot, action: str) -> None:
    """Tells the page that a bot is typing, uploading, ..."""
    world.events.publish("action", {"chat_id": chat.id, "bot": bot.id, "action": action})


def origin_of(message: Message) -> Json:
    """MessageOrigin: where a forwarded message first came from."""
    if message.forward_origin:
        return message.forward_origin
    if message.sender_chat:
        channel = {"chat": chat_json(message.sender_chat), "message_id": message.message_id}
        return {"type": "channel", "date": message.date, **channel}
    from_user = message_json(message, nested=True)["from"]
    return {"type": "user", "date": message.date, "sender_user": from_user}


def _place(chat: Chat) -> Json:
    return {"chat_id": chat.id, "bot": chat.peer.bot.id if chat.peer else None}


def _next_message_id(chat: Chat) -> int:
    counter: Chat | Bot = chat.peer.bot if chat.peer else chat
    counter.last_message_id += 1
    return counter.last_message_id


def _bots_of(world: World, chat: Chat) -> list[Bot]:
    return [chat.peer.bot] if chat.peer else [bot for bot, _ in world.bots_in(chat)]


def _may_see(world: World, bot: Bot, message: Message) -> bool:
    """Privacy mode (Telegram's "Bot Features"): in groups, only service messages and what is meant for it."""
    chat = message.chat
    if chat.peer or message.is_service or bot.reads_all_group_messages:
        return True
    member: Member | None = world.member(chat, bot.id)
    if chat.is_channel or (member and member.rules):
        return True
    if message.reply_to and message.reply_to.sender is bot:
        return True
    via = message.details.get("via_bot")
    return bool(via and via["id"] == bot.id) or _is_addressed(bot, message.content)


def _is_addressed(bot: Bot, content: Json) -> bool:
    text = content.get("text") or content.get("caption") or ""
    units = text.encode("utf-16-le")
    for entity in content.get("entities") or content.get("caption_entities") or []:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        words = units[start * 2 : end * 2].decode("utf-16-le", "replace").lower()
        if entity["type"] == "mention" and words == f"@{bot.username.lower()}":
            return True
        if entity["type"] == "text_mention" and entity["user"]["id"] == bot.id:
            return True
        if entity["type"] == "bot_command":
            _, at, addressee = words.partition("@")
            return not at or addressee == bot.username.lower()
    return False
