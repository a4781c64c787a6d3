"""Cards of posts: whatever chats and rules are called, Telegram takes the message."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from botyard import routing
from botyard.features.distribution import FEATURE, post_cards
from botyard.features.distribution.models import Copy, CopyState, Post, PostPart, PostState
from botyard.features.distribution.service.posts import Dispatch
from botyard.ids import ChatId, ChatKey
from botyard.members.member import ChatPlace
from botyard.routing.keyboard import inline_keyboard
from botyard.routing.texts import Texts
from botyard.telegram.text import TEXT_LIMIT, visible_length

WORDS = st.just("W" * 150) | st.text(st.characters(exclude_categories=["Cs"]), max_size=150)
BIG = 2**52
assert FEATURE.texts is not None
TEXTS = Texts([FEATURE.texts, Path(routing.__file__).with_name("locales")])


def say(key: str, **arguments: str | int) -> str:
    return TEXTS.format("en", key, **arguments)


@st.composite
def dispatches(draw: st.DrawFn) -> Dispatch:
    """Posts for up to 120 chats, each copy in any state."""
    state = draw(st.sampled_from([PostState.ASKING, PostState.SENT, PostState.CANCELLED]))
    post = Post(id=BIG, state=state, edition=draw(st.integers(0, 1)), deletion=draw(st.integers(0, 1)))
    kinds = draw(st.lists(st.sampled_from(["photo", "text", "poll"]), min_size=1, max_size=3))
    parts = tuple(
        PostPart(message_id=number, kind=kind, html="x" * 1020, edition=0)
        for number, kind in enumerate(kinds)
    )
    name, word, error = draw(WORDS), draw(WORDS), draw(st.none() | WORDS)
    number = draw(st.integers(0, 120))
    states = draw(st.lists(st.sampled_from(CopyState), min_size=number, max_size=number))
    copies = tuple(
        Copy(
            chat_key=BIG + place,
            rule_id=BIG,
            pattern=word,
            words=[word] * 5,
            template="<b>Signal</b> {text}",
            buttons=[],
            state=each,
            message_ids=[BIG],
            edition=0,
            deletion=0,
            error=error,
        )
        for place, each in enumerate(states)
    )
    places = {
        ChatKey(BIG + place): ChatPlace(ChatKey(BIG + place), ChatId(-1001000000001), "supergroup", name)
        for place in range(number)
    }
    return Dispatch(post, parts, copies, places)


@given(dispatches(), st.integers(0, 10**9))
def test_every_card_can_be_sent(dispatch: Dispatch, page: int) -> None:
    for card in (
        post_cards.card(say, dispatch),
        post_cards.choosing(say, dispatch, page),
        post_cards.deleting(say, dispatch),
    ):
        assert 0 < visible_length(card.html) <= TEXT_LIMIT
        rows = inline_keyboard(card.buttons)["inline_keyboard"]
        assert sum(len(row) for row in rows) <= 100
        assert all(each["text"] for row in rows for each in row)
