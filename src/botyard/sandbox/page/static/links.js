// Which addresses a message may lead to. Links into the sandbox's own bots and chats stay on the page.

import { el } from "./dom.js";
import { findBot } from "./state.js";

const ALLOWED = new Set(["http:", "https:", "tg:"]);

/** The address in full, or null when it is anything but http, https or tg. */
export function safeUrl(raw) {
  const text = String(raw ?? "").trim();
  try {
    const url = new URL(
      /^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[\w.-]+:\d/.test(text) ? text : `http://${text}`,
    );
    return ALLOWED.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** What a t.me or tg:// address means here: {bot, start} opens a bot, {invite} joins a chat, null leaves the page. */
function sandboxTarget(href) {
  const url = new URL(href);
  if (url.protocol === "tg:") {
    if (href.startsWith("tg://resolve")) return botTarget(url.searchParams.get("domain"), url);
    if (href.startsWith("tg://join")) return { invite: href };
    return null;
  }
  if (!/^(www\.)?(t|telegram)\.(me|dog)$/.test(url.hostname)) return null;
  const [first] = url.pathname.split("/").filter(Boolean);
  if (first?.startsWith("+") || first === "joinchat") return { invite: href };
  return botTarget(first, url);
}

function botTarget(username, url) {
  const bot = findBot(username);
  return bot ? { bot, start: url.searchParams.get("start") } : null;
}

let follow = () => {};

/** Says what happens at a click on a link that stays in the sandbox. */
export function followWith(handler) {
  follow = handler;
}

/** A link that opens apart from this page, or a span when the address is not allowed. */
export function link(raw, spec, props, ...children) {
  const href = safeUrl(raw);
  if (!href)
    return el(
      `span${spec}`,
      { ...props, title: "This kind of address is not opened from the sandbox" },
      ...children,
    );
  const target = sandboxTarget(href);
  const onclick = (event) => {
    if (!target) return;
    event.preventDefault();
    follow(target);
  };
  return el(
    `a${spec}`,
    { href, title: href, target: "_blank", rel: "noopener noreferrer", onclick, ...props },
    ...children,
  );
}
