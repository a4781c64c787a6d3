"""Where a post would go and why. Nothing here sends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.distribution.matching import Hit, Match, Matcher, MatchRule, RuleId
from botyard.features.distribution.models import Rule
from botyard.features.distribution.near_misses import NearMiss, near_misses
from botyard.features.distribution.rule_content import ButtonRows
from botyard.features.distribution.service import rules
from botyard.ids import ChatKey
from botyard.members.chats import places_of
from botyard.members.member import ChatPlace

_matchers: dict[str, Matcher] = {}
"""This process's compiled rules, by the version of the rules: the newest only."""


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that the post matches: where its words stand, and all chats that it leads to."""

    rule_id: RuleId
    pattern: str
    hits: tuple[Hit, ...]
    chats: tuple[ChatPlace, ...]
    first_only: bool


@dataclass(frozen=True, slots=True)
class Target:
    """A chat that the post goes to, once, and the first rule that leads there."""

    chat: ChatPlace
    rule_id: RuleId
    pattern: str
    hits: tuple[Hit, ...]
    caption_template: str | None
    buttons: ButtonRows
    also: tuple[RuleId, ...]
    """The other rules that lead there, in their order."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the text would go. Matches and targets are in the order of the rules."""

    text: str
    matches: tuple[RuleMatch, ...]
    targets: tuple[Target, ...]
    near_misses: tuple[NearMiss, ...]


async def plan(session: AsyncSession, text: str, *, thorough: bool = False) -> Plan:
    """Where a post with this text goes now.

    Near misses are looked for where nothing matches, which takes a while; with `thorough` always.
    """
    matcher = await _matcher(session)
    found = matcher.match(text)
    near: Sequence[NearMiss] = ()
    if thorough or not found:
        near = await asyncio.to_thread(near_misses, matcher, text)
    ids = [each.rule_id for each in found]
    rows = {row.id: row for row in await session.scalars(select(Rule).where(Rule.id.in_(ids)))}
    chats = await rules.chats_of(session, ids)
    places = await places_of(session, {key for keys in chats.values() for key in keys})
    matched = [each for each in found if each.rule_id in rows]
    matches = tuple(_rule_match(rows[each.rule_id], each, chats[each.rule_id], places) for each in matched)
    return Plan(text, matches, _targets(matches, rows), tuple(near))


def _rule_match(
    row: Rule, match: Match, chats: Sequence[ChatKey], places: dict[ChatKey, ChatPlace]
) -> RuleMatch:
    return RuleMatch(
        match.rule_id, row.pattern, match.hits, tuple(places[key] for key in chats), row.first_only
    )


def _targets(matches: Sequence[RuleMatch], rows: dict[int, Rule]) -> tuple[Target, ...]:
    leading: dict[ChatPlace, list[RuleMatch]] = {}
    for match in matches:
        for chat in match.chats:
            leading.setdefault(chat, []).append(match)
    return tuple(
        Target(
            chat=chat,
            rule_id=first.rule_id,
            pattern=first.pattern,
            hits=first.hits,
            caption_template=rows[first.rule_id].caption_template,
            buttons=rules.buttons_of(rows[first.rule_id]),
            also=tuple(each.rule_id for each in others),
        )
        for chat, (first, *others) in leading.items()
    )


async def _matcher(session: AsyncSession) -> Matcher:
    """The rules that are on, compiled. 10,000 take a while, so only after a change."""
    version = await rules.version(session)
    if version not in _matchers:
        rows = await session.execute(
            select(
                Rule.id,
                Rule.pattern,
                Rule.is_regex,
                Rule.excluded,
                Rule.priority,
                Rule.first_only,
                Rule.whole_words,
            ).where(Rule.enabled)
        )
        wanted = [
            MatchRule(
                RuleId(row.id),
                row.pattern,
                is_regex=row.is_regex,
                excluded=tuple(row.excluded),
                priority=row.priority,
                first_only=row.first_only,
                whole_words=row.whole_words,
            )
            for row in rows
        ]
        compiled = await asyncio.to_thread(Matcher, wanted)
        _matchers.clear()
        _matchers[version] = compiled
    return _matchers[version]
