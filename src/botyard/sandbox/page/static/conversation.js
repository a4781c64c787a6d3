// Middle: the header and the list of messages. Only the newest part of a long history is drawn;
// scrolling up draws more, so that thousands of messages do not freeze the page.

import { el, iconButton, oncePerFrame } from "./dom.js";
import { fullName, preview } from "./format.js";
import { isLoaded, markRead, messagesOf } from "./messages.js";
import { emptyNote, entriesOf, placeRows } from "./rows.js";
import { on, openKey, personById, view } from "./state.js";

const FIRST_DRAWN = 120;
const DRAWN_MORE = 300;
const NEAR_PX = 120;

export function startConversation(place, header, actions) {
  const list = el("ol.messages", {
    testid: "messages",
    role: "log",
    "aria-live": "off",
    "aria-label": "Messages",
  });
  const scroller = el(
    "div.scroller",
    { tabIndex: 0, role: "group", "aria-label": "Messages, scrollable" },
    list,
  );
  const jump = iconButton("down", "Go to the newest message", { testid: "jump", onclick: () => toEnd() });
  jump.classList.add("jump");
  place.append(header, el("div.messages-frame", {}, scroller, jump));

  let drawnKey = null;
  let drawnCount = FIRST_DRAWN;
  let rows = new Map(); // row key -> {stamp, node}
  let grownBelow = false;
  let worldDrawn = 0; // the empty note tells of bots and people
  const restamped = new Map(); // message_id -> number: rows asked to be drawn again

  // The scroller is reversed: 0 is the newest message, older ones lie at negative places.
  const atEnd = () => scroller.scrollTop > -NEAR_PX;
  const toEnd = () => {
    scroller.scrollTop = 0;
  };

  const draw = () => {
    const key = openKey();
    const fresh = key !== drawnKey;
    const reading = !fresh && !atEnd();
    const before = scroller.scrollHeight;
    if (fresh) {
      drawnKey = key;
      drawnCount = FIRST_DRAWN;
      rows = new Map();
      list.replaceChildren();
    }
    const messages = key ? messagesOf(key) : [];
    const entries = entriesOf(messages.slice(-drawnCount), restamped, actions);
    if (key && isLoaded(key) && !messages.length)
      entries.push({ key: "empty", stamp: worldDrawn, make: emptyNote });
    rows = placeRows(list, entries, rows);
    if (!reading) toEnd();
    else if (grownBelow) scroller.scrollTop -= scroller.scrollHeight - before; // what is being read stays in place
    grownBelow = false;
    jump.hidden = atEnd();
  };
  const drawSoon = oncePerFrame(draw);

  const drawEarlier = () => {
    const key = openKey();
    const above = scroller.scrollHeight - scroller.clientHeight + scroller.scrollTop;
    if (!key || above > NEAR_PX * 3 || drawnCount >= messagesOf(key).length) return;
    drawnCount += DRAWN_MORE;
    draw();
  };

  scroller.addEventListener(
    "scroll",
    () => {
      jump.hidden = atEnd();
      drawEarlier();
    },
    { passive: true },
  );

  on("view", drawSoon);
  on("world", () => {
    worldDrawn += 1;
    drawSoon();
  });
  on("messages", ({ key, message, isNew }) => {
    if (key !== openKey()) return;
    if (isNew && !atEnd()) {
      drawnCount += 1;
      grownBelow = true;
    }
    if (isNew && message.from?.id === view.me) requestAnimationFrame(() => requestAnimationFrame(toEnd));
    if (isNew) announce(message);
    if (!document.hidden) markRead(key);
    drawSoon();
  });
  document.addEventListener("visibilitychange", () => openKey() && !document.hidden && markRead(openKey()));

  return {
    redraw: (id) => {
      restamped.set(id, (restamped.get(id) ?? 0) + 1);
      drawSoon();
    },
    /** Scrolls to a message, drawing as much of the history as that needs, and lights it up. */
    showMessage: (id) => {
      const messages = messagesOf(openKey());
      const at = messages.findIndex((message) => message.message_id === id);
      if (at < 0) return;
      drawnCount = Math.max(drawnCount, messages.length - at + 10);
      draw();
      const found = list.querySelector(`[data-id="${id}"]`);
      found?.scrollIntoView({ block: "center" });
      found?.classList.add("lit");
      setTimeout(() => found?.classList.remove("lit"), 1600);
    },
  };
}

function announce(message) {
  if (message.from?.id === view.me) return;
  const author = personById(message.from?.id) ?? message.from ?? message.sender_chat;
  document.getElementById("announcer").textContent = `${fullName(author)}: ${preview(message)}`;
}
