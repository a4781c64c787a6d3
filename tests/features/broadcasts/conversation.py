"""Talking with the bot about broadcasts: what the tests of its chat share."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import delete, select
from tests.support.outcomes import Outcome, given, outcome_of, pressed, told
from tests.support.running import ANA, OWNER, PAUL, Running

from botyard.features.broadcasts.models import (
    Broadcast,
    BroadcastState,
    Payer,
    Recipient,
    Sale,
    Tally,
    Variant,
    Visit,
)
from botyard.features.broadcasts.service import drafts
from botyard.features.broadcasts.service.drafts import Wording
from botyard.jobs.models import Job
from botyard.members.consent import Consent

MEMBERS = (OWNER, PAUL, ANA)


async def cleared(house: Running) -> None:
    """Throws all broadcasts and consents away; all three have started the bot and want offers."""
    async with house.database.session() as session:
        await session.execute(delete(Job).where(Job.name.like("broadcasts.%")))
        for table in (Sale, Payer, Visit, Tally, Recipient, Variant, Broadcast, Consent):
            await session.execute(delete(table))
    for user_id in MEMBERS:
        await told(house, user_id, "/start")
        await told(house, user_id, "/newsletter on")


async def wrote(house: Running, user_id: int = OWNER, **content: Any) -> Outcome:
    """What became of a message of any kind."""
    answer = await house.control("POST", "messages", bot="shop", user_id=user_id, **content)
    return await outcome_of(house, answer)


async def drafted(house: Running, text: str = "Hello {first_name|friend}!", name: str = "Spring") -> int:
    """The number of a draft that was made in chat."""
    await told(house, OWNER, f"/broadcast new {name}")
    await told(house, OWNER, text)
    return (await latest(house)).id


async def ready(house: Running, **how: Any) -> int:
    """The number of a draft that was tested, too; its card is the latest message with buttons."""
    number = await drafted(house, **how)
    await pressed(house, OWNER, "Test to me")
    await is_tested(house)
    return number


async def started(house: Running, **how: Any) -> int:
    """The number of a broadcast that was started in chat."""
    number = await ready(house, **how)
    await pressed(house, OWNER, f"broadcasts:start:{number}")
    await pressed(house, OWNER, f"broadcasts:go:{number}")
    return number


async def at_once(house: Running, verb: str) -> Outcome:
    """What became of the owner's press beneath the newest broadcast's card, while calls are still made."""
    number = (await latest(house)).id
    shown = (await card(house))["message_id"]
    chat = {"id": OWNER, "type": "private", "first_name": "Olivia"}
    query = {
        "id": secrets.token_hex(8),
        "from": {"id": OWNER, "is_bot": False, "first_name": "Olivia", "language_code": "en"},
        "message": {"message_id": shown, "date": 1_800_000_000, "chat": chat},
        "chat_instance": "1",
        "data": f"broadcasts:{verb.replace('#', str(number))}",
    }
    return await given(house, callback_query=query)


async def latest(house: Running) -> Broadcast:
    """The newest broadcast."""
    async with house.database.reading() as session:
        return (await session.scalars(select(Broadcast).order_by(Broadcast.id.desc()).limit(1))).one()


async def wordings(house: Running) -> list[Wording]:
    """What the newest broadcast says."""
    async with house.database.reading() as session:
        return await drafts.wordings_of(session, await latest(house))


async def is_tested(house: Running) -> None:
    """Waits until the newest broadcast has arrived at who tests it."""

    async def is_so() -> bool:
        return (await latest(house)).tested_at is not None

    await house.until(is_so)


async def becomes(house: Running, state: BroadcastState) -> None:
    """Waits until the newest broadcast is in this state."""

    async def is_so() -> bool:
        return (await latest(house)).state is state

    await house.until(is_so)


async def shows(house: Running, *texts: str, user_id: int = OWNER) -> dict[str, Any]:
    """The bot's latest message in the member's chat that has all these in it, once there is one."""
    found: list[dict[str, Any]] = []

    async def is_there() -> bool:
        messages = [each for each in await house.replies(user_id) if not each["deleted"]]
        found[:] = [each for each in messages if all(text in each.get("text", "") for text in texts)]
        return bool(found)

    await house.until(is_there)
    return found[-1]


async def card(house: Running, *texts: str) -> dict[str, Any]:
    """The card of the newest broadcast, once it has all these in it."""
    return await shows(house, f"(no. {(await latest(house)).id})", *texts)


def labels(message: dict[str, Any]) -> list[str]:
    """What the buttons under a message, or of a call's parameters, say."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [each["text"] for row in rows for each in row]


def buttons(outcome: Outcome) -> list[str]:
    """What the buttons of the last message or edit say."""
    shown = [params for method, params in outcome.calls if method in ("sendMessage", "editMessageText")]
    return labels(shown[-1])


async def fault(house: Running, **order: Any) -> None:
    """Orders a fault of the sandbox."""
    async with house.http.post(f"{house.sandbox_url}/control/faults", json=order) as answer:
        assert answer.status < 400, await answer.text()


async def no_faults(house: Running) -> None:
    """Ends all faults."""
    async with house.http.delete(f"{house.sandbox_url}/control/faults") as answer:
        assert answer.status < 400, await answer.text()
