// Left: who I am, and my chats.

import { chatList } from "./chatlist.js";
import { el, icon, iconButton, oncePerFrame } from "./dom.js";
import { openMenu } from "./menu.js";
import { newBot, newChat, newPerson } from "./people.js";
import { personSwitch } from "./personswitch.js";
import { on, view } from "./state.js";

export function startSidebar(place, { becomePerson, openConversation }) {
  const makeBot = () =>
    newBot((bot) => openConversation({ chatId: view.me, botId: bot.id, type: "private" }));
  const makeChat = () =>
    newChat((chat) => openConversation({ chatId: chat.id, botId: null, type: chat.type }));
  const makePerson = () => newPerson((user) => becomePerson(user.id));

  const add = iconButton("plus", "New group, channel, bot or person", {
    testid: "new",
    "aria-haspopup": "menu",
  });
  const choices = [
    { label: "New group or channel", icon: "group", testid: "new-chat", run: makeChat },
    { label: "New bot", hint: "for a program of yours", icon: "bot", testid: "new-bot", run: makeBot },
    { label: "New person", icon: "person", testid: "new-person", run: makePerson },
  ];
  add.addEventListener("click", () => openMenu(add, choices, { label: "Make something new" }));

  const person = personSwitch(becomePerson);
  const chats = chatList({ openConversation, newBot: makeBot });
  place.append(
    el(
      "header.sidebar-head",
      {},
      el("img.logo", { src: "static/logo.svg", alt: "", width: 30, height: 30 }),
      el("div.brand", {}, el("strong", {}, "Sandbox"), el("small", {}, "Bots without Telegram")),
      add,
    ),
    el("div.you", {}, person.node),
    chats.node,
    el("p.lost", { testid: "lost", role: "status" }, icon("warning"), "Connection lost. Trying again…"),
  );
  const draw = oncePerFrame(() => {
    person.draw();
    chats.draw();
    place.classList.toggle("disconnected", !view.connected);
  });
  for (const topic of ["world", "view", "summaries", "connection"]) on(topic, draw);
  draw();
}
