/** @import { FrameOut, HelloFrame, Message, PublicConfig } from "../shared/types.js" */
/** @import { StateDetail } from "../shared/connection.js" */
/** @import { Item } from "../shared/outbox.js" */
import { Connection } from "../shared/connection.js";
import { Outbox } from "../shared/outbox.js";
import { Timeline, textPieces } from "../shared/timeline.js";
import { chatSheet, palette } from "./styles.js";

const LONGEST_MESSAGE = 10_000;
const NEAR_THE_END = 60;

const WORDS = {
  connecting: "Connecting",
  reconnecting: "Reconnecting. Your messages are kept.",
  offline: "You are offline. Your messages wait here.",
  failed: "Not sent. Your message is still here.",
  limited: "Many messages at once. The next goes out soon.",
  busy: "Busy right now. Your message goes out soon.",
  tooLong: "A message has at most 10,000 characters.",
  refused: "Chat is not available here right now.",
  broken: "Chat has stopped. Reload the page to go on.",
};

/**
 * @typedef {object} Row
 * @property {string} key
 * @property {"mine" | "theirs" | "activity"} side
 * @property {string} content
 * @property {string} [name]
 * @property {string} [at]
 * @property {Item} [item] not stored yet
 */
/** @typedef {{text: string, isBad?: boolean, isOver?: boolean}} Status */

/**
 * @param {object} options
 * @param {ShadowRoot} options.shadow
 * @param {PublicConfig} options.config
 * @param {string} options.base
 * @param {HTMLElement} options.launcherButton
 */
export function mount({ shadow, config, base, launcherButton }) {
  const chat = new Chat(config, base);
  const view = new View(config, {
    onSend: (content) => chat.send(content),
    onRetry: (clientId) => chat.outbox.retry(clientId),
    onClose: () => close(),
  });
  chat.onChange = () => view.render(chat.rows(), chat.status(), chat.isReady);

  shadow.adoptedStyleSheets.push(chatSheet());
  shadow.append(view.panel);
  for (const part of [launcherButton, view.panel]) {
    part.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing || view.panel.hidden) return;
      event.stopPropagation();
      close();
    });
  }

  function open() {
    launcherButton.ariaExpanded = "true";
    view.show();
    chat.open();
  }

  function close() {
    launcherButton.ariaExpanded = "false";
    view.panel.hidden = true;
    launcherButton.focus({ preventScroll: true });
    chat.close();
  }

  return { open, close, toggle: () => (view.panel.hidden ? open() : close()) };
}

/** What the visitor and the business said, and the line between them. */
class Chat {
  onChange = () => {};
  /** @type {Map<number, Timeline>} */
  #timelines = new Map();
  /** @type {Map<number, number>} the newest seq the server told of, by conversation */
  #newest = new Map();
  #askedAfter = "";
  #stopped = "";

  /**
   * @param {PublicConfig} config
   * @param {string} base
   */
  constructor(config, base) {
    this.config = config;
    this.session = new Session(`pingback:${config.id}`);
    this.connection = new Connection({
      url: base.replace(/^http/, "ws") + "/ws/visitor/",
      hello: () => this.#hello(),
      onFrame: (frame) => this.#receive(frame),
      onState: (state, detail) => {
        if (state === "ready") this.outbox.resend();
        if (state === "stopped") this.#stop(detail);
        this.onChange();
      },
    });
    this.outbox = new Outbox({
      send: (frame) => this.connection.send(frame),
      onChange: () => this.onChange(),
    });
    for (const change of ["online", "offline"]) addEventListener(change, () => this.onChange());
  }

  get isReady() {
    return this.connection.state === "ready";
  }

