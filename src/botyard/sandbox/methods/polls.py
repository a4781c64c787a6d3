"""Polls that bots send and stop (Bot API, sendPoll, stopPoll)."""

from __future__ import annotations

from typing import Any

from botyard.sandbox.errors import bad_request
from botyard.sandbox.methods.editing import message_to_edit
from botyard.sandbox.methods.messages import send
from botyard.sandbox.methods.registry import Call, method
from botyard.sandbox.methods.texts import formatted
from botyard.sandbox.polls import new_poll, snapshot
from botyard.sandbox.posting import show
from botyard.sandbox.rendering import message_json
from botyard.sandbox.state import Json

OPTIONS = range(1, 13)


@method("sendPoll")
def send_poll(call: Call) -> Json:
    params = call.params
    question = formatted(call, params.values, "question", "question_")
    if not 1 <= len(question.text) <= 300:
        raise bad_request(
            "poll question must be non-empty" if not question.text else "poll question is too long"
        )
    options = [_option_text(call, option) for option in params.items("options")]
    if len(options) not in OPTIONS:
        raise bad_request(
            "poll must have at least 1 option" if not options else "poll can't have more than 12 options"
        )
    anonymous = params.flag("is_anonymous", default=True)
    details = _details(call, len(options))
    poll = new_poll(
        call.world, call.bot, question=question.text, options=options, is_anonymous=anonymous, **details
    )
    return message_json(send(call, {"poll": poll.json}, permission="can_send_polls"))


def _option_text(call: Call, option: Any) -> str:
    text = formatted(call, option if isinstance(option, dict) else {"text": option}, "text", "text_").text
    if not 1 <= len(text) <= 100:
        raise bad_request(
            "poll options must be non-empty" if not text else "poll options length must not exceed 100"
        )
    return text


def _details(call: Call, option_count: int) -> Json:
    params = call.params
    details: Json = {
        "type": params.text("type") or "regular",
        "allows_multiple_answers": params.flag("allows_multiple_answers"),
        "is_closed": params.flag("is_closed"),
    }
    if details["type"] not in {"regular", "quiz"}:
        raise bad_request("unsupported poll type specified")
    correct = params.items("correct_option_ids") or _legacy_correct_option(call)
    if details["type"] == "quiz":
        if not correct or not all(isinstance(one, int) and 0 <= one < option_count for one in correct):
            raise bad_request("wrong correct option ID specified")
        details |= {"correct_option_ids": correct, "allows_revoting": False}
        explanation = formatted(call, params.values, "explanation", "explanation_").text
        if len(explanation) > 200:
            raise bad_request("poll explanation is too long")
        details |= {"explanation": explanation} if explanation else {}
    return details


def _legacy_correct_option(call: Call) -> list[int]:
    return [call.params.integer("correct_option_id")] if "correct_option_id" in call.params else []


@method("stopPoll")
def stop_poll(call: Call) -> Json:
    message = message_to_edit(call)
    poll = call.world.polls.get(message.content.get("poll", {}).get("id", ""))
    if poll is None:
        raise bad_request("message with poll to stop not found")
    if poll.json["is_closed"]:
        raise bad_request("poll has already been closed")
    poll.json["is_closed"] = True
    show(call.world, message)
    return snapshot(poll)
