"""The ways in which a plan can be paid here, each with its price."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from botyard.features.billing.models import Way
from botyard.features.billing.service.catalog import STARS, Offer
from botyard.features.billing.stripe.client import is_on as stripe_is_on
from botyard.money import Money
from botyard.settings import Settings

LETTERS = {Way.STARS: "s", Way.TELEGRAM: "t", Way.STRIPE: "c"}
"""What buttons call them: callback data is short (Bot API, InlineKeyboardButton: 64 bytes)."""
ANY_WAY = "-"
"""In a button, in place of a way: the member is asked."""
_WAYS = {letter: way for way, letter in LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to pay, at one price."""

    way: Way
    price: Money

    @property
    def data(self) -> str:
        """What a button carries of it."""
        return f"{LETTERS[self.way]}:{self.price.currency}"


def payable(offer: Offer, settings: Settings) -> Offer:
    """The plan with those of its prices only that can be paid here; with none if no price can."""
    if _takes_money(settings):
        return offer
    return replace(offer, prices={each: price for each, price in offer.prices.items() if each == STARS})


def all_payable(offers: Iterable[Offer], settings: Settings) -> list[Offer]:
    """Those of the plans that can be paid here, each with the prices that can."""
    found = (payable(each, settings) for each in offers)
    return [each for each in found if each.prices]


def choices(offer: Offer, settings: Settings, currency: str | None) -> list[Choice]:
    """How a plan can be paid: in Stars, and in this currency, if it has a price in it.

    A provider of Telegram's and Stripe take money only if they are set up.
    """
    found = [Choice(Way.STARS, offer.prices[STARS])] if STARS in offer.prices else []
    if currency in offer.prices and currency is not None and currency != STARS:
        price = offer.prices[currency]
        if settings.telegram_payment_provider_token:
            found.append(Choice(Way.TELEGRAM, price))
        if stripe_is_on(settings):
            found.append(Choice(Way.STRIPE, price))
    return found


def read_choice(offer: Offer, settings: Settings, data: str) -> Choice | None:
    """The choice that a button carries, if it can still be made; None otherwise."""
    letter, _, currency = data.partition(":")
    way = _WAYS.get(letter)
    return next((each for each in choices(offer, settings, currency) if each.way is way), None)


def _takes_money(settings: Settings) -> bool:
    """Whether anything but Stars is taken."""
    return settings.telegram_payment_provider_token is not None or stripe_is_on(settings)
