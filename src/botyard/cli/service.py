"""`botyard up` and `botyard sandbox`: everything in one process, or the Bot API simulator alone."""

from __future__ import annotations

from typing import Annotated

import typer
import uvloop

from botyard.cli.opening import SANDBOX_FILE, read_settings
from botyard.cli.serving import serve, serve_sandbox
from botyard.settings import ProcessRole, Settings

Host = Annotated[str | None, typer.Option(help="The address to listen on.")]
Port = Annotated[int | None, typer.Option(help="The port to listen on.")]

SANDBOX_BOT = "7000000001:sandbox-main-bot"
SANDBOX_OWNER = "1001"


def up(
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="With the built-in Bot API: no token needed.")
    ] = False,
    host: Host = None,
    port: Port = None,
    role: Annotated[ProcessRole | None, typer.Option(help="What this replica does.")] = None,
) -> None:
    """Run everything in one process. Upgrades the database first; stops cleanly on Ctrl-C."""
    overrides: dict[str, object] = {"host": host, "port": port, "role": role, "sandbox": sandbox}
    settings = read_settings(quiet=False, **overrides)
    if sandbox:
        settings = _for_the_sandbox(settings, overrides)
    uvloop.run(serve(settings))


def sandbox(host: Host = None, port: Port = None) -> None:
    """Run the Bot API simulator alone, for any bot in any language."""
    settings = read_settings(quiet=False, host=host, port=port)
    uvloop.run(serve_sandbox(settings))


def _for_the_sandbox(settings: Settings, overrides: dict[str, object]) -> Settings:
    """The same settings with everything in the sandbox: its bot, its owner, and a database of its own.

    The sandbox's people must never become members of a real business: another database, another token.
    """
    own: dict[str, object] = {"bots": {"main": SANDBOX_BOT}, "owner_ids": SANDBOX_OWNER}
    if settings.bots:
        own["bots"] = {name: f"{token.bot_id}:sandbox-{name}-bot" for name, token in settings.bots.items()}
    own["database_url"] = f"sqlite:///{settings.data_dir / SANDBOX_FILE}"
    return read_settings(quiet=False, **overrides, **own)
