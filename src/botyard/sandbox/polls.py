"""Polls: made, voted in, closed."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.rendering import user_json
from botyard.sandbox.state import Bot, Json, Poll, User
from botyard.sandbox.world import World


def new_poll(
    world: World, bot: Bot | None, *, question: str, options: list[str], is_anonymous: bool, **details: Any
) -> Poll:
    """A poll without votes. `details` are further fields of the Bot API's Poll."""
    poll_id = world.new_id()
    body: Json = {
        "id": poll_id,
        "question": question,
        "options": [
            {"persistent_id": str(number), "text": text, "voter_count": 0}
            for number, text in enumerate(options)
        ],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": is_anonymous,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": True,
        "members_only": False,
    } | details
    poll = Poll(body, bot)
    world.polls[poll_id] = poll
    return poll


def vote(world: World, poll: Poll, user: User, option_ids: list[int]) -> None:
    """Counts a user's vote (none: takes it back); the bot whose poll it is gets poll and poll_answer."""
    if option_ids:
        poll.votes[user.id] = option_ids
    else:
        poll.votes.pop(user.id, None)
    for number, option in enumerate(poll.json["options"]):
        option["voter_count"] = sum(number in chosen for chosen in poll.votes.values())
    poll.json["total_voter_count"] = len(poll.votes)
    if poll.bot is None:
        return
    if not poll.json["is_anonymous"]:
        persistent = [poll.json["options"][one]["persistent_id"] for one in option_ids]
        answer = {"poll_id": poll.json["id"], "user": user_json(user), "option_ids": option_ids}
        world.enqueue(poll.bot, "poll_answer", answer | {"option_persistent_ids": persistent})
    else:
        world.enqueue(poll.bot, "poll", snapshot(poll))


def snapshot(poll: Poll) -> Json:
    """The poll as it is now: it must not change in an update that has been sent."""
    return poll.json | {"options": [dict(option) for option in poll.json["options"]]}
