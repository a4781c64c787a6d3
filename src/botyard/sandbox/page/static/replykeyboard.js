// The bot's keyboard above the composer (ReplyKeyboardMarkup), with one-time and resize.

import { el, icon } from "./dom.js";
import { messagesOf } from "./messages.js";
import { openKey, view } from "./state.js";

const folded = new Map(); // conversation key -> id of the message whose one-time keyboard was used or put away

/** The message whose keyboard is shown now, or null. Forced replies count: they ask for an answer. */
export function keyboardMessage() {
  const key = openKey();
  if (!key) return null;
  const messages = messagesOf(key);
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const markup = messages[index].reply_markup;
    if (!markup || markup.inline_keyboard || !isForMe(messages, messages[index], markup)) continue;
    if (markup.remove_keyboard) return null;
    if (markup.keyboard) return messages[index];
    if (markup.force_reply) return index === messages.length - 1 ? messages[index] : null;
  }
  return null;
}

/** `selective` shows it only to those who are replied to or mentioned (Bot API, ReplyKeyboardMarkup). */
function isForMe(messages, message, markup) {
  if (!markup.selective || view.open.type === "private") return true;
  const original = messages.find((one) => one.message_id === message.reply_to_message_id);
  return (
    original?.from?.id === view.me || (message.entities ?? []).some((entity) => entity.user?.id === view.me)
  );
}

export const isFolded = (message) => folded.get(openKey()) === message.message_id;
export const fold = (message) => folded.set(openKey(), message.message_id);
export const unfold = () => folded.delete(openKey());

/** The rows of buttons; `use(button)` sends what the button stands for. */
export function replyKeyboard(message, use) {
  const { keyboard, resize_keyboard: resize, one_time_keyboard: once } = message.reply_markup;
  const press = (button) => {
    if (once) fold(message);
    use(button);
  };
  return el(
    `div.reply-keyboard${resize ? ".resized" : ""}`,
    { testid: "reply-keyboard", role: "group", "aria-label": "The bot's keyboard" },
    keyboard.map((row) =>
      el(
        "div.button-row",
        {},
        row.map((one) => replyButton(typeof one === "string" ? { text: one } : one, press)),
      ),
    ),
  );
}

const SIGNS = { request_contact: "person", request_location: "pin", request_poll: "poll", web_app: "window" };

function replyButton(button, press) {
  const [kind] = Object.keys(button).filter((name) => name.startsWith("request_") || name === "web_app");
  const possible = !kind || kind === "request_contact" || kind === "request_location";
  return el(
    `button.reply-button${button.style ? `.${button.style}` : ""}`,
    {
      type: "button",
      testid: "reply-button",
      disabled: !possible,
      title: possible ? null : "This kind of button is not played in the sandbox page",
      onclick: () => press(button),
    },
    button.text,
    kind && icon(SIGNS[kind] ?? "plus", "icon corner"),
  );
}
