"""Messages for many, from what an admin has sent or written; and whether Telegram would take them."""

from __future__ import annotations

import re

import msgspec

from botyard.features.broadcasts import checks
from botyard.features.broadcasts.message import Media, Message, MessageKind, Person
from botyard.features.broadcasts.service.drafts import BadBroadcast
from botyard.ids import BotId
from botyard.telegram.content import Content, ContentKind
from botyard.telegram.text import escape, html_problem

_COPIED = (ContentKind.POLL, ContentKind.STICKER, ContentKind.VIDEO_NOTE)
_TAG = re.compile(r"</(?:b|strong|i|em|u|ins|s|strike|del|a|code|pre|blockquote|span|tg-spoiler|tg-emoji)>")
_NAMELESS = Person(0, "", None, None)


def message_of(content: Content, chat_id: int, bot_id: BotId) -> Message:
    """The message that says the same as what somebody sent: in which chat (Telegram's id), to which bot.

    Its text or caption becomes the broadcast's own, with variables. A poll, a sticker and a video note are
    copied as they are. Raises `BadBroadcast`.
    """
    if content.kind in _COPIED:
        return Message(MessageKind.COPY, source_chat=chat_id, source_message=content.message_id)
    if content.kind is ContentKind.OTHER:
        raise BadBroadcast(
            "This kind of message cannot be sent to many.",
            remedy="Send a text, a photo, a video, a file, an album, a poll or a sticker.",
        )
    if content.kind is ContentKind.TEXT:
        return checked(Message(MessageKind.TEXT, _html_of(content)), bot_id)
    kind = MessageKind(content.kind.value)
    media = (Media(kind, content.file_id or "", bot_id),)
    return checked(Message(kind, _html_of(content) or None, media), bot_id)


def _html_of(content: Content) -> str:
    """The text with its formatting: Telegram's own, or tags that the admin has typed where there is none."""
    is_plain = content.html == escape(content.text)
    if is_plain and _TAG.search(content.text) and html_problem(content.text) is None:
        return content.text
    return content.html


def with_part(album: Message, part: Message, bot_id: BotId) -> Message:
    """The album with one more part; its text is that of whichever part has one. Raises `BadBroadcast`."""
    grown = msgspec.structs.replace(
        album,
        kind=MessageKind.ALBUM,
        html=album.html or part.html,
        media=(*album.media, *part.media),
        buttons=(),
    )
    return checked(grown, bot_id)


def checked(message: Message, bot_id: BotId) -> Message:
    """The message, if Telegram takes it of this bot. Raises `BadBroadcast`."""
    for problem in checks.problems_of(message, bot_id, 1):
        raise BadBroadcast(problem.what, remedy=problem.remedy)
    if over := checks.excess(message, _NAMELESS):
        long = checks.too_long(message, 1, over, "everybody")
        raise BadBroadcast(long.what, remedy=long.remedy)
    return message
