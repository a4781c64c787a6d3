"""A plan as somebody wants it, and all that is wrong with it before it is kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import list_currencies

from botyard.errors import BotyardError
from botyard.features.billing.service.catalog import STARS, STARS_PERIOD
from botyard.ids import ChatId
from botyard.money import exponent

TITLE, DESCRIPTION = 32, 255
"""So many characters an invoice takes (Bot API, sendInvoice)."""
MOST_STARS, MOST_STARS_SUBSCRIPTION = 100_000, 10_000
"""The highest prices in Stars; that of a subscription is in Bot API, createInvoiceLink."""
MOST_MONEY = 99_999_999
"""The largest price in the smallest unit that Stripe takes: eight digits."""
MOST_DAYS, MOST_MONTHS = 3650, 120
MOST_DAYS_RENEWED, MOST_MONTHS_RENEWED = 1095, 36
"""Stripe renews after three years at the latest."""
MOST_TRIAL_DAYS = 365
MOST_FEATURES, MOST_CHATS = 32, 100
LOWEST_CHAT = -(10**16)
LENGTH = ("days", "months", "stars_subscription")
"""One of them says how long a plan lasts."""
CURRENCIES = frozenset({*list_currencies(), STARS})

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_LENGTH_ENDING = re.compile(r"-[0-9]+[dwmy]", re.ASCII)
_FEATURE = re.compile(r"[a-z][a-z0-9_]{0,31}(=[A-Za-z0-9_.-]{1,32})?", re.ASCII)


_About = tuple[Sequence[str], str]
"""The fields that a problem is about, and the problem."""


class BadPlan(BotyardError):
    """A plan cannot be kept as it is; `problems` are all that is wrong with it."""

    def __init__(self, problems: Iterable[str], *, remedy: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems), remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """A plan as it is to be. `chats` are Telegram's ids; prices are in the smallest unit, by currency.

    It lasts either `days`, or `months`, or, with `stars_subscription`, Telegram's 30 days.
    """

    code: str
    title: str
    description: str = ""
    pack: str = ""
    days: int | None = None
    months: int | None = None
    stars_subscription: bool = False
    stripe_subscription: bool = False
    trial_days: int | None = None
    features: tuple[str, ...] = ()
    chats: tuple[ChatId, ...] = ()
    prices: Mapping[str, int] = field(default_factory=dict)
    sold_from: datetime | None = None
    sold_until: datetime | None = None


def usual_pack(code: str) -> str:
    """The pack of a code that says its length (`gold` of `gold-3m`); a code without is its own pack."""
    head, dash, tail = code.rpartition("-")
    return head if head and _LENGTH_ENDING.fullmatch(dash + tail) else code


def problems_of(draft: PlanDraft, unsure: Collection[str] = ()) -> list[str]:
    """All that is wrong with a plan, a sentence each; nothing if it can be kept.

    Nothing is said of fields that are `unsure`: what they were to be could not be read.
    """
    found = (
        *_problems_of_names(draft),
        *_problems_of_length(draft),
        *_problems_of_prices(draft),
        *_problems_of_contents(draft),
    )
    return [problem for about, problem in found if not set(about) & set(unsure)]


def check_values(values: Mapping[str, Any]) -> None:
    """Raises `BadPlan` if one of these fields cannot be so, whatever the others are."""
    draft = PlanDraft(**{"code": "plan", "title": "Plan", **values})
    problems = problems_of(draft, {each.name for each in fields(PlanDraft)} - values.keys())
    if problems:
        raise BadPlan(problems)


def span_of(currency: str, most: int) -> str:
    """`GBP must be 0.01 to 999,999.99`: from the smallest unit to so many of them; XTR is `Stars`."""
    places = exponent(currency)
    least, highest = (f"{Decimal(amount).scaleb(-places):,.{places}f}" for amount in (1, most))
    return f"{'Stars' if currency == STARS else currency} must be {least} to {highest}"


def _problems_of_names(draft: PlanDraft) -> Iterator[_About]:
    if not _CODE.fullmatch(draft.code):
        yield ("code",), "The code must be 1 to 32 of a-z, 0-9 and -, like gold-3m."
    if draft.pack and not _CODE.fullmatch(draft.pack):
        yield ("pack",), "The pack must be 1 to 32 of a-z, 0-9 and -, like gold."
    if not 1 <= len(draft.title.strip()) <= TITLE or not draft.title.isprintable():
        yield ("title",), f"The title must be one line of 1 to {TITLE} characters."
    if len(draft.description) > DESCRIPTION:
        yield (
            ("description",),
            f"The description may have {DESCRIPTION} characters; it has {len(draft.description)}.",
        )
    if draft.sold_from and draft.sold_until and draft.sold_from >= draft.sold_until:
        yield ("sold_from", "sold_until"), "It would stop being sold before it begins."


def _problems_of_length(draft: PlanDraft) -> Iterator[_About]:
    days, months = draft.days, draft.months
    if draft.stars_subscription and days == STARS_PERIOD.days:
        days = None
    if sum((days is not None, months is not None, draft.stars_subscription)) != 1:
        yield LENGTH, "It needs a length: either days, or months, or stars_subscription."
        return
    renewed = draft.stripe_subscription
    for count, unit, most in (
        (days, "days", MOST_DAYS_RENEWED if renewed else MOST_DAYS),
        (months, "months", MOST_MONTHS_RENEWED if renewed else MOST_MONTHS),
    ):
        if count is not None and not 1 <= count <= most:
            by = " where Stripe renews it" if renewed else ""
            yield (*LENGTH, "stripe_subscription"), f"It may last 1 to {most} {unit}{by}."
    if draft.trial_days is not None and not 1 <= draft.trial_days <= MOST_TRIAL_DAYS:
        yield ("trial_days",), f"A trial lasts 1 to {MOST_TRIAL_DAYS} days."


def _problems_of_prices(draft: PlanDraft) -> Iterator[_About]:
    if not draft.prices:
        yield ("prices",), "It needs a price at least, such as 147.00 GBP (GBP = 14700 in a file)."
        return
    most_stars = MOST_STARS_SUBSCRIPTION if draft.stars_subscription else MOST_STARS
    for currency, amount in draft.prices.items():
        most = most_stars if currency == STARS else MOST_MONEY
        if currency not in CURRENCIES:
            yield ("prices",), f"{currency[:8]} is no currency: write it like GBP, EUR or XTR (Stars)."
        elif not 1 <= amount <= most:
            yield ("prices", *LENGTH), f"The price in {span_of(currency, most)}."
    if draft.stars_subscription and STARS not in draft.prices:
        yield ("prices", *LENGTH), "A Stars subscription needs a price in Stars."
    if draft.stripe_subscription and not set(draft.prices) - {STARS}:
        yield ("prices", "stripe_subscription"), "A Stripe subscription needs a price in money."


def _problems_of_contents(draft: PlanDraft) -> Iterator[_About]:
    names: set[str] = set()
    for feature in draft.features:
        if not _FEATURE.fullmatch(feature):
            yield ("features",), f"“{feature[:40]}” is no feature: write it like signals, or max_devices=3."
        elif (name := feature.partition("=")[0]) in names:
            yield ("features",), f"The feature {name} is there twice."
        names.add(feature.partition("=")[0])
    for chat in draft.chats:
        if not LOWEST_CHAT < chat < 0:
            yield ("chats",), f"{chat} is no group or channel: their ids are negative, like -1001234567890."
    if len(draft.features) > MOST_FEATURES or len(draft.chats) > MOST_CHATS:
        yield ("features", "chats"), f"It may have {MOST_FEATURES} features and {MOST_CHATS} chats."
