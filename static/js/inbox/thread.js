/** @import { Item } from "../shared/messages.js" */
/** @import { ConversationFrame, MarkFrame, Message, MessageFrame, AckFrame, TypingFrame } from "../shared/types.js" */

import { dayText, Timeline } from "../shared/messages.js";
import { clone, part, setChosen, setLinked, setText } from "./dom.js";
import { showFiles } from "./files.js";
import { setTime, showTimes } from "./times.js";
import { TypingLine } from "./typing.js";

const AT_THE_END = 40;

/** The open conversation, as far as it is on the page. */
export class Thread {
  /** @type {Map<string, HTMLElement>} bubbles that are not stored yet, by client_id */
  #unsent = new Map();
  /** @type {Map<number, HTMLElement>} */
  #bubbles = new Map();
  /** @type {HTMLElement | undefined} the one that says how far it got */
  #marked;
  /** @type {ConversationFrame | undefined} */
  #latest;
  #told = 0; // how far we said we have read

  /**
   * @param {HTMLElement} root
   * @param {object} options
   * @param {() => void} options.onGap
   * @param {(seq: number) => boolean} options.markRead
   * @param {(clientId: string) => void} options.retry
   * @param {(clientId: string) => void} options.discard
   * @param {string} options.agentName
   */
  constructor(root, { onGap, markRead, retry, discard, agentName }) {
    this.id = Number(root.dataset.id);
    this.root = root;
    this.markRead = markRead;
    this.retry = retry;
    this.discard = discard;
    this.agentName = agentName;
    this.timeline = new Timeline({ onGap });
    this.scroll = part(root, ".thread-scroll", HTMLElement);
    this.bubbles = part(root, "ol", HTMLElement);
    this.newer = part(root, ".newer", HTMLElement);
    this.typing = new TypingLine(part(root, ".typing p", HTMLElement), part(root, ".typing-name", HTMLElement));
    this.seen = {
      agent: Number(root.dataset.agentReadSeq),
      visitor: Number(root.dataset.visitorReadSeq),
      delivered: Number(root.dataset.visitorDeliveredSeq),
    };
    this.#adoptAll();
    this.#showState();
    new MutationObserver(() => this.#adoptAll()).observe(this.bubbles, { childList: true });
    // What is read aloud is what arrives, not what is loaded of the past.
    this.bubbles.addEventListener("htmx:beforeRequest", () => (this.scroll.ariaBusy = "true"));
    for (const end of ["htmx:afterSettle", "htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
      this.bubbles.addEventListener(end, () => {
        this.scroll.ariaBusy = null;
        if (document.activeElement === document.body) this.scroll.focus({ preventScroll: true }); // its button is gone
      });
    }
    this.newer.addEventListener("click", () => this.#toTheEnd());
    this.scroll.addEventListener("scroll", () => this.#isAtTheEnd() && this.#reachedEnd(), { passive: true });
  }

  get status() {
    return part(this.root, "#thread-head", HTMLElement).dataset.status;
  }

  /** @param {MessageFrame | AckFrame} message */
  onMessage(message) {
    if (message.conversation_id !== this.id) return;
    if (message.sender_type === "customer") this.typing.hide();
    const before = this.timeline.messages.length;
    this.timeline.apply(message);
    this.#keepingPlace(() => {
      this.#forget(message.client_id);
      for (const [at, entry] of this.timeline.messages.entries()) {
        if (!this.#bubbles.has(entry.id)) this.#insert(entry, at);
      }
    }, this.timeline.messages.length > before && message.type === "message");
    this.#showState();
    this.read();
  }

  /** @param {ConversationFrame} conversation */
  onConversation(conversation) {
    if (conversation.id !== this.id) return;
    this.#latest = conversation;
    const head = part(this.root, "#thread-head", HTMLElement);
    const { assignee, contact, mark, status } = conversation;
    head.dataset.status = status;
    head.dataset.mark = mark;
    setText(head, ".status", status[0].toUpperCase() + status.slice(1));
    this.#showAssignee(part(head, ".assignee", HTMLSelectElement), assignee);
    if (contact) setText(head, "h1", contact.name);
    this.#saw("visitor", conversation.visitor_read_seq);
    this.#saw("delivered", conversation.visitor_delivered_seq);
    this.#saw("agent", conversation.agent_read_seq);
  }

  /**
   * @param {HTMLSelectElement} select
   * @param {ConversationFrame["assignee"]} assignee who may have joined the team since this was drawn
   */
  #showAssignee(select, assignee) {
    const id = assignee?.id ?? "";
    if (assignee && ![...select.options].some(({ value }) => value === id)) select.add(new Option(assignee.name, id));
    setChosen(select, id);
  }

  /** @param {MarkFrame} mark */
  onMark(mark) {
    if (mark.conversation_id !== this.id) return;
    if (mark.type === "delivered") this.#saw("delivered", mark.seq);
    else this.#saw(mark.sender_type === "agent" ? "agent" : "visitor", mark.seq);
  }

  /** @param {TypingFrame} typing */
  onTyping(typing) {
    if (typing.conversation_id === this.id && typing.sender_type === "customer") this.typing.onTyping(typing);
  }

  /**
   * A message of ours that is on its way, or was refused.
   * @param {Item} item
   * @param {boolean} canRetry
   */
  onItem(item, canRetry) {
    if (item.conversation_id !== this.id || item.state === "sent") return;
    const bubble = this.#unsent.get(item.client_id) ?? this.#addUnsent(item);
    const state = part(bubble, ".bubble-state", HTMLElement);
    const failed = item.state === "failed" || !canRetry;
    bubble.dataset.state = failed ? "failed" : "sending";
    state.textContent = failed ? `Not sent. ${item.detail ?? ""} Your message is still here. ` : "Sending";
    if (failed && canRetry) state.append(...this.#waysOut(item.client_id));
    this.#showState();
  }

  #reachedEnd() {
    this.newer.hidden = true;
    this.read();
  }

  /** Somebody looks, and at the end. */
  get isBeingRead() {
    return document.visibilityState === "visible" && this.#isAtTheEnd();
  }

  /** Tells the server how far somebody has read. */
  read() {
    const { seq } = this.timeline.after;
    if (!this.isBeingRead || seq <= Math.max(this.seen.agent, this.#told)) return;
    if (this.markRead(seq)) this.#told = seq;
  }

  /** On a new line: what was said into the last one may have been lost with it. */
  readAgain() {
    this.#told = 0;
    this.read();
  }

  /** What we have heard counts, if it is newer than a head that was drawn meanwhile. */
  onHead() {
    const { rev } = part(this.root, "#thread-head", HTMLElement).dataset;
    if (this.#latest && this.#latest.rev > Number(rev)) this.onConversation(this.#latest);
  }

  /** What the server has drawn: the thread at first, then pages before it. */
  #adoptAll() {
    const drawn = [...this.bubbles.querySelectorAll(".bubble[data-seq]")].map((bubble) => /** @type {HTMLElement} */ (bubble));
    const strangers = drawn.filter(({ dataset }) => dataset.seq && !this.#bubbles.has(Number(dataset.id)));
    if (!strangers.length) return;
    for (const bubble of strangers) this.#adopt(bubble);
    showTimes(this.bubbles);
    for (const bubble of strangers) this.#arrange(bubble);
    const next = nextBubble(strangers.at(-1));
    if (next) this.#arrange(next);
  }

  /** @param {HTMLElement} bubble */
  #adopt(bubble) {
    const { id, seq, rev } = bubble.dataset;
    const text = part(bubble, ".bubble-text", HTMLElement);
    setLinked(text, text.textContent ?? "");
    this.#bubbles.set(Number(id), bubble);
    this.timeline.apply({
      id: Number(id),
      conversation_id: this.id,
      kind: "message",
      seq: seq ? Number(seq) : null,
      rev: Number(rev),
      client_id: null,
      sender_type: /** @type {Message["sender_type"]} */ (bubble.dataset.sender),
      author: null,
      content: "",
      created_at: "",
    });
  }

  /**
   * @param {Message} message
   * @param {number} at
   */
  #insert(message, at) {
    const bubble = clone("bubble-template");
    bubble.dataset.id = String(message.id);
    this.#fill(bubble, message.sender_type, message.author?.name ?? "", message.content, message.created_at);
    showFiles(bubble, message);
    this.#bubbles.set(message.id, bubble);
    const following = this.timeline.messages.slice(at + 1).find(({ id }) => this.#bubbles.has(id));
    const next = following ? this.#bubbles.get(following.id) : this.#unsent.values().next().value;
    this.bubbles.insertBefore(bubble, next ? dayBefore(next) ?? next : null);
    this.#arrange(bubble);
    if (next) this.#arrange(next);
  }

  /** @param {Item} item */
  #addUnsent(item) {
    const bubble = clone("bubble-template");
    this.#fill(bubble, "agent", this.agentName, item.content, new Date().toISOString());
    this.#unsent.set(item.client_id, bubble);
    this.bubbles.append(bubble);
    this.#arrange(bubble);
    this.#toTheEnd();
    return bubble;
  }

  /** @param {string | null} clientId */
  #forget(clientId) {
    const bubble = clientId && this.#unsent.get(clientId);
    if (!bubble) return;
    const next = nextBubble(bubble);
    dayBefore(bubble)?.remove();
    bubble.remove();
    if (next) this.#arrange(next);
    this.#unsent.delete(clientId);
  }

  /**
   * @param {HTMLElement} bubble
   * @param {string} sender
   * @param {string} author
   * @param {string} content
   * @param {string} createdAt
   */
  #fill(bubble, sender, author, content, createdAt) {
    bubble.dataset.sender = sender;
    setText(bubble, ".bubble-author", author);
    setLinked(part(bubble, ".bubble-text", HTMLElement), content);
    setTime(part(bubble, "time", HTMLTimeElement), createdAt);
  }

  /** @param {Element} bubble a new day is named; the same author in the same minute needs no second heading */
  #arrange(bubble) {
    const previous = previousBubble(bubble);
    bubble.classList.toggle("bubble-continues", previous !== null && groupOf(previous) === groupOf(bubble));
    const day = dayOf(bubble);
    const named = dayBefore(bubble);
    if (previous && dayOf(previous) === day) return named?.remove();
    const line = named ?? clone("day-template");
    setText(line, "span", day);
    if (!named) bubble.before(line);
  }

