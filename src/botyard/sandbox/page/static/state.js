// What the page knows, and who wants to hear of changes. Modules talk to each other through these topics only:
//   world (bots, users, chats) · view (who I am, what is open) · messages (detail: conversation key) · summaries
//   updates · calls · actions · answer (a callback answer) · connection

export const world = { bots: [], users: [], chats: [] };
export const view = { me: null, open: null, startPayload: null, connected: true };
/** Keys of the private chats whose person has blocked the bot; read from the my_chat_member updates. */
export const blocked = new Set();

const topics = new Map();

/** Calls the listener at every change of the topic; the answer ends that. */
export function on(topic, listener) {
  if (!topics.has(topic)) topics.set(topic, new Set());
  topics.get(topic).add(listener);
  return () => topics.get(topic).delete(listener);
}

export function emit(topic, detail) {
  for (const listener of topics.get(topic) ?? []) listener(detail);
}

export const me = () => world.users.find((user) => user.id === view.me) ?? null;
export const botById = (id) => world.bots.find((bot) => bot.id === id) ?? null;
export const chatById = (id) => world.chats.find((chat) => chat.id === id) ?? null;
export const personById = (id) => world.users.find((user) => user.id === id) ?? botById(id);

export function findBot(reference) {
  const wanted = String(reference ?? "")
    .replace(/^@/, "")
    .toLowerCase();
  return (
    world.bots.find(
      (bot) =>
        String(bot.id) === wanted ||
        bot.name?.toLowerCase() === wanted ||
        bot.username?.toLowerCase() === wanted,
    ) ?? null
  );
}

/** One key per list of messages: a private chat is kept per (user, bot), a group once. */
export const conversationKey = (chatId, botId) => (chatId > 0 ? `${chatId}/${botId}` : String(chatId));
export const openKey = () => (view.open ? conversationKey(view.open.chatId, view.open.botId) : null);

/** The bot, group or channel that is open, or null. */
export const openOne = () => (view.open?.botId ? botById(view.open.botId) : chatById(view.open?.chatId));

/** Every conversation that this person sees: a private one with each bot, then groups and channels. */
export function conversations() {
  const direct = world.bots.map((bot) => ({ chatId: view.me, botId: bot.id, type: "private" }));
  const shared = world.chats
    .filter((chat) => chat.type !== "private")
    .map((chat) => ({ chatId: chat.id, botId: null, type: chat.type }));
  return [...direct, ...shared].map((talk) => ({ ...talk, key: conversationKey(talk.chatId, talk.botId) }));
}

const PRESENT = new Set(["creator", "administrator", "member", "restricted"]);

export function membership(chat, userId) {
  return chat?.members?.find((member) => member.user_id === userId)?.status ?? "left";
}
export const isPresent = (status) => PRESENT.has(status);

/** The bots that are in the open conversation. */
export function botsHere(open = view.open) {
  if (!open) return [];
  if (open.botId !== null) return [botById(open.botId)].filter(Boolean);
  const chat = chatById(open.chatId);
  return world.bots.filter((bot) => isPresent(membership(chat, bot.id)));
}

/** What the person may do here: write, join, unblock, or only read. */
export function standing(open = view.open) {
  if (!open) return "none";
  if (open.type === "private")
    return blocked.has(conversationKey(open.chatId, open.botId)) ? "blocked" : "write";
  const status = membership(chatById(open.chatId), view.me);
  if (status === "kicked") return "removed";
  if (!isPresent(status)) return "join";
  if (open.type === "channel" && status !== "creator" && status !== "administrator") return "read";
  return "write";
}
