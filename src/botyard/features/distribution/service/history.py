"""What became of posts: the newest first, and all that is known of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.distribution.models import Copy, CopyState, Post, PostPart, PostState
from botyard.features.distribution.service.posts import Dispatch, dispatch_of
from botyard.ids import UserId
from botyard.members.directory import names_of

_LONGEST_BEGINNING = 120


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post in a list: how its first text begins, and how many of its copies are in which state."""

    post: Post
    author: str
    beginning: str
    parts: int
    states: dict[CopyState, int]

    @property
    def chats(self) -> int:
        """The chats that its author did not leave out."""
        return sum(count for state, count in self.states.items() if state is not CopyState.OFF)

    @property
    def is_open(self) -> bool:
        """Whether copies are under way."""
        return any(state.is_open for state in self.states)

    @property
    def arrived(self) -> int:
        """The copies that came into their chat, and may have been edited or deleted since."""
        never = (CopyState.OFF, CopyState.PLANNED, CopyState.SENDING, CopyState.FAILED, CopyState.UNKNOWN)
        return sum(count for state, count in self.states.items() if state not in never)


@dataclass(frozen=True, slots=True)
class PostLines:
    """Some posts out of all, newest first."""

    lines: tuple[PostLine, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PostStory:
    """All that is known of one post."""

    dispatch: Dispatch
    author: str
    sender: str | None
    """Who pressed Send; None if nobody has."""


async def listed(session: AsyncSession, *, skip: int, most: int) -> PostLines:
    """Posts, newest first; not those that are still being written, or were called off before that."""
    shown = select(Post).where(Post.state != PostState.COLLECTING)
    total = await session.scalar(select(func.count()).select_from(shown.subquery()))
    rows = (await session.scalars(shown.order_by(Post.id.desc()).offset(skip).limit(most))).all()
    ids = [row.id for row in rows]
    names = await names_of(session, {UserId(row.author_id) for row in rows})
    parts = await _parts_of(session, ids)
    states = await _states_of(session, ids)
    lines = (
        PostLine(
            post=row,
            author=names[UserId(row.author_id)],
            beginning=_beginning(row, parts[row.id]),
            parts=len(parts[row.id]),
            states=states[row.id],
        )
        for row in rows
    )
    return PostLines(tuple(lines), total or 0)


async def story_of(session: AsyncSession, post_id: int) -> PostStory | None:
    """One post with its copies; None where there is no such post."""
    post = await session.get(Post, post_id)
    if post is None:
        return None
    people = [UserId(each) for each in (post.author_id, post.sent_by) if each is not None]
    names = await names_of(session, people)
    sender = None if post.sent_by is None else names[UserId(post.sent_by)]
    return PostStory(await dispatch_of(session, post), names[UserId(post.author_id)], sender)


async def _parts_of(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[PostPart]]:
    found: dict[int, list[PostPart]] = {each: [] for each in ids}
    wanted = select(PostPart).where(PostPart.post_id.in_(ids)).order_by(PostPart.post_id, PostPart.message_id)
    for part in await session.scalars(wanted):
        found[part.post_id].append(part)
    return found


async def _states_of(session: AsyncSession, ids: Sequence[int]) -> dict[int, dict[CopyState, int]]:
    found: dict[int, dict[CopyState, int]] = {each: {} for each in ids}
    counted = (
        select(Copy.post_id, Copy.state, func.count().label("copies"))
        .where(Copy.post_id.in_(ids))
        .group_by(Copy.post_id, Copy.state)
    )
    for row in await session.execute(counted):
        found[row.post_id][row.state] = row.copies
    return found


def _beginning(post: Post, parts: Sequence[PostPart]) -> str:
    text = next((part.text for part in parts if part.text), post.topic)
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST_BEGINNING else f"{words[: _LONGEST_BEGINNING - 1]}…"
