"""Whom a broadcast is for: what an admin says of them, and the same as conditions on their rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select

from botyard.ids import BotId
from botyard.members.consent import Consent, Topic
from botyard.members.entitlements import has_paid_time
from botyard.members.marketing import MemberSource, MemberTag
from botyard.members.models import BotChat, Chat, Role, RoleRaise, User


class Audience(msgspec.Struct, frozen=True, omit_defaults=True):
    """Conditions on members; all must hold. An empty one is everybody whom the bot can write to.

    Days count back from the moment of freezing. `languages` are codes like `de`, which also take in `de-AT`.
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
        .where(*_looks(audience, bot_id, now), *_marks(audience))
    )


def unreachable(audience: Audience, bot_id: BotId, topic: Topic, now: datetime) -> Select[int]:
    """Ids of those who are meant and want to hear of the topic, but have blocked the bot, or are gone."""
    return (
        select(User.id)
        .join(Chat, and_(Chat.telegram_id == User.id, Chat.type == "private"))
        .where(_is_met(bot_id, reachable=False), User.banned_at.is_(None), _agrees(topic))
        .where(*_looks(audience, bot_id, now), *_marks(audience))
    )


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
