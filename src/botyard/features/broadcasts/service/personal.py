"""What messages say of each recipient besides his name: his plan, when it ends, and his link for friends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.hot import HotConnection, in_one_trip
from botyard.features.broadcasts.audience import Audience
from botyard.features.broadcasts.message import Person
from botyard.features.broadcasts.service.drafts import Plan
from botyard.jobs.cron import WrongRecurrence
from botyard.jobs.recurrence import zone_named
from botyard.members import entitlements, referral_codes
from botyard.members.entitlements import Entitlement
from botyard.members.models import User
from botyard.members.referral_codes import link_of

PAID = frozenset({"plan", "expiry"})
LINK = "referral_link"
NAMES = PAID | {LINK}
HOME = "en_GB"
"""Dates of members whose language is not known, or has no dates here: 3 March 2027."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody who gets a message, and the language and time zone in which dates are told him."""

    person: Person
    language: str | None
    zone: str | None


def complete(
    hot: HotConnection,
    to: Sequence[Addressee],
    names: Set[str],
    plan: Plan,
    bot_username: str | None,
    now: datetime,
) -> list[Person]:
    """The people with what the variables of these names say of them: a statement or two for all together.

    Who had no link for friends yet has one then.
    """
    ids = [each.person.user_id for each in to]
    had = entitlements.of_members(hot, ids) if names & PAID else {}
    codes = referral_codes.codes_of(hot, ids, now) if LINK in names and bot_username else {}
    found = []
    for each in to:
        person = _with_plan(each, had.get(each.person.user_id, []), plan, now)
        if bot_username and person.user_id in codes:
            person = replace(person, referral_link=link_of(bot_username, codes[person.user_id]))
        found.append(person)
    return found


async def people(
    session: AsyncSession,
    users: Iterable[User],
    plan: Plan,
    now: datetime,
    *,
    language: str | None = None,
    sample_link: str = "",
) -> list[Person]:
    """Members as a message may name them. It only reads: their link is a sample."""
    to = [
        Addressee(
            Person(user.id, user.first_name, user.last_name, user.username, referral_link=sample_link),
            language or user.language_code,
            None,
        )
        for user in users
    ]
    connection = await session.connection()
    return await in_one_trip(connection, lambda hot: complete(hot, to, PAID, plan, None, now)) if to else []


def shown(had: Sequence[Entitlement], audience: Audience, now: datetime) -> tuple[str, datetime] | None:
    """What a member has, or had last, and when it ends; None for who never had anything.

    Of several packs it is one that the audience names; else what ends first of what he has, and what ended
    last of what he had. An audience of those whose time has lapsed means what they had.
    """
    named = [each for each in had if each.plan in audience.plans or each.pack in audience.packs]
    packs: dict[str, list[Entitlement]] = {}
    for each in named or had:
        packs.setdefault(each.pack, []).append(each)
    ends = {pack: max(each.ends_at for each in rows) for pack, rows in packs.items()}
    running = [pack for pack in packs if ends[pack] > now]
    over = [pack for pack in packs if ends[pack] <= now]
    if over and (audience.lapsed_within_days is not None or not running):
        pack = max(over, key=lambda each: ends[each])
        last = max(packs[pack], key=lambda each: each.ends_at)
    elif running:
        pack = min(running, key=lambda each: ends[each])
        last = next(each for each in packs[pack] if each.ends_at > now)
    else:
        return None
    return last.title or last.plan, ends[pack]


@lru_cache(4096)
def in_words(day: date, language: str | None) -> str:
    """A date as people of a language write it: 3 March 2027, 3. März 2027."""
    return format_date(day, "long", locale=_locale(language))


def _with_plan(to: Addressee, had: Sequence[Entitlement], plan: Plan, now: datetime) -> Person:
    found = shown(had, plan.audience, now)
    if found is None:
        return to.person
    title, end = found
    try:
        zone = zone_named(to.zone or plan.zone)
    except WrongRecurrence:  # the zone data of a later system may not know it any more
        zone = zone_named("UTC")
    return replace(to.person, plan=title, expiry=in_words(end.astimezone(zone).date(), to.language))


def _locale(language: str | None) -> Locale:
    if not language or language.lower() == "en":
        return Locale.parse(HOME)
    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(HOME)
