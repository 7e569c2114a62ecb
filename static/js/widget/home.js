/** @import { Chat, Talk } from "./chat.js" */
import { exactTime, make, shortTime, t } from "./chat.js";

const CSS = `
.home { position: absolute; inset: 0; display: none; flex-direction: column; background: var(--surface) }
.at-home .home { display: flex }
.home ul { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 0; list-style: none }
.home li:not(.wait) { border-block-end: 1px solid var(--line) }
.home li.wait { padding: 24px 16px; color: var(--muted); text-align: center }
.home li button {
  display: grid; grid-template-columns: 1fr auto; gap: 4px 12px; width: 100%; padding: 12px 16px; text-align: start;
}
.home li button:hover { background: var(--sunken) }
.panel .home li button:focus-visible { outline-offset: -3px }
.home :is(strong, span) {
  min-width: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; text-align: -webkit-match-parent; text-align: match-parent;
}
.home :is(em, li) { unicode-bidi: plaintext }
.home strong { font-weight: 500 }
.home :is(span, time, em) { font-size: 13px; color: var(--muted) }
.home time { font-size: 12px; font-variant-numeric: tabular-nums }
.home :is(time, em) { justify-self: end }
.home em { font-style: normal; font-size: 12px }
.home em::first-letter { text-transform: uppercase }
.home .unread :is(strong, span, em) { font-weight: 600; color: var(--text) }
.panel .begin {
  flex: none; min-height: 44px; margin: 12px 16px; padding: 8px 16px; border: 1px solid var(--edge); border-radius: 6px;
  background: var(--primary); color: var(--on-primary); font-weight: 500; text-align: center;
}
@media (max-width: 479px), (max-height: 479px) { .home { padding-block-end: calc(12px + env(safe-area-inset-bottom, 0px)) } }
`;

/** The visitor's conversations. Loaded when there is one. */
export class Home {
  /**
   * @param {HTMLElement} main
   * @param {(css: string) => void} addRules
   * @param {(id?: number) => void} onShow without an id: a new conversation
   */
  constructor(main, addRules, onShow) {
    addRules(CSS);
    this.onShow = onShow;
    this.list = make("ul", {});
    this.begin = make("button", { type: "button", className: "begin", textContent: t("New conversation") });
    this.begin.onclick = () => onShow();
    main.append(make("div", { className: "home" }, this.list, this.begin));
  }

  /** @param {Chat} chat */
  render({ list, isKnown, outbox }) {
    this.list.ariaBusy = `${!isKnown}`;
    const rows = list.map((talk) => this.#row(talk));
    if (!isKnown) rows.push(make("li", { className: "wait", textContent: t("Loading your conversations") }));
    const hasUnsent = outbox.items.some(({ conversation_id }) => !conversation_id);
    this.begin.textContent = hasUnsent ? t("New conversation, not sent yet") : t("New conversation");
    if (rows.map(key).join() === [...this.list.children].map(key).join()) return;
    const focused = /** @type {ShadowRoot} */ (this.list.getRootNode()).activeElement?.id;
    this.list.replaceChildren(...rows);
    if (focused) /** @type {HTMLElement | null} */ (this.list.querySelector(`#${focused}`))?.focus();
  }

  /** @param {Talk} talk */
  #row({ id, info, unread, agent }) {
    const { last_message: last, status, assignee } = info;
    const text = last?.text ?? "";
    const ending = { closed: t("closed"), resolved: t("resolved") }[/** @type {string} */ (status)] ?? "";
    const at = last?.created_at ?? "";
    const row = make("button", { type: "button", id: `talk-${id}`, className: unread ? "unread" : "" },
      make("strong", { dir: "auto", textContent: agent?.name ?? assignee?.name ?? t("No answer yet") }),
      make("time", { dateTime: at, title: at && exactTime(at), textContent: at && shortTime(new Date(at)) }),
      make("span", { dir: "auto", textContent: last?.sender_type === "customer" ? t("You: %", text) : text }),
      make("em", { textContent: unread ? t("% new", unread) : ending }));
    row.onclick = () => this.onShow(id);
    return make("li", {}, row);
  }
}

/** @param {Element} row what of it can be seen */
function key(row) {
  return `${row.firstElementChild?.id} ${row.textContent}`;
}
