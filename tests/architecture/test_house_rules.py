"""The tree keeps the house rules, and each rule can fail."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.architecture import rules
from tests.architecture.rules import RULES, Rule, SourceFile, violations

TOP = Path(__file__).parents[2]
SKIPPED_FOLDERS = {".git", ".venv", "node_modules", "__pycache__", "data", "dist"}


def paths_of_repository() -> Iterator[str]:
    """What git knows or would add; in an archive without git, all but what tools leave behind."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0:
        yield from sorted(filter(None, set(listing.stdout.split("\0"))))
        return
    for found in sorted(TOP.rglob("*")):
        path = found.relative_to(TOP)
        if not SKIPPED_FOLDERS & set(path.parts) and not any(part.endswith("_cache") for part in path.parts):
            yield path.as_posix()


def text_files() -> Iterator[SourceFile]:
    for path in paths_of_repository():
        found = TOP / path
        if not found.is_file():  # deleted, but git has not been told yet
            continue
        content = found.read_bytes()
        if b"\0" not in content:
            yield SourceFile(path, content.decode("utf-8"))


@pytest.fixture(scope="module")
def tree() -> list[SourceFile]:
    return list(text_files())


def test_the_tree_is_seen(tree: list[SourceFile]) -> None:
    paths = {file.path for file in tree}
    assert {"Makefile", "pyproject.toml", "src/botyard/clock.py", "tests/architecture/rules.py"} <= paths


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: Rule, tree: list[SourceFile]) -> None:
    found = [str(violation) for file in tree for violation in violations(rule, file)]
    assert not found, "\n".join([rule.__doc__ or "", *found])


A_MODEL = "src/botyard/members/models.py"
A_SERVICE = "src/botyard/features/account/service.py"
A_COMMAND = "src/botyard/cli/bots.py"
A_TEST = "tests/inbox/test_inbox.py"
LONG_FUNCTION = "def total():\n" + "    x = 1\n" * 50
TEXT = rules.text_names_no_registry_secret_or_machine
A_MIGRATION = "src/botyard/db/migrations/versions/0001.py"
VENDORED = "src/botyard/console/static/vendor/htmx.js"
# Put together here, so that this file keeps the rule.
TOKEN = "123456789:" + "AA" + "h" * 33
HOST = "pypi" + ".org"

PLANTED = [
    (rules.indexes_live_in_migrations, A_MODEL, "from sqlalchemy import Index\nIndex('ix', User.name)"),
    (rules.indexes_live_in_migrations, A_MODEL, "import sqlalchemy as sa\nsa.Index('ix', 'name')"),
    (rules.indexes_live_in_migrations, A_MODEL, "name = mapped_column(String, index=True)"),
    (rules.migrations_alone_create_schema, A_TEST, "Base.metadata.create_all(engine)"),
    (rules.migrations_alone_create_schema, A_SERVICE, "connection.run_sync(metadata.create_all)"),
    (rules.time_comes_from_the_clock, A_SERVICE, "from datetime import datetime\nat = datetime.now()"),
    (rules.time_comes_from_the_clock, A_SERVICE, "from datetime import datetime as dt\nat = dt.utcnow()"),
    (rules.time_comes_from_the_clock, A_SERVICE, "import datetime\nat = datetime.datetime.now(datetime.UTC)"),
    (rules.time_comes_from_the_clock, A_SERVICE, "import time\nat = time.time()"),
    (rules.time_comes_from_the_clock, A_SERVICE, "from time import time as seconds\nat = seconds()"),
    (rules.time_comes_from_the_clock, A_MODEL, "import datetime\nat = column(default=datetime.datetime.now)"),
    (rules.work_is_committed_at_the_edge, A_SERVICE, "async def join(session):\n    await session.commit()"),
    (rules.imports_stand_at_the_top, A_SERVICE, "def join():\n    from botyard.features import access"),
    (rules.imports_stand_at_the_top, A_SERVICE, "def join():\n    if True:\n        import json"),
    (rules.imports_stand_at_the_top, A_SERVICE, "def join():\n    from botyard.sandbox import Sandbox"),
    (rules.imports_stand_at_the_top, A_COMMAND, "def up():\n    from botyard.features import account"),
    (rules.files_are_short, A_SERVICE, "x = 1\n" * 401),
    (rules.files_are_short, "src/botyard/sandbox/page/page.js", "let x;\n" * 401),
    (rules.functions_are_short, A_SERVICE, LONG_FUNCTION),
    (rules.the_public_is_documented, A_SERVICE, "async def join():\n    pass"),
    (rules.the_public_is_documented, A_MODEL, "class User:\n    pass"),
    (rules.commands_have_help, A_COMMAND, "@app.command()\ndef _sync():\n    pass"),
    (rules.only_the_command_line_prints, A_SERVICE, "print('joined')"),
    (TEXT, "requirements.txt", f"--index-url https://{HOST}/simple"),
    (TEXT, "docs/how-to.md", f"export TELEGRAM_BOT_TOKEN={TOKEN}"),
    (TEXT, "docs/how-to.md", "cd /" + "root/botyard"),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_the_rule_can_fail(rule: Rule, path: str, text: str) -> None:
    found = violations(rule, SourceFile(path, text))
    assert len(found) == 1, found


def test_every_rule_has_a_planted_case() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(RULES)


ALLOWED = [
    (rules.indexes_live_in_migrations, A_MIGRATION, "sa.Index('ix', 'name')"),
    (rules.indexes_live_in_migrations, A_MODEL, "name = column(unique=True, index=False)"),
    (rules.time_comes_from_the_clock, "src/botyard/clock.py", "import time\nat = time.time()"),
    (rules.time_comes_from_the_clock, A_SERVICE, "at = clock.now()\nlater = clock.time()"),
    (rules.work_is_committed_at_the_edge, "src/botyard/db/session.py", "session.commit()"),
    (rules.imports_stand_at_the_top, A_COMMAND, "def up():\n    from botyard.sandbox import Sandbox"),
    (rules.files_are_short, VENDORED, "let x;\n" * 401),
    (rules.functions_are_short, A_SERVICE, LONG_FUNCTION.removesuffix("    x = 1\n")),
    (
        rules.the_public_is_documented,
        A_SERVICE,
        "class A:\n    'An A.'\n    def b(self): ...\ndef _c(): ...",
    ),
    (
        rules.the_public_is_documented,
        "src/botyard/sandbox/methods/a.py",
        "@method('getMe')\ndef get_me(call): ...",
    ),
    (rules.commands_have_help, A_COMMAND, "@app.command(help='Lists bots')\ndef list_bots():\n    pass"),
    (rules.only_the_command_line_prints, A_COMMAND, "print('done')"),
    (TEXT, "README.md", "token 123456:ABC, path /srv/work/data, /network/"),
]


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED)
def test_the_rule_lets_pass_what_is_right(rule: Rule, path: str, text: str) -> None:
    assert violations(rule, SourceFile(path, text)) == []
