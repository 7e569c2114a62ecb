/**
 * The words on the screen, in the reader's language. English is in the code, and in the inbox nothing else is.
 *
 * @typedef {(text: string, value?: string | number) => string} Translate of an English text; `value` takes the place of its "%"
 */

/** @type {Translate} */
export let t = (text, value) => text.replace("%", () => `${value ?? "%"}`);
/** @type {string | undefined} a BCP 47 tag, for dates and numbers; undefined: the browser's own */
export let lang;

/**
 * @param {Translate} translate
 * @param {string} tag
 */
export function speak(translate, tag) {
  t = translate;
  lang = tag;
}
