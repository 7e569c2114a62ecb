/** @import { ConversationFrame, MarkFrame, Message, Person } from "../shared/types.js" */

import { Calm } from "./calm.js";
import { clone, htmx, part, setText } from "./dom.js";
import { showSignedOut } from "./status.js";
import { setTime, showTimes } from "./times.js";

const REFETCH_PAUSE = 1_000;
const RETRY_PAUSE = 5_000;

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
  /** @type {object | undefined} the fetch that is under way, or rests after it */
  #fetch;
  #isAsking = false;
  #isStale = false; // what the answer will bring
  #length = 0;
  #unreadElsewhere = 0;
  #calm = new Calm(this.#section);
  #end = new IntersectionObserver(([{ isIntersecting, target }]) => {
    if (isIntersecting) this.refetch(Number(/** @type {HTMLElement} */ (target).dataset.longer));
  });

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

  /** Of the whole list, though only its newest rows are here. */
  get unread() {
    return this.#unreadElsewhere + this.#rows.querySelectorAll(".row-unread").length;
  }

  /** @param {Message} message */
  onMessage(message) {
    if (message.kind !== "message") return;
    this.#isStale ||= this.#isAsking;
    const row = this.#find(message.conversation_id);
    if (!row) return this.refetch();
    if (message.rev < Number(row.dataset.rev)) return; // it was overtaken
    row.dataset.rev = String(message.rev);
    const fromCustomer = message.sender_type === "customer";
    if (fromCustomer && this.#listing.dataset.name === "resolved") return this.#leave(row); // it is open again
    if (fromCustomer) row.dataset.customerSeq = String(message.seq);
    this.#setLast(row, { text: message.content, ...message });
    this.#setUnread(row, fromCustomer && !this.isRead(message.conversation_id));
    this.#move(() => this.#place(row));
  }

  /** @param {ConversationFrame} conversation */
  onConversation(conversation) {
    this.#isStale ||= this.#isAsking;
    const known = this.#find(conversation.id);
    if (known && conversation.rev < Number(known.dataset.rev)) return this.refetch();
    if (!BELONGS[this.#listing.dataset.name ?? ""](conversation, this.agentId)) return known && this.#leave(known);
    if (!known && this.#calm.isDisturbed) return this.refetch();
    const row = known ?? this.#newRow(conversation.id);
    row.classList.remove("row-gone");
    row.dataset.rev = String(conversation.rev);
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
    if (mark.type !== "read" || mark.sender_type !== "agent") return;
    this.#isStale ||= this.#isAsking;
    const row = this.#find(mark.conversation_id);
    if (!row) return this.refetch();
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

  /**
   * Once a second at most.
   * @param {number} [length] rows that are wanted
   */
  refetch(length = 0) {
    this.#length = Math.max(this.#length, length);
    this.#isStale = true;
    if (this.#fetch) return;
    const fetch = (this.#fetch = {});
    this.#ask().then(
      (html) => this.#move(() => this.#fetch === fetch && this.#show(html, fetch)),
      () => {
        this.#isStale = true;
        this.#rest(fetch, RETRY_PAUSE);
      },
    );
  }

  async #ask() {
    this.#isStale = false;
    this.#isAsking = true;
    const headers = { "HX-Request": "true", "X-Agent-Id": this.agentId };
    const answer = await fetch(`${this.#listing.dataset.path}list/?rows=${this.#length}`, { headers });
    if (answer.status === 401) showSignedOut();
    if (!answer.ok) throw answer.status;
    return answer.text();
  }

  /**
   * @param {string} html
   * @param {object} fetch
   */
  #show(html, fetch) {
    this.#keepingPlace(() => htmx.swap(this.#rows, html, { swapStyle: "innerHTML" }));
    this.#isAsking = false;
    this.#drawn();
    this.#rest(fetch, REFETCH_PAUSE);
  }

  /**
   * @param {object} fetch
   * @param {number} pause
   */
  #rest(fetch, pause) {
    setTimeout(() => {
      if (this.#fetch !== fetch) return;
      this.#fetch = undefined;
      if (this.#isStale) this.refetch();
    }, pause);
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

  /** Another list is on show, drawn a moment ago: what came meanwhile went to the last one. */
  #changed() {
    this.#calm.forget();
    this.#fetch = undefined;
    this.#drawn();
    this.refetch();
  }

  /** What the server has drawn. */
  #read() {
    const { unread, length } = part(this.#rows, "[data-unread]", HTMLElement).dataset;
    this.#length = Number(length);
    this.#unreadElsewhere = Math.max(0, Number(unread) - this.#rows.querySelectorAll(".row-unread").length);
    this.#end.disconnect();
    const note = this.#rows.querySelector("[data-longer]");
    if (note) this.#end.observe(note);
  }

  #drawn() {
    this.#read();
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
    const older = others.find((other) => timeOf(other) <= timeOf(row)) ?? null;
    if (row.isConnected && row.nextElementSibling === older) return;
    const focused = document.activeElement;
    const isNew = !row.isConnected;
    this.#keepingPlace(() => this.#rows.insertBefore(row, older), row);
    if (isNew) htmx.process(row);
    else if (focused instanceof HTMLElement && row.contains(focused)) focused.focus({ preventScroll: true });
  }
}

/** @param {Element} row */
function timeOf(row) {
  return Date.parse(part(row, "time", HTMLTimeElement).dateTime);
}
