// Below the messages: what the person writes, presses and attaches.

import { attachments, myContact, somewhere } from "./attach.js";
import { commandList, commandsHere, forgetCommands } from "./commands.js";
import { contextBar } from "./contextbar.js";
import { el, icon, iconButton, oncePerFrame } from "./dom.js";
import { openMenu } from "./menu.js";
import { messagesOf } from "./messages.js";
import { fold, isFolded, keyboardMessage, replyKeyboard, unfold } from "./replykeyboard.js";
import { send, sendEdit } from "./sending.js";
import { insteadOfWriting, startBar } from "./standingbar.js";
import { botsHere, on, openKey, standing, view } from "./state.js";
import { attempt } from "./toast.js";

const TALLEST_PX = 200;
const PLACEHOLDER = "Write a message";
const drafts = new Map(); // conversation key -> text, so that switching chats loses nothing

export function startComposer(place) {
  const parts = layOut(place);
  const { text, sendButton } = parts;

  const setText = (words) => {
    text.value = words;
    grow(text, sendButton);
  };
  const context = contextBar((kind) => kind === "edit" && setText(""));
  const commands = commandList((one) => runCommand(one.call));
  parts.contextPlace.append(context.node);
  place.prepend(commands.box);

  const runCommand = (call) => {
    setText("");
    commands.hide();
    attempt(() => send({ text: call }));
    text.focus();
  };
  const reply = (message) => {
    context.set("reply", message);
    text.focus();
  };
  const edit = (message) => {
    context.set("edit", message);
    setText(message.text);
    text.focus();
  };
  const submit = async () => {
    const words = text.value.trim();
    if (!words || !view.open || standing() !== "write") return;
    const about = context.take();
    setText("");
    commands.hide();
    drafts.delete(openKey());
    const work = () =>
      about?.kind === "edit" ? sendEdit(about.message, words) : send({ text: words }, about?.message);
    const done = await attempt(work);
    if (done === undefined && !text.value) setText(words); // refused: give the words back
    text.focus();
  };

  listenToText(parts, { commands, context, submit, runCommand, edit, setText });
  sendButton.addEventListener("click", submit);
  const attach = (added) => send(added, context.current()?.kind === "reply" ? context.take().message : null);
  parts.attach.addEventListener("click", () =>
    openMenu(parts.attach, attachments(attach), { label: "Attach" }),
  );

  let key = null;
  const draw = () => {
    if (openKey() !== key) {
      if (key && context.current()?.kind !== "edit") drafts.set(key, text.value);
      key = openKey();
      context.set(null);
      setText(drafts.get(key) ?? "");
      commands.hide();
    }
    drawStanding(place, parts);
    const forced = drawKeyboard(parts, draw);
    if (forced && !context.current()) reply(forced);
  };
  parts.keyboardToggle.addEventListener("click", () => {
    const message = keyboardMessage();
    if (message) (isFolded(message) ? unfold : fold)(message);
    draw();
  });
  const drawSoon = oncePerFrame(draw);
  for (const topic of ["view", "world"]) on(topic, drawSoon);
  on("messages", (change) => change.key === openKey() && drawSoon());
  setText("");
  return { reply, edit, runCommand, focus: () => text.focus() };
}

/** Makes the parts and puts them in their places. */
function layOut(place) {
  const parts = {
    startPlace: el("div"),
    keyboardPlace: el("div"),
    contextPlace: el("div"),
    instead: el("div.instead", { hidden: true }),
    text: el("textarea", {
      id: "composer-text",
      testid: "composer",
      rows: 1,
      placeholder: PLACEHOLDER,
      "aria-label": "Message",
      "aria-controls": "command-menu",
      "aria-autocomplete": "list",
      dir: "auto",
      autocomplete: "off",
      maxlength: 4096,
    }),
    menuButton: el(
      "button.menu-button",
      { type: "button", testid: "menu-button", "aria-haspopup": "listbox", title: "Commands of the bot" },
      icon("menu"),
      el("span", {}, "Menu"),
    ),
    attach: iconButton("attach", "Attach something pretended", { testid: "attach", "aria-haspopup": "menu" }),
    keyboardToggle: iconButton("keyboard", "Show or hide the bot's keyboard", { testid: "keyboard-toggle" }),
    sendButton: iconButton("send", "Send (Enter)", { testid: "send" }),
  };
  parts.sendButton.classList.add("send");
  parts.menuButton.setAttribute("aria-label", "Menu of commands");
  parts.writing = el("div.writing", {}, [
    parts.menuButton,
    parts.attach,
    parts.text,
    parts.keyboardToggle,
    parts.sendButton,
  ]);
  place.append(parts.startPlace, parts.keyboardPlace, parts.contextPlace, parts.writing, parts.instead);
  return parts;
}

