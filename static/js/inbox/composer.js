import { pastedFiles } from "../shared/send_file.js";
import { part } from "./dom.js";
import { TypingTeller } from "./typing.js";

const LONGEST = 10_000;

/** Enter sends, Shift + Enter starts a new line. What can't be sent stays in the box. Files are chosen or pasted. */
export class Composer {
  /**
   * @param {HTMLElement} root the conversation
   * @param {object} options
   * @param {string} options.draft
   * @param {(text: string) => void} options.keepDraft
   * @param {(content: string) => boolean} options.send
   * @param {(files: FileList) => void} options.sendFiles
   * @param {(isTyping: boolean) => boolean} options.sayTyping
   */
  constructor(root, { draft, keepDraft, send, sendFiles, sayTyping }) {
    this.form = part(root, ".composer", HTMLFormElement);
    this.box = part(this.form, "textarea", HTMLTextAreaElement);
    this.send = send;
    this.sendFiles = sendFiles;
    this.keepDraft = keepDraft;
    this.typing = new TypingTeller({ say: sayTyping });
    this.box.value = draft;
    this.box.addEventListener("input", () => {
      this.#changed();
      this.typing.changed(this.box.value);
    });
    this.box.addEventListener("keydown", (event) => this.#onKey(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.form.addEventListener("paste", (event) => this.#onPaste(event));
    const chooser = part(this.form, "input[type=file]", HTMLInputElement);
    part(this.form, ".attach", HTMLElement).addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      if (chooser.files) sendFiles(chooser.files);
      chooser.value = "";
    });
    this.#changed();
  }

  /** @param {ClipboardEvent} event */
  #onPaste(event) {
    const files = pastedFiles(event.clipboardData);
    if (!files?.length) return;
    event.preventDefault();
    this.sendFiles(files);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return; // Safari's IME
    event.preventDefault();
    this.form.requestSubmit();
  }

  #submit() {
    const content = this.box.value.trim();
    if (!content || !this.send(content)) return;
    this.box.value = "";
    this.typing.stop();
    this.#changed();
    this.box.focus();
  }

  /** There is none in a closed conversation. */
  get isShown() {
    return this.form.offsetParent !== null;
  }

  /** Where a keyboard would cover what there is to read, only a finger opens it. */
  focus() {
    if (!matchMedia("(pointer: coarse)").matches) this.box.focus({ preventScroll: true });
  }

  #changed() {
    this.keepDraft(this.box.value);
    const { length } = [...this.box.value.trim()];
    const limit = `A message has at most ${LONGEST.toLocaleString()} characters, this one ${length.toLocaleString()}.`;
    this.box.setCustomValidity(length > LONGEST ? limit : "");
    this.box.style.height = "auto";
    const border = this.box.offsetHeight - this.box.clientHeight;
    this.box.style.height = `${this.box.scrollHeight + border}px`;
  }
}
