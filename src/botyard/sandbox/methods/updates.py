"""Getting updates (Bot API, "Getting updates")."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import urlsplit

from botyard.sandbox.errors import ApiError, bad_request, conflict
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.queues import KINDS, QueuedUpdate
from botyard.sandbox.rendering import compact
from botyard.sandbox.state import Json, Webhook

LONGEST_POLL = 50


@method("getUpdates")
async def get_updates(call: Call) -> list[Json]:
    bot, params = call.bot, call.params
    if bot.webhook.url:
        raise conflict(
            "can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first"
        )
    remember_allowed_updates(call)
    poll = bot.queue.begin_poll()
    bot.queue.confirm(params.integer("offset"))
    limit = min(max(params.integer("limit", 100), 1), 100)
    deadline = time.monotonic() + min(max(params.integer("timeout"), 0), LONGEST_POLL)
    while True:
        if bot.queue.closed:
            raise ApiError(500, "Internal Server Error: restart")
        if not bot.queue.is_current(poll):
            raise conflict(f"terminated by {bot.queue.ended_by}")
        updates = bot.queue.waiting()[:limit]
        left = deadline - time.monotonic()
        if updates or left <= 0:
            return [_handed_over(call, update) for update in updates]
        await bot.queue.wait(left)


def _handed_over(call: Call, update: QueuedUpdate) -> Json:
    update.attempts += 1
    call.world.delivered(call.bot, update, "polling")
    return update.json


def remember_allowed_updates(call: Call) -> None:
    """`allowed_updates` is kept until given again; an empty list is the default; unknown names vanish."""
    if "allowed_updates" in call.params:
        known = KINDS.intersection(call.params.items("allowed_updates"))
        call.bot.allowed_updates = known or None


@method("setWebhook")
def set_webhook(call: Call) -> bool:
    bot, params = call.bot, call.params
    url = params.text("url").strip()
    if not url:
        return delete_webhook(call)
    if urlsplit_or_none(url) is None:
        raise bad_request("bad webhook: invalid webhook URL specified (the sandbox takes http and https)")
    secret = params.text("secret_token")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    remember_allowed_updates(call)
    _drop_pending(call)
    bot.queue.end_polls("setWebhook request")
    bot.webhook = Webhook(
        url=url,
        secret=secret or None,
        max_connections=min(max(params.integer("max_connections", 40), 1), 100),
        ip_address=params.text("ip_address") or None,
        has_certificate="certificate" in params,
    )
    call.world.on_update(bot, None)
    call.world.changed()
    return True


@method("deleteWebhook")
def delete_webhook(call: Call) -> bool:
    _drop_pending(call)
    call.bot.webhook = Webhook()
    call.world.on_update(call.bot, None)
    call.world.changed()
    return True


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> Json:
    bot, hook = call.bot, call.bot.webhook
    info: dict[str, Any] = compact(
        url=hook.url,
        has_custom_certificate=hook.has_certificate,
        pending_update_count=len(bot.queue),
        ip_address=hook.ip_address,
        last_error_date=hook.last_error_date,
        last_error_message=hook.last_error_message,
        max_connections=hook.max_connections if hook.url else None,
        allowed_updates=sorted(bot.allowed_updates) if bot.allowed_updates else None,
    )
    return info


@method("logOut", "close")
def log_out(call: Call) -> bool:
    """Both are for moving between Bot API servers; there is only one here, so the bot just stays."""
    call.bot.queue.end_polls("close request")
    return True


def urlsplit_or_none(url: str) -> str | None:
    """The host of an address that a webhook can be sent to."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts.hostname if usable else None


def _drop_pending(call: Call) -> None:
    if call.params.flag("drop_pending_updates"):
        call.bot.queue.clear()
