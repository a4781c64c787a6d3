"""Invoices in chat, and links to them (Bot API, sendInvoice and createInvoiceLink)."""

from __future__ import annotations

from typing import Any

from botyard.features.billing.models import Order, Way
from botyard.features.billing.service.catalog import STARS_PERIOD
from botyard.settings import Settings

LONGEST_TITLE = 32
LONGEST_DESCRIPTION = 255


def invoice(order: Order, description: str, payload: str, settings: Settings) -> dict[str, Any]:
    """The parameters that an invoice and a link to one have in common.

    Stars take one price, no provider and no tips. The order is in the payload, and nothing else is.
    """
    token = settings.telegram_payment_provider_token
    provider = token.get_secret_value() if token and order.way is Way.TELEGRAM else ""
    title = order.title[:LONGEST_TITLE]
    return {
        "title": title,
        "description": description[:LONGEST_DESCRIPTION] or title,
        "payload": payload,
        "provider_token": provider,
        "currency": order.currency,
        "prices": [{"label": title, "amount": order.amount}],
    }


def in_chat(order: Order, description: str, payload: str, settings: Settings) -> dict[str, Any]:
    """The parameters of sendInvoice.

    With a `start_parameter` a forwarded copy has no Pay button, but leads to the plan: an order is one
    member's (Bot API, sendInvoice).
    """
    return invoice(order, description, payload, settings) | {"start_parameter": f"plan-{order.plan}"}


def subscription(order: Order, description: str, payload: str, settings: Settings) -> dict[str, Any]:
    """The parameters of createInvoiceLink for a subscription: Stars, every 30 days."""
    period = int(STARS_PERIOD.total_seconds())
    return invoice(order, description, payload, settings) | {"subscription_period": period}
