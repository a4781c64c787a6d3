// How names, times, money and messages read in one line.

export const fullName = (one) =>
  one?.title ??
  ([one?.first_name, one?.last_name].filter(Boolean).join(" ") ||
    one?.name ||
    (one?.username ? `@${one.username}` : "Someone"));

export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => [...word][0].toUpperCase()).join("") || "?";
}

/** A colour class by id: the same person looks the same everywhere. */
export const hue = (id) => `hue-${Math.abs(Number(id) || 0) % 8}`;

/** Telegram's dates are Unix seconds; the control API's own times are ISO 8601. */
export const asDate = (time) => new Date(typeof time === "number" ? time * 1000 : time);

const minutes = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const seconds = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const complete = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export const timeOf = (time) => minutes.format(asDate(time));
export const exactTime = (time) => seconds.format(asDate(time));
export const completeTime = (time) => complete.format(asDate(time));
export const dayKey = (time) => asDate(time).toDateString();

export function dayLabel(time) {
  const today = new Date();
  if (dayKey(time) === today.toDateString()) return "Today";
  today.setDate(today.getDate() - 1);
  return dayKey(time) === today.toDateString() ? "Yesterday" : day.format(asDate(time));
}

export const listTime = (time) =>
  dayKey(time) === new Date().toDateString() ? timeOf(time) : shortDay.format(asDate(time));

/** "£147.00" from integer minor units; Stars have no minor unit. */
export function money(amount, currency) {
  if (currency === "XTR") return `${new Intl.NumberFormat().format(amount)} Stars`;
  try {
    const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
    return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
  } catch {
    return `${amount} ${currency}`;
  }
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

const MEDIA_NAMES = {
  photo: "Photo",
  video: "Video",
  animation: "GIF",
  audio: "Audio",
  voice: "Voice message",
  video_note: "Video message",
  document: "File",
  sticker: "Sticker",
  contact: "Contact",
  location: "Location",
  venue: "Place",
  dice: "Dice",
  story: "Story",
  paid_media: "Paid media",
  live_photo: "Live photo",
  game: "Game",
};
export const mediaName = (kind) => MEDIA_NAMES[kind] ?? kind.replaceAll("_", " ");

/** The message in one line, for the chat list, reply quotes and announcements. */
export function preview(message) {
  if (!message) return "";
  if (message.service) return serviceText(message);
  const words = message.text ?? message.caption;
  if (words) return withoutSpoilers(words, message.entities).replace(/\s+/g, " ");
  if (message.invoice) return `Invoice: ${message.invoice.title ?? ""}`;
  if (message.poll) return `Poll: ${plainText(message.poll.question)}`;
  if (message.media) return mediaName(message.media.kind);
  return "Message";
}

function withoutSpoilers(words, entities = []) {
  return entities
    .filter((entity) => entity.type === "spoiler")
    .reduce(
      (text, { offset, length }) => text.slice(0, offset) + "▒".repeat(length) + text.slice(offset + length),
      words,
    );
}

export const plainText = (text) => (typeof text === "string" ? text : (text?.text ?? ""));

const SERVICE_TEXTS = {
  new_chat_members: (value, who) => {
    const names = [value].flat().map(fullName);
    return names.length === 1 && names[0] === who ? `${who} joined` : `${who} added ${names.join(", ")}`;
  },
  left_chat_member: (value, who) =>
    fullName(value) === who ? `${who} left` : `${who} removed ${fullName(value)}`,
  new_chat_title: (value, who) => `${who} changed the title to “${value}”`,
  new_chat_photo: (_, who) => `${who} changed the picture`,
  delete_chat_photo: (_, who) => `${who} removed the picture`,
  group_chat_created: (_, who) => `${who} created the group`,
  supergroup_chat_created: (_, who) => `${who} created the group`,
  channel_chat_created: () => "Channel created",
  pinned_message: (value, who) => `${who} pinned “${preview(value).slice(0, 40)}”`,
  migrate_to_chat_id: () => "The group became a supergroup",
  migrate_from_chat_id: () => "The group became a supergroup",
  successful_payment: (value, who) => `${who} paid ${money(value.total_amount, value.currency)}`,
  refunded_payment: (value) => `${money(value.total_amount, value.currency)} refunded`,
  users_shared: (_, who) => `${who} shared a contact`,
  chat_shared: (_, who) => `${who} shared a chat`,
};

/** A service message in words. `service` is the Bot API field's name, or an object with that one field. */
export function serviceText(message) {
  const who = fullName(message.from ?? message.sender_chat);
  const { service } = message;
  if (typeof service === "string")
    return SERVICE_TEXTS[service]?.(message[service], who) ?? service.replaceAll("_", " ");
  const [name, value] = Object.entries(service).find(([field]) => field in SERVICE_TEXTS) ?? [
    service.kind ?? Object.keys(service)[0] ?? "service message",
    service,
  ];
  return SERVICE_TEXTS[name]?.(value, who) ?? service.text ?? name.replaceAll("_", " ");
}
