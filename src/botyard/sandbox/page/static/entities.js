// Draws a text with its MessageEntity list (offsets count UTF-16 units, as JavaScript strings do).

import { copyText, el } from "./dom.js";
import { link } from "./links.js";
import { toast } from "./toast.js";

const PLAIN = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  hashtag: "span.tag",
  cashtag: "span.tag",
};

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

/** Nodes for the text. `run` is called with a bot command that the person clicks. */
export function formatted(text, entities = [], run = null) {
  const ordered = entities
    .filter((entity) => entity.length > 0)
    .sort((one, other) => one.offset - other.offset || other.length - one.length);
  return span(text, ordered, 0, text.length, run);
}

function span(text, entities, start, end, run) {
  const nodes = [];
  let at = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    index += 1;
    if (from >= to) continue;
    const inner = [];
    while (index < entities.length && entities[index].offset < to) inner.push(entities[index++]);
    if (from > at) nodes.push(text.slice(at, from));
    nodes.push(wrapped(entity, text.slice(from, to), span(text, inner, from, to, run), run));
    at = to + Number(BLOCKS.has(entity.type) && text[to] === "\n" && to < end); // a block ends its line by itself
    // An entity that reaches past its parent goes on after it.
    const overhang = inner
      .filter((one) => one.offset + one.length > to)
      .map((one) => ({ ...one, length: one.offset + one.length - to, offset: to }));
    if (overhang.length) {
      entities = [...overhang, ...entities.slice(index)].sort((one, other) => one.offset - other.offset);
      index = 0;
    }
  }
  if (at < end) nodes.push(text.slice(at, end));
  return nodes;
}

function wrapped(entity, words, nodes, run) {
  if (PLAIN[entity.type]) return el(PLAIN[entity.type], {}, nodes);
  switch (entity.type) {
    case "spoiler":
      return spoiler(nodes);
    case "code":
      return copyable("code", words, nodes);
    case "pre":
      return pre(entity, words, nodes);
    case "blockquote":
      return el("blockquote", {}, nodes);
    case "expandable_blockquote":
      return folded(nodes);
    case "url":
      return link(words, "", {}, nodes);
    case "text_link":
      return link(entity.url, "", {}, nodes);
    case "email":
      return el("span.tag", {}, nodes);
    case "phone_number":
      return el("span.tag", {}, nodes);
    case "mention":
      return link(`https://t.me/${words.slice(1)}`, ".mention", {}, nodes);
    case "text_mention":
      return el("span.mention", { title: `User ${entity.user?.id ?? ""}` }, nodes);
    case "bot_command":
      return command(words, run);
    default:
      return el("span", {}, nodes); // custom_emoji and whatever comes later: its text
  }
}

function command(words, run) {
  if (!run) return el("span.command", {}, words);
  return el(
    "button.command",
    { type: "button", testid: "command-link", title: `Send ${words}`, onclick: () => run(words) },
    words,
  );
}

function spoiler(nodes) {
  const hide = el(
    "span.spoiler",
    {
      role: "button",
      tabIndex: 0,
      "aria-expanded": "false",
      "aria-label": "Hidden text: press to show",
      testid: "spoiler",
    },
    el("span.spoiler-text", {}, nodes),
  );
  const show = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (hide.classList.contains("shown")) return;
    event.preventDefault();
    hide.classList.add("shown");
    hide.removeAttribute("aria-label");
    hide.setAttribute("aria-expanded", "true");
  };
  hide.addEventListener("click", show);
  hide.addEventListener("keydown", show);
  return hide;
}

function copyable(tag, words, nodes) {
  const copy = async () => {
    await copyText(words);
    toast("Copied");
  };
  return el(tag, { title: "Click to copy", onclick: copy }, nodes);
}

function pre(entity, words, nodes) {
  const code = copyable("pre", words, nodes);
  return entity.language ? el("figure.pre", {}, el("figcaption", {}, entity.language), code) : code;
}

function folded(nodes) {
  const quote = el("blockquote.folded", {}, nodes);
  const toggle = el(
    "button.fold",
    {
      type: "button",
      "aria-expanded": "false",
      onclick: () => {
        const open = quote.classList.toggle("folded") === false;
        toggle.setAttribute("aria-expanded", String(open));
        toggle.textContent = open ? "Less" : "More";
      },
    },
    "More",
  );
  return el("div.fold-frame", {}, quote, toggle);
}
