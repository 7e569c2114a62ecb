/** Who the visitor is, and what the page calls. Fetched by pages that say or call anything. */
/** @import { PublicConfig } from "../shared/types.js" */
/** @import { mountView } from "./view.js" */

const LOCAL = "localStorage";
const SESSION = "sessionStorage";
const PATIENCE = 10_000;
const RETRY_AFTER = 30_000;
const EVENTS = ["loaded", "open", "close", "show", "hide", "unread", "identityError"];
const USER = ["id", "email", "signature", "name", "phone", "attributes", "company"];
const COMPANY = [
  "id", "name", "website", "created_at", "plan", "monthly_spend", "industry", "size", "address", "postal_code", "city", "state",
  "country", "attributes",
];

/**
 * @typedef {Record<string, any>} User as the page says it: docs/install.md
 * @typedef {{user?: User | null, locale?: string, callbacks?: Record<string, (value?: any) => void>, boot?: boolean}} Settings
 *
 * @typedef {ReturnType<typeof mountView>} Shown the chat, once it is loaded
 *
 * @typedef {object} Now
 * @property {PublicConfig | undefined} config undefined until it has come
 * @property {boolean} hasNothingToTake the page had set nothing, and it is too late to
 * @property {boolean} isGone or not there yet
 * @property {Shown | undefined} shown
 * @property {string} who
 *
 * @typedef {object} Tools the launcher's
 * @property {string} base
 * @property {() => Now} now
 * @property {string} locale
 * @property {HTMLElement} button
 * @property {Record<string, any>} api
 * @property {Record<string, object | undefined>} memory
 * @property {(place: string, whose?: string) => any} read
 * @property {(place: string, what?: object, whose?: string) => boolean} keep
 * @property {(...why: unknown[]) => void} warn
 * @property {(name: string, value?: unknown) => void} emit
 * @property {(next: string, isSame?: boolean, move?: () => void) => void} become
 * @property {() => void} greet
 * @property {() => Promise<Shown | undefined>} load
 * @property {() => void} begin
 * @property {() => void} leave
 */

export class Messenger {
  /** @type {Settings} what was said before what the page had set was taken */
  #early = {};
  #isHeard;
  /** what the page had set is void, since it called destroy() */
  #isVoid = false;
  #isOver = false;
  /** @type {NonNullable<Settings["callbacks"]>} */
  #callbacks = {};
  /** one identity after the other */
  #identified = Promise.resolve();
  /** @type {Promise<unknown>} what opens and closes the window, in turn */
  #turn;
  #taken = () => {};
  #logouts = 0;
  /** @type {any} */
  #retry;
  #isHidden = false;

