// One form in a dialog box. What went wrong is said inside the box, so that nothing typed is lost.

import { el, iconButton } from "./dom.js";

/** fields: nodes with a `name`. `submit(values)` may throw; its message is shown. `after` nodes stand below the fields. */
export function formDialog({ title, intro = null, fields, action, submit, testid, wide = false }) {
  const problem = el("p.form-problem", { role: "alert", testid: "form-problem", hidden: true });
  const send = el("button.button.primary", { type: "submit", testid: "dialog-submit" }, action);
  const form = el(
    "form",
    { novalidate: true },
    intro && el("p.form-intro", {}, intro),
    fields,
    problem,
    el(
      "div.actions",
      {},
      el("button.button", { type: "button", testid: "dialog-cancel", onclick: () => box.close() }, "Cancel"),
      send,
    ),
  );
  const box = dialogBox({ title, testid, wide }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await submit(new FormData(form), form);
      box.close();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
    send.disabled = false;
  });
  return box;
}

/** A dialog box with a title and a close button, opened at once. */
export function dialogBox({ title, testid, wide = false }, ...content) {
  const box = el(
    `dialog.dialog${wide ? ".wide" : ""}`,
    { testid, "aria-label": title },
    el(
      "header",
      {},
      el("h2", {}, title),
      iconButton("close", "Close", { testid: "dialog-close", onclick: () => box.close() }),
    ),
    content,
  );
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  box.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  return box;
}

export function field(label, name, props = {}, hint = null) {
  return el(
    "label.field",
    {},
    el("span", {}, label),
    el("input", { name, autocomplete: "off", ...props }),
    hint && el("small", {}, hint),
  );
}

export function choice(label, name, options, props = {}) {
  return el(
    "label.field",
    {},
    label && el("span", {}, label),
    el(
      "select",
      { name, ...props },
      options.map(([value, words, selected = false]) => el("option", { value, selected }, words)),
    ),
  );
}

export function tick(label, name, props = {}) {
  return el(
    "label.tick",
    {},
    el("input", { type: "checkbox", name, value: "1", ...props }),
    el("span", {}, label),
  );
}
