/** @import { Attachment } from "../shared/types.js" */
/** @import { Options } from "./chat.js" */
/** @import { View } from "./view.js" */
import { pastedFiles, sendFile } from "../shared/send_file.js";
import { make, newId, t } from "./chat.js";

const CLIP = "m18 11-7.2 7.2a4.6 4.6 0 0 1-6.5-6.5l7.7-7.7a3 3 0 0 1 4.3 4.3L8.7 15.9a1.5 1.5 0 0 1-2.1-2.1l6.6-6.6";
const CSS = `
.panel .attach { margin-inline-start: -52px; margin-block-end: 1px; color: var(--muted) }
.panel .attach:hover { color: var(--text) }
.files { display: grid; gap: 4px; max-width: 100%; margin-block-start: 4px }
.mine .files { justify-items: end }
.files a {
  display: block; max-width: 100%; min-height: 44px; overflow: hidden; border: 1px solid var(--line); border-radius: 10px;
  color: var(--text); line-height: 42px; text-overflow: ellipsis; white-space: nowrap; text-decoration: none;
}
.files a:not(:has(img)) { padding-inline: 12px }
.files a:hover { text-decoration: underline }
.files img { display: block; max-width: 100%; max-height: 240px; min-width: 44px; min-height: 44px; object-fit: cover }
.uploads { flex: none; padding: 0 16px; list-style: none; font-size: 12px }
.uploads li { display: flex; flex-wrap: wrap; gap: 0 8px; align-items: center; overflow-wrap: anywhere }
.uploads button { min-height: 44px; color: var(--text); text-decoration: underline }
.panel.drops { outline: 2px dashed var(--ring); outline-offset: -8px }
@media (forced-colors: active) { .files a { border-color: LinkText } }
`;

/** Files of the conversation: shown, and sent by button, drop or paste. Loaded where there is a conversation. */
export class Files {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @param {View} view
   * @param {Options} options
   */
  constructor(view, { addRules, icon, base }) {
    addRules(CSS);
    const { panel, form, input } = view;
    this.view = view;
    this.api = `${base}/api/v1/visitor/`;
    const chooser = make("input", { type: "file", multiple: true, hidden: true });
    const name = t("Attach files");
    this.button = make("button", { type: "button", className: "round attach", title: name, ariaLabel: name }, icon(CLIP));
    this.uploads = make("ul", { className: "uploads", ariaLive: "polite" });
    this.button.onclick = () => chooser.click();
    chooser.onchange = () => {
      this.#sendAll(chooser.files);
      chooser.value = "";
    };
    input.after(chooser, this.button);
    form.before(this.uploads);
    input.addEventListener("paste", (event) => this.#take(event, pastedFiles(event.clipboardData)));
    panel.addEventListener("dragover", (event) => {
      if (!this.#canSend || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      panel.classList.add("drops");
    });
    panel.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!panel.contains(/** @type {Node | null} */ (relatedTarget))) panel.classList.remove("drops");
    });
    panel.addEventListener("drop", (event) => {
      panel.classList.remove("drops");
      this.#take(event, event.dataTransfer?.files);
    });
  }

  get #canSend() {
    const { chat, input } = this.view;
    return Boolean(chat.talk) && !chat.isHome && !input.readOnly;
  }

  render() {
    const { chat, log } = this.view;
    this.button.hidden = !this.#canSend;
    for (const row of this.uploads.children) {
      const upload = /** @type {HTMLElement} */ (row);
      upload.hidden = chat.isHome || upload.dataset.talk !== `${chat.current}`;
    }
    for (const place of log.list.querySelectorAll(".files:empty")) this.#show(/** @type {any} */ (place));
  }

  /** Another person's must not show. */
  forget() {
    this.uploads.replaceChildren();
  }

  /** @param {HTMLElement & {files: Attachment[]}} place */
  #show(place) {
    const text = /** @type {HTMLElement} */ (place.previousElementSibling);
    text.hidden = text.textContent === place.files[0].name;
    place.append(...place.files.map((file) => this.#link(file)));
  }

  /** @param {Attachment} file which asks for the visitor's token: no address can name it */
  #link({ id, name, content_type }) {
    const link = make("a", { href: "#", title: name, textContent: name, dir: "auto" });
    /** @type {Promise<string> | undefined} */
    let address;
    const fetched = () => (address ??= this.#address(id).catch((error) => {
      address = undefined;
      throw error;
    }));
    link.onclick = async (event) => {
      event.preventDefault();
      const href = await fetched().catch(() => "");
      if (href) make("a", { href, download: name }).click();
    };
    if (content_type.startsWith("image/")) fetched().then((src) => this.#draw(link, name, src)).catch(() => {});
    return link;
  }

  /**
   * Where the page's policy allows no such images, the name stays.
   * @param {HTMLElement} link
   * @param {string} alt
   * @param {string} src
   */
  #draw(link, alt, src) {
    const image = make("img", { src, alt, draggable: false });
    image.onload = () => link.replaceChildren(image);
  }

  /** @param {string} id */
  async #address(id) {
    const answer = await fetch(`${this.api}files/${id}`, { headers: this.#headers, credentials: "omit" });
    if (!answer.ok) throw answer.status;
    return URL.createObjectURL(await answer.blob());
  }

  get #headers() {
    return { Authorization: `Visitor ${this.view.chat.token}` };
  }

  /**
   * @param {Event} event
   * @param {FileList | undefined} files
   */
  #take(event, files) {
    if (!this.#canSend || !files?.length) return;
    event.preventDefault();
    this.#sendAll(files);
  }

  /** @param {FileList | null} files */
  #sendAll(files) {
    for (const file of files ?? []) {
      const row = make("li", {}, make("span", { textContent: file.name, dir: "auto" }), make("span", {}));
      row.dataset.talk = `${this.view.chat.current}`;
      this.uploads.append(row);
      this.#queue(row, file, newId());
    }
  }

  /**
   * @param {HTMLElement} row
   * @param {File} file
   * @param {string} clientId the same for each try: the file is stored once
   */
  #queue(row, file, clientId) {
    const state = /** @type {HTMLElement} */ (row.lastElementChild);
    state.className = "";
    state.textContent = t("Waiting");
    this.#last = this.#last.then(async () => {
      const onProgress = (/** @type {number} */ sent) => (state.textContent = `${Math.floor(sent * 100)} %`);
      const url = `${this.api}conversations/${row.dataset.talk}/upload`;
      const outcome = await sendFile(url, { file, clientId, headers: this.#headers, onProgress });
      if (outcome.refusal === undefined) return row.remove();
      const again = make("button", { type: "button", textContent: t("Try again") });
      again.onclick = () => this.#queue(row, file, clientId);
      const discard = make("button", { type: "button", textContent: t("Discard") });
      discard.onclick = () => row.remove();
      state.className = "bad";
      state.replaceChildren(`${t("Not sent.")} ${t(outcome.refusal)} `, again, " ", discard);
    });
  }
}
