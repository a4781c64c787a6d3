"""Talking to Stripe through its own SDK: without blocking, within a time limit, without telling secrets."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from botyard.errors import BotyardError
from botyard.settings import Settings

if TYPE_CHECKING:
    import stripe
    from stripe import StripeClient

Answer = TypeVar("Answer")

TIMEOUT = 12.0
CONNECT_TIMEOUT = 5.0
"""Seconds. An errand with some requests and one repetition has to end within its claim."""
RETRIES = 1


class StripeOff(BotyardError):
    """No key for Stripe is set."""


class StripeTrouble(BotyardError):
    """Stripe could not be asked, or did not know what to say: to be tried again."""


class StripeRefused(BotyardError):
    """Stripe says no, and will say no again. `code` and `param` are Stripe's words for why, or empty."""

    def __init__(self, code: str, param: str, status: int | None) -> None:
        about = f" (about {param})" if param else ""
        super().__init__(f"Stripe refused: {code or status}{about}.", remedy="Stripe's dashboard says more.")
        self.code = code
        self.param = param

    @property
    def is_unknown(self) -> bool:
        """Whether Stripe knows nothing of that name: another account's, or the test mode's."""
        return self.code == "resource_missing"


def is_on(settings: Settings) -> bool:
    """Whether Stripe is a way to pay here: without a webhook's secret nobody would be told of payments."""
    return settings.stripe_secret_key is not None and settings.stripe_webhook_secret is not None


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[StripeClient]:
    """The SDK for the configured account. Raises `StripeOff`."""
    key = settings.stripe_secret_key
    if key is None:
        raise StripeOff("Stripe is off.", remedy="Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET.")
    # The SDK takes a second and 17 MB to load: only those pay who use it.
    import aiohttp  # noqa: PLC0415
    import stripe  # noqa: PLC0415

    stripe.enable_telemetry = False
    logging.getLogger("stripe").setLevel(logging.WARNING)
    connector = aiohttp.TCPConnector(ssl=_trusted())
    limit = aiohttp.ClientTimeout(total=TIMEOUT, connect=CONNECT_TIMEOUT)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield stripe.StripeClient(
            key.get_secret_value(),
            base_addresses={"api": settings.stripe_api_base},
            http_client=stripe.AIOHTTPClient(timeout=limit, session=session),
            max_network_retries=RETRIES,
        )


async def ask(question: Awaitable[Answer]) -> Answer:
    """Stripe's answer. Raises `StripeRefused` and `StripeTrouble`, neither with anything of the request."""
    import aiohttp  # noqa: PLC0415
    import stripe  # noqa: PLC0415

    try:
        return await question
    except (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError) as error:
        status, code = error.http_status, str(error.code or "")
        param = str(getattr(error, "param", None) or "")
    except stripe.StripeError as error:
        known = f"{type(error).__name__}, status {error.http_status}, request {error.request_id}"
        raise StripeTrouble(f"Stripe could not be asked ({known}).", remedy=_remedy(error)) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise StripeTrouble(f"Stripe did not answer ({type(error).__name__}).") from None
    if status == 409:  # the same request is under way this very moment
        raise StripeTrouble("Stripe is busy with the same request.")
    raise StripeRefused(code, param, status)


def _remedy(error: stripe.StripeError) -> str:
    import stripe  # noqa: PLC0415

    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return "Look at STRIPE_SECRET_KEY: Stripe does not take it for this."
    return "It is tried again."


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Read once: it takes long enough to be felt."""
    import stripe  # noqa: PLC0415

    return ssl.create_default_context(cafile=stripe.ca_bundle_path)
