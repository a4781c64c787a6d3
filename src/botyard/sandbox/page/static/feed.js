// What the bots received (updates) and did (calls), newest last, with the chat that each belongs to.

import { conversationKey, emit } from "./state.js";

const MOST_ENTRIES = 1000;

const POLLING = "getUpdates"; // a polling bot asks all the time: kept apart, it pushes nothing else out
const feeds = { updates: new Map(), calls: new Map(), polls: new Map() };
const chatOfCallback = new Map(); // callback_query_id -> chat id: answerCallbackQuery names no chat

function keep(feed, entry) {
  feed.set(entry.seq, entry);
  if (feed.size > MOST_ENTRIES) feed.delete(feed.keys().next().value);
}

/** All entries of "updates" or "calls", oldest first; calls with or without the polling. */
export function entriesOf(tab, withPolls) {
  const entries = [...feeds[tab].values()];
  if (tab !== "calls" || !withPolls) return entries;
  return [...entries, ...feeds.polls.values()].sort((one, other) => one.seq - other.seq);
}

/** After a lost connection: the sandbox may have been started anew and count from one again. */
export function forgetEntries() {
  for (const feed of Object.values(feeds)) feed.clear();
}

export function noteUpdate(entry) {
  const query = entry.update?.callback_query ?? entry.update?.pre_checkout_query;
  if (query) chatOfCallback.set(query.id, query.message?.chat?.id ?? query.from?.id);
  keep(feeds.updates, entry);
  emit("updates");
}

export function noteCall(entry) {
  keep(entry.method === POLLING ? feeds.polls : feeds.calls, entry);
  emit("calls");
}

export const updateKind = (update) =>
  Object.keys(update ?? {}).find((name) => name !== "update_id") ?? "update";

/** The conversation of an update: its chat, else the person whom it is about. */
export function updateKey(entry) {
  const payload = entry.update?.[updateKind(entry.update)] ?? {};
  const chat =
    payload.chat?.id ??
    payload.message?.chat?.id ??
    payload.user_chat_id ??
    payload.from?.id ??
    payload.user?.id;
  return chat === undefined ? null : conversationKey(chat, entry.bot);
}

export function callKey(entry) {
  const params = entry.params ?? {};
  const chat =
    params.chat_id ??
    chatOfCallback.get(params.callback_query_id ?? params.pre_checkout_query_id) ??
    entry.answer?.result?.chat?.id;
  return chat === undefined ? null : conversationKey(Number(chat), entry.bot);
}

// Fields that every message has; any other one says what kind of message it is.
const COMMON = new Set([
  "message_id",
  "from",
  "sender_chat",
  "chat",
  "date",
  "reply_to_message",
  "forward_origin",
  "media_group_id",
]);

/** A few words that tell entries of one kind apart. */
export function updateWords(entry) {
  const payload = entry.update?.[updateKind(entry.update)] ?? {};
  const { new_chat_member: member, old_chat_member: before } = payload;
  if (member?.status) return `${before?.status ?? ""} → ${member.status}`;
  const words = payload.text ?? payload.data ?? payload.caption ?? payload.query ?? payload.invoice_payload;
  const kind = payload.message_id && Object.keys(payload).find((field) => !COMMON.has(field));
  return String(words ?? kind ?? "");
}

export function callWords(entry) {
  const params = entry.params ?? {};
  if (entry.answer?.ok === false) return entry.answer.description ?? "";
  return String(
    params.text ??
      params.caption ??
      params.action ??
      params.title ??
      params.url ??
      params.menu_button?.type ??
      (params.commands ? `${[params.commands].flat().length} commands` : ""),
  );
}
