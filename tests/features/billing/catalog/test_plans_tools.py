"""`botyard plans` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command, botyard
from tests.features.billing.catalog.shelves import EXAMPLE

__all__ = ["botyard"]

NOTHING = {"added": 0, "changed": 0, "unchanged": 35, "archived": 0, "restored": 0, "codes": 0}


def test_a_catalog_goes_in_and_out(botyard: Command, database_url: str, tmp_path: Path) -> None:
    address = {"BOTYARD_DATABASE_URL": database_url.replace("+aiosqlite", "").replace("+psycopg", "")}
    assert "There is no plan yet" in botyard("plans", "list", **address).out
    said = botyard("plans", "import", str(EXAMPLE), "--json", **address)
    assert json.loads(said.out) == [{**NOTHING, "added": 35, "unchanged": 0, "codes": 2}]
    for ending in ("toml", "CSV"):
        copy = tmp_path / f"copy.{ending}"
        assert botyard("plans", "export", str(copy), **address).status == 0
        said = botyard("plans", "import", str(copy), "--archive-missing", "--json", **address)
        assert json.loads(said.out) == [NOTHING]
    listed = json.loads(botyard("plans", "list", "--json", **address).out)
    gold = next(each for each in listed if each["code"] == "gold-3m")
    assert (gold["pack"], gold["months"], gold["state"]) == ("gold", 3, "sold")
    assert gold["prices"] == {"GBP": 14700, "EUR": 17000, "XTR": 9500}
    table = botyard("plans", "list", **address).out
    assert "£147.00" in table
    assert "9,500 ⭐" in table


def test_mistakes_are_told_in_plain_lines(botyard: Command, sqlite_url: str, tmp_path: Path) -> None:
    address = {"BOTYARD_DATABASE_URL": sqlite_url.replace("+aiosqlite", "")}
    file = tmp_path / "plans.toml"
    file.write_text(
        '[[plan]]\ncode = "a"\n[[plan]]\ncode = "b"\ntitle = "B"\ndays = 30\nprices = { XTR = 0 }\n'
    )
    said = botyard("plans", "import", str(file), **address)
    assert said.status == 1
    assert said.err.splitlines() == [
        (
            "botyard: plan 1 (a): The title must be one line of 1 to 32 characters. It needs a length: "
            "either days, or months, or stars_subscription. It needs a price at least, such as 147.00 GBP "
            "(GBP = 14700 in a file)."
        ),
        ("botyard: plan 2 (b): The price in Stars must be 1 to 100,000. Nothing was imported."),
    ]
    assert botyard("plans", "import", str(tmp_path / "none.toml"), **address).status == 1
    assert botyard("plans", "export", str(tmp_path / "plans.txt"), **address).status == 2
