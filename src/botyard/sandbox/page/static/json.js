// JSON for reading: indented and coloured, every piece a text node.

import { el } from "./dom.js";

const PIECES = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

export const pretty = (value) => JSON.stringify(value, null, 2) ?? "null";

export function jsonNode(value) {
  const text = pretty(value);
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(PIECES)) {
    if (match.index > at) nodes.push(text.slice(at, match.index));
    const [whole, string, colon, word] = match;
    if (string && colon) nodes.push(el("span.json-key", {}, string), colon);
    else
      nodes.push(el(string ? "span.json-string" : word ? "span.json-word" : "span.json-number", {}, whole));
    at = match.index + whole.length;
  }
  nodes.push(text.slice(at));
  return el("pre.json", { testid: "entry-json", tabIndex: 0 }, nodes);
}
