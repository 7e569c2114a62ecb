/** How many conversations wait, in the tab's title and icon. */

import { part } from "./dom.js";

const DOT = "%3Ccircle cx='22' cy='22' r='6' fill='%23e5484d' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E";
const link = part(document, "link[rel='icon']", HTMLLinkElement);
const plain = link.href;
const dotted = plain.replace(/%3C\/svg%3E$/, DOT);

/** @param {number} count */
export function showUnread(count) {
  const name = document.title.replace(/^\(\d+\+?\) /, "");
  const title = count ? `(${count > 99 ? "99+" : count}) ${name}` : name;
  if (document.title !== title) document.title = title;
  const icon = count ? dotted : plain;
  if (link.href !== icon) link.href = icon;
}
