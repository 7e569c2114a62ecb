/** @import { MessageFrame, PublicConfig } from "../shared/types.js" */
/** @import { Chat, Options } from "./chat.js" */
/** @import { Files } from "./files.js" */
/** @import { Home } from "./home.js" */
/** @import { Prechat } from "./prechat.js" */
import { lang, t } from "../shared/words.js";
import { Log, make, rowsOf } from "./log.js";

const LONGEST = 10_000;
const TYPING_EVERY = 3_000;
const TYPING_PAUSE = 5_000;
const TICK = 30_000; // times are relative
const REFUSED = new Set([4403, 4404]);
const SPEAKER = "M3.5 9.5v5H7l4.5 4v-13L7 9.5Z";
const ICONS = {
  back: "m14 6-6 6 6 6",
  close: "m6 6 12 12M18 6 6 18",
  send: "M12 19V5m-6 6 6-6 6 6",
  sound: SPEAKER + "M15 9.5a4 4 0 0 1 0 5M17.5 7a8 8 0 0 1 0 10",
  silence: SPEAKER + "M15 9.5l5 5m0-5-5 5",
};
const WORDS = {
  online: "Online now",
  away: "We are away",
  welcome: "We are away. Write, and the answer appears here.",
  empty: "Ask us anything. The answer appears here.",
  connecting: "Connecting",
  reconnecting: "Reconnecting. Your messages are kept.",
  offline: "You are offline. Your messages wait here.",
  polling: "Live answers are blocked here. New ones appear every few seconds.",
  failed: "Not sent. Your message is still here.",
  waiting: "Busy right now. Your message goes out soon.",
  unkept: "Your browser keeps nothing, so this chat ends when you leave the page.",
  refused: "Chat is not available here right now. Your text is still here.",
  broken: "Chat has stopped. Reload the page to go on.",
  tooLong: "A message has at most 10,000 characters.",
};
/** @type {Record<string, string>} */
const ENDINGS = {
  closed: "This conversation is closed. Write to start a new one.",
  resolved: "This conversation is resolved. Write to open it again.",
};

/** @typedef {{text: string, isBad?: boolean, isOver?: boolean}} State */

/**
 * @param {Chat} chat
 * @param {Options} options
 */
export function mountView(chat, options) {
  const { shadow, launcherButton, show, emit } = options;
  const view = new View(chat, options, close);
  /** @type {any} */
  let clock;
  chat.onChange = () => {
    show(chat.unread, chat.isOnline);
    if (chat.isOpen) view.render();
  };
  chat.onAnswer = (message) => view.tell(message);
  chat.onOther = () => view.forget();
  shadow.append(view.panel, view.announcer);
  shadow.addEventListener("keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    if (key.key !== "Escape" || composes(key) || !chat.isOpen) return;
    key.stopPropagation();
    close();
  }, true);

  function open() {
    if (chat.isOpen) return;
    launcherButton.ariaExpanded = "true";
    chat.open();
    view.show();
    clock = setInterval(() => view.render(), TICK);
    emit("open");
  }

  function close() {
    if (!chat.isOpen) return;
    clearInterval(clock);
    launcherButton.ariaExpanded = "false";
    view.hide();
    launcherButton.focus({ preventScroll: true });
    chat.close();
    emit("close");
  }

  return { chat, view, open, close };
}

/**
 * The key belongs to an input method; Safari says so by its number alone.
 * @param {KeyboardEvent} event
 */
const composes = ({ isComposing, keyCode }) => isComposing || keyCode === 229;

/** The chat window. */
export class View {
  /** @type {number | undefined | null} the conversation that is drawn; null: none yet */
  #drawn = null;
  /** @type {Promise<Home> | undefined} */
  #home;
  /** @type {Promise<Files> | undefined} */
  #files;
  /** @type {Promise<Prechat> | undefined} */
  #prechat;
  /** What was asked for stands there; else it is said what is missing. */
  isIntroduced = () => true;
  #typedAt = 0;
  /** @type {any} */
  #typingEnds;
  #isTooLong = false;

