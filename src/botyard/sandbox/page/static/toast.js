// Short notes at the bottom, alerts that wait for OK, and errors told once.

import { ControlError } from "./control.js";
import { el, icon } from "./dom.js";

const SHOWN_FOR_MS = 4000;

/** A short note; kind is "note" or "error". */
export function toast(text, kind = "note") {
  const note = el(
    `div.toast.${kind}`,
    { testid: "toast" },
    kind === "error" && icon("warning"),
    el("span", {}, text),
  );
  const place = document.getElementById("toasts");
  place.append(note);
  while (place.children.length > 3) place.firstChild.remove();
  setTimeout(() => note.remove(), kind === "error" ? SHOWN_FOR_MS * 2 : SHOWN_FOR_MS);
}

/** A notice that stays until OK, as Telegram shows for show_alert. */
export function alertBox(text, title = "") {
  const ok = el(
    "button.button.primary",
    { type: "button", testid: "alert-ok", onclick: () => box.close() },
    "OK",
  );
  const box = el(
    "dialog.alert",
    { testid: "alert", role: "alertdialog", "aria-label": title || "Notice" },
    title && el("h2", {}, title),
    el("p", {}, text),
    el("div.actions", {}, ok),
  );
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  ok.focus();
}

/** Waits for the work; what went wrong is shown, and undefined comes back. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error.message, "error");
    if (!(error instanceof ControlError)) console.error(error);
    return undefined;
  }
}
