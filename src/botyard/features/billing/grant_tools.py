"""`botyard grant` and `botyard revoke`: a member's time from the command line."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from botyard.clock import SystemClock
from botyard.db.session import Database
from botyard.feature import Tools
from botyard.features.billing.service import granting
from botyard.features.billing.service.granting import Act, ActId, Span
from botyard.ids import UserId
from botyard.members import roles
from botyard.members.models import User

Who = Annotated[str, typer.Argument(help="Telegram id or @username.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the payment for good.")]


def grant_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard grant`."""

    def grant(
        who: Who,
        plan: Annotated[str, typer.Argument(help="The plan's code.")],
        reason: Reason,
        days: Annotated[
            int | None,
            typer.Option(
                help="So many days; by default the plan's own length.", min=1, max=granting.MOST_DAYS
            ),
        ] = None,
    ) -> None:
        """Give a member free time with a plan, after what they have. The running service tells them."""

        async def give(database: Database) -> str:
            async with database.session() as session:
                user = await _member(session, who)
                gift = await granting.choose(session, plan, Span(days=days) if days else None)
                user_id, now = UserId(user.id), SystemClock().now()
                until = await granting.give(session, tools.facts, user_id, gift, _act(reason), now)
                return f"{user.first_name} ({user.id}) has {gift.title} until {until:%Y-%m-%d %H:%M} UTC."

        typer.echo(tools.with_database(give))

    return grant


def revoke_tool(tools: Tools) -> Callable[..., None]:
    """Makes `botyard revoke`."""

    def revoke(
        who: Who, plan: Annotated[str, typer.Argument(help="The plan's code, or its pack.")], reason: Reason
    ) -> None:
        """End at once what a member has of a plan. No money goes back. The running service tells them."""

        async def end(database: Database) -> str:
            async with database.session() as session:
                user, now = await _member(session, who), SystemClock().now()
                user_id = UserId(user.id)
                pack = await granting.find_held(session, user_id, plan, now)
                await granting.revoke(session, tools.facts, user_id, pack, _act(reason), now)
                way = await granting.repeating(session, user_id, pack.pack)
                note = f" A subscription ({way}) goes on paying for it: end that too." if way else ""
                return f"{pack.title} of {user.first_name} ({user.id}) has ended.{note}"

        typer.echo(tools.with_database(end))

    return revoke


def _act(reason: str) -> Act:
    return Act(ActId(f"cli:{secrets.token_hex(8)}"), reason)


async def _member(session: AsyncSession, who: str) -> User:
    user = await roles.find_user(session, who)
    if user is None:
        raise roles.UnknownMember(f"no member is known as {who}.", remedy="See 'botyard users list'.")
    return user
