"""Before a broadcast starts: is it fit to go out, to whom, for how long, and for how many Stars?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Subquery, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.features.broadcasts import audience as audiences
from botyard.features.broadcasts import checks
from botyard.features.broadcasts.checks import LONGEST, Problem
from botyard.features.broadcasts.message import Message, MessageKind, Person, Template
from botyard.features.broadcasts.models import Broadcast
from botyard.features.broadcasts.service import composing, drafts, personal
from botyard.features.broadcasts.service.drafts import Plan, Wording, WrongMoment
from botyard.features.broadcasts.service.freezing import NOBODY_ELSE, variant_of
from botyard.ids import BotId, UserId
from botyard.members.marketing import MarketingTouch
from botyard.members.models import User
from botyard.members.referral_codes import LENGTH, link_of
from botyard.outbox.bulk import Pace

RESERVE = 0.1
"""So much longer than the pace alone: replies go first, and Telegram asks for pauses."""
MESSAGES_A_STAR = 10
"""A paid message costs 0.1 Star (Bot API, allow_paid_broadcast)."""
SAMPLES = 2
"""So many recipients of each message are shown what they get, besides the one with the longest name."""
SAMPLE_LINK = link_of("your_bot", "x" * LENGTH)
"""What stands for a member's link for friends: not all have one before they are sent one."""

_NO_MESSAGE = Problem("It has no message.", "Write one first.")
_NOT_TESTED = Problem("Nobody has looked at it on a phone yet.", "Send it to yourself first.")
_BEING_TESTED = Problem("The test is on its way to the phone.", "Wait until it is there.")
_OTHER_BOT = Problem(
    "Its bot is not among those of this service.", "Put its token back into the settings, or use another bot."
)
_QUIET = Problem(
    "In quiet hours it waits, so it may take longer than the estimate.", "They count where each member is."
)
_PAID_TERMS = Problem(
    "Telegram takes paid broadcasts only of bots with 10,000 Stars and 10,000 users a month.",
    "Look at both with @BotFather first.",
)


class NotReady(WrongMoment):
    """A broadcast has `problems` that stand in the way of its start; the first of them is told."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        first, others = problems[0], len(problems) - 1
        more = f" ({others} more in the way.)" if others else ""
        where = "" if first.variant is None else f" message {first.variant}:"
        super().__init__(f"{name} cannot start:{where} {first.what}", remedy=f"{first.remedy}{more}")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a real recipient is going to get. `html` is None for a copy, which has its own text."""

    variant: int
    user_id: UserId
    name: str
    html: str | None


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found. `problems` block the start, `warnings` do not.

    `recipients` is everybody whom it would go to now, and `by_variant` how many of them get which message;
    those who would get none are in neither. `unreachable` is the share (0.0 to 1.0) of those meant who have
    blocked the bot or are gone. `duration` goes by the bot's pace with a reserve, without quiet hours;
    zero where nothing limits the pace. `stars` is what a paid broadcast costs at most, in whole Stars: 0.1
    for each message, without the 30 a second that Telegram lets go for nothing (Bot API,
    allow_paid_broadcast); 0 for an unpaid one.
    """

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    recipients: int
    by_variant: Mapping[int, int]
    unreachable: float
    duration: timedelta
    stars: int
    samples: tuple[Sample, ...]

    @property
    def is_ready(self) -> bool:
        """Whether it may start."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class _Draft:
    """A broadcast taken apart. `found` has everybody whom it would go to, `share` the same with a message."""

    broadcast: Broadcast
    plan: Plan
    wordings: Sequence[Wording]
    found: Subquery
    share: Subquery | None


