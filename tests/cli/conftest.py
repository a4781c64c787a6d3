"""Running commands of `botyard`, in this process and in one of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from botyard import cli
from botyard.cli import opening


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str


Command = Callable[..., Said]
"""`botyard("users", "list", BOTYARD_DATA_DIR="...")`: arguments and environment."""


@pytest.fixture
def botyard(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Runs a command of `botyard` in this process, in an empty folder, with these variables only."""
    monkeypatch.setattr(opening, "configure_logging", lambda *_: None)  # pytest's own stays as it is
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*arguments: str, **environment: str) -> Said:
        with monkeypatch.context() as patch:
            patch.setattr("os.environ", {"COLUMNS": "200", **environment})
            patch.setattr(sys, "argv", ["botyard", *arguments])
            capsys.readouterr()
            try:
                cli.main()
                status = 0
            except SystemExit as end:
                status = int(end.code or 0)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return run
