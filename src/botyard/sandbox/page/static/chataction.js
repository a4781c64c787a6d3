// What a bot says that it is doing right now (sendChatAction).

import { botById, conversationKey, emit } from "./state.js";

const ACTION_SHOWN_MS = 5500; // Telegram clears a chat action after 5 s
const ACTIONS = {
  typing: "is typing",
  upload_photo: "is sending a photo",
  record_video: "is recording a video",
  upload_video: "is sending a video",
  record_voice: "is recording",
  upload_voice: "is sending a voice message",
  upload_document: "is sending a file",
  choose_sticker: "is choosing a sticker",
  find_location: "is looking for a place",
  record_video_note: "is recording",
  upload_video_note: "is sending a video message",
};

const active = new Map(); // conversation key -> {bot, words, timer}

/** {bot, words} of what is going on in a conversation, or undefined. */
export const actionOf = (key) => active.get(key);

/** sendChatAction shows for some seconds, or until the bot's message comes. */
export function noteAction({ chat_id: chatId, bot, action }) {
  const key = conversationKey(chatId, bot);
  clearTimeout(active.get(key)?.timer);
  active.set(key, {
    bot: botById(bot),
    words: ACTIONS[action] ?? "is busy",
    timer: setTimeout(() => endAction(key), ACTION_SHOWN_MS),
  });
  emit("actions");
}

export function endAction(key) {
  if (!active.has(key)) return;
  clearTimeout(active.get(key).timer);
  active.delete(key);
  emit("actions");
}
