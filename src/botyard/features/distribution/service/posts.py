"""Posts before they are sent: kept, put together, aimed at chats, called off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import upsert
from botyard.features.distribution.models import Copy, CopyState, Habit, Post, PostPart, PostState
from botyard.features.distribution.service.plans import Plan, Target
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs.queue import enqueue
from botyard.members.chats import places_of
from botyard.members.member import ChatPlace

SETTLE_JOB = "distribution.settle"
SETTLE_AFTER = timedelta(seconds=1.5)
"""The parts of an album come as separate updates: after so long without one it is whole."""
MOST_WORDS = 5
UNSENT = frozenset((PostState.COLLECTING, PostState.ASKING, PostState.NOWHERE))
"""The states in which a post can still change."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where messages are numbered: a private chat's numbers differ from bot to bot."""

    bot_id: BotId
    chat_key: ChatKey


@dataclass(frozen=True, slots=True)
class NewPart:
    """A message that a post consists of. `text` is plain, `html` the same with its formatting."""

    message_id: int
    kind: str
    text: str
    html: str
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A post with all that belongs to it. Parts and copies are in their order."""

    post: Post
    parts: tuple[PostPart, ...]
    copies: tuple[Copy, ...]
    places: dict[ChatKey, ChatPlace]

    def place(self, copy: Copy) -> ChatPlace:
        """The chat of a copy."""
        return self.places[ChatKey(copy.chat_key)]

    def has_moved(self, copy: Copy) -> bool:
        """Whether the chat became a supergroup after the copy had arrived, and numbers its messages anew."""
        return copy.chat_id is not None and copy.chat_id != self.place(copy).telegram_id

    def link_to(self, copy: Copy) -> str | None:
        """The address of the copy's first message; None where it is gone, or Telegram has none."""
        first = next((each for each in copy.message_ids if each), None)
        if first is None or copy.state is CopyState.DELETED or self.has_moved(copy):
            return None
        return self.place(copy).link_to(first)

    @property
    def chosen(self) -> list[Copy]:
        """The copies for chats that the admin has not left out."""
        return [copy for copy in self.copies if copy.state is not CopyState.OFF]

    @property
    def text(self) -> str:
        """What the rules look at: the texts of all parts and the topic."""
        return "\n".join(filter(None, [*(part.text for part in self.parts), self.post.topic]))


async def open_post(
    session: AsyncSession,
    source: Source,
    author_id: UserId,
    parts: Sequence[NewPart],
    now: datetime,
    *,
    state: PostState = PostState.COLLECTING,
    album: str | None = None,
    topic: str = "",
    is_typed: bool = False,
) -> Post:
    """Keeps a new post."""
    post = Post(
        bot_id=source.bot_id,
        chat_key=source.chat_key,
        author_id=author_id,
        state=state,
        album=album,
        topic=topic,
        is_typed=is_typed,
        edition=0,
        deletion=0,
        follower=0,
        created_at=now,
        changed_at=now,
    )
    session.add(post)
    await session.flush()
    for part in parts:
        await add_part(session, post, part, now)
    return post


async def add_part(session: AsyncSession, post: Post, part: NewPart, now: datetime) -> None:
    """Adds a message to a post; one that is there already stays as it is."""
    post.changed_at = now
    if await session.get(PostPart, (post.id, part.message_id)) is not None:
        return
    session.add(
        PostPart(
            post_id=post.id,
            message_id=part.message_id,
            bot_id=post.bot_id,
            chat_key=post.chat_key,
            kind=part.kind,
            text=part.text,
            html=part.html,
            file_id=part.file_id,
            edition=0,
            has_new_media=False,
        )
    )
    await session.flush()


async def change_part(session: AsyncSession, post: Post, part: NewPart, now: datetime) -> bool:
    """Takes over an edit of the original message; False where nothing has changed that copies show.

    Of a post that was sent, copies change when the edit is carried to them.
    """
    kept = await session.get(PostPart, (post.id, part.message_id))
    if kept is None or (kept.html, kept.file_id) == (part.html, part.file_id):
        return False
    kept.kind, kept.text, kept.html = part.kind, part.text, part.html
    if kept.file_id != part.file_id:
        kept.file_id, kept.has_new_media = part.file_id, True
    if post.state is PostState.SENT:
        kept.edition = post.edition + 1
    post.changed_at = now
    return True


