"""The command line. Exit 0: done; 1: a finding or a failure; 2: wrong usage. No traceback for a mistake."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from alembic.util import CommandError
from sqlalchemy.exc import DatabaseError, OperationalError

from botyard.app import FEATURES
from botyard.cli import bots, database, service, updates, users
from botyard.cli.opening import OperatorsTools
from botyard.errors import BotyardError
from botyard.feature import ToolGroup

app = typer.Typer(
    name="botyard",
    help="One self-hosted service that runs the Telegram side of a business.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, secrets among them
    add_completion=False,
)
app.command()(service.up)
app.command()(service.sandbox)
app.add_typer(database.app, name="db")
app.add_typer(bots.app, name="bots")
app.add_typer(users.app, name="users")
app.command("console-link")(users.console_link)
app.command()(updates.replay)
for feature in FEATURES:
    for tool in feature.tools:
        if isinstance(tool, ToolGroup):
            group = typer.Typer(help=tool.help, no_args_is_help=True)
            for each in tool.tools:
                group.command()(each(OperatorsTools()))
            app.add_typer(group, name=tool.name)
        else:
            app.command()(tool(OperatorsTools()))


def main() -> None:
    """The entry point of the `botyard` command."""
    try:
        app()
    except BotyardError as error:
        _fail(str(error))
    except CommandError:
        _fail(
            "a newer version of botyard has upgraded this database. "
            "Run that version, or restore a backup that this one made."
        )
    except DatabaseError as error:
        if type(error) not in (DatabaseError, OperationalError):
            raise  # a statement of ours is wrong: that is no mistake of an operator
        _fail(f"the database refused: {str(error.orig).splitlines()[0]}. Check BOTYARD_DATABASE_URL.")
    except OSError as error:
        _fail(f"{error.strerror or type(error).__name__}: {error.filename or 'no file'}.")


def _fail(message: str) -> NoReturn:
    for line in message.splitlines():
        print(f"botyard: {line}", file=sys.stderr)
    sys.exit(1)
