"""`botyard bots`: how each bot gets its updates, and putting that right."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select

from botyard.app import REGISTRY
from botyard.cli.opening import read_settings, with_database
from botyard.cli.output import AsJson, Cell, print_rows
from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.ingress.registration import register, webhook_drift, webhook_info
from botyard.routing import switchboard
from botyard.routing.menus import Menus
from botyard.settings import Settings
from botyard.telegram.bots import Bot, bots, enrol, record_username
from botyard.telegram.client import TelegramClient
from botyard.telegram.errors import TelegramError

app = typer.Typer(help="Bots, their webhooks and their commands.", no_args_is_help=True)

BotName = Annotated[str, typer.Argument(help="The bot's name in botyard.")]


class NoSuchBot(BotyardError):
    """No bot of this name is configured."""


@app.command("list")
def list_bots(as_json: AsJson = False) -> None:
    """List the bots: how each gets its updates, and what Telegram says. Exit 1 if one is not well."""
    settings = read_settings()

    async def read(database: Database) -> list[dict[str, Cell]]:
        async with TelegramClient(settings.bot_api_url) as client:
            return [await _row(client, bot, settings) for bot in await _enrolled(database, settings)]

    rows = with_database(settings, read)
    print_rows(rows, as_json=as_json, empty="No bot is set: see BOTYARD_BOTS.")
    if any(row["state"] != "ok" for row in rows):
        raise typer.Exit(1)


@app.command()
def sync() -> None:
    """Put each bot's webhook, allowed updates and command menus right. Exit 1 if Telegram refused."""
    settings = read_settings()
    results = with_database(settings, lambda database: _sync_all(database, settings))
    for name, result in results:
        print(f"{name}: {result}")
    if any(result.startswith("failed") for _, result in results):
        raise typer.Exit(1)


@app.command()
def enable(bot: BotName, command: str) -> None:
    """Let a bot answer to a command again."""
    _switch(bot, command, enabled=True)


@app.command()
def disable(bot: BotName, command: str) -> None:
    """Have a bot not answer to a command: for its members it is as if it did not exist."""
    _switch(bot, command, enabled=False)


async def _sync_all(database: Database, settings: Settings) -> list[tuple[str, str]]:
    results = []
    board = switchboard.Switchboard(database)
    await board.read()
    menus = Menus(REGISTRY, board.serves)
    async with TelegramClient(settings.bot_api_url) as client:
        for bot in await _enrolled(database, settings):
            try:
                registration = await register(client, bot, settings.public_url)
            except BotyardError as error:  # of this bot: the others are put right all the same
                results.append((bot.name, f"failed: {error}"))
                continue
            async with database.session() as session:
                named = await record_username(await session.connection(), bot, registration.username)
                await menus.set_all(session, named, SystemClock().now())
            repaired = "repaired" if registration.repaired else "was right"
            results.append((bot.name, f"@{named.username}, {registration.mode}, {repaired}; menus queued"))
    return results


async def _row(client: TelegramClient, bot: Bot, settings: Settings) -> dict[str, Cell]:
    row: dict[str, Cell] = {"name": bot.name, "id": bot.id, "username": bot.username}
    try:
        info = await webhook_info(client, bot)
    except TelegramError as error:
        return row | {"mode": None, "pending": None, "state": error.message}
    drift = webhook_drift(info, settings.public_url, bot)
    state = f"last error: {info.last_error_message}" if info.last_error_message else "ok"
    if drift is not None:
        state = f"drifted: run 'botyard bots sync' ({drift})"
    mode = "webhook" if info.url else "polling"
    return row | {"mode": mode, "pending": info.pending_update_count, "state": state}


async def _enrolled(database: Database, settings: Settings) -> list[Bot]:
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    async with database.begin() as connection:
        return await enrol(connection, settings.bots, SystemClock().now(), secret=secret)


def _switch(bot: str, command: str, *, enabled: bool) -> None:
    settings = read_settings()

    async def move(database: Database) -> None:
        async with database.session() as session:
            bot_id = await session.scalar(select(bots.c.id).where(bots.c.name == bot))
            if bot_id is None:
                raise NoSuchBot(f"there is no bot {bot!r}.", remedy="See 'botyard bots list'.")
            await switchboard.switch(session, bot_id, command, enabled=enabled)

    with_database(settings, move)
    print(f"{bot} {'answers' if enabled else 'does not answer'} to /{command.removeprefix('/')} from now on.")
