"""`botyard replay`: dead letters, once more."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select

from botyard.cli.opening import read_settings, with_database
from botyard.db.session import Database
from botyard.ids import BotId, UpdateId
from botyard.inbox import backlog
from botyard.telegram.bots import bots


def replay(
    update_ids: Annotated[list[int], typer.Argument(help="Telegram's update ids.", min=0, max=2**63 - 1)],
    bot: Annotated[str | None, typer.Option(help="Only this bot's updates.")] = None,
) -> None:
    """Put dead-lettered updates back: they are handled again, each once."""
    wanted = [UpdateId(each) for each in update_ids]

    async def put_back(database: Database) -> list[UpdateId]:
        async with database.begin() as connection:
            bot_id = None
            if bot is not None:
                bot_id = await connection.scalar(select(bots.c.id).where(bots.c.name == bot))
                if bot_id is None:
                    raise typer.BadParameter(f"there is no bot {bot!r}; see 'botyard bots list'")
            return await backlog.replay(connection, wanted, bot_id=BotId(bot_id) if bot_id else None)

    replayed = with_database(read_settings(), put_back)
    for update_id in replayed:
        print(f"{update_id} waits to be handled again.")
    missing = sorted(set(wanted) - set(replayed))
    for update_id in missing:
        print(f"{update_id} is not among the dead letters.")
    if missing:
        raise typer.Exit(1)
