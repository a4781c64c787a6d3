"""From settings to a listening service, and down again without losing anything."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from sqlalchemy import make_url
from starlette.routing import Mount
from starlette.types import ASGIApp

from botyard import app
from botyard.cli.opening import opened
from botyard.clock import Clock, SystemClock
from botyard.console import console_url
from botyard.db import migrate
from botyard.db.leases import end_all_leases
from botyard.db.session import Database
from botyard.errors import BotyardError
from botyard.ids import UserId
from botyard.members import links, roles
from botyard.members.models import LinkPurpose, Role
from botyard.settings import Settings

if TYPE_CHECKING:
    from botyard.sandbox import Sandbox

CLOSE_SECONDS = 3
NEWCOMER = 1002
"""The sandbox's person with no role: who tries botyard starts as any customer would."""
USERNAME_SECONDS = 5.0


class PortTaken(BotyardError):
    """Something else listens there."""


class AlreadyRunning(BotyardError):
    """Another botyard runs on this SQLite file."""


class _Server(uvicorn.Server):
    """A server that tells the service of the first signal, so that work ends before connections do."""

    def __init__(self, asgi: ASGIApp) -> None:
        config = uvicorn.Config(
            asgi,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,  # the client's address is ours to find out (ingress/verify.py)
            timeout_graceful_shutdown=CLOSE_SECONDS,
        )
        super().__init__(config)
        self.asked_to_stop = asyncio.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.asked_to_stop.is_set():
            super().handle_exit(sig, frame)
        asyncio.get_running_loop().call_soon_threadsafe(self.asked_to_stop.set)


async def serve(settings: Settings) -> None:
    """Runs the service until it is asked to stop.

    Raises `PortTaken`, `AlreadyRunning` and `DatabaseUnreachable`.
    """
    with _listening(settings.host, settings.port) as listener:
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        sandbox = _new_sandbox(settings) if settings.sandbox else None
        if sandbox is not None:
            settings = _inside_the_sandbox(settings)
        url = settings.database_url.get_secret_value()
        with _alone_on(url):
            await asyncio.to_thread(migrate.upgrade, url)
            async with opened(url) as database:
                if database.is_sqlite:
                    await end_all_leases(database)
                await _serve_on(settings, database, listener, sandbox)


def _inside_the_sandbox(settings: Settings) -> Settings:
    """Telegram is the sandbox, and the public address is this one: nothing leaves the machine."""
    here = app.base_url(settings.model_copy(update={"public_url": None}))
    own = {"bot_api_url": f"{here}/sandbox", "public_url": here if settings.public_url else None}
    return settings.model_copy(update=own)


async def serve_sandbox(settings: Settings) -> None:
    """Runs the sandbox alone until it is asked to stop. Raises `PortTaken`."""
    with _listening(settings.host, settings.port) as listener:
        settings = settings.model_copy(update={"port": listener.getsockname()[1], "public_url": None})
        sandbox = _new_sandbox(settings)
        url = app.base_url(settings)
        server = _Server(sandbox.app)
        serving = await _start(server, listener)
        lines = [
            "",
            "  The Bot API sandbox is running.",
            "",
            f"    Chat      {url}/",
            f"    Bot API   {url}/bot<token>/<method>",
            f"    Control   {url}/control",
            "",
            "  Stop with Ctrl-C.",
            "",
        ]
        print("\n".join(lines), flush=True)
        await server.asked_to_stop.wait()
        await _stop(server, serving, sandbox)


async def _serve_on(
    settings: Settings, database: Database, listener: socket.socket, sandbox: Sandbox | None
) -> None:
    owned = await _make_owners(settings, database)
    extra = [Mount("/sandbox", sandbox.app)] if sandbox else []
    clock: Clock = sandbox.service_clock if sandbox else SystemClock()
    service = await app.build(settings, database, clock, extra=extra)
    # All that is loaded by now stays: a collector that looks through it again and again stops everybody.
    gc.collect()
    gc.freeze()
    server = _Server(service.asgi)
    serving = await _start(server, listener)
    working = asyncio.create_task(service.run(), name="service")
    greeting = asyncio.create_task(_greet(settings, database, service, owned=owned), name="greeting")
    await server.asked_to_stop.wait()
    print("botyard: stopping: what is under way is finished first.", flush=True)
    greeting.cancel()
    working.cancel()
    await asyncio.wait([working, greeting])
    await _stop(server, serving, sandbox)


