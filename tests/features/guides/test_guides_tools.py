"""`botyard guides-export` and `botyard guides-import`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command, botyard

__all__ = ["botyard"]

FILE = "title,category,url\nA,Basics,https://a.example\nB,Basics,https://b.example\n"


def test_a_library_goes_out_and_in(botyard: Command, database_url: str, tmp_path: Path) -> None:
    address = {"BOTYARD_DATABASE_URL": database_url.replace("+aiosqlite", "").replace("+psycopg", "")}
    file, copy = tmp_path / "guides.csv", tmp_path / "copy.JSON"
    file.write_text(FILE)
    said = botyard("guides-import", str(file), "--json", **address)
    assert json.loads(said.out) == [{"added": 2, "changed": 0, "unchanged": 0}]
    assert botyard("guides-export", str(copy), **address).status == 0
    assert [each["title"] for each in json.loads(copy.read_text())] == ["A", "B"]
    said = botyard("guides-import", str(copy), "--json", **address)
    assert json.loads(said.out) == [{"added": 0, "changed": 0, "unchanged": 2}]


def test_mistakes_are_told_in_plain_lines(botyard: Command, sqlite_url: str, tmp_path: Path) -> None:
    address = {"BOTYARD_DATABASE_URL": sqlite_url.replace("+aiosqlite", "")}
    file = tmp_path / "guides.csv"
    file.write_text(FILE + "C,,\nD,Basics,nowhere\n")
    said = botyard("guides-import", str(file), **address)
    assert said.status == 1
    assert said.err.splitlines() == [
        "botyard: line 4: The category is missing. A guide needs a url or a body.",
        "botyard: line 5: The url must be a full address that begins with https://. Nothing was imported.",
    ]
    assert botyard("guides-import", str(tmp_path / "none.csv"), **address).status == 1
    assert botyard("guides-export", str(tmp_path / "guides.txt"), **address).status == 2


def test_a_key_given_twice_in_one_line_is_a_mistake_too(
    botyard: Command, database_url: str, tmp_path: Path
) -> None:
    address = {"BOTYARD_DATABASE_URL": database_url.replace("+aiosqlite", "").replace("+psycopg", "")}
    file = tmp_path / "guides.json"
    one = {"key": "k", "title": "A", "category": "Basics", "url": "https://a.example"}
    file.write_text(json.dumps([one, one | {"title": "B"}, one | {"key": "other"}]))
    said = botyard("guides-import", str(file), **address)
    assert said.status == 1
    assert said.err.splitlines() == [
        "botyard: entry 2: This is the guide of entry 1 again.",
        "botyard: entry 3: Title, category and language are those of entry 1. Nothing was imported.",
    ]
