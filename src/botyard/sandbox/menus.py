"""Which commands a user sees in a chat (Bot API, "Determining list of commands")."""

from __future__ import annotations

from collections.abc import Iterator

from botyard.sandbox.state import Bot, Chat, Json, User
from botyard.sandbox.world import World


def menu_of(world: World, bot: Bot, user: User, chat: Chat) -> list[Json]:
    """The first list there is, from the narrowest scope to the widest, the user's language first."""
    for scope in _scopes(world, user, chat):
        by_language = bot.commands.get(scope, {})
        for language in ((user.language_code or "")[:2], ""):
            if by_language.get(language):
                return by_language[language]
    return []


def _scopes(world: World, user: User, chat: Chat) -> Iterator[tuple[str, int, int]]:
    if chat.is_private:
        yield "chat", chat.id, 0
        yield "all_private_chats", 0, 0
    else:
        member = world.member(chat, user.id)
        rules = member is not None and member.rules
        yield "chat_member", chat.id, user.id
        if rules:
            yield "chat_administrators", chat.id, 0
        yield "chat", chat.id, 0
        if rules:
            yield "all_chat_administrators", 0, 0
        yield "all_group_chats", 0, 0
    yield "default", 0, 0
