import { part } from "./dom.js";
import { Refetch } from "./refetch.js";

const READING = 500; // what arrives in the open thread is read a moment later
const MOST = 99;
const DOT = "%3Ccircle cx='22' cy='22' r='6' fill='%23e5484d' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E";
const link = part(document, "link[rel='icon']", HTMLLinkElement);
const plain = link.href;
const dotted = plain.replace(/%3C\/svg%3E$/, DOT);

/** How many conversations wait unread: beside each list, and of all that are open in the tab's title and icon. */
export class Unread {
  /** @type {Record<string, number>} by the names of lists */
  #counts = {};
  #refetch = new Refetch(
    () => part(document, "#listings", HTMLElement).dataset.unread ?? "",
    (answer) => {
      this.#counts = JSON.parse(answer);
      this.show();
    },
  );

  refetch() {
    setTimeout(() => this.#refetch.start(), READING);
  }

  show() {
    for (const [name, count] of Object.entries(this.#counts)) {
      const element = part(document, `#listing-${name} .rail-unread`, HTMLElement);
      const text = count ? short(count) : "";
      if (element.textContent !== text) element.textContent = text;
    }
    const { open = 0 } = this.#counts;
    const name = document.title.replace(/^\(\d+\+?\) /, "");
    const title = open ? `(${short(open)}) ${name}` : name;
    if (document.title !== title) document.title = title;
    const icon = open ? dotted : plain;
    if (link.href !== icon) link.href = icon;
  }
}

/** @param {number} count */
function short(count) {
  return count > MOST ? `${MOST}+` : String(count);
}
