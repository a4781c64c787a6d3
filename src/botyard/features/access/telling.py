"""Messages about paid chats: the way in, an offer to who may not come in, and what owners have to know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.feature import Site
from botyard.features.access.models import AccessChat
from botyard.features.access.service.chats import Terms
from botyard.features.access.service.entering import Way
from botyard.features.billing.service import catalog
from botyard.ids import BotId, ChatKey, UserId
from botyard.jobs.queue import enqueue
from botyard.members import chats as known_chats
from botyard.members import roles, two_person
from botyard.members.chats import places_of
from botyard.members.directory import names_of
from botyard.members.models import Role, User
from botyard.outbox import queue as outbox_queue
from botyard.outbox.models import OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing.context import House
from botyard.routing.keyboard import Link, Press, Rows, inline_keyboard
from botyard.routing.texts import TextArgument, Texts

STEP_JOB = "access.step"
MEMBER_JOB = "access.member"
MOST_OFFERS = 6
LONGEST_LABEL = 60


def terms_of(house: House | Site) -> Terms:
    """What the settings say about removals."""
    settings = house.settings
    return Terms(settings.grace, settings.removal_brake, house.two_person_above)


async def look_at_chat(session: AsyncSession, chat_key: ChatKey, now: datetime) -> None:
    """Has a chat looked at as soon as the caller's work is done."""
    await enqueue(session, STEP_JOB, {"chat": chat_key}, now)


async def look_at_member(session: AsyncSession, user_id: UserId, now: datetime) -> None:
    """Has a member's access looked at: he is told the way in if that is news to him."""
    await enqueue(session, MEMBER_JOB, {"user_id": user_id, "tries": 0}, now)


def way_rows(found: Sequence[Way]) -> Rows:
    """A button for each chat that has a link."""
    return [[Link(way.place.name[:LONGEST_LABEL], way.url)] for way in found if way.url is not None]


async def tell_ways(
    house: House, session: AsyncSession, user_id: UserId, found: Sequence[Way]
) -> Call | None:
    """The one message with the ways in; None where no bot can write to the member."""
    preferred = [way.bot_id for way in found]
    place = await _private(house, session, user_id, preferred)
    if place is None:
        return None
    bot_id, chat_key, language = place
    own = sum(way.is_own for way in found)
    kind = "all" if own == len(found) else "some" if own else "none"
    html = house.texts.format(language, "access-ways", count=len(found), own=kind)
    return _message(bot_id, chat_key, html, way_rows(found))


async def tell_removed(
    house: House, session: AsyncSession, chat_key: ChatKey, user_id: UserId, why: str, now: datetime
) -> None:
    """Tells somebody that he is in a chat no more, and why, with the way to come back."""
    place = await _private(house, session, user_id, [])
    if place is None:
        return
    bot_id, private, language = place
    name = (await places_of(session, [chat_key]))[chat_key].name
    html = house.texts.format(language, "access-gone", chat=name, why=why)
    rows: Rows = [[Press(house.texts.format(language, "access-button-plans"), "plans:open")]]
    await outbox_queue.add(await session.connection(), [_message(bot_id, private, html, rows)], now)


async def offer_rows(
    house: House, session: AsyncSession, chat: AccessChat, language: str | None, now: datetime
) -> Rows:
    """A button for each plan that lets into the chat and is sold now; else one for all plans."""
    plans = await catalog.plans_into(session, ChatKey(chat.chat_key))
    offers = [each for each in await catalog.offers(session, now) if each.code in plans]
    rows: list[list[Press]] = [
        [Press(each.title[:LONGEST_LABEL], f"plans:open:{each.code}")] for each in offers[:MOST_OFFERS]
    ]
    if not rows or len(offers) > MOST_OFFERS:
        rows.append([Press(house.texts.format(language, "access-button-plans"), "plans:open")])
    return rows


async def tell_owners(
    house: House,
    session: AsyncSession,
    key: str,
    chat_key: ChatKey,
    now: datetime,
    *,
    rows: str = "",
    **arguments: TextArgument,
) -> None:
    """Tells each owner whom a bot can write to; with `rows`, a button of that text shows the chat's plan."""
    name = (await places_of(session, [chat_key]))[chat_key].name
    calls = []
    for owner in await roles.staff(session, Role.OWNER):
        place = await _private(house, session, UserId(owner.id), [])
        if place is None:
            continue
        bot_id, private, language = place
        say = partial(house.texts.format, language)
        buttons: Rows = [[Press(say(rows), f"access:plan:{chat_key}")]] if rows else []
        calls.append(_message(bot_id, private, say(key, chat=name, **arguments), buttons))
    await outbox_queue.add(await session.connection(), calls, now)


async def ask_others(
    texts: Texts,
    session: AsyncSession,
    chat: AccessChat,
    bot_id: BotId,
    by: UserId,
    size: int,
    now: datetime,
) -> None:
    """Asks the other admins to look at a plan that one of them has said yes to."""
    key = ChatKey(chat.chat_key)
    name = (await places_of(session, [key]))[key].name
    who = (await names_of(session, [by]))[by]
    calls = []
    for each in await two_person.others(session, bot_id, [by], now):
        say = partial(texts.format, each.language)
        html = say("access-second-ask", who=who, chat=name, going=size)
        rows = [[Press(say("access-button-plan"), f"access:plan:{key}")]]
        calls.append(_message(bot_id, each.chat_key, html, rows))
    await outbox_queue.add(await session.connection(), calls, now)


async def _private(
    house: House, session: AsyncSession, user_id: UserId, preferred: Sequence[BotId]
) -> tuple[BotId, ChatKey, str | None] | None:
    """A bot that can write to this person, where, and in which language."""
    user = await session.get(User, user_id)
    for bot_id in dict.fromkeys([*preferred, *house.bots]):
        chat_key = await known_chats.private_chat(session, user_id, bot_id) if bot_id in house.bots else None
        if chat_key is not None:
            return bot_id, chat_key, user.language_code if user else None
    return None


def _message(bot_id: BotId, chat_key: ChatKey, html: str, rows: Rows) -> Call:
    params = {
        "text": html,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        **({"reply_markup": inline_keyboard(rows)} if rows else {}),
    }
    return Call(
        bot_id,
        "sendMessage",
        params,
        chat_key,
        priority=Priority.TRANSACTIONAL,
        on_unknown=OnUnknown.REPEAT,
    )
