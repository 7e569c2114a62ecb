/** @import { AckFrame, ConversationFrame, FrameIn, FrameOut, HelloFrame, Kept, Known, MarkFrame, Message, MessageFrame, PublicConfig, TypingFrame } from "../shared/types.js" */
/** @import { StateDetail } from "../shared/connection.js" */
/** @import { Translate } from "../shared/words.js" */
/** @import { Item } from "../shared/messages.js" */
/** @import * as home from "./home.js" */
/** @import * as http from "./http.js" */
/** @import * as sound from "./sound.js" */
/** @import * as files from "./files.js" */
/** @import * as prechat from "./prechat.js" */
import { Connection } from "../shared/connection.js";
import { DAY, newId, Outbox, shortTime, Timeline } from "../shared/messages.js";
import { speak, t } from "../shared/words.js";
import { exactTime, make } from "./log.js";
import { mountView } from "./view.js";

export { exactTime, make, newId, shortTime, t }; // for what is brought later: this file and its imports travel as one

const TYPING_LIFE = 6_000;
const FAILURES = 2; // before sockets are thought to be blocked
const ANSWER_GOES_ON = 60_000; // answers often come in several messages
const NO_TOKEN = 4401;

/**
 * @typedef {{home: typeof home, http: typeof http, sound: typeof sound, files: typeof files, prechat: typeof prechat}} Later
 *
 * @typedef {object} Options
 * @property {ShadowRoot} shadow
 * @property {PublicConfig} config
 * @property {string} base
 * @property {(place: "localStorage" | "sessionStorage") => any} read what this browser keeps: `Kept`, and `Unsent`
 * @property {(place: "localStorage" | "sessionStorage", what: object | undefined) => boolean} keep whether it could
 * @property {<Name extends keyof Later>(name: Name) => Promise<Later[Name]>} bring a module that is not always needed
 * @property {(css: string) => void} addRules
 * @property {(path: string) => SVGElement} icon
 * @property {Known} conversations
 * @property {(unread: number, isOnline: boolean) => void} show on the launcher
 * @property {(name: string) => void} emit to the page
 * @property {Translate} t
 * @property {string} lang
 * @property {HTMLElement} launcherButton
 */

/** @param {Options} options */
export function mount(options) {
  speak(options.t, options.lang);
  const chat = new Chat(options);
  const view = mountView(chat, options);
  chat.start();
  return view;
}

/** One conversation of the visitor. */
export class Talk {
  /** the name of the agent who types */
  typing = "";
  /** @type {"" | "loading" | "failed"} */
  older = "";
  /** messages after this one were new when the conversation was opened */
  newAfter = Infinity;
  /** @type {any} */
  #typingEnds;

  /**
   * @param {number} id
   * @param {() => void} onGap
   */
  constructor(id, onGap) {
    this.id = id;
    this.timeline = new Timeline({ onGap });
    /** @type {Omit<ConversationFrame, "type">} */
    this.info = {
      id, status: "open", last_seq: 0, rev: -1, agent_read_seq: 0, visitor_read_seq: 0, visitor_delivered_seq: 0,
      assignee: null, last_message: null,
    };
  }

  get messages() {
    return [...this.timeline.messages, ...this.timeline.held.filter(isMine)];
  }

  get unread() {
    return Math.max(0, this.info.last_seq - this.info.visitor_read_seq);
  }

  get hasOlder() {
    const [first] = this.timeline.messages;
    return first ? (first.seq ?? 0) > 1 : this.info.last_seq > 0;
  }

  /** The visitor wrote last, not long ago, or the answer came just now. */
  get isAwaited() {
    const { status, last_message: last } = this.info;
    return status === "open" && last && Date.now() - Date.parse(last.created_at) < (isMine(last) ? DAY : ANSWER_GOES_ON);
  }

  /** The agent who answered last. */
  get agent() {
    return this.timeline.messages.findLast(({ sender_type }) => sender_type === "agent")?.author;
  }

  /** @param {Omit<ConversationFrame, "type">} info */
  update(info) {
    if (info.rev >= this.info.rev) this.info = info;
  }

