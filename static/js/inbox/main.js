/** @import { FrameOut, HelloFrame } from "../shared/types.js" */
/** @import { State, StateDetail } from "../shared/connection.js" */

import { Connection } from "../shared/connection.js";
import { Outbox } from "../shared/messages.js";
import { Composer } from "./composer.js";
import { agentId, agentName, forgetUndo, htmx, part, toast } from "./dom.js";
import * as drafts from "./drafts.js";
import { catchDrops } from "./drops.js";
import { ConversationList } from "./list.js";
import { showConnection, showSignedOut } from "./status.js";
import { Team } from "./team.js";
import { Thread } from "./thread.js";
import { showTimes } from "./times.js";
import { Unread } from "./unread.js";
import { Uploads } from "./uploads.js";

const TIMES_EVERY = 30_000;

const region = part(document, "#thread", HTMLElement);
const listRegion = part(document, "#list", HTMLElement);
/** @type {Map<number, number>} the newest `rev` seen of each conversation */
const revs = new Map();
/** @type {Map<number, Uploads>} by conversation */
const uploads = new Map();
/** @type {Thread | undefined} */
let thread;
/** @type {Composer | undefined} */
let composer;
let askedAfter = 0;
/** @type {number | undefined} the thread that the last hello named */
let askedFor;
let lastSeq = 0;
let resuming = false;
/** whether the thread that is on its way was chosen, to be answered: at first it was, by its address or before we listen */
let wasChosen = true;
let shownPath = location.pathname;

const connection = new Connection({
  url: `${location.origin.replace(/^http/, "ws")}/ws/inbox/`,
  hello,
  onFrame,
  onState,
});
const outbox = new Outbox({
  send: (frame) => connection.send(frame),
  onChange: (item) => {
    drafts.keepUnsent(outbox.items);
    thread?.onItem(item, canSend());
  },
});
const list = new ConversationList((id) => id === thread?.id && thread.isBeingRead);
const team = new Team();
const unread = new Unread();

/**
 * Two changes made at once may arrive in the other order.
 * @param {{id: number, rev: number}} conversation
 */
function isStale({ id, rev }) {
  if (rev < (revs.get(id) ?? 0)) return true;
  revs.set(id, rev);
  return false;
}

/** @returns {HelloFrame} */
function hello() {
  const after = thread?.timeline.after;
  askedAfter = after?.seq ?? 0;
  askedFor = thread?.id;
  return { type: "hello", agent: agentId, after: thread && after ? { [thread.id]: after } : {} };
}

/** @param {FrameOut} frame */
function onFrame(frame) {
  switch (frame.type) {
    case "message":
    case "ack":
      outbox.onAck(frame);
      thread?.onMessage(frame);
      uploads.get(frame.conversation_id)?.onMessage(frame.client_id);
      unread.refetch();
      return list.onMessage(frame);
    case "conversation":
      if (isStale(frame)) return;
      if (frame.id === thread?.id) lastSeq = frame.last_seq;
      if (frame.status !== "resolved") forgetUndo(frame.id);
      thread?.onConversation(frame);
      unread.refetch();
      return list.onConversation(frame);
    case "read":
    case "delivered":
      thread?.onMark(frame);
      unread.refetch();
      return list.onMark(frame);
    case "typing":
      return thread?.onTyping(frame);
    case "presence":
      return team.onPresence(frame);
    case "error":
      return void outbox.onError(frame);
    case "resume":
      resuming = true;
      return;
    case "ready":
      if (resuming) refetch();
      resuming = false;
      if (thread && askedFor !== thread.id) return connection.sayHello();
      return fetchRest();
  }
}

/** One hello brings a part of a long absence; as long as it brings anything, ask for more. */
function fetchRest() {
  const reached = thread?.timeline.after.seq ?? 0;
  if (reached > askedAfter && reached < lastSeq) connection.sayHello();
}

/**
 * @param {State} state
 * @param {StateDetail} detail
 */
function onState(state, detail) {
  showConnection(state, detail);
  if (state === "ready") {
    refetch();
    outbox.resend();
    thread?.readAgain();
  }
  if (state === "stopped") showUnsent();
}

function refetch() {
  list.refetch();
  team.refetch();
  unread.refetch();
}

function canSend() {
  return connection.state !== "stopped";
}

function showUnsent() {
  for (const item of outbox.items) thread?.onItem(item, canSend());
}

/** The server has drawn another thread, or none. */
function openThread() {
  const root = region.querySelector(".conversation");
  const left = thread?.id;
  composer?.typing.stop();
  thread = composer = undefined;
  lastSeq = 0;
  if (root instanceof HTMLElement) {
    const id = Number(root.dataset.id);
    thread = new Thread(root, {
      onGap: () => connection.sayHello(),
      markRead: (seq) => connection.send({ type: "read", conversation_id: id, seq }),
      retry,
      discard,
      agentName,
    });
    composer = new Composer(root, {
      draft: drafts.get(id),
      keepDraft: (text) => drafts.set(id, text),
      send: (content) => canSend() && Boolean(outbox.add({ conversation_id: id, content })),
      sendFiles: (files) => uploadsOf(id).send(files),
      sayTyping: (isTyping) => connection.send({ type: "typing", conversation_id: id, is_typing: isTyping }),
    });
    uploadsOf(id).show(root);
    showUnsent();
    thread.read();
    if (connection.state === "ready") connection.sayHello(); // what came between drawing and now
  }
  list.select(thread?.id ?? 0);
  unread.show();
  if (!composer) return focusRow(left);
  if (wasChosen) composer.focus();
  wasChosen = false;
}

