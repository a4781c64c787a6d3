"""What Telegram would not take of a message, found before anybody is sent it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from urllib.parse import urlsplit

from botyard.features.broadcasts.message import (
    VARIABLES,
    ButtonKind,
    Message,
    MessageButton,
    MessageKind,
    Person,
    Template,
    broken_variables,
    unknown_variables,
)
from botyard.ids import BotId
from botyard.members.referral_codes import LENGTH, link_of
from botyard.telegram.text import CAPTION_LIMIT, TEXT_LIMIT, html_problem, split_html, visible_length

MOST_BUTTONS = 100
BUTTON_LIMIT = 64
"""Letters on a button: phones show no more of them."""
ANSWER_LIMIT = 200
"""Of what a press is answered with (Bot API, answerCallbackQuery)."""
URL_LIMIT = 2048
FEWEST_OF_ALBUM, MOST_OF_ALBUM = 2, 10
ALBUM_KINDS = frozenset({MessageKind.PHOTO, MessageKind.VIDEO, MessageKind.DOCUMENT, MessageKind.AUDIO})
UNMIXED_KINDS = frozenset({MessageKind.DOCUMENT, MessageKind.AUDIO})
"""In an album they go with their like only (Bot API, sendMediaGroup)."""

_WIDE = "\U0001d504" * 64
LONGEST = Person(
    10**15, _WIDE, _WIDE, "x" * 32, _WIDE, "30 September 2027".ljust(40), link_of("x" * 32, "x" * LENGTH)
)
"""The longest name that Telegram lets people have: 64 letters and 64 letters, each two units wide."""
_LINK = link_of("a", "b" * LENGTH)
"""Everybody has one."""
_SHAPES = [
    Person(1, first_name, last_name, username, *paid, referral_link=_LINK)
    for first_name, last_name, username, paid in product(
        ("A", ""), ("B", None), ("c", None), (("D", "E"), ("", ""))
    )
]
"""All that may be missing of a member, with and without each other."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and what to do about it. `variant` is the number of the message that it is about."""

    what: str
    remedy: str
    variant: int | None = None

    def __str__(self) -> str:
        where = "" if self.variant is None else f"Message {self.variant}: "
        return f"{where}{self.what} {self.remedy}".strip()


def problems_of(message: Message, bot_id: BotId, variant: int) -> list[Problem]:
    """What is wrong with a message, whoever gets it; nothing if Telegram will take it of this bot."""
    found = [*_of_text(message), *_of_buttons(message), *_of_media(message, bot_id)]
    return [Problem(what, remedy, variant) for what, remedy in found]


def excess(message: Message, person: Person) -> int:
    """How many letters too many the text has for this person, as Telegram counts them; 0 if it fits."""
    if message.html is None:
        return 0
    return max(0, visible_length(Template(message.html).fill(person)) - _limit(message))


def too_long(message: Message, variant: int, over: int, whose: str) -> Problem:
    """The problem that the text has so many letters too many, for somebody."""
    what = "text" if message.kind is MessageKind.TEXT else "caption"
    letters = "one letter" if over == 1 else f"{over} letters"
    return Problem(
        f"The {what} is {letters} too long for {whose}: Telegram takes {_limit(message)}.",
        "Shorten it.",
        variant,
    )


def _limit(message: Message) -> int:
    return TEXT_LIMIT if message.kind is MessageKind.TEXT else CAPTION_LIMIT


_Finding = tuple[str, str]


