"""What a bot says about itself: name, descriptions, commands, menu button (Bot API, "Available methods")."""

from __future__ import annotations

import re

from botyard.sandbox.errors import bad_request
from botyard.sandbox.methods.places import chat_named
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.rendering import user_json
from botyard.sandbox.state import Json

SIMPLE_SCOPES = frozenset({"default", "all_private_chats", "all_group_chats", "all_chat_administrators"})
Scope = tuple[str, int, int]
"""Type, chat id and user id; 0 where the type has none."""


@method("getMe")
def get_me(call: Call) -> Json:
    bot = call.bot
    return user_json(bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": bot.reads_all_group_messages,
        "supports_inline_queries": bot.answers_inline,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


@method("setMyCommands")
def set_my_commands(call: Call) -> bool:
    commands = [_checked_command(one) for one in call.params.items("commands")]
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    menus = call.bot.commands.setdefault(_scope(call), {})
    menus[_language(call)] = commands
    call.world.changed()
    return True


def _checked_command(given: Json) -> Json:
    command, description = given["command"].lstrip("/").lower(), given["description"].strip()
    if not re.fullmatch(r"[a-z0-9_]{1,32}", command):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command, "description": description}


@method("getMyCommands")
def get_my_commands(call: Call) -> list[Json]:
    return call.bot.commands.get(_scope(call), {}).get(_language(call), [])


@method("deleteMyCommands")
def delete_my_commands(call: Call) -> bool:
    call.bot.commands.get(_scope(call), {}).pop(_language(call), None)
    call.world.changed()
    return True


def _scope(call: Call) -> Scope:
    scope = call.params.object("scope") or {"type": "default"}
    kind = scope.get("type")
    if kind in SIMPLE_SCOPES:
        return kind, 0, 0
    if kind not in {"chat", "chat_administrators", "chat_member"}:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    chat = chat_named(call, scope.get("chat_id", 0))
    if chat.is_private and kind != "chat":
        raise bad_request("can't use specified scope in private chats")
    user_id = scope.get("user_id", 0) if kind == "chat_member" else 0
    return kind, chat.id, user_id


def _language(call: Call) -> str:
    language = call.params.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    return language


PROFILE_TEXTS = {
    "name": ("names", 64),
    "description": ("descriptions", 512),
    "shortdescription": ("short_descriptions", 120),
}


@method("setMyName", "setMyDescription", "setMyShortDescription")
def set_profile_text(call: Call) -> bool:
    texts, value, longest = _profile_text(call)
    if len(value) > longest:
        raise bad_request("BOT_TITLE_INVALID" if longest == 64 else "BOT_DESCRIPTION_TOO_LONG")
    if value:
        texts[_language(call)] = value
    else:
        texts.pop(_language(call), None)
    call.world.changed()
    return True


@method("getMyName", "getMyDescription", "getMyShortDescription")
def get_profile_text(call: Call) -> Json:
    texts, _, longest = _profile_text(call)
    fallback = texts.get("", call.bot.name if longest == 64 else "")
    field = {64: "name", 512: "description", 120: "short_description"}[longest]
    return {field: texts.get(_language(call), fallback)}


def _profile_text(call: Call) -> tuple[dict[str, str], str, int]:
    """The texts that a method is about, the given one, and how long it may be."""
    attribute, longest = PROFILE_TEXTS[call.method.lower()[len("getmy") :]]
    texts: dict[str, str] = getattr(call.bot, attribute)
    field = {"names": "name", "descriptions": "description", "short_descriptions": "short_description"}[
        attribute
    ]
    return texts, call.params.text(field), longest


@method("setChatMenuButton")
def set_chat_menu_button(call: Call) -> bool:
    button = call.params.object("menu_button") or {"type": "default"}
    call.bot.menu_buttons[call.params.integer("chat_id") or None] = button
    return True


@method("getChatMenuButton")
def get_chat_menu_button(call: Call) -> Json:
    buttons = call.bot.menu_buttons
    return buttons.get(call.params.integer("chat_id") or None) or buttons.get(None) or {"type": "commands"}
