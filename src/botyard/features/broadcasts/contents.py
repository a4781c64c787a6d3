"""Messages for many, from what an admin has sent or written; and whether Telegram would take them."""

from __future__ import annotations

import msgspec

from botyard.features.broadcasts import checks
from botyard.features.broadcasts.message import Media, Message, MessageKind, Person
from botyard.features.broadcasts.service.drafts import BadBroadcast
from botyard.ids import BotId
from botyard.telegram.content import Content, ContentKind

_COPIED = (ContentKind.POLL, ContentKind.STICKER, ContentKind.VIDEO_NOTE)
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
        return checked(Message(MessageKind.TEXT, content.html), bot_id)
    kind = MessageKind(content.kind.value)
    media = (Media(kind, content.file_id or "", bot_id),)
    return checked(Message(kind, content.html or None, media), bot_id)


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
