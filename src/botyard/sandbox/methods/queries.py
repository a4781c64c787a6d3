"""Answers to what a user is waiting for: pressed buttons, inline queries, checkouts."""

from __future__ import annotations

from botyard.sandbox.errors import bad_request
from botyard.sandbox.methods.registry import Call, method

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
MOST_RESULTS = 50


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
    shown = {"text": query.text, "show_alert": query.show_alert, "url": query.url}
    call.world.events.publish("answer", {"callback_query_id": query.id, "user_id": query.user.id, **shown})
    return True


@method("answerInlineQuery")
def answer_inline_query(call: Call) -> bool:
    results = call.params.items("results")
    if len(results) > MOST_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    ids = [result.get("id") or "" for result in results]
    if any(not 1 <= len(one.encode()) <= 64 for one in ids):
        raise bad_request("RESULT_ID_INVALID")
    if len(set(ids)) < len(ids):
        raise bad_request("RESULT_ID_DUPLICATE")
    return answer_question(call, call.params.text("inline_query_id"))


def answer_question(call: Call, question_id: str) -> bool:
    """Hands the call's parameters to whoever waits for them. Raises `ApiError` if nobody does (any more)."""
    question = call.world.questions.get(question_id)
    if question is None or question.bot is not call.bot or question.answer is not None:
        raise bad_request(TOO_OLD)
    if question.expires <= call.world.clock.monotonic():
        raise bad_request(TOO_OLD)
    question.answer = call.params.values
    question.answered.set()
    return True