function grow(text, sendButton) {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, TALLEST_PX)}px`;
  sendButton.disabled = !text.value.trim();
}

/** Keys and typing in the message field, with the command list above it. */
function listenToText(
  { text, sendButton, menuButton },
  { commands, context, submit, runCommand, edit, setText },
) {
  const suggest = async () => {
    const found = text.value.startsWith("/") && (await attempt(commandsHere));
    const [, typed] = /^\/(\w*)$/.exec(text.value) ?? []; // as it reads now, after the wait
    if (!found || typed === undefined) commands.hide();
    else commands.show(found.filter((one) => one.command.startsWith(typed.toLowerCase())));
  };
  const toggle = async () => {
    if (commands.isOpen()) {
      commands.hide();
      return;
    }
    forgetCommands();
    const found = (await attempt(commandsHere)) ?? [];
    commands.show(found, "No bot here has set commands for you (setMyCommands).");
    text.focus();
  };
  /** Enter takes the marked suggestion, unless a command was typed in full. */
  const enter = () => {
    const chosen = commands.isOpen() ? commands.chosen() : null;
    if (chosen && text.value !== `/${chosen.command}`) runCommand(chosen.call);
    else submit();
  };
  const editLast = () => {
    const own = messagesOf(openKey() ?? "").findLast(
      (message) => message.from?.id === view.me && message.text && !message.service,
    );
    if (own) edit(own);
  };
  const complete = () => {
    setText(`${commands.chosen().call} `);
    commands.hide();
  };
  const handled = (event) => {
    const listed = commands.isOpen();
    if (event.key === "Enter" && !event.shiftKey) enter();
    else if (listed && event.key === "ArrowDown") commands.move(1);
    else if (listed && event.key === "ArrowUp") commands.move(-1);
    else if (listed && event.key === "Tab" && commands.chosen()) complete();
    else if (event.key === "Escape" && listed) commands.hide();
    else if (event.key === "Escape") context.giveUp();
    else if (event.key === "ArrowUp" && text.value === "" && !context.current()) editLast();
    else return false;
    return true;
  };
  text.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (handled(event)) event.preventDefault();
    const active = commands.activeId();
    if (active) text.setAttribute("aria-activedescendant", active);
    else text.removeAttribute("aria-activedescendant");
  });
  text.addEventListener("input", () => {
    grow(text, sendButton);
    suggest();
  });
  document.addEventListener("pointerdown", (event) => {
    if (
      ![text, menuButton].some((one) => one.contains(event.target)) &&
      !commands.box.contains(event.target)
    ) {
      commands.hide();
    }
  });
  menuButton.addEventListener("click", toggle);
}

/** Shows the message field, or what stands instead of it for this person here. */
function drawStanding(place, { writing, instead, startPlace, menuButton }) {
  const may = standing();
  place.hidden = may === "none";
  writing.hidden = may !== "write";
  instead.hidden = may === "write";
  instead.replaceChildren(insteadOfWriting(may) ?? "");
  startPlace.replaceChildren((may === "write" && startBar()) || "");
  menuButton.hidden = botsHere().length === 0;
}

/** Shows the bot's keyboard. Returns the message that asks for a reply (ForceReply) for the first time, or null. */
function drawKeyboard({ keyboardPlace, keyboardToggle, text }, redraw) {
  const message = standing() === "write" ? keyboardMessage() : null;
  const markup = message?.reply_markup;
  const isShown = Boolean(markup?.keyboard) && !isFolded(message);
  const press = (button) => {
    redraw();
    attempt(() => send(meaning(button)));
  };
  keyboardPlace.replaceChildren(isShown ? replyKeyboard(message, press) : "");
  keyboardToggle.hidden = !markup?.keyboard;
  keyboardToggle.setAttribute("aria-pressed", String(isShown));
  text.placeholder = markup?.input_field_placeholder ?? PLACEHOLDER;
  if (!markup?.force_reply || isFolded(message)) return null;
  fold(message);
  return message;
}

function meaning(button) {
  if (button.request_contact) return { contact: myContact() };
  if (button.request_location) return { location: somewhere() };
  return { text: button.text };
}
