"""What a broadcast says: its content, its buttons, and the words that differ from member to member."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from botyard.ids import BotId
from botyard.telegram.text import escape


class MessageKind(StrEnum):
    """How a message is sent."""

    TEXT = "text"
    PHOTO = "photo"
    VIDEO = "video"
    ANIMATION = "animation"
    AUDIO = "audio"
    DOCUMENT = "document"
    VOICE = "voice"
    ALBUM = "album"
    COPY = "copy"
    """A copy of a message that the bot got: a poll, a sticker, or a post as it is."""


class ButtonKind(StrEnum):
    """What a button does."""

    LINK = "link"
    TRACKED = "tracked"
    """A link whose clicks are counted."""
    PRESS = "press"
    """It thanks with `target`, and is counted."""
    MINI_APP = "mini_app"


class MessageButton(msgspec.Struct, frozen=True):
    """A button under a message. `target` is an address, or what a press is answered with."""

    text: str
    kind: ButtonKind
    target: str


class Media(msgspec.Struct, frozen=True):
    """A file that a bot has got: `kind` as in `MessageKind`. A file id is good for that bot only.

    `bot_id` is that bot's; None where it is the broadcast's own.
    """

    kind: MessageKind
    file_id: str
    bot_id: BotId | None = None


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sent. `html` is the text or the caption, with variables; a copy has its own if `html` is None.

    `source_chat` and `source_message` name what is copied, by Telegram's ids.
    """

    kind: MessageKind
    html: str | None = None
    media: tuple[Media, ...] = ()
    source_chat: int | None = None
    source_message: int | None = None
    buttons: tuple[tuple[MessageButton, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a recipient when his message is made."""

    user_id: int
    first_name: str
    last_name: str | None
    username: str | None
    plan: str = ""
    """What he has paid for, or had last, as members call it."""
    expiry: str = ""
    """When that ends, or has ended: a date in words."""
    referral_link: str = ""
    """His own link for friends."""


VARIABLES: Mapping[str, Callable[[Person], str]] = {
    "first_name": lambda person: person.first_name,
    "last_name": lambda person: person.last_name or "",
    "name": lambda person: " ".join(filter(None, [person.first_name, person.last_name])),
    "username": lambda person: f"@{person.username}" if person.username else "",
    "id": lambda person: str(person.user_id),
    "plan": lambda person: person.plan,
    "expiry": lambda person: person.expiry,
    "referral_link": lambda person: person.referral_link,
}
"""What `{first_name}` and the others stand for; `{first_name|friend}` has a word for who has none."""

_VARIABLE = re.compile(r"\{([a-z_]+)(?:\|([^{}|]*))?\}")

_BLANK = r"(?:\s|<[^<>]*>)*"
"""What may stand around a name without making it another one to who reads it: spaces and formatting."""
_KNOWN = "|".join(name.replace("_", "[ _-]?") for name in sorted(VARIABLES, key=len, reverse=True))
_LIKE_VARIABLE = re.compile(
    rf"\{{+{_BLANK}(?:{_KNOWN})\b{_BLANK}(?:\|[^{{}}]*)?\}}+"  # { First_Name }, {{name}}, {name|a|b}
    rf"|\{{+(?:{_KNOWN})\b(?![^{{}}]*\}})[^{{}}\n]*"  # {name, and no brace closes it
    r"|\{+[a-z_]+\|[^{}]*\}+",  # {phone|a|b}
    re.IGNORECASE,
)
"""A name in braces that are doubled, not closed, or have more in them: it would be sent as it is typed."""


def broken_variables(html: str) -> list[str]:
    """What looks like a variable and is none, as it is typed."""
    is_balanced = html.count("{") == html.count("}")
    found = []
    for match in _LIKE_VARIABLE.finditer(html):
        typed = match[0]
        if is_balanced and not typed.startswith("{{"):
            typed = re.sub(r"\}+$", "}", typed)  # {see {name}}: the last one closes the braces around it
        if not _VARIABLE.fullmatch(typed):
            found.append(re.sub(r"<[^<>]*>", "", typed).strip()[:40])
    return list(dict.fromkeys(found))


def unknown_variables(html: str) -> list[str]:
    """Names in braces that stand for nothing."""
    return sorted({match[1] for match in _VARIABLE.finditer(html)} - VARIABLES.keys())


class Template:
    """A text with variables, taken apart once and filled for each recipient."""

    def __init__(self, html: str) -> None:
        self._parts: list[str | tuple[Callable[[Person], str], str]] = []
        self.names = frozenset(match[1] for match in _VARIABLE.finditer(html)) & VARIABLES.keys()
        end = 0
        for match in _VARIABLE.finditer(html):
            if match[1] in VARIABLES:
                self._parts.append(html[end : match.start()])
                self._parts.append((VARIABLES[match[1]], match[2] or ""))
                end = match.end()
        self._parts.append(html[end:])

    def fill(self, person: Person) -> str:
        """The text for this person, as HTML. Names are escaped; defaults are HTML of the author's own."""
        return "".join(
            part if isinstance(part, str) else escape(part[0](person)) or part[1] for part in self._parts
        )


_METHODS = {
    MessageKind.TEXT: ("sendMessage", "text"),
    MessageKind.PHOTO: ("sendPhoto", "caption"),
    MessageKind.VIDEO: ("sendVideo", "caption"),
    MessageKind.ANIMATION: ("sendAnimation", "caption"),
    MessageKind.AUDIO: ("sendAudio", "caption"),
    MessageKind.DOCUMENT: ("sendDocument", "caption"),
    MessageKind.VOICE: ("sendVoice", "caption"),
    MessageKind.COPY: ("copyMessage", "caption"),
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready to be addressed: all but the chat and the words that differ."""

    method: str
    params: Mapping[str, Any]
    template: Template | None
    text_key: str
    language: str | None = None
    """The one that it is in, where that is known."""
    bot_username: str | None = None

    @property
    def names(self) -> Set[str]:
        """The variables that it has."""
        return self.template.names if self.template else frozenset()

    def params_for(self, person: Person) -> dict[str, Any]:
        """The parameters of the call for this person, but for the chat."""
        if self.template is None:
            return dict(self.params)
        text = self.template.fill(person)
        if self.method != "sendMediaGroup":
            return {**self.params, self.text_key: text}
        first, *others = self.params["media"]
        return {**self.params, "media": [{**first, "caption": text, "parse_mode": "HTML"}, *others]}


def prepare(message: Message, keyboard: Mapping[str, Any] | None, *, paid: bool = False) -> Prepared:
    """The message's call. `keyboard` has its buttons as the Bot API wants them; an album has none."""
    params: dict[str, Any] = {"allow_paid_broadcast": True} if paid else {}
    template = None if message.html is None else Template(message.html)
    if message.kind is MessageKind.ALBUM:
        params["media"] = [{"type": each.kind.value, "media": each.file_id} for each in message.media]
        return Prepared("sendMediaGroup", params, template, "caption")
    method, text_key = _METHODS[message.kind]
    if keyboard is not None:
        params["reply_markup"] = keyboard
    if template is not None:
        params["parse_mode"] = "HTML"
    if message.kind is MessageKind.COPY:
        params |= {"from_chat_id": message.source_chat, "message_id": message.source_message}
    elif message.media:
        params[message.kind.value] = message.media[0].file_id
    return Prepared(method, params, template, text_key)
