"""Distribution rules: kept by admins, seeded once from the settings, and asked where a post would go."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.statements import insert_new
from botyard.errors import BotyardError
from botyard.features.distribution.matching import Hit, Matcher, MatchRule, RuleId
from botyard.features.distribution.models import RuleBook, RuleChat, RuleRow
from botyard.features.distribution.near_misses import NearMiss, near_misses
from botyard.features.distribution.patterns import check_pattern
from botyard.ids import ChatId, ChatKey
from botyard.members import chats
from botyard.members.member import ChatPlace

MOST_CHATS = 200
BOOKS_REMEMBERED = 4


class NoSuchRule(BotyardError):
    """There is no rule of this number."""


class BadRule(BotyardError):
    """The rule cannot be kept as it is."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is kept, with its chats in the order in which they were named."""

    matching: MatchRule
    chats: tuple[ChatPlace, ...]
    enabled: bool = True

    @property
    def id(self) -> RuleId:
        """The number by which admins name it."""
        return self.matching.id


@dataclass(frozen=True, slots=True)
class Target:
    """A chat that a post would go to: by the first of the rules that name it, in the order of the rules."""

    chat: ChatPlace
    rule: MatchRule
    hits: tuple[Hit, ...]
    also: tuple[RuleId, ...] = ()
    """The other rules that name the chat. It gets the post once all the same."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a post would go. Without targets, what it missed by little."""

    targets: tuple[Target, ...]
    near_misses: tuple[NearMiss, ...] = ()
    rules: Mapping[RuleId, MatchRule] = field(default_factory=dict)
    """The rules that targets and near misses name."""


# keeping


async def seed(session: AsyncSession, group_map: Mapping[str, Sequence[ChatId]], now: datetime) -> int:
    """Makes rules of the settings' keywords, once in the life of a database; answers how many."""
    if not group_map:
        return 0
    book = insert_new(session.get_bind().dialect, RuleBook).values(id=1, stamp=_new_stamp(), seeded_at=now)
    if (await session.execute(book.returning(RuleBook.id))).first() is None:
        return 0
    for keyword, ids in group_map.items():
        await add(session, keyword, await chats.keys_of(session, ids, now), now)
    return len(group_map)


