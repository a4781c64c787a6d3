"""Money: an integer number of a currency's smallest unit. No floats, no sums across currencies."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Decimal places where they are not two: ISO 4217, and Telegram Stars (Bot API, `sendInvoice`: XTR).
_NO_PLACES = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF XTR"
_THREE_PLACES = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_PLACES = "CLF UYW"
_EXPONENTS = {
    code: places
    for places, codes in ((0, _NO_PLACES), (3, _THREE_PLACES), (4, _FOUR_PLACES))
    for code in codes.split()
}

_LIMIT = 2**63
"""The database keeps amounts in 64 bits."""
_CODE = re.compile(r"[A-Z]{3}")
_DECIMAL = re.compile(r"(-?)([0-9]{1,19})(?:\.([0-9]+))?")


class MoneyError(ValueError):
    """An amount or a currency that is none, or two currencies in one sum. `remedy` says what to do."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


def exponent(currency: str) -> int:
    """A currency's number of decimal places: 2 for GBP, 0 for JPY. Raises `MoneyError` for a wrong code."""
    if not _CODE.fullmatch(currency):
        raise MoneyError("This is not a currency code.", remedy="Use three capital letters, like GBP or XTR.")
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` smallest units (pence, Stars) of `currency`. Negative for what goes out."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)
        if isinstance(self.amount, bool) or not isinstance(self.amount, int):
            raise MoneyError("An amount must be an integer.", remedy="Give it in the smallest unit.")
        if not -_LIMIT <= self.amount < _LIMIT:
            raise MoneyError("An amount must fit into 64 bits.", remedy="Give a smaller one.")

    @classmethod
    def parse(cls, text: str) -> Money:
        """The money in a text like `147.00 GBP`, `147 GBP` or `9500 XTR`: what `str` gives, and shorter.

        Raises `MoneyError` for anything else, and for more decimal places than the currency has.
        """
        decimal, space, currency = text.partition(" ")
        found = _DECIMAL.fullmatch(decimal)
        if not (space and found):
            raise MoneyError("This is not an amount of money.", remedy="Write it like 147.00 GBP.")
        sign, whole, fraction = found[1], found[2], found[3] or ""
        places = exponent(currency)
        if len(fraction) > places:
            raise MoneyError(f"{currency} has {places} decimal places.", remedy="Leave out the others.")
        return cls(int(sign + whole + fraction.ljust(places, "0")), currency)

    def __str__(self) -> str:
        places = exponent(self.currency)
        whole, fraction = divmod(abs(self.amount), 10**places)
        sign = "-" if self.amount < 0 else ""
        decimals = f".{fraction:0{places}d}" if places else ""
        return f"{sign}{whole}{decimals} {self.currency}"

    def __add__(self, other: Money) -> Money:
        """The sum. Raises `MoneyError` if the currencies differ."""
        if self.currency != other.currency:
            problem = f"{self.currency} and {other.currency} do not add up."
            raise MoneyError(problem, remedy="Keep one sum for each currency.")
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        """The difference. Raises `MoneyError` if the currencies differ."""
        return self + -other

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)
