"""`botyard distribute`: where a post would go. Nothing here sends."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from botyard.db.session import Database
from botyard.feature import Tools
from botyard.features.distribution.near_misses import NearMiss
from botyard.features.distribution.service.explaining import explain
from botyard.features.distribution.service.plans import Plan, RuleMatch, Target, plan


def distribute(tools: Tools) -> Callable[..., None]:
    """The command `botyard distribute`. It exits 1 if the text goes nowhere."""

    def distribute(
        text: Annotated[str, typer.Argument(help="The text of a post; - reads it from standard input.")],
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell where it would go.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Tell which rules a post matches, which chats it would reach, and why. Nothing is sent."""
        if not dry_run:
            raise typer.BadParameter(
                "posting is done in chat: send the post to a bot. Here you can only look, with --dry-run"
            )
        post = sys.stdin.read() if text == "-" else text

        async def look(database: Database) -> Plan:
            async with database.reading() as session:
                return await plan(session, post, thorough=True)

        found = tools.with_database(look)
        if as_json:
            typer.echo(json.dumps(_as_json(found), ensure_ascii=False, indent=2))
        else:
            typer.echo("\n".join(explain(found)))
        if not found.targets:
            raise typer.Exit(1)

    return distribute


def _as_json(found: Plan) -> dict[str, Any]:
    return {
        "targets": [_target(each) for each in found.targets],
        "matches": [_match(each) for each in found.matches],
        "near_misses": [_miss(each) for each in found.near_misses],
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "chat": target.chat.telegram_id,
        "name": target.chat.name,
        "rule": target.rule_id,
        "pattern": target.pattern,
        "also": list(target.also),
    }


def _match(match: RuleMatch) -> dict[str, Any]:
    return {
        "rule": match.rule_id,
        "pattern": match.pattern,
        "hits": [{"start": hit.start, "end": hit.end, "word": hit.word} for hit in match.hits],
        "chats": [chat.telegram_id for chat in match.chats],
    }


def _miss(miss: NearMiss) -> dict[str, Any]:
    return {
        "rule": miss.rule_id,
        "kind": miss.kind.value,
        "wanted": list(miss.wanted),
        "seen": list(miss.seen),
    }
