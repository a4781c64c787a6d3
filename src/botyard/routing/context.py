"""What a handler gets: who writes, what he said, and the ways to answer. It never talks to the network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession

from botyard.db.session import Database
from botyard.ids import BotId, UpdateSeq, UserId
from botyard.jobs.facts import Facts, RoleChanged
from botyard.jobs.schedules import Action
from botyard.members import audit
from botyard.members.directory import Directory
from botyard.members.member import ChatPlace, Member
from botyard.members.models import Role
from botyard.observability.metrics import Metrics
from botyard.outbox.bulk import Pace
from botyard.outbox.models import OnUnknown, Priority
from botyard.outbox.queue import Call
from botyard.routing import dialogs
from botyard.routing.dialogs import DialogKey, OpenDialogs
from botyard.routing.keyboard import Rows, inline_keyboard
from botyard.routing.texts import TextArgument, Texts
from botyard.settings import Settings
from botyard.telegram.bots import Bot
from botyard.telegram.envelope import Envelope
from botyard.telegram.text import TEXT_LIMIT, split_html, utf16_length

if TYPE_CHECKING:
    from botyard.routing.registry import Registry

StatusPart = Callable[[Any], Awaitable[tuple[Sequence[str], Rows]]]
"""What a feature adds to /status: lines, and buttons beneath."""
Deny = Callable[[Any, str], Awaitable[None]]
"""Answers a member who lacks a feature (`signals`) that what he asked for needs; `""`: any paid time."""

ANSWER_WITHIN = timedelta(seconds=60)
"""A button press that waited longer has long timed out on the member's screen."""


@dataclass(frozen=True, slots=True)
class House:
    """What handlers may know of the service they run in."""

    database: Database
    registry: Registry
    texts: Texts
    directory: Directory
    open_dialogs: OpenDialogs
    facts: Facts
    bots: Mapping[BotId, Bot]
    metrics: Metrics
    actions: Mapping[str, Action]
    """What can be scheduled, by name."""
    counts_clicks: bool
    """Whether links go through the click counter: people must be able to reach `base_url` for that."""
    pace: Pace
    serves: Callable[[BotId, str], bool]
    settings: Settings
    base_url: str
    """The address under which people reach this service, without the last slash."""
    console_url: Callable[[str], str]
    """Turns the token of a one-time link into the address that signs in with it."""
    two_person_above: int | None = None
    """What reaches more members than this needs a second admin; None: nothing does."""
    status_parts: Sequence[StatusPart] = ()
    """What features add to /status."""
    deny: Deny | None = None
    """Says no to who lacks a feature, or any paid time, and offers what has it."""


