"""What is done again and again for paid chats, and what is done about answers of Telegram's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import HouseJob
from botyard.features.access import joining, telling
from botyard.features.access.models import AccessChat
from botyard.features.access.reading import read_member
from botyard.features.access.service import chats, comparing, entering, links, people, removing
from botyard.features.access.service.removing import Fallout
from botyard.features.access.sweeping import SWEEP, ask_about
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs import receipts
from botyard.jobs.facts import EntitlementsChanged, Listener
from botyard.jobs.queue import enqueue
from botyard.members.models import User
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House

EVERY = timedelta(minutes=5)
RIGHTS_JOB = "access.rights"
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""When a job is due that is due at once, where no clock is at hand."""
MOST_TRIES = 6
"""After so many looks for his links a member is told those that there are; the others are waited for."""
MOST_LOOKS = 40
LINK_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=4)


async def _round(_house: House, session: AsyncSession, _payload: Mapping[str, Any], now: datetime) -> None:
    """Has every paid chat looked at."""
    for chat in await chats.all_paid(session, now):
        await enqueue(session, telling.STEP_JOB, {"chat": chat.chat_key}, now)


async def _step(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """The next step for one chat: its rights, its link, the comparison, and removals. Each is small."""
    key = ChatKey(payload["chat"])
    await chats.all_paid(session, now)
    chat = await chats.locked(session, key)
    if chat is None:
        return
    to_check = await chats.to_check(session, key, now)
    for bot in to_check:
        if bot in house.bots:
            await _ask_rights(session, key, bot, now)
    terms = telling.terms_of(house)
    more = await comparing.compare_step(session, chat, terms, now)
    if not to_check and await chats.look_for_problem(session, chat, house.bots):
        assert chat.problem is not None
        await telling.tell_owners(house, session, "access-problem", key, now, problem=chat.problem.value)
    inviter = await chats.inviter_of(session, key, house.bots)
    if inviter is not None and chats.is_open(chat):
        more |= await _let_in(session, chat, inviter, now)
        await comparing.sweep(session, chat, inviter, now)
    remover = await chats.remover_of(session, key, house.bots)
    if remover is not None and not more:
        more = await _advance(house, session, chat, remover, now)
    if more:
        await telling.look_at_chat(session, key, now)


async def _let_in(session: AsyncSession, chat: AccessChat, bot_id: BotId, now: datetime) -> bool:
    """Keeps the chat's link, and has those told who wait for it; answers whether there are more of them."""
    key = ChatKey(chat.chat_key)
    link = await links.current(session, key, bot_id, now)
    if link is None:
        await links.ask(session, key, bot_id, now)
    else:
        await links.check(session, link, now)
    is_ready = chat.single_use or (link is not None and link.url is not None)
    if chat.told_through is None or not is_ready:
        return False
    for user_id in await entering.untold(session, chat, now):
        await telling.look_at_member(session, user_id, now)
    return chat.told_through is not None


async def _advance(
    house: House, session: AsyncSession, chat: AccessChat, bot_id: BotId, now: datetime
) -> bool:
    terms = telling.terms_of(house)
    step = await removing.advance(session, chat, bot_id, terms, now)
    if step.stopped:
        count = await people.count(session, ChatKey(chat.chat_key), now)
        await telling.tell_owners(
            house,
            session,
            "access-braked",
            ChatKey(chat.chat_key),
            now,
            rows="access-button-plan",
            going=count.going,
            present=count.present,
            percent=terms.brake,
        )
    return step.more


# the bots' rights


async def _ask_rights(session: AsyncSession, key: ChatKey, bot_id: BotId, now: datetime) -> None:
    """Asks what a bot may do in a chat (Bot API, getChatMember of the bot itself)."""
    receipt = f"access-rights:{key}:{bot_id}:{int(now.timestamp())}"
    call = Call(
        bot_id,
        "getChatMember",
        {"user_id": bot_id},
        key,
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.REPEAT,
        receipt=receipt,
    )
    await outbox_queue.add(await session.connection(), [call], now)
    payload = {"chat": key, "bot": bot_id, "asked": now.isoformat()}
    await receipts.follow(session, RIGHTS_JOB, receipt, payload, now)


async def _rights(_house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    fates = await receipts.ended(session, RIGHTS_JOB, payload, now)
    if fates is None:
        return
    key, bot_id = ChatKey(payload["chat"]), BotId(payload["bot"])
    member = read_member(fates[-1].result) if fates else None
    rights = member.rights if member else chats.Rights(is_admin=False)
    asked = datetime.fromisoformat(payload["asked"])
    await chats.note_rights(session, key, bot_id, rights, chats.asked_key(asked), now)
    await telling.look_at_chat(session, key, now)


# a member's access has changed


async def hear(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """What a member has paid for is another: a job that knows the house looks at him."""
    await enqueue(session, telling.MEMBER_JOB, {**payload, "tries": 0}, AT_ONCE)


async def _member(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """Takes back removals that wait for him, and tells him the way in, once its links are there."""
    user_id, tries = UserId(payload["user_id"]), int(payload["tries"])
    await chats.all_paid(session, now)
    await session.execute(select(User.id).where(User.id == user_id).with_for_update())
    found = await people.reconsider_member(session, user_id, telling.terms_of(house), now)
    await removing.withdraw(session, found)
    ways = await entering.ways(session, user_id, house.bots, now)
    if any(way.is_news and way.url is None for way in ways):
        if tries < MOST_LOOKS:
            pause = min(LONGEST_PAUSE, LINK_PAUSE * 2 ** min(tries, MOST_LOOKS))
            again = {**payload, "tries": tries + 1}
            await enqueue(session, telling.MEMBER_JOB, again, now, run_at=now + pause)
        if tries < MOST_TRIES:
            return
    ready = [way for way in ways if way.url is not None]
    if not any(way.is_news for way in ready):
        return
    call = await telling.tell_ways(house, session, user_id, ready)
    if call is not None:
        await outbox_queue.add(await session.connection(), [call], now)
        await entering.note_told(session, user_id, [way.place.key for way in ready], now)


# what became of calls


async def _removed(house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """A removal has ended. Who has paid meanwhile is told the way back in."""
    key, user_id = ChatKey(payload["chat"]), UserId(payload["user"])
    chat = await chats.peek(session, key)
    if chat is None:
        return
    fallout = await removing.ended(session, chat, payload, telling.terms_of(house), now)
    if fallout == Fallout.LET_IN:
        await telling.look_at_member(session, user_id, now)
    if fallout == Fallout.REMOVED:
        await telling.tell_removed(house, session, key, user_id, payload["why"], now)
    bot_id = await chats.keeper_of(session, key, house.bots)
    if bot_id is None:
        return
    if fallout in (Fallout.CHECK, Fallout.RIGHTS):
        await ask_about(session, chat, bot_id, user_id, now)
    if fallout == Fallout.RIGHTS:
        await _ask_rights(session, key, bot_id, now)


async def _link(_house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime) -> None:
    """A link has been made: those who wait for it are told."""
    link = await links.made(session, payload, now)
    if link is None:
        return
    key = ChatKey(link.chat_key)
    if link.user_id is not None:
        await telling.look_at_member(session, UserId(link.user_id), now)
        return
    chat = await chats.locked(session, key)
    if chat is not None:
        chat.told_through = 0
        await telling.look_at_chat(session, key, now)


async def _link_check(
    _house: House, session: AsyncSession, payload: Mapping[str, Any], now: datetime
) -> None:
    await links.checked(session, payload, now)


JOBS = (
    HouseJob("access.round", _round, every=EVERY),
    HouseJob(telling.STEP_JOB, _step),
    HouseJob(telling.MEMBER_JOB, _member),
    HouseJob(RIGHTS_JOB, _rights),
    HouseJob(removing.REMOVED_JOB, _removed),
    HouseJob(links.LINK_JOB, _link),
    HouseJob(links.CHECK_JOB, _link_check),
    SWEEP,
    *joining.JOBS,
)
LISTENERS = (Listener(EntitlementsChanged, "access", hear),)
