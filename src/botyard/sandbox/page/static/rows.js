// Which rows the list of messages has, and how they get there with as little change as possible.

import { avatar } from "./avatar.js";
import { row } from "./bubble.js";
import { el } from "./dom.js";
import { dayKey, dayLabel, fullName } from "./format.js";
import { revisionOf } from "./messages.js";
import { botsHere, openOne, view } from "./state.js";

/** {key, stamp, make} of every row; a row with a new stamp is to be made anew. */
export function entriesOf(messages, restamped, actions) {
  return itemsOf(messages).flatMap((item) => {
    const entry = entryOf(item, restamped, actions);
    return item.newDay ? [dayEntry(item), entry] : [entry];
  });
}

/** Groups albums, and marks where a day and where a run of one author begins and ends. */
function itemsOf(messages) {
  const items = [];
  for (const message of messages) {
    const previous = items.at(-1);
    const album =
      message.media_group_id && previous?.messages.at(-1).media_group_id === message.media_group_id;
    if (album) {
      previous.messages.push(message);
      continue;
    }
    const day = dayKey(message.date);
    const newDay = !previous || previous.day !== day;
    const sameAuthor =
      !newDay &&
      !message.service &&
      !previous.messages[0].service &&
      authorId(previous.messages[0]) === authorId(message);
    if (sameAuthor) previous.last = false;
    items.push({ messages: [message], day, newDay, first: !sameAuthor, last: true });
  }
  return items;
}

const authorId = (message) => message.from?.id ?? message.sender_chat?.id;

function stampOf(item, restamped) {
  const revisions = item.messages.map(
    (message) => `${revisionOf(message)}.${restamped.get(message.message_id) ?? 0}`,
  );
  return `${revisions.join()}/${item.first}/${item.last}`;
}

const entryOf = (item, restamped, actions) => ({
  key: item.messages[0].message_id,
  stamp: stampOf(item, restamped),
  make: () => row(item, actions),
});

const dayEntry = (item) => ({
  key: `day ${item.day}`,
  stamp: item.day,
  make: () => el("li.row.day", {}, el("span.service-text", {}, dayLabel(item.messages[0].date))),
});

/** Brings the list to the wanted rows: kept nodes stay where they are, changed ones are drawn anew. */
export function placeRows(list, entries, rows) {
  const wanted = new Set(entries.map((entry) => entry.key));
  for (const [key, { node }] of rows) if (!wanted.has(key)) node.remove();
  const kept = new Map();
  let cursor = list.firstChild;
  for (const { key, stamp, make } of entries) {
    const known = rows.get(key);
    const node = known?.stamp === stamp ? known.node : make();
    if (known && known.node !== node) {
      if (cursor === known.node) cursor = node;
      replaceKeepingFocus(known.node, node);
    }
    if (node === cursor) cursor = cursor.nextSibling;
    else list.insertBefore(node, cursor);
    kept.set(key, { stamp, node });
  }
  return kept;
}

function replaceKeepingFocus(old, node) {
  const at = [...old.querySelectorAll("button, a")].indexOf(document.activeElement);
  old.replaceWith(node);
  if (at >= 0) node.querySelectorAll("button, a")[at]?.focus();
}

/** What an empty conversation says. */
export function emptyNote() {
  const one = openOne();
  if (!one) return el("li.row.blank", {}, "");
  const words =
    view.open.type === "private"
      ? [
          el("h2", {}, fullName(one)),
          el("p", {}, "Nothing has been said yet. Press Start, or write something."),
        ]
      : [
          el("h2", {}, fullName(one)),
          el(
            "p",
            {},
            botsHere().length
              ? "No messages yet."
              : "No messages yet, and no bot is here. Add one under “Members and bots” in the menu above.",
          ),
        ];
  return el(
    "li.row.blank",
    {},
    el(
      "div.blank-card",
      { testid: "empty" },
      avatar(one, "large", null),
      words,
      view.open.type === "private" &&
        el("p.blank-hint", {}, "The Inspector shows what the bot gets and does."),
    ),
  );
}
