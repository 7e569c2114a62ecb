/** @import { ConversationFrame, MarkFrame, Message } from "../shared/types.js" */

import { Calm } from "./calm.js";
import { agentId, clone, htmx, part, setText } from "./dom.js";
import { Refetch } from "./refetch.js";
import { setTime, showTimes } from "./times.js";

/**
 * What belongs to each list of `conversations/inbox/listings.py`.
 * @type {Record<string, (conversation: ConversationFrame) => boolean>}
 */
const BELONGS = {
  open: isOpen,
  mine: (conversation) => isOpen(conversation) && conversation.assignee?.id === agentId,
  unassigned: (conversation) => isOpen(conversation) && !conversation.assignee,
  resolved: ({ status }) => status === "resolved",
};

/** @param {ConversationFrame} conversation */
function isOpen({ status, snoozed_until }) {
  return status === "open" && !(snoozed_until && Date.parse(snoozed_until) > Date.now());
}

/**
 * The conversations of one list, newest first. What it does not know it fetches again. While the pointer moves over it
 * every row stays where it is.
 */
export class ConversationList {
  #section = part(document, "#list", HTMLElement);
  #length = 0;
  #refetch = new Refetch(
    () => `${this.#listing.dataset.path}list/?rows=${this.#length}`,
    (html) => this.#calm.settled(() => this.#show(html)),
  );
  #calm = new Calm(this.#section);
  #end = new IntersectionObserver(([{ isIntersecting, target }]) => {
    if (isIntersecting) this.refetch(Number(/** @type {HTMLElement} */ (target).dataset.longer));
  });

  /** @param {(id: number) => boolean} isRead whether an agent is looking at that thread right now */
  constructor(isRead) {
    this.isRead = isRead;
    this.openId = 0;
    const section = this.#section;
    section.addEventListener("htmx:afterSwap", ({ target }) => target === section && this.#changed());
    section.addEventListener("keydown", (event) => this.#onKey(event));
    this.#read();
  }

  get #listing() {
    return part(this.#section, ".listing", HTMLElement);
  }

  get #rows() {
    return part(this.#section, ".rows", HTMLElement);
  }

  /** @param {Message} message */
  onMessage(message) {
    if (message.kind !== "message") return;
    this.#refetch.overtake();
    const row = this.#find(message.conversation_id);
    if (!row) return this.refetch();
    if (message.rev < Number(row.dataset.rev)) return this.refetch(); // it was overtaken
    row.dataset.rev = String(message.rev);
    const fromCustomer = message.sender_type === "customer";
    if (fromCustomer && this.#listing.dataset.name === "resolved") return this.#leave(row); // it is open again
    if (fromCustomer) row.dataset.customerSeq = String(message.seq);
    this.#setLast(row, { text: message.content, ...message });
    this.#setUnread(row, fromCustomer && !this.isRead(message.conversation_id));
    this.#calm.settled(() => this.#place(row));
  }

  /** @param {ConversationFrame} conversation */
  onConversation(conversation) {
    this.#refetch.overtake();
    const known = this.#find(conversation.id);
    if (known && conversation.rev < Number(known.dataset.rev)) return this.refetch();
    if (!BELONGS[this.#listing.dataset.name ?? ""](conversation)) return known && this.#leave(known);
    if (!known && this.#calm.isDisturbed) return this.refetch();
    const row = known ?? this.#newRow(conversation.id);
    row.classList.remove("row-gone");
    row.dataset.rev = String(conversation.rev);
    const name = conversation.contact?.name ?? "";
    setText(row, ".row-name", name);
    row.dataset.mark = conversation.mark;
    setText(row, ".avatar", ([...name][0] ?? "").toUpperCase());
    if (!known) row.dataset.customerSeq = String(conversation.last_seq);
    if (conversation.last_message) this.#setLast(row, conversation.last_message);
    this.#setUnread(row, Boolean(conversation.unread) && !this.isRead(conversation.id));
    this.#calm.settled(() => this.#place(row));
  }

  /** @param {MarkFrame} mark */
  onMark(mark) {
    if (mark.type !== "read" || mark.sender_type !== "agent") return;
    this.#refetch.overtake();
    const row = this.#find(mark.conversation_id);
    if (!row || mark.seq < Number(row.dataset.customerSeq)) return;
    row.dataset.rev = String(Math.max(mark.rev, Number(row.dataset.rev)));
    this.#setUnread(row, false);
  }

  /** @param {number} id 0 for none */
  select(id) {
    this.openId = id;
    for (const link of this.#rows.querySelectorAll("a[aria-current]")) link.removeAttribute("aria-current");
    const row = this.#find(id);
    if (!row) return;
    part(row, "a", HTMLElement).setAttribute("aria-current", "true");
    if (this.isRead(id)) this.#setUnread(row, false);
  }

  /** @param {number} [length] rows that are wanted */
  refetch(length = 0) {
    this.#length = Math.max(this.#length, length);
    this.#refetch.start();
  }

  /** @param {HTMLElement} row of a conversation that does not belong here any more */
  #leave(row) {
    row.classList.add("row-gone");
    this.#setUnread(row, false);
    this.#calm.settled(() => row.classList.contains("row-gone") && this.#remove(row));
  }

  /** Another list is on show, drawn a moment ago: what came meanwhile went to the last one. */
  #changed() {
    this.#calm.forget();
    this.#refetch.forget();
    this.#drawn();
    this.refetch();
  }

  /** @param {string} html */
  #show(html) {
    const links = () => [...this.#rows.querySelectorAll("a")];
    const focused = links().findIndex((link) => link === document.activeElement);
    this.#keepingPlace(() => htmx.swap(this.#rows, html, { swapStyle: "innerHTML" }));
    this.#drawn();
    const now = links();
    if (focused >= 0 && document.activeElement === document.body) {
      now[Math.min(focused, now.length - 1)]?.focus({ preventScroll: true }); // its row is gone
    }
  }

  #drawn() {
    this.#read();
    showTimes(this.#rows);
    this.select(this.openId);
  }

  /** What the server has drawn. */
  #read() {
    this.#length = Number(part(this.#rows, "[data-length]", HTMLElement).dataset.length);
    this.#end.disconnect();
    const note = this.#rows.querySelector("[data-longer]");
    if (note) this.#end.observe(note);
  }

  /** @param {HTMLElement} row whose focus goes to its neighbour */
  #remove(row) {
    const neighbour = row.nextElementSibling?.querySelector("a") ?? row.previousElementSibling?.querySelector("a");
    const hadFocus = row.contains(document.activeElement);
    row.remove();
    if (hadFocus) neighbour?.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event the arrows go from row to row */
  #onKey(event) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const links = [...this.#rows.querySelectorAll("a")];
    const at = links.findIndex((link) => link === document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    links[at + step]?.focus();
  }

  /** @param {number} id */
  #find(id) {
    return /** @type {HTMLElement | null} */ (this.#rows.querySelector(`.row[data-id="${id}"]`));
  }

  /** @param {number} id */
  #newRow(id) {
    const row = clone("row-template");
    const link = part(row, "a", HTMLAnchorElement);
    row.dataset.id = String(id);
    link.id = `row-${id}`;
    link.href = `${this.#listing.dataset.path}${id}/`;
    if (id === this.openId) link.setAttribute("aria-current", "true");
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {{text: string, sender_type: string, created_at: string}} last
   */
  #setLast(row, last) {
    row.dataset.sender = last.sender_type;
    setText(row, ".row-text", last.text.slice(0, 200));
    setTime(part(row, "time", HTMLTimeElement), last.created_at);
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} unread
   */
  #setUnread(row, unread) {
    row.classList.toggle("row-unread", unread);
  }

  /**
   * Who has scrolled down goes on seeing the same rows.
   * @param {() => void} change
   * @param {HTMLElement} [moving]
   */
  #keepingPlace(change, moving) {
    const section = this.#section;
    const top = this.#rows.getBoundingClientRect().top + section.scrollTop; // under the head, where rows begin
    const rows = section.scrollTop ? [...this.#rows.querySelectorAll(".row")] : [];
    const first = rows.find((row) => row !== moving && row.getBoundingClientRect().bottom > top);
    const was = first?.getBoundingClientRect().top ?? 0;
    change();
    const now = first && this.#find(Number(/** @type {HTMLElement} */ (first).dataset.id));
    if (now) section.scrollTop += now.getBoundingClientRect().top - was;
  }

  /** @param {HTMLElement} row where its time belongs, with the focus kept */
  #place(row) {
    const shown = this.#find(Number(row.dataset.id));
    if (shown && shown !== row) return; // all rows were drawn anew meanwhile
    const others = [...this.#rows.querySelectorAll(".row")].filter((other) => other !== row);
    const isNew = !row.isConnected;
    const note = this.#rows.querySelector(".list-note");
    const older = others.find((other) => timeOf(other) <= timeOf(row)) ?? note;
    if (isNew && note && older === note) return; // it has its place among those that are not loaded
    if (row.isConnected && row.nextElementSibling === older) return;
    const focused = document.activeElement;
    this.#keepingPlace(() => this.#rows.insertBefore(row, older), row);
    if (isNew) htmx.process(row);
    else if (focused instanceof HTMLElement && row.contains(focused)) focused.focus({ preventScroll: true });
  }
}

/** @param {Element} row */
function timeOf(row) {
  return Date.parse(part(row, "time", HTMLTimeElement).dateTime);
}
