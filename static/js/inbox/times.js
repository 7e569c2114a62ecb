import { shortTime } from "../shared/messages.js";

/** @param {HTMLTimeElement} element */
export function showTime(element) {
  const moment = new Date(element.dateTime);
  const text = shortTime(moment);
  if (element.textContent !== text) element.textContent = text;
  element.title ||= moment.toLocaleString(undefined, { dateStyle: "full", timeStyle: "short" });
}

/** @param {ParentNode} [root] */
export function showTimes(root = document) {
  for (const element of root.querySelectorAll("time")) showTime(element);
}

/**
 * @param {HTMLTimeElement} element
 * @param {string} iso
 */
export function setTime(element, iso) {
  element.dateTime = iso;
  element.title = "";
  showTime(element);
}
