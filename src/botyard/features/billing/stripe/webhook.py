"""POST /billing/stripe/webhook: takes Stripe's events. It stores that something happened, and answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from botyard.db.statements import insert_new
from botyard.feature import Site
from botyard.features.billing.models import StripeEvent
from botyard.features.billing.stripe.client import is_on
from botyard.features.billing.stripe.looking import EVENTS, About, look
from botyard.features.billing.stripe.reading import moment

log = structlog.get_logger(__name__)

PATH = "/billing/stripe/webhook"
LARGEST_BODY = 512 * 1024
TOLERANCE = 300
"""Seconds that an event may be on its way: what is older may be a recorded one, sent again."""


class ObjectOf(msgspec.Struct, frozen=True):
    """What an event is about, as it was then. Only names are taken from it."""

    id: str | None = None
    payment_status: str | None = None
    payment_intent: object = None


class DataOf(msgspec.Struct, frozen=True):
    """The envelope around it."""

    object: ObjectOf


class Event(msgspec.Struct, frozen=True):
    """As much of an event as is needed to know what to look at."""

    id: str
    type: str
    created: int
    data: DataOf


class Refused(Exception):
    """The request is not one of Stripe's. `status` and text are the answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def routes(site: Site) -> Sequence[BaseRoute]:
    """Where Stripe sends its events."""
    if is_on(site.settings):
        import stripe  # noqa: F401, PLC0415 - now, and not while the first event waits
    return [Route(PATH, _Webhook(site).take, methods=["POST"])]


class _Webhook:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def take(self, request: Request) -> Response:
        """200 once it is durable, also for what came before and for types that do not matter.

        400 for what Stripe has not signed just now, 404 where Stripe is off, 413 over 512 KiB, 503 where
        only the webhook's secret is missing.
        """
        settings, now = self._site.settings, self._site.clock.now()
        if settings.stripe_secret_key is None:
            return _answer(404, "Stripe is off here: STRIPE_SECRET_KEY is not set.")
        if settings.stripe_webhook_secret is None:
            return _answer(503, "STRIPE_WEBHOOK_SECRET is not set.")
        try:
            body = await _read(request)
            secret = settings.stripe_webhook_secret.get_secret_value()
            verify(body, request.headers.get("stripe-signature"), secret, now)
            event = _decode(body)
        except Refused as refused:
            log.warning("stripe.refused", reason=str(refused), status=refused.status)
            return _answer(refused.status, str(refused))
        if event is not None:
            async with self._site.database.session() as session:
                await store(session, event, now)
        return _answer(200, "ok")


def verify(body: bytes, header: str | None, secret: str, now: datetime) -> None:
    """Raises `Refused` unless Stripe has signed this body with our secret, less than 300 s ago."""
    from stripe import SignatureVerificationError, WebhookSignature  # noqa: PLC0415 - see `client`

    try:
        WebhookSignature.verify_header(body, header, secret)
        signed_at = next(int(part[2:]) for part in (header or "").split(",") if part.startswith("t="))
    except (SignatureVerificationError, ValueError, TypeError, StopIteration):
        raise Refused(400, "The signature is wrong.") from None
    if abs(now.timestamp() - signed_at) > TOLERANCE:
        raise Refused(400, "The signature is too old.")


async def store(session: AsyncSession, event: Event, now: datetime, *, missed: bool = False) -> bool:
    """Writes down that an event has come, and has its object looked at; False if it had come before."""
    values = {"id": event.id[:255], "type": event.type, "received_at": now}
    statement = insert_new(session.get_bind().dialect, StripeEvent).values(values).returning(StripeEvent.id)
    if await session.scalar(statement) is None:
        return False
    about, shown = EVENTS[event.type], event.data.object
    if event.type == "checkout.session.completed" and shown.payment_status == "unpaid":
        return True  # whether it comes is told later, by another event
    name = shown.payment_intent if about is About.RETURNS else shown.id
    if name:
        await look(session, about, str(name), now, at=moment(event.created), missed=missed)
    return True


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise Refused(413, "The body is too large.")
    except ClientDisconnect:
        raise Refused(400, "The body is not complete.") from None
    return bytes(body)


def _decode(body: bytes) -> Event | None:
    """The event; None for a type that does not matter here, whatever else is in it."""
    try:
        kind = msgspec.json.decode(body, type=_Typed).type
        return msgspec.json.decode(body, type=Event) if kind in EVENTS else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(400, "The body is not an event.") from None


class _Typed(msgspec.Struct, frozen=True):
    type: str


def _answer(status: int, said: str) -> Response:
    return JSONResponse({"detail": said}, status_code=status, headers={"Cache-Control": "no-store"})
