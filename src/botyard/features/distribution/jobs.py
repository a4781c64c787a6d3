"""What happens to posts by itself: albums are whole at some time, and copies arrive or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.distribution import post_cards
from botyard.features.distribution.models import Post, PostState
from botyard.features.distribution.post_cards import Card, Say
from botyard.features.distribution.service import posts, sending
from botyard.features.distribution.service.plans import plan
from botyard.features.distribution.service.posts import Dispatch
from botyard.features.tracking.service import Links
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs.queue import enqueue
from botyard.members.directory import read_member
from botyard.observability.metrics import CounterName
from botyard.outbox import queue as outbox_queue
from botyard.outbox.queue import Call
from botyard.routing.context import House

MESSAGES = CounterName("distribution_messages", "Posts that arrived in a chat.", ("channel",))
SLOWEST_LOOK = 30.0
"""Seconds between two looks at calls that take long."""
_CARD_SOON = timedelta(seconds=0.5)


async def settle(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Looks where a post goes that was put together or edited, if it has not changed for a moment."""
    post = await posts.locked(session, payload["post_id"])
    if post is None or post.state is not PostState.COLLECTING:
        return
    quiet_at = post.changed_at + posts.SETTLE_AFTER
    if now < quiet_at or await _find_card(session, post):
        at = max(quiet_at, now + _CARD_SOON)
        await enqueue(session, posts.SETTLE_JOB, dict(payload), now, run_at=at)
        return
    found = await plan(session, (await posts.dispatch_of(session, post)).text)
    links = Links(house.base_url, house.counts_clicks)
    dispatch = await sending.decide(session, post, found, links, now)
    say = await _say(house, session, post)
    card = post_cards.card(say, dispatch) if dispatch.copies else post_cards.nowhere(say, found)
    await _show(session, dispatch, card, now)


async def follow(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Writes down what became of copies, does what is due then, and shows it; until all is final."""
    post = await posts.locked(session, payload["post_id"])
    if post is None or post.follower != payload["follower"]:
        return
    dispatch = await posts.dispatch_of(session, post)
    arrived = await sending.learn(session, dispatch, now)
    await sending.push(session, dispatch, now)
    is_waiting = await _find_card(session, post)
    before = post.shown
    if not is_waiting:
        await _show(session, dispatch, post_cards.card(await _say(house, session, post), dispatch), now)
    if is_waiting or any(copy.state.is_open for copy in dispatch.copies):
        after = payload["after"] if post.shown != before else min(SLOWEST_LOOK, payload["after"] * 2)
        await sending.follow(session, post, now, after=after)
    for copy in arrived:
        house.metrics.counter(MESSAGES).labels(dispatch.place(copy).name).inc()


async def _say(house: House, session: AsyncSession, post: Post) -> Say:
    """Texts in the language of the post's author."""
    author = await read_member(session, UserId(post.author_id))
    return partial(house.texts.format, author.profile.language_code if author else None)


async def _find_card(session: AsyncSession, post: Post) -> bool:
    """Finds out which message is the post's card; whether that is still to be waited for."""
    if post.card_id is not None:
        return False
    fates = await outbox_queue.fates(await session.connection(), sending.card_receipt(post))
    if fates and fates[-1].message_ids:
        post.card_id = fates[-1].message_ids[0]
    return any(fate.is_open for fate in fates)


async def _show(session: AsyncSession, dispatch: Dispatch, card: Card, now: datetime) -> None:
    """Shows the card if it looks another way now: in its message, else in a new one that quotes the post."""
    post = dispatch.post
    if post.shown == card.digest:
        return
    post.shown = card.digest
    if post.card_id is None:
        params = post_cards.message_of(card, quoted=dispatch.parts[0].message_id)
    else:
        params = post_cards.message_of(card) | {"message_id": post.card_id}
    call = Call(
        BotId(post.bot_id),
        "sendMessage" if post.card_id is None else "editMessageText",
        params,
        chat_key=ChatKey(post.chat_key),
        receipt=sending.card_receipt(post) if post.card_id is None else None,
    )
    await outbox_queue.add(await session.connection(), [call], now)


JOBS = (HouseJob(posts.SETTLE_JOB, settle), HouseJob(sending.FOLLOW_JOB, follow))
