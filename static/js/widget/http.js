/** What the chat asks by HTTP: older messages, and everything where sockets are blocked. Loaded when it is needed. */
/** @import { FrameIn, Message, SendFrame } from "../shared/types.js" */
/** @import { Chat, Talk } from "./chat.js" */

const PAGE = 50;
const OFTEN = 5_000;
const SELDOM = 30_000; // while nobody looks
const AFTER_FAILURE = 15_000;
/** @type {Record<number, number>} the codes a socket would close with */
const CLOSES = { 401: 4401, 403: 4403, 404: 4404 };

/**
 * The page before the messages that a conversation has.
 * @param {Chat} chat
 * @param {Talk} talk
 * @returns {Promise<Message[]>}
 */
export async function olderMessages(chat, { id, info, timeline }) {
  const before = timeline.messages[0]?.seq ?? info.last_seq + 1;
  if (before <= 1) return [];
  const after = Math.max(0, before - 1 - PAGE);
  const { results } = await ask(chat, `/${id}/messages?after=${after}&limit=${before - 1 - after}`);
  const earlier = results.filter((/** @type {Message} */ { seq }) => (seq ?? 0) < before);
  if (!earlier.length) throw new Error("what came before is gone");
  return earlier;
}

/** Stands in for the socket: sends by POST, asks for answers every few seconds. */
export class Polling {
  isReady = false;
  #isClosed = false;
  /** @type {any} */
  #timer;

  /**
   * @param {Chat} chat
   * @param {object} options
   * @param {() => void} options.onReady
   * @param {(code: number) => void} options.onStop
   */
  constructor(chat, { onReady, onStop }) {
    this.chat = chat;
    this.onReady = onReady;
    this.onStop = onStop;
  }

  async open() {
    clearTimeout(this.#timer);
    try {
      const [{ online }] = await Promise.all([ask(this.chat), this.chat.token && this.#fetch()]);
      if (this.#isClosed) return;
      this.chat.receive({ type: "presence", online });
      if (!this.isReady) {
        this.isReady = true;
        this.onReady();
      }
    } catch (error) {
      this.#onError(error);
    }
    const isWatched = this.chat.isOpen && document.visibilityState === "visible";
    const pause = this.isReady ? (isWatched ? OFTEN : SELDOM) : AFTER_FAILURE;
    if (!this.#isClosed) this.#timer = setTimeout(() => this.open(), pause * (0.75 + Math.random() / 2));
  }

  close() {
    this.#isClosed = true;
    this.isReady = false;
    clearTimeout(this.#timer);
  }

  /**
   * @param {FrameIn} frame
   * @returns {boolean} whether it is on its way
   */
  send(frame) {
    if (!this.isReady) return false;
    if (frame.type === "send") this.#post(frame);
    if (frame.type === "read") {
      ask(this.chat, `/${frame.conversation_id}/read`, { seq: frame.seq }).catch((error) => this.#onError(error));
    }
    return true;
  }

  /** @param {SendFrame} frame */
  async #post({ type, conversation_id, ...message }) {
    const { chat } = this;
    try {
      const said = await (conversation_id
        ? ask(chat, `/${conversation_id}/messages`, message)
        : ask(chat, "", { ...message, widget_id: chat.config.id }));
      if (!this.#isClosed) chat.receive({ type: "ack", ...said }); // else it is sent again, and known
    } catch (error) {
      const { code, message: detail, retryAfter } = /** @type {any} */ (error);
      if (this.#isClosed) return;
      const isForgotten = code === "INVALID_TOKEN"; // then it goes out again, as a newcomer's
      if (code && !isForgotten) chat.receive({ type: "error", code, detail, client_id: message.client_id, retry_after: retryAfter });
      this.#onError(error);
      if (isForgotten) chat.outbox.resend();
    }
  }

  async #fetch() {
    const { chat } = this;
    const { results } = await ask(chat, "");
    if (this.#isClosed) return;
    for (const info of results) chat.receive({ type: "conversation", ...info });
    for (const { id, info, timeline } of chat.talks.values()) {
      while (timeline.after.seq ? timeline.after.seq < info.last_seq : info.last_seq === 1) {
        const page = await ask(chat, `/${id}/messages?after=${timeline.after.seq}`);
        if (this.#isClosed) return;
        for (const message of page.results) chat.receive({ type: "message", ...message });
        if (!page.results.length) break;
      }
    }
  }

  /** @param {any} error */
  #onError({ status, closes }) {
    if (this.#isClosed) return;
    if (closes) this.onStop(closes);
    else if (!status) this.isReady = false;
  }
}

/**
 * @param {Chat} chat
 * @param {string} [path] under the visitor's conversations; none: the widget's public config, which tells whether anybody is there
 * @param {object} [body] makes it a POST
 */
async function ask(chat, path, body) {
  const { token } = chat;
  /** @type {Record<string, string>} */
  const headers = body ? { "Content-Type": "application/json" } : {};
  if (path !== undefined && token) headers.Authorization = `Visitor ${token}`;
  const where = path === undefined ? `widget/${chat.config.id}` : `visitor/conversations${path}`;
  const answer = await fetch(`${chat.base}/api/v1/${where}`, {
    method: body ? "POST" : "GET",
    headers,
    body: body && JSON.stringify(body),
    credentials: "omit",
  });
  const said = await answer.json();
  if (answer.ok) return said;
  const retryAfter = Number(answer.headers.get("Retry-After")) || undefined;
  const { status } = answer;
  const isOfConversation = status === 404 && path; // and not the widget that is gone
  const isOfOldToken = status === 401 && token !== chat.token;
  const closes = isOfConversation || isOfOldToken ? undefined : CLOSES[status];
  throw Object.assign(new Error(said.detail), { status, closes, code: said.code, retryAfter });
}
