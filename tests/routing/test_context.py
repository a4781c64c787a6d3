"""What a handler's answers become: calls for the outbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from botyard.ids import BotId, BotToken, ChatId, ChatKey, UpdateId, UpdateSeq
from botyard.members.member import ChatPlace
from botyard.routing.context import Context, House
from botyard.routing.keyboard import Press
from botyard.telegram.bots import Bot
from botyard.telegram.envelope import Envelope
from botyard.telegram.outgoing import problem_in
from botyard.telegram.text import visible_length

NOW = datetime(2027, 3, 1, tzinfo=UTC)
LONG = "\n\n".join(f"<b>Part {number}.</b> " + "Words and words. " * 60 for number in range(9))
BUTTONS = [[Press("Next", "next")]]


@pytest.fixture(params=["private", "supergroup"])
def ctx(request: pytest.FixtureRequest) -> Context:
    """A message's context; answers need nothing of the house."""
    bot = Bot(BotId(1), "shop", BotToken("1:sandbox-shop"), "secret", "shop_bot")
    envelope = Envelope(update_id=UpdateId(1), kind="message", message_id=77)
    context = Context(
        cast("House", None), bot, envelope, body=b"", seq=UpdateSeq(1), received_at=NOW, now=NOW
    )
    context.chat = ChatPlace(ChatKey(5), ChatId(-5), request.param)
    return context


def params_of(ctx: Context) -> list[dict[str, Any]]:
    return [dict(call.params) for call in ctx.calls]


def test_a_short_reply_is_one_message_with_its_buttons(ctx: Context) -> None:
    ctx.reply("<b>Hello</b>", buttons=BUTTONS)
    (params,) = params_of(ctx)
    assert params["text"] == "<b>Hello</b>"
    assert params["reply_markup"]["inline_keyboard"] == [[{"text": "Next", "callback_data": "next"}]]


def test_a_long_reply_is_several_messages_each_well_formed(ctx: Context) -> None:
    ctx.reply(LONG, buttons=BUTTONS, receipt="long")
    messages = params_of(ctx)
    assert len(messages) == 3
    assert all(problem_in("sendMessage", params) is None for params in messages)
    assert sum(visible_length(params["text"]) for params in messages) > 9000
    assert all(params["text"].startswith("<b>Part") for params in messages), "cut between paragraphs"
    assert ["reply_markup" in params for params in messages] == [False, False, True]
    quoted = ["reply_parameters" in params for params in messages]
    assert quoted == [not ctx.chat.is_private, False, False]
    assert {call.receipt for call in ctx.calls} == {"long"}


def test_what_only_its_tags_make_long_stays_one_message(ctx: Context) -> None:
    ctx.reply("<b>a</b>" * 1000)
    assert len(ctx.calls) == 1
