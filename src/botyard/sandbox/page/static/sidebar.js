// Left: who I am, and my chats.

import { avatar } from "./avatar.js";
import { el, icon, iconButton, oncePerFrame } from "./dom.js";
import { asDate, count, fullName, listTime, preview } from "./format.js";
import { lastOf, unreadOf, unreadOfPerson } from "./messages.js";
import { openMenu } from "./menu.js";
import { newBot, newChat, newPerson } from "./people.js";
import {
  botById,
  chatById,
  conversations,
  isPresent,
  me,
  membership,
  on,
  openKey,
  personById,
  view,
  world,
} from "./state.js";

const SIGNS = { private: "bot", group: "group", supergroup: "group", channel: "channel" };

export function startSidebar(place, { becomePerson, openConversation }) {
  const person = el("div.you");
  const list = el("div.chat-list", { testid: "chat-list", role: "list", "aria-label": "Chats" });
  const add = iconButton("plus", "New group, channel, bot or person", {
    testid: "new",
    "aria-haspopup": "menu",
  });
  add.addEventListener("click", () =>
    openMenu(
      add,
      [
        {
          label: "New group or channel",
          icon: "group",
          testid: "new-chat",
          run: () => newChat((chat) => openConversation({ chatId: chat.id, botId: null, type: chat.type })),
        },
        {
          label: "New bot",
          hint: "for a program of yours",
          icon: "bot",
          testid: "new-bot",
          run: () => newBot((bot) => openConversation({ chatId: view.me, botId: bot.id, type: "private" })),
        },
        {
          label: "New person",
          icon: "person",
          testid: "new-person",
          run: () => newPerson((user) => becomePerson(user.id)),
        },
      ],
      { label: "Make something new" },
    ),
  );
  place.append(
    el(
      "header.sidebar-head",
      {},
      el("img.logo", { src: "static/logo.svg", alt: "", width: 30, height: 30 }),
      el("div.brand", {}, el("strong", {}, "Sandbox"), el("small", {}, "Bots without Telegram")),
      add,
    ),
    person,
    list,
    el("p.lost", { testid: "lost", role: "status" }, icon("warning"), "Connection lost. Trying again…"),
  );
  const draw = oncePerFrame(() => {
    person.replaceChildren(personSwitch(becomePerson));
    drawList(list, openConversation);
    place.classList.toggle("disconnected", !view.connected);
  });
  for (const topic of ["world", "view", "summaries", "connection"]) on(topic, draw);
  draw();
}

function personSwitch(becomePerson) {
  const user = me();
  const others = world.users.some((one) => one.id !== view.me && unreadOfPerson(one.id) > 0);
  const button = el(
    "button.user-switch",
    {
      type: "button",
      testid: "user-switch",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": `You are ${fullName(user)}. Switch to another person`,
    },
    avatar(user, "small"),
    el("span.user-words", {}, el("small", {}, "You are"), el("span", {}, fullName(user))),
    others && el("span.dot", { title: "Another person has new messages" }),
    icon("updown"),
  );
  button.addEventListener("click", () =>
    openMenu(
      button,
      [
        ...world.users.map((one) => ({
          label: fullName(one),
          hint: [one.username && `@${one.username}`, one.id].filter(Boolean).join(" · "),
          picture: avatar(one, "small"),
          checked: one.id === view.me,
          badge: unreadOfPerson(one.id) || null,
          testid: "user-option",
          data: { user: one.id },
          run: () => becomePerson(one.id),
        })),
        "-",
        {
          label: "New person…",
          icon: "plus",
          testid: "new-person",
          run: () => newPerson((made) => becomePerson(made.id)),
        },
      ],
      { label: "Switch person", wide: true, testid: "user-menu" },
    ),
  );
  return button;
}

function drawList(list, openConversation) {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const all = conversations();
  const joined = (talk) => talk.type === "private" || isPresent(membership(chatById(talk.chatId), view.me));
  const newest = (one, other) => asDate(lastOf(other.key)?.date ?? 0) - asDate(lastOf(one.key)?.date ?? 0);
  const parts = [
    ["Bots", all.filter((talk) => talk.type === "private").sort(newest)],
    ["Groups and channels", all.filter((talk) => talk.type !== "private" && joined(talk)).sort(newest)],
    ["Not joined", all.filter((talk) => !joined(talk))],
  ].filter(([, talks]) => talks.length);
  list.replaceChildren(
    ...parts.flatMap(([title, talks]) => [
      el("h2.list-title", {}, title),
      ...talks.map((talk) => row(talk, openConversation)),
    ]),
    world.bots.length ? "" : noBots(openConversation),
  );
  if (focused) list.querySelector(`[data-key="${focused}"]`)?.focus();
}

function noBots(openConversation) {
  return el(
    "div.empty-note",
    {},
    el(
      "p",
      {},
      "No bots yet. Connect a program of yours: it gets a token and talks to this sandbox as it would to Telegram.",
    ),
    el(
      "button.button.primary",
      {
        type: "button",
        testid: "first-bot",
        onclick: () => newBot((bot) => openConversation({ chatId: view.me, botId: bot.id, type: "private" })),
      },
      "New bot",
    ),
  );
}

function row(talk, openConversation) {
  const one = talk.botId === null ? chatById(talk.chatId) : botById(talk.botId);
  const last = lastOf(talk.key);
  const unread = unreadOf(talk.key);
  const open = talk.key === openKey();
  const author =
    last && talk.type !== "private" && last.from
      ? `${fullName(personById(last.from.id) ?? last.from).split(" ")[0]}: `
      : "";
  const mine = last?.from?.id === view.me ? "You: " : author;
  return el(
    "div",
    { role: "listitem" },
    el(
      "button.chat-item",
      {
        type: "button",
        testid: "chat-item",
        "aria-current": open ? "true" : null,
        data: { key: talk.key, chat: talk.chatId, bot: talk.botId ?? "" },
        onclick: () => openConversation(talk),
      },
      avatar(one, "", SIGNS[talk.type]),
      el(
        "span.chat-words",
        {},
        el(
          "span.chat-line",
          {},
          el("span.chat-name", {}, fullName(one)),
          last && el("time", {}, listTime(last.date)),
        ),
        el(
          "span.chat-line",
          {},
          el(
            "span.chat-last",
            {},
            last
              ? [!last.service && el("span.chat-author", {}, mine), preview(last).slice(0, 120)]
              : hint(talk, one),
          ),
          unread > 0 &&
            el(
              "span.badge",
              { testid: "unread", "aria-label": count(unread, "new message") },
              unread > 99 ? "99+" : unread,
            ),
        ),
      ),
    ),
  );
}

function hint(talk, one) {
  if (talk.type === "private") return one?.username ? `@${one.username}` : "Bot";
  const people = (one?.members ?? []).filter((member) => isPresent(member.status)).length;
  return talk.type === "channel" ? count(people, "subscriber") : count(people, "member");
}
