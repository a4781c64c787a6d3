"""An album counts as the messages that are in it, against every limit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.delivery.delivering import Post, post_office, until

from botyard.db.session import Database
from botyard.delivery.pacer import Pacer, Rates
from botyard.delivery.window import Departure, SlidingWindow
from botyard.ids import ChatKey
from botyard.outbox.models import CallState
from botyard.outbox.queue import Call, fates
from botyard.telegram.methods import messages_in


def most_in_any(places: list[tuple[float, int]], seconds: float) -> int:
    """The most messages in any window of so many seconds."""
    return max(sum(count for at, count in places if start <= at < start + seconds) for start, _ in places)


@given(st.lists(st.integers(1, 8), min_size=1, max_size=40))
@settings(max_examples=60)
def test_albums_that_fit_never_exceed_the_window(sizes: list[int]) -> None:
    window, now, places = SlidingWindow(8, 1.0), 0.0, []
    for size in sizes:
        now += window.wait(now, messages=size)
        assert window.wait(now, messages=size) == 0.0
        window.note(Departure(now, left=now, answered=now), messages=size)
        places.append((now, size))
    assert most_in_any(places, 1.0) <= 8


@given(st.lists(st.integers(1, 10), min_size=2, max_size=20))
@settings(max_examples=60)
def test_an_album_beyond_the_burst_takes_the_time_of_its_messages(sizes: list[int]) -> None:
    window, now, sent = SlidingWindow(3, 3.0), 0.0, 0
    for size in sizes[:-1]:
        now += window.wait(now, messages=size)
        window.note(Departure(now, left=now, answered=now), messages=size)
        sent += size
    now += window.wait(now, messages=sizes[-1])
    assert now >= sent - 3, "one a second in the long run, with a burst of three"


def test_an_album_waits_for_an_empty_window_where_it_never_fits() -> None:
    pacer = Pacer(Rates(0, 1, 0))
    pacer.recall(0.0, ChatKey(1), in_group=False)
    assert pacer.chat_wait(0.0, ChatKey(1), messages=1) == 0.0
    assert pacer.chat_wait(0.0, ChatKey(1), messages=10) == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize(
    ("method", "params", "messages"),
    [
        ("sendMessage", {"text": "x"}, 1),
        ("copyMessages", {"message_ids": [1, 2, 3]}, 3),
        ("forwardMessages", {"message_ids": (1, 2)}, 2),
        ("sendMediaGroup", {"media": [{}] * 10}, 10),
        ("sendMediaGroup", {"media": "[]"}, 1),
        ("copyMessages", {}, 1),
    ],
)
def test_how_many_messages_a_call_makes(method: str, params: dict[str, object], messages: int) -> None:
    assert messages_in(method, params) == messages


async def test_an_album_keeps_the_limits_and_tells_all_its_messages(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with post_office(database, enforce_limits=True) as post:
        group = await post.group(-5001)
        media = [{"type": "photo", "media": f"https://example.com/{number}.jpg"} for number in range(5)]
        album = Call(post.bot.id, "sendMediaGroup", {"media": media}, chat_key=group, receipt="album")
        await post.queue(album, post.message(group, "and one more"))
        async with post.delivering(Rates(30, 1, 20)):
            await until(lambda: has_sent(post, 2))
        calls = post.sandbox.world.calls.since(0)
        assert [call.status for call in calls] == [200, 200], "Telegram had nothing to refuse"
        async with database.read() as connection:
            (fate,) = await fates(connection, "album")
    await database.aclose()
    assert len(set(fate.message_ids)) == 5


async def has_sent(post: Post, number: int) -> bool:
    return (await post.states()).get(CallState.SENT, 0) == number
