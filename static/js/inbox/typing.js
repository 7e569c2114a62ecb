/** @import { Timers, TypingFrame } from "../shared/types.js" */

const SAY_EVERY = 3_000;
const IDLE_AFTER = 5_000;
const SHOWN_FOR = 6_000;

/** Tells the other side that somebody types here, and that it is over. */
export class TypingTeller {
  #isSaid = false;
  #saidAt = -SAY_EVERY;
  /** @type {any} */
  #idle;

  /**
   * @param {object} options
   * @param {(isTyping: boolean) => boolean} options.say whether it left
   * @param {Timers} [options.timers]
   * @param {() => number} [options.now] in milliseconds
   */
  constructor({ say, timers = globalThis, now = () => performance.now() }) {
    this.say = say;
    this.timers = timers;
    this.now = now;
  }

  /** @param {string} text as it has become */
  changed(text) {
    if (!text.trim()) return this.stop();
    this.timers.clearTimeout(this.#idle);
    this.#idle = this.timers.setTimeout(() => this.stop(), IDLE_AFTER);
    if (this.now() - this.#saidAt < SAY_EVERY || !this.say(true)) return;
    this.#isSaid = true;
    this.#saidAt = this.now();
  }

  stop() {
    this.timers.clearTimeout(this.#idle);
    if (this.#isSaid) this.say(false);
    this.#isSaid = false;
  }
}

/** "Ada is typing", for as long as it is said again. */
export class TypingLine {
  /** @type {any} */
  #timer;

  /**
   * @param {HTMLElement} line
   * @param {HTMLElement} name where in it the name stands
   * @param {Timers} [timers]
   */
  constructor(line, name, timers = globalThis) {
    this.line = line;
    this.name = name;
    this.timers = timers;
  }

  /** @param {TypingFrame} frame */
  onTyping({ name, is_typing }) {
    this.timers.clearTimeout(this.#timer);
    this.line.hidden = !is_typing;
    if (!is_typing) return;
    if (this.name.textContent !== name) this.name.textContent = name;
    this.#timer = this.timers.setTimeout(() => this.hide(), SHOWN_FOR);
  }

  hide() {
    this.timers.clearTimeout(this.#timer);
    this.line.hidden = true;
  }
}
