"""Posts on their way: what is due is queued, what became of it is written down. Nothing is queued twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.distribution import post_calls
from botyard.features.distribution.matching import RuleId
from botyard.features.distribution.models import Copy, CopyState, Post, PostState
from botyard.features.distribution.post_calls import CopyCall
from botyard.features.distribution.service import posts, rules
from botyard.features.distribution.service.plans import Plan
from botyard.features.distribution.service.posts import Dispatch
from botyard.features.tracking.service import Links
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs.queue import enqueue
from botyard.members import audit
from botyard.members.chats import places_of
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import CallState, OnUnknown, Priority
from botyard.outbox.queue import Call, Fate

FOLLOW_JOB = "distribution.follow"
FIRST_LOOK = 0.5
"""Seconds until somebody looks what became of calls; later looks come less often."""
NO_MESSAGE = "Telegram has not told which message it is"
HAS_MOVED = "the group became a supergroup since, where the message has no number"
NO_TRACE = "botyard has no record of the call any more"
_ALREADY_GONE = "message to delete not found"


def card_receipt(post: Post) -> str:
    """The receipt of the bot's message about the post."""
    return f"distribution-card:{post.id}"


async def decide(session: AsyncSession, post: Post, plan: Plan, links: Links, now: datetime) -> Dispatch:
    """Aims the post where the plan says, and sends it if its author wants no question before.

    The buttons of its copies lead where `links` has them lead.
    """
    dispatch = await posts.aim(session, post, plan, now)
    await _hand_out(session, dispatch, links, now)
    author = UserId(post.author_id)
    if dispatch.chosen and await posts.sends_at_once(session, author):
        await send(session, dispatch, author, now)
    return dispatch


async def send(session: AsyncSession, dispatch: Dispatch, by: UserId, now: datetime) -> None:
    """Sends the post to the chosen chats. The caller holds its lock and has seen that it was not sent."""
    post = dispatch.post
    post.state, post.sent_at, post.sent_by = PostState.SENT, now, by
    chosen = dispatch.chosen
    because_of = ", ".join(dict.fromkeys(f"#{copy.rule_id}" for copy in chosen))
    _record(session, dispatch, "distribution.send", by, now, chats=len(chosen), rules=because_of[:500])
    await _go_on(session, dispatch, now)


async def carry(session: AsyncSession, dispatch: Dispatch, by: UserId, now: datetime) -> None:
    """Carries what has changed in the post's parts to the copies that are there, and to those to come."""
    dispatch.post.edition += 1
    _record(session, dispatch, "distribution.edit", by, now, edition=dispatch.post.edition)
    await _go_on(session, dispatch, now)


async def take_back(session: AsyncSession, dispatch: Dispatch, by: UserId, now: datetime) -> None:
    """Deletes the copies that are there, and those to come."""
    dispatch.post.deletion += 1
    _record(session, dispatch, "distribution.delete", by, now, round=dispatch.post.deletion)
    await _go_on(session, dispatch, now)


def awaits_carrying(dispatch: Dispatch) -> bool:
    """Whether parts have changed that copies do not show yet, nor were told to."""
    return any(part.edition > dispatch.post.edition for part in dispatch.parts)


async def push(session: AsyncSession, dispatch: Dispatch, now: datetime) -> None:
    """Queues what is due: copies to make, to change, to delete. Each copy's state says that it was queued."""
    post = dispatch.post
    source = (await places_of(session, [ChatKey(post.chat_key)]))[ChatKey(post.chat_key)].telegram_id
    calls: list[Call] = []
    for copy in dispatch.copies:
        if copy.state is CopyState.PLANNED:
            made = [post_calls.sending(post, dispatch.parts, copy, source)]
            copy.edition = post.edition
            _start(copy, CopyState.SENDING, now)
        elif copy.state.is_there and copy.deletion < post.deletion:
            made = _delete(dispatch, copy, now)
        elif copy.state.is_there and copy.edition < post.edition and not post.deletion:
            made = _edit(dispatch, copy, now)
        else:
            continue
        calls += [_call(post, copy, each) for each in made]
    await outbox_queue.add(await session.connection(), calls, now)


async def learn(session: AsyncSession, dispatch: Dispatch, now: datetime) -> list[Copy]:
    """Writes down what became of the calls under way; answers the copies that arrived meanwhile."""
    connection = await session.connection()
    waiting = [copy for copy in dispatch.copies if copy.state.is_open]
    arrived: list[Copy] = []
    for receipt in dict.fromkeys(_receipt(dispatch.post, copy) for copy in waiting):
        fates = await outbox_queue.fates(connection, receipt)
        for copy in waiting:
            if copy.state.is_open and _receipt(dispatch.post, copy) == receipt:
                was = copy.state
                _settle(copy, [fate for fate in fates if fate.chat_key == copy.chat_key], now)
                if was is CopyState.SENDING and copy.state is CopyState.SENT:
                    copy.chat_id, copy.sent_at = dispatch.place(copy).telegram_id, copy.at
                    arrived.append(copy)
    return arrived


