import { textPieces } from "../shared/messages.js";

/**
 * What we call of htmx, which is loaded before the modules.
 * @typedef {object} Htmx
 * @property {(element: Element) => void} process
 * @property {(element: Element, name: string) => void} trigger
 * @property {(verb: "GET", path: string, context: {source: Element, target: Element, swap: "innerHTML"}) => void} ajax
 * @property {(target: Element, html: string, options: {swapStyle: "innerHTML"}) => void} swap keeps focus
 */
export const { htmx } = /** @type {{htmx: Htmx}} */ (/** @type {unknown} */ (window));

export const inbox = part(document, "#inbox", HTMLElement);
export const { agentId = "", agentName = "" } = inbox.dataset;

/**
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function part(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`nothing matches ${selector}`);
  return found;
}

/**
 * A copy of the one element in a <template>.
 * @param {string} id
 */
export function clone(id) {
  const { content } = part(document, `#${id}`, HTMLTemplateElement);
  return /** @type {HTMLElement} */ (part(content, "*", HTMLElement).cloneNode(true));
}

/**
 * @param {ParentNode} root
 * @param {string} selector
 * @param {string} text
 */
export function setText(root, selector, text) {
  const element = part(root, selector, HTMLElement);
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Text whose addresses are links.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setLinked(element, text) {
  const pieces = textPieces(text).map((piece) => {
    if (!piece.href) return piece.text;
    const link = /** @type {HTMLAnchorElement} */ (clone("link-template"));
    link.href = piece.href;
    link.textContent = piece.text;
    return link;
  });
  element.replaceChildren(...pieces);
}

/** @param {string} text */
export function toast(text) {
  const element = clone("toast-template");
  setText(element, "span", text);
  part(document, "#toasts", HTMLElement).replaceChildren(element);
}

/**
 * What the server knows; a form that is reset comes back to it.
 * @param {HTMLSelectElement} select
 * @param {string} value
 */
export function setChosen(select, value) {
  for (const option of select.options) option.defaultSelected = option.value === value;
  select.value = value;
}

/** @param {number} id a conversation that is not resolved any more */
export function forgetUndo(id) {
  document.querySelector(`#toasts [data-undo="${id}"]`)?.remove();
}
