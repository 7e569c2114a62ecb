/** The messages of a conversation: those that are stored (Timeline), and those on their way (Outbox). */
/** @import { AckFrame, ErrorFrame, Message, MessageFrame, Position, SendFrame, Timers } from "./types.js" */

import { lang, t } from "./words.js";

/**
 * @typedef {object} Item
 * @property {string} client_id
 * @property {string} content
 * @property {number} [conversation_id] none until the first message of a new visitor is stored
 * @property {"sending" | "sent" | "failed"} state
 * @property {string} [code] why it failed or has to wait
 * @property {string} [detail]
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const PATIENCE = 200; // with a gap
const WAIT = new Set(["RATE_LIMITED", "BUSY", "STORE_UNAVAILABLE"]);
const BUSY_DELAY = 1_000;
const LONGEST_DELAY = 60_000;
const LINK = /\b(?:https?:\/\/|www\.)[\p{L}\p{N}[][^\s<>"]*/giu;
const UNSENDABLE = /[\0\p{Cs}]/gu; // NUL and halves of an emoji, which the server refuses

/** The ordered messages of one conversation. */
export class Timeline {
  /** @type {Message[]} */
  messages = [];
  #ids = new Set();
  /** @type {Map<number, Message>} */
  #held = new Map();
  /** @type {any} */
  #timer;
  /** the last message before the first gap */
  #seq = 0;
  #seqRev = 0;
  #rev = 0;

  /**
   * @param {object} options
   * @param {() => void} options.onGap a gap stayed open: say hello again
   * @param {Timers} [options.timers]
   */
  constructor({ onGap, timers = globalThis }) {
    this.onGap = onGap;
    this.timers = timers;
  }

  /**
   * How far `hello.after` may claim to know. While a gap is open, `rev` stays before it.
   * @returns {Position}
   */
  get after() {
    return { seq: this.#seq, rev: this.#held.size ? this.#seqRev : this.#rev };
  }

  /** Messages that wait for an earlier one. */
  get held() {
    return [...this.#held.values()].sort((a, b) => a.id - b.id);
  }

  /**
   * @param {Message} message
   * @returns {"added" | "known" | "held"}
   */
  apply(message) {
    if (this.#ids.has(message.id)) return "known";
    const { seq } = message;
    if (seq !== null && this.#seq && seq > this.#seq + 1) {
      this.#hold(seq, message);
      return "held";
    }
    this.#insert(message);
    this.#release();
    return "added";
  }

  /**
   * @param {number} seq
   * @param {Message} message
   */
  #hold(seq, message) {
    this.#held.set(seq, message);
    this.#timer ??= this.timers.setTimeout(() => {
      this.#timer = undefined;
      this.onGap();
    }, PATIENCE);
  }

