"""The command line. Exit 0: done; 1: a finding or a failure; 2: wrong usage. No traceback for a mistake."""

from __future__ import annotations

import sys

import typer

from botyard.cli import bots, database, service, updates, users
from botyard.errors import BotyardError

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


def main() -> None:
    """The entry point of the `botyard` command."""
    try:
        app()
    except BotyardError as error:
        for line in str(error).splitlines():
            print(f"botyard: {line}", file=sys.stderr)
        sys.exit(1)
