// Round pictures with initials; bots, groups and channels carry a small sign.

import { el, icon } from "./dom.js";
import { fullName, hue, initials } from "./format.js";

export function avatar(one, size = "", sign = null) {
  const words = initials(fullName(one));
  return el(
    `span.avatar.${hue(one?.id)}${size && `.${size}`}`,
    { "aria-hidden": "true" },
    words,
    sign && el("span.avatar-sign", {}, icon(sign)),
  );
}
