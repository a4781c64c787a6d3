"""A group that becomes a supergroup gets a new id; the old one only says where it went."""

from __future__ import annotations

from botyard.sandbox.posting import post
from botyard.sandbox.state import ChatType
from botyard.sandbox.world import World


def migrate(world: World, chat_id: object, new_id: int | None) -> int | None:
    """Moves a group to a new id (Bot API, Message.migrate_to_chat_id) and returns it. Others stay."""
    chat = world.chats.get(chat_id) if isinstance(chat_id, int) else None
    if chat is None or chat.is_channel:
        return new_id
    moved_to = new_id or -1_000_000_000_000 - world.random.randrange(10**9, 2 * 10**9)
    post(world, chat, None, {"migrate_to_chat_id": moved_to}, is_service=True)
    del world.chats[chat.id]
    world.moved_chats[chat.id] = moved_to
    old_id, chat.id, chat.type = chat.id, moved_to, ChatType.SUPERGROUP
    world.chats[moved_to] = chat
    post(world, chat, None, {"migrate_from_chat_id": old_id}, is_service=True)
    world.changed()
    return moved_to
