/** @import { AckFrame, ErrorFrame, MessageFrame, SendFrame, Timers } from "./types.js" */

/**
 * @typedef {object} Item
 * @property {string} client_id
 * @property {string} content
 * @property {number} [conversation_id] none until the first message of a new visitor is stored
 * @property {"sending" | "sent" | "failed"} state
 * @property {string} [code] why it failed or has to wait
 * @property {string} [detail]
 */

const WAIT = new Set(["RATE_LIMITED", "BUSY", "STORE_UNAVAILABLE"]);
const BUSY_DELAY = 1_000;
const LONGEST_DELAY = 60_000;

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

  /**
   * @param {{conversation_id?: number, content: string}} message
   * @returns {Item}
   */
  add({ conversation_id, content }) {
    /** @type {Item} */
    const item = { client_id: newId(), content, conversation_id, state: "sending" };
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

/** A random UUID, also on pages without https, where `randomUUID` does not exist. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
