"""Rows of the ledger, and what is odd about some, in words for operators."""

from __future__ import annotations

from enum import StrEnum

from botyard.features.billing.models import Direction, DoubtKind, Kind, Payment, Source
from botyard.features.billing.service import bought

WAYS = {
    Source.STARS: "Telegram Stars",
    Source.TELEGRAM: "Telegram Payments",
    Source.STRIPE: "Stripe",
    Source.ADMIN: "An admin",
    Source.TRIAL: "Trial",
    Source.REFERRAL: "Referral",
}
_KINDS = {
    Kind.CHARGE: "Payment",
    Kind.RENEWAL: "Renewal",
    Kind.REFUND: "Refund",
    Kind.CHARGEBACK: "Chargeback",
    Kind.GRANT: "Gift",
    Kind.ADJUSTMENT: "Adjustment",
}


class Deed(StrEnum):
    """What a row tells of."""

    CHARGE = "charge"
    RENEWAL = "renewal"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    WON = "won"
    """A chargeback that was won."""
    GRANT = "grant"
    TRIAL = "trial"
    REWARD = "reward"
    """For bringing a friend."""
    REWARD_BACK = "reward-back"
    ADDED = "added"
    """The time that money buys which had paid nothing."""
    PUT_BACK = "put-back"
    """A refund that failed, or the like."""
    ENDED = "ended"
    """By an admin."""


_DEEDS = {
    Deed.WON: "Chargeback won",
    Deed.REWARD_BACK: "Reward taken back",
    Deed.ADDED: "Time added",
    Deed.PUT_BACK: "Put back",
    Deed.ENDED: "Ended by hand",
}
DOUBTS = {
    DoubtKind.REFUSED: ("Refused", "It was refused before any money moved."),
    DoubtKind.UNKNOWN_ORDER: (
        "Nothing was sold",
        "Money came for nothing that you sold. It is in the ledger, and the member got no time for it.",
    ),
    DoubtKind.PAID_TWICE: (
        "Paid twice",
        "Money came once more for an order that was paid. It is in the ledger, and gave no time.",
    ),
    DoubtKind.WRONG_AMOUNT: (
        "Wrong amount",
        "Money came, but not what was asked for. It is in the ledger, and gave no time.",
    ),
    DoubtKind.MISSED: (
        "Was missed",
        "Nobody told botyard of this payment: it was found in the other side's books, and entered.",
    ),
    DoubtKind.DIFFERENCE: ("Books differ", "The other side's books say something else than yours."),
}
"""What is wrong with a payment, in short, and in a sentence or two."""


def what(row: Payment, plan: str | None = None) -> str:
    """What a row is: `Renewal`, `Chargeback won`, `Ended by hand`; `plan`: what it was for, if it was."""
    if row.kind in (Kind.CHARGE, Kind.RENEWAL) and row.pack is None and plan is None:
        return f"{_KINDS[row.kind]} without a plan"
    return _DEEDS.get(deed(row)) or _KINDS[row.kind]


def way(row: Payment) -> str:
    """By which way it came, or who did it: what a member did is no admin's."""
    mine = bought.is_time_added(row) and row.by_id == row.user_id
    return "The member" if mine else WAYS[row.source]


def deed(row: Payment) -> Deed:
    """What was done, as texts tell it apart: more exactly than its kind."""
    match row.kind, row.source, row.direction:
        case Kind.CHARGEBACK, _, Direction.IN:
            return Deed.WON
        case Kind.GRANT, Source.TRIAL, _:
            return Deed.TRIAL
        case Kind.GRANT, Source.REFERRAL, _:
            return Deed.REWARD
        case Kind.ADJUSTMENT, Source.REFERRAL, Direction.OUT:
            return Deed.REWARD_BACK
        case Kind.ADJUSTMENT, _, Direction.IN:
            return Deed.ADDED if bought.is_time_added(row) else Deed.PUT_BACK
        case Kind.ADJUSTMENT, _, _:
            return Deed.ENDED
    return Deed(row.kind.value)
