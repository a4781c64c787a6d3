"""The ways in which a plan can be paid here, each with its price."""

from __future__ import annotations

from dataclasses import dataclass

from botyard.features.billing.models import Way
from botyard.features.billing.service.catalog import STARS, Offer
from botyard.features.billing.stripe.client import is_on as stripe_is_on
from botyard.money import Money
from botyard.settings import Settings

LETTERS = {Way.STARS: "s", Way.TELEGRAM: "t", Way.STRIPE: "c"}
"""What buttons call them: callback data is short (Bot API, InlineKeyboardButton: 64 bytes)."""
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
