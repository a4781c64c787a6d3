// One line of the Inspector, and what it opens to.

import { copyText, el, icon } from "./dom.js";
import { callKey, callWords, updateKey, updateKind, updateWords } from "./feed.js";
import { completeTime, exactTime } from "./format.js";
import { jsonNode, pretty } from "./json.js";
import { botById, world } from "./state.js";
import { toast } from "./toast.js";

/** What differs between updates and calls. `status` is [mood, short, long]. */
export const TABS = {
  updates: {
    label: "What the bot received",
    sign: "inbox",
    key: updateKey,
    none: "Nothing received yet. Write to a bot and its update appears here.",
    name: (entry) => updateKind(entry.update),
    words: updateWords,
    body: (entry) => entry.update,
    status: updateStatus,
  },
  calls: {
    label: "What the bot did",
    sign: "bolt",
    key: callKey,
    none: "No calls yet. Every Bot API call of a bot appears here.",
    name: (entry) => entry.method,
    words: callWords,
    body: (entry) => ({ params: entry.params, answer: entry.answer }),
    status: callStatus,
  },
};

function updateStatus(entry) {
  if (entry.delivered)
    return [
      "good",
      entry.via === "webhook" ? "webhook" : "polling",
      `Delivered by ${entry.via}${entry.attempts > 1 ? ` at attempt ${entry.attempts}` : ""}`,
    ];
  if (entry.attempts > 0)
    return ["bad", `failed ${entry.attempts}×`, "The webhook did not take it; it is tried again"];
  return ["wait", "waiting", "The bot has not fetched it"];
}

function callStatus(entry) {
  if (entry.status === 200 || entry.answer?.ok) return ["good", "ok", entry.applied ? "Applied" : "Answered"];
  if (!entry.status)
    return ["bad", "no answer", `No answer was sent${entry.applied ? ", though the call was applied" : ""}`];
  return [
    "bad",
    String(entry.status),
    `${entry.answer?.description ?? "Error"}${entry.applied ? " (applied all the same)" : ""}`,
  ];
}

/** `opened(isOpen)` is told when the person opens or closes the line. */
export function drawEntry({ name, words, body, status }, entry, opened) {
  const [mood, short, long] = status(entry);
  const bot = world.bots.length > 1 ? botById(entry.bot)?.name : null;
  const details = el(
    "details.entry",
    { testid: "entry", data: { kind: name(entry) } },
    el(
      "summary",
      {},
      el(
        "span.entry-line",
        {},
        el("code.entry-name", {}, name(entry)),
        el(`span.status.${mood}`, { title: long, testid: "entry-status" }, short),
      ),
      el(
        "span.entry-line",
        {},
        el("span.entry-words", {}, words(entry).slice(0, 140)),
        el("small", {}, bot),
        el("time", { title: completeTime(entry.time) }, exactTime(entry.time)),
      ),
    ),
  );
  const fill = () => {
    opened(details.open);
    if (!details.open || details.childElementCount > 1) return;
    const copy = el(
      "button.copy",
      {
        type: "button",
        testid: "entry-copy",
        onclick: () => copyText(pretty(body(entry))).then(() => toast("JSON copied")),
      },
      icon("copy"),
      "Copy",
    );
    details.append(
      el(
        "div.entry-body",
        {},
        mood === "bad" && el("p.entry-problem", {}, long),
        copy,
        jsonNode(body(entry)),
      ),
    );
  };
  details.addEventListener("toggle", fill);
  return details;
}