/** @param {number} id of a conversation */
function uploadsOf(id) {
  const known = uploads.get(id) ?? new Uploads(() => composer?.focus());
  uploads.set(id, known);
  return known;
}

/** @param {string} clientId of a message that was refused */
function retry(clientId) {
  outbox.retry(clientId);
  composer?.focus();
}

/** @param {string} clientId of a message that was refused */
function discard(clientId) {
  outbox.items = outbox.items.filter(({ client_id }) => client_id !== clientId);
  drafts.keepUnsent(outbox.items);
  composer?.focus();
}

/** @param {number | undefined} id the thread that was left, if it took the focus with it */
function focusRow(id) {
  if (document.activeElement === document.body) document.getElementById(`row-${id}`)?.focus({ preventScroll: true });
}

/** @param {MouseEvent} event on a row; what is open already need not come again */
function onChoice(event) {
  const link = /** @type {Element} */ (event.target).closest("a");
  wasChosen = link !== null;
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  link.blur(); // or a list that is fetched meanwhile brings the focus back to it
  if (!link.matches("[aria-current]")) return;
  event.preventDefault();
  event.stopPropagation();
  htmx.trigger(region, "htmx:abort"); // another one that was chosen before
  composer?.focus();
}

/** The server has drawn the head anew, perhaps before what we have heard since. */
function onHead() {
  thread?.onHead();
  if (thread && thread.status !== "resolved") forgetUndo(thread.id);
}

/**
 * Back and forward: a thread is asked for like one that was chosen; another list loads the page, whose drafts are kept.
 * @param {Event} event of htmx, whose own request has no headers, no order and no time limit
 */
function onHistory(event) {
  event.preventDefault();
  const { path } = /** @type {CustomEvent<{path: string}>} */ (event).detail;
  if (listOf(path) !== listOf(shownPath)) return location.reload();
  shownPath = path;
  htmx.trigger(region, "htmx:abort");
  htmx.ajax("GET", path, { source: region, target: region, swap: "innerHTML" });
}

/** @param {Event} event of htmx: of a list and a thread that are asked for, the later one counts */
function onRequest(event) {
  const { target } = /** @type {CustomEvent<{target: Element}>} */ (event).detail;
  if (target === region) htmx.trigger(listRegion, "htmx:abort");
  if (target === listRegion) htmx.trigger(region, "htmx:abort");
}

/** @param {string} path */
function listOf(path) {
  return path.replace(/\d+\/$/, "");
}

/** @param {KeyboardEvent} event Escape leads from the thread back to its row, which a phone shows only without it */
function onEscape(event) {
  if (event.key !== "Escape" || event.isComposing || !thread) return;
  const back = part(region, ".back", HTMLElement);
  if (back.offsetParent) back.click();
  else document.getElementById(`row-${thread.id}`)?.focus();
}

/** @param {Event} event of htmx */
function onUnreachable({ target }) {
  toast("The server can't be reached. Try again in a moment.");
  if (target instanceof HTMLElement && document.activeElement === document.body) target.focus();
  takeBack(target);
}

/** @param {EventTarget | null} target a form whose choice was not stored */
function takeBack(target) {
  if (target instanceof HTMLFormElement) target.reset();
}

/** @param {Event} event of htmx */
function onRefusal(event) {
  takeBack(event.target);
  const { status } = /** @type {CustomEvent<{xhr: XMLHttpRequest}>} */ (event).detail.xhr;
  if (status === 401) showSignedOut();
  else if (status === 404) toast("This conversation is gone, or it belongs to another team.");
  else toast("That did not work. Nothing was changed. Reload the page and try again.");
}

listRegion.addEventListener("click", onChoice, true);
region.addEventListener("keydown", onEscape);
region.addEventListener("htmx:afterSwap", onHead);
region.addEventListener("htmx:afterSettle", () => document.activeElement === document.body && composer?.focus());
document.addEventListener("htmx:afterSettle", () => unread.show());
document.addEventListener("htmx:pushedIntoHistory", () => (shownPath = location.pathname));
document.addEventListener("htmx:historyCacheMiss", onHistory);
new MutationObserver(openThread).observe(region, { childList: true });
document.addEventListener("visibilitychange", () => thread?.read());
document.addEventListener("htmx:beforeRequest", onRequest);
document.addEventListener("htmx:sendError", onUnreachable);
document.addEventListener("htmx:timeout", onUnreachable);
document.addEventListener("htmx:responseError", onRefusal);
catchDrops(() => (composer?.isShown ? region : null), (files) => thread && uploadsOf(thread.id).send(files));
window.addEventListener("beforeunload", (event) => {
  if (outbox.items.length || [...uploads.values()].some(({ isWaiting }) => isWaiting)) event.preventDefault();
});

showTimes();
setInterval(showTimes, TIMES_EVERY);
outbox.restore(drafts.unsent());
openThread();
connection.open();