  /**
   * @param {Chat} chat
   * @param {Options} options
   * @param {() => void} onClose
   */
  constructor(chat, options, onClose) {
    const { config, icon } = options;
    this.chat = chat;
    this.options = options;
    /** @type {(className: string, name: string, path: string) => HTMLButtonElement} */
    const button = (className, name, path) => make("button", { type: "button", className, title: name, ariaLabel: name }, icon(path));
    this.log = new Log({
      onRetry: (clientId) => chat.outbox.retry(clientId),
      onOlder: () => chat.fetchOlder(),
      onScroll: (isAtEnd) => chat.look(isAtEnd),
    });
    this.log.list.dataset.empty = t(WORDS.empty);
    this.back = button("round back", t("All conversations"), ICONS.back);
    this.sound = button("round sound", t("Sound"), ICONS.silence);
    const closing = button("round", t("Close chat"), ICONS.close);
    this.face = make("span", { className: "face", ariaHidden: "true" });
    this.heading = make("h2", { dir: "auto" });
    this.tagline = make("p", { dir: "auto", textContent: config.welcome_tagline });
    this.presence = make("span", {});
    this.presenceLine = make("p", { className: "presence", hidden: !config.show_online_badge }, make("i", {}), this.presence);
    this.main = make("div", { className: "main" }, this.log.element, this.log.chip);
    this.ending = make("p", { className: "ending" });
    this.state = make("p", { className: "state", role: "status" });
    this.input = make("textarea", { rows: 1, placeholder: t("Write a message"), ariaLabel: t("Message"), enterKeyHint: "send" });
    this.count = make("p", { className: "count" });
    this.sendButton = button("round send", t("Send"), ICONS.send);
    this.sendButton.type = "submit";
    this.form = make("form", {}, this.input, this.sendButton);
    this.panel = make("section", { className: "panel", role: "dialog", hidden: true, tabIndex: -1 },
      make("div", { className: "head" }, this.back, this.face, make("div", {}, this.heading, this.tagline, this.presenceLine), this.sound, closing),
      this.main, this.ending, this.state, this.count, this.form);
    this.announcer = make("p", { className: "announcer", role: "status" });
    for (const [name, value] of Object.entries(palette(config))) this.panel.style.setProperty(name, value);

    const { logo_url: logo } = config;
    if (logo?.startsWith("http")) this.#showLogo(logo);
    this.back.onclick = () => (this.#endTyping(), chat.goHome(), this.panel.focus());
    this.sound.onclick = () => this.#switchSound();
    closing.onclick = onClose;
    this.#listen();
  }

  #listen() {
    const { panel, input } = this;
    this.form.onsubmit = (event) => (event.preventDefault(), this.#send());
    input.oninput = () => this.#typed();
    input.onkeydown = (event) => {
      if (event.key !== "Enter" || event.shiftKey || composes(event)) return;
      event.preventDefault();
      this.#send();
    };
    // the page's own shortcuts must not fire while somebody writes
    for (const kind of ["keydown", "keypress", "keyup"]) panel.addEventListener(kind, (event) => event.stopPropagation());
    for (const change of ["resize", "scroll"]) globalThis.visualViewport?.addEventListener(change, () => this.#fitScreen());
  }

  show() {
    const { panel } = this;
    panel.dir = getComputedStyle(this.options.launcherButton).direction;
    panel.hidden = false;
    this.#fitScreen();
    this.render();
    this.log.toTheEnd();
    this.#fit();
    this.focus();
  }

  forget() {
    this.#drawn = null;
    this.announcer.textContent = "";
    for (const part of [this.#prechat, this.#files]) part?.then((part) => part.forget());
    this.#prechat = undefined;
  }

  hide() {
    this.#endTyping();
    this.panel.hidden = true;
    document.body.inert = false;
  }

  /** Into the composer; on a touch screen the keyboard would cover what there is to read. */
  focus() {
    const isForReading = this.chat.isHome || matchMedia("(pointer: coarse)").matches;
    (isForReading ? this.panel : this.input).focus({ preventScroll: true });
  }

  render() {
    const { chat, panel } = this;
    const { talk, isHome, config } = chat;
    const rows = isHome ? [] : rowsOf(chat);
    const isWelcome = isHome || !rows.some(({ side }) => side === "mine" || side === "day");
    const agent = (!isWelcome && talk?.agent?.name) || "";
    panel.classList.toggle("at-home", isHome);
    panel.classList.toggle("talk", !isWelcome);
    panel.ariaLabel = config.welcome_heading;
    setText(this.heading, agent || config.welcome_heading);
    setText(this.presence, t(chat.isOnline ? WORDS.online : isWelcome ? WORDS.welcome : WORDS.away));
    this.presenceLine.classList.toggle("online", chat.isOnline);
    this.back.hidden = isHome || !chat.talks.size;
    this.#showFace(agent);
    this.#showSound();
    if (isHome) this.#showHome();
    else if (this.#drawn !== chat.current) this.#take(chat.current);
    if (!isHome) this.log.render(rows, talk);
    if (talk) this.#files ??= this.options.bring("files").then(({ Files }) => new Files(this, this.options));
    this.#files?.then((files) => files.render(), () => (this.#files = undefined));
    if (chat.asksWho) this.#prechat ??= this.options.bring("prechat").then(({ Prechat }) => new Prechat(this, this.options));
    this.#prechat?.then((prechat) => prechat.render(), () => (this.#prechat = undefined));
    setText(this.ending, t(ENDINGS[isHome ? "" : talk?.info.status ?? ""] ?? ""));
    this.#showState(stateOf(chat));
  }

  /**
   * An answer came while somebody may look elsewhere.
   * @param {MessageFrame} message
   */
  tell({ author, content, conversation_id: id }) {
    const { chat } = this;
    this.announcer.textContent = `${author?.name}: ${content.slice(0, 200)}`;
    const isSeen = document.visibilityState === "visible" && chat.isOpen && !chat.isHome && chat.current === id;
    if (chat.hasSound && !isSeen) this.#chime();
  }

  /**
   * Another conversation is on show, with what was being written in it.
   * @param {number | undefined} id
   */
  #take(id) {
    const { input, chat } = this;
    const draft = chat.drafts.get(id) ?? "";
    this.#drawn = id;
    this.#isTooLong = false;
    this.log.reset();
    if (input.value !== draft) input.value = draft;
    this.#fit();
  }

  /** Where the list can't be loaded, the visitor can go on writing. */
  async #showHome() {
    const { chat } = this;
    this.#home ??= this.options.bring("home").then(({ Home }) => new Home(this.main, this.options.addRules, (id) => {
      chat.show(id);
      this.render();
      this.log.toTheEnd();
      this.focus();
    }));
    try {
      (await this.#home).render(chat);
    } catch {
      this.#home = undefined;
      chat.show(chat.list[0]?.id);
    }
  }

  /** @param {string} url */
  #showLogo(url) {
    const logo = make("img", { src: url, alt: "", referrerPolicy: "no-referrer" });
    logo.onerror = () => logo.remove();
    this.face.before(logo);
  }