  /** The conversation on show is the newest one. */
  get #current() {
    return this.#timelines.size ? Math.max(...this.#timelines.keys()) : undefined;
  }

  get #messages() {
    const timeline = this.#timelines.get(this.#current ?? 0);
    return timeline ? [...timeline.messages, ...timeline.held.filter(isMine)] : [];
  }

  open() {
    this.#stopped = "";
    this.connection.open();
    this.onChange();
  }

  /** The line stays while an answer is awaited. */
  close() {
    const last = this.#messages.at(-1);
    if (!this.outbox.items.length && !(last && isMine(last))) this.connection.close();
  }

  /** @param {string} content */
  send(content) {
    this.outbox.add({ conversation_id: this.#current, content });
  }

  /** @returns {Row[]} */
  rows() {
    const { initial_message: greeting } = this.config;
    /** @type {Row[]} */
    const rows = greeting ? [{ key: "greeting", side: "theirs", content: greeting }] : [];
    for (const { id, client_id, kind, author, content, created_at, ...message } of this.#messages) {
      const side = kind === "activity" ? "activity" : isMine(message) ? "mine" : "theirs";
      rows.push({ key: client_id ?? `${id}`, side, content, name: author?.name, at: created_at });
    }
    for (const item of this.outbox.items) rows.push({ key: item.client_id, side: "mine", content: item.content, item });
    return rows;
  }

  /** @returns {Status} */
  status() {
    if (this.#stopped) return { text: this.#stopped, isBad: true, isOver: true };
    if (!this.isReady && !navigator.onLine) return { text: WORDS.offline };
    if (this.connection.state === "connecting") return { text: WORDS.connecting };
    if (this.connection.state === "reconnecting") return { text: WORDS.reconnecting };
    const failed = this.outbox.items.find(({ state }) => state === "failed");
    if (failed) return { text: (failed.code === "VALIDATION_ERROR" && failed.detail) || WORDS.failed, isBad: true };
    const waiting = this.outbox.items.find(({ code }) => code);
    if (!waiting) return { text: "" };
    return { text: waiting.code === "BUSY" ? WORDS.busy : WORDS.limited };
  }

  /** @returns {HelloFrame} */
  #hello() {
    const after = this.#after();
    this.#askedAfter = JSON.stringify(after);
    return { type: "hello", widget: this.config.id, token: this.session.token, after };
  }

  #after() {
    const known = [...this.#timelines].filter(([, timeline]) => timeline.after.seq);
    return Object.fromEntries(known.map(([id, timeline]) => [id, timeline.after]));
  }

  /** @param {FrameOut} frame */
  #receive(frame) {
    if (frame.type === "conversation") {
      this.#newest.set(frame.id, frame.last_seq);
      this.#timeline(frame.id);
    } else if (frame.type === "message" || frame.type === "ack") {
      if (frame.type === "ack" && frame.token) this.session.token = frame.token;
      this.#timeline(frame.conversation_id).apply(frame);
      this.outbox.onAck(frame);
    } else if (frame.type === "error") {
      this.outbox.onError(frame);
    } else if (frame.type === "ready") {
      this.#fetchRest();
    } else return;
    this.onChange();
  }

  /** One hello brings a limited number of messages: asks again while that brings us further. */
  #fetchRest() {
    const isBehind = [...this.#newest].some(([id, seq]) => this.#timeline(id).after.seq < seq);
    if (isBehind && JSON.stringify(this.#after()) !== this.#askedAfter) this.connection.sayHello();
  }

  /** @param {number} id */
  #timeline(id) {
    let timeline = this.#timelines.get(id);
    if (!timeline) {
      timeline = new Timeline({ onGap: () => this.connection.sayHello() });
      this.#timelines.set(id, timeline);
    }
    return timeline;
  }

  /** @param {StateDetail} detail */
  #stop({ code, error }) {
    if (code === 4401 && this.session.token) {
      this.session.token = undefined;
      this.#timelines.clear();
      this.#newest.clear();
      this.outbox.forgetConversations();
      this.connection.open();
      return;
    }
    const isRefused = code === 4403 || code === 4404;
    this.#stopped = isRefused ? WORDS.refused : WORDS.broken;
    console.warn("PingBack:", error?.detail ?? this.#stopped);
  }
}

/** The visitor's token, in memory where the browser keeps nothing. */
class Session {
  /** @type {string | undefined} */
  #token;

  /** @param {string} key */
  constructor(key) {
    this.key = key;
  }

  get token() {
    try {
      this.#token ??= JSON.parse(localStorage.getItem(this.key) ?? "{}").token;
    } catch {}
    return this.#token;
  }

  set token(token) {
    this.#token = token;
    try {
      if (token) localStorage.setItem(this.key, JSON.stringify({ token }));
      else localStorage.removeItem(this.key);
    } catch {}
  }
}

/** The chat window. */
class View {
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {PublicConfig} config
   * @param {{onSend(content: string): void, onRetry(clientId: string): void, onClose(): void}} handlers
   */
  constructor(config, handlers) {
    this.handlers = handlers;
    this.log = make("div", { className: "log", role: "log", ariaLive: "polite", ariaLabel: "Messages", tabIndex: 0 });
    this.log.dataset.empty = "Ask us anything. The answer appears here.";
    this.state = make("p", { className: "state", role: "status" });
    this.input = make("textarea", { rows: 1, dir: "auto", placeholder: "Write a message", ariaLabel: "Message", enterKeyHint: "send" });
    this.sendButton = make("button", { className: "round send", title: "Send", ariaLabel: "Send", disabled: true }, icon("M12 19V5m-6 6 6-6 6 6"));
    const form = make("form", {}, this.input, this.sendButton);
    this.panel = make("section", { className: "panel", role: "dialog", ariaLabel: config.welcome_heading, hidden: true },
      this.#header(config), this.log, this.state, form);
    for (const [name, value] of Object.entries(palette(config))) this.panel.style.setProperty(name, value);

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.input.addEventListener("input", () => this.#fit());
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    // the page's own shortcuts must not fire while somebody writes
    for (const kind of ["keydown", "keypress", "keyup"]) this.panel.addEventListener(kind, (event) => event.stopPropagation());
  }

  show() {
    this.panel.dir = getComputedStyle(document.documentElement).direction;
    this.panel.hidden = false;
    this.log.scrollTop = this.log.scrollHeight;
    this.#fit();
    this.input.focus({ preventScroll: true });
  }

  /**
   * @param {Row[]} rows
   * @param {Status} status
   * @param {boolean} isReady
   */
  render(rows, status, isReady) {
    const { log } = this;
    const last = rows.at(-1);
    const isNewOfMine = last?.item && !this.#rows.has(last.key);
    const follows = isNewOfMine || this.#isAtTheEnd;
    log.ariaBusy = `${!isReady}`;

    const shown = new Map(rows.map((row, at) => [row.key, this.#row(row, rows[at - 1], rows[at + 1])]));
    for (const [key, element] of this.#rows) if (!shown.has(key)) element.remove();
    this.#rows = shown;
    [...shown.values()].forEach((element, at) => {
      if (log.children[at] !== element) log.insertBefore(element, log.children[at] ?? null);
    });
    if (follows) log.scrollTop = log.scrollHeight;
    this.input.disabled = Boolean(status.isOver);
    this.#say(status.text, status.isBad);
  }

  get #isAtTheEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_THE_END;
  }

  #send() {
    const content = this.input.value.trim();
    if (!content) return;
    if ([...content].length > LONGEST_MESSAGE) return this.#say(WORDS.tooLong, true);
    this.input.value = "";
    this.#fit();
    this.handlers.onSend(content);
  }

  /** The composer grows with its text. */
  #fit() {
    const { input, log } = this;
    const follows = this.#isAtTheEnd;
    this.sendButton.disabled = !input.value.trim();
    if (this.state.textContent === WORDS.tooLong) this.#say("");
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight + 2}px`;
    if (follows) log.scrollTop = log.scrollHeight;
  }

  /**
   * @param {string} text
   * @param {boolean} [isBad]
   */
  #say(text, isBad = false) {
    if (this.state.textContent !== text) this.state.textContent = text;
    this.state.classList.toggle("bad", isBad);
  }

  /** @param {PublicConfig} config */
  #header({ logo_url, welcome_heading, welcome_tagline }) {
    const close = make("button", { type: "button", className: "round", title: "Close", ariaLabel: "Close chat" }, icon("m6 6 12 12M18 6 6 18"));
    close.addEventListener("click", () => this.handlers.onClose());
    const header = make("header", {},
      make("div", {}, make("h2", { dir: "auto", textContent: welcome_heading }), make("p", { dir: "auto", textContent: welcome_tagline })), close);
    if (logo_url) {
      const logo = make("img", { src: logo_url, alt: "", width: 40, height: 40, referrerPolicy: "no-referrer" });
      logo.addEventListener("error", () => logo.remove());
      header.prepend(logo);
    }
    return header;
  }

  /**
   * @param {Row} row
   * @param {Row} [before]
   * @param {Row} [after]
   */
  #row(row, before, after) {
    const element = this.#rows.get(row.key) ?? newRow(row);
    const isFirst = !isOneGroup(before, row);
    const isLast = !isOneGroup(row, after) || row.item?.state === "failed";
    element.className = ["row", row.side, isFirst && "first", isLast && "last", row.item?.state === "failed" && "failed"]
      .filter(Boolean).join(" ");
    const meta = /** @type {HTMLElement} */ (element.lastElementChild);
    const state = row.item?.state ?? row.at ?? "";
    if (meta.dataset.state !== state) {
      meta.dataset.state = state;
      meta.replaceChildren(...this.#meta(row));
    }
    return element;
  }

  /**
   * @param {Row} row
   * @returns {(Node | string)[]}
   */
  #meta({ item, at }) {
    if (item?.state === "failed") {
      const again = make("button", { type: "button", textContent: "Try again" });
      again.addEventListener("click", () => this.handlers.onRetry(item.client_id));
      return ["Not sent. ", again];
    }
    if (item) return [make("span", { className: "wait", textContent: "Sending" })];
    return at ? [timeOf(new Date(at))] : [];
  }
}

/** @param {Row} row */
function newRow({ name = "", content }) {
  const pieces = textPieces(content).map(({ text, href }) =>
    href ? make("a", { href, textContent: text, target: "_blank", rel: "noopener noreferrer nofollow" }) : text);
  return make("div", {},
    make("div", { className: "who", textContent: name, dir: "auto" }),
    make("div", { className: "bubble", dir: "auto" }, ...pieces),
    make("div", { className: "meta", ariaLive: "off" }));
}

/** @param {Date} date */
function timeOf(date) {
  const isToday = date.toDateString() === new Date().toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const day = isToday ? {} : { day: "numeric", month: "short" };
  const textContent = date.toLocaleString([], { ...day, hour: "numeric", minute: "2-digit" });
  return make("time", { dir: "auto", dateTime: date.toISOString(), title: date.toLocaleString(), textContent });
}

/**
 * Rows of one sender and minute stand together.
 * @param {Row} [one]
 * @param {Row} [next]
 */
function isOneGroup(one, next) {
  if (!one || !next || one.side !== next.side) return false;
  if (one.side !== "mine" && one.name !== next.name) return false;
  return Boolean(next.item) || minuteOf(one) === minuteOf(next);
}

/** @param {Row} row */
function minuteOf({ at }) {
  return at?.slice(0, 16);
}

/** @param {{sender_type: Message["sender_type"]}} message */
function isMine({ sender_type }) {
  return sender_type === "customer";
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} properties
 * @param {(Node | string)[]} children
 */
function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}

/** @param {string} path */
function icon(path) {
  const [svg, shape] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}
