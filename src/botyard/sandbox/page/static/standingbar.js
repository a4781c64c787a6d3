// What stands at the bottom when one cannot simply write: Start, Unblock, Join, or why not.

import { setBlocked } from "./blocks.js";
import { el } from "./dom.js";
import { messagesOf } from "./messages.js";
import { join, send } from "./sending.js";
import { openKey, view } from "./state.js";
import { attempt } from "./toast.js";

/** Telegram shows Start in a private chat with no messages, and after a deep link. Null elsewhere. */
export function startBar() {
  const { open, startPayload: payload } = view;
  if (open.type !== "private" || (payload === null && messagesOf(openKey()).length > 0)) return null;
  const start = () => {
    view.startPayload = null;
    attempt(() => send({ text: payload ? `/start ${payload}` : "/start" }));
  };
  return el(
    "button.start",
    { type: "button", testid: "start-button", onclick: start },
    "Start",
    payload && el("small", {}, payload),
  );
}

/** What replaces the message field for this standing (see state.js), or null where one may write. */
export function insteadOfWriting(standing) {
  const isChannel = view.open?.type === "channel";
  switch (standing) {
    case "blocked":
      return button("Unblock bot", "unblock", () => setBlocked(view.open.botId, false));
    case "join":
      return button(isChannel ? "Join channel" : "Join group", "join", () => attempt(join));
    case "removed":
      return el("p", {}, "You were removed from this chat and cannot come back by yourself.");
    case "read":
      return el("p", {}, "Only administrators post in this channel.");
    default:
      return null;
  }
}

const button = (words, testid, onclick) =>
  el("button.button.primary.wide", { type: "button", testid, onclick }, words);
