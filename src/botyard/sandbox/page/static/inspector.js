// Right: what the bot received and what it did, live, as JSON.

import { el, icon, iconButton, oncePerFrame } from "./dom.js";
import { drawEntry, TABS } from "./entry.js";
import { entriesOf } from "./feed.js";
import { on, openKey } from "./state.js";

const MOST_DRAWN = 250;

export function startInspector(place, close) {
  let tab = "updates";
  const here = el("input", { type: "checkbox", testid: "filter-chat", checked: true });
  const polls = el("input", { type: "checkbox", testid: "filter-polling" });
  const list = el("div.entries", { testid: "entries", role: "tabpanel", id: "entries", tabIndex: -1 });
  const nodeOf = new WeakMap(); // entry -> its line
  const open = new Set(); // "tab seq" of the lines that are open, kept when an entry changes

  const tabs = Object.entries(TABS).map(([name, { label, sign }]) =>
    el(
      "button.tab",
      {
        type: "button",
        role: "tab",
        id: `tab-${name}`,
        testid: `tab-${name}`,
        "aria-controls": "entries",
        onclick: () => choose(name),
      },
      icon(sign),
      el("span", {}, label),
    ),
  );
  const bar = el("div.tabs", { role: "tablist", "aria-label": "Inspector" }, tabs);
  bar.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    choose(tab === "updates" ? "calls" : "updates");
    tabs[tab === "updates" ? 0 : 1].focus();
  });
  const pollsLabel = el("label.filter", {}, polls, el("span", {}, "getUpdates"));
  place.append(
    el(
      "header.inspector-head",
      {},
      el("h2", {}, "Inspector"),
      iconButton("close", "Close the inspector", { testid: "inspector-close", onclick: close }),
    ),
    bar,
    el("div.filters", {}, el("label.filter", {}, here, el("span", {}, "This chat only")), pollsLabel),
    list,
  );

  const choose = (name) => {
    tab = name;
    for (const button of tabs) {
      const chosen = button.id === `tab-${tab}`;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    list.setAttribute("aria-labelledby", `tab-${tab}`);
    pollsLabel.hidden = tab !== "calls";
    draw();
  };

  const draw = () => {
    if (place.hidden) return;
    const { key, none } = TABS[tab];
    const all = entriesOf(tab, polls.checked);
    const wanted = all.filter((entry) => !here.checked || key(entry) === openKey());
    const newestFirst = wanted.slice(-MOST_DRAWN).reverse();
    const nodes = newestFirst.map((entry) => entryNode(nodeOf, open, tab, entry));
    const elsewhere = "Nothing in this chat yet. Untick “This chat only” to see the rest.";
    if (!nodes.length) nodes.push(el("p.no-entries", {}, all.length ? elsewhere : none));
    placeEntries(list, nodes);
  };
  const drawSoon = oncePerFrame(draw);
  for (const topic of ["updates", "calls", "view", "world"]) on(topic, drawSoon);
  here.addEventListener("change", draw);
  polls.addEventListener("change", draw);
  choose(tab);
  return { draw };
}

/** New entries stand on top; the others are not touched, so that an open one stays as it is. */
function placeEntries(list, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
  let cursor = list.firstChild;
  for (const node of nodes) {
    if (node === cursor) cursor = cursor.nextSibling;
    else list.insertBefore(node, cursor);
  }
}

function entryNode(nodeOf, open, tab, entry) {
  if (nodeOf.has(entry)) return nodeOf.get(entry);
  const id = `${tab} ${entry.seq}`;
  const node = drawEntry(TABS[tab], entry, (isOpen) => (isOpen ? open.add(id) : open.delete(id)));
  node.open = open.has(id);
  nodeOf.set(entry, node);
  return node;
}