async def check(
    session: AsyncSession,
    broadcast: Broadcast,
    pace: Pace,
    now: datetime,
    *,
    bots: Collection[BotId] | None = None,
    above: int | None = None,
) -> Preflight:
    """Looks at all that can be known before the start. It only reads.

    `bots` are those of the service, where the caller knows them; `above` is the number of recipients above
    which a second admin has to agree.
    """
    draft = await _draft(session, broadcast, now)
    counts = await _counts(session, draft)
    without = counts.pop(NOBODY_ELSE, 0)
    samples, longest = await _samples(session, draft, now)
    problems = [
        *_of_bot(broadcast, bots),
        *message_problems(broadcast, draft.wordings),
        *_too_long(draft, longest),
        *_not_tested(broadcast),
        *([] if counts.total() or not draft.wordings else [await _nobody(session, draft, without, now)]),
    ]
    warnings = [
        *_left_over(draft, counts, without),
        *_might_be_too_long(draft, longest),
        *([_PAID_TERMS] if broadcast.paid else []),
        *([_QUIET] if draft.plan.quiet else []),
        *_had_enough(await _capped(session, draft, now)),
        *_needs_second(counts.total(), above),
        *[_unheard(each) for each in await audiences.unheard_of(session, draft.plan.audience)],
    ]
    messages = sum(counts[each.number] * _messages_in(each.message) for each in draft.wordings)
    return Preflight(
        problems=tuple(problems),
        warnings=tuple(warnings),
        recipients=counts.total(),
        by_variant=dict(counts),
        unreachable=await _unreachable(session, draft, counts.total() + without, now),
        duration=_duration(messages, pace.paid if broadcast.paid else pace.free),
        stars=-(-messages // MESSAGES_A_STAR) if broadcast.paid else 0,
        samples=tuple(samples),
    )


async def require_ready(session: AsyncSession, broadcast: Broadcast, now: datetime) -> None:
    """Raises `NotReady` for one that must not start. Cheap, whatever the audience: for the start itself."""
    draft = await _draft(session, broadcast, now)
    problems = [*message_problems(broadcast, draft.wordings), *_not_tested(broadcast)]
    if not problems:
        if any(checks.excess(_sent(each), LONGEST) for each in draft.wordings):
            # only now is it worth a look at all of them
            problems += _too_long(draft, (await _samples(session, draft, now))[1])
        if not await _is_for_anybody(session, draft):
            problems.append(await _nobody(session, draft, 0, now))
    if problems:
        raise NotReady(broadcast.name, problems)


def require_sound(broadcast: Broadcast, wordings: Sequence[Wording], *, tested: bool = False) -> None:
    """Raises `NotReady` for messages that Telegram would not take; with `tested`, for untested ones too."""
    problems = [*message_problems(broadcast, wordings), *(_not_tested(broadcast) if tested else ())]
    if problems:
        raise NotReady(broadcast.name, problems)


def message_problems(broadcast: Broadcast, wordings: Sequence[Wording]) -> list[Problem]:
    """What is wrong with the messages themselves, whoever gets them."""
    bot_id = BotId(broadcast.bot_id)
    found = [
        problem for each in wordings for problem in checks.problems_of(each.message, bot_id, each.number)
    ]
    return found if wordings else [_NO_MESSAGE]


async def _draft(session: AsyncSession, broadcast: Broadcast, now: datetime) -> _Draft:
    plan, wordings = drafts.plan_of(broadcast), await drafts.wordings_of(session, broadcast)
    found = audiences.members(plan.audience, BotId(broadcast.bot_id), plan.topic, now).subquery()
    share = None
    if wordings:
        variant = variant_of(broadcast.id, wordings, found.c.id, found.c.language)
        share = select(found.c.id, variant.label("variant")).subquery()
    return _Draft(broadcast, plan, wordings, found, share)


async def _counts(session: AsyncSession, draft: _Draft) -> Counter[int]:
    """How many get which message."""
    if draft.share is None:
        return Counter()
    variant = draft.share.c.variant
    rows = await session.execute(select(variant, func.count().label("recipients")).group_by(variant))
    return Counter({row.variant: row.recipients for row in rows})


async def _is_for_anybody(session: AsyncSession, draft: _Draft) -> bool:
    assert draft.share is not None
    one = select(draft.share.c.id).where(draft.share.c.variant != NOBODY_ELSE).limit(1)
    return await session.scalar(one) is not None


async def _samples(
    session: AsyncSession, draft: _Draft, now: datetime
) -> tuple[list[Sample], dict[int, Person]]:
    """Some recipients of each message with what they get, and of each the one with the longest name."""
    samples: list[Sample] = []
    longest: dict[int, Person] = {}
    for each in draft.wordings:
        assert draft.share is not None
        people = (
            select(User)
            .join(draft.share, draft.share.c.id == User.id)
            .where(draft.share.c.variant == each.number)
        )
        length = sum(
            (func.length(func.coalesce(name, "")) for name in (User.last_name, User.username)),
            start=func.length(User.first_name),
        )
        by_length = people.order_by(length.desc(), User.id).limit(1)
        for_all = people.order_by(User.id).limit(SAMPLES)
        users = {user.id: user for query in (by_length, for_all) for user in await session.scalars(query)}
        shown = await personal.people(
            session, users.values(), draft.plan, now, language=each.language, sample_link=SAMPLE_LINK
        )
        if shown:
            longest[each.number] = shown[0]
        message = _sent(each)
        samples += [
            Sample(
                each.number,
                UserId(person.user_id),
                _name(person),
                None if message.html is None else Template(message.html).fill(person),
            )
            for person in shown
        ]
    return samples, longest


async def _capped(session: AsyncSession, draft: _Draft, now: datetime) -> int:
    """How many are left out because of the cap, as things are now."""
    cap = draft.plan.cap
    if cap is None or not draft.plan.topic.needs_yes:
        return 0
    had_enough = (
        select(MarketingTouch.user_id)
        .where(MarketingTouch.at > now - timedelta(days=cap.days))
        .group_by(MarketingTouch.user_id)
        .having(func.count() >= cap.messages)
    )
    meant = select(func.count()).select_from(draft.found).where(draft.found.c.id.in_(had_enough))
    return await session.scalar(meant) or 0


def _sent(wording: Wording) -> Message:
    """The message as it is sent, as far as its text goes."""
    if wording.message.kind is MessageKind.ALBUM:
        return composing.with_way_out(wording.message, "https://t.me/")
    return wording.message


def _name(person: Person) -> str:
    return " ".join(filter(None, [person.first_name, person.last_name]))


def _messages_in(message: Message) -> int:
    """How many messages it is for Telegram."""
    return len(message.media) if message.kind is MessageKind.ALBUM else 1


def _duration(messages: int, rate: float) -> timedelta:
    return timedelta(seconds=messages / rate * (1 + RESERVE)) if rate else timedelta()


async def _unreachable(session: AsyncSession, draft: _Draft, reached: int, now: datetime) -> float:
    lost = audiences.unreachable(
        draft.plan.audience, BotId(draft.broadcast.bot_id), draft.plan.topic, now
    ).subquery()
    count = await session.scalar(select(func.count()).select_from(lost)) or 0
    return count / (count + reached) if count else 0.0


# problems


def _of_bot(broadcast: Broadcast, bots: Collection[BotId] | None) -> Iterator[Problem]:
    if bots is not None and broadcast.bot_id not in bots:
        yield _OTHER_BOT


def _not_tested(broadcast: Broadcast) -> Iterator[Problem]:
    if broadcast.tested_at is None:
        yield _NOT_TESTED if broadcast.trying_since is None else _BEING_TESTED


def _too_long(draft: _Draft, longest: Mapping[int, Person]) -> Iterator[Problem]:
    for each in draft.wordings:
        person, message = longest.get(each.number), _sent(each)
        if person is not None and (over := checks.excess(message, person)):
            yield checks.too_long(message, each.number, over, f"{_name(person)[:40]} ({person.user_id})")


async def _nobody(session: AsyncSession, draft: _Draft, without: int, now: datetime) -> Problem:
    """Why nobody gets it."""
    if without or await session.scalar(select(draft.found.c.id).limit(1)) is not None:
        return Problem(
            "None of its messages is in a language of those who are meant.",
            "Write one for all other languages.",
        )
    meant = audiences.meant(draft.plan.audience, BotId(draft.broadcast.bot_id), now).subquery()
    unasked = await session.scalar(select(func.count()).select_from(meant)) or 0
    if unasked and draft.plan.topic.needs_yes:
        whom = (
            "The one member who is meant has" if unasked == 1 else f"The {unasked} members who are meant have"
        )
        return Problem(
            f"{whom} not said yes to {draft.plan.topic}.",
            "They join with /newsletter; nobody gets marketing before that.",
        )
    return Problem("Nobody is in its audience.", "Widen it.")


# warnings


def _left_over(draft: _Draft, counts: Counter[int], without: int) -> Iterator[Problem]:
    """Members without a message, and messages without members."""
    if without and counts.total():
        whom = "One member gets" if without == 1 else f"{without} members get"
        yield Problem(
            f"{whom} nothing: no message is in their language.", "Write one for all other languages."
        )
    for each in draft.wordings:
        if counts.total() and not counts[each.number]:
            yield Problem("Nobody gets it.", "Look at its language and at the shares.", each.number)


def _might_be_too_long(draft: _Draft, longest: Mapping[int, Person]) -> Iterator[Problem]:
    is_too_long = {problem.variant for problem in _too_long(draft, longest)}
    for each in draft.wordings:
        message = _sent(each)
        if each.number not in is_too_long and (over := checks.excess(message, LONGEST)):
            whose = "the longest name that Telegram allows"
            yield checks.too_long(message, each.number, over, whose)


def _had_enough(members: int) -> Iterator[Problem]:
    if members:
        whom = "One of them has" if members == 1 else f"{members} of them have"
        yield Problem(f"{whom} got enough marketing messages lately.", "They are left out, by the cap.")


def _needs_second(recipients: int, above: int | None) -> Iterator[Problem]:
    if above is not None and recipients > above:
        yield Problem(
            f"It goes to more than {above} members: a second admin has to agree.",
            "He is asked by the bot once you start it.",
        )


def _unheard(code: str) -> Problem:
    return Problem(f"Nobody has ever had the plan or pack {code}.", "Look whether its code is spelled right.")