def _of_text(message: Message) -> Iterator[_Finding]:
    html = message.html
    if message.kind is MessageKind.TEXT and not (html or "").strip():
        yield "There is no text.", "Write one."
    if html is None:
        return
    for name in unknown_variables(html):
        yield f"{{{name}}} stands for nothing.", f"Use {', '.join(VARIABLES)}."
    for typed in broken_variables(html):
        yield (
            f"“{typed}” would be sent as it is typed.",
            "Write variables like {first_name} or {first_name|friend}.",
        )
    filled = [Template(html).fill(shape) for shape in _SHAPES]
    wrong = next((found for each in filled if (found := html_problem(each))), None)
    if wrong is not None:
        yield f"The text is not well-formed: {wrong}", "Mend it, and write the message again."
    elif message.kind is MessageKind.TEXT and html.strip() and not all(map(split_html, filled)):
        yield (
            "Nothing is left of the text for members who have none of what it names.",
            "Give a word for them, like {first_name|friend}.",
        )


def _of_buttons(message: Message) -> Iterator[_Finding]:
    buttons = [button for row in message.buttons for button in row]
    if buttons and message.kind is MessageKind.ALBUM:
        yield "An album has no buttons.", "Put links into its caption."
    if len(buttons) > MOST_BUTTONS:
        yield f"These are {len(buttons)} buttons.", f"Telegram takes {MOST_BUTTONS}."
    for number, button in enumerate(buttons, 1):
        name = f"Button {number} ({button.text[:20].strip() or 'without a text'})"
        for what, remedy in _of_button(button):
            yield f"{name} {what}", remedy


def _of_button(button: MessageButton) -> Iterator[_Finding]:
    if not button.text.strip():
        yield "says nothing.", "Give it a text."
    elif len(button.text) > BUTTON_LIMIT:
        yield f"says {len(button.text)} letters.", f"Make it {BUTTON_LIMIT} at most."
    match button.kind:
        case ButtonKind.PRESS if len(button.target) > ANSWER_LIMIT:
            yield (
                f"answers with {len(button.target)} letters.",
                f"Telegram shows {ANSWER_LIMIT}.",
            )
        case ButtonKind.MINI_APP if not _is_address(button.target, "https"):
            yield "opens no Mini App.", "Its address must begin with https://."
        case ButtonKind.TRACKED if not _is_address(button.target, "http", "https"):
            yield "leads nowhere.", "A link whose clicks are counted begins with https:// or http://."
        case ButtonKind.LINK if not _is_address(button.target, "http", "https", "tg"):
            yield "leads nowhere.", "A link begins with https://, http:// or tg://."


def _is_address(url: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:  # brackets that are no IPv6
        return False
    if parts.scheme not in schemes or len(url) > URL_LIMIT or not url.isprintable() or " " in url:
        return False
    return bool(host) if parts.scheme == "tg" else "." in host


def _of_media(message: Message, bot_id: BotId) -> Iterator[_Finding]:
    match message.kind:
        case MessageKind.TEXT:
            return
        case MessageKind.COPY:
            if message.source_chat is None or message.source_message is None:
                yield "It copies nothing.", "Send the message to be copied again."
        case MessageKind.ALBUM:
            yield from _of_album([each.kind for each in message.media])
        case _:
            if [each.kind for each in message.media] != [message.kind]:
                yield f"There is no {message.kind} in it.", "Send it again."
    if any(each.bot_id not in (None, bot_id) for each in message.media):
        yield (
            "A file in it was sent to another bot, and this one cannot send it.",
            "Send the file to the bot that broadcasts it.",
        )


def _of_album(kinds: list[MessageKind]) -> Iterator[_Finding]:
    if not FEWEST_OF_ALBUM <= len(kinds) <= MOST_OF_ALBUM:
        yield (
            f"The album has {len(kinds)} file{'' if len(kinds) == 1 else 's'}.",
            f"An album has {FEWEST_OF_ALBUM} to {MOST_OF_ALBUM}.",
        )
    strange = sorted(set(kinds) - ALBUM_KINDS)
    if strange:
        yield f"No album takes {' or '.join(strange)}.", "Use photos, videos, documents or audio."
    elif UNMIXED_KINDS.intersection(kinds) and len(set(kinds)) > 1:
        yield (
            "Documents and audio files go into albums of their own.",
            "Send them in a broadcast of their own.",
        )
