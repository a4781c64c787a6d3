// Whether the person has blocked a bot.

import { post } from "./control.js";
import { blocked, conversationKey, emit, openKey, view } from "./state.js";
import { attempt } from "./toast.js";

export const setBlocked = (botId, isBlocked) =>
  attempt(async () => {
    await post("blocks", { bot: botId, user_id: view.me, blocked: isBlocked });
    noteBlock(view.me, botId, isBlocked);
  });

export function noteBlock(userId, botId, isBlocked) {
  const key = conversationKey(userId, botId);
  if (blocked.has(key) === isBlocked) return;
  if (isBlocked) blocked.add(key);
  else blocked.delete(key);
  if (key === openKey()) emit("view");
}
