"""An ordinary python-telegram-bot bot that polls: greets by mention and forces a reply, then echoes."""

import os

from telegram.ext import Application, CommandHandler, ContextTypes, MessageHandler, filters

from telegram import ForceReply, Update


async def start(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    person = update.effective_user.mention_html()
    await update.message.reply_html(f"Welcome, {person}!", reply_markup=ForceReply(selective=True))


async def photo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    file = await update.message.photo[-1].get_file()
    await update.message.reply_photo(update.message.photo[-1].file_id, caption=f"at {file.file_path}")


async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.message.reply_text(update.message.text)


def main() -> None:
    builder = Application.builder().token(os.environ["BOT_TOKEN"])
    application = builder.base_url(os.environ["BOT_API_URL"] + "/bot").build()
    application.add_handler(CommandHandler("start", start))
    application.add_handler(MessageHandler(filters.PHOTO, photo))
    application.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, echo))
    application.run_polling()


if __name__ == "__main__":
    main()
