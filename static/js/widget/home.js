/** @import { Chat, Talk } from "./chat.js" */
import { shortTime } from "../shared/messages.js";
import { exactTime, make } from "./log.js";

/** The visitor's conversations. Loaded when there is one. */
export class Home {
  /**
   * @param {HTMLElement} main
   * @param {(id?: number) => void} onShow without an id: a new conversation
   */
  constructor(main, onShow) {
    this.onShow = onShow;
    this.list = make("ul", {});
    this.begin = make("button", { type: "button", className: "begin", textContent: "New conversation" });
    this.begin.onclick = () => onShow();
    main.append(make("div", { className: "home" }, this.list, this.begin));
  }

  /** @param {Chat} chat */
  render({ list, isKnown, config, outbox }) {
    this.list.ariaBusy = `${!isKnown}`;
    const rows = list.map((talk) => this.#row(talk, config.welcome_heading));
    if (!isKnown) rows.push(make("li", { className: "wait", textContent: "Loading your conversations" }));
    const hasUnsent = outbox.items.some(({ conversation_id }) => !conversation_id);
    this.begin.textContent = hasUnsent ? "New conversation, not sent yet" : "New conversation";
    if (rows.map(key).join() === [...this.list.children].map(key).join()) return;
    const focused = /** @type {ShadowRoot} */ (this.list.getRootNode()).activeElement?.id;
    this.list.replaceChildren(...rows);
    if (focused) /** @type {HTMLElement | null} */ (this.list.querySelector(`#${focused}`))?.focus();
  }

  /**
   * @param {Talk} talk
   * @param {string} heading
   */
  #row({ id, info, unread, agent }, heading) {
    const { last_message: last, status, assignee } = info;
    const who = last?.sender_type === "customer" ? "You: " : "";
    const at = last?.created_at ?? "";
    const row = make("button", { type: "button", id: `talk-${id}`, className: unread ? "unread" : "" },
      make("strong", { dir: "auto", textContent: agent?.name ?? assignee?.name ?? heading }),
      make("time", { dateTime: at, title: at && exactTime(at), textContent: at && shortTime(new Date(at)) }),
      make("span", { dir: "auto", textContent: who + (last?.text ?? "") }),
      make("em", { textContent: unread ? `${unread} new` : status === "open" || status === "pending" ? "" : status }));
    row.onclick = () => this.onShow(id);
    return make("li", {}, row);
  }
}

/** @param {Element} row what of it can be seen */
function key(row) {
  return `${row.firstElementChild?.id} ${row.textContent}`;
}