async def add(
    session: AsyncSession,
    pattern: str,
    keys: Sequence[ChatKey],
    now: datetime,
    *,
    is_regex: bool = False,
) -> RuleId:
    """A new rule. Raises `PatternRefused` and `BadRule`, with nothing written."""
    check_pattern(pattern, is_regex=is_regex)
    _check_chats(keys)
    row = RuleRow(
        pattern=pattern,
        is_regex=is_regex,
        whole_words=True,
        excluded=[],
        priority=0,
        first_only=False,
        enabled=True,
        created_at=now,
        changed_at=now,
    )
    session.add(row)
    await session.flush()
    await _name_chats(session, RuleId(row.id), keys)
    await _changed(session, now)
    return RuleId(row.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is to be another from now on; None leaves it as it is."""

    priority: int | None = None
    first_only: bool | None = None
    whole_words: bool | None = None
    enabled: bool | None = None
    excluded: tuple[str, ...] | None = None
    chats: tuple[ChatKey, ...] | None = None


async def edit(session: AsyncSession, rule_id: RuleId, wanted: Edit, now: datetime) -> None:
    """Changes a rule. Raises `NoSuchRule`, `PatternRefused` and `BadRule`, with nothing written."""
    for word in wanted.excluded or ():
        check_pattern(word, is_regex=False)
    if wanted.chats is not None:
        _check_chats(wanted.chats)
    row = await _row(session, rule_id)
    for name in ("priority", "first_only", "whole_words", "enabled"):
        value = getattr(wanted, name)
        if value is not None:
            setattr(row, name, value)
    if wanted.excluded is not None:
        row.excluded = list(wanted.excluded)
    if wanted.chats is not None:
        await _name_chats(session, rule_id, wanted.chats)
    row.changed_at = now
    await _changed(session, now)


async def remove(session: AsyncSession, rule_id: RuleId, now: datetime) -> str:
    """Deletes a rule and answers its pattern. Raises `NoSuchRule`."""
    row = await _row(session, rule_id)
    pattern = row.pattern
    await session.execute(delete(RuleChat).where(RuleChat.rule_id == rule_id))
    await session.delete(row)
    await session.flush()
    await _changed(session, now)
    return pattern


async def listed(session: AsyncSession) -> list[Rule]:
    """All rules, in the order in which a post is held against them."""
    rows = (await session.scalars(select(RuleRow).order_by(RuleRow.priority.desc(), RuleRow.id))).all()
    named = await _chats_by_rule(session, [RuleId(row.id) for row in rows])
    return [Rule(_matching(row), tuple(named.get(RuleId(row.id), ())), row.enabled) for row in rows]


async def _row(session: AsyncSession, rule_id: RuleId) -> RuleRow:
    row = await session.get(RuleRow, rule_id, with_for_update=True)
    if row is None:
        raise NoSuchRule(f"there is no rule {rule_id}.", remedy="/rules lists them.")
    return row


def _check_chats(keys: Sequence[ChatKey]) -> None:
    if not 1 <= len(keys) <= MOST_CHATS:
        raise BadRule(f"a rule has 1 to {MOST_CHATS} chats.", remedy="Name them by their ids.")


async def _name_chats(session: AsyncSession, rule_id: RuleId, keys: Sequence[ChatKey]) -> None:
    await session.execute(delete(RuleChat).where(RuleChat.rule_id == rule_id))
    session.add_all(RuleChat(rule_id=rule_id, chat_key=key, position=place) for place, key in enumerate(keys))
    await session.flush()


async def _changed(session: AsyncSession, now: datetime) -> None:
    """Lets every process know that what it has compiled is out of date."""
    stamp = _new_stamp()
    made = insert_new(session.get_bind().dialect, RuleBook).values(id=1, stamp=stamp, seeded_at=now)
    await session.execute(made)
    await session.execute(update(RuleBook).where(RuleBook.id == 1).values(stamp=stamp))


def _new_stamp() -> str:
    """Random, so that the rules of one database are never taken for another's."""
    return secrets.token_hex(16)


def _matching(row: RuleRow) -> MatchRule:
    return MatchRule(
        id=RuleId(row.id),
        pattern=row.pattern,
        is_regex=row.is_regex,
        excluded=tuple(row.excluded),
        priority=row.priority,
        first_only=row.first_only,
        whole_words=row.whole_words,
    )


# asking


@dataclass(frozen=True, slots=True)
class _Compiled:
    matcher: Matcher
    rules: Mapping[RuleId, MatchRule]


_compiled: OrderedDict[str, _Compiled] = OrderedDict()
"""What was compiled lately, by the stamp of the rules."""


async def plan(session: AsyncSession, text: str) -> Plan:
    """Where a post with this text would go, and by which rules; each chat once."""
    compiled = await _compiled_rules(session)
    matches = compiled.matcher.match(text)
    named = await _chats_by_rule(session, [match.rule_id for match in matches])
    targets: dict[ChatKey, Target] = {}
    for match in matches:
        for place in named.get(match.rule_id, ()):
            first = targets.get(place.key)
            targets[place.key] = (
                Target(place, compiled.rules[match.rule_id], match.hits)
                if first is None
                else replace(first, also=(*first.also, match.rule_id))
            )
    if targets:
        return Plan(tuple(targets.values()), rules=compiled.rules)
    missed = await asyncio.to_thread(near_misses, compiled.matcher, text)
    return Plan((), tuple(missed), compiled.rules)


async def _compiled_rules(session: AsyncSession) -> _Compiled:
    stamp = await session.scalar(select(RuleBook.stamp).where(RuleBook.id == 1)) or ""
    found = _compiled.get(stamp)
    if found is None:
        rows = await session.scalars(select(RuleRow).where(RuleRow.enabled.is_(True)))
        rules = [_matching(row) for row in rows]
        matcher = await asyncio.to_thread(Matcher, rules)  # 10,000 rules take a third of a second
        found = _Compiled(matcher, {rule.id: rule for rule in rules})
        if stamp:
            _compiled[stamp] = found
        if len(_compiled) > BOOKS_REMEMBERED:
            _compiled.popitem(last=False)
    return found


async def _chats_by_rule(session: AsyncSession, rule_ids: Sequence[RuleId]) -> dict[RuleId, list[ChatPlace]]:
    """The chats of these rules as they are now, in the order in which they were named."""
    rows = await session.execute(
        select(RuleChat.rule_id, RuleChat.chat_key)
        .where(RuleChat.rule_id.in_(rule_ids))
        .order_by(RuleChat.rule_id, RuleChat.position)
    )
    keys: defaultdict[RuleId, list[ChatKey]] = defaultdict(list)
    for rule_id, key in rows:
        keys[RuleId(rule_id)].append(ChatKey(key))
    places = await chats.places_of(session, {key for each in keys.values() for key in each})
    return {rule_id: [places[key] for key in each] for rule_id, each in keys.items()}