  /** @param {Tools} tools */
  constructor(tools) {
    this.tools = tools;
    this.#isHeard = tools.now().hasNothingToTake;
    this.#turn = this.#isHeard ? Promise.resolve() : new Promise((done) => (this.#taken = () => done(undefined)));
    for (const name of EVENTS) {
      tools.api.on(name, (/** @type {unknown} */ value) => this.#callbacks["on" + name[0].toUpperCase() + name.slice(1)]?.(value));
    }
  }

  /**
   * What the page set before the script came: settings, or calls.
   * @param {Settings | any[]} [given]
   */
  async take(given = {}) {
    const { tools } = this;
    const calls = (Array.isArray(given) ? given : []).filter(Array.isArray);
    const updates = calls.filter(([name]) => name === "update").map(([, settings]) => settings ?? {});
    const said = this.#isVoid ? [this.#early] : [Array.isArray(given) ? {} : given, ...updates, this.#early];
    this.#isHeard = true;
    this.#early = {};
    this.#taken();
    if (this.#isOver) return tools.leave();
    tools.button.style.display = this.#isHidden ? "none" : "grid";
    if (!this.#isVoid) tools.api.push(...calls.filter(([name]) => name !== "update"));
    await this.update(Object.assign({}, ...said));
  }

  /** @param {Settings} [settings] those that are not named stay */
  async update(settings = {}) {
    const { tools } = this;
    if (!this.#isHeard) return void (this.#early = { ...this.#early, ...settings });
    const { user, locale, callbacks } = settings ?? {};
    if (callbacks) this.#callbacks = callbacks;
    if (locale) tools.locale = locale;
    if (user === undefined) return;
    const logouts = this.#logouts;
    this.#identified = this.#identified.then(() => this.#identify(user, logouts)).catch(tools.warn);
    await this.#identified;
  }

  start() {
    this.#isOver = false;
    this.tools.begin();
  }

  /** Removes everything, and forgets everybody that this browser knows. */
  destroy() {
    const { tools } = this;
    const isThere = !tools.now().isGone;
    clearTimeout(this.#retry);
    this.#logouts++;
    this.#early = {};
    this.#isHeard = false;
    this.#isVoid = this.#isOver = true;
    this.#isHidden = false;
    if (!isThere) return this.#forget();
    tools.button.style.display = "grid";
    tools.now().shown?.close();
    tools.leave();
    tools.become("", false, () => this.#forget());
  }

  show() {
    this.#setHidden(false);
  }

  hide() {
    this.#setHidden(true);
  }

  open() {
    return this.#inTurn((shown) => shown.open());
  }

  close() {
    return this.#inTurn((shown) => shown.close(), false);
  }

  /**
   * @param {string} section home, messages or newMessage; another one opens home
   * @param {string} [text] of a new message
   */
  navigate(section, text) {
    if (!["home", "messages", "newMessage"].includes(section)) this.tools.warn(`there is no ${section} here: home opens.`);
    return this.#inTurn(({ open, chat, view }) => {
      open();
      if (section !== "newMessage") return chat.goHome();
      chat.show();
      view.render();
      view.focus();
      if (!text) return;
      view.input.value = text;
      view.input.dispatchEvent(new Event("input"));
    });
  }

  /**
   * Once it is known who sits here, and what was called before is done.
   * @param {(shown: Shown) => void} act
   * @param {boolean} [needsChat] else only with a chat that is there
   */
  #inTurn(act, needsChat = true) {
    const { tools } = this;
    this.#turn = this.#turn.then(async () => {
      await this.#identified;
      if (tools.now().isGone) return;
      const shown = needsChat ? await tools.load() : tools.now().shown;
      if (shown && !tools.now().isGone) act(shown);
    }).catch(tools.warn);
    return this.#turn;
  }

  /** @param {boolean} isHidden */
  #setHidden(isHidden) {
    if (this.#isHidden === isHidden) return;
    this.#isHidden = isHidden;
    this.tools.button.style.display = isHidden ? "none" : "grid";
    this.tools.emit(isHidden ? "hide" : "show");
  }

  /**
   * @param {User | null} user
   * @param {number} logouts when this was said
   * @returns {Promise<void>}
   */
  async #identify(user, logouts) {
    const { tools } = this;
    clearTimeout(this.#retry);
    if (logouts !== this.#logouts) return;
    if (!user) return this.#become("");
    const about = this.#known(user);
    const isSigned = about.signature !== undefined;
    const person = ":" + hash(about.id === undefined ? `email ${about.email}` : `id ${about.id}`);
    // what was only claimed has a place of its own, where nobody finds what is proven
    const next = isSigned ? person + "!" : person;
    const text = textOf(about);
    if (!text) return this.#refuse({ code: "VALIDATION_ERROR", detail: "it can't be written as JSON" });
    const said = hash(text);
    const own = tools.read(LOCAL, next);
    const earlier = ["", ...(isSigned ? [person] : [])].find((whose) => tools.read(LOCAL, whose).token);
    const from = own.token && !(isSigned && earlier !== undefined) ? next : earlier ?? "";
    if (own.token && own.said === said && from === next) return this.#become(next);
    const { who, shown } = tools.now();
    if (who && who !== next) this.#become("");
    if (from !== next && shown) await this.#rest(shown);
    const { token: sent } = tools.read(LOCAL, from);
    const { status, answer } = await this.#ask(about, from);
    const { token } = answer;
    if (logouts !== this.#logouts) return this.#end(token);
    if (status === 200) {
      const { token: now } = tools.read(LOCAL, from);
      if (from !== next && now && now !== sent) {
        this.#end(token); // somebody began to write meanwhile: that goes along
        return this.#identify(user, logouts);
      }
      this.#become(next, from !== next, () => {
        if (from !== next) this.#move(from, next);
        tools.keep(LOCAL, { ...tools.read(LOCAL, next), token, said }, next);
      });
    } else if (status && status < 500 && status !== 429) {
      this.#refuse(answer);
    } else {
      this.#become(own.token && !isSigned ? next : "");
      this.#retry = setTimeout(() => this.update({ user }), RETRY_AFTER);
    }
    tools.now().shown?.chat.wake();
  }

  /** @param {{code: string, detail: string, errors?: object}} why */
  #refuse({ code, detail, errors = {} }) {
    this.#become("");
    this.tools.warn(`the user was refused (${code}): ${detail}`, JSON.stringify(errors));
    this.tools.emit("identityError", code);
  }

