// The person's chats: with each bot, groups and channels, and those not joined.

import { avatar } from "./avatar.js";
import { el } from "./dom.js";
import { asDate, count, fullName, listTime, preview } from "./format.js";
import { lastOf, unreadOf } from "./messages.js";
import {
  botById,
  chatById,
  conversations,
  isPresent,
  membership,
  openKey,
  personById,
  view,
  world,
} from "./state.js";

export const SIGNS = { private: "bot", group: "group", supergroup: "group", channel: "channel" };

/** {node, draw}. Items stay while their words change, so that focus and a click under way are not lost. */
export function chatList({ openConversation, newBot }) {
  const node = el("div.chat-list", { testid: "chat-list", role: "list", "aria-label": "Chats" });
  const items = new Map(); // conversation key -> its item
  const welcome = noBots(newBot);

  const itemOf = (talk) => {
    if (!items.has(talk.key)) items.set(talk.key, item(talk, openConversation));
    fill(items.get(talk.key).firstChild, talk);
    return items.get(talk.key);
  };
  const draw = () => {
    const wanted = sections().flatMap(([title, talks]) => [heading(title), ...talks.map(itemOf)]);
    if (!world.bots.length) wanted.push(welcome);
    const isSame =
      wanted.length === node.childNodes.length && wanted.every((one, at) => one === node.childNodes[at]);
    if (isSame) return;
    const focused = document.activeElement; // moving a node takes its focus away
    node.replaceChildren(...wanted);
    if (node.contains(focused)) focused.focus();
  };
  return { node, draw };
}

/** [title, conversations] of every part of the list, the newest first. */
function sections() {
  const all = conversations();
  const joined = (talk) => talk.type === "private" || isPresent(membership(chatById(talk.chatId), view.me));
  const newest = (one, other) => asDate(lastOf(other.key)?.date ?? 0) - asDate(lastOf(one.key)?.date ?? 0);
  return [
    ["Bots", all.filter((talk) => talk.type === "private").sort(newest)],
    ["Groups and channels", all.filter((talk) => talk.type !== "private" && joined(talk)).sort(newest)],
    ["Not joined", all.filter((talk) => !joined(talk))],
  ].filter(([, talks]) => talks.length);
}

const headings = new Map();

function heading(title) {
  if (!headings.has(title)) headings.set(title, el("h2.list-title", {}, title));
  return headings.get(title);
}

function item(talk, openConversation) {
  const button = el("button.chat-item", {
    type: "button",
    testid: "chat-item",
    data: { key: talk.key, chat: talk.chatId, bot: talk.botId ?? "" },
    onclick: () => openConversation(talk),
  });
  return el("div", { role: "listitem" }, button);
}

function fill(button, talk) {
  const one = talk.botId === null ? chatById(talk.chatId) : botById(talk.botId);
  const last = lastOf(talk.key);
  const unread = unreadOf(talk.key);
  const words = last
    ? [el("span.chat-author", {}, authorOf(last, talk)), preview(last).slice(0, 120)]
    : hint(talk, one);
  const badge = el(
    "span.badge",
    { testid: "unread", "aria-label": count(unread, "new message") },
    unread > 99 ? "99+" : unread,
  );
  if (talk.key === openKey()) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
  button.replaceChildren(
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
      el("span.chat-line", {}, el("span.chat-last", {}, words), unread > 0 && badge),
    ),
  );
}

function authorOf(message, talk) {
  if (message.service || !message.from) return "";
  if (message.from.id === view.me) return "You: ";
  if (talk.type === "private") return "";
  return `${fullName(personById(message.from.id) ?? message.from).split(" ")[0]}: `;
}

function hint(talk, one) {
  if (talk.type === "private") return one?.username ? `@${one.username}` : "Bot";
  const people = (one?.members ?? []).filter((member) => isPresent(member.status)).length;
  return talk.type === "channel" ? count(people, "subscriber") : count(people, "member");
}

function noBots(newBot) {
  const words =
    "No bots yet. Connect a program of yours: it gets a token and talks to this sandbox as it would to Telegram.";
  return el(
    "div.empty-note",
    {},
    el("p", {}, words),
    el("button.button.primary", { type: "button", testid: "first-bot", onclick: newBot }, "New bot"),
  );
}
