"""What botyard is compared with: aiogram's own webhook example, on aiohttp and uvloop, with roles.

It does less than botyard. It answers 200 before anything is stored, so whatever it has not handled is lost
when the process ends; an update that Telegram offers twice is handled twice; members and roles are gone after
a restart; a failed call is not tried again, and no limit of Telegram's is kept.

Alone in its file, and started by path, so that the process holds nothing but aiogram.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop
from aiogram import BaseMiddleware, Bot, Dispatcher, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.dispatcher.flags import get_flag
from aiogram.enums import ParseMode
from aiogram.filters import Command
from aiogram.types import Message, TelegramObject
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

PUBLIC = 0

router = Router()
text = os.environ["BENCH_TEXT"]


class RoleCheck(BaseMiddleware):
    """Registers whoever writes, and lets only those through who have the handler's role."""

    def __init__(self) -> None:
        self._roles: dict[int, int] = {}

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        role = self._roles.setdefault(data["event_from_user"].id, PUBLIC)
        if role < get_flag(data, "role", default=PUBLIC):
            return None
        return await handler(event, data)


@router.message(Command("help"), flags={"role": PUBLIC})
async def help_command(message: Message) -> None:
    """Answers with the text that botyard answers with."""
    await message.answer(text)


async def set_webhook(bot: Bot) -> None:
    """Tells Telegram where updates go."""
    await bot.set_webhook(os.environ["BENCH_WEBHOOK_URL"], secret_token=os.environ["BENCH_SECRET"])


def main() -> None:
    """Serves until it is stopped."""
    router.message.middleware(RoleCheck())
    dispatcher = Dispatcher()
    dispatcher.include_router(router)
    dispatcher.startup.register(set_webhook)
    bot = Bot(
        os.environ["BENCH_TOKEN"],
        session=AiohttpSession(api=TelegramAPIServer.from_base(os.environ["BENCH_BOT_API_URL"])),
        default=DefaultBotProperties(parse_mode=ParseMode.HTML),
    )
    app = web.Application()
    handler = SimpleRequestHandler(
        dispatcher,
        bot,
        handle_in_background=os.environ["BENCH_ANSWER_FIRST"] == "1",
        secret_token=os.environ["BENCH_SECRET"],
    )
    handler.register(app, path="/webhook")
    setup_application(app, dispatcher, bot=bot)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), loop=uvloop.new_event_loop())


if __name__ == "__main__":
    logging.basicConfig(level=os.environ["BENCH_LOG_LEVEL"])
    main()