  /** @param {Message} message */
  add(message) {
    const isNew = this.timeline.apply(message) !== "known";
    const seq = message.seq ?? 0;
    if (seq > this.info.last_seq) {
      const { content: text, sender_type, created_at, rev } = message;
      this.info = { ...this.info, rev, last_seq: seq, last_message: { text, sender_type, created_at } };
    }
    if (isMine(message)) this.saw(seq);
    else if (seq) {
      this.info.agent_read_seq = Math.max(this.info.agent_read_seq, seq); // who answers has read
      this.types("");
    }
    return isNew;
  }

  /** @param {MarkFrame} mark */
  mark({ type, sender_type, seq, rev }) {
    this.info.rev = Math.max(this.info.rev, rev);
    if (sender_type === "agent") this.info.agent_read_seq = Math.max(this.info.agent_read_seq, seq);
    else if (type === "read") this.saw(seq);
  }

  /** @param {number} seq */
  saw(seq) {
    this.info.visitor_read_seq = Math.max(this.info.visitor_read_seq, seq);
    this.got(seq);
  }

  /** @param {number} seq */
  got(seq) {
    this.info.visitor_delivered_seq = Math.max(this.info.visitor_delivered_seq, seq);
  }

  /**
   * @param {string} name "" ends it
   * @param {() => void} [onEnd] called when nothing renewed it
   */
  types(name, onEnd) {
    clearTimeout(this.#typingEnds);
    this.typing = name;
    if (name) this.#typingEnds = setTimeout(() => (this.types(""), onEnd?.()), TYPING_LIFE);
  }
}

/** What the visitor and the business said, and the line between them. */
export class Chat {
  /** Called when there is something else to show, at most once a frame. */
  onChange = () => {};
  /** @type {(message: MessageFrame) => void} an answer came just now */
  onAnswer = () => {};
  /** Somebody else sits here. */
  onOther = () => {};
  /** @type {Map<number, Talk>} */
  talks = new Map();
  /** @type {number | undefined} the conversation on show; undefined: a new one */
  current;
  isHome = false;
  isOpen = false;
  /** whether the reader looks at the newest message */
  isAtEnd = true;
  /** whether this browser keeps the token */
  isKept = true;
  /** @type {number | undefined} the code of a line that will not come back */
  stopped;
  /** @type {Map<number | undefined, string>} what is written and not sent, by conversation */
  drafts = new Map();
  /** @type {Kept} */
  kept = {};
  /** @type {Record<string, string> | undefined} name and e-mail, until they are stored */
  about;
  /** @type {http.Polling | undefined} */
  #polling;
  /** @type {string | undefined} who this line is for */
  #helloToken;
  #isPlaced = false;
  #isChanging = false;
  #askedAfter = "";

