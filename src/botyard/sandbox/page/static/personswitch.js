// "You are: Olivia Stone": who the person at the page plays, and the menu to play another.

import { avatar } from "./avatar.js";
import { el, icon } from "./dom.js";
import { fullName } from "./format.js";
import { openMenu } from "./menu.js";
import { unreadOfPerson } from "./messages.js";
import { newPerson } from "./people.js";
import { me, view, world } from "./state.js";

/** {node, draw}: one button that stays, so that focus stays too. */
export function personSwitch(becomePerson) {
  const node = el("button.user-switch", { type: "button", testid: "user-switch", "aria-haspopup": "menu" });
  node.addEventListener("click", () =>
    openMenu(node, people(becomePerson), { label: "Switch person", wide: true, testid: "user-menu" }),
  );
  const draw = () => {
    node.hidden = !me(); // until the first answer
    const name = fullName(me());
    const others = world.users.some((one) => one.id !== view.me && unreadOfPerson(one.id) > 0);
    node.setAttribute("aria-label", `You are ${name}. Switch to another person`);
    node.replaceChildren(
      avatar(me(), "small"),
      el("span.user-words", {}, el("small", {}, "You are"), el("span", {}, name)),
      others ? el("span.dot", { title: "Another person has new messages" }) : "",
      icon("updown"),
    );
  };
  return { node, draw };
}

const people = (becomePerson) => [
  ...world.users.map((one) => ({
    label: fullName(one),
    hint: [one.username && `@${one.username}`, one.id].filter(Boolean).join(" · "),
    picture: avatar(one, "small"),
    checked: one.id === view.me,
    badge: unreadOfPerson(one.id) || null,
    testid: "user-option",
    data: { user: one.id },
    run: () => becomePerson(one.id),
  })),
  "-",
  {
    label: "New person…",
    icon: "plus",
    testid: "new-person",
    run: () => newPerson((made) => becomePerson(made.id)),
  },
];
