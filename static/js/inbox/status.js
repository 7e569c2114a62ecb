/** @import { State, StateDetail } from "../shared/connection.js" */

import { inbox, part, setText } from "./dom.js";

const PATIENCE = 1_000;
const SIGNED_OUT = 4401;

const line = part(document, "#connection", HTMLElement);
const link = part(line, "a", HTMLAnchorElement);
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * A line over the inbox while it is not live. A short interruption shows nothing.
 * @param {State} state
 * @param {StateDetail} detail
 */
export function showConnection(state, detail) {
  if (state === "connecting" || inbox.dataset.connection === "signed-out") return;
  inbox.dataset.connection = state;
  if (state === "ready") return hide();
  if (state === "reconnecting" && !line.hidden) show(reconnecting());
  else if (state === "reconnecting") timer ??= setTimeout(() => show(reconnecting()), PATIENCE);
  else if (detail.code === SIGNED_OUT) showSignedOut();
  else show(`The inbox is not live. ${detail.error?.detail ?? ""} Reload the page to try again.`);
}

/**
 * What can be read here may not be for whoever sits here now.
 * @returns {Promise<never>} nothing can follow
 */
export function showSignedOut() {
  inbox.dataset.connection = "signed-out";
  document.title = "PingBack";
  show("You are signed out. What you wrote is still here.");
  link.search = `?next=${encodeURIComponent(location.pathname)}`;
  link.hidden = false;
  link.focus();
  return new Promise(() => {});
}

function reconnecting() {
  const why = navigator.onLine ? "Reconnecting." : "You are offline.";
  return `${why} What you send waits here until the connection is back.`;
}

/** @param {string} text */
function show(text) {
  clearTimeout(timer);
  link.hidden = true;
  setText(line, "span", text);
  line.hidden = false;
}

function hide() {
  clearTimeout(timer);
  timer = undefined;
  line.hidden = true;
}