  /** @param {string} clientId */
  #waysOut(clientId) {
    const again = clone("link-button-template");
    again.textContent = "Try again";
    again.addEventListener("click", () => this.retry(clientId));
    const discard = clone("link-button-template");
    discard.textContent = "Discard";
    discard.addEventListener("click", () => {
      this.discard(clientId);
      this.#forget(clientId);
      this.#showState();
    });
    return [again, discard];
  }

  /**
   * @param {"agent" | "visitor" | "delivered"} who
   * @param {number} seq
   */
  #saw(who, seq) {
    this.seen[who] = Math.max(this.seen[who], seq);
    this.#showState();
  }

  /** How far our newest message got, under the last bubble only. */
  #showState() {
    const last = this.timeline.messages.at(-1);
    const bubble = last && this.#bubbles.get(last.id);
    if (this.#marked && this.#marked !== bubble) setText(this.#marked, ".bubble-state", "");
    this.#marked = bubble;
    const isOurs = last?.sender_type === "agent" && !this.#unsent.size;
    if (bubble) setText(bubble, ".bubble-state", isOurs ? this.#receipt(last.seq ?? 0) : "");
  }

  /** @param {number} seq */
  #receipt(seq) {
    if (seq <= this.seen.visitor) return "Seen";
    return seq <= this.seen.delivered ? "Delivered" : "Sent";
  }

  /**
   * Changes the bubbles without moving what is being read.
   * @param {() => void} change
   * @param {boolean} announce
   */
  #keepingPlace(change, announce) {
    const { scroll } = this;
    if (this.#isAtTheEnd()) return change();
    const fromTop = scroll.scrollHeight + scroll.scrollTop;
    change();
    scroll.scrollTop = fromTop - scroll.scrollHeight;
    if (announce) this.newer.hidden = false;
  }

  #isAtTheEnd() {
    return this.scroll.scrollTop > -AT_THE_END;
  }

  #toTheEnd() {
    this.scroll.scrollTop = 0;
    this.newer.hidden = true;
  }
}

/** @param {Element} bubble */
function dayBefore(bubble) {
  const before = bubble.previousElementSibling;
  return before?.matches(".day") ? /** @type {HTMLElement} */ (before) : null;
}

/** @param {Element} bubble */
function previousBubble(bubble) {
  const before = (dayBefore(bubble) ?? bubble).previousElementSibling;
  return before?.matches(".bubble") ? before : null;
}

/** @param {Element} [bubble] */
function nextBubble(bubble) {
  let next = bubble?.nextElementSibling;
  if (next?.matches(".day")) next = next.nextElementSibling;
  return next?.matches(".bubble") ? next : null;
}

/** @param {Element} bubble */
function dayOf(bubble) {
  return dayText(new Date(part(bubble, "time", HTMLTimeElement).dateTime));
}

/** @param {Element} bubble */
function groupOf(bubble) {
  const { dateTime } = part(bubble, "time", HTMLTimeElement);
  const author = part(bubble, ".bubble-author", HTMLElement).textContent;
  return `${/** @type {HTMLElement} */ (bubble).dataset.sender} ${dateTime.slice(0, 16)} ${author}`;
}
