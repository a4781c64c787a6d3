// A menu that opens at a button: arrow keys, Escape and a click elsewhere work as people expect.

import { el, icon } from "./dom.js";

const GAP = 6;

/** items: {label, hint?, icon?, picture?, danger?, checked?, disabled?, testid?, data?, run} or "-" for a line. */
export function openMenu(anchor, items, { label, testid = "menu", wide = false } = {}) {
  closeMenus();
  const entries = items.filter(Boolean).map((item) => (item === "-" ? el("hr") : entry(item, () => close())));
  const menu = el(`div.menu${wide ? ".wide" : ""}`, { role: "menu", "aria-label": label, testid }, entries);
  document.body.append(menu);
  place(menu, anchor);
  anchor.setAttribute("aria-expanded", "true");

  const outside = (event) => {
    if (!menu.contains(event.target) && !anchor.contains(event.target)) close();
  };
  const keys = (event) => onKey(event, menu, close);
  const close = ({ refocus = false } = {}) => {
    menu.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    menu.removeEventListener("keydown", keys);
    if (refocus) anchor.focus();
  };
  menu.addEventListener("closing", () => close());
  menu.addEventListener("keydown", keys);
  document.addEventListener("pointerdown", outside, true);
  (menu.querySelector("[aria-checked=true]") ?? menu.querySelector("[role^=menuitem]"))?.focus();
}

function closeMenus() {
  for (const menu of document.querySelectorAll(".menu")) menu.dispatchEvent(new Event("closing"));
}

function entry(item, close) {
  const run = () => {
    close();
    item.run();
  };
  return el(
    `button.menu-item${item.danger ? ".danger" : ""}`,
    {
      type: "button",
      role: item.checked === undefined ? "menuitem" : "menuitemradio",
      "aria-checked": item.checked === undefined ? null : String(item.checked),
      disabled: item.disabled ?? false,
      testid: item.testid ?? "menu-item",
      data: item.data ?? {},
      onclick: run,
    },
    item.picture ?? (item.icon && icon(item.icon)),
    el("span.menu-words", {}, el("span", {}, item.label), item.hint && el("small", {}, item.hint)),
    item.badge && el("span.badge", {}, item.badge),
    item.checked && icon("check", "icon menu-check"),
  );
}

function place(menu, anchor) {
  const button = anchor.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const left = Math.min(Math.max(GAP, button.left), innerWidth - width - GAP);
  const below = button.bottom + GAP;
  const top = below + height < innerHeight ? below : Math.max(GAP, button.top - height - GAP);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

function onKey(event, menu, close) {
  const items = [...menu.querySelectorAll("[role^=menuitem]:not(:disabled)")];
  const at = items.indexOf(document.activeElement);
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 };
  if (event.key in steps) {
    event.preventDefault();
    items[steps[event.key] % items.length]?.focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    close({ refocus: true });
  }
}
