"""Reading what an operator wants a promo to be: its text, and its buttons as lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from botyard.features.promos.service import BadPromo, Draft, NewButton
from botyard.ids import BotId
from botyard.telegram.content import Content, ContentKind
from botyard.telegram.text import CAPTION_LIMIT, TEXT_LIMIT, html_problem, visible_length

MOST_BUTTONS = 12
BUTTON_LIMIT = 64
ANSWER_LIMIT = 200
"""Of what a press is answered with (Bot API, answerCallbackQuery)."""
URL_LIMIT = 2048
PRESS = "press"

_FORM = "Write it like: Join | https://example.com, or: Interested | press | Thanks, we will write to you"


def read_buttons(text: str) -> list[NewButton]:
    """The buttons, a line each; blank lines do not count. Raises `BadPromo`, which names the line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    buttons = [_button(line) for line in lines]
    if len(buttons) > MOST_BUTTONS:
        raise BadPromo(f"These are {len(buttons)} buttons.", remedy=f"At most {MOST_BUTTONS} go.")
    names = [each.text for each in buttons]
    for name in names:
        if names.count(name) > 1:
            raise BadPromo(f"Two buttons say '{name}'.", remedy="Clicks are counted by what a button says.")
    return buttons


def write_buttons(buttons: Sequence[NewButton]) -> str:
    """The same lines again."""
    return "\n".join(
        f"{each.text} | {each.url}" if each.url else f"{each.text} | {PRESS} | {each.answer}"
        for each in buttons
    )


def _button(line: str) -> NewButton:
    text, *rest = (part.strip() for part in line.split("|", 2))
    if not text or len(text) > BUTTON_LIMIT:
        raise _wrong(line, f"a button says something, in at most {BUTTON_LIMIT} characters.")
    match rest:
        case [word, *answer] if word.lower() == PRESS:
            said = answer[0] if answer else "Thank you!"
            if len(said) > ANSWER_LIMIT:
                raise _wrong(line, f"an answer has at most {ANSWER_LIMIT} characters.")
            return NewButton(text, answer=said)
        case [url] if _is_address(url):
            return NewButton(text, url=url)
    raise _wrong(line, "this is neither a link nor a press.")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that are no IPv6
        return False
    is_plain = len(url) <= URL_LIMIT and url.isprintable() and " " not in url
    return is_plain and parts.scheme in ("http", "https") and "." in (parts.hostname or "")


def _wrong(line: str, problem: str) -> BadPromo:
    return BadPromo(f"In the line '{line[:60]}': {problem}", remedy=_FORM)


def checked(draft: Draft) -> Draft:
    """The draft, if Telegram takes it. Raises `BadPromo`."""
    problem = html_problem(draft.html)
    if problem:
        raise BadPromo(f"The text is not well-formed: {problem}", remedy="Mend it and send it again.")
    limit = CAPTION_LIMIT if draft.photo else TEXT_LIMIT
    length = visible_length(draft.html)
    if length > limit:
        what = "A text beneath a photo" if draft.photo else "A text"
        raise BadPromo(f"{what} has at most {limit} characters; this has {length}.", remedy="Shorten it.")
    if not draft.photo and not draft.html.strip():
        raise BadPromo("There is no text.", remedy="Write one, or send a photo.")
    return draft


def with_content(draft: Draft, content: Content, bot_id: BotId) -> Draft:
    """The draft with text and photo of a message. Raises `BadPromo`."""
    if content.kind not in (ContentKind.TEXT, ContentKind.PHOTO):
        raise BadPromo("A promo is a text, or a photo with or without one.", remedy="Send one of these.")
    photo = content.file_id
    return checked(replace(draft, html=content.html, photo=photo, photo_bot_id=bot_id if photo else None))
