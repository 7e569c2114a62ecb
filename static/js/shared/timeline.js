/** @import { Message, Position, Timers } from "./types.js" */

const GAP_PATIENCE = 200;
const TAIL = ".,;:!?'*]}…";

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
    }, GAP_PATIENCE);
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

/**
 * A message's text in pieces; pieces with `href` are links.
 * @param {string} content
 * @returns {{text: string, href?: string}[]}
 */
export function textPieces(content) {
  const pieces = [];
  let end = 0;
  for (const { 0: found, index } of content.matchAll(/\bhttps?:\/\/[^\s<>"]+/gi)) {
    const text = withoutTail(found);
    if (!isUrl(text)) continue;
    if (index > end) pieces.push({ text: content.slice(end, index) });
    pieces.push({ text, href: text });
    end = index + text.length;
  }
  if (end < content.length) pieces.push({ text: content.slice(end) });
  return pieces;
}

/**
 * Punctuation after a link belongs to the sentence, but a bracket that the link itself opens stays.
 * @param {string} link
 */
function withoutTail(link) {
  let end = link.length;
  let unopened = link.split(")").length - link.split("(").length;
  while (TAIL.includes(link[end - 1]) || (link[end - 1] === ")" && unopened-- > 0)) end--;
  return link.slice(0, end);
}

/** @param {string} text */
function isUrl(text) {
  try {
    return new URL(text).hostname !== "";
  } catch {
    return false;
  }
}