  #release() {
    for (let next; (next = this.#held.get(this.#seq + 1)); ) {
      this.#held.delete(this.#seq + 1);
      this.#insert(next);
    }
    if (this.#held.size) return;
    this.timers.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Ids grow within a conversation, for rows without `seq` too, so they give the order.
   * @param {Message} message
   */
  #insert(message) {
    let at = this.messages.length;
    while (at && this.messages[at - 1].id > message.id) at--;
    this.messages.splice(at, 0, message);
    this.#ids.add(message.id);
    this.#rev = Math.max(this.#rev, message.rev);
    if (message.seq === null || message.seq <= this.#seq) return;
    this.#seq = message.seq;
    this.#seqRev = message.rev;
  }
}

/** What the sender wrote and the server has not stored yet, sent one at a time so that the order is kept. */
export class Outbox {
  /** @type {Item[]} */
  items = [];
  /** @type {Item | undefined} */
  #inFlight;
  /** @type {any} */
  #pause;

  /**
   * @param {object} options
   * @param {(frame: SendFrame) => boolean} options.send
   * @param {(item: Item) => void} options.onChange
   * @param {Timers} [options.timers]
   */
  constructor({ send, onChange, timers = globalThis }) {
    this.send = send;
    this.onChange = onChange;
    this.timers = timers;
  }

  /** Something is on its way, or will be. */
  get isWaiting() {
    return this.items.some(({ state }) => state !== "failed");
  }

  /**
   * @param {{conversation_id?: number, content: string}} message
   * @returns {Item}
   */
  add({ conversation_id, content }) {
    /** @type {Item} */
    const item = { client_id: newId(), content: content.replace(UNSENDABLE, "\ufffd"), conversation_id, state: "sending" };
    this.items.push(item);
    this.onChange(item);
    this.#next();
    return item;
  }

  /**
   * The message was stored: an `ack`, or a `message` of our own that came back after a reconnect.
   * @param {AckFrame | MessageFrame} frame
   * @returns {Item | undefined}
   */
  onAck(frame) {
    const item = this.#find(frame.client_id);
    if (!item) return undefined;
    this.items.splice(this.items.indexOf(item), 1);
    for (const other of this.items) {
      if (other.conversation_id === item.conversation_id) other.conversation_id = frame.conversation_id;
    }
    item.conversation_id = frame.conversation_id;
    this.#settle(item, "sent");
    return item;
  }

  /**
   * @param {ErrorFrame} frame
   * @returns {Item | undefined} the item it answers, if any
   */
  onError(frame) {
    const item = this.#find(frame.client_id);
    if (!item) return undefined;
    if (WAIT.has(frame.code)) this.#wait(item, frame);
    else this.#settle(item, "failed", frame);
    return item;
  }

  /**
   * What waited when the page was left. It goes out in its old order, before anything new.
   * @param {Item[]} items
   */
  restore(items) {
    this.items.unshift(...items);
  }

  /** The line is ready: send again what was never acknowledged, in order. */
  resend() {
    this.#inFlight = undefined;
    this.#resume();
  }

  /** @param {string} clientId */
  retry(clientId) {
    const item = this.#find(clientId);
    if (item?.state !== "failed") return;
    this.#mark(item, "sending");
    this.#next();
  }

  /** The sender is somebody new: nothing that waits belongs to a conversation any more. */
  forgetConversations() {
    for (const item of this.items) item.conversation_id = undefined;
  }

  #next() {
    if (this.#inFlight || this.#pause) return;
    const item = this.items.find(({ state }) => state === "sending");
    if (!item) return;
    const { client_id, content, conversation_id } = item;
    if (this.send({ type: "send", client_id, content, conversation_id })) this.#inFlight = item;
  }

  /**
   * @param {Item} item
   * @param {ErrorFrame} frame
   */
  #wait(item, frame) {
    const delay = frame.retry_after ? frame.retry_after * 1_000 : BUSY_DELAY;
    this.#inFlight = undefined;
    this.timers.clearTimeout(this.#pause);
    this.#pause = this.timers.setTimeout(() => this.#resume(), Math.min(delay, LONGEST_DELAY));
    this.#mark(item, "sending", frame);
  }

  #resume() {
    this.timers.clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#next();
  }

  /**
   * @param {Item} item
   * @param {Item["state"]} state
   * @param {ErrorFrame} [frame]
   */
  #settle(item, state, frame) {
    if (this.#inFlight === item) this.#inFlight = undefined;
    this.#mark(item, state, frame);
    this.#next();
  }

  /**
   * @param {Item} item
   * @param {Item["state"]} state
   * @param {ErrorFrame} [frame]
   */
  #mark(item, state, frame) {
    item.state = state;
    item.code = frame?.code;
    item.detail = frame?.detail;
    this.onChange(item);
  }

  /** @param {string | null | undefined} clientId */
  #find(clientId) {
    return this.items.find(({ client_id }) => client_id === clientId);
  }
}

/** A random UUID, also on pages without https, where `crypto.randomUUID` does not exist. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * "now", "5 min", "3 h", then the date as the reader writes it.
 * @param {Date} moment
 * @param {Date} [now]
 */
export function shortTime(moment, now = new Date()) {
  const age = now.getTime() - moment.getTime();
  if (age < MINUTE) return t("now");
  if (age < HOUR) return t("% min", Math.floor(age / MINUTE));
  if (age < DAY) return t("% h", Math.floor(age / HOUR));
  const year = moment.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return moment.toLocaleDateString(lang, { day: "numeric", month: "short", year });
}

/**
 * "Today", "Yesterday", then the date as the reader writes it.
 * @param {Date} date
 */
export function dayText(date) {
  const today = new Date();
  const age = Math.round((today.setHours(12, 0, 0, 0) - new Date(date).setHours(12, 0, 0, 0)) / DAY);
  if (age < 2) return age < 1 ? t("Today") : t("Yesterday");
  const year = date.getFullYear() === today.getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString(lang, { weekday: "long", day: "numeric", month: "long", year });
}

/**
 * A message's text in pieces; pieces with `href` are links.
 * @param {string} content
 * @returns {{text: string, href?: string}[]}
 */
export function textPieces(content) {
  const pieces = [];
  let end = 0;
  for (const { 0: found, index } of content.matchAll(LINK)) {
    const text = withoutTail(found);
    pieces.push({ text: content.slice(end, index) }, { text, href: text.replace(/^w/i, "https://$&") });
    end = index + text.length;
  }
  pieces.push({ text: content.slice(end) });
  return pieces;
}

/**
 * Punctuation after a link belongs to the sentence, but a bracket that the link itself opens stays.
 * @param {string} link
 */
function withoutTail(link) {
  let end = link.length;
  let unopened = link.split(")").length - link.split("(").length;
  while (".,;:!?'*]}…".includes(link[end - 1]) || (link[end - 1] === ")" && unopened-- > 0)) end--;
  return link.slice(0, end);
}
