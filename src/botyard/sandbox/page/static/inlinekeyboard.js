// The buttons under a message, and what happens when one is pressed.

import { post } from "./control.js";
import { copyText, el, icon } from "./dom.js";
import { money } from "./format.js";
import { link, safeUrl } from "./links.js";
import { openKey, on, view, world } from "./state.js";
import { alertBox, attempt, toast } from "./toast.js";

const ANSWER_PATIENCE_MS = 15000;

const waiting = new Map(); // callback_query_id -> how to end the wait
const answeredEarly = new Set(); // the answer can overtake the reply to our own request
const pressed = new Set(); // "key:message_id:data" of buttons that wait, kept over redraws

/** Rows of buttons, or false when the message has none. */
export function inlineKeyboard(message, actions) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  const hasPay = rows.some((row) => row.some((button) => button.pay));
  const pay = message.invoice &&
    !hasPay && [
      { text: `Pay ${money(message.invoice.total_amount ?? 0, message.invoice.currency)}`, pay: true },
    ];
  const all = [pay, ...rows].filter(Boolean);
  return (
    all.length > 0 &&
    el(
      "div.inline-keyboard",
      { role: "group", "aria-label": "Buttons of this message" },
      all.map((row) =>
        el(
          "div.button-row",
          {},
          row.map((button) => inlineButton(message, button, actions)),
        ),
      ),
    )
  );
}

function inlineButton(message, button, actions) {
  const spec = `.inline-button${button.style ? `.${button.style}` : ""}`;
  const props = { testid: "inline-button" };
  if (button.callback_data !== undefined) return callbackButton(message, button, spec, props, actions);
  if (button.pay)
    return plain(
      button,
      spec,
      { ...props, "data-kind": "pay", onclick: () => pay(message) },
      message.invoice?.currency === "XTR" ? "star" : "card",
    );
  if (button.copy_text) {
    const copy = () => copyText(button.copy_text.text).then(() => toast("Copied"));
    return plain(
      button,
      spec,
      { ...props, "data-kind": "copy", title: `Copies “${button.copy_text.text}”`, onclick: copy },
      "copy",
    );
  }
  const url = button.url ?? button.login_url?.url;
  if (url) {
    if (safeUrl(url))
      return link(url, spec, { ...props, "data-kind": "url" }, button.text, icon("link-out", "icon corner"));
    return plain(
      button,
      spec,
      { ...props, disabled: true, title: "Not an http, https or tg address" },
      "link-out",
    );
  }
  const why = button.web_app
    ? `Mini Apps are not opened in the sandbox: ${button.web_app.url}`
    : button.switch_inline_query !== undefined || button.switch_inline_query_current_chat !== undefined
      ? "Inline mode is not part of the sandbox page"
      : "This kind of button does nothing in the sandbox";
  return plain(
    button,
    spec,
    { ...props, disabled: true, title: why, "data-kind": button.web_app ? "web_app" : "other" },
    button.web_app ? "window" : null,
  );
}

function plain(button, spec, props, sign = null) {
  return el(
    `button${spec}`,
    { type: "button", ...props },
    el("span", {}, button.text),
    sign && icon(sign, "icon corner"),
  );
}

function callbackButton(message, button, spec, props, actions) {
  const mark = `${openKey()}:${message.message_id}:${button.callback_data}`;
  return plain(button, `${spec}${pressed.has(mark) ? ".waiting" : ""}`, {
    ...props,
    "data-kind": "callback",
    data: { callback: button.callback_data },
    onclick: () => press(message, button, mark, actions),
  });
}

async function press(message, button, mark, actions) {
  if (pressed.has(mark)) return;
  const { chatId, botId } = view.open;
  const show = (wait) => {
    if (wait) pressed.add(mark);
    else pressed.delete(mark);
    actions.redraw(message.message_id);
  };
  show(true);
  const sent = await attempt(() =>
    post("callbacks", {
      bot: botId ?? message.from?.id ?? world.bots[0]?.id,
      user_id: view.me,
      chat_id: chatId,
      message_id: message.message_id,
      data: button.callback_data,
    }),
  );
  const id = sent?.callback_query_id;
  if (!id || answeredEarly.delete(id)) {
    show(false);
    return;
  }
  const patience = setTimeout(() => {
    waiting.delete(id);
    show(false);
    toast("The bot has not answered the button press (answerCallbackQuery).", "error");
  }, ANSWER_PATIENCE_MS);
  waiting.set(id, () => {
    clearTimeout(patience);
    show(false);
  });
}

on("answer", (answer) => {
  const { callback_query_id: id, user_id: userId, text, show_alert: alert, url } = answer;
  if (waiting.has(id)) {
    waiting.get(id)();
    waiting.delete(id);
  } else answeredEarly.add(id);
  if (userId !== view.me) return;
  if (text && alert) alertBox(text);
  else if (text) toast(text);
  if (url) toast(`The bot opens ${url}`);
});

async function pay(message) {
  const { chatId, botId } = view.open;
  const { invoice } = message;
  const price = invoice ? money(invoice.total_amount ?? 0, invoice.currency) : "";
  toast(`Paying ${price}…`);
  const result = await attempt(() =>
    post("payments", {
      bot: botId ?? message.from?.id,
      user_id: view.me,
      chat_id: chatId,
      message_id: message.message_id,
    }),
  );
  if (!result) return;
  if (result.ok) toast(`Paid ${price}`);
  else alertBox(result.error ?? "The bot refused the payment.", "Payment refused");
}
