"""Keyboards: what Telegram refuses in a `reply_markup`."""

from __future__ import annotations

from botyard.sandbox.errors import bad_request
from botyard.sandbox.markup.entity import checked_url
from botyard.sandbox.state import Chat, Json

INLINE_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
LARGEST_KEYBOARD = 100


def checked_markup(markup: Json | None, chat: Chat | None) -> Json | None:
    """The keyboard if Telegram would take it (and if it has any buttons). Raises `ApiError` otherwise."""
    if markup is None:
        return None
    if "inline_keyboard" in markup:
        rows = [row for row in markup["inline_keyboard"] if row]
        buttons = [button for row in rows for button in row]
        if len(buttons) > LARGEST_KEYBOARD:
            raise bad_request("reply markup is too long")
        for number, button in enumerate(buttons):
            _check_inline(button, first=number == 0)
        return {"inline_keyboard": rows} if rows else None
    if chat is not None and chat.is_channel:
        raise bad_request(
            "reply markup of this type can't be used in a channel chat: inline keyboard expected"
        )
    for row in markup.get("keyboard", []):
        for button in row:
            if not button.get("text"):
                raise bad_request("keyboard button text must be non-empty")
    return markup


def _check_inline(button: Json, *, first: bool) -> None:
    if not button.get("text"):
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be non-empty')
    actions = [name for name in INLINE_ACTIONS if _is_given(button, name)]
    if not actions:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(actions) > 1:
        raise bad_request("can't parse inline keyboard button: exactly one type of button must be specified")
    if "callback_data" in actions and not 1 <= len(button["callback_data"].encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in actions and checked_url(button["url"]) is None:
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    if "pay" in actions and not first:
        raise bad_request("pay button must be the first button in the first row")


def _is_given(button: Json, name: str) -> bool:
    """`false` is as good as absent, but an empty inline query is an action."""
    value = button.get(name)
    return value is not None and value is not False