async def _start(server: _Server, listener: socket.socket) -> asyncio.Task[None]:
    # After it has stopped, uvicorn raises the signals it caught once more: by then they have been obeyed.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    return serving


async def _stop(server: _Server, serving: asyncio.Task[None], sandbox: Sandbox | None) -> None:
    if sandbox is not None:
        await sandbox.aclose()
    server.should_exit = True
    await serving


async def _make_owners(settings: Settings, database: Database) -> bool:
    """Makes the configured ids owners; answers whether the business has an owner now."""
    now = SystemClock().now()
    async with database.session() as session:
        for user_id in settings.owner_ids:
            await roles.appoint_owner(session, UserId(user_id), now)
        return bool(await roles.staff(session, Role.OWNER))


async def _greet(settings: Settings, database: Database, service: app.Service, *, owned: bool) -> None:
    """Says where everything is, on standard output: logs go to standard error."""
    lines = ["", f"  botyard is running at {service.base_url}", ""]
    if settings.sandbox:
        name = next(iter(service.bots.values())).name
        lines.append(f"    Chat      {service.base_url}/sandbox/?user={NEWCOMER}&bot={name}")
        if settings.host not in ("127.0.0.1", "::1", "localhost"):
            lines.append("              (whoever reaches this address can act as anybody in the sandbox)")
    if owned:
        token = await _owner_sign_in(database)
        lines.append(f"    Console   {console_url(service.base_url, token)}")
        again = "send /console as Olivia" if settings.sandbox else "botyard console-link"
        lines.append(f"              (signs in once, within 5 minutes; a new one: {again})")
    elif service.bots:
        token = await _claim_token(database)
        lines.append(
            "    Nobody owns this business yet. Open this in Telegram and press Start (once, within 24 h):"
        )
        lines.append(f"              {await _claim_address(service, token)}")
    else:
        lines.append(
            '    No bot is set yet. For example: BOTYARD_BOTS=\'{"main": "<token from BotFather>"}\''
        )
    print("\n".join([*lines, "", "  Stop with Ctrl-C.", ""]), flush=True)


async def _owner_sign_in(database: Database) -> str:
    async with database.session() as session:
        owner = (await roles.staff(session, Role.OWNER))[0]
        now = SystemClock().now()
        return await links.make_link(session, LinkPurpose.CONSOLE, now, user_id=UserId(owner.id))


async def _claim_token(database: Database) -> str:
    async with database.session() as session:
        await links.withdraw_links(session, LinkPurpose.CLAIM)
        return await links.make_link(session, LinkPurpose.CLAIM, SystemClock().now())


async def _claim_address(service: app.Service, token: str) -> str:
    """A deep link to a bot. Its username is Telegram's to tell, which may take a moment."""
    for _ in range(int(USERNAME_SECONDS / 0.25)):
        for bot in service.bots.values():
            if bot.username:
                return f"https://t.me/{bot.username}?start=claim-{token}"
        await asyncio.sleep(0.25)
    return f"(Telegram has not told the bot's name yet) send it: /start claim-{token}"


def _new_sandbox(settings: Settings) -> Sandbox:
    # Its models of the Bot API take seconds and 100 MB to load: only those pay who ask for it.
    from botyard.sandbox import Sandbox  # noqa: PLC0415

    # Each start another seed: updates that begin at the last start's ids would pass for the same ones.
    sandbox = Sandbox(clock=SystemClock(), seed=secrets.randbits(64), seed_world=True)
    for name, token in settings.bots.items():
        sandbox.world.add_bot(token.reveal(), name=name)
    return sandbox


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket, so that a taken port is found before anything is started. Raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(2048)
        except OSError as error:
            raise PortTaken(
                f"cannot listen on {host} port {port}: {error.strerror}.",
                remedy="Choose another with --port or BOTYARD_PORT.",
            ) from None
        yield listener


@contextmanager
def _alone_on(url: str) -> Iterator[None]:
    """Holds the lock of an SQLite file: one process at a time, and a dead one's leases are free at once."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        yield
        return
    path = Path(f"{address.database}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(
                f"another botyard runs on {address.database}.",
                remedy="Stop it first, or set BOTYARD_DATABASE_URL to a PostgreSQL that several can share.",
            ) from None
        yield
