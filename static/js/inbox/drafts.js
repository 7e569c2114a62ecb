/** What is written and not sent, by conversation. It outlives the page, not the tab. */

const KEY = "pingback:draft:";

/** @param {number} id */
export function get(id) {
  return sessionStorage.getItem(KEY + id) ?? "";
}

/**
 * @param {number} id
 * @param {string} text "" forgets it
 */
export function set(id, text) {
  if (text) sessionStorage.setItem(KEY + id, text);
  else sessionStorage.removeItem(KEY + id);
}
