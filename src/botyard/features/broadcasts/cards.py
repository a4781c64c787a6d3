"""The bot's one message about a broadcast: what it is, how it goes, and what can be done with it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from datetime import timedelta

from botyard.features.broadcasts.audience_words import describe
from botyard.features.broadcasts.message import Message, MessageKind
from botyard.features.broadcasts.models import Broadcast, BroadcastState, RecipientState
from botyard.features.broadcasts.option_words import describe_options
from botyard.features.broadcasts.service.approval import waits_for_second
from botyard.features.broadcasts.service.drafts import Plan, Wording
from botyard.features.broadcasts.service.figures import Progress
from botyard.features.broadcasts.service.overview import Overview
from botyard.features.broadcasts.service.preflight import Preflight
from botyard.features.broadcasts.service.sales import SalesResult
from botyard.features.broadcasts.variant_words import describe_variant
from botyard.jobs.moment_words import describe_moment
from botyard.members.consent import Topic
from botyard.routing.keyboard import Press, Rows, Screen
from botyard.routing.texts import Html

Say = Callable[..., str]
"""Gives a text in the admin's language, as HTML: `Context.text`, for example."""

BAR = 12
EXCERPT = 160
VARIANTS_SHOWN = 10
PROBLEMS_SHOWN = 8
_TAG = re.compile(r"<[^<>]*>")


def card(say: Say, seen: Overview) -> Screen:
    """How a broadcast looks now."""
    state = seen.broadcast.state
    if state.is_new:
        return _draft(say, seen)
    if state.is_under_way:
        return _run(say, seen)
    return _rest(say, seen)


def start_question(say: Say, broadcast: Broadcast, found: Preflight) -> Screen:
    """Asks once more before it starts; or tells what stands in the way."""
    back = Press(say("broadcast-button-back"), f"broadcasts:card:{broadcast.id}")
    if not found.is_ready:
        problems = [say("broadcast-problem", what=str(each)) for each in found.problems[:PROBLEMS_SHOWN]]
        return Screen("\n".join([say("broadcast-not-ready", name=broadcast.name), "", *problems]), [[back]])
    lines = [say("broadcast-start-question", name=broadcast.name, count=found.recipients)]
    if found.duration >= timedelta(seconds=1):
        lines.append(say("broadcast-takes", time=Html(duration(say, found.duration))))
    if found.stars:
        lines.append(say("broadcast-costs", stars=found.stars))
    lines += [say("broadcast-problem", what=str(each)) for each in found.warnings[:PROBLEMS_SHOWN]]
    go = Press(say("broadcast-button-start"), f"broadcasts:go:{broadcast.id}")
    return Screen("\n".join(lines), [[go, back]])


def sure_question(say: Say, broadcast: Broadcast, key: str, verb: str) -> Screen:
    """Asks whether something that cannot be taken back is meant: the text `key`, the button's `verb`."""
    rows = [
        [
            Press(say(f"{key}-yes"), f"broadcasts:{verb}:{broadcast.id}"),
            Press(say("broadcast-button-back"), f"broadcasts:card:{broadcast.id}"),
        ]
    ]
    return Screen(say(key, name=broadcast.name), rows)


def topics(say: Say, broadcast: Broadcast) -> Screen:
    """The topics to choose from."""
    rows = [
        [Press(say("broadcast-topic-name", topic=topic), f"broadcasts:topic:{broadcast.id}:{number}")]
        for number, topic in enumerate(Topic)
    ]
    back = [Press(say("broadcast-button-back"), f"broadcasts:card:{broadcast.id}")]
    return Screen(say("broadcast-topics", name=broadcast.name), [*rows, back])


def variants(say: Say, seen: Overview) -> Screen:
    """The messages of a broadcast, each to be opened, and one more to be added."""
    number = seen.broadcast.id
    lines = [_variant_line(say, seen, each) for each in seen.wordings[:VARIANTS_SHOWN]]
    rows: list[list[Press]] = [
        [
            Press(
                say(
                    "broadcast-button-variant",
                    number=str(each.number),
                    who=describe_variant(each, seen.wordings),
                ),
                f"broadcasts:variant:{number}:{each.number}",
            )
        ]
        for each in seen.wordings
    ]
    last = [Press(say("broadcast-button-back"), f"broadcasts:card:{number}")]
    if seen.broadcast.state.is_new:
        last.insert(0, Press(say("broadcast-button-add-variant"), f"broadcasts:add:{number}"))
    text = say("broadcast-variants", name=seen.broadcast.name)
    return Screen("\n\n".join([text, *lines]), [*rows, last])


def variant(say: Say, seen: Overview, wording: Wording) -> Screen:
    """One of the messages, and what can be changed about it."""
    at = f"{seen.broadcast.id}:{wording.number}"
    rows = [
        [
            Press(say("broadcast-button-message"), f"broadcasts:message:{at}"),
            Press(say("broadcast-button-buttons"), f"broadcasts:buttons:{at}"),
        ]
    ]
    if seen.broadcast.state.is_new:
        rows.append(
            [
                Press(say("broadcast-button-who"), f"broadcasts:who:{at}"),
                Press(say("broadcast-button-remove"), f"broadcasts:remove:{at}"),
            ]
        )
    rows.append([Press(say("broadcast-button-back"), f"broadcasts:variants:{seen.broadcast.id}")])
    return Screen(_variant_line(say, seen, wording), rows)


