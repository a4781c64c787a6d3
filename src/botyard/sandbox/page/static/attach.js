// Pretend attachments: the sandbox keeps an id where Telegram keeps the bytes.

import { choice, field, formDialog, tick } from "./dialogs.js";
import { me } from "./state.js";

const FILES = {
  photo: ["Photo", "photo", "holiday.jpg"],
  document: ["File", "file", "report.pdf"],
  video: ["Video", "video", "clip.mp4"],
  voice: ["Voice message", "voice", "hello.ogg"],
};

export const myContact = () => ({
  phone_number: `+1555${String(me().id).padStart(7, "0")}`,
  first_name: me().first_name,
  last_name: me().last_name,
  user_id: me().id,
});
export const somewhere = () => ({ latitude: 38.7223, longitude: -9.1393 });

/** Menu entries; `send(parts)` gets what to add to the message. */
export function attachments(send) {
  return [
    ...Object.entries(FILES).map(([kind, [label, sign, example]]) => ({
      label,
      icon: sign,
      testid: `attach-${kind}`,
      run: () => fileDialog(kind, label, example, send),
    })),
    { label: "Contact", icon: "person", testid: "attach-contact", run: () => send({ contact: myContact() }) },
    { label: "Location", icon: "pin", testid: "attach-location", run: () => send({ location: somewhere() }) },
    { label: "Poll", icon: "poll", testid: "attach-poll", run: () => pollDialog(send) },
  ];
}

function fileDialog(kind, label, example, send) {
  formDialog({
    title: `Send a pretend ${label.toLowerCase()}`,
    testid: "attach-dialog",
    action: "Send",
    intro: "No file is uploaded. The bot gets a file id made of this name.",
    fields: [
      field("Name or file id", "file", { value: example, required: true }),
      field("Caption", "caption", { placeholder: "optional" }),
    ],
    submit: async (form) => {
      const file = form.get("file").trim();
      if (!file) throw new Error("Please give a name or a file id.");
      const caption = form.get("caption").trim();
      await send(caption ? { [kind]: file, caption } : { [kind]: file });
    },
  });
}

function pollDialog(send) {
  formDialog({
    title: "New poll",
    testid: "attach-dialog",
    action: "Send",
    fields: [
      field("Question", "question", { required: true, maxlength: 300 }),
      ...["First", "Second", "Third", "Fourth"].map((place, index) =>
        field(`${place} option`, "option", { maxlength: 100, placeholder: index > 1 ? "optional" : "" }),
      ),
      choice("Kind", "type", [
        ["regular", "Poll"],
        ["quiz", "Quiz (the first option is right)"],
      ]),
      tick("Anonymous", "anonymous", { checked: true }),
    ],
    submit: async (form) => {
      const options = form
        .getAll("option")
        .map((option) => option.trim())
        .filter(Boolean);
      if (!form.get("question").trim() || options.length < 2)
        throw new Error("Please give a question and at least two options.");
      await send({
        poll: {
          question: form.get("question").trim(),
          options: options.map((text) => ({ text })),
          type: form.get("type"),
          is_anonymous: Boolean(form.get("anonymous")),
          ...(form.get("type") === "quiz" ? { correct_option_id: 0 } : {}),
        },
      });
    },
  });
}