  /**
   * The chat's token may end: what is on its way should have arrived, or it would be said twice.
   * @param {Shown} shown
   */
  async #rest({ chat }) {
    for (let left = 30; left && chat.isReady && chat.outbox.isWaiting; left--) await new Promise((done) => setTimeout(done, 100));
    chat.connection.close();
  }

  /**
   * @param {string} next
   * @param {boolean} [isSame]
   * @param {() => void} [move]
   */
  #become(next, isSame, move) {
    const { tools } = this;
    const { who } = tools.now();
    if (!move && who === next) return;
    tools.become(next, who === next || (isSame && !who), move);
    tools.greet();
  }

  /**
   * What a browser said before goes with its visitor's name.
   * @param {string} from
   * @param {string} to
   */
  #move(from, to) {
    const { tools } = this;
    for (const place of [LOCAL, SESSION]) {
      const { token, said, ...rest } = tools.read(place, from);
      tools.keep(place, undefined, from);
      if (Object.keys(rest).length) tools.keep(place, { ...tools.read(place, to), ...rest }, to);
    }
  }

  /**
   * What we know a place for; the console hears of the rest.
   * @param {User} user
   */
  #known(user) {
    const about = this.#fields(user, USER, "user");
    if (about.company instanceof Object) about.company = this.#fields(about.company, COMPANY, "company");
    return about;
  }

  /**
   * @param {User} given
   * @param {string[]} names
   * @param {string} what
   * @returns {User}
   */
  #fields(given, names, what) {
    const unknown = Object.keys(given).filter((name) => !names.includes(name));
    if (unknown.length) this.tools.warn(`${what} has no field ${unknown.join(", ")}: left out.`);
    return Object.fromEntries(Object.entries(given).filter(([name, value]) => names.includes(name) && value != null));
  }

  /**
   * @param {User} about
   * @param {string} from whose token goes along
   * @returns {Promise<{status: number, answer: any}>} status 0: nobody answered
   */
  async #ask(about, from) {
    const { base, now, read, keep } = this.tools;
    const { token } = read(LOCAL, from);
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": "application/json" };
    if (token) headers.Authorization = `Visitor ${token}`;
    try {
      const answer = await fetch(`${base}/api/v1/visitor/identify`, {
        method: "POST",
        headers,
        body: JSON.stringify({ widget_id: now().config?.id, user: about }),
        credentials: "omit",
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.status === 401 && token) {
        keep(LOCAL, undefined, from);
        return this.#ask(about, from);
      }
      return { status: answer.status, answer: await answer.json() };
    } catch (error) {
      this.tools.warn("the user could not be told to the server; it is tried again.", error);
      return { status: 0, answer: {} };
    }
  }

  /** Where it is not known yet which widget this is, of every widget. */
  #forget() {
    const { now, memory } = this.tools;
    const start = `pingback:${now().config?.id ?? ""}`;
    for (const place of [LOCAL, SESSION]) {
      try {
        const store = /** @type {any} */ (window)[place];
        for (const name of Object.keys(store).filter((name) => name.startsWith(start))) {
          this.#end(tokenIn(store[name]));
          delete store[name];
        }
      } catch {} // what is refused keeps nothing
    }
    for (const name of Object.keys(memory)) {
      this.#end(/** @type {any} */ (memory[name])?.token);
      delete memory[name];
    }
  }

  /** @param {string | undefined} token good no more, on the server too */
  #end(token) {
    if (!token) return;
    const headers = { Authorization: `Visitor ${token}` };
    fetch(`${this.tools.base}/api/v1/visitor/session`, { method: "DELETE", headers, credentials: "omit", keepalive: true }).catch(() => {});
  }
}

/**
 * FNV-1a with two primes: short, and no name or address stands in the browser's storage.
 * @param {string} text
 */
function hash(text) {
  let [one, other] = [0xdeadbeef, 0x41c6ce57];
  for (const part of text) {
    const code = /** @type {number} */ (part.codePointAt(0));
    one = Math.imul(one ^ code, 0x9e3779b1);
    other = Math.imul(other ^ code, 0x5f356495);
  }
  return (one >>> 0).toString(36) + (other >>> 0).toString(36);
}

/** @param {string} kept */
function tokenIn(kept) {
  try {
    return JSON.parse(kept)?.token;
  } catch {
    return undefined;
  }
}

/** @param {User} about "" where it can't be said in JSON */
function textOf(about) {
  try {
    return JSON.stringify(about);
  } catch {
    return "";
  }
}
