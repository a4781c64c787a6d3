"""The marks by which objects at Stripe are known as ours: what else the account sells is passed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from botyard.features.billing.models import Order
from botyard.features.billing.service.orders import Paid
from botyard.ids import BotId, UserId
from botyard.money import Money

ORDER = "botyard_order"
USER = "botyard_user"
BOT = "botyard_bot"


@dataclass(frozen=True, slots=True)
class Mark:
    """Which order something at Stripe is for: its signed payload, and who ordered with which bot."""

    payload: str
    user_id: UserId
    bot_id: BotId

    def paid(self, money: Money) -> Paid:
        """The money, as paid for this order."""
        return Paid(self.payload, self.user_id, self.bot_id, money.currency, money.amount)


def mark_of(metadata: Mapping[str, Any] | None, bots: Collection[BotId]) -> Mark | None:
    """The mark in an object's metadata; None for what is not ours, or another installation's."""
    words = metadata or {}
    payload, user, bot = (str(words.get(name) or "") for name in (ORDER, USER, BOT))
    if not (payload and _is_number(user) and _is_number(bot)) or BotId(int(bot)) not in bots:
        return None
    return Mark(payload, UserId(int(user)), BotId(int(bot)))


def marks(order: Order, payload: str) -> dict[str, str]:
    """The metadata of all that is made at Stripe for an order."""
    return {ORDER: payload, USER: str(order.user_id), BOT: str(order.bot_id)}


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= 18
