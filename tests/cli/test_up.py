"""`botyard up` as a process of its own: how it starts, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 30.0
PAUL = 1002


class Process:
    """A `botyard up` under way."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.log = folder / f"log-{time.monotonic_ns()}"
        self._out = self.log.with_suffix(".out")
        with self.log.open("wb") as log, self._out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "botyard", "up", *arguments],
                cwd=folder,
                env={"PATH": os.environ["PATH"], "BOTYARD_LOG_LEVEL": "debug"} | _source() | environment,
                stdout=out,
                stderr=log,
            )

    @property
    def said(self) -> str:
        return self._out.read_text()

    @property
    def logged(self) -> str:
        return self.log.read_text()

    def address(self) -> str:
        """Where it runs, once it says so."""
        found = _until(lambda: re.search(r"botyard is running at (\S+)", self.said), self.process)
        _until(lambda: "Stop with Ctrl-C" in self.said, self.process)
        return str(found[1])

    def end(self, number: int) -> tuple[int, float]:
        """Sends a signal; answers the exit status and how long the end took (seconds)."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(PATIENCE), time.monotonic() - began


def _source() -> dict[str, str]:
    """Tests may run on a copy of the tree: the process must run the same."""
    return {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}


def _until(true: Callable[[], Any], process: subprocess.Popen[bytes] | None = None) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < deadline, "it took too long"
        assert process is None or process.poll() is None, "the process ended"
        time.sleep(0.05)
    return found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts `botyard up` in a folder of the test's own; what still runs in the end is killed."""
    started: list[Process] = []

    def make(*arguments: str, **environment: str) -> Process:
        started.append(Process(tmp_path, *arguments, **environment))
        return started[-1]

    yield make
    for each in started:
        each.process.kill()
        each.process.wait()


def call(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """An HTTP request; the answer's status and what it says."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(
        url, data, headers or {"Content-Type": "application/json"}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def ask(url: str, text: str) -> str:
    """What the bot answers to a word of Paul's in the sandbox."""

    def replies() -> list[str]:
        _, answer = call("GET", f"{url}/sandbox/control/chats/{PAUL}/messages?bot=main")
        return [each["text"] for each in json.loads(answer) if each["from"]["is_bot"]]

    before = len(replies())
    status, answer = call(
        "POST", f"{url}/sandbox/control/messages", {"bot": "main", "user_id": PAUL, "text": text}
    )
    assert status == 200, answer
    return str(_until(lambda: replies()[before:])[0])


def test_killed_and_started_again_at_once_it_works_and_stops_cleanly(
    start: Callable[..., Process], tmp_path: Path
) -> None:
    first = start("--sandbox", "--port", "0")
    url = first.address()
    assert "Welcome, Paul Green!" in ask(url, "/start")
    assert f"{url}/sandbox/?user={PAUL}&bot=main" in first.said

    # another process must keep its hands off this file
    database = f"sqlite:///{tmp_path}/data/sandbox.db"
    second = start("--port", "0", BOTYARD_DATABASE_URL=database)
    assert second.process.wait(PATIENCE) == 1
    assert "another botyard runs on" in second.logged
    assert "Traceback" not in second.logged

    assert first.end(signal.SIGKILL)[0] == -signal.SIGKILL
    again = start("--sandbox", "--port", "0")
    url = again.address()
    began = time.monotonic()
    assert "Good to see you again, Paul Green." in ask(url, "/start")
    assert time.monotonic() - began < 5.0  # the dead process's leases would hold for ten seconds

    secret = "guess-" + "s" * 30
    header = {"X-Telegram-Bot-Api-Secret-Token": secret}
    assert call("POST", f"{url}/telegram/main/webhook", b"{}", header)[0] == 401
    status, seconds = again.end(signal.SIGINT)
    assert status == 0, again.logged
    assert seconds < 10
    assert "stopping" in again.said
    with closing(
        sqlite3.connect(tmp_path / "data" / "sandbox.db")
    ) as connection:  # given back, not left to run out
        assert connection.execute("SELECT name FROM leases WHERE holder != ''").fetchall() == []
    said = again.logged + first.logged
    assert '"event":"update"' in said  # there is a log to look at
    assert "Traceback" not in said
    for hidden in (secret, "sandbox-main-bot"):
        assert hidden not in said


def test_sigterm_stops_it_too_also_without_bots(start: Callable[..., Process]) -> None:
    process = start("--port", "0")
    url = process.address()
    assert "No bot is set yet" in process.said
    assert call("GET", f"{url}/healthz")[0] == 200
    assert call("GET", f"{url}/readyz")[0] == 200
    status, seconds = process.end(signal.SIGTERM)
    assert status == 0, process.logged
    assert seconds < 10
    assert "Traceback" not in process.logged