  /** @param {Options} options */
  constructor({ config, base, read, keep, bring, conversations }) {
    this.config = config;
    this.isOnline = config.online;
    this.base = base;
    this.read = read;
    this.keep = keep;
    this.bring = bring;
    this.#remember();
    this.isKnown = !this.token;
    this.connection = new Connection({
      url: base.replace(/^http/, "ws") + "/ws/visitor/",
      hello: () => this.#hello(),
      onFrame: (frame) => this.receive(frame),
      onState: (state, detail) => this.#onState(state, detail),
    });
    this.outbox = new Outbox({ send: (frame) => this.#send(frame.conversation_id ? frame : { ...frame, ...this.about }), onChange: () => this.#changed() });
    this.#restore();
    if (conversations) this.know(conversations);
    addEventListener("storage", () => this.#meet());
    for (const change of ["online", "offline", "pagehide", "visibilitychange"]) {
      addEventListener(change, () => (this.#meet(), this.#keep(), this.#changed()), true);
    }
  }

  /**
   * Somebody else sits here, or the same person with a name.
   * @param {() => void} change of whose things are kept
   * @param {boolean} [isSame]
   * @param {boolean} [isForgotten] nothing of who sat here is kept
   */
  become(change, isSame, isForgotten) {
    if (!isForgotten) this.#keep();
    this.#endPolling();
    this.connection.close();
    this.kept = {};
    change();
    this.#remember();
    if (!isSame) {
      this.talks.clear();
      this.outbox.items = [];
      this.current = undefined;
      this.isHome = this.#isPlaced = false;
      this.isKnown = !this.token;
      this.#restore();
      this.onOther();
    }
    this.wake();
    this.#changed();
  }

  wake() {
    if (this.isOpen) this.open();
    else this.start();
  }

  /** What the last page of this tab was left with. */
  #restore() {
    /** @type {import("../shared/types.js").Unsent} */
    const { items = [], drafts = [], about } = this.read("sessionStorage");
    this.about = about;
    this.drafts = new Map(drafts.map(([id, text]) => [id || undefined, text]));
    this.outbox.restore(items);
  }

  /** Goes on where the last page was left: a message that waits is sent, an answer is waited for. */
  start() {
    if (this.#isWaiting) this.connection.open();
  }

  /** @param {Omit<ConversationFrame, "type">[]} conversations */
  know(conversations) {
    for (const info of conversations) this.#talk(info.id).update(info);
    this.isKnown = true;
    this.#place();
    this.#changed();
  }

  get isReady() {
    return this.connection.state === "ready" || Boolean(this.#polling?.isReady);
  }

  get isPolling() {
    return Boolean(this.#polling);
  }

  get token() {
    return this.kept.token;
  }

  set token(token) {
    this.#remember({ token });
  }

  get hasSound() {
    return Boolean(this.kept.sound);
  }

  set hasSound(sound) {
    this.#remember({ sound });
  }

  get talk() {
    return this.talks.get(this.current ?? 0);
  }

  /** The conversations, the one that was talked in last first. */
  get list() {
    const at = (/** @type {Talk} */ { info }) => info.last_message?.created_at ?? "";
    return [...this.talks.values()].sort((one, other) => (at(one) < at(other) ? 1 : -1));
  }

  get unread() {
    return [...this.talks.values()].reduce((sum, { unread }) => sum + unread, 0);
  }

  /** Somebody nameless begins a conversation, where the widget asks who they are. */
  get asksWho() {
    const { pre_chat: rules } = this.config.features;
    const { said, isIntroduced } = this.kept;
    return !this.current && !this.isHome && !said && !isIntroduced && Object.values(rules ?? {}).some((rule) => rule !== "off");
  }

  get #isWaiting() {
    return this.outbox.isWaiting || [...this.talks.values()].some(({ isAwaited }) => isAwaited);
  }

  open() {
    this.isOpen = true;
    this.stopped = undefined;
    this.#place();
    this.connection.open();
    this.#changed();
  }

  /** The line stays while an answer is awaited. */
  close() {
    this.isOpen = false;
    if (this.#isWaiting) return;
    this.#endPolling();
    this.connection.close();
  }

  /** @param {number} [id] none: a new conversation */
  show(id) {
    this.#isPlaced = true;
    this.isHome = false;
    this.isAtEnd = true;
    this.current = id;
    const { talk } = this;
    if (talk) {
      talk.newAfter = talk.unread ? talk.info.visitor_read_seq : Infinity;
      if (!talk.timeline.messages.length && talk.hasOlder) this.fetchOlder();
    }
    this.#changed();
  }

  goHome() {
    this.#isPlaced = true;
    this.isHome = true;
    this.#changed();
  }

  /** @param {boolean} isAtEnd */
  look(isAtEnd) {
    if (this.isAtEnd === isAtEnd) return;
    this.isAtEnd = isAtEnd;
    this.#changed();
  }

  /** @param {string} content */
  send(content) {
    this.draft("");
    if (this.talk) this.talk.newAfter = Infinity;
    this.outbox.add({ conversation_id: this.current, content });
  }

  /** @param {string} text what stands in the composer */
  draft(text) {
    this.drafts.set(this.current, text);
  }

  /** @param {boolean} isTyping */
  type(isTyping) {
    if (this.talk) this.#send({ type: "typing", conversation_id: this.talk.id, is_typing: isTyping });
  }

  /** The page of messages before the ones we have. */
  async fetchOlder() {
    const { talk } = this;
    if (!talk || talk.older === "loading" || !talk.hasOlder) return;
    talk.older = "loading";
    try {
      const { olderMessages } = await this.bring("http");
      for (const message of await olderMessages(this, talk)) talk.timeline.apply(message);
      talk.older = "";
    } catch {
      talk.older = "failed";
    }
    this.#changed();
  }

  /** @returns {HelloFrame} */
  #hello() {
    if (!this.token) this.#remember();
    this.#helloToken = this.token;
    const after = this.#after();
    this.#askedAfter = JSON.stringify(after);
    return { type: "hello", widget: this.config.id, token: this.token, after };
  }

  #after() {
    const begun = [...this.talks].filter(([, { timeline }]) => timeline.after.seq);
    return Object.fromEntries(begun.map(([id, { timeline }]) => [id, timeline.after]));
  }

  /** @param {FrameOut} frame */
  receive(frame) {
    switch (frame.type) {
      case "conversation":
        this.#talk(frame.id).update(frame);
        break;
      case "message":
      case "ack":
        this.#onMessage(frame);
        break;
      case "read":
      case "delivered":
        this.talks.get(frame.conversation_id)?.mark(frame);
        break;
      case "typing":
        this.#onTyping(frame);
        break;
      case "error":
        this.outbox.onError(frame);
        break;
      case "presence":
        this.isOnline = Boolean(frame.online);
        break;
      case "ready":
        this.#onReady();
    }
    this.#changed();
  }

  /** @param {MessageFrame | AckFrame} frame */
  #onMessage(frame) {
    if (frame.type === "ack" && frame.token) {
      const { token } = this.read("localStorage");
      if (token && token !== frame.token) return this.#meet(true); // another tab was first
      this.token = frame.token;
    }
    const from = this.outbox.items.find(({ client_id }) => client_id === frame.client_id);
    const cameFrom = from?.conversation_id;
    const isNew = this.#talk(frame.conversation_id).add(frame);
    this.outbox.onAck(frame);
    if (from && this.about) {
      this.about = undefined;
      this.#remember({ isIntroduced: true });
    }
    if (from && cameFrom !== frame.conversation_id && cameFrom === this.current) this.#move(cameFrom, frame.conversation_id);
    if (isNew && frame.type === "message" && this.isReady && !isMine(frame)) this.onAnswer(frame);
  }

  /**
   * The conversation on show goes on in another one, and what is being written with it.
   * @param {number | undefined} from
   * @param {number} to
   */
  #move(from, to) {
    const { drafts } = this;
    drafts.set(to, [drafts.get(to), drafts.get(from)].filter(Boolean).join("\n"));
    drafts.delete(from);
    this.current = to;
  }

  /** @param {TypingFrame} frame */
  #onTyping({ conversation_id, sender_type, name, is_typing }) {
    if (sender_type === "customer") return;
    this.talks.get(conversation_id)?.types(is_typing ? name : "", () => this.#changed());
  }

  #onReady() {
    this.isKnown = true;
    this.#place();
    this.#fetchRest();
  }

  /** Opens where the talk is: what is unread, else what goes on, else the list, else a new conversation. */
  #place() {
    if (this.#isPlaced || !this.isOpen) return;
    this.isHome = true;
    if (!this.isKnown) return;
    this.#isPlaced = true;
    const { list } = this;
    const talk = list.find(({ unread }) => unread) ?? list.find(({ info }) => info.status !== "closed");
    const waits = this.outbox.items.at(-1);
    if (waits) this.show(waits.conversation_id);
    else if (talk || !list.length) this.show(talk?.id);
  }

  /** One hello brings a limited number of messages: asks again while that brings us further. */
  #fetchRest() {
    const isBehind = [...this.talks.values()].some(({ info, timeline }) => timeline.after.seq && timeline.after.seq < info.last_seq);
    if (isBehind && JSON.stringify(this.#after()) !== this.#askedAfter) this.connection.sayHello();
  }

  /** @param {number} id */
  #talk(id) {
    let talk = this.talks.get(id);
    if (!talk) this.talks.set(id, (talk = new Talk(id, () => this.connection.sayHello())));
    return talk;
  }

  /** @param {FrameIn} frame */
  #send(frame) {
    return this.connection.send(frame) || Boolean(this.#polling?.send(frame));
  }

  /** Tells how far messages have arrived, and been read by somebody who looks. */
  #markSeen() {
    if (!this.isReady) return;
    for (const talk of this.talks.values()) {
      const { seq } = talk.timeline.after;
      const { id, info } = talk;
      const isSeen = this.isOpen && !this.isHome && id === this.current && this.isAtEnd && document.visibilityState === "visible";
      if (isSeen && seq > info.visitor_read_seq) {
        if (this.#send({ type: "read", conversation_id: id, seq })) talk.saw(seq);
      } else if (seq > info.visitor_delivered_seq) {
        if (this.#send({ type: "delivered", conversation_id: id, seq })) talk.got(seq);
      }
    }
  }

  #changed() {
    if (this.#isChanging) return;
    this.#isChanging = true;
    const soon = document.visibilityState === "visible" ? requestAnimationFrame : setTimeout;
    soon(() => {
      this.#isChanging = false;
      this.#markSeen();
      if (!this.isOpen) this.close();
      this.onChange();
    });
  }

  /** What is not sent outlives the page, once the visitor has sent anything at all. */
  #keep() {
    const items = this.outbox.items;
    if (!items.length && !this.token) return;
    const drafts = [...this.drafts].filter(([, text]) => text).map(([id, text]) => /** @type {[number, string]} */ ([id ?? 0, text]));
    this.keep("sessionStorage", items.length || drafts.length ? { items, drafts, about: this.about } : undefined);
    const isUnsent = this.outbox.isWaiting;
    if (isUnsent || this.kept.isUnsent) this.#remember({ isUnsent });
  }

  /**
   * Beside what other tabs have kept meanwhile.
   * @param {Kept} [change]
   */
  #remember(change) {
    const kept = { ...this.kept, ...this.read("localStorage"), ...change };
    this.kept = kept;
    this.isKept = this.keep("localStorage", kept.token || kept.isUnsent ? kept : undefined);
  }

  /**
   * Who has written from another tab, and not yet from here, is the same visitor here.
   * @param {boolean} [isSure] else what is on its way may still bring a token of its own
   */
  #meet(isSure = !this.outbox.isWaiting) {
    const { token } = this.read("localStorage");
    if (!token || token === this.token || this.talks.size || !isSure) return;
    this.#startOver();
    if (this.connection.state !== "stopped") this.#reopen();
    this.outbox.resend();
  }

