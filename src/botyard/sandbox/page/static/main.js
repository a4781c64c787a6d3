// The sandbox's chat page: wires the parts together, and follows the page's address.
//
// Address: ?user=1001&bot=<id|name|username>[&start=<payload>]  a private chat, with a Start button for the payload
//          ?user=1001&chat=<chat id>                            a group or channel
//
// Stable hooks for tests: body[data-ready] once the page is connected and shows what the address asks for;
// and data-testid:
//   sidebar        user-switch, user-menu, user-option[data-user], chat-list, chat-item[data-key][data-chat][data-bot], unread,
//                  new, new-chat, new-bot, new-person, first-bot, lost
//   dialogs        new-person-dialog, new-chat-dialog, new-bot-dialog, connection-dialog, attach-dialog, members-dialog
//                  (member-list, member-status[data-user], add-who, add-as, add-member), dialog-submit, dialog-cancel, dialog-close,
//                  form-problem; form fields have the `name` of the control API's field
//   conversation   chat-title, back, typing, header-menu, block-toggle, edit-members, leave, messages, empty, jump, announcer
//   message        message[data-id][data-from=me|bot|other|service], message-text, author, edited, delivery[data-state=pending|delivered],
//                  media[data-kind], album, poll, invoice, forwarded, reply-quote, spoiler, command-link,
//                  inline-button[data-kind=callback|url|copy|pay|web_app][data-callback], reply, edit, copy-message
//   composer       composer, send, attach, attach-<kind>, menu-button, command-menu, command-option, reply-keyboard, reply-button,
//                  keyboard-toggle, start-button, context-bar, context-cancel, unblock, join
//   inspector      inspector-toggle, inspector, inspector-close, tab-updates, tab-calls, filter-chat, filter-polling,
//                  entry[data-kind], entry-status, entry-json, entry-copy
//   notes          toast, alert, alert-ok

import { noteBlock } from "./blocks.js";
import { endAction, noteAction } from "./chataction.js";
import { startComposer } from "./composer.js";
import { forgetCommands } from "./commands.js";
import { startConversation } from "./conversation.js";
import { get, listen, post } from "./control.js";
import { copyText, el } from "./dom.js";
import { forgetEntries, noteCall, noteUpdate } from "./feed.js";
import { makeHeader } from "./header.js";
import { startInspector } from "./inspector.js";
import { pretty } from "./json.js";
import { followWith } from "./links.js";
import * as messages from "./messages.js";
import { fetchWorld } from "./people.js";
import { startSidebar } from "./sidebar.js";
import {
  chatById,
  conversationKey,
  conversations,
  emit,
  findBot,
  isPresent,
  me,
  membership,
  openKey,
  openOne,
  view,
  world,
} from "./state.js";
import { attempt, toast } from "./toast.js";

const WIDE = matchMedia("(min-width: 1180px)");
const WORLD_SETTLES_MS = 60;
const place = (id) => document.getElementById(id);

function showPane(name) {
  document.body.dataset.pane = name;
}

/** The page's address says what is open, so that it can be sent to somebody or loaded again. */
function writeAddress() {
  const query = new URLSearchParams({ user: view.me });
  if (view.open?.botId)
    query.set("bot", world.bots.find((bot) => bot.id === view.open.botId)?.name ?? view.open.botId);
  else if (view.open) query.set("chat", view.open.chatId);
  if (view.startPayload !== null) query.set("start", view.startPayload);
  history.replaceState(null, "", `?${query}`);
}

async function openConversation({ chatId, botId, type }, startPayload = null) {
  view.open = { chatId, botId, type };
  view.startPayload = startPayload;
  showPane("chat");
  messages.markRead(openKey());
  forgetCommands();
  writeAddress();
  emit("view");
  if (!messages.isLoaded(openKey())) await attempt(() => messages.load(chatId, botId));
  if (matchMedia("(pointer: fine)").matches) composer.focus();
}

function becomePerson(userId) {
  view.me = userId;
  const { open } = view;
  view.open = null;
  emit("view");
  loadLasts();
  if (open) openConversation(open.type === "private" ? { ...open, chatId: userId } : open);
  else writeAddress();
}

function loadLasts() {
  for (const talk of conversations()) {
    if (!messages.knowsLast(talk.key)) attempt(() => messages.loadLast(talk.chatId, talk.botId));
  }
}

