/** @import { ConversationFrame, MarkFrame, Message } from "../shared/types.js" */

import { clone, htmx, part, setText } from "./dom.js";
import { setTime, showTimes } from "./times.js";

const REFETCH_PAUSE = 1_000;

/** The open conversations, newest first. What it does not know it fetches again, at most once a second. */
export class ConversationList {
  #section = part(document, "#list", HTMLElement);
  #rows = part(document, "#rows", HTMLElement);
  /** @type {"rest" | "fetch" | "pause"} */
  #phase = "rest";
  #stale = false;

  /**
   * @param {object} options
   * @param {(id: number) => boolean} options.isRead whether an agent is looking at that thread right now
   */
  constructor({ isRead }) {
    this.isRead = isRead;
    this.openId = 0;
    this.#section.addEventListener("htmx:afterRequest", ({ target }) => target === this.#section && this.#fetched());
  }

  /** @param {Message} message */
  onMessage(message) {
    if (message.kind !== "message") return;
    if (this.#phase === "fetch") this.#stale = true;
    const row = this.#find(message.conversation_id);
    if (!row) return this.refetch();
    const fromCustomer = message.sender_type === "customer";
    if (fromCustomer) row.dataset.customerSeq = String(message.seq);
    this.#setLast(row, { text: message.content, ...message });
    this.#setUnread(row, fromCustomer && !this.isRead(message.conversation_id));
    this.#place(row);
  }

  /** @param {ConversationFrame} conversation */
  onConversation(conversation) {
    if (this.#phase === "fetch") this.#stale = true;
    const known = this.#find(conversation.id);
    if (conversation.status !== "open") return known?.remove();
    const row = known ?? this.#newRow(conversation.id);
    const name = conversation.contact?.name ?? "";
    setText(row, ".row-name", name);
    setText(row, ".avatar", ([...name][0] ?? "").toUpperCase());
    if (!known) row.dataset.customerSeq = String(conversation.last_seq);
    if (conversation.last_message) this.#setLast(row, conversation.last_message);
    this.#setUnread(row, Boolean(conversation.unread) && !this.isRead(conversation.id));
    this.#place(row);
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
    this.#stale = this.#phase !== "rest";
    if (this.#stale) return;
    this.#phase = "fetch";
    this.#section.dispatchEvent(new Event("refetch"));
  }

  #fetched() {
    this.#phase = "pause";
    showTimes(this.#rows);
    this.select(this.openId);
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
    link.href += `${id}/`;
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