def duration(say: Say, length: timedelta) -> str:
    """A length of time as people say it, as HTML."""
    seconds = max(1, round(length.total_seconds()))
    if seconds < 60:
        return say("broadcast-seconds", seconds=seconds)
    if seconds < 3600:
        return say("broadcast-minutes", minutes=seconds // 60, seconds=seconds % 60)
    return say("broadcast-hours", hours=seconds // 3600, minutes=seconds % 3600 // 60)


def excerpt(message: Message) -> str:
    """The beginning of what it says, as plain text."""
    text = " ".join(html.unescape(_TAG.sub("", message.html or "")).split())
    return text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"


# before


def _draft(say: Say, seen: Overview) -> Screen:
    broadcast, plan = seen.broadcast, seen.plan
    lines = [_title(say, seen), *_said(say, seen.wordings)]
    lines.append(say("broadcast-topic", topic=plan.topic))
    lines.append(say("broadcast-audience", audience=describe(plan.audience)))
    if seen.reach is not None:
        lines.append(
            say("broadcast-reach", recipients=seen.reach.recipients, unreachable=seen.reach.unreachable)
        )
    if plan != Plan(plan.name, plan.topic, plan.audience):
        lines.append(say("broadcast-options", options=describe_options(plan)))
    if broadcast.scheduled_at is not None and broadcast.state is BroadcastState.SCHEDULED:
        lines.append(say("broadcast-scheduled", at=describe_moment(broadcast.scheduled_at, plan.zone)))
    if broadcast.note:
        lines.append(say("broadcast-note", note=broadcast.note))
    if broadcast.trying_since is not None:
        lines.append(say("broadcast-trying"))
    elif seen.wordings and broadcast.tested_at is None:
        lines.append(say("broadcast-untested"))
    return Screen("\n".join(lines), _draft_buttons(say, seen))


def _draft_buttons(say: Say, seen: Overview) -> Rows:
    number = seen.broadcast.id

    def press(key: str, verb: str, *more: int) -> Press:
        return Press(
            say(f"broadcast-button-{key}"), ":".join(["broadcasts", verb, *map(str, (number, *more))])
        )

    messages = [press("message", "message", 1)]
    if len(seen.wordings) == 1:
        only = seen.wordings[0].number
        messages = [press("message", "message", only), press("buttons", "buttons", only)]
    elif seen.wordings:
        messages = []
    rows = [messages, [press("audience", "audience"), press("topic", "topics"), press("options", "options")]]
    if seen.wordings:
        rows[0].insert(0, press("test", "test"))
        rows[0].append(press("variants", "variants"))
        is_scheduled = seen.broadcast.state is not BroadcastState.DRAFT
        when = press("unschedule", "unschedule") if is_scheduled else press("schedule", "when")
        start = [] if waits_for_second(seen.broadcast) else [press("start", "start")]
        rows.append([when, *start])
    rows.append([press("drop", "drop"), _all(say)])
    return rows


def _said(say: Say, wordings: Sequence[Wording]) -> list[str]:
    if not wordings:
        return [say("broadcast-no-message")]
    if len(wordings) == 1:
        return [_what(say, wordings[0].message), *_buttons_line(say, wordings[0].message)]
    shown = [
        say(
            "broadcast-variant-short",
            who=describe_variant(each, wordings),
            what=Html(_what(say, each.message)),
        )
        for each in wordings[:VARIANTS_SHOWN]
    ]
    return [say("broadcast-several", count=len(wordings)), *shown]


def _what(say: Say, message: Message) -> str:
    kind, text = message.kind, excerpt(message)
    files = len(message.media) if kind is MessageKind.ALBUM else 1
    return say("broadcast-what" if text else "broadcast-what-plain", kind=kind, files=files, text=text)


def _buttons_line(say: Say, message: Message) -> list[str]:
    names = ", ".join(button.text for row in message.buttons for button in row)
    return [say("broadcast-buttons", names=names)] if names else []


def _variant_line(say: Say, seen: Overview, wording: Wording) -> str:
    who = describe_variant(wording, seen.wordings)
    head = say("broadcast-variant", number=str(wording.number), who=who)
    return "\n".join([head, _what(say, wording.message), *_buttons_line(say, wording.message)])


# under way, and after


def _run(say: Say, seen: Overview) -> Screen:
    progress, number = seen.progress, seen.broadcast.id
    lines = [_title(say, seen)]
    if progress is not None:
        lines += [say("broadcast-bar", bar=_bar(progress), percent=int(progress.share * 100))]
        lines += _counts(say, progress)
        if progress.left is not None:
            time = Html(duration(say, progress.left))
            lines.append(say("broadcast-speed", rate=_rate(progress), time=time))
    rows = [
        [
            Press(say("broadcast-button-pause"), f"broadcasts:pause:{number}"),
            Press(say("broadcast-button-cancel"), f"broadcasts:cancel:{number}"),
        ]
    ]
    return Screen("\n".join(lines), rows)


def _rest(say: Say, seen: Overview) -> Screen:
    broadcast, progress = seen.broadcast, seen.progress
    lines = [_title(say, seen)]
    if broadcast.state in (BroadcastState.PAUSED, BroadcastState.ASKING_AGAIN):
        lines += _said(say, seen.wordings)
    if broadcast.note:
        lines.append(say("broadcast-note", note=broadcast.note))
    if broadcast.trying_since is not None:
        lines.append(say("broadcast-trying"))
    elif broadcast.state is BroadcastState.PAUSED and broadcast.tested_at is None:
        lines.append(say("broadcast-untested-change"))
    if progress is not None:
        lines += _counts(say, progress)
    if broadcast.deleted_through is not None:
        lines.append(say("broadcast-deleting"))
    elif seen.deleted.recipients:
        lines.append(say("broadcast-deleted", count=seen.deleted.recipients))
    results = [
        say(
            "broadcast-result",
            message=_which(say, seen, each.wording) if len(seen.results) > 1 else "",
            sent=each.sent,
            clicks=each.clicks,
            left=each.left,
            started=each.started,
        )
        + _sales(say, each.sales)
        for each in seen.results[:VARIANTS_SHOWN]
    ]
    html = "\n".join([*lines, *(["", *results] if results else [])])
    return Screen(html, _rest_buttons(say, seen))


def _sales(say: Say, sold: SalesResult) -> str:
    if not sold:
        return ""
    return say(
        "broadcast-sales",
        sales=sold.sales,
        renewals=sold.renewals,
        refunds=sold.refunds,
        money=sold.sums,
    )


def _which(say: Say, seen: Overview, wording: Wording) -> Html:
    who = describe_variant(wording, [each.wording for each in seen.results])
    return Html(say("broadcast-result-of", number=str(wording.number), who=who) + " ")


def _rest_buttons(say: Say, seen: Overview) -> Rows:
    number, states = seen.broadcast.id, seen.progress.states if seen.progress else {}
    rows: list[list[Press]] = []
    if seen.broadcast.state is BroadcastState.PAUSED:
        change = f"broadcasts:variants:{number}"
        if len(seen.wordings) == 1:
            change = f"broadcasts:variant:{number}:{seen.wordings[0].number}"
        rows.append(
            [
                Press(say("broadcast-button-resume"), f"broadcasts:resume:{number}"),
                Press(say("broadcast-button-change"), change),
                Press(say("broadcast-button-cancel"), f"broadcasts:cancel:{number}"),
            ]
        )
        if seen.broadcast.tested_at is None:
            rows.insert(0, [Press(say("broadcast-button-test"), f"broadcasts:test:{number}")])
    if seen.broadcast.state is BroadcastState.ASKING_AGAIN:
        rows.append(
            [
                Press(say("broadcast-second-no-again"), f"broadcasts:pause:{number}"),
                Press(say("broadcast-button-cancel"), f"broadcasts:cancel:{number}"),
            ]
        )
    failed = states.get(RecipientState.FAILED, 0)
    if failed and seen.broadcast.state is BroadcastState.FINISHED:
        rows.append([Press(say("broadcast-button-retry", count=failed), f"broadcasts:retry:{number}")])
    if seen.deleted.is_more:
        rows.append([Press(say("broadcast-button-delete"), f"broadcasts:delete:{number}")])
    rows.append([Press(say("broadcast-button-refresh"), f"broadcasts:card:{number}"), _all(say)])
    return rows


def _title(say: Say, seen: Overview) -> str:
    broadcast = seen.broadcast
    return say("broadcast-title", id=str(broadcast.id), name=broadcast.name, state=state_of(broadcast))


def state_of(broadcast: Broadcast) -> str:
    """The state, as the texts name it: whose yes it waits for makes a difference."""
    return BroadcastState.ASKING_AGAIN if waits_for_second(broadcast) else broadcast.state


def _counts(say: Say, progress: Progress) -> list[str]:
    counts = {state.value: count for state, count in progress.states.items()}
    lines = [say("broadcast-counts", total=progress.total, **counts)]
    others = ("failed", "blocked", "unknown", "skipped")
    return lines + [say(f"broadcast-count-{each}", count=counts[each]) for each in others if counts[each]]


def _bar(progress: Progress) -> str:
    full = int(progress.share * BAR)
    return "▓" * full + "░" * (BAR - full)


def _rate(progress: Progress) -> str:
    return f"{progress.rate:.0f}" if progress.rate >= 10 else f"{progress.rate:.1f}"


def _all(say: Say) -> Press:
    return Press(say("broadcast-button-all"), "broadcasts:list:0")