/** A link inside the sandbox: to a bot (with a payload) or into a chat by invite link. */
async function follow(target) {
  if (target.bot) {
    await openConversation({ chatId: view.me, botId: target.bot.id, type: "private" }, target.start ?? null);
    return;
  }
  const mine = () => world.chats.filter((chat) => isPresent(membership(chat, view.me)));
  const before = new Set(mine().map((chat) => chat.id));
  const answer = await attempt(() => post("joins", { user_id: view.me, invite_link: target.invite }));
  if (!answer) return;
  if (answer.requested) {
    toast("Asked to join; an administrator has to agree.");
    return;
  }
  await refreshWorld();
  const chat = mine().find((one) => !before.has(one.id));
  if (chat) await openConversation({ chatId: chat.id, botId: null, type: chat.type });
}

async function refreshWorld() {
  await attempt(fetchWorld);
  forgetCommands();
  loadLasts();
  emit("world");
}

let refresh = null;

/** Many changes at once (a program that makes its people) are fetched together. */
function refreshSoon() {
  refresh ??= setTimeout(() => {
    refresh = null;
    refreshWorld();
  }, WORLD_SETTLES_MS);
}

/** Follows the address at the first load; without one, the first person and the first bot. */
async function readAddress() {
  const query = new URLSearchParams(location.search);
  const asked = Number(query.get("user"));
  view.me = world.users.find((user) => user.id === asked)?.id ?? world.users[0]?.id ?? null;
  loadLasts();
  emit("view");
  const bot = query.has("bot") ? findBot(query.get("bot")) : null;
  const chat = query.has("chat") ? chatById(Number(query.get("chat"))) : null;
  if (query.has("bot") && !bot) toast(`There is no bot “${query.get("bot")}” here.`, "error");
  if (bot) await openConversation({ chatId: view.me, botId: bot.id, type: "private" }, query.get("start"));
  else if (chat) await openConversation({ chatId: chat.id, botId: null, type: chat.type });
  else if (world.bots.length && matchMedia("(min-width: 700px)").matches)
    await openConversation({ chatId: view.me, botId: world.bots[0].id, type: "private" });
}

/** At every connection: whatever happened meanwhile is fetched, in full for what is open. */
async function opened() {
  view.connected = true;
  emit("connection");
  messages.forget();
  forgetEntries();
  await attempt(fetchWorld);
  emit("world");
  const [updates, calls] = await Promise.all([attempt(() => get("updates")), attempt(() => get("journal"))]);
  updates?.entries.forEach(takeUpdate);
  calls?.entries.forEach(noteCall);
  if (!me() || (view.open && !openOne())) {
    view.open = null;
    await readAddress();
  } else {
    loadLasts();
    if (view.open) await attempt(() => messages.load(view.open.chatId, view.open.botId));
  }
  document.body.dataset.ready = "true";
}

function takeUpdate(entry) {
  noteUpdate(entry);
  messages.noteDelivery(entry);
  const { my_chat_member: own } = entry.update ?? {};
  if (own?.chat?.type === "private")
    noteBlock(own.chat.id, entry.bot, own.new_chat_member.status === "kicked");
}

const takers = {
  message: (data) => {
    messages.received(data);
    if (data.message.from?.is_bot) endAction(conversationKey(data.chat_id, data.bot));
  },
  deleted: messages.deleted,
  answer: (data) => emit("answer", data),
  call: noteCall,
  update: takeUpdate,
  action: noteAction,
  world: refreshSoon,
};

function toggleInspector() {
  const inspector = place("inspector");
  inspector.hidden = !inspector.hidden;
  document.body.classList.toggle("inspecting", !inspector.hidden);
  document
    .querySelector("[data-testid=inspector-toggle]")
    .setAttribute("aria-expanded", String(!inspector.hidden));
  inspectorView.draw();
}

const header = makeHeader({ showList: () => showPane("list"), toggleInspector });
const conversation = startConversation(place("conversation"), header, {
  runCommand: (call) => composer.runCommand(call),
  reply: (message) => composer.reply(message),
  edit: (message) => composer.edit(message),
  copyJson: (message) => copyText(pretty(message)).then(() => toast("Message copied as JSON")),
  showMessage: (id) => conversation.showMessage(id),
  redraw: (id) => conversation.redraw(id),
});
const composerPlace = el("footer.composer", { hidden: true });
place("conversation").append(composerPlace);
const composer = startComposer(composerPlace);
const inspectorView = startInspector(place("inspector"), toggleInspector);
startSidebar(place("sidebar"), { becomePerson, openConversation });
followWith(follow);
if (WIDE.matches) toggleInspector();

listen({
  opened,
  lost: () => {
    view.connected = false;
    emit("connection");
  },
  received: (kind, data) => takers[kind](data),
});
