// The top of the conversation: with whom, what they do right now, and what can be done with the chat.

import { avatar } from "./avatar.js";
import { setBlocked } from "./blocks.js";
import { actionOf } from "./chataction.js";
import { SIGNS } from "./chatlist.js";
import { copyText, el, iconButton } from "./dom.js";
import { count, fullName } from "./format.js";
import { openMenu } from "./menu.js";
import { editMembers, ownStatus, setStatus } from "./people.js";
import { blocked, isPresent, on, openKey, openOne, view } from "./state.js";
import { toast } from "./toast.js";

export function makeHeader({ showList, toggleInspector }) {
  const who = el("div.header-who", {});
  const back = iconButton("back", "Back to the chats", { testid: "back", onclick: showList });
  back.classList.add("back");
  const inspect = iconButton("inspect", "Inspector", {
    testid: "inspector-toggle",
    "aria-controls": "inspector",
    "aria-expanded": "false",
    onclick: toggleInspector,
  });
  const more = iconButton("more", "Chat menu", {
    testid: "header-menu",
    "aria-haspopup": "menu",
    "aria-expanded": "false",
  });
  more.addEventListener("click", () => openMenu(more, chatMenu(), { label: "Chat menu" }));
  const draw = () => {
    const one = openOne();
    more.hidden = !one;
    who.replaceChildren(
      ...(one
        ? [
            avatar(one, "", SIGNS[view.open.type]),
            el("div.header-words", {}, el("h1", { testid: "chat-title" }, fullName(one)), subtitle(one)),
          ]
        : []),
    );
  };
  for (const topic of ["view", "world", "actions"]) on(topic, draw);
  return el("header.conversation-head", {}, back, who, inspect, more);
}

function subtitle(one) {
  const action = actionOf(openKey());
  if (action)
    return el(
      "span.header-action",
      { testid: "typing" },
      `${view.open.type === "private" ? "" : `${fullName(action.bot)} `}${action.words}`,
      el("span.dots", { "aria-hidden": "true" }, el("i"), el("i"), el("i")),
    );
  if (view.open.type === "private")
    return el("small", {}, [one.username && `@${one.username}`, "bot"].filter(Boolean).join(" · "));
  const present = (one.members ?? []).filter((member) => isPresent(member.status)).length;
  return el(
    "small",
    {},
    view.open.type === "channel" ? count(present, "subscriber") : count(present, "member"),
  );
}

function chatMenu() {
  const { chatId, botId, type } = view.open;
  if (type === "private") {
    const isBlocked = blocked.has(openKey());
    return [
      { label: "Copy link to this chat", icon: "copy", run: copyAddress },
      "-",
      {
        label: isBlocked ? "Unblock bot" : "Block bot",
        icon: "block",
        danger: !isBlocked,
        testid: "block-toggle",
        run: () => setBlocked(botId, !isBlocked),
      },
    ];
  }
  const inside = isPresent(ownStatus(chatId));
  return [
    { label: "Members and bots", icon: "group", testid: "edit-members", run: () => editMembers(chatId) },
    { label: "Copy link to this chat", icon: "copy", run: copyAddress },
    inside && "-",
    inside && {
      label: type === "channel" ? "Leave channel" : "Leave group",
      icon: "leave",
      danger: true,
      testid: "leave",
      run: () => setStatus(chatId, view.me, "left"),
    },
  ];
}

const copyAddress = () => copyText(location.href).then(() => toast("Copied"));
