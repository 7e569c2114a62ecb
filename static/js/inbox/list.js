/** @import { ConversationFrame, MarkFrame, Message, Person } from "../shared/types.js" */

import { Calm } from "./calm.js";
import { clone, htmx, part, setText } from "./dom.js";
import { setTime, showTimes } from "./times.js";

const REFETCH_PAUSE = 1_000;

/**
 * What belongs to each list of `conversations/inbox/listings.py`.
 * @type {Record<string, (conversation: {status: string, assignee: Person | null}, agentId: string) => boolean>}
 */
const BELONGS = {
  open: ({ status }) => status === "open",
  mine: ({ status, assignee }, agentId) => status === "open" && assignee?.id === agentId,
  unassigned: ({ status, assignee }) => status === "open" && !assignee,
  resolved: ({ status }) => status === "resolved",
};

/**
 * The conversations of one list, newest first. What it does not know it fetches again, at most once a second. While the
 * pointer moves over it every row stays where it is.
 */
export class ConversationList {
  #section = part(document, "#list", HTMLElement);
  /** @type {"rest" | "fetch" | "pause"} */
  #phase = "rest";
  #stale = false;
  #unreadElsewhere = 0;
  #calm = new Calm(this.#section);

  /**
   * @param {object} options
   * @param {string} options.agentId
   * @param {(id: number) => boolean} options.isRead whether an agent is looking at that thread right now
   * @param {() => void} options.onChange
   */
  constructor({ agentId, isRead, onChange }) {
    this.agentId = agentId;
    this.isRead = isRead;
    this.onChange = onChange;
    this.openId = 0;
    const section = this.#section;
    section.addEventListener("htmx:beforeRequest", ({ target }) => {
      if (/** @type {Element} */ (target).matches(".list-note")) this.#phase = "fetch";
    });
    section.addEventListener("htmx:afterSwap", ({ target }) => {
      if (target === section) this.#phase = "rest"; // whoever asked for the list before this one hears no answer
      this.#shown();
    });
    section.addEventListener("htmx:afterRequest", ({ target }) => {
      if (target === this.#listing || target === this.#rows) this.#fetched(); // the rows, when who asked is gone
    });
    section.addEventListener("keydown", (event) => this.#onKey(event));
    this.#count();
  }

  get #listing() {
    return part(this.#section, ".listing", HTMLElement);
  }

  get #rows() {
    return part(this.#section, ".rows", HTMLElement);
  }

  /** Of the whole list, though only its newest rows are here. */
  get unread() {
    return this.#unreadElsewhere + this.#rows.querySelectorAll(".row-unread").length;
  }

  /** @param {Message} message */
  onMessage(message) {
    if (message.kind !== "message") return;
    if (this.#phase === "fetch") this.#stale = true;
    const row = this.#find(message.conversation_id);
    if (!row) return this.refetch();
    const fromCustomer = message.sender_type === "customer";
    if (fromCustomer && this.#listing.dataset.name === "resolved") return this.#leave(row); // it is open again
    if (fromCustomer) row.dataset.customerSeq = String(message.seq);
    this.#setLast(row, { text: message.content, ...message });
    this.#setUnread(row, fromCustomer && !this.isRead(message.conversation_id));
    this.#move(() => this.#place(row));
  }

  /** @param {ConversationFrame} conversation */
  onConversation(conversation) {
    if (this.#phase === "fetch") this.#stale = true;
    const known = this.#find(conversation.id);
    if (!BELONGS[this.#listing.dataset.name ?? ""](conversation, this.agentId)) return known && this.#leave(known);
    if (!known && this.#calm.isDisturbed) return this.refetch();
    const row = known ?? this.#newRow(conversation.id);
    row.classList.remove("row-gone");
    const name = conversation.contact?.name ?? "";
    setText(row, ".row-name", name);
    setText(row, ".avatar", ([...name][0] ?? "").toUpperCase());
    if (!known) row.dataset.customerSeq = String(conversation.last_seq);
    if (conversation.last_message) this.#setLast(row, conversation.last_message);
    this.#setUnread(row, Boolean(conversation.unread) && !this.isRead(conversation.id));
    this.#move(() => this.#place(row));
  }

  /** @param {MarkFrame} mark */
  onMark(mark) {
    const row = this.#find(mark.conversation_id);
    if (!row || mark.type !== "read" || mark.sender_type !== "agent") return;
    if (mark.seq >= Number(row.dataset.customerSeq)) this.#setUnread(row, false);
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

  refetch() {
    this.#move(() => {
      this.#stale = this.#phase !== "rest";
      if (this.#stale) return;
      this.#phase = "fetch";
      this.#listing.dispatchEvent(new Event("refetch"));
    });
  }

  /** @param {() => void} move of rows */
  #move(move) {
    this.#calm.then(() => {
      move();
      this.onChange();
    });
  }

  /** @param {HTMLElement} row of a conversation that does not belong here any more */
  #leave(row) {
    row.classList.add("row-gone");
    this.#setUnread(row, false);
    this.#move(() => row.classList.contains("row-gone") && row.remove());
  }

  #count() {
    const unread = Number(part(this.#rows, "[data-unread]", HTMLElement).dataset.unread);
    this.#unreadElsewhere = Math.max(0, unread - this.#rows.querySelectorAll(".row-unread").length);
  }

  /** Other rows are on show. */
  #shown() {
    this.#calm.forget();
    this.#count();
    showTimes(this.#rows);
    this.select(this.openId);
    this.onChange();
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

  #fetched() {
    this.#phase = "pause";
    setTimeout(() => {
      this.#phase = "rest";
      if (this.#stale) this.refetch();
    }, REFETCH_PAUSE);
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
    this.onChange();
  }

  /** @param {HTMLElement} row where its time belongs, with the focus kept */
  #place(row) {
    const others = [...this.#rows.querySelectorAll(".row")].filter((other) => other !== row);
    const older = others.find((other) => timeOf(other) <= timeOf(row)) ?? null;
    if (row.isConnected && row.nextElementSibling === older) return;
    const focused = document.activeElement;
    const isNew = !row.isConnected;
    this.#rows.insertBefore(row, older);
    if (isNew) htmx.process(row);
    else if (focused instanceof HTMLElement && row.contains(focused)) focused.focus({ preventScroll: true });
  }
}

/** @param {Element} row */
function timeOf(row) {
  return Date.parse(part(row, "time", HTMLTimeElement).dateTime);
}
