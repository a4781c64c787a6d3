// Making people, bots, groups and channels, and who is in them.

import { get, post } from "./control.js";
import { choice, dialogBox, field, formDialog, tick } from "./dialogs.js";
import { copyText, el, iconButton } from "./dom.js";
import { avatar } from "./avatar.js";
import { fullName } from "./format.js";
import { botById, chatById, membership, on, personById, view, world } from "./state.js";
import { attempt, toast } from "./toast.js";

const FIRST_USER_ID = 1001;
const FIRST_GROUP_ID = -1001000000001;
const STATUSES = ["creator", "administrator", "member", "restricted", "left", "kicked"];
const STATUS_NAMES = {
  creator: "Owner",
  administrator: "Administrator",
  member: "Member",
  restricted: "Restricted",
  left: "Not a member",
  kicked: "Banned",
};

const statusOptions = (chosen) => STATUSES.map((status) => [status, STATUS_NAMES[status], status === chosen]);

/** Fetches bots, users and chats again. */
export async function fetchWorld() {
  [world.bots, world.users, world.chats] = await Promise.all([get("bots"), get("users"), get("chats")]);
}

export function newPerson(made) {
  const nextId = Math.max(FIRST_USER_ID - 1, ...world.users.map((user) => user.id)) + 1;
  formDialog({
    title: "New person",
    testid: "new-person-dialog",
    action: "Add person",
    fields: [
      el(
        "div.field-row",
        {},
        field("First name", "first_name", { required: true, maxlength: 64 }),
        field("Last name", "last_name", { maxlength: 64 }),
      ),
      el(
        "div.field-row",
        {},
        field("Username", "username", { placeholder: "without @", pattern: "[A-Za-z0-9_]{4,32}" }),
        field("Language", "language_code", { value: "en", maxlength: 8 }),
      ),
      field(
        "Telegram id",
        "id",
        { type: "number", value: nextId, min: 1 },
        "Any number that nobody has yet.",
      ),
      tick("Has Telegram Premium", "is_premium"),
    ],
    submit: async (form) => {
      const firstName = form.get("first_name").trim();
      if (!firstName) throw new Error("Please give a first name.");
      const user = { id: Number(form.get("id")), first_name: firstName };
      for (const name of ["last_name", "username", "language_code"]) {
        const value = form.get(name).trim().replace(/^@/, "");
        if (value) user[name] = value;
      }
      if (form.get("is_premium")) user.is_premium = true;
      made(await post("users", user));
    },
  });
}

export function newChat(made) {
  const nextId = Math.min(FIRST_GROUP_ID + 1, ...world.chats.map((chat) => chat.id)) - 1;
  const people = world.users.filter((user) => user.id !== view.me);
  formDialog({
    title: "New group or channel",
    testid: "new-chat-dialog",
    action: "Create",
    intro: `${fullName(personById(view.me))} will be the owner.`,
    fields: [
      choice("Kind", "type", [
        ["supergroup", "Group"],
        ["group", "Small group (basic)"],
        ["channel", "Channel"],
      ]),
      field("Title", "title", { required: true, maxlength: 128 }),
      field("Public username", "username", { placeholder: "optional" }),
      el(
        "fieldset",
        {},
        el("legend", {}, "Members"),
        people.map((user) => tick(fullName(user), "member", { value: user.id })),
      ),
      el(
        "fieldset",
        {},
        el("legend", {}, "Bots, as administrators"),
        world.bots.map((bot) => tick(fullName(bot), "bot", { value: bot.id })),
      ),
    ],
    submit: async (form) => {
      const title = form.get("title").trim();
      if (!title) throw new Error("Please give a title.");
      const members = [
        { user_id: view.me, status: "creator" },
        ...form.getAll("member").map((id) => ({ user_id: Number(id), status: "member" })),
      ];
      const chat = { id: nextId, type: form.get("type"), title, members };
      const username = form.get("username").trim().replace(/^@/, "");
      if (username) chat.username = username;
      const created = await post("chats", chat);
      // Bots come in one by one, so that each is told of it (my_chat_member).
      for (const id of form.getAll("bot"))
        await post(`chats/${created.id}/members`, { user_id: Number(id), status: "administrator" });
      made(created);
    },
  });
}