async def follow(session: AsyncSession, post: Post, now: datetime, *, after: float = FIRST_LOOK) -> None:
    """Has somebody look after so many seconds what became of the calls. Who looked before that stops."""
    post.follower += 1
    payload = {"post_id": post.id, "follower": post.follower, "after": after}
    await enqueue(session, FOLLOW_JOB, payload, now, run_at=now + timedelta(seconds=after))


async def _go_on(session: AsyncSession, dispatch: Dispatch, now: datetime) -> None:
    await push(session, dispatch, now)
    await follow(session, dispatch.post, now)


async def _hand_out(session: AsyncSession, dispatch: Dispatch, links: Links, now: datetime) -> None:
    """Has the buttons of copies lead through the click counter: a rule's buttons are counted one by one."""
    for copy in dispatch.copies:
        labels = iter(rules.button_labels(RuleId(copy.rule_id), sum(map(len, copy.buttons))))
        copy.buttons = [
            [each | {"url": await links.lead(session, each["url"], next(labels), now)} for each in row]
            for row in copy.buttons
        ]


def _start(copy: Copy, state: CopyState, now: datetime) -> None:
    copy.state, copy.error, copy.at = state, None, now


def _delete(dispatch: Dispatch, copy: Copy, now: datetime) -> list[CopyCall]:
    copy.deletion = dispatch.post.deletion
    has_moved = dispatch.has_moved(copy)
    call = None if has_moved else post_calls.deleting(copy)
    if call is None:
        _start(copy, CopyState.NOT_DELETED, now)
        copy.error = HAS_MOVED if has_moved else NO_MESSAGE
        return []
    _start(copy, CopyState.DELETING, now)
    return [call]


def _edit(dispatch: Dispatch, copy: Copy, now: datetime) -> list[CopyCall]:
    has_moved = dispatch.has_moved(copy)
    is_whole = len(copy.message_ids) == len(dispatch.parts) and all(copy.message_ids) and not has_moved
    made = post_calls.editing(dispatch.parts, copy) if is_whole else []
    copy.edition = dispatch.post.edition
    if made:
        _start(copy, CopyState.EDITING, now)
    elif not is_whole:
        _start(copy, CopyState.NOT_EDITED, now)
        copy.error = HAS_MOVED if has_moved else NO_MESSAGE
    return made


def _call(post: Post, copy: Copy, made: CopyCall) -> Call:
    return Call(
        BotId(post.bot_id),
        made.method,
        made.params,
        chat_key=ChatKey(copy.chat_key),
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.LEAVE,
        receipt=_receipt(post, copy),
    )


def _receipt(post: Post, copy: Copy) -> str:
    """The receipt of the call about this copy that is under way."""
    if copy.state is CopyState.EDITING:
        return f"distribution:{post.id}:edit:{copy.edition}"
    if copy.state is CopyState.DELETING:
        return f"distribution:{post.id}:delete:{copy.deletion}"
    return f"distribution:{post.id}"


_ENDS: Mapping[CopyState, tuple[CopyState, CopyState]] = {
    CopyState.SENDING: (CopyState.SENT, CopyState.FAILED),
    CopyState.EDITING: (CopyState.EDITED, CopyState.NOT_EDITED),
    CopyState.DELETING: (CopyState.DELETED, CopyState.NOT_DELETED),
}
"""What a copy becomes when its call has succeeded, and when it has not."""


def _settle(copy: Copy, fates: Sequence[Fate], now: datetime) -> None:
    """Takes over what became of the copy's calls, once all of them have ended."""
    if any(fate.is_open for fate in fates):
        return
    done, failed = _ENDS[copy.state]
    problem = next((fate for fate in fates if not _is_done(copy, fate)), None)
    if problem is None and fates:
        if copy.state is CopyState.SENDING:
            copy.message_ids = [each for fate in fates for each in fate.message_ids]
        copy.state, copy.error = done, None
    else:
        is_unknown = problem is None or problem.state is CallState.UNKNOWN
        copy.error = NO_TRACE if problem is None else (problem.error or problem.state.value)
        copy.state = CopyState.UNKNOWN if is_unknown and copy.state is CopyState.SENDING else failed
    copy.at = _ended_at(fates) or now


def _is_done(copy: Copy, fate: Fate) -> bool:
    if fate.state is CallState.SENT:
        return True
    return copy.state is CopyState.DELETING and _ALREADY_GONE in (fate.error or "").lower()


def _ended_at(fates: Iterable[Fate]) -> datetime | None:
    return max((fate.finished_at for fate in fates if fate.finished_at), default=None)


def _record(
    session: AsyncSession, dispatch: Dispatch, action: str, by: UserId, now: datetime, **detail: str | int
) -> None:
    post = dispatch.post
    audit.record(
        session,
        at=now,
        action=action,
        subject=f"post:{post.id}",
        actor_id=by,
        bot_id=BotId(post.bot_id),
        **detail,
    )