def rewrite(dispatch: Dispatch, part: PostPart, text: str, html: str, now: datetime) -> None:
    """Gives a part of a post that was sent another text; copies change when it is carried to them."""
    part.text, part.html, part.edition = text, html, dispatch.post.edition + 1
    dispatch.post.changed_at = now


async def album_of(session: AsyncSession, source: Source, album: str) -> Post | None:
    """The post that the album's earlier parts have made, locked."""
    found = (
        select(Post)
        .where(Post.album == album, Post.bot_id == source.bot_id, Post.chat_key == source.chat_key)
        .order_by(Post.id)
        .limit(1)
        .with_for_update()
    )
    return (await session.scalars(found, execution_options={"populate_existing": True})).first()


async def posts_of(session: AsyncSession, source: Source, message_id: int) -> list[Post]:
    """The posts that this message is a part of, newest first, locked."""
    parts = select(PostPart.post_id).where(
        PostPart.chat_key == source.chat_key,
        PostPart.message_id == message_id,
        PostPart.bot_id == source.bot_id,
    )
    found = select(Post).where(Post.id.in_(parts)).order_by(Post.id.desc()).with_for_update()
    return list(await session.scalars(found, execution_options={"populate_existing": True}))


async def locked(session: AsyncSession, post_id: int) -> Post | None:
    """The post of this number; others who want to change it wait."""
    return await session.get(Post, post_id, with_for_update=True, populate_existing=True)


async def dispatch_of(session: AsyncSession, post: Post) -> Dispatch:
    """All that belongs to a post."""
    parts = await session.scalars(
        select(PostPart).where(PostPart.post_id == post.id).order_by(PostPart.message_id)
    )
    copies = await session.scalars(select(Copy).where(Copy.post_id == post.id).order_by(Copy.position))
    found = tuple(copies)
    places = await places_of(session, {ChatKey(copy.chat_key) for copy in found})
    return Dispatch(post, tuple(parts), found, places)


async def aim(session: AsyncSession, post: Post, plan: Plan, now: datetime) -> Dispatch:
    """Aims the post where the plan says. A chat that was left out before stays out."""
    left_out = set(
        await session.scalars(
            select(Copy.chat_key).where(Copy.post_id == post.id, Copy.state == CopyState.OFF)
        )
    )
    await session.execute(delete(Copy).where(Copy.post_id == post.id))
    for position, target in enumerate(plan.targets):
        state = CopyState.OFF if target.chat.key in left_out else CopyState.PLANNED
        session.add(_copy(post, position, target, state, now))
    post.state = PostState.ASKING if plan.targets else PostState.NOWHERE
    await session.flush()
    return await dispatch_of(session, post)


def switch(dispatch: Dispatch, chat_key: int, now: datetime) -> None:
    """Leaves a chat out, or takes it in again; a chat that the post is not aimed at is passed over."""
    for copy in dispatch.copies:
        if copy.chat_key == chat_key and copy.state in (CopyState.OFF, CopyState.PLANNED):
            copy.state = CopyState.PLANNED if copy.state is CopyState.OFF else CopyState.OFF
            copy.at = now


async def settle_soon(session: AsyncSession, post: Post, now: datetime) -> None:
    """Has somebody look where the post goes, once it has not changed for a moment."""
    post.state = PostState.COLLECTING
    await enqueue(session, SETTLE_JOB, {"post_id": post.id}, now, run_at=now + SETTLE_AFTER)


async def sends_at_once(session: AsyncSession, user_id: UserId) -> bool:
    """Whether this admin's posts go out without a question."""
    habit = await session.get(Habit, user_id, populate_existing=True)
    return habit is not None and habit.sends_at_once


async def keep_habit(session: AsyncSession, user_id: UserId, now: datetime, *, at_once: bool) -> None:
    """Remembers whether this admin's posts go out without a question."""
    values = {"user_id": user_id, "sends_at_once": at_once, "changed_at": now}
    await session.execute(upsert(session.get_bind().dialect, Habit, key=["user_id"], values=values))


def _copy(post: Post, position: int, target: Target, state: CopyState, now: datetime) -> Copy:
    return Copy(
        post_id=post.id,
        chat_key=target.chat.key,
        position=position,
        rule_id=target.rule_id,
        pattern=target.pattern,
        words=list(dict.fromkeys(hit.word for hit in target.hits))[:MOST_WORDS],
        template=target.caption_template,
        buttons=[[{"text": each.text, "url": each.url} for each in row] for row in target.buttons],
        state=state,
        message_ids=[],
        edition=0,
        deletion=0,
        at=now,
    )
