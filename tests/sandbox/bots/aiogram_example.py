"""Runs a file of aiogram's own examples, unchanged, with the sandbox in the place of Telegram's address."""

import os
import runpy
import sys

from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import TelegramAPIServer

_, *defaults = BaseSession.__init__.__defaults__
BaseSession.__init__.__defaults__ = (TelegramAPIServer.from_base(os.environ["BOT_API_URL"]), *defaults)
runpy.run_path(sys.argv[1], run_name="__main__")
