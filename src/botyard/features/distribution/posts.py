"""Posts on their way: taken from an admin, planned, sent once, and followed until every chat is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NewType

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.features.distribution import explaining, service
from botyard.features.distribution.models import Copy, CopyState, Post, PostState
from botyard.features.distribution.service import Plan
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs.queue import enqueue
from botyard.members import chats
from botyard.members.member import ChatPlace
from botyard.outbox.models import CallState
from botyard.outbox.queue import Fate

PostId = NewType("PostId", int)

SETTLE = "distribution.settle"
FOLLOW = "distribution.follow"
ALBUM_SECONDS = 1.5
"""An album whose next part has not come within so many seconds is whole."""
FIRST_LOOK = 0.5
LONGEST_PAUSE = 30.0

_COPY_STATES = {
    CallState.SENT: CopyState.SENT,
    CallState.UNKNOWN: CopyState.UNKNOWN,
    CallState.FAILED: CopyState.FAILED,
    CallState.EXPIRED: CopyState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Source:
    """What a post is made of: a message of a chat, or a part of an album, and who wants it distributed."""

    bot_id: BotId
    author_id: UserId
    chat_key: ChatKey
    message_id: int
    text: str
    media_group_id: str | None = None


@dataclass(frozen=True, slots=True)
class CopyIn:
    """A copy with its chat as it is known now."""

    chat: ChatPlace
    state: CopyState
    reason: str
    message_ids: tuple[int, ...]
    error: str | None


def receipt_of(post_id: PostId) -> str:
    """The receipt of the calls that send it."""
    return f"distribution:{post_id}"


def deletion_receipt_of(post_id: PostId) -> str:
    """The receipt of the calls that delete its copies."""
    return f"distribution:{post_id}:delete"


async def take(session: AsyncSession, source: Source, now: datetime) -> Post:
    """A new post of one message, or the post of an album that has one part more now."""
    values: dict[str, Any] = {
        "bot_id": source.bot_id,
        "author_id": source.author_id,
        "source_key": source.chat_key,
        "media_group_id": source.media_group_id[:64] if source.media_group_id else None,
        "message_ids": [],
        "text": "",
        "state": PostState.COLLECTING,
        "created_at": now,
    }
    made = insert_new(session.get_bind().dialect, Post).values(values).returning(Post.id)
    post_id = (await session.execute(made)).scalar_one_or_none()
    post: Post
    if post_id is None:
        post = (await session.execute(_album_of(source))).scalar_one()
    else:
        post = await session.get_one(Post, post_id)
    if post.state is PostState.COLLECTING:
        post.message_ids = sorted({*post.message_ids, source.message_id})
        post.text = "\n".join(part for part in (post.text, source.text) if part)
        await session.flush()
    return post


async def settle_later(session: AsyncSession, post_id: PostId, parts: int, now: datetime) -> None:
    """Looks at an album again when its next part should have come."""
    at = now + timedelta(seconds=ALBUM_SECONDS)
    await enqueue(session, SETTLE, {"post_id": post_id, "parts": parts}, now, run_at=at)


async def look_again(session: AsyncSession, post_id: PostId, looks: int, now: datetime) -> None:
    """Looks again at what became of the post's calls: soon at first, less often after many looks."""
    pause = min(LONGEST_PAUSE, FIRST_LOOK * 2 ** min(looks, 10))
    at = now + timedelta(seconds=pause)
    await enqueue(session, FOLLOW, {"post_id": post_id, "looks": looks}, now, run_at=at)


async def plan(session: AsyncSession, post: Post, now: datetime) -> Plan:
    """Fixes where the post would go: what is shown to the admin is what is sent."""
    found = await service.plan(session, post.text)
    post.state = PostState.OFFERED if found.targets else PostState.REFUSED
    if not found.targets:
        post.decided_at = now
    session.add_all(
        Copy(
            post_id=post.id,
            chat_key=target.chat.key,
            position=place,
            rule_id=target.rule.id,
            reason=explaining.reason_of(target),
            state=CopyState.PLANNED,
            message_ids=[],
        )
        for place, target in enumerate(found.targets)
    )
    await session.flush()
    return found


async def find(session: AsyncSession, post_id: PostId) -> Post | None:
    """The post, locked until the transaction ends: of two presses one comes first."""
    return await session.get(Post, post_id, with_for_update=True, populate_existing=True)


async def flip(session: AsyncSession, post: Post, position: int) -> bool:
    """Leaves a chat out, or takes it in again; False where the list has no such place."""
    copy = next((each for each in await _rows(session, PostId(post.id)) if each.position == position), None)
    if copy is None:
        return False
    copy.state = CopyState.PLANNED if copy.state is CopyState.SKIPPED else CopyState.SKIPPED
    await session.flush()
    return True


async def begin_sending(
    session: AsyncSession, post: Post, card_id: int | None, now: datetime
) -> Sequence[ChatKey]:
    """From here on the post is sent; answers the chats that are to get it."""
    post.state, post.card_id, post.decided_at = PostState.SENT, card_id, now
    copies = [each for each in await _rows(session, PostId(post.id)) if each.state is CopyState.PLANNED]
    for copy in copies:
        copy.state = CopyState.WAITING
    return [ChatKey(copy.chat_key) for copy in copies]


async def record(session: AsyncSession, post_id: PostId, fates: Sequence[Fate]) -> list[ChatKey]:
    """Keeps what became of the calls that sent it; answers the chats in which it has just arrived."""
    known = {fate.chat_key: fate for fate in fates if not fate.is_open}
    arrived = []
    for copy in await _rows(session, post_id):
        fate = known.get(ChatKey(copy.chat_key))
        if copy.state is not CopyState.WAITING or fate is None:
            continue
        copy.state = _COPY_STATES[fate.state]
        copy.message_ids, copy.error = list(fate.message_ids), fate.error
        copy.finished_at = fate.finished_at
        if copy.state is CopyState.SENT:
            arrived.append(ChatKey(copy.chat_key))
    return arrived


async def record_deletion(session: AsyncSession, post_id: PostId, fates: Sequence[Fate]) -> None:
    """Keeps which copies are deleted, and why others could not be."""
    known = {fate.chat_key: fate for fate in fates if not fate.is_open}
    for copy in await _rows(session, post_id):
        fate = known.get(ChatKey(copy.chat_key))
        if fate is not None and copy.state is CopyState.SENT:
            copy.state = CopyState.DELETED if fate.state is CallState.SENT else CopyState.SENT
            copy.error = fate.error


async def copies_of(session: AsyncSession, post_id: PostId) -> list[CopyIn]:
    """The copies, in the order in which they were listed first."""
    rows = await _rows(session, post_id)
    places = await chats.places_of(session, [ChatKey(row.chat_key) for row in rows])
    return [
        CopyIn(places[ChatKey(row.chat_key)], row.state, row.reason, tuple(row.message_ids), row.error)
        for row in rows
    ]


async def _rows(session: AsyncSession, post_id: PostId) -> Sequence[Copy]:
    found = await session.scalars(select(Copy).where(Copy.post_id == post_id).order_by(Copy.position))
    return found.all()


def _album_of(source: Source) -> Select[Any]:
    return select(Post).where(
        Post.bot_id == source.bot_id,
        Post.source_key == source.chat_key,
        Post.media_group_id == source.media_group_id,
    )
