"""Answers to what a user is waiting for: pressed buttons, inline queries, checkouts."""

from __future__ import annotations

from botyard.sandbox.errors import bad_request
from botyard.sandbox.methods.registry import Call, method

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


@method("answerCallbackQuery")
def answer_callback_query(call: Call) -> bool:
    params = call.params
    query = call.world.callbacks.get(params.text("callback_query_id"))
    if query is None or query.bot is not call.bot or query.answered:
        raise bad_request(TOO_OLD)
    if query.expires <= call.world.clock.monotonic():
        raise bad_request(TOO_OLD)
    if len(params.text("text")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answered = True
    query.text = params.text("text") or None
    query.show_alert, query.url = params.flag("show_alert"), params.text("url") or None
    call.world.events.publish(
        "answer",
        {
            "callback_query_id": query.id,
            "user_id": query.user.id,
            "text": query.text,
            "show_alert": query.show_alert,
            "url": query.url,
        },
    )
    return True
