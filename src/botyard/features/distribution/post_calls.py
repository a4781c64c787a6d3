"""The calls that make, change and delete a post's copy in a chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botyard.features.distribution.captions import TEXT
from botyard.features.distribution.models import Copy, Post, PostPart
from botyard.ids import ChatId
from botyard.telegram.content import ContentKind
from botyard.telegram.text import CAPTION_LIMIT, TEXT_LIMIT, visible_length

_REPLACEABLE = frozenset(
    (ContentKind.PHOTO, ContentKind.VIDEO, ContentKind.ANIMATION, ContentKind.AUDIO, ContentKind.DOCUMENT)
)
"""Media that another can take the place of (Bot API, InputMedia)."""


@dataclass(frozen=True, slots=True)
class CopyCall:
    """A Bot API call without the chat that it is for."""

    method: str
    params: Mapping[str, Any]


def has_text(part: PostPart) -> bool:
    """Whether the part is a text or can have one beneath it: then its copies can be changed."""
    kind = ContentKind(part.kind)
    return kind is ContentKind.TEXT or kind.has_caption


def longest(part: PostPart) -> int:
    """How many characters of text the part may show, in UTF-16 units."""
    return TEXT_LIMIT if part.kind == ContentKind.TEXT else CAPTION_LIMIT


def uses_template(parts: Sequence[PostPart], copy: Copy) -> bool:
    """Whether the copy's text is the rule's, filled with the post's own: if there is room for it."""
    if copy.template is None or len(parts) > 1 or not has_text(parts[0]):
        return False
    return visible_length(_filled(copy.template, parts[0])) <= longest(parts[0])


def sending(post: Post, parts: Sequence[PostPart], copy: Copy, source: ChatId) -> CopyCall:
    """The call that makes the copy. `source` is the chat that the post was written in."""
    if len(parts) > 1:
        ids = [part.message_id for part in parts]
        return CopyCall("copyMessages", {"from_chat_id": source, "message_ids": ids})
    (part,) = parts
    text = _own_text(post, parts, copy)
    if text is not None and part.kind == ContentKind.TEXT:
        return CopyCall("sendMessage", {"text": text, "parse_mode": "HTML"} | _buttons(copy))
    params: dict[str, Any] = {"from_chat_id": source, "message_id": part.message_id}
    if text is not None:
        params |= {"caption": text, "parse_mode": "HTML"}
    return CopyCall("copyMessage", params | _buttons(copy))


def editing(parts: Sequence[PostPart], copy: Copy) -> list[CopyCall]:
    """The calls that bring the copy up to date: one for each part that has changed since its edition."""
    return [
        _edit(parts, copy, part, message_id)
        for part, message_id in zip(parts, copy.message_ids, strict=False)
        if part.edition > copy.edition and has_text(part) and message_id
    ]


def deleting(copy: Copy) -> CopyCall | None:
    """The call that deletes the copy; None where Telegram has not told what to delete."""
    ids = [message_id for message_id in copy.message_ids if message_id]
    if not ids:
        return None
    if len(ids) == 1:
        return CopyCall("deleteMessage", {"message_id": ids[0]})
    return CopyCall("deleteMessages", {"message_ids": sorted(ids)})


def _edit(parts: Sequence[PostPart], copy: Copy, part: PostPart, message_id: int) -> CopyCall:
    uses = uses_template(parts, copy)
    text = _filled(copy.template, part) if uses and copy.template else part.html
    params: dict[str, Any] = {"message_id": message_id}
    if len(parts) == 1:
        params |= _buttons(copy)  # an edit without buttons takes them away
    if part.kind == ContentKind.TEXT:
        return CopyCall("editMessageText", params | {"text": text, "parse_mode": "HTML"})
    if part.has_new_media and part.kind in _REPLACEABLE:
        media = {"type": part.kind, "media": part.file_id, "caption": text, "parse_mode": "HTML"}
        return CopyCall("editMessageMedia", params | {"media": media})
    return CopyCall("editMessageCaption", params | {"caption": text, "parse_mode": "HTML"})


def _own_text(post: Post, parts: Sequence[PostPart], copy: Copy) -> str | None:
    """The text to send instead of the one that would be copied."""
    if uses_template(parts, copy) and copy.template is not None:
        return _filled(copy.template, parts[0])
    return parts[0].html if post.is_typed else None


def _filled(template: str, part: PostPart) -> str:
    return template.replace(TEXT, part.html)


def _buttons(copy: Copy) -> dict[str, Any]:
    return {"reply_markup": {"inline_keyboard": copy.buttons}} if copy.buttons else {}
