"""Keeping rules. Who changes them also writes to the audit log: only he knows in whose name."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.errors import BotyardError
from botyard.features.distribution.folding import fold
from botyard.features.distribution.matching import RuleId
from botyard.features.distribution.models import Rule, RuleBook, RuleChat
from botyard.features.distribution.rule_content import (
    BadRule,
    ButtonRows,
    LinkButton,
    RuleContent,
    check_content,
    shortened,
)
from botyard.ids import ChatId, ChatKey
from botyard.members.chats import keys_of
from botyard.members.models import Chat
from botyard.settings.formats import TELEGRAM_ID_LIMIT

_CHAT_ID = re.compile("-[1-9][0-9]*")
_LONGEST_ID = 17
MOST_ROWS = 2**63
_SHOWN = 40
"""So much of a wrong word is repeated."""


class NoSuchRule(BotyardError):
    """There is no rule of this number."""


@dataclass(frozen=True, slots=True)
class KeptRule:
    """A rule as it is kept."""

    id: RuleId
    content: RuleContent
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class RulePage:
    """Some rules out of all that were asked for, in the order in which they are looked at."""

    rules: tuple[KeptRule, ...]
    total: int


Revise = Callable[[RuleContent], RuleContent]


async def add(session: AsyncSession, content: RuleContent, now: datetime) -> KeptRule:
    """Keeps a new rule. Raises what `check_content` raises."""
    content = _tidy(content)
    rule = Rule(**_columns(content), created_at=now, changed_at=now)
    session.add(rule)
    await session.flush()
    await _set_chats(session, rule.id, content.chats)
    await _change_version(session)
    return KeptRule(RuleId(rule.id), content, now, now)


async def revise(session: AsyncSession, rule_id: RuleId, revise: Revise, now: datetime) -> KeptRule:
    """Changes a rule; `revise` gets it as it is at this moment. What two change at once is not lost.

    Raises `NoSuchRule` and what `check_content` raises.
    """
    row = await _locked(session, rule_id)
    chats = await chats_of(session, [rule_id])
    content = _tidy(revise(_content(row, chats[rule_id])))
    for column, value in _columns(content).items():
        setattr(row, column, value)
    row.changed_at = now
    await session.execute(delete(RuleChat).where(RuleChat.rule_id == rule_id))
    await _set_chats(session, rule_id, content.chats)
    await _change_version(session)
    return KeptRule(rule_id, content, row.created_at, now)


async def remove(session: AsyncSession, rule_id: RuleId) -> KeptRule:
    """Deletes a rule; answers what it was. Its number is never given out again. Raises `NoSuchRule`."""
    row = await _locked(session, rule_id)
    chats = await chats_of(session, [rule_id])
    await session.execute(delete(RuleChat).where(RuleChat.rule_id == rule_id))
    await session.delete(row)
    await _change_version(session)
    return _kept(row, chats[rule_id])


async def get(session: AsyncSession, rule_id: RuleId) -> KeptRule:
    """The rule of this number. Raises `NoSuchRule`."""
    row = await session.get(Rule, rule_id) if rule_id < MOST_ROWS else None
    if row is None:
        raise _no_such(rule_id)
    return _kept(row, (await chats_of(session, [rule_id]))[rule_id])


async def _locked(session: AsyncSession, rule_id: RuleId) -> Rule:
    row = None
    if rule_id < MOST_ROWS:  # of a larger number the database would make an error
        row = await session.get(Rule, rule_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise _no_such(rule_id)
    return row


async def listed(session: AsyncSession, *, search: str = "", skip: int = 0, most: int) -> RulePage:
    """Rules whose pattern contains the searched text, in any case of letters; all for an empty one."""
    wanted: ColumnElement[bool] = (
        Rule.folded.contains(fold(search).text, autoescape=True) if search else true()
    )
    total = await session.scalar(select(func.count()).select_from(Rule).where(wanted))
    found = await session.scalars(
        select(Rule).where(wanted).order_by(Rule.priority.desc(), Rule.id).offset(skip).limit(most)
    )
    rows = found.all()
    chats = await chats_of(session, [RuleId(row.id) for row in rows])
    return RulePage(tuple(_kept(row, chats[RuleId(row.id)]) for row in rows), total or 0)


async def chats_of(session: AsyncSession, ids: Sequence[RuleId]) -> dict[RuleId, tuple[ChatKey, ...]]:
    """The chats that rules lead to, each rule's in their order."""
    found: dict[RuleId, list[ChatKey]] = {each: [] for each in ids}
    rows = await session.execute(
        select(RuleChat.rule_id, RuleChat.chat_key)
        .where(RuleChat.rule_id.in_(ids))
        .order_by(RuleChat.rule_id, RuleChat.position, RuleChat.chat_key)
    )
    for row in rows:
        found[RuleId(row.rule_id)].append(ChatKey(row.chat_key))
    return {rule_id: tuple(keys) for rule_id, keys in found.items()}


