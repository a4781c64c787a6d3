"""Telling Telegram where updates go: webhook or polling, and which kinds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec
import structlog

from botyard.errors import BotyardError
from botyard.telegram.bots import Bot
from botyard.telegram.client import TelegramClient
from botyard.telegram.errors import RetryAfter, TelegramError, Unauthorized
from botyard.telegram.updates import UPDATE_KINDS

log = structlog.get_logger(__name__)

ALLOWED_UPDATES: tuple[str, ...] = tuple(sorted(UPDATE_KINDS))
"""Always explicit: left out, Telegram keeps an earlier list; empty, it omits chat_member and reactions."""
MAX_CONNECTIONS = 40
LONGEST_BACKOFF = 60.0


class WebhookInfo(msgspec.Struct, frozen=True):
    """What Telegram says of a bot's webhook (Bot API, WebhookInfo); the fields that matter here."""

    url: str = ""
    pending_update_count: int = 0
    last_error_message: str | None = None
    allowed_updates: tuple[str, ...] | None = None
    max_connections: int | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """How a bot gets its updates now, and what had to be changed for that."""

    bot: Bot
    username: str
    mode: str
    webhook: WebhookInfo
    repaired: bool


class IdentityMismatch(BotyardError):
    """The token belongs to another bot than it says."""


def webhook_url(public_url: str, bot: Bot) -> str:
    """Where Telegram sends this bot's updates. The token is not in it."""
    return f"{public_url}/telegram/{bot.name}/webhook"


def webhook_drift(info: WebhookInfo, public_url: str | None, bot: Bot) -> str | None:
    """Where Telegram's record differs from what botyard wants, in words; None where it does not.

    Telegram does not tell which secret it has.
    """
    wanted = webhook_url(public_url, bot) if public_url else ""
    if info.url != wanted:
        return f"Telegram has {info.url or 'no webhook'}"
    missing = sorted(UPDATE_KINDS.difference(info.allowed_updates or ()))
    if wanted and missing:
        return f"Telegram does not send {', '.join(missing)}"
    return None


async def look_up_username(client: TelegramClient, bot: Bot) -> str:
    """The bot's username by getMe. Raises `TelegramError`."""
    me = await client.call(bot.token, "getMe", {})
    if me.get("id") != bot.id:
        raise IdentityMismatch(
            f"the token of bot {bot.name!r} belongs to another bot.", remedy="Copy it from BotFather again."
        )
    return str(me.get("username") or "")


async def webhook_info(client: TelegramClient, bot: Bot) -> WebhookInfo:
    """What Telegram has on file. Raises `TelegramError`."""
    return msgspec.convert(await client.call(bot.token, "getWebhookInfo", {}), WebhookInfo)


async def register(client: TelegramClient, bot: Bot, public_url: str | None) -> Registration:
    """Sets the webhook, or removes it where botyard polls. Never drops what is pending: it may be payments.

    setWebhook is always called: Telegram does not say which secret it has. Raises `TelegramError`.
    """
    username = await look_up_username(client, bot)
    before = await webhook_info(client, bot)
    repaired = webhook_drift(before, public_url, bot) is not None
    if public_url is None:
        if before.url:
            log.warning("webhook.removed", bot=bot.name, url=before.url, why="BOTYARD_PUBLIC_URL is not set")
            await client.call(bot.token, "deleteWebhook", {"drop_pending_updates": False})
        return Registration(bot, username, "polling", before, repaired=repaired)
    wanted = webhook_url(public_url, bot)
    await client.call(
        bot.token,
        "setWebhook",
        {
            "url": wanted,
            "secret_token": bot.webhook_secret,
            "allowed_updates": ALLOWED_UPDATES,
            "max_connections": MAX_CONNECTIONS,
            "drop_pending_updates": False,
        },
    )
    log.info("webhook.set", bot=bot.name, url=wanted)
    return Registration(bot, username, "webhook", before, repaired=repaired)


async def register_patiently(client: TelegramClient, bot: Bot, public_url: str | None) -> Registration:
    """`register`, tried until it succeeds: Telegram may be away when botyard starts."""
    failures = 0
    while True:
        try:
            return await register(client, bot, public_url)
        except (TelegramError, IdentityMismatch) as error:
            failures += 1
            seconds = min(LONGEST_BACKOFF, 2.0 ** (failures - 1))
            if isinstance(error, RetryAfter):
                seconds = float(error.seconds)
            if isinstance(error, Unauthorized | IdentityMismatch):
                seconds = LONGEST_BACKOFF
            log.error("bot.not_registered", bot=bot.name, error=str(error), again_in=seconds)
            await asyncio.sleep(seconds)
