"""The people and chats that a new sandbox starts with."""

from __future__ import annotations

from botyard.sandbox.state import ChatType, Member, Status, User
from botyard.sandbox.world import World

PEOPLE = (
    User(1001, "Olivia", "Stone", "olivia_stone", "en"),
    User(1002, "Paul", "Green", "paul_green", "en"),
    User(1003, "Ana", "Sousa", "ana_sousa", "pt"),
    User(1004, "Kenji", "Mori", "kenji_mori", "ja"),
)
GROUP = -1001000000001
CHANNEL = -1001000000002


def plant(world: World) -> None:
    """Four people, a supergroup and a channel, so that a newcomer can begin at once."""
    for person in PEOPLE:
        copy = User(person.id, person.first_name, person.last_name, person.username, person.language_code)
        world.users[person.id] = copy
    group = world.add_chat(GROUP, ChatType.SUPERGROUP, "Gold traders")
    for user_id, status in ((1001, Status.CREATOR), (1002, Status.MEMBER), (1003, Status.MEMBER)):
        group.members[user_id] = Member(world.users[user_id], status)
    channel = world.add_chat(CHANNEL, ChatType.CHANNEL, "Gold signals")
    channel.members[1001] = Member(world.users[1001], Status.CREATOR)
