"""An ordinary aiogram bot that polls: greets on /start, sends everything else back, answers a button."""

import asyncio
import os

from aiogram import Bot, Dispatcher, F
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.filters import Command, CommandStart
from aiogram.types import BotCommand, BufferedInputFile, CallbackQuery, Message
from aiogram.utils.keyboard import InlineKeyboardBuilder

dispatcher = Dispatcher()


@dispatcher.message(CommandStart())
async def greet(message: Message, bot: Bot) -> None:
    await bot.set_my_commands([BotCommand(command="start", description="Begin")])
    keyboard = InlineKeyboardBuilder()
    keyboard.button(text="Press", callback_data="pressed")
    await message.answer(f"Hello, <b>{message.from_user.full_name}</b>!", reply_markup=keyboard.as_markup())


@dispatcher.message(Command("file"))
async def send_file(message: Message) -> None:
    await message.answer_document(BufferedInputFile(b"content", filename="file.txt"), caption="A file")


@dispatcher.callback_query(F.data == "pressed")
async def pressed(query: CallbackQuery) -> None:
    await query.message.edit_text("Pressed!")
    await query.answer("Thanks")


@dispatcher.message()
async def echo(message: Message) -> None:
    await message.send_copy(chat_id=message.chat.id)


async def main() -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["BOT_API_URL"]))
    default = DefaultBotProperties(parse_mode=ParseMode.HTML)
    bot = Bot(os.environ["BOT_TOKEN"], session=session, default=default)
    await dispatcher.start_polling(bot)


if __name__ == "__main__":
    asyncio.run(main())
