const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * "now", "5 min", "3 h", then the date as the reader writes it.
 * @param {Date} moment
 * @param {Date} [now]
 */
export function shortTime(moment, now = new Date()) {
  const age = now.getTime() - moment.getTime();
  if (age < MINUTE) return "now";
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h`;
  const year = moment.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return moment.toLocaleDateString(undefined, { day: "numeric", month: "short", year });
}

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
