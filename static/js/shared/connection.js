/** @import { ErrorFrame, FrameIn, FrameOut, HelloFrame, Timers } from "./types.js" */

/** @typedef {"connecting" | "ready" | "reconnecting" | "stopped"} State */
/** @typedef {{code?: number, error?: ErrorFrame, delay?: number, failures?: number}} StateDetail failures in a row */
/** @typedef {Pick<EventTarget, "addEventListener">} Listens */

const FIRST_DELAY = 500;
const LONGEST_PAUSE = 30_000;
const PING_AFTER = 25_000;
const ANSWER_AFTER = 5_000;
const DEAD_AFTER = 10_000;
const RESUME_SPREAD = 2_000;
const FLOOD = 4429;
const FINAL = new Set([1009, 4400, 4401, 4403, 4404]);

/** A socket that comes back: says hello on every start, notices a dead line, and waits longer after each failure. */
export class Connection {
  /** @type {State} */
  state = "stopped";
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {ErrorFrame | undefined} */
  #error;
  #wanted = false;
  #failures = 0;
  /** @type {any} */
  #watch;
  /** @type {any} */
  #retry;
  /** @type {any} */
  #resume;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {() => HelloFrame} options.hello the first frame, asked for on every start and resume
   * @param {(frame: FrameOut) => void} options.onFrame
   * @param {(state: State, detail: StateDetail) => void} options.onState
   * @param {new (url: string) => WebSocket} [options.WebSocket]
   * @param {Timers} [options.timers]
   * @param {() => number} [options.random]
   * @param {Listens} [options.window]
   * @param {Listens & {visibilityState?: string}} [options.document]
   */
  constructor({ url, hello, onFrame, onState, ...world }) {
    this.url = url;
    this.hello = hello;
    this.onFrame = onFrame;
    this.onState = onState;
    this.WebSocket = world.WebSocket ?? globalThis.WebSocket;
    this.timers = world.timers ?? globalThis;
    this.random = world.random ?? Math.random;
    const page = world.document ?? globalThis.document;
    for (const change of ["online", "offline"]) {
      (world.window ?? globalThis.window)?.addEventListener(change, () => this.#wake(true));
    }
    page?.addEventListener("visibilitychange", () => page.visibilityState === "visible" && this.#wake(false));
  }

  open() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#failures = 0;
    this.#connect("connecting");
  }

  /** Ends the connection on purpose; `onState` is not called. */
  close() {
    this.#wanted = false;
    this.#drop();
    this.state = "stopped";
  }

  /**
   * @param {FrameIn} frame
   * @returns {boolean} whether it left; never before the server is ready
   */
  send(frame) {
    if (this.state !== "ready" || !this.#write(frame)) return false;
    if (frame.type === "send") this.#stay(ANSWER_AFTER);
    return true;
  }

  /** Says hello again on the same socket, to fetch what is missing. */
  sayHello() {
    this.#write(this.hello());
  }

  /** @param {State} state */
  #connect(state) {
    this.#drop();
    this.#error = undefined;
    this.#enter(state, {});
    let socket;
    try {
      socket = new this.WebSocket(this.url);
    } catch {
      return this.#lost(0);
    }
    this.#socket = socket;
    this.#expect();
    socket.onopen = () => this.#write(this.hello());
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#lost(event.code);
  }

  /** @param {string} text */
  #receive(text) {
    this.#stay();
    /** @type {FrameOut} */
    const frame = JSON.parse(text);
    if (frame.type === "error") this.#error = frame;
    if (frame.type === "ready" && this.state !== "ready") {
      this.#failures = 0;
      this.#enter("ready", {});
    }
    if (frame.type === "resume") {
      this.timers.clearTimeout(this.#resume);
      this.#resume = this.timers.setTimeout(() => this.sayHello(), this.random() * RESUME_SPREAD);
    }
    this.onFrame(frame);
  }

  /** @param {number} code */
  #lost(code) {
    const error = this.#error;
    this.#drop();
    if (FINAL.has(code)) {
      this.#wanted = false;
      return this.#enter("stopped", { code, error });
    }
    if (code === FLOOD) this.#failures = Math.max(this.#failures, 4);
    const delay = Math.min(LONGEST_PAUSE, FIRST_DELAY * 2 ** this.#failures++) * (0.5 + this.random() / 2);
    this.#retry = this.timers.setTimeout(() => this.#connect("reconnecting"), delay);
    this.#enter("reconnecting", { code, error, delay, failures: this.#failures });
  }

  /** @param {boolean} networkChanged then a socket that looks open may be frozen */
  #wake(networkChanged) {
    if (!this.#wanted) return;
    if (!this.#socket || networkChanged) this.#connect("reconnecting");
    else if (this.state === "ready") this.#ping();
  }

  /** The line is thought to be alive; asks again after a quiet time. */
  #stay(quiet = PING_AFTER) {
    this.timers.clearTimeout(this.#watch);
    this.#watch = this.timers.setTimeout(() => this.#ping(), quiet);
  }

  /** Something must come in soon, or the line is dead. */
  #expect() {
    this.timers.clearTimeout(this.#watch);
    this.#watch = this.timers.setTimeout(() => this.#lost(0), DEAD_AFTER);
  }

  #ping() {
    if (this.#write({ type: "ping" })) this.#expect();
  }

  /** @param {FrameIn} frame */
  #write(frame) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Leaves the socket, whatever it still says. */
  #drop() {
    for (const timer of [this.#watch, this.#retry, this.#resume]) this.timers.clearTimeout(timer);
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /**
   * @param {State} state
   * @param {StateDetail} detail
   */
  #enter(state, detail) {
    this.state = state;
    this.onState(state, detail);
  }
}
