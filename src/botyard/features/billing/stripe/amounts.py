"""Money as Stripe counts it. Of some currencies its smallest unit is another than ours.

https://docs.stripe.com/currencies: ISK and UGX have two decimals there, always zero; MGA none.
"""

from __future__ import annotations

from botyard.errors import BotyardError
from botyard.money import Money, exponent

_PLACES = {"ISK": 2, "UGX": 2, "MGA": 0}


class NotAtStripe(BotyardError):
    """Stripe cannot take this amount."""


def to_stripe(money: Money) -> int:
    """The amount in Stripe's smallest unit. Raises `NotAtStripe` for what is no whole number of them."""
    theirs, ours = _units(money.currency)
    amount, rest = divmod(money.amount * theirs, ours)
    if rest:
        raise NotAtStripe(f"Stripe cannot take {money}.", remedy=f"Use a whole amount of {money.currency}.")
    return amount


def from_stripe(amount: int, currency: str) -> Money:
    """The money in an amount of Stripe's. Raises `MoneyError`, and `NotAtStripe` for a part of our unit."""
    code = currency.upper()
    theirs, ours = _units(code)
    whole, rest = divmod(amount * ours, theirs)
    if rest:
        raise NotAtStripe(f"Stripe tells of {amount} {code}, which is no whole amount.")
    return Money(whole, code)


def _units(currency: str) -> tuple[int, int]:
    """How many of Stripe's units, and of ours, make one whole."""
    places = exponent(currency)
    theirs: int = 10 ** _PLACES.get(currency, places)
    ours: int = 10**places
    return theirs, ours
