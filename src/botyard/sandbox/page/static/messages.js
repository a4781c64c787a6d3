// Messages of every conversation that was opened, the last one of all others, and what is unread.

import { get } from "./control.js";
import { conversationKey, emit, openKey, view } from "./state.js";

const MOST_MESSAGES = 5000;

const histories = new Map(); // key -> {list, byId, loaded}
const lasts = new Map(); // key -> message
const unread = new Map(); // key -> number
const revisions = new WeakMap(); // message -> number, so that drawing can tell a changed one
const deliveries = new Map(); // "key:message_id" -> "pending" | "delivered"
let revision = 0;

function history(key) {
  if (!histories.has(key)) histories.set(key, { list: [], byId: new Map(), loaded: false });
  return histories.get(key);
}

export const messagesOf = (key) => history(key).list;
export const messageById = (key, id) => history(key).byId.get(id) ?? null;
export const isLoaded = (key) => history(key).loaded;
export const knowsLast = (key) => lasts.has(key);
export const lastOf = (key) => lasts.get(key) ?? null;
export const unreadOf = (key) => unread.get(key) ?? 0;
export const unreadOfPerson = (userId) =>
  [...unread].reduce((sum, [key, count]) => sum + (key.startsWith(`${userId}/`) ? count : 0), 0);
export const deliveryOf = (key, id) => deliveries.get(`${key}:${id}`) ?? null;
export const revisionOf = (message) => revisions.get(message) ?? 0;

function put(key, message) {
  revisions.set(message, ++revision);
  const { list, byId } = history(key);
  const known = byId.get(message.message_id);
  byId.set(message.message_id, message);
  if (known) list[list.indexOf(known)] = message;
  else if (!list.length || list.at(-1).message_id < message.message_id) list.push(message);
  else {
    list.push(message);
    list.sort((one, other) => one.message_id - other.message_id);
  }
  return !known;
}

/** Takes in a new or edited message of the event stream. */
export function received({ chat_id: chatId, bot, message }) {
  const key = conversationKey(chatId, bot);
  const last = lasts.get(key);
  const isNew = !message.edit_date && (!last || message.message_id > last.message_id);
  put(key, message);
  if (!last || message.message_id >= last.message_id) lasts.set(key, message);
  const seen = key === openKey() && !document.hidden;
  if (isNew && !seen && message.from?.id !== view.me && message.from?.is_bot !== false) bump(key);
  emit("messages", { key, message, isNew });
  emit("summaries");
}

function bump(key) {
  unread.set(key, unreadOf(key) + 1);
}

/** Takes a deleted message away; the list then shows the one before it. */
export function deleted({ chat_id: chatId, bot, message_id: id }) {
  const key = conversationKey(chatId, bot);
  const { list, byId, loaded } = history(key);
  const message = byId.get(id);
  if (message) {
    byId.delete(id);
    list.splice(list.indexOf(message), 1);
  }
  if (lasts.get(key)?.message_id === id) {
    if (loaded) lasts.set(key, list.at(-1) ?? null);
    else {
      lasts.delete(key);
      loadLast(chatId, bot);
    }
  }
  emit("messages", { key });
  emit("summaries");
}

export async function load(chatId, botId) {
  const key = conversationKey(chatId, botId);
  const asked = revision;
  const found = await get(`chats/${chatId}/messages`, { bot: botId, limit: MOST_MESSAGES });
  // What the event stream brought while the answer was on its way.
  const arrived = history(key).list.filter((message) => revisionOf(message) > asked);
  histories.delete(key);
  history(key).loaded = true;
  for (const message of found) if (!message.deleted) put(key, message);
  const newest = history(key).list.at(-1)?.message_id ?? 0;
  for (const message of arrived) if (message.message_id > newest) put(key, message);
  lasts.set(key, history(key).list.at(-1) ?? null);
  emit("messages", { key });
  emit("summaries");
}

export async function loadLast(chatId, botId) {
  const [message] = (await get(`chats/${chatId}/messages`, { bot: botId, limit: 1 })).filter(
    (one) => !one.deleted,
  );
  const key = conversationKey(chatId, botId);
  if ((lasts.get(key)?.message_id ?? 0) > (message?.message_id ?? 0)) return; // overtaken by the event stream
  lasts.set(key, message ?? null);
  emit("summaries");
}

/** After a lost connection nothing can be trusted: the sandbox may have been started anew. */
export function forget() {
  const open = openKey();
  for (const key of histories.keys()) if (key !== open) histories.delete(key);
  lasts.clear();
  deliveries.clear();
}

export function markRead(key) {
  if (unread.delete(key)) emit("summaries");
}

/** A person's message is ticked once when it waits for a bot and twice when a bot has it. */
export function noteDelivery(entry) {
  const message = entry.update?.message ?? entry.update?.channel_post;
  if (!message?.chat) return;
  const key = conversationKey(message.chat.id, entry.bot);
  const mark = `${key}:${message.message_id}`;
  if (deliveries.get(mark) === "delivered") return; // in a group one bot that has it is enough
  deliveries.set(mark, entry.delivered ? "delivered" : "pending");
  const drawn = history(key).byId.get(message.message_id);
  if (!drawn) return;
  revisions.set(drawn, ++revision);
  emit("messages", { key });
}
