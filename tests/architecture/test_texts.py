"""Every text can be read, has one home, and is there where the code asks for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax.ast import Junk, Message

SRC = Path(__file__).parents[2] / "src" / "botyard"
FILES = sorted(SRC.rglob("*.ftl"))
ASKING = {("ctx", "text"), ("speak", "say")}
"""Calls whose first argument is the key of a text."""


def keys_of(file: Path) -> list[str]:
    return [
        entry.id.name
        for entry in FluentParser().parse(file.read_text(encoding="utf-8")).body
        if isinstance(entry, Message)
    ]


def asked_for() -> Iterator[tuple[str, str]]:
    """The keys that the code names, and where."""
    for file in sorted(SRC.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=owner), attr=name),
                    args=[ast.Constant(value=str(key)), *_],
                ) if (owner, name) in ASKING:
                    yield key, f"{file.name}:{node.lineno}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: "/".join(file.parts[-3:]))
def test_the_file_can_be_read_to_the_last_line(file: Path) -> None:
    body = FluentParser().parse(file.read_text(encoding="utf-8")).body
    assert [entry.content for entry in body if isinstance(entry, Junk)] == []


def test_no_text_has_two_homes() -> None:
    english = [key for file in FILES if file.name.startswith("en.") for key in keys_of(file)]
    assert sorted(english) == sorted(set(english))


def test_every_text_that_the_code_asks_for_is_there() -> None:
    there = {key for file in FILES if file.name.startswith("en.") for key in keys_of(file)}
    asked = dict(asked_for())
    assert len(asked) > 50
    assert {key: where for key, where in asked.items() if key not in there} == {}