  #reopen() {
    this.connection.close();
    this.connection.open();
  }

  /** As another visitor, who has what was being written. */
  #startOver() {
    this.#remember();
    this.drafts = new Map([[undefined, this.drafts.get(this.current) ?? ""]]);
    this.talks.clear();
    this.isHome = false;
    this.current = undefined;
    this.outbox.forgetConversations();
  }

  /**
   * @param {string} state
   * @param {StateDetail} detail
   */
  #onState(state, detail) {
    if (state === "ready") {
      if (this.token !== this.#helloToken) return this.#reopen(); // a POST has brought it meanwhile
      this.#endPolling();
      this.outbox.resend();
    }
    if (state === "stopped") this.#stop(detail);
    if ((detail.failures ?? 0) >= FAILURES) this.#poll().catch(() => {});
    this.#changed();
  }

  /** Sockets do not work here: asks by HTTP, until one does. */
  async #poll() {
    if (this.#polling || !navigator.onLine) return;
    const { Polling } = await this.bring("http");
    if (this.#polling || this.connection.state === "ready" || this.connection.state === "stopped") return;
    this.#polling = new Polling(this, {
      onReady: () => {
        this.#reopen(); // the server may be back for sockets, too
        this.outbox.resend();
        this.receive({ type: "ready" });
      },
      onStop: (code) => (this.connection.close(), this.#stop({ code })),
    });
    this.#polling.open();
  }

  /** @param {StateDetail} detail */
  #stop({ code = 0, error }) {
    const { token } = this;
    if (code === NO_TOKEN && token) {
      this.#startOver();
      if (this.token === token) {
        this.kept = {};
        this.keep("localStorage", undefined);
      }
      this.connection.open();
      return;
    }
    this.#endPolling();
    this.stopped = code;
    console.warn("PingBack:", error?.detail ?? `the chat has stopped (${code}).`);
    this.#changed();
  }

  #endPolling() {
    this.#polling?.close();
    this.#polling = undefined;
  }
}

/** @param {{sender_type: Message["sender_type"]}} message */
export function isMine({ sender_type }) {
  return sender_type === "customer";
}
