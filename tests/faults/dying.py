"""botyard itself on SQLite, which is killed at a commit: `python -m tests.faults.dying up`.

Once the file that `DYING` names is there, with `<number> before` or `<number> after` in it, commits are
counted, and the process gets SIGKILL just before or just after the commit of that number.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from botyard import cli

DYING = "FAULTS_DYING"
_plain_connect = sqlite3.connect


class Dying(sqlite3.Connection):
    """A connection whose commits are counted, together with those of all others."""

    count = 0

    def commit(self) -> None:
        """Commits, and dies before or after it when its time has come."""
        order = Path(os.environ[DYING])
        number, when = order.read_text().split() if order.exists() else ("", "")
        if number and self.in_transaction:
            Dying.count += 1
        is_due = number != "" and Dying.count == int(number)
        if is_due and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().commit()
        if is_due:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Has every connection be one that dies, and goes on as botyard."""
    connect: Any = partial(_plain_connect, factory=Dying)
    sqlite3.connect = connect
    cli.main()


if __name__ == "__main__":
    main()
