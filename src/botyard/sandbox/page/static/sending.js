// What a person does in the open conversation, told to the sandbox. What comes of it returns by the event stream.

import { post } from "./control.js";
import { botsHere, findBot, view, world } from "./state.js";

/** Which bot a message in a group is handed to: the one addressed, else the first that is there. */
function addressedBot(text, replyTo) {
  const [, username] = /^\/\w+@(\w+)/.exec(text ?? "") ?? [];
  const candidates = [
    view.open.botId,
    username && findBot(username)?.id,
    replyTo?.from?.is_bot ? replyTo.from.id : null,
    botsHere()[0]?.id,
    world.bots[0]?.id,
  ];
  return candidates.find(Boolean);
}

/** parts: the control API's fields of a message: text, photo, contact, ... */
export function send(parts, replyTo = null) {
  return post("messages", {
    bot: addressedBot(parts.text, replyTo),
    user_id: view.me,
    chat_id: view.open.chatId,
    ...(replyTo ? { reply_to_message_id: replyTo.message_id } : {}),
    ...parts,
  });
}

export function sendEdit(message, text) {
  return post("edits", {
    bot: addressedBot(text, null),
    user_id: view.me,
    chat_id: view.open.chatId,
    message_id: message.message_id,
    text,
  });
}

export const join = () => post("joins", { user_id: view.me, chat_id: view.open.chatId });
