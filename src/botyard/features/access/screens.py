"""The screens of /access: all paid chats, one of them, its plan, and who waits for a decision."""

from __future__ import annotations

from datetime import datetime

from botyard.features.access import telling
from botyard.features.access.models import AccessChat, Mode
from botyard.features.access.rules import Verdict
from botyard.features.access.service import chats, comparing, people
from botyard.features.access.service.comparing import Plan
from botyard.ids import ChatKey
from botyard.members.chats import places_of
from botyard.routing.context import Context
from botyard.routing.keyboard import Press, Screen
from botyard.routing.texts import Html

NAMES = 15
A_PAGE = 5
UNSOLD_SHOWN = 5
LONGEST_LABEL = 40


async def list_screen(ctx: Context) -> Screen:
    """All paid chats, and what each lacks."""
    found = await chats.all_paid(ctx.session, ctx.now)
    places = await places_of(ctx.session, [ChatKey(chat.chat_key) for chat in found])
    lines, rows = [ctx.text("access-title"), ""], []
    for chat in found:
        key = ChatKey(chat.chat_key)
        count = await people.count(ctx.session, key, ctx.now)
        place = places[key]
        name = place.name
        if place.title is None and place.username is None:
            lines.append(ctx.text("access-line-unknown", id=str(place.telegram_id)))
        else:
            lines.append(
                ctx.text(
                    "access-line",
                    chat=name,
                    state=_state(chat),
                    present=count.present,
                    unlisted=count.unlisted,
                )
            )
        rows.append([Press(name[:LONGEST_LABEL], f"access:card:{key}")])
    if not found:
        lines.append(ctx.text("access-none"))
    unsold = await chats.unsold(ctx.session)
    if unsold:
        names = ", ".join(f"{each.name} ({each.telegram_id})" for each in unsold[:UNSOLD_SHOWN])
        lines += ["", ctx.text("access-unsold", count=len(unsold), names=names)]
    return Screen("\n".join(lines), rows)


async def card_screen(ctx: Context, chat: AccessChat) -> Screen:
    """One chat, and what can be done with it."""
    key = ChatKey(chat.chat_key)
    count = await people.count(ctx.session, key, ctx.now)
    place = (await places_of(ctx.session, [key]))[key]
    lines = [
        ctx.text("access-card", chat=place.name, plans=", ".join(chat.plans), mode=chat.mode.value),
        ctx.text("access-people", present=count.present, admins=count.admins, people=chat.people or 0),
    ]
    if chat.problem is not None:
        lines.append(ctx.text("access-card-problem", problem=chat.problem.value))
    if chat.compared_at is not None:
        lines.append(ctx.text("access-compared", at=_moment(chat.compared_at)))
    rows = [
        [Press(ctx.text("access-button-plan"), f"access:plan:{key}")],
        [Press(ctx.text("access-button-unlisted", count=count.unlisted), f"access:who:{key}:0")],
        [Press(ctx.text("access-button-check"), f"access:check:{key}")],
        [
            Press(
                ctx.text("access-button-single", on="yes" if chat.single_use else "no"),
                f"access:single:{key}:{'off' if chat.single_use else 'on'}",
            )
        ],
    ]
    if chat.mode is Mode.LIVE:
        rows.append([Press(ctx.text("access-button-dry"), f"access:dry:{key}")])
    return Screen("\n".join(lines), [*rows, [Press(ctx.text("access-button-all"), "access:list")]])


async def plan_screen(ctx: Context, chat: AccessChat) -> Screen:
    """Who goes, who may come, and why; and the yes that it waits for."""
    key = ChatKey(chat.chat_key)
    terms = telling.terms_of(ctx.house)
    plan = await comparing.plan(ctx.session, chat, terms, ctx.now, most=NAMES)
    place = (await places_of(ctx.session, [key]))[key]
    count = plan.count
    lines = [
        ctx.text("access-plan", chat=place.name, mode=chat.mode.value),
        "",
        ctx.text("access-plan-going", count=count.going, present=count.present),
        *(
            ctx.text(
                "access-plan-goes", id=str(each.user_id), name=each.name, why=Html(_why(ctx, each.verdict))
            )
            for each in plan.going
        ),
    ]
    if count.going > len(plan.going):
        lines.append(ctx.text("access-plan-more", count=count.going - len(plan.going)))
    lines += ["", ctx.text("access-plan-coming", count=plan.coming_count)]
    lines += [ctx.text("access-plan-unlisted", count=count.unlisted)] if count.unlisted else []
    lines += _brake_lines(ctx, chat, plan)
    rows = [[Press(ctx.text("access-button-refresh"), f"access:plan:{key}")]]
    if plan.is_dry:
        rows.insert(0, [Press(ctx.text("access-button-live"), f"access:live:{key}:{count.going}")])
    elif chat.braked_at is not None:
        label = ctx.text("access-button-approve", count=count.going)
        rows.insert(0, [Press(label, f"access:yes:{key}:{count.going}")])
    return Screen("\n".join(lines), [*rows, [Press(ctx.text("access-button-back"), f"access:card:{key}")]])


def _brake_lines(ctx: Context, chat: AccessChat, plan: Plan) -> list[str]:
    lines = []
    if plan.is_braked:
        percent = ctx.house.settings.removal_brake
        lines += ["", ctx.text("access-plan-brake", percent=percent, most=plan.brake)]
    if chat.wanted is not None:
        lines += ["", ctx.text("access-plan-wanted", id=str(chat.wanted_by))]
    return lines


def _why(ctx: Context, verdict: Verdict) -> str:
    end = verdict.due_at - ctx.house.settings.grace if verdict.due_at else None
    return ctx.text("access-why", why=verdict.why.value, end=_moment(end) if end else "")


async def who_screen(ctx: Context, chat: AccessChat, after: int) -> Screen:
    """Those about whom an admin has to decide, a few at a time."""
    key = ChatKey(chat.chat_key)
    found = await people.unlisted(ctx.session, key, after=after, most=A_PAGE + 1)
    shown = found[:A_PAGE]
    back = [Press(ctx.text("access-button-back"), f"access:card:{key}")]
    if not shown:
        return Screen(ctx.text("access-who-none"), [back])
    lines, rows = [ctx.text("access-who"), ""], []
    for row in shown:
        name = row.name or str(row.user_id)
        lines.append(ctx.text("access-who-line", id=str(row.user_id), name=name, came=row.came.value))
        rows.append(
            [
                Press(
                    f"{ctx.text(f'access-button-{word}')}: {name}"[:LONGEST_LABEL],
                    f"access:{word}:{key}:{row.user_id}",
                )
                for word in ("adopt", "remove", "ignore")
            ]
        )
    every = [
        Press(ctx.text(f"access-button-{word}-all"), f"access:{word}:{key}:all")
        for word in ("adopt", "ignore")
    ]
    if len(found) > A_PAGE:
        rows.append([Press("»", f"access:who:{key}:{shown[-1].user_id}")])
    return Screen("\n".join(lines), [*rows, every, back])


def _state(chat: AccessChat) -> str:
    if chat.problem is not None:
        return "problem"
    return "braked" if chat.braked_at is not None else chat.mode.value


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
