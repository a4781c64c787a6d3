"""The bots under measurement, each a process of its own, and the databases that botyard gets."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil
import psycopg
from tests.load.fake_bot_api import TOKEN
from tests.support.postgres import own_database

SECRET = "bench-secret"
_numbers = count()


class WrongOutcome(Exception):
    """Updates or replies were lost, doubled or left undone."""


@dataclass(frozen=True, slots=True)
class Contender:
    """How to start a bot, and what must be true of its database after `updates` and a clean end."""

    name: str
    port: int
    path: str
    """Of the webhook."""
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    check: Callable[[int], None] = lambda _updates: None


class Process:
    """A running bot."""

    def __init__(self, contender: Contender, folder: Path) -> None:
        self._log = folder / f"{contender.name}-{next(_numbers)}.log".replace(" ", "-")
        self.port = contender.port
        source = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
        with self._log.open("wb") as log:
            self.started_at = perf_counter()
            self._process = subprocess.Popen(
                [sys.executable, *contender.arguments],
                cwd=folder,
                env={"PATH": os.environ["PATH"]} | source | contender.environment,
                stdout=log,
                stderr=log,
            )
        self._handle = psutil.Process(self._process.pid)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process.poll() is None

    def resident(self) -> int:
        """Bytes of memory, of the process and its children."""
        return sum(each.memory_info().rss for each in self._family())

    def cpu_seconds(self) -> float:
        """Processor time so far, of the process and its children."""
        return sum(sum(each.cpu_times()[:2]) for each in self._family())

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])

    def stop(self, *, kill: bool = False) -> None:
        """Ends it, as an operator would or as a crash would, and waits for that. Once is enough."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _family(self) -> list[psutil.Process]:
        return [self._handle, *self._handle.children(recursive=True)]


def _free_port() -> int:
    """A port on which nobody listens now."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def aiogram(bot_api_url: str, *, text: str, log_level: str, answer_first: bool = True) -> Contender:
    """The bot of `aiogram_bot.py`, which answers with `text`.

    As it comes it answers Telegram first and handles the update then, so that a crash loses it. Else
    (`answer_first=False`) its 200 means that the update is safe, as botyard's does: it has been handled.
    """
    port = _free_port()
    return Contender(
        "aiogram" if answer_first else "aiogram that answers last",
        port,
        "/webhook",
        (str(Path(__file__).with_name("aiogram_bot.py")),),
        {
            "BENCH_PORT": str(port),
            "BENCH_BOT_API_URL": bot_api_url,
            "BENCH_TOKEN": TOKEN,
            "BENCH_SECRET": SECRET,
            "BENCH_WEBHOOK_URL": "https://bench.example.com/webhook",
            "BENCH_TEXT": text,
            "BENCH_LOG_LEVEL": log_level,
            "BENCH_ANSWER_FIRST": "1" if answer_first else "0",
        },
    )


def botyard(bot_api_url: str, database: Store, *, role: str) -> Contender:
    """`botyard up` as it comes, but for its limits, which are lifted by its settings."""
    port = _free_port()
    return Contender(
        f"botyard {database.name} {role}",
        port,
        "/telegram/main/webhook",
        ("-m", "botyard", "up", "--port", str(port), "--role", role),
        {
            "BOTYARD_DATABASE_URL": database.url,
            "BOTYARD_BOTS": f'{{"main": "{TOKEN}"}}',
            "BOTYARD_BOT_API_URL": bot_api_url,
            "BOTYARD_PUBLIC_URL": "https://bench.example.com",
            "BOTYARD_WEBHOOK_SECRET": SECRET,
            **dict.fromkeys(("BOTYARD_INGRESS_RATE", "BOTYARD_SEND_RATE"), "0"),
            **dict.fromkeys(("BOTYARD_CHAT_RATE", "BOTYARD_GROUP_RATE"), "0"),
        },
        check=database.check_stored if role == "web" else database.check_done,
    )


@dataclass(frozen=True, slots=True)
class Store:
    """A database of botyard's that is empty at first."""

    name: str
    url: str
    rows: Callable[[str], list[Any]]

    def check_stored(self, updates: int) -> None:
        """Each update that was accepted is in the inbox, once. Raises `WrongOutcome`."""
        [(stored,)] = self.rows("SELECT count(*) FROM updates")
        if stored != updates:
            raise WrongOutcome(f"{self.name}: {updates} updates were accepted, {stored} are stored")

    def check_done(self, updates: int) -> None:
        """Each update is done, and its reply is sent. Raises `WrongOutcome`."""
        states = dict(self.rows("SELECT state, count(*) FROM updates GROUP BY state"))
        if states != {"done": updates}:
            raise WrongOutcome(f"{self.name}: {updates} updates were accepted, the inbox has {states}")
        calls = dict(self.rows("SELECT state, count(*) FROM outbox GROUP BY state"))
        [(replies,)] = self.rows("SELECT count(*) FROM outbox WHERE method = 'sendMessage'")
        if set(calls) != {"sent"} or replies != updates:
            raise WrongOutcome(f"{self.name}: {updates} updates, {replies} replies, the outbox has {calls}")


MakeStore = Callable[[], AbstractContextManager[Store]]


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    """A file in a folder of its own, that is removed with it."""
    own = folder / f"sqlite-{next(_numbers)}"
    own.mkdir()
    file = own / "botyard.db"

    def rows(query: str) -> list[Any]:
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute(query).fetchall()

    yield Store("SQLite", f"sqlite:///{file}", rows)
    shutil.rmtree(own)


@contextmanager
def postgres_store(server: str) -> Iterator[Store]:
    """A database on this server, that is dropped in the end."""
    with own_database(server, f"botyard_bench_{os.getpid()}_{next(_numbers)}") as address:

        def rows(query: str) -> list[Any]:
            with psycopg.connect(address) as connection:
                return connection.execute(query.encode()).fetchall()

        yield Store("PostgreSQL", address, rows)
