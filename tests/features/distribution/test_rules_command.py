"""/rules in chat, and `botyard distribute --dry-run` beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.outcomes import told
from tests.support.running import OWNER, PAUL, running

from botyard.settings import load_settings


async def test_an_admin_keeps_the_rules(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path) as house:

        async def says(text: str) -> str:
            return (await told(house, OWNER, text)).texts[0]

        assert "There is no rule yet" in await says("/rules")
        assert "Rule <b>1</b>" in await says("/rules add gold = -1001000000001 -1001000000002")
        assert "Rule <b>2</b>" in await says("/rules add gold+crypto = -1001000000001, -1001000000001")
        assert "Rule <b>3</b>" in await says(r"/rules add regex XAU[a-z]* = -1001000000002")
        listed = await says("/rules")
        assert "<code>gold+crypto</code> → " in listed
        assert "regular expression" in listed

        told_why = await says("/rules test GOLD and crypto")
        assert "2 chats" in told_why
        assert "rule 1 (gold): GOLD; also rule 2" in told_why
        assert "gold is only a part of Marigold" in await says("/rules test Marigold")
        assert "one chat" in await says("/rules test xauusd")

        assert "not with silver, bronze" in await says("/rules set 1 exclude silver, bronze")
        assert "silver forbids it" in await says("/rules test gold, silver")
        assert "switched off" in await says("/rules set 1 active off")
        assert "is deleted" in await says("/rules remove 1")
        assert "there is no rule 1" in await says("/rules remove 1")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/rules what", "say which words send"),
        ("/rules add gold", "an &#x27;=&#x27;".replace("&#x27;", "'")),
        ("/rules add gold = here", "'here' is no chat id"),
        ("/rules add gold =", "1 to 200 chats"),
        ("/rules add = -1001", "The pattern is empty"),
        ("/rules add regex ( = -1001", "regular expression was refused"),
        ("/rules set x priority 1", "named by its number"),
        ("/rules set 7 colour red", "nothing that a rule has"),
        ("/rules set 7 priority 1", "there is no rule 7"),
    ],
)
async def test_wrong_words_are_explained(sqlite_url: str, tmp_path: Path, text: str, answer: str) -> None:
    async with running(sqlite_url, tmp_path) as house:
        assert answer in (await told(house, OWNER, text)).texts[0]


async def test_rules_are_for_admins(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path) as house:
        outcome = await told(house, PAUL, "/rules add gold = -1001")
        assert outcome.how == "command:rules:denied"


def botyard(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "BOTYARD_DATABASE_URL": f"sqlite:///{folder / 'botyard.db'}", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "botyard", *arguments],
        cwd=folder,
        env=environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_the_settings_rules_answer_a_dry_run(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, tmp_path, group_map={"gold": [-1001], "gold+crypto": [-1013]}) as house:
        assert (
            house.settings.group_map
            == load_settings(
                environ={}, cwd=tmp_path, group_map={"gold": [-1001], "gold+crypto": [-1013]}
            ).group_map
        )
    found = botyard(tmp_path, "distribute", "--dry-run", "--json", "Gold & crypto")
    assert found.returncode == 0, found.stderr
    assert [(row["chat_id"], row["pattern"]) for row in json.loads(found.stdout)] == [
        (-1001, "gold"),
        (-1013, "gold+crypto"),
    ]
    assert "rule 1 (gold): Gold" in botyard(tmp_path, "distribute", "--dry-run", "Gold").stdout
    missed = botyard(tmp_path, "distribute", "--dry-run", "Marigold")
    assert missed.returncode == 1
    assert "No rule matches" in missed.stdout
    assert "gold is only a part of Marigold" in missed.stdout
    refused = botyard(tmp_path, "distribute", "gold")
    assert refused.returncode == 2
    assert "--dry-run" in refused.stderr
