// What stands for a picture, a file, a place...: the sandbox keeps ids, not bytes.

import { el, icon } from "./dom.js";
import { fullName, mediaName, money, plainText } from "./format.js";

const TILES = new Set([
  "photo",
  "video",
  "animation",
  "video_note",
  "live_photo",
  "paid_media",
  "story",
  "game",
]);
const WAVE = [5, 9, 14, 8, 17, 22, 12, 18, 9, 24, 15, 7, 19, 13, 21, 10, 16, 6, 12, 18, 9, 14, 7, 11];
const ICONS = {
  video: "video",
  animation: "video",
  video_note: "video",
  audio: "audio",
  voice: "voice",
  sticker: "sticker",
};

/** A placeholder by kind for the message's media. */
export function mediaNode(message) {
  const { media } = message;
  const kind = media.kind;
  const props = {
    testid: "media",
    data: { kind },
    title: media.file_id ? `${mediaName(kind)}: ${media.file_id}` : mediaName(kind),
  };
  if (TILES.has(kind)) return tile(media, props, message.has_media_spoiler);
  switch (kind) {
    case "voice":
      return el(
        "div.voice",
        props,
        el("span.round", {}, icon("video")),
        wave(),
        el("small", {}, length(media.duration)),
      );
    case "sticker":
      return el("div.sticker", props, media.emoji ?? icon("sticker"));
    case "dice":
      return dice(media, props);
    case "contact":
      return contact(media, props);
    case "location":
    case "venue":
      return place(media, props);
    default:
      return file(media, kind, props);
  }
}

function tile(media, props, hidden) {
  const kind = media.kind;
  const badge = {
    animation: "GIF",
    video: length(media.duration),
    video_note: length(media.duration),
    live_photo: "LIVE",
  }[kind];
  return el(
    `div.tile.${kind}${hidden ? ".covered" : ""}`,
    props,
    icon(ICONS[kind] ?? "photo"),
    el("small.tile-name", {}, media.file_name ?? media.file_id ?? mediaName(kind)),
    badge && el("span.tile-badge", {}, badge),
  );
}

function file(media, kind, props) {
  const name = media.title ?? media.file_name ?? media.file_id ?? mediaName(kind);
  const about = [media.performer, media.mime_type ?? mediaName(kind), size(media.file_size)]
    .filter(Boolean)
    .join(" · ");
  return el(
    "div.file",
    props,
    el("span.round", {}, icon(ICONS[kind] ?? "file")),
    el("span.file-words", {}, el("span", {}, name), el("small", {}, about)),
  );
}

function contact(card, props) {
  return el(
    "div.file",
    props,
    el("span.round", {}, icon("person")),
    el(
      "span.file-words",
      {},
      el("span", {}, fullName(card)),
      el("small", {}, card.phone_number ?? "Contact"),
    ),
  );
}

function place(media, props) {
  const where = media.location ?? media;
  const venue = media.kind === "venue" ? media : null;
  const words = [where.latitude, where.longitude].every(Number.isFinite)
    ? `${where.latitude.toFixed(4)}, ${where.longitude.toFixed(4)}`
    : "Location";
  return el(
    "div.place",
    props,
    el("div.map", {}, icon("pin")),
    el("span", {}, venue?.title ?? mediaName(media.kind)),
    el("small", {}, venue?.address ?? words),
  );
}

function dice(media, props) {
  return el(
    "div.sticker",
    props,
    media.emoji ?? "🎲",
    media.value !== undefined && el("small", {}, String(media.value)),
  );
}

function wave() {
  return el(
    "span.wave",
    {},
    WAVE.map((height) => {
      const bar = el("i");
      bar.style.height = `${height}px`;
      return bar;
    }),
  );
}

function length(seconds) {
  if (!Number.isFinite(seconds)) return "0:00";
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

function size(bytes) {
  if (!bytes) return null;
  return bytes < 1024 * 1024
    ? `${Math.max(1, Math.round(bytes / 1024))} KB`
    : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** A poll with its options and their share of the votes. */
export function pollNode(poll) {
  const total = poll.total_voter_count ?? 0;
  const about = [
    poll.type === "quiz" ? "Quiz" : poll.is_anonymous === false ? "Poll" : "Anonymous poll",
    poll.is_closed && "closed",
  ]
    .filter(Boolean)
    .join(", ");
  const options = (poll.options ?? []).map((option, index) => {
    const share = total ? Math.round(((option.voter_count ?? 0) / total) * 100) : 0;
    const bar = el("i");
    bar.style.width = `${share}%`;
    const right =
      poll.type === "quiz" && (poll.correct_option_id === index || poll.correct_option_ids?.includes(index));
    return el(
      "li",
      {},
      el("span.share", {}, right ? icon("check") : `${share}%`),
      el("span", {}, plainText(option.text)),
      el("span.bar", {}, bar),
    );
  });
  return el(
    "div.poll",
    { testid: "poll" },
    el("strong", {}, plainText(poll.question)),
    el("small", {}, about),
    el("ol", {}, options),
    el("small.poll-total", {}, total ? `${total} voted` : "No votes yet"),
  );
}

/** An invoice with its price; the Pay button stands below it among the inline buttons. */
export function invoiceNode(invoice) {
  return el(
    "div.invoice",
    { testid: "invoice" },
    el(
      "span.invoice-price",
      {},
      icon(invoice.currency === "XTR" ? "star" : "card"),
      money(invoice.total_amount ?? 0, invoice.currency),
    ),
    el("strong", {}, invoice.title ?? "Invoice"),
    invoice.description && el("p", {}, invoice.description),
  );
}
