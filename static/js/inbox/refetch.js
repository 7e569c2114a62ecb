import { agentId } from "./dom.js";
import { showSignedOut } from "./status.js";

const PAUSE = 1_000;
const RETRY_PAUSE = 5_000;
const PATIENCE = 15_000; // as htmx has it (`templates/inbox/page.html`)

/** A part of the page that the server knows better: fetched once a second at most, and again after what it missed. */
export class Refetch {
  /** @type {object | undefined} the fetch that is under way, or rests after it */
  #run;
  #isAsking = false;
  #isStale = false; // what the answer will bring

  /**
   * @param {() => string} path
   * @param {(answer: string) => unknown} show what changes before its promise is kept would be overwritten
   */
  constructor(path, show) {
    this.path = path;
    this.show = show;
  }

  start() {
    this.#isStale = true;
    if (!this.#run) this.#go();
  }

  /** The page has been told of something that the answer may not know yet. */
  overtake() {
    this.#isStale ||= this.#isAsking;
  }

  /** What is under way is for something that is not shown any more. */
  forget() {
    this.#run = undefined;
    this.#isAsking = false;
  }

  async #go() {
    const run = (this.#run = {});
    this.#isStale = false;
    this.#isAsking = true;
    const answer = await ask(this.path()).catch(() => undefined);
    if (this.#run !== run) return;
    this.#isStale ||= answer === undefined;
    try {
      if (answer !== undefined) await this.show(answer);
    } finally {
      this.#isAsking = false;
      setTimeout(() => this.#run === run && this.#rested(), answer === undefined ? RETRY_PAUSE : PAUSE);
    }
  }

  #rested() {
    this.#run = undefined;
    if (this.#isStale) this.start();
  }
}

/** @param {string} path */
async function ask(path) {
  const headers = { "HX-Request": "true", "X-Agent-Id": agentId };
  const answer = await fetch(path, { headers, signal: AbortSignal.timeout(PATIENCE) });
  if (answer.status === 401) return showSignedOut();
  if (!answer.ok) throw answer.status;
  return answer.text();
}
