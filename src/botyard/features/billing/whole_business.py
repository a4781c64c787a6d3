"""Who may change what is sold: admins of the whole business, in their private chat."""

from __future__ import annotations

from botyard.members.models import Role
from botyard.members.sign_in import business_role
from botyard.routing.context import Context


def refusal(ctx: Context, command: str) -> str | None:
    """Why this command, or a button or question of it, is not for this member here, as HTML; None if it is.

    Plans, codes and the ledger are the whole business's: who is an admin of one bot only changes nothing of
    them. In a group nobody else shall read them.
    """
    if not ctx.chat.is_private:
        return ctx.text("catalog-private", command=command)
    if business_role(ctx.member, ctx.now) < Role.ADMIN:
        return ctx.text("time-one-bot", bot=ctx.bot.name)
    return None