  /** @param {string} name */
  #showFace(name) {
    const words = name.split(/\s+/, 2);
    setText(this.face, words.map((word) => [...word][0]).join("").toUpperCase());
  }

  #showSound() {
    const { sound, chat } = this;
    const isPressed = `${chat.hasSound}`;
    if (sound.ariaPressed === isPressed) return;
    sound.ariaPressed = isPressed;
    sound.replaceChildren(this.options.icon(chat.hasSound ? ICONS.sound : ICONS.silence));
  }

  #chime() {
    this.options.bring("sound").then(({ chime }) => chime()).catch(() => {});
  }

  #switchSound() {
    this.chat.hasSound = !this.chat.hasSound;
    if (this.chat.hasSound) this.#chime();
    this.#showSound();
  }

  #send() {
    const { input, chat } = this;
    const content = input.value.trim();
    if (!content || input.readOnly) return;
    this.#isTooLong = [...content].length > LONGEST;
    if (this.#isTooLong) return this.#showState(stateOf(chat));
    if (chat.asksWho && !this.isIntroduced()) return;
    this.#endTyping();
    input.value = "";
    this.#fit();
    chat.send(content);
  }

  #typed() {
    this.chat.draft(this.input.value);
    this.#isTooLong &&= [...this.input.value.trim()].length > LONGEST;
    this.#showState(stateOf(this.chat));
    this.#fit();
    if (!this.input.value.trim()) return this.#endTyping();
    clearTimeout(this.#typingEnds);
    this.#typingEnds = setTimeout(() => this.#endTyping(), TYPING_PAUSE);
    if (Date.now() - this.#typedAt < TYPING_EVERY) return;
    this.#typedAt = Date.now();
    this.chat.type(true);
  }

  #endTyping() {
    clearTimeout(this.#typingEnds);
    if (this.#typedAt) this.chat.type(false);
    this.#typedAt = 0;
  }

  /** The composer grows with its text. */
  #fit() {
    const { input } = this;
    const text = input.value.trim();
    input.dir = text && "auto"; // its placeholder goes the window's way
    const counted = LONGEST - 500;
    const length = text.length > counted ? [...text].length : 0;
    this.sendButton.disabled = !text || input.readOnly;
    setText(this.count, length > counted ? [length, LONGEST].map((number) => number.toLocaleString(lang)).join(" / ") : "");
    this.count.classList.toggle("bad", length > LONGEST);
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight + 2}px`;
  }

  /** A phone's keyboard shrinks what is to be seen, but not the page. Behind a window that covers it, the page rests. */
  #fitScreen() {
    if (this.panel.hidden) return;
    const isWhole = matchMedia("(max-width: 479px), (max-height: 479px)").matches; // as in widget.css
    document.body.inert = isWhole;
    this.panel.ariaModal = `${isWhole}`;
    const seen = globalThis.visualViewport;
    if (!seen || seen.scale > 1.01) return;
    this.panel.style.setProperty("--height", `${seen.height}px`);
    this.panel.style.setProperty("--top", `${seen.offsetTop}px`);
  }

  /** @param {State} state */
  #showState({ text, isBad, isOver }) {
    const { state, input } = this;
    setText(state, t(this.#isTooLong ? WORDS.tooLong : text));
    state.classList.toggle("bad", Boolean(isBad || this.#isTooLong));
    state.classList.toggle("wait", text === WORDS.connecting);
    input.readOnly = Boolean(isOver);
  }
}

/**
 * @param {Chat} chat
 * @returns {State}
 */
function stateOf({ stopped, isReady, connection, outbox, isPolling, token, isKept, current }) {
  if (stopped !== undefined) return { text: REFUSED.has(stopped) ? WORDS.refused : WORDS.broken, isBad: true, isOver: true };
  if (!isReady && !navigator.onLine) return { text: WORDS.offline };
  if (!isReady) return { text: connection.state === "reconnecting" ? WORDS.reconnecting : WORDS.connecting };
  const failed = outbox.items.find(({ state, conversation_id }) => state === "failed" && conversation_id === current);
  if (failed) return { text: (failed.code === "VALIDATION_ERROR" && failed.detail) || WORDS.failed, isBad: true };
  const waiting = outbox.items.find(({ code }) => code);
  if (waiting) return { text: WORDS.waiting };
  if (isPolling && connection.state === "reconnecting") return { text: WORDS.polling };
  return { text: token && !isKept ? WORDS.unkept : "" };
}

/**
 * The owner's colours as custom properties, readable in both schemes.
 * @param {PublicConfig} config
 * @returns {Record<string, string>}
 */
export function palette({ primary_color: primary, secondary_color: secondary }) {
  const light = luminance(primary);
  const isReadable = (Math.max(light, luminance(secondary)) + 0.05) / (Math.min(light, luminance(secondary)) + 0.05) >= 4.5;
  return {
    "--primary": primary,
    "--on-primary": isReadable ? secondary : light > 0.179 ? "#000000" : "#ffffff", // from there on black stands out more
    "--edge-light": light > 0.606 ? "#00000040" : "transparent", // contrast to the window under 1.6
    "--edge-dark": light < 0.0484 ? "#ffffff4d" : "transparent",
    "--ring-light": light > 0.3 ? "#1d1d24" : primary, // under 3
    "--ring-dark": light < 0.1345 ? "#ececf1" : primary,
  };
}

/** @param {string} colour `#rrggbb` */
function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * @param {Element} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

