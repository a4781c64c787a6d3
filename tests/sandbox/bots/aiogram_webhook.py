"""An ordinary aiogram bot behind a webhook: answers in the webhook's own response."""

import os
import socket

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import SendMessage
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

SECRET = "webhook-secret"
dispatcher = Dispatcher()


@dispatcher.message()
async def shout(message: Message) -> SendMessage:
    return message.answer((message.text or "").upper())


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["BOT_API_URL"]))
    bot = Bot(os.environ["BOT_TOKEN"], session=session)

    async def register(bot: Bot) -> None:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/webhook"
        await bot.set_webhook(url, secret_token=SECRET)

    dispatcher.startup.register(register)
    app = web.Application()
    handler = SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token=SECRET)
    handler.register(app, path="/webhook")
    setup_application(app, dispatcher, bot=bot)
    web.run_app(app, sock=listener, print=None)


if __name__ == "__main__":
    main()
