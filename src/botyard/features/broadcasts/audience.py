"""Whom a broadcast is for: what an admin says of them, and the same as conditions on their rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from botyard.features.broadcasts.models import Payer
from botyard.ids import BotId
from botyard.members.consent import Consent, Topic
from botyard.members.entitlements import EntitlementRow, has_paid_time
from botyard.members.marketing import MemberSource, MemberTag
from botyard.members.models import BotChat, Chat, Role, RoleRaise, User


class Audience(msgspec.Struct, frozen=True, omit_defaults=True):
    """Conditions on members; all must hold. An empty one is everybody whom the bot can write to.

    Days count back from the moment of freezing, those of `ends_within_days` on from it. `languages` are codes
    like `de`, which also take in `de-AT`. `plans` and `packs` are codes of what a member has now; with
    `lapsed_within_days`, of what he had. What ends, or has lapsed, is a pack that he has not renewed.
    """

    roles: tuple[Role, ...] = ()
    languages: tuple[str, ...] = ()
    seen_within_days: int | None = None
    unseen_for_days: int | None = None
    joined_within_days: int | None = None
    joined_before_days: int | None = None
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    without_members: tuple[int, ...] = ()
    plans: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    ends_within_days: int | None = None
    lapsed_within_days: int | None = None
    never_paid: bool = False


EVERYBODY = Audience()


def members(audience: Audience, bot_id: BotId, topic: Topic, now: datetime) -> Select[tuple[int, int, str]]:
    """Id, chat and language of the members who are meant, can be reached, and want to hear of the topic."""
    return meant(audience, bot_id, now).where(_agrees(topic))


def meant(audience: Audience, bot_id: BotId, now: datetime) -> Select[tuple[int, int, str]]:
    """The same of those who are meant and can be reached, whatever they want to hear of."""
    return (
        select(User.id, Chat.id.label("chat_key"), func.lower(User.language_code).label("language"))
        .join(Chat, and_(Chat.telegram_id == User.id, Chat.type == "private"))
        .where(_is_met(bot_id, reachable=True), User.banned_at.is_(None), User.created_at <= now)
        .where(*_looks(audience, bot_id, now), *_marks(audience), *_pays(audience, now))
    )


def unreachable(audience: Audience, bot_id: BotId, topic: Topic, now: datetime) -> Select[int]:
    """Ids of those who are meant and want to hear of the topic, but have blocked the bot, or are gone."""
    return (
        select(User.id)
        .join(Chat, and_(Chat.telegram_id == User.id, Chat.type == "private"))
        .where(_is_met(bot_id, reachable=False), User.banned_at.is_(None), _agrees(topic))
        .where(*_looks(audience, bot_id, now), *_marks(audience), *_pays(audience, now))
    )


async def unheard_of(session: AsyncSession, audience: Audience) -> list[str]:
    """Codes of plans and packs that nobody has, or has ever had: they may be misspelt."""
    named = [(EntitlementRow.plan, code) for code in audience.plans]
    named += [(EntitlementRow.pack, code) for code in audience.packs]
    return [
        code
        for column, code in named
        if await session.scalar(select(EntitlementRow.id).where(column == code).limit(1)) is None
    ]


def speaks(language: ColumnElement[str], code: str) -> ColumnElement[bool]:
    """Whether a member's language (lower case, maybe with a country) is this one."""
    return or_(language == code, language.like(f"{code}-%"))


def _is_met(bot_id: BotId, *, reachable: bool) -> ColumnElement[bool]:
    """Whether the bot has met the member, and can write to him or not.

    Not a join: SQLite would begin with all whom the bot has met, and sort them, instead of with the next ids.
    """
    met = select(BotChat.chat_key).where(BotChat.bot_id == bot_id, BotChat.chat_key == Chat.id)
    return exists(met.where(BotChat.reachable.is_(reachable)))


def _agrees(topic: Topic) -> ColumnElement[bool]:
    """Marketing needs a yes; what belongs to the service only must not have been refused."""
    said = select(Consent.user_id).where(Consent.user_id == User.id, Consent.topic == topic)
    if topic.needs_yes:
        return exists(said.where(Consent.granted))
    return not_(exists(said.where(not_(Consent.granted))))


def _looks(audience: Audience, bot_id: BotId, now: datetime) -> Iterator[ColumnElement[bool]]:
    if audience.roles:
        raised = exists().where(
            RoleRaise.user_id == User.id,
            RoleRaise.role.in_(audience.roles),
            or_(RoleRaise.bot_id.is_(None), RoleRaise.bot_id == bot_id),
            or_(RoleRaise.expires_at.is_(None), RoleRaise.expires_at > now),
        )
        held = [User.role.in_(audience.roles), raised]
        if Role.SUBSCRIBER in audience.roles:
            held.append(has_paid_time(now))
        yield or_(*held)
    if audience.languages:
        language = func.lower(User.language_code)
        yield or_(*(speaks(language, code) for code in audience.languages))
    if audience.seen_within_days is not None:
        yield User.seen_at >= now - timedelta(days=audience.seen_within_days)
    if audience.unseen_for_days is not None:
        yield User.seen_at < now - timedelta(days=audience.unseen_for_days)
    if audience.joined_within_days is not None:
        yield User.registered_at >= now - timedelta(days=audience.joined_within_days)
    if audience.joined_before_days is not None:
        yield User.registered_at < now - timedelta(days=audience.joined_before_days)


def _marks(audience: Audience) -> Iterator[ColumnElement[bool]]:
    if audience.sources:
        came = select(MemberSource.user_id).where(MemberSource.source.in_(audience.sources))
        yield exists(came.where(MemberSource.user_id == User.id))
    tagged = select(MemberTag.user_id).where(MemberTag.user_id == User.id)
    if audience.tags:
        yield exists(tagged.where(MemberTag.tag.in_(audience.tags)))
    if audience.without_tags:
        yield not_(exists(tagged.where(MemberTag.tag.in_(audience.without_tags))))
    if audience.without_members:
        yield User.id.not_in(audience.without_members)


def _pays(audience: Audience, now: datetime) -> Iterator[ColumnElement[bool]]:
    """Each is a look at the member's few entitlements, or at one row by its key."""
    had = select(EntitlementRow.id).where(EntitlementRow.user_id == User.id)
    if audience.plans:
        had = had.where(EntitlementRow.plan.in_(audience.plans))
    if audience.packs:
        had = had.where(EntitlementRow.pack.in_(audience.packs))
    holds = had.where(EntitlementRow.starts_at <= now, EntitlementRow.ends_at > now)
    if audience.ends_within_days is not None:
        limit = now + timedelta(days=audience.ends_within_days)
        yield exists(holds.where(EntitlementRow.ends_at <= limit, _is_last(limit)))
    if audience.lapsed_within_days is not None:
        since = now - timedelta(days=audience.lapsed_within_days)
        lapsed = had.where(EntitlementRow.ends_at > since, EntitlementRow.ends_at <= now)
        yield exists(lapsed.where(_is_last(now)))
    elif audience.plans or audience.packs:
        yield exists(holds)
    if audience.never_paid:
        yield not_(exists().where(Payer.user_id == User.id))


def _is_last(limit: datetime) -> ColumnElement[bool]:
    """Whether nothing of the same pack goes on after that moment."""
    later = aliased(EntitlementRow)
    same = (later.user_id == EntitlementRow.user_id, later.pack == EntitlementRow.pack)
    return not_(exists().where(*same, later.ends_at > limit))
