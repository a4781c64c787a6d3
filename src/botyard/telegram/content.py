"""What a message says and carries: its text with formatting, and the media that could be sent again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from botyard.telegram.text import escape, utf16_length
from botyard.telegram.tidy import tidy


class ContentKind(StrEnum):
    """What a message is, as far as copying, captions and editing depend on it."""

    TEXT = "text"
    PHOTO = "photo"
    VIDEO = "video"
    ANIMATION = "animation"
    AUDIO = "audio"
    DOCUMENT = "document"
    VOICE = "voice"
    VIDEO_NOTE = "video_note"
    STICKER = "sticker"
    POLL = "poll"
    OTHER = "other"

    @property
    def has_caption(self) -> bool:
        """Whether a text can stand beneath it."""
        return self in _CAPTIONED


_CAPTIONED = frozenset(
    {
        ContentKind.PHOTO,
        ContentKind.VIDEO,
        ContentKind.ANIMATION,
        ContentKind.AUDIO,
        ContentKind.DOCUMENT,
        ContentKind.VOICE,
    }
)


class _User(msgspec.Struct, frozen=True):
    id: int


class Entity(msgspec.Struct, frozen=True, omit_defaults=True):
    """A formatted stretch of a text, in UTF-16 units (Bot API, MessageEntity)."""

    type: str
    offset: int
    length: int
    url: str | None = None
    user: _User | None = None
    language: str | None = None
    custom_emoji_id: str | None = None
    unix_time: int | None = None
    date_time_format: str | None = None


class Content(msgspec.Struct, frozen=True):
    """A message's content. `text` is the text or the caption; `file_id` the media's, where there is one."""

    message_id: int
    kind: ContentKind
    text: str = ""
    entities: tuple[Entity, ...] = ()
    file_id: str | None = None

    @property
    def html(self) -> str:
        """The text with its formatting, as Telegram's HTML."""
        return to_html(self.text, self.entities)

    def without_first(self, letters: int) -> Content:
        """The same without the first letters of its text, such as a command, and the space after them."""
        rest = self.text[letters:].lstrip()
        cut = utf16_length(self.text[: len(self.text) - len(rest)])
        kept = tuple(
            msgspec.structs.replace(each, offset=max(0, each.offset - cut), length=length)
            for each in self.entities
            if (length := min(each.length, each.offset + each.length - cut)) > 0
        )
        return msgspec.structs.replace(self, text=rest, entities=kept)


class _File(msgspec.Struct, frozen=True):
    file_id: str


class _Poll(msgspec.Struct, frozen=True):
    question: str
    question_entities: tuple[Entity, ...] = ()


class _Message(msgspec.Struct, frozen=True):
    """Message, as far as its content goes (Bot API, Message)."""

    message_id: int
    text: str | None = None
    entities: tuple[Entity, ...] = ()
    caption: str | None = None
    caption_entities: tuple[Entity, ...] = ()
    photo: tuple[_File, ...] | None = None
    video: _File | None = None
    animation: _File | None = None
    audio: _File | None = None
    document: _File | None = None
    voice: _File | None = None
    video_note: _File | None = None
    sticker: _File | None = None
    poll: _Poll | None = None

    def content(self) -> Content:
        kind, file_id = self._media()
        if self.poll is not None:
            return Content(self.message_id, kind, self.poll.question, self.poll.question_entities)
        if self.text is not None:
            return Content(self.message_id, kind, self.text, self.entities)
        return Content(self.message_id, kind, self.caption or "", self.caption_entities, file_id)

    def _media(self) -> tuple[ContentKind, str | None]:
        if self.text is not None:
            return ContentKind.TEXT, None
        if self.poll is not None:
            return ContentKind.POLL, None
        if self.photo:
            return ContentKind.PHOTO, self.photo[-1].file_id  # the largest comes last
        # an animation comes with a document for old bots
        for kind in ("animation", "video", "audio", "document", "voice", "video_note", "sticker"):
            file: _File | None = getattr(self, kind)
            if file is not None:
                return ContentKind(kind), file.file_id
        return ContentKind.OTHER, None


class _MessageWithReply(_Message, frozen=True):
    reply_to_message: _Message | None = None


class _Update(msgspec.Struct, frozen=True):
    message: _MessageWithReply | None = None
    edited_message: _MessageWithReply | None = None
    channel_post: _MessageWithReply | None = None
    edited_channel_post: _MessageWithReply | None = None

    def any_message(self) -> _MessageWithReply | None:
        return self.message or self.edited_message or self.channel_post or self.edited_channel_post


_update = msgspec.json.Decoder(_Update)


def read_content(update: bytes) -> Content | None:
    """The content of an update's message; None where it has none, or it is not as Bot API 10.3 has it."""
    message = _message_of(update)
    return message.content() if message else None


def read_replied(update: bytes) -> Content | None:
    """The content of the message that an update's message replies to."""
    message = _message_of(update)
    return message.reply_to_message.content() if message and message.reply_to_message else None


def _message_of(update: bytes) -> _MessageWithReply | None:
    try:
        return _update.decode(tidy(update)).any_message()
    except msgspec.DecodeError:
        return None


# formatting as HTML (Bot API, HTML style)

_TAGS = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "underline": ("<u>", "</u>"),
    "strikethrough": ("<s>", "</s>"),
    "spoiler": ("<tg-spoiler>", "</tg-spoiler>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ("<blockquote expandable>", "</blockquote>"),
    "code": ("<code>", "</code>"),
}


def to_html(text: str, entities: Sequence[Entity]) -> str:
    """The text as Telegram's HTML. What clients find by themselves (links, hashtags) needs no tag."""
    ordered = sorted(entities, key=lambda each: (each.offset, -each.length))
    units = text.encode("utf-16-le", "surrogatepass")
    return "".join(_render(units, ordered, 0, len(units) // 2))


def _render(units: bytes, entities: Sequence[Entity], start: int, end: int) -> Iterator[str]:
    """The stretch from `start` to `end`: entities that lie inside another are rendered within its tags."""
    position = start
    for index, entity in enumerate(entities):
        if entity.offset < position or entity.offset >= end:
            continue
        yield _plain(units, position, entity.offset)
        position = min(end, entity.offset + entity.length)
        opening, closing = _tags(entity)
        yield opening
        yield from _render(units, entities[index + 1 :], entity.offset, position)
        yield closing
    yield _plain(units, position, end)


def _plain(units: bytes, start: int, end: int) -> str:
    return escape(units[2 * start : 2 * end].decode("utf-16-le", "replace"))


def _tags(entity: Entity) -> tuple[str, str]:
    match entity.type:
        case "text_link":
            return f'<a href="{escape(entity.url)}">', "</a>"
        case "text_mention" if entity.user is not None:
            return f'<a href="tg://user?id={entity.user.id}">', "</a>"
        case "custom_emoji":
            return f'<tg-emoji emoji-id="{escape(entity.custom_emoji_id)}">', "</tg-emoji>"
        case "pre" if entity.language:
            return f'<pre><code class="language-{escape(entity.language)}">', "</code></pre>"
        case "pre":
            return "<pre>", "</pre>"
        case "date_time":
            shape = f' format="{escape(entity.date_time_format)}"' if entity.date_time_format else ""
            return f'<tg-time unix="{entity.unix_time}"{shape}>', "</tg-time>"
    return _TAGS.get(entity.type, ("", ""))