async def chats_named(session: AsyncSession, words: Sequence[str], now: datetime) -> tuple[ChatKey, ...]:
    """The chats that an operator named: Telegram's ids, or @usernames of chats that a bot has met.

    Raises `BadRule`.
    """
    ids = [await _chat_id(session, word) for word in words]
    return tuple(await keys_of(session, ids, now))


def button_labels(rule_id: RuleId, count: int) -> list[str]:
    """What the clicks on so many buttons of a rule are counted under, in their order."""
    return [f"rule:{rule_id}:{number}" for number in range(1, count + 1)]


async def version(session: AsyncSession) -> str:
    """A word that is another one after every change of a rule, by whatever replica."""
    return (await session.scalars(select(RuleBook.version))).one()


async def seed_from(session: AsyncSession, group_map: Mapping[str, Sequence[ChatId]], now: datetime) -> int:
    """Makes the first rules of keywords with their chats; answers how many.

    That happens once. After it the rules are the operators', even if they delete them all. Raises what
    `check_content` raises.
    """
    if not group_map:
        return 0
    seeding = (
        update(RuleBook).where(RuleBook.seeded_at.is_(None)).values(seeded_at=now).returning(RuleBook.id)
    )
    if (await session.scalars(seeding)).one_or_none() is None:  # another replica's start waits here
        return 0
    for pattern, chat_ids in group_map.items():
        chats = tuple(await keys_of(session, chat_ids, now))
        await add(session, RuleContent(pattern, chats), now)
    return len(group_map)


def _tidy(content: RuleContent) -> RuleContent:
    """The content without white space around the pattern and without doubles. Checks it."""
    tidy = replace(
        content,
        pattern=content.pattern if content.is_regex else content.pattern.strip(),
        chats=tuple(dict.fromkeys(content.chats)),
    )
    check_content(tidy)
    return tidy


def _columns(content: RuleContent) -> dict[str, Any]:
    return {
        "pattern": content.pattern,
        "folded": fold(content.pattern).text,
        "is_regex": content.is_regex,
        "whole_words": content.whole_words,
        "excluded": list(content.excluded),
        "priority": content.priority,
        "first_only": content.first_only,
        "caption_template": content.caption_template,
        "buttons": [[{"text": each.text, "url": each.url} for each in row] for row in content.buttons],
        "enabled": content.enabled,
    }


def _kept(row: Rule, chats: tuple[ChatKey, ...]) -> KeptRule:
    return KeptRule(RuleId(row.id), _content(row, chats), row.created_at, row.changed_at)


def _content(row: Rule, chats: tuple[ChatKey, ...]) -> RuleContent:
    return RuleContent(
        pattern=row.pattern,
        chats=chats,
        is_regex=row.is_regex,
        whole_words=row.whole_words,
        excluded=tuple(row.excluded),
        priority=row.priority,
        first_only=row.first_only,
        caption_template=row.caption_template,
        buttons=buttons_of(row),
        enabled=row.enabled,
    )


def buttons_of(row: Rule) -> ButtonRows:
    """The buttons of a rule."""
    return tuple(tuple(LinkButton(each["text"], each["url"]) for each in line) for line in row.buttons)


async def _set_chats(session: AsyncSession, rule_id: int, chats: Sequence[ChatKey]) -> None:
    session.add_all(
        RuleChat(rule_id=rule_id, chat_key=key, position=place) for place, key in enumerate(chats)
    )
    await session.flush()


async def _change_version(session: AsyncSession) -> None:
    await session.execute(update(RuleBook).values(version=secrets.token_hex(16)))


async def _chat_id(session: AsyncSession, word: str) -> ChatId:
    if word.startswith("@"):
        named = select(Chat.telegram_id).where(
            func.lower(Chat.username) == word[1:].lower(), Chat.type != "private"
        )
        found = (await session.scalars(named)).first()
        if found is None:
            raise BadRule(
                f"No bot has met a chat {word[:_SHOWN]}.",
                remedy="Make a bot its administrator, or give the chat's id, which begins with -100.",
            )
        return ChatId(found)
    if not _CHAT_ID.fullmatch(word):
        raise BadRule(
            f"“{word[:_SHOWN]}” is no chat.",
            remedy="Give the id of a group or channel, which begins with -, or its @username.",
        )
    if len(word) > _LONGEST_ID or -int(word) >= TELEGRAM_ID_LIMIT:
        raise BadRule(f"{word[:_SHOWN]} is longer than any id of Telegram's.", remedy="Look at it again.")
    return ChatId(int(word))


def _no_such(rule_id: RuleId) -> NoSuchRule:
    return NoSuchRule(f"There is no rule #{shortened(str(rule_id))}.", remedy="Look at the list of rules.")