export function newBot(made) {
  const number = 7000000 + world.bots.length + 1;
  const secret = [...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(36)).join("");
  formDialog({
    title: "New bot",
    testid: "new-bot-dialog",
    action: "Make the bot",
    intro:
      "Any program that speaks the Bot API can then be this bot: give it the token and this sandbox as its server.",
    fields: [
      field("Name", "name", { required: true, placeholder: "My bot" }),
      field("Username", "username", { placeholder: "my_test_bot" }),
      field(
        "Token",
        "token",
        { value: `${number}:${secret}`, required: true },
        "Made up; it works in this sandbox only.",
      ),
    ],
    submit: async (form) => {
      const name = form.get("name").trim();
      if (!name) throw new Error("Please give a name.");
      const username = form.get("username").trim().replace(/^@/, "");
      const token = form.get("token").trim();
      const bot = await post("bots", username ? { token, name, username } : { token, name });
      made(bot);
      showConnection(bot, token);
    },
  });
}

function showConnection(bot, token) {
  const server = new URL(".", document.baseURI).href.replace(/\/$/, "");
  const line = (label, words) =>
    el(
      "div.connection",
      {},
      el("span", {}, label),
      el("code", {}, words),
      iconButton("copy", `Copy ${label.toLowerCase()}`, {
        onclick: () => copyText(words).then(() => toast("Copied")),
      }),
    );
  dialogBox(
    { title: `${fullName(bot)} is ready`, testid: "connection-dialog", wide: true },
    el(
      "p.form-intro",
      {},
      "Start your program with these two. Most libraries call the first one the API server or base address.",
    ),
    line("Server", server),
    line("Token", token),
    line("Try it", `curl ${server}/bot${token}/getMe`),
  );
}

/** Who is in the chat, with a status to choose for each; people and bots can be added. */
export function editMembers(chatId) {
  const list = el("ul.members", { testid: "member-list" });
  const adding = el("div.field-row.add-member", {});
  const box = dialogBox(
    { title: `Members of ${fullName(chatById(chatId))}`, testid: "members-dialog", wide: true },
    list,
    adding,
  );
  const set = (userId, status) => attempt(() => post(`chats/${chatId}/members`, { user_id: userId, status }));
  const draw = () => {
    const members = chatById(chatId)?.members ?? [];
    list.replaceChildren(...members.map((member) => memberRow(member, set)));
    const absent = [...world.bots, ...world.users].filter(
      (one) => !members.some((member) => member.user_id === one.id),
    );
    adding.hidden = absent.length === 0;
    adding.replaceChildren(...addRow(absent, set));
  };
  draw();
  box.addEventListener("close", on("world", draw));
}

function memberRow({ user_id: id, status }, set) {
  const one = personById(id) ?? { id, first_name: `User ${id}` };
  const select = choice("", "status", statusOptions(status), {
    "aria-label": `Status of ${fullName(one)}`,
    testid: "member-status",
    data: { user: id },
    onchange: (event) => set(id, event.target.value),
  });
  return el(
    "li",
    {},
    avatar(one, "small", botById(id) && "bot"),
    el("span.member-name", {}, fullName(one), one.username && el("small", {}, `@${one.username}`)),
    select,
  );
}

function addRow(absent, set) {
  const who = choice(
    "Add",
    "who",
    absent.map((one) => [one.id, `${fullName(one)}${botById(one.id) ? " (bot)" : ""}`]),
    { testid: "add-who" },
  );
  const as = choice("As", "as", statusOptions("member"), { testid: "add-as" });
  const add = el(
    "button.button.primary",
    {
      type: "button",
      testid: "add-member",
      onclick: () => set(Number(who.querySelector("select").value), as.querySelector("select").value),
    },
    "Add",
  );
  return [who, as, add];
}

export const setStatus = (chatId, userId, status) =>
  attempt(() => post(`chats/${chatId}/members`, { user_id: userId, status }));
export const ownStatus = (chatId) => membership(chatById(chatId), view.me);