class Context:
    """One update on its way through a handler. What it asks for is committed together, or not at all."""

    def __init__(
        self,
        house: House,
        bot: Bot,
        envelope: Envelope,
        *,
        body: bytes,
        seq: UpdateSeq,
        received_at: datetime,
        now: datetime,
    ) -> None:
        self.house = house
        self.bot = bot
        self.envelope = envelope
        self.body = body
        """The whole update, as Telegram sent it."""
        self.now = now
        self.args = ""
        self.calls: list[Call] = []
        self.dialog_data: dict[str, Any] = {}
        self._seq = seq
        self._received_at = received_at
        self._session: AsyncSession | None = None
        self._after_commit: list[Callable[[], None]] = []
        self._member: Member | None = None
        self._chat: ChatPlace | None = None
        self._answered = False
        self._dialog_ends = False

    # who and where

    @property
    def member(self) -> Member:
        """Who wrote or pressed. Handlers of commands, buttons and dialogs always have one."""
        assert self._member is not None, f"{self.envelope.kind} has no sender"
        return self._member

    @member.setter
    def member(self, member: Member) -> None:
        self._member = member

    @property
    def chat(self) -> ChatPlace:
        """Where it was written."""
        assert self._chat is not None, f"{self.envelope.kind} has no chat"
        return self._chat

    @chat.setter
    def chat(self, chat: ChatPlace) -> None:
        self._chat = chat

    @property
    def role(self) -> Role:
        """The member's role towards this bot now."""
        return self.member.role(self.bot.id, self.now)

    @property
    def words(self) -> list[str]:
        """The arguments, word by word."""
        return self.args.split()

    # state

    @property
    def session(self) -> AsyncSession:
        """The unit of work. It connects at its first statement and commits with the update."""
        if self._session is None:
            self._session = self.house.database.new_session()
        return self._session

    @property
    def opened_session(self) -> AsyncSession | None:
        """The session, if the handler used one."""
        return self._session

    def after_commit(self, do: Callable[[], None]) -> None:
        """Has something done once all of this is durable, and only then."""
        self._after_commit.append(do)

    def committed(self) -> None:
        """Tells those who wanted to know that the transaction is durable."""
        for do in self._after_commit:
            do()

    def audit(self, action: str, subject: str, **detail: str | int | bool | None) -> None:
        """Adds to the audit log, in the member's name."""
        audit.record(
            self.session,
            at=self.now,
            action=action,
            subject=subject,
            actor_id=self.member.id,
            bot_id=self.bot.id,
            **detail,
        )

    async def tell_role_changed(self, user_id: UserId, *, until: datetime | None = None) -> None:
        """Lets everybody know that a member's role is another one: his menu, this process's memory.

        A role that holds `until` then is told again when it ends.
        """
        await self.house.facts.tell(self.session, RoleChanged(user_id), self.now)
        if until is not None:
            await self.house.facts.tell(self.session, RoleChanged(user_id), self.now, at=until)
        self.after_commit(lambda: self.house.directory.forget(user_id))

    # answers

    def text(self, key: str, **arguments: TextArgument) -> str:
        """A text in the member's language, as HTML."""
        language = self._member.profile.language_code if self._member else None
        return self.house.texts.format(language, key, **arguments)

    def reply(self, html: str, *, buttons: Rows = (), receipt: str | None = None) -> None:
        """Queues a message to the chat; in a group it quotes the member's message.

        What is too long for one becomes several, the buttons under the last.
        """
        parts = split_html(html) if utf16_length(html) > TEXT_LIMIT else []
        messages = [_message(part) for part in parts or [html]]
        if not self.chat.is_private and self.envelope.message_id is not None:
            messages[0]["reply_parameters"] = {
                "message_id": self.envelope.message_id,
                "allow_sending_without_reply": True,
            }
        if buttons:
            messages[-1]["reply_markup"] = inline_keyboard(buttons)
        for params in messages:
            self.call("sendMessage", params, receipt=receipt)

    def edit(self, html: str, *, buttons: Rows = ()) -> None:
        """Queues a new text for the message whose button was pressed."""
        params = _message(html) | {"message_id": self.envelope.message_id}
        self.call("editMessageText", params | {"reply_markup": inline_keyboard(buttons)})

    def answer(self, text: str = "", *, alert: bool = False) -> None:
        """Queues the answer to a button press: a short plain text (200 characters), or nothing but an end."""
        if self._answered or self.envelope.query_id is None:
            return
        self._answered = True
        params = {"callback_query_id": self.envelope.query_id, "text": text[:200], "show_alert": alert}
        self.answer_query("answerCallbackQuery", params, within=ANSWER_WITHIN)

    def answer_query(self, method: str, params: dict[str, Any], *, within: timedelta) -> None:
        """Queues the answer to a question that Telegram asks with a deadline, such as a pre-checkout query.

        It goes before all else; when the time is over it is not sent at all.
        """
        self.calls.append(
            Call(
                self.bot.id,
                method,
                params,
                priority=Priority.ANSWER,
                on_unknown=OnUnknown.REPEAT,
                expires_at=self._received_at + within,
                update_seq=self._seq,
            )
        )

    def call(
        self,
        method: str,
        params: dict[str, Any],
        *,
        priority: Priority = Priority.REPLY,
        on_unknown: OnUnknown = OnUnknown.LEAVE,
        receipt: str | None = None,
    ) -> None:
        """Queues any Bot API method for this chat (`chat_id` is filled in at the moment of sending).

        What becomes of it can be asked under its `receipt`: see `outbox.queue.fates`.
        """
        self.calls.append(
            Call(
                self.bot.id,
                method,
                params,
                chat_key=self.chat.key,
                priority=priority,
                on_unknown=on_unknown,
                update_seq=self._seq,
                receipt=receipt,
            )
        )

    def queue(self, call: Call) -> None:
        """Queues a call that was made elsewhere, as one of this update's."""
        self.calls.append(replace(call, update_seq=self._seq))

    # dialogs

    @property
    def dialog_key(self) -> DialogKey:
        """Where this member is asked, and answers."""
        return DialogKey(self.bot.id, self.chat.key, self.member.id)

    @property
    def ended_dialog(self) -> DialogKey | None:
        """The dialog that ends with this update, if one is open."""
        return self.dialog_key if self._dialog_ends else None

    def end_dialog(self) -> None:
        """The question that was open does not wait any more."""
        self._dialog_ends = True

    async def close_dialog(self) -> bool:
        """Closes the member's open question here; False if none was open."""
        if not await self.house.open_dialogs.is_open(self.dialog_key):
            return False
        return await dialogs.take_dialog(self.session, self.dialog_key, self.now) is not None

    async def ask(self, step: str, **data: Any) -> None:
        """Waits for the member's next message here: it goes to `@dialog_step(step)` with `dialog_data`.

        With `album`, the id of one, it waits for further parts of that only.
        """
        self._dialog_ends = False  # the new one takes the place of the old
        await dialogs.open_dialog(self.session, self.dialog_key, step, data, self.now)


def _message(html: str) -> dict[str, Any]:
    return {"text": html, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
