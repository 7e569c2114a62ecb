/** @import { Message } from "../shared/types.js" */
/** @import { Item } from "../shared/messages.js" */
/** @import { Chat, Talk } from "./chat.js" */
import { DAY, dayText, shortTime, textPieces } from "../shared/messages.js";
import { lang, t } from "../shared/words.js";

const KEPT = 150; // rows in the page at a time
const STEP = 50;
const EDGE = 400; // px from an end at which more rows are drawn
const NEAR = 60; // px from the end that still count as the end

/**
 * @typedef {object} Row
 * @property {string} key
 * @property {"mine" | "theirs" | "activity" | "day"} side
 * @property {string} content
 * @property {string} [name]
 * @property {string} [at]
 * @property {string} [mark] how far it got
 * @property {Item} [item] not stored yet
 * @property {import("../shared/types.js").Attachment[]} [files]
 */

/** The messages of one conversation. Only the rows around what is read are in the page, however long it is. */
export class Log {
  /** @type {Row[]} */
  #rows = [];
  #from = 0;
  #to = 0;
  #isFollowing = true;
  /** @type {Map<string, HTMLElement>} */
  #elements = new Map();

  /**
   * @param {object} handlers
   * @param {(clientId: string) => void} handlers.onRetry
   * @param {() => void} handlers.onOlder the reader is at the first message we have
   * @param {(isAtEnd: boolean) => void} handlers.onScroll
   */
  constructor(handlers) {
    this.handlers = handlers;
    this.older = make("div", { className: "older" });
    this.list = make("div", { className: "rows" });
    this.typing = make("p", { className: "typing", dir: "auto" });
    this.element = make("div", { className: "log", role: "log", ariaLive: "off", ariaLabel: t("Messages"), tabIndex: 0 },
      this.older, this.list, this.typing);
    this.chip = make("button", { type: "button", className: "chip", hidden: true, textContent: t("New messages") });
    this.element.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.chip.addEventListener("click", () => (this.element.focus(), this.toTheEnd()));
    new ResizeObserver(() => this.#isFollowing && this.#scrollDown()).observe(this.element);
  }

  /** Another conversation is on show: from its end. */
  reset() {
    this.#rows = [];
    this.toTheEnd();
  }

  toTheEnd() {
    this.#isFollowing = true;
    this.chip.hidden = true;
    this.#window(this.#rows.length);
    this.#draw();
  }

  /**
   * @param {Row[]} rows
   * @param {Pick<Talk, "older" | "hasOlder" | "typing">} [talk]
   */
  render(rows, { older, hasOlder, typing } = { older: "", hasOlder: false, typing: "" }) {
    const last = rows.at(-1);
    const isNew = last && last.key !== this.#rows.at(-1)?.key && this.#rows.length > 0;
    if (isNew && last.item) this.#isFollowing = true;
    if (isNew && !this.#isFollowing && last.side === "theirs") this.chip.hidden = false;
    const wasWhole = this.#to === this.#rows.length;
    const end = this.#rows[this.#to - 1]?.key;
    this.#rows = rows;
    this.#window(this.#isFollowing || wasWhole ? rows.length : rows.findIndex(({ key }) => key === end) + 1);
    this.hasOlder = hasOlder;
    this.#draw(older, typing);
    if (hasOlder && !older && !this.#from && this.element.scrollTop < EDGE) this.handlers.onOlder();
  }

  /**
   * The rows up to `to`, as many as there were or more.
   * @param {number} to
   */
  #window(to) {
    const size = Math.min(KEPT, Math.max(STEP, this.#to - this.#from));
    this.#to = to;
    this.#from = Math.max(0, to - size);
  }

  #onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    if (!clientHeight) return;
    const below = scrollHeight - scrollTop - clientHeight;
    const isWhole = this.#to === this.#rows.length;
    this.#isFollowing = isWhole && below < NEAR;
    if (this.#isFollowing) this.chip.hidden = true;
    this.handlers.onScroll(this.#isFollowing);
    if (below < EDGE && !isWhole) {
      this.#to = Math.min(this.#rows.length, this.#to + STEP);
      this.#from = Math.max(this.#from, this.#to - KEPT);
      this.#draw();
    } else if (scrollTop < EDGE && this.#from) {
      this.#from = Math.max(0, this.#from - STEP);
      this.#to = Math.min(this.#to, this.#from + KEPT);
      this.#draw();
    } else if (scrollTop < EDGE && this.hasOlder && !this.older.dataset.state) this.handlers.onOlder();
  }

  /**
   * Changes the rows without moving what is being read.
   * @param {string} [older]
   * @param {string} [typing]
   */
  #draw(older, typing) {
    const { element, list } = this;
    const anchor = this.#isFollowing ? undefined : this.#anchor();
    if (older !== undefined) this.#showOlder(older);
    if (typing !== undefined) this.#showTyping(typing);
    const rows = this.#rows;
    const shown = new Map(rows.slice(this.#from, this.#to).map((row, index) => {
      const at = this.#from + index;
      return [row.key, this.#row(row, rows[at - 1], rows[at + 1])];
    }));
    for (const [key, old] of this.#elements) if (!shown.has(key)) old.remove();
    this.#elements = shown;
    let at = list.firstElementChild;
    for (const row of shown.values()) {
      if (row === at) at = at.nextElementSibling;
      else list.insertBefore(row, at);
    }
    if (this.#isFollowing) this.#scrollDown();
    else if (anchor?.row.isConnected) element.scrollTop += anchor.row.offsetTop - anchor.top;
  }

  /** The first row that is in sight, and where it stands. */
  #anchor() {
    const { scrollTop } = this.element;
    for (const row of this.#elements.values()) {
      const top = row.offsetTop;
      if (top + row.offsetHeight > scrollTop && !row.classList.contains("day")) return { row, top };
    }
    return undefined;
  }

  #scrollDown() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** @param {string} older */
  #showOlder(older) {
    if (this.older.dataset.state === older) return;
    this.older.dataset.state = older;
    this.older.replaceChildren(...(older === "failed"
      ? [t("Earlier messages could not be loaded."), " ", again(() => this.handlers.onOlder())]
      : [older && t("Loading earlier messages")]));
  }

  /** @param {string} name */
  #showTyping(name) {
    if (this.typing.dataset.name === name) return;
    this.typing.dataset.name = name;
    const dots = make("span", { className: "dots", ariaHidden: "true" }, make("i", {}), make("i", {}), make("i", {}));
    this.typing.replaceChildren(...(name ? [dots, t("% is typing", name)] : []));
  }

  /**
   * @param {Row} row
   * @param {Row} [before]
   * @param {Row} [after]
   */
  #row(row, before, after) {
    const element = this.#elements.get(row.key) ?? newRow(row);
    const isFirst = !isOneGroup(before, row);
    const hasFailed = row.item?.state === "failed";
    const isLast = !isOneGroup(row, after) || hasFailed || row.mark;
    element.className = ["row", row.side, isFirst && "first", isLast && "last", hasFailed && "failed"].filter(Boolean).join(" ");
    const meta = /** @type {HTMLElement} */ (element.lastElementChild);
    const time = row.at ? timeText(new Date(row.at)) : "";
    const state = [row.item?.state, time, row.mark].join(" ");
    if (meta.dataset.state !== state && row.side !== "day") {
      meta.dataset.state = state;
      meta.replaceChildren(...this.#meta(row, time));
    }
    return element;
  }

  /**
   * @param {Row} row
   * @param {string} textContent
   * @returns {(Node | string)[]}
   */
  #meta({ item, at, mark }, textContent) {
    if (item?.state === "failed") {
      return [t("Not sent."), " ", again(() => this.handlers.onRetry(item.client_id))];
    }
    if (item) return [make("span", { className: "wait", textContent: t("Sending") })];
    if (!at) return [];
    const time = make("time", { dir: "auto", dateTime: at, title: exactTime(at), textContent });
    return mark ? [time, ` · ${mark}`] : [time];
  }
}

/**
 * What a conversation looks like, from its first message to the one that is still on its way.
 * @param {Chat} chat
 * @returns {Row[]}
 */
export function rowsOf({ talk, config, outbox, current }) {
  /** @type {Row[]} */
  const rows = [];
  if (config.initial_message && !talk?.hasOlder) rows.push({ key: "greeting", side: "theirs", content: config.initial_message });
  let day = "";
  let isNewer = false;
  /** @type {Row | undefined} */
  let mine;
  for (const { id, client_id, kind, author, content, attachments: files, created_at: at, seq, sender_type } of talk?.messages ?? []) {
    const date = new Date(at).toDateString();
    if (date !== day) rows.push({ key: (day = date), side: "day", content: dayText(new Date(at)) });
    const isMine = sender_type === "customer";
    const position = seq ?? 0;
    if (!isNewer && !isMine && position > (talk?.newAfter ?? Infinity)) {
      isNewer = true;
      rows.push({ key: "new", side: "day", content: t("New") });
    }
    const side = kind === "activity" ? "activity" : isMine ? "mine" : "theirs";
    const mark = position <= (talk?.info.agent_read_seq ?? 0) ? t("Seen") : t("Sent");
    /** @type {Row} */
    const row = { key: client_id ?? `${id}`, side, content, files, name: author?.name, at };
    if (isMine) {
      if (mine) mine.mark = undefined;
      (mine = row).mark = mark;
    }
    rows.push(row);
  }
  for (const item of outbox.items) {
    if (item.conversation_id === current) rows.push({ key: item.client_id, side: "mine", content: item.content, item });
  }
  return rows;
}

/** @param {Row} row */
function newRow({ name = "", content, side, files }) {
  if (side === "day") return make("div", {}, make("span", { textContent: content }));
  const pieces = textPieces(content).map(({ text, href }) =>
    href ? make("a", { href, textContent: text, target: "_blank", rel: "noopener noreferrer" }) : text);
  return make("div", {},
    make("div", { className: "who", textContent: name, dir: "auto" }),
    make("div", { className: "bubble", dir: "auto" }, ...pieces),
    ...(files?.length ? [make("div", /** @type {any} */ ({ className: "files", files }))] : []),
    make("div", { className: "meta" }));
}

/** @param {() => void} onclick */
function again(onclick) {
  return make("button", { type: "button", textContent: t("Try again"), onclick });
}

/** @param {Date} date its day stands above the message */
function timeText(date) {
  if (Date.now() - date.getTime() < DAY) return shortTime(date);
  return date.toLocaleTimeString(lang, { hour: "numeric", minute: "2-digit" });
}

/** @param {string} at */
export function exactTime(at) {
  return new Date(at).toLocaleString(lang, { dateStyle: "full", timeStyle: "short" });
}

/**
 * Rows of one sender and minute stand together.
 * @param {Row} [one]
 * @param {Row} [next]
 */
function isOneGroup(one, next) {
  if (!one || !next || one.side !== next.side) return false;
  if (one.side !== "mine" && one.name !== next.name) return false;
  return Boolean(next.item) || one.at?.slice(0, 16) === next.at?.slice(0, 16);
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} properties
 * @param {(Node | string)[]} children
 */
export function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}
