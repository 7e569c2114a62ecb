/**
 * What an agent wrote: drafts by conversation, and what waits to be sent. It outlives the page, not the tab, nor signing
 * out (`signed_out.js`).
 */
/** @import { Item } from "../shared/messages.js" */

import { agentId } from "./dom.js";

const OWN = `pingback:written:${agentId}:`;
const UNSENT = `${OWN}unsent`;

/** @param {number} id */
export function get(id) {
  return sessionStorage.getItem(OWN + id) ?? "";
}

/**
 * @param {number} id
 * @param {string} text "" forgets it
 */
export function set(id, text) {
  if (text) sessionStorage.setItem(OWN + id, text);
  else sessionStorage.removeItem(OWN + id);
}

/** @returns {Item[]} in their order */
export function unsent() {
  return JSON.parse(sessionStorage.getItem(UNSENT) ?? "[]");
}

/** @param {Item[]} items */
export function keepUnsent(items) {
  if (items.length) sessionStorage.setItem(UNSENT, JSON.stringify(items));
  else sessionStorage.removeItem(UNSENT);
}
