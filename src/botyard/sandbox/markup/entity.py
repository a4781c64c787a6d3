"""Entities of a text in the Bot API's shape, and a text that grows together with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botyard.sandbox.errors import ApiError, bad_request

Entity = dict[str, Any]

PRIORITY = (
    "blockquote",
    "expandable_blockquote",
    "text_link",
    "text_mention",
    "pre",
    "code",
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "custom_emoji",
)
"""Which of two entities with the same range comes first."""


def utf16_length(text: str) -> int:
    """The length in UTF-16 code units: what entity offsets count in."""
    return len(text) + sum(1 for letter in text if letter > "\uffff")


def byte_offset(source: str, index: int) -> int:
    """The UTF-8 byte offset of a position: what Telegram's parse errors count in."""
    return len(source[:index].encode())


def sort_key(entity: Entity) -> tuple[int, int, int]:
    """Telegram's order: by start, the longer first, then by kind."""
    kind = entity["type"]
    return entity["offset"], -entity["length"], PRIORITY.index(kind) if kind in PRIORITY else len(PRIORITY)


def unparsable(reason: str) -> ApiError:
    """A 400 for markup that is wrong."""
    return bad_request(f"can't parse entities: {reason}")


@dataclass
class Growing:
    """A text under construction. `offset` is its length in UTF-16 units so far."""

    parts: list[str] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    offset: int = 0

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.offset += utf16_length(text)

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def mark(self, kind: str, start: int, **details: Any) -> None:
        """Adds an entity from `start` to the end of what is written; none if that is empty."""
        if self.offset > start:
            self.entities.append({"type": kind, "offset": start, "length": self.offset - start, **details})

    def link(self, url: str, start: int) -> None:
        """Marks a link. A `tg://user?id=` address is a mention; an address that is none leaves plain text."""
        if (user_id := mentioned_user(url)) is not None:
            self.mark("text_mention", start, user={"id": user_id})
        elif checked := checked_url(url):
            self.mark("text_link", start, url=checked)


def mentioned_user(url: str) -> int | None:
    """The user id of `tg://user?id=123`."""
    if not url.lower().startswith("tg://user?"):
        return None
    number = parse_qs(urlsplit(url).query).get("id", [""])[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None


def checked_url(url: str) -> str | None:
    """A link's address as Telegram stores it: with a scheme, a slash after a bare host. None: no address."""
    address = url.strip()
    if not address or any(letter.isspace() for letter in address):
        return None
    scheme, separator, rest = address.partition("://")
    if separator and scheme.lower() in {"tg", "ton", "tonsite"}:
        return address
    if not separator:
        scheme, rest = "http", address
    if scheme.lower() not in {"http", "https"}:
        return None
    host = rest.split("/")[0].split("?")[0].split("#")[0]
    name = host.rpartition("@")[2].partition(":")[0]
    if "." not in name or name.startswith(".") or name.endswith("."):
        return None
    return f"{scheme.lower()}://{rest}" + ("/" if rest == host else "")
