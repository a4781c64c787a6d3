"""`botyard distribute --dry-run`: which rule matches a text, which chats it would reach, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from botyard.db.session import Database
from botyard.feature import Tools
from botyard.features.distribution import explaining, service
from botyard.features.distribution.service import Plan


def distribute(tools: Tools) -> Callable[..., None]:
    """The command, for `Feature.tools`."""

    def distribute(
        text: Annotated[str, typer.Argument(help="The text of the post.")],
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Required: nothing is ever sent.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Show which rules match a text, which chats it would reach, and why. Exit 1 where none does."""
        if not dry_run:
            raise typer.BadParameter("posts are sent from Telegram; here there is --dry-run only")

        async def ask(database: Database) -> Plan:
            async with database.reading() as session:
                return await service.plan(session, text)

        plan = tools.with_database(ask)
        tools.print_rows(
            [
                {
                    "chat": each.chat.name,
                    "chat_id": each.chat.telegram_id,
                    "rule": each.rule.id,
                    "pattern": each.rule.pattern,
                    "why": explaining.reason_of(each),
                }
                for each in plan.targets
            ],
            as_json=as_json,
            empty="No rule matches: this post would go nowhere.",
        )
        if plan.targets:
            return
        for miss in plan.near_misses:
            typer.echo(explaining.miss_in_words(miss, plan.rules), err=as_json)
        raise typer.Exit(1)

    return distribute
