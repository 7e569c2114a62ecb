/** What an agent wrote and did not send, by conversation. It outlives the page, not the tab, nor signing out. */

import { part } from "./dom.js";

const DRAFT = "pingback:draft:";
const OWN = `${DRAFT}${part(document, "#inbox", HTMLElement).dataset.agentId}:`;

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

/** Everybody's: whoever sits here next has no business with them. */
export function forgetAll() {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(DRAFT)) sessionStorage.removeItem(key);
}
