"""Messages for many, from what an admin has sent or written; and whether Telegram would take them."""

from __future__ import annotations

import msgspec

from botyard.features.broadcasts.message import (
    VARIABLES,
    Media,
    Message,
    MessageKind,
    Person,
    Template,
    unknown_variables,
)
from botyard.features.broadcasts.service.drafts import BadBroadcast
from botyard.telegram.content import Content, ContentKind
from botyard.telegram.text import CAPTION_LIMIT, TEXT_LIMIT, html_problem, visible_length

MOST_IN_ALBUM = 10
_IN_ALBUMS = (MessageKind.PHOTO, MessageKind.VIDEO, MessageKind.AUDIO, MessageKind.DOCUMENT)
_COPIED = (ContentKind.POLL, ContentKind.STICKER, ContentKind.VIDEO_NOTE)
_NOBODY = Person(0, "", None, None)


def message_of(content: Content, chat_id: int) -> Message:
    """The message that says the same as what somebody sent; `chat_id` is Telegram's of where he did.

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
        return checked(Message(MessageKind.TEXT, content.html))
    kind = MessageKind(content.kind.value)
    media = (Media(kind, content.file_id or ""),)
    return checked(Message(kind, content.html or None, media))


def with_part(album: Message, part: Message) -> Message:
    """The album with one more part; its text is that of whichever part has one. Raises `BadBroadcast`."""
    if part.kind not in _IN_ALBUMS or len(album.media) >= MOST_IN_ALBUM:
        raise BadBroadcast("This does not go into an album.", remedy=f"At most {MOST_IN_ALBUM} files do.")
    return msgspec.structs.replace(
        album,
        kind=MessageKind.ALBUM,
        html=album.html or part.html,
        media=(*album.media, *part.media),
        buttons=(),
    )


def checked(message: Message) -> Message:
    """The message, if Telegram takes it. Raises `BadBroadcast`."""
    html = message.html or ""
    if problem := html_problem(html):
        raise BadBroadcast(f"The text is not well-formed: {problem}", remedy="Mend it and send it again.")
    if unknown := unknown_variables(html):
        known = ", ".join(f"{{{name}}}" for name in VARIABLES)
        raise BadBroadcast(f"Nothing is known as {{{unknown[0][:32]}}}.", remedy=f"There are: {known}.")
    is_text = message.kind is MessageKind.TEXT
    limit = TEXT_LIMIT if is_text else CAPTION_LIMIT
    length = visible_length(Template(html).fill(_NOBODY))
    if length > limit:
        what = "A text" if is_text else "A text beneath a photo or file"
        raise BadBroadcast(f"{what} has at most {limit} characters; this has {length}.", remedy="Shorten it.")
    if is_text and not html.strip():
        raise BadBroadcast("There is no text.", remedy="Write one, or send something else.")
    return message
