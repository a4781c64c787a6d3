"""What goes on after the admin's message: an album is settled, and a post followed until all is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.distribution import cards, posts
from botyard.features.distribution.models import CopyState, PostState
from botyard.features.distribution.posts import PostId
from botyard.members import chats
from botyard.observability.metrics import CounterName
from botyard.outbox import queue as outbox_queue
from botyard.routing.context import House

MOST_LOOKS = 2000
"""With the longest pause that is most of a day: by then delivery has given up or the chat is hopeless."""

SENT = CounterName("distribution_messages", "Copies of posts that arrived, by chat.", ("channel",))


async def _settle(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    post = await posts.find(session, PostId(payload["post_id"]))
    if post is None or post.state is not PostState.COLLECTING or len(post.message_ids) != payload["parts"]:
        return  # another part came since: its own look decides
    plan = await posts.plan(session, post, now)
    call = await cards.offer(house, session, post, plan)
    await outbox_queue.add(await session.connection(), [call], now)


async def _follow(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    post_id = PostId(payload["post_id"])
    post = await posts.find(session, post_id)
    if post is None:
        return
    before = [(each.state, each.error) for each in await posts.copies_of(session, post_id)]
    still_open = await _record(house, session, post_id)
    after = await posts.copies_of(session, post_id)
    gone = (CopyState.DELETED, CopyState.SKIPPED, CopyState.FAILED)
    is_gone = all(each.state in gone for each in after)
    if post.state is PostState.SENT and is_gone and any(each.state is CopyState.DELETED for each in after):
        post.state = PostState.DELETED
    if [(each.state, each.error) for each in after] != before:
        call = await cards.progress(house, session, post)
        await outbox_queue.add(await session.connection(), [call] if call else [], now)
    if still_open and payload["looks"] < MOST_LOOKS:
        await posts.look_again(session, post_id, payload["looks"] + 1, now)


async def _record(house: House, session: AsyncSession, post_id: PostId) -> bool:
    """Keeps what has become of the calls; answers whether some may still be sent."""
    connection = await session.connection()
    sending = await outbox_queue.fates(connection, posts.receipt_of(post_id))
    deleting = await outbox_queue.fates(connection, posts.deletion_receipt_of(post_id))
    arrived = await posts.record(session, post_id, sending)
    await posts.record_deletion(session, post_id, deleting)
    for place in (await chats.places_of(session, arrived)).values():
        house.metrics.counter(SENT).labels(place.name).inc()
    return any(fate.is_open for fate in (*sending, *deleting))


JOBS = (HouseJob(posts.SETTLE, _settle), HouseJob(posts.FOLLOW, _follow))
