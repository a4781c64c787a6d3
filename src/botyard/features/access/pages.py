"""/console/access: the paid chats, the plan of each with its yes, and who waits for a decision."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from botyard.console import Page, Refusal, Templates, read_form, redirect, signed_in
from botyard.errors import BotyardError
from botyard.feature import Site
from botyard.features.access import telling
from botyard.features.access.models import AccessChat
from botyard.features.access.rules import Decision
from botyard.features.access.service import chats, comparing, deciding, people
from botyard.features.access.service.deciding import Said
from botyard.ids import ChatKey, UserId
from botyard.members.audit import Actor
from botyard.members.chats import places_of

HOME = "/console/access"
NAMES = 200
PROBLEMS = {
    "no_admin": "No bot is an admin here: nobody is let in or removed.",
    "no_invite": "The bot may not invite users: nobody is let in or removed.",
    "no_restrict": "The bot may not ban users: who has paid is let in, removals wait.",
    "no_rights": "The bot may neither invite users nor ban them: nobody is let in or removed.",
    "basic_group": "This is a basic group, where nobody is let in or removed: make it a supergroup.",
}
WHYS = {
    "expired": "their paid time is over",
    "nothing_left": "what was paid was taken back",
    "decided": "an admin decided so",
}

templates = Templates(Path(__file__).with_name("templates"))


def pages(site: Site) -> Sequence[BaseRoute]:
    """The pages, for the console to show."""
    desk = _Desk(site)
    return [
        Page("/access", desk.index, title="Access"),
        Route("/access/{key:int}", desk.one),
        Route("/access/{key:int}/agree", desk.agree, methods=["POST"]),
        Route("/access/{key:int}/dry", desk.dry, methods=["POST"]),
        Route("/access/{key:int}/check", desk.check, methods=["POST"]),
        Route("/access/{key:int}/decide", desk.decide, methods=["POST"]),
    ]


class _Desk:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def index(self, request: Request) -> Response:
        """GET: all paid chats."""
        now = self._site.clock.now()
        async with self._site.database.session() as session:  # one that is new is written down
            found = await chats.all_paid(session, now)
            places = await places_of(session, [ChatKey(each.chat_key) for each in found])
            rows = [
                (
                    each,
                    places[ChatKey(each.chat_key)],
                    await people.count(session, ChatKey(each.chat_key), now),
                )
                for each in found
            ]
        return templates.show(request, "access.html", rows=rows, problems=PROBLEMS)

    async def one(self, request: Request) -> Response:
        """GET: the plan of one chat, and who waits for a decision."""
        now, terms = self._site.clock.now(), telling.terms_of(self._site)
        async with self._site.database.reading() as session:
            key = ChatKey(request.path_params["key"])
            chat = await chats.peek(session, key)
            if chat is None:
                raise _missing()
            plan = await comparing.plan(session, chat, terms, now, most=NAMES)
            unlisted = await people.unlisted(session, key, most=NAMES)
            place = (await places_of(session, [key]))[key]
        return templates.show(
            request,
            "access_chat.html",
            chat=chat,
            place=place,
            plan=plan,
            unlisted=unlisted,
            brake=terms.brake,
            problems=PROBLEMS,
            whys=WHYS,
        )

    async def agree(self, request: Request) -> Response:
        """POST: an admin's yes to the plan that he has seen: the chat goes live, or the brake is lifted."""
        form = await read_form(request)
        seen, what = form.integer("seen", least=0, most=10**9), form.text("what", most=8)
        terms = telling.terms_of(self._site)
        async with self._site.database.session() as session:
            chat = await self._chat(session, request)
            actor, now = _operator(request), self._site.clock.now()
            say_yes = deciding.go_live if what == "live" else deciding.approve
            try:
                said = await say_yes(session, chat, seen, actor, terms, now)
            except BotyardError as problem:
                return redirect(request, _address(chat), str(problem))
            if said is Said.WAITS:
                await self._ask_others(session, chat, actor, seen)
            else:
                await telling.look_at_chat(session, ChatKey(chat.chat_key), now)
        self._site.bell.ring(self._site.bots)
        notice = "Another admin has to agree." if said is Said.WAITS else "It goes on."
        return redirect(request, _address(chat), notice)

    async def _ask_others(self, session: AsyncSession, chat: AccessChat, by: Actor, seen: int) -> None:
        bot_id = await chats.keeper_of(session, ChatKey(chat.chat_key), self._site.bots)
        if bot_id is not None:
            now = self._site.clock.now()
            await telling.ask_others(self._site.texts, session, chat, bot_id, by.user_id, seen, now)

    async def dry(self, request: Request) -> Response:
        """POST: nobody is removed any more."""
        async with self._site.database.session() as session:
            chat = await self._chat(session, request)
            withdrawn = await deciding.go_dry(session, chat, _operator(request), self._site.clock.now())
        return redirect(request, _address(chat), f"Dry run. Removals taken back: {withdrawn}.")

    async def check(self, request: Request) -> Response:
        """POST: compares the chat, and asks Telegram who is there."""
        async with self._site.database.session() as session:
            chat, now = await self._chat(session, request), self._site.clock.now()
            deciding.compare_now(session, chat, _operator(request), now)
            await telling.look_at_chat(session, ChatKey(chat.chat_key), now)
        return redirect(request, _address(chat), "It is being compared.")

    async def decide(self, request: Request) -> Response:
        """POST: what is to become of somebody who came in without paying; without a member, of all."""
        form = await read_form(request)
        word = form.text("decision", most=8)
        whom = form.integer("member", least=1, most=2**52, required=False)
        if form.errors or word not in list(Decision) or (whom is None and word == Decision.REMOVE):
            raise Refusal(400, "This is no decision.", what_next="Go back, and choose one of the buttons.")
        terms, now = telling.terms_of(self._site), self._site.clock.now()
        async with self._site.database.session() as session:
            chat, decision, by = await self._chat(session, request), Decision(word), _operator(request)
            if whom is None:
                count = await deciding.decide_all(session, chat, decision, by, terms, now)
            else:
                count = await deciding.decide(session, chat, [UserId(whom)], decision, by, terms, now)
            await telling.look_at_chat(session, ChatKey(chat.chat_key), now)
        return redirect(request, _address(chat), f"Decided about {count}.")

    async def _chat(self, session: AsyncSession, request: Request) -> AccessChat:
        chat = await chats.locked(session, ChatKey(request.path_params["key"]))
        if chat is None:
            raise _missing()
        return chat


def _missing() -> Refusal:
    return Refusal(404, "No plan lets into this chat.", what_next="The list has those that there are.")


def _address(chat: AccessChat) -> str:
    return f"{HOME}/{chat.chat_key}"


def _operator(request: Request) -> Actor:
    return Actor(signed_in(request).member.id)
