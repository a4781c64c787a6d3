// One message, or one album, as a row of the conversation.

import { avatar } from "./avatar.js";
import { el, icon, iconButton } from "./dom.js";
import { formatted } from "./entities.js";
import { completeTime, fullName, hue, preview, serviceText, timeOf } from "./format.js";
import { inlineKeyboard } from "./inlinekeyboard.js";
import { invoiceNode, mediaNode, pollNode } from "./media.js";
import { deliveryOf, messageById } from "./messages.js";
import { botById, openKey, personById, view } from "./state.js";

/** item: {messages, first, last} where first and last say whether it begins or ends a run of one author. */
export function row(item, actions) {
  const message = item.messages[0];
  if (message.service) return serviceRow(message);
  const mine = message.from?.id === view.me;
  const named = item.first && !mine && view.open?.type !== "private";
  const author = authorOf(message);
  const classes = [mine ? "mine" : "theirs", item.first && "first", item.last && "last"].filter(Boolean);
  return el(
    `li.row.${classes.join(".")}`,
    {
      testid: "message",
      data: {
        id: message.message_id,
        from: mine ? "me" : author?.is_bot || botById(author?.id) ? "bot" : "other",
      },
    },
    !mine && view.open?.type !== "private" && el("span.row-face", {}, item.last && avatar(author, "small")),
    el(
      "div.bubble-column",
      {},
      bubble(item, message, { mine, author: named ? author : null }, actions),
      inlineKeyboard(message, actions),
    ),
    tools(message, mine, actions),
  );
}

const authorOf = (message) => personById(message.from?.id) ?? message.from ?? message.sender_chat;

function serviceRow(message) {
  return el(
    "li.row.service",
    { testid: "message", data: { id: message.message_id, from: "service" } },
    el("span.service-text", { title: completeTime(message.date) }, serviceText(message)),
  );
}

function bubble(item, message, { mine, author }, actions) {
  const written = item.messages.find((one) => one.text ?? one.caption) ?? message;
  const words = written.text ?? written.caption;
  const wide = message.media || message.poll || message.invoice;
  return el(
    `div.bubble${message.media?.kind === "sticker" || message.media?.kind === "dice" ? ".bare" : ""}${wide ? ".has-media" : ""}`,
    {},
    author &&
      el(
        `div.author.${hue(author.id)}`,
        { testid: "author" },
        fullName(author),
        botById(author.id) && el("span.author-sign", {}, "bot"),
      ),
    message.forward_origin && forwarded(message.forward_origin),
    message.via_bot && el("div.forwarded", {}, `via @${message.via_bot.username}`),
    message.reply_to_message_id && quote(message, actions),
    !message.show_caption_above_media && pictures(item),
    message.invoice && invoiceNode(message.invoice),
    message.poll && pollNode(message.poll),
    words &&
      el(
        "div.text",
        { testid: "message-text", dir: "auto" },
        formatted(words, written.entities ?? written.caption_entities ?? [], actions.runCommand),
      ),
    message.show_caption_above_media && pictures(item),
    meta(message, mine),
  );
}

function pictures(item) {
  const nodes = item.messages.filter((one) => one.media).map(mediaNode);
  return nodes.length > 1
    ? el("div.album", { testid: "album", data: { size: String(Math.min(nodes.length, 4)) } }, nodes)
    : nodes;
}

function forwarded(origin) {
  const from = origin.sender_user ?? origin.sender_chat ?? origin.chat;
  return el(
    "div.forwarded",
    { testid: "forwarded" },
    "Forwarded from ",
    el("strong", {}, from ? fullName(from) : (origin.sender_user_name ?? "someone")),
  );
}

function quote(message, actions) {
  const original = messageById(openKey(), message.reply_to_message_id);
  const author = original && authorOf(original);
  return el(
    `button.quote.${hue(author?.id ?? 0)}`,
    {
      type: "button",
      testid: "reply-quote",
      onclick: () => actions.showMessage(message.reply_to_message_id),
    },
    el("strong", {}, author ? fullName(author) : "Message"),
    el("span", {}, original ? preview(original).slice(0, 100) : "Deleted message"),
  );
}

function meta(message, mine) {
  const delivery = mine ? deliveryOf(openKey(), message.message_id) : null;
  const words = delivery === "delivered" ? "The bot has it" : "Waiting for the bot";
  return el(
    "span.meta",
    { title: completeTime(message.edit_date ?? message.date) },
    message.edit_date && el("span", { testid: "edited" }, "edited "),
    el("time", {}, timeOf(message.date)),
    delivery &&
      el(
        "span.ticks",
        { testid: "delivery", data: { state: delivery }, title: words, role: "img", "aria-label": words },
        icon(delivery === "delivered" ? "ticks" : "tick"),
      ),
  );
}

function tools(message, mine, actions) {
  return el(
    "div.row-tools",
    {},
    iconButton("reply", "Reply", { testid: "reply", onclick: () => actions.reply(message) }),
    mine &&
      message.text &&
      iconButton("edit", "Edit", { testid: "edit", onclick: () => actions.edit(message) }),
    iconButton("copy", "Copy the message as JSON", {
      testid: "copy-message",
      onclick: () => actions.copyJson(message),
    }),
  );
}
