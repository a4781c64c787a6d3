// The strip above the message field that says what is replied to or edited.

import { el, icon, iconButton } from "./dom.js";
import { fullName, preview } from "./format.js";
import { personById } from "./state.js";

/** `ended(kind)` is called when the person gives up a "reply" or an "edit". */
export function contextBar(ended) {
  const node = el("div.context-bar", { testid: "context-bar", hidden: true });
  let current = null; // {kind, message}

  const set = (kind, message) => {
    current = kind ? { kind, message } : null;
    node.hidden = !current;
    if (!current) return;
    const author = personById(message.from?.id) ?? message.from;
    const title = kind === "edit" ? "Edit message" : `Reply to ${author ? fullName(author) : "message"}`;
    node.replaceChildren(
      icon(kind),
      el("span.context-words", {}, el("strong", {}, title), el("span", {}, preview(message).slice(0, 140))),
      iconButton("close", "Cancel", { testid: "context-cancel", onclick: () => giveUp() }),
    );
  };
  const take = () => {
    const taken = current;
    set(null);
    return taken;
  };
  const giveUp = () => {
    const taken = take();
    if (taken) ended(taken.kind);
  };
  return { node, set, take, giveUp, current: () => current };
}
