// The bot's command menu: what this person sees here by Telegram's scope rules, filtered as one types.

import { get } from "./control.js";
import { el } from "./dom.js";
import { botsHere, openKey, view } from "./state.js";

let cached = { key: null, at: 0, list: [] };
const FRESH_FOR_MS = 3000; // a role change alters the menu: do not keep it long

/** [{command, description, bot, call}]; `call` is what to send, with @username where several bots listen. */
export async function commandsHere() {
  const key = `${openKey()}/${view.me}`;
  if (cached.key === key && performance.now() - cached.at < FRESH_FOR_MS) return cached.list;
  const bots = botsHere();
  const lists = await Promise.all(
    bots.map(async (bot) => {
      const found = await get("commands", { bot: bot.id, user_id: view.me, chat_id: view.open.chatId });
      const suffix = view.open.type !== "private" && bot.username ? `@${bot.username}` : "";
      return found.map((one) => ({ ...one, bot, call: `/${one.command}${suffix}` }));
    }),
  );
  cached = { key, at: performance.now(), list: lists.flat() };
  return cached.list;
}

export function forgetCommands() {
  cached = { key: null, at: 0, list: [] };
}

/** The list above the composer. `choose(command)` gets the chosen one. */
export function commandList(choose) {
  let shown = [];
  let at = 0;
  const box = el("div.command-menu", {
    role: "listbox",
    id: "command-menu",
    testid: "command-menu",
    "aria-label": "Commands",
    hidden: true,
  });

  const mark = (index) => {
    at = (index + shown.length) % shown.length;
    [...box.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    box.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const hide = () => {
    box.hidden = true;
    shown = [];
  };
  const show = (commands, emptyWords = null) => {
    shown = commands;
    box.replaceChildren(
      ...commands.map((one, index) =>
        el(
          "div.command-option",
          {
            role: "option",
            id: `command-${index}`,
            testid: "command-option",
            "aria-selected": "false",
            onpointermove: () => mark(index),
            onclick: () => choose(one),
          },
          el("span.command-name", {}, `/${one.command}`),
          el("span.command-about", {}, one.description),
        ),
      ),
    );
    if (!commands.length && emptyWords) box.append(el("p.command-none", {}, emptyWords));
    box.hidden = !commands.length && !emptyWords;
    if (commands.length) mark(0);
  };
  return {
    box,
    show,
    hide,
    isOpen: () => !box.hidden,
    chosen: () => shown[at] ?? null,
    activeId: () => (shown.length ? `command-${at}` : null),
    move: (step) => shown.length && mark(at + step),
  };
}
