"""How a broadcast is to go, in words: quiet hours, their zone, a cap, and whether it is paid for."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time

from botyard.features.broadcasts.service.drafts import BadBroadcast, Cap, Plan
from botyard.jobs.recurrence import QuietHours, zone_named

HIGHEST_CAP, MOST_CAP_DAYS = 100, 365
FORM = "Write lines such as: quiet 22:00-08:00, zone Europe/London, cap 3 in 7 days, paid on."

_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_QUIET = re.compile(rf"({_TIME})\s*(?:-|\u2013|to|until)\s*({_TIME})")
_CAP = re.compile(r"(\d{1,3})\s+(?:in|within|per)\s+(\d{1,3})(?:\s+days?)?")
_OFF = ("off", "none", "no", "-")
_ON = ("on", "yes")


def read_options(text: str, plan: Plan) -> Plan:
    """The plan with what the lines say: `quiet 22:00-08:00`, `zone Europe/London`, `cap 3 in 7 days`.

    `paid on` has Telegram send it faster. `off` takes one away; commas may stand for line breaks. Raises
    `BadBroadcast` and `WrongRecurrence`.
    """
    lines = [" ".join(each.split()) for each in re.split(r"[\n,;]", text) if each.strip()]
    if not lines:
        raise BadBroadcast("Nothing says how it is to go.", remedy=FORM)
    for line in lines:
        word, _, value = line.partition(" ")
        plan = _with(plan, word.lower(), value, line)
    return plan


def describe_options(plan: Plan) -> str:
    """What is set, in words that `read_options` reads."""
    said = []
    if plan.quiet is not None:
        said.append(f"quiet {plan.quiet.begins:%H:%M}-{plan.quiet.ends:%H:%M}")
    said.append(f"zone {plan.zone}")
    if plan.cap is not None:
        said.append(f"cap {plan.cap.messages} in {plan.cap.days} day{'' if plan.cap.days == 1 else 's'}")
    if plan.paid:
        said.append("paid on")
    return ", ".join(said)


def _with(plan: Plan, word: str, value: str, line: str) -> Plan:
    is_off = value.lower() in _OFF
    match word:
        case "quiet" if is_off:
            return replace(plan, quiet=None)
        case "quiet" if found := _QUIET.fullmatch(value.lower()):
            return replace(plan, quiet=QuietHours(_time(found[1]), _time(found[2])))
        case "zone" if value and not is_off:
            return replace(plan, zone=zone_named(value).key)
        case "cap" if is_off:
            return replace(plan, cap=None)
        case "cap" if found := _CAP.fullmatch(value.lower()):
            return replace(plan, cap=_cap(int(found[1]), int(found[2])))
        case "paid" if is_off or value.lower() in _ON:
            return replace(plan, paid=not is_off)
    raise BadBroadcast(f"'{line[:60]}' is not understood.", remedy=FORM)


def _cap(messages: int, days: int) -> Cap:
    if not (1 <= messages <= HIGHEST_CAP and 1 <= days <= MOST_CAP_DAYS):
        raise BadBroadcast(
            f"A cap of {messages} in {days} days does not go.",
            remedy=f"1 to {HIGHEST_CAP} messages in 1 to {MOST_CAP_DAYS} days do.",
        )
    return Cap(messages, days)


def _time(written: str) -> time:
    return time.fromisoformat(written.zfill(5))
