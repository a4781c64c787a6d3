"""Rows of the ledger, and what is odd about some, in words for operators."""

from __future__ import annotations

from botyard.features.billing.models import Direction, DoubtKind, Kind, Payment, Source

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


def what(row: Payment) -> str:
    """What a row is: `Renewal`, `Chargeback won`, `Ended by hand`."""
    if row.kind is Kind.CHARGEBACK and row.direction is Direction.IN:
        return "Chargeback won"
    if row.kind is Kind.ADJUSTMENT and row.direction is Direction.OUT and row.refers_to is None:
        return "Ended by hand"
    if row.kind in (Kind.CHARGE, Kind.RENEWAL) and row.pack is None:
        return f"{_KINDS[row.kind]} without a plan"
    return _KINDS[row.kind]
